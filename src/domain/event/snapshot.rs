//! How things were as of one delivery.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{AccountId, Actor, CommentId, IssueRef, RepoId, RepoName, Sha};

/// A user or an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSnapshot {
    pub id: AccountId,
    pub login: String,
    pub organisation: bool,
}

/// A repository's number and name, as lists of an installation carry them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryNumber {
    pub id: RepoId,
    pub name: RepoName,
}

/// A repository as of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositorySnapshot {
    pub id: RepoId,
    pub name: RepoName,
    pub default_branch: Option<String>,
    pub private: Option<bool>,
    pub archived: Option<bool>,
}

/// An issue as of `updated_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueSnapshot {
    pub at: IssueRef,
    pub title: String,
    /// Markdown, as people wrote it; empty where GitHub says `null`.
    pub body: String,
    pub open: bool,
    /// `completed`, `not_planned`, `duplicate`, `reopened`.
    pub state_reason: Option<String>,
    /// In alphabetical order.
    pub labels: Vec<String>,
    /// The organisation's issue type, where it has one.
    pub issue_type: Option<String>,
    /// The number of its milestone.
    pub milestone: Option<u64>,
    pub assignees: Vec<Actor>,
    pub author: Option<Actor>,
    pub created_at: Option<Timestamp>,
    /// GitHub counts whole seconds: two snapshots of one second may differ.
    pub updated_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
}

/// What a comment stands on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentedOn {
    /// An issue, with its snapshot.
    Issue(Box<IssueSnapshot>),
    /// A pull request, of which the delivery shows too little to be a snapshot.
    PullRequest(IssueRef),
}

/// A comment as of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentSnapshot {
    pub id: CommentId,
    pub body: String,
    pub author: Option<Actor>,
    /// The App that wrote it, if an App did.
    pub app: Option<u64>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

/// A pull request as of `updated_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequestSnapshot {
    pub at: IssueRef,
    pub title: String,
    pub body: String,
    pub open: bool,
    pub draft: bool,
    pub merged: bool,
    pub merged_at: Option<Timestamp>,
    pub merge_commit: Option<Sha>,
    pub head: Sha,
    pub head_branch: String,
    /// The repository of the head; `None` when a fork was deleted.
    pub head_repo: Option<RepoId>,
    pub base: Sha,
    pub base_branch: String,
    pub author: Option<Actor>,
    pub labels: Vec<String>,
    pub milestone: Option<u64>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

/// A review as of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewSnapshot {
    pub id: u64,
    pub author: Option<Actor>,
    pub state: ReviewState,
    /// The head it was given on, as first delivered; GitHub moves this field later.
    pub commit: Option<Sha>,
    pub submitted_at: Option<Timestamp>,
}

/// What a review says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    Approved,
    ChangesRequested,
    Commented,
    Dismissed,
    Pending,
    Other,
}

/// A check run as of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRunSnapshot {
    pub id: u64,
    pub name: String,
    pub head_sha: Sha,
    /// The App that made it.
    pub app: Option<u64>,
    pub conclusion: Option<String>,
}

/// A milestone as of `updated_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneSnapshot {
    pub repo: RepoId,
    pub number: u64,
    pub title: String,
    pub open: bool,
    /// GitHub keeps only the day.
    pub due_on: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

/// A merge group: the queue's proposal of a new head for the base branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeGroupSnapshot {
    pub head_sha: Sha,
    pub head_ref: String,
    pub base_sha: Option<Sha>,
    /// The branch without `refs/heads/`.
    pub base_branch: String,
}

/// A team as of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamSnapshot {
    pub id: Option<u64>,
    pub slug: Option<String>,
}
