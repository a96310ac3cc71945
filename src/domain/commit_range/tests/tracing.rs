//! Where each commit comes from, by the way it came.

use super::*;

#[track_caller]
fn hold(history: &History, expected: &[&str]) {
    assert_eq!(history.origins(), expected);
}

fn start() -> History {
    History::default()
}

#[test]
fn a_squashed_a_rebased_and_a_merged_pull_request_are_known_by_github() {
    let squashed = start().with('1', "0", "Faster login (#12)").came('1', 12);
    hold(&squashed, &["#12"]);
    let rebased = start().with('1', "0", "A").with('2', "1", "B").came('1', 12).came('2', 12);
    hold(&rebased, &["#12", "#12"]);
    let merged = start()
        .with('1', "0", "A")
        .with('2', "01", "Merge pull request #12 from acme/login")
        .came('1', 12)
        .came('2', 12);
    hold(&merged, &["#12", "#12"]);
}

#[test]
fn a_commit_is_known_by_the_pull_request_that_brought_it_where_github_does_not_link_it() {
    let queued = start().with('1', "0", "Faster login (#12)");
    let brought = queued.pull_request(12, |facts| facts.brought = vec![sha('1')]);
    hold(&brought, &["#12"]);
}

#[test]
fn a_pull_request_that_is_not_merged_brings_nothing() {
    let open = start().with('1', "0", "A").came('1', 12).does('1', "x");
    hold(&open.pull_request(12, |facts| facts.merged = false), &["none"]);
}

#[test]
fn a_number_in_a_headline_is_only_a_claim() {
    let claimed = start().with('1', "0", "Faster login (#12)").pull_request(12, |_| ()).does('1', "x");
    hold(&claimed, &["none: it says that it came with #12, and GitHub does not say so"]);
}

#[test]
fn of_several_pull_requests_the_first_that_ships_and_does_more_than_merge_back_counts() {
    let several = || start().with('1', "0", "A").came('1', 9).came('1', 12).came('1', 20);
    hold(&several(), &["#9"]);
    let into_a_feature = several().pull_request(9, |facts| facts.ships = false);
    hold(&into_a_feature, &["#12"]);
    let back = |proof: fn() -> Proof| {
        several()
            .pull_request(9, |facts| facts.ships = false)
            .pull_request(12, move |facts| facts.derived = Some(derived(Kind::Brings, 9, proof())))
    };
    hold(&back(|| Proof::Given), &["#20"]);
    hold(&back(|| Proof::Missing("no".into())), &["#12"]);
}

#[test]
fn what_could_not_be_found_out_is_unknown_whatever_else_speaks_for_it() {
    let mut unreachable = start().with('1', "0", "A").came('1', 12).adopted('1');
    unreachable.known.origins.insert(sha('1'), down());
    hold(&unreachable, &["unknown: GitHub could not be reached since 10:04 UTC"]);
    unreachable.known.origins.remove(&sha('1'));
    hold(&unreachable, &["unknown: GitHub has not been asked yet"]);
    unreachable.known.origins.insert(sha('1'), known(vec![12, 13]));
    hold(&unreachable, &["unknown: #13 has not been read yet"]);
    let unread = start().with('1', "0", "A");
    hold(&unread, &[&format!("unknown: what `{}` changes has not been read yet", sha('1').short())]);
}

#[test]
fn a_cherry_pick_counts_where_it_does_just_what_it_names() {
    let pick = |what: &str| start().with('1', "0", &picked('a')).does('1', what).came('a', 12).does('a', "x");
    hold(&pick("x"), &["a again, #12"]);
    hold(&pick("y"), &["none: it says that it repeats `aaaaaaa`, but it changes `src/y` otherwise"]);
    hold(&pick("x y"), &["none: it says that it repeats `aaaaaaa`, but it changes `src/y` otherwise"]);
    let nowhere = start().with('1', "0", &picked('a')).does('1', "x").does('a', "x");
    let mut nowhere = nowhere.came('a', 12).pull_request(12, |facts| facts.merged = false);
    let without = "none: it says that it repeats `aaaaaaa`, which came with no merged pull request itself";
    hold(&nowhere, &[without]);
    nowhere.known.origins.insert(sha('a'), down());
    hold(&nowhere, &["unknown: GitHub could not be reached since 10:04 UTC"]);
}

#[test]
fn a_cherry_pick_without_a_word_is_known_by_what_it_does() {
    let silent = start().with('1', "0", "A").does('1', "x").came('a', 12).does('a', "x");
    hold(&silent, &["a again, #12"]);
    let other = start().with('1', "0", "A").does('1', "y").came('a', 12).does('a', "x");
    hold(&other, &["none"]);
    let strange = start().with('1', "0", "A").does('1', "x").does('a', "x");
    hold(&strange, &["none"]);
    let empty = start().with('1', "0", "A").does('1', "").came('a', 12).does('a', "");
    hold(&empty, &["none"]);
}

#[test]
fn a_cherry_pick_of_a_cherry_pick_comes_from_the_same_pull_request() {
    let chain = start()
        .with('2', "0", &picked('1'))
        .with('1', "2", &picked('a'))
        .does('1', "x")
        .does('2', "x")
        .came('a', 12)
        .does('a', "x");
    hold(&chain, &["1 again, #12", "a again, #12"]);
    let circle =
        start().with('1', "0", &picked('2')).with('2', "1", &picked('1')).does('1', "x").does('2', "x");
    assert!(circle.origins().iter().all(|origin| origin.starts_with("none: ")));
}

