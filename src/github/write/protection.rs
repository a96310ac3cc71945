//! The answer of our deployment protection rule. GitHub takes it for a run and an environment, whatever the attempt: so
//! the attempt is looked at first, or an answer that was late would open the door to the next one.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Done, Writer, cut};
use crate::{
    domain::effect::Ruling,
    github::{access, trouble::Trouble},
};

const LONGEST_COMMENT: usize = 1_024;
/// After so many attempts (a minute) GitHub knows of a job what its webhook has told.
pub(super) const PATIENT: u32 = 7;

/// What GitHub is told.
#[derive(Debug, Serialize)]
pub(super) struct Review<'a> {
    environment_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    comment: String,
}

#[derive(Deserialize)]
struct Run {
    run_attempt: Option<u64>,
    status: Option<String>,
}

impl Run {
    fn still_runs(&self, attempt: u64) -> Result<bool, Trouble> {
        let unsaid = || Trouble::Strange("it does not say which attempt of the run this is".into());
        let same = self.run_attempt.ok_or_else(unsaid)? == attempt;
        Ok(same && self.status.as_deref() != Some("completed"))
    }
}

#[derive(Deserialize)]
struct Pending {
    environment: Environment,
}

#[derive(Deserialize)]
struct Environment {
    name: Option<String>,
}

impl<'a> Review<'a> {
    pub(super) fn answer(environment_name: &'a str, ruling: Ruling, comment: &str) -> Self {
        let state = match ruling {
            Ruling::Approved => "approved",
            Ruling::Rejected => "rejected",
        };
        Self { environment_name, state: Some(state), comment: cut(comment, LONGEST_COMMENT) }
    }

    pub(super) fn note(environment_name: &'a str, comment: &str) -> Self {
        Self { environment_name, state: None, comment: cut(comment, LONGEST_COMMENT) }
    }
}

impl Writer<'_> {
    /// What nobody waits for any more counts as done: the run has ended, was started again, or was let through.
    pub(super) async fn protection(
        &self,
        (run, attempt): (u64, u64),
        review: &Review<'_>,
    ) -> Result<Done, Trouble> {
        const DONE: Done = Done::of(None);
        if !self.run(run).await?.still_runs(attempt)? {
            return Ok(DONE);
        }
        let path = format!("/actions/runs/{run}/deployment_protection_rule");
        match self.send(Method::POST, &path, Some(review)).await {
            Ok(_) => Ok(DONE),
            Err(Trouble::NotFound | Trouble::Unprocessable(_))
                if self.attempts >= PATIENT && !self.still_waits(run, review.environment_name).await? =>
            {
                Ok(DONE)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Whether this attempt of a run waits for our answer.
    pub(super) async fn waits(&self, (run, attempt): (u64, u64), environment: &str) -> Result<bool, Trouble> {
        let found = self.run(run).await?;
        if !found.still_runs(attempt)? {
            return Ok(false);
        }
        // The list of what waits may be behind the run.
        let has_begun = found.status.as_deref() == Some("in_progress");
        Ok(!has_begun || self.still_waits(run, environment).await?)
    }

    async fn run(&self, run: u64) -> Result<Run, Trouble> {
        let rest = format!("/actions/runs/{run}?exclude_pull_requests=true");
        access::parse(&self.get(&rest).await?.body)
    }

    /// GitHub refuses alike what is not there yet and what is answered already.
    async fn still_waits(&self, run: u64, environment: &str) -> Result<bool, Trouble> {
        let answer = self.get(&format!("/actions/runs/{run}/pending_deployments")).await?;
        let pending: Vec<Pending> = access::parse(&answer.body)?;
        let names = pending.iter().filter_map(|pending| pending.environment.name.as_deref());
        Ok(names.into_iter().any(|name| name.eq_ignore_ascii_case(environment)))
    }
}
