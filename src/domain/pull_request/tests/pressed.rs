//! The button on our check run signs the commit that the check run is on, for whoever wrote none of it.

use super::*;

/// Somebody presses a button on a check run of this App on a commit.
fn presses(login: &str, button: &str, app: u64, on: char) -> Event {
    let name = CHANGE_CHECK.into();
    let check_run = CheckRunSnapshot { id: 1, name, head_sha: sha(on), app: Some(app), conclusion: None };
    let change = CheckRunChange::Requested(button.into());
    Event { actor: Some(actor(login)), ..event(What::CheckRun { change, check_run }) }
}

fn approvals(view: &PullRequestView) -> Vec<&str> {
    view.independent_approvals.iter().map(|by| by.login.as_str()).collect()
}

#[test]
fn whoever_presses_it_has_approved_that_commit_and_nothing_else_and_not_their_own_work() {
    let world = world_with(reading(snapshot(41)));
    let known = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0)).after;
    for (event, expected) in [
        (presses("lee", "approve", APP, 'a'), vec!["lee"]),
        (presses("ana", "approve", APP, 'a'), vec![]),
        (presses("helper[bot]", "approve", APP, 'a'), vec![]),
        (presses("lee", "approve", 1, 'a'), vec![]),
        (presses("lee", "recheck", APP, 'a'), vec![]),
        // The check run that they saw was on another commit.
        (presses("lee", "approve", APP, 'b'), vec![]),
    ] {
        let decision = world.decide(&SUBJECT, Some(&known), std::slice::from_ref(&event), time(10));
        assert_eq!(approvals(&view_of(&decision)), expected, "{event:?}");
        let again = world.decide(&SUBJECT, Some(&decision.after), &[event], time(20));
        assert!(again.audit.is_empty());
    }
}

#[test]
fn a_push_after_it_or_a_later_review_that_asks_for_changes_ends_what_was_signed_with_it() {
    let world = world_with(reading(snapshot(41)));
    let known = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0)).after;
    let pressed =
        world.decide(&SUBJECT, Some(&known), &[presses("lee", "approve", APP, 'a')], time(10)).after;
    let moved = PullRequestSnapshot { head: sha('b'), updated_at: Some(time(20)), ..snapshot(41) };
    let push = pull_request_event(PullRequestChange::Synchronized, moved.clone());
    let after_push = world_with(reading(moved)).decide(&SUBJECT, Some(&pressed), &[push], time(21));
    assert_eq!(approvals(&view_of(&after_push)), Vec::<&str>::new());
    for (state, seconds, expected) in [
        (ReviewState::ChangesRequested, 5, vec!["lee"]),
        (ReviewState::ChangesRequested, 20, vec![]),
        (ReviewState::Dismissed, 20, vec![]),
        (ReviewState::Commented, 20, vec!["lee"]),
    ] {
        let given = review(1, "lee", state, 'a', seconds);
        let mut read = reading(snapshot(41));
        read.reviews = vec![given.clone()];
        let decision = world_with(read).decide(&SUBJECT, Some(&pressed), &[reviewed(given)], time(30));
        assert_eq!(approvals(&view_of(&decision)), expected, "{state:?} {seconds}");
    }
}

/// Why the last press signs nothing, as it is shown.
fn in_vain(decision: &Decision) -> Option<InVain> {
    view_of(decision).last_press.expect("somebody pressed it").in_vain
}

#[test]
fn whoever_presses_it_in_vain_is_told_why_until_somebody_presses_again_or_something_is_pushed() {
    let world = world_with(reading(snapshot(41)));
    let known = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0)).after;
    let press =
        |world: &World, before: &State, event| world.decide(&SUBJECT, Some(before), &[event], time(10));
    let own = press(&world, &known, presses("ana", "approve", APP, 'a'));
    assert_eq!(in_vain(&own), Some(InVain::OwnWork));
    let moved = press(&world, &own.after, presses("lee", "approve", APP, 'b'));
    assert_eq!(in_vain(&moved), Some(InVain::Moved(sha('b'))));
    let counts = press(&world, &moved.after, presses("lee", "approve", APP, 'a'));
    assert_eq!(in_vain(&counts), None);
    let mut against = reading(snapshot(41));
    against.reviews = vec![review(1, "lee", ReviewState::ChangesRequested, 'a', 20)];
    let otherwise = reviewed(against.reviews[0].clone());
    let otherwise = world_with(against).decide(&SUBJECT, Some(&counts.after), &[otherwise], time(30));
    assert_eq!(in_vain(&otherwise), Some(InVain::SaidOtherwise));
    let mut unknown = reading(snapshot(41));
    unknown.commits[0].people.push(None);
    let swept = event(What::Swept { issues: vec![], pull_requests: vec![at(41)] });
    let unknown = world_with(unknown).decide(&SUBJECT, Some(&counts.after), &[swept], time(30));
    assert_eq!(in_vain(&unknown), Some(InVain::Unattributed(sha('a'))));
    let pushed = PullRequestSnapshot { head: sha('c'), updated_at: Some(time(20)), ..snapshot(41) };
    let push = pull_request_event(PullRequestChange::Synchronized, pushed.clone());
    let pushed = world_with(reading(pushed)).decide(&SUBJECT, Some(&own.after), &[push], time(21));
    assert_eq!(view_of(&pushed).last_press, None);
}
