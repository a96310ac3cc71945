//! What counts for one part of a monorepo.

use std::collections::BTreeMap;

use super::*;
use crate::domain::policy;

const POLICY: &str = "
version: 1
mode: observe
roles:
  triager: [acme/triage]
  release-manager: [acme/release-managers]
components:
  acme/mono:
    web: { paths: [\"apps/web/**\", \"libs/**\"], environment: prod-web }
    api: { paths: [\"apps/api/**\", \"libs/**\"], environment: prod-api }
    jobs: { paths: [\"jobs/**\"], environment: prod-api }
";

fn part(environment: &str) -> Option<Part> {
    let policy = policy::parse(policy::PATH, POLICY, policy::Scope::Organisation).unwrap();
    Part::of(&policy, &"acme/mono".parse().unwrap(), environment)
}

#[test]
fn a_path_belongs_to_those_who_claim_it_or_to_all() {
    for (files, web, api) in [
        (vec!["apps/web/a"], true, false),
        (vec!["apps/api/a"], false, true),
        (vec!["jobs/a"], false, true),
        (vec!["apps/web/a", "apps/api/a"], true, true),
        (vec!["libs/a"], true, true),
        (vec!["README.md"], true, true),
        (vec![], false, false),
    ] {
        let touched = |environment| part(environment).unwrap().is_touched(files.iter().copied());
        assert_eq!((touched("Prod-Web"), touched("prod-api")), (web, api), "{files:?}");
    }
    assert_eq!(part("production"), None, "there everything counts");
}

fn at(path: &str) -> Changes {
    let mut changes = does(path);
    changes.files[0].path = path.into();
    changes
}

fn moved(from: &str, to: &str) -> Changes {
    let mut changes = at(to);
    changes.files[0].before = Some(from.into());
    changes
}

/// What of the range counts there.
fn cut(history: &History, environment: &str) -> Range {
    let part = part(environment).unwrap();
    let commits = history.commits.iter().chain(&history.only_baseline);
    let counts: BTreeMap<_, _> = commits
        .filter_map(|commit| Some((commit.sha.clone(), part.counts(commit, &history.known)?)))
        .collect();
    let range = if history.only_baseline.is_empty() { history.ahead() } else { history.diverged() };
    range.cut_to(&part, &counts, &history.known)
}

#[test]
fn of_a_range_only_what_touches_a_component_counts_for_it() {
    let mut history = History::default()
        .with('1', "0", "A")
        .came('1', 1)
        .with('2', "1", "B")
        .came('2', 2)
        .with('3', "2", "C")
        .came('3', 3)
        .with('4', "3", "D")
        .came('4', 4)
        .with('5', "4", "E")
        .came('5', 5);
    let incomplete = Changes { complete: false, ..at("apps/api/a") };
    history.known.changes = [
        (sha('1'), known(at("apps/web/a"))),
        (sha('2'), known(at("apps/api/a"))),
        (sha('3'), known(moved("apps/web/a", "apps/api/b"))),
        (sha('4'), down()),
        (sha('5'), known(incomplete)),
    ]
    .into();
    let (web, api) = (cut(&history, "prod-web"), cut(&history, "prod-api"));
    assert_eq!(web.pull_requests, BTreeSet::from([1, 3, 4, 5]));
    assert_eq!(api.pull_requests, BTreeSet::from([2, 3, 4, 5]));
    let web = web.cut.unwrap();
    assert_eq!((web.elsewhere, web.unknown.len()), (1, 1), "what is not wholly known counts: {web:?}");
}

#[test]
fn what_a_merge_merges_counts_by_itself_and_what_it_adds_counts_too() {
    for (own, merged, counts) in [
        (at("apps/web/a"), at("apps/web/a"), false),
        (at("apps/web/a"), at("apps/web/b"), true),
        (at("apps/api/a"), at("apps/api/b"), false),
    ] {
        let mut history = History::default().with('2', "0", "B").with('3', "02", "Merge");
        history.known.changes = [(sha('2'), known(at("apps/api/a"))), (sha('3'), known(own.clone()))].into();
        assert_eq!(part("prod-api").unwrap().counts(&history.commits[0], &history.known), Some(true));
        let merge = |history: &History| part("prod-web").unwrap().counts(&history.commits[1], &history.known);
        assert_eq!(merge(&history) == Some(false), own.files[0].path.contains("api"), "{own:?}");
        history.known.merged.insert(sha('3'), known(merged.clone()));
        assert_eq!(merge(&history), Some(counts), "{own:?} {merged:?}");
        let cut = cut(&history, "prod-web").cut.unwrap();
        assert_eq!(cut.elsewhere, 1, "a merge is nobody's work");
    }
}

#[test]
fn a_hot_fix_of_another_component_is_not_missed() {
    let mut history =
        History::default().with('1', "0", "A").running('7', "0", "Fix").running('8', "7", "Fix");
    history.known.changes = [
        (sha('1'), known(at("apps/web/a"))),
        (sha('7'), known(at("apps/api/a"))),
        (sha('8'), known(at("apps/web/b"))),
    ]
    .into();
    let lost = |environment| -> Vec<Sha> {
        cut(&history, environment).lost.into_iter().map(|lost| lost.commit.sha).collect()
    };
    assert_eq!((lost("prod-web"), lost("prod-api")), (vec![sha('8')], vec![sha('7')]));
}

#[test]
fn how_many_commits_are_of_other_components_is_said() {
    let mut history = History::default();
    for digit in '1'..='4' {
        history = history.with(digit, &char::from(digit as u8 - 1).to_string(), "A").came(digit, 1);
    }
    history.known.changes = [
        (sha('1'), known(at("apps/web/a"))),
        (sha('2'), known(at("apps/api/a"))),
        (sha('3'), known(at("apps/api/b"))),
        (sha('4'), known(at("README.md"))),
    ]
    .into();
    let audience = Audience { repo: crate::domain::trial::WEB, name: None, release_managers: &[] };
    let said = |history: &History, environment| {
        let findings = findings(&cut(history, environment), Purpose::Release, &audience);
        findings.iter().map(|it| format!("{:?}: {}", it.own, it.sentence)).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(said(&history, "prod-web"), @r"
    Pass: 2 more commits touch other components only, not `web`, and are not judged here.
    Pass: 2 commits since `0000000`, all from merged pull requests.
    ");
    insta::assert_snapshot!(said(&history, "prod-api"), @r"
    Pass: 1 more commit touches other components only, not `api` or `jobs`, and is not judged here.
    Pass: 3 commits since `0000000`, all from merged pull requests.
    ");
    history.known.changes.insert(sha('2'), down());
    insta::assert_snapshot!(said(&history, "prod-web"), @r"
    Pass: 1 more commit touches other components only, not `web`, and is not judged here.
    Unknown: Whether `2222222` touches `web` could not be found out: GitHub could not be reached since 10:04 UTC.
    Pass: 3 commits since `0000000`, all from merged pull requests.
    ");
}
