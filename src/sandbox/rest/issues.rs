//! Issues, comments, labels on issues, reactions.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::route::{Answered, at, moved};
use crate::sandbox::answer::{Answer, Call, page};
use crate::sandbox::deeds::IssueChange;
use crate::sandbox::objects;
use crate::sandbox::state::{Numbered, State};
use crate::sandbox::world::Reaction;

/// Longest body of a comment, in characters.
const LONGEST_BODY: usize = 65_536;
const REACTIONS: [&str; 8] = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"];

pub(super) fn answer(state: &mut State, call: &Call, repo: u64, rest: &[&str]) -> Answered {
    match (call.method.as_str(), rest) {
        ("GET", []) => list(state, call, repo),
        ("POST", []) => open(state, call, repo),
        (_, ["comments", rest @ ..]) => on_comment(state, call, repo, rest),
        (_, [number, rest @ ..]) => {
            let at = at(repo, number)?;
            exists(state, at)?;
            on_issue(state, call, at, rest)
        }
        _ => Err(Answer::not_found()),
    }
}

/// Refuses what is not there: deleted is gone, transferred is elsewhere, for writers too.
fn exists(state: &State, at: Numbered) -> Result<(), Answer> {
    let repo = state.repo(at.repo).ok_or_else(Answer::not_found)?;
    if repo.issues.contains_key(&at.number) {
        return Ok(());
    }
    if repo.deleted.contains(&at.number) {
        return Err(Answer::refused(410, "This issue was deleted"));
    }
    let (to, number) = repo.transferred.get(&at.number).ok_or_else(Answer::not_found)?;
    Err(moved(301, format!("{}/repositories/{to}/issues/{number}", state.world.urls.api)))
}

fn on_issue(state: &mut State, call: &Call, at: Numbered, rest: &[&str]) -> Answered {
    match (call.method.as_str(), rest) {
        ("GET", []) => issue(state, at),
        ("PATCH", []) => change(state, call, at),
        ("GET", ["comments"]) => comments(state, call, at),
        ("POST", ["comments"]) => {
            let (body, bot) = (body(call, "IssueComment")?, state.world.app.bot);
            let id = state.comment(at, bot, &body).ok_or_else(Answer::not_found)?;
            comment(state, at.repo, id).map(|answer| Answer { status: 201, ..answer })
        }
        ("GET", ["labels"]) => labels(state, at),
        ("POST", ["labels"]) => add_labels(state, call, at),
        ("DELETE", ["labels", name @ ..]) => {
            let bot = state.world.app.bot;
            let gone = state.unset_label(at, bot, &name.join("/"));
            gone.ok_or_else(|| Answer::refused(404, "Label does not exist"))?;
            labels(state, at)
        }
        ("POST", ["assignees"]) => assign(state, call, at),
        ("POST", ["reactions"]) => {
            let (content, bot) = (content(call)?, state.world.app.bot);
            let reaction = state.react(at, bot, &content);
            reacted(state, reaction)
        }
        _ => Err(Answer::not_found()),
    }
}

fn issue(state: &State, at: Numbered) -> Answered {
    let (repo, issue) = state.issue(at).ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(&objects::issue(&state.world, repo, issue)))
}

/// Issues and pull requests, newest first; open ones where nothing else is asked.
fn list(state: &State, call: &Call, repo: u64) -> Answered {
    let repo = state.repo(repo).ok_or_else(Answer::not_found)?;
    let wanted = call.query("state").unwrap_or_else(|| "open".to_owned());
    let since: Option<Timestamp> = call.query("since").and_then(|text| text.parse().ok());
    let creator = call.query("creator");
    let labels = call.query("labels").unwrap_or_default();
    let labels: Vec<_> =
        labels.split(',').filter(|name| !name.is_empty()).map(|name| repo.label(name)).collect();
    let mut all = Vec::new();
    for issue in repo.issues.values().rev() {
        let labelled = labels.iter().all(|label| label.is_some_and(|label| issue.labels.contains(&label.id)));
        let written = creator.as_ref().is_none_or(|login| state.world.login(issue.author) == login);
        let recent = since.is_none_or(|since| issue.updated_at >= since);
        if labelled && recent && written && (wanted == "all" || issue.state() == wanted) {
            all.push(objects::issue(&state.world, repo, issue));
        }
    }
    Ok(page(call, &state.world.urls.api, &all, |all| all))
}

fn open(state: &mut State, call: &Call, repo: u64) -> Answered {
    let title = call.text("title").filter(|title| !title.trim().is_empty());
    let title = title.ok_or_else(|| Answer::invalid("Issue", "title", "missing_field"))?.to_owned();
    let (bot, body) = (state.world.app.bot, call.text("body").unwrap_or_default().to_owned());
    let at = state.open_issue(repo, bot, &title, &body).ok_or_else(Answer::not_found)?;
    issue(state, at).map(|answer| Answer { status: 201, ..answer })
}

/// Changes what the body names: text, state, milestone, labels.
fn change(state: &mut State, call: &Call, at: Numbered) -> Answered {
    let bot = state.world.app.bot;
    let text = |name: &str| call.text(name).map(str::to_owned);
    let edit = IssueChange { title: text("title"), body: text("body") };
    if edit.title.is_some() || edit.body.is_some() {
        state.edit_issue(at, bot, edit).ok_or_else(Answer::not_found)?;
    }
    if let Some(milestone) = call.body.get("milestone") {
        let set = state.set_milestone(at, bot, milestone.as_u64());
        set.ok_or_else(|| Answer::invalid("Issue", "milestone", "invalid"))?;
    }
    if let Some(wanted) = call.body["labels"].as_array() {
        replace_labels(state, at, wanted);
    }
    match call.text("state") {
        Some("closed") => {
            let reason = call.text("state_reason").unwrap_or("completed");
            state.close(at, bot, Some(reason), None).ok_or_else(Answer::not_found)?;
        }
        Some("open") => state.reopen(at, bot).ok_or_else(Answer::not_found)?,
        Some(_) => return Err(Answer::invalid("Issue", "state", "invalid")),
        None => {}
    }
    issue(state, at)
}

