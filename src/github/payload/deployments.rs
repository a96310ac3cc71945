//! `deployment`, `deployment_status`, `deployment_protection_rule` and `deployment_review`.

use serde::Deserialize;

use super::{
    Understood,
    people::{Numbered, Text},
};
use crate::domain::{
    event::{DeploymentSnapshot, What},
    ids::Sha,
};

#[derive(Deserialize)]
struct Body {
    id: u64,
    environment: Option<Text>,
    sha: Option<Sha>,
    #[serde(rename = "ref")]
    reference: Option<Text>,
}

impl From<Body> for DeploymentSnapshot {
    fn from(body: Body) -> Self {
        Self {
            id: body.id,
            environment: body.environment.map(String::from),
            sha: body.sha,
            reference: body.reference.map(String::from),
        }
    }
}

/// The body of `deployment`.
#[derive(Deserialize)]
pub(super) struct Deployment {
    action: Text,
    deployment: Body,
}

impl Deployment {
    pub(super) fn what(self) -> What {
        What::Deployment { action: self.action.into(), deployment: self.deployment.into() }
    }
}

/// The body of `deployment_status`.
#[derive(Deserialize)]
pub(super) struct Status {
    deployment: Body,
    deployment_status: State,
}

#[derive(Deserialize)]
struct State {
    state: Option<Text>,
}

impl Status {
    pub(super) fn what(self) -> What {
        let state = self.deployment_status.state.map(String::from);
        What::DeploymentStatus { state, deployment: self.deployment.into() }
    }
}

/// The body of `deployment_protection_rule`. GitHub guarantees only action, repository and sender.
#[derive(Deserialize)]
pub(super) struct Rule {
    action: Text,
    environment: Option<Text>,
    deployment_callback_url: Option<Text>,
    deployment: Option<Body>,
}

impl Rule {
    pub(super) fn what(self) -> Understood {
        if self.action.as_str() != "requested" {
            return Understood::Not("a protection rule is only ever `requested`".into());
        }
        Understood::As(Box::new(What::ProtectionRule {
            environment: self.environment.map(String::from),
            callback_url: self.deployment_callback_url.map(String::from),
            deployment: self.deployment.map(DeploymentSnapshot::from),
        }))
    }
}

/// The body of `deployment_review`.
#[derive(Deserialize)]
pub(super) struct Review {
    action: Text,
    environment: Option<Text>,
    workflow_job_run: Option<JobRun>,
    workflow_run: Option<Numbered>,
}

#[derive(Deserialize)]
struct JobRun {
    environment: Option<Text>,
}

impl Review {
    pub(super) fn what(self) -> What {
        let of_the_job = self.workflow_job_run.and_then(|run| run.environment);
        What::DeploymentReview {
            action: self.action.into(),
            environment: self.environment.or(of_the_job).map(String::from),
            run: self.workflow_run.map(|run| run.id),
        }
    }
}
