//! What is decided, when, and by whose asking.

use super::*;
use crate::domain::pull_request::{Derived, Kind, Proof};

#[test]
fn a_pass_is_taken_back_at_once_when_a_fact_is_lost() {
    let pass = enforcing().with(pull_request(41, &[at(128)])).and(accepted(128)).judged();
    let lost = change_request(128, Stage::Requested, Acceptance::Unknown("GitHub answers 502".into()));
    let after = enforcing().with(pull_request(41, &[at(128)])).and(lost);
    let decision = after.decide(&subject(), Some(&pass.after), &[], time(101));
    assert_eq!(status(&decision), Some(CheckStatus::InProgress));
}

#[test]
fn a_merge_group_that_github_does_not_explain_is_asked_for_again_and_does_not_pass() {
    let world = enforcing();
    let requested = [group_event(MergeGroupChange::ChecksRequested)];
    let mut state = None;
    for (seconds, events, expected, again) in [
        (0, &requested[..], None, Some(30)),
        (30, &[], Some(CheckStatus::InProgress), Some(60)),
        (590, &[], Some(CheckStatus::InProgress), Some(600)),
        (600, &[], Some(CheckStatus::ActionRequired), Some(900)),
    ] {
        let (judgement, asked) = world.ask(&subject(), state.as_ref(), events, time(seconds));
        let Judgement::Decided(decision) = judgement else { panic!("{judgement:?}") };
        assert_eq!(asked.len(), 1);
        assert_eq!((status(&decision), decision.look_again), (expected, again.map(time)), "{seconds}");
        state = Some(decision.after);
    }
}

/// A pull request that says that it takes back #12, of which nothing is known.
fn derived(proof: Proof) -> PullRequestView {
    let derived = Derived { kind: Kind::Undoes, from: vec![at(12)], proof, inherits: vec![] };
    PullRequestView { derived: Some(derived), ..pull_request(41, &[]) }
}

/// It is the one obstacle, with a cure and a headline that can stand in a sentence.
fn stands_in_the_way(
    code: &str,
    outcome: Outcome,
    pull_request: PullRequestView,
    change_request: ChangeRequestView,
) {
    let decision = enforcing().with(pull_request).and(change_request).judged();
    let State::Commit(commit) = &decision.after else { panic!() };
    let obstacles: Vec<_> = commit.findings.iter().flat_map(Finding::obstacles).collect();
    let [obstacle] = obstacles.as_slice() else { panic!("{code}: {obstacles:?}") };
    assert_eq!((obstacle.code.as_str(), obstacle.own), (code, outcome));
    assert!(obstacle.cure.is_some() && obstacle.headline.is_some(), "{code}");
    let ends_well = |text: &str| !text.ends_with('.') && !text.contains("..");
    assert!(obstacle.cure.as_deref().is_some_and(ends_well) && obstacle.sentence.ends_with('.'), "{code}");
    assert!(!obstacle.sentence.ends_with(".."), "{code}");
}

#[test]
fn a_claim_that_does_not_hold_or_cannot_be_compared_stands_in_the_way() {
    for (code, outcome, proof) in [
        ("not_just_a_revert", Outcome::Fail, Proof::Missing("it changes no file".into())),
        ("not_just_a_revert", Outcome::Fail, Proof::Waits("#12 is not merged".into())),
        ("derived_unknown", Outcome::Unknown, Proof::Unknown("x.".into())),
        ("derived_not_covered", Outcome::Fail, Proof::Given),
    ] {
        stands_in_the_way(code, outcome, derived(proof), accepted(1));
    }
}

#[test]
fn each_obstacle_has_its_code_its_outcome_and_a_cure() {
    let unknown = Acceptance::Unknown("GitHub answers 502".into());
    let cases = [
        ("no_change_request", Outcome::Fail, pull_request(41, &[]), accepted(1)),
        (
            "change_request_missing",
            Outcome::Fail,
            pull_request(41, &[at(1)]),
            ChangeRequestView { exists: false, ..waiting(1) },
        ),
        (
            "change_request_not_taken_in",
            Outcome::Fail,
            pull_request(41, &[at(1)]),
            ChangeRequestView { taken_in: false, ..waiting(1) },
        ),
        ("change_not_accepted", Outcome::Pending, pull_request(41, &[at(1)]), waiting(1)),
        ("change_refused", Outcome::Fail, pull_request(41, &[at(1)]), declined(1)),
        (
            "acceptance_unknown",
            Outcome::Unknown,
            pull_request(41, &[at(1)]),
            change_request(1, Stage::Requested, unknown),
        ),
        ("change_request_unread", Outcome::Unknown, pull_request(41, &[at(2)]), accepted(1)),
        (
            "link_lost",
            Outcome::Fail,
            PullRequestView { lost_links: vec!["acme/x#1".into()], ..pull_request(41, &[]) },
            accepted(1),
        ),
        (
            "too_many_links",
            Outcome::Fail,
            PullRequestView { too_many_links: true, ..pull_request(41, &[at(1)]) },
            accepted(1),
        ),
        (
            "pull_request_unknown",
            Outcome::Unknown,
            PullRequestView { unknown: Some("x".into()), ..pull_request(41, &[]) },
            accepted(1),
        ),
    ];
    for (code, outcome, pull_request, change_request) in cases {
        stands_in_the_way(code, outcome, pull_request, change_request);
    }
}

