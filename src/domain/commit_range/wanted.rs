//! What must still be found out before a range can be traced, so that it is asked for together.

use std::collections::BTreeSet;

use super::{
    super::{claim::Claims, facts::Fact, ids::Sha},
    Comparison, Known, RangeCommit,
    known::Index,
    lost,
    trace::{self, commits_of},
};

/// Questions about commits and pull requests of the repository. When there are none, all is known that matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Commits whose pull requests GitHub has to name: [`Known::origins`].
    pub origins: BTreeSet<Sha>,
    /// [`Known::pull_requests`].
    pub pull_requests: BTreeSet<u64>,
    /// [`Known::changes`].
    pub changes: BTreeSet<Sha>,
    /// Merges: [`Known::merged`].
    pub merged: BTreeSet<Sha>,
}

impl Wanted {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn commit(&mut self, sha: &Sha, known: &Known) {
        match known.origins.get(sha) {
            None => drop(self.origins.insert(sha.clone())),
            Some(Fact::Known(numbers, _)) => {
                numbers.iter().for_each(|number| self.pull_request(*number, known));
            }
            Some(Fact::Unknown(_)) => {}
        }
    }

    fn pull_request(&mut self, number: u64, known: &Known) {
        if !known.pull_requests.contains_key(&number) {
            self.pull_requests.insert(number);
        }
    }

    fn changes(&mut self, sha: &Sha, known: &Known) {
        if !known.changes.contains_key(sha) {
            self.changes.insert(sha.clone());
        }
    }

    fn what_it_does(&mut self, commit: &RangeCommit, known: &Known) {
        self.changes(&commit.sha, known);
        if commit.parents.len() == 2 && !known.merged.contains_key(&commit.sha) {
            self.merged.insert(commit.sha.clone());
        }
    }
}

/// What is missing in `known` to trace this comparison: first where everything comes from, then what the commits do
/// that came with no merged pull request, and those that they may repeat: what they name, what bears the same headline,
/// and what runs.
#[must_use]
pub fn wanted(comparison: &Comparison, known: &Known) -> Wanted {
    let mut wanted = Wanted::default();
    let is_new = |commit: &&RangeCommit| !known.before_enforcement.contains(&commit.sha);
    let new: Vec<&RangeCommit> = comparison.commits().iter().filter(is_new).collect();
    for commit in new.iter().copied().chain(comparison.only_baseline()) {
        wanted.commit(&commit.sha, known);
        let claims = Claims::of_message(&commit.message);
        claims.brings.iter().for_each(|number| wanted.pull_request(*number, known));
    }
    if !wanted.is_empty() {
        return wanted;
    }
    let index = Index::of(known);
    let without: Vec<&RangeCommit> =
        new.into_iter().filter(|commit| index.pull_request(&commit.sha) == Ok(None)).collect();
    for commit in &without {
        wanted.what_it_does(commit, known);
        let claims = Claims::of_message(&commit.message);
        for of in commits_of(&claims.repeats).chain(commits_of(&claims.undoes)) {
            wanted.commit(of, known);
            wanted.changes(of, known);
        }
    }
    let single = without.iter().filter(|commit| !commit.is_merge());
    let headlines: BTreeSet<&str> = single.map(|commit| commit.headline()).collect();
    if !headlines.is_empty() {
        let same = comparison.commits().iter().filter(|commit| headlines.contains(commit.headline()));
        let alike = same.chain(comparison.only_baseline());
        alike.for_each(|commit| wanted.changes(&commit.sha, known));
    }
    for_lost(comparison, known, &mut wanted);
    wanted
}

/// A hot-fix that seems lost is looked for among all that the candidate brings.
fn for_lost(comparison: &Comparison, known: &Known, wanted: &mut Wanted) {
    if !matches!(comparison, Comparison::Diverged { .. }) {
        return;
    }
    let origins = trace::trace(comparison.commits(), known);
    let range: Vec<_> = comparison.commits().iter().cloned().zip(origins).collect();
    let lost = lost::lost(comparison.only_baseline(), &range, known);
    for lost in &lost {
        wanted.what_it_does(&lost.commit, known);
        let claims = Claims::of_message(&lost.commit.message);
        commits_of(&claims.undoes).for_each(|of| wanted.changes(of, known));
    }
    if !lost.is_empty() {
        let single = comparison.commits().iter().filter(|commit| !commit.is_merge());
        single.for_each(|commit| wanted.changes(&commit.sha, known));
    }
}
