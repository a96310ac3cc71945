//! One binary of tests that talk to the program as its users do: over the wire, at the command line, on a real database.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]
#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "tests hold real time, real processes and long tables; small numbers stay small"
)]

mod architecture;
mod asker;
mod codes;
mod flood;
mod flow;
mod losses;
mod outage;
mod queries;
mod ranges;
mod repair;
mod store;
mod support;
mod sweep;
mod tenants;
mod wire;
