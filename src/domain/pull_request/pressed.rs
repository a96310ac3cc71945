//! The button **Approve** on our check run: whoever presses it signs the commit that the check run is on, as a review of that
//! commit would. Whether it counts is judged as for a review.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        decide::Case,
        effect::CHANGE_CHECK,
        ids::{Actor, Sha},
    },
    PullRequest,
};

/// How many are remembered.
const MOST: usize = 50;

/// Somebody pressed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressed {
    pub by: Actor,
    pub on: Sha,
    /// When we heard of it: GitHub does not say when it was.
    pub at: Timestamp,
}

impl PullRequest {
    /// Takes the presses among the deliveries; what the log is told of them.
    pub(super) fn hear_presses(&mut self, case: &Case<'_>) -> Vec<AuditEntry> {
        let mut entries = vec![];
        for event in case.events {
            let by = event.actor.as_ref().filter(|actor| actor.person);
            let Some((by, on)) = by.zip(event.what.signs(case.instance.app, CHANGE_CHECK)) else { continue };
            if self.pressed.iter().any(|known| known.by.id == by.id && known.on == *on) {
                continue;
            }
            self.pressed.push(Pressed { by: by.clone(), on: on.clone(), at: case.now });
            let entry = AuditEntry::new("approval.pressed").by(Some(by));
            entries.push(entry.fact("pull_request", self.seen.at).fact("commit", on));
        }
        let surplus = self.pressed.len().saturating_sub(MOST);
        self.pressed.drain(..surplus);
        entries
    }
}
