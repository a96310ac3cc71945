//! How long the queue and the plan take to work out: `cargo bench --bench planning`.
//!
//! Registers of 1,000, 10,000 and 100,000 change requests, of which one in twenty waits for a decision, one in five is open, and the
//! rest is over: as after years. And the worst that can be: 100,000 that are all open. SQLite always, PostgreSQL if
//! `CHANGEGATE_TEST_POSTGRES` names a server on which databases may be created. And how often an import asks GitHub.
//!
//! It measures and tells; it never fails because something is slow.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on has failed"
)]

#[path = "../machine/database.rs"]
mod database;
mod import;

use std::time::{Duration, Instant};

use changegate::{
    domain::{
        change_request::{Stage, note::Rank},
        ids::{AccountId, Actor, IssueRef, ReleaseId, RepoId, TenantId},
        planning::{Kind as Sort, Line},
    },
    planner::Planner,
    store::Store,
};
use comfy_table::{CellAlignment, Table, presets};
use jiff::{SignedDuration, Timestamp};
use sqlx::AssertSqlSafe;

use database::{Database, Kind};

const ROUNDS: usize = 21;
/// Rows in one statement.
const AT_ONCE: usize = 100;
const ACCOUNTS: [&str; 8] = ["sales", "care", "finance", "marketing", "network", "legal", "people", "works"];

/// How many, and whether all of them are open.
const SIZES: [(usize, bool); 4] = [(1_000, false), (10_000, false), (100_000, false), (100_000, true)];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let mut table = headed();
    let kinds = [Some(Kind::Sqlite), database::postgres_server().map(|_| Kind::Postgres)];
    for kind in kinds.into_iter().flatten() {
        for (size, all_open) in SIZES {
            let database = Database::create(kind).await.unwrap();
            let store = Store::open(&database.url).await.unwrap();
            let now: Timestamp = "2026-11-27T10:00:00Z".parse().unwrap();
            let lines: Vec<Line> = (0..size).map(|number| line(number, all_open, now)).collect();
            fill(&database, &lines).await;
            let stored = database.count("SELECT count(*) FROM register").await.unwrap();
            assert_eq!(usize::try_from(stored).unwrap(), size, "all are stored");
            let tenant = tenant();
            let open =
                lines.iter().filter(|line| line.pile() == changegate::domain::planning::Pile::Open).count();
            let queue = median(async || {
                let planner = Planner::of(&store, &tenant, now).await.unwrap();
                drop(planner.queue(None, 200).await.unwrap());
            });
            let plan = median(async || {
                let planner = Planner::of(&store, &tenant, now).await.unwrap();
                drop(planner.plan().await.unwrap());
            });
            let accounts = median(async || {
                let planner = Planner::of(&store, &tenant, now).await.unwrap();
                drop(planner.accounts(None, |_| true).await.unwrap());
            });
            let (queue, plan, accounts) = (queue.await, plan.await, accounts.await);
            let met = |time: Duration, most: u64| {
                if time <= Duration::from_millis(most) { "met" } else { "NOT MET" }
            };
            table.add_row([
                kind.to_string(),
                size.to_string(),
                open.to_string(),
                millis(queue),
                met(queue, 50).into(),
                millis(plan),
                met(plan, 500).into(),
                millis(accounts),
            ]);
            store.close().await;
            database.remove().await.unwrap();
        }
    }
    println!("Medians of {ROUNDS} rounds; temporary files in {}.\n{table}", database::place());
    for kind in kinds.into_iter().flatten() {
        let taken = import::measure(kind).await;
        assert_eq!((taken.rows, taken.writes), (import::ISSUES, 0), "all are taken in, nothing is written");
        let met = if taken.calls <= 250 { "met" } else { "NOT MET" };
        println!(
            "Import on {kind}: {} issues with {} requests to GitHub (at most 250: {met}), {:.1} s.",
            taken.rows,
            taken.calls,
            taken.time.as_secs_f64()
        );
    }
}

fn headed() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        "database",
        "change requests",
        "of which open",
        "queue page ms",
        "at most 50",
        "plan ms",
        "at most 500",
        "accounts ms",
    ]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

async fn median(work: impl AsyncFn()) -> Duration {
    let mut times = vec![];
    for _ in 0..ROUNDS {
        let began = Instant::now();
        work().await;
        times.push(began.elapsed());
    }
    times.sort();
    times[ROUNDS / 2]
}

fn tenant() -> TenantId {
    TenantId::new("github.com", AccountId(1))
}

fn line(number: usize, all_open: bool, now: Timestamp) -> Line {
    let minutes = i64::try_from(number).unwrap() * 11;
    let asked = now - SignedDuration::from_mins(minutes + 60);
    let stage = match number % 20 {
        _ if all_open => Stage::Accepted,
        0 => Stage::Requested,
        1..=4 => Stage::Accepted,
        5..=15 => Stage::Verified,
        _ => Stage::Declined,
    };
    let is_over = matches!(stage, Stage::Verified | Stage::Declined);
    let id = u64::try_from(number).unwrap();
    let somebody = |login: &str| Some(Actor { id: AccountId(7), login: login.into(), person: true });
    let release = (number % 40 == 1)
        .then(|| ReleaseId { train: "customer".into(), title: format!("2026.{:02}", number % 12 + 1) });
    Line {
        at: IssueRef { repo: RepoId(id % 7 + 1), number: id },
        title: format!("Show invoices of the last year by region, the {number}th wish of many"),
        kind: Sort::Change,
        stage,
        since: asked + SignedDuration::from_mins(30),
        asked,
        accepted: (stage != Stage::Requested).then_some(asked),
        delivered: is_over.then_some(asked + SignedDuration::from_mins(30)),
        account: Some(ACCOUNTS[number % ACCOUNTS.len()].into()),
        systems: [format!("system-{}", number % 9)].into(),
        size: None,
        risk: None,
        requester: somebody("sam"),
        contact: somebody("kim"),
        answered: None,
        missing: vec![],
        release,
        rank: number
            .is_multiple_of(10)
            .then(|| Rank { place: u16::try_from(number % 500 + 1).unwrap(), at: asked }),
        needed_by: None,
        emergency: false,
        stars: None,
        accepted_by_requester: false,
        over_limit: false,
        pulls: 1,
        shipped_in: [].into(),
    }
}

/// As settling writes them, without deciding a hundred thousand change requests first.
async fn fill(database: &Database, lines: &[Line]) {
    let pool = database.connect().await.unwrap();
    for lines in lines.chunks(AT_ONCE) {
        let rows: Vec<String> = lines
            .iter()
            .map(|line| {
                let text = serde_json::to_string(&serde_json::json!({ "v": 1, "is": line })).unwrap();
                let id = format!("change_request/{}/{}", line.at.repo, line.at.number);
                let at = line.order().as_microsecond();
                format!("('{}','{id}',1,'{}',{at},'{text}')", tenant(), line.pile().as_str())
            })
            .collect();
        let text =
            format!("INSERT INTO register (tenant, id, form, pile, at, line) VALUES {}", rows.join(","));
        sqlx::query(AssertSqlSafe(text)).execute(&pool).await.unwrap();
    }
    sqlx::query("ANALYZE").execute(&pool).await.unwrap();
    pool.close().await;
}
