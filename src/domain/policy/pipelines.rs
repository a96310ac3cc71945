//! Who may ask for a decision from a pipeline, beside whoever GitHub itself lets ask: which workflows, and the tokens of
//! which other issuers.

use super::error::Refusal;
use super::names::{EnvironmentPattern, repository, serialized_as_written};
use super::place::Place;
use super::written;
use crate::domain::ids::{RepoName, Sha};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Who may ask from a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pipelines {
    /// The only workflows of GitHub Actions that may ask; empty for any.
    pub workflows: Vec<WorkflowRef>,
    /// Whose tokens count beside GitHub's, and for what.
    pub issuers: Vec<IssuerRule>,
}

/// A workflow file at a place in history: `acme/deploy/.github/workflows/deploy.yml@refs/heads/main`. GitHub writes the
/// claim `job_workflow_ref` that way. Two are compared part by part: owner and repository without case, the rest exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRef {
    pub repository: RepoName,
    /// The file, from the top of the repository.
    pub path: String,
    /// A whole ref such as `refs/heads/main`, or a commit.
    pub at: String,
}

impl WorkflowRef {
    /// The commit, where it is one that it stands at.
    #[must_use]
    pub fn commit(&self) -> Option<Sha> {
        self.at.parse().ok()
    }

    /// Whether it is the same file, at whatever place in history.
    #[must_use]
    pub fn is_file_of(&self, other: &Self) -> bool {
        self.repository == other.repository && self.path == other.path
    }
}

impl FromStr for WorkflowRef {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (file, at) = text.split_once('@').ok_or(())?;
        let mut parts = file.splitn(3, '/');
        let (Some(owner), Some(name), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(());
        };
        let repository = format!("{owner}/{name}").parse().map_err(|_| ())?;
        let is_plain = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_control() || c == ' ');
        if is_plain(path) && is_plain(at) {
            Ok(Self { repository, path: path.to_owned(), at: at.to_owned() })
        } else {
            Err(())
        }
    }
}

impl fmt::Display for WorkflowRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.repository, self.path, self.at)
    }
}

impl TryFrom<String> for WorkflowRef {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|()| format!("`{text}` is no workflow file"))
    }
}

serialized_as_written!(WorkflowRef);

impl<'de> Deserialize<'de> for WorkflowRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Tokens of another issuer that may ask for one repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IssuerRule {
    /// As the claim `iss` has it, to the letter.
    pub issuer: String,
    /// As the claim `aud` has it; the address of this server if nothing is said.
    pub audience: Option<String>,
    /// Where its keys are, where they are not to be discovered.
    pub keys: Option<String>,
    pub repository: RepoName,
    /// For which environments it may ask; empty for any.
    pub environments: Vec<EnvironmentPattern>,
    /// What its claims must be.
    pub when: BTreeMap<String, Expected>,
}

/// What a claim must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This text, to the letter.
    Text(String),
    /// What is asked for.
    Asked(Asked),
}

/// A part of what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Environment,
    Sha,
    Ref,
    Run,
}

const ASKED: [(&str, Asked); 4] = [
    ("{environment}", Asked::Environment),
    ("{sha}", Asked::Sha),
    ("{ref}", Asked::Ref),
    ("{run}", Asked::Run),
];

impl Expected {
    fn read(text: &str) -> Result<Self, Refusal> {
        if let Some((_, asked)) = ASKED.iter().find(|(word, _)| *word == text) {
            return Ok(Self::Asked(*asked));
        }
        if text.is_empty() || text.len() > 500 || text.contains(['{', '}']) || text.contains(char::is_control)
        {
            let cure = "write the claim's whole text, or one of {environment}, {sha}, {ref} and {run} for what is asked for";
            return Err(Refusal::of(text, cure));
        }
        Ok(Self::Text(text.to_owned()))
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Asked(asked) => {
                let word = ASKED.iter().find(|(_, other)| other == asked).map_or("", |(word, _)| word);
                f.write_str(word)
            }
        }
    }
}

serialized_as_written!(Expected);

impl Pipelines {
    pub(super) fn check(place: &Place<'_>, written: &written::Pipelines) -> Self {
        let issuers = written.issuers.iter().enumerate();
        let issuers =
            issuers.filter_map(|(index, rule)| IssuerRule::check(&place.key("issuers").item(index), rule));
        Self {
            workflows: place.key("workflows").each_once(&written.workflows, pinned),
            issuers: issuers.collect(),
        }
    }
}

