//! `deployment_protection_rule` and `deployment_review`: a job waits for our rule, or for GitHub's own reviewers.

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Understood,
    deployments::{Body, Run},
    people::{Text, User},
};
use crate::domain::{
    event::{
        Callback, DeploymentReviewSnapshot, DeploymentReviewer, DeploymentSnapshot, RuleRequest,
        TeamSnapshot, What,
    },
    ids::{RepoName, Sha},
};

/// The body of `deployment_protection_rule`. GitHub guarantees only action, repository and sender.
#[derive(Deserialize)]
pub(super) struct Rule {
    action: Text,
    environment: Option<Text>,
    event: Option<Text>,
    deployment_callback_url: Option<Text>,
    deployment: Option<Body>,
    sha: Option<Sha>,
    #[serde(rename = "ref")]
    reference: Option<Text>,
    workflow_run: Option<Run>,
}

impl Rule {
    /// `repository` is the one that the delivery is about.
    pub(super) fn what(self, repository: Option<&RepoName>) -> Understood {
        if self.action.as_str() != "requested" {
            return Understood::Not("a protection rule is only ever `requested`".into());
        }
        if self.is_of_a_workflow_run() {
            return Understood::Not("it is the body of a `workflow_run` event".into());
        }
        let callback = self.deployment_callback_url.and_then(|address| Callback::read(address.as_str()));
        let run = run(self.workflow_run, callback.as_ref(), repository);
        Understood::As(Box::new(What::ProtectionRule(RuleRequest {
            environment: self.environment.map(String::from),
            deployment: self.deployment.map(DeploymentSnapshot::from),
            run,
            callback,
            sha: self.sha,
            reference: self.reference.map(String::from),
            trigger: self.event.map(String::from),
        })))
    }

    /// A run and nothing that waits is told by another event, which has a `requested` too.
    const fn is_of_a_workflow_run(&self) -> bool {
        let waits =
            self.environment.is_some() || self.deployment.is_some() || self.deployment_callback_url.is_some();
        self.workflow_run.is_some() && !waits
    }
}

/// The run that waits, where everything that names one names the same.
fn run(named: Option<Run>, callback: Option<&Callback>, repository: Option<&RepoName>) -> Option<u64> {
    let (named, called) = (named.map(|run| run.id), callback.map(|callback| callback.run));
    let here = callback.is_none_or(|callback| repository == Some(&callback.repository));
    let agree = named.is_none() || called.is_none() || named == called;
    named.or(called).filter(|_| here && agree)
}

/// The body of `deployment_review`.
#[derive(Deserialize)]
pub(super) struct Review {
    action: Text,
    environment: Option<Text>,
    workflow_job_run: Option<JobRun>,
    workflow_job_runs: Option<Vec<JobRun>>,
    workflow_run: Option<Run>,
    requestor: Option<User>,
    reviewers: Option<Vec<Reviewer>>,
    approver: Option<User>,
    comment: Option<Text>,
    since: Option<Timestamp>,
}

#[derive(Deserialize)]
struct JobRun {
    environment: Option<Text>,
}

/// A user or a team; which of them says its type.
#[derive(Deserialize)]
pub(in crate::github) struct Reviewer {
    #[serde(rename = "type")]
    kind: Option<Text>,
    reviewer: Option<Whoever>,
}

#[derive(Deserialize)]
struct Whoever {
    id: Option<u64>,
    login: Option<Text>,
    slug: Option<Text>,
    #[serde(rename = "type")]
    kind: Option<Text>,
}

impl Reviewer {
    pub(in crate::github) fn reviewer(self) -> Option<DeploymentReviewer> {
        let Whoever { id, login, slug, kind } = self.reviewer?;
        if self.kind.as_ref().map(Text::as_str) == Some("Team") {
            return Some(DeploymentReviewer::Team(TeamSnapshot { id, slug: slug.map(String::from) }));
        }
        User { id, login, kind }.actor().map(DeploymentReviewer::User)
    }
}

impl Review {
    pub(super) fn what(self) -> What {
        let runs = self.workflow_job_run.into_iter().chain(self.workflow_job_runs.into_iter().flatten());
        let named = self.environment.into_iter().chain(runs.filter_map(|run| run.environment));
        let mut environments: Vec<String> = named.map(String::from).collect();
        let environment = environments.first().cloned();
        environments.sort();
        environments.dedup();
        let reviewers = self.reviewers.into_iter().flatten();
        What::DeploymentReview {
            action: self.action.into(),
            environment,
            run: self.workflow_run.map(|run| run.id),
            review: DeploymentReviewSnapshot {
                requestor: self.requestor.and_then(User::actor),
                reviewers: reviewers.filter_map(Reviewer::reviewer).collect(),
                approver: self.approver.and_then(User::actor),
                comment: self.comment.map(String::from),
                since: self.since,
                environments,
            },
        }
    }
}
