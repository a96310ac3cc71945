//! The manifests of the App, beside what the code uses.

use super::*;
use crate::github::{
    auth::Scope,
    payload::{self, Reading},
};

const WHOLE: &str = include_str!("../../../deploy/github-app.json");
const INTAKE: &str = include_str!("../../../deploy/github-app-intake.json");

fn permissions(manifest: &str) -> BTreeMap<String, String> {
    let manifest: Value = serde_json::from_str(manifest).unwrap();
    serde_json::from_value(manifest["default_permissions"].clone()).unwrap()
}

fn events(manifest: &str) -> Vec<String> {
    let manifest: Value = serde_json::from_str(manifest).unwrap();
    serde_json::from_value(manifest["default_events"].clone()).unwrap()
}

/// The permissions that tokens for these purposes have, each at the highest level that one of them asks for.
fn used(scopes: &[Scope]) -> BTreeMap<String, String> {
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    for (name, level) in scopes.iter().flat_map(|scope| scope.permissions()) {
        let highest = used.entry((*name).into()).or_insert_with(|| (*level).into());
        if *level == "write" {
            *highest = "write".into();
        }
    }
    used
}

#[test]
fn the_manifest_asks_for_what_the_code_uses_and_for_nothing_else() {
    assert_eq!(
        permissions(WHOLE),
        used(&[Scope::Read, Scope::Write, Scope::Runs, Scope::Answer, Scope::Attestations])
    );
}

#[test]
fn the_manifest_of_intake_asks_for_a_part_of_it_and_gives_no_checks() {
    let (intake, whole) = (permissions(INTAKE), permissions(WHOLE));
    for (name, level) in &intake {
        assert!(whole[name] == *level || whole[name] == "write", "{name}: {level}");
    }
    assert!(!intake.contains_key("checks") && !intake.contains_key("deployments"), "{intake:?}");
    assert!(events(INTAKE).iter().all(|event| events(WHOLE).contains(event)));
}

#[test]
fn every_event_of_the_manifest_is_one_that_we_read() {
    for event in events(WHOLE) {
        let unread = matches!(payload::read(&event, b"{}"), Ok(Reading::Unknown { .. }));
        assert!(!unread, "{event}");
    }
}
