//! What is asked before a range is traced, and that it is asked together.

use super::*;

fn digits(shas: &BTreeSet<Sha>) -> String {
    shas.iter().map(|sha| &sha.as_str()[..1]).collect()
}

#[track_caller]
fn wants(history: &History, comparison: &Comparison, expected: (&str, &[u64], &str, &str)) {
    let wanted = wanted(comparison, &history.known);
    let numbers: Vec<u64> = wanted.pull_requests.iter().copied().collect();
    let found = (digits(&wanted.origins), numbers, digits(&wanted.changes), digits(&wanted.merged));
    assert_eq!((&*found.0, &*found.1, &*found.2, &*found.3), expected);
}

#[test]
fn first_is_asked_where_commits_come_from_and_then_what_the_strange_ones_do() {
    let mut history = History::default()
        .with('1', "0", "Faster login (#12)")
        .with('2', "1", &picked('a'))
        .with('3', "2", "pushed")
        .with('4', "13", "Merge branch 'x'")
        .with('5', "4", "old")
        .old('5');
    let ahead = Comparison::Ahead { commits: history.commits.clone() };
    history.known.origins.clear();
    wants(&history, &ahead, ("1234", &[12], "", ""));
    for (digit, numbers) in [('1', vec![13]), ('2', vec![]), ('3', vec![]), ('4', vec![])] {
        history.known.origins.insert(sha(digit), known(numbers));
    }
    wants(&history, &ahead, ("", &[12, 13], "", ""));
    let mut history = history.pull_request(12, |_| ()).pull_request(13, |_| ());
    wants(&history, &ahead, ("a", &[], "234a", "4"));
    for digit in "234a".chars() {
        history.known.changes.insert(sha(digit), down());
    }
    history.known.merged.insert(sha('4'), down());
    history.known.origins.insert(sha('a'), known(vec![9]));
    wants(&history, &ahead, ("", &[9], "", ""));
    let history = history.pull_request(9, |_| ());
    assert!(wanted(&ahead, &history.known).is_empty());
}

#[test]
fn a_range_of_known_pull_requests_costs_nothing_more() {
    let history = History::default().with('1', "0", "A").came('1', 12);
    wants(&history, &Comparison::Ahead { commits: history.commits.clone() }, ("", &[], "", ""));
    wants(&history, &Comparison::Unknown("x".into()), ("", &[], "", ""));
}

#[test]
fn what_the_candidate_does_is_asked_only_where_a_hotfix_seems_lost() {
    let parted = |message: &str| {
        let history = History::default().running('8', "0", "Fix").came('8', 77);
        let history = history.with('1', "0", message).came('1', 12);
        let comparison = history.parted(None);
        (history, comparison)
    };
    let (history, comparison) = parted("A");
    wants(&history, &comparison, ("", &[], "18", ""));
    let (history, comparison) = parted(&picked('8'));
    wants(&history, &comparison, ("", &[], "", ""));
}
