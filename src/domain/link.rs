//! How a pull request says which change requests it belongs to.

use serde::{Deserialize, Serialize};

use super::ids::{IssueRef, RepoName};

/// A pull request belongs to a change request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    pub to: IssueRef,
    /// `Closes #n` finishes it; `Change: #n` and `Part-of: #n` are part of it. Both cover commits.
    pub finishes: bool,
}

/// A link as people write it: `#12` or `acme/web#12`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WrittenLink {
    /// `None`: the repository of the pull request.
    pub repo: Option<RepoName>,
    pub number: u64,
    pub finishes: bool,
}
