//! What a pull request changes, file by file, with the patches: only REST shows those. And where a commit came from.

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
        ids::{IssueRef, RepoId},
        patch::{Changes, FileChange, Listed},
    },
    github::{access, client::Request, trouble::Trouble},
};

const PAGE: usize = 100;
/// A larger change is compared by people.
const MOST_PAGES: usize = 10;

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
