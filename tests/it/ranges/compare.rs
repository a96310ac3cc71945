//! What GitHub's compare would say, worked out from nothing but the parents of each commit.

use std::collections::{BTreeMap, BTreeSet};

use changegate::domain::{
    commit_range::{Comparison, RangeCommit},
    ids::Sha,
};

pub struct Graph<'a>(BTreeMap<&'a Sha, &'a RangeCommit>);

impl<'a> Graph<'a> {
    pub fn of(commits: impl Iterator<Item = &'a RangeCommit>) -> Self {
        Self(commits.map(|commit| (&commit.sha, commit)).collect())
    }

    /// Merges of two, and where these had parted.
    pub fn merges(&self) -> Vec<(&'a RangeCommit, &'a Sha)> {
        let merges = self.0.values().filter(|commit| commit.parents.len() == 2);
        merges
            .filter_map(|merge| Some((*merge, self.merge_base(&merge.parents[0], &merge.parents[1])?)))
            .collect()
    }

    /// The commit and all that lead to it, without these.
    fn leading_to(&self, sha: &Sha, without: &BTreeSet<&Sha>) -> BTreeSet<&'a Sha> {
        let (mut found, mut todo) = (BTreeSet::new(), vec![sha]);
        while let Some(sha) = todo.pop() {
            let Some(commit) = self.0.get(sha).filter(|_| !without.contains(sha)) else { continue };
            if found.insert(&commit.sha) {
                todo.extend(&commit.parents);
            }
        }
        found
    }

    pub fn history(&self, sha: &Sha) -> BTreeSet<&'a Sha> {
        self.leading_to(sha, &BTreeSet::new())
    }

    /// What leads to one and not to the other, in the order of time.
    fn new_in(&self, sha: &Sha, other: &Sha) -> Vec<RangeCommit> {
        let old = self.history(other);
        let mut new: Vec<&RangeCommit> =
            self.history(sha).into_iter().filter(|sha| !old.contains(sha)).map(|sha| self.0[sha]).collect();
        new.sort_by_key(|commit| commit.committed_at);
        new.into_iter().cloned().collect()
    }

    /// Of what both have, the newest that leads to no other of that.
    fn merge_base(&self, one: &Sha, other: &Sha) -> Option<&'a Sha> {
        let (one, other) = (self.history(one), self.history(other));
        let both: Vec<&Sha> = one.intersection(&other).copied().collect();
        let newest = both.iter().max_by_key(|sha| self.0[**sha].committed_at)?;
        Some(*newest)
    }

    pub fn compare<'b>(&self, from: &Sha, to: &Sha, mut tips: impl Iterator<Item = &'b Sha>) -> Comparison {
        let (commits, only_baseline) = (self.new_in(to, from), self.new_in(from, to));
        match (commits.is_empty(), only_baseline.is_empty()) {
            (true, true) => Comparison::Identical,
            (false, true) => Comparison::Ahead { commits },
            (true, false) => Comparison::Behind { only_baseline },
            (false, false) => Comparison::Diverged {
                commits,
                only_baseline,
                merge_base: self.merge_base(from, to).cloned(),
                on_branch: Some(tips.any(|tip| self.history(tip).contains(from))),
            },
        }
    }

    /// Whether a list without these commits looks whole: nothing in it but leads to the candidate within it, and the
    /// baseline is seen at its beginning.
    pub fn is_seamless(&self, baseline: &Sha, candidate: &Sha, without: &BTreeSet<&Sha>) -> bool {
        let old = self.history(baseline);
        let listed: BTreeSet<&Sha> = self
            .history(candidate)
            .into_iter()
            .filter(|sha| !old.contains(sha) && !without.contains(sha))
            .collect();
        let stops: BTreeSet<&Sha> = old.iter().chain(without).copied().collect();
        let sees_baseline = || listed.iter().any(|sha| self.0[*sha].parents.contains(baseline));
        listed.contains(candidate) && self.leading_to(candidate, &stops) == listed && sees_baseline()
    }
}
