//! Which handler answers which path.

use serde_json::json;

use super::access::{Level, Who};
use super::{actions, apps, attestations, checks, compare, deployments, issues, repos, rules};
use crate::sandbox::answer::{Answer, Call, page};
use crate::sandbox::objects;
use crate::sandbox::state::{Numbered, State};
use crate::sandbox::world::Team;

/// A request that is allowed to be answered, or the refusal.
pub(super) type Answered = Result<Answer, Answer>;

pub(super) fn answer(state: &mut State, call: &Call, who: &Who) -> Answered {
    let segments = call.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (call.method.as_str(), segments.as_slice()) {
        ("GET", ["rate_limit"]) => Ok(super::rate_limit(state, who)),
        ("GET", ["meta"]) => Ok(meta()),
        ("POST", ["graphql"]) => Ok(super::query(state, call, who)),
        ("GET", ["installation", "repositories"]) => apps::repositories(state, call, who),
        ("GET", ["orgs", org, "teams", slug, "members"]) => members(state, call, who, org, slug),
        ("GET", ["orgs", org, "teams", slug]) => team(state, who, org, slug),
        ("GET", ["users", login]) => {
            let account = state.world.account(login).ok_or_else(Answer::not_found)?;
            Ok(Answer::ok(&objects::public_user(&state.world, account.id)))
        }
        ("GET", ["orgs" | "users", account, "installation"]) => apps::installed_on(state, who, account),
        ("GET", ["repos", owner, name, "installation"]) => {
            let repo = named(state, call, &format!("{owner}/{name}"))?;
            apps::installed_in(state, who, repo)
        }
        (method, ["app", rest @ ..]) => apps::answer(state, call, who, method, rest),
        (method, ["repos", owner, name, rest @ ..]) => {
            let repo = named(state, call, &format!("{owner}/{name}"))?;
            in_repo(state, call, who, (method, repo, rest))
        }
        (method, ["repositories", id, rest @ ..]) => {
            let repo = id.parse().map_err(|_| Answer::not_found())?;
            in_repo(state, call, who, (method, repo, rest))
        }
        _ => Err(Answer::not_found()),
    }
}

/// The repository with this name; a former name leads to the new place.
fn named(state: &State, call: &Call, full_name: &str) -> Result<u64, Answer> {
    if let Some(repo) = state.world.repo(full_name) {
        return Ok(repo.id);
    }
    let id = state.moved.get(&full_name.to_lowercase()).ok_or_else(Answer::not_found)?;
    let rest = call.uri.path().splitn(5, '/').nth(4).map(|rest| format!("/{rest}")).unwrap_or_default();
    let query = call.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let status = if call.method == "GET" { 301 } else { 307 };
    Err(moved(status, format!("{}/repositories/{id}{rest}{query}", state.world.urls.api)))
}

pub(super) fn moved(status: u16, url: String) -> Answer {
    let message = if status == 301 { "Moved Permanently" } else { "Temporary Redirect" };
    let body = json!({ "message": message, "url": url, "documentation_url": "https://docs.github.com/rest" });
    Answer::json(status, &body).with("location", url)
}

