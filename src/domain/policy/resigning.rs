//! In which order people sign, and who signs again after what there is to sign has changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::error::Refusal;
use super::people::Signers;
use super::place::Place;
use super::written;

/// Who signs again after a change; everybody, where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resign {
    /// After change requests joined or left.
    pub scope: Again,
    /// After candidates moved, or what a pull request does changed.
    pub commits: Again,
    /// After a change request's text changed.
    pub text: Again,
}

/// Which groups sign again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    #[default]
    All,
    Groups(BTreeSet<String>),
}

impl Again {
    /// Whoever signs again for the one or for the other.
    fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Groups(one), Self::Groups(two)) => Self::Groups(one.union(two).cloned().collect()),
            (Self::All, _) | (_, Self::All) => Self::All,
        }
    }
}

impl Resign {
    /// Where several sections rule: whoever signs again by any of them.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        let Self { scope, commits, text } = self;
        Self {
            scope: scope.and(&other.scope),
            commits: commits.and(&other.commits),
            text: text.and(&other.text),
        }
    }
}

pub(super) fn check(place: &Place<'_>, written: &written::Resign, signers: &Signers) -> Resign {
    let again = |key: &str, written: &Option<written::Again>| match written {
        None => Again::All,
        Some(written::Again::Word(word)) if word == "all" => Again::All,
        Some(written::Again::Word(word)) => {
            place.key(key).refuse(Refusal::of(word, "write all, or a list of groups like [qa]"));
            Again::All
        }
        Some(written::Again::Groups(groups)) => {
            Again::Groups(names(&place.key(key), groups, signers).into_iter().collect())
        }
    };
    Resign {
        scope: again("scope", &written.scope),
        commits: again("commits", &written.commits),
        text: again("text", &written.text),
    }
}

/// Groups and roles that there are, each once.
pub(super) fn names(place: &Place<'_>, written: &[String], signers: &Signers) -> Vec<String> {
    let names = place.each_once(written, |name| Ok(name.to_owned()));
    for (index, name) in written.iter().enumerate() {
        signers.check(&place.item(index), &place.item(index), name, 1);
    }
    names
}

/// The groups in the order in which they sign: where several sections rule, one order after the other.
pub(super) fn in_turn<'a>(orders: impl Iterator<Item = &'a Vec<String>>) -> Vec<String> {
    let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, name) in orders.flatten().enumerate() {
        turns.entry(name).or_insert(place);
    }
    let mut turns: Vec<(usize, &str)> = turns.into_iter().map(|(name, place)| (place, name)).collect();
    turns.sort_unstable();
    turns.into_iter().map(|(_, name)| name.to_owned()).collect()
}
