//! The App's JWT, installation tokens and permissions.

use http::Method;
use serde_json::{Value, json};

use super::{Asker, acme, jwt, pull_request, send};

#[tokio::test]
async fn the_app_is_known_by_a_jwt_that_is_valid_now_and_for_ten_minutes_at_most() {
    let sandbox = acme().await;
    let cases = [((-60, 540), 200), ((-60, 601), 401), ((-700, -1), 401), ((30, 540), 401)];
    for (span, status) in cases {
        let bearer = format!("Bearer {}", jwt(&sandbox, span));
        let headers = [("authorization", bearer.as_str())];
        let answer = send(&sandbox, Method::GET, "/app", &headers, &Value::Null).await.expect("an answer");
        assert_eq!(answer.status, status, "{span:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_jwt_of_another_key_is_refused() {
    let (sandbox, other) = (acme().await, acme().await);
    let bearer = format!("Bearer {}", jwt(&other, (-60, 540)));
    let headers = [("authorization", bearer.as_str())];
    let answer = send(&sandbox, Method::GET, "/app", &headers, &Value::Null).await.expect("an answer");
    assert_eq!(
        (answer.status, answer.json()["message"].as_str()),
        (401, Some("A JSON web token could not be decoded"))
    );
}

#[tokio::test]
async fn a_token_is_long_and_dies_after_an_hour() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    assert!(installed.bearer.len() > 500, "{}", installed.bearer);
    assert_eq!(installed.get("/repos/acme/web").await.status, 200);
    sandbox.advance(jiff::SignedDuration::from_mins(61));
    assert_eq!(installed.get("/repos/acme/web").await.status, 401);
}

#[tokio::test]
async fn a_token_can_be_narrowed_and_not_widened() {
    let sandbox = acme().await;
    sandbox.add_repository("acme/secret", &[("a", "b")]);
    let narrow = json!({ "repositories": ["web"], "permissions": { "issues": "read" } });
    let narrowed = Asker::installed(&sandbox, narrow).await;
    assert_eq!(narrowed.get("/repos/acme/web/issues").await.status, 200);
    assert_eq!(narrowed.get("/repos/acme/web/contents/README.md").await.status, 403);
    assert_eq!(narrowed.get("/repos/acme/secret").await.status, 404);
    let comment = narrowed.post("/repos/acme/web/issues/1/comments", json!({ "body": "x" })).await;
    assert_eq!(comment.status, 403);

    let app = Asker::app(&sandbox);
    let id = app.get("/app/installations").await.json()[0]["id"].clone();
    for wish in [json!({ "permissions": { "contents": "write" } }), json!({ "repositories": ["nowhere"] })] {
        assert_eq!(app.post(&format!("/app/installations/{id}/access_tokens"), wish).await.status, 422);
    }
}

#[tokio::test]
async fn a_conversation_of_a_pull_request_is_open_to_either_permission() {
    let sandbox = acme().await;
    let issue = sandbox.by("ana").open_issue("acme/web", "Slow", "");
    let pull = pull_request(&sandbox, "topic", "");
    let token = Asker::installed(&sandbox, json!({ "permissions": { "pull_requests": "write" } })).await;
    for (number, status) in [(pull.number, 201), (issue.number, 403)] {
        let path = format!("/repos/acme/web/issues/{number}/comments");
        assert_eq!(token.post(&path, json!({ "body": "hello" })).await.status, status);
    }
}

#[tokio::test]
async fn a_suspended_or_removed_installation_has_no_rights() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    sandbox.by("ana").suspend("acme");
    assert_eq!(installed.get("/repos/acme/web").await.status, 403);
    sandbox.by("ana").unsuspend("acme");
    assert_eq!(installed.get("/repos/acme/web").await.status, 200);
    sandbox.by("ana").uninstall("acme");
    assert_eq!(installed.get("/repos/acme/web").await.status, 401);
}
