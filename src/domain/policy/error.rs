//! What is wrong with a policy file, in words for the person who edits it.

use serde::{Deserialize, Serialize};

/// One fault of a policy file: where it is, what is so, and what cures it.
///
/// A bad policy is an answer for people (a failing check, a message in the terminal), never a failure of the
/// program. `line` and `column` count from 1, columns in characters. Displayed as
/// `path:line:column: message`, then the cure on an indented line of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{path}:{line}:{column}: {message}\n  {cure}")]
pub struct PolicyError {
    pub path: String,
    pub line: u64,
    pub column: u64,
    pub message: String,
    pub cure: String,
}

/// Where something stands in the file; both count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u64,
    pub column: u64,
}

/// Why a value was refused: `what` follows the name of its key (`is 0`), `cure` is a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub what: String,
    pub cure: String,
}

impl Refusal {
    pub fn new(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { what: what.into(), cure: cure.into() }
    }

    /// The usual refusal of a text that does not have the wanted form.
    pub fn of(text: &str, cure: impl Into<String>) -> Self {
        if text.trim().is_empty() {
            return Self::new("is empty", cure);
        }
        Self::new(format!("is `{}`", shortened(text)), cure)
    }
}

/// Words to choose from: `observe, advise or enforce`.
pub(super) fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The text on one line, at most 60 characters of it, so that a message stays a sentence.
pub(super) fn shortened(text: &str) -> String {
    let plain: String =
        text.chars().map(|c| if c.is_control() || c == '`' { ' ' } else { c }).take(60).collect();
    if text.chars().count() > 60 { format!("{plain}…") } else { plain }
}

/// The candidate a misspelt word was probably meant to be: two letters differ, or a third of a long word's.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let limit = if word.len() < 4 { 1 } else { (word.len() / 3).max(2) };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= limit)
        .map(|candidate| (letters_apart(&word, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(apart, _)| *apart <= limit)
        .min_by_key(|(apart, _)| *apart)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in characters, with one row of memory.
fn letters_apart(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let best = (diagonal + usize::from(from != *to)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_nearest_and_a_strange_one_finds_nothing() {
        let keys = ["mode", "roles", "groups", "standard-changes"];
        assert_eq!(nearest("moed", keys), Some("mode"));
        assert_eq!(nearest("mod", keys), Some("mode"));
        assert_eq!(nearest("Mode", keys), Some("mode"));
        assert_eq!(nearest("standard-change", keys), Some("standard-changes"));
        assert_eq!(nearest("weather", keys), None);
    }

    #[test]
    fn letters_apart_counts_single_edits() {
        for (a, b, apart) in
            [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("é", "e", 1), ("abc", "abc", 0)]
        {
            assert_eq!(letters_apart(a, b), apart, "{a} {b}");
        }
    }
}
