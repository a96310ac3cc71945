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
