//! Where merging is deploying, nothing is taken back, and what came with no pull request comes with the one that is merged.

use super::*;

#[test]
fn what_came_with_no_pull_request_comes_with_the_one_that_is_merged() {
    let mut history = History::default()
        .with('1', "0", "A")
        .came('1', 1)
        .with('2', "1", "B")
        .with('3', "2", &picked('1'))
        .with('4', "3", "D")
        .does('1', "a")
        .does('2', "b")
        .does('3', "c");
    history.known.origins.insert(sha('4'), down());
    let merging = Comparison::Merging { commits: history.commits.clone(), merge_base: sha('0') };
    let range = range(Some(&sha('9')), &sha('4'), &merging, &history.known).coming_with(41);
    let origins: Vec<String> = range.commits.iter().map(|(_, origin)| shown(origin)).collect();
    assert_eq!(
        origins,
        ["#1", "#41", "#41", "unknown: GitHub could not be reached since 10:04 UTC"],
        "what is not known stays unknown"
    );
    assert_eq!(range.pull_requests, BTreeSet::from([1, 41]));
    assert_eq!((range.lost.len(), range.coming.len()), (0, 2));
}

#[test]
fn merging_what_is_there_already_brings_nothing() {
    let merging = Comparison::Merging { commits: vec![], merge_base: sha('1') };
    let range = range(Some(&sha('9')), &sha('1'), &merging, &Known::default());
    assert_eq!((range.kind, range.commits.len()), (RangeKind::Ahead, 0));
}
