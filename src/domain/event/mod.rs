//! What GitHub told us, in our own words: the part of a webhook that anybody here uses, and nothing else.
//!
//! Every foreign field is optional unless the event would mean nothing without it. An event is a hint: it says
//! where to look and carries a snapshot that may already be old.

mod deploying;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use deploying::{
    Callback, DeploymentReport, DeploymentReviewSnapshot, DeploymentReviewer, DeploymentSnapshot,
    RuleRequest, RunSnapshot,
};

use super::ids::{AccountId, Actor, CommentId, InstallationId, IssueRef, RepoId, RepoName, Sha};

/// One delivery, understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The account that owns the repository, or that the installation is on.
    pub account: Option<AccountSnapshot>,
    /// The installation that the delivery came through.
    pub installation: Option<InstallationId>,
    /// The repository that the delivery is about.
    pub repository: Option<RepositorySnapshot>,
    /// Who did it (GitHub's `sender`).
    pub actor: Option<Actor>,
    /// What happened.
    pub what: What,
}

/// What happened. The names follow GitHub's event names; actions that change nothing for us are `Other`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// GitHub tries the hook.
    Ping,
    /// The App was installed, removed, suspended, or given other permissions.
    Installation { change: InstallationChange, repositories: Vec<RepositoryNumber> },
    /// Repositories joined or left the installation.
    InstallationRepositories { added: Vec<RepositoryNumber>, removed: Vec<RepositoryNumber> },
    /// The repository itself changed; the snapshot beside says how it is now.
    Repository { change: RepositoryChange },
    /// An issue changed.
    Issue { change: IssueChange, issue: IssueSnapshot },
    /// A comment on an issue or a pull request.
    Comment { change: CommentChange, on: CommentedOn, comment: CommentSnapshot },
    /// A pull request changed.
    PullRequest { change: PullRequestChange, pull_request: PullRequestSnapshot },
    /// A review of a pull request.
    Review { change: ReviewChange, pull_request: IssueRef, review: ReviewSnapshot },
    /// A check run, anybody's.
    CheckRun { change: CheckRunChange, check_run: CheckRunSnapshot },
    /// A check suite, anybody's.
    CheckSuite { change: CheckSuiteChange, head_sha: Sha, app: Option<u64> },
    /// A milestone changed.
    Milestone { change: MilestoneChange, milestone: MilestoneSnapshot },
    /// Commits arrived on a branch, or a tag moved.
    Push { reference: String, before: Option<Sha>, after: Option<Sha>, forced: bool },
    /// A merge group wants its checks, or is gone.
    MergeGroup { change: MergeGroupChange, group: MergeGroupSnapshot },
    /// A label of the repository was made, changed or deleted.
    Label { change: LabelChange, name: String },
    /// A branch or tag was created.
    Created { kind: ReferenceKind, name: String },
    /// A branch or tag was deleted.
    Deleted { kind: ReferenceKind, name: String },
    /// A GitHub release of a tag (not a release of ours).
    Published { action: String, tag: Option<String> },
    /// A deployment was created.
    Deployment {
        action: String,
        deployment: DeploymentSnapshot,
        /// The run whose job deploys, if one does.
        #[serde(default)]
        run: Option<RunSnapshot>,
    },
    /// A deployment reported its state.
    DeploymentStatus {
        state: Option<String>,
        deployment: DeploymentSnapshot,
        #[serde(default)]
        report: DeploymentReport,
        /// The run whose job deploys, if one does.
        #[serde(default)]
        run: Option<RunSnapshot>,
    },
    /// A job waits for our deployment protection rule.
    ProtectionRule(RuleRequest),
    /// A native review of a waiting deployment: `requested`, `approved` or `rejected`.
    DeploymentReview {
        action: String,
        environment: Option<String>,
        run: Option<u64>,
        #[serde(default)]
        review: DeploymentReviewSnapshot,
    },
    /// A collaborator of the repository.
    Member { action: String, member: Option<Actor> },
    /// A member of a team.
    Membership { added: bool, member: Option<Actor>, team: TeamSnapshot },
    /// A team itself, or its repositories.
    Team { action: String, team: TeamSnapshot },
    /// GitHub lists these otherwise than we know them: they must be read. Our own sweep says so, not GitHub.
    Swept { issues: Vec<IssueRef>, pull_requests: Vec<IssueRef> },
}

impl What {
    /// The repositories that an installation event lists.
    #[must_use]
    pub fn repositories(&self) -> &[RepositoryNumber] {
        if let Self::Installation { repositories, .. }
        | Self::InstallationRepositories { added: repositories, .. } = self
        {
            repositories
        } else {
            &[]
        }
    }

