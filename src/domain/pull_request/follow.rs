//! Follows the snapshots of a pull request through deliveries that come late, twice or in another order.

use std::cmp::Ordering;

use super::super::{
    event::{Event, PullRequestSnapshot, What},
    ids::IssueRef,
};

/// Where the deliveries lead.
#[derive(Debug)]
pub(super) struct Followed {
    /// The newest snapshot.
    pub seen: Option<PullRequestSnapshot>,
    /// Two snapshots of one second differ: only GitHub knows which is the later one.
    pub ambiguous: bool,
}

/// Takes what is newer, drops what is older.
pub(super) fn follow(before: Option<&PullRequestSnapshot>, at: IssueRef, events: &[Event]) -> Followed {
    let mut followed = Followed { seen: before.cloned(), ambiguous: false };
    for event in events {
        if let What::PullRequest { pull_request, .. } = &event.what
            && pull_request.at == at
        {
            followed.take(pull_request);
        }
    }
    followed
}

impl Followed {
    fn take(&mut self, new: &PullRequestSnapshot) {
        let Some(seen) = &self.seen else {
            self.seen = Some(new.clone());
            return;
        };
        match new.updated_at.cmp(&seen.updated_at) {
            Ordering::Greater => {
                self.seen = Some(new.clone());
                self.ambiguous = false;
            }
            Ordering::Less if new.updated_at.is_some() => {}
            Ordering::Less | Ordering::Equal => self.ambiguous |= new != seen,
        }
    }
}
