//! What comes to nothing: a pull request and the one that takes it back.

use super::*;

/// `2` came with #12, `3` with #13, which says that it takes back #12; the rest came with #11, #14 and so on.
fn history(proof: Proof) -> History {
    let history = History::default().with('1', "0", "A").with('2', "1", "B").with('3', "2", "Revert B");
    let history = history.with('4', "3", "C").came('1', 11).came('2', 12).came('3', 13).came('4', 14);
    let history =
        [11, 12, 13, 14].into_iter().zip(['1', '2', '3', '4']).fold(history, |it, (number, digit)| {
            it.pull_request(number, |facts| facts.brought = vec![sha(digit)])
        });
    history.takes_back(13, 12, proof)
}

impl History {
    fn takes_back(self, number: u64, of: u64, proof: Proof) -> Self {
        let derived = Derived { kind: Kind::Undoes, from: vec![at(of)], proof, inherits: vec![] };
        self.pull_request(number, move |facts| facts.derived = Some(derived.clone()))
    }

    fn brought(self, number: u64, digits: &str) -> Self {
        self.pull_request(number, |facts| facts.brought = digits.chars().map(sha).collect())
    }

    fn cancelled(&self) -> String {
        let pairs = self.ahead().cancelled;
        pairs.iter().map(|(of, by)| format!("#{of} by #{by}")).collect::<Vec<_>>().join(", ")
    }
}

#[test]
fn what_is_taken_back_within_the_range_comes_to_nothing() {
    let given = || history(Proof::Given);
    let again = |history: History| history.takes_back(14, 13, Proof::Given);
    for (why, history, expected) in [
        ("a revert of all of it", given(), "#12 by #13"),
        ("a revert that only says so", history(Proof::Missing("it does more".into())), ""),
        ("a revert that is not compared yet", history(Proof::Waits("it is not merged".into())), ""),
        ("a revert that was taken back too: it is there once more, with #14", again(given()), "#12 by #13"),
        ("a revert of what runs, taken back", again(given().takes_back(13, 9, Proof::Given)), "#13 by #14"),
        ("a revert of what runs", given().takes_back(13, 9, Proof::Given), ""),
        ("two reverts of the same", given().takes_back(14, 12, Proof::Given), "#12 by #13"),
        ("one that stands before what it takes back", given().takes_back(11, 14, Proof::Given), "#12 by #13"),
        ("one that takes back itself", given().takes_back(13, 13, Proof::Given), ""),
    ] {
        assert_eq!(history.cancelled(), expected, "{why}");
    }
}

#[test]
fn what_runs_in_part_or_comes_along_once_more_does_not_cancel() {
    let given = || history(Proof::Given);
    let one_more = |message: &str, what: &str| {
        given().with('5', "4", message).does('5', what).does('2', "b").does('3', "-b")
    };
    for (why, history, expected) in [
        ("squashed from three", given().brought(12, "abc2"), "#12 by #13"),
        (
            "perhaps the last of three that were rebased, of which two run",
            given().brought(11, "abc1").takes_back(13, 11, Proof::Given),
            "",
        ),
        ("never read", given().brought(12, ""), ""),
        ("picked once more", one_more(&picked('2'), "b"), ""),
        ("taken back once more", one_more(&reverting('2'), "-b"), ""),
        ("the revert taken back by hand", one_more(&reverting('3'), "b"), ""),
        ("there before the rules were", given().old('2'), ""),
    ] {
        assert_eq!(history.cancelled(), expected, "{why}");
    }
}
