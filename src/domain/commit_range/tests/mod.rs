//! A small history on paper, and what people see of it.

use super::*;
use crate::domain::{
    facts::Fact,
    patch::{Changes, FileChange, Prints},
    pull_request::{Derived, Kind, Proof},
    trial::{actor, at, sha, time},
};

mod cancelled;
mod component;
mod gaps;
mod lost;
mod merging;
mod tracing;
mod wants;
mod words;

/// Commits from `1`, the oldest, and what is known of them. `0` is the baseline.
#[derive(Default)]
struct History {
    commits: Vec<RangeCommit>,
    only_baseline: Vec<RangeCommit>,
    known: Known,
}

fn known<T>(value: T) -> Fact<T> {
    Fact::Known(value, time(0))
}

fn down<T>() -> Fact<T> {
    Fact::Unknown("GitHub could not be reached since 10:04 UTC".into())
}

fn of(digit: char, parents: &str, message: &str) -> RangeCommit {
    RangeCommit {
        sha: sha(digit),
        parents: parents.chars().map(sha).collect(),
        message: message.into(),
        people: vec![Some(actor("ana"))],
        committed_at: None,
    }
}

/// A commit that changes this: `x` takes back `-x`.
fn does(what: &str) -> Changes {
    let file = |what: &str| {
        let undone = what.strip_prefix('-').map_or_else(|| format!("-{what}"), str::to_owned);
        let prints = Prints { done: what.into(), undone };
        FileChange {
            path: format!("src/{}", what.trim_start_matches('-')),
            before: None,
            prints: Some(prints),
        }
    };
    Changes { files: what.split_whitespace().map(file).collect(), complete: true }
}

fn picked(from: char) -> String {
    format!("Fix\n\n(cherry picked from commit {})", sha(from))
}

fn reverting(what: char) -> String {
    format!("Revert \"Fix\"\n\nThis reverts commit {}.", sha(what))
}

fn logged() -> Logged {
    Logged { by: actor("kim"), why: "repaired at night".into(), at: time(60) }
}

impl History {
    /// A commit of the range, of which GitHub knows no pull request.
    fn with(mut self, digit: char, parents: &str, message: &str) -> Self {
        self.commits.push(of(digit, parents, message));
        self.known.origins.insert(sha(digit), known(vec![]));
        self
    }

    /// A commit that only the baseline has.
    fn running(mut self, digit: char, parents: &str, message: &str) -> Self {
        self.only_baseline.push(of(digit, parents, message));
        self.known.origins.insert(sha(digit), known(vec![]));
        self
    }

    /// The commit came with this merged pull request.
    fn came(mut self, digit: char, number: u64) -> Self {
        let mut numbers = match self.known.origins.remove(&sha(digit)) {
            Some(Fact::Known(numbers, _)) => numbers,
            Some(Fact::Unknown(_)) | None => vec![],
        };
        numbers.push(number);
        self.known.origins.insert(sha(digit), known(numbers));
        self.pull_request(number, |_| ())
    }

    fn pull_request(mut self, number: u64, edit: impl Fn(&mut PullRequestFacts)) -> Self {
        let new = || PullRequestFacts { merged: true, ships: true, brought: vec![], derived: None };
        edit(self.known.pull_requests.entry(number).or_insert_with(new));
        self
    }

    fn does(mut self, digit: char, what: &str) -> Self {
        self.known.changes.insert(sha(digit), known(does(what)));
        self
    }

    fn merges(mut self, digit: char, what: &str) -> Self {
        self.known.merged.insert(sha(digit), known(does(what)));
        self
    }

    fn adopted(mut self, digit: char) -> Self {
        self.known.adoptions.insert(sha(digit), logged());
        self
    }

    fn old(mut self, digit: char) -> Self {
        self.known.before_enforcement.insert(sha(digit));
        self
    }

    fn origins(&self) -> Vec<String> {
        trace::trace(&self.commits, &self.known).iter().map(shown).collect()
    }

    /// From `0` to the newest commit.
    fn ahead(&self) -> Range {
        let comparison = Comparison::Ahead { commits: self.commits.clone() };
        range(Some(&sha('0')), &self.commits.last().unwrap().sha, &comparison, &self.known)
    }

    /// Parted at `0`.
    fn diverged(&self) -> Range {
        let baseline = &self.only_baseline.last().unwrap().sha;
        range(Some(baseline), &self.commits.last().unwrap().sha, &self.parted(Some(true)), &self.known)
    }

    fn parted(&self, on_branch: Option<bool>) -> Comparison {
        Comparison::Diverged {
            commits: self.commits.clone(),
            only_baseline: self.only_baseline.clone(),
            merge_base: Some(sha('0')),
            on_branch,
        }
    }
}

fn derived(kind: Kind, from: u64, proof: Proof) -> Derived {
    Derived { kind, from: vec![at(from)], proof, inherits: vec![] }
}

fn shown(origin: &Origin) -> String {
    match origin {
        Origin::BeforeEnforcement => "old".into(),
        Origin::PullRequest(number) => format!("#{number}"),
        Origin::CherryPick { of, pull_request } => format!("{} again, #{pull_request}", &of.as_str()[..1]),
        Origin::Revert { of, pull_request: Some(number) } => format!("{} back, #{number}", &of.as_str()[..1]),
        Origin::Revert { of, pull_request: None } => format!("{} back", &of.as_str()[..1]),
        Origin::BackMerge => "back-merge".into(),
        Origin::Adopted(logged) => format!("@{}", logged.by.login),
        Origin::Untraced(Doubt::NoPullRequest) => "none".into(),
        Origin::Untraced(Doubt::Refuted(why)) => format!("none: {why}"),
        Origin::Untraced(Doubt::Unknown(why)) => format!("unknown: {why}"),
    }
}
