//! Senders that do not finish: they are sent away in time, nothing of them is stored, and nobody waits for them.

use std::time::Duration;

use super::{
    letter::Line,
    place::Place,
    server::{Server, now, pause, until},
};
use crate::support::Database;

/// GitHub waits this long for an answer; so nobody needs to wait longer for GitHub.
const IN_TIME: Duration = Duration::from_secs(12);
/// Senders that fall silent at once.
const SILENT: usize = 200;

async fn begin(place: &Place, server: &Server, id: &str) -> Line {
    let letter = place.letter(id, "watch", vec![b' '; 10_000]);
    let mut line = server.line().await.unwrap();
    line.write(&letter.head()).await.unwrap();
    line.write(&letter.body[..5_000]).await.unwrap();
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_falls_silent_is_sent_away_and_others_are_served_meanwhile() {
    let place = Place::open(Database::sqlite()).await;
    let server = place.serve().await;
    let since = now();
    let mut silent = vec![];
    for number in 0..SILENT {
        silent.push(begin(&place, &server, &format!("silent {number}")).await);
    }
    let mut slowest = Duration::ZERO;
    for number in 0..50 {
        let before = now();
        let answer = server.send(&place.letter(&format!("honest {number}"), "watch", "{}")).await;
        assert_eq!(answer.status, 202);
        slowest = slowest.max(before.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "an honest sender waited {slowest:?}");
    for mut line in silent {
        let answer = tokio::time::timeout(IN_TIME, line.answer()).await.expect("an answer in time");
        assert_eq!(answer.unwrap().status, 408);
    }
    let taken = since.elapsed();
    assert!(taken < IN_TIME, "they were sent away after {taken:?}");
    eprintln!(
        "{SILENT} silent senders: sent away after {taken:?}; the slowest of 50 others took {slowest:?}"
    );
    assert_eq!(place.stored().await.len(), 50);
    place.close().await;
}

/// Nobody has proved anything while a body is on its way: all of them together may take 100 MiB of memory.
#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_that_never_end_take_limited_memory_and_deliveries_are_put_off_meanwhile() {
    let place = Place::open(Database::sqlite()).await;
    let server = place.serve().await;
    let mut held = vec![];
    for number in 0..5 {
        let letter = place.letter(&format!("held {number}"), "watch", vec![b' '; 21 << 20]);
        let mut line = server.line().await.unwrap();
        line.write(&letter.head()).await.unwrap();
        line.write(&letter.body[..20 << 20]).await.unwrap();
        held.push(line);
    }
    let letter = place.letter("put off", "watch", "{}");
    let refused =
        until("there is no room", async || Some(server.send(&letter).await).filter(|a| a.status != 202));
    let refused = refused.await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert_eq!(refused.body, "too many large bodies arrive at once; send it again\n");
    let since = now();
    until("there is room again", async || (server.send(&letter).await.status == 202).then_some(())).await;
    assert!(since.elapsed() < IN_TIME, "it took {:?}", since.elapsed());
    drop(held);
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_stored_of_a_body_that_breaks_off() {
    let place = Place::open(Database::sqlite()).await;
    let server = place.serve().await;
    for number in 0..20 {
        drop(begin(&place, &server, &format!("broken {number}")).await);
    }
    let letter = place.letter("cut off", "watch", vec![b' '; 10_000]).chunked();
    let mut line = server.line().await.unwrap();
    line.write(&letter.head()).await.unwrap();
    line.write(b"1000\r\n    ").await.unwrap();
    drop(line);
    pause(Duration::from_millis(300)).await;
    assert_eq!(server.send(&place.letter("whole", "watch", "{}")).await.status, 202);
    let stored: Vec<String> = place.stored().await.into_iter().map(|one| one.id).collect();
    assert_eq!(stored, ["whole"]);
    place.close().await;
}

/// A request whose head never ends holds a connection, and later the stop of the server.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_cut_off() {
    let place = Place::open(Database::sqlite()).await;
    let server = place.serve().await;
    let mut line = server.line().await.unwrap();
    line.write(b"POST /webhooks/github HTTP/1.1\r\nHost: chan").await.unwrap();
    let ended = tokio::time::timeout(IN_TIME, line.answer()).await;
    assert!(ended.is_ok(), "the connection is still open after {IN_TIME:?}");
    place.close().await;
}
