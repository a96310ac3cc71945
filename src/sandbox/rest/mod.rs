//! The REST API: who is asking, whether the budget allows it, which handler answers, and the headers that GitHub
//! puts on every answer.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::answer::{Answer, Call};
use super::faults::{Fault, Struck};
use super::graphql;
use super::limits::Resource;
use super::state::{Request, State};

mod access;
mod actions;
mod apps;
mod attestations;
mod checks;
mod compare;
mod deployments;
mod issues;
mod repos;
mod route;
mod rules;

use access::Who;

pub(super) use access::Level;

const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

/// Why nobody gets an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// It is lost on its way.
    Lost,
    /// There is none, and there never will be.
    Silence,
}

/// Answers a request.
pub(super) fn answer(state: &mut State, call: &Call) -> Result<Answer, NoAnswer> {
    let who = access::who(state, call);
    let record = record(state, call, who.as_ref().ok());
    let payer = who.as_ref().ok().and_then(Who::installation);
    let struck = state.faults.strike(&call.method, call.uri.path(), payer);
    let answer = match struck {
        None => judged(state, call, who),
        Some(Struck { world: Some(world), .. }) => from_the_past(state, call, who, *world),
        Some(Struck { fault, world: None }) => under_fault(state, call, who, fault)?,
    };
    if let Some(request) = state.requests.get_mut(record) {
        request.status = answer.status;
        request.answer.clone_from(&answer.body);
    }
    Ok(answer)
}

fn record(state: &mut State, call: &Call, who: Option<&Who>) -> usize {
    let request = Request {
        at: state.now(),
        method: call.method.clone(),
        path: call.uri.path().to_owned(),
        query: call.uri.query().unwrap_or_default().to_owned(),
        body: call.body.clone(),
        installation: who.and_then(Who::installation),
        status: 0,
        answer: String::new(),
    };
    state.requests.push(request);
    state.requests.len() - 1
}

fn from_the_past(
    state: &mut State,
    call: &Call,
    who: Result<Who, Answer>,
    past: super::world::World,
) -> Answer {
    let present = std::mem::replace(&mut state.world, past);
    let answer = judged(state, call, who);
    state.world = present;
    answer
}

/// The answer under a fault.
fn under_fault(
    state: &mut State,
    call: &Call,
    who: Result<Who, Answer>,
    fault: Fault,
) -> Result<Answer, NoAnswer> {
    let secondary =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    Ok(match fault {
        Fault::ErrorBefore(status) => Answer::refused(status, "Server Error"),
        Fault::ErrorAfter(status) => {
            judged(state, call, who);
            Answer::refused(status, "Server Error")
        }
        Fault::LostAnswer => {
            judged(state, call, who);
            return Err(NoAnswer::Lost);
        }
        Fault::Silence => return Err(NoAnswer::Silence),
        Fault::Unauthorized => Answer::bad_credentials(),
        Fault::Forbidden { retry_after } => Answer::refused(403, secondary).with("retry-after", retry_after),
        Fault::TooMany { retry_after } => Answer::refused(429, secondary).with("retry-after", retry_after),
        Fault::NotFound => Answer::not_found(),
        Fault::Stale => judged(state, call, who),
    })
}

/// The answer after version, credentials and budget are looked at, with GitHub's headers.
fn judged(state: &mut State, call: &Call, who: Result<Who, Answer>) -> Answer {
    let version = call.header("x-github-api-version").unwrap_or(VERSIONS[0]).to_owned();
    if !VERSIONS.contains(&version.as_str()) {
        let message = format!("API version \"{version}\" is not supported.");
        return Answer::refused(400, &message);
    }
    if call.malformed {
        return Answer::refused(400, "Problems parsing JSON");
    }
    let who = match who {
        Ok(who) => who,
        Err(refusal) => return decorated(state, refusal, None, Resource::Core, &version),
    };
    let (payer, resource) = (who.installation().unwrap_or(0), resource(call));
    let answer = match within_budget(state, call, payer, resource) {
        Ok(()) => route::answer(state, call, &who).unwrap_or_else(|refusal| refusal),
        Err(refusal) => refusal,
    };
    let answer = conditional(call, answer);
    let free = answer.status == 304 || call.uri.path() == "/rate_limit";
    if !free {
        let now = state.now();
        state.limits.spend(payer, resource, now);
    }
    decorated(state, answer, Some(payer), resource, &version)
}

