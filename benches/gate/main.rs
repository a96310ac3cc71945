//! How fast pipelines are answered: `cargo bench --bench gate`.
//!
//! A generator in a process of its own asks `changegate serve`, as an operator starts it, beside a small GitHub:
//!
//! - *waiting*: five thousand clients wait at once; the memory that the server takes then, and how soon all are told,
//! - *again*: the same is asked that was settled a moment ago,
//! - *deny* and *pending*: each time another run asks, and everything is known; like *again*, once with 64 connections that ask
//!   as soon as they are answered (how many are answered), and once with a thousand that ask each second (how long it takes),
//! - *allow*: each time another environment, while GitHub takes 200 ms for each answer.
//!
//! SQLite always; PostgreSQL, with one server and with two beside each other, if `CHANGEGATE_TEST_POSTGRES` names a server
//! on which databases may be created. Files go to the temporary folder (`TMPDIR`). It measures and tells; it never fails
//! because something is slow. `cargo bench --bench gate -- sqlite deny` measures one database and one of these alone.

mod ask;
#[path = "../machine/database.rs"]
#[expect(dead_code, reason = "not every benchmark looks at everything")]
mod database;
#[path = "../machine/latency.rs"]
mod latency;
mod material;
#[path = "../machine/process.rs"]
#[expect(dead_code, reason = "not every benchmark looks at everything")]
mod process;
mod report;
mod run;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match words.as_slice() {
        ["generate", order] => runtime.block_on(ask::generate(order)),
        // Cargo adds `--bench`.
        _ => runtime.block_on(run::everything(&words)),
    }
}
