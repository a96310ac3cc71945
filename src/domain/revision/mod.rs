//! The revision: a hash of exactly what is signed and of nothing else, so that a signature can name what it is on.
//!
//! - [`text`]: what of a change request is signed,
//! - `encoding`: the bytes that are hashed; no two different contents have the same,
//! - [`difference`]: what has changed between two revisions, in words, and who signs again for it.
//!
//! Windows, freezes, calendars, accounts, notices and who is in a role are judged when it is decided: they are no
//! part of a revision and void no signature.

pub mod difference;
mod encoding;
pub mod text;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{
    ids::{IssueRef, NotA, RepoId, Sha},
    pairs,
    policy::Fingerprint,
};

pub use super::policy::{Again, Resign};
pub use difference::{Difference, Moved, Names};
pub use text::ChangeText;

/// What a signature is on: SHA-256 as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RevisionHash(String);

/// How many digits are shown to people, where so few tell all revisions apart.
const SHOWN: usize = 8;

impl RevisionHash {
    /// As stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As people read it: the first eight digits.
    #[must_use]
    pub fn short(&self) -> &str {
        self.first(SHOWN)
    }

    /// As many of its digits as tell it from the `others`, and at least eight.
    #[must_use]
    pub fn among<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> &str {
        let common = |other: &Self| self.0.bytes().zip(other.0.bytes()).take_while(|(a, b)| a == b).count();
        let others = others.into_iter().filter(|other| *other != self);
        self.first(others.map(common).max().map_or(SHOWN, |common| SHOWN.max(common + 1)))
    }

    fn first(&self, digits: usize) -> &str {
        self.0.get(..digits).unwrap_or(&self.0)
    }
}

impl fmt::Display for RevisionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RevisionHash {
    type Error = NotA;
    fn try_from(text: String) -> Result<Self, NotA> {
        let digits = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if text.len() == 64 && digits { Ok(Self(text)) } else { Err(NotA { what: "a revision", text }) }
    }
}

impl From<RevisionHash> for String {
    fn from(hash: RevisionHash) -> Self {
        hash.0
    }
}

/// What is signed, part by part, so that the difference between two revisions can be said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// The hash of each change request's text, in order of the change requests.
    texts: Vec<(IssueRef, RevisionHash)>,
    /// What a release ships: the candidate of each repository.
    #[serde(with = "pairs")]
    commits: BTreeMap<RepoId, Sha>,
    /// What a pull request does to its base.
    diff: Option<String>,
    /// The rules that judge a release.
    rules: Option<Fingerprint>,
}

impl Parts {
    /// What is signed of a release: the hash of each text ([`ChangeText::hash`]) and the rest. In which order the change requests come does not count.
    #[must_use]
    pub fn of_release(
        texts: BTreeMap<IssueRef, RevisionHash>,
        candidates: BTreeMap<RepoId, Sha>,
        rules: Fingerprint,
    ) -> Self {
        Self { texts: texts.into_iter().collect(), commits: candidates, diff: None, rules: Some(rules) }
    }

    /// What is signed of a pull request, likewise; `diff` is a hash of what it does to its base.
    #[must_use]
    pub fn of_pull_request(texts: BTreeMap<IssueRef, RevisionHash>, diff: impl Into<String>) -> Self {
        Self { texts: texts.into_iter().collect(), diff: Some(diff.into()), ..Self::default() }
    }

    /// The change requests, in order.
    pub fn changes(&self) -> impl Iterator<Item = IssueRef> {
        self.texts.iter().map(|(at, _)| *at)
    }
}

/// A revision: its hash, and its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    hash: RevisionHash,
    parts: Parts,
}

impl Revision {
    /// The revision that has these parts.
    #[must_use]
    pub fn of(parts: Parts) -> Self {
        Self { hash: encoding::hash(&encoding::of_parts(&parts)), parts }
    }

    /// What a signature names.
    #[must_use]
    pub const fn hash(&self) -> &RevisionHash {
        &self.hash
    }

    /// What is signed.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// What is different here from an earlier revision.
    #[must_use]
    pub fn changed_since(&self, earlier: &Self) -> Difference {
        Difference::between(&earlier.parts, &self.parts)
    }
}
