//! An issue, and who set its labels and its milestone.

use jiff::Timestamp;
use serde::Deserialize;

use super::shapes::{Elsewhere, Named, Page, Who, names};
use crate::domain::{
    event::IssueSnapshot,
    facts::{IssueReading, SetBy},
    ids::{Actor, IssueRef, RepoId},
};

/// `IssueParts` of the document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Issue {
    number: u64,
    title: String,
    body: Option<String>,
    state: String,
    state_reason: Option<String>,
    labels: Option<Page<Named>>,
    milestone: Option<Milestone>,
    assignees: Option<Page<Who>>,
    author: Option<Who>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    timeline_items: Page<Item>,
}

#[derive(Debug, Deserialize)]
struct Milestone {
    number: u64,
    title: String,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "__typename")]
enum Item {
    LabeledEvent(Happened),
    UnlabeledEvent(Happened),
    MilestonedEvent(Happened),
    DemilestonedEvent,
    ClosedEvent(Happened),
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Happened {
    created_at: Option<Timestamp>,
    actor: Option<Who>,
    label: Option<Named>,
    closer: Option<Closer>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "__typename")]
enum Closer {
    PullRequest(Elsewhere),
    #[serde(other)]
    Other,
}

impl Happened {
    fn set(&self, name: &str) -> SetBy {
        SetBy { name: name.into(), by: self.actor.clone().and_then(Who::actor), at: self.created_at }
    }
}

impl Issue {
    /// The reading, of an issue of `repo`.
    pub(super) fn reading(self, repo: RepoId) -> IssueReading {
        let open = self.state != "CLOSED";
        let labels = names(self.labels);
        let reason = self.state_reason.map(|reason| reason.to_ascii_lowercase());
        let items: Vec<&Item> = self.timeline_items.iter().collect();
        let closed = if open { None } else { last_closed(&items) };
        let milestone_set =
            self.milestone.as_ref().and_then(|milestone| milestone_set(&items, &milestone.title));
        IssueReading {
            labels_set: labels.iter().filter_map(|label| label_set(&items, label)).collect(),
            milestone_set,
            closed: closed.map(|closed| closed.set(reason.as_deref().unwrap_or_default())),
            closed_by_pull_request: closed.and_then(by_pull_request),
            complete: self.timeline_items.is_all(),
            issue: IssueSnapshot {
                at: IssueRef { repo, number: self.number },
                title: self.title,
                body: self.body.unwrap_or_default(),
                open,
                state_reason: reason,
                labels,
                issue_type: None,
                milestone: self.milestone.map(|milestone| milestone.number),
                assignees: people(self.assignees),
                author: self.author.and_then(Who::actor),
                created_at: self.created_at,
                updated_at: self.updated_at,
                closed_at: self.closed_at,
            },
        }
    }
}

fn people(page: Option<Page<Who>>) -> Vec<Actor> {
    page.into_iter().flat_map(Page::into_nodes).filter_map(Who::actor).collect()
}

/// Who set the label, if setting it is the last that happened to it.
fn label_set(items: &[&Item], label: &str) -> Option<SetBy> {
    let of_the_label = |happened: &Happened| happened.label.as_ref().is_some_and(|of| of.name == label);
    let last = items.iter().rev().find_map(|item| match item {
        Item::LabeledEvent(happened) if of_the_label(happened) => Some(Some(happened)),
        Item::UnlabeledEvent(happened) if of_the_label(happened) => Some(None),
        Item::LabeledEvent(_)
        | Item::UnlabeledEvent(_)
        | Item::MilestonedEvent(_)
        | Item::DemilestonedEvent
        | Item::ClosedEvent(_)
        | Item::Other => None,
    });
    last.flatten().map(|set| set.set(label))
}

/// An issue has one milestone at a time: the last one set is the one it has, whatever it was called then.
fn milestone_set(items: &[&Item], title: &str) -> Option<SetBy> {
    let last = items.iter().rev().find_map(|item| match item {
        Item::MilestonedEvent(happened) => Some(Some(happened)),
        Item::DemilestonedEvent => Some(None),
        Item::LabeledEvent(_) | Item::UnlabeledEvent(_) | Item::ClosedEvent(_) | Item::Other => None,
    });
    last.flatten().map(|set| set.set(title))
}

fn last_closed<'a>(items: &[&'a Item]) -> Option<&'a Happened> {
    items.iter().rev().find_map(|item| if let Item::ClosedEvent(closed) = item { Some(closed) } else { None })
}

fn by_pull_request(closed: &Happened) -> Option<IssueRef> {
    match closed.closer.as_ref()? {
        Closer::PullRequest(at) => at.at(),
        Closer::Other => None,
    }
}
