//! What comes to nothing: a pull request and the one that takes it back, where both come along.
//!
//! A revert is believed where what it does was compared with what it takes back. It cancels only what comes along whole,
//! before it, and in no other way: not what was picked once more, and not what runs already in part.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{
    super::{ids::Sha, pull_request::Kind},
    Origin, RangeCommit,
    known::Known,
};

/// The pull requests that come to nothing, each with the one that takes it back.
pub(super) fn cancelled(commits: &[(RangeCommit, Origin)], known: &Known) -> BTreeMap<u64, u64> {
    let touched = touched(commits);
    let mut whole: Vec<(u64, Came)> = came(commits)
        .into_iter()
        .filter(|(number, came)| !touched.contains(number) && came.is_whole(*number, commits, known))
        .collect();
    whole.sort_by_key(|(_, came)| came.last());
    let (mut stands, mut cancelled): (BTreeMap<u64, Came>, _) = (BTreeMap::new(), BTreeMap::new());
    for (number, came) in whole {
        let undone = undoes(number, known);
        let stood_before = |of: &u64| stands.get(of).is_some_and(|it| it.last() < came.first());
        if !undone.is_empty() && undone.iter().all(stood_before) {
            stands.retain(|of, _| !undone.contains(of));
            cancelled.extend(undone.into_iter().map(|of| (of, number)));
        } else {
            stands.insert(number, came);
        }
    }
    cancelled
}

/// The places of the commits that came with a pull request, in order.
struct Came(Vec<usize>);

fn came(commits: &[(RangeCommit, Origin)]) -> BTreeMap<u64, Came> {
    let mut came: BTreeMap<u64, Came> = BTreeMap::new();
    for (place, (_, origin)) in commits.iter().enumerate() {
        if let Origin::PullRequest(number) = origin {
            came.entry(*number).or_insert_with(|| Came(vec![])).0.push(place);
        }
    }
    came
}

impl Came {
    fn first(&self) -> Option<usize> {
        self.0.first().copied()
    }

    fn last(&self) -> Option<usize> {
        self.0.last().copied()
    }

    /// Whether none of its commits runs already: of a merge each is there; of a rebase as many as it had; a squash is one,
    /// and so is the last of a rebase, whose parent then is not in the range.
    fn is_whole(&self, number: u64, commits: &[(RangeCommit, Origin)], known: &Known) -> bool {
        let facts = known.pull_requests.get(&number).filter(|facts| !facts.brought.is_empty());
        let Some(facts) = facts else { return false };
        let own: Vec<&RangeCommit> =
            self.0.iter().filter_map(|place| commits.get(*place)).map(|(commit, _)| commit).collect();
        let shas: HashSet<&Sha> = own.iter().map(|commit| &commit.sha).collect();
        if own.iter().any(|commit| commit.is_merge()) {
            return facts.brought.iter().all(|sha| shas.contains(sha));
        }
        // What it brought are its commits as it had them, and the last of them as they were merged.
        let had = facts.brought.iter().filter(|sha| !shas.contains(sha)).count();
        let has_parent =
            |commit: &&RangeCommit| commits.iter().any(|(other, _)| commit.parents.contains(&other.sha));
        match own.as_slice() {
            [one] => had <= 1 || has_parent(one),
            all => all.len() >= had,
        }
    }
}

/// The pull requests of which single commits do something again, or take it back.
fn touched(commits: &[(RangeCommit, Origin)]) -> BTreeSet<u64> {
    let by = |(_, origin): &(RangeCommit, Origin)| match origin {
        Origin::CherryPick { pull_request, .. } => Some(*pull_request),
        Origin::Revert { pull_request, .. } => *pull_request,
        Origin::BeforeEnforcement
        | Origin::PullRequest(_)
        | Origin::BackMerge
        | Origin::Adopted(_)
        | Origin::Untraced(_) => None,
    };
    commits.iter().filter_map(by).collect()
}

/// What it takes back, where that is proven.
fn undoes(number: u64, known: &Known) -> BTreeSet<u64> {
    let derived = known.pull_requests.get(&number).and_then(|facts| facts.derived.as_ref());
    let derived = derived.filter(|derived| derived.is_proven() && derived.kind == Kind::Undoes);
    derived.into_iter().flat_map(|derived| &derived.from).map(|at| at.number).collect()
}
