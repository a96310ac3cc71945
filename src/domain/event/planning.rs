//! What a command on a control record says of another issue; and the plan, as it was drawn.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{Actor, CommentId, IssueRef},
    policy::Zone,
};

/// An issue is put into a release, or taken out of its release, by a command elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planning {
    /// The title of the release; `None`: it is taken out.
    pub release: Option<String>,
    pub why: Option<String>,
    pub by: Actor,
    /// When it was said.
    pub at: Timestamp,
    pub comment: CommentId,
    /// The how manyth command of the comment.
    pub place: usize,
    /// Where it was said.
    pub on: IssueRef,
}

/// The plan, as it was drawn to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnPlan {
    pub at: Timestamp,
    pub zone: Zone,
    /// Markdown.
    pub text: String,
    /// Where each change request stands in it.
    pub places: Vec<PlannedAt>,
}

/// Where a change request stands in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedAt {
    pub at: IssueRef,
    /// As Markdown.
    pub name: String,
    /// In the words of whoever asked for it.
    pub title: String,
    /// The release, or that it is in none.
    pub place: String,
}
