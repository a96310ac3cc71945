//! Parts of a monorepo: each runs on its own, so of a range only what touches it counts for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    super::{
        facts::Fact,
        ids::{RepoName, Sha},
        patch::{self, Changes, Way},
        policy::{Component, Fingerprint, Policy},
    },
    Known, Range, RangeCommit,
};

/// What of a monorepo runs in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its components.
    names: BTreeSet<String>,
    /// All components of the repository.
    all: BTreeMap<String, Component>,
}

/// What a range was cut down to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The components that run there.
    pub components: BTreeSet<String>,
    /// How many commits touch other components only; merges that do just what they merge are not counted.
    pub elsewhere: usize,
    /// The commits of which GitHub does not say what they touch, and why, as a sentence: they count.
    pub unknown: Vec<(Sha, String)>,
}

impl Part {
    /// `None`: no component of the repository runs in this environment, so everything counts there.
    #[must_use]
    pub fn of(policy: &Policy, repo: &RepoName, environment: &str) -> Option<Self> {
        let all = policy.components().get(repo)?;
        let runs = |component: &Component| component.environment.eq_ignore_ascii_case(environment);
        let names: BTreeSet<String> =
            all.iter().filter(|(_, it)| runs(it)).map(|(name, _)| name.clone()).collect();
        (!names.is_empty()).then(|| Self { names, all: all.clone() })
    }

    /// What it is made of: what was found out for other parts says nothing here.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_text(&format!("{:?} {:?}", self.names, self.all))
    }

    /// Whether a change of these files is a change of it. A path that no component claims belongs to all.
    pub fn is_touched<'a>(&self, files: impl IntoIterator<Item = &'a str>) -> bool {
        let claims = |of: &Component, path: &str| of.paths.iter().any(|pattern| pattern.matches(path));
        let own = |path: &str| {
            self.all.iter().any(|(name, component)| self.names.contains(name) && claims(component, path))
        };
        files.into_iter().any(|path| own(path) || !self.all.values().any(|other| claims(other, path)))
    }

    /// Whether a commit counts for it. What a merge merges counts by itself, commit by commit. `None`: what it touches is
    /// not wholly known, and so it counts.
    #[must_use]
    pub fn counts(&self, commit: &RangeCommit, known: &Known) -> Option<bool> {
        let own = whole(known.changes.get(&commit.sha)?)?;
        if !self.is_touched(files(own)) {
            return Some(false);
        }
        if !commit.is_merge() {
            return Some(true);
        }
        let merged = known.merged.get(&commit.sha)?;
        let adds = |merged| patch::difference(own, &[(merged, Way::Again)]).is_some();
        Some(whole(merged).is_none_or(adds))
    }
}

impl Range {
    /// What of the range counts for one part. `counts`: what was found out of each commit; of others it is not known.
    #[must_use]
    pub fn cut_to(mut self, part: &Part, counts: &BTreeMap<Sha, bool>, known: &Known) -> Self {
        let is_elsewhere = |sha: &Sha| counts.get(sha) == Some(&false);
        let elsewhere =
            self.commits.iter().filter(|(commit, _)| !commit.is_merge() && is_elsewhere(&commit.sha)).count();
        self.commits.retain(|(commit, _)| !is_elsewhere(&commit.sha));
        self.lost.retain(|lost| !is_elsewhere(&lost.commit.sha));
        self.pull_requests = super::pull_requests(&self.commits);
        let left =
            self.commits.iter().map(|(commit, _)| commit).chain(self.lost.iter().map(|lost| &lost.commit));
        let unknown =
            left.filter_map(|commit| Some((commit.sha.clone(), unread(known, &commit.sha)?))).collect();
        self.cut = Some(Cut { components: part.names.clone(), elsewhere, unknown });
        self
    }
}

/// Why GitHub did not say what a commit touches.
fn unread(known: &Known, sha: &Sha) -> Option<String> {
    let why = |fact: &Fact<Changes>| if let Fact::Unknown(why) = fact { Some(why.clone()) } else { None };
    known.changes.get(sha).and_then(why).or_else(|| known.merged.get(sha).and_then(why))
}

/// `None`: they are not all known.
const fn whole(changes: &Fact<Changes>) -> Option<&Changes> {
    match changes {
        Fact::Known(changes, _) if changes.complete => Some(changes),
        Fact::Known(..) | Fact::Unknown(_) => None,
    }
}

/// All paths, of a renamed file both.
fn files(changes: &Changes) -> impl Iterator<Item = &str> {
    changes.files.iter().flat_map(|file| std::iter::once(&file.path).chain(&file.before)).map(String::as_str)
}
