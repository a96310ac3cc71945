//! The way out where a fix is wanted now, and other people's work lies before it: the fix alone, on what runs.

use super::{super::ids::Sha, Range};

/// In a longer range nobody picks commits one by one.
const LONGEST: usize = 100;

impl Range {
    /// What could be picked out of it: the commits that are no merges, oldest first, each with the number of its pull request.
    #[must_use]
    pub fn picks(&self) -> Vec<(u64, Sha)> {
        if self.commits.len() > LONGEST {
            return vec![];
        }
        let of_pull_requests = self.commits.iter().filter(|(commit, _)| !commit.is_merge());
        of_pull_requests
            .filter_map(|(commit, origin)| Some((origin.pull_request()?, commit.sha.clone())))
            .collect()
    }
}
