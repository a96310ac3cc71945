//! Where a pull request goes by being merged: by the branch that it is for, or by what it touches.

use std::collections::BTreeSet;

use super::{
    super::{
        facts::{Fact, Inquiry},
        ids::SubjectId,
        policy::EffectivePolicy,
        subject::State,
    },
    Files, PullRequestView,
    standard::all_paths,
};

/// The environments. Whoever touches more files than GitHub shows goes everywhere. `None`: not answered yet.
pub fn goes_to(
    view: &PullRequestView,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<BTreeSet<String>> {
    let repository = inquiry.repository(view.at.repo)?;
    let default_branch = repository.and_then(|repository| repository.default_branch.as_deref());
    if default_branch != Some(view.base_branch.as_str()) {
        return Some(policy.promoted_into(&view.base_branch, default_branch));
    }
    if !policy.promotes_paths() {
        return Some(BTreeSet::new());
    }
    let known = inquiry.known(SubjectId::PullRequest(view.at))?.and_then(State::as_pull_request);
    let read = known.and_then(|known| known.read.as_ref()).filter(|read| read.head == view.head);
    let files = match read.map(|read| &read.files) {
        Some(Files::Whole(files)) => Some(files.clone()),
        Some(Files::TooMany) => None,
        Some(Files::Part) | None => match inquiry.changes(view.at)? {
            Fact::Known(Some(changes), _) if changes.complete => Some(all_paths(changes)),
            Fact::Known(..) | Fact::Unknown(_) => None,
        },
    };
    let files: Option<Vec<&str>> = files.as_ref().map(|files| files.iter().map(String::as_str).collect());
    Some(policy.promoted_by(files.as_deref()))
}
