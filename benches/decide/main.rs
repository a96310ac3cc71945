//! How long a decision on a large deployment takes: `cargo bench --bench decide`.
//!
//! A thousand commits of five hundred pull requests, each with a change request, and forty rules:
//!
//! - *gate*: [`changegate::domain::gate::decide`], with everything gathered,
//! - *whole*: [`changegate::domain::decide::judge`] of the environment with every fact at hand: the range is traced, each
//!   pull request judged, everything gathered and decided, twice, since an allow is judged again by what was read last,
//! - *small*: the whole for one commit, for comparison,
//! - *stored*: the whole of a deployment that waits, with what the store says read from a real database each time, among 1,000
//!   and among 100,000 change requests; GitHub's answers are at hand. SQLite always, PostgreSQL if
//!   `CHANGEGATE_TEST_POSTGRES` names a server on which databases may be created.
//!
//! It measures and tells; it never fails because something is slow.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot go on has failed")]
#![expect(
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    clippy::cast_possible_truncation,
    reason = "it measures real time, and answers only what is asked of this material"
)]

mod database;
mod material;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use changegate::domain::{
    decide::{Judgement, judge},
    gate::{self, Ask, Order},
};
use comfy_table::{CellAlignment, Table, presets};

use database::Database;
use material::Material;

const ROUNDS: usize = 101;

fn main() {
    let (large, small) = (Material::of(1_000, 500, 40), Material::of(1, 1, 40));
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["what", "commits", "change requests", "rules", "median ms", "p99 ms", "target"]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    row(&mut table, "gate", &large, &gate(&large), Some(5.0));
    row(&mut table, "whole", &large, &whole(&large), Some(50.0));
    row(&mut table, "small", &small, &whole(&small), None);
    println!("{table}");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(stored());
}

/// The sizes of the database, and how much the larger may cost beside the smaller.
const STORED: [usize; 2] = [1_000, 100_000];
const TIMES: f64 = 1.5;

async fn stored() {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        "database",
        "it brings",
        "change requests stored",
        "median ms",
        "p99 ms",
        "at most 50",
        "at most 1.5 times",
    ]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for changes in [20, 500] {
        let material = Material::of(2 * changes, changes, 40);
        for database in Database::all().await {
            let mut before = None;
            for size in STORED {
                database.fill(&material, material.stored(size)).await;
                let times = database.evaluate(&material).await;
                let at = |place: usize| times.get(place).map_or(0.0, Duration::as_secs_f64) * 1_000.0;
                let median = at(times.len() / 2);
                let met = |is_met: bool| if is_met { "met" } else { "NOT MET" };
                let ratio = before.map_or_else(String::new, |before: f64| {
                    format!("{} ({:.2})", met(median <= TIMES * before), median / before)
                });
                before = Some(median);
                table.add_row([
                    database.name.to_owned(),
                    format!("{changes} changes"),
                    size.to_string(),
                    format!("{median:.2}"),
                    format!("{:.2}", at(times.len() * 99 / 100)),
                    met(median <= 50.0).to_owned(),
                    ratio,
                ]);
            }
            database.store.close().await;
        }
    }
    println!("{table}");
}

fn row(table: &mut Table, what: &str, material: &Material, times: &[Duration], target: Option<f64>) {
    let at = |place: usize| times.get(place).map_or(0.0, Duration::as_secs_f64) * 1_000.0;
    let median = at(times.len() / 2);
    let target = target.map_or_else(String::new, |target| {
        let met = if median <= target { "met" } else { "NOT MET" };
        format!("{met} (at most {target})")
    });
    let (commits, changes, rules) = material.size;
    table.add_row([
        what.to_owned(),
        commits.to_string(),
        changes.to_string(),
        rules.to_string(),
        format!("{median:.3}"),
        format!("{:.3}", at(times.len() * 99 / 100)),
        target,
    ]);
}

fn timed(mut what: impl FnMut()) -> Vec<Duration> {
    let mut time = || {
        let began = Instant::now();
        what();
        began.elapsed()
    };
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| time()).collect();
    times.sort();
    times
}

fn whole(material: &Material) -> Vec<Duration> {
    timed(|| {
        let judgement = judge(black_box(material.case()));
        assert!(matches!(black_box(judgement), Judgement::Decided(_)));
    })
}

fn gate(material: &Material) -> Vec<Duration> {
    let request = material.judged();
    let (candidate, brings) = (request.job.clone().unwrap(), request.brings.clone().unwrap());
    let ask = Ask {
        now: material.now,
        repo: material::WEB,
        environment: material::ENVIRONMENT,
        candidate: &candidate,
        order: Order::Free,
        brings: Ok(&brings),
        ran: None,
    };
    let mut inquiry = changegate::domain::facts::Inquiry::new(&material.facts);
    let scene = gate::look(ask, &mut inquiry).unwrap();
    assert!(inquiry.is_complete() && gate::decide(&scene).lets_through());
    timed(|| {
        black_box(gate::decide(black_box(&scene)));
    })
}
