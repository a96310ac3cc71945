//! Secrets and keys change while deliveries arrive: none is refused, and what is taken away opens nothing any more.

use std::fs;

use super::{
    letter::Letter,
    place::{NEXT_SECRET, Place},
    server::{Server, until},
};
use crate::support::{Database, databases};

/// Lines of the log that say so.
fn said(server: &Server, what: &str) -> usize {
    server.stderr().lines().filter(|line| line.contains(what)).count()
}

const READ_AGAIN: &str = "were read again";
const REFUSED: &str = "the settings are refused";

/// Writes the file of secrets, and tells the server.
async fn secrets(place: &Place, server: &Server, text: &str) {
    let before = said(server, READ_AGAIN);
    fs::write(place.folder.path().join("secrets"), text).unwrap();
    server.signal("HUP");
    until("they are read again", async || (said(server, READ_AGAIN) > before).then_some(())).await;
}

/// Sends so many, signed with this secret: how each was answered.
async fn answers(place: &Place, server: &Server, secret: &str, name: &str) -> Vec<u16> {
    let mut answers = vec![];
    for nr in 0..20 {
        let body = format!(r#"{{"is":"{name} {nr}"}}"#);
        let letter = Letter::signed(secret, &format!("{name} {nr}"), "watch", body);
        answers.push(server.send(&letter).await.status);
    }
    assert_eq!(place.github.held(), 0);
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_webhook_secret_is_changed_while_deliveries_arrive_and_none_is_refused() {
    for database in databases().await {
        let mut place = Place::open(database).await;
        let old = place.github.webhook_secret();
        place.set("WEBHOOK_SECRET", "");
        place.set("WEBHOOK_SECRET_FILE", "secrets");
        fs::write(place.folder.path().join("secrets"), &old).unwrap();
        let server = place.serve().await;
        let both = format!("{NEXT_SECRET}\n{old}\n");
        let (first, ()) =
            tokio::join!(answers(&place, &server, &old, "before"), secrets(&place, &server, &both),);
        let (by_old, by_new) = tokio::join!(
            answers(&place, &server, &old, "late"),
            answers(&place, &server, NEXT_SECRET, "early")
        );
        for answers in [first, by_old, by_new] {
            assert_eq!(answers, [202; 20]);
        }
        secrets(&place, &server, NEXT_SECRET).await;
        assert_eq!(answers(&place, &server, NEXT_SECRET, "after").await, [202; 20]);
        assert_eq!(answers(&place, &server, &old, "too late").await, [401; 20]);
        assert_eq!(server.stop().await.0, Some(0));
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn secrets_and_keys_that_cannot_be_read_leave_the_old_ones_in_force() {
    let mut place = Place::open(Database::sqlite()).await;
    let (old, key) = (place.github.webhook_secret(), place.github.private_key_pem().to_owned());
    fs::write(place.folder.path().join("secrets"), &old).unwrap();
    fs::write(place.folder.path().join("key"), &key).unwrap();
    for (name, value) in [
        ("WEBHOOK_SECRET", ""),
        ("WEBHOOK_SECRET_FILE", "secrets"),
        ("PRIVATE_KEY", ""),
        ("PRIVATE_KEY_FILE", "key"),
    ] {
        place.set(name, value);
    }
    let server = place.serve().await;
    place.settle(&server).await;
    for (name, text, good) in [("secrets", "short", old.as_str()), ("key", "no key", key.as_str())] {
        let before = said(&server, REFUSED);
        fs::write(place.folder.path().join(name), text).unwrap();
        server.signal("HUP");
        until("it is refused", async || (said(&server, REFUSED) > before).then_some(())).await;
        assert_eq!(answers(&place, &server, &old, name).await, [202; 20]);
        fs::write(place.folder.path().join(name), good).unwrap();
    }
    secrets(&place, &server, &old).await;
    let (issue, owed) = place.change_request("Export");
    for delivery in owed {
        assert_eq!(place.github.send(&delivery).await.status, 202);
    }
    until("GitHub is told", async || (place.comments(issue).len() == 1).then_some(())).await;
    assert_eq!(server.stop().await.0, Some(0));
    place.close().await;
}
