//! A pull request by whose merging something is deployed: where all its commits came with merged pull requests, it needs no
//! change request of its own.

use std::collections::BTreeSet;

use super::{
    super::{
        facts::{Fact, Inquiry},
        finding::code,
        ids::{Sha, SubjectId},
        policy::EffectivePolicy,
        pull_request::{self, PullRequestView, Reading},
        subject::State,
    },
    scene::{Promotes, PullRequestAt},
};

/// `None`: nothing is deployed by merging it. `only_merged`: of which that was found out before.
pub(super) fn look(
    pull_request: &PullRequestAt<'_>,
    policy: Option<&EffectivePolicy>,
    only_merged: &mut BTreeSet<u64>,
    inquiry: &mut Inquiry<'_>,
) -> Option<Promotes> {
    let (view, policy) = pull_request.view.zip(policy)?;
    let goes_to = pull_request::goes_to(view, policy, inquiry)?;
    if goes_to.is_empty() {
        return None;
    }
    if let Some(images) = images(view, inquiry)? {
        return Some(images);
    }
    if only_merged.contains(&view.at.number) {
        return Some(Promotes::OnlyMerged);
    }
    let found = brings(view, inquiry)?;
    if found == Promotes::OnlyMerged {
        only_merged.insert(view.at.number);
    }
    Some(found)
}

/// What moves nothing but images. Outer `None`: not answered yet; inner: it does more, or something else.
fn images(view: &PullRequestView, inquiry: &mut Inquiry<'_>) -> Option<Option<Promotes>> {
    let known = view.images.as_ref().filter(|images| images.head == view.head);
    let Some(edit) = known.map(|images| &images.edit) else { return Some(None) };
    if let Some(why) = edit.unknown.as_ref().filter(|_| edit.unread) {
        return Some(Some(Promotes::Unknown(why.clone())));
    }
    if !edit.is_only_images() {
        return Some(None);
    }
    let known = inquiry.known(SubjectId::PullRequest(view.at))?.and_then(State::as_pull_request);
    let read = known.and_then(|known| known.read.as_ref()).filter(|read| read.head == view.head);
    Some(read.map(|read| Promotes::Images(bots(read))))
}

/// Who wrote it, where those are Apps, and signatures vouch for that. A workflow can be `github-actions[bot]` in any branch.
fn bots(read: &Reading) -> Result<Vec<String>, String> {
    let is_bot = |login: &String| login.ends_with("[bot]") && login != "github-actions[bot]";
    if let Some(commit) = read.unproven.first() {
        let short = commit.short();
        return Err(format!("no signature that GitHub has verified says who wrote `{short}`"));
    }
    match read.writers.iter().find(|login| !is_bot(login)) {
        Some(login) => Err(format!("{} wrote a part of it, and is no App of its own", code(login))),
        None if read.writers.is_empty() => Err("nobody is known to have written it".into()),
        None => Ok(read.writers.clone()),
    }
}

/// `None`: not answered yet.
fn brings(view: &PullRequestView, inquiry: &mut Inquiry<'_>) -> Option<Promotes> {
    let known = inquiry.known(SubjectId::PullRequest(view.at))?.and_then(State::as_pull_request);
    let read = known.and_then(|known| known.read.as_ref()).filter(|read| read.head == view.head);
    let (Some(read), None) = (read, &view.unknown) else {
        return Some(Promotes::Unknown(format!("the commits of #{} have not been read yet", view.at.number)));
    };
    let asked: Vec<(&Sha, _)> =
        read.commits.iter().map(|sha| (sha, inquiry.origins(view.at.repo, sha))).collect();
    let mut found = Promotes::OnlyMerged;
    for (sha, origin) in asked {
        match origin? {
            Fact::Known([], _) => return Some(Promotes::More(sha.clone())),
            Fact::Known(..) => {}
            Fact::Unknown(why) => found = Promotes::Unknown(why),
        }
    }
    Some(found)
}
