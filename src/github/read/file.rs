//! A file as it is at a commit.

use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Facts, Reader};
use crate::{
    domain::{
        facts::Answer,
        ids::{RepoId, Sha},
    },
    github::{
        client::{RAW, Request},
        trouble::Trouble,
    },
};

impl Reader<'_> {
    /// The file's text; `None`: there is none at that commit.
    pub(super) async fn file(&self, repo: RepoId, sha: &Sha, path: &str) -> Facts {
        let as_of = self.github.clock.now();
        self.fact(self.file_text(repo, sha, path).await.map(Answer::File), as_of)
    }

    async fn file_text(&self, repo: RepoId, sha: &Sha, path: &str) -> Result<Option<String>, Trouble> {
        let name = self.name(repo)?;
        let parts: Vec<String> =
            path.split('/').map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC).to_string()).collect();
        let path = format!("/repos/{}/{}/contents/{}?ref={sha}", name.owner(), name.name(), parts.join("/"));
        let answer = self.ask(repo, &Request::get(path).accept(RAW)).await;
        let text = match answer {
            Ok(answer) if answer.status == StatusCode::OK => {
                let no_text = |_| Trouble::Strange("the file is no text in UTF-8".into());
                Some(String::from_utf8(answer.body).map_err(no_text)?)
            }
            Ok(answer) => return Err(Trouble::Strange(format!("it answers {}", answer.status))),
            Err(Trouble::NotFound) => None,
            Err(trouble) => return Err(trouble),
        };
        self.confirm(repo, name).await?;
        Ok(text)
    }
}
