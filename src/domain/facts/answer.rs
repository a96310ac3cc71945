//! What may be answered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::deploying::{
    Comparison, DeploymentReading, EnvironmentReading, PendingDeployment, ReferenceReading,
    WorkflowRunReading,
};
use crate::domain::{
    event::{IssueSnapshot, PullRequestSnapshot, RepositoryNumber, ReviewSnapshot},
    glance::{IssueGlance, PullRequestGlance},
    ids::{Actor, IssueRef, RepoId, Sha, SubjectId},
    patch::Changes,
    pull_request::Files,
    subject::{State, View},
};

/// The answer to a question, of the variant that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Question::View`](super::Question::View): `None` where the subject has never been settled.
    View(Option<Box<View>>),
    /// To [`Question::PointingAt`](super::Question::PointingAt), in order.
    PointingAt(Vec<SubjectId>),
    /// To [`Question::RepositoryNamed`](super::Question::RepositoryNamed).
    RepositoryNamed(Option<RepoId>),
    /// To [`Question::Known`](super::Question::Known): `None` where the subject has never been settled.
    Known(Option<Box<State>>),
    /// To [`Question::Unsettled`](super::Question::Unsettled).
    Unsettled(bool),
    /// To [`Question::AtStage`](super::Question::AtStage).
    AtStage(usize),
    /// To [`Question::Issue`](super::Question::Issue); `None`: GitHub says there is none.
    Issue(Option<Box<IssueReading>>),
    /// To [`Question::PullRequest`](super::Question::PullRequest); `None`: GitHub says there is none.
    PullRequest(Option<Box<PullRequestReading>>),
    /// To [`Question::PolicyFile`](super::Question::PolicyFile); `None`: the repository has none.
    PolicyFile(Option<String>),
    /// To [`Question::PolicyOrigin`](super::Question::PolicyOrigin): the numbers of merged pull requests.
    PolicyOrigin(Vec<u64>),
    /// To [`Question::Team`](super::Question::Team).
    Team(Vec<Actor>),
    /// To [`Question::Person`](super::Question::Person); `None`: GitHub says there is nobody.
    Person(Option<Actor>),
    /// To [`Question::MergeGroup`](super::Question::MergeGroup): the numbers of its pull requests, in order; empty when the group is gone.
    MergeGroup(Vec<u64>),
    /// To [`Question::InstallationRepositories`](super::Question::InstallationRepositories).
    InstallationRepositories(Vec<RepositoryNumber>),
    /// To [`Question::Links`](super::Question::Links); all of them, or the fact is unknown.
    Links(Vec<IssueRef>),
    /// To [`Question::Changes`](super::Question::Changes), [`Question::CommitChanges`](super::Question::CommitChanges) and
    /// [`Question::ChangesBetween`](super::Question::ChangesBetween); `None`: GitHub says there is no such thing.
    Changes(Option<Changes>),
    /// To [`Question::Origins`](super::Question::Origins): their numbers, in order.
    Origins(Vec<u64>),
    /// To [`Question::Checks`](super::Question::Checks).
    Checks(Vec<CheckReading>),
    /// To [`Question::WorkflowRun`](super::Question::WorkflowRun); `None`: GitHub says there is none.
    WorkflowRun(Option<Box<WorkflowRunReading>>),
    /// To [`Question::PendingDeployments`](super::Question::PendingDeployments); empty too where there is no such run.
    PendingDeployments(Vec<PendingDeployment>),
    /// To [`Question::Deployments`](super::Question::Deployments), newest first: down to the one that runs, or all of them where none does.
    Deployments(Vec<DeploymentReading>),
    /// To [`Question::Compare`](super::Question::Compare); `None`: GitHub knows no such commit here, or they have no beginning in common.
    Compare(Option<Box<Comparison>>),
    /// To [`Question::Provenance`](super::Question::Provenance): the commits that they name; empty: none says anything.
    Provenance(Vec<Sha>),
    /// To [`Question::Provenance`](super::Question::Provenance): by the settings of this server none counts.
    NoTrust,
    /// To [`Question::ImageLabels`](super::Question::ImageLabels): of each platform, and the same ones once.
    ImageLabels(Vec<ImageLabels>),
    /// To [`Question::TagIsKept`](super::Question::TagIsKept).
    TagIsKept(bool),
    /// To [`Question::File`](super::Question::File); `None`: there is none at that commit.
    File(Option<String>),
    /// To [`Question::Reference`](super::Question::Reference); nothing in it: there is neither a branch nor a tag of this name.
    Reference(ReferenceReading),
    /// To [`Question::WaitingRuns`](super::Question::WaitingRuns): their numbers, in order.
    WaitingRuns(Vec<u64>),
    /// To [`Question::EnvironmentRules`](super::Question::EnvironmentRules); `None`: there is no such environment.
    EnvironmentRules(Option<Box<EnvironmentReading>>),
    /// To [`Question::IssueGlance`](super::Question::IssueGlance); `None`: GitHub says there is none.
    IssueGlance(Option<IssueGlance>),
    /// To [`Question::PullRequestGlance`](super::Question::PullRequestGlance); `None`: GitHub says there is none.
    PullRequestGlance(Option<Box<PullRequestGlance>>),
}

/// What the labels of an image say that it was built from, as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImageLabels {
    /// `org.opencontainers.image.revision`.
    pub revision: Option<String>,
    /// `org.opencontainers.image.source`.
    pub source: Option<String>,
}

/// A check run on a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReading {
    pub name: String,
    /// The name of the App that made it, as in its address: `github-actions`.
    pub app: String,
    /// `success`, `failure`, `skipped` and so on; `None`: it has not ended.
    pub conclusion: Option<String>,
}

/// An issue as GitHub shows it when asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IssueReading {
    pub issue: IssueSnapshot,
    /// For each label on the issue, who set it last; from the timeline.
    pub labels_set: Vec<SetBy>,
    /// For the milestone on the issue, who set it last (`name` is the title).
    pub milestone_set: Option<SetBy>,
    /// Who closed it last, where it is closed (`name` is the state reason).
    pub closed: Option<SetBy>,
    /// Whether a pull request closed it.
    pub closed_by_pull_request: Option<IssueRef>,
    /// Whether the timeline was read to its beginning.
    pub complete: bool,
}

/// Who set something by name, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetBy {
    pub name: String,
    pub by: Option<Actor>,
    pub at: Option<Timestamp>,
}

/// A pull request as GitHub shows it when asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PullRequestReading {
    pub pull_request: PullRequestSnapshot,
    /// Issues that GitHub links by closing keyword or by hand.
    pub closes: Vec<IssueRef>,
    pub commits: Vec<CommitReading>,
    /// The last opinion of each reviewer.
    pub reviews: Vec<ReviewSnapshot>,
    /// The files that it touches.
    #[serde(default)]
    pub files: Files,
    /// The policy file at the head, beside that at the base.
    pub policy: PolicyAtHead,
    /// Whether every page of links, commits and reviews was read.
    pub complete: bool,
}

/// What a pull request does to the policy file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyAtHead {
    /// Nothing: it is as it is at the base.
    Same,
    /// It deletes the file.
    Deleted,
    /// It leaves this text.
    Changed(String),
    /// It leaves a file that is no text.
    NoText,
}

/// A commit of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitReading {
    pub sha: Sha,
    pub message: String,
    /// Authors, co-authors and committer; `None` for each whom GitHub knows only by mail.
    pub people: Vec<Option<Actor>>,
    /// The logins of those who wrote it, in lower case, where a signature that GitHub has verified vouches for them.
    #[serde(default)]
    pub writers: Option<Vec<String>>,
}
