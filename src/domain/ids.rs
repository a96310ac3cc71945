//! Names of things, checked once and trusted by type afterwards.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A text that is not what it claims to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct NotA {
    /// What was expected, with its article: "a commit hash".
    pub what: &'static str,
    /// The text that was given.
    pub text: String,
}

/// Where an account lives and its number there: `github.com/1234`. Logins change and are recycled; this does not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(String);

impl TenantId {
    /// The tenant of account `account` on `host`.
    #[must_use]
    pub fn new(host: &str, account: AccountId) -> Self {
        Self(format!("{}/{account}", host.to_ascii_lowercase()))
    }

    /// As stored: `host/number`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the account lives.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(host, _)| host)
    }

    /// Another account on the same host.
    #[must_use]
    pub fn beside(&self, account: AccountId) -> Self {
        Self(format!("{}/{account}", self.host()))
    }
}

impl FromStr for TenantId {
    type Err = NotA;
    fn from_str(text: &str) -> Result<Self, NotA> {
        match text.rsplit_once('/') {
            Some((host, number)) if !host.is_empty() && number.parse::<u64>().is_ok() => {
                Ok(Self(text.into()))
            }
            Some(_) | None => Err(NotA { what: "a tenant (host/account number)", text: text.into() }),
        }
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotA;
            fn from_str(text: &str) -> Result<Self, NotA> {
                text.parse().map(Self).map_err(|_| NotA { what: "a number", text: text.into() })
            }
        }
    };
}

number!(
    /// GitHub's number of a user or an organisation.
    AccountId
);
number!(
    /// GitHub's number of a repository; it survives renames and transfers.
    RepoId
);
number!(
    /// GitHub's number of an installation of the App; a reinstalled App has a new one.
    InstallationId
);
number!(
    /// GitHub's number of a comment on an issue or a pull request.
    CommentId
);

/// A commit hash: 40 or 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha(String);

impl Sha {
    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first seven digits, as people write it.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl FromStr for Sha {
    type Err = NotA;
    fn from_str(text: &str) -> Result<Self, NotA> {
        let hexadecimal = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if matches!(text.len(), 40 | 64) && hexadecimal {
            Ok(Self(text.into()))
        } else {
            Err(NotA { what: "a commit hash", text: text.into() })
        }
    }
}

impl TryFrom<String> for Sha {
    type Error = NotA;
    fn try_from(text: String) -> Result<Self, NotA> {
        text.parse()
    }
}

impl From<Sha> for String {
    fn from(sha: Sha) -> Self {
        sha.0
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the answer of the gate to a pipeline is asked for with: 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GateId(String);

impl GateId {
    /// The id for what is asked. Whoever asks the same, after the same earlier answer, asks with the same id.
    #[must_use]
    pub fn of(tenant: &TenantId, asked: &str, after: Option<&Self>) -> Self {
        let after = after.map_or("", Self::as_str);
        let digest = Sha256::digest(format!("changegate gate 1\n{tenant}\n{asked}\n{after}"));
        Self(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }

    /// Before it is known what is asked.
    #[must_use]
    pub fn nothing() -> Self {
        Self("0".repeat(32))
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GateId {
    type Err = NotA;
    fn from_str(text: &str) -> Result<Self, NotA> {
        let is_hexadecimal = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if text.len() == 32 && is_hexadecimal {
            Ok(Self(text.into()))
        } else {
            Err(NotA { what: "the id of a gate", text: text.into() })
        }
    }
}

impl TryFrom<String> for GateId {
    type Error = NotA;
    fn try_from(text: String) -> Result<Self, NotA> {
        text.parse()
    }
}

impl From<GateId> for String {
    fn from(id: GateId) -> Self {
        id.0
    }
}

impl fmt::Display for GateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `owner/name`, as GitHub spells it; compared without regard to ASCII case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoName(String);

impl RepoName {
    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.0.split_once('/').map_or("", |(owner, _)| owner)
    }

    /// The same repository, after its owner was renamed. Unchanged where that is no owner's name.
    #[must_use]
    pub fn owned_by(&self, owner: &str) -> Self {
        format!("{owner}/{}", self.name()).parse().unwrap_or_else(|_| self.clone())
    }

    /// The part after the slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }
}

impl PartialEq for RepoName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for RepoName {}

impl std::hash::Hash for RepoName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl PartialOrd for RepoName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RepoName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.to_ascii_lowercase().cmp(&other.0.to_ascii_lowercase())
    }
}

impl FromStr for RepoName {
    type Err = NotA;
    fn from_str(text: &str) -> Result<Self, NotA> {
        let part = |s: &str| {
            !s.is_empty()
                && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
                && !matches!(s, "." | "..")
        };
        match text.split_once('/') {
            Some((owner, name)) if part(owner) && part(name) => Ok(Self(text.into())),
            Some(_) | None => Err(NotA { what: "a repository (owner/name)", text: text.into() }),
        }
    }
}

impl TryFrom<String> for RepoName {
    type Error = NotA;
    fn try_from(text: String) -> Result<Self, NotA> {
        text.parse()
    }
}

impl From<RepoName> for String {
    fn from(name: RepoName) -> Self {
        name.0
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An issue or a pull request: GitHub counts both in one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IssueRef {
    /// The repository it is in.
    pub repo: RepoId,
    /// Its number there.
    pub number: u64,
}

impl fmt::Display for IssueRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.repo, self.number)
    }
}

/// Somebody who acts on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Actor {
    /// GitHub's number; what decisions go by.
    pub id: AccountId,
    /// The name of the day; for people to read.
    pub login: String,
    /// People count; bots, apps and `GITHUB_TOKEN` never do.
    pub person: bool,
}

/// The unit of deciding and of concurrency: one subject is judged by one worker at a time.
///
/// The order of the variants is the order of waking: a subject wakes only subjects of a later kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SubjectId {
    /// The account that installed the App; one per tenant.
    Account,
    /// A repository and the policy file it holds.
    Repository(RepoId),
    /// A milestone of one repository.
    Milestone(RepoId, u64),
    /// A pull request.
    PullRequest(IssueRef),
    /// An issue, taken in as a change request or not.
    ChangeRequest(IssueRef),
    /// A commit, with every open pull request whose head it is, and every merge group it heads.
    Commit(RepoId, Sha),
    /// One milestone title over the repositories of a train.
    Release(ReleaseId),
    /// An environment of a repository, by its name in lower case: GitHub tells no case apart.
    Environment(RepoId, String),
    /// A commit that is deployed by being merged, or that a production tag is on.
    Promotion(RepoId, Sha),
}

