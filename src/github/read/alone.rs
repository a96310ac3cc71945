//! Questions that REST answers, one by one.

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::{Facts, Reader};
use crate::{
    domain::{effect::Lane, facts::Question, ids::RepoId},
    github::{
        access::{self, Call},
        auth::{Access, Scope},
        budget::Cost,
        client::Request,
        trouble::Trouble,
    },
};

impl Reader<'_> {
    /// `None`: a document answers it, or nobody here.
    pub(super) async fn alone(&self, question: &Question) -> Option<Facts> {
        Some(match question {
            Question::Checks(repo, sha) => self.checks(*repo, sha).await,
            Question::Changes(at) => self.changes(*at).await,
            Question::CommitChanges(repo, sha) => self.commit_changes(*repo, sha).await,
            Question::ChangesBetween(repo, base, head) => self.changes_between(*repo, base, head).await,
            Question::PolicyFile(repo) => self.policy_file(*repo).await,
            Question::InstallationRepositories(installation) => self.repositories(*installation).await,
            Question::WorkflowRun(repo, run) => self.workflow_run(*repo, *run).await,
            Question::PendingDeployments(repo, run) => self.pending_deployments(*repo, *run).await,
            Question::WaitingRuns(repo) => self.waiting_runs(*repo).await,
            Question::Compare(repo, base, head) => self.compare(*repo, base, head).await,
            Question::File(repo, sha, path) => self.file(*repo, sha, path).await,
            Question::TagIsKept(repo, tag) => self.tag_is_kept(*repo, tag).await,
            Question::Provenance(repo, digest) => self.provenance(*repo, digest).await,
            Question::EnvironmentRules(repo, environment) => self.environment(*repo, environment).await,
            Question::Issue(_)
            | Question::PullRequest(_)
            | Question::PolicyOrigin(_)
            | Question::Team(_)
            | Question::Person(_)
            | Question::MergeGroup(..)
            | Question::Links(_)
            | Question::Origins(..)
            | Question::Deployments(..)
            | Question::Reference(..)
            | Question::IssueGlance(_)
            | Question::PullRequestGlance(_)
            | Question::PolicyGlance(_)
            | Question::View(_)
            | Question::PointingAt(..)
            | Question::RepositoryNamed(_)
            | Question::Known(_)
            | Question::ImageLabels(..)
            | Question::Unsettled(_)
            | Question::AtStage(_) => return None,
        })
    }

    /// What stands at `rest` behind `/repos/{owner}/{name}`, read with a token for this.
    pub(super) async fn fetch<T: DeserializeOwned>(
        &self,
        scope: Scope,
        repo: RepoId,
        rest: &str,
    ) -> Result<T, Trouble> {
        let name = self.name(repo)?;
        let request = Request::get(format!("/repos/{}/{}{rest}", name.owner(), name.name()));
        let access = Access { installation: self.installation, repo: Some(repo), scope };
        let answer = self.github.ask(Call { access, cost: Cost::Read, lane: Lane::Gate }, &request).await?;
        if answer.status != StatusCode::OK {
            return Err(Trouble::Strange(format!("it answers {}", answer.status)));
        }
        access::parse(&answer.body)
    }

    /// The same, of a repository that is sure to be the one we mean; `None`: there is nothing.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        scope: Scope,
        repo: RepoId,
        rest: &str,
    ) -> Result<Option<T>, Trouble> {
        let name = self.name(repo)?;
        let (confirmed, found) = tokio::join!(self.confirm(repo, name), self.fetch(scope, repo, rest));
        confirmed?;
        match found {
            Ok(found) => Ok(Some(found)),
            Err(Trouble::NotFound) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }
}
