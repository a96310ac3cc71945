//! What GitHub told us, in our own words: the part of a webhook that anybody here uses, and nothing else.
//!
//! Every foreign field is optional unless the event would mean nothing without it. An event is a hint: it says
//! where to look and carries a snapshot that may already be old.

mod away;
mod change;
mod deploying;
mod operator;
mod planning;
mod snapshot;

use serde::{Deserialize, Serialize};

pub use away::{Gap, SealUsed, Sealing, WentBy};
pub use change::{
    CheckRunChange, CheckSuiteChange, CommentChange, InstallationChange, IssueChange, LabelChange,
    MergeGroupChange, MilestoneChange, PullRequestChange, ReferenceKind, RepositoryChange, ReviewChange,
};
pub use deploying::{
    AtGate, Callback, CameTo, DeploymentReport, DeploymentReviewSnapshot, DeploymentReviewer,
    DeploymentSnapshot, Failure, FailureOf, GateAsk, Intent, Pipeline, PipelineReport, RuleRequest,
    RunSnapshot, Shipment,
};
pub use operator::{Declaration, Purpose as IssuePurpose};
pub use planning::{DrawnAgenda, DrawnPlan, Judged, PlannedAt, Planning, Triaged};
pub use snapshot::{
    AccountSnapshot, CheckRunSnapshot, CommentSnapshot, CommentedOn, IssueSnapshot, MergeGroupSnapshot,
    MilestoneSnapshot, PullRequestSnapshot, RepositoryNumber, RepositorySnapshot, ReviewSnapshot,
    ReviewState, TeamSnapshot,
};

use jiff::Timestamp;

use super::{
    ids::{Actor, InstallationId, IssueRef, ReleaseId, Sha},
    revision::RevisionHash,
};

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
    Milestone {
        change: MilestoneChange,
        milestone: MilestoneSnapshot,
        /// What it was called before, where whoever did it gave it another title.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<String>,
    },
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
    /// GitHub has confirmed that the control record of a release shows this revision, and when. We say so ourselves.
    Recorded { release: ReleaseId, record: IssueRef, revision: Option<RevisionHash>, at: Timestamp },
    /// A command on a control record or in a meeting plans an issue. We say so ourselves.
    Planned { issue: IssueRef, planning: Planning },
    /// Somebody declares an emergency at the command line. We say so ourselves.
    Declared(Declaration),
    /// GitHub has confirmed an issue that we keep for this. We say so ourselves.
    Kept { issue: IssueRef, purpose: IssuePurpose },
    /// It is time to look whether these environments are as they are known. Our own sweep says so.
    Watched { environments: Vec<String> },
    /// GitHub shows another policy file than the one that is known: it must be read. Whoever compared them says so.
    PolicyMoved,
    /// An answer that was to let this attempt of a run into an environment was not sent: it had become too old, or
    /// something had happened since. Whoever sends says so.
    Withheld { environment: String, run: u64, attempt: u64 },
    /// Something else runs in an environment than before. The environment says so, to whom it concerns.
    Shipped(Shipment),
    /// A pipeline asks whether it may deploy. The gate says so.
    GateAsked(GateAsk),
    /// A pipeline says how far its deployment is. The gate says so.
    PipelineReported(PipelineReport),
    /// What keeps a release back at a gate. The environment says so, to the release.
    AtGate(AtGate),
    /// Something went wrong. The environment says so, or the release that was closed, to the repository.
    Failed(Failure),
    /// Nobody was here for a while. Whoever came back says so.
    Away(Gap),
    /// Permits were sealed beforehand. An operator says so.
    Sealed(Sealing),
    /// Something went by while nobody was here. The environment says so, to the account.
    WentBy(Box<WentBy>),
    /// The plan is another than the one that was published. Whoever draws it says so, to the account.
    PlanDrawn(Box<DrawnPlan>),
    /// An operator opens a planning meeting. The operator says so, to the account.
    MeetingOpened(Box<DrawnAgenda>),
    /// What became of a command in a meeting. The change request says so, to the account.
    Judged(Box<Judged>),
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

    /// Whether it can change the repository, its labels, its tags, its policy file or what is adopted there, or asks it to look, whatever the repository object beside it says.
    #[must_use]
    pub fn is_about_the_repository(&self) -> bool {
        if let Self::Comment { change: CommentChange::Created, comment, .. } = self {
            return comment.body.to_ascii_lowercase().contains("adopt ");
        }
        matches!(
            self,
            Self::Created { kind: ReferenceKind::Tag, .. }
                | Self::Deleted { kind: ReferenceKind::Tag, .. }
                | Self::Declared(_)
                | Self::Kept { purpose: IssuePurpose::Emergency(_), .. }
                | Self::Repository { .. }
                | Self::Push { .. }
                | Self::PolicyMoved
                | Self::Watched { .. }
                | Self::Installation { .. }
                | Self::InstallationRepositories { .. }
                | Self::Label { .. }
                | Self::DeploymentStatus { .. }
                | Self::Failed(_)
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

    /// The commit that somebody signs by the button `approve` on the check `name` of this App.
    #[must_use]
    pub fn signs(&self, app: u64, name: &str) -> Option<&Sha> {
        let Self::CheckRun { change: CheckRunChange::Requested(button), check_run } = self else {
            return None;
        };
        let ours = check_run.app == Some(app) && check_run.name == name;
        (ours && button == "approve").then_some(&check_run.head_sha)
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
            Self::Recorded { .. } => "recorded".into(),
            Self::Planned { .. } => "planned".into(),
            Self::Declared(_) => "declared".into(),
            Self::Kept { .. } => "kept".into(),
            Self::Watched { .. } => "watched".into(),
            Self::PolicyMoved => "policy moved".into(),
            Self::Withheld { .. } => "withheld".into(),
            Self::Shipped(_) => "shipped".into(),
            Self::GateAsked(_) => "gate asked".into(),
            Self::PipelineReported(_) => "pipeline reported".into(),
            Self::AtGate(_) => "at the gate".into(),
            Self::Failed(_) => "failed".into(),
            Self::Away(_) => "away".into(),
            Self::Sealed(_) => "sealed".into(),
            Self::WentBy(_) => "went by".into(),
            Self::PlanDrawn(_) => "plan drawn".into(),
            Self::MeetingOpened(_) => "meeting opened".into(),
            Self::Judged(_) => "judged".into(),
        }
    }
}
