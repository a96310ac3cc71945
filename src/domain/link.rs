//! How a pull request says which change requests it belongs to.
//!
//! GitHub links issues by closing keywords only where the pull request goes to the default branch, and has no
//! word for "is a part of". So people may also write `Change: #12` or `Part-of: acme/requests#12` on a line of
//! its own, in the description or in a commit message.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{
    ids::{IssueRef, RepoName},
    markdown,
};

/// A pull request belongs to a change request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    pub to: IssueRef,
    /// `Closes #n` finishes it; `Change: #n` and `Part-of: #n` are part of it. Both cover commits.
    pub finishes: bool,
}

/// A link as people write it: `#12` or `acme/web#12`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WrittenLink {
    /// `None`: the repository of the pull request.
    pub repo: Option<RepoName>,
    /// From 1 to 2³¹ - 1: GitHub's GraphQL refuses a whole query over a larger one.
    pub number: u64,
    pub finishes: bool,
}

impl fmt::Display for WrittenLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(repo) = &self.repo {
            write!(f, "{repo}")?;
        }
        write!(f, "#{}", self.number)
    }
}

/// The keys of the lines that link a part.
const PART_KEYS: [&str; 2] = ["change", "part-of"];

/// GitHub's closing keywords.
const CLOSING_KEYWORDS: [&str; 9] =
    ["close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"];

/// The `Change:` and `Part-of:` lines of a description or a commit message, in order and without repetition.
///
/// `web_url` is GitHub for people; addresses elsewhere are no links.
#[must_use]
pub fn written_links(text: &str, web_url: &str) -> Vec<WrittenLink> {
    unique(markdown::open_words(text).flat_map(|line| parts(&line, web_url)))
}

/// The closing keywords of a description, read as GitHub reads them for the default branch: anywhere in the
/// text, each with one issue.
#[must_use]
pub fn closing_links(text: &str, web_url: &str) -> Vec<WrittenLink> {
    unique(markdown::open_words(text).flat_map(|line| closings(&line, web_url)))
}

/// What the `Depends-On:` lines of a description name: issues or pull requests.
#[must_use]
pub fn dependencies(text: &str, web_url: &str) -> Vec<WrittenLink> {
    let read = |word: &str| reference(word, web_url).or_else(|| reference_to(word, web_url, "pull"));
    unique(markdown::open_words(text).flat_map(|line| keyed(&line, &["depends-on"], read)))
}

fn unique(links: impl Iterator<Item = WrittenLink>) -> Vec<WrittenLink> {
    links.collect::<BTreeSet<_>>().into_iter().collect()
}

fn parts(line: &str, web_url: &str) -> Vec<WrittenLink> {
    keyed(line, &PART_KEYS, |word| reference(word, web_url))
}

/// What stands behind one of these keys and a colon.
fn keyed(
    line: &str,
    keys: &[&str],
    read: impl Fn(&str) -> Option<(Option<RepoName>, u64)>,
) -> Vec<WrittenLink> {
    let line = line.trim_start_matches(['-', '*', '+', '_', ' ', '\t']);
    let Some((key, value)) = line.split_once(':') else { return vec![] };
    let key = key.trim_end_matches(['*', '_', ' ']);
    if !keys.iter().any(|part| key.eq_ignore_ascii_case(part)) {
        return vec![];
    }
    value
        .trim_start_matches(['*', '_'])
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("and"))
        .map_while(read)
        .map(|(repo, number)| WrittenLink { repo, number, finishes: false })
        .collect()
}

fn closings(line: &str, web_url: &str) -> Vec<WrittenLink> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let closing = |word: &str| {
        let word = word.trim_start_matches(['(', '*', '_', '-']).trim_end_matches([':', '*', '_']);
        CLOSING_KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
    };
    words
        .windows(2)
        .filter_map(|pair| if let [keyword, issue] = pair { Some((keyword, issue)) } else { None })
        .filter(|(keyword, _)| closing(keyword))
        .filter_map(|(_, issue)| reference(issue, web_url))
        .map(|(repo, number)| WrittenLink { repo, number, finishes: true })
        .collect()
}

/// `#12`, `GH-12`, `acme/web#12` or the issue's address, with the punctuation of a sentence around it.
fn reference(word: &str, web_url: &str) -> Option<(Option<RepoName>, u64)> {
    reference_to(word, web_url, "issues")
}

/// The same for what has its page below `/{pages}/`: `issues` or `pull`.
pub(super) fn reference_to(word: &str, web_url: &str, pages: &str) -> Option<(Option<RepoName>, u64)> {
    let word = word
        .trim_start_matches(['(', '<', '*', '_'])
        .trim_end_matches([')', '>', '.', ',', ';', '!', '*', '_']);
    if let Some(path) = below(word, web_url) {
        return address(path, pages);
    }
    match word.split_once('#') {
        Some(("", digits)) => Some((None, number(digits)?)),
        Some((repo, digits)) => Some((Some(repo.parse().ok()?), number(digits)?)),
        None => {
            let (_, digits) = word.split_once('-').filter(|(gh, _)| gh.eq_ignore_ascii_case("gh"))?;
            Some((None, number(digits)?))
        }
    }
}

/// What follows `web_url` and its slash, the host in any case.
fn below<'a>(word: &'a str, web_url: &str) -> Option<&'a str> {
    let start = word.get(..web_url.len())?;
    let rest = word.get(web_url.len()..)?.strip_prefix('/')?;
    start.eq_ignore_ascii_case(web_url).then_some(rest)
}

