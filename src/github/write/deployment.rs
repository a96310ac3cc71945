//! The deployment that we keep for a run of a pipeline outside GitHub. It is found again by what we wrote beside it, which
//! only Apps with our permission can write.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Done, Writer, cut};
use crate::{
    domain::{event::CameTo, ids::Sha},
    github::{access, trouble::Trouble},
};

/// GitHub takes 140 characters.
const LONGEST_DESCRIPTION: usize = 140;

/// What is deployed where, and by whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub run: &'a str,
    pub environment: &'a str,
    pub sha: &'a Sha,
    pub description: &'a str,
}

#[derive(Serialize)]
struct Beside<'a> {
    changegate: &'a str,
}

/// Whatever the commit's checks say, and without merging anything: that was decided at the gate.
#[derive(Serialize)]
struct New<'a> {
    #[serde(rename = "ref")]
    reference: &'a str,
    environment: &'a str,
    description: String,
    payload: Beside<'a>,
    auto_merge: bool,
    required_contexts: [&'static str; 0],
}

#[derive(Serialize)]
struct Status {
    state: &'static str,
    description: String,
}

#[derive(Deserialize)]
struct Deployment {
    id: u64,
    #[serde(default)]
    payload: Value,
}

const fn state(came_to: CameTo) -> &'static str {
    match came_to {
        CameTo::Started => "in_progress",
        CameTo::Succeeded => "success",
        CameTo::Failed => "failure",
    }
}

impl Writer<'_> {
    pub(super) async fn deployment(&self, of: Of<'_>, came_to: CameTo) -> Result<Done, Trouble> {
        let known = match self.remote {
            Some(id) => Some(id.to_owned()),
            None if self.attempts == 0 => None,
            None => self.our_deployment(of).await?,
        };
        let id = match known {
            Some(id) => id,
            None => self.create_deployment(of).await?,
        };
        let description = cut(of.description, LONGEST_DESCRIPTION);
        let status = Status { state: state(came_to), description };
        self.send(Method::POST, &format!("/deployments/{id}/statuses"), Some(&status)).await?;
        Ok(Done::of(Some(id)))
    }

    async fn create_deployment(&self, of: Of<'_>) -> Result<String, Trouble> {
        let new = New {
            reference: of.sha.as_str(),
            environment: of.environment,
            description: cut(of.description, LONGEST_DESCRIPTION),
            payload: Beside { changegate: of.run },
            auto_merge: false,
            required_contexts: [],
        };
        let answer = self.send(Method::POST, "/deployments", Some(&new)).await?;
        let Deployment { id, .. } = access::parse(&answer.body)?;
        Ok(id.to_string())
    }

    /// The number of ours for this run, among the newest hundred of its commit.
    async fn our_deployment(&self, of: Of<'_>) -> Result<Option<String>, Trouble> {
        let path = format!("/deployments?sha={}&per_page=100", of.sha);
        let deployments: Vec<Deployment> = access::parse(&self.get(&path).await?.body)?;
        let ours = deployments.into_iter().find(|deployment| deployment.payload["changegate"] == *of.run);
        Ok(ours.map(|deployment| deployment.id.to_string()))
    }
}
