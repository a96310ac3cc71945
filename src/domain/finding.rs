//! A verdict is a tree of sentences: each finding says which rule, on what fact, and how it can be cured.
//!
//! The same tree is shown as a check run, in a comment, in the terminal and in the audit log. The worst part wins.

use serde::{Deserialize, Serialize};

/// How bad a finding is. The order is the order of severity; a tree is as bad as its worst part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rule is met.
    Pass,
    /// Not decided yet: somebody has to act, or a fact is being found out.
    Pending,
    /// The rule is not met.
    Fail,
    /// A fact could not be found out. Never a pass.
    Unknown,
}

/// Something that the texts of a finding name and that has a page on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// As it stands in the texts: `acme/web#128`, `@acme/triage`.
    pub text: String,
    /// The path of its page below GitHub's address, without a slash before: `acme/web/issues/128`.
    pub path: String,
}

/// One rule's answer, with the findings it rests on.
///
/// The texts are plain: code stands between back-ticks, what a person wrote stands in [`quoted`], and what has a
/// page on GitHub is listed in `names`. How that looks is the matter of whoever shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable code for machines: `change_not_accepted`.
    pub code: String,
    /// This finding's own outcome; see [`Finding::outcome`] for the tree's.
    pub own: Outcome,
    /// The rule, as a clause: "the change request is accepted".
    pub rule: String,
    /// What is so, as a sentence.
    pub sentence: String,
    /// The sentence in its shortest form, for a title: "#128 is not accepted yet".
    #[serde(default)]
    pub headline: Option<String>,
    /// Who can cure it and how, where it is not met.
    pub cure: Option<String>,
    /// What its texts name that has a page on GitHub.
    #[serde(default)]
    pub names: Vec<Reference>,
    /// What it rests on.
    pub because: Vec<Finding>,
}

impl Finding {
    /// A finding without cure or parts.
    #[must_use]
    pub fn new(code: &str, own: Outcome, rule: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            own,
            rule: rule.into(),
            sentence: sentence.into(),
            headline: None,
            cure: None,
            names: vec![],
            because: vec![],
        }
    }

    /// With its cure.
    #[must_use]
    pub fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }

    /// With its shortest form.
    #[must_use]
    pub fn headline(mut self, headline: impl Into<String>) -> Self {
        self.headline = Some(headline.into());
        self
    }

    /// With what its texts name.
    #[must_use]
    pub fn names(mut self, names: impl IntoIterator<Item = Reference>) -> Self {
        self.names.extend(names);
        self
    }

    /// With what it rests on.
    #[must_use]
    pub fn because(mut self, parts: Vec<Finding>) -> Self {
        self.because = parts;
        self
    }

    /// The worst of itself and everything it rests on.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.because.iter().map(Self::outcome).fold(self.own, Outcome::max)
    }

    /// The leaves that are not a pass, in order: what stands in the way.
    #[must_use]
    pub fn obstacles(&self) -> Vec<&Self> {
        let below: Vec<&Self> = self.because.iter().flat_map(Self::obstacles).collect();
        if below.is_empty() && self.own > Outcome::Pass { vec![self] } else { below }
    }

    /// The leaves, in order: one for each rule that was judged.
    #[must_use]
    pub fn rules(&self) -> Vec<&Self> {
        if self.because.is_empty() { vec![self] } else { self.because.iter().flat_map(Self::rules).collect() }
    }
}

/// The longest text of a person that stands in a finding, in characters.
const LONGEST_QUOTE: usize = 200;

/// What a person wrote, between quotation marks, on one line and without back-ticks, shortened.
#[must_use]
pub fn quoted(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("“{}…”", line.get(..end).unwrap_or_default()),
        None => format!("“{line}”"),
    }
}

/// A word for machines, between back-ticks; where there is none, `?`.
#[must_use]
pub fn code(text: &str) -> String {
    let line = one_line(text);
    if line.is_empty() { "`?`".into() } else { format!("`{line}`") }
}

/// Strangers' words on one line, without back-ticks and without what is not to be seen.
#[must_use]
pub fn one_line(text: &str) -> String {
    let seen: String = text.chars().filter(|c| c.is_whitespace() || !is_hidden(*c)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'")
}

/// Control characters, those that steer the direction of writing, and those that show nothing at all.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_as_bad_as_its_worst_part_and_its_obstacles_are_its_bad_leaves() {
        let leaf = |code: &str, own| Finding::new(code, own, "", "");
        let tree = Finding::new("root", Outcome::Pass, "", "").because(vec![
            leaf("a", Outcome::Pass),
            leaf("b", Outcome::Pending).because(vec![leaf("c", Outcome::Fail), leaf("d", Outcome::Pass)]),
            leaf("e", Outcome::Unknown),
        ]);
        let codes = |found: Vec<&Finding>| found.iter().map(|f| f.code.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(tree.outcome(), Outcome::Unknown);
        assert_eq!(codes(tree.obstacles()), "c e");
        assert_eq!(codes(tree.rules()), "a c d e");
    }

    #[test]
    fn a_quote_is_one_short_line_that_cannot_end_our_code() {
        assert_eq!(quoted("too `late`,\r\n  sorry\u{0}"), "“too 'late', sorry”");
        let long = quoted(&"é".repeat(300));
        assert_eq!(long.chars().count(), LONGEST_QUOTE + 3);
        assert!(long.ends_with("…”"));
    }
}
