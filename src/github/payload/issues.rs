//! `issues`, `issue_comment`, `milestone` and `label`.

use jiff::Timestamp;
use serde::{Deserialize, de};

use super::{
    Understood,
    people::{Named, Numbered, Text, User, names, or_empty},
};
use crate::domain::{
    event::{
        CommentChange, CommentSnapshot, CommentedOn, IssueChange, IssueSnapshot, LabelChange,
        MilestoneChange, MilestoneSnapshot, What,
    },
    ids::{CommentId, IssueRef, RepoId},
};

/// An issue, or what the issues API shows of a pull request.
#[derive(Deserialize)]
pub(in crate::github) struct Issue {
    number: u64,
    title: Option<Text>,
    body: Option<Text>,
    state: Option<Text>,
    state_reason: Option<Text>,
    labels: Option<Vec<Named>>,
    #[serde(rename = "type")]
    kind: Option<Named>,
    milestone: Option<IssueNumber>,
    assignees: Option<Vec<User>>,
    user: Option<User>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    pull_request: Option<de::IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct IssueNumber {
    pub(super) number: u64,
}

impl Issue {
    const fn at(&self, repo: RepoId) -> IssueRef {
        IssueRef { repo, number: self.number }
    }

    /// Whether it is a pull request.
    pub(in crate::github) const fn is_pull_request(&self) -> bool {
        self.pull_request.is_some()
    }

    pub(in crate::github) fn snapshot(self, repo: RepoId) -> IssueSnapshot {
        IssueSnapshot {
            at: self.at(repo),
            title: or_empty(self.title),
            body: or_empty(self.body),
            open: self.state.as_ref().map(Text::as_str) != Some("closed"),
            state_reason: self.state_reason.map(String::from),
            labels: names(self.labels),
            issue_type: self.kind.map(|kind| kind.name.into()),
            milestone: self.milestone.map(|milestone| milestone.number),
            assignees: self.assignees.into_iter().flatten().filter_map(User::actor).collect(),
            author: self.user.and_then(User::actor),
            created_at: self.created_at,
            updated_at: self.updated_at,
            closed_at: self.closed_at,
        }
    }
}

/// The body of `issues`.
#[derive(Deserialize)]
pub(super) struct Issues {
    action: Text,
    issue: Issue,
    label: Option<Named>,
    changes: Option<Transfer>,
}

#[derive(Deserialize)]
struct Transfer {
    new_issue: Option<IssueNumber>,
    new_repository: Option<Numbered>,
}

impl Issues {
    /// What happened. GitHub tells of some changes of a pull request here too (its milestone, for one).
    pub(super) fn what(self, repo: RepoId) -> Understood {
        if self.issue.pull_request.is_some() {
            return Understood::Not("the issue is a pull request, which has events of its own".into());
        }
        let change = self.change();
        Understood::As(Box::new(What::Issue { change, issue: self.issue.snapshot(repo) }))
    }

    fn change(&self) -> IssueChange {
        let label = || self.label.as_ref().map(|label| label.name.as_str().to_owned());
        match self.action.as_str() {
            "opened" => IssueChange::Opened,
            "edited" => IssueChange::Edited,
            "closed" => IssueChange::Closed,
            "reopened" => IssueChange::Reopened,
            "labeled" => label().map_or(IssueChange::Other, IssueChange::Labeled),
            "unlabeled" => label().map_or(IssueChange::Other, IssueChange::Unlabeled),
            "milestoned" => IssueChange::Milestoned,
            "demilestoned" => IssueChange::Demilestoned,
            "transferred" => IssueChange::Transferred { to: self.changes.as_ref().and_then(Transfer::to) },
            "deleted" => IssueChange::Deleted,
            _ => IssueChange::Other,
        }
    }
}

impl Transfer {
    fn to(&self) -> Option<IssueRef> {
        let (repository, issue) = (self.new_repository.as_ref()?, self.new_issue.as_ref()?);
        Some(IssueRef { repo: RepoId(repository.id), number: issue.number })
    }
}

/// The body of `issue_comment`.
#[derive(Deserialize)]
pub(super) struct Comment {
    action: Text,
    issue: Issue,
    comment: CommentBody,
}

#[derive(Deserialize)]
struct CommentBody {
    id: u64,
    body: Option<Text>,
    user: Option<User>,
    performed_via_github_app: Option<Numbered>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

impl Comment {
    pub(super) fn what(self, repo: RepoId) -> What {
        let change = match self.action.as_str() {
            "created" => CommentChange::Created,
            "edited" => CommentChange::Edited,
            "deleted" => CommentChange::Deleted,
            _ => CommentChange::Other,
        };
        let on = if self.issue.pull_request.is_some() {
            CommentedOn::PullRequest(self.issue.at(repo))
        } else {
            CommentedOn::Issue(Box::new(self.issue.snapshot(repo)))
        };
        What::Comment { change, on, comment: self.comment.snapshot() }
    }
}

impl CommentBody {
    fn snapshot(self) -> CommentSnapshot {
        CommentSnapshot {
            id: CommentId(self.id),
            body: or_empty(self.body),
            author: self.user.and_then(User::actor),
            app: self.performed_via_github_app.map(|app| app.id),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The body of `milestone`.
#[derive(Deserialize)]
pub(super) struct MilestoneEvent {
    action: Text,
    milestone: Milestone,
    changes: Option<Retitling>,
}

#[derive(Deserialize)]
struct Retitling {
    title: Option<From>,
}

#[derive(Deserialize)]
pub(in crate::github) struct Milestone {
    number: u64,
    title: Text,
    state: Option<Text>,
    due_on: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

impl MilestoneEvent {
    pub(super) fn what(self, repo: RepoId) -> What {
        let change = match self.action.as_str() {
            "created" => MilestoneChange::Created,
            "edited" => MilestoneChange::Edited,
            "opened" => MilestoneChange::Opened,
            "closed" => MilestoneChange::Closed,
            "deleted" => MilestoneChange::Deleted,
            _ => MilestoneChange::Other,
        };
        let was = self.changes.and_then(|changes| changes.title).map(|title| title.from.into());
        What::Milestone { change, milestone: self.milestone.snapshot(repo), was }
    }
}

impl Milestone {
    pub(in crate::github) fn snapshot(self, repo: RepoId) -> MilestoneSnapshot {
        MilestoneSnapshot {
            repo,
            number: self.number,
            title: self.title.into(),
            open: self.state.as_ref().map(Text::as_str) != Some("closed"),
            due_on: self.due_on,
            updated_at: self.updated_at,
        }
    }
}

/// The body of `label`.
#[derive(Deserialize)]
pub(super) struct LabelEvent {
    action: Text,
    label: Named,
    changes: Option<Renaming>,
}

#[derive(Deserialize)]
struct Renaming {
    name: Option<From>,
}

#[derive(Deserialize)]
struct From {
    from: Text,
}

impl LabelEvent {
    pub(super) fn what(self) -> What {
        let from = self.changes.and_then(|changes| changes.name).map(|name| name.from.into());
        let change = match self.action.as_str() {
            "created" => LabelChange::Created,
            "edited" => LabelChange::Edited { from },
            "deleted" => LabelChange::Deleted,
            _ => LabelChange::Other,
        };
        What::Label { change, name: self.label.name.into() }
    }
}
