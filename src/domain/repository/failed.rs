//! Failed deployments of standard changes, counted for each template: after so many it is suspended.
//!
//! A failed deployment counts against the templates by which the pull request of exactly the deployed commit passed.
//! What else a deployment carried is not known before ranges are.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    super::{
        event::{Event, What},
        facts::{Fact, Inquiry},
        ids::{IssueRef, Sha, SubjectId},
        pairs,
        pull_request::{Fit, PullRequestView},
        subject::View,
    },
    RepositoryView,
};

/// The newest deployments that failed and may still have to be counted.
const MOST_OPEN: usize = 100;

/// Failed deployments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// By the number of the deployment: its commit, while it is not known which pull request that came with.
    #[serde(with = "pairs")]
    pub open: BTreeMap<u64, Sha>,
    /// The deployments of each template, by its version: an edited template begins anew.
    pub counted: BTreeMap<String, BTreeSet<u64>>,
}

impl Failed {
    /// Takes what the events tell.
    pub(super) fn hear(&mut self, events: &[Event]) {
        let failed = events.iter().filter_map(|event| {
            let What::DeploymentStatus { state: Some(state), deployment, .. } = &event.what else {
                return None;
            };
            Some((deployment.id, deployment.sha.clone()?)).filter(|_| is_failure(state))
        });
        let known = |id: &u64| self.counted.values().any(|deployments| deployments.contains(id));
        let new: Vec<(u64, Sha)> = failed.filter(|(id, _)| !known(id)).collect();
        self.open.extend(new);
        while self.open.len() > MOST_OPEN {
            self.open.pop_first();
        }
    }

    /// Counts what can be counted; whether GitHub has to be asked again. `None`: something must be found out first.
    pub(super) fn count(&mut self, view: &RepositoryView, inquiry: &mut Inquiry<'_>) -> Option<bool> {
        if self.open.is_empty() {
            return Some(false);
        }
        let policy = inquiry.policy_of(view)?;
        let counts = policy.is_some_and(|policy| {
            policy.base().standard_changes().iter().any(|change| change.suspend_after.is_some())
        });
        if !counts {
            self.open.clear();
            return Some(false);
        }
        let asked: Vec<_> = self.open.iter().map(|(id, sha)| (*id, inquiry.origins(view.id, sha))).collect();
        let mut pulls = vec![];
        let mut unknown = BTreeSet::new();
        for (id, origin) in asked {
            match origin? {
                Fact::Known(numbers, _) => pulls.extend(numbers.iter().map(|number| (id, *number))),
                Fact::Unknown(_) => {
                    unknown.insert(id);
                }
            }
        }
        let views: Vec<_> = pulls
            .into_iter()
            .map(|(id, number)| {
                (id, inquiry.view(SubjectId::PullRequest(IssueRef { repo: view.id, number })))
            })
            .collect();
        for (id, view) in views {
            for fit in view?.and_then(View::as_pull_request).map(passed_by).unwrap_or_default() {
                self.counted.entry(fit.version.clone()).or_default().insert(id);
            }
        }
        self.open.retain(|id, _| unknown.contains(id));
        Some(!unknown.is_empty())
    }

    /// How many failed, by the version of the template.
    pub(super) fn counts(&self) -> BTreeMap<String, u16> {
        let count = |deployments: &BTreeSet<u64>| u16::try_from(deployments.len()).unwrap_or(u16::MAX);
        self.counted.iter().map(|(version, deployments)| (version.clone(), count(deployments))).collect()
    }
}

fn is_failure(state: &str) -> bool {
    matches!(state, "failure" | "error")
}

/// The templates that it fits, where nothing else accepted it.
fn passed_by(pull: &PullRequestView) -> &[Fit] {
    if pull.merged_at.is_some() && pull.links.is_empty() { &pull.standard.fits } else { &[] }
}
