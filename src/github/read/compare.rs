//! What one commit has and another has not: every commit, or the fact is unknown.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Facts, Reader};
use crate::{
    domain::{
        facts::{Answer, ComparedCommit, Comparison, ComparisonStatus},
        ids::{RepoId, Sha},
    },
    github::{auth::Scope, payload::User, trouble::Trouble},
};

const PAGE: usize = 100;
/// More commits than these are not read while somebody waits.
const MOST_COMMITS: usize = 2_000;

/// GitHub's `commit-comparison`; later pages have the same frame around other commits.
#[derive(Deserialize)]
struct Compared {
    status: ComparisonStatus,
    base_commit: Named,
    merge_base_commit: Named,
    behind_by: u64,
    total_commits: usize,
    commits: Vec<Commit>,
}

#[derive(Deserialize)]
struct Named {
    sha: Sha,
}

#[derive(Deserialize)]
struct Commit {
    sha: Sha,
    commit: Text,
    author: Option<User>,
    committer: Option<User>,
    parents: Vec<Named>,
}

#[derive(Deserialize)]
struct Text {
    message: String,
    committer: Option<Signed>,
}

#[derive(Deserialize)]
struct Signed {
    date: Option<Timestamp>,
}

impl Reader<'_> {
    /// What `head` has and `base` has not; `None`: GitHub cannot compare them, for there is no such commit.
    pub(super) async fn compare(&self, repo: RepoId, base: &Sha, head: &Sha) -> Facts {
        let as_of = self.github.clock.now();
        let read = self.pages_of_commits(repo, base, head).await;
        self.fact(read.map(|found| Answer::Compare(found.map(Box::new))), as_of)
    }

    async fn pages_of_commits(
        &self,
        repo: RepoId,
        base: &Sha,
        head: &Sha,
    ) -> Result<Option<Comparison>, Trouble> {
        let at = |page: usize| format!("/compare/{base}...{head}?per_page={PAGE}&page={page}");
        let Some(first) = self.find::<Compared>(Scope::Read, repo, &at(1)).await? else { return Ok(None) };
        if first.base_commit.sha != *base {
            return Err(Trouble::Strange("it compares with another commit".into()));
        }
        let total = first.total_commits;
        if total > MOST_COMMITS {
            let why = format!("it counts {total} commits between, and more than {MOST_COMMITS} are not read");
            return Err(Trouble::Strange(why));
        }
        let (status, merge_base) = (first.status, first.merge_base_commit.sha);
        let mut comparison = Comparison { status, merge_base, behind_by: first.behind_by, commits: vec![] };
        let mut commits = first.commits;
        for page in 2..=total.div_ceil(PAGE) {
            commits.extend(self.fetch::<Compared>(Scope::Read, repo, &at(page)).await?.commits);
        }
        comparison.commits = commits.into_iter().map(Commit::reading).collect();
        is_whole(&comparison, head, total)?;
        Ok(Some(comparison))
    }
}

/// What is counted must be there, each commit once, and the head among them where it has anything of its own.
fn is_whole(comparison: &Comparison, head: &Sha, total: usize) -> Result<(), Trouble> {
    let read: BTreeSet<&Sha> = comparison.commits.iter().map(|commit| &commit.sha).collect();
    if read.len() != total || comparison.commits.len() != total {
        let read = read.len();
        return Err(Trouble::Strange(format!("it counts {total} commits between, and lists {read}")));
    }
    let fits = match comparison.status {
        ComparisonStatus::Ahead | ComparisonStatus::Diverged => read.contains(head),
        ComparisonStatus::Behind | ComparisonStatus::Identical => read.is_empty(),
    };
    if fits {
        Ok(())
    } else {
        Err(Trouble::Strange("its list of commits does not fit what it says of them".into()))
    }
}

impl Commit {
    fn reading(self) -> ComparedCommit {
        ComparedCommit {
            sha: self.sha,
            parents: self.parents.into_iter().map(|parent| parent.sha).collect(),
            message: self.commit.message,
            author: self.author.and_then(User::actor),
            committer: self.committer.and_then(User::actor),
            committed_at: self.commit.committer.and_then(|signed| signed.date),
        }
    }
}
