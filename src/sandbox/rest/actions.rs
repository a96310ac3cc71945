//! Runs of workflows and environments, and the answer of the App's rule.

use serde_json::{Value, json};

use super::route::Answered;
use crate::sandbox::answer::{Answer, Call, page};
use crate::sandbox::deeds::NotTaken;
use crate::sandbox::objects;
use crate::sandbox::state::State;
use crate::sandbox::world::{Environment, Repo, Run};

const LONGEST_COMMENT: usize = 1_024;

pub(super) fn answer(state: &mut State, call: &Call, repo: u64, rest: &[&str]) -> Answered {
    match (call.method.as_str(), rest) {
        ("GET", ["runs"]) => runs(state, call, repo),
        ("GET", ["runs", id]) => {
            let (repo, run) = run(state, repo, id)?;
            Ok(Answer::ok(&objects::run(&state.world, repo, run)))
        }
        ("GET", ["runs", id, "pending_deployments"]) => {
            let (repo, run) = run(state, repo, id)?;
            Ok(Answer::ok(&json!(objects::pending_deployments(&state.world, repo, run))))
        }
        ("POST", ["runs", id, "deployment_protection_rule"]) => review(state, call, repo, id),
        _ => Err(Answer::not_found()),
    }
}

fn run<'s>(state: &'s State, repo: u64, id: &str) -> Result<(&'s Repo, &'s Run), Answer> {
    let found = state.repo(repo).and_then(|repo| Some((repo, repo.runs.get(&id.parse().ok()?)?)));
    found.ok_or_else(Answer::not_found)
}

/// Newest first; of one status, where one is asked for.
fn runs(state: &State, call: &Call, repo: u64) -> Answered {
    let repo = state.repo(repo).ok_or_else(Answer::not_found)?;
    let status = call.query("status");
    let wanted = |run: &&Run| {
        let (word, conclusion) = run.words();
        status.as_deref().is_none_or(|status| status == word || Some(status) == conclusion)
    };
    let runs = repo.runs.values().rev().filter(wanted);
    let runs: Vec<Value> = runs.map(|run| objects::run(&state.world, repo, run)).collect();
    Ok(page(
        call,
        &state.world.urls.api,
        &runs,
        |shown| json!({ "total_count": runs.len(), "workflow_runs": shown }),
    ))
}

fn review(state: &mut State, call: &Call, repo: u64, id: &str) -> Answered {
    let id = run(state, repo, id)?.1.id;
    let invalid = |field: &'static str| Answer::invalid("Deployment", field, "invalid");
    let environment = call.text("environment_name").ok_or_else(|| invalid("environment_name"))?;
    let comment = call.text("comment").unwrap_or_default();
    let approved = match (call.text("state"), comment.is_empty()) {
        (Some("approved"), _) => Some(true),
        (Some("rejected"), _) => Some(false),
        (None, false) => None,
        (Some(_), _) | (None, true) => return Err(invalid("state")),
    };
    if comment.chars().count() > LONGEST_COMMENT {
        return Err(invalid("comment"));
    }
    match state.rule(repo, id, environment, approved, comment) {
        Some(Ok(())) => Ok(Answer::empty(204)),
        Some(Err(NotTaken::NothingWaits)) => {
            Err(Answer::refused(422, "No pending deployment requests to approve or reject"))
        }
        Some(Err(NotTaken::TooManyNotes)) => Err(invalid("comment")),
        None => Err(Answer::not_found()),
    }
}

/// `/environments`, `/environments/{name}` and what is behind it.
pub(super) fn environments(state: &State, call: &Call, repo: u64, rest: &[&str]) -> Answered {
    let repo = state.repo(repo).ok_or_else(Answer::not_found)?;
    let named = |name: &str| repo.environments.get(&name.to_lowercase()).ok_or_else(Answer::not_found);
    match rest {
        [] => {
            let shown = |it| objects::environment(&state.world, repo, it);
            let all: Vec<Value> = repo.environments.values().map(shown).collect();
            let frame = |shown| json!({ "total_count": all.len(), "environments": shown });
            Ok(page(call, &state.world.urls.api, &all, frame))
        }
        [name] => Ok(Answer::ok(&objects::environment(&state.world, repo, named(name)?))),
        [name, "deployment_protection_rules"] => {
            let environment: &Environment = named(name)?;
            let rules = objects::protection_rules(&state.world, environment);
            let body = json!({ "total_count": rules.len(), "custom_deployment_protection_rules": rules });
            Ok(Answer::ok(&body))
        }
        _ => Err(Answer::not_found()),
    }
}
