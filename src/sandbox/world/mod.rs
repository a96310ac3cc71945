//! What exists on this small GitHub: accounts, repositories, installations. Plain data and look-ups; who may do
//! what is decided in `rest`, who is told in `hooks`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

mod deploying;
mod issue;
mod repo;

pub(super) use deploying::{Deployment, Environment, Job, JobState, Run, Status};
pub(super) use issue::{Closer, Comment, Happened, Issue, Pull, Reaction, Review, TimelineEvent};
pub(super) use repo::{
    CheckRun, CheckSuite, Commit, Files, Label, Milestone, Output, QueueEntry, Repo, Reviews, Signature,
    blob_sha, hash,
};

/// What a name can stand for on GitHub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccountKind {
    User,
    Organization,
    Bot,
}

/// A user, an organisation, or the App's own bot.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub id: u64,
    pub login: String,
    pub kind: AccountKind,
    pub created_at: Timestamp,
    /// Members, where this is an organisation.
    pub members: BTreeSet<u64>,
    /// Names of issue types, where this is an organisation.
    pub issue_types: Vec<String>,
}

/// A team of an organisation.
#[derive(Clone, Debug)]
pub(super) struct Team {
    pub id: u64,
    pub org: u64,
    pub slug: String,
    pub name: String,
    pub members: BTreeSet<u64>,
}

/// The App, as registered.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub id: u64,
    pub slug: String,
    pub owner: u64,
    pub bot: u64,
    pub created_at: Timestamp,
    pub permissions: BTreeMap<String, String>,
    pub events: BTreeSet<String>,
}

/// The App on one account.
#[derive(Clone, Debug)]
pub(super) struct Installation {
    pub id: u64,
    pub account: u64,
    /// `None` means all repositories of the account.
    pub repositories: Option<BTreeSet<u64>>,
    pub permissions: BTreeMap<String, String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub suspended: Option<(Timestamp, u64)>,
}

/// Where the sandbox can be reached; every URL in its answers starts with one of these.
#[derive(Clone, Debug)]
pub(super) struct Urls {
    pub api: String,
    pub web: String,
}

/// Everything that exists. Cloned only when somebody asks for stale reads.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub urls: Urls,
    pub app: App,
    pub accounts: BTreeMap<u64, Account>,
    pub teams: BTreeMap<u64, Team>,
    pub repos: BTreeMap<u64, Repo>,
    pub installations: BTreeMap<u64, Installation>,
    next_id: u64,
}

impl World {
    pub fn new(urls: Urls, app: App) -> Self {
        Self {
            urls,
            app,
            accounts: BTreeMap::new(),
            teams: BTreeMap::new(),
            repos: BTreeMap::new(),
            installations: BTreeMap::new(),
            next_id: 1_000,
        }
    }

    /// The next free number. Ids are unique over all kinds, so that a mixed-up id is never accidentally right.
    pub fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// An account by login, in any case.
    pub fn account(&self, login: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.login.eq_ignore_ascii_case(login))
    }

    /// A repository by `owner/name`, in any case.
    pub fn repo(&self, full_name: &str) -> Option<&Repo> {
        let (owner, name) = full_name.split_once('/')?;
        let owner = self.account(owner)?.id;
        self.repos.values().find(|repo| repo.owner == owner && repo.name.eq_ignore_ascii_case(name))
    }

    pub fn login(&self, account: u64) -> &str {
        self.accounts.get(&account).map_or("ghost", |account| account.login.as_str())
    }

    pub fn full_name(&self, repo: &Repo) -> String {
        format!("{}/{}", self.login(repo.owner), repo.name)
    }

    pub fn team(&self, org: u64, slug: &str) -> Option<&Team> {
        self.teams.values().find(|team| team.org == org && team.slug == slug)
    }

    /// The installation that covers a repository, suspended or not.
    pub fn installation_for(&self, repo: &Repo) -> Option<&Installation> {
        self.installations.values().find(|installation| installation.covers(repo))
    }

    /// The repositories of an installation, oldest first.
    pub fn covered_by(&self, installation: &Installation) -> Vec<&Repo> {
        self.repos.values().filter(|repo| installation.covers(repo)).collect()
    }

    /// Whether this account may push to the repository.
    pub fn writes(&self, account: u64, repo: &Repo) -> bool {
        repo.owner == account
            || repo.collaborators.contains(&account)
            || self.accounts.get(&repo.owner).is_some_and(|owner| owner.members.contains(&account))
    }

    /// GitHub's word for what an author is to a repository.
    pub fn association(&self, author: u64, repo: &Repo) -> &'static str {
        if repo.owner == author {
            "OWNER"
        } else if self.accounts.get(&repo.owner).is_some_and(|owner| owner.members.contains(&author)) {
            "MEMBER"
        } else if repo.collaborators.contains(&author) {
            "COLLABORATOR"
        } else if repo.issues.values().any(|issue| issue.author == author && issue.merged_at().is_some()) {
            "CONTRIBUTOR"
        } else {
            "NONE"
        }
    }
}

impl Installation {
    pub fn covers(&self, repo: &Repo) -> bool {
        self.account == repo.owner
            && self.repositories.as_ref().is_none_or(|selected| selected.contains(&repo.id))
    }
}
