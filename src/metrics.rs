//! What is counted where it happens, for whoever watches over the server: deliveries, decisions, effects, exceptions.
//!
//! Labels have few values each: no name of a repository, an environment or a person is one.

use std::{fmt::Write as _, sync::Arc};

use prometheus_client::{
    encoding::prometheus_text,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::domain::{audit::AuditEntry, effect::Call};

type Labels<const N: usize> = [(&'static str, String); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;

/// The media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// Exceptions that somebody is woken for: told as none, too, so that the first one is seen as one more.
const WATCHED: [&str; 4] = ["bypass", "policy_unsigned", "tag_moved", "unguarded"];

/// Exceptions that we keep an issue open for until they are over.
const KEPT_OPEN: [&str; 4] = ["policy_unsigned", "retrospective", "tag_moved", "unguarded"];

/// The counters of one server. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    registry: Registry,
    kept: Counter,
    repeated: Counter,
    refused: Counter,
    decisions: Counters<2>,
    obstacles: Counters<2>,
    effects: Counters<2>,
    exceptions: Counters<1>,
}

impl Default for Counted {
    fn default() -> Self {
        let deliveries: Counters<1> = Family::default();
        let of = |outcome: &str| deliveries.get_or_create(&[("outcome", outcome.into())]).clone();
        let mut counted = Self {
            registry: Registry::with_prefix("changegate"),
            kept: of("kept"),
            repeated: of("repeated"),
            refused: of("refused"),
            decisions: Family::default(),
            obstacles: Family::default(),
            effects: Family::default(),
            exceptions: Family::default(),
        };
        for kind in WATCHED {
            drop(counted.exceptions.get_or_create(&[("kind", kind.into())]));
        }
        let Self { registry, decisions, obstacles, effects, exceptions, .. } = &mut counted;
        registry.register("deliveries", "Deliveries at the door, by what became of them", deliveries);
        let decided = "Decisions that were news, by what was decided about and how";
        registry.register("decisions", decided, decisions.clone());
        let stood = "What stood in the way of these decisions, by its reason code; one may have several";
        registry.register("obstacles", stood, obstacles.clone());
        let sent = "Attempts to tell GitHub or other systems something, by what and by what came of it";
        registry.register("effects", sent, effects.clone());
        let noted = "Exceptions that the audit log noted, by kind, those that ended among them";
        registry.register("exceptions", noted, exceptions.clone());
        counted
    }
}

/// What became of a delivery at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Written down.
    Kept,
    /// It was there already.
    Repeated,
    /// Sent away.
    Refused,
}

/// What an entry of the audit log counts as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    Decision { about: String, outcome: String, reasons: Vec<String> },
    Exception { kind: String },
}

impl Noted {
    /// What this entry counts as; `None`: it is not counted.
    #[must_use]
    pub fn of(entry: &AuditEntry) -> Option<Self> {
        if let Some(kind) = entry.code.strip_prefix("exception.") {
            return Some(Self::Exception { kind: kind.into() });
        }
        let about = entry.code.strip_suffix(".decided")?.into();
        let outcome = entry.facts.get("decision").or_else(|| entry.facts.get("outcome"))?.clone();
        let obstacles = entry.facts.get("obstacles").map(String::as_str).unwrap_or_default();
        let mut reasons: Vec<String> = obstacles.split_whitespace().map(str::to_owned).collect();
        reasons.sort_unstable();
        reasons.dedup();
        Some(Self::Decision { about, outcome, reasons })
    }
}

/// What is so at the moment when somebody asks. `None`: it could not be found out, and is not told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moment {
    /// Deliveries can be stored.
    pub writable: bool,
    pub queues: Vec<Queue>,
    /// Deliveries and subjects that wait for a person.
    pub parked: Option<i64>,
    /// Effects that were refused for good.
    pub refused: Option<i64>,
    /// Exceptions that we keep an issue open for, by kind.
    pub exceptions: Vec<(String, i64)>,
    pub budgets: Vec<Left>,
    /// GitHub accepts our credentials.
    pub accepted: Option<bool>,
    /// By how many seconds our clock is ahead of GitHub's.
    pub ahead: Option<i64>,
}

/// What waits to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    pub name: &'static str,
    pub depth: i64,
    /// For how many seconds the first of it has waited.
    pub age: i64,
}

/// What is left of an hourly limit of GitHub's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Whose: there is one for each account.
    pub installation: u64,
    pub resource: &'static str,
    pub lane: &'static str,
    pub requests: i64,
}

impl Metrics {
    /// A delivery came to the door.
    pub fn arrived(&self, arrival: Arrival) {
        match arrival {
            Arrival::Kept => self.0.kept.inc(),
            Arrival::Repeated => self.0.repeated.inc(),
            Arrival::Refused => self.0.refused.inc(),
        };
    }

    /// These were written down.
    pub fn noted(&self, noted: Vec<Noted>) {
        for noted in noted {
            match noted {
                Noted::Decision { about, outcome, reasons } => {
                    for reason in reasons {
                        let labels = [("about", about.clone()), ("reason", reason)];
                        self.0.obstacles.get_or_create(&labels).inc();
                    }
                    self.0.decisions.get_or_create(&[("about", about), ("outcome", outcome)]).inc();
                }
                Noted::Exception { kind } => {
                    self.0.exceptions.get_or_create(&[("kind", kind)]).inc();
                }
            }
        }
    }

