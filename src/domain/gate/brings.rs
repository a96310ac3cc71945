//! What a deployment brings: the commits between what runs and the candidate, and the pull requests that they came with.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::{finding::Finding, ids::Sha};

/// What was found out of a range; it holds for as long as both its ends are these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brings {
    /// What runs; `None`: nothing was deployed before.
    pub from: Option<Sha>,
    pub to: Sha,
    /// The candidate is older than what runs, or what runs is not in it.
    pub goes_back: bool,
    pub pull_requests: BTreeSet<u64>,
    /// The pull requests that run and are not in the candidate any more.
    #[serde(default)]
    pub undoes: BTreeSet<u64>,
    /// Whether each commit is traced, and what would be lost.
    pub findings: Vec<Finding>,
    /// How many commits without a pull request were adopted when it was found out.
    #[serde(default)]
    pub adopted: usize,
    /// The commits that are no merges, oldest first, each with the number of its pull request; of a long range none.
    #[serde(default)]
    pub picks: Vec<(u64, Sha)>,
}

impl Brings {
    /// Whether it is about this range.
    #[must_use]
    pub fn is_of(&self, from: Option<&Sha>, to: &Sha, adopted: usize) -> bool {
        self.from.as_ref() == from && self.to == *to && self.adopted == adopted
    }
}