/// `acme/web/issues/12`, and what may follow it: `#issuecomment-1`, `?x=y`, `/`.
fn address(path: &str, pages: &str) -> Option<(Option<RepoName>, u64)> {
    let mut parts = path.splitn(4, '/');
    let (owner, name) = (parts.next()?, parts.next()?);
    let repo = format!("{owner}/{name}").parse().ok()?;
    let digits = parts.next().filter(|part| *part == pages).and_then(|_| parts.next())?;
    let digits = digits.split(['#', '?', '/']).next()?;
    Some((Some(repo), number(digits)?))
}

fn number(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse::<i32>().ok().filter(|number| plain && *number > 0)?;
    u64::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GITHUB: &str = "https://github.com";

    fn shown(links: &[WrittenLink]) -> String {
        links.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_line_of_its_own_says_what_a_pull_request_is_part_of() {
        for (text, links) in [
            ("Change: #12", "#12"),
            ("change:#12", "#12"),
            ("PART-OF: acme/requests#7", "acme/requests#7"),
            ("Change: #1, #2 acme/web#3 and #4", "#1 #2 #4 acme/web#3"),
            ("Change: #12, #12\nPart-of: #12", "#12"),
            ("Change: https://github.com/acme/web/issues/12", "acme/web#12"),
            ("Change: <https://GitHub.com/acme/web/issues/12#issuecomment-5>.", "acme/web#12"),
            ("Change: https://github.com/acme/web/issues/12/?a=b", "acme/web#12"),
            ("Words before.\n\n- **Change:** #12\n\nWords after.", "#12"),
            ("  Change: #12\r\nSigned-off-by: Ana <ana@acme.example>", "#12"),
            ("Change: GH-12", "#12"),
            ("Change: #12 because of the audit, see #13", "#12"),
        ] {
            let found = written_links(text, GITHUB);
            assert_eq!(shown(&found), links, "{text}");
            assert!(found.iter().all(|link| !link.finishes), "{text}");
        }
    }

    #[test]
    fn what_is_quoted_or_code_or_hidden_or_only_looks_alike_is_no_link() {
        for text in [
            "",
            "> Change: #12",
            "```\nChange: #12\n```",
            "~~~ text\nChange: #12\n```\nChange: #13\n~~~",
            "```\nChange: #12",
            "<!-- Change: #12 -->",
            "<!--\nChange: #12\n-->",
            "<!-- put the number here\nChange: #12",
            "\n    Change: #12",
            "`Change: #12`",
            "Change: the way we count, see #12",
            "Exchange: #12",
            "We change: #12 is next",
            "Change #12",
            "Change: #0",
            "Change: #2147483648",
            "Change: #99999999999999999999",
            "Change: #+1",
            "Change: acme#12",
            "Change: acme/../web#12",
            "Change: https://evil.example/acme/web/issues/12",
            "Change: https://gitlab.com/acme/web/issues/12",
            "Change: https://github.com.evil.example/acme/web/issues/12",
            "Change: https://github.com/acme/web/pull/12",
            "Closes #12",
        ] {
            assert_eq!(written_links(text, GITHUB), [], "{text}");
        }
    }

    #[test]
    fn code_and_comments_end_where_they_end() {
        for text in [
            "```\ncode\n```\nChange: #12",
            "````\n```\n````\nChange: #12",
            "<!-- hint -->\nChange: #12",
            "<!-- hint\n--> \nChange: #12",
            "Write `<!--` to hide.\nChange: #12",
            "> quoted\n\nChange: #12",
        ] {
            assert_eq!(shown(&written_links(text, GITHUB)), "#12", "{text}");
        }
    }

    #[test]
    fn closing_keywords_are_read_as_github_reads_them() {
        for (text, links) in [
            ("Closes #12", "#12"),
            ("This fixes: acme/web#12, and RESOLVED #13.", "#13 acme/web#12"),
            ("Closes #12, #13", "#12"),
            ("(closes https://github.com/acme/web/issues/12)", "acme/web#12"),
            ("- fixed #12", "#12"),
            ("closes the gap that #12 shows", ""),
            ("`closes #12`", ""),
            ("prefixes #12", ""),
            ("Change: #12", ""),
        ] {
            let found = closing_links(text, GITHUB);
            assert_eq!(shown(&found), links, "{text}");
            assert!(found.iter().all(|link| link.finishes), "{text}");
        }
    }

    #[test]
    fn what_it_depends_on_stands_behind_a_key_of_its_own() {
        let shown = |text: &str| -> String {
            let found = dependencies(text, GITHUB);
            found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        for (text, expected) in [
            ("Depends-On: acme/billing#3", "acme/billing#3"),
            ("depends-on: #4, acme/billing#3", "#4 acme/billing#3"),
            ("* **Depends-On:** https://github.com/acme/billing/pull/3", "acme/billing#3"),
            ("Depends-On: https://github.com/acme/billing/issues/3", "acme/billing#3"),
            ("Depends-On: the weather", ""),
            ("> Depends-On: #4", ""),
            ("This depends on: #4", ""),
            ("Part-of: #4", ""),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(?s)(Change: |Closes |#|`|~|>|<!--|-->|\n|https://github.com/|.){0,80}") {
            let links = [written_links(&text, GITHUB), closing_links(&text, GITHUB)].concat();
            prop_assert!(links.iter().all(|link| link.number > 0));
        }

        #[test]
        fn a_link_reads_back_as_it_is_shown(number in 1..=2_147_483_647_u64, repo in "[a-z]{1,9}/[a-z]{1,9}") {
            let link = WrittenLink { repo: repo.parse().ok(), number, finishes: false };
            prop_assert_eq!(written_links(&format!("Change: {link}"), GITHUB), [link]);
        }
    }
}
