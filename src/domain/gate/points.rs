//! Whether the branch or tag that is deployed from still holds what is deployed.

use serde::{Deserialize, Serialize};

use super::super::ids::Sha;

/// What a branch or tag holds at the moment of deciding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Points {
    /// It was not asked for: nothing is to be let through yet.
    #[default]
    NotAsked,
    /// The commit.
    Here,
    /// It is a tag, and points at this commit.
    Tag(Sha),
    /// It is a branch, and does not hold the commit.
    Branch,
    /// There is none of this name.
    Nowhere,
    /// GitHub did not say; why, as a sentence.
    Unknown(String),
}
