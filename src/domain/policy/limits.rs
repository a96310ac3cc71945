//! How many change requests may be in a stage at once.

use super::changes::PolicyChange;
use super::error::Refusal;
use super::place::Place;
use super::written;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A stage that can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limited {
    /// Accepted, and in no release.
    Accepted,
    /// In a release, and not begun.
    Scheduled,
    InWork,
    /// The code is complete, and not in production.
    Ready,
}

impl Limited {
    /// All of them, in the order of a change request's life.
    pub const ALL: [Self; 4] = [Self::Accepted, Self::Scheduled, Self::InWork, Self::Ready];

    /// As the file writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::InWork => "in-work",
            Self::Ready => "ready",
        }
    }

    /// As people say it.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::InWork => "in work",
            Self::Ready => "ready",
        }
    }
}

/// The most that may be in each stage; a stage that is not there has no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Limits(BTreeMap<Limited, u32>);

/// More are not counted with.
const MOST: u32 = 100_000;

impl Limits {
    pub(super) fn check(place: &Place<'_>, written: &written::Limits) -> Self {
        let written::Limits { accepted, scheduled, in_work, ready } = written;
        let all = Limited::ALL.into_iter().zip([accepted, scheduled, in_work, ready]);
        let limit = |(stage, number): (Limited, &Option<i64>)| {
            Some((stage, place.key(stage.as_str()).take(limit((*number)?))?))
        };
        Self(all.filter_map(limit).collect())
    }

    /// The most that may be in a stage; `None`: any number.
    #[must_use]
    pub fn of(&self, stage: Limited) -> Option<u32> {
        self.0.get(&stage).copied()
    }

    /// Each with its stage, in the order of a change request's life.
    pub fn all(&self) -> impl Iterator<Item = (Limited, u32)> {
        self.0.iter().map(|(stage, limit)| (*stage, *limit))
    }

    /// The lower one of each stage.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (stage, limit) in other.all() {
            let lower = self.of(stage).map_or(limit, |own| own.min(limit));
            self.0.insert(stage, lower);
        }
        self
    }

    /// `at most 40 accepted, 12 in work`; `None`: nothing is limited.
    pub(super) fn in_words(&self) -> Option<String> {
        let all: Vec<String> =
            self.all().map(|(stage, limit)| format!("{limit} {}", stage.in_words())).collect();
        (!all.is_empty()).then(|| format!("at most {}", all.join(", ")))
    }
}

fn limit(number: i64) -> Result<u32, Refusal> {
    match u32::try_from(number) {
        Ok(0) => Err(Refusal::new("is 0", "nothing could be there at all; write at least 1, or remove it")),
        Ok(limit @ 1..=MOST) => Ok(limit),
        Ok(_) | Err(_) => {
            Err(Refusal::new(format!("is {number}"), format!("write a whole number from 1 to {MOST}")))
        }
    }
}

/// Which limits are new, raised, lowered or gone.
pub(super) fn changes(before: &Limits, after: &Limits) -> Vec<PolicyChange> {
    let change = |stage: Limited| {
        let may = format!("change requests may be {} at once", stage.in_words());
        match (before.of(stage), after.of(stage)) {
            (None, None) => None,
            (was, Some(is)) if was == Some(is) => None,
            (None, Some(is)) => Some(PolicyChange::new(format!("at most {is} {may}"), false)),
            (Some(was), Some(is)) => {
                Some(PolicyChange::new(format!("at most {is} {may}, where it was {was}"), is > was))
            }
            (Some(was), None) => {
                Some(PolicyChange::new(format!("any number of {may}, where it was {was}"), true))
            }
        }
    };
    Limited::ALL.into_iter().filter_map(change).collect()
}