/// A release: its train and its title.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReleaseId {
    /// The train, by its name in the policy (no slash).
    pub train: String,
    /// The milestone title.
    pub title: String,
}

/// The kind of a subject; the discriminant is its place in the order of waking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// See [`SubjectId::Account`].
    Account = 0,
    /// See [`SubjectId::Repository`].
    Repository = 1,
    /// See [`SubjectId::Milestone`].
    Milestone = 2,
    /// See [`SubjectId::PullRequest`].
    PullRequest = 3,
    /// See [`SubjectId::ChangeRequest`].
    ChangeRequest = 4,
    /// See [`SubjectId::Commit`].
    Commit = 5,
    /// See [`SubjectId::Release`].
    Release = 6,
    /// See [`SubjectId::Environment`].
    Environment = 7,
    /// See [`SubjectId::Promotion`].
    Promotion = 8,
}

impl SubjectKind {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Repository => "repository",
            Self::Milestone => "milestone",
            Self::PullRequest => "pull_request",
            Self::ChangeRequest => "change_request",
            Self::Commit => "commit",
            Self::Release => "release",
            Self::Environment => "environment",
            Self::Promotion => "promotion",
        }
    }

    /// Its place in the order of waking, from 0.
    #[must_use]
    pub const fn rank(self) -> i64 {
        self as i64
    }
}

