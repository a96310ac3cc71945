//! Senders that do not finish: they are sent away in time, nothing of them is stored, and nobody waits for them.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::{
    letter::Line,
    place::Place,
    server::{Server, now, pause},
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

/// Nobody has proved anything while a body is on its way: all of them together may take 48 MiB.
#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_that_never_end_take_limited_memory() {
    let place = Place::open(Database::sqlite()).await;
    let server = place.serve().await;
    let large = Arc::new(place.letter("held", "watch", vec![b' '; 25 << 20]));
    let mut senders = JoinSet::new();
    for _ in 0..20 {
        let (large, mut line) = (Arc::clone(&large), server.line().await.unwrap());
        senders.spawn(async move {
            line.write(&large.head()).await.unwrap();
            // Whoever is refused on the way may not get to read why.
            line.write(&large.body[..24 << 20]).await.ok()?;
            line.answer().await.ok()
        });
    }
    let answers: Vec<_> = senders.join_all().await.into_iter().flatten().collect();
    for answer in &answers {
        assert!(matches!(answer.status, 408 | 503), "{answer:?}");
        assert_eq!(answer.header("retry-after").is_some(), answer.status == 503, "{answer:?}");
    }
    let most = server.memory("VmHWM");
    assert!(most < 150, "20 bodies of 24 MiB took {most} MiB");
    eprintln!("20 bodies of 24 MiB at once: {most} MiB at most, {} answered", answers.len());
    assert_eq!(server.send(&place.letter("after", "watch", "{}")).await.status, 202);
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

/// A request whose head never ends would hold its connection for ever. An idle connection may wait a little longer than
/// a body: a proxy in front of the server keeps some open.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_cut_off() {
    let place = Place::open(Database::sqlite()).await;
    let server = place.serve().await;
    let mut line = server.line().await.unwrap();
    line.write(b"POST /webhooks/github HTTP/1.1\r\nHost: chan").await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(40), line.answer()).await;
    assert!(ended.is_ok_and(|answer| answer.is_err()), "the connection is still open");
    place.close().await;
}
