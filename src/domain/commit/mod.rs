//! A commit: the check run on it judges every open pull request whose head it is, and every merge group it heads.

use serde::{Deserialize, Serialize};

use super::{
    decide::{Case, Judgement},
    ids::{RepoId, Sha},
};

/// What is known of a commit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Commit {}

/// Judges every pull request at the commit; the check run says what stands in the way.
#[must_use]
pub fn judge(case: Case<'_>, repo: RepoId, sha: &Sha) -> Judgement {
    todo!("{case:?} {repo} {sha}")
}
