//! What changed, of each kind of thing. The names follow GitHub's actions; what changes nothing for us is `Other`.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{AccountId, IssueRef};

/// See [`super::What::Installation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstallationChange {
    Created,
    Deleted,
    Suspended,
    Unsuspended,
    PermissionsAccepted,
    Other,
}

/// See [`super::What::Repository`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepositoryChange {
    Created,
    Renamed,
    /// It belongs to another account now.
    Transferred {
        /// The account that it belonged to.
        from: Option<AccountId>,
    },
    Deleted,
    Archived,
    Unarchived,
    Edited,
    Other,
}

/// See [`super::What::Issue`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueChange {
    Opened,
    Edited,
    Closed,
    Reopened,
    /// The label that was set.
    Labeled(String),
    /// The label that was taken off.
    Unlabeled(String),
    Milestoned,
    Demilestoned,
    /// Moved to another repository, where it has another number.
    Transferred {
        to: Option<IssueRef>,
    },
    Deleted,
    /// Pinned, locked, assigned, typed and the like: the snapshot says all there is to know.
    Other,
}

/// See [`super::What::Comment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentChange {
    Created,
    Edited,
    Deleted,
    Other,
}

/// See [`super::What::PullRequest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullRequestChange {
    Opened,
    Edited,
    Closed,
    Reopened,
    /// Its head moved.
    Synchronized,
    ReadyForReview,
    ConvertedToDraft,
    /// Labels, assignees, reviewers, auto-merge, the queue and the like.
    Other,
}

/// See [`super::What::Review`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewChange {
    Submitted,
    Edited,
    Dismissed,
    Other,
}

/// See [`super::What::CheckRun`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckRunChange {
    Created,
    Completed,
    /// Somebody asked for it again.
    Rerequested,
    /// Somebody pressed the button with this identifier.
    Requested(String),
    Other,
}

/// See [`super::What::CheckSuite`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckSuiteChange {
    Requested,
    Rerequested,
    Completed,
    Other,
}

/// See [`super::What::Milestone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneChange {
    Created,
    Edited,
    Opened,
    Closed,
    Deleted,
    Other,
}

/// See [`super::What::MergeGroup`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeGroupChange {
    ChecksRequested,
    Destroyed,
    Other,
}

/// See [`super::What::Label`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelChange {
    Created,
    /// Renamed from this name, where it was renamed.
    Edited {
        from: Option<String>,
    },
    Deleted,
    Other,
}

/// Of a created or deleted reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceKind {
    Branch,
    Tag,
    Other,
}
