//! The commits of a list as a graph: which lead to which.

use std::collections::HashMap;

use super::{super::ids::Sha, RangeCommit};

/// Where each commit stands in the list.
pub(super) fn places(commits: &[RangeCommit]) -> HashMap<&Sha, usize> {
    commits.iter().enumerate().map(|(place, commit)| (&commit.sha, place)).collect()
}

/// For each place whether the commit there is one of these or leads to one, within the list.
pub(super) fn reached(
    commits: &[RangeCommit],
    places: &HashMap<&Sha, usize>,
    from: impl IntoIterator<Item = usize>,
) -> Vec<bool> {
    let mut reached = vec![false; commits.len()];
    let mut todo: Vec<usize> = from.into_iter().collect();
    while let Some(place) = todo.pop() {
        let Some(seen) = reached.get_mut(place).filter(|seen| !**seen) else { continue };
        *seen = true;
        let parents = commits.get(place).into_iter().flat_map(|commit| &commit.parents);
        todo.extend(parents.filter_map(|parent| places.get(parent)));
    }
    reached
}

/// The places of what a merge brings: what leads to its other parents and not to its first.
pub(super) fn brought(
    commits: &[RangeCommit],
    places: &HashMap<&Sha, usize>,
    merge: &RangeCommit,
) -> Vec<usize> {
    let Some((first, others)) = merge.parents.split_first() else { return vec![] };
    let had = reached(commits, places, places.get(first).copied());
    let has = reached(commits, places, others.iter().filter_map(|parent| places.get(parent)).copied());
    let new = has.into_iter().zip(had).enumerate().filter(|(_, (has, had))| *has && !had);
    new.map(|(place, _)| place).collect()
}
