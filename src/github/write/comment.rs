//! The one comment that we keep for a purpose. Its last line is a mark that nobody sees and that only we can make; it
//! is how a comment is found again whose creation was never confirmed.

use std::collections::BTreeSet;

use hmac::Mac;
use http::Method;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::{Done, Writer, cut};
use crate::{
    domain::{effect::comment_key, ids::IssueRef},
    github::{GitHub, GitHubSettings, access, signature::Secret, trouble::Trouble},
};

/// GitHub takes 65,536 characters; the mark needs some of them.
pub(super) const LONGEST_BODY: usize = 65_300;
const PER_PAGE: usize = 100;
const MOST_PAGES: usize = 50;

/// What marks are made with: the secrets given, or else the App's keys.
pub(in crate::github) fn markers(settings: &GitHubSettings) -> Vec<Secret> {
    if !settings.marker_secrets.is_empty() {
        return settings.marker_secrets.clone();
    }
    settings.private_keys.iter().filter_map(|key| Secret::new(key.expose_secret()).ok()).collect()
}

#[derive(Serialize)]
struct Body {
    body: String,
}

#[derive(Deserialize)]
struct Comment {
    id: u64,
    body: Option<String>,
    user: Option<User>,
    performed_via_github_app: Option<App>,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct App {
    id: u64,
}

impl GitHub {
    /// The marks that a comment of ours may end with, the present one first.
    pub(super) fn marks(&self, key: &str, purpose: &str) -> Vec<String> {
        let tag = |secret: &Secret| {
            let mac = secret.mac()?.chain_update(b"comment\n").chain_update(key).finalize().into_bytes();
            mac.get(..8).map(hex::encode)
        };
        let tags = self.markers.iter().filter_map(tag);
        tags.map(|tag| format!("<!-- changegate:{purpose}:{tag} -->")).collect()
    }
}

impl Writer<'_> {
    /// A comment that came along with a transferred issue bears the mark of its former place.
    pub(super) async fn comment(
        &self,
        on: IssueRef,
        was_on: &BTreeSet<IssueRef>,
        purpose: &str,
        body: &str,
    ) -> Result<Done, Trouble> {
        let mut marks = self.github.marks(&self.effect.key, purpose);
        let former = |was_on: &IssueRef| self.github.marks(&comment_key(*was_on, purpose), purpose);
        marks.extend(was_on.iter().flat_map(former));
        let mark = marks.first().map_or("", String::as_str);
        let body = Body { body: format!("{}\n\n{mark}", cut(body, LONGEST_BODY)) };
        match self.remote {
            None if self.attempts == 0 && was_on.is_empty() => return self.post(on, &body).await,
            None => {}
            // Not found is not yet deleted: GitHub's copies lag. The list of comments tells.
            Some(id) => match self.edit(id, &body).await {
                Err(Trouble::NotFound | Trouble::Gone) => {}
                done => return done,
            },
        }
        let ours = self.our_comments(on, &marks).await?;
        let Some((first, duplicates)) = ours.split_first() else { return self.post(on, &body).await };
        let done = self.edit(&first.to_string(), &body).await?;
        for duplicate in duplicates {
            self.delete(*duplicate).await?;
        }
        Ok(done)
    }

    async fn post(&self, on: IssueRef, body: &Body) -> Result<Done, Trouble> {
        let answer = self.send(Method::POST, &format!("/issues/{}/comments", on.number), Some(body)).await?;
        let Comment { id, .. } = access::parse(&answer.body)?;
        Ok(Done::of(Some(id.to_string())))
    }

    async fn edit(&self, id: &str, body: &Body) -> Result<Done, Trouble> {
        self.send(Method::PATCH, &format!("/issues/comments/{id}"), Some(body)).await?;
        Ok(Done::of(Some(id.into())))
    }

    async fn delete(&self, id: u64) -> Result<(), Trouble> {
        match self.send(Method::DELETE, &format!("/issues/comments/{id}"), None::<&Body>).await {
            Ok(_) | Err(Trouble::NotFound | Trouble::Gone) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    /// Ours for this purpose, oldest first. A mark can be copied by anybody, so the author must be our App too.
    async fn our_comments(&self, on: IssueRef, marks: &[String]) -> Result<Vec<u64>, Trouble> {
        let mut ours = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = format!("/issues/{}/comments?per_page={PER_PAGE}&page={page}", on.number);
            let comments: Vec<Comment> = access::parse(&self.get(&path).await?.body)?;
            let is_last = comments.len() < PER_PAGE;
            for comment in comments {
                if is_marked(&comment, marks) && self.is_by_us(&comment).await? {
                    ours.push(comment.id);
                }
            }
            if is_last {
                break;
            }
        }
        ours.sort_unstable();
        Ok(ours)
    }

    async fn is_by_us(&self, comment: &Comment) -> Result<bool, Trouble> {
        if let Some(app) = &comment.performed_via_github_app {
            return Ok(app.id == self.github.keys.app_id);
        }
        let Some(user) = &comment.user else { return Ok(false) };
        Ok(user.login == format!("{}[bot]", self.github.slug().await?))
    }
}

fn is_marked(comment: &Comment, marks: &[String]) -> bool {
    let body = comment.body.as_deref().unwrap_or_default().trim_end();
    marks.iter().any(|mark| body.ends_with(mark.as_str()))
}
