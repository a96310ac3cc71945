//! Issues, their timeline, labels, milestones and comments.

use apollo_compiler::response::{JsonMap, JsonValue};

use super::node::{Resolved, Thing, View, association, leaf, moment, optional_moment, text, unknown};
use crate::sandbox::objects::node_id;
use crate::sandbox::state::Numbered;
use crate::sandbox::world::{Closer, Comment, Happened, Issue, Milestone, Repo, TimelineEvent};

pub(super) fn issue<'a>(
    view: View<'a>,
    (repo, issue): (&'a Repo, &'a Issue),
    field: &str,
    arguments: &JsonMap,
) -> Resolved<'a> {
    match field {
        "id" => leaf(node_id("I", issue.id)),
        "databaseId" => leaf(issue.id),
        "fullDatabaseId" => leaf(issue.id.to_string()),
        "state" => leaf(issue.state().to_uppercase()),
        "stateReason" => {
            let duplicates = arguments.get("enableDuplicate").and_then(JsonValue::as_bool) == Some(true);
            let word = issue.state_reason.as_deref();
            leaf(if duplicates { word.map(str::to_uppercase) } else { reason(word) })
        }
        "url" => {
            let (world, full_name) = (&view.state.world, view.state.world.full_name(repo));
            leaf(format!("{}/{full_name}/issues/{}", world.urls.web, issue.number))
        }
        "closedByPullRequestsReferences" => {
            let closed = arguments.get("includeClosedPrs").and_then(JsonValue::as_bool) == Some(true);
            let at = Numbered { repo: repo.id, number: issue.number };
            let pulls = view.state.closing_pulls(at).into_iter().filter_map(|at| view.state.issue(at));
            let pulls = pulls.filter(|(_, pull)| closed || pull.open);
            let things = pulls.filter_map(|(repo, it)| Some(Thing::Pull(repo, it, it.pull.as_ref()?)));
            view.page("PullRequestConnection", things.collect(), arguments)
        }
        "timelineItems" => {
            view.page("IssueTimelineItemsConnection", timeline(repo, issue, arguments), arguments)
        }
        _ => shared(view, (repo, issue), field, arguments),
    }
}

/// The fields that issues and pull requests share.
pub(super) fn shared<'a>(
    view: View<'a>,
    (repo, issue): (&'a Repo, &'a Issue),
    field: &str,
    arguments: &JsonMap,
) -> Resolved<'a> {
    match field {
        "number" => leaf(issue.number),
        "title" => leaf(issue.title.as_str()),
        "body" => leaf(issue.body.as_deref().unwrap_or_default()),
        "createdAt" => moment(issue.created_at),
        "updatedAt" => moment(issue.updated_at),
        "closedAt" => optional_moment(issue.closed.map(|(at, _)| at)),
        "author" => view.account(issue.author),
        "authorAssociation" => association(view, issue.author, repo),
        "repository" => view.object(Thing::Repository(repo)),
        "milestone" => {
            let milestone = issue.milestone.and_then(|number| repo.milestones.get(&number));
            view.optional(milestone.map(Thing::Milestone))
        }
        "labels" => {
            let labels = issue.labels.iter().filter_map(|id| repo.labels.get(id));
            let labels = labels.map(|label| Thing::Label(label.id, &label.name)).collect();
            view.page("LabelConnection", labels, arguments)
        }
        "assignees" => {
            let assignees = issue.assignees.iter().map(|assignee| Thing::Account(*assignee)).collect();
            view.page("UserConnection", assignees, arguments)
        }
        "comments" => {
            let comments = issue.comments.iter().map(|comment| Thing::Comment(repo, comment)).collect();
            view.page("IssueCommentConnection", comments, arguments)
        }
        _ => unknown(field),
    }
}

/// GitHub's published schema has no word for duplicates: they are shown as not planned.
/// Who does not ask for duplicates sees them as not planned.
fn reason(reason: Option<&str>) -> Option<String> {
    let reason = if reason == Some("duplicate") { Some("not_planned") } else { reason };
    reason.map(str::to_uppercase)
}

/// The events of a timeline, oldest first, of the kinds that are asked for.
pub(super) fn timeline<'a>(repo: &'a Repo, issue: &'a Issue, arguments: &JsonMap) -> Vec<Thing<'a>> {
    let kinds = arguments.get("itemTypes").and_then(|kinds| kinds.as_array());
    let wanted = |event: &&TimelineEvent| {
        let kind = event_item_type(event);
        kinds.is_none_or(|kinds| kinds.iter().any(|wanted| wanted.as_str() == Some(kind)))
    };
    let since = text(arguments, "since").and_then(|since| since.parse().ok());
    let recent = |event: &&TimelineEvent| since.is_none_or(|since| event.at >= since);
    let events = issue.timeline.iter().filter(wanted).filter(recent);
    events.map(|event| Thing::Event(repo, event)).collect()
}

