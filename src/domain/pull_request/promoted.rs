//! Where a pull request goes by being merged: by the branch that it is for, or by what it touches.

use std::collections::BTreeSet;

use super::{
    super::{
        facts::{Fact, Inquiry},
        ids::{IssueRef, RepoId, Sha, SubjectId},
        policy::EffectivePolicy,
        subject::State,
    },
    Files, PullRequest, PullRequestView, Reading,
    standard::all_paths,
};

/// The environments. Whoever touches more files than GitHub shows goes everywhere. `None`: not answered yet.
pub fn goes_to(
    view: &PullRequestView,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<BTreeSet<String>> {
    if let Some(found) = by_branch(view.at.repo, &view.base_branch, policy, inquiry)? {
        return Some(found);
    }
    let known = inquiry.known(SubjectId::PullRequest(view.at))?.and_then(State::as_pull_request);
    by_files((view.at, &view.head), known.and_then(|known| known.read.as_ref()), policy, inquiry)
}

/// Whether a pull request was deployed by being merged, as far as is known: found out when it is first seen to be merged, and
/// whatever comes into force later changes nothing about that.
pub(super) fn was_promoted(
    before: Option<&PullRequest>,
    after: &PullRequest,
    inquiry: &mut Inquiry<'_>,
) -> bool {
    let seen = &after.seen;
    if !seen.merged || after.guessed || after.gone {
        return false;
    }
    if let Some(before) = before.filter(|before| before.seen.merged) {
        return before.promoted;
    }
    let Some(policy) = inquiry.policy(seen.at.repo).flatten() else { return false };
    let goes = match by_branch(seen.at.repo, &seen.base_branch, &policy, inquiry) {
        Some(None) => by_files((seen.at, &seen.head), after.read.as_ref(), &policy, inquiry),
        Some(found) => found,
        None => None,
    };
    goes.is_some_and(|environments| !environments.is_empty())
}

/// Outer `None`: not answered yet; inner: it depends on what is touched.
fn by_branch(
    repo: RepoId,
    branch: &str,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<Option<BTreeSet<String>>> {
    let repository = inquiry.repository(repo)?;
    let default_branch = repository.and_then(|repository| repository.default_branch.as_deref());
    if default_branch != Some(branch) {
        return Some(Some(policy.promoted_into(branch, default_branch)));
    }
    let is_synced = repository.is_some_and(|it| policy.base().gitops_in(&it.name).next().is_some());
    Some((!policy.promotes_paths() && !is_synced).then(BTreeSet::new))
}

/// `None`: not answered yet.
fn by_files(
    (at, head): (IssueRef, &Sha),
    read: Option<&Reading>,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<BTreeSet<String>> {
    let read = read.filter(|read| read.head == *head);
    let files = match read.map(|read| &read.files) {
        Some(Files::Whole(files)) => Some(files.clone()),
        Some(Files::TooMany) => None,
        Some(Files::Part) | None => match inquiry.changes(at)? {
            Fact::Known(Some(changes), _) if changes.complete => Some(all_paths(changes)),
            Fact::Known(..) | Fact::Unknown(_) => None,
        },
    };
    let files: Option<Vec<&str>> = files.as_ref().map(|files| files.iter().map(String::as_str).collect());
    let mut goes_to = policy.promoted_by(files.as_deref());
    if let Some(name) = inquiry.repository_name(at.repo)? {
        goes_to.extend(policy.synced_by(name, files.as_deref()));
    }
    Some(goes_to)
}
