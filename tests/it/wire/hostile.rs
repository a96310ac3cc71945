//! Genuine deliveries that nobody expects: they are stored and acknowledged, and what cannot be read waits for somebody
//! with a reason that a person understands.

use std::fmt::Write as _;

use changegate::webhook::LARGEST_BODY;

use super::{letter::Letter, place::Place, server::Server};
use crate::support::databases;

/// An `issues` payload as far as the door and the reader are concerned, with something of the sender's choice inside.
fn issues(inside: &str) -> String {
    format!(
        r#"{{"action":"opened",{inside}"issue":{{"id":1,"node_id":"I_1","number":1,"title":"t","state":"open","user":null,
           "created_at":"2026-11-02T12:00:00Z","updated_at":"2026-11-02T12:00:00Z"}},"repository":{{"id":7,"node_id":"R_7",
           "name":"web","full_name":"acme/web","default_branch":"main","owner":{{"id":3,"login":"acme","type":"Organization"}}}}}}"#
    )
}

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let mut wide = "[[0],".repeat(LARGEST_BODY / 5 - 1);
    wide.push_str("0]");
    vec![
        ("empty", vec![]),
        ("one-space", b" ".to_vec()),
        ("not-json", b"payload=%7B%22action%22%3A%22opened%22%7D".to_vec()),
        ("cut-off", issues("")[..100].into()),
        ("text-after-it", (issues("") + "x").into()),
        ("a-number", b"1".to_vec()),
        ("null", b"null".to_vec()),
        ("an-array", b"[]".to_vec()),
        ("an-empty-object", b"{}".to_vec()),
        ("deep", deep(100_000).into()),
        ("deep-in-an-unread-field", issues(&format!(r#""extra":{},"#, deep(100_000))).into()),
        ("deep-in-a-read-field", issues(&format!(r#""label":{},"#, deep(100_000))).into()),
        ("wide", wide.into()),
        ("a-key-twice", issues(r#""action":"closed","#).into()),
        ("an-unread-key-twice", issues(r#""extra":1,"extra":2,"#).into()),
        ("a-key-twice-inside", issues("").replace(r#""number":1"#, r#""number":1,"number":2"#).into()),
        ("half-a-surrogate", issues("").replace(r#""title":"t""#, r#""title":"\ud800""#).into()),
        ("nul-in-a-title", issues("").replace(r#""title":"t""#, r#""title":"a\u0000b""#).into()),
        ("nul-in-the-body", issues("").replace(r#""title":"t""#, "\"title\":\"a\0b\"").into()),
        ("invalid-utf8", [br#"{"action":""#, &b"\xff\xfe"[..], br#""}"#].concat()),
        ("a-byte-order-mark", [&b"\xef\xbb\xbf"[..], issues("").as_bytes()].concat()),
        ("utf16", issues("").encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a-huge-number", issues("").replace(r#""number":1"#, r#""number":1e999"#).into()),
        ("a-negative-number", issues("").replace(r#""number":1"#, r#""number":-1"#).into()),
        ("a-title-of-another-type", issues("").replace(r#""title":"t""#, r#""title":["t"]"#).into()),
        ("escape-codes", issues("").replace(r#""number":1"#, r#""number":"\u001b[2J\u009b31m""#).into()),
    ]
}

/// What became of each stored delivery, as a table.
async fn fates(place: &Place) -> String {
    let mut table = String::new();
    for one in place.stored().await {
        assert!(!one.is_waiting, "{one:?}");
        let line = format!("{}: {} {}", one.id.escape_debug(), one.state, one.why);
        writeln!(table, "{}", line.trim_end()).unwrap();
    }
    table
}

async fn send(place: &Place, server: &Server) {
    for (name, body) in bodies() {
        let answer = server.send(&place.letter(name, "issues", body)).await;
        assert_eq!((answer.status, answer.body.trim()), (202, "stored"), "{name}");
    }
    server.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_read_is_kept_and_its_reason_is_shown() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        send(&place, &server).await;
        let before = fates(&place).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(before, @r#"
            empty: parked the body is not what GitHub describes as `issues`: it is empty
            one-space: parked the body is not what GitHub describes as `issues`: it is empty
            not-json: parked the body is not what GitHub describes as `issues`: it is not JSON: expected value at line 1 column 1
            cut-off: parked the body is not what GitHub describes as `issues`: it is cut off: EOF while parsing an object at line 1 column 100
            text-after-it: parked the body is not what GitHub describes as `issues`: it is not JSON: trailing characters at line 3 column 127
            a-number: parked the body is not what GitHub describes as `issues`: invalid type: integer `1`, expected an object at line 1 column 1
            null: parked the body is not what GitHub describes as `issues`: invalid type: null, expected an object at line 1 column 4
            an-array: parked the body is not what GitHub describes as `issues`: invalid type: sequence, expected an object at line 1 column 0
            an-empty-object: parked shape mismatch: the body is not that of a `issues` event: it has no `action`
            deep: parked the body is not what GitHub describes as `issues`: invalid type: sequence, expected an object at line 1 column 0
            deep-in-an-unread-field: routed
            deep-in-a-read-field: parked the body is not what GitHub describes as `issues`: invalid type: sequence, expected a string at line 1 column 28
            wide: parked the body is not what GitHub describes as `issues`: invalid type: sequence, expected an object at line 1 column 0
            a-key-twice: parked the body is not what GitHub describes as `issues`: duplicate field `action` at line 1 column 36
            an-unread-key-twice: routed
            a-key-twice-inside: parked the body is not what GitHub describes as `issues`: duplicate field `number` at line 1 column 70
            half-a-surrogate: parked the body is not what GitHub describes as `issues`: it is not JSON: unexpected end of hex escape at line 1 column 78
            nul-in-a-title: parked the body is not what GitHub describes as `issues`: a text contains the character NUL at line 1 column 80
            nul-in-the-body: parked the body is not what GitHub describes as `issues`: it is not JSON: control character (\u0000-\u001F) found while parsing a string at line 1 column 72
            invalid-utf8: parked shape mismatch: the body is not that of a `issues` event: it has no `issue`
            a-byte-order-mark: parked the body is not what GitHub describes as `issues`: it is not JSON: expected value at line 1 column 1
            utf16: parked the body is not what GitHub describes as `issues`: it is not JSON: key must be a string at line 1 column 2
            a-huge-number: parked the body is not what GitHub describes as `issues`: it is not JSON: number out of range at line 1 column 65
            a-negative-number: parked the body is not what GitHub describes as `issues`: invalid value: integer `-1`, expected u64 at line 1 column 62
            a-title-of-another-type: parked the body is not what GitHub describes as `issues`: invalid type: sequence, expected a string at line 1 column 70
            escape-codes: parked the body is not what GitHub describes as `issues`: invalid type: string "\u{1b}[2J\u{9b}31m", expected u64 at line 1 column 80
            "#);
        }
        replay_each(&place, &server).await;
        assert_eq!(fates(&place).await, before, "tried again, with the same end");
        assert_eq!(server.stop().await.0, Some(0));
        place.close().await;
    }
}

/// Each parked delivery is listed; tried again, it is parked again.
async fn replay_each(place: &Place, server: &Server) {
    let parked: Vec<_> = place.stored().await.into_iter().filter(|one| one.state == "parked").collect();
    let list = place.run(&["inbox", "parked"]);
    assert_eq!(list.code, Some(0), "{list:?}");
    assert!(!list.out.chars().any(|c| c.is_control() && c != '\n'), "{list:?}");
    for one in &parked {
        assert!(list.out.contains(&one.id), "{}: {}", one.id, list.out);
        let said = place.run(&["inbox", "replay", &one.id]);
        assert_eq!((said.code, said.out), (Some(0), format!("{} is tried again\n", one.id)));
    }
    server.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_names_a_delivery_has_it_is_kept_under_a_name() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        let letter = |name: &str, event: &str| place.letter(name, event, format!(r#"{{"is":"{name}"}}"#));
        let (id, event) = ("X-GitHub-Delivery", "X-GitHub-Event");
        let letters: Vec<Letter> = vec![
            letter("no guid", "watch"),
            letter("x", "watch").without(id),
            letter("y", "watch").with(id, ""),
            letter(&"long".repeat(200), "watch"),
            letter("a", "watch").with(id, b"\xff"),
            letter("b", "watch").with(id, b"\xfe"),
            letter("C1 control \u{9b}2J", "watch"),
            letter("unknown event", "a_new_event"),
            letter("no event", "").without(event),
            letter("an empty event", ""),
            letter("a long event", &"event".repeat(100)),
            letter("event not text", "").with(event, b"\xff"),
            place.letter("new action", "issues", issues("").replace("opened", "enchanted")),
        ];
        for letter in &letters {
            let answer = server.send(letter).await;
            assert_eq!((answer.status, answer.body.trim()), (202, "stored"), "{letter:?}");
        }
        server.idle().await;
        let stored = place.stored().await;
        assert_eq!(stored.len(), letters.len(), "each is kept, and under a name of its own");
        let said = fates(&place).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @r"
            no guid: ignored `watch` is not an event that we read
            sha256:c745077ef1083739b5c3b995c732d95f1b8122b14c3a2ed6f872397805584697: ignored `watch` is not an event that we read
            sha256:dc03345d6d55d6cfdfd7dd62da76426c96c5dda43ae71016161b3bd9528f43f2: ignored `watch` is not an event that we read
            sha256:6950b77638b2af5f754276f1012fb65153f6b65ada467a8a65837fa25c22e984: ignored `watch` is not an event that we read
            sha256:a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89: ignored `watch` is not an event that we read
            sha256:aa687b58b0e73e2e383f8c500d75b591e188efe0168b3ffbcd3771caaa6dd4c7: ignored `watch` is not an event that we read
            C1 control \u{9b}2J: ignored `watch` is not an event that we read
            unknown event: ignored `a_new_event` is not an event that we read
            no event: ignored `(no event)` is not an event that we read
            an empty event: ignored `(no event)` is not an event that we read
            a long event: ignored `sha256:628dcdb58ff28396d0c1abd2c412c5053c3d88b01c9c6c0ae4f5f66cceb7276e` is not an event that we read
            event not text: ignored `sha256:a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89` is not an event that we read
            new action: routed
            ");
        }
        place.close().await;
    }
}
