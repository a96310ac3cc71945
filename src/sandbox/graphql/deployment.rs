//! Deployments, and annotated tags.

use apollo_compiler::response::{JsonMap, JsonValue};

use super::node::{Resolved, Thing, View, leaf, moment, text, unknown};
use crate::sandbox::objects::node_id;
use crate::sandbox::world::{Deployment, Repo, Status};

/// The deployments of a repository, by time, of the environments that are asked for.
pub(super) fn deployments<'a>(repo: &'a Repo, arguments: &JsonMap) -> Vec<Thing<'a>> {
    let names = arguments.get("environments").and_then(|names| names.as_array());
    let names: Option<Vec<&str>> = names.map(|names| names.iter().filter_map(JsonValue::as_str).collect());
    let wanted =
        |of: &&Deployment| names.as_ref().is_none_or(|names| names.contains(&of.environment.as_str()));
    let mut found: Vec<&Deployment> = repo.deployments.values().filter(wanted).collect();
    let order = arguments.get("orderBy").and_then(|order| order.as_object());
    if order.is_some_and(|order| text(order, "direction") == Some("DESC")) {
        found.reverse();
    }
    found.into_iter().map(|of| Thing::Deployment(repo, of)).collect()
}

pub(super) fn deployment<'a>(
    view: View<'a>,
    repo: &'a Repo,
    of: &'a Deployment,
    field: &str,
) -> Resolved<'a> {
    match field {
        "id" => leaf(node_id("DE", of.id)),
        "databaseId" => leaf(of.id),
        "commitOid" => leaf(of.sha.as_str()),
        "commit" => view.optional(repo.commits.get(&of.sha).map(|commit| Thing::Commit(repo, commit))),
        "environment" | "latestEnvironment" | "originalEnvironment" => leaf(of.environment.as_str()),
        "task" => leaf("deploy"),
        "ref" => {
            let names = ["heads", "tags"].map(|kind| format!("refs/{kind}/{}", of.reference));
            let known = names.into_iter().find(|name| repo.refs.contains_key(name));
            view.optional(known.map(|name| Thing::Ref(repo, name)))
        }
        "creator" => view.account(of.creator),
        "createdAt" => moment(of.created_at),
        "updatedAt" => moment(of.updated_at),
        "state" => leaf(match of.state() {
            "success" => "ACTIVE".to_owned(),
            other => other.to_uppercase(),
        }),
        "latestStatus" => view.optional(of.statuses.last().map(Thing::DeploymentStatus)),
        _ => unknown(field),
    }
}

pub(super) fn status<'a>(view: View<'a>, status: &'a Status, field: &str) -> Resolved<'a> {
    match field {
        "id" => leaf(node_id("DES", status.id)),
        "state" => leaf(status.state.to_uppercase()),
        "creator" => view.account(status.creator),
        "createdAt" | "updatedAt" => moment(status.at),
        _ => unknown(field),
    }
}

/// An annotated tag, by its name as an object.
pub(super) fn tag<'a>(view: View<'a>, repo: &'a Repo, oid: &'a str, field: &str) -> Resolved<'a> {
    match field {
        "id" => leaf(format!("TAG_{oid}")),
        "oid" => leaf(oid),
        "target" => view.optional(repo.tags.get(oid).and_then(|target| pointed_at(repo, target))),
        _ => unknown(field),
    }
}

/// The commit or the annotated tag of this name.
pub(super) fn pointed_at<'a>(repo: &'a Repo, sha: &'a str) -> Option<Thing<'a>> {
    if repo.tags.contains_key(sha) {
        return Some(Thing::Tag(repo, sha));
    }
    repo.commits.get(sha).map(|commit| Thing::Commit(repo, commit))
}