    /// Whether it can change the repository, its labels or its policy file, whatever the repository object beside it says.
    #[must_use]
    pub const fn is_about_the_repository(&self) -> bool {
        matches!(
            self,
            Self::Repository { .. }
                | Self::Push { .. }
                | Self::Installation { .. }
                | Self::InstallationRepositories { .. }
                | Self::Label { .. }
                | Self::DeploymentStatus { .. }
        )
    }

    /// Whether somebody asks for the check `name` of this App again: by GitHub's buttons, or by our own, `recheck`.
    #[must_use]
    pub fn asks_again(&self, app: u64, name: &str) -> bool {
        if let Self::CheckRun { change, check_run } = self {
            let asks = match change {
                CheckRunChange::Rerequested => true,
                CheckRunChange::Requested(button) => button == "recheck",
                CheckRunChange::Created | CheckRunChange::Completed | CheckRunChange::Other => false,
            };
            asks && check_run.app == Some(app) && check_run.name == name
        } else if let Self::CheckSuite { change, app: of, .. } = self {
            *change == CheckSuiteChange::Rerequested && *of == Some(app)
        } else {
            false
        }
    }

    /// A short name for logs and tables: the event, and the change where one is known.
    #[must_use]
    pub fn name(&self) -> String {
        let change = |event: &str, change: &dyn std::fmt::Debug| {
            let text = format!("{change:?}");
            let name = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let words = name.chars().flat_map(|c| c.is_uppercase().then_some(' ').into_iter().chain([c]));
            format!("{event}{}", words.collect::<String>().to_ascii_lowercase())
        };
        match self {
            Self::Ping => "ping".into(),
            Self::Installation { change: c, .. } => change("installation", c),
            Self::InstallationRepositories { .. } => "installation repositories".into(),
            Self::Repository { change: c } => change("repository", c),
            Self::Issue { change: c, .. } => change("issue", c),
            Self::Comment { change: c, .. } => change("comment", c),
            Self::PullRequest { change: c, .. } => change("pull request", c),
            Self::Review { change: c, .. } => change("review", c),
            Self::CheckRun { change: c, .. } => change("check run", c),
            Self::CheckSuite { change: c, .. } => change("check suite", c),
            Self::Milestone { change: c, .. } => change("milestone", c),
            Self::Push { .. } => "push".into(),
            Self::MergeGroup { change: c, .. } => change("merge group", c),
            Self::Label { change: c, .. } => change("label", c),
            Self::Created { kind, .. } => change("created", kind),
            Self::Deleted { kind, .. } => change("deleted", kind),
            Self::Published { action, .. } => format!("release {action}"),
            Self::Deployment { action, .. } => format!("deployment {action}"),
            Self::DeploymentStatus { .. } => "deployment status".into(),
            Self::ProtectionRule(_) => "protection rule".into(),
            Self::DeploymentReview { action, .. } => format!("deployment review {action}"),
            Self::Member { action, .. } => format!("member {action}"),
            Self::Membership { added, .. } => {
                format!("membership {}", if *added { "added" } else { "removed" })
            }
            Self::Team { action, .. } => format!("team {action}"),
            Self::Swept { .. } => "swept".into(),
        }
    }
}

/// See [`What::Installation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstallationChange {
    Created,
    Deleted,
    Suspended,
    Unsuspended,
    PermissionsAccepted,
    Other,
}

/// See [`What::Repository`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepositoryChange {
    Created,
    Renamed,
    /// It belongs to another account now.
    Transferred {
        /// The account that it belonged to.
        from: Option<AccountId>,
    },
    Deleted,
    Archived,
    Unarchived,
    Edited,
    Other,
}

/// See [`What::Issue`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueChange {
    Opened,
    Edited,
    Closed,
    Reopened,
    /// The label that was set.
    Labeled(String),
    /// The label that was taken off.
    Unlabeled(String),
    Milestoned,
    Demilestoned,
    /// Moved to another repository, where it has another number.
    Transferred {
        to: Option<IssueRef>,
    },
    Deleted,
    /// Pinned, locked, assigned, typed and the like: the snapshot says all there is to know.
    Other,
}

/// See [`What::Comment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentChange {
    Created,
    Edited,
    Deleted,
    Other,
}

/// See [`What::PullRequest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullRequestChange {
    Opened,
    Edited,
    Closed,
    Reopened,
    /// Its head moved.
    Synchronized,
    ReadyForReview,
    ConvertedToDraft,
    /// Labels, assignees, reviewers, auto-merge, the queue and the like.
    Other,
}

