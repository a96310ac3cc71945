//! How a server says how it is: to whoever sends it work, and to whoever watches over it.

use std::{
    collections::BTreeSet,
    io::Write as _,
    net::TcpListener,
    process::{Command, Stdio},
};

use changegate::sandbox::{Sandbox, SandboxClock, SandboxSettings};
use serde_json::Value;

use super::{
    letter::{Letter, Line},
    place::Place,
    server::{Server, until},
};
use crate::support::{Database, databases};

const ALERTS: &str = include_str!("../../../deploy/prometheus/changegate.rules.yml");

/// Waits until the state of a part is this, and answers with the status and what is said of the part.
async fn part(server: &Server, name: &str, state: &str) -> (u16, Value) {
    until(&format!("{name} is {state}"), async || {
        let answer = server.ask("/readyz").await?;
        let report: Value = serde_json::from_str(&answer.body).ok()?;
        let part = report["parts"].as_array()?.iter().find(|part| part["part"] == name)?.clone();
        (part["state"] == state).then_some((answer.status, part))
    })
    .await
}

async fn metrics(server: &Server) -> String {
    let answer = server.ask("/metrics").await.unwrap();
    assert_eq!(answer.status, 200);
    answer.body
}

/// The value of a series, by its name and labels as they are written.
fn value(text: &str, series: &str) -> Option<i64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

/// What `promtool check metrics` says against a text; `None`: it is not installed.
fn complaints(text: &str) -> Option<String> {
    let started = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let required = std::env::var("CHANGEGATE_REQUIRE").is_ok_and(|list| list.contains("promtool"));
    assert!(started.is_ok() || !required, "promtool is required, and it cannot be run");
    let Ok(mut promtool) = started else {
        eprintln!("SKIPPED: put promtool on PATH to see that Prometheus reads what is told.");
        return None;
    };
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let said = promtool.wait_with_output().unwrap();
    let words = [said.stdout, said.stderr].concat();
    Some(format!("{}{}", said.status.code().unwrap_or(-1), String::from_utf8_lossy(&words)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_well_says_so_part_by_part() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        part(&server, "credentials", "ok").await;
        part(&server, "clock", "ok").await;
        place.settle(&server).await;
        let report: Value = serde_json::from_str(&server.ask("/readyz").await.unwrap().body).unwrap();
        let parts = report["parts"].as_array().unwrap();
        let words: Vec<String> = parts.iter().map(|it| format!("{} {}", it["part"], it["state"])).collect();
        assert_eq!(
            words,
            [r#""database" "ok""#, r#""credentials" "ok""#, r#""clock" "ok""#, r#""backlog" "ok""#]
        );
        assert_eq!((report["ready"].clone(), report["unrouted"].clone()), (true.into(), 0.into()));
        server.stop().await;
        place.database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_whose_key_github_does_not_know_is_not_ready_and_says_the_cure() {
    let mut place = Place::open(Database::sqlite()).await;
    let other =
        Sandbox::start(SandboxSettings::new(SandboxClock::Following(jiff::Timestamp::now))).await.unwrap();
    place.set("PRIVATE_KEY", other.private_key_pem());
    let server = place.serve().await;
    let (status, said) = part(&server, "credentials", "fail").await;
    assert_eq!(status, 503);
    assert!(said["cure"].as_str().unwrap().contains("private keys"), "{said}");
    assert_eq!(value(&metrics(&server).await, "changegate_github_credentials_accepted "), Some(0));
    // What arrives is taken all the same.
    let (_, owed) = place.change_request("Export");
    assert!(!owed.is_empty());
    assert_eq!(server.send(&place.letter("one", "watch", "{}")).await.status, 202);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn prometheus_reads_what_is_counted_and_no_label_names_a_repository() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        part(&server, "credentials", "ok").await;
        let before = metrics(&server).await;
        place.github.by("sam").open_labelled_issue("acme/web", "Export", "Please.", &["change-request"]);
        place.settle(&server).await;
        let forged = Letter::signed("not the secret of this place, but long", "forged", "watch", "{}");
        assert_eq!(server.send(&forged).await.status, 401);
        let text = until("the comment is counted", async || {
            let text = metrics(&server).await;
            let comments = value(&text, r#"changegate_effects_total{kind="comment",outcome="performed"}"#);
            (comments >= Some(1)).then_some(text)
        })
        .await;
        let kept = r#"changegate_deliveries_total{outcome="kept"}"#;
        assert!(value(&text, kept) > value(&before, kept), "{text}");
        assert_eq!(value(&text, r#"changegate_deliveries_total{outcome="refused"}"#), Some(1));
        assert_eq!(value(&text, r#"changegate_queue_depth{queue="deliveries"}"#), Some(0));
        assert_eq!(value(&text, "changegate_database_writable "), Some(1));
        assert!(text.contains("changegate_github_budget_remaining{"), "{text}");
        for name in ["acme", "web", "sam", "Export"] {
            assert!(!text.contains(name), "{name}: {text}");
        }
        if let Some(complaints) = complaints(&text) {
            assert_eq!(complaints, "0", "{text}");
        }
        server.stop().await;
        place.database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_alert_is_about_something_that_is_told() {
    let place = Place::open(Database::sqlite()).await;
    let server = place.serve().await;
    part(&server, "credentials", "ok").await;
    place.github.by("sam").open_labelled_issue("acme/web", "Export", "Please.", &["change-request"]);
    place.settle(&server).await;
    let text = until("something is told to GitHub", async || {
        let text = metrics(&server).await;
        text.contains("changegate_effects_total{").then_some(text)
    })
    .await;
    let told: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let rules = ALERTS.lines().filter(|line| !line.trim_start().starts_with(['#', 'd']));
    let words = rules.flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')));
    let asked: BTreeSet<&str> = words.filter(|word| word.starts_with("changegate_")).collect();
    assert!(asked.len() > 9, "{asked:?}");
    assert_eq!(asked.difference(&told).collect::<Vec<_>>(), Vec::<&&str>::new(), "{told:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn metrics_with_an_address_of_their_own_are_told_nowhere_else() {
    let mut place = Place::open(Database::sqlite()).await;
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    place.set("METRICS_LISTEN", &free.to_string());
    let server = place.serve().await;
    assert_eq!(server.ask("/metrics").await.unwrap().status, 404);
    let there = Line::open(free).await.unwrap().send(&Letter::get("/metrics")).await.unwrap();
    assert_eq!(there.status, 200);
    for path in ["/readyz", "/webhooks/github"] {
        let answer = Line::open(free).await.unwrap().send(&Letter::get(path)).await.unwrap();
        assert_eq!(answer.status, 404, "{path}");
    }
    server.stop().await;
}
