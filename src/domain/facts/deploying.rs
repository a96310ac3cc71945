//! What may be answered about deployments: the run that waits, what ran in an environment before, what lies between
//! two commits, and how an environment is guarded.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    event::DeploymentReviewer,
    ids::{Actor, RepoId, Sha},
};

/// A run of a workflow, as its latest attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowRunReading {
    pub id: u64,
    /// From 1; each re-run is one more.
    pub attempt: u64,
    pub head_sha: Sha,
    /// A branch or a tag; GitHub does not say which.
    pub head_branch: Option<String>,
    /// The repository of the head: another one for a fork.
    pub head_repo: Option<RepoId>,
    /// What started it: `push`, `workflow_dispatch`, `schedule`.
    pub event: String,
    /// `waiting`, `in_progress`, `completed` and so on.
    pub status: Option<String>,
    /// `success`, `failure`, `cancelled` and so on; `None`: it has not ended.
    pub conclusion: Option<String>,
    /// Who started the first attempt.
    pub actor: Option<Actor>,
    /// Who started this attempt.
    pub triggering_actor: Option<Actor>,
    /// GitHub's number of the workflow; it survives renames.
    pub workflow: u64,
    /// The workflow's file, with the ref it was taken from where that is another.
    pub path: String,
    /// When this attempt began.
    pub started_at: Option<Timestamp>,
}

impl WorkflowRunReading {
    /// Whether it was started by what happened to a pull request. Such a run builds what merging would make
    /// (`refs/pull/N/merge`), or what it likes; the branch that it names is only where the pull request comes from.
    #[must_use]
    pub fn is_of_a_pull_request(&self) -> bool {
        self.event.starts_with("pull_request")
    }
}

/// A deployment that waits for the rules of its environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingDeployment {
    pub environment: String,
    /// Whether GitHub says that we can answer for it.
    pub answerable: bool,
    /// GitHub's own reviewers, one of whom must approve too.
    pub reviewers: Vec<DeploymentReviewer>,
    /// In minutes.
    pub wait_timer: u64,
    pub waits_since: Option<Timestamp>,
}

/// A deployment as GitHub shows it when asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentReading {
    pub id: u64,
    pub sha: Sha,
    /// The branch or tag, if it was made from one that is still there.
    pub reference: Option<String>,
    pub creator: Option<Actor>,
    pub created_at: Timestamp,
    /// `active`, `inactive`, `in_progress`, `failure` and so on, in lower case.
    pub state: Option<String>,
    /// The latest report of it.
    pub latest: Option<DeploymentStatusReading>,
}

/// One report of a deployment's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentStatusReading {
    /// `success`, `in_progress`, `inactive` and so on, in lower case.
    pub state: String,
    pub creator: Option<Actor>,
    pub created_at: Timestamp,
}

impl DeploymentReading {
    /// Whether it has succeeded, and nothing has taken its place since.
    #[must_use]
    pub fn runs(&self) -> bool {
        let latest = self.latest.as_ref().map(|latest| latest.state.as_str());
        latest == Some("success") || matches!(self.state.as_deref(), Some("active" | "success"))
    }
}

/// What lies between two commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    pub status: ComparisonStatus,
    pub merge_base: Sha,
    /// How many commits only the base has.
    pub behind_by: u64,
    /// Every commit that the head has and the base has not, oldest first as GitHub counts.
    pub commits: Vec<ComparedCommit>,
}

/// Where the head of a comparison stands, seen from the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonStatus {
    /// It holds the base, and more.
    Ahead,
    /// The base holds it, and more.
    Behind,
    Identical,
    /// Each has what the other has not.
    Diverged,
}

/// A commit of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedCommit {
    pub sha: Sha,
    pub parents: Vec<Sha>,
    pub message: String,
    /// `None`: GitHub knows the author only by mail.
    pub author: Option<Actor>,
    /// `None`: GitHub knows the committer only by mail.
    pub committer: Option<Actor>,
    #[serde(default)]
    pub committed_at: Option<Timestamp>,
}

/// The commits that a name stands for now, peeled. A branch and a tag may have one name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceReading {
    pub branch: Option<Sha>,
    pub tag: Option<Sha>,
}

impl ReferenceReading {
    /// The commit, where the name stands for one only.
    #[must_use]
    pub fn only(&self) -> Option<&Sha> {
        match (&self.branch, &self.tag) {
            (Some(one), Some(other)) if one != other => None,
            (one, other) => one.as_ref().or(other.as_ref()),
        }
    }
}

/// How an environment is guarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentReading {
    pub name: String,
    /// Whether our rule is enabled there.
    pub guarded: bool,
    /// Whether administrators may start what waits; `None`: GitHub does not tell.
    pub admins_may_bypass: Option<bool>,
    /// GitHub's own reviewers, one of whom must approve too.
    pub reviewers: Vec<DeploymentReviewer>,
    /// In minutes.
    pub wait_timer: u64,
    /// Whoever started the run may not approve it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prevents_self_review: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trial::{sha, time};

    #[test]
    fn a_deployment_runs_from_its_success_until_another_takes_its_place() {
        for (state, latest, runs) in [
            (Some("active"), Some("success"), true),
            (Some("active"), None, true),
            (None, Some("success"), true),
            (Some("inactive"), Some("inactive"), false),
            (Some("waiting"), Some("waiting"), false),
            (Some("failure"), Some("failure"), false),
            (None, None, false),
        ] {
            let status = |state: &str| DeploymentStatusReading {
                state: state.into(),
                creator: None,
                created_at: time(0),
            };
            let reading = DeploymentReading {
                id: 1,
                sha: sha('a'),
                reference: None,
                creator: None,
                created_at: time(0),
                state: state.map(str::to_owned),
                latest: latest.map(status),
            };
            assert_eq!(reading.runs(), runs, "{state:?} {latest:?}");
        }
    }

    #[test]
    fn a_name_of_a_branch_and_a_tag_stands_for_one_commit_only_where_both_do() {
        for (branch, tag, only) in [
            (Some('a'), None, Some('a')),
            (None, Some('b'), Some('b')),
            (Some('a'), Some('a'), Some('a')),
            (Some('a'), Some('b'), None),
            (None, None, None),
        ] {
            let reading = ReferenceReading { branch: branch.map(sha), tag: tag.map(sha) };
            assert_eq!(reading.only().cloned(), only.map(sha), "{branch:?} {tag:?}");
        }
    }
}
