//! How risky a change is: anybody may raise it, and a triager with a reason lowers it.

use super::*;
use crate::domain::{change_request::act, policy::Risk};

fn risk(world: &World) -> Option<Risk> {
    act::risk(&world.request().acts)
}

#[test]
fn anybody_raises_the_risk_with_a_label_and_taking_the_label_off_does_not_lower_it() {
    for who in ["sam", "tara", "renovate[bot]"] {
        let mut world = World::taken_in();
        let raised = world.label(who, "risk/high");
        assert_eq!(world.settle(&[raised]), Vec::<String>::new(), "{who}");
        assert_eq!(risk(&world), Some(Risk::High), "{who}");
        let lowered = world.label(who, "risk/low");
        assert_eq!(world.settle(&[lowered]), ["-risk/low"], "{who}");
        assert_eq!(risk(&world), Some(Risk::High), "{who}");
        let taken_off = world.unlabel(who, "risk/high");
        assert_eq!(world.settle(&[taken_off]), ["+risk/high"], "{who}");
        assert_eq!(risk(&world), Some(Risk::High), "{who}");
        assert_eq!(world.issue().labels, ["change-request", "risk/high"], "{who}");
    }
}

#[test]
fn a_triager_lowers_it_with_a_reason_and_a_label_set_after_that_raises_it_again() {
    let mut world = World::taken_in();
    let raised = world.label("sam", "risk/high");
    world.settle(&[raised]);
    for (who, body, answer) in [
        ("sam", "/risk low it is only a text", "confused 1"),
        ("tara", "/risk low", "confused 2"),
        ("tara", "/risk huge", "confused 3"),
    ] {
        let comment = world.comment(who, body);
        assert_eq!(world.settle(&[comment])[0], answer, "{who}: {body}");
        assert_eq!(risk(&world), Some(Risk::High), "{who}: {body}");
    }
    let lowered = world.comment("tara", "/risk low it is only a text");
    insta::assert_snapshot!(world.settle(&[lowered]).join("\n"), @"
    thumbs up 4
    +risk/low
    -risk/high
    ");
    assert_eq!(risk(&world), Some(Risk::Low));
    assert_eq!(world.issue().labels, ["change-request", "risk/low"]);
    let again = world.label("sam", "risk/medium");
    assert_eq!(world.settle(&[again]), ["-risk/low"]);
    assert_eq!(risk(&world), Some(Risk::Medium));
    insta::assert_snapshot!(summary(&world.deliver(&[])), @"
    **Change request** · requested · risk **medium**
    Contact: nobody yet · Requester: @sam

    Next: a triager ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) comments `/accept`, or asks, defers or declines.
    ");
}

#[test]
fn in_advise_a_command_sets_the_label_and_nothing_is_put_back() {
    let mut world = World::new().with_policy(&POLICY.replace("enforce", "advise"));
    let (intake, high) = (world.label("sam", "change-request"), world.label("sam", "risk/high"));
    assert_eq!(world.settle(&[intake, high]), Vec::<String>::new());
    let off = world.unlabel("sam", "risk/high");
    assert_eq!(world.settle(&[off]), Vec::<String>::new());
    assert_eq!(risk(&world), Some(Risk::High));
    let command = world.comment("tara", "/risk medium it was tried");
    assert_eq!(world.settle(&[command]), ["thumbs up 1", "+risk/medium"]);
}
