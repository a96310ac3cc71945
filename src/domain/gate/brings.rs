//! What a deployment brings: the commits between what runs and the candidate, and the pull requests that they came with.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::{finding::Finding, ids::Sha, pairs, policy::Fingerprint};

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
    /// Those that come to nothing, each with the one that takes it back, which comes along too.
    #[serde(default, with = "pairs")]
    pub cancelled: BTreeMap<u64, u64>,
    /// Whether each commit is traced, and what would be lost.
    pub findings: Vec<Finding>,
    /// How many commits without a pull request were adopted when it was found out.
    #[serde(default)]
    pub adopted: usize,
    /// The components of a monorepo that it was cut down to.
    #[serde(default)]
    pub part: Option<Fingerprint>,
    /// The commits that are no merges, oldest first, each with the number of its pull request; of a long range none.
    #[serde(default)]
    pub picks: Vec<(u64, Sha)>,
}

impl Brings {
    /// Whether it is about this range.
    #[must_use]
    pub fn is_of(&self, from: Option<&Sha>, to: &Sha, adopted: usize, part: Option<&Fingerprint>) -> bool {
        let same = self.from.as_ref() == from && self.to == *to;
        same && self.adopted == adopted && self.part.as_ref() == part
    }

    /// Whether what a pull request does comes to nothing: it is taken back, or takes back, all of it within the range.
    #[must_use]
    pub fn comes_to_nothing(&self, number: u64) -> bool {
        self.cancelled.iter().any(|(of, by)| number == *of || number == *by)
    }
}
