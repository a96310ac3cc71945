//! What things are called, and where they are on GitHub.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{
        ids::{Actor, IssueRef, RepoId, RepoName, Sha, SubjectId, TenantId},
        subject::View,
    },
    gate::{Gate, problem::Problem},
};

/// Somebody on GitHub.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// GitHub's number.
    pub id: u64,
    /// The name of the day.
    #[schema(example = "dana")]
    pub login: String,
}

impl From<&Actor> for Person {
    fn from(actor: &Actor) -> Self {
        Self { id: actor.id.0, login: actor.login.clone() }
    }
}

/// An issue or a pull request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Numbered {
    #[schema(example = "acme/web")]
    pub repository: String,
    pub number: u64,
    pub url: Option<String>,
}

/// A commit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CommitItem {
    #[schema(example = "acme/web")]
    pub repository: String,
    pub sha: String,
    pub url: Option<String>,
}

/// The names of repositories.
#[derive(Debug, Clone)]
pub(super) struct Names {
    web_url: Arc<str>,
    names: BTreeMap<RepoId, RepoName>,
}

impl Names {
    /// `owner/name`; the number of a repository whose name is not known.
    pub(super) fn repository(&self, repo: RepoId) -> String {
        self.name(repo).map_or_else(|| repo.to_string(), ToString::to_string)
    }

    /// The same, where it is known.
    pub(super) fn name(&self, repo: RepoId) -> Option<&RepoName> {
        self.names.get(&repo)
    }

    /// A page below a repository.
    pub(super) fn url(&self, repo: RepoId, path: &str) -> Option<String> {
        self.names.get(&repo).map(|name| format!("{}/{name}/{path}", self.web_url))
    }

    /// An issue; GitHub sends on to the pull request where it is one.
    pub(super) fn issue(&self, at: IssueRef) -> Numbered {
        let url = self.url(at.repo, &format!("issues/{}", at.number));
        Numbered { repository: self.repository(at.repo), number: at.number, url }
    }

    /// A commit.
    pub(super) fn commit(&self, repo: RepoId, sha: &Sha) -> CommitItem {
        let url = self.url(repo, &format!("commit/{sha}"));
        CommitItem { repository: self.repository(repo), sha: sha.to_string(), url }
    }
}

impl Gate {
    /// What these repositories are called.
    pub(super) async fn names(
        &self,
        tenant: &TenantId,
        repositories: BTreeSet<RepoId>,
    ) -> Result<Names, Problem> {
        let asked = repositories.into_iter().map(|repo| (tenant.clone(), SubjectId::Repository(repo)));
        let asked: Vec<_> = asked.collect();
        let views = self.store.views(&asked).await?;
        let name = |view: &View| view.as_repository().map(|view| (view.id, view.name.clone()));
        Ok(Names { web_url: self.askers.web_url(), names: views.values().filter_map(name).collect() })
    }
}
