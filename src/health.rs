//! How the server is: each part, its state and its cure, for whoever sends it work (`/readyz`) and whoever watches (`/metrics`).

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State as Of,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    clock::Clock,
    github::{BudgetLeft, GitHub, Stands},
    metrics::{self, Left, Metrics, Moment, Queue},
    store::{Counts, Load, Store},
};

/// GitHub refuses what is signed by a clock that is further ahead than this, in seconds.
const MOST_AHEAD: i64 = 60;
/// A delivery that has waited for longer is told, in seconds.
const LATE: i64 = 300;

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Health {
    pub store: Store,
    pub github: Arc<GitHub>,
    pub clock: Clock,
    pub metrics: Metrics,
}

/// How everything is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether to send work here.
    pub ready: bool,
    pub parts: Vec<Part>,
    /// How much is waiting, where the database says so.
    #[serde(flatten)]
    pub counts: Option<Counts>,
}

/// How one part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    pub part: &'static str,
    pub state: State,
    /// As a sentence without its full stop.
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<&'static str>,
}

/// The state of a part, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ok,
    /// Nobody has said yet; that stops nothing.
    Unknown,
    /// Somebody should look; work is still taken.
    Warn,
    /// Not ready.
    Fail,
}

impl Health {
    /// `/readyz`.
    pub fn readiness(self) -> Router {
        Router::new().route("/readyz", get(ready)).with_state(self)
    }

    /// `/metrics`.
    pub fn metrics(self) -> Router {
        Router::new().route("/metrics", get(count)).with_state(self)
    }

    async fn report(&self) -> Report {
        let now = self.clock.now();
        let writable = self.store.takes_deliveries().await;
        let counts = if writable { self.store.counts(now).await.ok() } else { None };
        let load = if counts.is_some() { self.store.waits(now).await.ok() } else { None };
        report(counts, load, self.github.stands(), now)
    }

    async fn moment(&self) -> Moment {
        let now = self.clock.now();
        let writable = self.store.takes_deliveries().await;
        let (counts, load) = (self.store.counts(now).await.ok(), self.store.waits(now).await.ok());
        let exceptions = self.store.kept_open().await.unwrap_or_default();
        let Stands { accepted, ahead } = self.github.stands();
        Moment {
            writable,
            queues: counts.zip(load).map(|(counts, load)| queues(counts, load, now)).unwrap_or_default(),
            parked: counts.map(|counts| counts.parked),
            refused: counts.map(|counts| counts.refused),
            exceptions: exceptions.into_iter().collect(),
            budgets: self.github.budgets().into_iter().flat_map(lanes).collect(),
            accepted,
            ahead,
        }
    }
}

async fn ready(Of(health): Of<Health>) -> (StatusCode, Json<Report>) {
    let report = health.report().await;
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report))
}

async fn count(Of(health): Of<Health>) -> impl IntoResponse {
    let text = health.metrics.text(&health.moment().await);
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text)
}

/// Judges what was found. A backlog is told and stops nothing: whoever sent deliveries elsewhere would not make it shorter.
fn report(counts: Option<Counts>, load: Option<Load>, stands: Stands, now: Timestamp) -> Report {
    let parts = vec![database(counts.is_some()), credentials(stands), clock(stands), backlog(load, now)];
    let ready = parts.iter().all(|part| part.state != State::Fail);
    Report { ready, parts, counts }
}

fn part(part: &'static str, state: State, what: impl Into<String>, cure: Option<&'static str>) -> Part {
    Part { part, state, what: what.into(), cure }
}

fn database(answers: bool) -> Part {
    if answers {
        return part("database", State::Ok, "it takes deliveries", None);
    }
    let cure = "look at the log: its disk may be full, or its server away; GitHub's record brings back what is refused meanwhile";
    part("database", State::Fail, "it does not take deliveries", Some(cure))
}

fn credentials(stands: Stands) -> Part {
    match stands.accepted {
        Some(true) => part("credentials", State::Ok, "GitHub accepts them", None),
        None => part("credentials", State::Unknown, "GitHub has not answered yet", None),
        Some(false) => {
            let cure = "compare the App's number and private keys with its settings page, put the right key in its file, and send SIGHUP; a wrong clock has the same effect";
            part("credentials", State::Fail, "GitHub does not accept them", Some(cure))
        }
    }
}

