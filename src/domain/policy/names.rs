//! Names that a policy writes down: people, repositories, groups, labels. Checked once, then trusted by type.

use super::error::{Refusal, shortened};
use super::glob;
use crate::domain::ids::RepoName;
use std::fmt;

/// Writes a type in a fingerprint as people write it in the file.
macro_rules! serialized_as_written {
    ($($name:ty),+) => {
        $(impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        })+
    };
}
pub(super) use serialized_as_written;

/// Somebody whom a policy names: a GitHub team or one login, in lower case (GitHub compares both that way).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// `acme/triage`.
    Team { organisation: String, slug: String },
    /// `dana`, without the `@`.
    Login(String),
}

impl Who {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        match text.split_once('/') {
            Some((organisation, slug)) if is_login(organisation) && is_slug(slug) => Ok(Self::Team {
                organisation: organisation.to_ascii_lowercase(),
                slug: slug.to_ascii_lowercase(),
            }),
            None if is_login(text) => Ok(Self::Login(text.to_ascii_lowercase())),
            _ => Err(Refusal::of(text, cure_of_who(text))),
        }
    }

    /// Is this exactly that login? Teams are not: their members are a fact of GitHub, not of the policy.
    pub fn is_login(&self, login: &str) -> bool {
        match self {
            Self::Team { .. } => false,
            Self::Login(own) => own.eq_ignore_ascii_case(login),
        }
    }
}

fn cure_of_who(text: &str) -> String {
    let bare = text.trim_start_matches('@');
    if text.starts_with('@') && Who::read(bare).is_ok() {
        format!("write it without the @: {bare}")
    } else if text.ends_with("[bot]") {
        "bots and apps never sign or decide; name a person or a team".to_owned()
    } else {
        "write a team as owner/team-name, or a person by login".to_owned()
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Team { organisation, slug } => write!(f, "{organisation}/{slug}"),
            Self::Login(login) => f.write_str(login),
        }
    }
}

/// A GitHub login: letters, digits, single hyphens; enterprise logins have one underscore.
fn is_login(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_slug(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Reads one repository's name.
pub(super) fn repository(text: &str) -> Result<RepoName, Refusal> {
    let good = text.split_once('/').is_some_and(|(owner, name)| is_login(owner) && is_slug(name));
    let name = text.to_ascii_lowercase().parse().ok().filter(|_| good);
    name.ok_or_else(|| Refusal::of(text, "write one repository as owner/name"))
}

/// Repositories by pattern: `acme/web`, `acme/mail-*`, `acme/*`, or `*` for all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPattern(String);

impl RepoPattern {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let good = text == "*"
            || text.split_once('/').is_some_and(|(owner, name)| {
                is_login(owner) && is_slug(&name.replace('*', "x")) && !name.contains("**")
            });
        if good {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Refusal::of(
                text,
                "write repositories as owner/name, with * in the name for any letters, or * alone for all",
            ))
        }
    }

    /// Whether a repository (`owner/name`) is meant.
    pub fn matches(&self, repo: &str) -> bool {
        self.0 == "*" || glob::fits(&self.0, &repo.to_ascii_lowercase())
    }

    /// Can one repository match both?
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0 == "*" || other.0 == "*" || glob::overlap(&self.0, &other.0)
    }
}

impl fmt::Display for RepoPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A pattern over branches, tags or paths: `*` stays within one folder, `**` does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPattern(String);

impl PathPattern {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let good = !text.is_empty()
            && text.len() <= 255
            && !text.starts_with('/')
            && !text.contains(char::is_control)
            && text.split('/').all(|part| part != "." && part != "..");
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(Refusal::of(
                text,
                "write it from the top of the repository without a leading slash, like docs/** or *.md",
            ))
        }
    }

    /// Whether a path in a repository is meant.
    pub fn matches(&self, path: &str) -> bool {
        glob::fits(&self.0, path)
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A pattern over names of GitHub environments: `*` stands for anything, slashes too; case does not matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentPattern(String);

impl EnvironmentPattern {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        if text.trim().is_empty() || text.len() > 255 || text.contains(char::is_control) {
            return Err(Refusal::of(text, "write an environment's name, with * for any letters"));
        }
        Ok(Self(text.to_lowercase()))
    }

    /// Whether an environment is meant.
    pub fn matches(&self, environment: &str) -> bool {
        glob::fits(&self.0.replace('*', "**"), &environment.to_lowercase())
    }

    /// Whether some environment could be meant by both.
    pub fn overlaps(&self, other: &Self) -> bool {
        glob::overlap(&self.0, &other.0)
    }
}

impl fmt::Display for EnvironmentPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serialized_as_written!(Who, RepoPattern, PathPattern, EnvironmentPattern);

/// A text that must not be empty and must fit on one short line: labels, headings, titles.
pub(super) fn short_text(text: &str) -> Result<String, Refusal> {
    if text.trim().is_empty() || text.trim() != text {
        return Err(Refusal::of(text, "write some text, without spaces around it"));
    }
    if text.chars().count() > 100 || text.contains(char::is_control) {
        return Err(Refusal::of(text, "keep it on one line and under 100 characters"));
    }
    Ok(text.to_owned())
}

/// A label: GitHub takes 50 characters.
pub(super) fn label(text: &str) -> Result<String, Refusal> {
    let label = short_text(text)?;
    if label.chars().count() > 50 {
        return Err(Refusal::of(text, "GitHub allows 50 characters in a label; shorten it"));
    }
    Ok(label)
}

/// A name that people type in commands: lower case, digits, hyphens.
pub(super) fn plain_name(text: &str) -> Result<String, Refusal> {
    let good = (1..=50).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if good {
        Ok(text.to_owned())
    } else {
        Err(Refusal::new(
            format!("is named `{}`", shortened(text)),
            "people type this name in commands: use lower-case letters, digits and hyphens",
        ))
    }
}

/// How a set of people reads in a sentence: `team acme/triage, dana`.
pub(super) fn in_words(people: &[Who]) -> String {
    let words: Vec<String> = people
        .iter()
        .map(|who| match who {
            Who::Team { .. } => format!("team {who}"),
            Who::Login(_) => who.to_string(),
        })
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_teams_or_logins() {
        assert_eq!(
            Who::read("Acme/Triage"),
            Ok(Who::Team { organisation: "acme".to_owned(), slug: "triage".to_owned() })
        );
        assert_eq!(Who::read("Dana_acme"), Ok(Who::Login("dana_acme".to_owned())));
        for bad in ["", "@dana", "a b", "acme/", "/x", "a/b/c", "dependabot[bot]", "-x", "é"] {
            assert!(Who::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn repository_patterns_ignore_case_and_match_whole_names() {
        let mail = RepoPattern::read("acme/Mail-*").expect("a pattern");
        assert!(mail.matches("ACME/mail-out"));
        assert!(!mail.matches("acme/web"));
        assert!(RepoPattern::read("*").expect("a pattern").matches("any/thing"));
        for bad in ["", "web", "acme/", "*/web", "acme/a/b", "ac*/web", "acme/**"] {
            assert!(RepoPattern::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn environment_patterns_cross_slashes_so_that_none_slips_through() {
        let production = EnvironmentPattern::read("Prod-*").expect("a pattern");
        assert!(production.matches("prod-eu/west"));
        assert!(!production.matches("preprod-eu"));
    }
}
