//! Faults on demand.

use http::Method;
use serde_json::{Value, json};

use super::{Asker, acme, listening};
use crate::sandbox::{Fault, Mishap, On};

#[tokio::test]
async fn an_error_before_does_nothing_and_one_after_does_everything() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let issue = sandbox.by("ana").open_issue("acme/web", "Slow", "");
    let path = "/repos/acme/web/issues/1/comments";
    for (fault, status, comments) in
        [(Fault::ErrorBefore(502), 502, 0), (Fault::ErrorAfter(503), 503, 1), (Fault::Unauthorized, 401, 1)]
    {
        sandbox.fault(On::rest("POST", path), fault, 1);
        assert_eq!(installed.post(path, json!({ "body": "x" })).await.status, status);
        assert_eq!(sandbox.comments(issue).len(), comments, "{fault:?}");
    }
    assert_eq!(installed.post(path, json!({ "body": "x" })).await.status, 201);
}

#[tokio::test]
async fn a_lost_answer_breaks_the_connection_after_the_work_is_done() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let issue = sandbox.by("ana").open_issue("acme/web", "Slow", "");
    sandbox.fault(On::Everything, Fault::LostAnswer, 1);
    let lost = installed.ask(Method::POST, "/repos/acme/web/issues/1/comments", json!({ "body": "x" })).await;
    assert!(lost.is_none());
    assert_eq!(sandbox.comments(issue).len(), 1);
    assert_eq!(sandbox.requests().last().map(|request| request.status), Some(0));
}

#[tokio::test]
async fn a_stale_read_shows_what_was() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let issue = sandbox.by("ana").open_issue("acme/web", "Slow", "");
    sandbox.fault(On::rest("GET", "/repos/acme/web/issues/1"), Fault::Stale, 2);
    sandbox.fault(On::Graphql, Fault::Stale, 1);
    sandbox.by("quinn").label(issue, "change-request");
    let query = "{ repository(owner: \"acme\", name: \"web\") { issue(number: 1) { labels(first: 9) { totalCount } } } }";
    let mut seen = Vec::new();
    for _ in 0..3 {
        let issue = installed.get("/repos/acme/web/issues/1").await.json();
        seen.push(issue["labels"].as_array().map(Vec::len));
    }
    assert_eq!(seen, [Some(0), Some(0), Some(1)]);
    for count in [0, 1] {
        let answer = installed.query(query, Value::Null).await;
        assert_eq!(answer["data"]["repository"]["issue"]["labels"]["totalCount"], count);
    }
}

#[tokio::test]
async fn a_fresh_object_may_be_unknown_for_a_while_and_a_limit_says_how_long() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let on = On::rest("GET", "/repos/acme/web");
    sandbox.fault(on.clone(), Fault::NotFound, 1);
    sandbox.fault(on.clone(), Fault::Forbidden { retry_after: 7 }, 1);
    sandbox.fault(on, Fault::TooMany { retry_after: 9 }, 1);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let answer = installed.get("/repos/acme/web").await;
        seen.push((answer.status, answer.header("retry-after").to_owned()));
    }
    let expected =
        [(404, ""), (403, "7"), (429, "9"), (200, "")].map(|(status, wait)| (status, wait.to_owned()));
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn deliveries_are_dropped_doubled_and_late_on_demand() {
    let sandbox = acme().await;
    sandbox.take_deliveries();
    let (url, heard) = listening().await;
    sandbox.set_webhook_target(&url);
    let issue = sandbox.by("ana").open_issue("acme/web", "Slow", "");
    sandbox.by("ana").comment(issue, "one");
    sandbox.by("quinn").label(issue, "change-request");
    sandbox.mishap(Some("issue_comment"), Mishap::Late);
    sandbox.mishap(None, Mishap::Drop);
    sandbox.mishap(None, Mishap::Duplicate);
    sandbox.deliver().await;
    sandbox.deliver().await;
    let events: Vec<String> = heard
        .lock()
        .expect("the memory")
        .iter()
        .map(|(headers, body)| {
            let body: Value = serde_json::from_slice(body).expect("JSON");
            let event = headers["x-github-event"].to_str().expect("a text");
            format!("{event}.{}", body["action"].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(events, ["issues.labeled", "issues.labeled", "issue_comment.created"]);
    let lost: Vec<u16> = sandbox.attempts().iter().map(|attempt| attempt.status).collect();
    assert_eq!(lost, [502, 202, 202, 202]);
}
