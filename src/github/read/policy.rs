//! The policy file of a default branch: asked for by its ETag, so that an unchanged one costs nothing.

use std::collections::{HashMap, VecDeque};

use http::HeaderValue;

use super::{Facts, Reader};
use crate::{
    domain::{
        facts::Answer,
        ids::{RepoId, RepoName},
        policy::PATH,
    },
    github::{
        client::{RAW, Request},
        trouble::Trouble,
    },
};

/// Policy files as last seen.
#[derive(Debug, Default)]
pub struct PolicyCache {
    files: HashMap<RepoId, (HeaderValue, String)>,
    order: VecDeque<RepoId>,
}

impl PolicyCache {
    const MOST_FILES: usize = 1_000;
    const LARGEST_FILE: usize = 64 * 1024;

    fn get(&self, repo: RepoId) -> Option<(HeaderValue, String)> {
        self.files.get(&repo).cloned()
    }

    fn put(&mut self, repo: RepoId, etag: HeaderValue, text: &str) {
        if text.len() > Self::LARGEST_FILE {
            self.files.remove(&repo);
            return;
        }
        if self.files.insert(repo, (etag, text.into())).is_none() {
            self.order.push_back(repo);
        }
        while self.files.len() > Self::MOST_FILES {
            let Some(oldest) = self.order.pop_front() else { return };
            self.files.remove(&oldest);
        }
    }
}

impl Reader<'_> {
    /// The file's text; `None`: the repository has none.
    pub(super) async fn policy_file(&self, repo: RepoId) -> Facts {
        let as_of = self.github.clock.now();
        let read = async {
            let name = self.name(repo)?;
            self.policy_text(repo, name).await
        };
        self.fact(read.await.map(Answer::PolicyFile), as_of)
    }

    async fn policy_text(&self, repo: RepoId, name: &RepoName) -> Result<Option<String>, Trouble> {
        let cached = self.github.policies().get(repo);
        let path = format!("/repos/{}/{}/contents/{PATH}", name.owner(), name.name());
        let etag = cached.as_ref().map(|(etag, _)| etag.clone());
        let answer = self.ask(repo, &Request::get(path).accept(RAW).unless(etag)).await;
        let text = match answer {
            Ok(answer) if answer.status == http::StatusCode::NOT_MODIFIED => {
                return Ok(cached.map(|(_, text)| text));
            }
            Ok(answer) => {
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                Some((answer.etag(), text))
            }
            Err(Trouble::NotFound) => None,
            Err(trouble) => return Err(trouble),
        };
        self.confirm(repo, name).await?;
        if let Some((Some(etag), text)) = &text {
            self.github.policies().put(repo, etag.clone(), text);
        }
        Ok(text.map(|(_, text)| text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_bounded_in_files_and_in_size() {
        let mut cache = PolicyCache::default();
        let etag = || HeaderValue::from_static("\"x\"");
        for repo in 0..2_000 {
            cache.put(RepoId(repo), etag(), "mode: enforce");
        }
        assert_eq!(cache.files.len(), 1_000);
        assert!(cache.get(RepoId(0)).is_none() && cache.get(RepoId(1_999)).is_some());
        cache.put(RepoId(1_999), etag(), &"x".repeat(100_000));
        assert!(cache.get(RepoId(1_999)).is_none());
    }
}
