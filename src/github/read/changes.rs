//! What a pull request or a commit changes, file by file, with the patches: only REST shows those. And where a commit came
//! from.

use http::StatusCode;
use serde::Deserialize;

use super::{
    Facts, Reader,
    document::Answers,
    shapes::{Elsewhere, Page},
};
use crate::{
    domain::{
        facts::Answer,
        ids::{IssueRef, RepoId, Sha},
        patch::{Changes, FileChange, Listed},
    },
    github::{access, auth::Scope, client::Request, trouble::Trouble},
};

const PAGE: usize = 100;
/// A larger change is compared by people.
const MOST_PAGES: usize = 10;

/// So many files GitHub shows of a commit at once, and of a comparison at all. Larger ones are compared by people.
const MOST_FILES: usize = 300;

/// GitHub's `diff-entry`.
#[derive(Debug, Deserialize)]
struct Entry {
    filename: String,
    previous_filename: Option<String>,
    status: String,
    patch: Option<String>,
    additions: usize,
    deletions: usize,
    sha: Option<String>,
}

/// What GitHub's `commit` says of its files.
#[derive(Deserialize)]
struct Commit {
    sha: Sha,
    files: Option<Vec<Entry>>,
}

/// What GitHub's `commit-comparison` says of them.
#[derive(Deserialize)]
struct Compared {
    base_commit: Named,
    files: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Named {
    sha: Sha,
}

/// Where a commit came from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Origin {
    associated_pull_requests: Option<Page<Came>>,
}

#[derive(Debug, Deserialize)]
struct Came {
    merged: bool,
    #[serde(flatten)]
    at: Elsewhere,
}

impl Entry {
    fn change(&self) -> FileChange {
        FileChange::of(&Listed {
            path: &self.filename,
            previous: self.previous_filename.as_deref(),
            status: &self.status,
            patch: self.patch.as_deref(),
            lines: (self.additions, self.deletions),
            blob: self.sha.as_deref(),
        })
    }
}

/// All files, or as many as GitHub shows.
fn whole(files: Option<Vec<Entry>>) -> Changes {
    let complete = files.as_ref().is_some_and(|files| files.len() < MOST_FILES);
    Changes { files: files.iter().flatten().map(Entry::change).collect(), complete }
}

impl Reader<'_> {
    /// What a pull request changes; `None`: there is none.
    pub(super) async fn changes(&self, at: IssueRef) -> Facts {
        let as_of = self.github.clock.now();
        let read = match self.pages_of_files(at).await {
            Err(Trouble::NotFound) => Ok(None),
            read => read.map(Some),
        };
        self.fact(read.map(Answer::Changes), as_of)
    }

    /// What a commit changes, as against its first parent; `None`: there is none.
    pub(super) async fn commit_changes(&self, repo: RepoId, sha: &Sha) -> Facts {
        let as_of = self.github.clock.now();
        let found = self.find::<Commit>(Scope::Read, repo, &format!("/commits/{sha}")).await;
        let read = match found {
            // GitHub's word for a hash that it does not know.
            Err(Trouble::Unprocessable(_)) => Ok(None),
            Ok(Some(commit)) if commit.sha != *sha => Err(Trouble::Strange("it shows another commit".into())),
            found => found.map(|found| found.map(|commit| whole(commit.files))),
        };
        self.fact(read.map(Answer::Changes), as_of)
    }

    /// What `head` has changed since it parted from `base`; `None`: they cannot be compared.
    pub(super) async fn changes_between(&self, repo: RepoId, base: &Sha, head: &Sha) -> Facts {
        let as_of = self.github.clock.now();
        let rest = format!("/compare/{base}...{head}?per_page=1&page=1");
        let read = match self.find::<Compared>(Scope::Read, repo, &rest).await {
            Ok(Some(compared)) if compared.base_commit.sha != *base => {
                Err(Trouble::Strange("it compares with another commit".into()))
            }
            found => found.map(|found| found.map(|compared| whole(compared.files))),
        };
        self.fact(read.map(Answer::Changes), as_of)
    }

    async fn pages_of_files(&self, at: IssueRef) -> Result<Changes, Trouble> {
        let name = self.name(at.repo)?;
        self.confirm(at.repo, name).await?;
        let mut changes = Changes::default();
        for page in 1..=MOST_PAGES {
            let (owner, name, number) = (name.owner(), name.name(), at.number);
            let path = format!("/repos/{owner}/{name}/pulls/{number}/files?per_page={PAGE}&page={page}");
            let answer = self.ask(at.repo, &Request::get(path)).await?;
            if answer.status != StatusCode::OK {
                return Err(Trouble::Strange(format!("it answers {}", answer.status)));
            }
            let entries: Vec<Entry> = access::parse(&answer.body)?;
            changes.files.extend(entries.iter().map(Entry::change));
            if entries.len() < PAGE {
                changes.complete = true;
                break;
            }
        }
        Ok(changes)
    }

    /// The numbers of the merged pull requests of this repository that a commit came with.
    pub(super) fn origins(&self, repo: RepoId, answers: &Answers, n: usize) -> Result<Vec<u64>, String> {
        let found = self.in_repository(answers, n, repo)?;
        let pulls = found.origin.and_then(|origin| origin.associated_pull_requests);
        let pulls = match pulls {
            None => return Ok(vec![]),
            Some(pulls) if pulls.is_all() => pulls,
            Some(_) => return Err(self.unanswered("it does not show where the commit came from")),
        };
        let here = pulls.iter().filter(|came| came.merged).filter_map(|came| came.at.at());
        let mut numbers: Vec<u64> = here.filter(|at| at.repo == repo).map(|at| at.number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}
