//! What is told of a promotion, and what its merge leaves behind, in whatever order it is told.

use super::*;
use crate::domain::{
    effect::{Call, Effect},
    facts::{ComparedCommit, Comparison, ComparisonStatus, ReferenceReading},
    policy::PolicyText,
    repository::Repository,
    trial::*,
};

const POLICY: &str = "mode: enforce\nenvironments:\n  production:\n    promote: { branches: [production] }\n    \
    require: [{ range: traced }, { change: accepted }]\n";

fn head() -> SubjectId {
    SubjectId::Promotion(WEB, sha('b'))
}

/// #41 is to be merged into `production`, which holds `a`; it brings `b`, and belongs to no change request.
fn world() -> World {
    ruled_by(POLICY)
}

/// The same where nobody asks for change requests, and GitHub shows all as it is known.
fn well() -> World {
    ruled_by(&POLICY.replace(", { change: accepted }", "")).shown_as_it_is_known()
}

fn ruled_by(policy: &str) -> World {
    let mut known = Repository::new(&seen(WEB));
    known.policy.good = Some(PolicyText::from(policy));
    let mut repository = repository(WEB, Some(&PolicyText::from(policy)));
    repository.ruled_from = Some(sha('a'));
    let file = Some(policy.into());
    let mut world =
        World { file, ..World::default() }.showing(SubjectId::Repository(WEB), View::Repository(repository));
    let commit = ComparedCommit {
        sha: sha('b'),
        parents: vec![sha('a')],
        message: "Build".into(),
        author: Some(actor("ana")),
        committer: Some(actor("ana")),
        committed_at: None,
    };
    let (status, merge_base) = (ComparisonStatus::Ahead, sha('a'));
    let comparison = Comparison { status, merge_base, behind_by: 0, commits: vec![commit] };
    world.comparisons.insert((sha('a'), sha('b')), comparison);
    world.states.insert(SubjectId::Repository(WEB), State::Repository(known));
    opened(held(world, 'a'))
}

/// `production` holds this.
fn held(mut world: World, digit: char) -> World {
    let reference = ReferenceReading { branch: Some(sha(digit)), tag: None };
    world.references.insert("refs/heads/production".into(), reference);
    if digit == 'c' {
        let (status, merge_base) = (ComparisonStatus::Behind, sha('b'));
        let comparison = Comparison { status, merge_base, behind_by: 1, commits: vec![] };
        world.comparisons.insert((sha('c'), sha('b')), comparison);
    }
    world
}

fn pull(open: bool) -> View {
    let merged_at = (!open).then(|| time(60));
    let (head, base_branch) = (sha('b'), "production".to_owned());
    View::PullRequest(Box::new(PullRequestView {
        open,
        merged_at,
        head,
        base_branch,
        ..pull_request(at(41), &[])
    }))
}

fn opened(mut world: World) -> World {
    let commit = SubjectId::Commit(WEB, sha('b'));
    world.pointing.insert((commit, Relation::At), vec![SubjectId::PullRequest(at(41))]);
    world.showing(SubjectId::PullRequest(at(41)), pull(true))
}

fn merged(mut world: World) -> World {
    world.pointing.clear();
    world.showing(SubjectId::PullRequest(at(41)), pull(false))
}

fn judged(world: &World, before: Option<&Decision>) -> Decision {
    world.decide(&head(), before.map(|before| &before.after), &[], time(100))
}

fn codes(decision: &Decision) -> Vec<&str> {
    decision.audit.iter().map(|entry| entry.code.as_str()).collect()
}

fn told(decision: &Decision) -> Option<CheckStatus> {
    decision.effects.iter().find_map(|effect| {
        let Call::CheckRun { name, status, .. } = &effect.call else { return None };
        (name == RELEASE_CHECK).then_some(*status)
    })
}

