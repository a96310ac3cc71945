//! The App about itself: installations, tokens, and the log of its deliveries.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::access::{Level, Who};
use super::route::Answered;
use crate::sandbox::answer::{Answer, Call, page};
use crate::sandbox::hooks::Attempt;
use crate::sandbox::objects::{self, time};
use crate::sandbox::state::{Grant, State};
use crate::sandbox::world::{Installation, hash};

pub(super) fn answer(state: &mut State, call: &Call, who: &Who, method: &str, rest: &[&str]) -> Answered {
    who.app()?;
    match (method, rest) {
        ("GET", []) => Ok(app(state)),
        ("GET", ["installations"]) => Ok(installations(state, call)),
        ("GET", ["installations", id]) => {
            Ok(Answer::ok(&objects::installation(&state.world, installation(state, id)?)))
        }
        ("POST", ["installations", id, "access_tokens"]) => token(state, call, id),
        ("GET", ["hook", "config"]) => Ok(hook(state)),
        ("GET", ["hook", "deliveries"]) => Ok(deliveries(state, call)),
        ("GET", ["hook", "deliveries", id]) => delivery(state, id),
        ("POST", ["hook", "deliveries", id, "attempts"]) => {
            let id = id.parse().map_err(|_| Answer::not_found())?;
            state.hooks.owe_again(id).ok_or_else(Answer::not_found)?;
            Ok(Answer::json(202, &json!({})))
        }
        _ => Err(Answer::not_found()),
    }
}

fn app(state: &State) -> Answer {
    let mut app = objects::app(&state.world);
    app["installations_count"] = json!(state.world.installations.len());
    Answer::ok(&app)
}

/// Where webhooks go.
fn hook(state: &State) -> Answer {
    Answer::ok(&json!({
        "content_type": "json",
        "insecure_ssl": "0",
        "secret": "********",
        "url": state.hooks.target.as_deref().unwrap_or_default(),
    }))
}

fn installations(state: &State, call: &Call) -> Answer {
    let all = state.world.installations.values();
    let all: Vec<Value> = all.map(|it| listed(state, it)).collect();
    page(call, &state.world.urls.api, &all, |all| all)
}

/// In the list, GitHub's description wants an account to be a user and an enterprise at once.
fn listed(state: &State, installation: &Installation) -> Value {
    let mut object = objects::installation(&state.world, installation);
    let login = state.world.login(installation.account);
    let created = time(installation.created_at);
    if let Some(account) = object["account"].as_object_mut() {
        account.insert("name".to_owned(), json!(login));
        account.insert("slug".to_owned(), json!(login));
        account.insert("created_at".to_owned(), json!(created));
        account.insert("updated_at".to_owned(), json!(created));
    }
    object
}

fn installation<'s>(state: &'s State, id: &str) -> Result<&'s Installation, Answer> {
    let id: u64 = id.parse().map_err(|_| Answer::not_found())?;
    state.world.installations.get(&id).ok_or_else(Answer::not_found)
}

/// The installation on an account.
pub(super) fn installed_on(state: &State, who: &Who, account: &str) -> Answered {
    who.app()?;
    let account = state.world.account(account).ok_or_else(Answer::not_found)?;
    let id = state.installation_on(account.id).ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(&objects::installation(&state.world, installation(state, &id.to_string())?)))
}

/// The installation that covers a repository.
pub(super) fn installed_in(state: &State, who: &Who, repo: u64) -> Answered {
    who.app()?;
    let repo = state.repo(repo).ok_or_else(Answer::not_found)?;
    let installation = state.world.installation_for(repo).ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(&objects::installation(&state.world, installation)))
}

/// A new installation token, for everything or for what the body asks.
fn token(state: &mut State, call: &Call, id: &str) -> Answered {
    let installation = installation(state, id)?;
    if installation.suspended.is_some() {
        return Err(Answer::refused(403, "This installation has been suspended"));
    }
    let permissions = permissions(installation, &call.body["permissions"])?;
    let repositories = repositories_asked(state, installation, call)?;
    let selection =
        if repositories.is_some() || installation.repositories.is_some() { "selected" } else { "all" };
    let grant = Grant {
        installation: installation.id,
        repositories,
        permissions,
        expires_at: state.now() + SignedDuration::from_hours(1),
    };
    let token = name_token(state, installation.id);
    let mut body = json!({ "token": token, "expires_at": time(grant.expires_at),
        "permissions": grant.permissions, "repository_selection": selection });
    if grant.repositories.is_some() {
        let covered = state.world.covered_by(installation).into_iter();
        let covered = covered.filter(|repo| grant.covers(state, repo));
        body["repositories"] = covered.map(|repo| objects::repository(&state.world, repo)).collect();
    }
    state.grants.insert(token, grant);
    Ok(Answer::created(&body))
}

/// Long and opaque, as GitHub's are since 2026: nobody shall cut columns for 40 characters.
fn name_token(state: &State, installation: u64) -> String {
    let seed = format!("{installation} {} {}", state.grants.len(), state.requests.len());
    let parts = (0..13).map(|part| hash(["token", &seed, &part.to_string()]));
    format!("ghs_{}_{}", state.world.app.id, parts.collect::<String>())
}

