//! What the check run says, word for word.

use super::*;
use crate::domain::pull_request::{PolicyEdit, Signature};

#[test]
fn an_accepted_change_request_lets_it_pass() {
    let decision = enforcing().with(pull_request(41, &[at(128)])).and(accepted(128)).judged();
    insta::assert_snapshot!(shown(&decision), @r"
    Success: 2 of 2 rules met

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |
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
    | … waiting | the change request is accepted | [#128](https://github.com/acme/web/issues/128) waits in triage since 23 Nov 2026, 09:00 UTC. **Cure:** a triager ([acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept` there. |

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
    | ✗ not met | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was declined by [kim](https://github.com/kim): “too risky this year”. **Cure:** link a change request that is accepted, or a triager ([acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept` there. |

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
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |

    ### [#42](https://github.com/acme/web/pull/42) “Faster login”

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#129](https://github.com/acme/web/issues/129), [acme/billing#3](https://github.com/acme/billing/issues/3) |
    | … waiting | the change request is accepted | [#129](https://github.com/acme/web/issues/129) waits in triage since 23 Nov 2026, 09:00 UTC. **Cure:** a triager ([acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept` there. |
    | ✓ pass | the change request is accepted | [acme/billing#3](https://github.com/acme/billing/issues/3) was accepted by [kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |

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
    | … waiting | the change request is accepted | [#128](https://github.com/acme/web/issues/128) waits in triage since 23 Nov 2026, 09:00 UTC. **Cure:** a triager ([acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept` there. |

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
    | … not known | its links, commits and reviews are known | They could not be read: GitHub could not be reached since 09:00 UTC. **Cure:** it is read again by itself; `/recheck` in a comment does it at once. |
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |

    It is judged again by itself when any of this changes.
    ");
    assert_eq!(second.look_again, Some(time(700)));
    let third = world.decide(&subject(), Some(&second.after), &[], time(700));
    assert_eq!((status(&third), third.look_again), (Some(CheckStatus::ActionRequired), None));
}

#[test]
fn errors_of_an_edited_policy_file_are_shown_even_where_nothing_else_is() {
    let error = ".github/changegate.yml:3:7: `mode` is `often`\n  it is observe, advise or enforce";
    let edit = |errors: Vec<String>| {
        let (changes, leaves, signature) = (vec![], None, Signature::NotNeeded);
        let edit = PolicyEdit { errors, changes, leaves, signature };
        PullRequestView { policy_edit: Some(edit), ..pull_request(41, &[at(128)]) }
    };
    let decision = enforcing().with(edit(vec![error.into()])).and(accepted(128)).judged();
    insta::assert_snapshot!(shown(&decision), @r"
    Failure: 1 of 3 rules not met: the policy file has errors

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |
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
    assert!(shown(&decision).starts_with("Success: 3 of 3 rules met"));
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
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |

    ### [#42](https://github.com/acme/web/pull/42) “Faster login”

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#129](https://github.com/acme/web/issues/129) |
    | ✗ not met | the change request is accepted | [#129](https://github.com/acme/web/issues/129) was declined by [kim](https://github.com/kim): “too risky this year”. **Cure:** link a change request that is accepted, or a triager ([acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept` there. |

    ### [#43](https://github.com/acme/web/pull/43) “Faster login”

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | ✓ pass | the change request is accepted | [#128](https://github.com/acme/web/issues/128) was accepted by [kim](https://github.com/kim) on 23 Nov 2026, 09:01 UTC. |

    It is judged again by itself when any of this changes.
    ");
    assert_eq!(decision.effects[0].lane, Lane::Gate);

    let destroyed = [group_event(MergeGroupChange::Destroyed)];
    let over = world.decide(&subject(), Some(&decision.after), &destroyed, time(120));
    assert_eq!(shown(&over), "nothing");
    for events in [[&destroyed[..], &requested[..]].concat(), [&requested[..], &destroyed[..]].concat()] {
        let (judgement, asked) = world.ask(&subject(), None, &events, time(130));
        let Judgement::Decided(decision) = judgement else { panic!("{judgement:?}") };
        assert_eq!((shown(&decision).as_str(), decision.look_again, asked), ("nothing", None, vec![]));
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
    Success: 1 of 1 rules met

    | | rule | |
    |---|---|---|
    | ✓ pass | its own change request, accepted by an independent review | `aaaaaaa` is approved by [lee](https://github.com/lee). |
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
        (vec![at(5), at(128)], CheckStatus::ActionRequired),
        (vec![at(5), at(129)], CheckStatus::Success),
        (vec![at(5), at(130)], CheckStatus::InProgress),
        (vec![at(129)], CheckStatus::Success),
    ] {
        let world = world().with(approved(&links));
        let decision =
            world.decide(&subject(), None, &[check_run(CheckRunChange::Rerequested, APP)], time(0));
        assert_eq!(status(&decision), Some(expected), "{links:?}");
    }
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
fn an_issue_in_a_repository_that_was_never_seen_is_named_without_a_page() {
    let to = IssueRef { repo: RepoId(99), number: 3 };
    let decision = enforcing()
        .with(pull_request(41, &[to]))
        .and(ChangeRequestView { at: to, exists: false, ..waiting(3) })
        .judged();
    assert!(shown(&decision).contains("There is no issue number 3 of a repository unknown here."));
}

fn declared(parts: &[u64]) -> crate::domain::change_request::emergency::Emergency {
    crate::domain::change_request::emergency::Emergency {
        since: time(0),
        by: actor("oz"),
        at: time(0),
        why: "nobody can pay".into(),
        declared_by: [actor("oz").id].into(),
        signed: None,
        looked_back: None,
        in_force: true,
        came_along: false,
        terms: None,
        parts: parts.iter().map(|number| at(*number)).collect(),
    }
}

#[test]
fn who_is_linked_to_an_emergency_later_is_told_who_may_add_it() {
    let policy = ENFORCE.replace("[acme/triage]", "[acme/triage]\n  break-glass: [oz, acme/on-call]");
    let world = |parts: &[u64]| {
        let emergency = ChangeRequestView { emergency: Some(declared(parts)), ..waiting(128) };
        World::new(Some(&policy)).with(pull_request(41, &[at(128)])).and(emergency)
    };
    assert_eq!(status(&world(&[41]).judged()), Some(CheckStatus::Success));
    insta::assert_snapshot!(shown(&world(&[42]).judged()), @r"
    ActionRequired: 1 of 2 rules not met: #41 is not part of the emergency #128

    | | rule | |
    |---|---|---|
    | ✓ pass | linked to a change request | [#128](https://github.com/acme/web/issues/128) |
    | … waiting | the change request is accepted | [#128](https://github.com/acme/web/issues/128) is an emergency, and [#41](https://github.com/acme/web/pull/41) was linked to it after it was declared, by nobody who may add to it. **Cure:** somebody on call ([oz](https://github.com/oz) or [acme/on-call](https://github.com/orgs/acme/teams/on-call)) comments `/emergency WHY` on [#41](https://github.com/acme/web/pull/41); or a triager ([acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept` on [#128](https://github.com/acme/web/issues/128). |

    It is judged again by itself when any of this changes.
    ");
}

#[test]
fn an_emergency_on_a_pull_request_that_is_its_own_change_passes_without_a_review_while_it_lasts() {
    let shown_by_itself =
        crate::domain::pull_request::OwnChange { labels: vec![], created_at: None, updated_at: None };
    let own = PullRequestView { own: Some(shown_by_itself), ..pull_request(41, &[]) };
    let ended = crate::domain::change_request::emergency::Emergency { in_force: false, ..declared(&[41]) };
    let judged = |emergency| {
        let request = ChangeRequestView { emergency: Some(emergency), ..waiting(41) };
        World::new(Some(OWN)).with(own.clone()).and(request).judged()
    };
    insta::assert_snapshot!(shown(&judged(declared(&[41]))), @r"
    Success: emergency: 1 of 1 rules met

    | | rule | |
    |---|---|---|
    | ✓ pass | the change request is accepted | [#41](https://github.com/acme/web/pull/41) was declared an emergency by [oz](https://github.com/oz) on 23 Nov 2026, 09:00 UTC: “nobody can pay”. |
    ");
    assert_eq!(status(&judged(ended)), Some(CheckStatus::ActionRequired));
}
