//! Since when a policy rules a repository: what the default branch held then came before anybody was bound by it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        event::{Event, What},
        facts::{Fact, Inquiry},
        ids::Sha,
        policy::Mode,
    },
    Repository,
};

/// Where a repository stood when its policy began to be enforced, or, where it is not, when it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruled {
    /// The head of the default branch.
    pub head: Sha,
    pub at: Timestamp,
    pub enforced: bool,
}

impl Repository {
    /// Remembers the head of the default branch when a policy comes and when it begins to be enforced; whether GitHub did
    /// not answer. A push that tells us of it tells what was there before. `None`: something has to be asked for first.
    pub(super) fn note_ruled(
        &mut self,
        events: &[Event],
        now: Timestamp,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<bool> {
        let view = self.view();
        if view.gone {
            return Some(false);
        }
        let mode = inquiry.policy_of(&view)?.map(|policy| policy.mode_for(view.name.as_str()));
        let Some(mode) = mode else {
            self.ruled = None;
            return Some(false);
        };
        let enforced = mode == Mode::Enforce;
        if self.ruled.as_ref().is_some_and(|ruled| ruled.enforced == enforced) {
            return Some(false);
        }
        let Some(branch) = &self.default_branch else { return Some(false) };
        let head = match before_a_push(events, branch) {
            Some(head) => Some(head.clone()),
            None => match inquiry.reference(self.id, branch)? {
                Fact::Known(found, _) => found.branch.clone(),
                Fact::Unknown(_) => return Some(true),
            },
        };
        self.ruled = head.map(|head| Ruled { head, at: now, enforced });
        Some(false)
    }
}

/// What the branch held before the first of these events that push to it.
pub(super) fn before_a_push<'e>(events: &'e [Event], branch: &str) -> Option<&'e Sha> {
    events.iter().find_map(|event| {
        let What::Push { reference, before, .. } = &event.what else { return None };
        before.as_ref().filter(|_| reference.strip_prefix("refs/heads/") == Some(branch))
    })
}
