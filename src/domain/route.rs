//! Whom an event concerns.

use super::{
    effect::CHANGE_CHECK,
    event::{CommentedOn, Event, IssueChange, What},
    facts::Question,
    ids::{IssueRef, SubjectId, SubjectKind},
    subject::Relation,
};

/// The subjects that must look at an event, in the order of waking. Empty: it concerns nobody here.
///
/// The account and the repository are named for every event that shows them: whoever routes may leave them out
/// where [`super::account::Account::agrees_with`] and [`super::repository::RepositoryView::agrees_with`] say that the event
/// tells them nothing new.
#[must_use]
pub fn route(event: &Event) -> Vec<SubjectId> {
    let mut subjects = vec![SubjectId::Account];
    subjects.extend(event.repository.as_ref().map(|repository| SubjectId::Repository(repository.id)));
    subjects.extend(concerned(event));
    subjects.sort();
    subjects.dedup();
    subjects
}

/// Whom an event concerns beyond that, as the store knows: the question whose answer are these subjects.
///
/// Who asks for our check again asks for a second look at the pull requests too: a link that was made by hand in
/// GitHub's sidebar tells nobody. The delivery names those of the repository itself, but none of a fork's; the store
/// knows every open one at the commit. Each reads GitHub again and wakes the commit, so that nothing wakes backwards.
#[must_use]
pub fn also(event: &Event, app: u64) -> Option<Question> {
    let asked = event.what.asks_again(app, CHANGE_CHECK);
    let mut commits = concerned(event).into_iter().filter(|subject| subject.kind() == SubjectKind::Commit);
    commits.next().filter(|_| asked).map(|commit| Question::PointingAt(commit, Relation::At))
}

fn concerned(event: &Event) -> Vec<SubjectId> {
    let repo = event.repository.as_ref().map(|repository| repository.id);
    match &event.what {
        What::Issue { change: IssueChange::Transferred { to: Some(to) }, issue } => {
            vec![SubjectId::ChangeRequest(issue.at), SubjectId::ChangeRequest(*to)]
        }
        What::Issue { issue, .. } => vec![SubjectId::ChangeRequest(issue.at)],
        What::Comment { on: CommentedOn::Issue(issue), .. } => vec![SubjectId::ChangeRequest(issue.at)],
        What::Comment { on: CommentedOn::PullRequest(at), .. } => vec![SubjectId::PullRequest(*at)],
        What::PullRequest { pull_request, .. } => vec![SubjectId::PullRequest(pull_request.at)],
        What::Review { pull_request, .. } => vec![SubjectId::PullRequest(*pull_request)],
        What::CheckRun { check_run, .. } => {
            repo.map(|repo| SubjectId::Commit(repo, check_run.head_sha.clone())).into_iter().collect()
        }
        What::CheckSuite { head_sha, .. } => {
            repo.map(|repo| SubjectId::Commit(repo, head_sha.clone())).into_iter().collect()
        }
        What::Milestone { milestone, .. } => vec![SubjectId::Milestone(milestone.repo, milestone.number)],
        What::MergeGroup { group, .. } => {
            repo.map(|repo| SubjectId::Commit(repo, group.head_sha.clone())).into_iter().collect()
        }
        What::Push { .. } | What::Repository { .. } => repo.map(SubjectId::Repository).into_iter().collect(),
        What::Installation { repositories, .. } => {
            repositories.iter().map(|named| SubjectId::Repository(named.id)).collect()
        }
        What::InstallationRepositories { added, removed } => {
            added.iter().chain(removed).map(|named| SubjectId::Repository(named.id)).collect()
        }
        // A renamed label changes the snapshots of the issues that bear it; GitHub tells of each by its next event,
        // and the sweep of the others.
        What::Label { .. } => vec![],
        What::Ping
        | What::Created { .. }
        | What::Deleted { .. }
        | What::Published { .. }
        | What::Deployment { .. }
        | What::DeploymentStatus { .. }
        | What::ProtectionRule { .. }
        | What::DeploymentReview { .. }
        | What::Member { .. }
        | What::Membership { .. }
        | What::Team { .. } => vec![],
    }
}

/// The issue or pull request that an event is about, if it is about one.
#[must_use]
pub fn about(event: &Event) -> Option<IssueRef> {
    concerned(event).into_iter().find_map(|subject| match subject {
        SubjectId::PullRequest(at) | SubjectId::ChangeRequest(at) => Some(at),
        SubjectId::Account
        | SubjectId::Repository(_)
        | SubjectId::Milestone(..)
        | SubjectId::Commit(..)
        | SubjectId::Release(_) => None,
    })
}
