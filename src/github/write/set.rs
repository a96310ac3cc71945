//! Labels, milestones and reactions: set twice is set once.

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Done, Writer};
use crate::{
    domain::{
        effect::Reaction,
        ids::{CommentId, IssueRef},
    },
    github::{access, client::encoded, trouble::Trouble},
};

#[derive(Serialize)]
struct Labels<'a> {
    labels: [&'a str; 1],
}

#[derive(Serialize)]
struct Assignees<'a> {
    assignees: [&'a str; 1],
}

#[derive(Serialize)]
struct Milestone {
    milestone: Option<u64>,
}

#[derive(Serialize)]
struct MilestoneState {
    state: &'static str,
}

#[derive(Serialize)]
struct MilestoneTitle<'a> {
    title: &'a str,
}

#[derive(Serialize)]
struct NewMilestone<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_on: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Titled {
    number: u64,
    title: String,
    #[serde(default)]
    due_on: Option<Timestamp>,
}

#[derive(Serialize)]
struct MilestoneDue {
    due_on: Timestamp,
}

/// Milestones on one page of a list.
const PER_PAGE: usize = 100;

/// No more pages are looked through for a title; GitHub refuses a second milestone of one title.
const MOST_PAGES: usize = 20;

#[derive(Serialize)]
struct Content {
    content: &'static str,
}

const DONE: Done = Done::of(None);

impl Writer<'_> {
    pub(super) async fn set_label(&self, on: IssueRef, name: &str) -> Result<Done, Trouble> {
        let labels = Labels { labels: [name] };
        self.send(Method::POST, &format!("/issues/{}/labels", on.number), Some(&labels)).await?;
        Ok(DONE)
    }

    /// A label that is not there has been taken off already.
    pub(super) async fn remove_label(&self, on: IssueRef, name: &str) -> Result<Done, Trouble> {
        let path = format!("/issues/{}/labels/{}", on.number, encoded(name));
        match self.send(Method::DELETE, &path, None::<&Content>).await {
            Ok(_) | Err(Trouble::NotFound) => Ok(DONE),
            Err(trouble) => Err(trouble),
        }
    }

    /// GitHub leaves out whom an issue of this repository cannot be assigned to, and says nothing.
    pub(super) async fn assign(&self, on: IssueRef, login: &str) -> Result<Done, Trouble> {
        let assignees = Assignees { assignees: [login] };
        self.send(Method::POST, &format!("/issues/{}/assignees", on.number), Some(&assignees)).await?;
        Ok(DONE)
    }

    pub(super) async fn set_milestone(&self, on: IssueRef, number: Option<u64>) -> Result<Done, Trouble> {
        let milestone = Milestone { milestone: number };
        self.send(Method::PATCH, &format!("/issues/{}", on.number), Some(&milestone)).await?;
        Ok(DONE)
    }

    /// One that was deleted is closed for good.
    pub(super) async fn close_milestone(&self, number: u64) -> Result<Done, Trouble> {
        let closed = MilestoneState { state: "closed" };
        match self.send(Method::PATCH, &format!("/milestones/{number}"), Some(&closed)).await {
            Ok(_) | Err(Trouble::NotFound) => Ok(DONE),
            Err(trouble) => Err(trouble),
        }
    }

    /// One that was deleted has no title any more.
    pub(super) async fn rename_milestone(&self, number: u64, title: &str) -> Result<Done, Trouble> {
        let title = MilestoneTitle { title };
        match self.send(Method::PATCH, &format!("/milestones/{number}"), Some(&title)).await {
            Ok(_) | Err(Trouble::NotFound) => Ok(DONE),
            Err(trouble) => Err(trouble),
        }
    }

    /// Sets the milestone of this title, which is made where there is none.
    pub(super) async fn schedule(
        &self,
        on: IssueRef,
        title: &str,
        due_on: Option<Timestamp>,
    ) -> Result<Done, Trouble> {
        let number = match self.milestone_titled(title).await? {
            Some(there) => there.number,
            None => {
                let new = NewMilestone { title, due_on };
                let answer = self.send(Method::POST, "/milestones", Some(&new)).await?;
                access::parse::<Titled>(&answer.body)?.number
            }
        };
        self.set_milestone(on, Some(number)).await
    }

    /// Makes it where there is none of this title. One that has no due day is given this one; else people's stands.
    pub(super) async fn make_milestone(&self, title: &str, due: Timestamp) -> Result<Done, Trouble> {
        let Some(there) = self.milestone_titled(title).await? else {
            let new = NewMilestone { title, due_on: Some(due) };
            return match self.send(Method::POST, "/milestones", Some(&new)).await {
                // Somebody was quicker.
                Err(Trouble::Unprocessable(_)) if self.milestone_titled(title).await?.is_some() => Ok(DONE),
                sent => sent.map(|_| DONE),
            };
        };
        if there.due_on.is_none() {
            let due = MilestoneDue { due_on: due };
            self.send(Method::PATCH, &format!("/milestones/{}", there.number), Some(&due)).await?;
        }
        Ok(DONE)
    }

    async fn milestone_titled(&self, title: &str) -> Result<Option<Titled>, Trouble> {
        for page in 1..=MOST_PAGES {
            let path = format!("/milestones?state=all&per_page={PER_PAGE}&page={page}");
            let found: Vec<Titled> = access::parse(&self.get(&path).await?.body)?;
            let is_last = found.len() < PER_PAGE;
            if let Some(found) = found.into_iter().find(|milestone| milestone.title == title) {
                return Ok(Some(found));
            }
            if is_last {
                break;
            }
        }
        Ok(None)
    }

    pub(super) async fn react(&self, to: CommentId, reaction: Reaction) -> Result<Done, Trouble> {
        let content = match reaction {
            Reaction::ThumbsUp => "+1",
            Reaction::Confused => "confused",
            Reaction::Eyes => "eyes",
        };
        self.send(Method::POST, &format!("/issues/comments/{to}/reactions"), Some(&Content { content }))
            .await?;
        Ok(DONE)
    }
}
