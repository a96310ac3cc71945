//! What waits in triage: the oldest first, and what has waited too long.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Kind, Line};
use crate::domain::{
    change_request::Stage,
    policy::{Length, Unit, Zone},
};

/// How long a request may wait for a decision, where policy does not say.
pub const OVERDUE: Length = Length { count: 5, unit: Unit::WorkingDay };

/// What is looked for. What is not said is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// In any case; `none`: what belongs to no account.
    pub account: Option<String>,
    pub system: Option<String>,
    pub kind: Option<Kind>,
    /// Only what lacks information or an answer, or only what does not.
    pub incomplete: Option<bool>,
    /// Only what has waited too long, or only what has not.
    pub overdue: Option<bool>,
}

/// How a request stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// When it is overdue; `None`: the clock stands, because information is missing.
    pub due: Option<Timestamp>,
    pub is_overdue: bool,
}

impl Waiting {
    /// At `now`. The clock runs while the request waits for a decision; whoever lacks information is waited for instead.
    #[must_use]
    pub fn of(line: &Line, limit: Length, zone: &Zone, now: Timestamp) -> Self {
        let since = if line.stage == Stage::Requested { Some(line.since) } else { line.answered };
        let due = since.map(|since| limit.after(since, zone));
        Self { due, is_overdue: due.is_some_and(|due| due <= now) }
    }
}

impl Filter {
    /// Whether the line is looked for.
    #[must_use]
    pub fn wants(&self, line: &Line, waiting: Waiting) -> bool {
        let same = |wanted: &String, found: &str| wanted.to_lowercase() == found.to_lowercase();
        let account = |wanted: &String| match &line.account {
            Some(account) => same(wanted, account),
            None => wanted == "none",
        };
        self.account.as_ref().is_none_or(account)
            && self.system.as_ref().is_none_or(|wanted| line.systems.iter().any(|it| same(wanted, it)))
            && self.kind.is_none_or(|kind| line.kind == kind)
            && self.incomplete.is_none_or(|wanted| wanted == waiting.due.is_none())
            && self.overdue.is_none_or(|wanted| wanted == waiting.is_overdue)
    }
}
