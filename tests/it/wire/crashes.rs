//! The process is killed at each point of the flow, before and after each call to GitHub and each commit. What people see
//! afterwards is there once.
//!
//! Calls are held up by the small GitHub, commits by a hand that locks what is to be written.

use std::time::Duration;

use changegate::sandbox::{Hold, Numbered};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use super::{
    overtaken::{REQUESTS, held, is_logged_once, is_told_once, story},
    place::Place,
    server::{Server, pause, until},
};
use crate::support::{Database, databases};

/// The database is busy for longer than this where it waits for us.
const A_MOMENT: Duration = Duration::from_millis(300);

/// Killed and started again, it says everything once.
async fn starts_again(place: &Place, mut server: Server, told: &(Numbered, String), what: &str) -> Server {
    server.kill();
    place.github.release();
    let server = place.serve().await;
    place.settle(&server).await;
    until(what, async || (place.comments(told.0).len() == 1).then_some(())).await;
    server.idle().await;
    is_told_once(place, told, what);
    is_logged_once(place, what).await;
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_before_or_after_any_call_the_program_says_everything_once() {
    for database in databases().await {
        let place = Place::open(database).await;
        let mut server = place.serve().await;
        place.settle(&server).await;
        for hold in [Hold::Before, Hold::After] {
            for request in REQUESTS {
                let what = format!("{}, killed {hold:?}, on {}", request.class, place.database.url);
                let told = request.begin(&place, &server, hold, &what).await;
                server = starts_again(&place, server, &told, &what).await;
            }
        }
        assert_eq!(server.stop().await.0, Some(0));
        place.close().await;
    }
}

/// Locks until it is rolled back.
async fn lock(place: &Place, how: &str) -> AnyConnection {
    let mut hand = place.raw().await;
    for statement in how.split("; ") {
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut hand).await.unwrap();
    }
    hand
}

async fn unlock(mut hand: AnyConnection) {
    sqlx::query("ROLLBACK").execute(&mut hand).await.unwrap();
    hand.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_while_any_commit_is_on_its_way_the_program_says_everything_once() {
    let Some(database) = Database::postgres().await else { return };
    let place = Place::open(database).await;
    let mut server = place.serve().await;
    place.settle(&server).await;
    for table in ["subject", "subject_event", "published", "reading", "effect", "audit_head", "audit"] {
        let what = format!("killed while it writes to {table}");
        let told = story(&place);
        let hand = lock(&place, &format!("BEGIN; LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")).await;
        place.github.deliver().await;
        let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        until(&what, async || (held(&place, waits).await > 0).then_some(())).await;
        server.kill();
        unlock(hand).await;
        server = starts_again(&place, server, &told, &what).await;
    }
    assert_eq!(server.stop().await.0, Some(0));
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_before_the_outcome_of_a_call_is_written_the_program_says_everything_once() {
    let place = Place::open(Database::sqlite()).await;
    let mut server = place.serve().await;
    place.settle(&server).await;
    for request in REQUESTS {
        let what = format!("{}, killed before its outcome was written", request.class);
        let told = request.begin(&place, &server, Hold::After, &what).await;
        let hand = lock(&place, "BEGIN IMMEDIATE").await;
        place.github.release();
        until(&what, async || (place.github.held() == 0).then_some(())).await;
        pause(A_MOMENT).await;
        server.kill();
        unlock(hand).await;
        server = starts_again(&place, server, &told, &what).await;
    }
    assert_eq!(server.stop().await.0, Some(0));
    place.close().await;
}
