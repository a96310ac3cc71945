//! REST: headers, pages, budgets, and what the App writes.

use http::Method;
use serde_json::{Value, json};

use super::{Asker, acme, owed, pull_request, send};
use crate::sandbox::Limits;

#[tokio::test]
async fn a_read_that_changed_nothing_is_304_and_free() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let first = installed.get("/repos/acme/web").await;
    let headers = [("authorization", installed.bearer.as_str()), ("if-none-match", first.header("etag"))];
    let again =
        send(&sandbox, Method::GET, "/repos/acme/web", &headers, &Value::Null).await.expect("an answer");
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    assert_eq!(again.header("x-ratelimit-used"), first.header("x-ratelimit-used"));
    sandbox.by("ana").open_issue("acme/web", "Slow", "");
    let changed =
        send(&sandbox, Method::GET, "/repos/acme/web", &headers, &Value::Null).await.expect("an answer");
    assert_eq!(changed.status, 200);
}

#[tokio::test]
async fn every_answer_says_what_is_left_of_the_budget() {
    let sandbox = acme().await;
    sandbox.set_limits(Limits { primary: 2, ..Limits::default() });
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let left: Vec<(u16, String)> = [
        installed.get("/repos/acme/web").await,
        installed.get("/repos/acme/web/issues").await,
        installed.get("/repos/acme/web").await,
        installed.get("/rate_limit").await,
    ]
    .iter()
    .map(|answer| (answer.status, answer.header("x-ratelimit-remaining").to_owned()))
    .collect();
    let words = ["1", "0", "0", "0"].map(str::to_owned);
    assert_eq!(left, [200, 200, 403, 200].into_iter().zip(words).collect::<Vec<_>>());
    sandbox.advance(jiff::SignedDuration::from_mins(59));
    assert_eq!(installed.get("/repos/acme/web").await.status, 403);
}

#[tokio::test]
async fn the_eighty_first_comment_of_a_minute_is_refused_with_a_time_to_wait() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let issue = sandbox.by("ana").open_issue("acme/web", "Slow", "");
    let path = format!("/repos/acme/web/issues/{}/comments", issue.number);
    for _ in 0..80 {
        assert_eq!(installed.post(&path, json!({ "body": "x" })).await.status, 201);
    }
    let refused = installed.post(&path, json!({ "body": "x" })).await;
    assert_eq!((refused.status, refused.header("retry-after")), (403, "60"));
    sandbox.advance(jiff::SignedDuration::from_secs(60));
    assert_eq!(installed.post(&path, json!({ "body": "x" })).await.status, 201);
    let last = installed.get(&format!("{path}?per_page=100&page=1")).await.json();
    assert_eq!(last.as_array().map(Vec::len), Some(81));
}

#[tokio::test]
async fn an_unknown_api_version_is_refused() {
    let sandbox = acme().await;
    for (version, status) in [("2022-11-28", 200), ("2026-03-10", 200), ("2001-01-01", 400)] {
        let headers = [("x-github-api-version", version)];
        let answer = send(&sandbox, Method::GET, "/meta", &headers, &Value::Null).await.expect("an answer");
        assert_eq!(answer.status, status, "{version}");
    }
}

#[tokio::test]
async fn long_lists_come_in_pages_that_are_linked() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    for number in 0..5 {
        sandbox.by("ana").open_issue("acme/web", &format!("Issue {number}"), "");
    }
    let page = installed.get("/repos/acme/web/issues?state=open&per_page=2&page=2").await;
    let numbers: Vec<_> =
        page.json().as_array().into_iter().flatten().map(|issue| issue["number"].clone()).collect();
    assert_eq!(numbers, [json!(3), json!(2)]);
    let path = format!("{}/repos/acme/web/issues?state=open&per_page=2&page=", sandbox.api_url());
    let expected = format!(
        "<{path}1>; rel=\"prev\", <{path}1>; rel=\"first\", <{path}3>; rel=\"next\", <{path}3>; rel=\"last\""
    );
    assert_eq!(page.header("link"), expected);
}

#[tokio::test]
async fn what_the_app_writes_is_told_to_it_as_its_bots_work() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let pull = pull_request(&sandbox, "topic", "");
    let head = sandbox.pull_request(pull)["head"]["sha"].clone();
    sandbox.take_deliveries();
    let run = json!({ "name": "changegate/change", "head_sha": head, "status": "in_progress" });
    let run = installed.post("/repos/acme/web/check-runs", run).await.json();
    let done = json!({ "conclusion": "failure", "output": { "title": "1 of 3", "summary": "no" } });
    let done = installed.patch(&format!("/repos/acme/web/check-runs/{}", run["id"]), done).await.json();
    assert_eq!((&done["status"], &done["conclusion"]), (&json!("completed"), &json!("failure")));
    let path = format!("/repos/acme/web/issues/{}", pull.number);
    let comment = installed.post(&format!("{path}/comments"), json!({ "body": "status" })).await.json();
    assert_eq!(comment["user"]["login"], "changegate[bot]");
    assert_eq!(comment["performed_via_github_app"]["id"], sandbox.app_id());
    installed.post(&format!("{path}/labels"), json!({ "labels": ["triage/accepted"] })).await;
    let gone = installed.delete(&format!("{path}/labels/triage%2Faccepted")).await;
    assert_eq!(gone.json(), json!([]));
    assert_eq!(
        owed(&sandbox),
        [
            "check_run.created",
            "check_run.completed",
            "check_suite.completed",
            "issue_comment.created",
            "label.created",
            "pull_request.labeled",
            "pull_request.unlabeled",
        ]
    );
}