impl IssuerRule {
    fn check(place: &Place<'_>, written: &written::Issuer) -> Option<Self> {
        if written.when.is_empty() {
            place.refuse(Refusal::new(
                "asks nothing of the token",
                "anybody with a token of this issuer could ask; say in `when` which claims it must have",
            ));
        }
        let claims = place.key("when");
        let when = written
            .when
            .iter()
            .filter_map(|(claim, text)| Some((claim.clone(), claims.key(claim).take(Expected::read(text))?)));
        let when = when.collect();
        let keys = place.maybe("keys", written.keys.as_ref(), address);
        let audience = place.maybe("audience", written.audience.as_ref(), audience);
        let environments =
            place.key("environments").each_once(&written.environments, EnvironmentPattern::read);
        let issuer = place.key("issuer").take(issuer(&written.issuer));
        let repository = place.key("repository").take(repository(&written.repository));
        Some(Self { issuer: issuer?, audience, keys, repository: repository?, environments, when })
    }

    /// What it lets ask, as a clause.
    pub(super) fn in_words(&self) -> String {
        let when: Vec<String> = self.when.iter().map(|(claim, is)| format!("{claim} is {is}")).collect();
        let audience = self.audience.as_ref().map(|audience| format!(" for {audience}"));
        let keys = self.keys.as_ref().map(|keys| format!(", by the keys at {keys}"));
        let environments: Vec<String> = self.environments.iter().map(ToString::to_string).collect();
        let environments =
            if environments.is_empty() { String::new() } else { format!(" in {}", environments.join(", ")) };
        format!(
            "tokens of {}{}{} ask for {}{environments} where {}",
            self.issuer,
            audience.unwrap_or_default(),
            keys.unwrap_or_default(),
            self.repository,
            when.join(" and ")
        )
    }
}

/// One workflow file at one place in history.
fn pinned(text: &str) -> Result<WorkflowRef, Refusal> {
    let cure = "write OWNER/REPOSITORY/.github/workflows/FILE.yml@REF with the whole ref, like refs/heads/main, or a commit";
    let read: WorkflowRef = text.parse().map_err(|()| Refusal::of(text, cure))?;
    let file = read.path.strip_prefix(".github/workflows/").unwrap_or_default();
    let is_file = (file.ends_with(".yml") || file.ends_with(".yaml")) && !file.contains('/');
    let is_ref = ["refs/heads/", "refs/tags/"]
        .iter()
        .any(|kind| read.at.strip_prefix(kind).is_some_and(|name| !name.is_empty() && !name.contains('*')));
    if is_file && !file.contains('*') && (is_ref || read.commit().is_some()) {
        Ok(read)
    } else {
        Err(Refusal::of(text, cure))
    }
}

fn audience(text: &str) -> Result<String, Refusal> {
    let good = (1..=300).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if good { Ok(text.to_owned()) } else { Err(Refusal::of(text, "write one audience, without spaces")) }
}

fn issuer(text: &str) -> Result<String, Refusal> {
    let address = address(text)?;
    if address.contains("//token.actions.githubusercontent.com") {
        let cure = "GitHub Actions may ask without being named here; remove this entry, and name its workflows under `workflows`";
        return Err(Refusal::of(text, cure));
    }
    Ok(address)
}

/// An encrypted address, or one on this machine; without user, question and fragment.
fn address(text: &str) -> Result<String, Refusal> {
    let good = (1..=300).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_graphic() && !b"@?#\\\"<>".contains(&b))
        && (text.strip_prefix("https://").is_some_and(has_host) || is_on_this_machine(text));
    if good {
        Ok(text.to_owned())
    } else {
        Err(Refusal::of(text, "write an address that begins with https://, as the issuer itself writes it"))
    }
}

fn has_host(rest: &str) -> bool {
    rest.split(['/', ':']).next().is_some_and(|host| !host.is_empty())
}

/// For a trial on one machine. The server contacts it only where people reach the server itself that way.
fn is_on_this_machine(text: &str) -> bool {
    let rest = text.strip_prefix("http://").unwrap_or_default();
    let place = rest.split('/').next().unwrap_or_default();
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}
