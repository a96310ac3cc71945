//! What people read about a range.

use super::*;
use crate::domain::{
    finding::{Finding, Outcome},
    ids::RepoName,
    trial::{WEB, name},
};

fn said(range: &Range, purpose: Purpose) -> Vec<Finding> {
    let web: RepoName = name(WEB);
    let release_managers = ["acme/release-managers".to_owned()];
    findings(range, purpose, &Audience { repo: WEB, name: Some(&web), release_managers: &release_managers })
}

fn shown(range: &Range, purpose: Purpose) -> String {
    let lines = said(range, purpose).into_iter().map(|finding| {
        let cure = finding.cure.as_ref().map(|cure| format!("\n    cure: {cure}")).unwrap_or_default();
        let headline =
            finding.headline.as_ref().map(|text| format!("\n    title: {text}")).unwrap_or_default();
        format!("{} {:?}: {}{headline}{cure}", finding.code, finding.own, finding.sentence)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn many(count: usize) -> Vec<char> {
    "123456789abcdef".chars().take(count).collect()
}

fn line(count: usize) -> History {
    let parents = std::iter::once('0').chain(many(count));
    many(count).into_iter().zip(parents).fold(History::default(), |history, (digit, parent)| {
        history.with(digit, &parent.to_string(), "Fix\nlogin").does(digit, &digit.to_string())
    })
}

#[test]
fn a_range_that_is_traced_is_one_line() {
    let all = many(3).into_iter().fold(line(3), |history, digit| history.came(digit, 12));
    insta::assert_snapshot!(shown(&all.ahead(), Purpose::Release), @"range_traced Pass: 3 commits since `0000000`, all from merged pull requests.");
    let one = line(1).came('1', 12);
    insta::assert_snapshot!(shown(&one.ahead(), Purpose::Release), @"range_traced Pass: 1 commit since `0000000`, from a merged pull request.");
    let same = range(Some(&sha('0')), &sha('0'), &Comparison::Identical, &Known::default());
    insta::assert_snapshot!(shown(&same, Purpose::Release), @"range_traced Pass: `0000000` runs there already.");
}

#[test]
fn a_range_of_many_kinds_is_counted_and_names_who_answered_for_what() {
    let history = line(5)
        .came('1', 12)
        .came('2', 13)
        .adopted('3')
        .old('4')
        .with('6', "5", &picked('a'))
        .does('6', "x")
        .came('a', 14)
        .does('a', "x")
        .with('7', "6", &reverting('1'))
        .does('7', "-1")
        .came('5', 12);
    let range = history.ahead();
    insta::assert_snapshot!(shown(&range, Purpose::Release), @"range_traced Pass: 7 commits since `0000000`: 3 from merged pull requests, 1 cherry-pick, 1 revert, 1 adopted, 1 from before enforcement. @kim answers for `3333333`: “repaired at night”.");
    let names: Vec<String> = said(&range, Purpose::Release)[0]
        .names
        .iter()
        .map(|name| format!("{} {}", name.text, name.path))
        .collect();
    assert_eq!(names, ["@kim kim"]);
}

#[test]
fn a_commit_without_pull_request_is_named_with_its_author_and_the_cure() {
    let mut history = line(2).came('1', 12);
    history.commits[1].people = vec![None];
    insta::assert_snapshot!(shown(&history.ahead(), Purpose::Release), @r#"
    commit_untraced Fail: `2222222` “Fix” by somebody whom GitHub knows only by mail came with no merged pull request.
        title: `2222222` came with no merged pull request
        cure: a release manager (@acme/release-managers) comments `/adopt 2222222222222222222222222222222222222222 WHY`; or it is taken off the branch and comes back with a pull request
    "#);
    let refuted =
        line(1).with('2', "1", &picked('a')).does('2', "x").came('1', 12).came('a', 13).does('a', "y");
    insta::assert_snapshot!(shown(&refuted.ahead(), Purpose::Release), @r#"
    commit_untraced Fail: `2222222` “Fix” by @ana came with no merged pull request: it says that it repeats `aaaaaaa`, but it changes `src/x` otherwise.
        title: `2222222` came with no merged pull request
        cure: a release manager (@acme/release-managers) comments `/adopt 2222222222222222222222222222222222222222 WHY`; or it is taken off the branch and comes back with a pull request
    "#);
    let mut unread = line(1);
    unread.known.origins.insert(sha('1'), down());
    insta::assert_snapshot!(shown(&unread.ahead(), Purpose::Release), @r#"
    range_unknown Unknown: Where `1111111` “Fix” by @ana comes from could not be found out: GitHub could not be reached since 10:04 UTC.
        title: where `1111111` comes from could not be read
        cure: it is read again by itself; `/recheck` in a comment does it at once
    "#);
}

#[test]
fn of_many_strange_commits_ten_are_named_and_the_rest_is_counted() {
    let found = said(&line(13).ahead(), Purpose::Release);
    assert_eq!(found.len(), 11);
    assert!(found.iter().all(|finding| finding.code == "commit_untraced" && finding.own == Outcome::Fail));
    insta::assert_snapshot!(found[10].sentence, @"3 more commits came with no merged pull request.");
    assert_eq!(said(&line(10).ahead(), Purpose::Release).len(), 10);
}

#[test]
fn a_hotfix_that_would_be_undone_is_named_with_its_pull_request() {
    let history = || {
        History::default()
            .running('8', "0", "Fix login")
            .running('9', "8", "Fix login again")
            .does('8', "fix")
            .does('9', "more")
            .with('1', "0", "A")
            .does('1', "x")
            .came('1', 12)
    };
    let together = history().came('8', 77).came('9', 77);
    insta::assert_snapshot!(shown(&together.diverged(), Purpose::Release), @r#"
    range_diverged Pass: `1111111` does not build on `9999999`, which runs: they parted at `0000000`.
    range_traced Pass: 1 commit since `9999999`, from a merged pull request.
    hotfix_missing Fail: This release would undo web#77: `8888888` “Fix login” by @ana (and 1 more) runs now, and `1111111` does not have it.
        title: this release would undo web#77
        cure: put it in with a pull request: `git cherry-pick -x 8888888 9999999`; or a release manager (@acme/release-managers) lets it go with `/adopt SHA WHY` for each of the 2 commits
    "#);
    let alone = history().came('8', 77);
    insta::assert_snapshot!(shown(&alone.diverged(), Purpose::Release), @r#"
    range_diverged Pass: `1111111` does not build on `9999999`, which runs: they parted at `0000000`.
    range_traced Pass: 1 commit since `9999999`, from a merged pull request.
    hotfix_missing Fail: This release would undo `9999999` “Fix login again” by @ana: it runs now, and `1111111` does not have it.
        title: this release would undo `9999999`
        cure: put it in with a pull request: `git cherry-pick -x 9999999`; or a release manager (@acme/release-managers) lets it go with `/adopt 9999999999999999999999999999999999999999 WHY`
    hotfix_missing Fail: This release would undo web#77: `8888888` “Fix login” by @ana runs now, and `1111111` does not have it.
        title: this release would undo web#77
        cure: put it in with a pull request: `git cherry-pick -x 8888888`; or a release manager (@acme/release-managers) lets it go with `/adopt 8888888888888888888888888888888888888888 WHY`
    "#);
    insta::assert_snapshot!(shown(&alone.diverged(), Purpose::Rollback), @r#"
    range_diverged Pass: `1111111` does not build on `9999999`, which runs: they parted at `0000000`.
    range_behind Pass: A rollback from `9999999` to `1111111`; it takes back 2 commits.
    "#);
    let mut unread = history().came('8', 77).came('9', 77);
    unread.known.changes.insert(sha('8'), down());
    insta::assert_snapshot!(shown(&unread.diverged(), Purpose::Release), @r#"
    range_diverged Pass: `1111111` does not build on `9999999`, which runs: they parted at `0000000`.
    range_traced Pass: 1 commit since `9999999`, from a merged pull request.
    range_unknown Unknown: `8888888` “Fix login” by @ana runs now, and whether `1111111` has it could not be found out: GitHub could not be reached since 10:04 UTC.
        title: whether web#77 would be undone could not be read
        cure: it is read again by itself; `/recheck` in a comment does it at once
    "#);
}

#[test]
fn every_other_way_is_told_apart() {
    let of = |baseline: Option<char>, candidate, comparison: &Comparison| {
        range(
            baseline.map(sha).as_ref(),
            &sha(candidate),
            comparison,
            &line(2).came('1', 12).came('2', 13).known,
        )
    };
    let commits = line(2).commits;
    let first = Comparison::FirstDeployment { commits: commits.clone(), since: Some(sha('0')) };
    insta::assert_snapshot!(shown(&of(None, '2', &first), Purpose::Release), @r#"
    range_first_deployment Pass: Nothing runs there yet, so all that leads to `2222222` is new there.
    range_traced Pass: 2 commits, all from merged pull requests.
    "#);
    let old = Comparison::FirstDeployment { commits: vec![], since: Some(sha('0')) };
    insta::assert_snapshot!(shown(&of(None, '0', &old), Purpose::Release), @r#"
    range_first_deployment Pass: Nothing runs there yet, so all that leads to `0000000` is new there.
    range_traced Pass: What leads to `0000000` is from before enforcement.
    "#);
    let behind = of(Some('2'), '0', &Comparison::Behind { only_baseline: commits.clone() });
    insta::assert_snapshot!(shown(&behind, Purpose::Release), @r#"
    range_behind Fail: `0000000` is older than `2222222`, which runs: it would take back 2 commits.
        title: the candidate is older than what runs
        cure: deploy a newer commit; or ask for a rollback, which passes with a reason where this commit ran and was approved
    "#);
    insta::assert_snapshot!(shown(&behind, Purpose::Rollback), @"range_behind Pass: A rollback from `2222222` to `0000000`; it takes back 2 commits.");
    let over = Comparison::Diverged {
        commits: commits.clone(),
        only_baseline: vec![of_nothing()],
        merge_base: Some(sha('0')),
        on_branch: Some(false),
    };
    insta::assert_snapshot!(shown(&of(Some('8'), '2', &over), Purpose::Release), @r#"
    range_force_pushed Pass: `8888888`, which runs, is on no branch any more: somebody pushed over it.
    range_traced Pass: 2 commits since `8888888`, all from merged pull requests.
    "#);
    let strangers = Comparison::Diverged {
        commits,
        only_baseline: vec![of_nothing()],
        merge_base: None,
        on_branch: None,
    };
    insta::assert_snapshot!(shown(&of(Some('8'), '2', &strangers), Purpose::Rollback), @r#"
    range_diverged Pass: `2222222` and `8888888`, which runs, share no history.
    range_behind Pass: A rollback from `8888888` to `2222222`; it takes back nothing.
    "#);
    let long = Comparison::Truncated("GitHub lists no more than 10,000".into());
    insta::assert_snapshot!(shown(&of(Some('0'), '2', &long), Purpose::Release), @r#"
    range_too_long Fail: What lies between `0000000` and `2222222` is too much to be judged commit by commit: GitHub lists no more than 10,000.
        title: too many commits at once
        cure: deploy a commit that lies between them first
    "#);
    let unknown = Comparison::Unknown("GitHub could not be reached since 10:04 UTC".into());
    insta::assert_snapshot!(shown(&of(Some('0'), '2', &unknown), Purpose::Release), @r#"
    range_unknown Unknown: What lies between `0000000` and `2222222` could not be found out: GitHub could not be reached since 10:04 UTC.
        title: the commits could not be read
        cure: it is read again by itself; `/recheck` in a comment does it at once
    "#);
}

/// A commit that the candidate has by its words.
fn of_nothing() -> RangeCommit {
    of('8', "0", &picked('1'))
}

#[test]
fn what_can_be_picked_out_of_a_range_is_each_commit_of_a_pull_request_that_is_no_merge() {
    let history = line(3).came('1', 12).came('2', 13).came('3', 12);
    let range = history.with('4', "13", "Merge pull request #12").came('4', 12).ahead();
    let picks: Vec<String> =
        range.picks().iter().map(|(number, sha)| format!("{number} {}", sha.short())).collect();
    assert_eq!(picks, ["12 1111111", "13 2222222", "12 3333333"]);
}

#[test]
fn a_range_reads_back_as_it_was_written() {
    let range = line(2).came('1', 12).adopted('2').ahead();
    let text = serde_json::to_string(&range).unwrap();
    assert_eq!(serde_json::from_str::<Range>(&text).unwrap(), range);
}