fn permissions(installation: &Installation, asked: &Value) -> Result<BTreeMap<String, String>, Answer> {
    let Some(asked) = asked.as_object().filter(|asked| !asked.is_empty()) else {
        return Ok(installation.permissions.clone());
    };
    let too_much = "The permissions requested are not granted to this installation.";
    let mut narrowed = BTreeMap::from([("metadata".to_owned(), "read".to_owned())]);
    for (name, level) in asked {
        let level = level.as_str().unwrap_or_default();
        let granted = installation.permissions.get(name).map(String::as_str);
        if granted != Some(level) && (granted, level) != (Some("write"), "read") {
            return Err(Answer::refused(422, too_much));
        }
        narrowed.insert(name.clone(), level.to_owned());
    }
    Ok(narrowed)
}

fn repositories_asked(
    state: &State,
    installation: &Installation,
    call: &Call,
) -> Result<Option<BTreeSet<u64>>, Answer> {
    let (ids, names) = (call.body["repository_ids"].as_array(), call.body["repositories"].as_array());
    if ids.is_none() && names.is_none() {
        return Ok(None);
    }
    let covered = state.world.covered_by(installation);
    let by_id = |id: &Value| covered.iter().find(|repo| Some(repo.id) == id.as_u64());
    let by_name = |name: &Value| covered.iter().find(|repo| Some(repo.name.as_str()) == name.as_str());
    let found = ids.into_iter().flatten().map(by_id).chain(names.into_iter().flatten().map(by_name));
    let found: Option<BTreeSet<u64>> = found.map(|repo| repo.map(|repo| repo.id)).collect();
    let message = "There is at least one repository that does not exist or is not accessible to the parent installation.";
    found.map(Some).ok_or_else(|| Answer::refused(422, message))
}

pub(super) fn repositories(state: &State, call: &Call, who: &Who) -> Answered {
    let grant = who.grant()?;
    if !grant.allows("metadata", Level::Read) {
        return Err(Answer::forbidden());
    }
    let covered = state.world.repos.values().filter(|repo| grant.covers(state, repo));
    let all: Vec<Value> = covered.map(|repo| objects::repository(&state.world, repo)).collect();
    let selection = if grant.repositories.is_some() { "selected" } else { "all" };
    Ok(page(
        call,
        &state.world.urls.api,
        &all,
        |shown| json!({ "total_count": all.len(), "repository_selection": selection, "repositories": shown }),
    ))
}

fn summary(attempt: &Attempt) -> Value {
    let delivery = &attempt.delivery;
    let word = match attempt.status {
        200..=299 => "OK",
        502 => "failed to connect to host",
        _ => "Invalid HTTP Response",
    };
    json!({ "id": delivery.id, "guid": delivery.guid, "delivered_at": time(attempt.at),
        "redelivery": delivery.redelivery, "duration": 0.01, "status": word,
        "status_code": attempt.status, "event": delivery.event, "action": delivery.action,
        "installation_id": delivery.installation, "repository_id": delivery.repository,
        "throttled_at": null })
}

/// The log, newest first, page by page with a cursor.
fn deliveries(state: &State, call: &Call) -> Answer {
    let size = call.query("per_page").and_then(|text| text.parse().ok()).unwrap_or(30).clamp(1, 100);
    let before: Option<u64> =
        call.query("cursor").and_then(|text| text.trim_start_matches("v1_").parse().ok());
    let newest_first = state.hooks.attempts.iter().rev();
    let mut rest = newest_first.filter(|attempt| before.is_none_or(|before| attempt.delivery.id < before));
    let shown: Vec<&Attempt> = rest.by_ref().take(size).collect();
    let answer = Answer::ok(&shown.iter().map(|attempt| summary(attempt)).collect());
    match (shown.last(), rest.next()) {
        (Some(last), Some(_)) => {
            let base = &state.world.urls.api;
            let cursor = last.delivery.id;
            let url = format!("{base}/app/hook/deliveries?per_page={size}&cursor=v1_{cursor}");
            answer.with("link", format!("<{url}>; rel=\"next\""))
        }
        _ => answer,
    }
}

fn delivery(state: &State, id: &str) -> Answered {
    let id: u64 = id.parse().map_err(|_| Answer::not_found())?;
    let attempt = state.hooks.attempts.iter().find(|attempt| attempt.delivery.id == id);
    let attempt = attempt.ok_or_else(Answer::not_found)?;
    let sent: Map<String, Value> = state
        .hooks
        .headers(&attempt.delivery)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let received: Map<String, Value> =
        attempt.answer_headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let payload: Value = serde_json::from_str(&attempt.delivery.body).unwrap_or_default();
    let mut object = summary(attempt);
    object["url"] = json!(state.hooks.target.as_deref().unwrap_or_default());
    object["request"] = json!({ "headers": sent, "payload": payload });
    object["response"] = json!({ "headers": received, "payload": attempt.answer });
    Ok(Answer::ok(&object))
}
