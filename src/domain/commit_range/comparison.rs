//! What GitHub says of the way from the commit that runs to the one that is to run.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::ids::{Actor, Sha};

/// How the candidate lies to the baseline. All lists are whole, oldest first; what cannot be listed whole is
/// [`Comparison::Truncated`] or [`Comparison::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Nothing runs there yet. The commits are all that lead to the candidate.
    FirstDeployment {
        commits: Vec<RangeCommit>,
        /// The newest commit on the way that was there when the repository was switched to `enforce`; what is older is
        /// not listed. `None`: there is none, and the list goes back to the beginning.
        since: Option<Sha>,
    },
    /// The candidate runs there already.
    Identical,
    /// The candidate builds on the baseline.
    Ahead { commits: Vec<RangeCommit> },
    /// The baseline builds on the candidate, and has these commits more.
    Behind { only_baseline: Vec<RangeCommit> },
    /// Each has commits that the other lacks.
    Diverged {
        commits: Vec<RangeCommit>,
        only_baseline: Vec<RangeCommit>,
        /// Where they parted; `None`: they share no history.
        merge_base: Option<Sha>,
        /// Whether a branch still holds the baseline; `None`: that is not known.
        on_branch: Option<bool>,
    },
    /// The candidate is merged into the branch that the baseline is on, and so takes nothing back.
    Merging {
        commits: Vec<RangeCommit>,
        /// Where it parted from that branch.
        merge_base: Sha,
    },
    /// There is more than can be listed; why, as the end of a sentence.
    Truncated(String),
    /// GitHub did not say; why, as a sentence.
    Unknown(String),
}

/// A commit that a deployment brings or takes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeCommit {
    pub sha: Sha,
    /// In order: the first is what it was made on, the others are what it merges.
    pub parents: Vec<Sha>,
    pub message: String,
    /// Author, co-authors and committer, in this order; `None` for each whom GitHub knows only by mail.
    pub people: Vec<Option<Actor>>,
    pub committed_at: Option<Timestamp>,
}

impl RangeCommit {
    /// Whether it joins branches.
    #[must_use]
    pub const fn is_merge(&self) -> bool {
        self.parents.len() > 1
    }

    /// The first line of its message.
    #[must_use]
    pub fn headline(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

impl Comparison {
    /// What the candidate brings.
    #[must_use]
    pub fn commits(&self) -> &[RangeCommit] {
        match self {
            Self::FirstDeployment { commits, .. }
            | Self::Ahead { commits }
            | Self::Diverged { commits, .. }
            | Self::Merging { commits, .. } => commits,
            Self::Identical | Self::Behind { .. } | Self::Truncated(_) | Self::Unknown(_) => &[],
        }
    }

    /// What runs and the candidate lacks.
    #[must_use]
    pub fn only_baseline(&self) -> &[RangeCommit] {
        match self {
            Self::Behind { only_baseline } | Self::Diverged { only_baseline, .. } => only_baseline,
            Self::FirstDeployment { .. }
            | Self::Identical
            | Self::Ahead { .. }
            | Self::Merging { .. }
            | Self::Truncated(_)
            | Self::Unknown(_) => &[],
        }
    }

    /// Why these lists cannot be all, as a sentence: a page that is missing leaves a hole.
    pub(super) fn gap(&self, baseline: Option<&Sha>, candidate: &Sha) -> Option<String> {
        match (self, baseline) {
            (Self::Truncated(_) | Self::Unknown(_), _) => None,
            (Self::FirstDeployment { commits, since }, None) if since.as_ref() == Some(candidate) => {
                (!commits.is_empty()).then(|| NOT_OLDER.into())
            }
            (Self::FirstDeployment { commits, since: None }, None) => {
                hole(commits, candidate, None).or_else(|| unlisted(commits))
            }
            (Self::FirstDeployment { commits, since }, None) => hole(commits, candidate, since.as_ref()),
            (Self::Identical, Some(baseline)) => (baseline != candidate).then(|| NOT_THE_SAME.into()),
            (Self::Ahead { commits }, Some(baseline)) => hole(commits, candidate, Some(baseline)),
            (Self::Behind { only_baseline }, Some(baseline)) => {
                hole(only_baseline, baseline, Some(candidate))
            }
            (Self::Diverged { commits, only_baseline, merge_base, .. }, Some(baseline)) => {
                let merge_base = merge_base.as_ref();
                hole(commits, candidate, merge_base).or_else(|| hole(only_baseline, baseline, merge_base))
            }
            (Self::Merging { commits, .. }, Some(_)) if commits.is_empty() => None,
            (Self::Merging { commits, merge_base }, Some(_)) => hole(commits, candidate, Some(merge_base)),
            (Self::FirstDeployment { .. }, Some(_)) => Some("something runs there already".into()),
            (
                Self::Identical
                | Self::Ahead { .. }
                | Self::Behind { .. }
                | Self::Diverged { .. }
                | Self::Merging { .. },
                None,
            ) => Some("it is not known what runs there".into()),
        }
    }
}

const NOT_THE_SAME: &str = "GitHub says that two different commits are the same";
const NOT_OLDER: &str = "GitHub lists commits that lead to one that nothing new leads to";

/// A list that goes back to the beginning has every parent.
fn unlisted(commits: &[RangeCommit]) -> Option<String> {
    let places = super::graph::places(commits);
    let parents = commits.iter().flat_map(|commit| &commit.parents);
    let missing = parents.into_iter().find(|parent| !places.contains_key(parent))?;
    Some(format!("GitHub does not list what leads to `{}`", missing.short()))
}

/// From the `tip`, by way of listed parents, every listed commit is reached, and so is the `root`.
fn hole(commits: &[RangeCommit], tip: &Sha, root: Option<&Sha>) -> Option<String> {
    let places = super::graph::places(commits);
    if places.len() != commits.len() {
        return Some("GitHub lists a commit twice".into());
    }
    let Some(start) = places.get(tip) else {
        return Some(format!("GitHub does not list `{}` itself", tip.short()));
    };
    let reached = super::graph::reached(commits, &places, [*start]);
    let lost = commits.iter().zip(reached).find(|(_, reached)| !reached);
    if let Some((lost, _)) = lost {
        let (lost, tip) = (lost.sha.short(), tip.short());
        return Some(format!("GitHub does not list what leads from `{lost}` to `{tip}`"));
    }
    let parents: BTreeSet<&Sha> = commits.iter().flat_map(|commit| &commit.parents).collect();
    let root = root.filter(|root| !parents.contains(root))?;
    Some(format!("GitHub does not list what follows on `{}`", root.short()))
}
