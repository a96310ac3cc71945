use super::*;
use crate::domain::{
    change_request::{Acceptance, ChangeRequestView, Stage},
    effect::{CHANGE_CHECK, Call, Effect, Lane},
    event::{
        CheckRunChange, CheckRunSnapshot, CheckSuiteChange, Event, MergeGroupChange, MergeGroupSnapshot, What,
    },
    ids::{IssueRef, RepoId},
    link::Link,
    pull_request::{PullRequestView, trial::*},
    subject::View,
};

const ENFORCE: &str = "
version: 1
mode: enforce
roles:
  triager: [acme/triage]
";

const OWN: &str = "
version: 1
mode: enforce
roles:
  triager: [acme/triage]
repositories:
  - match: \"*\"
    change: pull-request
    mode: enforce
";

fn subject() -> SubjectId {
    SubjectId::Commit(WEB, sha('a'))
}

fn pull_request(number: u64, links: &[IssueRef]) -> PullRequestView {
    PullRequestView {
        at: at(number),
        title: "Faster login".into(),
        open: true,
        draft: false,
        merged_at: None,
        head: sha('a'),
        base_branch: "main".into(),
        author: Some(actor("ana")),
        links: links.iter().map(|to| Link { to: *to, finishes: true }).collect(),
        lost_links: vec![],
        too_many_links: false,
        unknown: None,
        independent_approvals: vec![],
        unattributed_commits: vec![],
        policy_edit: None,
    }
}

fn change_request(number: u64, stage: Stage, acceptance: Acceptance) -> ChangeRequestView {
    ChangeRequestView {
        at: at(number),
        title: "Login is slow".into(),
        exists: true,
        taken_in: true,
        stage,
        acceptance,
        release: None,
        requester: Some(actor("dana")),
    }
}

fn accepted(number: u64) -> ChangeRequestView {
    change_request(number, Stage::Accepted, Acceptance::Accepted { by: Some(actor("kim")), at: time(60) })
}

fn waiting(number: u64) -> ChangeRequestView {
    change_request(number, Stage::Requested, Acceptance::Waiting { since: Some(time(0)) })
}

fn declined(number: u64) -> ChangeRequestView {
    let refused = Acceptance::Refused { by: Some(actor("kim")), why: Some("too | risky, see #5".into()) };
    change_request(number, Stage::Declined, refused)
}

impl World {
    fn with(mut self, view: PullRequestView) -> Self {
        let subject = SubjectId::PullRequest(view.at);
        if view.open && view.head == sha('a') {
            let here = (SubjectId::Commit(WEB, sha('a')), Relation::At);
            self.pointing.entry(here).or_default().push(subject.clone());
        }
        self.views.insert(subject, View::PullRequest(Box::new(view)));
        self
    }

    fn and(mut self, view: ChangeRequestView) -> Self {
        self.views.insert(SubjectId::ChangeRequest(view.at), View::ChangeRequest(Box::new(view)));
        self
    }

    fn judged(&self) -> Decision {
        self.decide(&subject(), None, &[], time(100))
    }
}

fn enforcing() -> World {
    World::new(Some(ENFORCE))
}

/// The check run as people see it.
fn shown(decision: &Decision) -> String {
    match decision.effects.as_slice() {
        [] => "nothing".into(),
        [Effect { call: Call::CheckRun { name, status, title, summary, .. }, .. }] => {
            assert_eq!(name, CHANGE_CHECK);
            format!("{status:?}: {title}\n\n{}", summary.trim_end())
        }
        effects => panic!("{effects:?}"),
    }
}

fn status(decision: &Decision) -> Option<CheckStatus> {
    decision.effects.first().and_then(|effect| match effect.call {
        Call::CheckRun { status, .. } => Some(status),
        _ => None,
    })
}

fn group_event(change: MergeGroupChange) -> Event {
    let group = MergeGroupSnapshot {
        head_sha: sha('a'),
        head_ref: "refs/heads/gh-readonly-queue/main/pr-41-0".into(),
        base_sha: None,
        base_branch: "main".into(),
    };
    event(What::MergeGroup { change, group })
}

