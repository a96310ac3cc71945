//! Planning: what waits for a decision, in which order the accounts want what was accepted, and what goes into which release.
//!
//! All of it is worked out from [`Line`]s, the short form of each change request that the register keeps. Nothing here decides:
//! people do, and what they said is in the lines.
//!
//! - [`mod@line`]: a change request in short,
//! - [`queue`]: what waits in triage, the oldest first,
//! - [`ranking`]: the order of all that was accepted, merged from the orders of the accounts,
//! - [`plan`]: what goes when; [`load`]: where more is under way than may be,
//! - [`mod@evergreen`]: what goes on and on,
//! - [`accounts`]: who asks for how much, and gets how much,
//! - [`inventory`]: what was there before anybody decided anything; [`likeness`]: what looks like something else.

pub mod accounts;
pub mod evergreen;
pub mod inventory;
pub mod likeness;
pub mod line;
pub mod load;
pub mod plan;
pub mod queue;
pub mod ranking;

#[cfg(test)]
mod tests;

pub use line::{Kind, Line, Pile};
