//! Check runs, which only the App that made them may change.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::route::Answered;
use crate::sandbox::answer::{Answer, Call, page};
use crate::sandbox::deeds::RunChange;
use crate::sandbox::objects;
use crate::sandbox::state::State;
use crate::sandbox::world::{CheckRun, Output, Repo};

/// Longest summary or text of a check run, in characters.
const LONGEST_TEXT: usize = 65_535;
const STATUSES: [&str; 3] = ["queued", "in_progress", "completed"];
const CONCLUSIONS: [&str; 7] =
    ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"];

pub(super) fn answer(state: &mut State, call: &Call, repo: u64, rest: &[&str]) -> Answered {
    match (call.method.as_str(), rest) {
        ("POST", []) => create(state, call, repo),
        ("GET", [id]) => run(state, repo, number(id)?),
        ("PATCH", [id]) => {
            let id = number(id)?;
            run(state, repo, id)?;
            let change = change(call)?;
            state.change_run(repo, id, change).ok_or_else(Answer::not_found)?;
            run(state, repo, id)
        }
        _ => Err(Answer::not_found()),
    }
}

fn number(text: &str) -> Result<u64, Answer> {
    text.parse().map_err(|_| Answer::not_found())
}

fn run(state: &State, repo: u64, id: u64) -> Answered {
    let repo = state.repo(repo).ok_or_else(Answer::not_found)?;
    let run = repo.check_runs.get(&id).ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(&objects::check_run(&state.world, repo, run)))
}

fn create(state: &mut State, call: &Call, repo: u64) -> Answered {
    let missing = |field: &'static str| move || Answer::invalid("CheckRun", field, "missing_field");
    let name = call.text("name").ok_or_else(missing("name"))?;
    let sha = call.text("head_sha").ok_or_else(missing("head_sha"))?;
    let known = state.repo(repo).is_some_and(|repo| repo.commits.contains_key(sha));
    if !known {
        return Err(Answer::refused(422, &format!("No commit found for SHA: {sha}")));
    }
    let change = RunChange { name: None, ..change(call)? };
    let id = state.create_run(repo, name, sha, change).ok_or_else(Answer::not_found)?;
    run(state, repo, id).map(|answer| Answer { status: 201, ..answer })
}

fn change(call: &Call) -> Result<RunChange, Answer> {
    let text = |name: &str| call.text(name).map(str::to_owned);
    let (status, conclusion) = (text("status"), text("conclusion"));
    let known =
        |word: &Option<String>, words: &[&str]| word.as_deref().is_none_or(|word| words.contains(&word));
    if !known(&status, &STATUSES) {
        return Err(Answer::invalid("CheckRun", "status", "invalid"));
    }
    if !known(&conclusion, &CONCLUSIONS) || status.as_deref() == Some("completed") && conclusion.is_none() {
        return Err(Answer::invalid("CheckRun", "conclusion", "invalid"));
    }
    Ok(RunChange {
        name: text("name"),
        external_id: text("external_id"),
        details_url: text("details_url"),
        status,
        conclusion,
        started_at: moment(call, "started_at")?,
        completed_at: moment(call, "completed_at")?,
        output: output(&call.body["output"])?,
    })
}

fn moment(call: &Call, name: &str) -> Result<Option<Timestamp>, Answer> {
    let parsed = call.text(name).map(str::parse).transpose();
    parsed.map_err(|_| Answer::invalid("CheckRun", name, "invalid"))
}

fn output(body: &Value) -> Result<Option<Output>, Answer> {
    if body.is_null() {
        return Ok(None);
    }
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let output = Output { title: text("title"), summary: text("summary"), text: text("text") };
    let too_long =
        |text: &Option<String>| text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_TEXT);
    if output.summary.is_none() || too_long(&output.summary) || too_long(&output.text) {
        return Err(Answer::invalid("CheckRun", "output", "invalid"));
    }
    Ok(Some(output))
}

/// The check runs of a commit; of each name only the latest, where `filter=all` does not say otherwise.
pub(super) fn list(state: &State, call: &Call, repo: u64, reference: &str) -> Answered {
    let repo = state.repo(repo).ok_or_else(Answer::not_found)?;
    let message = format!("No commit found for SHA: {reference}");
    let commit = repo.resolve(reference).ok_or_else(|| Answer::refused(422, &message))?;
    let (name, status) = (call.query("check_name"), call.query("status"));
    let ours = call.query("app_id").is_none_or(|id| id == state.world.app.id.to_string());
    let all = call.query("filter").as_deref() == Some("all");
    let wanted = |run: &&CheckRun| {
        ours && run.head_sha == commit.sha
            && name.as_ref().is_none_or(|name| run.name == *name)
            && status.as_ref().is_none_or(|status| run.status == *status)
            && (all || latest(repo, run))
    };
    let runs = repo.check_runs.values().rev().filter(wanted);
    let runs: Vec<Value> = runs.map(|run| objects::check_run(&state.world, repo, run)).collect();
    Ok(page(
        call,
        &state.world.urls.api,
        &runs,
        |shown| json!({ "total_count": runs.len(), "check_runs": shown }),
    ))
}

fn latest(repo: &Repo, run: &CheckRun) -> bool {
    let same = |other: &&CheckRun| other.suite == run.suite && other.name == run.name && other.app == run.app;
    repo.check_runs.values().rfind(same).is_some_and(|last| last.id == run.id)
}
