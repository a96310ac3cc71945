//! Since when a pull request belongs to a change request, and by whose hand.

use super::*;
use crate::domain::pull_request::Tie;

fn by(login: &str, event: Event) -> Event {
    Event { actor: Some(actor(login)), ..event }
}

/// As it stands so many seconds after the beginning.
fn standing(body: &str, seconds: i64) -> PullRequestSnapshot {
    PullRequestSnapshot { body: body.into(), updated_at: Some(time(seconds)), ..snapshot(41) }
}

fn shown(decision: &Decision) -> String {
    let tie = |tie: &Tie| {
        let by = tie.by.as_ref().map_or("nobody", |by| by.login.as_str());
        format!("{} since {} by {by}", tie.to, tie.since.duration_since(time(0)).as_secs())
    };
    view_of(decision).ties.iter().map(tie).collect::<Vec<_>>().join(", ")
}

#[test]
fn who_opened_or_edited_it_has_written_its_links_and_the_first_who_showed_one_counts_in_any_order() {
    let opened = by("ana", opened(&standing("Closes #12", 10)));
    let edited = by("eve", edited(&standing("Closes #12\n\nChange: #13", 20)));
    let labelled =
        by("lee", pull_request_event(PullRequestChange::Other, standing("Closes #12\n\nChange: #13", 30)));
    let mut latest = reading(standing("Closes #12\n\nChange: #13", 30));
    latest.closes = vec![at(12)];
    let world = world_with(latest);
    for order in orders(3) {
        let events = [opened.clone(), edited.clone(), labelled.clone()];
        let mut state = None;
        for place in &order {
            let events = [events[*place].clone()];
            state = Some(world.decide(&SUBJECT, state.as_ref(), &events, time(40)).after);
        }
        let decision = world.decide(&SUBJECT, state.as_ref(), &[], time(50));
        assert_eq!(shown(&decision), "7#12 since 10 by ana, 7#13 since 20 by eve", "{order:?}");
    }
}

#[test]
fn a_link_by_hand_or_one_that_no_delivery_shows_is_new_and_nobody_s() {
    let mut read = reading(standing("", 10));
    let world = world_with(read.clone());
    let events = [by("ana", opened(&standing("", 10)))];
    let first = world.decide(&SUBJECT, None, &events, time(11)).after;
    read.closes = vec![at(12)];
    let world = world_with(read);
    let pushed = [by("ana", pull_request_event(PullRequestChange::Synchronized, standing("", 60)))];
    let mut moved = reading(standing("", 60));
    moved.closes = vec![at(12)];
    for (world, events) in [(&world, vec![]), (&world_with(moved), pushed.to_vec())] {
        let recheck = comment("sam", "/recheck");
        let events: Vec<Event> = events.into_iter().chain([recheck]).collect();
        let linked = world.decide(&SUBJECT, Some(&first), &events, time(70));
        assert_eq!(shown(&linked), "7#12 since 70 by nobody");
    }
    let swept = event(What::Swept { issues: vec![], pull_requests: vec![at(41)] });
    assert_eq!(shown(&world.decide(&SUBJECT, None, &[swept], time(80))), "7#12 since 80 by nobody");
}

#[test]
fn a_link_in_a_commit_message_is_whoever_pushed_it() {
    let mut read = reading(standing("", 10));
    read.commits[0].message = "Pay again\n\nChange: #12".into();
    let events = [by("oz", opened(&standing("", 10)))];
    assert_eq!(shown(&world_with(read).decide(&SUBJECT, None, &events, time(11))), "7#12 since 11 by oz");
}

#[test]
fn a_link_that_is_taken_away_and_made_again_is_a_new_one() {
    let world = |body: &str, seconds| world_with(reading(standing(body, seconds)));
    let mut state = None;
    for (who, body, seconds) in [("ana", "Change: #12", 10), ("ana", "", 20), ("eve", "Change: #12", 30)] {
        let events = [by(who, edited(&standing(body, seconds)))];
        let decision = world(body, seconds).decide(&SUBJECT, state.as_ref(), &events, time(seconds + 1));
        state = Some(decision.after.clone());
        if seconds == 30 {
            assert_eq!(shown(&decision), "7#12 since 30 by eve");
        }
    }
}