impl SubjectId {
    /// The environment that GitHub calls so.
    #[must_use]
    pub fn environment(repo: RepoId, name: &str) -> Self {
        Self::Environment(repo, name.to_lowercase())
    }

    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::Account => SubjectKind::Account,
            Self::Repository(_) => SubjectKind::Repository,
            Self::Milestone(..) => SubjectKind::Milestone,
            Self::PullRequest(_) => SubjectKind::PullRequest,
            Self::ChangeRequest(_) => SubjectKind::ChangeRequest,
            Self::Commit(..) => SubjectKind::Commit,
            Self::Release(_) => SubjectKind::Release,
            Self::Environment(..) => SubjectKind::Environment,
            Self::Promotion(..) => SubjectKind::Promotion,
        }
    }

    /// The repository it lives in, if it lives in one.
    #[must_use]
    pub const fn repo(&self) -> Option<RepoId> {
        match self {
            Self::Account | Self::Release(_) => None,
            Self::Repository(repo)
            | Self::Milestone(repo, _)
            | Self::Commit(repo, _)
            | Self::Environment(repo, _)
            | Self::Promotion(repo, _) => Some(*repo),
            Self::PullRequest(at) | Self::ChangeRequest(at) => Some(at.repo),
        }
    }

    /// Its number in its repository, if it has one.
    #[must_use]
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Account
            | Self::Repository(_)
            | Self::Commit(..)
            | Self::Release(_)
            | Self::Environment(..)
            | Self::Promotion(..) => None,
            Self::Milestone(_, number) => Some(*number),
            Self::PullRequest(at) | Self::ChangeRequest(at) => Some(at.number),
        }
    }
}

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind().as_str();
        match self {
            Self::Account => f.write_str(kind),
            Self::Repository(repo) => write!(f, "{kind}/{repo}"),
            Self::Milestone(repo, number) => write!(f, "{kind}/{repo}/{number}"),
            Self::PullRequest(at) | Self::ChangeRequest(at) => write!(f, "{kind}/{}/{}", at.repo, at.number),
            Self::Commit(repo, sha) => write!(f, "{kind}/{repo}/{sha}"),
            Self::Release(release) => write!(f, "{kind}/{}/{}", release.train, release.title),
            Self::Environment(repo, name) => write!(f, "{kind}/{repo}/{name}"),
            Self::Promotion(repo, sha) => write!(f, "{kind}/{repo}/{sha}"),
        }
    }
}

impl FromStr for SubjectId {
    type Err = NotA;
    fn from_str(text: &str) -> Result<Self, NotA> {
        let not = || NotA { what: "a subject", text: text.into() };
        let issue = |repo: &str, number: &str| -> Result<IssueRef, NotA> {
            Ok(IssueRef { repo: repo.parse()?, number: number.parse().map_err(|_| not())? })
        };
        let parts: Vec<&str> = text.splitn(3, '/').collect();
        match parts.as_slice() {
            ["account"] => Ok(Self::Account),
            ["repository", repo] => Ok(Self::Repository(repo.parse()?)),
            ["milestone", repo, number] => issue(repo, number).map(|at| Self::Milestone(at.repo, at.number)),
            ["pull_request", repo, number] => issue(repo, number).map(Self::PullRequest),
            ["change_request", repo, number] => issue(repo, number).map(Self::ChangeRequest),
            ["commit", repo, sha] => Ok(Self::Commit(repo.parse()?, sha.parse()?)),
            ["release", train, title] => {
                Ok(Self::Release(ReleaseId { train: (*train).into(), title: (*title).into() }))
            }
            ["environment", repo, name] => Ok(Self::environment(repo.parse()?, name)),
            ["promotion", repo, sha] => Ok(Self::Promotion(repo.parse()?, sha.parse()?)),
            _ => Err(not()),
        }
    }
}

impl TryFrom<String> for SubjectId {
    type Error = NotA;
    fn try_from(text: String) -> Result<Self, NotA> {
        text.parse()
    }
}

impl From<SubjectId> for String {
    fn from(subject: SubjectId) -> Self {
        subject.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_reads_back_as_it_was_written() {
        let at = IssueRef { repo: RepoId(7), number: 12 };
        let sha: Sha = "a".repeat(40).parse().unwrap();
        for subject in [
            SubjectId::Account,
            SubjectId::Repository(RepoId(7)),
            SubjectId::Milestone(RepoId(7), 3),
            SubjectId::PullRequest(at),
            SubjectId::ChangeRequest(at),
            SubjectId::Commit(RepoId(7), sha.clone()),
            SubjectId::Promotion(RepoId(7), sha),
            SubjectId::Release(ReleaseId { train: "customer".into(), title: "2026/12 a".into() }),
            SubjectId::environment(RepoId(7), "Production/eu west"),
        ] {
            assert_eq!(subject.to_string().parse::<SubjectId>().unwrap(), subject);
        }
    }

    #[test]
    fn what_is_no_commit_hash_is_refused() {
        for text in ["", "main", &"A".repeat(40), &"a".repeat(39), &"g".repeat(40)] {
            assert!(text.parse::<Sha>().is_err(), "{text}");
        }
    }

    #[test]
    fn repository_names_are_compared_without_case_and_cannot_leave_their_folder() {
        assert_eq!("Acme/Web".parse::<RepoName>().unwrap(), "acme/web".parse().unwrap());
        for text in ["acme", "acme/", "/web", "acme/..", "acme/web/x", "acme/w b"] {
            assert!(text.parse::<RepoName>().is_err(), "{text}");
        }
    }
}
