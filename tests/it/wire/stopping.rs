//! SIGTERM: the server ends in order, soon, and without losing what it acknowledged.

use std::{collections::BTreeSet, time::Duration};

use tokio::task::JoinSet;

use super::{letter::Line, place::Place, server::pause};
use crate::support::databases;

/// What supervisors commonly wait before they kill.
const SOON: f64 = 10.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_told_to_stop_ends_soon_and_loses_nothing() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        let mut senders = JoinSet::new();
        for sender in 0..16 {
            let (secret, address) = (place.github.webhook_secret(), server.address);
            senders.spawn(async move {
                let mut acknowledged = vec![];
                let Ok(mut line) = Line::open(address).await else { return acknowledged };
                for number in 0.. {
                    let id = format!("stop {sender} {number}");
                    let letter =
                        super::letter::Letter::signed(&secret, &id, "watch", format!(r#"{{"a":{number}}}"#));
                    let Ok(answer) = line.send(&letter).await else { break };
                    assert!(matches!(answer.status, 202 | 503), "{}", answer.status);
                    if answer.status == 202 {
                        acknowledged.push(id);
                    }
                }
                acknowledged
            });
        }
        pause(Duration::from_millis(700)).await;
        let idle = server.line().await.unwrap();
        let (code, seconds) = server.stop().await;
        let acknowledged: Vec<String> = senders.join_all().await.into_iter().flatten().collect();
        drop(idle);
        assert_eq!(code, Some(0));
        assert!(seconds < SOON, "it took {seconds} s");
        assert!(!acknowledged.is_empty());
        let stored: BTreeSet<String> = place.stored().await.into_iter().map(|one| one.id).collect();
        let lost: Vec<&String> = acknowledged.iter().filter(|id| !stored.contains(*id)).collect();
        assert!(lost.is_empty(), "{lost:?}");
        eprintln!(
            "SIGTERM under load: exit 0 after {seconds:.2} s, {} acknowledged, none lost",
            acknowledged.len()
        );
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_that_never_finish_do_not_keep_a_server_from_stopping() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        let letter = place.letter("half", "watch", vec![b' '; 10_000]);
        let mut half_a_body = server.line().await.unwrap();
        half_a_body.write(&letter.head()).await.unwrap();
        let mut half_a_head = server.line().await.unwrap();
        half_a_head.write(b"POST /webhooks/github HTTP/1.1\r\nHost: chan").await.unwrap();
        pause(Duration::from_millis(200)).await;
        let (code, seconds) = server.stop().await;
        assert_eq!(code, Some(0));
        assert!(seconds < SOON, "it took {seconds} s");
        drop((half_a_body, half_a_head));
        place.close().await;
    }
}
