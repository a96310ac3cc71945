//! How a pull request says that it repeats, undoes or brings back what is merged already.
//!
//! The words are git's, GitHub's and those of the usual bots. They are only claims: what they are worth is found out by
//! comparing what is changed. So the reading may be generous, and whoever claims more than is so gains nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    ids::{RepoName, Sha},
    link::reference_to,
    markdown,
};

/// What a text says that it repeats or undoes, in the repository of the pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// `Reverts acme/web#12` (GitHub's button), `This reverts commit SHA` (git).
    pub undoes: BTreeSet<Source>,
    /// `(cherry picked from commit SHA)` (git's `-x`), `Backport of #12` (the bots).
    pub repeats: BTreeSet<Source>,
    /// `Merge pull request #12 from ...`, `Faster login (#12)`: the pull requests that its commits came with.
    pub brings: BTreeSet<u64>,
}

/// Where something came into the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    PullRequest(u64),
    Commit(Sha),
}

impl Claims {
    /// What a description says; `own` is the repository that it stands in.
    #[must_use]
    pub fn of_description(text: &str, own: Option<&RepoName>, web_url: &str) -> Self {
        let mut claims = Self::default();
        let reader = Reader { own, web_url };
        let mut listing = false;
        for line in markdown::open_words(text) {
            if let Some(number) = reader.reverted(&line) {
                claims.undoes.insert(Source::PullRequest(number));
            }
            let listed = listing && is_item(&line);
            if listed || says_backport(&line) {
                claims.repeats.extend(reader.numbers(&line).map(Source::PullRequest));
            }
            claims.take_commits(&line);
            listing = listed
                || (says_backport(&line) && line.trim_end().ends_with(':'))
                || (listing && line.trim().is_empty());
        }
        claims
    }

    /// What a commit message says.
    #[must_use]
    pub fn of_message(message: &str) -> Self {
        let mut claims = Self::default();
        message.lines().for_each(|line| claims.take_commits(line));
        claims.brings.extend(message.lines().next().and_then(came_with));
        claims
    }

    /// Both together.
    pub fn extend(&mut self, other: Self) {
        let Self { undoes, repeats, brings } = other;
        self.undoes.extend(undoes);
        self.repeats.extend(repeats);
        self.brings.extend(brings);
    }

    /// git's own words; `This reverts commit A, reversing changes made to B` undoes the merge `A`.
    fn take_commits(&mut self, line: &str) {
        let line = line.trim();
        let undone = line.strip_prefix("This reverts commit ").and_then(commit);
        self.undoes.extend(undone.map(Source::Commit));
        let picked = line.strip_prefix("(cherry picked from commit ").and_then(commit);
        self.repeats.extend(picked.map(Source::Commit));
    }
}

struct Reader<'a> {
    own: Option<&'a RepoName>,
    web_url: &'a str,
}

impl Reader<'_> {
    /// `Reverts acme/web#12`, at the beginning of a line.
    fn reverted(&self, line: &str) -> Option<u64> {
        let mut words = line.split_whitespace();
        words.next().filter(|word| word.eq_ignore_ascii_case("reverts"))?;
        self.number(words.next()?)
    }

    /// All pull requests of this repository that a line names.
    fn numbers(&self, line: &str) -> impl Iterator<Item = u64> {
        let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | ',');
        line.split(ends).filter_map(|word| self.number(word)).collect::<Vec<_>>().into_iter()
    }

    fn number(&self, word: &str) -> Option<u64> {
        let (repo, number) = reference_to(word, self.web_url, "pull")?;
        (repo.is_none() || repo.as_ref() == self.own).then_some(number)
    }
}

fn is_item(line: &str) -> bool {
    line.trim_start().starts_with(['-', '*', '+'])
}

fn says_backport(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    ["backport", "cherry-pick", "cherry pick"].iter().any(|word| line.contains(word))
}

fn commit(rest: &str) -> Option<Sha> {
    rest.split(|c: char| !c.is_ascii_hexdigit()).next()?.parse().ok()
}

