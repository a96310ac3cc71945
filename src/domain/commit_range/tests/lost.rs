//! Hot-fixes that the candidate has in some form, and those that it would undo.

use super::*;

#[track_caller]
fn loses(history: &History, expected: &str) {
    let range = history.diverged();
    let lost: String = range.lost.iter().map(|lost| &lost.commit.sha.as_str()[..1]).collect();
    assert_eq!(lost, expected);
}

/// `8` was made for what runs, with #77; the candidate has `1`.
fn hotfix(message: &str) -> History {
    let history = History::default().running('8', "0", "Fix login (#77)").came('8', 77).does('8', "fix");
    history.with('1', "0", message).came('1', 12).does('1', "x")
}

#[test]
fn a_hotfix_that_the_candidate_lacks_is_lost_with_its_pull_request() {
    let range = hotfix("A").diverged();
    assert_eq!(range.lost.len(), 1);
    assert_eq!((range.lost[0].pull_request, range.lost[0].unknown.as_ref()), (Some(77), None));
}

#[test]
fn a_hotfix_is_in_the_candidate_where_that_names_it_or_does_the_same() {
    loses(&hotfix(&picked('8')), "");
    loses(&hotfix("A").does('1', "fix"), "");
    let forward = History::default().running('8', "0", &picked('1')).does('8', "y");
    loses(&forward.with('1', "0", "A").came('1', 12), "");
    let strange = History::default().running('8', "0", "Fix").does('8', "fix");
    loses(&strange.with('1', "0", &picked('8')).does('1', "x"), "8");
}

#[test]
fn a_hotfix_is_in_the_candidate_where_a_pull_request_repeats_its_own() {
    let repeats = |from, proof: Proof| Some(derived(Kind::Repeats, from, proof));
    let given = || Proof::Given;
    loses(&hotfix("A").pull_request(12, |facts| facts.derived = repeats(77, given())), "");
    loses(&hotfix("A").pull_request(77, |facts| facts.derived = repeats(12, given())), "");
    loses(&hotfix("A").pull_request(77, |facts| facts.derived = repeats(13, given())), "8");
    loses(&hotfix("A").pull_request(12, |facts| facts.derived = repeats(77, Proof::Waits("x".into()))), "8");
    let undoes = Some(derived(Kind::Undoes, 77, Proof::Given));
    loses(&hotfix("A").pull_request(12, move |facts| facts.derived.clone_from(&undoes)), "8");
}

#[test]
fn a_hotfix_that_was_given_up_is_not_lost_and_one_that_was_adopted_is() {
    let mut given_up = hotfix("A");
    given_up.known.given_up.insert(sha('8'));
    loses(&given_up, "");
    loses(&hotfix("A").adopted('8'), "8");
}

#[test]
fn what_was_taken_back_where_it_runs_is_not_lost() {
    let revert = || hotfix("A").running('9', "8", &reverting('8')).does('9', "-fix");
    loses(&revert(), "");
    loses(&revert().does('9', "-other"), "89");
    loses(&revert().running('a', "9", &reverting('9')).does('a', "fix"), "8");
    let of_old = History::default().running('8', "0", &reverting('0')).does('8', "-fix");
    loses(&of_old.with('1', "0", "A").came('1', 12).does('1', "x"), "8");
}

#[test]
fn a_merge_is_not_lost_where_what_it_merges_is_not() {
    let merged = |message: &str| {
        History::default()
            .running('8', "0", "Fix")
            .came('8', 77)
            .does('8', "fix")
            .running('9', "08", message)
            .does('9', "fix")
            .with('1', "0", &picked('8'))
            .came('1', 12)
            .does('1', "x")
    };
    loses(&merged("Merge pull request #77").came('9', 77), "");
    loses(&merged("Merge branch 'fix'").merges('9', "fix"), "");
    loses(&merged("Merge branch 'fix'").does('9', "fix evil").merges('9', "fix"), "9");
}

#[test]
fn a_commit_that_changes_nothing_is_not_lost() {
    loses(&hotfix("A").does('8', ""), "");
}

#[test]
fn a_hotfix_that_could_not_be_compared_is_not_known_to_be_there() {
    let mut unread = hotfix("A");
    unread.known.changes.insert(sha('8'), down());
    let range = unread.diverged();
    assert_eq!(range.lost[0].unknown.as_deref(), Some("GitHub could not be reached since 10:04 UTC"));
}

#[test]
fn going_back_takes_back_all_that_was_newer() {
    let history = hotfix("A");
    let comparison = Comparison::Behind { only_baseline: history.only_baseline.clone() };
    let range = range(Some(&sha('8')), &sha('0'), &comparison, &history.known);
    assert_eq!((range.kind, range.lost.len(), range.lost[0].pull_request), (RangeKind::Behind, 1, Some(77)));
}

#[test]
fn what_was_pushed_over_is_lost_unless_it_came_back() {
    let amended = |what| hotfix("Fix login").does('1', what);
    for (what, lost) in [("fix", 0), ("other", 1)] {
        let history = amended(what);
        let range = range(Some(&sha('8')), &sha('1'), &history.parted(Some(false)), &history.known);
        assert_eq!((range.kind, range.lost.len()), (RangeKind::ForcePushed, lost));
    }
    let mut pushed = amended("fix");
    pushed.known.origins.insert(sha('1'), known(vec![]));
    let range = range(Some(&sha('8')), &sha('1'), &pushed.parted(Some(false)), &pushed.known);
    assert_eq!(range.commits[0].1, Origin::CherryPick { of: sha('8'), pull_request: 77 });
}
