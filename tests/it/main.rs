//! One binary of tests that talk to the program as its users do: over the wire, at the command line, on a real database.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod architecture;
mod flow;
mod queries;
mod repair;
mod store;
mod support;
mod tenants;
mod wire;
