//! GitHub's webhooks as GitHub describes them: is this payload one it sends?

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;

use crate::material::Material;
use crate::schema::{Faults, Schema, Unknown};
use crate::specimen::{Tried, specimen, unnoticed};

/// The events that Changegate listens to.
pub const EVENTS: [&str; 24] = [
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "check_run",
    "check_suite",
    "deployment",
    "deployment_status",
    "deployment_protection_rule",
    "deployment_review",
    "milestone",
    "push",
    "merge_group",
    "installation",
    "installation_repositories",
    "label",
    "create",
    "delete",
    "release",
    "repository",
    "member",
    "membership",
    "team",
    "ping",
];

/// An event and, where it has one, its action.
pub type Named = (String, Option<String>);

/// GitHub's own webhook descriptions (`@octokit/openapi-webhooks`, github.com).
pub struct Webhooks {
    document: Value,
    compiled: Mutex<HashMap<Named, Arc<Schema>>>,
}

impl Webhooks {
    /// The descriptions, read once; `None` where the contract material is missing.
    pub fn load() -> Option<&'static Webhooks> {
        static LOADED: OnceLock<Webhooks> = OnceLock::new();
        let material = Material::find()?;
        Some(LOADED.get_or_init(|| Webhooks {
            document: material.json("@octokit/openapi-webhooks/generated/api.github.com.json"),
            compiled: Mutex::default(),
        }))
    }

    /// Whether GitHub sends this payload with this event and action (`push`, `create`, `delete` and `ping` have none).
    pub fn check(&self, event: &str, action: Option<&str>, payload: &Value) -> Result<(), Faults> {
        self.schema(event, action)?.check(payload)
    }

    /// The damages to a payload that its description does not notice, and how many were tried.
    ///
    /// # Panics
    /// When the payload is not valid to begin with.
    pub fn unnoticed(&self, event: &str, action: Option<&str>, payload: &Value) -> Result<Tried, Faults> {
        Ok(unnoticed(&*self.schema(event, action)?, payload))
    }

    /// A payload with everything that GitHub describes for this event and action, also for those without an example.
    pub fn specimen(&self, event: &str, action: Option<&str>) -> Result<Value, Faults> {
        Ok(specimen(&*self.schema(event, action)?))
    }

    /// Every (event, action) of [`EVENTS`] that GitHub describes, in the order of its document.
    pub fn described(&self) -> Vec<Named> {
        let named = self.operations().map(event_and_action);
        named.filter(|(event, _)| EVENTS.contains(&event.as_str())).collect()
    }

    fn operations(&self) -> impl Iterator<Item = &Value> {
        self.document["webhooks"].as_object().unwrap().values().map(|webhook| &webhook["post"])
    }

    fn schema(&self, event: &str, action: Option<&str>) -> Result<Arc<Schema>, Faults> {
        let key = (event.to_owned(), action.map(str::to_owned));
        let mut compiled = self.compiled.lock().unwrap();
        if let Some(schema) = compiled.get(&key) {
            return Ok(Arc::clone(schema));
        }
        let Some(operation) = self.operations().find(|operation| event_and_action(operation) == key) else {
            return Err(vec![format!("GitHub describes no webhook {event} with the action {action:?}")]);
        };
        let root = &operation["requestBody"]["content"]["application/json"]["schema"];
        let schema = Arc::new(Schema::cut(&self.document["components"]["schemas"], root, Unknown::Tolerated));
        compiled.insert(key, Arc::clone(&schema));
        Ok(schema)
    }
}

/// From `pull-request/review-requested`; the keys of the document are ambiguous (`pull-request-review-requested`).
fn event_and_action(operation: &Value) -> Named {
    let id = operation["operationId"].as_str().unwrap().replace('-', "_");
    match id.split_once('/') {
        Some((event, action)) => (event.to_owned(), Some(action.to_owned())),
        None => (id, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payloads::{Example, examples};

    #[test]
    fn every_schema_of_our_webhooks_notices_every_damage() {
        let Some(webhooks) = Webhooks::load() else { return };
        let mut tried = 0;
        for (event, action) in webhooks.described() {
            let schema = webhooks.schema(&event, action.as_deref()).unwrap();
            let payload = webhooks.specimen(&event, action.as_deref()).unwrap();
            let (missed, damages) = unnoticed(&schema, &payload);
            assert!(missed.is_empty() && damages > 0, "{event} {action:?} {missed:?} of {damages}");
            tried += damages;
        }
        assert!(tried > 50_000, "{tried} damages");
    }

    #[test]
    fn two_thirds_of_the_examples_fit_today_s_descriptions_and_the_rest_show_their_age() {
        let Some(webhooks) = Webhooks::load() else { return };
        let faults = |example: &Example| {
            webhooks.check(&example.event, example.action.as_deref(), &example.payload).err()
        };
        let old: Vec<Faults> = examples().iter().filter_map(faults).collect();
        assert_eq!(examples().len() - old.len(), 123);
        let aged = [
            "is a required property",
            "/installation/",
            "is not a \"date-time\"",
            "under any of the schemas",
        ];
        let other = |fault: &&String| !aged.iter().any(|sign| fault.contains(sign));
        let contradictions: Vec<&String> = old.iter().flatten().filter(other).collect();
        assert!(contradictions.is_empty(), "{contradictions:#?}");
    }
}
