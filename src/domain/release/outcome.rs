//! What becomes of a release: where it runs, where it was taken back, and how people say that it went.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        change_request::emergency::Done,
        effect::{Call, Effect},
        event::{Failure, FailureOf, Shipment},
        facts::Inquiry,
        ids::{Actor, RepoId},
    },
    Deployed, DeploymentState, Phase, Release,
    act::{Act, Deed},
};

/// Since a deployment of something else its work does not run in an environment any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    pub repo: RepoId,
    pub environment: String,
    /// GitHub's number of the deployment that took it back; those before it run no more.
    pub deployment: u64,
    pub at: Timestamp,
}

/// How people say that it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome<'a> {
    pub result: Done,
    pub said: &'a str,
    pub by: &'a Actor,
    pub at: Timestamp,
}

/// So long after it is deployed or taken back people are asked how it went.
const ASKED_AFTER: SignedDuration = SignedDuration::from_hours(48);

impl Release {
    /// Takes what an environment says that it runs now; its own deployment may have gone by unheard.
    pub(super) fn hear_shipment(&mut self, repo: RepoId, shipment: &Shipment) {
        let Shipment { environment, deployment, sha, at, brought, taken } = shipment;
        let told = Deployed {
            repo,
            environment: environment.clone(),
            sha: sha.clone(),
            state: DeploymentState::Succeeded,
            began: true,
            delivers: true,
            at: *at,
            brought: brought.clone(),
        };
        self.hear_deployment(*deployment, told);
        let own: BTreeSet<u64> = self.pulls_in(repo).collect();
        if own.is_disjoint(taken) {
            return;
        }
        let back = TakenBack { repo, environment: environment.clone(), deployment: *deployment, at: *at };
        match self.taken_back.iter_mut().find(|known| known.is_at(repo, environment)) {
            Some(known) if known.deployment < *deployment => *known = back,
            Some(_) => {}
            None => self.taken_back.push(back),
        }
    }

    fn pulls_in(&self, repo: RepoId) -> impl Iterator<Item = u64> {
        let pulls = self.changes.iter().flat_map(|change| &change.pulls);
        pulls.filter(move |pull| pull.at.repo == repo).map(|pull| pull.at.number)
    }

    /// The deployments of its candidates as they are now.
    pub fn running(&self) -> impl Iterator<Item = &Deployed> {
        let stands = |id: u64, it: &Deployed| {
            let back = self.taken_back.iter().find(|back| back.is_at(it.repo, &it.environment));
            back.is_none_or(|back| back.deployment < id)
        };
        self.begun().filter(move |(id, it)| stands(**id, it)).map(|(_, it)| it)
    }

    /// Which of its deployments deliver, as policy says now. `None`: something must be found out first.
    pub(super) fn follow_environments(&mut self, inquiry: &mut Inquiry<'_>) -> Option<()> {
        let repos: BTreeSet<RepoId> = self.deployed.values().map(|it| it.repo).collect();
        let asked: Vec<_> = repos.into_iter().map(|repo| (repo, inquiry.policy(repo))).collect();
        let policies: BTreeMap<RepoId, _> =
            asked.into_iter().map(|(repo, policy)| Some((repo, policy?))).collect::<Option<_>>()?;
        for it in self.deployed.values_mut() {
            let policy = policies.get(&it.repo).and_then(Option::as_ref);
            it.delivers = policy.is_some_and(|policy| policy.delivers_to(&it.environment));
        }
        Some(())
    }

    fn begun(&self) -> impl Iterator<Item = (&u64, &Deployed)> {
        self.deployed
            .iter()
            .filter(|(_, it)| it.began && it.delivers)
            .filter(|(_, it)| self.candidates.get(&it.repo).is_some_and(|candidate| candidate.sha == it.sha))
    }

    /// Whether it ran, and what ran was taken back everywhere.
    pub(super) fn is_taken_back(&self) -> bool {
        self.begun().next().is_some() && self.running().next().is_none()
    }

    /// How people say that it went, once they have; the last word counts.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome<'_>> {
        self.acts.iter().rev().filter(|act| act.counts()).find_map(|act| {
            let Deed::CloseOut { result, said } = &act.deed else { return None };
            Some(Outcome { result: *result, said, by: &act.by, at: act.at })
        })
    }

    /// What is told to each repository that it shipped: that what came along went wrong, as people say who closed it, or that
    /// they say otherwise by now.
    pub(super) fn failures(&self) -> Vec<Effect> {
        let is_bad = |result: Done| result != Done::Worked;
        let was_bad =
            |act: &Act| act.counts() && matches!(act.deed, Deed::CloseOut { result, .. } if is_bad(result));
        let Some(outcome) = self.outcome().filter(|_| self.acts.iter().any(was_bad)) else { return vec![] };
        let mut brought: BTreeMap<RepoId, BTreeSet<u64>> = BTreeMap::new();
        for it in self.deployed.values().filter(|it| it.delivers && !it.brought.is_empty()) {
            let here = brought.entry(it.repo).or_default();
            here.extend(it.brought.iter().filter(|_| is_bad(outcome.result)));
        }
        let told = brought.into_iter().map(|(repo, brought)| {
            let failure = Failure { of: FailureOf::Release(self.id.clone()), brought };
            Effect::new(Call::Fail { repo, failure })
        });
        told.collect()
    }

    /// Whether there is anything that could have gone well or not.
    pub(super) fn has_begun(&self) -> bool {
        self.begun().next().is_some()
    }

    /// When people are asked how it went; `None`: it is not so far, or they have said it.
    pub(super) fn asked_at(&self) -> Option<Timestamp> {
        let since = match self.phase(self.signed) {
            Phase::Deployed => self.running().map(|it| it.at).max(),
            Phase::BackedOut => self.taken_back.iter().map(|back| back.at).max(),
            Phase::Planning
            | Phase::Locked
            | Phase::GoNoGo
            | Phase::Approved
            | Phase::PartlyDeployed
            | Phase::Closed => None,
        };
        since.filter(|_| self.outcome().is_none())?.checked_add(ASKED_AFTER).ok()
    }
}

impl TakenBack {
    /// GitHub's environments are the same whatever their case.
    fn is_at(&self, repo: RepoId, environment: &str) -> bool {
        self.repo == repo && self.environment.eq_ignore_ascii_case(environment)
    }
}
