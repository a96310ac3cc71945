//! Lost hot-fixes: what runs, and would be undone because the candidate lacks it.
//!
//! Whoever repairs what runs does it on a branch beside, and the repair must not be forgotten when the next release
//! comes from the main branch. So each commit that only the baseline has must be in the candidate in some form.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    super::{
        claim::Claims,
        ids::Sha,
        patch::{self, Way},
    },
    Origin, PullRequestFacts, RangeCommit,
    known::{Index, Known},
    trace::{commits_of, known_print},
};

/// A commit that runs, and that the candidate lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    pub commit: RangeCommit,
    /// The merged pull request that it came with, where that is known.
    pub pull_request: Option<u64>,
    /// Why it is not known whether the candidate has it in another form, as a sentence.
    pub unknown: Option<String>,
}

/// All that only the baseline has, in their order; a rollback takes it back.
pub(super) fn taken_back(only_baseline: &[RangeCommit], known: &Known) -> Vec<Lost> {
    let index = Index::of(known);
    only_baseline.iter().map(|commit| lost_one(commit, &index, None)).collect()
}

/// What of it is in the candidate in no form, and is not given up.
pub(super) fn lost(
    only_baseline: &[RangeCommit],
    range: &[(RangeCommit, Origin)],
    known: &Known,
) -> Vec<Lost> {
    let candidate = Candidate::new(only_baseline, range, known);
    let undone = candidate.undone();
    let all = only_baseline.iter().enumerate().filter(|(place, _)| !undone.contains(place));
    all.filter_map(|(_, commit)| candidate.lacks(commit)).collect()
}

fn lost_one(commit: &RangeCommit, index: &Index<'_>, unknown: Option<String>) -> Lost {
    let pull_request = index.pull_request(&commit.sha).unwrap_or_default();
    Lost { commit: commit.clone(), pull_request, unknown }
}

/// What the candidate has, to be looked up.
struct Candidate<'a> {
    index: Index<'a>,
    only_baseline: &'a [RangeCommit],
    commits: BTreeSet<&'a Sha>,
    pull_requests: BTreeSet<u64>,
    /// What traced commits say that they repeat.
    repeated: BTreeSet<Sha>,
    /// What its commits do.
    prints: BTreeSet<String>,
}

impl<'a> Candidate<'a> {
    fn new(only_baseline: &'a [RangeCommit], range: &'a [(RangeCommit, Origin)], known: &'a Known) -> Self {
        let traced = range.iter().filter(|(_, origin)| origin.is_traced());
        let claims = traced.map(|(commit, _)| Claims::of_message(&commit.message));
        let prints = range.iter().filter_map(|(commit, _)| known.changes.get(&commit.sha));
        Self {
            index: Index::of(known),
            only_baseline,
            commits: range.iter().map(|(commit, _)| &commit.sha).collect(),
            pull_requests: range.iter().filter_map(|(_, origin)| origin.pull_request()).collect(),
            repeated: claims
                .flat_map(|claims| commits_of(&claims.repeats).cloned().collect::<Vec<_>>())
                .collect(),
            prints: prints.filter_map(known_print).collect(),
        }
    }

    /// The places of commits that were taken back again on the way to the baseline, and of what did that. The newest
    /// revert counts first: what a revert takes back takes nothing back.
    fn undone(&self) -> BTreeSet<usize> {
        let places: BTreeMap<&Sha, usize> =
            self.only_baseline.iter().enumerate().map(|(place, commit)| (&commit.sha, place)).collect();
        let mut undone = BTreeSet::new();
        for (place, commit) in self.only_baseline.iter().enumerate().rev() {
            if undone.contains(&place) {
                continue;
            }
            let claims = Claims::of_message(&commit.message);
            let taken_back = commits_of(&claims.undoes).filter(|of| self.takes_back(commit, of));
            let taken_back = taken_back.filter_map(|of| places.get(of)).find(|of| !undone.contains(*of));
            if let Some(of) = taken_back {
                undone.extend([place, *of]);
            }
        }
        undone
    }

    fn takes_back(&self, commit: &RangeCommit, of: &Sha) -> bool {
        let changes = |sha| self.index.changes(sha).ok();
        let both = changes(&commit.sha).zip(changes(of));
        both.is_some_and(|(own, other)| patch::difference(own, &[(other, Way::Back)]).is_none())
    }

    /// `None`: it has the commit, in some form.
    fn lacks(&self, commit: &RangeCommit) -> Option<Lost> {
        let known = self.index.known;
        let named = self.repeated.contains(&commit.sha) || self.was_picked(commit);
        if known.given_up.contains(&commit.sha) || self.commits.contains(&commit.sha) || named {
            return None;
        }
        let number = self.index.pull_request(&commit.sha);
        if number.iter().flatten().any(|number| self.has_again(*number)) {
            return None;
        }
        if commit.is_merge() && (matches!(number, Ok(Some(_))) || self.merges_only(commit)) {
            return None;
        }
        let unknown = match self.index.changes(&commit.sha) {
            Ok(changes) if changes.complete && changes.files.is_empty() => return None,
            Ok(changes) if changes.print().is_some_and(|print| self.prints.contains(&print)) => return None,
            Ok(_) => None,
            Err(why) => Some(why),
        };
        Some(lost_one(commit, &self.index, unknown))
    }

    /// It says itself that it repeats what the candidate has.
    fn was_picked(&self, commit: &RangeCommit) -> bool {
        let claims = Claims::of_message(&commit.message);
        commits_of(&claims.repeats).any(|of| self.commits.contains(of))
    }

    /// A pull request of the candidate repeats this one, or is what this one repeats.
    fn has_again(&self, number: u64) -> bool {
        let facts = &self.index.known.pull_requests;
        let again = |own: &u64| facts.get(own).is_some_and(|facts| facts.repeats().contains(&number));
        let repeated = facts.get(&number).map(PullRequestFacts::repeats).unwrap_or_default();
        let has = |number: &u64| self.pull_requests.contains(number);
        self.pull_requests.iter().any(again) || (!repeated.is_empty() && repeated.iter().all(has))
    }

    /// What it merges speaks for itself.
    fn merges_only(&self, merge: &RangeCommit) -> bool {
        let both = self.index.changes(&merge.sha).ok().zip(self.index.merged(&merge.sha).ok());
        both.is_some_and(|(own, merged)| patch::difference(own, &[(merged, Way::Again)]).is_none())
    }
}
