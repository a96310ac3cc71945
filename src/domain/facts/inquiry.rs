//! How a decision asks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Answer, CheckReading, Comparison, DeploymentReading, EnvironmentReading, Fact, Facts, ImageLabels,
    IssueReading, PendingDeployment, PullRequestReading, Question, ReferenceReading, TeamName,
    WorkflowRunReading,
};
use crate::domain::{
    change_request::Stage,
    event::RepositoryNumber,
    glance::{IssueGlance, PullRequestGlance},
    ids::{Actor, InstallationId, IssueRef, RepoId, RepoName, Sha, SubjectId},
    patch::Changes,
    policy::Who,
    repository::RepositoryView,
    subject::{Relation, State, View},
};

/// Whether somebody is one of several people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    Member,
    Stranger,
    /// A team could not be read, and why. No reason to refuse, and never a reason to allow.
    Unknown(String),
}

/// Asks for facts and remembers which are missing.
///
/// Ask for everything you can before you look at the first answer: the missing ones are then found out together.
#[derive(Debug)]
pub struct Inquiry<'a> {
    facts: &'a Facts,
    /// Each with its place in the order in which they were asked.
    missing: BTreeMap<Question, usize>,
}

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
        Self { facts, missing: BTreeMap::new() }
    }

    /// What was asked and is not answered yet.
    #[must_use]
    pub fn into_missing(self) -> Vec<Question> {
        let mut missing: Vec<(Question, usize)> = self.missing.into_iter().collect();
        missing.sort_by_key(|(_, place)| *place);
        missing.into_iter().map(|(question, _)| question).collect()
    }

    /// Whether everything that was asked is answered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    fn ask(&mut self, question: Question) -> Option<&'a Fact<Answer>> {
        let answer = self.facts.get(&question);
        if answer.is_none() {
            let place = self.missing.len();
            self.missing.entry(question).or_insert(place);
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

    /// All that is known of a subject. Outer `None`: not answered yet; inner: never settled.
    pub fn known(&mut self, subject: SubjectId) -> Option<Option<&'a State>> {
        match self.ask(Question::Known(subject))? {
            Fact::Known(Answer::Known(state), _) => Some(state.as_deref()),
            Fact::Known(..) | Fact::Unknown(_) => Some(None),
        }
    }

    /// The subjects of which the store was asked so far.
    #[must_use]
    pub fn read_of_the_store(&self) -> BTreeSet<SubjectId> {
        let subject = |question: Question| {
            if let Question::View(subject) | Question::Known(subject) = question {
                Some(subject)
            } else {
                None
            }
        };
        self.facts.asked().into_iter().filter_map(subject).collect()
    }

    /// Whether anything has arrived that one of these must still look at. To be asked beside the last of what is read.
    pub fn unsettled(&mut self, subjects: BTreeSet<SubjectId>) -> Option<bool> {
        Some(!matches!(self.ask(Question::Unsettled(subjects))?, Fact::Known(Answer::Unsettled(false), _)))
    }

    /// How many change requests are at a stage; it may be a moment old. Inner `None`: they could not be counted.
    pub fn at_stage(&mut self, stage: Stage) -> Option<Option<usize>> {
        match self.ask(Question::AtStage(stage))? {
            Fact::Known(Answer::AtStage(there), _) => Some(Some(*there)),
            Fact::Known(..) | Fact::Unknown(_) => Some(None),
        }
    }

    /// The issue at a glance, read from GitHub.
    pub fn issue_glance(&mut self, at: IssueRef) -> Option<Fact<Option<&'a IssueGlance>>> {
        github!(self.ask(Question::IssueGlance(at))?, Answer::IssueGlance(found) => found.as_ref())
    }

    /// The policy file on the default branch at a glance, read from GitHub.
    pub fn policy_glance(&mut self, repo: RepoId) -> Option<Fact<Option<&'a str>>> {
        github!(self.ask(Question::PolicyGlance(repo))?, Answer::PolicyFile(found) => found.as_deref())
    }

    /// The pull request at a glance, read from GitHub.
    pub fn pull_request_glance(&mut self, at: IssueRef) -> Option<Fact<Option<&'a PullRequestGlance>>> {
        github!(self.ask(Question::PullRequestGlance(at))?, Answer::PullRequestGlance(found) => found.as_deref())
    }

    /// When GitHub was asked first for something that may be otherwise by now.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        let asked = self
            .facts
            .found
            .iter()
            .filter(|(question, _)| !question.is_for_the_store() && !question.is_about_commits());
        asked.filter_map(|(_, fact)| if let Fact::Known(_, as_of) = fact { Some(*as_of) } else { None }).min()
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

    /// Who bears a login now, read from GitHub.
    pub fn person(&mut self, login: &str) -> Option<Fact<Option<&'a Actor>>> {
        github!(self.ask(Question::Person(login.to_ascii_lowercase()))?, Answer::Person(found) => found.as_ref())
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

    /// What a commit changes, as against its first parent, read from GitHub.
    pub fn commit_changes(&mut self, repo: RepoId, sha: &Sha) -> Option<Fact<Option<&'a Changes>>> {
        github!(self.ask(Question::CommitChanges(repo, sha.clone()))?, Answer::Changes(found) => found.as_ref())
    }

    /// What `head` has changed since it parted from `base`, read from GitHub.
    pub fn changes_between(
        &mut self,
        repo: RepoId,
        (base, head): (&Sha, &Sha),
    ) -> Option<Fact<Option<&'a Changes>>> {
        let question = Question::ChangesBetween(repo, base.clone(), head.clone());
        github!(self.ask(question)?, Answer::Changes(found) => found.as_ref())
    }

    /// The merged pull requests that a commit came with, read from GitHub.
    pub fn origins(&mut self, repo: RepoId, sha: &Sha) -> Option<Fact<&'a [u64]>> {
        github!(self.ask(Question::Origins(repo, sha.clone()))?, Answer::Origins(found) => found.as_slice())
    }

    /// The check runs on a commit, read from GitHub.
    pub fn checks(&mut self, repo: RepoId, sha: &Sha) -> Option<Fact<&'a [CheckReading]>> {
        github!(self.ask(Question::Checks(repo, sha.clone()))?, Answer::Checks(found) => found.as_slice())
    }

    /// A run of a workflow, read from GitHub.
    pub fn workflow_run(&mut self, repo: RepoId, run: u64) -> Option<Fact<Option<&'a WorkflowRunReading>>> {
        github!(self.ask(Question::WorkflowRun(repo, run))?, Answer::WorkflowRun(found) => found.as_deref())
    }

    /// What waits in a run, read from GitHub.
    pub fn pending_deployments(&mut self, repo: RepoId, run: u64) -> Option<Fact<&'a [PendingDeployment]>> {
        github!(self.ask(Question::PendingDeployments(repo, run))?, Answer::PendingDeployments(found) => found.as_slice())
    }

    /// The deployments to an environment, newest first, down to the one that runs; read from GitHub.
    pub fn deployments(&mut self, repo: RepoId, environment: &str) -> Option<Fact<&'a [DeploymentReading]>> {
        github!(self.ask(Question::Deployments(repo, environment.into()))?, Answer::Deployments(found) => found.as_slice())
    }

    /// What `head` has and `base` has not, read from GitHub.
    pub fn compare(&mut self, repo: RepoId, base: &Sha, head: &Sha) -> Option<Fact<Option<&'a Comparison>>> {
        github!(self.ask(Question::Compare(repo, base.clone(), head.clone()))?, Answer::Compare(found) => found.as_deref())
    }

    /// The commits that an image with this digest was built from, by verified attestations, read from GitHub. Inner `None`: this
    /// server trusts none.
    pub fn provenance(&mut self, repo: RepoId, digest: &str) -> Option<Fact<Option<&'a [Sha]>>> {
        let answer = self.ask(Question::Provenance(repo, digest.into()))?;
        if let Fact::Known(Answer::NoTrust, as_of) = answer {
            return Some(Fact::Known(None, *as_of));
        }
        github!(answer, Answer::Provenance(found) => Some(found.as_slice()))
    }

    /// What the labels of an image with this digest say, read from its registry.
    pub fn image_labels(&mut self, image: &str, digest: &str) -> Option<Fact<&'a [ImageLabels]>> {
        let question = Question::ImageLabels(image.into(), digest.into());
        github!(self.ask(question)?, Answer::ImageLabels(found) => found.as_slice())
    }

    /// Whether rules keep a tag from being moved and deleted, read from GitHub.
    pub fn tag_is_kept(&mut self, repo: RepoId, tag: &str) -> Option<Fact<bool>> {
        github!(self.ask(Question::TagIsKept(repo, tag.into()))?, Answer::TagIsKept(kept) => *kept)
    }

    /// A file as it is at a commit, read from GitHub.
    pub fn file(&mut self, repo: RepoId, sha: &Sha, path: &str) -> Option<Fact<Option<&'a str>>> {
        let question = Question::File(repo, sha.clone(), path.into());
        github!(self.ask(question)?, Answer::File(found) => found.as_deref())
    }

    /// The commits that a name stands for now, read from GitHub.
    pub fn reference(&mut self, repo: RepoId, name: &str) -> Option<Fact<&'a ReferenceReading>> {
        github!(self.ask(Question::Reference(repo, name.into()))?, Answer::Reference(found) => found)
    }

    /// The runs that wait for a rule, read from GitHub.
    pub fn waiting_runs(&mut self, repo: RepoId) -> Option<Fact<&'a [u64]>> {
        github!(self.ask(Question::WaitingRuns(repo))?, Answer::WaitingRuns(found) => found.as_slice())
    }

    /// How an environment is guarded, read from GitHub.
    pub fn environment_rules(
        &mut self,
        repo: RepoId,
        environment: &str,
    ) -> Option<Fact<Option<&'a EnvironmentReading>>> {
        github!(self.ask(Question::EnvironmentRules(repo, environment.into()))?, Answer::EnvironmentRules(found) => found.as_deref())
    }

    /// What the repository is called; inner `None`: it was never seen.
    pub fn repository_name(&mut self, repo: RepoId) -> Option<Option<&'a RepoName>> {
        Some(self.repository(repo)?.map(|view| &view.name))
    }

    /// What others may read of a repository; inner `None`: nothing has been settled of it.
    pub fn repository(&mut self, repo: RepoId) -> Option<Option<&'a RepositoryView>> {
        Some(self.view(SubjectId::Repository(repo))?.and_then(View::as_repository))
    }
}
