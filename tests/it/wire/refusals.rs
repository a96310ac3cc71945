//! What is no delivery of GitHub's is answered with the reason, and nothing of it is stored.

use std::fmt::Write as _;

use changegate::webhook::LARGEST_BODY;

use super::{
    letter::Letter,
    place::{NEXT_SECRET, Place},
    server::Server,
};
use crate::support::{Database, databases};

/// Sends each letter; answers a table of name and status, and, where it was refused, the reason.
async fn answers(server: &Server, letters: Vec<(&str, Letter)>) -> String {
    let mut table = String::new();
    for (name, letter) in letters {
        let answer = server.send(&letter).await;
        let reason = if answer.status < 300 { "" } else { answer.body.trim() };
        writeln!(table, "{}", format!("{name}: {} {reason}", answer.status).trim_end()).unwrap();
    }
    table
}

/// The ids of what is stored.
async fn ids(place: &Place) -> Vec<String> {
    let mut ids: Vec<String> = place.stored().await.into_iter().map(|one| one.id).collect();
    ids.sort();
    ids
}

const SIGNATURE: &str = "X-Hub-Signature-256";
const ISSUES: &str = r#"{"action":"opened"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn only_a_signature_of_one_of_our_secrets_opens_the_door() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        let letter = |name: &str| place.letter(name, "issues", ISSUES);
        let right = letter("right").header(SIGNATURE);
        let sha1 = ("X-Hub-Signature", "sha1=".to_owned() + &right[7..47]);
        let letters = vec![
            ("right", letter("right")),
            ("the next secret", Letter::signed(NEXT_SECRET, "next", "issues", ISSUES)),
            ("sha1 beside it", letter("beside").and(sha1.0, &sha1.1)),
            ("another secret", Letter::signed("a secret that was never ours to use", "x", "issues", ISSUES)),
            (
                "of another body",
                letter("x").with(SIGNATURE, place.letter("x", "issues", "{}").header(SIGNATURE)),
            ),
            ("missing", letter("x").without(SIGNATURE)),
            ("empty", letter("x").with(SIGNATURE, "")),
            ("sha1 only", letter("x").without(SIGNATURE).and(sha1.0, &sha1.1)),
            ("upper-case digits", letter("x").with(SIGNATURE, right.to_uppercase().replace("SHA", "sha"))),
            ("63 digits", letter("x").with(SIGNATURE, &right[..right.len() - 1])),
            ("65 digits", letter("x").with(SIGNATURE, format!("{right}0"))),
            ("two headers", letter("x").and(SIGNATURE, &right)),
            ("two in one", letter("x").with(SIGNATURE, format!("{right}, {right}"))),
            ("no prefix", letter("x").with(SIGNATURE, &right[7..])),
            ("not text", letter("x").with(SIGNATURE, b"sha256=\xff\xfe")),
            ("ping, unsigned", place.letter("x", "ping", "{}").without(SIGNATURE)),
        ];
        let said = answers(&server, letters).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @"
            right: 202
            the next secret: 202
            sha1 beside it: 202
            another secret: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            of another body: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            missing: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            empty: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            sha1 only: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            upper-case digits: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            63 digits: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            65 digits: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            two headers: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            two in one: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            no prefix: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            not text: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            ping, unsigned: 401 X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides
            ");
        }
        assert_eq!(ids(&place).await, ["beside", "next", "right"]);
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_plain_json_posted_to_the_right_place_is_taken() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        let letter = |name: &str| place.letter(name, "issues", ISSUES);
        let kind = |name: &str, value: &str| letter(name).with("Content-Type", value);
        let letters = vec![
            ("with a charset", kind("charset", "application/json; charset=utf-8")),
            ("in capitals", kind("capitals", "Application/JSON")),
            ("not encoded, said so", letter("identity").and("Content-Encoding", "identity")),
            ("form", kind("x", "application/x-www-form-urlencoded")),
            ("text", kind("x", "text/plain")),
            ("json of a kind", kind("x", "application/vnd.github+json")),
            ("no content type", letter("x").without("Content-Type")),
            ("gzip", letter("x").and("Content-Encoding", "gzip")),
            (
                "gzip, said second",
                letter("x").and("Content-Encoding", "identity").and("Content-Encoding", "gzip"),
            ),
            ("ping", place.letter("x", "ping", r#"{"zen":"Keep it logically awesome."}"#)),
            ("GET", letter("x").to("GET", "/webhooks/github")),
            ("PUT", letter("x").to("PUT", "/webhooks/github")),
            ("elsewhere", letter("x").to("POST", "/webhooks/gitlab")),
            ("the root", letter("x").to("POST", "/")),
        ];
        let said = answers(&server, letters).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @"
            with a charset: 202
            in capitals: 202
            not encoded, said so: 202
            form: 415 send application/json: set the webhook's content type to it
            text: 415 send application/json: set the webhook's content type to it
            json of a kind: 415 send application/json: set the webhook's content type to it
            no content type: 415 send application/json: set the webhook's content type to it
            gzip: 415 send the body as it is, without Content-Encoding
            gzip, said second: 415 send the body as it is, without Content-Encoding
            ping: 200
            GET: 405
            PUT: 405
            elsewhere: 404
            the root: 404
            ");
        }
        assert_eq!(ids(&place).await, ["capitals", "charset", "identity"]);
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_be_as_large_as_github_sends_and_not_a_byte_larger() {
    let place = Place::open(Database::sqlite()).await;
    let server = place.serve().await;
    let letter = |name: &str, size: usize| place.letter(name, "watch", vec![b' '; size]);
    let letters = vec![
        ("the largest", letter("largest", LARGEST_BODY)),
        ("the largest, chunked", letter("chunked", LARGEST_BODY).chunked()),
        ("a byte more", letter("x", LARGEST_BODY + 1)),
        ("a byte more, chunked", letter("x", LARGEST_BODY + 1).chunked()),
        ("twice as large, chunked", letter("x", 2 * LARGEST_BODY).chunked()),
        ("after all that", letter("after", 1)),
    ];
    insta::assert_snapshot!(answers(&server, letters).await, @"
    the largest: 202
    the largest, chunked: 202
    a byte more: 413 the body is larger than GitHub sends
    a byte more, chunked: 413 the body is larger than GitHub sends
    twice as large, chunked: 413 the body is larger than GitHub sends
    after all that: 202
    ");
    assert_eq!(ids(&place).await, ["after", "chunked", "largest"]);
    place.close().await;
}
