//! What is no rule of its own file: no section, plans, acceptance, and what a mode makes of a decision.

use super::*;
use crate::domain::gate::{Decision, Ruling};

#[test]
fn where_policy_says_nothing_nothing_goes() {
    let elsewhere = to("").but(|it| {
        it.policies[0] = it.policies[0].take().map(|text| text.replace("[production]", "[staging]"));
    });
    all_are_so(vec![
        ("no section covers it", elsewhere, "deny environment_unruled"),
        ("there is a plan to get back", to("require: [{ plan: back-out }]"), "allow"),
        (
            "there is none where nothing ran",
            to("require: [{ plan: back-out }]")
                .but(|it| it.brings = Ok(Brings { from: None, ..brings(&[41]) })),
            "allow",
        ),
        (
            "nobody can be told before of what ships without a release",
            to("require: [{ notice: [ops] }]"),
            "deny notice_without_release",
        ),
        (
            "whether they were told is not known",
            to("require: [{ notice: [ops] }]").but(|it| {
                it.policies[0] =
                    it.policies[0].take().map(|text| text.replace("ship: continuous", "ship: train"));
            }),
            "unavailable notice_unknown",
        ),
        (
            "who tried it is not known",
            to("require: [{ acceptance: [requester] }]"),
            "unavailable trials_unknown",
        ),
    ]);
}

#[test]
fn a_rule_that_two_policies_name_is_judged_once() {
    let accepted = "require: [{ change: accepted }]";
    let twice = to(accepted).and_own(accepted);
    assert_eq!(twice.codes().iter().filter(|code| *code == "changes_accepted").count(), 1);
}

#[test]
fn only_where_rules_are_enforced_a_decision_stops_or_opens_anything() {
    let in_mode = |mode: &str, it: Deployment| {
        it.but(|it| {
            it.policies[0] = it.policies[0].take().map(|text| text.replace("mode: enforce", mode));
        })
        .verdict()
    };
    let denied = || to("").but(|it| it.in_the_way = InTheWay::Newer(9));
    for (mode, deployment, ruling) in [
        ("mode: enforce", to(""), Ruling::Enforced(Decision::Allow)),
        ("mode: enforce", denied(), Ruling::Enforced(Decision::Deny)),
        ("mode: advise", to(""), Ruling::NotEnforced(Decision::Allow)),
        ("mode: observe", denied(), Ruling::NotEnforced(Decision::Deny)),
    ] {
        let verdict = in_mode(mode, deployment);
        assert_eq!(verdict.ruling, ruling, "{mode}");
        assert_eq!(verdict.lets_through(), ruling == Ruling::Enforced(Decision::Allow), "{mode}");
    }
}