fn resource(call: &Call) -> Resource {
    if call.uri.path() == "/graphql" { Resource::Graphql } else { Resource::Core }
}

/// Refuses where the hour's budget is used up, or too much content is written.
fn within_budget(state: &mut State, call: &Call, payer: u64, resource: Resource) -> Result<(), Answer> {
    let now = state.now();
    if call.uri.path() == "/rate_limit" {
        return Ok(());
    }
    if state.limits.budget(payer, resource, now).remaining() == 0 {
        let message = format!("API rate limit exceeded for installation ID {payer}.");
        return Err(Answer::refused(403, &message));
    }
    if !creates_content(call) {
        return Ok(());
    }
    match state.limits.write_content(payer, now) {
        None => Ok(()),
        Some(seconds) => {
            let message = "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.";
            Err(Answer::refused(403, message).with("retry-after", seconds))
        }
    }
}

/// Writes of issues, comments, labels and milestones are content; check runs and reactions are not.
fn creates_content(call: &Call) -> bool {
    let path = call.uri.path();
    let content = path.contains("/issues") || path.contains("/milestones");
    call.method != "GET" && path.starts_with("/repo") && content && !path.contains("/reactions")
}

/// Gives an answer its `ETag`, and 304 where the asker has it already.
fn conditional(call: &Call, answer: Answer) -> Answer {
    if call.method != "GET" || answer.status != 200 {
        return answer;
    }
    let etag = format!("W/\"{}\"", hex::encode(Sha256::digest(&answer.body)));
    if call.header("if-none-match") == Some(&etag) {
        return Answer::empty(304).with("etag", etag);
    }
    answer.with("etag", etag)
}

fn decorated(state: &State, answer: Answer, payer: Option<u64>, resource: Resource, version: &str) -> Answer {
    let number = state.requests.len();
    let date = state.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let answer = answer
        .with("date", date)
        .with("x-github-request-id", format!("5A5B:{number:06X}:5EED"))
        .with("x-github-api-version-selected", version)
        .with("x-github-media-type", "github.v3; format=json");
    let Some(payer) = payer else { return answer };
    let budget = state.limits.budget(payer, resource, state.now());
    answer
        .with("x-ratelimit-limit", budget.limit)
        .with("x-ratelimit-remaining", budget.remaining())
        .with("x-ratelimit-used", budget.used)
        .with("x-ratelimit-reset", budget.reset.as_second())
        .with("x-ratelimit-resource", resource.word())
}

/// `GET /rate_limit`, which costs nothing.
fn rate_limit(state: &State, who: &Who) -> Answer {
    let (payer, now) = (who.installation().unwrap_or(0), state.now());
    let show = |resource| {
        let budget = state.limits.budget(payer, resource, now);
        json!({ "limit": budget.limit, "used": budget.used, "remaining": budget.remaining(),
            "reset": budget.reset.as_second() })
    };
    let (core, graphql) = (show(Resource::Core), show(Resource::Graphql));
    let search = json!({ "limit": 30, "used": 0, "remaining": 30, "reset": now.as_second() + 60 });
    Answer::ok(&json!({ "resources": { "core": core, "graphql": graphql, "search": search }, "rate": core }))
}

fn query(state: &State, call: &Call, who: &Who) -> Answer {
    match who {
        Who::Installation(grant) => Answer::ok(&graphql::execute(state, grant, &call.body)),
        Who::App | Who::Nobody => Answer::bad_credentials(),
    }
}
