//! Where a commit comes from.

use serde::{Deserialize, Serialize};

use super::{super::ids::Sha, Logged};

/// Where a commit comes from: one answer for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It was there when the repository was switched to `enforce`.
    BeforeEnforcement,
    /// It came with this merged pull request: squashed, rebased, merged, or as its merge commit.
    PullRequest(u64),
    /// It does just what that commit did, which came with this merged pull request.
    CherryPick { of: Sha, pull_request: u64 },
    /// It takes back just what that commit did; `None`: that commit is in the range, and traced otherwise.
    Revert { of: Sha, pull_request: Option<u64> },
    /// It merges what is traced, commit by commit, and adds nothing to it.
    BackMerge,
    /// Somebody who may has answered for it.
    Adopted(Logged),
    /// None of these is known to be so.
    Untraced(Doubt),
}

/// Why a commit could not be traced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Nothing leads from it to a merged pull request.
    NoPullRequest,
    /// What it says of itself is not so; as a clause: "it says that it repeats `9ab1d04`, but it changes no file".
    Refuted(String),
    /// It could not be found out; why, as a sentence.
    Unknown(String),
}

impl Origin {
    /// Whether the commit is accounted for.
    #[must_use]
    pub const fn is_traced(&self) -> bool {
        match self {
            Self::BeforeEnforcement
            | Self::PullRequest(_)
            | Self::CherryPick { .. }
            | Self::Revert { .. }
            | Self::BackMerge
            | Self::Adopted(_) => true,
            Self::Untraced(_) => false,
        }
    }

    /// The pull request whose work the commit brings. A revert brings none.
    #[must_use]
    pub const fn pull_request(&self) -> Option<u64> {
        match self {
            Self::PullRequest(number) | Self::CherryPick { pull_request: number, .. } => Some(*number),
            Self::BeforeEnforcement
            | Self::Revert { .. }
            | Self::BackMerge
            | Self::Adopted(_)
            | Self::Untraced(_) => None,
        }
    }
}
