//! What a command on a control record or in a planning meeting says of another issue; the plan and the agenda of a meeting, as they were
//! drawn.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{Actor, CommentId, IssueRef},
    policy::Zone,
};

/// An issue is put into a release, or taken out of its release, by a command elsewhere; or its triage ends so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planning {
    /// The title of the release; `None`: it is taken out, or triage is meant.
    pub release: Option<String>,
    /// How triage ends, where that was said and nothing of a release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triage: Option<Triaged>,
    /// Why; of what is deferred, until when.
    pub why: Option<String>,
    pub by: Actor,
    /// When it was said.
    pub at: Timestamp,
    pub comment: CommentId,
    /// The how manyth command of the comment.
    pub place: usize,
    /// Where it was said.
    pub on: IssueRef,
    /// That is a meeting, which is told what becomes of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_meeting: bool,
}

/// How triage ends by a command elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Triaged {
    Accepted,
    Deferred,
    Declined,
}

/// What became of a command in a meeting, as the change request says that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub of: IssueRef,
    /// Where it was said.
    pub on: IssueRef,
    pub comment: CommentId,
    /// The how manyth command of the comment.
    pub place: usize,
    pub counts: bool,
    /// What it is now, like "planned for 2026.12"; or why it does not count. Markdown.
    pub said: String,
}

/// A planning meeting that is opened, with its agenda.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnAgenda {
    /// When it was drawn, which makes the meeting the same when it is seen again.
    pub at: Timestamp,
    pub train: String,
    pub zone: Zone,
    /// Markdown.
    pub text: String,
    /// Where each change request stands in the plan.
    pub places: Vec<PlannedAt>,
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
