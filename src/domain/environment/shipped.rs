//! What a deployment that succeeded has changed: the pull requests that it brought, and those that do not run any more. They
//! and the releases are told, and through them the change requests.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        decide::READ_AGAIN,
        effect::{Call, Effect},
        event::Shipment,
        facts::Inquiry,
        gate::Brings,
        ids::{RepoId, Sha},
    },
    Environment,
    answer::Told,
};

/// A deployment of which was told what it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipped {
    /// GitHub's number.
    pub deployment: u64,
    pub sha: Sha,
}

/// For so long it is asked again what a deployment brought, where GitHub does not say.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

impl Environment {
    /// Tells what runs now and did not before; when to look again, where that is not known yet. `None`: something must be
    /// found out first.
    pub(super) fn ship(
        &mut self,
        (repo, now): (RepoId, Timestamp),
        told: &mut Told,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Option<Timestamp>> {
        let (Some((deployment, runs)), Some(watched_from)) = (self.runs.current(), self.watched_from) else {
            return Some(None);
        };
        if self.shipped.as_ref().is_some_and(|shipped| shipped.deployment >= deployment) {
            return Some(None);
        }
        let (sha, at) = (runs.sha.clone(), runs.heard_at);
        let next = Shipped { deployment, sha: sha.clone() };
        let is_older = self.shipped.is_none() && at < watched_from;
        let policy = inquiry.policy(repo)?;
        let delivers = policy.is_some_and(|policy| policy.delivers_to(&self.name));
        if is_older {
            self.shipped = Some(next);
            return Some(None);
        }
        let from = self.shipped.as_ref().map(|shipped| &shipped.sha);
        let brings = match self.brought(repo, (from, &sha), now, inquiry)? {
            Err(_) if now.duration_since(at) < PATIENCE => return Some(Some(now + READ_AGAIN)),
            found => found.ok(),
        };
        self.shipped = Some(next);
        let (brought, taken) = match brings {
            Some(brings) => (brings.pull_requests, brings.undoes),
            None => Default::default(),
        };
        let environment = self.name.clone();
        let shipment = Shipment { environment, deployment, sha, at, brought, taken };
        told.audit.push(entry(repo, &shipment));
        if delivers {
            told.effects.push(Effect::new(Call::Ship { repo, shipment }));
        }
        Some(None)
    }

    /// Asks at once what will be asked in turn.
    pub(super) fn foresee_shipment(&self, repo: RepoId, now: Timestamp, inquiry: &mut Inquiry<'_>) {
        let told = self.shipped.as_ref().map(|shipped| shipped.deployment);
        let news = self.runs.current().filter(|(deployment, _)| told < Some(*deployment));
        if let (Some((_, runs)), Some(_)) = (news, self.watched_from) {
            let _ = inquiry.policy(repo);
            let from = self.shipped.as_ref().map(|shipped| &shipped.sha);
            let _ = self.brought(repo, (from, &runs.sha), now, inquiry);
        }
    }

    /// What was found out for who asked to deploy it, or else what is found out now.
    pub(super) fn brought(
        &self,
        repo: RepoId,
        (from, sha): (Option<&Sha>, &Sha),
        now: Timestamp,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Result<Brings, String>> {
        let known = self.requests.iter().rev().filter(|request| !request.provisional);
        let mut known = known.filter_map(|request| request.brings.as_ref());
        match known.find(|brings| brings.from.as_ref() == from && brings.to == *sha) {
            Some(brings) => Some(Ok(brings.clone())),
            None => self.range(repo, (from, sha), now, inquiry),
        }
    }
}

fn entry(repo: RepoId, shipment: &Shipment) -> AuditEntry {
    let Shipment { environment, deployment, sha, at, brought, taken } = shipment;
    let list = |numbers: &std::collections::BTreeSet<u64>| {
        numbers.iter().map(|number| format!("{repo}#{number}")).collect::<Vec<_>>().join(" ")
    };
    AuditEntry::new("deployment.succeeded")
        .fact("repository", repo)
        .fact("deployment", deployment)
        .fact("commit", sha)
        .fact("at", at)
        .fact("brought", list(brought))
        .fact("taken", list(taken))
        .text("environment", environment.clone())
}