fn clock(stands: Stands) -> Part {
    let Some(ahead) = stands.ahead else {
        return part("clock", State::Unknown, "GitHub has not said what time it is", None);
    };
    let what = match ahead {
        0 => "it agrees with GitHub's".to_owned(),
        ahead if ahead > 0 => format!("it is {ahead} s ahead of GitHub's"),
        ahead => format!("it is {} s behind GitHub's", ahead.unsigned_abs()),
    };
    if ahead.abs() <= MOST_AHEAD {
        return part("clock", State::Ok, what, None);
    }
    part("clock", State::Fail, what, Some("let the machine keep its time by NTP"))
}

fn backlog(load: Option<Load>, now: Timestamp) -> Part {
    let Some(load) = load else {
        return part("backlog", State::Unknown, "the database does not say", None);
    };
    let waited = load.deliveries.into_iter().chain(load.subjects).map(|since| age(since, now)).max();
    let what = waited.map_or_else(
        || "nothing waits".to_owned(),
        |seconds| format!("the first that waits has waited for {seconds} s"),
    );
    if waited.is_none_or(|seconds| seconds <= LATE) {
        return part("backlog", State::Ok, what, None);
    }
    let cure = "look at the log and at `changegate inbox parked`; where the database is slow, give it more, or start one more replica on PostgreSQL";
    part("backlog", State::Warn, what, Some(cure))
}

/// In whole seconds; a clock that was put back makes nothing younger than now.
fn age(since: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(since).as_secs().max(0)
}

fn queues(counts: Counts, load: Load, now: Timestamp) -> Vec<Queue> {
    let queue = |name, depth, since: Option<Timestamp>| Queue {
        name,
        depth,
        age: since.map_or(0, |since| age(since, now)),
    };
    vec![
        queue("deliveries", counts.unrouted, load.deliveries),
        queue("subjects", counts.due, load.subjects),
        queue("effects", counts.effects_due - load.announcements_due, load.effects),
        queue("announcements", load.announcements_due, load.announcements),
    ]
}

fn lanes(budget: BudgetLeft) -> [Left; 2] {
    let BudgetLeft { installation, resource, gate, others } = budget;
    let left = |lane, requests| Left {
        installation: installation.0,
        resource,
        lane,
        requests: i64::try_from(requests).unwrap_or(i64::MAX),
    };
    [left("gate", gate), left("others", others)]
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T10:00:00Z".parse().unwrap()
    }

    fn judged(counts: Option<Counts>, waited: Option<i64>, stands: Stands) -> (bool, String) {
        let deliveries = waited.map(|seconds| now() - SignedDuration::from_secs(seconds));
        let report = report(counts, counts.map(|_| Load { deliveries, ..Load::default() }), stands, now());
        let parts = report.parts.iter().map(|part| format!("{}: {:?}, {}", part.part, part.state, part.what));
        let uncured = report.parts.iter().any(|part| part.state > State::Unknown && part.cure.is_none());
        assert!(!uncured, "{:?}", report.parts);
        (report.ready, parts.collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn it_is_ready_where_all_is_well_and_where_github_has_not_said_yet() {
        let well = Stands { accepted: Some(true), ahead: Some(0) };
        for stands in
            [well, Stands::default(), Stands { ahead: Some(-60), ..well }, Stands { ahead: Some(60), ..well }]
        {
            assert!(judged(Some(Counts::default()), None, stands).0, "{stands:?}");
        }
    }

    #[test]
    fn each_part_can_make_it_unready_but_the_backlog() {
        let well = Stands { accepted: Some(true), ahead: Some(0) };
        let counts = Some(Counts::default());
        for (counts, waited, stands, ready, said) in [
            (None, None, well, false, "database: Fail"),
            (counts, None, Stands { accepted: Some(false), ..well }, false, "credentials: Fail"),
            (counts, None, Stands { ahead: Some(61), ..well }, false, "clock: Fail, it is 61 s ahead"),
            (counts, None, Stands { ahead: Some(-61), ..well }, false, "clock: Fail, it is 61 s behind"),
            (counts, Some(301), well, true, "backlog: Warn, the first that waits has waited for 301 s"),
            (counts, Some(300), well, true, "backlog: Ok, the first that waits has waited for 300 s"),
            (counts, Some(-5), well, true, "backlog: Ok, the first that waits has waited for 0 s"),
        ] {
            let judged = judged(counts, waited, stands);
            assert_eq!(judged.0, ready, "{judged:?}");
            assert!(judged.1.contains(said), "{judged:?}");
        }
    }
}
