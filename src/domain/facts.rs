//! What a decision may ask, and the answers.
//!
//! Deciding asks, the shell finds out (in the store what is known there, the rest from GitHub in batches), and
//! deciding starts again with more facts. See [`Inquiry`].

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    event::{Event, IssueSnapshot, PullRequestSnapshot, RepositoryNumber, ReviewSnapshot},
    ids::{Actor, InstallationId, IssueRef, RepoId, RepoName, Sha, SubjectId},
    patch::Changes,
    policy::{EffectivePolicy, Policy, Scope, Who},
    pull_request::Files,
    repository::RepositoryView,
    subject::{Relation, View},
};

/// One question. The first three are answered from the store, the others by GitHub.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Question {
    /// What others may read of a subject.
    View(SubjectId),
    /// Which subjects point at this one in this relation.
    PointingAt(SubjectId, Relation),
    /// Which repository bears this name.
    RepositoryNamed(RepoName),
    /// The issue, and who set its labels and its milestone.
    Issue(IssueRef),
    /// The pull request, its links, commits and reviews, and the policy file at both its ends.
    PullRequest(IssueRef),
    /// The policy file on the default branch.
    PolicyFile(RepoId),
    /// Through which pull requests the policy file on the default branch came to be as it is.
    PolicyOrigin(RepoId),
    /// The members of a team.
    Team(TeamName),
    /// The pull requests of the merge group with this head on this branch.
    MergeGroup(RepoId, String, Sha),
    /// The repositories that the installation reaches.
    InstallationRepositories(InstallationId),
    /// The issues that GitHub links to the pull request, and nothing else of it: many are asked in one read.
    Links(IssueRef),
    /// What the pull request changes, file by file.
    Changes(IssueRef),
    /// The merged pull requests that the commit came with.
    Origins(RepoId, Sha),
    /// The check runs on the commit, of every App.
    Checks(RepoId, Sha),
}

impl Question {
    /// Whether the store knows the answer.
    #[must_use]
    pub const fn is_for_the_store(&self) -> bool {
        match self {
            Self::View(_) | Self::PointingAt(..) | Self::RepositoryNamed(_) => true,
            Self::Issue(_)
            | Self::PullRequest(_)
            | Self::PolicyFile(_)
            | Self::PolicyOrigin(_)
            | Self::Team(_)
            | Self::MergeGroup(..)
            | Self::InstallationRepositories(_)
            | Self::Links(_)
            | Self::Changes(_)
            | Self::Origins(..)
            | Self::Checks(..) => false,
        }
    }

    /// The repository that must be named to ask it.
    #[must_use]
    pub const fn repo(&self) -> Option<RepoId> {
        match self {
            Self::Issue(at) | Self::PullRequest(at) | Self::Links(at) | Self::Changes(at) => Some(at.repo),
            Self::PolicyFile(repo)
            | Self::PolicyOrigin(repo)
            | Self::MergeGroup(repo, ..)
            | Self::Origins(repo, _)
            | Self::Checks(repo, _) => Some(*repo),
            Self::View(_)
            | Self::PointingAt(..)
            | Self::RepositoryNamed(_)
            | Self::Team(_)
            | Self::InstallationRepositories(_) => None,
        }
    }
}

/// `organisation/team-slug`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TeamName {
    pub organisation: String,
    pub slug: String,
}

/// The answer to a question, of the variant that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Question::View`]: `None` where the subject has never been settled.
    View(Option<Box<View>>),
    /// To [`Question::PointingAt`], in order.
    PointingAt(Vec<SubjectId>),
    /// To [`Question::RepositoryNamed`].
    RepositoryNamed(Option<RepoId>),
    /// To [`Question::Issue`]; `None`: GitHub says there is none.
    Issue(Option<Box<IssueReading>>),
    /// To [`Question::PullRequest`]; `None`: GitHub says there is none.
    PullRequest(Option<Box<PullRequestReading>>),
    /// To [`Question::PolicyFile`]; `None`: the repository has none.
    PolicyFile(Option<String>),
    /// To [`Question::PolicyOrigin`]: the numbers of merged pull requests.
    PolicyOrigin(Vec<u64>),
    /// To [`Question::Team`].
    Team(Vec<Actor>),
    /// To [`Question::MergeGroup`]: the numbers of its pull requests, in order; empty when the group is gone.
    MergeGroup(Vec<u64>),
    /// To [`Question::InstallationRepositories`].
    InstallationRepositories(Vec<RepositoryNumber>),
    /// To [`Question::Links`]; all of them, or the fact is unknown.
    Links(Vec<IssueRef>),
    /// To [`Question::Changes`]; `None`: GitHub says there is no such pull request.
    Changes(Option<Changes>),
    /// To [`Question::Origins`]: their numbers, in order.
    Origins(Vec<u64>),
    /// To [`Question::Checks`].
    Checks(Vec<CheckReading>),
}

