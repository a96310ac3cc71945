//! Issues and pull requests at a glance, a hundred in one document.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Blob, Reader,
    document::Answers,
    pull_request::{Review, last_opinions},
    shapes::{Elsewhere, Named, Oid, Page, names},
};
use crate::domain::{
    facts::Answer,
    glance::{IssueGlance, MilestoneGlance, PullRequestGlance},
    ids::{RepoId, Sha},
};

/// A repository, of which one issue or one pull request was asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct In<T> {
    database_id: Option<u64>,
    #[serde(alias = "pullRequest")]
    issue: Option<T>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issue {
    updated_at: Option<Timestamp>,
    state: String,
    state_reason: Option<String>,
    labels: Option<Page<Named>>,
    milestone: Option<Milestone>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Milestone {
    number: u64,
    title: String,
    state: String,
    due_on: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

impl Milestone {
    fn glance(self) -> MilestoneGlance {
        let Self { number, title, state, due_on, updated_at } = self;
        MilestoneGlance { number, title, open: state != "CLOSED", due_on, updated_at }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullRequest {
    updated_at: Option<Timestamp>,
    last_edited_at: Option<Timestamp>,
    title: String,
    state: String,
    is_draft: bool,
    merged: bool,
    merge_commit: Option<Oid<Sha>>,
    head_ref_oid: Sha,
    base_ref_name: String,
    closing_issues_references: Option<Page<Elsewhere>>,
    reviews: Option<Page<Review>>,
}

impl Reader<'_> {
    pub(super) fn issue_glance(&self, repo: RepoId, answers: &Answers, n: usize) -> Result<Answer, String> {
        let found = self.glanced::<Issue>(repo, answers, n)?.map(Issue::glance).transpose();
        found.map(Answer::IssueGlance).map_err(|why| self.unanswered(why))
    }

    pub(super) fn pull_request_glance(
        &self,
        repo: RepoId,
        answers: &Answers,
        n: usize,
    ) -> Result<Answer, String> {
        let found = self.glanced::<PullRequest>(repo, answers, n)?.map(PullRequest::glance).transpose();
        found.map(|found| Answer::PullRequestGlance(found.map(Box::new))).map_err(|why| self.unanswered(why))
    }

    /// The text of the policy file; a file that is no text has none.
    pub(super) fn policy_glance(&self, repo: RepoId, answers: &Answers, n: usize) -> Result<Answer, String> {
        let found = self.in_repository(answers, n, repo)?.object;
        match found {
            Some(Blob { text: None, .. }) => Err(self.unanswered("the policy file is no text")),
            Some(Blob { text, .. }) => Ok(Answer::PolicyFile(text)),
            None => Ok(Answer::PolicyFile(None)),
        }
    }

    /// Names are recycled: what another repository of the name shows is nothing.
    fn glanced<T: DeserializeOwned>(
        &self,
        repo: RepoId,
        answers: &Answers,
        n: usize,
    ) -> Result<Option<T>, String> {
        let found: Option<In<T>> = answers.part(n).map_err(|why| self.unanswered(&why))?;
        match found {
            Some(found) if found.database_id == Some(repo.0) => Ok(found.issue),
            Some(_) | None => Err(self.unanswered(&format!("repository {repo} is not there any more"))),
        }
    }
}

impl Issue {
    fn glance(self) -> Result<IssueGlance, &'static str> {
        if !self.labels.as_ref().is_some_and(Page::is_all) {
            return Err("it does not show all labels of an issue");
        }
        Ok(IssueGlance {
            updated_at: self.updated_at,
            open: self.state != "CLOSED",
            state_reason: self.state_reason.map(|reason| reason.to_ascii_lowercase()),
            labels: names(self.labels),
            milestone: self.milestone.map(Milestone::glance),
        })
    }
}

impl PullRequest {
    fn glance(self) -> Result<PullRequestGlance, &'static str> {
        let closes = self.closing_issues_references.filter(Page::is_all);
        let closes = closes.ok_or("it does not show all linked issues of a pull request")?;
        if !self.reviews.as_ref().is_some_and(Page::is_all) {
            return Err("it does not show all reviews of a pull request");
        }
        let reviews = last_opinions(self.reviews);
        Ok(PullRequestGlance {
            updated_at: self.updated_at,
            edited_at: self.last_edited_at,
            title: self.title,
            open: self.state == "OPEN",
            draft: self.is_draft,
            merge_commit: self.merge_commit.filter(|_| self.merged).map(|commit| commit.oid),
            head: self.head_ref_oid,
            base_branch: self.base_ref_name,
            closes: closes.iter().filter_map(Elsewhere::at).collect::<BTreeSet<_>>(),
            reviews: reviews.into_iter().map(|review| (review.id, review.state)).collect(),
        })
    }
}
