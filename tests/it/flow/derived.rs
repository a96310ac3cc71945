//! Pull requests that take back, repeat or bring back what is merged: nobody has to do anything for them.

use changegate::sandbox::{Entry, Numbered};

use crate::support::{Pull, Scene, assert_snapshot, scenario};

/// A merged pull request that finishes an accepted change request, and its merge commit.
async fn merged(s: &Scene, branch: &str) -> (Numbered, Pull, String) {
    let issue = s.accepted("Export").await;
    let pull = s.pull_request("acme/web", branch, &format!("Closes #{}", issue.number)).await;
    let commit = s.by("ana").merge(pull.at);
    s.settle().await;
    (issue, pull, commit)
}

async fn open(s: &Scene, head: &str, base: &str, body: &str) -> Pull {
    let at = s.by("ana").open_pull_request("acme/web", Entry { head, base, title: head, body, draft: false });
    s.settle().await;
    Pull { at, head: s.github().head("acme/web", head).unwrap() }
}

#[tokio::test]
async fn a_revert_belongs_to_the_request_that_it_takes_back_and_puts_it_back_to_work() {
    scenario(async |s| {
        let (issue, pull, _) = merged(s, "export").await;
        assert_eq!(s.stage_of("Export").await, "merged");
        let revert = s.by("lee").revert(pull.at);
        s.settle().await;
        let head = s.github().head("acme/web", "revert-2-export").unwrap();
        assert_snapshot!(s.check_text("acme/web", &head), @r"
        | | rule | |
        |---|---|---|
        | ✓ pass | what is merged already | It takes back [#2](https://github/acme/web/pull/2), and does nothing else. |
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | ✓ pass | the change request is accepted | [#1](https://github/acme/web/issues/1) was accepted by [tess](https://github/tess) on 2 Nov 2026, 12:00 UTC. |
        ");
        assert_eq!(s.check(&head), "success: 3 of 3 rules met");
        s.by("lee").merge(revert);
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "in_work");
        assert_snapshot!(s.status(issue), @r"
        **Change request** · in work
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: [web#2](https://github/acme/web/pull/2) was merged and taken back by [web#3](https://github/acme/web/pull/3). A pull request that says `Closes #1` (elsewhere `Closes acme/web#1`) does it anew.
        ");
        let again = s.by("ana").revert(revert);
        s.settle().await;
        s.by("ana").merge(again);
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "merged", "the revert was reverted");
    })
    .await;
}

#[tokio::test]
async fn who_only_says_that_it_is_a_revert_is_told_what_is_wrong_with_it() {
    scenario(async |s| {
        let (_, pull, _) = merged(s, "export").await;
        let body = format!("Reverts acme/web#{}", pull.at.number);
        let fake = s.pull_request("acme/web", "anything", &body).await;
        assert_snapshot!(s.check_text("acme/web", &fake.head), @r"
        | | rule | |
        |---|---|---|
        | ✗ not met | linked to a change request | It says that it takes back [#2](https://github/acme/web/pull/2), but it changes `anything.txt` otherwise. **Cure:** put `Closes #n` (this finishes it) or `Change: owner/repo#n` (this is part of it) in the description; or take the pull request back whole and alone, as GitHub's Revert button does. |

        It is judged again by itself when any of this changes.
        ");
        s.by("lee").revert(pull.at);
        let more = s.by("lee").push("acme/web", "revert-2-export", &[("more.txt", "more")], "And more");
        s.settle().await;
        assert_snapshot!(s.check_text("acme/web", &more), @r"
        | | rule | |
        |---|---|---|
        | ✗ not met | linked to a change request | It says that it takes back [#2](https://github/acme/web/pull/2), but it changes `more.txt` otherwise. **Cure:** put `Closes #n` (this finishes it) or `Change: owner/repo#n` (this is part of it) in the description; or take the pull request back whole and alone, as GitHub's Revert button does. |

        It is judged again by itself when any of this changes.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_cherry_pick_to_a_release_branch_belongs_to_the_request_that_it_repeats() {
    scenario(async |s| {
        s.by("rosa").create_branch("acme/web", "release", "main");
        let (_, pull, commit) = merged(s, "export").await;
        s.by("ana").cherry_pick("acme/web", &commit, "pick", "release");
        let pick = open(s, "pick", "release", "").await;
        assert_snapshot!(s.check_text("acme/web", &pick.head), @r"
        | | rule | |
        |---|---|---|
        | ✓ pass | what is merged already | It repeats [#2](https://github/acme/web/pull/2), and does nothing else. |
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | ✓ pass | the change request is accepted | [#1](https://github/acme/web/issues/1) was accepted by [tess](https://github/tess) on 2 Nov 2026, 12:00 UTC. |
        ");
        s.by("ana").merge(pick.at);
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "merged");

        let body = format!(
            "This is an automatic backport of pull request #{} done by [Mergify](https://mergify.com).",
            pull.at.number
        );
        s.by("ana").push("acme/web", "bot", &[("export.txt", "something else")], "Backport");
        let bot = open(s, "bot", "release", &body).await;
        assert!(s.check(&bot.head).starts_with("failure"), "{}", s.check(&bot.head));
    })
    .await;
}

#[tokio::test]
async fn a_release_branch_that_is_merged_back_brings_nothing_new() {
    scenario(async |s| {
        s.by("rosa").create_branch("acme/web", "release", "main");
        let issue = s.accepted("Export").await;
        s.by("ana").create_branch("acme/web", "fix", "release");
        s.by("ana").push("acme/web", "fix", &[("fix.txt", "fix")], "Fix it");
        let fix = open(s, "fix", "release", &format!("Closes #{}", issue.number)).await;
        s.by("ana").merge(fix.at);
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "merged");
        let back = open(s, "release", "main", "").await;
        assert_snapshot!(s.check_text("acme/web", &back.head), @r"
        | | rule | |
        |---|---|---|
        | ✓ pass | what is merged already | It brings back [#2](https://github/acme/web/pull/2), and nothing else. |
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | ✓ pass | the change request is accepted | [#1](https://github/acme/web/issues/1) was accepted by [tess](https://github/tess) on 2 Nov 2026, 12:00 UTC. |
        ");
        assert_eq!(s.stage_of("Export").await, "merged", "a back-merge is no work");
        let more =
            s.by("ana").push("acme/web", "release", &[("more.txt", "more")], "Straight to the release");
        s.settle().await;
        assert_snapshot!(s.check_text("acme/web", &more).replace(&more[..7], "HEAD"), @r"
        | | rule | |
        |---|---|---|
        | ✗ not met | linked to a change request | It brings back [#2](https://github/acme/web/pull/2), but `HEAD` came with no merged pull request here. **Cure:** put `Closes #n` (this finishes it) or `Change: owner/repo#n` (this is part of it) in the description. |

        It is judged again by itself when any of this changes.
        ");
    })
    .await;
}
