//! What setting up needs to know of the App, and the sweep of its installations.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    GitHub,
    access::{self, Call},
    auth::{Access, Scope},
    budget::Cost,
    client::{Answer, Request},
    trouble::Trouble,
    write::Failure,
};
use crate::domain::{
    effect::Lane,
    event::{AccountSnapshot, RepositorySnapshot},
    ids::{AccountId, InstallationId, RepoId, RepoName},
};

const PER_PAGE: usize = 100;
const MOST_PAGES: usize = 1_000;

/// Ourselves, as GitHub knows us.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct App {
    /// Our number.
    pub id: u64,
    /// Our short name; our bot is `{slug}[bot]`.
    pub slug: String,
}

/// An installation of the App.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Its number.
    pub id: InstallationId,
    /// Whose it is.
    pub account: AccountSnapshot,
    /// Suspended by its account: nothing may be asked.
    pub suspended: bool,
    /// What its account has granted, each with its level.
    pub permissions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct InstallationBody {
    id: u64,
    account: Option<Account>,
    suspended_at: Option<String>,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
    login: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Repositories {
    repositories: Vec<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    id: u64,
    full_name: RepoName,
    default_branch: Option<String>,
    private: Option<bool>,
    archived: Option<bool>,
}

impl GitHub {
    /// Who we are.
    ///
    /// # Errors
    /// When GitHub does not say, or does not know us.
    pub async fn app(&self) -> Result<App, Failure> {
        let answer = self.ask_as_app(&Request::get("/app")).await;
        answer.and_then(|answer| parsed(&answer)).map_err(|trouble| self.outcome(&trouble))
    }

    /// Our short name, asked for once.
    pub(super) async fn slug(&self) -> Result<&str, Trouble> {
        let ask = || async {
            let App { slug, .. } = parsed(&self.ask_as_app(&Request::get("/app")).await?)?;
            Ok(slug)
        };
        self.slug.get_or_try_init(ask).await.map(String::as_str)
    }

    /// Where the App is installed. Accounts of enterprises, which have no repositories, are left out.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn installations(&self) -> Result<Vec<Installation>, Failure> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let request = Request::get(format!("/app/installations?per_page={PER_PAGE}&page={page}"));
            let answer = self.ask_as_app(&request).await.and_then(|answer| parsed(&answer));
            let bodies: Vec<InstallationBody> = answer.map_err(|trouble| self.outcome(&trouble))?;
            let is_last = bodies.len() < PER_PAGE;
            all.extend(bodies.into_iter().filter_map(InstallationBody::installation));
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// The repositories that an installation opens.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn installation_repositories(
        &self,
        installation: InstallationId,
    ) -> Result<Vec<RepositorySnapshot>, Failure> {
        let access = Access { installation, repo: None, scope: Scope::Read };
        let call = Call { access, cost: Cost::Read, lane: Lane::Check };
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let request = Request::get(format!("/installation/repositories?per_page={PER_PAGE}&page={page}"));
            let answer = self.ask(call, &request).await.and_then(|answer| parsed(&answer));
            let Repositories { repositories } = answer.map_err(|trouble| self.outcome(&trouble))?;
            let is_last = repositories.len() < PER_PAGE;
            all.extend(repositories.into_iter().map(Repository::snapshot));
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    pub(super) fn outcome(&self, trouble: &Trouble) -> Failure {
        let now = self.clock.now();
        let why = trouble.sentence(now);
        match trouble {
            Trouble::Limited(later) => Failure::Later { at: later.at, why },
            Trouble::Failed(_) | Trouble::Lost(_) => {
                Failure::Later { at: super::trouble::next_try("setup", 1, now), why }
            }
            Trouble::Unauthorized
            | Trouble::Forbidden(_)
            | Trouble::NotFound
            | Trouble::Gone
            | Trouble::Unprocessable(_)
            | Trouble::Refused(..)
            | Trouble::Strange(_)
            | Trouble::NotInstalled(_) => Failure::Refused { why },
        }
    }
}

fn parsed<T: DeserializeOwned>(answer: &Answer) -> Result<T, Trouble> {
    access::parse(&answer.body)
}

impl InstallationBody {
    fn installation(self) -> Option<Installation> {
        let account = self.account?;
        Some(Installation {
            id: InstallationId(self.id),
            suspended: self.suspended_at.is_some(),
            permissions: self.permissions,
            account: AccountSnapshot {
                id: AccountId(account.id),
                login: account.login?,
                organisation: account.kind.as_deref() == Some("Organization"),
            },
        })
    }
}

impl Repository {
    fn snapshot(self) -> RepositorySnapshot {
        RepositorySnapshot {
            id: RepoId(self.id),
            name: self.full_name,
            default_branch: self.default_branch,
            private: self.private,
            archived: self.archived,
        }
    }
}
