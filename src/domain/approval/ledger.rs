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
    standing::Standing,
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
#[serde(from = "Stored")]
pub struct Ledger {
    acts: Vec<Act>,
    /// Nothing from before is taken any more: it may be what was forgotten.
    forgotten_until: Option<Timestamp>,
}

/// How many acts are remembered that do not stand any more.
const MOST: usize = 1_000;

/// As it is stored, and as it was before it had a bound.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Acts(Vec<Act>),
    Ledger { acts: Vec<Act>, forgotten_until: Option<Timestamp> },
}

impl From<Stored> for Ledger {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Acts(acts) => Self { acts, forgotten_until: None },
            Stored::Ledger { acts, forgotten_until } => Self { acts, forgotten_until },
        }
    }
}

impl Ledger {
    /// The acts, in order.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.acts
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
        let is_known = self.acts.iter().any(|known| known.source == act.source);
        if is_known || self.forgotten_until.is_some_and(|until| act.at <= until) {
            return;
        }
        let place = self.acts.partition_point(|known| (known.at, known.source) <= (act.at, act.source));
        self.acts.insert(place, act);
    }

    /// Forgets the oldest of what does not stand any more, where it is too much. What an act has ended is older than the act
    /// and stands no more, so it is forgotten first, and nothing that stands was ended by what is forgotten.
    pub fn forget(&mut self, standing: &Standing) {
        let stands = |source: Source| {
            let given = standing.given.iter().any(|given| given.source == source);
            given || standing.restraints.iter().any(|restraint| restraint.source == source)
        };
        let mut surplus = self.acts.len().saturating_sub(MOST);
        let mut until = self.forgotten_until;
        self.acts.retain(|act| {
            let goes = surplus > 0 && !stands(act.source);
            if goes {
                surplus -= 1;
                until = until.max(Some(act.at));
            }
            !goes
        });
        self.forgotten_until = until;
    }

    /// Takes the reviews as they are now, each with the commit that it was first said to be of. Of each person the
    /// last opinion counts: one that was dismissed, or asks for changes, is no approval, whatever came before it.
    pub fn hear_reviews(&mut self, reviews: &[ReviewSnapshot]) {
        self.acts.retain(|act| !matches!(act.source, Source::Review(_)));
        for (review, deed) in last_opinions(reviews).into_values() {
            let (Some(by), Some(at)) = (review.author.clone(), review.submitted_at) else { continue };
            self.take(Act { at, source: Source::Review(review.id), by, deed, groups: BTreeSet::new() });
        }
    }

    /// Remembers in the name of which groups a rejection or hold stands.
    pub fn remember(&mut self, source: Source, groups: &BTreeSet<String>) {
        if let Some(act) = self.acts.iter_mut().find(|act| act.source == source) {
            act.groups.extend(groups.iter().cloned());
        }
    }

    /// Everybody who did something: whether they are in the groups is what has to be found out.
    #[must_use]
    pub fn people(&self) -> BTreeMap<AccountId, &Actor> {
        self.acts.iter().filter(|act| act.by.person).map(|act| (act.by.id, &act.by)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        approval::standing::{Given, Standing},
        trial::{actor, time},
    };

    fn act(id: u64, by: &str, deed: Deed) -> Act {
        let seconds = i64::try_from(id).unwrap_or_default();
        let source = Source::Comment(CommentId(id), 0);
        Act { at: time(seconds), source, by: actor(by), deed, groups: BTreeSet::new() }
    }

    fn standing(sources: &[u64]) -> Standing {
        let given = |id: &u64| Given {
            by: actor("quinn"),
            group: None,
            revision: "ab".repeat(32).try_into().unwrap(),
            at: time(0),
            source: Source::Comment(CommentId(*id), 0),
        };
        Standing { given: sources.iter().map(given).collect(), ..Standing::default() }
    }

    #[test]
    fn however_much_is_said_what_stands_is_kept_and_what_was_forgotten_is_not_taken_again() {
        let mut ledger = Ledger::default();
        let most = u64::try_from(MOST).unwrap();
        for id in 1..=most + 10 {
            ledger.take(act(id, "quinn", Deed::TakeBack));
        }
        ledger.forget(&standing(&[1, 5]));
        assert_eq!(ledger.acts().len(), MOST);
        let kept: Vec<u64> = ledger
            .acts()
            .iter()
            .take(3)
            .map(|act| if let Source::Comment(id, _) = act.source { id.0 } else { 0 })
            .collect();
        assert_eq!(kept, [1, 5, 13]);
        // An approval that was taken back, and both were forgotten, does not rise again.
        ledger.take(act(3, "quinn", Deed::Hold("late".into())));
        assert_eq!(ledger.acts().len(), MOST);
        ledger.take(act(most + 11, "quinn", Deed::TakeBack));
        assert_eq!(ledger.acts().len(), MOST + 1);
    }

    #[test]
    fn what_was_stored_before_it_had_a_bound_reads_as_it_was() {
        let acts = vec![act(1, "quinn", Deed::TakeBack)];
        let earlier = serde_json::to_string(&acts).unwrap();
        let ledger: Ledger = serde_json::from_str(&earlier).unwrap();
        assert_eq!(ledger.acts(), acts);
        let again: Ledger = serde_json::from_str(&serde_json::to_string(&ledger).unwrap()).unwrap();
        assert_eq!(again, ledger);
    }
}
