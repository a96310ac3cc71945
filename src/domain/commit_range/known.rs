//! What was found out about the commits of a comparison, and what people decided about them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::{
    facts::Fact,
    ids::{Actor, Sha},
    patch::Changes,
    pull_request::{Derived, Kind, PullRequestView},
};

/// Everything that a trace rests on. What is missing in a map is not known; [`super::wanted()`] says what to find out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The pull requests of this repository that GitHub says each commit came with.
    pub origins: BTreeMap<Sha, Fact<Vec<u64>>>,
    /// By number.
    pub pull_requests: BTreeMap<u64, PullRequestFacts>,
    /// What each commit changes, as against its first parent. Those of commits elsewhere may help, too.
    pub changes: BTreeMap<Sha, Fact<Changes>>,
    /// What the second parent of each merge had changed since it parted from the first.
    pub merged: BTreeMap<Sha, Fact<Changes>>,
    /// Commits without a pull request that somebody who may has answered for: `/adopt SHA WHY`.
    pub adoptions: BTreeMap<Sha, Logged>,
    /// Commits of the comparison that were there when the repository was switched to `enforce`.
    pub before_enforcement: BTreeSet<Sha>,
    /// Commits that run and that somebody who may has given up since: they may be missing in the candidate. An adoption
    /// from before the baseline ran says nothing of that kind.
    pub given_up: BTreeSet<Sha>,
}

/// What somebody who may said with a command, as logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    pub by: Actor,
    pub why: String,
    pub at: Timestamp,
}

/// A pull request that commits may have come with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequestFacts {
    pub merged: bool,
    /// Whether deployments are made from the branch that it was meant for.
    pub ships: bool,
    /// The commits that came with it.
    pub brought: Vec<Sha>,
    /// What it repeats, undoes or brings back.
    pub derived: Option<Derived>,
}

impl PullRequestFacts {
    /// From what others may read of it; `ships` says whether deployments are made from a branch.
    #[must_use]
    pub fn of(view: &PullRequestView, ships: impl Fn(&str) -> bool) -> Self {
        Self {
            merged: view.merged_at.is_some(),
            ships: ships(&view.base_branch),
            brought: view.brought.clone(),
            derived: view.derived.clone(),
        }
    }

    /// Of several that a commit came with, the one that counts comes first: merged into a branch that ships, and
    /// more than a back-merge.
    fn rank(&self) -> (bool, bool) {
        let only_brings =
            self.derived.as_ref().is_some_and(|derived| derived.is_proven() && derived.kind == Kind::Brings);
        (!self.ships, only_brings)
    }

    /// The numbers of those that it does again, where that is proven.
    pub(super) fn repeats(&self) -> Vec<u64> {
        let repeats = |derived: &&Derived| derived.is_proven() && derived.kind == Kind::Repeats;
        let derived = self.derived.iter().find(repeats);
        derived.into_iter().flat_map(|derived| &derived.from).map(|at| at.number).collect()
    }
}

/// [`Known`], with an index of what came with which pull request.
pub(super) struct Index<'a> {
    pub known: &'a Known,
    came_with: BTreeMap<&'a Sha, Vec<u64>>,
}

impl<'a> Index<'a> {
    pub fn of(known: &'a Known) -> Self {
        let mut came_with: BTreeMap<&Sha, Vec<u64>> = BTreeMap::new();
        for (number, pull_request) in &known.pull_requests {
            for sha in &pull_request.brought {
                came_with.entry(sha).or_default().push(*number);
            }
        }
        Self { known, came_with }
    }

    /// The merged pull request that a commit came with: GitHub says so of the commit, or of the pull request. `Err`: it
    /// is not known; why, as a sentence.
    pub fn pull_request(&self, sha: &Sha) -> Result<Option<u64>, String> {
        let associated = match self.known.origins.get(sha) {
            Some(Fact::Known(numbers, _)) => numbers,
            Some(Fact::Unknown(why)) => return Err(why.clone()),
            None => return Err("GitHub has not been asked yet".into()),
        };
        let read = |number: &u64| self.known.pull_requests.contains_key(number);
        if let Some(unread) = associated.iter().find(|number| !read(number)) {
            return Err(format!("#{unread} has not been read yet"));
        }
        let brought = self.came_with.get(sha).into_iter().flatten();
        let all = associated.iter().chain(brought).filter_map(|number| {
            let facts = self.known.pull_requests.get(number)?;
            facts.merged.then_some((facts.rank(), *number))
        });
        Ok(all.min().map(|(_, number)| number))
    }

    /// What a commit changes. `Err`: it is not known; why, as a sentence.
    pub fn changes(&self, sha: &Sha) -> Result<&'a Changes, String> {
        read(&self.known.changes, sha)
    }

    /// What a merge merges.
    pub fn merged(&self, sha: &Sha) -> Result<&'a Changes, String> {
        read(&self.known.merged, sha)
    }
}

fn read<'a>(from: &'a BTreeMap<Sha, Fact<Changes>>, sha: &Sha) -> Result<&'a Changes, String> {
    match from.get(sha) {
        Some(Fact::Known(changes, _)) => Ok(changes),
        Some(Fact::Unknown(why)) => Err(why.clone()),
        None => Err(format!("what `{}` changes has not been read yet", sha.short())),
    }
}
