//! The gate over HTTP: a pipeline asks whether it may deploy, waits, and is given a permit.
//!
//! What it asks becomes a delivery like everything else, and is decided with the jobs that GitHub holds for us; see
//! [`crate::domain::gate`]. This room proves who asks, hands out what was decided, and decides nothing.
//!
//! - [`asker`]: who asks: a token is proved, and bound to what it is used for first,
//! - [`ground`]: what must be known of a repository first,
//! - `admitting`: whether they may ask that,
//! - [`api`]: the shapes of requests and answers,
//! - [`asking`]: what is asked is written down, or answered by what was decided just now,
//! - `handing`: an allow is handed out only while it holds,
//! - [`permit`]: the signed form of an allow,
//! - [`attestation`]: the same as others' checkers read it,
//! - [`seal`]: permits made beforehand, for when nobody can be asked,
//! - [`lists`]: what is known, to be looked at,
//! - [`pace`]: how often somebody may ask,
//! - `refusals`: which answers say what is wrong,
//! - [`problem`]: what is wrong with a request (RFC 9457),
//! - [`routes`]: the addresses,
//! - [`client`]: the other side of the wire.

mod admitting;
pub mod api;
pub mod asker;
pub mod asking;
pub mod attestation;
pub mod client;
pub mod ground;
mod handing;
pub mod lists;
pub mod pace;
pub mod permit;
pub mod problem;
mod refusals;
pub mod routes;
pub mod seal;

use std::sync::Arc;

use crate::{clock::Clock, domain::bell::Callable, store::Store};

pub use self::{asker::Askers, ground::Grounds, pace::Pace, permit::Keys};

/// What the gate needs.
#[derive(Debug, Clone)]
pub struct Gate {
    pub store: Store,
    pub clock: Clock,
    /// Says who asks.
    pub askers: Askers,
    /// Knows the repositories.
    pub grounds: Grounds,
    /// Counts who asks.
    pub pace: Pace,
    /// What permits are signed with.
    pub keys: Keys,
    /// How people and pipelines reach the server, without a slash at the end; permits name it as their issuer.
    pub url: Arc<str>,
    /// Whom pipelines may have called.
    pub callable: Arc<Callable>,
}
