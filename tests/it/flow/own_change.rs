//! Where a pull request is its own change request: an independent approval of its final diff is the acceptance.

use changegate::sandbox::Verdict;

use crate::support::{Scene, assert_snapshot, scenario};

async fn own_changes(s: &Scene) {
    s.policy("repositories:\n  - { match: acme/web, change: pull-request }\n").await;
}

#[tokio::test]
async fn an_independent_approval_accepts_it_and_its_author_s_does_not() {
    scenario(async |s| {
        own_changes(s).await;
        let pull = s.pull_request("acme/web", "export", "Exports.").await;
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 1 rules not met: #1 has no independent approval");
        assert_snapshot!(s.check_text("acme/web", &pull.head), @"
        | | rule | |
        |---|---|---|
        | … waiting | its own change request, accepted by an independent review | Nobody who wrote none of it has approved `1376697`. **Cure:** somebody who wrote none of it approves it in a review, or `Change: owner/repo#n` in the description links an accepted change request. |

        It is judged again by itself when any of this changes.
        ");
        s.by("ana").review(pull.at, Verdict::Approve, "Mine is fine");
        s.by("lee").review(pull.at, Verdict::Comment, "Hm.");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 1 rules not met: #1 has no independent approval");
        s.by("lee").review(pull.at, Verdict::Approve, "");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 1 of 1 rules met");
        assert_snapshot!(s.check_text("acme/web", &pull.head), @"
        | | rule | |
        |---|---|---|
        | ✓ pass | its own change request, accepted by an independent review | `1376697` is approved by [lee](https://github/lee). |
        ");
    })
    .await;
}

#[tokio::test]
async fn a_push_after_the_approval_loses_it() {
    scenario(async |s| {
        own_changes(s).await;
        let pull = s.pull_request("acme/web", "export", "").await;
        s.by("lee").review(pull.at, Verdict::Approve, "");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 1 of 1 rules met");
        let head = s.by("ana").push("acme/web", "export", &[("more.txt", "more")], "More");
        s.settle().await;
        assert_snapshot!(s.check(&head), @"action_required: 1 of 1 rules not met: #1 has no independent approval");
        s.by("lee").review(pull.at, Verdict::Approve, "");
        s.settle().await;
        assert_snapshot!(s.check(&head), @"success: 1 of 1 rules met");
    })
    .await;
}

#[tokio::test]
async fn a_reviewer_who_pushed_is_not_independent_and_a_withdrawn_approval_is_none() {
    scenario(async |s| {
        own_changes(s).await;
        let pull = s.pull_request("acme/web", "export", "").await;
        let head = s.by("lee").push("acme/web", "export", &[("mine.txt", "mine")], "My part");
        s.by("lee").review(pull.at, Verdict::Approve, "");
        s.settle().await;
        assert_snapshot!(s.check(&head), @"action_required: 1 of 1 rules not met: #1 has no independent approval");
        let review = s.by("quinn").review(pull.at, Verdict::Approve, "");
        s.settle().await;
        assert_snapshot!(s.check(&head), @"success: 1 of 1 rules met");
        s.by("ana").dismiss_review(pull.at, review);
        s.settle().await;
        assert_snapshot!(s.check(&head), @"action_required: 1 of 1 rules not met: #1 has no independent approval");
    })
    .await;
}

#[tokio::test]
async fn a_linked_change_request_must_still_be_accepted() {
    scenario(async |s| {
        own_changes(s).await;
        let issue = s.change_request("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        s.by("lee").review(pull.at, Verdict::Approve, "");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 2 rules not met: #1 is not accepted yet");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn the_button_on_the_check_signs_the_commit_that_it_is_on_for_whoever_wrote_none_of_it() {
    scenario(async |s| {
        s.policy("repositories:\n  - { match: acme/web, change: pull-request }\n").await;
        let pull = s.pull_request("acme/web", "export", "Export.").await;
        let newest = |sha: &str| s.github().check_runs("acme/web", sha).pop().expect("a check run");
        let buttons = || {
            let requests = s.github().requests();
            let written = requests.iter().rev().find(|it| it.method != "GET" && it.path.contains("/check-runs"));
            let actions = written.and_then(|it| it.body["actions"].as_array().cloned()).unwrap_or_default();
            actions.iter().filter_map(|it| it["identifier"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(buttons(), ["recheck", "approve"]);
        let run = newest(&pull.head)["id"].as_u64().expect("a number");
        s.by("ana").press("acme/web", run, "approve");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 1 rules not met: #1 has no independent approval");
        let first_line = |sha: &str| s.check_text("acme/web", sha).lines().next().unwrap_or_default().to_owned();
        assert_snapshot!(first_line(&pull.head), @"`ana` pressed the button Approve, which does not count: whoever opened it, or wrote a part of it, does not sign it.");
        assert_eq!(s.comments(pull.at), Vec::<String>::new(), "nobody is notified");
        // What is pushed after it was seen is not signed.
        let moved = s.by("ana").push("acme/web", "export", &[("more.txt", "more")], "More");
        s.settle().await;
        assert_snapshot!(first_line(&moved), @"| | rule | |");
        s.by("lee").press("acme/web", run, "approve");
        s.settle().await;
        assert_snapshot!(s.check(&moved), @"action_required: 1 of 1 rules not met: #1 has no independent approval");
        let run = newest(&moved)["id"].as_u64().expect("a number");
        s.by("lee").press("acme/web", run, "approve");
        s.settle().await;
        assert_snapshot!(s.check(&moved), @"success: 1 of 1 rules met");
        assert_snapshot!(first_line(&moved), @"| | rule | |");
        assert_eq!(buttons(), ["recheck"]);
    })
    .await;
}
