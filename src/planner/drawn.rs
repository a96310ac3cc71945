//! What was worked out, to be handed on: to the command line through the admin socket, to the API, to a page.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{ReleaseId, RepoName},
    planning::{
        Line,
        accounts::{Concentration, Counts},
        load::Load,
        plan::Flow,
    },
    policy::{KeptFor, Zone, kept_in_words},
    release::Phase,
};

/// A change request, and what its repository is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub repository: Option<RepoName>,
    pub line: Line,
}

impl Shown {
    /// `acme/web#12`.
    #[must_use]
    pub fn name(&self) -> String {
        let at = self.line.at;
        let repository = self.repository.as_ref().map_or_else(|| at.repo.to_string(), ToString::to_string);
        format!("{repository}#{}", at.number)
    }

    /// `acme/web#12 has had 14 pull requests`.
    #[must_use]
    pub fn had(&self) -> String {
        format!("{} {}", self.name(), self.line.had())
    }
}

/// What waits for a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    pub shown: Shown,
    /// What it may be asked twice with: the most alike first.
    #[serde(default)]
    pub alike: Vec<Shown>,
    /// `None`: the clock stands, because information is missing.
    pub due: Option<Timestamp>,
    pub is_overdue: bool,
}

/// The plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub at: Timestamp,
    /// In which its times are meant.
    pub zone: Zone,
    pub releases: Vec<Column>,
    /// When nothing is deployed, now and later.
    pub freezes: Vec<Frozen>,
    /// Where changes of one release meet in one system.
    pub clashes: Vec<Clash>,
    /// What is in each stage that has a limit.
    #[serde(default)]
    pub loads: Vec<Load>,
    /// What goes on and on: it has had more pull requests, or has shipped in more releases, than one change does.
    #[serde(default)]
    pub evergreen: Vec<Shown>,
    /// What went in and came out in the last whole months, the oldest first.
    pub flow: Vec<Flow>,
    /// The first of those that are in no release, in the merged order.
    pub unplanned: Vec<Place>,
    pub unplanned_in_all: usize,
    /// The last that came into production, within twelve months.
    pub delivered: Vec<Shown>,
    pub delivered_in_all: usize,
}

/// Changes of one release that are about one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clash {
    pub release: ReleaseId,
    pub system: String,
    pub changes: Vec<Shown>,
}

impl Plan {
    /// `Evergreen: acme/web#12 has had 14 pull requests.`, with what is said of each; `None`: nothing goes on and on.
    #[must_use]
    pub fn evergreen_in_words(&self, say: impl Fn(&Shown) -> String) -> Option<String> {
        let all: Vec<String> = self.evergreen.iter().map(say).collect();
        (!all.is_empty()).then(|| {
            format!(
                "Evergreen: {}. What comes next is better asked for in a change request of its own.",
                all.join("; ")
            )
        })
    }
}

/// A time in which nothing is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// What people call it, or why.
    pub name: String,
    pub from: Timestamp,
    /// `None`: until it is lifted.
    pub until: Option<Timestamp>,
}

/// One release of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub id: ReleaseId,
    pub leaves: Option<Timestamp>,
    pub locks: Option<Timestamp>,
    /// `None`: nobody has planned anything for it yet.
    pub phase: Option<Phase>,
    /// How much it carries; `None`: no limit.
    pub slots: Option<usize>,
    /// The fewest and the most that the last ones carried, where that was learned from them.
    pub learned: Option<(usize, usize)>,
    pub free: Option<usize>,
    /// What of the slots is kept for accounts.
    #[serde(default)]
    pub kept: Vec<KeptFor>,
    pub changes: Vec<Shown>,
}

impl Column {
    /// `2 slots are kept for sales, 1 for support`; `None`: none is kept.
    #[must_use]
    pub fn kept_in_words(&self, name: impl Fn(&str) -> String) -> Option<String> {
        kept_in_words(&self.kept, name)
    }
}

/// A place in the merged order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub overall: usize,
    /// Among what its account asks for.
    pub own: usize,
    pub of: usize,
    pub change: Shown,
}

/// The report of accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accounts {
    pub since: Timestamp,
    pub zone: Zone,
    /// Whoever asked for most first.
    pub accounts: Vec<Account>,
    pub total: Counts,
    /// The mean of all ratings, 1 to 5; `None`: fewer than three.
    pub satisfaction: Option<f64>,
    pub concentration: Option<Concentration>,
    /// The account that is left out.
    pub without: Option<String>,
}

/// One account of the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// `None`: what belongs to no account.
    pub name: Option<String>,
    pub counts: Counts,
    /// In what was asked for, 0 to 1.
    pub share: f64,
    /// It asks for so much that it may be a key account, and nobody has said so yet.
    pub is_key: bool,
    /// What people call accounts of its sort, as policy says.
    #[serde(default)]
    pub tier: Option<String>,
    /// So many slots of each release are kept for it.
    #[serde(default)]
    pub reserved: u16,
    /// The mean of the ratings, 1 to 5; `None`: fewer than three.
    pub satisfaction: Option<f64>,
    /// In the merged order; `None`: policy does not name it, and it weighs 1.
    pub weight: Option<u16>,
}
