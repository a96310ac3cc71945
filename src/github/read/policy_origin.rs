//! Through which pull requests a file on the default branch came to be as it is.

use serde::Deserialize;

use super::shapes::Page;

/// The default branch, with the last commit that changed the file.
#[derive(Debug, Deserialize)]
pub(super) struct Branch {
    target: Option<Head>,
}

#[derive(Debug, Deserialize)]
struct Head {
    history: Option<Page<Commit>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commit {
    associated_pull_requests: Option<Page<PullRequest>>,
}

#[derive(Debug, Deserialize)]
struct PullRequest {
    number: u64,
    merged: bool,
}

impl Branch {
    /// The numbers of the merged ones; none where the commit was pushed.
    pub(super) fn origin(self) -> Vec<u64> {
        let commits = self.target.and_then(|head| head.history).into_iter().flat_map(Page::into_nodes);
        let pulls = commits.filter_map(|commit| commit.associated_pull_requests).flat_map(Page::into_nodes);
        pulls.filter(|pull| pull.merged).map(|pull| pull.number).collect()
    }
}