/// Names of labels in a body: texts, or objects with a name.
fn label_names(labels: &[Value]) -> Vec<String> {
    labels.iter().filter_map(|label| label.as_str().or(label["name"].as_str())).map(str::to_owned).collect()
}

fn replace_labels(state: &mut State, at: Numbered, wanted: &[Value]) {
    let (bot, wanted) = (state.world.app.bot, label_names(wanted));
    let old = state.issue(at).map(|(repo, issue)| {
        issue.labels.iter().filter_map(|id| repo.labels.get(id)).map(|label| label.name.clone()).collect()
    });
    let old: Vec<String> = old.unwrap_or_default();
    for name in old.iter().filter(|name| !wanted.contains(name)) {
        state.unset_label(at, bot, name);
    }
    for name in wanted.iter().filter(|name| !old.contains(name)) {
        state.set_label(at, bot, name);
    }
}

fn labels(state: &State, at: Numbered) -> Answered {
    let (repo, issue) = state.issue(at).ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(&objects::issue(&state.world, repo, issue)["labels"]))
}

fn add_labels(state: &mut State, call: &Call, at: Numbered) -> Answered {
    let wanted = call.body["labels"].as_array().or(call.body.as_array());
    let wanted = wanted.ok_or_else(|| Answer::invalid("Label", "labels", "missing_field"))?;
    let bot = state.world.app.bot;
    for name in label_names(wanted) {
        state.set_label(at, bot, &name).ok_or_else(Answer::not_found)?;
    }
    labels(state, at)
}

/// Who cannot be assigned is left out, and nobody is told: GitHub does the same.
fn assign(state: &mut State, call: &Call, at: Numbered) -> Answered {
    let wanted = call.body["assignees"].as_array();
    let wanted = wanted.ok_or_else(|| Answer::invalid("Issue", "assignees", "missing_field"))?;
    let bot = state.world.app.bot;
    let people = wanted.iter().filter_map(Value::as_str).filter_map(|login| state.world.account(login));
    for person in people.map(|person| person.id).collect::<Vec<_>>() {
        state.assign(at, bot, person).ok_or_else(Answer::not_found)?;
    }
    issue(state, at).map(|answer| Answer { status: 201, ..answer })
}

fn comments(state: &State, call: &Call, at: Numbered) -> Answered {
    let (repo, issue) = state.issue(at).ok_or_else(Answer::not_found)?;
    let all = issue.comments.iter().map(|comment| objects::comment(&state.world, repo, issue, comment));
    Ok(page(call, &state.world.urls.api, &all.collect::<Vec<_>>(), |all| all))
}

fn body(call: &Call, resource: &str) -> Result<String, Answer> {
    let body = call.text("body").filter(|body| !body.is_empty());
    let body = body.ok_or_else(|| Answer::invalid(resource, "body", "missing_field"))?;
    if body.chars().count() > LONGEST_BODY {
        return Err(Answer::invalid(resource, "body", "too_long"));
    }
    Ok(body.to_owned())
}

fn comment(state: &State, repo: u64, id: u64) -> Answered {
    let (at, comment) = state.find_comment(repo, id).ok_or_else(Answer::not_found)?;
    let (repo, issue) = state.issue(at).ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(&objects::comment(&state.world, repo, issue, comment)))
}

fn on_comment(state: &mut State, call: &Call, repo: u64, rest: &[&str]) -> Answered {
    let [id, rest @ ..] = rest else { return Err(Answer::not_found()) };
    let id: u64 = id.parse().map_err(|_| Answer::not_found())?;
    let shown = comment(state, repo, id)?;
    let bot = state.world.app.bot;
    match (call.method.as_str(), rest) {
        ("GET", []) => Ok(shown),
        ("PATCH", []) => {
            let body = body(call, "IssueComment")?;
            state.edit_comment(repo, bot, id, &body).ok_or_else(Answer::not_found)?;
            comment(state, repo, id)
        }
        ("DELETE", []) => {
            state.delete_comment(repo, bot, id).ok_or_else(Answer::not_found)?;
            Ok(Answer::empty(204))
        }
        ("POST", ["reactions"]) => {
            let content = content(call)?;
            let reaction = state.react_to_comment(repo, bot, id, &content);
            reacted(state, reaction)
        }
        _ => Err(Answer::not_found()),
    }
}

fn content(call: &Call) -> Result<String, Answer> {
    let content = call.text("content").filter(|content| REACTIONS.contains(content));
    content.map(str::to_owned).ok_or_else(|| Answer::invalid("Reaction", "content", "invalid"))
}

/// 201 for a new reaction, 200 where the same was there already.
fn reacted(state: &State, reaction: Option<(Reaction, bool)>) -> Answered {
    let (reaction, fresh) = reaction.ok_or_else(Answer::not_found)?;
    let object = objects::reaction(&state.world, &reaction);
    Ok(Answer::json(if fresh { 201 } else { 200 }, &json!(object)))
}
