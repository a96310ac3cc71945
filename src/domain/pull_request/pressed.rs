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
    PullRequest, Reading,
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
    /// Where the pull request was by then.
    #[serde(default)]
    pub head: Option<Sha>,
}

/// The last press since the last push, as far as it is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    pub by: Actor,
    /// Why it signs nothing; `None`: it approves, and who has to sign says whether that helps.
    pub in_vain: Option<InVain>,
}

/// Why a press signs nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InVain {
    /// The check run that was pressed is on this commit, and the pull request was not any more.
    Moved(Sha),
    /// They opened it, or wrote a part of it.
    OwnWork,
    /// This commit is of somebody whom GitHub knows only by mail: that may be anybody.
    Unattributed(Sha),
    /// They have said otherwise in a later review.
    SaidOtherwise,
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
            let head = Some(self.seen.head.clone());
            self.pressed.push(Pressed { by: by.clone(), on: on.clone(), at: case.now, head });
            let entry = AuditEntry::new("approval.pressed").by(Some(by));
            entries.push(entry.fact("pull_request", self.seen.at).fact("commit", on));
        }
        let surplus = self.pressed.len().saturating_sub(MOST);
        self.pressed.drain(..surplus);
        entries
    }

    /// The last press since the last push. Nothing, while it is not known who wrote it.
    pub(super) fn last_press(&self) -> Option<Press> {
        let head = &self.seen.head;
        let last = self.pressed.last().filter(|last| last.head.as_ref() == Some(head) && self.is_open())?;
        let press = |in_vain| Some(Press { by: last.by.clone(), in_vain });
        if last.on != *head {
            return press(Some(InVain::Moved(last.on.clone())));
        }
        let read = self.read.as_ref().filter(|read| read.head == *head && !read.people.is_empty())?;
        press(self.in_vain(last, read))
    }

    fn in_vain(&self, last: &Pressed, read: &Reading) -> Option<InVain> {
        if read.independent_approvals(self).iter().any(|actor| actor.id == last.by.id) {
            None
        } else if self.people().contains(&last.by.id) {
            Some(InVain::OwnWork)
        } else if let Some(commit) = read.unattributed.first() {
            Some(InVain::Unattributed(commit.clone()))
        } else {
            Some(InVain::SaidOtherwise)
        }
    }
}
