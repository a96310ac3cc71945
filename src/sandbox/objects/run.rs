//! Runs of the workflow that deploys, environments, and what waits in them.

use serde_json::{Value, json};

use super::super::world::{Environment, Job, JobState, Repo, Run, World};
use super::{node_id, repository, simple_commit, time, user, with};

/// The file of the one workflow that every repository has.
const WORKFLOW: &str = ".github/workflows/deploy.yml";
const NAME: &str = "Deploy";

/// The workflow's number: every repository has one.
const fn workflow_id(repo: &Repo) -> u64 {
    repo.id + 500_000
}

fn urls(world: &World, repo: &Repo) -> (String, String) {
    let name = world.full_name(repo);
    (format!("{}/repos/{name}", world.urls.api), format!("{}/{name}", world.urls.web))
}

pub(in crate::sandbox) fn workflow(world: &World, repo: &Repo) -> Value {
    let ((api, web), id) = (urls(world, repo), workflow_id(repo));
    json!({
        "id": id,
        "node_id": node_id("W", id),
        "name": NAME,
        "path": WORKFLOW,
        "state": "active",
        "created_at": time(repo.created_at),
        "updated_at": time(repo.created_at),
        "url": format!("{api}/actions/workflows/{id}"),
        "html_url": format!("{web}/blob/{}/{WORKFLOW}", repo.default_branch),
        "badge_url": format!("{web}/workflows/{NAME}/badge.svg"),
    })
}

/// A run as deployments carry it.
pub(in crate::sandbox) fn run_in_deployment(world: &World, repo: &Repo, run: &Run) -> Value {
    let ((api, web), (status, conclusion)) = (urls(world, repo), run.words());
    json!({
        "id": run.id,
        "name": NAME,
        "display_title": NAME,
        "node_id": node_id("WFR", run.id),
        "head_branch": run.head_branch.as_deref().unwrap_or(&repo.default_branch),
        "head_sha": run.head_sha,
        "path": WORKFLOW,
        "run_number": run.number,
        "run_attempt": run.attempt,
        "event": run.event,
        "status": status,
        "conclusion": conclusion,
        "workflow_id": workflow_id(repo),
        "check_suite_id": run.suite,
        "check_suite_node_id": node_id("CS", run.suite),
        "url": format!("{api}/actions/runs/{}", run.id),
        "html_url": format!("{web}/actions/runs/{}", run.id),
        "pull_requests": [],
        "created_at": time(run.created_at),
        "updated_at": time(run.updated_at),
        "run_started_at": time(run.started_at),
        "actor": user(world, run.actor),
        "triggering_actor": user(world, run.triggering_actor),
    })
}

/// A run in full.
pub(in crate::sandbox) fn run(world: &World, repo: &Repo, run: &Run) -> Value {
    let (api, _) = urls(world, repo);
    let url = format!("{api}/actions/runs/{}", run.id);
    let earlier = run.attempt.checked_sub(1).filter(|attempt| *attempt > 0);
    let head = world.repos.get(&run.head_repo).map(|head| repository(world, head));
    let more = json!({
        "head_branch": run.head_branch,
        "head_commit": repo.commits.get(&run.head_sha).map(|commit| simple_commit(commit)),
        "referenced_workflows": [],
        "jobs_url": format!("{url}/jobs"),
        "logs_url": format!("{url}/logs"),
        "check_suite_url": format!("{api}/check-suites/{}", run.suite),
        "artifacts_url": format!("{url}/artifacts"),
        "cancel_url": format!("{url}/cancel"),
        "rerun_url": format!("{url}/rerun"),
        "previous_attempt_url": earlier.map(|attempt| format!("{url}/attempts/{attempt}")),
        "workflow_url": format!("{api}/actions/workflows/{}", workflow_id(repo)),
        "head_repository": head,
        "repository": repository(world, repo),
    });
    with(run_in_deployment(world, repo, run), more)
}

/// Each environment once for which a job of a run waits.
pub(in crate::sandbox) fn pending_deployments(world: &World, repo: &Repo, run: &Run) -> Vec<Value> {
    let (api, web) = urls(world, repo);
    let waiting = run.jobs.iter().filter(|job| job.state == JobState::Waiting);
    let mut names: Vec<String> = waiting.map(|job: &Job| job.environment.to_lowercase()).collect();
    names.sort();
    names.dedup();
    let pending = |environment: &Environment| {
        json!({
            "environment": {
                "id": environment.id,
                "node_id": node_id("EN", environment.id),
                "name": environment.name,
                "url": format!("{api}/environments/{}", environment.name),
                "html_url": format!("{web}/deployments/activity_log?environments_filter={}", environment.name),
            },
            "wait_timer": 0,
            "wait_timer_started_at": null,
            "current_user_can_approve": environment.rule.is_some(),
            "reviewers": [],
        })
    };
    names.iter().filter_map(|name| repo.environments.get(name)).map(pending).collect()
}

pub(in crate::sandbox) fn environment(world: &World, repo: &Repo, environment: &Environment) -> Value {
    let (api, web) = urls(world, repo);
    json!({
        "id": environment.id,
        "node_id": node_id("EN", environment.id),
        "name": environment.name,
        "url": format!("{api}/environments/{}", environment.name),
        "html_url": format!("{web}/deployments/activity_log?environments_filter={}", environment.name),
        "created_at": time(environment.created_at),
        "updated_at": time(environment.updated_at),
        "can_admins_bypass": environment.bypass,
        "protection_rules": native_rules(world, environment),
        "deployment_branch_policy": null,
    })
}

/// GitHub's own rules of an environment.
fn native_rules(world: &World, environment: &Environment) -> Vec<Value> {
    let id =
        |n: u64| json!({ "id": environment.id * 10 + n, "node_id": node_id("GA", environment.id * 10 + n) });
    let reviewer = |person: &u64| json!({ "type": "User", "reviewer": user(world, *person) });
    let reviewers: Vec<Value> = environment.reviewers.iter().map(reviewer).collect();
    let reviews = json!({
        "type": "required_reviewers",
        "prevent_self_review": environment.prevents_self_review,
        "reviewers": reviewers,
    });
    let waits = json!({ "type": "wait_timer", "wait_timer": environment.wait_timer });
    let reviews = (!reviewers.is_empty()).then(|| with(id(1), reviews));
    reviews.into_iter().chain((environment.wait_timer > 0).then(|| with(id(2), waits))).collect()
}

/// The App's rule in an environment, if it is enabled there.
pub(in crate::sandbox) fn protection_rules(world: &World, environment: &Environment) -> Vec<Value> {
    let app = &world.app;
    let rule = |id: u64| {
        json!({
            "id": id,
            "node_id": node_id("GA", id),
            "enabled": true,
            "app": {
                "id": app.id,
                "slug": app.slug,
                "integration_url": format!("{}/apps/{}", world.urls.api, app.slug),
                "node_id": node_id("A", app.id),
            },
        })
    };
    environment.rule.map(rule).into_iter().collect()
}
