//! Environments and what is deployed to them: runs of workflows, their jobs, deployments and what became of them.

use jiff::Timestamp;
use serde_json::Value;

/// An environment of a repository.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Environment {
    pub id: u64,
    /// As it was first spelled; names are compared without case.
    pub name: String,
    /// The number of the App's rule there, where it is enabled.
    pub rule: Option<u64>,
    /// Whether owners may start what waits.
    pub bypass: bool,
    /// People, one of whom must approve; whether that may be whoever started the run.
    pub reviewers: Vec<u64>,
    pub prevents_self_review: bool,
    /// In minutes.
    pub wait_timer: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A run of the one workflow that every repository has: each of its jobs deploys to one environment.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Run {
    pub id: u64,
    pub number: u64,
    /// From 1; each re-run is one more.
    pub attempt: u64,
    /// What started it: `workflow_dispatch`, `pull_request`.
    pub event: String,
    pub suite: u64,
    pub head_sha: String,
    pub head_branch: Option<String>,
    /// The repository of the head: another one for a fork, which may be deleted by now.
    pub head_repo: u64,
    pub reference: String,
    pub actor: u64,
    pub triggering_actor: u64,
    pub created_at: Timestamp,
    pub started_at: Timestamp,
    pub updated_at: Timestamp,
    pub jobs: Vec<Job>,
}

/// A job that deploys.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Job {
    pub environment: String,
    pub deployment: u64,
    pub state: JobState,
    /// What the App reported while it waited, and what it answered in the end.
    pub notes: Vec<String>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum JobState {
    Waiting,
    Running,
    Succeeded,
    Failed,
    /// Somebody has cancelled the run before it began.
    Cancelled,
}

/// A deployment, of a job or of nobody's workflow.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Deployment {
    pub id: u64,
    pub sha: String,
    pub reference: String,
    pub environment: String,
    pub creator: u64,
    pub run: Option<u64>,
    /// What whoever created it wrote beside it.
    pub payload: Value,
    /// What for; usually `deploy`.
    pub task: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Oldest first.
    pub statuses: Vec<Status>,
}

/// One report of a deployment's state.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Status {
    pub id: u64,
    /// `success`, `failure`, `error`, `in_progress` and the like.
    pub state: String,
    pub creator: u64,
    pub at: Timestamp,
    pub description: String,
}

impl Run {
    /// GitHub's words for status and conclusion.
    pub fn words(&self) -> (&'static str, Option<&'static str>) {
        let any = |state| self.jobs.iter().any(|job| job.state == state);
        if self.jobs.is_empty() {
            ("queued", None)
        } else if any(JobState::Waiting) {
            ("waiting", None)
        } else if any(JobState::Running) {
            ("in_progress", None)
        } else if any(JobState::Cancelled) {
            ("completed", Some("cancelled"))
        } else if any(JobState::Failed) {
            ("completed", Some("failure"))
        } else {
            ("completed", Some("success"))
        }
    }

    /// The job that waits for an environment.
    pub fn waiting_for(&mut self, environment: &str) -> Option<&mut Job> {
        let here = |job: &&mut Job| {
            job.state == JobState::Waiting && job.environment.eq_ignore_ascii_case(environment)
        };
        self.jobs.iter_mut().find(here)
    }
}

impl Deployment {
    /// The latest report's state; `pending` before the first.
    pub fn state(&self) -> &str {
        self.statuses.last().map_or("pending", |status| status.state.as_str())
    }
}
