//! The example webhooks that people sent to Octokit: what GitHub really posted, over the years.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::material::Material;
use crate::webhooks::EVENTS;

/// One example webhook.
#[derive(Clone)]
pub struct Example {
    /// As in `X-GitHub-Event`.
    pub event: String,
    /// `None` for create, delete, ping and push.
    pub action: Option<String>,
    /// Which of the package's examples this is: the event, and its place among the event's examples.
    pub name: String,
    /// The payload, with `installation` added where the example came from a repository's or organisation's own webhook.
    pub payload: Value,
}

/// All examples of [`EVENTS`]; empty where the contract material is missing.
pub fn examples() -> &'static [Example] {
    static LOADED: OnceLock<Vec<Example>> = OnceLock::new();
    let Some(material) = Material::find() else { return &[] };
    LOADED.get_or_init(|| {
        let package = material.json("@octokit/webhooks-examples/api.github.com/index.json");
        package.as_array().unwrap().iter().flat_map(examples_of).collect()
    })
}

fn examples_of(described: &Value) -> Vec<Example> {
    let event = described["name"].as_str().unwrap();
    if !EVENTS.contains(&event) {
        return Vec::new();
    }
    let payloads = described["examples"].as_array().unwrap().iter().enumerate();
    let example = |(place, payload): (usize, &Value)| Example {
        event: event.to_owned(),
        action: payload["action"].as_str().map(str::to_owned),
        name: format!("{event}/{place}"),
        payload: installed(payload.clone()),
    };
    payloads.map(example).collect()
}

/// GitHub names the installation in everything that it sends to an App.
fn installed(mut payload: Value) -> Value {
    if payload["installation"].is_null() {
        payload["installation"] =
            json!({ "id": 2_000_001, "node_id": "MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9uMjAwMDAwMQ==" });
    }
    payload
}

/// How many examples there are of each (event, action).
pub fn counted() -> BTreeMap<(&'static str, Option<&'static str>), usize> {
    let mut counted = BTreeMap::new();
    for example in examples() {
        *counted.entry((example.event.as_str(), example.action.as_deref())).or_default() += 1;
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 162 is the number of examples with an `action`; the 20 of create, delete, ping and push have none, and count too.
    #[test]
    fn there_are_182_examples_of_our_events_and_162_of_them_name_an_action() {
        if Material::find().is_none() {
            return;
        }
        assert_eq!(examples().len(), 182);
        assert_eq!(examples().iter().filter(|example| example.action.is_some()).count(), 162);
        let silent: Vec<&str> =
            EVENTS.into_iter().filter(|event| examples().iter().all(|e| e.event != *event)).collect();
        assert_eq!(silent, ["deployment_protection_rule"], "events without an example");
    }

    #[test]
    fn every_example_names_an_installation() {
        for example in examples() {
            assert!(example.payload["installation"]["id"].is_u64(), "{}", example.name);
        }
    }

    #[test]
    fn these_are_the_examples() {
        if Material::find().is_none() {
            return;
        }
        let lines = EVENTS.map(|event| {
            let actions = counted().into_iter().filter(|((of, _), _)| *of == event);
            let words = actions.map(|((_, action), count)| format!(" {}:{count}", action.unwrap_or("-")));
            format!("{event}{}", words.collect::<String>())
        });
        insta::assert_snapshot!(lines.join("\n"), @"
        issues assigned:3 deleted:1 demilestoned:2 edited:3 labeled:2 locked:2 milestoned:2 opened:4 pinned:1 reopened:1 transferred:1 unassigned:2 unlabeled:2 unlocked:2 unpinned:1
        issue_comment created:5 deleted:2 edited:2
        pull_request assigned:2 closed:2 converted_to_draft:3 labeled:2 locked:2 opened:4 ready_for_review:3 reopened:2 review_request_removed:1 review_requested:1 synchronize:1 unassigned:2 unlabeled:2 unlocked:2
        pull_request_review dismissed:1 submitted:3
        check_run completed:3 created:3 requested_action:1 rerequested:2
        check_suite completed:4 requested:3 rerequested:2
        deployment created:4
        deployment_status created:4
        deployment_protection_rule
        deployment_review requested:1
        milestone closed:2 created:2 deleted:1
        push -:7
        merge_group checks_requested:2
        installation created:2 deleted:2 new_permissions_accepted:1 suspend:1 unsuspend:1
        installation_repositories added:2 removed:1
        label created:3 deleted:2 edited:1
        create -:5
        delete -:4
        release created:3 deleted:2 edited:2 prereleased:2 published:3 released:1
        repository created:2 edited:2 privatized:2 publicized:3 renamed:1 transferred:3
        member added:3 edited:1
        membership added:1 removed:4
        team added_to_repository:2 created:1 deleted:1 edited:1 removed_from_repository:1
        ping -:4
        ");
    }
}