pub(super) fn event_type(event: &TimelineEvent) -> &'static str {
    match event.what {
        Happened::Labeled { .. } => "LabeledEvent",
        Happened::Unlabeled { .. } => "UnlabeledEvent",
        Happened::Milestoned(_) => "MilestonedEvent",
        Happened::Demilestoned(_) => "DemilestonedEvent",
        Happened::Closed { .. } => "ClosedEvent",
        Happened::Reopened => "ReopenedEvent",
        Happened::Renamed { .. } => "RenamedTitleEvent",
    }
}

fn event_item_type(event: &TimelineEvent) -> &'static str {
    match event.what {
        Happened::Labeled { .. } => "LABELED_EVENT",
        Happened::Unlabeled { .. } => "UNLABELED_EVENT",
        Happened::Milestoned(_) => "MILESTONED_EVENT",
        Happened::Demilestoned(_) => "DEMILESTONED_EVENT",
        Happened::Closed { .. } => "CLOSED_EVENT",
        Happened::Reopened => "REOPENED_EVENT",
        Happened::Renamed { .. } => "RENAMED_TITLE_EVENT",
    }
}

pub(super) fn event<'a>(
    view: View<'a>,
    repo: &'a Repo,
    event: &'a TimelineEvent,
    field: &str,
) -> Resolved<'a> {
    match (field, &event.what) {
        ("id", _) => leaf(node_id("EV", event.id)),
        ("createdAt", _) => moment(event.at),
        ("actor", _) => view.account(event.actor),
        ("label", Happened::Labeled { id, name } | Happened::Unlabeled { id, name }) => {
            let name = repo.labels.get(id).map_or(name, |label| &label.name);
            view.object(Thing::Label(*id, name))
        }
        ("milestoneTitle", Happened::Milestoned(title) | Happened::Demilestoned(title)) => {
            leaf(title.as_str())
        }
        ("stateReason", Happened::Closed { reason: word, .. }) => leaf(reason(word.as_deref())),
        ("closer", Happened::Closed { closer, .. }) => {
            view.optional(closer.as_ref().and_then(|closer| closer_thing(view, closer)))
        }
        ("previousTitle", Happened::Renamed { from, .. }) => leaf(from.as_str()),
        ("currentTitle", Happened::Renamed { to, .. }) => leaf(to.as_str()),
        _ => unknown(field),
    }
}

fn closer_thing<'a>(view: View<'a>, closer: &Closer) -> Option<Thing<'a>> {
    match closer {
        Closer::Pull { repo, number } => {
            let (repo, issue) = view.state.issue(Numbered { repo: *repo, number: *number })?;
            Some(Thing::Pull(repo, issue, issue.pull.as_ref()?))
        }
        Closer::Commit { repo, sha } => {
            let repo = view.state.repo(*repo)?;
            Some(Thing::Commit(repo, repo.commits.get(sha)?))
        }
    }
}

pub(super) fn comment<'a>(view: View<'a>, repo: &Repo, comment: &'a Comment, field: &str) -> Resolved<'a> {
    match field {
        "id" => leaf(node_id("IC", comment.id)),
        "databaseId" => leaf(comment.id),
        "fullDatabaseId" => leaf(comment.id.to_string()),
        "body" => leaf(comment.body.as_str()),
        "author" => view.account(comment.author),
        "authorAssociation" => association(view, comment.author, repo),
        "createdAt" => moment(comment.created_at),
        "updatedAt" => moment(comment.updated_at),
        "viewerDidAuthor" => leaf(comment.author == view.state.world.app.bot),
        _ => unknown(field),
    }
}

pub(super) fn label<'a>(id: u64, name: &str, field: &str) -> Resolved<'a> {
    match field {
        "id" => leaf(node_id("LA", id)),
        "name" => leaf(name),
        _ => unknown(field),
    }
}

pub(super) fn milestone<'a>(milestone: &Milestone, field: &str) -> Resolved<'a> {
    match field {
        "id" => leaf(node_id("MI", milestone.id)),
        "number" => leaf(milestone.number),
        "title" => leaf(milestone.title.as_str()),
        "dueOn" => optional_moment(milestone.due_on),
        "state" => leaf(if milestone.closed_at.is_some() { "CLOSED" } else { "OPEN" }),
        "updatedAt" => optional_moment(Some(milestone.updated_at)),
        _ => unknown(field),
    }
}
