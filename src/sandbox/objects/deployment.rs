//! Deployments and their statuses.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::world::{Repo, World};
use super::{node_id, time, user};

/// A deployment, as far as the sandbox keeps it.
pub(in crate::sandbox) struct Deployment<'a> {
    pub id: u64,
    pub sha: &'a str,
    pub environment: &'a str,
    pub creator: u64,
    pub at: Timestamp,
}

fn url(world: &World, repo: &Repo, id: u64) -> String {
    format!("{}/repos/{}/deployments/{id}", world.urls.api, world.full_name(repo))
}

pub(in crate::sandbox) fn deployment(world: &World, repo: &Repo, of: &Deployment<'_>) -> Value {
    let url = url(world, repo, of.id);
    json!({
        "url": url,
        "id": of.id,
        "node_id": node_id("DE", of.id),
        "sha": of.sha,
        "ref": repo.default_branch,
        "task": "deploy",
        "payload": {},
        "original_environment": of.environment,
        "environment": of.environment,
        "description": null,
        "creator": user(world, of.creator),
        "created_at": time(of.at),
        "updated_at": time(of.at),
        "statuses_url": format!("{url}/statuses"),
        "repository_url": format!("{}/repos/{}", world.urls.api, world.full_name(repo)),
        "transient_environment": false,
        "production_environment": of.environment == "production",
    })
}

/// What became of it: `success`, `failure`, `error`, `in_progress` and the like.
pub(in crate::sandbox) fn deployment_status(
    world: &World,
    repo: &Repo,
    of: &Deployment<'_>,
    state: &str,
) -> Value {
    let url = url(world, repo, of.id);
    json!({
        "url": format!("{url}/statuses/1"),
        "id": of.id + 1,
        "node_id": node_id("DES", of.id + 1),
        "state": state,
        "creator": user(world, of.creator),
        "description": "",
        "environment": of.environment,
        "environment_url": "",
        "log_url": "",
        "target_url": "",
        "created_at": time(of.at),
        "updated_at": time(of.at),
        "deployment_url": url,
        "repository_url": format!("{}/repos/{}", world.urls.api, world.full_name(repo)),
    })
}
