//! `pull_request`, `pull_request_review` and `merge_group`.

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    issues::IssueNumber,
    people::{Named, Numbered, Text, User, names, or_empty, unless_zero},
};
use crate::domain::{
    event::{
        MergeGroupChange, MergeGroupSnapshot, PullRequestChange, PullRequestSnapshot, ReviewChange,
        ReviewSnapshot, ReviewState, What,
    },
    ids::{IssueRef, RepoId, Sha},
};

/// The body of `pull_request`.
#[derive(Deserialize)]
pub(super) struct PullRequest {
    action: Text,
    pull_request: Body,
}

#[derive(Deserialize)]
struct Body {
    number: u64,
    title: Option<Text>,
    body: Option<Text>,
    state: Option<Text>,
    draft: Option<bool>,
    merged: Option<bool>,
    merged_at: Option<Timestamp>,
    merge_commit_sha: Option<Sha>,
    head: End,
    base: End,
    user: Option<User>,
    labels: Option<Vec<Named>>,
    milestone: Option<IssueNumber>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct End {
    sha: Sha,
    #[serde(rename = "ref")]
    branch: Text,
    repo: Option<Numbered>,
}

impl PullRequest {
    pub(super) fn what(self, repo: RepoId) -> What {
        let change = match self.action.as_str() {
            "opened" => PullRequestChange::Opened,
            "edited" => PullRequestChange::Edited,
            "closed" => PullRequestChange::Closed,
            "reopened" => PullRequestChange::Reopened,
            "synchronize" => PullRequestChange::Synchronized,
            "ready_for_review" => PullRequestChange::ReadyForReview,
            "converted_to_draft" => PullRequestChange::ConvertedToDraft,
            _ => PullRequestChange::Other,
        };
        What::PullRequest { change, pull_request: self.pull_request.snapshot(repo) }
    }
}

impl Body {
    fn snapshot(self, repo: RepoId) -> PullRequestSnapshot {
        let merged = self.merged.unwrap_or_else(|| self.merged_at.is_some());
        PullRequestSnapshot {
            at: IssueRef { repo, number: self.number },
            title: or_empty(self.title),
            body: or_empty(self.body),
            open: self.state.as_ref().map(Text::as_str) != Some("closed"),
            draft: self.draft.unwrap_or(false),
            merged,
            merged_at: self.merged_at,
            merge_commit: self.merge_commit_sha.filter(|_| merged),
            head: self.head.sha,
            head_branch: self.head.branch.into(),
            head_repo: self.head.repo.map(|repo| RepoId(repo.id)),
            base: self.base.sha,
            base_branch: self.base.branch.into(),
            author: self.user.and_then(User::actor),
            labels: names(self.labels),
            milestone: self.milestone.map(|milestone| milestone.number),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The body of `pull_request_review`.
#[derive(Deserialize)]
pub(super) struct Review {
    action: Text,
    pull_request: IssueNumber,
    review: ReviewBody,
}

#[derive(Deserialize)]
struct ReviewBody {
    id: u64,
    user: Option<User>,
    state: Option<Text>,
    commit_id: Option<Sha>,
    submitted_at: Option<Timestamp>,
}

impl Review {
    pub(super) fn what(self, repo: RepoId) -> What {
        let change = match self.action.as_str() {
            "submitted" => ReviewChange::Submitted,
            "edited" => ReviewChange::Edited,
            "dismissed" => ReviewChange::Dismissed,
            _ => ReviewChange::Other,
        };
        let review = ReviewSnapshot {
            id: self.review.id,
            author: self.review.user.and_then(User::actor),
            state: self
                .review
                .state
                .as_ref()
                .map_or(ReviewState::Other, |state| review_state(state.as_str())),
            commit: self.review.commit_id,
            submitted_at: self.review.submitted_at,
        };
        What::Review { change, pull_request: IssueRef { repo, number: self.pull_request.number }, review }
    }
}

/// GitHub writes it in lower case in webhooks and in upper case in GraphQL.
pub(in crate::github) fn review_state(text: &str) -> ReviewState {
    match text.to_ascii_lowercase().as_str() {
        "approved" => ReviewState::Approved,
        "changes_requested" => ReviewState::ChangesRequested,
        "commented" => ReviewState::Commented,
        "dismissed" => ReviewState::Dismissed,
        "pending" => ReviewState::Pending,
        _ => ReviewState::Other,
    }
}

/// The body of `merge_group`.
#[derive(Deserialize)]
pub(super) struct MergeGroup {
    action: Text,
    merge_group: Group,
}

#[derive(Deserialize)]
struct Group {
    head_sha: Sha,
    head_ref: Text,
    base_sha: Option<Sha>,
    base_ref: Text,
}

impl MergeGroup {
    pub(super) fn what(self) -> What {
        let change = match self.action.as_str() {
            "checks_requested" => MergeGroupChange::ChecksRequested,
            "destroyed" => MergeGroupChange::Destroyed,
            _ => MergeGroupChange::Other,
        };
        let base = self.merge_group.base_ref.as_str();
        let group = MergeGroupSnapshot {
            base_branch: base.strip_prefix("refs/heads/").unwrap_or(base).into(),
            head_sha: self.merge_group.head_sha,
            head_ref: self.merge_group.head_ref.into(),
            base_sha: unless_zero(self.merge_group.base_sha),
        };
        What::MergeGroup { change, group }
    }
}
