//! What others wrote about GitHub, held against what we say and hear: its example webhooks, its API descriptions, its
//! GraphQL schema and its signatures, and tokens by an issuer that is not ours. They come from npm, pinned, and are never
//! copied into the tree.
//!
//! `npm ci --prefix tests/contract` fetches them. Without them these tests say loudly that they were skipped, and fail
//! where `CHANGEGATE_REQUIRE` names `contract`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod material;

mod schema;

mod specimen;

mod rest;

mod webhooks;

mod payloads;

mod sender;

mod graphql;

mod subset;

mod wire;

mod server;

#[path = "../it/support/database.rs"]
mod database;

mod arrivals;

mod understood;

mod asker;

mod story;

mod issuer;

mod tokens;

mod sandbox;