/// A check run on a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReading {
    pub name: String,
    /// The name of the App that made it, as in its address: `github-actions`.
    pub app: String,
    /// `success`, `failure`, `skipped` and so on; `None`: it has not ended.
    pub conclusion: Option<String>,
}

/// An issue as GitHub shows it when asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IssueReading {
    pub issue: IssueSnapshot,
    /// For each label on the issue, who set it last; from the timeline.
    pub labels_set: Vec<SetBy>,
    /// For the milestone on the issue, who set it last (`name` is the title).
    pub milestone_set: Option<SetBy>,
    /// Who closed it last, where it is closed (`name` is the state reason).
    pub closed: Option<SetBy>,
    /// Whether a pull request closed it.
    pub closed_by_pull_request: Option<IssueRef>,
    /// Whether the timeline was read to its beginning.
    pub complete: bool,
}

/// Who set something by name, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetBy {
    pub name: String,
    pub by: Option<Actor>,
    pub at: Option<Timestamp>,
}

/// A pull request as GitHub shows it when asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PullRequestReading {
    pub pull_request: PullRequestSnapshot,
    /// Issues that GitHub links by closing keyword or by hand.
    pub closes: Vec<IssueRef>,
    pub commits: Vec<CommitReading>,
    /// The last opinion of each reviewer.
    pub reviews: Vec<ReviewSnapshot>,
    /// The files that it touches.
    #[serde(default)]
    pub files: Files,
    /// The policy file at the head, beside that at the base.
    pub policy: PolicyAtHead,
    /// Whether every page of links, commits and reviews was read.
    pub complete: bool,
}

/// What a pull request does to the policy file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyAtHead {
    /// Nothing: it is as it is at the base.
    Same,
    /// It deletes the file.
    Deleted,
    /// It leaves this text.
    Changed(String),
    /// It leaves a file that is no text.
    NoText,
}

/// Whether somebody is one of several people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    Member,
    Stranger,
    /// A team could not be read, and why. No reason to refuse, and never a reason to allow.
    Unknown(String),
}

/// A commit of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitReading {
    pub sha: Sha,
    pub message: String,
    /// Authors, co-authors and committer; `None` for each whom GitHub knows only by mail.
    pub people: Vec<Option<Actor>>,
    /// The logins of those who wrote it, in lower case, where a signature that GitHub has verified vouches for them.
    #[serde(default)]
    pub writers: Option<Vec<String>>,
}

/// A fact is known, with its time, or unknown, with its reason; an empty answer is not an unknown one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fact<T> {
    /// Known, as of this time.
    Known(T, Timestamp),
    /// Not known, and why, as a sentence for a person: "GitHub could not be reached since 10:04 UTC".
    Unknown(String),
}

impl<T> Fact<T> {
    /// The same fact about something in it.
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value, at) => Fact::Known(into(value), at),
            Self::Unknown(why) => Fact::Unknown(why),
        }
    }

    /// The value, if it is known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value, _) => Some(value),
            Self::Unknown(_) => None,
        }
    }
}

/// The answers found so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(#[serde(with = "pairs")] BTreeMap<Question, Fact<Answer>>);

impl Facts {
    /// Adds an answer; a later one to the same question wins.
    pub fn insert(&mut self, question: Question, fact: Fact<Answer>) {
        self.0.insert(question, fact);
    }

    /// Forgets what the store said, to ask it again.
    pub fn forget_the_stores(&mut self) {
        self.0.retain(|question, _| !question.is_for_the_store());
    }

    /// Questions and answers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Question, &Fact<Answer>)> {
        self.0.iter()
    }
}

/// Asks for facts and remembers which are missing.
///
/// Ask for everything you can before you look at the first answer: the missing ones are then found out together.
#[derive(Debug)]
pub struct Inquiry<'a> {
    facts: &'a Facts,
    missing: Vec<Question>,
}

/// The effective policy of a repository: what its organisation and it say.
pub type PolicyInForce = Option<EffectivePolicy>;

/// What GitHub answered, of the variant that belongs to the question.
macro_rules! github {
    ($answer:expr, $variant:pat => $found:expr) => {
        Some(match $answer {
            Fact::Known($variant, as_of) => Fact::Known($found, *as_of),
            Fact::Known(..) => Fact::Unknown("the answer that was found does not fit the question".into()),
            Fact::Unknown(why) => Fact::Unknown(why.clone()),
        })
    };
}

