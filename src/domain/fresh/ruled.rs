//! What rules a deployment beside what it brings, as GitHub shows it at that moment: the policy files and the milestones.

use std::collections::BTreeSet;

use super::{
    super::{
        event::MilestoneSnapshot,
        facts::{Fact, Inquiry},
        glance::{self, Compared},
        ids::{IssueRef, RepoId, SubjectId},
        subject::State,
    },
    said,
};

/// What GitHub shows otherwise than it is known.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Moved {
    /// These must be read anew.
    pub subjects: BTreeSet<SubjectId>,
    /// How GitHub shows the milestones among them.
    pub milestones: Vec<MilestoneSnapshot>,
}

/// Outer `None`: not answered yet; `Err`: GitHub does not say, and why.
pub(super) type Comparison = Option<Result<Moved, String>>;

/// The policy files of these repositories.
pub(super) fn policies(repositories: &[RepoId], inquiry: &mut Inquiry<'_>) -> Comparison {
    let compared: Vec<_> = repositories.iter().map(|repo| policy(*repo, inquiry)).collect();
    all(compared)
}

/// A version that is not signed yet may be about to come into force: who signed it is read anew, too.
fn policy(repo: RepoId, inquiry: &mut Inquiry<'_>) -> Comparison {
    let subject = SubjectId::Repository(repo);
    let (shown, known) = (inquiry.policy_glance(repo), inquiry.known(subject.clone()));
    let (shown, known) = (said(shown?), known?.and_then(State::as_repository));
    let shown = match shown {
        Ok(shown) => shown,
        Err(why) => return Some(Err(why)),
    };
    let is_known = glance::policy_file(shown, known) == Compared::Same;
    if is_known && !known.is_some_and(|known| known.policy.is_on_its_way()) {
        return Some(Ok(Moved::default()));
    }
    let origin = match inquiry.policy_origin(repo)? {
        Fact::Known(numbers, _) => numbers,
        Fact::Unknown(why) => return Some(Err(why)),
    };
    let brought = origin.iter().map(|number| SubjectId::PullRequest(IssueRef { repo, number: *number }));
    Some(Ok(Moved { subjects: brought.chain([subject]).collect(), milestones: vec![] }))
}

/// The milestones of these issues. To be asked once the issues are read at a glance.
pub(super) fn milestones<'s>(
    subjects: impl Iterator<Item = &'s SubjectId>,
    inquiry: &mut Inquiry<'_>,
) -> Comparison {
    let issues = subjects.filter_map(|subject| match subject {
        SubjectId::ChangeRequest(at) => Some(*at),
        SubjectId::Account
        | SubjectId::Repository(_)
        | SubjectId::Milestone(..)
        | SubjectId::PullRequest(_)
        | SubjectId::Commit(..)
        | SubjectId::Release(_)
        | SubjectId::Environment(..)
        | SubjectId::Promotion(..) => None,
    });
    let compared: Vec<_> = issues.map(|at| milestone(at, inquiry)).collect();
    all(compared)
}

fn milestone(at: IssueRef, inquiry: &mut Inquiry<'_>) -> Comparison {
    let shown = match said(inquiry.issue_glance(at)?) {
        Ok(issue) => issue.and_then(|issue| issue.milestone.as_ref()),
        Err(why) => return Some(Err(why)),
    };
    let Some(shown) = shown else { return Some(Ok(Moved::default())) };
    let subject = SubjectId::Milestone(at.repo, shown.number);
    let known = inquiry.known(subject.clone())?.and_then(State::as_milestone);
    Some(match shown.compare(known) {
        Compared::Same => Ok(Moved::default()),
        Compared::Other => {
            Ok(Moved { subjects: [subject].into(), milestones: vec![shown.snapshot(at.repo)] })
        }
        Compared::Older => {
            Err(format!("GitHub shows milestone {} as it was before what it had told of", shown.number))
        }
    })
}

fn all(compared: Vec<Comparison>) -> Comparison {
    let compared: Vec<Result<Moved, String>> = compared.into_iter().collect::<Option<_>>()?;
    Some(compared.into_iter().try_fold(Moved::default(), |all, moved| Ok(all.and(moved?))))
}

impl Moved {
    /// Both.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.subjects.extend(more.subjects);
        let is_new = |milestone: &MilestoneSnapshot| !self.milestones.contains(milestone);
        let new: Vec<_> = more.milestones.into_iter().filter(is_new).collect();
        self.milestones.extend(new);
        self
    }
}
