//! What is stored, a page at a time: each page is one query in one tenant, served by an index.

mod entries;

mod gates;

mod subjects;

#[cfg(test)]
mod plans;

pub use self::{entries::Written, gates::ListedGate};

use jiff::Timestamp;

use crate::domain::ids::{RepoId, TenantId};

/// Where in an account something is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub tenant: TenantId,
    /// `None`: everywhere.
    pub repository: Option<RepoId>,
}

/// Which part of a list that begins with the newest; `K` tells apart what is of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<K> {
    /// Where the page before ended; `None`: from the beginning.
    pub after: Option<(Timestamp, K)>,
    /// Nothing older.
    pub since: Option<Timestamp>,
    /// Nothing as new as this.
    pub until: Option<Timestamp>,
    /// Rows to look at.
    pub rows: usize,
}

fn rows(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The oldest moment that is asked for.
fn oldest<K>(part: &Part<K>) -> i64 {
    part.since.map_or(i64::MIN, Timestamp::as_microsecond)
}

/// The place behind which it begins: of a moment only what is older than it, unless a page ended there.
fn beginning<K: Clone>(part: &Part<K>, least: K) -> (i64, K) {
    let until = part.until.map(|until| (until.as_microsecond(), least.clone()));
    let after = part.after.as_ref().map(|(at, key)| (at.as_microsecond(), key.clone()));
    match (until, after) {
        (Some(until), Some(after)) if until.0 <= after.0 => until,
        (_, Some(after)) => after,
        (Some(until), None) => until,
        (None, None) => (i64::MAX, least),
    }
}
