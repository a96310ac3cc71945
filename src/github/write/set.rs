//! Labels, milestones and reactions: set twice is set once.

use http::Method;
use serde::Serialize;

use super::{Done, Writer};
use crate::{
    domain::{
        effect::Reaction,
        ids::{CommentId, IssueRef},
    },
    github::{client::encoded, trouble::Trouble},
};

#[derive(Serialize)]
struct Labels<'a> {
    labels: [&'a str; 1],
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