/// From GitHub's own headlines: of a merge commit, and of a squashed pull request.
fn came_with(headline: &str) -> Option<u64> {
    let merged = headline.strip_prefix("Merge pull request #");
    let merged = merged.and_then(|rest| rest.split(' ').next());
    let squashed = || headline.trim_end().strip_suffix(')')?.rsplit_once("(#").map(|(_, number)| number);
    let digits = merged.or_else(squashed).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse::<i32>().ok().and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GITHUB: &str = "https://github.com";

    fn shown(claims: &Claims) -> String {
        let source = |source: &Source| match source {
            Source::PullRequest(number) => format!("#{number}"),
            Source::Commit(sha) => sha.short().to_owned(),
        };
        let all = |word: &str, sources: Vec<String>| {
            (!sources.is_empty()).then(|| format!("{word} {}", sources.join(" ")))
        };
        let Claims { undoes, repeats, brings } = claims;
        let parts = [
            all("undoes", undoes.iter().map(source).collect()),
            all("repeats", repeats.iter().map(source).collect()),
            all("brings", brings.iter().map(|number| format!("#{number}")).collect()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_words_of_github_and_of_the_bots_are_understood() {
        let own: RepoName = "acme/web".parse().unwrap();
        let sha = "0123456789abcdef0123456789abcdef01234567";
        for (text, expected) in [
            ("Reverts acme/web#12", "undoes #12"),
            ("Reverts #12\r\n\r\nIt broke the login.", "undoes #12"),
            ("reverts https://github.com/acme/web/pull/12", "undoes #12"),
            ("Reverts Acme/Web#12", "undoes #12"),
            ("Reverts acme/billing#12", ""),
            ("This reverts #12", ""),
            ("> Reverts acme/web#12", ""),
            ("```\nReverts acme/web#12\n```", ""),
            ("<!-- Reverts acme/web#12 -->", ""),
            ("Reverts", ""),
            (
                "This is an automatic backport of pull request #12 done by [Mergify](https://mergify.com).",
                "repeats #12",
            ),
            ("# Description\nBackport of #12 to `release-1.2`.", "repeats #12"),
            ("Backport 0123456 from #12.", "repeats #12"),
            ("**This is a backport of PR #12 as merged into main (0123456).**", "repeats #12"),
            ("Cherry pick of #12 on release-1.2.", "repeats #12"),
            ("Cherry pick of #12 #13 on release-1.2.", "repeats #12 #13"),
            (
                "# Backport\n\nThis will backport the following commits from `main` to `7.x`:\n - [Fix it (#12)](https://github.com/acme/web/pull/12)\n - [More (#13)](https://github.com/acme/web/pull/13)\n\nSee #14.",
                "repeats #12 #13",
            ),
            ("Backport of acme/billing#12", ""),
            ("Closes #12", ""),
            (&format!("This reverts commit {sha}."), "undoes 0123456"),
            (&format!("(cherry picked from commit {sha})"), "repeats 0123456"),
        ] {
            assert_eq!(shown(&Claims::of_description(text, Some(&own), GITHUB)), expected, "{text}");
        }
    }

    #[test]
    fn the_words_of_git_are_understood() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        for (message, expected) in [
            (format!("Revert \"Faster login\"\n\nThis reverts commit {sha}."), "undoes 0123456"),
            (
                format!("Revert \"Merge\"\n\nThis reverts commit {sha}, reversing\nchanges made to {sha}."),
                "undoes 0123456",
            ),
            (
                format!("Faster login (#12)\n\n(cherry picked from commit {sha})"),
                "repeats 0123456, brings #12",
            ),
            ("Merge pull request #12 from acme/login\n\nFaster login".into(), "brings #12"),
            ("Faster login (#12)\n\n(#13)".into(), "brings #12"),
            ("Merge branch 'main' into release/1".into(), ""),
            ("Faster login (#0)".into(), ""),
            ("Faster login (#x)".into(), ""),
            ("This reverts commit 0123456.".into(), ""),
            ("We say: This reverts commit nothing".into(), ""),
            (String::new(), ""),
        ] {
            assert_eq!(shown(&Claims::of_message(&message)), expected, "{message}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(?s)(Reverts |Backport |cherry pick|:|- |#1|a/b#2|\\(|\\)|\n|This reverts commit |.){0,60}") {
            let own = "a/b".parse().ok();
            let mut claims = Claims::of_description(&text, own.as_ref(), GITHUB);
            claims.extend(Claims::of_message(&text));
            prop_assert!(claims.brings.iter().all(|number| *number > 0));
        }
    }
}
