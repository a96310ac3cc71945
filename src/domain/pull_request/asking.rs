//! Links made in GitHub's sidebar: GitHub tells nobody of them, so whoever lacks nothing but a link is asked again.
//!
//! Every minute for a quarter of an hour after anything happened to the pull request, then every hour. The subjects
//! are due by themselves at that time, and all that are due together are asked in one read.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::{
    policy::{EffectivePolicy, Mode},
    repository::RepositoryView,
};

/// How long after the last activity somebody is probably still at it.
const LIVELY: SignedDuration = SignedDuration::from_mins(15);
const SOON: SignedDuration = SignedDuration::from_mins(1);
const SELDOM: SignedDuration = SignedDuration::from_hours(1);

/// When GitHub is asked for links again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// When something last happened to the pull request.
    pub since: Timestamp,
    /// When GitHub is asked next.
    pub at: Timestamp,
}

impl Asking {
    pub(super) fn is_due(self, now: Timestamp) -> bool {
        self.at <= now
    }

    /// The plan from now on; `active`: something has happened.
    pub(super) fn next(before: Option<Self>, active: bool, now: Timestamp) -> Self {
        let before = before.filter(|_| !active).unwrap_or(Self { since: now, at: now });
        let wait = if now.duration_since(before.since) < LIVELY { SOON } else { SELDOM };
        let at = if before.is_due(now) { now + wait } else { before.at };
        Self { at, ..before }
    }
}

/// Whether a pull request without a change request fails in this repository.
pub(super) fn counts_here(policy: Option<&EffectivePolicy>, repository: Option<&RepositoryView>) -> bool {
    policy.zip(repository).is_some_and(|(policy, repository)| {
        let name = repository.name.as_str();
        policy.mode_for(name) > Mode::Observe && !policy.change_from_pull_request(name)
    })
}