#[test]
fn nothing_is_said_without_policy_where_it_is_only_observed_on_drafts_and_on_what_is_closed() {
    let observe = ENFORCE.replace("enforce", "observe");
    let draft = PullRequestView { draft: true, ..pull_request(41, &[]) };
    let moved = PullRequestView { head: sha('b'), ..pull_request(41, &[]) };
    let mut moving = enforcing().with(moved.clone());
    moving.pointing.insert((subject(), Relation::At), vec![SubjectId::PullRequest(at(41))]);
    for (what, world) in [
        ("no policy", World::new(None).with(pull_request(41, &[]))),
        ("observe", World::new(Some(&observe)).with(pull_request(41, &[]))),
        ("draft", enforcing().with(draft)),
    ] {
        assert_eq!(shown(&world.judged()), "nothing", "{what}");
    }
    let open = enforcing().with(pull_request(41, &[])).judged();
    for (what, world) in [("closed", enforcing()), ("moved on", enforcing().with(moved)), ("moving", moving)]
    {
        let decision = world.decide(&subject(), Some(&open.after), &[], time(200));
        assert_eq!((shown(&decision).as_str(), decision.audit.len()), ("nothing", 0), "{what}");
    }
    let both = enforcing()
        .with(pull_request(41, &[at(1)]))
        .with(PullRequestView { draft: true, ..pull_request(42, &[]) })
        .and(accepted(1));
    assert_eq!(status(&both.judged()), Some(CheckStatus::Success));
}

#[test]
fn asking_for_our_check_again_writes_it_again_and_anybody_elses_check_is_not_ours_to_answer() {
    let world = enforcing().with(pull_request(41, &[at(1)])).and(accepted(1));
    let before = world.judged().after;
    let suite = |change, app| event(What::CheckSuite { change, head_sha: sha('a'), app: Some(app) });
    for (what, event, again) in [
        ("ours", check_run(CheckRunChange::Rerequested, APP), true),
        ("our button", check_run(CheckRunChange::Requested("recheck".into()), APP), true),
        ("another button", check_run(CheckRunChange::Requested("x".into()), APP), false),
        ("our own writing", check_run(CheckRunChange::Completed, APP), false),
        ("another app", check_run(CheckRunChange::Rerequested, 1), false),
        ("our suite", suite(CheckSuiteChange::Rerequested, APP), true),
        ("another suite", suite(CheckSuiteChange::Rerequested, 1), false),
    ] {
        let decision = world.decide(&subject(), Some(&before), &[event], time(200));
        assert_eq!(decision.effects[0].again, again, "{what}");
    }
    let (judgement, asked) =
        enforcing().ask(&subject(), None, &[check_run(CheckRunChange::Created, 1)], time(0));
    assert_eq!(judgement, Judgement::Ignored("no pull request and no merge group is at this commit"));
    assert_eq!(asked, []);
}

#[test]
fn its_state_reads_back_as_it_was_stored() {
    let requested = [group_event(MergeGroupChange::ChecksRequested)];
    let world = enforcing().with(pull_request(41, &[at(128)])).and(declined(128));
    let state = world.decide(&subject(), None, &requested, time(0)).after;
    let stored = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&stored).unwrap(), state);
}

#[test]
fn it_succeeds_only_where_every_change_request_is_accepted() {
    let kinds: [fn(u64) -> Option<ChangeRequestView>; 7] = [
        |number| Some(accepted(number)),
        |number| Some(waiting(number)),
        |number| Some(declined(number)),
        |number| Some(change_request(number, Stage::Accepted, Acceptance::Unknown("x".into()))),
        |number| Some(ChangeRequestView { exists: false, ..accepted(number) }),
        |number| Some(ChangeRequestView { taken_in: false, ..accepted(number) }),
        |_| None,
    ];
    for (i, first) in kinds.iter().enumerate() {
        for (j, second) in kinds.iter().enumerate() {
            let views = [first(1), second(2)].into_iter().flatten();
            let world = enforcing().with(pull_request(41, &[at(1), at(2)]));
            let world = views.fold(world, World::and);
            for seconds in [0, 31, 3600] {
                let before = world.judged().after;
                let decision = world.decide(&subject(), Some(&before), &[], time(100 + seconds));
                let success = status(&decision) == Some(CheckStatus::Success);
                assert_eq!(success, (i, j) == (0, 0), "{i} {j} after {seconds} s");
            }
        }
    }
}
