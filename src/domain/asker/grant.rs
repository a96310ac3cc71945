//! What a token of ours is for: where no OpenID Connect is to be had.

use std::{collections::BTreeSet, fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::ids::{RepoId, RepoName};

/// A token lasts no longer.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 90);

/// What somebody who asks may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Ask whether it may be deployed.
    Gate,
    /// Say what became of a deployment.
    Report,
    /// Look.
    Read,
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gate, Self::Report, Self::Read];

    /// As people write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Report => "report",
            Self::Read => "read",
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Deed {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let deed = Self::ALL.into_iter().find(|deed| deed.as_str() == text);
        deed.ok_or_else(|| "write gate, report or read".to_owned())
    }
}

/// What a token of ours is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What it is revoked by.
    pub id: String,
    /// What people call it.
    pub name: String,
    pub repository: RepoId,
    /// As it was called when the token was made.
    pub repository_name: RepoName,
    /// The only environment; `None`: any.
    pub environment: Option<String>,
    /// It sees everything of the account that has the repository. Only what is for looking alone does.
    #[serde(default)]
    pub whole_account: bool,
    pub may: BTreeSet<Deed>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Grant {
    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires_at.min(self.created_at.saturating_add(LONGEST).unwrap_or(self.expires_at))
    }
}
