//! The deployments to an environment, page by page, back to the one that runs.

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Reader,
    document::{Answers, Part},
    shapes::{Named, Page, Who},
};
use crate::{
    domain::{
        facts::{DeploymentReading, DeploymentStatusReading},
        ids::{RepoId, Sha},
    },
    github::trouble::Trouble,
};

/// Fifty on each. So many attempts without a success have another cause than us.
const MOST_PAGES: usize = 20;

/// GitHub's `Deployment`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deployed {
    database_id: Option<u64>,
    commit_oid: Sha,
    #[serde(rename = "ref")]
    reference: Option<Named>,
    creator: Option<Who>,
    created_at: Timestamp,
    state: Option<String>,
    latest_status: Option<Status>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    state: String,
    creator: Option<Who>,
    created_at: Timestamp,
}

impl Reader<'_> {
    /// At least down to the one that runs; the first page is in `answers` at place `n`.
    pub(super) async fn deployments(
        &self,
        (repo, environment): (RepoId, &str),
        answers: &Answers,
        n: usize,
    ) -> Result<Vec<DeploymentReading>, String> {
        let mut page = self.deployed(repo, answers, n)?;
        let (mut found, mut pages): (Vec<DeploymentReading>, usize) = (vec![], 1);
        loop {
            let after = page.next().map(str::to_owned);
            if !page.is_all() && after.is_none() {
                return Err(self.unanswered("a deployment is hidden from us"));
            }
            let read: Option<Vec<_>> = page.into_nodes().map(Deployed::reading).collect();
            found.extend(read.ok_or_else(|| self.unanswered("a deployment has no number"))?);
            let Some(after) = after.filter(|_| !found.iter().any(DeploymentReading::runs)) else {
                return Ok(found);
            };
            if pages == MOST_PAGES {
                return Err(format!("none of the last {} deployments to {environment} runs", found.len()));
            }
            page = self.more_deployed((repo, environment), after).await?;
            pages += 1;
        }
    }

    async fn more_deployed(
        &self,
        (repo, environment): (RepoId, &str),
        after: String,
    ) -> Result<Page<Deployed>, String> {
        let why = |trouble: Trouble| trouble.sentence(self.github.clock.now());
        let (name, environment) = (self.name(repo).map_err(why)?.clone(), environment.to_owned());
        let part = Part::Deployments { name, environment, after: Some(after) };
        let answers = self.document(Some(repo), &[part]).await.map_err(why)?;
        self.deployed(repo, &answers.map_err(|why| self.unanswered(&why))?, 0)
    }

    fn deployed(&self, repo: RepoId, answers: &Answers, n: usize) -> Result<Page<Deployed>, String> {
        let found = self.in_repository(answers, n, repo)?;
        found.deployments.ok_or_else(|| self.unanswered("it shows no deployments"))
    }
}

impl Deployed {
    fn reading(self) -> Option<DeploymentReading> {
        let latest = self.latest_status.map(|status| DeploymentStatusReading {
            state: status.state.to_ascii_lowercase(),
            creator: status.creator.and_then(Who::actor),
            created_at: status.created_at,
        });
        Some(DeploymentReading {
            id: self.database_id?,
            sha: self.commit_oid,
            reference: self.reference.map(|reference| reference.name),
            creator: self.creator.and_then(Who::actor),
            created_at: self.created_at,
            state: self.state.map(|state| state.to_ascii_lowercase()),
            latest,
        })
    }
}
