//! What a pull request finishes and what it is only part of, in the same repository and across.

use changegate::sandbox::Entry;

use crate::support::{Scene, assert_snapshot, scenario};

async fn stages(s: &Scene) -> String {
    s.stage_of("Export").await
}

#[tokio::test]
async fn a_part_leaves_the_request_in_work_until_something_finishes_it() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let part = s.pull_request("acme/web", "reader", &format!("Part-of: #{}", issue.number)).await;
        s.by("ana").merge(part.at);
        s.settle().await;
        assert_eq!(stages(s).await, "in_work");
        assert_eq!(s.github().issue(issue)["state"], "open");
        assert_snapshot!(s.status(issue), @"
        **Change request** · in work
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: parts of it are merged ([web#2](https://github/acme/web/pull/2)). A pull request that says `Closes #1` (elsewhere `Closes acme/web#1`) finishes it.
        ");
        let rest = s.pull_request("acme/web", "writer", &format!("Closes #{}", issue.number)).await;
        s.by("ana").merge(rest.at);
        s.settle().await;
        assert_eq!(stages(s).await, "merged");
    })
    .await;
}

#[tokio::test]
async fn the_code_is_complete_only_when_no_linked_pull_request_is_open() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let first = s.pull_request("acme/web", "reader", &format!("Closes #{}", issue.number)).await;
        let second = s.pull_request("acme/web", "writer", &format!("Change: #{}", issue.number)).await;
        assert_snapshot!(s.status(issue), @"
**Change request** · in work
Contact: nobody yet · Requester: @sam

Accepted by @tess (2 Nov 2026). Next: two pull requests are open ([web#2](https://github/acme/web/pull/2), [web#3](https://github/acme/web/pull/3)). When all are merged, the code is complete.
");
        s.by("ana").merge(first.at);
        s.settle().await;
        assert_eq!(stages(s).await, "in_work");
        assert_snapshot!(s.status(issue), @"
        **Change request** · in work
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: one pull request is open ([web#3](https://github/acme/web/pull/3)). When it is merged, the code is complete.
        ");
        s.by("ana").merge(second.at);
        s.settle().await;
        assert_eq!(stages(s).await, "merged");
    })
    .await;
}

#[tokio::test]
async fn a_pull_request_closed_without_merging_leaves_no_trace_of_work() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_eq!(stages(s).await, "in_work");
        s.by("ana").close(pull.at, changegate::sandbox::CloseReason::Completed);
        s.settle().await;
        assert_eq!(stages(s).await, "accepted");
        s.by("ana").reopen(pull.at);
        s.settle().await;
        assert_eq!(stages(s).await, "in_work");
    })
    .await;
}

#[tokio::test]
async fn links_reach_into_other_repositories() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        let closes = s.pull_request("acme/billing", "reader", &format!("Closes acme/web#{}", issue.number)).await;
        let part = s.pull_request("acme/billing", "writer", &format!("Change: acme/web#{}", issue.number)).await;
        assert_snapshot!(s.checks("acme/billing", &closes.head)[0].1, @"1 of 2 rules not met: acme/web#1 is not accepted yet");
        assert_snapshot!(s.checks("acme/billing", &part.head)[0].1, @"1 of 2 rules not met: acme/web#1 is not accepted yet");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(s.checks("acme/billing", &closes.head)[0].1, @"2 of 2 rules met");
        assert_snapshot!(s.checks("acme/billing", &part.head)[0].1, @"2 of 2 rules met");
        assert_snapshot!(s.status(issue), @"
        **Change request** · in work
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: two pull requests are open ([billing#1](https://github/acme/billing/pull/1), [billing#2](https://github/acme/billing/pull/2)). When all are merged, the code is complete.
        ");
        s.by("ana").merge(part.at);
        s.by("ana").merge(closes.at);
        s.settle().await;
        assert_eq!(stages(s).await, "merged");
    })
    .await;
}

#[tokio::test]
async fn a_line_in_a_commit_message_links_too() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let message = format!("Read invoices\n\nChange: acme/web#{}", issue.number);
        let head = s.by("ana").push("acme/web", "reader", &[("reader.txt", "read")], &message);
        let entry = Entry { head: "reader", base: "main", title: "Read", body: "", draft: false };
        s.by("ana").open_pull_request("acme/web", entry);
        s.settle().await;
        assert_eq!(stages(s).await, "in_work");
        assert_snapshot!(s.check(&head), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn closing_words_count_on_a_release_branch_where_github_ignores_them() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        s.by("rosa").create_branch("acme/web", "release/2026.12", "main");
        let head = s.by("ana").push("acme/web", "fix", &[("fix.txt", "fix")], "Fix");
        let body = format!("Closes #{}", issue.number);
        let entry = Entry { head: "fix", base: "release/2026.12", title: "Fix", body: &body, draft: false };
        let pull = s.by("ana").open_pull_request("acme/web", entry);
        s.settle().await;
        assert_snapshot!(s.check(&head), @"success: 2 of 2 rules met");
        s.by("ana").merge(pull);
        s.settle().await;
        assert_eq!(stages(s).await, "merged");
        assert_eq!(s.github().issue(issue)["state"], "open", "GitHub does not close it");
        assert_snapshot!(s.status(issue), @"
        **Change request** · merged
        Contact: nobody yet · Requester: @sam

        Merged ([web#2](https://github/acme/web/pull/2)). Merged is not delivered.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_link_to_a_repository_nobody_knows_here_is_said() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let body = format!("Closes #{}\n\nChange: acme/elsewhere#3", issue.number);
        let pull = s.pull_request("acme/web", "export", &body).await;
        assert_snapshot!(s.check(&pull.head), @"failure: 1 of 3 rules not met: a linked change request cannot be found");
        assert_snapshot!(s.check_text("acme/web", &pull.head), @"
        | | rule | |
        |---|---|---|
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | ✓ pass | the change request is accepted | [#1](https://github/acme/web/issues/1) was accepted by [tess](https://github/tess) on 2 Nov 2026, 12:00 UTC. |
        | ✗ not met | every linked change request can be found | `acme/elsewhere#3` is in a repository that Changegate does not know. **Cure:** correct the link in the description, or give the Changegate App access to that repository. |

        It is judged again by itself when any of this changes.
        ");
    })
    .await;
}
