//! Runs of workflows: one of them, what waits in it, and all that wait.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Facts, Reader};
use crate::{
    domain::{
        facts::{Answer, PendingDeployment, WorkflowRunReading},
        ids::{RepoId, Sha},
    },
    github::{
        auth::Scope,
        payload::{Reviewer, User},
        trouble::Trouble,
    },
};

const PAGE: usize = 100;
/// GitHub lists no more than a thousand.
const MOST_PAGES: usize = 10;

#[derive(Deserialize)]
struct Run {
    id: u64,
    run_attempt: Option<u64>,
    head_sha: Sha,
    head_branch: Option<String>,
    head_repository: Option<Numbered>,
    event: String,
    status: Option<String>,
    conclusion: Option<String>,
    actor: Option<User>,
    triggering_actor: Option<User>,
    workflow_id: u64,
    path: String,
    run_started_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Numbered {
    id: RepoId,
}

#[derive(Deserialize)]
struct Listed {
    workflow_runs: Vec<Waiting>,
}

#[derive(Deserialize)]
struct Waiting {
    id: u64,
}

#[derive(Deserialize)]
struct Pending {
    environment: Environment,
    wait_timer: u64,
    wait_timer_started_at: Option<Timestamp>,
    current_user_can_approve: bool,
    reviewers: Vec<Reviewer>,
}

#[derive(Deserialize)]
struct Environment {
    name: Option<String>,
}

impl Reader<'_> {
    /// A run, as its latest attempt.
    pub(super) async fn workflow_run(&self, repo: RepoId, run: u64) -> Facts {
        let as_of = self.github.clock.now();
        let rest = format!("/actions/runs/{run}?exclude_pull_requests=true");
        let read = self.find::<Run>(Scope::Runs, repo, &rest).await;
        let read = read.and_then(|found| found.map(Run::reading).transpose());
        self.fact(read.map(|reading| Answer::WorkflowRun(reading.map(Box::new))), as_of)
    }

    /// What waits in a run for the rules of its environments.
    pub(super) async fn pending_deployments(&self, repo: RepoId, run: u64) -> Facts {
        let as_of = self.github.clock.now();
        let rest = format!("/actions/runs/{run}/pending_deployments");
        let read = self.find::<Vec<Pending>>(Scope::Runs, repo, &rest).await;
        let pending = read.and_then(|found| found.into_iter().flatten().map(Pending::reading).collect());
        self.fact(pending.map(Answer::PendingDeployments), as_of)
    }

    /// The numbers of all runs that wait for a rule.
    pub(super) async fn waiting_runs(&self, repo: RepoId) -> Facts {
        let as_of = self.github.clock.now();
        self.fact(self.pages_of_waiting(repo).await.map(Answer::WaitingRuns), as_of)
    }

    async fn pages_of_waiting(&self, repo: RepoId) -> Result<Vec<u64>, Trouble> {
        self.confirm(repo, self.name(repo)?).await?;
        let mut found = vec![];
        for page in 1..=MOST_PAGES {
            let rest = format!(
                "/actions/runs?status=waiting&exclude_pull_requests=true&per_page={PAGE}&page={page}"
            );
            let Listed { workflow_runs } = self.fetch(Scope::Runs, repo, &rest).await?;
            let last = workflow_runs.len() < PAGE;
            found.extend(workflow_runs.into_iter().map(|run| run.id));
            if last {
                found.sort_unstable();
                found.dedup();
                return Ok(found);
            }
        }
        Err(Trouble::Strange("it lists a thousand waiting runs, and no more of them".into()))
    }
}

impl Run {
    fn reading(self) -> Result<WorkflowRunReading, Trouble> {
        let unsaid = || Trouble::Strange("it does not say which attempt of the run this is".into());
        Ok(WorkflowRunReading {
            id: self.id,
            attempt: self.run_attempt.ok_or_else(unsaid)?,
            head_sha: self.head_sha,
            head_branch: self.head_branch,
            head_repo: self.head_repository.map(|repository| repository.id),
            event: self.event,
            status: self.status,
            conclusion: self.conclusion,
            actor: self.actor.and_then(User::actor),
            triggering_actor: self.triggering_actor.and_then(User::actor),
            workflow: self.workflow_id,
            path: self.path,
            started_at: self.run_started_at,
        })
    }
}

impl Pending {
    fn reading(self) -> Result<PendingDeployment, Trouble> {
        let unnamed = || Trouble::Strange("it does not say which environment a deployment waits for".into());
        Ok(PendingDeployment {
            environment: self.environment.name.ok_or_else(unnamed)?,
            answerable: self.current_user_can_approve,
            reviewers: self.reviewers.into_iter().filter_map(Reviewer::reviewer).collect(),
            wait_timer: self.wait_timer,
            waits_since: self.wait_timer_started_at,
        })
    }
}
