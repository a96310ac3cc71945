//! What an operator declares at the command line, and where an issue of ours is. We say both ourselves.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{Actor, IssueRef};

/// An emergency that was declared where there was neither an issue nor a pull request to say it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// What makes it the same when it is seen again.
    pub id: String,
    /// Who declares it, by the operator's word.
    pub by: Actor,
    pub at: Timestamp,
    pub why: String,
    /// Where the incident is described.
    pub incident: Option<String>,
    /// A pull request of the repository that is part of it.
    pub pull_request: Option<u64>,
}

/// For what an issue of ours was opened, where somebody has to know which it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// People look back there on this emergency.
    Retrospective { of: IssueRef },
    /// People look back on what went by since then, while nobody was here.
    Outage { since: Timestamp },
    /// It is the change request of this emergency.
    Emergency(Declaration),
    /// It tells the plan.
    Plan,
    /// The planning meeting that was opened then is held there.
    Meeting { opened: Timestamp },
}
