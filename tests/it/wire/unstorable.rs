//! When the disk or the database says no, nothing is acknowledged, GitHub is told to come again, and the server goes
//! on by itself as soon as it can.

use std::{process::Command, time::Duration};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{
    place::Place,
    server::{PROGRAM, Server, now, until},
};
use crate::support::Database;

/// GitHub takes no later answer.
const IN_TIME: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_deliveries_and_the_server_recovers_by_itself() {
    let place = Place::open(Database::sqlite()).await;
    // A limit of the size of its files is to the process what a full disk is: writing fails, reading goes on.
    let mut command = place.prepare("sh", &["-c", "trap '' XFSZ; exec \"$0\" serve", PROGRAM]);
    let server = place.start(&mut command).await;
    keeps_only_what_it_acknowledges(&place, &server, async |is_full| {
        let limit = format!("--fsize={}:unlimited", if is_full { "1024" } else { "unlimited" });
        assert!(Command::new("prlimit").args(["--pid", &server.id(), &limit]).status().unwrap().success());
    })
    .await;
    assert_eq!(server.stop().await.0, Some(0));
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_refuses_deliveries_and_the_server_recovers_by_itself() {
    let Some(database) = Database::postgres().await else { return };
    let place = Place::open(database).await;
    let server = place.serve().await;
    let name = place.database.url.rsplit_once('/').unwrap().1.to_owned();
    let mut owner = PgConnection::connect(&std::env::var("CHANGEGATE_TEST_POSTGRES").unwrap()).await.unwrap();
    let owner = tokio::sync::Mutex::new(&mut owner);
    keeps_only_what_it_acknowledges(&place, &server, async |is_lost| {
        let mut owner = owner.lock().await;
        for statement in [
            format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {}", !is_lost),
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut **owner).await.unwrap();
        }
    })
    .await;
    assert_eq!(server.stop().await.0, Some(0));
    place.close().await;
}

/// `breaks(true)` makes storing impossible, `breaks(false)` possible again.
async fn keeps_only_what_it_acknowledges(place: &Place, server: &Server, breaks: impl AsyncFn(bool)) {
    let letter = |name: &str| place.letter(name, "watch", format!(r#"{{"is":"{name}"}}"#));
    assert_eq!(server.send(&letter("before")).await.status, 202);
    breaks(true).await;
    let mut slowest = Duration::ZERO;
    for number in 0..5 {
        let since = now();
        let answer = server.send(&letter(&format!("refused {number}"))).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{}", server.stderr());
        assert_eq!(answer.body, "it could not be stored; send it again\n");
        slowest = slowest.max(since.elapsed());
    }
    assert!(slowest < IN_TIME, "GitHub would not have waited {slowest:?} for the answer");
    assert_eq!(server.ask("/healthz").await.unwrap().status, 200);
    assert_eq!(server.ask("/readyz").await.unwrap().status, 503);
    breaks(false).await;
    until("it is ready again", async || (server.ask("/readyz").await?.status == 200).then_some(())).await;
    let since = now();
    until("it stores again", async || (server.send(&letter("after")).await.status == 202).then_some(()))
        .await;
    eprintln!(
        "storing impossible: refused after {slowest:?} at most; stored again after {:?}",
        since.elapsed()
    );
    server.idle().await;
    let stored: Vec<String> = place.stored().await.into_iter().map(|one| one.id).collect();
    assert_eq!(stored, ["before", "after"]);
}