fn in_repo(state: &mut State, call: &Call, who: &Who, (method, id, rest): (&str, u64, &[&str])) -> Answered {
    let repo = state.repo(id).ok_or_else(Answer::not_found)?;
    let level = if method == "GET" { Level::Read } else { Level::Write };
    who.may(state, repo, permissions(repo, rest), level)?;
    match (method, rest) {
        ("GET", []) => repos::repository(state, id),
        ("GET", ["contents", path @ ..]) => repos::contents(state, call, id, &path.join("/")),
        ("GET", ["commits", reference @ .., "check-runs"]) => {
            checks::list(state, call, id, &reference.join("/"))
        }
        ("GET", ["commits", reference @ ..]) => repos::commit(state, id, &reference.join("/")),
        ("GET", ["compare", span @ ..]) => compare::compare(state, call, id, &span.join("/")),
        ("GET", ["attestations", digest]) => attestations::list(state, id, digest),
        ("GET", ["environments", rest @ ..]) => actions::environments(state, call, id, rest),
        ("GET", ["rules", "branches", branch]) => rules::branch(state, call, id, branch),
        ("GET", ["rulesets"]) => rules::of_tags(state, call, id),
        ("GET", ["rulesets", ruleset]) => rules::ruleset(state, id, ruleset),
        ("GET", ["branches", branch, "protection"]) => rules::protection(state, id, branch),
        (_, ["actions", rest @ ..]) => actions::answer(state, call, id, rest),
        (_, ["deployments", rest @ ..]) => deployments::answer(state, call, id, rest),
        ("GET", ["pulls"]) => repos::pulls(state, call, id),
        ("GET", ["pulls", number, "files"]) => repos::pull_files(state, call, at(id, number)?),
        ("GET", ["pulls", number]) => repos::pull(state, at(id, number)?),
        (_, ["milestones", rest @ ..]) => repos::milestones(state, call, id, rest),
        (_, ["check-runs", rest @ ..]) => checks::answer(state, call, id, rest),
        (_, ["issues", rest @ ..]) => issues::answer(state, call, id, rest),
        _ => Err(Answer::not_found()),
    }
}

/// The permissions of which one is needed. Pull requests are issues too, so either opens their conversation.
fn permissions(repo: &crate::sandbox::world::Repo, rest: &[&str]) -> &'static [&'static str] {
    match rest {
        ["contents" | "compare", ..] => &["contents"],
        ["attestations", ..] => &["attestations"],
        ["actions", "runs", _, "deployment_protection_rule"] | ["deployments", ..] => &["deployments"],
        ["actions" | "environments", ..] => &["actions"],
        ["branches", _, "protection"] => &["administration"],
        ["commits", .., "check-runs"] | ["check-runs", ..] => &["checks"],
        ["commits", ..] => &["contents"],
        ["pulls", ..] => &["pull_requests"],
        ["issues", "comments", ..] | ["milestones", ..] => &["issues", "pull_requests"],
        ["issues", number, ..] => {
            let issue = number.parse().ok().and_then(|number: u64| repo.issues.get(&number));
            let pull = issue.is_some_and(|issue| issue.pull.is_some());
            if pull { &["issues", "pull_requests"] } else { &["issues"] }
        }
        ["issues"] => &["issues"],
        _ => &["metadata"],
    }
}

/// A number in a path.
pub(super) fn at(repo: u64, number: &str) -> Result<Numbered, Answer> {
    let number = number.parse().map_err(|_| Answer::not_found())?;
    Ok(Numbered { repo, number })
}

fn team(state: &State, who: &Who, org: &str, slug: &str) -> Answered {
    let found = may_see_team(state, who, org, slug)?;
    Ok(Answer::ok(&objects::team(&state.world, found)))
}

fn members(state: &State, call: &Call, who: &Who, org: &str, slug: &str) -> Answered {
    let team = may_see_team(state, who, org, slug)?;
    let users: Vec<_> = team.members.iter().map(|member| objects::user(&state.world, *member)).collect();
    Ok(page(call, &state.world.urls.api, &users, |users| users))
}

fn may_see_team<'a>(state: &'a State, who: &Who, org: &str, slug: &str) -> Result<&'a Team, Answer> {
    let grant = who.grant()?;
    let org = state.world.account(org).ok_or_else(Answer::not_found)?;
    let installed = state.world.installations.get(&grant.installation);
    if installed.is_none_or(|it| it.account != org.id) {
        return Err(Answer::not_found());
    }
    if !grant.allows("members", Level::Read) {
        return Err(Answer::forbidden());
    }
    state.world.team(org.id, slug).ok_or_else(Answer::not_found)
}

fn meta() -> Answer {
    Answer::ok(&json!({ "verifiable_password_authentication": false, "hooks": ["127.0.0.1/32"],
        "web": ["127.0.0.1/32"], "api": ["127.0.0.1/32"], "git": ["127.0.0.1/32"] }))
}
