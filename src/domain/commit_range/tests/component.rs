//! What counts for one part of a monorepo.

use std::collections::BTreeMap;

use super::*;
use crate::domain::policy::{self, Component};

fn components() -> BTreeMap<String, Component> {
    let text = "
version: 1
mode: observe
roles:
  triager: [acme/triage]
  release-manager: [acme/release-managers]
components:
  acme/mono:
    web: { paths: [\"apps/web/**\", \"libs/**\"], environment: prod-web }
    api: { paths: [\"apps/api/**\", \"libs/**\"], environment: prod-api }
";
    let policy = policy::parse(policy::PATH, text, policy::Scope::Organisation).unwrap();
    policy.components()[&"acme/mono".parse().unwrap()].clone()
}

#[test]
fn a_path_belongs_to_those_who_claim_it_or_to_all() {
    for (files, web, api) in [
        (vec!["apps/web/a"], true, false),
        (vec!["apps/api/a"], false, true),
        (vec!["apps/web/a", "apps/api/a"], true, true),
        (vec!["libs/a"], true, true),
        (vec!["README.md"], true, true),
        (vec![], false, false),
    ] {
        let touched = |component| touches(component, &components(), files.iter().copied());
        assert_eq!((touched("web"), touched("api")), (web, api), "{files:?}");
        assert!(touched("gone"), "{files:?}");
    }
}

#[test]
fn of_a_range_only_what_touches_a_component_counts_for_it() {
    let at = |path: &str| {
        let mut changes = does("x");
        changes.files[0].path = path.into();
        known(changes)
    };
    let moved = |from: &str, to: &str| {
        let Fact::Known(mut changes, _) = at(to) else { panic!() };
        changes.files[0].before = Some(from.into());
        known(changes)
    };
    let mut history = History::default()
        .with('1', "0", "A")
        .came('1', 1)
        .with('2', "1", "B")
        .came('2', 2)
        .with('3', "2", "C")
        .came('3', 3)
        .with('4', "3", "D")
        .came('4', 4);
    history.known.changes = [
        (sha('1'), at("apps/web/a")),
        (sha('2'), at("apps/api/a")),
        (sha('3'), moved("apps/web/a", "apps/api/b")),
        (sha('4'), down()),
    ]
    .into();
    let of = |component| history.ahead().of_component(component, &components(), &history.known);
    let (web, api) = (of("web"), of("api"));
    assert_eq!(web.pull_requests, BTreeSet::from([1, 3, 4]));
    assert_eq!(api.pull_requests, BTreeSet::from([2, 3, 4]));
    assert_eq!((web.commits.len(), api.commits.len()), (3, 3));
}