impl<'a> Inquiry<'a> {
    /// Over the facts found so far.
    #[must_use]
    pub const fn new(facts: &'a Facts) -> Self {
        Self { facts, missing: Vec::new() }
    }

    /// What was asked and is not answered yet.
    #[must_use]
    pub fn into_missing(self) -> Vec<Question> {
        self.missing
    }

    /// Whether everything that was asked is answered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    fn ask(&mut self, question: Question) -> Option<&'a Fact<Answer>> {
        let answer = self.facts.0.get(&question);
        if answer.is_none() && !self.missing.contains(&question) {
            self.missing.push(question);
        }
        answer
    }

    /// What others may read of `subject`. Outer `None`: not answered yet; inner: never settled.
    pub fn view(&mut self, subject: SubjectId) -> Option<Option<&'a View>> {
        match self.ask(Question::View(subject))? {
            Fact::Known(Answer::View(view), _) => Some(view.as_deref()),
            Fact::Known(..) | Fact::Unknown(_) => Some(None),
        }
    }

    /// Which subjects point at `subject` in `relation`.
    pub fn pointing_at(&mut self, subject: SubjectId, relation: Relation) -> Option<&'a [SubjectId]> {
        match self.ask(Question::PointingAt(subject, relation))? {
            Fact::Known(Answer::PointingAt(found), _) => Some(found),
            Fact::Known(..) | Fact::Unknown(_) => Some(&[]),
        }
    }

    /// Which repository bears this name.
    pub fn repository_named(&mut self, name: RepoName) -> Option<Option<RepoId>> {
        match self.ask(Question::RepositoryNamed(name))? {
            Fact::Known(Answer::RepositoryNamed(found), _) => Some(*found),
            Fact::Known(..) | Fact::Unknown(_) => Some(None),
        }
    }

    /// The issue, read from GitHub.
    pub fn issue(&mut self, at: IssueRef) -> Option<Fact<Option<&'a IssueReading>>> {
        github!(self.ask(Question::Issue(at))?, Answer::Issue(found) => found.as_deref())
    }

    /// The pull request, read from GitHub.
    pub fn pull_request(&mut self, at: IssueRef) -> Option<Fact<Option<&'a PullRequestReading>>> {
        github!(self.ask(Question::PullRequest(at))?, Answer::PullRequest(found) => found.as_deref())
    }

    /// The merged pull requests through which the policy file came to be as it is on the default branch.
    pub fn policy_origin(&mut self, repo: RepoId) -> Option<Fact<&'a [u64]>> {
        github!(self.ask(Question::PolicyOrigin(repo))?, Answer::PolicyOrigin(found) => found.as_slice())
    }

    /// Whether somebody is one of `people`. All teams are asked for together.
    pub fn membership(&mut self, people: &[Who], actor: &Actor) -> Option<Membership> {
        if people.iter().any(|who| who.is_login(&actor.login)) {
            return Some(Membership::Member);
        }
        let teams: Vec<Option<Fact<&[Actor]>>> = self.teams(people);
        let teams: Vec<Fact<&[Actor]>> = teams.into_iter().collect::<Option<_>>()?;
        let (mut found, mut unknown) = (false, None);
        for team in teams {
            match team {
                Fact::Known(members, _) => found |= members.iter().any(|member| member.id == actor.id),
                Fact::Unknown(why) => unknown = Some(why),
            }
        }
        Some(match unknown {
            _ if found => Membership::Member,
            Some(why) => Membership::Unknown(why),
            None => Membership::Stranger,
        })
    }

    /// Asks for the members of the teams among `people`.
    pub fn teams(&mut self, people: &[Who]) -> Vec<Option<Fact<&'a [Actor]>>> {
        let teams = people.iter().filter_map(|who| match who {
            Who::Team { organisation, slug } => {
                Some(TeamName { organisation: organisation.clone(), slug: slug.clone() })
            }
            Who::Login(_) => None,
        });
        teams.map(|team| self.team(team)).collect()
    }

    /// The policy file on the default branch, read from GitHub.
    pub fn policy_file(&mut self, repo: RepoId) -> Option<Fact<Option<&'a str>>> {
        github!(self.ask(Question::PolicyFile(repo))?, Answer::PolicyFile(found) => found.as_deref())
    }

    /// The members of a team, read from GitHub.
    pub fn team(&mut self, team: TeamName) -> Option<Fact<&'a [Actor]>> {
        github!(self.ask(Question::Team(team))?, Answer::Team(found) => found.as_slice())
    }

    /// The pull requests of a merge group, read from GitHub.
    pub fn merge_group(&mut self, repo: RepoId, branch: &str, head: &Sha) -> Option<Fact<&'a [u64]>> {
        github!(self.ask(Question::MergeGroup(repo, branch.into(), head.clone()))?, Answer::MergeGroup(found) => found.as_slice())
    }

    /// The repositories that the installation reaches, read from GitHub.
    pub fn installation_repositories(&mut self, id: InstallationId) -> Option<Fact<&'a [RepositoryNumber]>> {
        github!(self.ask(Question::InstallationRepositories(id))?, Answer::InstallationRepositories(found) => found.as_slice())
    }

    /// The issues that GitHub links to a pull request, read from GitHub.
    pub fn links(&mut self, at: IssueRef) -> Option<Fact<&'a [IssueRef]>> {
        github!(self.ask(Question::Links(at))?, Answer::Links(found) => found.as_slice())
    }

    /// What a pull request changes, read from GitHub.
    pub fn changes(&mut self, at: IssueRef) -> Option<Fact<Option<&'a Changes>>> {
        github!(self.ask(Question::Changes(at))?, Answer::Changes(found) => found.as_ref())
    }

    /// The merged pull requests that a commit came with, read from GitHub.
    pub fn origins(&mut self, repo: RepoId, sha: &Sha) -> Option<Fact<&'a [u64]>> {
        github!(self.ask(Question::Origins(repo, sha.clone()))?, Answer::Origins(found) => found.as_slice())
    }

    /// The check runs on a commit, read from GitHub.
    pub fn checks(&mut self, repo: RepoId, sha: &Sha) -> Option<Fact<&'a [CheckReading]>> {
        github!(self.ask(Question::Checks(repo, sha.clone()))?, Answer::Checks(found) => found.as_slice())
    }

    /// What the repository is called; inner `None`: it was never seen.
    pub fn repository_name(&mut self, repo: RepoId) -> Option<Option<&'a RepoName>> {
        Some(self.repository(repo)?.map(|view| &view.name))
    }

    /// What others may read of a repository; inner `None`: nothing has been settled of it.
    pub fn repository(&mut self, repo: RepoId) -> Option<Option<&'a RepositoryView>> {
        Some(self.view(SubjectId::Repository(repo))?.and_then(View::as_repository))
    }

    /// In which scope a repository's policy file is read: beside its owner's `.github`, or alone.
    pub fn policy_scope(&mut self, name: &RepoName) -> Option<Scope> {
        if name.name() == ".github" {
            return Some(Scope::Organisation);
        }
        let shared = self.shared_policy(name)?;
        Some(if shared.is_some() { Scope::Repository } else { Scope::Alone })
    }

    /// The policy in force in a repository: its own file and that of its owner's `.github` repository.
    pub fn policy(&mut self, repo: RepoId) -> Option<PolicyInForce> {
        let own = self.repository(repo)?;
        own.map_or(Some(None), |own| self.policy_of(own))
    }

    /// The same for a repository of which this is known.
    pub fn policy_of(&mut self, own: &RepositoryView) -> Option<PolicyInForce> {
        let is_shared = own.name.name() == ".github";
        let shared = if is_shared { None } else { self.shared_policy(&own.name)? };
        let scope = match &shared {
            None if is_shared => Scope::Organisation,
            None => Scope::Alone,
            Some(_) => Scope::Repository,
        };
        let repository = own.policy.as_ref().and_then(|policy| policy.in_force(scope));
        Some(EffectivePolicy::of(shared, repository))
    }

    /// Asks already now for what [`Inquiry::policy`] will ask later, where deliveries name the repository: its
    /// owner's policy need then not wait for the repository's view.
    pub fn foresee_policy(&mut self, repo: RepoId, events: &[Event]) {
        let here = events.iter().filter_map(|event| event.repository.as_ref()).find(|seen| seen.id == repo);
        let _ = here.map(|seen| self.shared_policy(&seen.name));
    }

    fn shared_policy(&mut self, name: &RepoName) -> Option<Option<Arc<Policy>>> {
        let Ok(shared) = format!("{}/.github", name.owner()).parse() else { return Some(None) };
        let Some(id) = self.repository_named(shared)? else { return Some(None) };
        let view = self.view(SubjectId::Repository(id))?.and_then(View::as_repository);
        let policy = view.and_then(|view| view.policy.as_ref());
        Some(policy.and_then(|policy| policy.in_force(Scope::Organisation)))
    }
}

/// JSON has no keys but text: questions and answers are written as pairs.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Answer, Fact, Question};

    type Pairs = BTreeMap<Question, Fact<Answer>>;

    pub fn serialize<S: Serializer>(facts: &Pairs, to: S) -> Result<S::Ok, S::Error> {
        facts.iter().collect::<Vec<_>>().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Pairs, D::Error> {
        Ok(Vec::<(Question, Fact<Answer>)>::deserialize(from)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
