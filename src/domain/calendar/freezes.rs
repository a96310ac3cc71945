//! What people decided about freezes by command, as it is stored: freezes that they opened, and what they lifted or
//! excepted of the policy's own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Place, closing};
use crate::domain::{
    ids::{Actor, IssueRef, RepoId},
    policy::{Freeze, Zone},
};

/// Everything that was decided by command and may still count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freezes {
    #[serde(default)]
    pub opened: Vec<OpenedFreeze>,
    #[serde(default)]
    pub waived: Vec<Waiver>,
}

/// A freeze that somebody opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedFreeze {
    /// The reason, in the person's words; the freeze is called by it.
    pub why: String,
    pub by: Actor,
    pub since: Timestamp,
    /// The first moment that is free again; `None`: until it is lifted.
    pub until: Option<Timestamp>,
    #[serde(default)]
    pub scope: FreezeScope,
    /// The change requests for which it does not close.
    #[serde(default)]
    pub except: Vec<IssueRef>,
    /// Whether it also halts what had begun before it.
    #[serde(default)]
    pub stop: bool,
    #[serde(default)]
    pub lifted: Option<Lifted>,
}

/// What a freeze closes: what fits each of these. `None` fits everything, so that the whole organisation is closed
/// where nothing is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeScope {
    /// Sections of `environments`, or single GitHub environments; case does not matter.
    #[serde(default)]
    pub environments: Option<Vec<String>>,
    #[serde(default)]
    pub repositories: Option<Vec<RepoId>>,
    /// Names of systems, without `system/`; case does not matter.
    #[serde(default)]
    pub systems: Option<Vec<String>>,
}

/// That a freeze was lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifted {
    pub by: Actor,
    pub at: Timestamp,
    pub why: String,
}

/// What somebody lifted or excepted of one freeze that stands in a policy. A freeze with the same name and other
/// times, as next year's, is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    pub name: String,
    pub begins: Timestamp,
    pub ends: Timestamp,
    /// The change requests for which it does not close.
    #[serde(default)]
    pub except: Vec<IssueRef>,
    #[serde(default)]
    pub lifted: Option<Lifted>,
}

impl OpenedFreeze {
    /// The first moment at which it no longer closes; `None`: nobody knows yet.
    #[must_use]
    pub fn ends(&self) -> Option<Timestamp> {
        self.until.into_iter().chain(self.lifted.as_ref().map(|lifted| lifted.at)).min()
    }
}

impl FreezeScope {
    /// Whether a place is closed, which is known by `names`: its environment's and those of its sections.
    pub(super) fn closes(&self, place: &Place<'_>, names: &[&str]) -> bool {
        let any = |given: &Option<Vec<String>>, is: &dyn Fn(&str) -> bool| {
            given.as_ref().is_none_or(|given| given.iter().any(|given| is(given)))
        };
        any(&self.environments, &|given| names.iter().any(|name| same(name, given)))
            && any(&self.systems, &|given| place.systems.iter().any(|system| same(system, given)))
            && self.repositories.as_ref().is_none_or(|repositories| repositories.contains(&place.repo))
    }
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

impl Waiver {
    /// Nothing lifted and nothing excepted yet of a freeze that is meant in this zone.
    #[must_use]
    pub fn of(freeze: &Freeze, zone: &Zone) -> Self {
        let (begins, ends) = closing::span(freeze, zone);
        Self { name: freeze.name.clone(), begins, ends, except: vec![], lifted: None }
    }

    /// Whether it speaks of the same freeze.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        (&self.name, self.begins, self.ends) == (&other.name, other.begins, other.ends)
    }
}
