//! The deployment that we keep for whoever asked at the gate and does not wait: its status starts a workflow. It stands in an
//! environment of its own, where nothing runs, and is found again by what we wrote beside it.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Done, Writer, cut};
use crate::{
    domain::{
        bell::{PLACE, Ring, Rung, TASK},
        ids::Sha,
    },
    github::{access, trouble::Trouble},
};

/// GitHub takes 140 characters.
const LONGEST_DESCRIPTION: usize = 140;

/// What a workflow reads of it.
#[derive(Serialize)]
struct Beside<'a> {
    changegate_gate: String,
    environment: &'a str,
    sha: &'a Sha,
}

/// Nothing is merged, and no check is asked for: nothing is deployed by it.
#[derive(Serialize)]
struct New<'a> {
    #[serde(rename = "ref")]
    reference: &'a str,
    task: &'static str,
    environment: String,
    description: &'static str,
    payload: Beside<'a>,
    auto_merge: bool,
    required_contexts: [&'static str; 0],
    transient_environment: bool,
    production_environment: bool,
}

#[derive(Serialize)]
struct Status {
    state: &'static str,
    description: String,
    auto_inactive: bool,
}

#[derive(Deserialize)]
struct Made {
    id: u64,
    sha: Sha,
    #[serde(default)]
    payload: Value,
}

/// Never `success`, nor `in_progress`: nothing was deployed.
const fn state(rung: Rung) -> &'static str {
    match rung {
        Rung::Asked => "pending",
        Rung::Allowed | Rung::NotEnforced => "queued",
        Rung::Denied => "failure",
        Rung::Over => "error",
    }
}

impl Writer<'_> {
    pub(super) async fn ring(&self, ring: &Ring) -> Result<Done, Trouble> {
        let known = match self.remote {
            Some(id) => Some(id.to_owned()),
            None if self.attempts == 0 => None,
            None => self.our_bell(ring).await?,
        };
        let id = match known {
            Some(id) => id,
            None => self.hang(ring).await?,
        };
        let description = cut(&ring.description, LONGEST_DESCRIPTION);
        let status = Status { state: state(ring.rung), description, auto_inactive: false };
        self.send(Method::POST, &format!("/deployments/{id}/statuses"), Some(&status)).await?;
        Ok(Done::of(Some(id)))
    }

    /// Of the branch or tag, where that is still at the commit: then the workflow that starts knows of which it is. Else of the
    /// commit.
    async fn hang(&self, ring: &Ring) -> Result<String, Trouble> {
        if let Some(reference) = &ring.reference
            && let Some(made) = self.make(ring, reference).await?
        {
            if made.sha == ring.sha {
                return Ok(made.id.to_string());
            }
            let moved = "It is of another commit by now, and nothing comes of it.".into();
            let status = Status { state: "inactive", description: moved, auto_inactive: false };
            self.send(Method::POST, &format!("/deployments/{}/statuses", made.id), Some(&status)).await?;
        }
        let made = self.make(ring, ring.sha.as_str()).await?;
        let made = made.ok_or_else(|| Trouble::Unprocessable("No commit found".into()))?;
        Ok(made.id.to_string())
    }

    /// `None`: there is no such branch, tag or commit.
    async fn make(&self, ring: &Ring, reference: &str) -> Result<Option<Made>, Trouble> {
        let new = New {
            reference,
            task: TASK,
            environment: place(ring),
            description: "A bell: nothing is deployed by it.",
            payload: Beside {
                changegate_gate: ring.gate.to_string(),
                environment: &ring.environment,
                sha: &ring.sha,
            },
            auto_merge: false,
            required_contexts: [],
            transient_environment: true,
            production_environment: false,
        };
        match self.send(Method::POST, "/deployments", Some(&new)).await {
            Ok(answer) => Ok(Some(access::parse(&answer.body)?)),
            Err(Trouble::Unprocessable(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// The number of ours, among the newest hundred of its commit.
    async fn our_bell(&self, ring: &Ring) -> Result<Option<String>, Trouble> {
        let path = format!("/deployments?sha={}&task={TASK}&per_page=100", ring.sha);
        let made: Vec<Made> = access::parse(&self.get(&path).await?.body)?;
        let gate = ring.gate.to_string();
        let ours = made.into_iter().find(|it| it.payload["changegate_gate"] == *gate);
        Ok(ours.map(|it| it.id.to_string()))
    }
}

fn place(ring: &Ring) -> String {
    format!("{PLACE}{}", ring.environment)
}
