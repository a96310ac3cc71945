//! An issue, taken in as a change request: who asked, who decided, and how far it is.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    decide::{Case, Judgement},
    event::IssueSnapshot,
    ids::{Actor, IssueRef, ReleaseId, SubjectId},
    subject::Relation,
};

/// What is known of an issue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeRequest {
    /// As last seen.
    pub seen: Option<IssueSnapshot>,
}

/// How far a change request is. Derived from facts, never set by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Requested,
    NeedsInformation,
    Deferred,
    Declined,
    Duplicate,
    Withdrawn,
    Accepted,
    Scheduled,
    InWork,
    Ready,
}

/// Whether it was accepted by somebody who may, and if not, why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acceptance {
    /// Accepted.
    Accepted { by: Option<Actor>, at: Timestamp },
    /// Nobody has accepted it; the time since when it waits.
    Waiting { since: Option<Timestamp> },
    /// Deferred, declined, duplicate or withdrawn.
    Refused { by: Option<Actor>, why: Option<String> },
    /// It could not be found out, and why.
    Unknown(String),
}

/// What others may read of a change request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeRequestView {
    pub at: IssueRef,
    pub title: String,
    /// Whether GitHub has such an issue.
    pub exists: bool,
    /// Whether it was taken in: it has the intake label or type.
    pub taken_in: bool,
    pub stage: Stage,
    pub acceptance: Acceptance,
    pub release: Option<ReleaseId>,
    /// Delivered and closed: it covers no further pull request.
    pub requester: Option<Actor>,
}

impl ChangeRequest {
    /// What others may read of it.
    #[must_use]
    pub fn view(&self) -> ChangeRequestView {
        todo!()
    }

    /// The release it is planned for.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        todo!()
    }
}

/// Follows the issue; judges who set its labels; keeps its status comment up to date.
#[must_use]
pub fn judge(case: Case<'_>, at: IssueRef) -> Judgement {
    todo!("{case:?} {at}")
}
