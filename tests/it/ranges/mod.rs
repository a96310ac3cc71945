//! Random histories with every way that a commit can come, built with real git: a range is just what
//! `git rev-list baseline..candidate` says, and each commit is traced to what the generator did.
//!
//! What the product is told comes from git too, by a comparison that is written here a second time.

use std::collections::BTreeSet;

use changegate::domain::{
    commit_range::{Comparison, Known, Range, RangeKind, range},
    ids::Sha,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

mod compare;
mod git;
mod history;
mod maker;
mod truth;

use compare::Graph;
use git::{Git, Patches};
use history::History;
use truth::{Tally, Truth};

/// What GitHub would know of all commits.
struct World<'a> {
    graph: Graph<'a>,
    /// What each changes.
    changes: Patches,
    /// What each merge merges.
    merged: Patches,
}

/// How many histories: `CHANGEGATE_ROUNDS_RANGES`.
fn rounds() -> u64 {
    std::env::var("CHANGEGATE_ROUNDS_RANGES").ok().and_then(|text| text.parse().ok()).unwrap_or(120)
}

/// Histories that share a repository; each has commits of its own.
const TOGETHER: u64 = 60;

/// Ranges that are looked at in each history.
const RANGES: usize = 4;

#[test]
fn a_range_is_what_git_lists_and_each_commit_is_traced_to_what_was_done() {
    let mut tally = Tally::default();
    let seeds: Vec<u64> = (0..rounds()).collect();
    for seeds in seeds.chunks(TOGETHER as usize) {
        let git = Git::new();
        let mut writer = git.writer();
        let histories: Vec<History> = seeds.iter().map(|seed| maker::random(*seed, &mut writer)).collect();
        writer.finish();
        let all: Vec<&Sha> =
            histories.iter().flat_map(|history| &history.done).map(|done| &done.sha).collect();
        let commits = git.commits(&all);
        let graph = Graph::of(commits.values());
        let world = World { changes: git.patches(&all), merged: git.merged(&graph.merges()), graph };
        for history in &histories {
            look_at(history, &world, &git, &mut tally);
        }
    }
    tally.has_seen_everything(rounds());
}

fn look_at(history: &History, world: &World<'_>, git: &Git, tally: &mut Tally) {
    let mut chance = StdRng::seed_from_u64(history.seed);
    for _ in 0..RANGES {
        let (baseline, candidate) = history.ends(&mut chance);
        let told = world.graph.compare(baseline, candidate, history.tips());
        let known = truth::find_out(history, world, &told);
        let found = range(Some(baseline), candidate, &told, &known);
        let at = format!("seed {}: {baseline}..{candidate}", history.seed);
        assert_eq!(shas(&found), git.rev_list(baseline, candidate), "{at}");
        is_told_apart(&found, git, &at);
        Truth { history, told: &told, found: &found, at }.holds(tally);
    }
}

fn shas(range: &Range) -> BTreeSet<Sha> {
    let shas: BTreeSet<Sha> = range.commits.iter().map(|(commit, _)| commit.sha.clone()).collect();
    assert_eq!(shas.len(), range.commits.len());
    shas
}

fn is_told_apart(range: &Range, git: &Git, at: &str) {
    let baseline = range.baseline.as_ref().unwrap();
    let behind = !git.rev_list(&range.candidate, baseline).is_empty();
    let right = match (&range.kind, range.commits.is_empty()) {
        (RangeKind::Identical, true) => !behind && *baseline == range.candidate,
        (RangeKind::Ahead, false) => !behind,
        (RangeKind::Behind, true) | (RangeKind::Diverged { .. } | RangeKind::ForcePushed, false) => behind,
        _ => false,
    };
    assert!(right, "{at}: {:?}", range.kind);
}

/// The whole lists are believed, and none of them with a commit left out that others lead to.
#[test]
fn a_comparison_of_which_a_page_is_missing_is_never_believed() {
    let git = Git::new();
    let mut writer = git.writer();
    let histories: Vec<History> = (0..50).map(|seed| maker::random(seed, &mut writer)).collect();
    writer.finish();
    let all: Vec<&Sha> = histories.iter().flat_map(|history| &history.done).map(|done| &done.sha).collect();
    let commits = git.commits(&all);
    let graph = Graph::of(commits.values());
    let mut tried = 0;
    for history in &histories {
        let mut chance = StdRng::seed_from_u64(history.seed);
        for _ in 0..RANGES {
            let (baseline, candidate) = history.ends(&mut chance);
            let Comparison::Ahead { commits } = graph.compare(baseline, candidate, history.tips()) else {
                continue;
            };
            let size = chance.random_range(1..=commits.len());
            for page in commits.chunks(size).map(|page| page.iter().map(|commit| &commit.sha)) {
                let lost: BTreeSet<&Sha> = page.collect();
                let rest = commits.iter().filter(|commit| !lost.contains(&commit.sha)).cloned().collect();
                let told = Comparison::Ahead { commits: rest };
                let found = range(Some(baseline), candidate, &told, &Known::default());
                let seamless = graph.is_seamless(baseline, candidate, &lost);
                let unknown = matches!(found.kind, RangeKind::Unknown(_));
                assert_eq!(unknown, !seamless, "seed {} without {lost:?}", history.seed);
                tried += usize::from(unknown);
            }
        }
    }
    assert!(tried > 50, "{tried}");
}
