//! What a freeze closes, and for whom it does not.

use super::*;
use crate::domain::trial::{BILLING, WEB};

/// Wednesday 2 December, 13:00 in Berlin: inside the window.
const OPEN: &str = "2026-12-02T12:00:00Z";

fn scoped(scope: FreezeScope) -> Scene {
    let scene = Scene::usual().with(OpenedFreeze { scope, ..opened("audit", None) });
    Scene { systems: vec!["Payments".into()], ..scene }
}

#[test]
fn an_opened_freeze_closes_what_fits_every_part_of_its_scope() {
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<Vec<_>>());
    for (environments, repositories, systems, closes) in [
        (None, None, None, true),
        (names(&["production"]), None, None, true),
        (names(&["PROD-EU"]), None, None, true),
        (names(&["staging"]), None, None, false),
        (None, Some(vec![BILLING, WEB]), None, true),
        (None, Some(vec![BILLING]), None, false),
        (None, None, names(&["payments"]), true),
        (None, None, names(&["mail"]), false),
        (names(&["production"]), Some(vec![WEB]), names(&["mail", "payments"]), true),
        (names(&["production"]), Some(vec![BILLING]), names(&["payments"]), false),
    ] {
        let scope = FreezeScope { environments, repositories, systems };
        let expected = if closes { "window_open freeze!" } else { "window_open no_freeze" };
        assert_eq!(scoped(scope.clone()).codes(OPEN), expected, "{scope:?}");
    }
}

#[test]
fn a_freeze_of_the_policy_closes_the_sections_that_it_names() {
    let during = "2026-12-29T12:00:00Z";
    let with = |target| Scene { target, ..Scene::usual() };
    assert_eq!(with(Target::Environment("prod-eu")).codes(during), "window_open freeze!");
    assert_eq!(with(Target::Section("production")).codes(during), "window_open freeze!");
    assert_eq!(with(Target::Environment("staging")).codes(during), "no_window no_freeze");
}

#[test]
fn a_repositorys_own_file_freezes_its_section_and_the_organisations_whatever_they_are_called() {
    let own = |section: &str| {
        let freeze = format!(
            "{{ name: move, from: 2026-12-02 00:00, to: 2026-12-03 00:00, environments: [{section}] }}"
        );
        let live = "environments: { live: { names: [prod-eu] } }";
        Scene::of(policies(POLICY, &format!("{live}\nfreezes: [{freeze}]"))).codes(OPEN)
    };
    assert_eq!(own("production"), "window_open freeze!");
    assert_eq!(own("live"), "window_open freeze!");
    assert_eq!(own("test"), "window_open no_freeze");
}

#[test]
fn a_freeze_does_not_close_where_every_change_request_is_excepted() {
    let freeze = OpenedFreeze { except: vec![at(1), at(2)], ..opened("audit", None) };
    let scene = Scene::usual().with(freeze);
    for (change_requests, codes) in [
        (vec![at(1)], "window_open freeze_excepted"),
        (vec![at(1), at(2)], "window_open freeze_excepted"),
        (vec![at(1), at(3)], "window_open freeze!"),
        (vec![], "window_open freeze!"),
        (vec![IssueRef { repo: BILLING, number: 1 }], "window_open freeze!"),
    ] {
        let scene = Scene { change_requests, ..scene.clone() };
        assert_eq!(scene.codes(OPEN), codes, "{:?}", scene.change_requests);
    }
    assert_eq!(scene.allowed_from(OPEN), Some(instant(OPEN)));
}

#[test]
fn a_freeze_of_the_policy_can_be_lifted_or_excepted_from_and_next_years_is_another() {
    let during = "2026-12-29T12:00:00Z";
    let policy_freeze = Waiver::of(&policy(POLICY).base().freezes()[0], &policy(POLICY).zone());
    let waived = |waiver: Waiver| {
        let mut scene = Scene::usual();
        scene.freezes.waived.push(waiver);
        scene.codes(during)
    };
    let lift = lifted("2026-12-29T09:00:00Z");
    assert_eq!(waived(policy_freeze.clone()), "window_open freeze!");
    assert_eq!(waived(Waiver { lifted: lift.clone(), ..policy_freeze.clone() }), "window_open no_freeze");
    let later = lifted("2026-12-29T13:00:00Z");
    assert_eq!(waived(Waiver { lifted: later, ..policy_freeze.clone() }), "window_open freeze!");
    let except = vec![at(1), at(2)];
    assert_eq!(waived(Waiver { except, ..policy_freeze.clone() }), "window_open freeze_excepted");
    let begins = instant("2025-12-28T00:00:00Z");
    assert_eq!(waived(Waiver { begins, lifted: lift, ..policy_freeze }), "window_open freeze!");
}

#[test]
fn a_freeze_that_was_lifted_before_it_began_is_not_announced() {
    let mut scene = Scene::usual();
    let waiver = Waiver::of(&scene.policy.base().freezes()[0], &scene.policy.zone());
    scene.freezes.waived.push(Waiver { lifted: lifted("2026-12-01T09:00:00Z"), ..waiver });
    let judged = scene.judge(instant(OPEN));
    assert_eq!(judged.findings[1].sentence, "Nothing is frozen.");
    assert_eq!(judged.look_again, Some(instant("2026-12-02T15:00:00Z")));
}
