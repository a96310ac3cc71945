//! The check runs on a commit, of every App.

use http::StatusCode;
use serde::Deserialize;

use super::{Facts, Reader};
use crate::{
    domain::{
        facts::{Answer, CheckReading},
        ids::{RepoId, Sha},
    },
    github::{access, client::Request, trouble::Trouble},
};

const PAGE: usize = 100;
const MOST_PAGES: usize = 10;

#[derive(Debug, Deserialize)]
struct Listed {
    check_runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
struct Run {
    name: String,
    conclusion: Option<String>,
    app: Option<App>,
}

#[derive(Debug, Deserialize)]
struct App {
    slug: Option<String>,
}

impl Reader<'_> {
    /// All check runs on a commit, the latest of each suite and name.
    pub(super) async fn checks(&self, repo: RepoId, sha: &Sha) -> Facts {
        let as_of = self.github.clock.now();
        let read = self.pages_of_checks(repo, sha).await;
        self.fact(read.map(Answer::Checks), as_of)
    }

    async fn pages_of_checks(&self, repo: RepoId, sha: &Sha) -> Result<Vec<CheckReading>, Trouble> {
        let name = self.name(repo)?;
        self.confirm(repo, name).await?;
        let mut found = vec![];
        for page in 1..=MOST_PAGES {
            let (owner, name) = (name.owner(), name.name());
            let path = format!("/repos/{owner}/{name}/commits/{sha}/check-runs?per_page={PAGE}&page={page}");
            let answer = self.ask(repo, &Request::get(path)).await?;
            if answer.status != StatusCode::OK {
                return Err(Trouble::Strange(format!("it answers {}", answer.status)));
            }
            let Listed { check_runs } = access::parse(&answer.body)?;
            let last = check_runs.len() < PAGE;
            found.extend(check_runs.into_iter().map(Run::reading));
            if last {
                return Ok(found);
            }
        }
        Err(Trouble::Strange("it lists more than a thousand checks on one commit".into()))
    }
}

impl Run {
    fn reading(self) -> CheckReading {
        let app = self.app.and_then(|app| app.slug).unwrap_or_default();
        CheckReading { name: self.name, app, conclusion: self.conclusion }
    }
}
