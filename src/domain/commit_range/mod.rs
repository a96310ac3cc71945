//! The range: every commit from the one that runs to the one that is to run, where each comes from, and what of that
//! stands in the way.
//!
//! [`wanted()`] says what has to be found out about a [`Comparison`], [`range()`] traces it, [`findings()`] says it in words.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::Sha;
pub use comparison::{Comparison, RangeCommit};
pub use component::{Cut, Part};
pub use findings::{Audience, Purpose, findings};
pub use known::{Known, Logged, PullRequestFacts};
pub use lost::Lost;
pub use origin::{Doubt, Origin};
pub use wanted::{Wanted, wanted};

mod comparison;
mod graph;
mod known;
mod origin;
mod trace;
mod lost;
mod cancelled;
mod wanted;
mod component;
mod way_out;
mod elsewhere;
mod findings;
mod undone;
mod untraced;

#[cfg(test)]
mod tests;

/// What a deployment brings and takes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The commit that runs; `None`: nothing runs there yet.
    pub baseline: Option<Sha>,
    /// The commit that is to run.
    pub candidate: Sha,
    pub kind: RangeKind,
    /// What it brings, oldest first, each with where it comes from.
    pub commits: Vec<(RangeCommit, Origin)>,
    /// The merged pull requests whose work it brings.
    pub pull_requests: BTreeSet<u64>,
    /// What runs and the candidate lacks: of a rollback everything, otherwise what is not in it in another form.
    pub lost: Vec<Lost>,
    /// The commits that came with no merged pull request before, and come with the one that is to be merged.
    #[serde(default)]
    pub coming: BTreeSet<Sha>,
    /// The pull requests that come to nothing, each with the one that takes it back, which comes along too.
    #[serde(default)]
    pub cancelled: BTreeMap<u64, u64>,
    /// It holds only what counts for some components of a monorepo.
    #[serde(default)]
    pub cut: Option<Cut>,
}

/// How the candidate lies to what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeKind {
    FirstDeployment,
    Identical,
    Ahead,
    /// It is older.
    Behind,
    /// Each has commits that the other lacks; they parted there.
    Diverged {
        merge_base: Option<Sha>,
    },
    /// The same, and no branch holds what runs any more.
    ForcePushed,
    /// It is too long to be listed; why, as the end of a sentence.
    TooLong(String),
    /// It is not known; why, as a sentence.
    Unknown(String),
}

/// What a deployment of `candidate` onto `baseline` brings, and where each commit comes from.
#[must_use]
pub fn range(baseline: Option<&Sha>, candidate: &Sha, comparison: &Comparison, known: &Known) -> Range {
    let gap = comparison.gap(baseline, candidate);
    let kind = gap.map_or_else(|| kind(comparison), RangeKind::Unknown);
    let mut range = Range {
        baseline: baseline.cloned(),
        candidate: candidate.clone(),
        kind,
        commits: vec![],
        pull_requests: BTreeSet::new(),
        lost: vec![],
        coming: BTreeSet::new(),
        cancelled: BTreeMap::new(),
        cut: None,
    };
    if matches!(range.kind, RangeKind::TooLong(_) | RangeKind::Unknown(_)) {
        return range;
    }
    let origins = trace::trace(comparison.commits(), known);
    range.commits = comparison.commits().iter().cloned().zip(origins).collect();
    range.pull_requests = pull_requests(&range.commits);
    range.cancelled = cancelled::cancelled(&range.commits, known);
    range.lost = match range.kind {
        RangeKind::Behind => lost::taken_back(comparison.only_baseline(), known),
        RangeKind::Diverged { .. } | RangeKind::ForcePushed => {
            lost::lost(comparison.only_baseline(), &range.commits, known)
        }
        RangeKind::FirstDeployment
        | RangeKind::Identical
        | RangeKind::Ahead
        | RangeKind::TooLong(_)
        | RangeKind::Unknown(_) => vec![],
    };
    range
}

fn kind(comparison: &Comparison) -> RangeKind {
    match comparison {
        Comparison::FirstDeployment { .. } => RangeKind::FirstDeployment,
        Comparison::Identical => RangeKind::Identical,
        Comparison::Ahead { .. } | Comparison::Merging { .. } => RangeKind::Ahead,
        Comparison::Behind { .. } => RangeKind::Behind,
        Comparison::Diverged { on_branch: Some(false), .. } => RangeKind::ForcePushed,
        Comparison::Diverged { merge_base, .. } => RangeKind::Diverged { merge_base: merge_base.clone() },
        Comparison::Truncated(why) => RangeKind::TooLong(why.clone()),
        Comparison::Unknown(why) => RangeKind::Unknown(why.clone()),
    }
}

impl Range {
    /// The same where this open pull request is to be merged: what came with no other comes with it. What cannot be read
    /// stays unknown.
    #[must_use]
    pub fn coming_with(mut self, number: u64) -> Self {
        for (commit, origin) in &mut self.commits {
            if matches!(origin, Origin::Untraced(Doubt::NoPullRequest | Doubt::Refuted(_))) {
                *origin = Origin::PullRequest(number);
                self.coming.insert(commit.sha.clone());
            }
        }
        self.pull_requests = pull_requests(&self.commits);
        self
    }
}

fn pull_requests(commits: &[(RangeCommit, Origin)]) -> BTreeSet<u64> {
    commits.iter().filter_map(|(_, origin)| origin.pull_request()).collect()
}
