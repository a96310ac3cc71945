//! How fast deliveries are taken in: `cargo bench --bench ingest`.
//!
//! A generator in a process of its own posts signed deliveries over 64 connections, to one server after another:
//!
//! - *bare*: an axum handler that checks the signature and keeps nothing. It is measured before and after each of
//!   the others, which are told as a ratio to the mean of the two: machines differ, and change from minute to minute.
//! - *idle*: the door and the store of changegate, without workers.
//! - *serve*: `changegate serve` as an operator starts it, beside a small GitHub; the workers route and judge meanwhile.
//!
//! SQLite always, PostgreSQL if `CHANGEGATE_TEST_POSTGRES` names a server on which databases may be created. Files go
//! to the temporary folder (`TMPDIR`): a folder in memory would flatter the figures. It measures and tells; it never fails
//! because something is slow.
//!
//! `cargo bench --bench ingest -- postgres` measures one database alone; a number behind it is how many seconds the load
//! lasts, so that the backlog grows.

#[path = "../machine/database.rs"]
mod database;
#[path = "../machine/latency.rs"]
mod latency;
mod load;
mod material;
#[path = "../machine/process.rs"]
#[expect(dead_code, reason = "not every benchmark looks at everything")]
mod process;
mod report;
mod run;
mod servers;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match words.as_slice() {
        ["generate", order] => runtime.block_on(load::generate(order)),
        ["bare", secret] => runtime.block_on(servers::bare(secret)),
        ["idle", secret, database_url] => runtime.block_on(servers::idle(secret, database_url)),
        // Cargo adds `--bench`.
        _ => runtime.block_on(run::everything(&words)),
    }
}
