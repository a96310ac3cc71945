//! GitHub's rate limits: a primary budget per hour, and secondary ones for what creates content.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// How much an installation may do.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests an hour, REST and GraphQL each.
    pub primary: u64,
    /// Writes of content a minute.
    pub content_per_minute: usize,
    /// Writes of content an hour.
    pub content_per_hour: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { primary: 5_000, content_per_minute: 80, content_per_hour: 500 }
    }
}

/// Which primary budget a request draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    Core,
    Graphql,
}

impl Resource {
    pub fn word(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Graphql => "graphql",
        }
    }
}

/// One budget as the headers tell it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    pub limit: u64,
    pub used: u64,
    pub reset: Timestamp,
}

impl Budget {
    pub fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// What every installation has used. Installation 0 is the App itself.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    limits: Limits,
    used: BTreeMap<(u64, Resource), (Timestamp, u64)>,
    content: BTreeMap<u64, Vec<Timestamp>>,
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

impl Budgets {
    pub fn set(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The budget of this hour; an hour begins with the first request after the last one ended.
    pub fn budget(&self, installation: u64, resource: Resource, now: Timestamp) -> Budget {
        let running = self.used.get(&(installation, resource)).copied();
        let (began, used) = running.filter(|(began, _)| now < *began + HOUR).unwrap_or((now, 0));
        Budget { limit: self.limits.primary, used, reset: began + HOUR }
    }

    pub fn spend(&mut self, installation: u64, resource: Resource, now: Timestamp) {
        let Budget { used, reset, .. } = self.budget(installation, resource, now);
        self.used.insert((installation, resource), (reset - HOUR, used + 1));
    }

    /// Seconds to wait before content may be written again, or `None` after counting one write.
    pub fn write_content(&mut self, installation: u64, now: Timestamp) -> Option<i64> {
        let Limits { content_per_minute, content_per_hour, .. } = self.limits;
        let written = self.content.entry(installation).or_default();
        written.retain(|at| now < *at + HOUR);
        let last_minute = written.iter().filter(|at| now < **at + MINUTE).count();
        if last_minute >= content_per_minute || written.len() >= content_per_hour {
            return Some(60);
        }
        written.push(now);
        None
    }
}
