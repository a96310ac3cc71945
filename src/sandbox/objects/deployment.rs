//! Deployments and their statuses.

use serde_json::{Value, json};

use super::super::world::{Deployment, Repo, Status, World};
use super::{node_id, time, user};

fn url(world: &World, repo: &Repo, id: u64) -> String {
    format!("{}/repos/{}/deployments/{id}", world.urls.api, world.full_name(repo))
}

pub(in crate::sandbox) fn deployment(world: &World, repo: &Repo, of: &Deployment) -> Value {
    let url = url(world, repo, of.id);
    json!({
        "url": url,
        "id": of.id,
        "node_id": node_id("DE", of.id),
        "sha": of.sha,
        "ref": of.reference,
        "task": of.task,
        "payload": of.payload,
        "original_environment": of.environment,
        "environment": of.environment,
        "description": null,
        "creator": user(world, of.creator),
        "created_at": time(of.created_at),
        "updated_at": time(of.updated_at),
        "statuses_url": format!("{url}/statuses"),
        "repository_url": format!("{}/repos/{}", world.urls.api, world.full_name(repo)),
        "transient_environment": false,
        "production_environment": of.environment == "production",
    })
}

/// What became of it.
pub(in crate::sandbox) fn deployment_status(
    world: &World,
    repo: &Repo,
    of: &Deployment,
    status: &Status,
) -> Value {
    let url = url(world, repo, of.id);
    json!({
        "url": format!("{url}/statuses/{}", status.id),
        "id": status.id,
        "node_id": node_id("DES", status.id),
        "state": status.state,
        "creator": user(world, status.creator),
        "description": status.description,
        "environment": of.environment,
        "environment_url": "",
        "log_url": "",
        "target_url": "",
        "created_at": time(status.at),
        "updated_at": time(status.at),
        "deployment_url": url,
        "repository_url": format!("{}/repos/{}", world.urls.api, world.full_name(repo)),
    })
}