fn check_run(change: CheckRunChange, app: u64) -> Event {
    let check_run = CheckRunSnapshot {
        id: 1,
        name: CHANGE_CHECK.into(),
        head_sha: sha('a'),
        app: Some(app),
        conclusion: None,
    };
    event(What::CheckRun { change, check_run })
}

#[test]
fn an_accepted_change_request_lets_it_pass() {
    let decision = enforcing().with(pull_request(41, &[at(128)])).and(accepted(128)).judged();
    insta::assert_snapshot!(shown(&decision), @r"
    Success: all 2 rules met

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [@kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |
    ");
    assert_eq!(decision.look_again, None);
}

#[test]
fn a_pull_request_without_change_request_is_told_how_to_link_one() {
    insta::assert_snapshot!(shown(&enforcing().with(pull_request(41, &[])).judged()), @r"
    Failure: 1 of 1 rules not met: #41 belongs to no change request

    | | rule | |
    |---|---|---|
    | ✗ not met | linked to a change request | It belongs to no change request. **Cure:** put `Closes #n` (this finishes it) or `Change: owner/repo#n` (this is part of it) in the description. |

    It is judged again by itself when any of this changes.
    ");
}

#[test]
fn a_change_request_in_triage_waits_for_those_who_may_accept_it() {
    let decision = enforcing().with(pull_request(41, &[at(128)])).and(waiting(128)).judged();
    insta::assert_snapshot!(shown(&decision), @r"
    ActionRequired: 1 of 2 rules not met: #128 is not accepted yet

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | … waiting | the change request is accepted | [#128](https://github.com/acme/web/issues/128) waits in triage since 23 Nov 2026, 09:00 UTC. **Cure:** a triager ([@acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept` there. |

    It is judged again by itself when any of this changes.
    ");
}

#[test]
fn a_declined_change_request_says_by_whom_and_why() {
    let decision = enforcing().with(pull_request(41, &[at(128)])).and(declined(128)).judged();
    insta::assert_snapshot!(shown(&decision), @r"
    Failure: 1 of 2 rules not met: #128 was declined

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | ✗ not met | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was declined by [@kim](https://github.com/kim): “too \| risky, see #​5”. **Cure:** link a change request that is accepted, or a triager ([@acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept` there. |

    It is judged again by itself when any of this changes.
    ");
}

#[test]
fn two_pull_requests_on_one_commit_have_a_section_each_and_the_worse_one_wins() {
    let decision = enforcing()
        .with(pull_request(41, &[at(128)]))
        .with(pull_request(42, &[at(129), IssueRef { repo: BILLING, number: 3 }]))
        .and(accepted(128))
        .and(waiting(129))
        .and(ChangeRequestView { at: IssueRef { repo: BILLING, number: 3 }, ..accepted(3) })
        .judged();
    insta::assert_snapshot!(shown(&decision), @r"
    ActionRequired: 1 of 5 rules not met: #129 is not accepted yet

    ### [#41](https://github.com/acme/web/pull/41) “Faster login”

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [@kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |

    ### [#42](https://github.com/acme/web/pull/42) “Faster login”

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#129](https://github.com/acme/web/issues/129), [acme/billing#3](https://github.com/acme/billing/issues/3) |
    | … waiting | the change request is accepted | [#129](https://github.com/acme/web/issues/129) waits in triage since 23 Nov 2026, 09:00 UTC. **Cure:** a triager ([@acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept` there. |
    | ✓ pass | the change request is accepted | [acme/billing#3](https://github.com/acme/billing/issues/3) was accepted by [@kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |

    It is judged again by itself when any of this changes.
    ");
}

#[test]
fn where_it_only_advises_the_check_succeeds_and_says_what_it_would_say() {
    let world = World::new(Some(&ENFORCE.replace("enforce", "advise")));
    let decision = world.with(pull_request(41, &[at(128)])).and(waiting(128)).judged();
    insta::assert_snapshot!(shown(&decision), @r"
    Success: advice: 1 of 2 rules not met

    Advice only: nothing is stopped here.

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | … waiting | the change request is accepted | [#128](https://github.com/acme/web/issues/128) waits in triage since 23 Nov 2026, 09:00 UTC. **Cure:** a triager ([@acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept` there. |

    It is judged again by itself when any of this changes.
    ");
}

#[test]
fn what_cannot_be_read_is_said_and_is_never_a_pass() {
    let unread = PullRequestView {
        unknown: Some("GitHub could not be reached since 09:00 UTC".into()),
        ..pull_request(41, &[at(128)])
    };
    let world = enforcing().with(unread).and(accepted(128));
    let first = world.judged();
    assert_eq!((shown(&first).as_str(), first.look_again), ("nothing", Some(time(130))));
    let second = world.decide(&subject(), Some(&first.after), &[], time(130));
    insta::assert_snapshot!(shown(&second), @r"
    InProgress: 1 of 3 rules not known yet: #41 could not be read

    | | rule | |
    |---|---|---|
    | ? not known | its links, commits and reviews are known | They could not be read: GitHub could not be reached since 09:00 UTC. **Cure:** it is read again by itself; `/recheck` in a comment does it at once. |
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [@kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |

    It is judged again by itself when any of this changes.
    ");
    assert_eq!(second.look_again, Some(time(700)));
    let third = world.decide(&subject(), Some(&second.after), &[], time(700));
    assert_eq!((status(&third), third.look_again), (Some(CheckStatus::ActionRequired), None));
}

#[test]
fn a_pass_is_taken_back_at_once_when_a_fact_is_lost() {
    let pass = enforcing().with(pull_request(41, &[at(128)])).and(accepted(128)).judged();
    let lost = change_request(128, Stage::Requested, Acceptance::Unknown("GitHub answers 502".into()));
    let after = enforcing().with(pull_request(41, &[at(128)])).and(lost);
    let decision = after.decide(&subject(), Some(&pass.after), &[], time(101));
    assert_eq!(status(&decision), Some(CheckStatus::InProgress));
}

#[test]
fn errors_of_an_edited_policy_file_are_shown_even_where_nothing_else_is() {
    let error = ".github/changegate.yml:3:7: `mode` is `often`\n  it is observe, advise or enforce";
    let edit =
        |errors: Vec<String>| PullRequestView { policy_edit: Some(errors), ..pull_request(41, &[at(128)]) };
    let decision = enforcing().with(edit(vec![error.into()])).and(accepted(128)).judged();
    insta::assert_snapshot!(shown(&decision), @r"
    Failure: 1 of 3 rules not met: the policy file has errors

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [@kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |
    | ✗ not met | the edited policy file is valid | .github/changegate.yml:3:7: `mode` is `often`. **Cure:** it is observe, advise or enforce. |

    It is judged again by itself when any of this changes.
    ");
    for policy in [None, Some("mode: observe\n")] {
        let decision = World::new(policy).with(edit(vec![error.into()])).and(waiting(128)).judged();
        insta::allow_duplicates! { insta::assert_snapshot!(shown(&decision), @r"
        Failure: 1 of 1 rules not met: the policy file has errors

        Changegate only speaks here of an edited policy file that has errors.

        | | rule | |
        |---|---|---|
        | ✗ not met | the edited policy file is valid | .github/changegate.yml:3:7: `mode` is `often`. **Cure:** it is observe, advise or enforce. |

        It is judged again by itself when any of this changes.
        "); }
        let decision = World::new(policy).with(edit(vec![])).and(waiting(128)).judged();
        assert_eq!(shown(&decision), "nothing");
    }
    let decision = enforcing().with(edit(vec![])).and(accepted(128)).judged();
    assert!(shown(&decision).starts_with("Success: all 3 rules met"));
}

#[test]
fn a_merge_group_is_judged_by_every_pull_request_in_it() {
    let elsewhere = |number, to| PullRequestView { head: sha('b'), ..pull_request(number, &[at(to)]) };
    let mut world =
        enforcing().with(elsewhere(41, 128)).with(elsewhere(42, 129)).and(accepted(128)).and(declined(129));
    world.groups.insert(sha('a'), vec![41, 42, 43]);
    let requested = [group_event(MergeGroupChange::ChecksRequested)];
    let decision = world.decide(&subject(), None, &requested, time(100));
    assert_eq!(shown(&decision), "nothing");
    let world = world.with(elsewhere(43, 128));
    let decision = world.decide(&subject(), Some(&decision.after), &[], time(110));
    insta::assert_snapshot!(shown(&decision), @r"
    Failure: 1 of 6 rules not met: #129 was declined

    This is a merge group for `main`: each of its pull requests must pass.

    ### [#41](https://github.com/acme/web/pull/41) “Faster login”

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [@kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |

    ### [#42](https://github.com/acme/web/pull/42) “Faster login”

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#129](https://github.com/acme/web/issues/129) |
    | ✗ not met | the change request is accepted | [#129](https://github.com/acme/web/issues/129) was declined by [@kim](https://github.com/kim): “too \| risky, see #​5”. **Cure:** link a change request that is accepted, or a triager ([@acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept` there. |

    ### [#43](https://github.com/acme/web/pull/43) “Faster login”

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [@kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |

    It is judged again by itself when any of this changes.
    ");
    assert_eq!(decision.effects[0].lane, Lane::Gate);

    let destroyed = [group_event(MergeGroupChange::Destroyed)];
    let over = world.decide(&subject(), Some(&decision.after), &destroyed, time(120));
    assert_eq!(shown(&over), "nothing");
    for events in [[&destroyed[..], &requested[..]].concat(), [&requested[..], &destroyed[..]].concat()] {
        let decision = world.decide(&subject(), None, &events, time(130));
        assert_eq!((shown(&decision).as_str(), decision.look_again), ("nothing", None));
    }
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

#[test]
fn where_policy_says_so_an_independent_review_accepts_a_pull_request_that_is_its_own_change() {
    let ordinary = ChangeRequestView { taken_in: false, ..waiting(5) };
    let world = || World::new(Some(OWN)).and(ordinary.clone()).and(waiting(128)).and(accepted(129));
    let approved = |links: &[IssueRef]| PullRequestView {
        independent_approvals: vec![actor("lee")],
        ..pull_request(41, links)
    };
    insta::assert_snapshot!(shown(&world().with(approved(&[at(5)])).judged()), @r"
    Success: the one rule is met

    | | rule | |
    |---|---|---|
    | ✓ pass | its own change request, accepted by an independent review | `aaaaaaa` is approved by [@lee](https://github.com/lee). |
    ");
    insta::assert_snapshot!(shown(&world().with(pull_request(41, &[])).judged()), @r"
    ActionRequired: 1 of 1 rules not met: #41 has no independent approval

    | | rule | |
    |---|---|---|
    | … waiting | its own change request, accepted by an independent review | Nobody who wrote none of it has approved `aaaaaaa`. **Cure:** somebody who wrote none of it approves it in a review, or `Change: owner/repo#n` in the description links an accepted change request. |

    It is judged again by itself when any of this changes.
    ");
    let nameless =
        PullRequestView { unattributed_commits: vec![sha('b'), sha('c')], ..pull_request(41, &[]) };
    insta::assert_snapshot!(shown(&world().with(nameless).judged()), @r"
    Failure: 1 of 1 rules not met: #41 has a commit of somebody unknown

    | | rule | |
    |---|---|---|
    | ✗ not met | its own change request, accepted by an independent review | Somebody wrote commit `bbbbbbb` (and 1 more) whom GitHub knows only by mail, so nobody counts as independent. **Cure:** that person adds the mail address to the GitHub account, or the commit is written again with a known one; then comment `/recheck`. |

    It is judged again by itself when any of this changes.
    ");
    for (links, expected) in [
        (vec![at(128)], CheckStatus::ActionRequired),
        (vec![at(5), at(129)], CheckStatus::Failure),
        (vec![at(129)], CheckStatus::Success),
    ] {
        assert_eq!(status(&world().with(approved(&links)).judged()), Some(expected), "{links:?}");
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
        let decision = enforcing().with(pull_request).and(change_request).judged();
        let State::Commit(commit) = &decision.after else { panic!() };
        let obstacles: Vec<_> = commit.findings.iter().flat_map(Finding::obstacles).collect();
        let [obstacle] = obstacles.as_slice() else { panic!("{code}: {obstacles:?}") };
        assert_eq!((obstacle.code.as_str(), obstacle.own), (code, outcome));
        assert!(obstacle.cure.is_some() && obstacle.headline.is_some(), "{code}");
        let ends_well = |text: &str| !text.ends_with('.') && !text.contains("..");
        assert!(
            obstacle.cure.as_deref().is_some_and(ends_well) && obstacle.sentence.ends_with('.'),
            "{code}"
        );
        assert!(!obstacle.sentence.ends_with(".."), "{code}");
    }
}

#[test]
fn nothing_is_said_without_policy_where_it_is_only_observed_on_drafts_and_on_what_is_closed() {
    let observe = ENFORCE.replace("enforce", "observe");
    let draft = PullRequestView { draft: true, ..pull_request(41, &[]) };
    let moved = PullRequestView { head: sha('b'), ..pull_request(41, &[]) };
    for (what, world) in [
        ("no policy", World::new(None).with(pull_request(41, &[]))),
        ("observe", World::new(Some(&observe)).with(pull_request(41, &[]))),
        ("draft", enforcing().with(draft)),
    ] {
        assert_eq!(shown(&world.judged()), "nothing", "{what}");
    }
    let open = enforcing().with(pull_request(41, &[])).judged();
    for (what, world) in [("closed", enforcing()), ("moved on", enforcing().with(moved))] {
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
        ("ours", check_run(CheckRunChange::Rerequested, 4711), true),
        ("our button", check_run(CheckRunChange::Requested("recheck".into()), 4711), true),
        ("another button", check_run(CheckRunChange::Requested("x".into()), 4711), false),
        ("our own writing", check_run(CheckRunChange::Completed, 4711), false),
        ("another app", check_run(CheckRunChange::Rerequested, 1), false),
        ("our suite", suite(CheckSuiteChange::Rerequested, 4711), true),
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
fn the_log_has_one_entry_for_each_change_of_the_verdict() {
    let world = |view| enforcing().with(pull_request(41, &[at(128)])).and(view);
    let first = world(waiting(128)).judged();
    let entry = &first.audit[0];
    let facts: Vec<_> = entry.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    insta::assert_snapshot!(format!("{}\n{}", entry.code, facts.join("\n")), @r"
    check.decided
    check: action_required
    commit: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    mode: enforce
    obstacles: change_not_accepted
    outcome: pending
    pull_requests: 7#41
    repository: 7
    ");
    let same = world(waiting(128)).decide(&subject(), Some(&first.after), &[], time(200));
    assert_eq!((same.audit.len(), same.effects == first.effects), (0, true));
    let other = world(accepted(128)).decide(&subject(), Some(&same.after), &[], time(300));
    assert_eq!(other.audit.len(), 1);
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
fn an_issue_in_a_repository_that_was_never_seen_is_named_without_a_page() {
    let to = IssueRef { repo: RepoId(99), number: 3 };
    let decision = enforcing()
        .with(pull_request(41, &[to]))
        .and(ChangeRequestView { at: to, exists: false, ..waiting(3) })
        .judged();
    assert!(shown(&decision).contains("There is no issue number 3 of a repository unknown here."));
}
