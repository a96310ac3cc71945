//! Issues and what hangs on them: labels, milestones, comments, reactions.

use serde_json::{Value, json};

use super::super::world::{Comment, Issue, Label, Milestone, Reaction, Repo, World};
use super::{app, node_id, nullable_user, time, user};

const REACTIONS: [&str; 8] = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"];

fn api(world: &World, repo: &Repo) -> String {
    format!("{}/repos/{}", world.urls.api, world.full_name(repo))
}

fn web(world: &World, repo: &Repo) -> String {
    format!("{}/{}", world.urls.web, world.full_name(repo))
}

/// An issue; a pull request too, where GitHub shows it as an issue.
pub(in crate::sandbox) fn issue(world: &World, repo: &Repo, issue: &Issue) -> Value {
    let url = format!("{}/issues/{}", api(world, repo), issue.number);
    let page = if issue.pull.is_some() { "pull" } else { "issues" };
    let mut object = json!({
        "id": issue.id,
        "node_id": node_id("I", issue.id),
        "url": url,
        "repository_url": api(world, repo),
        "labels_url": format!("{url}/labels{{/name}}"),
        "comments_url": format!("{url}/comments"),
        "events_url": format!("{url}/events"),
        "timeline_url": format!("{url}/timeline"),
        "html_url": format!("{}/{page}/{}", web(world, repo), issue.number),
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "user": user(world, issue.author),
        "state": issue.state(),
        "state_reason": issue.state_reason,
        "locked": false,
        "active_lock_reason": null,
        "labels": labels(world, repo, issue),
        "milestone": milestone_of(world, repo, issue),
        "assignee": nullable_user(world, issue.assignees.first().copied()),
        "assignees": users(world, &issue.assignees),
        "comments": issue.comments.len(),
        "created_at": time(issue.created_at),
        "updated_at": time(issue.updated_at),
        "closed_at": issue.closed.map(|(at, _)| time(at)),
        "closed_by": nullable_user(world, issue.closed.map(|(_, by)| by)),
        "author_association": world.association(issue.author, repo),
        "performed_via_github_app": null,
        "reactions": rollup(&url, &issue.reactions),
        "sub_issues_summary": { "total": 0, "completed": 0, "percent_completed": 0 },
        "issue_dependencies_summary": { "blocked_by": 0, "total_blocked_by": 0, "blocking": 0, "total_blocking": 0 },
    });
    match &issue.pull {
        Some(pull) => {
            object["draft"] = json!(pull.draft);
            object["pull_request"] = pull_links(world, repo, issue);
        }
        None => object["type"] = issue_type(world, repo, issue.kind.as_deref()),
    }
    object
}

fn pull_links(world: &World, repo: &Repo, issue: &Issue) -> Value {
    let page = format!("{}/pull/{}", web(world, repo), issue.number);
    json!({
        "url": format!("{}/pulls/{}", api(world, repo), issue.number),
        "html_url": page,
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "merged_at": issue.merged_at().map(time),
    })
}

pub(super) fn users(world: &World, accounts: &[u64]) -> Value {
    accounts.iter().map(|account| user(world, *account)).collect()
}

/// The labels of an issue, in the order in which they were set.
pub(super) fn labels(world: &World, repo: &Repo, issue: &Issue) -> Value {
    issue.labels.iter().filter_map(|id| repo.labels.get(id)).map(|it| label(world, repo, it)).collect()
}

pub(super) fn milestone_of(world: &World, repo: &Repo, issue: &Issue) -> Value {
    let found = issue.milestone.and_then(|number| repo.milestones.get(&number));
    found.map_or(Value::Null, |it| milestone(world, repo, it))
}

/// The issue type with this name, or null.
pub(in crate::sandbox) fn issue_type(world: &World, repo: &Repo, name: Option<&str>) -> Value {
    let types = world.accounts.get(&repo.owner).map_or(&[][..], |owner| &owner.issue_types);
    let Some(place) = types.iter().position(|known| Some(known.as_str()) == name) else {
        return Value::Null;
    };
    let id = repo.owner * 100 + place as u64;
    json!({ "id": id, "node_id": node_id("IT", id), "name": name, "description": null, "color": "gray",
        "created_at": time(repo.created_at), "updated_at": time(repo.created_at), "is_enabled": true })
}

/// A label of a repository.
pub(in crate::sandbox) fn label(world: &World, repo: &Repo, label: &Label) -> Value {
    json!({
        "id": label.id,
        "node_id": node_id("LA", label.id),
        "url": format!("{}/labels/{}", api(world, repo), label.name.replace(' ', "%20")),
        "name": label.name,
        "description": "",
        "color": label.color,
        "default": false,
    })
}

/// A milestone with its counts.
pub(in crate::sandbox) fn milestone(world: &World, repo: &Repo, milestone: &Milestone) -> Value {
    let url = format!("{}/milestones/{}", api(world, repo), milestone.number);
    let (open, closed) = repo.milestone_counts(milestone.number);
    json!({
        "id": milestone.id,
        "node_id": node_id("MI", milestone.id),
        "url": url,
        "html_url": format!("{}/milestone/{}", web(world, repo), milestone.number),
        "labels_url": format!("{url}/labels"),
        "number": milestone.number,
        "title": milestone.title,
        "description": milestone.description,
        "creator": user(world, milestone.creator),
        "open_issues": open,
        "closed_issues": closed,
        "state": if milestone.closed_at.is_some() { "closed" } else { "open" },
        "created_at": time(milestone.created_at),
        "updated_at": time(milestone.updated_at),
        "due_on": milestone.due_on.map(time),
        "closed_at": milestone.closed_at.map(time),
    })
}

/// A comment on an issue or in the conversation of a pull request.
pub(in crate::sandbox) fn comment(world: &World, repo: &Repo, issue: &Issue, comment: &Comment) -> Value {
    let url = format!("{}/issues/comments/{}", api(world, repo), comment.id);
    let page = if issue.pull.is_some() { "pull" } else { "issues" };
    json!({
        "id": comment.id,
        "node_id": node_id("IC", comment.id),
        "url": url,
        "html_url": format!("{}/{page}/{}#issuecomment-{}", web(world, repo), issue.number, comment.id),
        "issue_url": format!("{}/issues/{}", api(world, repo), issue.number),
        "user": user(world, comment.author),
        "created_at": time(comment.created_at),
        "updated_at": time(comment.updated_at),
        "body": comment.body,
        "author_association": world.association(comment.author, repo),
        "reactions": rollup(&url, &comment.reactions),
        "performed_via_github_app": if comment.by_app { app(world) } else { Value::Null },
    })
}

/// One reaction of one person.
pub(in crate::sandbox) fn reaction(world: &World, reaction: &Reaction) -> Value {
    json!({ "id": reaction.id, "node_id": node_id("REA", reaction.id), "user": user(world, reaction.author),
        "content": reaction.content, "created_at": time(reaction.created_at) })
}

fn rollup(url: &str, reactions: &[Reaction]) -> Value {
    let mut object = json!({ "url": format!("{url}/reactions"), "total_count": reactions.len() });
    for content in REACTIONS {
        object[content] = json!(reactions.iter().filter(|reaction| reaction.content == content).count());
    }
    object
}
