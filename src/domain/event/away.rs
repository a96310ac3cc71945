//! While nobody could be asked: for how long, what was deployed meanwhile, and by which sealed permits. We say all of it ourselves.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Sha;

/// Nobody was here in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// When somebody was last here.
    pub from: Timestamp,
    /// When somebody was here again.
    pub to: Timestamp,
}

impl Gap {
    /// Whether it was then.
    #[must_use]
    pub fn covers(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to
    }
}

/// Permits were made beforehand, for when nobody can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealing {
    /// As whoever makes them writes it.
    pub environment: String,
    pub ids: Vec<String>,
    pub at: Timestamp,
    pub expires_at: Timestamp,
}

/// A sealed permit was used, by the word of whoever used it; that it is one was proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealUsed {
    pub id: String,
    pub expires_at: Timestamp,
    pub why: String,
    /// Who did it, as the pipeline says.
    pub by: Option<String>,
    pub at: Timestamp,
}

/// A deployment without an allow went by while nobody was here. The environment says so, to the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WentBy {
    /// When the gap began.
    pub since: Timestamp,
    /// As GitHub writes it.
    pub environment: String,
    /// GitHub's number.
    pub deployment: u64,
    pub sha: Sha,
    pub at: Timestamp,
    pub seal: Option<SealUsed>,
    /// Who answers for it: whom policy names.
    pub owners: Vec<String>,
    /// Until when people look back on it.
    pub due: Timestamp,
}
