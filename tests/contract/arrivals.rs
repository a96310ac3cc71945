//! What others sign and send arrives at the running program, and is kept byte for byte.

use changegate::store::Store;
use http::Method;

use crate::database::{Database, databases};
use crate::material::Material;
use crate::payloads::examples;
use crate::sender::{Answer, BODY, SECRET, SIGNATURE};
use crate::server::{Server, command};
use crate::wire::send;

const LONG_SECRET: &str = "a webhook secret of these tests, and of nothing else";

#[tokio::test(flavor = "multi_thread")]
async fn every_published_webhook_is_taken_understood_and_kept_byte_for_byte() {
    let Some(material) = Material::find() else { return };
    for database in databases().await {
        let mut server = Server::start(&database.url, LONG_SECRET, &[]).await;
        let url = server.webhooks.clone();
        let post = move || material.post(&url, LONG_SECRET, examples());
        let answers = tokio::task::spawn_blocking(post).await.unwrap();
        assert_eq!(answers.len(), examples().len());
        for (answer, example) in answers.iter().zip(examples()) {
            let status = if example.event == "ping" { 200 } else { 202 };
            assert_eq!((answer.status, &answer.name), (status, &example.name), "{}", answer.body);
        }
        let counts = server.settle().await;
        assert_eq!((counts.parked, counts.refused), (0, 0), "{counts:?}");
        server.stop().await;
        all_are_kept(&database, &answers).await;
        database.remove().await;
    }
}

/// Looks into the database of a server that has stopped. A ping proves the connection and says nothing: it is answered,
/// and not kept.
async fn all_are_kept(database: &Database, answers: &[Answer]) {
    let store = Store::open_read_only(&database.url).await.unwrap();
    assert_eq!(store.parked().await.unwrap().items, []);
    assert_eq!(store.parked_subjects().await.unwrap().items, []);
    let mut kept = 0;
    for (answer, example) in answers.iter().zip(examples()) {
        let body = store.delivery_body(&answer.delivery).await.unwrap();
        let expected = (example.event != "ping").then(|| answer.sent.as_bytes().to_vec());
        assert!(body == expected, "{} is not kept as it was sent", example.name);
        kept += usize::from(body.is_some());
    }
    assert_eq!(kept, 178, "182 examples, 4 of them pings");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn github_s_documented_signature_is_a_proof_and_any_other_is_none() {
    let database = Database::sqlite();
    let server = Server::start(&database.url, SECRET, &["--insecure-short-secret"]).await;
    let post = async |delivery: &str, body: &str, signature: Option<&str>| {
        let mut headers = vec![
            ("content-type", "application/json"),
            ("x-github-event", "issues"),
            ("x-github-delivery", delivery),
        ];
        headers.extend(signature.map(|signature| ("x-hub-signature-256", signature)));
        send(Method::POST, &server.webhooks, &headers, body).await.0
    };
    let (start, last) = SIGNATURE.split_at(SIGNATURE.len() - 1);
    let changed = format!("{start}{}", if last == "7" { "8" } else { "7" });
    let sha1 = "sha1=03b3d8b8a4bf0c7d9a1a5d0fc0ea2c1e6f0dc6d5";
    let table = [
        (BODY, Some(changed.as_str())),
        (BODY, Some(start)),
        (BODY, Some(SIGNATURE.trim_start_matches("sha256="))),
        (BODY, Some(sha1)),
        (BODY, Some("")),
        (BODY, None),
        ("Hello, World", Some(SIGNATURE)),
        ("Hello, World!\n", Some(SIGNATURE)),
        ("", Some(SIGNATURE)),
    ];
    for (body, signature) in table {
        assert_eq!(post("forged", body, signature).await, 401, "{body:?} {signature:?}");
    }
    assert_eq!(post("documented", BODY, Some(SIGNATURE)).await, 202);
    it_waits_for_a_person(server, &database).await;
}

/// It is proved to be GitHub's, but it is no JSON: kept, parked and shown, by the server and without it.
async fn it_waits_for_a_person(mut server: Server, database: &Database) {
    server.settle().await;
    let shown = command(&database.url, &["inbox", "parked"]);
    assert!(shown.contains("documented") && !shown.contains("forged"), "{shown}");
    assert!(shown.contains("the body is not what GitHub describes as `issues`"), "{shown}");
    server.stop().await;
    assert_eq!(command(&database.url, &["inbox", "parked"]), shown);
    let store = Store::open_read_only(&database.url).await.unwrap();
    assert_eq!(store.delivery_body("documented").await.unwrap().as_deref(), Some(BODY.as_bytes()));
    assert_eq!(store.delivery_body("forged").await.unwrap(), None);
    store.close().await;
}
