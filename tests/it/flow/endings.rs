//! Issues that are merged, closed, reopened, moved or deleted: what that says of the change request.

use changegate::sandbox::CloseReason;

use crate::support::{assert_snapshot, scenario, scenario_without_policy};

#[tokio::test]
async fn an_issue_that_a_merge_closes_is_merged_and_never_reopened() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_eq!(s.stage_of("Export").await, "in_work");
        s.by("ana").merge(pull.at);
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "merged");
        assert_eq!(s.github().issue(issue)["state"], "closed");
        assert_snapshot!(s.status(issue), @"
        **Change request** · merged
        Contact: nobody yet · Requester: @sam

        Merged ([web#2](https://github/acme/web/pull/2)). Merged is not delivered. GitHub closed this issue with the merge; it stays closed.
        ");
        assert_eq!(s.history(issue), ["requested", "accepted by @tess", "in work", "merged"]);
        s.settle_for(3).await;
        let touched = |request: &&changegate::sandbox::Request| {
            request.method == "PATCH" && request.path.ends_with(&format!("/issues/{}", issue.number))
        };
        assert_eq!(s.github().requests().iter().filter(touched).count(), 0, "nobody reopens it");
    })
    .await;
}

#[tokio::test]
async fn an_issue_closed_by_a_person_says_why() {
    scenario(async |s| {
        let mut told = vec![];
        for (title, reason) in [
            ("Not planned", CloseReason::NotPlanned),
            ("Duplicate", CloseReason::Duplicate),
            ("Completed", CloseReason::Completed),
        ] {
            let issue = s.accepted(title).await;
            s.by("tess").assign(issue, "quinn");
            s.by("sam").close(issue, reason);
            s.settle().await;
            told.push(format!("{title}: {}\n{}", s.stage_of(title).await, s.status(issue)));
            s.by("sam").reopen(issue);
            s.settle().await;
            assert_eq!(s.stage_of(title).await, "accepted", "{title}, reopened");
            assert_eq!(s.comments(issue).len(), 1);
        }
        assert_snapshot!(told.join("\n\n"), @"
        Not planned: withdrawn
        **Change request** · withdrawn
        Contact: @quinn · Requester: @sam

        It was closed as not planned. Reopen the issue to bring it back.

        Duplicate: duplicate
        **Change request** · duplicate
        Contact: @quinn · Requester: @sam

        It was closed as a duplicate. Reopen the issue if it is none.

        Completed: accepted
        **Change request** · accepted
        Contact: @quinn · Requester: @sam

        @quinn: this issue was closed as completed, but no merged pull request finishes it. Which one did? Write `Closes #3` (elsewhere `Closes acme/web#3`) in its description. If there is none, reopen the issue or close it as not planned.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_deleted_issue_leaves_the_register() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Change: #{}", issue.number)).await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
        s.by("rosa").delete_issue(issue);
        s.settle().await;
        assert_eq!(s.register().await, vec![]);
        assert_snapshot!(s.check(&pull.head), @"failure: 1 of 2 rules not met: there is no issue #1");
        assert_snapshot!(s.check_text("acme/web", &pull.head), @"
        | | rule | |
        |---|---|---|
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | ✗ not met | the change request exists | There is no issue [#1](https://github/acme/web/issues/1). **Cure:** correct the number in the description. |

        It is judged again by itself when any of this changes.
        ");
    })
    .await;
}

#[tokio::test]
async fn an_issue_moved_to_another_repository_keeps_what_was_decided_and_its_one_status_comment() {
    scenario(async |s| {
        s.github().add_label("acme/billing", "change-request");
        let issue = s.accepted("Export").await;
        let moved = s.by("sam").transfer_issue(issue, "acme/billing");
        s.settle().await;
        s.pass(1);
        s.settle().await;
        assert_eq!(s.register().await, [("Export".to_owned(), "accepted".to_owned())]);
        assert_eq!(s.comments(issue), Vec::<String>::new());
        assert_eq!(s.comments(moved).len(), 1);
        assert_snapshot!(s.status(moved), @"
        **Change request** · accepted
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #1` (elsewhere `Closes acme/billing#1`) in its description.
        ");
    })
    .await;
}

#[tokio::test]
async fn the_label_that_comes_along_with_a_moved_issue_is_nobody_s_fault() {
    scenario(async |s| {
        for name in ["change-request", "triage/accepted"] {
            s.github().add_label("acme/billing", name);
        }
        let issue = s.accepted("Export").await;
        let moved = s.by("sam").transfer_issue(issue, "acme/billing");
        s.settle().await;
        s.pass(1);
        s.settle().await;
        assert_eq!(s.labels(moved), ["change-request", "triage/accepted"]);
        assert_eq!(s.sentences(moved), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_was_declined_is_still_declined_where_it_is_moved() {
    scenario(async |s| {
        s.github().add_label("acme/billing", "change-request");
        let issue = s.change_request("Export").await;
        s.by("tess").comment(issue, "/decline too dear");
        s.settle().await;
        let moved = s.by("sam").transfer_issue(issue, "acme/billing");
        s.settle().await;
        s.pass(1);
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "declined");
        s.by("tess").comment(moved, "/accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn what_was_decided_by_somebody_who_may_not_decide_in_the_new_place_counts_for_nothing_there() {
    scenario_without_policy(async |s| {
        let rules = |triager: &str| {
            format!("version: 1\nmode: enforce\nroles: {{ triager: [{triager}], release-manager: [rosa] }}\n")
        };
        s.policy_file("acme/web", &rules("lee")).await;
        s.policy_file("acme/billing", &rules("tess")).await;
        for name in ["change-request", "triage/accepted"] {
            s.github().add_label("acme/billing", name);
        }
        let issue = s.change_request("Export").await;
        s.by("lee").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
        let moved = s.by("lee").transfer_issue(issue, "acme/billing");
        s.settle().await;
        s.pass(1);
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        assert_eq!(s.labels(moved), ["change-request"]);
    })
    .await;
}

#[tokio::test]
async fn an_issue_moved_twice_keeps_what_was_decided() {
    scenario(async |s| {
        s.github().add_label("acme/billing", "change-request");
        let issue = s.accepted("Export").await;
        let away = s.by("sam").transfer_issue(issue, "acme/billing");
        let back = s.by("sam").transfer_issue(away, "acme/web");
        s.settle().await;
        s.pass(1);
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
        assert_eq!(s.comments(back).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_issue_moved_to_where_the_label_is_not_known_is_no_change_request_there() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let moved = s.by("sam").transfer_issue(issue, "acme/billing");
        s.settle().await;
        s.pass(1);
        s.settle().await;
        assert_eq!(s.register().await, vec![]);
        s.by("sam").label(moved, "change-request");
        s.settle().await;
        assert_eq!(s.register().await, [("Export".to_owned(), "requested".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn a_merge_that_nobody_accepted_is_merged_and_still_to_be_decided() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "merged");
        assert_snapshot!(s.status(issue), @"
        **Change request** · merged
        Contact: nobody yet · Requester: @sam

        Merged ([web#2](https://github/acme/web/pull/2)). Merged is not delivered. GitHub closed this issue with the merge; it stays closed. Nobody has accepted it: a triager ([acme/triage](https://github/orgs/acme/teams/triage)) still has to comment `/accept`.
        ");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(s.status(issue), @"
        **Change request** · merged
        Contact: nobody yet · Requester: @sam

        Merged ([web#2](https://github/acme/web/pull/2)). Merged is not delivered. GitHub closed this issue with the merge; it stays closed.
        ");
    })
    .await;
}
