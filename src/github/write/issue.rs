//! The one issue that we keep for a purpose in a repository. It is found again as comments are: by a mark that only we
//! can make.

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Done, Writer, comment::LONGEST_BODY, cut};
use crate::{
    domain::ids::ReleaseId,
    github::{access, trouble::Trouble},
};

/// GitHub takes 256 characters.
const LONGEST_TITLE: usize = 256;

#[derive(Serialize)]
struct New<'a> {
    title: String,
    body: &'a str,
}

#[derive(Serialize)]
struct Change<'a> {
    title: String,
    body: &'a str,
    state: &'static str,
}

#[derive(Deserialize)]
struct Issue {
    number: u64,
    body: Option<String>,
    updated_at: Option<Timestamp>,
}

/// What the control record of a release is for, in letters that no title can end a mark with.
pub(super) fn record_purpose(release: &ReleaseId) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '_') { c } else { '_' };
    format!("release/{}/{}", release.train, release.title.chars().map(plain).collect::<String>())
}

impl Writer<'_> {
    pub(super) async fn issue(
        &self,
        purpose: &str,
        title: &str,
        body: &str,
        open: bool,
    ) -> Result<Done, Trouble> {
        let marks = self.github.marks(&self.effect.key, purpose);
        let mark = marks.first().map_or("", String::as_str);
        let body = format!("{}\n\n{mark}", cut(body, LONGEST_BODY));
        let title = cut(title, LONGEST_TITLE);
        let number = match self.remote {
            Some(number) => Some(number.to_owned()),
            None if self.attempts == 0 && open => None,
            None => self.our_issue(&marks).await?,
        };
        let Some(number) = number else {
            return if open {
                self.open_issue(&New { title, body: &body }).await
            } else {
                Ok(Done::of(None))
            };
        };
        let state = if open { "open" } else { "closed" };
        let change = Change { title: title.clone(), body: &body, state };
        match self.send(Method::PATCH, &format!("/issues/{number}"), Some(&change)).await {
            Ok(answer) => {
                let Issue { updated_at, .. } = access::parse(&answer.body)?;
                Ok(Done { remote: Some(number), at: updated_at })
            }
            Err(Trouble::NotFound | Trouble::Gone) if open => {
                self.open_issue(&New { title, body: &body }).await
            }
            Err(trouble) => Err(trouble),
        }
    }

    async fn open_issue(&self, new: &New<'_>) -> Result<Done, Trouble> {
        let answer = self.send(Method::POST, "/issues", Some(new)).await?;
        let Issue { number, updated_at, .. } = access::parse(&answer.body)?;
        Ok(Done { remote: Some(number.to_string()), at: updated_at })
    }

    /// The number of ours for this purpose, among the newest hundred that we have opened.
    async fn our_issue(&self, marks: &[String]) -> Result<Option<String>, Trouble> {
        let path = format!("/issues?state=all&per_page=100&creator={}%5Bbot%5D", self.github.slug().await?);
        let issues: Vec<Issue> = access::parse(&self.get(&path).await?.body)?;
        let ours = issues.into_iter().find(|issue| {
            let body = issue.body.as_deref().unwrap_or_default().trim_end();
            marks.iter().any(|mark| body.ends_with(mark.as_str()))
        });
        Ok(ours.map(|issue| issue.number.to_string()))
    }
}
