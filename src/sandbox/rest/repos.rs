//! Repositories: the repository itself, contents, commits, pull requests, milestones.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::route::{Answered, at};
use crate::sandbox::answer::{Answer, Call, page};
use crate::sandbox::objects;
use crate::sandbox::state::{Numbered, State};
use crate::sandbox::world::Repo;

fn found(state: &State, id: u64) -> Result<&Repo, Answer> {
    state.repo(id).ok_or_else(Answer::not_found)
}

pub(super) fn repository(state: &State, id: u64) -> Answered {
    let repo = found(state, id)?;
    let mut object = objects::repository(&state.world, repo);
    object["subscribers_count"] = json!(0);
    object["network_count"] = json!(0);
    if let Some(organization) = objects::member_organization(&state.world, repo.owner) {
        object["organization"] = objects::user(&state.world, organization["id"].as_u64().unwrap_or_default());
    }
    Ok(Answer::ok(&object))
}

/// A file, as an object with Base64 or raw; of a folder, the list of what is in it.
pub(super) fn contents(state: &State, call: &Call, id: u64, path: &str) -> Answered {
    let repo = found(state, id)?;
    let reference = call.query("ref").unwrap_or_else(|| "HEAD".to_owned());
    let no_commit = || Answer::refused(404, &format!("No commit found for the ref {reference}"));
    let commit = repo.resolve(&reference).ok_or_else(no_commit)?;
    if let Some(text) = commit.files.get(path) {
        let raw = call.header("accept").is_some_and(|accept| accept.contains("raw"));
        return Ok(if raw {
            Answer {
                status: 200,
                headers: vec![("content-type", "application/vnd.github.raw+json; charset=utf-8".to_owned())],
                body: text.to_string(),
            }
        } else {
            Answer::ok(&objects::file_blob(&state.world, repo, commit, path, text))
        });
    }
    let folder = if path.is_empty() { String::new() } else { format!("{path}/") };
    let entries = objects::folder(&state.world, repo, commit, &folder);
    if entries.is_empty() { Err(Answer::not_found()) } else { Ok(Answer::ok(&json!(entries))) }
}

pub(super) fn commit(state: &State, id: u64, reference: &str) -> Answered {
    let repo = found(state, id)?;
    let message = format!("No commit found for SHA: {reference}");
    let commit = repo.resolve(reference).ok_or_else(|| Answer::refused(422, &message))?;
    Ok(Answer::ok(&objects::commit(&state.world, repo, commit)))
}

pub(super) fn pull(state: &State, at: Numbered) -> Answered {
    let (repo, issue) = state.issue(at).ok_or_else(Answer::not_found)?;
    let pull = issue.pull.as_ref().ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(&objects::pull(&state.world, repo, issue, pull)))
}

/// What a pull request changes.
pub(super) fn pull_files(state: &State, call: &Call, at: Numbered) -> Answered {
    let (repo, issue) = state.issue(at).ok_or_else(Answer::not_found)?;
    let pull = issue.pull.as_ref().ok_or_else(Answer::not_found)?;
    let files = objects::pull_files(&state.world, repo, pull);
    Ok(page(call, &state.world.urls.api, &files, |files| files))
}

/// Pull requests, newest first; open ones where nothing else is asked.
pub(super) fn pulls(state: &State, call: &Call, id: u64) -> Answered {
    let repo = found(state, id)?;
    let wanted = call.query("state").unwrap_or_else(|| "open".to_owned());
    let (head, base) = (call.query("head"), call.query("base"));
    let mut all = Vec::new();
    for issue in repo.issues.values().rev().filter(|issue| wanted == "all" || issue.state() == wanted) {
        let Some(pull) = &issue.pull else { continue };
        let object = objects::pull_summary(&state.world, repo, issue, pull);
        let head_is = head.as_ref().is_none_or(|head| object["head"]["label"] == **head);
        let base_is = base.as_ref().is_none_or(|base| pull.base_ref == *base);
        if head_is && base_is {
            all.push(object);
        }
    }
    Ok(page(call, &state.world.urls.api, &all, |all| all))
}

pub(super) fn milestones(state: &mut State, call: &Call, id: u64, rest: &[&str]) -> Answered {
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let repo = found(state, id)?;
            let wanted = call.query("state").unwrap_or_else(|| "open".to_owned());
            let all = repo.milestones.values().map(|it| objects::milestone(&state.world, repo, it));
            let all: Vec<Value> = all.filter(|it| wanted == "all" || it["state"] == *wanted).collect();
            Ok(page(call, &state.world.urls.api, &all, |all| all))
        }
        ("GET", [number]) => milestone(state, id, at(id, number)?.number),
        ("POST", []) => {
            let title =
                call.text("title").ok_or_else(|| Answer::invalid("Milestone", "title", "missing_field"))?;
            let bot = state.world.app.bot;
            let number = state.create_milestone(id, bot, title, due_on(call)?.flatten());
            let number = number.ok_or_else(Answer::not_found)?;
            milestone(state, id, number).map(|answer| Answer { status: 201, ..answer })
        }
        ("PATCH", [number]) => change_milestone(state, call, id, at(id, number)?.number),
        _ => Err(Answer::not_found()),
    }
}

fn milestone(state: &State, id: u64, number: u64) -> Answered {
    let repo = found(state, id)?;
    let milestone = repo.milestones.get(&number).ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(&objects::milestone(&state.world, repo, milestone)))
}

/// `due_on` of the body: absent, null, or a time.
fn due_on(call: &Call) -> Result<Option<Option<Timestamp>>, Answer> {
    let invalid = || Answer::invalid("Milestone", "due_on", "invalid");
    match &call.body["due_on"] {
        Value::Null if call.body.get("due_on").is_none() => Ok(None),
        Value::Null => Ok(Some(None)),
        Value::String(text) => text.parse().map(|at| Some(Some(at))).map_err(|_| invalid()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Err(invalid()),
    }
}

fn change_milestone(state: &mut State, call: &Call, id: u64, number: u64) -> Answered {
    milestone(state, id, number)?;
    let bot = state.world.app.bot;
    if let Some(title) = call.text("title") {
        state.rename_milestone(id, bot, number, title);
    }
    if let Some(text) = call.text("description") {
        state.describe_milestone(id, bot, number, text);
    }
    if let Some(due_on) = due_on(call)? {
        state.move_milestone(id, bot, number, due_on);
    }
    if let Some(word) = call.text("state") {
        state.set_milestone_open(id, bot, number, word == "open");
    }
    milestone(state, id, number)
}
