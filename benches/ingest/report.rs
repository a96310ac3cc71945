//! What was measured, as a table, and which of the targets are met.

use std::time::Duration;

use changegate::store::Counts;
use comfy_table::{CellAlignment, Table, presets};

use crate::{
    database::Kind,
    load::{Outcome, number},
};

/// What a server took in.
pub struct Taken {
    pub outcome: Outcome,
    /// Bodies in the database afterwards.
    pub stored: i64,
    /// In megabytes.
    pub memory: Option<f64>,
}

/// What the whole server took in and settled.
pub struct Flow {
    pub taken: Taken,
    pub load: Duration,
    /// What was left when the load ended.
    pub backlog: Counts,
    /// How long after the load nothing was left; `None` where that was not waited for.
    pub settled_after: Option<Duration>,
    /// Deliveries that were routed in the end.
    pub routed: i64,
    /// Requests to GitHub, reads and writes.
    pub asked: usize,
}

/// How long it takes from a delivery until what follows from it is stored, in milliseconds.
pub struct Effects {
    pub count: usize,
    pub median: f64,
    pub p99: f64,
}

/// What must be reached.
struct Target {
    idle: f64,
    serve: f64,
}

impl Kind {
    const fn target(self) -> Target {
        match self {
            Self::Sqlite => Target { idle: 0.28, serve: 0.18 },
            Self::Postgres => Target { idle: 0.20, serve: 0.12 },
        }
    }
}

const P99: f64 = 50.0;
const MEMORY: f64 = 60.0;
const EFFECT_P99: f64 = 20.0;

/// Grows while the run goes on.
pub struct Report {
    /// The rate of the bare server when it was measured last.
    bare: f64,
    bares: Vec<f64>,
    table: Table,
    lines: Vec<String>,
}

impl Report {
    pub fn new(bare: Outcome) -> Self {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header([
            "server",
            "database",
            "taken",
            "per second",
            "bare",
            "ratio",
            "p50 ms",
            "p99 ms",
            "max ms",
            "memory MB",
        ]);
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let rate = bare.per_second();
        let mut report = Self { bare: rate, bares: vec![rate], table, lines: vec![] };
        report.row(["bare", ""], &bare, None, None);
        report
    }

    pub fn idle(&mut self, kind: Kind, taken: Taken, bare: Outcome) {
        let ratio = self.measured("idle", kind, &taken, bare);
        self.target(
            format!("{kind}, workers idle: ratio {ratio:.3}"),
            ratio >= kind.target().idle,
            kind.target().idle,
            "at least",
        );
        self.door(&format!("{kind}, workers idle"), &taken);
    }

    pub fn serve(&mut self, kind: Kind, flow: Flow, bare: Outcome) {
        let ratio = self.measured("serve", kind, &flow.taken, bare);
        let name = format!("{kind}, workers on");
        self.target(
            format!("{name}: ratio {ratio:.3}"),
            ratio >= kind.target().serve,
            kind.target().serve,
            "at least",
        );
        self.door(&name, &flow.taken);
        self.backlog(&name, &flow);
    }

    fn measured(&mut self, server: &str, kind: Kind, taken: &Taken, bare: Outcome) -> f64 {
        let rate = bare.per_second();
        let mean = f64::midpoint(self.bare, rate);
        let ratio = taken.outcome.per_second() / mean;
        self.row([server, &kind.to_string()], &taken.outcome, Some((mean, ratio)), taken.memory);
        self.row(["bare", ""], &bare, None, None);
        self.bare = rate;
        self.bares.push(rate);
        ratio
    }

    fn row(&mut self, name: [&str; 2], outcome: &Outcome, bare: Option<(f64, f64)>, memory: Option<f64>) {
        let told = |value: Option<f64>, digits: usize| {
            value.map(|value| format!("{value:.digits$}")).unwrap_or_default()
        };
        self.table.add_row([
            name[0].to_owned(),
            name[1].to_owned(),
            outcome.acknowledged.to_string(),
            told(Some(outcome.per_second()), 0),
            told(bare.map(|(mean, _)| mean), 0),
            told(bare.map(|(_, ratio)| ratio), 3),
            told(Some(outcome.latency(500)), 1),
            told(Some(outcome.latency(990)), 1),
            told(Some(outcome.latency(1000)), 1),
            told(memory, 1),
        ]);
    }

    /// What holds for whoever takes deliveries in.
    fn door(&mut self, name: &str, taken: &Taken) {
        let p99 = taken.outcome.latency(990);
        self.target(format!("{name}: p99 {p99:.1} ms"), p99 <= P99, P99, "at most");
        match taken.memory {
            Some(memory) => self.target(
                format!("{name}: peak memory {memory:.1} MB"),
                memory <= MEMORY,
                MEMORY,
                "at most",
            ),
            None => self.lines.push(format!("{name}: peak memory is not told by this system")),
        }
        let (acknowledged, stored) = (taken.outcome.acknowledged, taken.stored);
        let whole = i64::try_from(acknowledged).is_ok_and(|acknowledged| stored >= acknowledged);
        self.told(whole, format!("{name}: {acknowledged} acknowledged, {stored} stored"));
        if !taken.outcome.refused.is_empty() {
            self.told(false, format!("{name}: refused, by status: {:?}", taken.outcome.refused));
        }
    }

    fn backlog(&mut self, name: &str, flow: &Flow) {
        let Counts { unrouted, due, effects_due, effects_waiting, parked, .. } = flow.backlog;
        self.lines.push(format!(
            "         {name}: at the end of the load {unrouted} unrouted, {due} subjects due, {effects_due} of \
             {effects_waiting} effects due, {parked} parked"
        ));
        let limit = 2 * flow.load;
        match flow.settled_after {
            Some(after) => self.told(
                after <= limit,
                format!(
                    "{name}: {} routed, settled {:.1} s after the load (at most {:.0} s)",
                    flow.routed,
                    after.as_secs_f64(),
                    limit.as_secs_f64()
                ),
            ),
            None => self.told(false, format!("{name}: {} routed, not settled in time", flow.routed)),
        }
        let rate = number(usize::try_from(flow.routed).unwrap_or(0))
            / (flow.load + flow.settled_after.unwrap_or_default()).as_secs_f64();
        self.lines
            .push(format!("         {name}: {rate:.0} settled a second, {} requests to GitHub", flow.asked));
    }

    pub fn effects(&mut self, kind: Kind, effects: Effects) {
        let Effects { count, median, p99 } = effects;
        let told = format!(
            "{kind}: event to effect stored, {count} one by one: p50 {median:.1} ms, p99 {p99:.1} ms"
        );
        self.target(told, p99 <= EFFECT_P99, EFFECT_P99, "at most");
    }

    /// What could not be measured, and why.
    pub fn failed(&mut self, line: String) {
        self.told(false, line);
    }

    fn target(&mut self, told: String, met: bool, target: f64, least_or_most: &str) {
        self.told(met, format!("{told} ({least_or_most} {target})"));
    }

    fn told(&mut self, met: bool, line: String) {
        self.lines.push(format!("{} {line}", if met { "met     " } else { "NOT MET " }));
    }

    pub fn print(&self) {
        println!("{}", self.table);
        let (least, most) = self
            .bares
            .iter()
            .fold((f64::MAX, 0f64), |(least, most), bare| (least.min(*bare), most.max(*bare)));
        println!(
            "bare: {least:.0} to {most:.0} a second in this run; the ratio is to the mean of the one before and the one after"
        );
        for line in &self.lines {
            println!("{line}");
        }
    }
}
