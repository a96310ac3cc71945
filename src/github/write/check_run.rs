//! The check run of one name on one commit. GitHub has no "create once": two creations are two runs, and the newest
//! wins. So from the second attempt on ours are looked up, and if there are several, all of them say the same.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Done, FRESH, Writer, cut};
use crate::{
    domain::{effect::CheckStatus, ids::Sha},
    github::{access, client::encoded, trouble::Trouble},
};

const LONGEST_TITLE: usize = 255;
const LONGEST_SUMMARY: usize = 65_535;
const PER_PAGE: usize = 100;

/// What GitHub is told.
#[derive(Debug, Serialize)]
pub(super) struct CheckRun<'a> {
    name: &'a str,
    head_sha: &'a Sha,
    #[serde(flatten)]
    says: Says<'a>,
}

/// The part that can be changed.
#[derive(Debug, Serialize)]
struct Says<'a> {
    external_id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<&'static str>,
    output: Output,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    actions: &'static [Button],
}

#[derive(Debug, Serialize)]
struct Output {
    title: String,
    summary: String,
}

/// At most 20, 40 and 20 characters. GitHub shows it on completed runs only.
#[derive(Debug, Serialize)]
struct Button {
    label: &'static str,
    description: &'static str,
    identifier: &'static str,
}

const BUTTONS: &[Button] = &[
    Button { label: "Re-check", description: "Look at everything again", identifier: "recheck" },
    Button { label: "Approve", description: "Sign this commit, if you may", identifier: "approve" },
];

impl<'a> CheckRun<'a> {
    pub(super) fn new(
        key: &'a str,
        head_sha: &'a Sha,
        name: &'a str,
        status: CheckStatus,
        title: &str,
        summary: &str,
    ) -> Self {
        let conclusion = match status {
            CheckStatus::InProgress => None,
            CheckStatus::Success => Some("success"),
            CheckStatus::Failure => Some("failure"),
            CheckStatus::ActionRequired => Some("action_required"),
        };
        let output = Output { title: cut(title, LONGEST_TITLE), summary: cut(summary, LONGEST_SUMMARY) };
        let says = Says {
            external_id: key,
            status: if conclusion.is_some() { "completed" } else { "in_progress" },
            conclusion,
            output,
            actions: if conclusion.is_some() { BUTTONS.get(..1).unwrap_or_default() } else { &[] },
        };
        Self { name, head_sha, says }
    }

    /// With a button to sign with, where a signature is missing.
    pub(super) fn signing(mut self, signs: bool) -> Self {
        if signs && !self.says.actions.is_empty() {
            self.says.actions = BUTTONS;
        }
        self
    }
}

#[derive(Deserialize)]
struct Runs {
    check_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    id: u64,
    name: Option<String>,
    app: Option<App>,
}

#[derive(Deserialize)]
struct App {
    id: u64,
}

impl Writer<'_> {
    pub(super) async fn check_run(&self, run: &CheckRun<'_>) -> Result<Done, Trouble> {
        if let Some(id) = self.remote {
            match self.update(id, run).await {
                Err(Trouble::NotFound) if self.attempts < FRESH => return Err(Trouble::NotFound),
                Err(Trouble::NotFound | Trouble::Gone) => {}
                done => return done,
            }
        } else if self.attempts == 0 {
            return self.create(run).await;
        }
        let ours = self.ours(run).await?;
        let Some(newest) = ours.iter().max() else { return self.create(run).await };
        for id in &ours {
            self.update(&id.to_string(), run).await?;
        }
        Ok(Done::of(Some(newest.to_string())))
    }

    async fn create(&self, run: &CheckRun<'_>) -> Result<Done, Trouble> {
        let answer = self.send(Method::POST, "/check-runs", Some(run)).await?;
        let Run { id, .. } = access::parse(&answer.body)?;
        Ok(Done::of(Some(id.to_string())))
    }

    async fn update(&self, id: &str, run: &CheckRun<'_>) -> Result<Done, Trouble> {
        self.send(Method::PATCH, &format!("/check-runs/{id}"), Some(&run.says)).await?;
        Ok(Done::of(Some(id.into())))
    }

    /// The runs of this name that are ours, on this commit. GitHub may hold back `app_id`, so it is compared here too.
    async fn ours(&self, run: &CheckRun<'_>) -> Result<Vec<u64>, Trouble> {
        let app = self.github.keys.app_id;
        let path = format!(
            "/commits/{}/check-runs?check_name={}&app_id={app}&filter=all&per_page={PER_PAGE}",
            run.head_sha,
            encoded(run.name)
        );
        let answer = self.get(&path).await?;
        let Runs { check_runs } = access::parse(&answer.body)?;
        let is_ours = |found: &Run| {
            found.app.as_ref().is_some_and(|by| by.id == app) && found.name.as_deref() == Some(run.name)
        };
        Ok(check_runs.into_iter().filter(is_ours).map(|run| run.id).collect())
    }
}
