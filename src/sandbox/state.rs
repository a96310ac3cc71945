//! Everything that the sandbox holds in one place, behind one lock.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::SandboxSettings;
use super::clock::Clock;
use super::faults::Faults;
use super::hooks::Hooks;
use super::limits::Budgets;
use super::people::Action;
use super::registry::Images;
use super::world::{Account, AccountKind, App, Issue, Repo, Urls, World};

/// What the App may ask for where nothing else is said.
const PERMISSIONS: [(&str, &str); 11] = [
    ("actions", "read"),
    ("administration", "read"),
    ("attestations", "read"),
    ("checks", "write"),
    ("contents", "read"),
    ("deployments", "write"),
    ("issues", "write"),
    ("members", "read"),
    ("merge_queues", "read"),
    ("metadata", "read"),
    ("pull_requests", "write"),
];

/// What the App hears of where nothing else is said; installation events need no subscription.
const EVENTS: [&str; 17] = [
    "check_run",
    "check_suite",
    "create",
    "delete",
    "deployment",
    "deployment_protection_rule",
    "deployment_review",
    "deployment_status",
    "issue_comment",
    "issues",
    "label",
    "merge_group",
    "milestone",
    "pull_request",
    "pull_request_review",
    "push",
    "repository",
];

/// An issue or a pull request: the numeric id of its repository, and its number there. Survives renames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Numbered {
    pub repo: u64,
    pub number: u64,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Request {
    pub at: Timestamp,
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query without the question mark; empty where there was none.
    pub query: String,
    /// The body, where it was JSON.
    pub body: Value,
    /// The installation whose token was used.
    pub installation: Option<u64>,
    /// What was answered; 0 where the answer was lost.
    pub status: u16,
    /// The body of the answer; empty where there was none or it was lost.
    pub answer: String,
}

/// What an installation token allows.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub installation: u64,
    /// `None`: whatever the installation covers.
    pub repositories: Option<BTreeSet<u64>>,
    pub permissions: BTreeMap<String, String>,
    pub expires_at: Timestamp,
}

/// The sandbox's memory.
#[derive(Debug)]
pub(super) struct State {
    pub world: World,
    pub clock: Clock,
    pub grants: BTreeMap<String, Grant>,
    pub hooks: Hooks,
    pub faults: Faults,
    pub limits: Budgets,
    pub requests: Vec<Request>,
    pub actions: Vec<Action>,
    /// Former `owner/name`s of repositories.
    pub moved: BTreeMap<String, u64>,
    /// What was pushed to the registry beside it.
    pub images: Images,
    /// The App's public key, as DER.
    pub public_key: Vec<u8>,
}

impl State {
    pub fn new(settings: &SandboxSettings, urls: Urls, public_key: Vec<u8>) -> Self {
        let clock = Clock::new(settings.clock);
        let now = clock.now();
        let app = App {
            id: settings.app_id,
            slug: settings.app_slug.clone(),
            owner: 0,
            bot: 0,
            created_at: now,
            permissions: PERMISSIONS.map(|(name, level)| (name.to_owned(), level.to_owned())).into(),
            events: EVENTS.map(str::to_owned).into(),
        };
        let mut state = Self {
            world: World::new(urls, app),
            clock,
            grants: BTreeMap::new(),
            hooks: Hooks::new(&settings.webhook_secret, settings.app_id),
            faults: Faults::default(),
            limits: Budgets::default(),
            requests: Vec::new(),
            actions: Vec::new(),
            moved: BTreeMap::new(),
            images: Images::default(),
            public_key,
        };
        state.world.app.owner = state.add_account("changegate-makers", AccountKind::Organization);
        state.world.app.bot = state.add_account(&format!("{}[bot]", settings.app_slug), AccountKind::Bot);
        state
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn add_account(&mut self, login: &str, kind: AccountKind) -> u64 {
        let (id, created_at) = (self.world.fresh_id(), self.now());
        let account = Account {
            id,
            login: login.to_owned(),
            kind,
            created_at,
            members: BTreeSet::new(),
            issue_types: ["Task", "Bug", "Feature"].map(str::to_owned).into(),
        };
        self.world.accounts.insert(id, account);
        id
    }

    pub fn repo(&self, id: u64) -> Option<&Repo> {
        self.world.repos.get(&id)
    }

    pub fn repo_mut(&mut self, id: u64) -> Option<&mut Repo> {
        self.world.repos.get_mut(&id)
    }

    /// A repository and one of its issues.
    pub fn issue(&self, at: Numbered) -> Option<(&Repo, &Issue)> {
        let repo = self.repo(at.repo)?;
        Some((repo, repo.issues.get(&at.number)?))
    }

    pub fn issue_mut(&mut self, at: Numbered) -> Option<&mut Issue> {
        self.repo_mut(at.repo)?.issues.get_mut(&at.number)
    }

    /// An issue that is about to change: its time of update is now.
    pub fn touch(&mut self, at: Numbered) -> Option<&mut Issue> {
        let now = self.now();
        let issue = self.issue_mut(at)?;
        issue.updated_at = now;
        Some(issue)
    }
}
