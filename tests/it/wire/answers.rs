//! What the gate answers whoever asks wrongly, too often, or while nothing can be read: each with its problem, and none
//! lets anything through.

use serde_json::{Value, json};

use super::{letter::Letter, place::Place, server::Server};
use crate::support::databases;

const GATES: &str = "/api/v1/gates?wait=0";
const CHANGES: &str = "/api/v1/changes";

/// A token for all that one may be for.
fn token(place: &Place) -> String {
    let arguments =
        ["token", "create", "--name", "CI", "--repository", "acme/web", "--may", "gate,report,read"];
    let made = place.run(&arguments);
    assert_eq!(made.code, Some(0), "{made:?}");
    made.out.trim().to_owned()
}

/// A question at the gate, as a pipeline asks it.
fn question(token: &str, body: impl Into<Vec<u8>>) -> Letter {
    let letter = Letter::get(GATES).to("POST", GATES).and("Authorization", format!("Bearer {token}"));
    let mut letter = letter.and("Content-Type", "application/json");
    letter.body = body.into();
    letter
}

fn look(token: &str, path: &'static str) -> Letter {
    Letter::get(path).and("Authorization", format!("Bearer {token}"))
}

fn good() -> Value {
    json!({ "repository": "acme/web", "environment": "production", "sha": "a".repeat(40), "pipeline": "jenkins", "run_id": "7" })
}

/// The status, the code of the problem and when to ask again.
async fn answered(server: &Server, letter: &Letter) -> (u16, String, Option<u64>) {
    let answer = server.send(letter).await;
    let problem: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    if answer.status >= 400 {
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
        assert_eq!(problem["status"], answer.status, "{answer:?}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{answer:?}");
    }
    let again = answer.header("retry-after").map(|seconds| seconds.parse().unwrap());
    (answer.status, problem["code"].as_str().unwrap_or_default().to_owned(), again)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_answered_with_what_is_wrong() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        place.settle(&server).await;
        let token = token(&place);
        let whole = good().to_string();
        let with = |name: &str, value: Value| {
            let mut body = good();
            body[name] = value;
            question(&token, body.to_string())
        };
        let long = format!("{}{}", " ".repeat(64 * 1024), whole);
        for (letter, status, code) in [
            (question(&token, whole.clone()), 202, ""),
            (question(&token, "{"), 400, "invalid_request"),
            (question(&token, ""), 400, "invalid_request"),
            (question(&token, long), 413, "invalid_request"),
            (question(&token, whole.clone()).without("Content-Type"), 415, "invalid_request"),
            (question(&token, whole.clone()).with("Content-Type", "text/plain"), 415, "invalid_request"),
            (with("sha", "main".into()), 422, "invalid_request"),
            (with("run_attempt", 0.into()), 422, "invalid_request"),
            (with("run_attempt", "one".into()), 422, "invalid_request"),
            (with("envrionment", "x".into()), 422, "invalid_request"),
            (with("component", "".into()), 422, "invalid_request"),
            (question(&token, "[]"), 422, "invalid_request"),
            (question(&token, whole.clone()).to("POST", "/api/v1/gates?wait=long"), 422, "invalid_request"),
            (look(&token, "/api/v1/gates/%ff"), 404, "unknown_gate"),
            (look(&token, "/api/v1/gates?limit=0"), 422, "invalid_request"),
            (look(&token, "/api/v1/audit?until=never"), 422, "invalid_request"),
            (question("cgt_x", whole.clone()), 401, "token_unknown"),
            (look("", CHANGES), 401, "no_credentials"),
        ] {
            let (found, named, _) = answered(&server, &letter).await;
            let said = String::from_utf8_lossy(&letter.body).chars().take(99).collect::<String>();
            assert_eq!((found, named.as_str()), (status, code), "{said}");
        }
        server.stop().await;
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_can_be_read_nothing_is_let_through_and_it_is_said_when_to_ask_again() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        place.settle(&server).await;
        let token = token(&place);
        let mut raw = place.raw().await;
        let unavailable = (503, "unavailable".to_owned(), Some(2));
        for (table, letter) in [
            ("token", question(&token, good().to_string())),
            ("gate", question(&token, good().to_string())),
            ("gate", look(&token, "/api/v1/gates")),
            ("audit", look(&token, "/api/v1/audit")),
            ("subject", look(&token, CHANGES)),
        ] {
            let hide = format!("ALTER TABLE {table} RENAME TO away");
            sqlx::query(sqlx::AssertSqlSafe(hide)).execute(&mut raw).await.unwrap();
            assert_eq!(answered(&server, &letter).await, unavailable, "without {table}");
            let show = format!("ALTER TABLE away RENAME TO {table}");
            sqlx::query(sqlx::AssertSqlSafe(show)).execute(&mut raw).await.unwrap();
            assert!(answered(&server, &letter).await.0 < 300, "with {table} again");
        }
        sqlx::Connection::close(raw).await.unwrap();
        server.stop().await;
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_waits_and_others_do_not() {
    for database in databases().await {
        let mut place = Place::open(database).await;
        place.set("REQUESTS_PER_MINUTE", "1");
        let server = place.serve().await;
        place.settle(&server).await;
        let (often, other) = (token(&place), token(&place));
        // What waits counts once.
        let waits = question(&often, good().to_string()).to("POST", "/api/v1/gates?wait=1s");
        assert!(answered(&server, &waits).await.0 < 300);
        for letter in [look(&often, CHANGES), question(&often, good().to_string())] {
            let (status, code, again) = answered(&server, &letter).await;
            assert_eq!((status, code.as_str()), (429, "too_many_requests"));
            assert!(again.is_some_and(|seconds| (1..=60).contains(&seconds)), "{again:?}");
        }
        assert_eq!(answered(&server, &look(&other, CHANGES)).await.0, 200);
        server.stop().await;
        place.close().await;
    }
}
