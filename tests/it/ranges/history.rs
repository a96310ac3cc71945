//! A random history, and what was done for each of its commits.

use std::collections::{BTreeMap, BTreeSet};

use changegate::domain::ids::Sha;
use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};

/// Places where something can be changed, in files of four each. Between them are so many lines that none is beside another.
pub const PLACES: usize = 24;

pub type Content = [u32; PLACES];

/// What is changed: where, from what and to what.
pub type Change = BTreeMap<usize, (u32, u32)>;

/// A commit, and how it came about.
pub struct Done {
    pub sha: Sha,
    pub parents: Vec<usize>,
    pub message: String,
    pub content: Content,
    /// As against the first parent.
    pub change: Change,
    /// It, and all that lead to it.
    pub history: Places,
    pub how: How,
    /// The pull requests that GitHub would name.
    pub numbers: Vec<u64>,
}

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Something new.
    Work,
    /// With `git cherry-pick -x`, or so it says.
    Pick(usize),
    /// With `git revert`, or so it says.
    Revert(usize),
    /// The same as that commit, without a word: `git cherry-pick`, `git commit --amend`.
    Silent(usize),
    Merge,
}

#[derive(Debug, Clone)]
pub struct PullRequest {
    pub merged: bool,
    /// Merged into a branch that ships.
    pub ships: bool,
    pub brought: Vec<Sha>,
}

pub struct History {
    pub seed: u64,
    pub done: Vec<Done>,
    pub pull_requests: BTreeMap<u64, PullRequest>,
    /// The tips of `main` and of the release branches.
    pub branches: Vec<usize>,
    /// Tips that somebody pushed over.
    pub abandoned: Vec<usize>,
    pub adopted: BTreeSet<Sha>,
    /// A commit that was there when the repository was switched.
    pub enforced: Option<Sha>,
}

impl History {
    /// Of nothing yet.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            done: vec![],
            pull_requests: BTreeMap::new(),
            branches: vec![0],
            abandoned: vec![],
            adopted: BTreeSet::new(),
            enforced: None,
        }
    }

    pub fn tips(&self) -> impl Iterator<Item = &Sha> {
        self.branches.iter().map(|tip| &self.done[*tip].sha)
    }

    /// What runs and what is to run: mostly an older commit and a tip.
    pub fn ends(&self, chance: &mut StdRng) -> (&Sha, &Sha) {
        let any = chance.random_range(0..self.done.len());
        let over = self.abandoned.choose(chance).copied().unwrap_or(any);
        let tip = *self.branches.choose(chance).unwrap();
        let other = *self.branches.choose(chance).unwrap();
        let (from, to) = match chance.random_range(0..10) {
            0 => (tip, any),
            1 | 2 => (over, tip),
            3 | 4 => (other, tip),
            _ => (any, tip),
        };
        (&self.done[from].sha, &self.done[to].sha)
    }

    pub fn place(&self, sha: &Sha) -> usize {
        self.done.iter().position(|done| done.sha == *sha).unwrap()
    }

    /// Of what both have, all that lead to no other of that.
    pub fn merge_bases(&self, one: usize, other: usize) -> Vec<usize> {
        let both = self.done[one].history.both(&self.done[other].history);
        let parents = both.iter().flat_map(|place| &self.done[place].parents);
        let inner = parents.fold(Places::default(), |all, parent| all.all(&self.done[*parent].history));
        both.iter().filter(|place| !inner.has(*place)).collect()
    }

    /// What the second parent of a merge had changed since it parted from the first; `None`: they met more than once.
    pub fn merged_change(&self, merge: &Done) -> Option<Change> {
        let [one, other] = merge.parents.as_slice() else { return None };
        let bases = self.merge_bases(*one, *other);
        let [base] = bases.as_slice() else { return None };
        Some(change(&self.done[*base].content, &self.done[*other].content))
    }
}

/// Places of commits, as a row of bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Places([u64; 8]);

impl Places {
    pub fn with(mut self, place: usize) -> Self {
        self.0[place / 64] |= 1 << (place % 64);
        self
    }

    pub fn has(&self, place: usize) -> bool {
        self.0[place / 64] & (1 << (place % 64)) != 0
    }

    pub fn all(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own |= other);
        self
    }

    fn both(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own &= other);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..512).filter(|place| self.has(*place))
    }
}

/// What leads from one content to the other.
pub fn change(from: &Content, to: &Content) -> Change {
    let both = from.iter().zip(to).enumerate();
    both.filter(|(_, (from, to))| from != to).map(|(place, (from, to))| (place, (*from, *to))).collect()
}

/// What takes a change back.
pub fn inverse(change: &Change) -> Change {
    change.iter().map(|(place, (from, to))| (*place, (*to, *from))).collect()
}

/// The content after a change, where everything was as the change wants it.
pub fn applied(mut content: Content, change: &Change) -> Option<Content> {
    for (place, (from, to)) in change {
        if content[*place] != *from {
            return None;
        }
        content[*place] = *to;
    }
    Some(content)
}
