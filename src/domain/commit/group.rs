//! Merge groups: the queue's proposals of a new head for a branch. The payload does not say which pull requests
//! are in one, so GitHub is asked.

use serde::{Deserialize, Serialize};

use super::super::{
    event::{Event, MergeGroupChange, What},
    facts::{Fact, Inquiry},
    ids::{RepoId, Sha},
};

/// A merge group that a commit heads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeGroup {
    /// The branch that it is for.
    pub branch: String,
    /// The numbers of its pull requests; empty until GitHub has said them.
    pub members: Vec<u64>,
    /// It is over. A group that is built again has another head, so this stays, whatever comes late.
    pub destroyed: bool,
}

/// A merge group whose pull requests are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnreadGroup {
    pub branch: String,
    /// Why, as a sentence without its full stop.
    pub why: String,
}

/// Follows the groups that this commit heads; `again`: their pull requests are to be read once more.
pub(super) fn follow(groups: &mut Vec<MergeGroup>, sha: &Sha, events: &[Event], again: bool) {
    for event in events {
        let What::MergeGroup { change, group } = &event.what else { continue };
        if group.head_sha != *sha {
            continue;
        }
        match change {
            MergeGroupChange::ChecksRequested => {
                on_branch(groups, &group.base_branch);
            }
            MergeGroupChange::Destroyed => {
                if let Some(group) = on_branch(groups, &group.base_branch) {
                    group.destroyed = true;
                }
            }
            MergeGroupChange::Other => {}
        }
    }
    if again {
        groups.iter_mut().filter(|group| !group.destroyed).for_each(|group| group.members.clear());
    }
}

fn on_branch<'a>(groups: &'a mut Vec<MergeGroup>, branch: &str) -> Option<&'a mut MergeGroup> {
    let place = groups.binary_search_by(|group| group.branch.as_str().cmp(branch)).unwrap_or_else(|place| {
        groups.insert(place, MergeGroup { branch: branch.into(), members: vec![], destroyed: false });
        place
    });
    groups.get_mut(place)
}

/// Asks for the pull requests of the groups that are not over; says which are not known.
pub(super) fn read(
    groups: &mut [MergeGroup],
    repo: RepoId,
    sha: &Sha,
    inquiry: &mut Inquiry<'_>,
) -> Vec<UnreadGroup> {
    let mut unread = vec![];
    for group in groups.iter_mut().filter(|group| !group.destroyed && group.members.is_empty()) {
        let why = match inquiry.merge_group(repo, &group.branch, sha) {
            None => continue,
            Some(Fact::Known([], _)) => "GitHub shows no pull request in it".into(),
            Some(Fact::Known(numbers, _)) => {
                group.members = numbers.to_vec();
                continue;
            }
            Some(Fact::Unknown(why)) => why,
        };
        unread.push(UnreadGroup { branch: group.branch.clone(), why });
    }
    unread
}
