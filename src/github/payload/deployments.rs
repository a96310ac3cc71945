//! `deployment` and `deployment_status`.

use jiff::Timestamp;
use serde::Deserialize;

use super::people::{Numbered, Text, User};
use crate::domain::{
    event::{DeploymentReport, DeploymentSnapshot, RunSnapshot, What},
    ids::Sha,
};

/// A deployment, as every event of them carries it.
#[derive(Deserialize)]
pub(super) struct Body {
    id: u64,
    environment: Option<Text>,
    sha: Option<Sha>,
    #[serde(rename = "ref")]
    reference: Option<Text>,
    creator: Option<User>,
    performed_via_github_app: Option<Numbered>,
    created_at: Option<Timestamp>,
}

impl From<Body> for DeploymentSnapshot {
    fn from(body: Body) -> Self {
        Self {
            id: body.id,
            environment: body.environment.map(String::from),
            sha: body.sha,
            reference: body.reference.map(String::from),
            creator: body.creator.and_then(User::actor),
            app: body.performed_via_github_app.map(|app| app.id),
            created_at: body.created_at,
        }
    }
}

/// The run of a workflow.
#[derive(Deserialize)]
pub(super) struct Run {
    pub(super) id: u64,
    run_attempt: Option<u64>,
}

impl From<Run> for RunSnapshot {
    fn from(run: Run) -> Self {
        Self { id: run.id, attempt: run.run_attempt }
    }
}

/// The body of `deployment`.
#[derive(Deserialize)]
pub(super) struct Deployment {
    action: Text,
    deployment: Body,
    workflow_run: Option<Run>,
}

impl Deployment {
    pub(super) fn what(self) -> What {
        What::Deployment {
            action: self.action.into(),
            deployment: self.deployment.into(),
            run: self.workflow_run.map(RunSnapshot::from),
        }
    }
}

/// The body of `deployment_status`.
#[derive(Deserialize)]
pub(super) struct Status {
    deployment: Body,
    deployment_status: Report,
    workflow_run: Option<Run>,
}

#[derive(Deserialize)]
struct Report {
    id: Option<u64>,
    state: Option<Text>,
    creator: Option<User>,
    performed_via_github_app: Option<Numbered>,
    created_at: Option<Timestamp>,
}

impl Status {
    pub(super) fn what(self) -> What {
        let Report { id, state, creator, performed_via_github_app, created_at } = self.deployment_status;
        What::DeploymentStatus {
            state: state.map(String::from),
            deployment: self.deployment.into(),
            report: DeploymentReport {
                id,
                creator: creator.and_then(User::actor),
                app: performed_via_github_app.map(|app| app.id),
                created_at,
            },
            run: self.workflow_run.map(RunSnapshot::from),
        }
    }
}
