//! GitHub's objects as JSON, complete as in GitHub's published schemas, one function per object. REST answers and
//! webhook payloads both use them, so that an object looks the same wherever it is met.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::world::World;

mod account;
mod app;
mod checks;
mod commit;
mod compare;
mod deployment;
mod files;
mod issue;
mod pull;
mod repository;
mod rules;
mod run;

pub(super) use account::{member_organization, organization, public_user, renamed_account, team, user};
pub(super) use app::{app, installation, repository_names, simple_installation};
pub(super) use checks::{check_run, check_run_in_hook, check_suite};
pub(super) use commit::{commit, commit_summary, file_blob, folder, pushed_commit, simple_commit};
pub(super) use compare::comparison;
pub(super) use deployment::{deployment, deployment_status};
pub(super) use files::{changed_files, pull_files};
pub(super) use issue::{comment, issue, issue_type, label, milestone, reaction};
pub(super) use pull::{pull, pull_summary, review};
pub(super) use repository::{pushed_repository, repository};
pub(super) use rules::{branch_rules, checks_ruleset, protection, ruleset, tag_ruleset};
pub(super) use run::{environment, pending_deployments, protection_rules, run, run_in_deployment, workflow};

/// A time as GitHub writes it: whole seconds, in UTC.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An opaque id as GitHub's GraphQL hands out.
pub(super) fn node_id(kind: &str, id: u64) -> String {
    format!("{kind}_kwDO{id:012}")
}

fn nullable_user(world: &World, account: Option<u64>) -> Value {
    account.map_or(Value::Null, |account| user(world, account))
}

fn insert_urls(object: &mut Map<String, Value>, base: &str, urls: &[(&str, &str)]) {
    for (name, rest) in urls {
        object.insert((*name).to_owned(), json!(format!("{base}{rest}")));
    }
}

/// Lays the fields of one object over another.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
