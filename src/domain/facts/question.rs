//! What may be asked.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::{
    change_request::Stage,
    ids::{InstallationId, IssueRef, RepoId, RepoName, Sha, SubjectId},
    subject::Relation,
};

/// One question. The first six are answered from the store, the others by GitHub.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Question {
    /// What others may read of a subject.
    View(SubjectId),
    /// Which subjects point at this one in this relation.
    PointingAt(SubjectId, Relation),
    /// Which repository bears this name.
    RepositoryNamed(RepoName),
    /// All that is known of a subject; of use only beside what GitHub shows of it.
    Known(SubjectId),
    /// Whether anything has arrived that one of these must still look at, or of which it is not known yet whom it concerns.
    Unsettled(BTreeSet<SubjectId>),
    /// How many change requests of the whole account of GitHub are at this stage, by the register in short. Nothing rests on it
    /// afterwards: what is decided at the same moment is not in it, and nobody is woken when it becomes another.
    AtStage(Stage),
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
    /// Who bears this login now.
    Person(String),
    /// The pull requests of the merge group with this head on this branch.
    MergeGroup(RepoId, String, Sha),
    /// The repositories that the installation reaches.
    InstallationRepositories(InstallationId),
    /// The issues that GitHub links to the pull request, and nothing else of it: many are asked in one read.
    Links(IssueRef),
    /// What the pull request changes, file by file.
    Changes(IssueRef),
    /// What the commit changes, as against its first parent.
    CommitChanges(RepoId, Sha),
    /// What the second commit has changed since it parted from the first.
    ChangesBetween(RepoId, Sha, Sha),
    /// The merged pull requests that the commit came with.
    Origins(RepoId, Sha),
    /// The check runs on the commit, of every App.
    Checks(RepoId, Sha),
    /// A run of a workflow, by GitHub's number.
    WorkflowRun(RepoId, u64),
    /// What waits in a run for the rules of its environments.
    PendingDeployments(RepoId, u64),
    /// The deployments to an environment, back to the one that runs.
    Deployments(RepoId, String),
    /// What the second commit has and the first has not.
    Compare(RepoId, Sha, Sha),
    /// What an image with this digest was built from, by what workflows of the repository have signed.
    Provenance(RepoId, String),
    /// What the labels say of an image by this name with this digest; its registry is asked.
    ImageLabels(String, String),
    /// Whether a tag can neither be moved nor deleted.
    TagIsKept(RepoId, String),
    /// A file as it is at a commit.
    File(RepoId, Sha, String),
    /// The commits that a branch or a tag stands for now: `main`, `v1`, or `refs/heads/main` for a branch only.
    Reference(RepoId, String),
    /// The runs that wait for a rule.
    WaitingRuns(RepoId),
    /// How an environment is guarded.
    EnvironmentRules(RepoId, String),
    /// The issue at a glance: a hundred are asked in one read.
    IssueGlance(IssueRef),
    /// The pull request at a glance.
    PullRequestGlance(IssueRef),
    /// The policy file on the default branch, beside what else is seen at a glance.
    PolicyGlance(RepoId),
}

impl Question {
    /// Whether the store knows the answer.
    #[must_use]
    pub const fn is_for_the_store(&self) -> bool {
        match self {
            Self::View(_)
            | Self::PointingAt(..)
            | Self::RepositoryNamed(_)
            | Self::Known(_)
            | Self::Unsettled(_)
            | Self::AtStage(_) => true,
            Self::Issue(_)
            | Self::PullRequest(_)
            | Self::PolicyFile(_)
            | Self::PolicyOrigin(_)
            | Self::Team(_)
            | Self::Person(_)
            | Self::MergeGroup(..)
            | Self::InstallationRepositories(_)
            | Self::Links(_)
            | Self::Changes(_)
            | Self::CommitChanges(..)
            | Self::ChangesBetween(..)
            | Self::Origins(..)
            | Self::Checks(..)
            | Self::WorkflowRun(..)
            | Self::PendingDeployments(..)
            | Self::Deployments(..)
            | Self::Compare(..)
            | Self::File(..)
            | Self::Provenance(..)
            | Self::ImageLabels(..)
            | Self::TagIsKept(..)
            | Self::Reference(..)
            | Self::WaitingRuns(_)
            | Self::EnvironmentRules(..)
            | Self::IssueGlance(_)
            | Self::PullRequestGlance(_)
            | Self::PolicyGlance(_) => false,
        }
    }

    /// Whether a registry of images knows the answer.
    #[must_use]
    pub const fn is_for_a_registry(&self) -> bool {
        matches!(self, Self::ImageLabels(..))
    }

    /// Whether the answer is the same whenever it is asked: it is about commits, or what a digest names, and nothing moves them.
    #[must_use]
    pub const fn is_about_commits(&self) -> bool {
        matches!(
            self,
            Self::Compare(..)
                | Self::Origins(..)
                | Self::CommitChanges(..)
                | Self::ChangesBetween(..)
                | Self::File(..)
                | Self::ImageLabels(..)
        )
    }

    /// The repository that must be named to ask it.
    #[must_use]
    pub const fn repo(&self) -> Option<RepoId> {
        match self {
            Self::Issue(at)
            | Self::PullRequest(at)
            | Self::Links(at)
            | Self::Changes(at)
            | Self::IssueGlance(at)
            | Self::PullRequestGlance(at) => Some(at.repo),
            Self::PolicyFile(repo)
            | Self::PolicyGlance(repo)
            | Self::PolicyOrigin(repo)
            | Self::MergeGroup(repo, ..)
            | Self::CommitChanges(repo, _)
            | Self::ChangesBetween(repo, ..)
            | Self::Origins(repo, _)
            | Self::Checks(repo, _)
            | Self::WorkflowRun(repo, _)
            | Self::PendingDeployments(repo, _)
            | Self::Deployments(repo, _)
            | Self::Compare(repo, ..)
            | Self::File(repo, ..)
            | Self::Provenance(repo, _)
            | Self::TagIsKept(repo, _)
            | Self::Reference(repo, _)
            | Self::WaitingRuns(repo)
            | Self::EnvironmentRules(repo, _) => Some(*repo),
            Self::View(_)
            | Self::PointingAt(..)
            | Self::RepositoryNamed(_)
            | Self::Known(_)
            | Self::Unsettled(_)
            | Self::AtStage(_)
            | Self::Team(_)
            | Self::Person(_)
            | Self::ImageLabels(..)
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
