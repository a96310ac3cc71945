//! What runs in an environment and what ran before, as deployments tell; in whatever order they are heard.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::{ids::Sha, pairs};

/// How many deployments are remembered.
const MOST: usize = 100;

/// The newest deployments, by GitHub's number, which grows with time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Runs(#[serde(with = "pairs")] BTreeMap<u64, Deployed>);

/// A deployment, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    pub sha: Sha,
    pub phase: Phase,
    /// When it came to this phase, as far as we heard.
    pub heard_at: Timestamp,
    /// We had allowed it, or nothing was enforced then.
    pub allowed: bool,
}

/// How far a deployment has come. The order is that of time; of two that contradict each other the later one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Created, queued, or waiting for a rule.
    Waits,
    Runs,
    Failed,
    Succeeded,
}

impl Phase {
    /// Of a deployment status; `None`: it says nothing of that (`inactive`: another one has taken its place).
    #[must_use]
    pub fn of(state: &str) -> Option<Self> {
        match state {
            "pending" | "queued" | "waiting" => Some(Self::Waits),
            "in_progress" => Some(Self::Runs),
            "failure" | "error" => Some(Self::Failed),
            "success" => Some(Self::Succeeded),
            _ => None,
        }
    }

    /// Whether it changes, or changed, what runs.
    #[must_use]
    pub const fn has_begun(self) -> bool {
        matches!(self, Self::Runs | Self::Failed | Self::Succeeded)
    }
}

impl FromIterator<(u64, Deployed)> for Runs {
    fn from_iter<I: IntoIterator<Item = (u64, Deployed)>>(deployed: I) -> Self {
        Self(deployed.into_iter().collect())
    }
}

impl Runs {
    /// Takes what is told of a deployment; answers whether it is news.
    pub(super) fn hear(&mut self, id: u64, deployed: Deployed) -> bool {
        let is_new = match self.0.get_mut(&id) {
            Some(known) if known.phase < deployed.phase => {
                known.phase = deployed.phase;
                known.heard_at = deployed.heard_at;
                known.allowed |= deployed.allowed;
                true
            }
            Some(_) => false,
            None => self.0.insert(id, deployed).is_none(),
        };
        while self.0.len() > MOST && self.0.first_key_value().map(|(id, _)| *id) != self.baseline_id() {
            self.0.pop_first();
        }
        is_new
    }

    /// Whether a deployment is known to have been allowed.
    pub(super) fn was_allowed(&self, id: u64) -> bool {
        self.0.get(&id).is_some_and(|it| it.allowed)
    }

    fn baseline_id(&self) -> Option<u64> {
        self.0.iter().rev().find(|(_, it)| it.phase == Phase::Succeeded).map(|(id, _)| *id)
    }

    /// What runs there now: the last deployment that succeeded.
    #[must_use]
    pub fn baseline(&self) -> Option<&Deployed> {
        self.current().map(|(_, deployed)| deployed)
    }

    /// The same, with GitHub's number.
    #[must_use]
    pub fn current(&self) -> Option<(u64, &Deployed)> {
        self.baseline_id().and_then(|id| Some((id, self.0.get(&id)?)))
    }

    /// What was allowed and ran before the commit that runs now.
    #[must_use]
    pub fn before(&self) -> Option<&Deployed> {
        let (id, now) = (self.baseline_id()?, self.baseline()?);
        let earlier = self.0.range(..id).rev().map(|(_, it)| it);
        earlier.filter(|it| it.phase == Phase::Succeeded && it.allowed).find(|it| it.sha != now.sha)
    }

    /// What ran there when a deployment was created: the one before it that succeeded last.
    pub(super) fn before_it(&self, id: u64) -> Option<&Sha> {
        let mut earlier = self.0.range(..id).rev().map(|(_, it)| it);
        earlier.find(|it| it.phase == Phase::Succeeded).map(|it| &it.sha)
    }

    /// The deployments that failed.
    pub(super) fn failed(&self) -> impl Iterator<Item = (u64, &Deployed)> {
        self.0.iter().filter(|(_, it)| it.phase == Phase::Failed).map(|(id, it)| (*id, it))
    }