#[test]
fn a_revert_counts_where_it_takes_back_just_what_it_names() {
    let revert =
        |what: &str| start().with('1', "0", &reverting('a')).does('1', what).came('a', 12).does('a', "x");
    hold(&revert("-x"), &["a back, #12"]);
    hold(&revert("x"), &["a again, #12"]);
    hold(&revert("-x y"), &["none: it says that it takes back `aaaaaaa`, but it changes `src/y` otherwise"]);
}

#[test]
fn a_revert_of_a_revert_and_the_pick_of_a_revert_are_reverts() {
    let twice = start()
        .with('1', "0", "A")
        .came('1', 12)
        .does('1', "x")
        .with('3', "2", &reverting('2'))
        .does('3', "x")
        .with('2', "1", &reverting('1'))
        .does('2', "-x");
    hold(&twice, &["#12", "2 back", "1 back, #12"]);
    let away = start().with('1', "0", &reverting('a')).does('1', "-x").came('a', 12).does('a', "x");
    let back = away.with('2', "1", &reverting('1')).does('2', "x");
    hold(&back, &["a back, #12", "1 back"]);
    let half = start().with('2', "1", &reverting('1')).does('2', "x").does('1', "-x");
    let half = half.came('a', 12).does('a', "x");
    hold(&half, &["a again, #12"]);
    let message = format!("{}\n{}", reverting('a'), picked('1'));
    let picked = start().with('2', "0", &message).does('2', "-x").came('a', 12).does('a', "x");
    hold(&picked.does('1', "-x"), &["a back, #12"]);
}

#[test]
fn a_revert_of_what_came_with_no_pull_request_is_as_good_as_that() {
    let strange =
        || start().with('1', "0", "A").does('1', "x").with('2', "1", &reverting('1')).does('2', "-x");
    let without = "none: it says that it takes back `1111111`, which came with no merged pull request itself";
    hold(&strange(), &["none", without]);
    hold(&strange().adopted('1'), &["@kim", "1 back"]);
}

#[test]
fn a_merge_is_traced_where_all_that_it_merges_is_and_it_adds_nothing() {
    let merge = || {
        start().with('1', "0", "A").with('2', "0", "B").came('1', 12).with(
            '3',
            "12",
            "Merge branch 'release/1'",
        )
    };
    let came = || merge().came('2', 13);
    hold(&came().does('3', "x y").merges('3', "x y"), &["#12", "#13", "back-merge"]);
    let more = "none: it does not do just what it merges: it changes `src/z` otherwise";
    hold(&came().does('3', "x y z").merges('3', "x y"), &["#12", "#13", more]);
    let less = "none: it does not do just what it merges: it leaves `src/y` as it is";
    hold(&came().does('3', "x").merges('3', "x y"), &["#12", "#13", less]);
    let nothing = "none: it does not do just what it merges: it changes no file";
    hold(&came().does('3', "").merges('3', "x y"), &["#12", "#13", nothing]);
    let strange = "none: it merges `2222222`, which came with none either";
    hold(&merge().does('2', "y").does('3', "y").merges('3', "y"), &["#12", "none", strange]);
}

#[test]
fn a_merge_answers_only_for_what_it_brings() {
    let merge = start()
        .with('1', "0", "pushed")
        .does('1', "p")
        .with('2', "0", "B")
        .came('2', 13)
        .with('3', "12", "Merge branch 'release/1'")
        .does('3', "x")
        .merges('3', "x");
    hold(&merge, &["none", "#13", "back-merge"]);
    let many = start().with('1', "0", "A").came('1', 12).with('2', "01a", "Merge three").does('2', "x");
    hold(&many, &["#12", "none: it merges more than one branch at once"]);
}

#[test]
fn merges_of_merges_are_traced_in_any_order() {
    let nested = start()
        .with('4', "03", "Merge branch 'other'")
        .does('4', "x y")
        .merges('4', "x y")
        .with('3', "12", "Merge branch 'release/1'")
        .does('3', "y")
        .merges('3', "y")
        .with('1', "0", "A")
        .came('1', 12)
        .with('2', "0", "B")
        .came('2', 13);
    hold(&nested, &["back-merge", "back-merge", "#12", "#13"]);
}

#[test]
fn an_adoption_answers_for_what_has_no_pull_request_and_hides_none() {
    hold(&start().with('1', "0", "A").does('1', "x").adopted('1'), &["@kim"]);
    hold(&start().with('1', "0", "A").came('1', 12).adopted('1'), &["#12"]);
    let pick = start().with('1', "0", "A").does('1', "x").came('a', 12).does('a', "x").adopted('1');
    hold(&pick, &["a again, #12"]);
    let merge = start()
        .with('1', "0", "A")
        .does('1', "x")
        .adopted('1')
        .with('2', "01", "Merge branch 'night'")
        .does('2', "x")
        .merges('2', "x");
    hold(&merge, &["@kim", "back-merge"]);
}

#[test]
fn what_was_there_before_the_switch_passes_with_or_without_pull_request() {
    hold(&start().with('1', "0", "A").old('1').came('1', 12), &["old"]);
    let range = start().with('1', "0", "A").old('1').came('1', 12).ahead();
    assert_eq!(range.pull_requests, BTreeSet::new());
}

#[test]
fn a_range_has_the_pull_requests_whose_work_it_brings() {
    let history = start()
        .with('1', "0", "A")
        .came('1', 12)
        .with('2', "1", &picked('a'))
        .came('a', 13)
        .does('a', "x")
        .does('2', "x")
        .with('3', "2", &reverting('b'))
        .came('b', 14)
        .does('b', "y")
        .does('3', "-y");
    let range = history.ahead();
    assert_eq!(range.kind, RangeKind::Ahead);
    assert_eq!(range.pull_requests, BTreeSet::from([12, 13]));
}