/// See [`What::Review`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewChange {
    Submitted,
    Edited,
    Dismissed,
    Other,
}

/// See [`What::CheckRun`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckRunChange {
    Created,
    Completed,
    /// Somebody asked for it again.
    Rerequested,
    /// Somebody pressed the button with this identifier.
    Requested(String),
    Other,
}

/// See [`What::CheckSuite`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckSuiteChange {
    Requested,
    Rerequested,
    Completed,
    Other,
}

/// See [`What::Milestone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneChange {
    Created,
    Edited,
    Opened,
    Closed,
    Deleted,
    Other,
}

/// See [`What::MergeGroup`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeGroupChange {
    ChecksRequested,
    Destroyed,
    Other,
}

/// See [`What::Label`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelChange {
    Created,
    /// Renamed from this name, where it was renamed.
    Edited {
        from: Option<String>,
    },
    Deleted,
    Other,
}

/// Of a created or deleted reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceKind {
    Branch,
    Tag,
    Other,
}

/// A user or an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSnapshot {
    pub id: AccountId,
    pub login: String,
    pub organisation: bool,
}

/// A repository's number and name, as lists of an installation carry them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryNumber {
    pub id: RepoId,
    pub name: RepoName,
}

/// A repository as of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositorySnapshot {
    pub id: RepoId,
    pub name: RepoName,
    pub default_branch: Option<String>,
    pub private: Option<bool>,
    pub archived: Option<bool>,
}

/// An issue as of `updated_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueSnapshot {
    pub at: IssueRef,
    pub title: String,
    /// Markdown, as people wrote it; empty where GitHub says `null`.
    pub body: String,
    pub open: bool,
    /// `completed`, `not_planned`, `duplicate`, `reopened`.
    pub state_reason: Option<String>,
    /// In alphabetical order.
    pub labels: Vec<String>,
    /// The organisation's issue type, where it has one.
    pub issue_type: Option<String>,
    /// The number of its milestone.
    pub milestone: Option<u64>,
    pub assignees: Vec<Actor>,
    pub author: Option<Actor>,
    pub created_at: Option<Timestamp>,
    /// GitHub counts whole seconds: two snapshots of one second may differ.
    pub updated_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
}

/// What a comment stands on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentedOn {
    /// An issue, with its snapshot.
    Issue(Box<IssueSnapshot>),
    /// A pull request, of which the delivery shows too little to be a snapshot.
    PullRequest(IssueRef),
}

/// A comment as of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentSnapshot {
    pub id: CommentId,
    pub body: String,
    pub author: Option<Actor>,
    /// The App that wrote it, if an App did.
    pub app: Option<u64>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

/// A pull request as of `updated_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequestSnapshot {
    pub at: IssueRef,
    pub title: String,
    pub body: String,
    pub open: bool,
    pub draft: bool,
    pub merged: bool,
    pub merged_at: Option<Timestamp>,
    pub merge_commit: Option<Sha>,
    pub head: Sha,
    pub head_branch: String,
    /// The repository of the head; `None` when a fork was deleted.
    pub head_repo: Option<RepoId>,
    pub base: Sha,
    pub base_branch: String,
    pub author: Option<Actor>,
    pub labels: Vec<String>,
    pub milestone: Option<u64>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

/// A review as of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewSnapshot {
    pub id: u64,
    pub author: Option<Actor>,
    pub state: ReviewState,
    /// The head it was given on, as first delivered; GitHub moves this field later.
    pub commit: Option<Sha>,
    pub submitted_at: Option<Timestamp>,
}

/// What a review says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    Approved,
    ChangesRequested,
    Commented,
    Dismissed,
    Pending,
    Other,
}

/// A check run as of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRunSnapshot {
    pub id: u64,
    pub name: String,
    pub head_sha: Sha,
    /// The App that made it.
    pub app: Option<u64>,
    pub conclusion: Option<String>,
}

/// A milestone as of `updated_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneSnapshot {
    pub repo: RepoId,
    pub number: u64,
    pub title: String,
    pub open: bool,
    /// GitHub keeps only the day.
    pub due_on: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

/// A merge group: the queue's proposal of a new head for the base branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeGroupSnapshot {
    pub head_sha: Sha,
    pub head_ref: String,
    pub base_sha: Option<Sha>,
    /// The branch without `refs/heads/`.
    pub base_branch: String,
}

/// A team as of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamSnapshot {
    pub id: Option<u64>,
    pub slug: Option<String>,
}
