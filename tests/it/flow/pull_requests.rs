//! The check run on pull requests, wherever what it rests on changes.

use changegate::sandbox::{Edit, Entry};

use crate::support::{Scene, assert_snapshot, scenario};

#[tokio::test]
async fn a_pull_request_linked_to_nothing_is_told_how_to_link() {
    scenario(async |s| {
        let pull = s.pull_request("acme/web", "export", "Exports.").await;
        assert_snapshot!(s.check(&pull.head), @"failure: 1 of 1 rules not met: #1 belongs to no change request");
        assert_snapshot!(s.check_text("acme/web", &pull.head), @"
        | | rule | |
        |---|---|---|
        | ✗ not met | linked to a change request | It belongs to no change request. **Cure:** put `Closes #n` (this finishes it) or `Change: owner/repo#n` (this is part of it) in the description. |

        It is judged again by itself when any of this changes.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_linked_request_that_is_not_accepted_stops_the_pull_request_until_it_is() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 2 rules not met: #1 is not accepted yet");
        assert_snapshot!(s.check_text("acme/web", &pull.head), @"
        | | rule | |
        |---|---|---|
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | … waiting | the change request is accepted | [#1](https://github/acme/web/issues/1) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there. |

        It is judged again by itself when any of this changes.
        ");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
        assert_snapshot!(s.check_text("acme/web", &pull.head), @"
        | | rule | |
        |---|---|---|
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | ✓ pass | the change request is accepted | [#1](https://github/acme/web/issues/1) was accepted by [tess](https://github/tess) on 2 Nov 2026, 12:00 UTC. |
        ");
        s.by("tess").comment(issue, "/decline Too dear");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"failure: 1 of 2 rules not met: #1 was declined");
    })
    .await;
}

#[tokio::test]
async fn an_ordinary_issue_is_no_change_request() {
    scenario(async |s| {
        let issue = s.by("sam").open_issue("acme/web", "A bug", "");
        let pull = s.pull_request("acme/web", "fix", &format!("Closes #{}", issue.number)).await;
        assert_snapshot!(s.check_text("acme/web", &pull.head), @"
        | | rule | |
        |---|---|---|
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | ✗ not met | the issue is taken in as a change request | [#1](https://github/acme/web/issues/1) “A bug” is an ordinary issue. **Cure:** set the label `change-request` on [#1](https://github/acme/web/issues/1), or link a change request. |

        It is judged again by itself when any of this changes.
        ");
        s.by("sam").label(issue, "change-request");
        s.by("tess").label(issue, "triage/accepted");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn an_edited_description_is_judged_again() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", "").await;
        assert_snapshot!(s.check(&pull.head), @"failure: 1 of 1 rules not met: #2 belongs to no change request");
        let body = format!("Closes #{}", issue.number);
        s.by("ana").edit_issue(pull.at, Edit { body: Some(&body), ..Edit::default() });
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
        assert_eq!(s.stage_of("Export").await, "in_work");
        s.by("ana").edit_issue(pull.at, Edit { body: Some("Closes #4711"), ..Edit::default() });
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"failure: 1 of 1 rules not met: #2 belongs to no change request");
        assert_eq!(s.stage_of("Export").await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn a_link_made_in_the_side_bar_is_seen_when_somebody_asks() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", "").await;
        s.by("ana").link_issue(pull.at, issue);
        s.by("ana").comment(pull.at, "/recheck");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn every_push_gets_its_check() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        let second = s.by("ana").push("acme/web", "export", &[("more.txt", "more")], "More");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
        assert_snapshot!(s.check(&second), @"success: 2 of 2 rules met");
        s.by("ana").force_push("acme/web", "export", &pull.head);
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn a_draft_is_not_spoken_of_until_it_is_ready() {
    scenario(async |s| {
        let head = s.by("ana").push("acme/web", "draft", &[("draft.txt", "draft")], "Draft");
        let entry = Entry { head: "draft", base: "main", title: "Draft", body: "", draft: true };
        let pull = s.by("ana").open_pull_request("acme/web", entry);
        s.settle().await;
        assert_eq!(s.checks("acme/web", &head), vec![]);
        s.by("ana").ready_for_review(pull);
        s.settle().await;
        assert_snapshot!(s.check(&head), @"failure: 1 of 1 rules not met: #1 belongs to no change request");
    })
    .await;
}

#[tokio::test]
async fn a_pull_request_from_a_fork_is_judged_like_any_other() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        s.github().make_public("acme/web");
        s.github().add_user("olga");
        s.github().add_fork("acme/web", "olga/web");
        let head = s.by("olga").push("olga/web", "main", &[("fork.txt", "fork")], "Fork it");
        let body = format!("Closes #{}", issue.number);
        let entry = Entry { head: "olga/web:main", base: "main", title: "Fork", body: &body, draft: false };
        s.by("olga").open_pull_request("acme/web", entry);
        s.settle().await;
        assert_snapshot!(s.check(&head), @"success: 2 of 2 rules met");
        assert_eq!(s.stage_of("Export").await, "in_work");
    })
    .await;
}

async fn open(s: &Scene, base: &str, body: &str) -> changegate::sandbox::Numbered {
    let entry = Entry { head: "export", base, title: base, body, draft: false };
    let at = s.by("ana").open_pull_request("acme/web", entry);
    s.settle().await;
    at
}

#[tokio::test]
async fn of_two_pull_requests_at_one_commit_the_worse_one_counts() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        s.by("rosa").create_branch("acme/web", "release", "main");
        let head = s.by("ana").push("acme/web", "export", &[("export.txt", "export")], "Export");
        open(s, "main", &format!("Closes #{}", issue.number)).await;
        assert_snapshot!(s.check(&head), @"success: 2 of 2 rules met");
        let worse = open(s, "release", "").await;
        assert_snapshot!(s.check(&head), @"failure: 1 of 3 rules not met: #3 belongs to no change request");
        assert_snapshot!(s.check_text("acme/web", &head), @"
        ### [#2](https://github/acme/web/pull/2) “main”

        | | rule | |
        |---|---|---|
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | ✓ pass | the change request is accepted | [#1](https://github/acme/web/issues/1) was accepted by [tess](https://github/tess) on 2 Nov 2026, 12:00 UTC. |

        ### [#3](https://github/acme/web/pull/3) “release”

        | | rule | |
        |---|---|---|
        | ✗ not met | linked to a change request | It belongs to no change request. **Cure:** put `Closes #n` (this finishes it) or `Change: owner/repo#n` (this is part of it) in the description. |

        It is judged again by itself when any of this changes.
        ");
        s.by("ana").close(worse, changegate::sandbox::CloseReason::Completed);
        s.settle().await;
        assert_snapshot!(s.check(&head), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn acceptance_in_another_repository_is_seen_here() {
    scenario(async |s| {
        let issue = s.by("sam").open_labelled_issue("acme/billing", "Bill", "", &["change-request"]);
        let body = format!("Closes acme/billing#{}", issue.number);
        let pull = s.pull_request("acme/web", "bill", &body).await;
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 2 rules not met: acme/billing#1 is not accepted yet");
        s.by("tess").label(issue, "triage/accepted");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn the_buttons_of_a_check_run_say_the_verdict_again_in_the_same_run() {
    scenario(async |s| {
        let pull = s.pull_request("acme/web", "export", "").await;
        let run = s.github().check_runs("acme/web", &pull.head)[0]["id"].as_u64().unwrap();
        let path = format!("/repos/acme/web/check-runs/{run}");
        let presses: [(&str, &dyn Fn()); 3] = [
            ("our button", &|| s.by("ana").press("acme/web", run, "recheck")),
            ("the run's button", &|| s.by("ana").rerequest_check_run("acme/web", run)),
            ("the suite's button", &|| s.by("ana").rerequest_check_suite("acme/web", &pull.head)),
        ];
        for (button, press) in presses {
            press();
            let asked = s.requests_of(async || s.settle().await).await;
            let said = asked.iter().filter(|request| request.method == "PATCH" && request.path == path);
            assert_eq!(said.count(), 1, "{button}");
            assert!(s.check(&pull.head).starts_with("failure: 1 of 1 rules not met"), "{button}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_made_in_the_side_bar_is_seen_when_somebody_presses_the_button() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", "").await;
        let run = s.github().check_runs("acme/web", &pull.head)[0]["id"].as_u64().unwrap();
        s.by("ana").link_issue(pull.at, issue);
        s.by("ana").press("acme/web", run, "recheck");
        s.settle().await;
        assert_eq!(s.check(&pull.head), "success: 2 of 2 rules met");
    })
    .await;
}