    /// The deployment that is on its way, if one is.
    #[must_use]
    pub fn running(&self) -> Option<(u64, &Deployed)> {
        let last = self.0.iter().rev().find(|(_, it)| it.phase.has_begun());
        last.filter(|(_, it)| it.phase == Phase::Runs).map(|(id, it)| (*id, it))
    }

    /// The deployments that have begun since then.
    pub(super) fn begun_since(&self, since: Timestamp) -> impl Iterator<Item = (u64, &Deployed)> {
        let begun = self.0.iter().filter(move |(_, it)| it.phase.has_begun() && it.heard_at >= since);
        begun.map(|(id, it)| (*id, it))
    }

    /// It was found out whether a deployment had been allowed.
    pub(super) fn set_allowed(&mut self, id: u64, allowed: bool) {
        if let Some(deployed) = self.0.get_mut(&id) {
            deployed.allowed = allowed;
        }
    }

    /// What was only waiting goes ahead: it was let through.
    pub(super) fn begin(&mut self, id: u64, sha: &Sha, now: Timestamp) {
        let waits = |it: &&mut Deployed| it.phase == Phase::Waits && it.sha == *sha;
        if let Some(deployed) = self.0.get_mut(&id).filter(waits) {
            (deployed.phase, deployed.heard_at, deployed.allowed) = (Phase::Runs, now, true);
        }
    }

    /// Whether a deployment is known to have begun.
    pub(super) fn has_begun(&self, id: u64) -> bool {
        self.0.get(&id).is_some_and(|it| it.phase.has_begun())
    }

    /// Whether nothing was ever deployed, as far as is known.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything is known of a deployment.
    pub(super) fn knows(&self, id: u64) -> bool {
        self.0.contains_key(&id)
    }

    /// When the commit ran there before, deployed with an allow.
    #[must_use]
    pub fn ran(&self, sha: &Sha) -> Option<&Deployed> {
        self.0.values().rev().find(|it| it.sha == *sha && it.phase == Phase::Succeeded && it.allowed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::trial::{sha, time};

    fn deployed(digit: char, phase: Phase) -> Deployed {
        Deployed { sha: sha(digit), phase, heard_at: time(0), allowed: true }
    }

    #[test]
    fn what_succeeded_last_runs_whatever_failed_since() {
        let mut runs = Runs::default();
        assert_eq!(runs.baseline(), None);
        runs.hear(1, deployed('a', Phase::Succeeded));
        runs.hear(2, deployed('b', Phase::Runs));
        assert_eq!((runs.baseline().unwrap().sha.clone(), runs.running().unwrap().0), (sha('a'), 2));
        runs.hear(2, deployed('b', Phase::Failed));
        assert_eq!((runs.baseline().unwrap().sha.clone(), runs.running()), (sha('a'), None));
        runs.hear(3, deployed('c', Phase::Succeeded));
        assert_eq!(runs.baseline().unwrap().sha, sha('c'));
        assert!(runs.ran(&sha('a')).is_some() && runs.ran(&sha('b')).is_none());
    }

    #[test]
    fn what_runs_is_remembered_however_many_fail_after_it() {
        let mut runs = Runs::default();
        runs.hear(1, deployed('a', Phase::Succeeded));
        for id in 2..300 {
            runs.hear(id, deployed('b', Phase::Failed));
        }
        assert_eq!(runs.baseline().unwrap().sha, sha('a'));
    }

    proptest! {
        #[test]
        fn the_order_in_which_it_is_heard_means_nothing(
            told in Just((1..6_u64).flat_map(|id| {
                let last = if id % 2 == 0 { Phase::Failed } else { Phase::Succeeded };
                [Phase::Waits, Phase::Runs, last].map(|phase| (id, phase))
            }).collect::<Vec<_>>()).prop_shuffle()
        ) {
            let mut runs = Runs::default();
            for (id, phase) in told {
                let digit = char::from_digit(u32::try_from(id).unwrap(), 10).unwrap();
                runs.hear(id, deployed(digit, phase));
            }
            prop_assert_eq!(runs.baseline().unwrap().sha.clone(), sha('5'));
            prop_assert_eq!(runs.running(), None);
        }
    }
}
