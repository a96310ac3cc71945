//! What failed of standard changes, counted for each template: after so many it is suspended.
//!
//! A failed deployment counts against the templates by which anything passed that it brought: the pull request of the
//! deployed commit, and what the environment tells of the rest, where policy rules it. What we kept back has not run, and
//! counts against none, although GitHub says that it failed. A release that was closed with problems or as backed out
//! counts, and no longer where people say otherwise.
//!
//! Whatever belongs to a change request passed by that, and by no template. So nothing is counted of a change without code:
//! it has no pull request, and a template is fitted by the commits and files of one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    super::{
        event::{DeploymentSnapshot, Event, FailureOf, RunSnapshot, What},
        facts::{Fact, Inquiry},
        ids::{IssueRef, ReleaseId, RepoId, Sha, SubjectId},
        pairs,
        pull_request::{Fit, PullRequestView},
        subject::{State, View},
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
    /// What else failed and is to be counted, with the pull requests that came along.
    #[serde(default, with = "pairs")]
    pub told: BTreeMap<FailureOf, BTreeSet<u64>>,
    /// The releases of each template that people say went wrong, by its version.
    #[serde(default)]
    pub closed: BTreeMap<String, BTreeSet<ReleaseId>>,
}

impl Failed {
    /// Takes what the events tell. `None`: something must be found out first.
    pub(super) fn hear(&mut self, repo: RepoId, events: &[Event], inquiry: &mut Inquiry<'_>) -> Option<()> {
        let failed = events.iter().filter_map(|event| failed(&event.what));
        let asked: Vec<_> = failed.map(|it| (it, was_kept_back(repo, it, inquiry))).collect();
        for ((deployment, sha, _), was_kept_back) in asked {
            let is_known = self.counted.values().any(|counted| counted.contains(&deployment.id));
            if !was_kept_back? && !is_known {
                self.open.insert(deployment.id, sha.clone());
            }
        }
        while self.open.len() > MOST_OPEN {
            self.open.pop_first();
        }
        for event in events {
            let What::Failed(failure) = &event.what else { continue };
            self.told.insert(failure.of.clone(), failure.brought.clone());
        }
        Some(())
    }

    /// Counts what can be counted; whether GitHub has to be asked again. `None`: something must be found out first.
    pub(super) fn count(&mut self, view: &RepositoryView, inquiry: &mut Inquiry<'_>) -> Option<bool> {
        if self.open.is_empty() && self.told.is_empty() {
            return Some(false);
        }
        let policy = inquiry.policy_of(view)?;
        if !policy.is_some_and(|policy| policy.counts_failures()) {
            self.open.clear();
            self.told.clear();
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
        let told = self.told_of(view.id, inquiry);
        for (id, view) in views {
            for fit in view?.and_then(View::as_pull_request).map(passed_by).unwrap_or_default() {
                self.counted.entry(fit.version.clone()).or_default().insert(id);
            }
        }
        self.count_told(told?);
        self.open.retain(|id, _| unknown.contains(id));
        Some(!unknown.is_empty())
    }

    /// The versions of the templates by which each of what was told passed. `None`: something must be found out first.
    fn told_of(&self, repo: RepoId, inquiry: &mut Inquiry<'_>) -> Option<Vec<(FailureOf, Vec<String>)>> {
        let pull = |number: &u64| SubjectId::PullRequest(IssueRef { repo, number: *number });
        let asked: Vec<(&FailureOf, Vec<_>)> = self
            .told
            .iter()
            .map(|(of, pulls)| (of, pulls.iter().map(|number| inquiry.view(pull(number))).collect()))
            .collect();
        let versions = |views: Vec<Option<Option<&View>>>| {
            let views = views.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten();
            let fits = views.filter_map(View::as_pull_request).flat_map(passed_by);
            Some(fits.map(|fit| fit.version.clone()).collect())
        };
        asked.into_iter().map(|(of, views)| Some((of.clone(), versions(views)?))).collect()
    }

    /// What is said of a release now takes the place of what was said before.
    fn count_told(&mut self, told: Vec<(FailureOf, Vec<String>)>) {
        for (of, versions) in told {
            match of {
                FailureOf::Deployment(id) => {
                    for version in versions {
                        self.counted.entry(version).or_default().insert(id);
                    }
                }
                FailureOf::Release(release) => {
                    self.closed.retain(|_, closed| {
                        closed.remove(&release);
                        !closed.is_empty()
                    });
                    for version in versions {
                        self.closed.entry(version).or_default().insert(release.clone());
                    }
                }
            }
        }
        self.told.clear();
    }

    /// How many failed, by the version of the template.
    pub(super) fn counts(&self) -> BTreeMap<String, u16> {
        let versions: BTreeSet<&String> = self.counted.keys().chain(self.closed.keys()).collect();
        let count = |version: &String| {
            let deployments = self.counted.get(version).map_or(0, BTreeSet::len);
            let closed = self.closed.get(version).map_or(0, BTreeSet::len);
            u16::try_from(deployments + closed).unwrap_or(u16::MAX)
        };
        versions.into_iter().map(|version| (version.clone(), count(version))).collect()
    }
}

/// A deployment that is said to have failed, its commit, and its run, where it is named.
type Told<'a> = (&'a DeploymentSnapshot, &'a Sha, Option<RunSnapshot>);

fn failed(what: &What) -> Option<Told<'_>> {
    let What::DeploymentStatus { state: Some(state), deployment, run, .. } = what else { return None };
    let has_failed = matches!(state.as_str(), "failure" | "error");
    Some((deployment, deployment.sha.as_ref()?, *run)).filter(|_| has_failed)
}

/// Whether its job never ran, because we had not let it through: GitHub calls that failed, too. `None`: not answered yet.
fn was_kept_back(repo: RepoId, (deployment, sha, run): Told<'_>, inquiry: &mut Inquiry<'_>) -> Option<bool> {
    let Some(name) = &deployment.environment else { return Some(false) };
    let there = inquiry.known(SubjectId::environment(repo, name))?.and_then(State::as_environment);
    Some(there.is_some_and(|there| there.keeps_back(deployment.id, sha, run)))
}

/// The templates that it fits, where nothing else accepted it.
fn passed_by(pull: &PullRequestView) -> &[Fit] {
    if pull.merged_at.is_some() && pull.links.is_empty() { &pull.standard.fits } else { &[] }
}
