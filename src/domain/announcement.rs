//! What other systems are told: that something changed, in ids and codes. Nothing that a person wrote is in it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    bell,
    change_request::Stage,
    effect::CheckStatus,
    finding::Outcome,
    ids::{RepoId, RepoName, Sha},
};

/// One change, told once for each time that it happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// When it was decided.
    pub at: Timestamp,
    pub repo: RepoId,
    /// What the repository was called then; `None`: it is not known.
    pub name: Option<RepoName>,
    pub news: News,
    /// Where it is told, and nowhere else; `None`: to whom the settings name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    /// A change request came to a stage, or into the register or out of it.
    Stage {
        /// Of its issue.
        number: u64,
        /// `None`: it is not in the register any more.
        stage: Option<Stage>,
        /// `None`: it was not in the register before.
        was: Option<Stage>,
        /// Since when it is so: what happened on GitHub may have been heard of later.
        since: Option<Timestamp>,
    },
    /// The verdict on a commit is another one.
    Verdict {
        sha: Sha,
        outcome: Outcome,
        /// `None`: it was never judged before.
        was: Option<Outcome>,
        /// What the check run says; `None`: nothing is written in this repository.
        check: Option<CheckStatus>,
        /// The codes of what stands in the way, in alphabetical order.
        obstacles: Vec<String>,
        /// The numbers of the pull requests that it is about.
        pull_requests: Vec<u64>,
    },
    /// It is decided what somebody asked at the gate who does not wait.
    Gate(bell::Told),
}

impl Announcement {
    /// A key of its own for each time that something changes: an announcement never takes the place of another.
    pub(super) fn key(&self) -> String {
        let (repo, at) = (self.repo, self.at.as_microsecond());
        match &self.news {
            News::Stage { number, .. } => format!("announce/{repo}/stage/{number}/{at}"),
            News::Gate(told) => format!("announce/{repo}/gate/{}/{at}", told.gate),
            News::Verdict { sha, .. } => format!("announce/{repo}/verdict/{sha}/{at}"),
        }
    }
}
