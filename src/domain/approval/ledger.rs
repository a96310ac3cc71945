//! What people did about signing, in the order in which they did it. It is a record: what of it counts is judged
//! anew each time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        command::{Command, Later, Told},
        event::{ReviewSnapshot, ReviewState},
        ids::{AccountId, Actor, CommentId, Sha},
    },
    words::{self, Said, Unclear},
};

/// Where an act is to be seen. GitHub counts reviews and comments apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Review(u64),
    /// A comment, and the how manyth command of it.
    Comment(CommentId, usize),
}

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub at: Timestamp,
    pub source: Source,
    pub by: Actor,
    pub deed: Deed,
    /// Of a rejection or hold: the groups in whose name it was seen to stand. It outlasts its author's leaving them.
    #[serde(default)]
    pub groups: BTreeSet<String>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Signed, in a comment.
    Approve(Said),
    /// Signed, by a review that GitHub first said to be of this commit.
    ApproveInReview(Option<Sha>),
    /// Took the own approvals back.
    TakeBack,
    Reject(String),
    RejectNoMore,
    Hold(String),
    HoldNoMore,
    /// Wanted to sign.
    Unclear(Unclear),
}

/// What people did, in order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger(Vec<Act>);

impl Ledger {
    /// The acts, in order.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.0
    }

    /// Takes the commands of a comment about signing; `groups`: the names of those that there are. What was taken
    /// before is not taken again.
    pub fn hear(&mut self, told: &Told, groups: &[&str]) {
        for (place, command) in told.commands.iter().enumerate() {
            let Command::Later(later) = command else { continue };
            let Some(deed) = Deed::told(later, groups) else { continue };
            let source = Source::Comment(told.comment, place);
            self.take(Act { at: told.at, source, by: told.by.clone(), deed, groups: BTreeSet::new() });
        }
    }

    /// Takes an act; the first that is seen at a place stays.
    pub fn take(&mut self, act: Act) {
        if self.0.iter().any(|known| known.source == act.source) {
            return;
        }
        let place = self.0.partition_point(|known| (known.at, known.source) <= (act.at, act.source));
        self.0.insert(place, act);
    }

    /// Takes the reviews as they are now, each with the commit that it was first said to be of. Of each person the
    /// last opinion counts: one that was dismissed, or asks for changes, is no approval, whatever came before it.
    pub fn hear_reviews(&mut self, reviews: &[ReviewSnapshot]) {
        self.0.retain(|act| !matches!(act.source, Source::Review(_)));
        for (review, deed) in last_opinions(reviews).into_values() {
            let (Some(by), Some(at)) = (review.author.clone(), review.submitted_at) else { continue };
            self.take(Act { at, source: Source::Review(review.id), by, deed, groups: BTreeSet::new() });
        }
    }

    /// Remembers in the name of which groups a rejection or hold stands.
    pub fn remember(&mut self, source: Source, groups: &BTreeSet<String>) {
        if let Some(act) = self.0.iter_mut().find(|act| act.source == source) {
            act.groups.extend(groups.iter().cloned());
        }
    }

    /// Everybody who did something: whether they are in the groups is what has to be found out.
    #[must_use]
    pub fn people(&self) -> BTreeMap<AccountId, &Actor> {
        self.0.iter().filter(|act| act.by.person).map(|act| (act.by.id, &act.by)).collect()
    }
}

fn last_opinions(reviews: &[ReviewSnapshot]) -> BTreeMap<AccountId, (&ReviewSnapshot, Deed)> {
    let mut last: BTreeMap<AccountId, (&ReviewSnapshot, Deed)> = BTreeMap::new();
    for review in reviews {
        let deed = match review.state {
            ReviewState::Approved => Deed::ApproveInReview(review.commit.clone()),
            ReviewState::ChangesRequested | ReviewState::Dismissed => Deed::TakeBack,
            ReviewState::Commented | ReviewState::Pending | ReviewState::Other => continue,
        };
        let Some(author) = &review.author else { continue };
        let key = |review: &ReviewSnapshot| (review.submitted_at, review.id);
        if last.get(&author.id).is_none_or(|(known, _)| key(known) <= key(review)) {
            last.insert(author.id, (review, deed));
        }
    }
    last
}

impl Deed {
    /// `None`: the command is about something else.
    fn told(later: &Later, groups: &[&str]) -> Option<Self> {
        if let Later::Approve(words) = later {
            Some(words::read(words, groups).map_or_else(Self::Unclear, Self::Approve))
        } else if let Later::Reject(why) = later {
            Some(Self::Reject(why.clone()))
        } else if let Later::Hold(why) = later {
            Some(Self::Hold(why.clone()))
        } else {
            let plain = [
                (Later::ApproveCancel, Self::TakeBack),
                (Later::RejectCancel, Self::RejectNoMore),
                (Later::Unhold, Self::HoldNoMore),
            ];
            plain.into_iter().find(|(command, _)| command == later).map(|(_, deed)| deed)
        }
    }
}
