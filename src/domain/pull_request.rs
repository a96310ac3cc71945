//! A pull request: its head, and the change requests it belongs to.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    decide::{Case, Judgement},
    event::PullRequestSnapshot,
    ids::{Actor, IssueRef, Sha, SubjectId},
    link::Link,
    subject::Relation,
};

/// What is known of a pull request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PullRequest {
    /// As last seen.
    pub seen: PullRequestSnapshot,
}

/// What others may read of a pull request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PullRequestView {
    pub at: IssueRef,
    pub title: String,
    pub open: bool,
    pub draft: bool,
    pub merged_at: Option<Timestamp>,
    pub head: Sha,
    pub base_branch: String,
    pub author: Option<Actor>,
    /// The change requests it belongs to, in order.
    pub links: Vec<Link>,
    /// Links whose repository we don't know, as written.
    pub lost_links: Vec<String>,
    /// Why its links could not be read, as a sentence; what is above is then incomplete.
    pub unknown: Option<String>,
    /// People who approved exactly this head and wrote none of it.
    pub independent_approvals: Vec<Actor>,
    /// It edits the policy file: the errors of the file at its head; empty when there are none.
    pub policy_edit: Option<Vec<String>>,
}

impl PullRequest {
    /// What others may read of it.
    #[must_use]
    pub fn view(&self) -> PullRequestView {
        todo!()
    }

    /// The commit it is at, and the change requests it covers.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        todo!()
    }
}

/// Follows the pull request; reads its links, commits and reviews when they may have changed.
#[must_use]
pub fn judge(case: Case<'_>, at: IssueRef) -> Judgement {
    todo!("{case:?} {at}")
}
