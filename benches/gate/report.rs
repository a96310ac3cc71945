//! What was measured, as a table, and which of the targets are met.

use std::{collections::BTreeMap, time::Duration};

use comfy_table::{CellAlignment, Table, presets};

use crate::{ask::Outcome, database::Kind, latency::percentile};

/// What was asked and answered.
pub struct Asked {
    pub outcome: Outcome,
    /// Requests to GitHub meanwhile, by kind.
    pub github: BTreeMap<String, usize>,
    /// How long processors worked for the servers.
    pub processor: Duration,
    /// Transactions, where the database counts them.
    pub commits: Option<i64>,
}

/// How it went with many who wait.
pub struct Waited {
    pub outcome: Outcome,
    /// What the server took while they waited, in megabytes.
    pub memory: Option<f64>,
    pub took: Duration,
}

const MEMORY: f64 = 100.0;
const RATE: f64 = 1_000.0;
const P99: f64 = 20.0;
const ALLOW_P99: f64 = 300.0;
/// What two replicas may cost beside one.
const TIMES: f64 = 1.2;

/// Grows while the run goes on.
pub struct Report {
    table: Table,
    lines: Vec<String>,
    /// What one server on PostgreSQL did: its rate, seconds of processor and transactions for each answer.
    alone: BTreeMap<&'static str, [f64; 3]>,
}

impl Report {
    pub fn new() -> Self {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header([
            "asked",
            "how",
            "database",
            "servers",
            "answers",
            "per second",
            "p50 ms",
            "p99 ms",
            "max ms",
            "processor ms each",
            "commits each",
            "GitHub",
        ]);
        for column in table.column_iter_mut().skip(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        Self { table, lines: vec![], alone: BTreeMap::new() }
    }

    /// As many as are answered, where each asks when it was answered.
    pub fn most(&mut self, kind: Kind, servers: usize, what: &'static str, asked: Asked) {
        let [rate, processor, commits] = self.row(kind, servers, what, "as they are answered", &asked);
        let name = format!("{kind}, {servers} servers, {what}");
        if kind == Kind::Sqlite {
            self.told(rate >= RATE, format!("{name}: {rate:.0} a second (at least {RATE})"));
        }
        if kind == Kind::Postgres {
            self.beside(&name, servers, what, [rate, processor, commits]);
        }
    }

    /// How long it takes where a thousand ask each second.
    pub fn paced(&mut self, kind: Kind, servers: usize, what: &'static str, asked: Asked) {
        self.row(kind, servers, what, "1,000 a second", &asked);
        let p99 = percentile(&asked.outcome.latencies, 990);
        let name = format!("{kind}, {servers} servers, {what}");
        self.told(p99 <= P99, format!("{name}: p99 {p99:.1} ms at 1,000 a second (at most {P99})"));
    }

    pub fn allowed(&mut self, kind: Kind, servers: usize, asked: Asked) {
        let did = self.row(kind, servers, "allow", "16 at once", &asked);
        let p99 = percentile(&asked.outcome.latencies, 990);
        let name = format!("{kind}, {servers} servers, allow");
        self.told(p99 <= ALLOW_P99, format!("{name}: p99 {p99:.1} ms (at most {ALLOW_P99})"));
        if kind == Kind::Postgres {
            self.beside(&name, servers, "allow", did);
        }
    }

    /// Answers a second, milliseconds of processor each, and commits each.
    fn row(&mut self, kind: Kind, servers: usize, what: &str, how: &str, asked: &Asked) -> [f64; 3] {
        let Asked { outcome, github, processor, commits } = asked;
        let count = outcome.latencies.len();
        let each = |total: f64| total / number(count).max(1.0);
        let rate = number(count) / outcome.seconds;
        let processor = each(processor.as_secs_f64() * 1e3);
        let commits = commits.map(|commits| each(number(usize::try_from(commits).unwrap_or(0))));
        let latency = |per_mille| format!("{:.1}", percentile(&outcome.latencies, per_mille));
        self.table.add_row([
            what.to_owned(),
            how.to_owned(),
            kind.to_string(),
            servers.to_string(),
            count.to_string(),
            format!("{rate:.0}"),
            latency(500),
            latency(990),
            latency(1000),
            format!("{processor:.2}"),
            commits.map(|commits| format!("{commits:.2}")).unwrap_or_default(),
            github.values().sum::<usize>().to_string(),
        ]);
        let name = format!("{kind}, {servers} servers, {what}, {how}");
        self.lines.push(format!("         {name}: {:?}; GitHub: {github:?}", outcome.answers));
        [rate, processor, commits.unwrap_or_default()]
    }

    /// Two servers are compared with one.
    fn beside(&mut self, name: &str, servers: usize, what: &'static str, did: [f64; 3]) {
        if servers == 1 {
            self.alone.insert(what, did);
            return;
        }
        let Some([rate, processor, commits]) = self.alone.get(what).copied() else { return };
        let [faster, dearer, busier] = [did[0] / rate, did[1] / processor, did[2] / commits];
        self.told(faster >= 1.0, format!("{name}: {faster:.2} times the answers of one server (at least 1)"));
        self.told(dearer <= TIMES, format!("{name}: {dearer:.2} times its processor each (at most {TIMES})"));
        self.told(busier <= TIMES, format!("{name}: {busier:.2} times its commits each (at most {TIMES})"));
    }

    pub fn waited(&mut self, kind: Kind, servers: usize, waited: Waited) {
        let Waited { outcome, memory, took } = waited;
        let name = format!("{kind}, {servers} servers, {} who wait", outcome.latencies.len());
        let memory = memory.unwrap_or(f64::INFINITY);
        self.told(memory <= MEMORY, format!("{name}: {memory:.1} MB in one server (at most {MEMORY})"));
        self.lines.push(format!("         {name}: {:?} after {:.1} s", outcome.answers, took.as_secs_f64()));
    }

    fn told(&mut self, met: bool, line: String) {
        self.lines.push(format!("{} {line}", if met { "met     " } else { "NOT MET " }));
    }

    pub fn print(&self) {
        println!("{}", self.table);
        for line in &self.lines {
            println!("{line}");
        }
    }
}

/// A count to calculate with.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