#[tokio::test]
async fn a_reaction_is_left_once() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let issue = sandbox.by("ana").open_issue("acme/web", "Slow", "");
    let comment = sandbox.by("quinn").comment(issue, "/accept");
    let path = format!("/repos/acme/web/issues/comments/{comment}/reactions");
    for status in [201, 200] {
        assert_eq!(installed.post(&path, json!({ "content": "+1" })).await.status, status);
    }
}

#[tokio::test]
async fn a_check_run_of_an_unknown_commit_is_refused() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let run = json!({ "name": "x", "head_sha": "0".repeat(40), "status": "queued" });
    assert_eq!(installed.post("/repos/acme/web/check-runs", run).await.status, 422);
}

#[tokio::test]
async fn a_file_is_read_as_an_object_or_raw() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let path = "/repos/acme/web/contents/.github/changegate.yml";
    assert_eq!(installed.get(path).await.json()["content"], "bW9kZTogZW5mb3JjZQo=");
    let headers =
        [("authorization", installed.bearer.as_str()), ("accept", "application/vnd.github.raw+json")];
    let raw = send(&sandbox, Method::GET, path, &headers, &Value::Null).await.expect("an answer");
    assert_eq!(raw.text, "mode: enforce\n");
    assert_eq!(installed.get("/repos/acme/web/contents/none?ref=main").await.status, 404);
}

#[tokio::test]
async fn a_former_name_leads_to_the_repository_and_a_transferred_issue_to_its_place() {
    let sandbox = acme().await;
    sandbox.add_repository("acme/other", &[("a", "b")]);
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let issue = sandbox.by("ana").open_issue("acme/web", "Slow", "");
    sandbox.by("ana").rename_repository("acme/web", "site");
    let moved = installed.get("/repos/acme/web/issues/1").await;
    assert_eq!(moved.status, 301);
    let place = moved.header("location").strip_prefix(sandbox.api_url()).unwrap_or_default().to_owned();
    assert_eq!(installed.get(&place).await.json()["title"], "Slow");
    let there = sandbox.by("ana").transfer_issue(issue, "acme/other");
    assert_eq!(installed.get("/repos/acme/site/issues/1").await.status, 301);
    assert_eq!(installed.patch("/repos/acme/site/issues/1", json!({ "state": "closed" })).await.status, 301);
    sandbox.by("ana").delete_issue(there);
    assert_eq!(installed.get("/repos/acme/other/issues/1").await.status, 410);
}

#[tokio::test]
async fn the_log_of_deliveries_can_be_read_and_one_sent_again() {
    let sandbox = acme().await;
    let (url, heard) = super::listening().await;
    sandbox.set_webhook_target(&url);
    sandbox.by("ana").open_issue("acme/web", "Slow", "");
    assert_eq!(sandbox.deliver().await, 2);
    let app = Asker::app(&sandbox);
    let log = app.get("/app/hook/deliveries?per_page=1").await;
    assert_eq!(log.json()[0]["event"], "issues");
    assert!(log.header("link").contains("cursor="), "{}", log.header("link"));
    let path = format!("/app/hook/deliveries/{}", log.json()[0]["id"]);
    assert_eq!(app.get(&path).await.json()["request"]["payload"]["issue"]["title"], "Slow");
    assert_eq!(app.post(&format!("{path}/attempts"), Value::Null).await.status, 202);
    sandbox.deliver().await;
    let guids: Vec<_> = heard
        .lock()
        .expect("the memory")
        .iter()
        .map(|(headers, _)| headers["x-github-delivery"].clone())
        .collect();
    assert_eq!((guids.len(), &guids[1]), (3, &guids[2]));
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let headers = [("authorization", installed.bearer.as_str())];
    let nonsense =
        super::send_text(&sandbox, Method::POST, "/graphql", &headers, "{nonsense".to_owned()).await;
    assert_eq!(nonsense.map(|answer| answer.status), Some(400));
}

#[tokio::test]
async fn what_the_app_asks_for_later_counts_when_the_owner_accepts_it() {
    let sandbox = acme().await;
    sandbox.set_app_permissions(&[("contents", "write"), ("metadata", "read")]);
    let app = Asker::app(&sandbox);
    let id = app.get("/orgs/acme/installation").await.json()["id"].clone();
    let path = format!("/app/installations/{id}/access_tokens");
    let wish = json!({ "permissions": { "contents": "write" } });
    assert_eq!(app.post(&path, wish.clone()).await.status, 422);
    sandbox.by("ana").accept_permissions("acme");
    assert_eq!(app.post(&path, wish).await.status, 201);
}