#[test]
fn a_merge_in_spite_of_the_check_is_an_exception_in_whatever_order_it_is_told() {
    let first = judged(&world(), None);
    assert_eq!((told(&first), codes(&first)), (Some(CheckStatus::Failure), vec!["promotion.decided"]));
    let at_once = judged(&merged(held(world(), 'c')), Some(&first));
    let pull_first = judged(&merged(world()), Some(&first));
    let pushed = judged(&held(world(), 'c'), Some(&first));
    assert_eq!(told(&pushed), Some(CheckStatus::Failure), "that it holds it already makes nothing better");
    let push_first = judged(&merged(held(world(), 'c')), Some(&pushed));
    for after in [at_once, pull_first, push_first] {
        assert_eq!(codes(&after), ["deployment.promoted", "exception.bypass"]);
        let issues = after.effects.iter().filter(|effect| matches!(effect.call, Call::Issue { .. }));
        assert_eq!(issues.count(), 1);
        assert!(judged(&merged(held(world(), 'c')), Some(&after)).audit.is_empty(), "it is told once");
    }
}

#[test]
fn what_was_never_judged_before_it_was_merged_was_not_allowed() {
    let landed = judged(&held(world(), 'c'), None);
    assert_eq!(told(&landed), None);
    let after = judged(&merged(held(world(), 'c')), Some(&landed));
    assert_eq!(codes(&after), ["deployment.promoted", "exception.bypass"]);
}

#[test]
fn what_is_closed_or_pushed_to_is_recorded_nowhere() {
    let first = judged(&world(), None);
    let mut closed = merged(world());
    let View::PullRequest(mut view) = pull(false) else { panic!() };
    view.merged_at = None;
    closed.views.insert(SubjectId::PullRequest(at(41)), View::PullRequest(view));
    let after = judged(&closed, Some(&first));
    assert_eq!((codes(&after), told(&after)), (vec![], None));
    assert!(after.after.relations().is_empty());
}

#[test]
fn while_github_does_not_answer_nothing_is_refused_and_after_a_while_somebody_has_to_act() {
    let down = World { down: true, ..world() };
    let first = down.decide(&head(), None, &[], time(0));
    assert_eq!(told(&first), Some(CheckStatus::InProgress));
    assert!(first.look_again.is_some());
    let later = down.decide(&head(), Some(&first.after), &[], time(3_600));
    assert_eq!(told(&later), Some(CheckStatus::ActionRequired));
}

/// Judged so many seconds after GitHub has answered.
fn after(world: &World, before: Option<&Decision>, seconds: i64) -> Decision {
    world.decide(&head(), before.map(|before| &before.after), &[], time(seconds))
}

fn is_allowed(decision: &Decision) -> bool {
    let State::Promotion(promotion) = &decision.after else { panic!("no promotion") };
    promotion.targets.iter().any(Target::is_allowed)
}

#[test]
fn what_is_well_by_what_is_known_is_said_to_be_well_when_github_shows_it_so() {
    let said = after(&well(), None, 5);
    assert_eq!((told(&said), is_allowed(&said)), (Some(CheckStatus::Success), true));
}

#[test]
fn what_github_shows_otherwise_is_read_anew_before_anything_is_said() {
    let mut moved = well();
    moved.pull_request_glances.get_mut(&at(41)).unwrap().title.push('!');
    let first = after(&moved, None, 5);
    assert_eq!((told(&first), is_allowed(&first)), (None, false));
    let anew = |effect: &Effect| {
        let Call::ReadAnew { pull_requests, .. } = &effect.call else { return None };
        Some(pull_requests.clone())
    };
    assert_eq!(first.effects.iter().find_map(anew), Some([41].into()));
    assert_eq!(first.look_again, Some(time(7)));
    let later = after(&moved, Some(&first), 40);
    assert_eq!((told(&later), is_allowed(&later)), (Some(CheckStatus::InProgress), false));
    assert_eq!(codes(&later), ["promotion.decided"]);
}

#[test]
fn while_something_has_arrived_that_is_not_settled_what_was_said_stays() {
    let first = after(&well(), None, 5);
    let busy = World { unsettled: true, ..well() };
    let second = after(&busy, Some(&first), 6);
    assert_eq!((told(&second), is_allowed(&second)), (None, true), "it was allowed before");
    let new = after(&busy, None, 6);
    assert_eq!((told(&new), is_allowed(&new)), (None, false));
}

#[test]
fn what_github_said_too_long_ago_makes_nothing_well() {
    let old = after(&well(), None, 11);
    assert_eq!((told(&old), is_allowed(&old)), (None, false));
}
