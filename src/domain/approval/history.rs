//! What there was to sign, and when: which revision a signature is on is read from here and from nothing else.
//!
//! A comment that names a revision is on the one that it named when it was written. One that names none is on the
//! newest that we knew of then, and only if our record had shown that one for long enough. Either way a signature is
//! never on something that came later.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        ids::Sha,
        revision::{Difference, Revision, RevisionHash},
    },
    words::Prefix,
};

/// What there was to sign from a time on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub revision: RevisionHash,
    /// The head of the pull request, where it is one.
    pub head: Option<Sha>,
    /// When we learned of it.
    pub since: Timestamp,
    /// When GitHub confirmed that our record shows it.
    pub shown: Option<Timestamp>,
}

/// What there was to sign, in order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    turns: Vec<Turn>,
    /// What the revisions consist of, as far as that may still be asked. By hash.
    known: BTreeMap<RevisionHash, Revision>,
}

/// Why it is not known on which revision a signature is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unbound {
    /// It named none, and our record had not shown the newest for long enough.
    NotShown,
    /// It named one that there was not.
    NoSuch(Prefix),
    /// More than one began like that.
    Several(Prefix),
    /// It was a review of another commit than the head, or the head was too new.
    OtherHead,
}

impl Turn {
    /// Whether it had begun at a time of GitHub's, which counts whole seconds.
    fn began_by(&self, at: Timestamp) -> bool {
        self.since.as_second() <= at.as_second()
    }
}

impl History {
    /// What there is to sign now; `None`: nothing yet.
    #[must_use]
    pub fn current(&self) -> Option<&RevisionHash> {
        self.turns.last().map(|turn| &turn.revision)
    }

    /// What there is to sign now, and since when our record shows it; `None`: it does not yet.
    #[must_use]
    pub fn shown_since(&self) -> Option<(&RevisionHash, Timestamp)> {
        self.turns.last().and_then(|turn| Some((&turn.revision, turn.shown?)))
    }

    /// Notes what there is to sign now, and the head of the pull request where it is one.
    pub fn turn(&mut self, revision: Revision, head: Option<Sha>, now: Timestamp) {
        let last = self.turns.last();
        let is_same = |turn: &Turn| turn.revision == *revision.hash() && turn.head == head;
        if last.is_some_and(is_same) {
            return;
        }
        let since = last.map_or(now, |last| last.since.max(now));
        let shown = last.filter(|last| last.revision == *revision.hash()).and_then(|last| last.shown);
        self.turns.push(Turn { revision: revision.hash().clone(), head, since, shown });
        self.known.insert(revision.hash().clone(), revision);
    }

    /// Notes that GitHub has confirmed, at this time, that our record shows the revision.
    pub fn shown(&mut self, revision: &RevisionHash, at: Timestamp) {
        let turn = self.turns.iter_mut().rfind(|turn| turn.revision == *revision && turn.since <= at);
        if let Some(turn) = turn.filter(|turn| turn.shown.is_none()) {
            turn.shown = Some(at);
        }
    }

    /// Forgets what the revisions consisted of that are not current and that nobody asks for.
    pub fn forget(&mut self, wanted: impl Fn(&RevisionHash) -> bool) {
        let current = self.current().cloned();
        self.known.retain(|hash, _| Some(hash) == current.as_ref() || wanted(hash));
    }

    /// What has changed from a revision to the current one; `None`: that is not known any more.
    #[must_use]
    pub fn changed_since(&self, earlier: &RevisionHash) -> Option<Difference> {
        Some(self.known.get(self.current()?)?.changed_since(self.known.get(earlier)?))
    }

    /// A revision as people write it: as many digits as tell it from all that there ever were.
    #[must_use]
    pub fn short<'a>(&self, revision: &'a RevisionHash) -> &'a str {
        revision.among(self.turns.iter().map(|turn| &turn.revision))
    }

    fn newest(&self, at: Timestamp) -> Option<&Turn> {
        self.turns.iter().rfind(|turn| turn.began_by(at))
    }

    /// The revision on which a comment of this time is that names none.
    pub(super) fn seen(&self, at: Timestamp, patience: SignedDuration) -> Result<&RevisionHash, Unbound> {
        let long_enough = |turn: &&Turn| turn.shown.is_some_and(|shown| at.duration_since(shown) >= patience);
        self.newest(at).filter(long_enough).map(|turn| &turn.revision).ok_or(Unbound::NotShown)
    }

    /// The one revision of those that there were by this time that begins like this.
    pub(super) fn named(&self, prefix: &Prefix, at: Timestamp) -> Result<&RevisionHash, Unbound> {
        let there = self.turns.iter().filter(|turn| turn.began_by(at)).map(|turn| &turn.revision);
        let mut fitting = there.filter(|revision| prefix.fits(revision));
        match fitting.next() {
            None => Err(Unbound::NoSuch(prefix.clone())),
            Some(first) if fitting.all(|other| other == first) => Ok(first),
            Some(_) => Err(Unbound::Several(prefix.clone())),
        }
    }

    /// The revision on which a review of this commit is.
    pub(super) fn reviewed(
        &self,
        commit: Option<&Sha>,
        at: Timestamp,
        patience: SignedDuration,
    ) -> Result<&RevisionHash, Unbound> {
        let is_of_it = |turn: &&Turn| {
            commit.is_some() && turn.head.as_ref() == commit && at.duration_since(turn.since) >= patience
        };
        self.newest(at).filter(is_of_it).map(|turn| &turn.revision).ok_or(Unbound::OtherHead)
    }
}
