//! What `/approve` takes behind it: a group, a revision, both in any order, or nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::{finding::quoted, revision::RevisionHash};

/// The first digits of a revision, as a person wrote them: at least seven, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prefix(String);

/// With fewer digits it would be too easy to make another revision that begins like it.
const FEWEST: usize = 7;

impl Prefix {
    fn read(word: &str) -> Option<Self> {
        let is_revision = (FEWEST..=64).contains(&word.len()) && is_hexadecimal(word);
        is_revision.then(|| Self(word.to_ascii_lowercase()))
    }

    /// Whether the revision begins like this.
    #[must_use]
    pub fn fits(&self, revision: &RevisionHash) -> bool {
        revision.as_str().starts_with(&self.0)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_hexadecimal(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_hexdigit())
}

/// For which group, and on which revision, where that was said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub group: Option<String>,
    pub revision: Option<Prefix>,
}

/// Why words are not understood, as a clause about what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unclear {
    /// More words than a group and a revision.
    TooMuch,
    /// Two groups, of which a person counts for one only; or a word that is neither.
    TwoGroups(String, String),
    TwoRevisions,
    /// Too few digits.
    TooShort(String),
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMuch => write!(f, "`/approve` takes a group and a revision behind it, and nothing else"),
            Self::TwoGroups(one, other) => {
                write!(
                    f,
                    "{} and {} are not a group and a revision; sign for one group in each line",
                    quoted(one),
                    quoted(other)
                )
            }
            Self::TwoRevisions => write!(f, "it names two revisions"),
            Self::TooShort(word) => {
                write!(f, "{} is too short for a revision, which has at least {FEWEST} digits", quoted(word))
            }
        }
    }
}

/// Reads the words behind `/approve`. A word that is the name of one of `groups` means the group, whatever it
/// looks like.
///
/// # Errors
/// When they are not a group, a revision, both or nothing.
pub fn read(words: &str, groups: &[&str]) -> Result<Said, Unclear> {
    let words: Vec<&str> = words.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    if words.len() > 2 {
        return Err(Unclear::TooMuch);
    }
    let mut said = Said::default();
    for word in words {
        let group = word.to_ascii_lowercase();
        let revision = Prefix::read(word).filter(|_| !groups.contains(&group.as_str()));
        match (revision, &said) {
            (Some(_), Said { revision: Some(_), .. }) => return Err(Unclear::TwoRevisions),
            (Some(revision), _) => said.revision = Some(revision),
            (None, Said { group: Some(first), .. }) => return Err(two(first, &group, groups)),
            (None, _) => said.group = Some(group),
        }
    }
    Ok(said)
}

/// Back-ticks, commas and the like come along when people copy.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn two(first: &str, second: &str, groups: &[&str]) -> Unclear {
    let is_short = |word: &&str| is_hexadecimal(word) && !groups.contains(word);
    match [first, second].into_iter().find(is_short) {
        Some(short) => Unclear::TooShort(short.into()),
        None => Unclear::TwoGroups(first.into(), second.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_and_a_revision_are_read_in_any_order() {
        const GROUPS: [&str; 3] = ["qa", "business", "deadbeef"];
        let long = "4f2c9e1b".repeat(8);
        for (words, expected) in [
            ("", "- -"),
            ("  ", "- -"),
            ("qa", "qa -"),
            ("QA", "qa -"),
            ("security", "security -"),
            ("4f2c9e1", "- 4f2c9e1"),
            ("4F2C9E1B", "- 4f2c9e1b"),
            (&long, &format!("- {long}")),
            ("qa 4f2c9e1b", "qa 4f2c9e1b"),
            ("4f2c9e1b qa", "qa 4f2c9e1b"),
            ("qa `4f2c9e1b`.", "qa 4f2c9e1b"),
            ("qa, 4f2c9e1b", "qa 4f2c9e1b"),
            ("qa — 4f2c9e1b", "qa 4f2c9e1b"),
            ("deadbeef", "deadbeef -"),
            ("deadbeef 4f2c9e1b", "deadbeef 4f2c9e1b"),
            ("4f2c9e1b DeadBeef", "deadbeef 4f2c9e1b"),
            ("qa 4f2c9e", "“4f2c9e” is too short for a revision, which has at least 7 digits"),
            ("4f2c9e qa", "“4f2c9e” is too short for a revision, which has at least 7 digits"),
            (
                "qa business",
                "“qa” and “business” are not a group and a revision; sign for one group in each line",
            ),
            ("4f2c9e1 4f2c9e2", "it names two revisions"),
            ("looks good to me", "`/approve` takes a group and a revision behind it, and nothing else"),
            ("qa 4f2c9e1b please", "`/approve` takes a group and a revision behind it, and nothing else"),
            (&format!("{long}0"), &format!("{long}0 -")),
        ] {
            let found = match read(words, &GROUPS) {
                Ok(Said { group, revision }) => format!(
                    "{} {}",
                    group.unwrap_or_else(|| "-".into()),
                    revision.map_or_else(|| "-".into(), |revision| revision.to_string())
                ),
                Err(unclear) => unclear.to_string(),
            };
            assert_eq!(found, expected, "{words:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_words_are_read_or_refused(words in "\\PC{0,40}") {
            if let Ok(Said { group: Some(group), .. }) = read(&words, &["qa"]) {
                proptest::prop_assert!(!group.is_empty());
            }
        }
    }
}
