//! A replica: it reads, judges and settles one subject at a time, and may fall over in between.

use crate::{
    github::Pile,
    judge::{Id, Outcomes, Told},
};

/// One of several that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Replica {
    Idle,
    /// It has read and judged the environment, and has not settled yet.
    Environment(Holding<Outcomes>),
    /// The same of the pull request.
    PullRequest(Holding<(Id, bool)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Holding<T> {
    pub outcome: T,
    /// The deliveries that it took.
    pub events: Pile,
    /// Something that it read of others has changed since.
    pub outdated: bool,
    /// It read GitHub more than ten seconds ago.
    pub old: bool,
    /// Its lease ran out, and somebody else may hold the subject.
    pub lost: bool,
    /// When it read, the check had passed.
    pub checked: bool,
    /// When it read, something else was let through or ran, by attempt.
    pub busy: [bool; 3],
    /// What it read of others.
    pub told: Told,
}

impl Replica {
    /// It holds what it read of GitHub within the last ten seconds.
    pub fn is_fresh(&self) -> bool {
        match self {
            Self::Environment(held) => !held.old,
            Self::Idle | Self::PullRequest(_) => false,
        }
    }

    /// Replicas are alike, so they stand in an order.
    pub fn rank(&self) -> (u8, Id, bool, bool) {
        match self {
            Self::Environment(held) => (0, held.outcome.environment, held.lost, held.old),
            Self::PullRequest(held) => (1, held.outcome.0, held.lost, held.old),
            Self::Idle => (2, 0, false, false),
        }
    }
}
