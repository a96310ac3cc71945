//! Deployments that an App creates and reports of.

use serde_json::{Value, json};

use super::route::Answered;
use crate::sandbox::answer::{Answer, Call, page};
use crate::sandbox::objects;
use crate::sandbox::state::State;

const STATES: [&str; 7] = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];

pub(super) fn answer(state: &mut State, call: &Call, repo: u64, rest: &[&str]) -> Answered {
    match (call.method.as_str(), rest) {
        ("GET", []) => list(state, call, repo),
        ("POST", []) => create(state, call, repo),
        ("POST", [id, "statuses"]) => report(state, call, repo, id),
        _ => Err(Answer::not_found()),
    }
}

/// Newest first; of one commit and one environment, where they are named.
fn list(state: &State, call: &Call, repo: u64) -> Answered {
    let repo = state.repo(repo).ok_or_else(Answer::not_found)?;
    let (sha, environment) = (call.query("sha"), call.query("environment"));
    let wanted = repo.deployments.values().rev().filter(|it| {
        sha.as_ref().is_none_or(|sha| it.sha == *sha)
            && environment.as_ref().is_none_or(|environment| it.environment == *environment)
    });
    let all: Vec<Value> = wanted.map(|it| objects::deployment(&state.world, repo, it)).collect();
    Ok(page(call, &state.world.urls.api, &all, |all| all))
}

fn create(state: &mut State, call: &Call, id: u64) -> Answered {
    let invalid = |field: &'static str| Answer::invalid("Deployment", field, "invalid");
    let reference = call.text("ref").ok_or_else(|| invalid("ref"))?;
    let environment = call.text("environment").unwrap_or("production");
    let found = state.repo(id).ok_or_else(Answer::not_found)?;
    let no_commit = || Answer::refused(422, &format!("No ref found for: {reference}"));
    let sha = found.resolve(reference).ok_or_else(no_commit)?.sha.clone();
    if call.body["auto_merge"] != json!(false) || call.body["required_contexts"] != json!([]) {
        return Err(Answer::refused(409, "Conflict: Commit status checks failed"));
    }
    let payload = call.body["payload"].clone();
    let task = call.text("task").unwrap_or("deploy");
    let deployment = state.create_deployment_by_app(id, (environment, reference, &sha), (task, payload));
    let deployment = deployment.ok_or_else(Answer::not_found)?;
    let repo = state.repo(id).ok_or_else(Answer::not_found)?;
    let found = repo.deployments.get(&deployment).ok_or_else(Answer::not_found)?;
    Ok(Answer::json(201, &objects::deployment(&state.world, repo, found)))
}

fn report(state: &mut State, call: &Call, repo: u64, id: &str) -> Answered {
    let id: u64 = id.parse().map_err(|_| Answer::not_found())?;
    let said = call.text("state").filter(|said| STATES.contains(said));
    let said = said.ok_or_else(|| Answer::invalid("DeploymentStatus", "state", "invalid"))?;
    let bot = state.world.app.bot;
    state.report_deployment(repo, bot, id, said).ok_or_else(Answer::not_found)?;
    let description = call.text("description").unwrap_or_default();
    state.describe_deployment(repo, id, description).ok_or_else(Answer::not_found)?;
    let found = state.repo(repo).ok_or_else(Answer::not_found)?;
    let deployment = found.deployments.get(&id).ok_or_else(Answer::not_found)?;
    let status = deployment.statuses.last().ok_or_else(Answer::not_found)?;
    Ok(Answer::json(201, &objects::deployment_status(&state.world, found, deployment, status)))
}
