//! Check runs and check suites.

use serde_json::{Value, json};

use super::super::world::{CheckRun, CheckSuite, Issue, Pull, Repo, World};
use super::{app, node_id, simple_commit, time, with};

/// A check run as REST answers.
pub(in crate::sandbox) fn check_run(world: &World, repo: &Repo, run: &CheckRun) -> Value {
    let full_name = world.full_name(repo);
    let url = format!("{}/repos/{full_name}/check-runs/{}", world.urls.api, run.id);
    let html = format!("{}/{full_name}/runs/{}", world.urls.web, run.id);
    json!({
        "id": run.id,
        "node_id": node_id("CR", run.id),
        "name": run.name,
        "head_sha": run.head_sha,
        "external_id": run.external_id.as_deref().unwrap_or_default(),
        "url": url,
        "html_url": html,
        "details_url": run.details_url.as_ref().unwrap_or(&html),
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": time(run.started_at),
        "completed_at": run.completed_at.map(time),
        "output": {
            "title": run.output.title,
            "summary": run.output.summary,
            "text": run.output.text,
            "annotations_count": 0,
            "annotations_url": format!("{url}/annotations"),
        },
        "check_suite": { "id": run.suite },
        "app": app_of(world, run),
        "pull_requests": pulls_at(world, repo, &run.head_sha),
    })
}

fn app_of(world: &World, run: &CheckRun) -> Value {
    let ours = app(world);
    match &run.app {
        Some(slug) => with(ours, json!({ "id": world.app.id + 1, "slug": slug, "name": slug })),
        None => ours,
    }
}

/// A check run as webhooks carry it: with more of its suite.
pub(in crate::sandbox) fn check_run_in_hook(world: &World, repo: &Repo, run: &CheckRun) -> Value {
    let suite = repo.check_suites.get(&run.suite).map(|suite| simple_suite(world, repo, suite));
    with(check_run(world, repo, run), json!({ "check_suite": suite }))
}

fn simple_suite(world: &World, repo: &Repo, suite: &CheckSuite) -> Value {
    let (status, conclusion) = summary(repo, suite);
    let url = format!("{}/repos/{}/check-suites/{}", world.urls.api, world.full_name(repo), suite.id);
    json!({
        "id": suite.id,
        "node_id": node_id("CS", suite.id),
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": url,
        "before": suite.before,
        "after": suite.head_sha,
        "pull_requests": pulls_at(world, repo, &suite.head_sha),
        "app": app(world),
        "created_at": time(suite.created_at),
        "updated_at": time(suite.updated_at),
    })
}

/// Events that GitHub's own description of `check_suite` does not know an App can listen to.
const UNKNOWN_TO_SUITES: [&str; 2] = ["deployment_protection_rule", "merge_group"];

/// A check suite in full, as `check_suite` carries it.
pub(in crate::sandbox) fn check_suite(world: &World, repo: &Repo, suite: &CheckSuite) -> Value {
    let runs = runs_of(repo, suite).count();
    let commit = repo.commits.get(&suite.head_sha).map(|commit| simple_commit(commit));
    let url = format!("{}/repos/{}/check-suites/{}", world.urls.api, world.full_name(repo), suite.id);
    let events = world.app.events.iter().filter(|event| !UNKNOWN_TO_SUITES.contains(&event.as_str()));
    let more = json!({
        "app": with(app(world), json!({ "events": events.collect::<Vec<_>>() })),
        "check_runs_url": format!("{url}/check-runs"),
        "latest_check_runs_count": runs,
        "head_commit": commit,
        "rerequestable": true,
        "runs_rerequestable": true,
    });
    with(simple_suite(world, repo, suite), more)
}

fn runs_of<'w>(repo: &'w Repo, suite: &CheckSuite) -> impl Iterator<Item = &'w CheckRun> {
    let id = suite.id;
    repo.check_runs.values().filter(move |run| run.suite == id)
}

/// Status and conclusion of a suite: complete when all its runs are, and then as good as the worst.
fn summary(repo: &Repo, suite: &CheckSuite) -> (&'static str, Option<&'static str>) {
    if runs_of(repo, suite).next().is_none() {
        ("queued", None)
    } else if runs_of(repo, suite).any(|run| run.status != "completed") {
        ("in_progress", None)
    } else if runs_of(repo, suite).all(|run| run.conclusion.as_deref() == Some("success")) {
        ("completed", Some("success"))
    } else if runs_of(repo, suite).any(|run| run.conclusion.as_deref() == Some("failure")) {
        ("completed", Some("failure"))
    } else {
        ("completed", Some("action_required"))
    }
}

/// The open pull requests of this repository whose head is this commit; empty for forks, as on GitHub.
fn pulls_at(world: &World, repo: &Repo, sha: &str) -> Value {
    let minimal = |issue: &Issue| issue.pull.as_ref().map(|pull| pull_minimal(world, repo, issue, pull));
    repo.pulls_at(sha).into_iter().filter_map(minimal).collect()
}

fn pull_minimal(world: &World, repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
    let url = format!("{}/repos/{}", world.urls.api, world.full_name(repo));
    let here = json!({ "id": repo.id, "url": url, "name": repo.name });
    json!({
        "id": pull.id,
        "number": issue.number,
        "url": format!("{url}/pulls/{}", issue.number),
        "head": { "ref": pull.head_ref, "sha": pull.head_sha, "repo": here },
        "base": { "ref": pull.base_ref, "sha": pull.base_sha, "repo": here },
    })
}