    /// Somebody was told something, or it was tried: `performed`, `retried`, `refused` or `withheld`.
    pub fn told(&self, call: &Call, outcome: &'static str) {
        let labels = [("kind", call.kind().into()), ("outcome", outcome.into())];
        self.0.effects.get_or_create(&labels).inc();
    }

    /// Everything counted so far, and what is so now, as Prometheus reads it.
    #[must_use]
    pub fn text(&self, moment: &Moment) -> String {
        let mut text = String::new();
        // Writing to a text does not fail.
        let told = prometheus_text::encode(&mut text, &self.0.registry)
            .and_then(|()| prometheus_text::encode(&mut text, &registry(moment)));
        if told.is_err() {
            text.clear();
            let _ = writeln!(text, "# it could not be written");
        }
        text
    }
}

fn registry(moment: &Moment) -> Registry {
    let Moment { writable, queues, parked, refused, exceptions, budgets, accepted, ahead } = moment;
    let mut registry = Registry::with_prefix("changegate");
    let version = [([("version", env!("CARGO_PKG_VERSION").to_owned())], 1)];
    show(&mut registry, "build_info", "The version that runs", version);
    single(&mut registry, "database_writable", "1: a delivery could be stored now", Some((*writable).into()));
    let depths = queues.iter().map(|it| ([("queue", it.name.to_owned())], it.depth));
    show(&mut registry, "queue_depth", "What waits to be done now, by queue", depths);
    let ages = queues.iter().map(|it| ([("queue", it.name.to_owned())], it.age));
    show(&mut registry, "queue_age_seconds", "For how long the first of a queue has waited", ages);
    single(&mut registry, "parked", "Deliveries and subjects that wait for a person", *parked);
    single(&mut registry, "effects_refused", "Effects that were refused for good", *refused);
    let none = KEPT_OPEN.map(|kind| ([("kind", kind.to_owned())], 0));
    let open = exceptions.iter().map(|(kind, count)| ([("kind", kind.clone())], *count));
    let open = none.into_iter().chain(open);
    show(
        &mut registry,
        "exceptions_open",
        "Exceptions that Changegate keeps an issue open for until they are over, by kind",
        open,
    );
    let left = budgets.iter().map(|it| {
        let installation = ("installation", it.installation.to_string());
        let labels = [installation, ("resource", it.resource.into()), ("lane", it.lane.into())];
        (labels, it.requests)
    });
    let budget = "Requests left of GitHub's hourly limit, for what a pipeline waits for and for the rest";
    show(&mut registry, "github_budget_remaining", budget, left);
    let heard = "1: GitHub accepted the credentials of the App when it was last asked";
    single(&mut registry, "github_credentials_accepted", heard, accepted.map(i64::from));
    let skew = "By how much our clock is ahead of GitHub's";
    single(&mut registry, "github_clock_skew_seconds", skew, *ahead);
    registry
}

/// What nobody knows is not told.
fn single(registry: &mut Registry, name: &str, help: &str, value: Option<i64>) {
    if let Some(value) = value {
        let gauge: Gauge = Gauge::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    }
}

fn show<const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = (Labels<N>, i64)>,
) {
    let family: Family<Labels<N>, Gauge> = Family::default();
    for (labels, value) in values {
        family.get_or_create(&labels).set(value);
    }
    registry.register(name, help, family);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, of: &str) -> Vec<String> {
        let mut lines: Vec<String> =
            text.lines().filter(|it| it.starts_with(of)).map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn a_decision_is_counted_once_and_each_reason_of_it_once() {
        let metrics = Metrics::default();
        let entry = AuditEntry::new("deployment.decided")
            .fact("decision", "deny")
            .fact("obstacles", "window_closed check_red window_closed");
        metrics.noted(Noted::of(&entry).into_iter().collect());
        metrics.noted(Noted::of(&AuditEntry::new("exception.bypass")).into_iter().collect());
        assert_eq!(Noted::of(&AuditEntry::new("change_request.accepted")), None);
        let text = metrics.text(&Moment::default());
        insta::assert_snapshot!(
            [lines(&text, "changegate_decisions"), lines(&text, "changegate_obstacles"), lines(&text, "changegate_exceptions_total")]
                .concat()
                .join("\n"),
            @r#"
        changegate_decisions_total{about="deployment",outcome="deny"} 1
        changegate_obstacles_total{about="deployment",reason="check_red"} 1
        changegate_obstacles_total{about="deployment",reason="window_closed"} 1
        changegate_exceptions_total{kind="bypass"} 1
        changegate_exceptions_total{kind="policy_unsigned"} 0
        changegate_exceptions_total{kind="tag_moved"} 0
        changegate_exceptions_total{kind="unguarded"} 0
        "#
        );
    }

    #[test]
    fn what_nobody_knows_is_not_told_as_nothing() {
        let text = Metrics::default().text(&Moment::default());
        for unknown in
            ["parked", "effects_refused", "github_credentials_accepted", "github_clock_skew_seconds"]
        {
            assert!(!text.contains(&format!("changegate_{unknown}")), "{text}");
        }
        assert!(text.contains("changegate_database_writable 0\n"), "{text}");
    }
}
