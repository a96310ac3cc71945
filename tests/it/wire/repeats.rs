//! GitHub may send a delivery again, and people press Redeliver: it is one delivery all the same.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;

use super::{
    letter::{Letter, Line},
    place::Place,
    server::now,
};
use crate::support::databases;

const POSTS: u32 = 10_000;
const LINES: u32 = 32;
/// Far more than it takes; an effect or a decision for each post would take longer.
const BOUND: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_duplicates_of_one_delivery_have_one_effect() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        place.settle(&server).await;
        let (issue, owed) = place.change_request("Export as CSV");
        let delivery = owed.last().unwrap();
        assert_eq!(delivery.action.as_deref(), Some("labeled"));
        let letter = place.letter(&delivery.guid, &delivery.event, delivery.body.clone());
        let since = now();
        post(&letter, server.address).await;
        let posted = since.elapsed();
        server.idle().await;
        eprintln!("{POSTS} duplicates: posted in {posted:?}, nothing left after {:?}", since.elapsed());
        eprintln!("and {} requests to GitHub", place.github.requests().len());
        assert!(since.elapsed() < BOUND, "it took {:?}", since.elapsed());
        let stored = place.stored().await;
        let ours: Vec<_> = stored.iter().filter(|one| one.id == delivery.guid).collect();
        assert_eq!(ours.len(), 1);
        assert_eq!((ours[0].repeats, ours[0].state.as_str()), (i64::from(POSTS) - 1, "routed"));
        assert_eq!(place.comments(issue).len(), 1);
        assert_eq!(comments_posted(&place), 1, "written once, and not written twice and tidied up");
        assert_eq!(server.stop().await.0, Some(0));
        place.close().await;
    }
}

fn comments_posted(place: &Place) -> usize {
    let requests = place.github.requests();
    requests.iter().filter(|request| request.method == "POST" && request.path.ends_with("/comments")).count()
}

/// Posts it again and again over all lines at once; every post is acknowledged.
async fn post(letter: &Letter, address: SocketAddr) {
    let left = Arc::new(AtomicU32::new(POSTS));
    let mut senders = JoinSet::new();
    for _ in 0..LINES {
        let (left, letter) = (Arc::clone(&left), letter.clone());
        senders.spawn(async move {
            let mut line = Line::open(address).await.unwrap();
            while left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                assert_eq!(line.send(&letter).await.unwrap().status, 202);
            }
        });
    }
    senders.join_all().await;
}
