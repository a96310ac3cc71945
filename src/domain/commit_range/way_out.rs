//! The way out where a fix is wanted now, and other people's work lies before it: the fix alone, on what runs.

use std::collections::BTreeSet;

use super::{super::ids::Sha, Range};

impl Range {
    /// The commands that put the work of these pull requests on what runs, on a branch that is named after the issue
    /// or pull request `fix`. `None`: nothing runs yet, or the range has nothing of them.
    #[must_use]
    pub fn alone_on_what_runs(&self, fix: u64, pull_requests: &BTreeSet<u64>) -> Option<String> {
        let baseline = self.baseline.as_ref()?;
        let of_them = self.commits.iter().filter(|(commit, origin)| {
            !commit.is_merge() && origin.pull_request().is_some_and(|number| pull_requests.contains(&number))
        });
        let commits: Vec<&str> = of_them.map(|(commit, _)| commit.sha.short()).collect();
        let pick = (!commits.is_empty()).then(|| commits.join(" "))?;
        Some(format!("git switch -c hotfix/{fix} {} && git cherry-pick -x {pick}", Sha::short(baseline)))
    }
}
