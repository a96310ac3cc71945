//! What people do, what it costs them, and what the App hears of it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{acme, at, listening, owed, pull_request};
use crate::sandbox::{CloseReason, Entry, Verdict};

#[tokio::test]
async fn a_webhook_is_signed_and_carries_githubs_headers() {
    let sandbox = acme().await;
    let (url, heard) = listening().await;
    sandbox.set_webhook_target(&url);
    sandbox.deliver().await;
    let heard = heard.lock().expect("the memory");
    let (headers, body) = heard.first().expect("a webhook");
    let header = |name: &str| headers[name].to_str().expect("a text").to_owned();
    let mut mac = Hmac::<Sha256>::new_from_slice(sandbox.webhook_secret().as_bytes()).expect("any key");
    mac.update(body);
    assert_eq!(header("x-hub-signature-256"), format!("sha256={}", hex::encode(mac.finalize().into_bytes())));
    assert_eq!(header("x-github-event"), "installation");
    assert_eq!(header("x-github-hook-installation-target-type"), "integration");
    assert_eq!(header("x-github-hook-installation-target-id"), "4242");
    assert_eq!(header("content-type"), "application/json");
    assert!(header("user-agent").starts_with("GitHub-Hookshot/"));
    assert_eq!(header("x-github-delivery").len(), 36);
}

#[tokio::test]
async fn an_issue_with_labels_is_opened_first_and_labelled_then() {
    let sandbox = acme().await;
    sandbox.take_deliveries();
    let ana = sandbox.by("ana");
    let issue = ana.open_labelled_issue("acme/web", "Slow", "", &["change-request"]);
    ana.create_milestone("acme/web", "2026.12", None);
    ana.create_milestone("acme/web", "2027.01", Some(at("2027-01-07T12:00:00Z")));
    ana.set_milestone(issue, "2026.12");
    ana.set_milestone(issue, "2027.01");
    ana.close(issue, CloseReason::NotPlanned);
    assert_eq!(
        owed(&sandbox),
        [
            "issues.opened",
            "issues.labeled",
            "milestone.created",
            "milestone.created",
            "issues.milestoned",
            "issues.demilestoned",
            "issues.milestoned",
            "issues.closed",
        ]
    );
    assert_eq!(sandbox.issue(issue)["state_reason"], "not_planned");
}

#[tokio::test]
async fn a_push_moves_the_pull_requests_of_its_branch_and_a_merge_closes_what_it_says() {
    let sandbox = acme().await;
    let issue = sandbox.by("ana").open_issue("acme/web", "Slow", "");
    sandbox.take_deliveries();
    let pull = pull_request(&sandbox, "topic", "Closes #1, part of the login work");
    let opened = ["create", "push", "check_suite.requested", "pull_request.opened"];
    assert_eq!(owed(&sandbox), opened);
    let head = sandbox.by("ana").push("acme/web", "topic", &[("b", "2")], "More");
    assert_eq!(owed(&sandbox), ["push", "check_suite.requested", "pull_request.synchronize"]);
    assert_eq!(sandbox.pull_request(pull)["head"]["sha"], *head);
    sandbox.by("quinn").review(pull, Verdict::Approve, "");
    let merged = sandbox.by("ana").merge(pull);
    assert_eq!(
        owed(&sandbox),
        [
            "pull_request_review.submitted",
            "pull_request.closed",
            "push",
            "check_suite.requested",
            "issues.closed",
        ]
    );
    assert_eq!(sandbox.pull_request(pull)["merged"], true);
    assert_eq!(sandbox.head("acme/web", "main"), Some(merged));
    assert_eq!(sandbox.issue(issue)["state"], "closed");
}

#[tokio::test]
async fn keywords_close_nothing_where_the_base_is_not_the_default_branch() {
    let sandbox = acme().await;
    let ana = sandbox.by("ana");
    let issue = ana.open_issue("acme/web", "Slow", "");
    ana.create_branch("acme/web", "release/1", "main");
    ana.push("acme/web", "topic", &[("a", "1")], "Repair");
    let entry = Entry { head: "topic", base: "release/1", title: "Repair", body: "Fixes #1", draft: false };
    ana.merge(ana.open_pull_request("acme/web", entry));
    assert_eq!(sandbox.issue(issue)["state"], "open");
    ana.push("acme/web", "main", &[("a", "1")], "Repair\n\nfixes: acme/web#1");
    assert_eq!(sandbox.issue(issue)["state"], "closed");
}

#[tokio::test]
async fn the_queue_tests_each_pull_request_on_top_of_those_before_it() {
    let sandbox = acme().await;
    let (first, second) = (pull_request(&sandbox, "one", ""), pull_request(&sandbox, "two", ""));
    sandbox.take_deliveries();
    let ana = sandbox.by("ana");
    let (one, two) = (ana.enqueue(first), ana.enqueue(second));
    let groups: Vec<_> = sandbox
        .take_deliveries()
        .iter()
        .filter(|delivery| delivery.event == "merge_group")
        .filter_map(|delivery| serde_json::from_str::<serde_json::Value>(&delivery.body).ok())
        .map(|payload| payload["merge_group"].clone())
        .collect();
    assert_eq!((&groups[0]["head_sha"], &groups[1]["head_sha"]), (&one.clone().into(), &two.into()));
    assert_eq!(groups[1]["base_sha"], *one);
    assert_eq!(groups[0]["base_ref"], "refs/heads/main");
    assert_eq!(
        groups[1]["head_ref"],
        format!("refs/heads/gh-readonly-queue/main/pr-{}-{one}", second.number)
    );
    ana.dequeue(first);
    assert_eq!(
        owed(&sandbox),
        [
            "merge_group.destroyed",
            "pull_request.dequeued",
            "merge_group.destroyed",
            "create",
            "push",
            "check_suite.requested",
            "merge_group.checks_requested",
        ]
    );
    assert_eq!(sandbox.land_first_of_queue("acme/web", "main"), second);
    assert_eq!(sandbox.pull_request(second)["merged"], true);
}

#[tokio::test]
async fn nothing_is_told_of_repositories_that_the_app_does_not_have() {
    let sandbox = acme().await;
    sandbox.add_repository("stranger/blog", &[("a", "b")]);
    let ana = sandbox.by("ana");
    ana.remove_from_installation("acme/web");
    assert_eq!(owed(&sandbox), ["installation.created", "installation_repositories.removed"]);
    ana.open_issue("acme/web", "Slow", "");
    sandbox.by("stranger").open_issue("stranger/blog", "Slow", "");
    assert_eq!(owed(&sandbox), Vec::<String>::new());
    ana.add_to_installation("acme/web");
    ana.suspend("acme");
    ana.open_issue("acme/web", "Slower", "");
    assert_eq!(owed(&sandbox), ["installation_repositories.added", "installation.suspend"]);
}

#[tokio::test]
async fn what_people_did_can_be_counted() {
    let sandbox = acme().await;
    let issue = sandbox.by("ana").open_labelled_issue("acme/web", "Slow", "", &["change-request"]);
    sandbox.by("quinn").comment(issue, "/accept");
    let done: Vec<String> = sandbox
        .actions()
        .iter()
        .map(|action| format!("{} {} {}", action.who, action.what, action.on))
        .collect();
    assert_eq!(done, ["ana install acme", "ana open_issue acme/web", "quinn comment acme/web#1"]);
}
