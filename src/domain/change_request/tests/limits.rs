//! How many may be accepted at once, and who accepts more.

use super::*;
use crate::domain::{change_request::ChangeRequest, planning::Line};

fn limited() -> World {
    let policy = format!("{POLICY}intake: {{ limits: {{ accepted: 3 }} }}\n");
    let mut world = World::new().with_policy(&policy);
    let labelled = world.label("sam", "change-request");
    world.deliver(&[labelled]);
    world
}

#[test]
fn as_many_are_accepted_as_may_be_and_not_one_more() {
    for (there, accepted) in [(0, true), (2, true), (3, false), (4, false)] {
        for by_label in [false, true] {
            let mut world = limited();
            world.accepted = there;
            let act = if by_label {
                world.label("tess", "triage/accepted")
            } else {
                world.comment("tess", "/accept")
            };
            world.settle(&[act]);
            assert_eq!(world.is_accepted(), accepted, "{there}, {by_label}");
            let labels =
                if accepted { vec!["change-request", "triage/accepted"] } else { vec!["change-request"] };
            assert_eq!(world.issue().labels, labels, "{there}, {by_label}");
        }
    }
}

#[test]
fn who_accepts_beyond_the_limit_is_told_what_it_is_and_how_one_more_is_accepted() {
    let mut world = limited();
    world.accepted = 3;
    let accepted = world.comment("tess", "/accept");
    let by_command = world.settle(&[accepted]);
    let labelled = world.label("tara", "triage/accepted");
    let by_label = world.settle(&[labelled]);
    insta::assert_snapshot!([by_command, by_label].concat().join("\n"), @"
    confused 1
    comment reply/1: @tess wrote `/accept`; 3 change requests are accepted and neither planned nor begun, over all repositories, and the limit is 3 (`intake.limits`). It can be accepted once one of them is planned or begun, or over the limit by the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) with `/accept over: WHY`, which is recorded.
    comment refused/1795428030: @tara set **triage/accepted**; 3 change requests are accepted and neither planned nor begun, over all repositories, and the limit is 3 (`intake.limits`). It can be accepted once one of them is planned or begun, or over the limit by the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) with `/accept over: WHY`, which is recorded. It was taken off again.
    -triage/accepted
    ");
}

#[test]
fn a_triager_who_says_why_accepts_over_the_limit_and_that_stays_on_record() {
    let mut world = limited();
    world.accepted = 4;
    let accepted = world.comment("tess", "/accept over: the contract begins in *May*.");
    let decision = world.deliver(&[accepted]);
    assert_eq!(
        codes(&decision),
        ["change_request.accepted", "change_request.limit_overridden", "change_request.stage"]
    );
    let entry = decision.audit.get(1).unwrap();
    insta::assert_snapshot!(format!("{:?} {:?}", entry.facts, entry.texts), @r#"{"at": "2026-11-23T10:00:20Z", "change_request": "7#12", "limit": "3", "there": "4"} {"actor": "tess", "said": "the contract begins in *May*."}"#);
    let next = status(&decision);
    insta::assert_snapshot!(next.split("\n\n").nth(1).unwrap(), @r"Accepted by @tess (23 Nov 2026), over the limit of 3: the contract begins in \*May\*. Next: a pull request that says `Closes #12` (elsewhere `Closes acme/web#12`) in its description.");
    assert!(Line::of(world.request()).unwrap().over_limit);
    let again = world.comment("tara", "/accept");
    assert_eq!(codes(&world.deliver(&[again])), ["change_request.accepted"], "it is accepted already");
    assert!(Line::of(world.request()).unwrap().over_limit, "and over the limit as before");
}

#[test]
fn a_reason_within_the_limit_overrides_nothing() {
    let mut world = limited();
    world.accepted = 2;
    let accepted = world.comment("tess", "/accept over: to be safe");
    assert_eq!(codes(&world.deliver(&[accepted])), ["change_request.accepted", "change_request.stage"]);
    assert!(!Line::of(world.request()).unwrap().over_limit);
}

#[test]
fn nobody_else_accepts_over_the_limit_either() {
    let mut world = limited();
    world.accepted = 4;
    let accepted = world.comment("sam", "/accept over: I want it");
    let told = world.settle(&[accepted]);
    assert!(told.iter().any(|told| told.contains("this is decided by the triagers")), "{told:#?}");
    assert!(!world.is_accepted());
}

#[test]
fn what_was_done_before_anybody_could_count_is_not_held_to_the_limit() {
    let mut before = limited();
    before.accepted = 9;
    let policy = before.policy.take();
    let accepted = before.comment("tess", "/accept");
    before.deliver(&[accepted]);
    before.policy = policy;
    before.deliver(&[]);
    assert!(before.is_accepted(), "there was no policy");
    let mut late = limited();
    late.accepted = 9;
    let accepted = late.comment("tess", "/accept");
    late.tick(2 * 86_400);
    late.deliver(&[accepted]);
    assert!(late.is_accepted(), "nobody knows how many there were two days ago");
    let mut observed = limited();
    observed.policy =
        observed.policy.take().map(|policy| policy.as_str().replace("enforce", "observe").as_str().into());
    observed.accepted = 9;
    let accepted = observed.comment("tess", "/accept");
    observed.deliver(&[accepted]);
    assert!(observed.is_accepted(), "where nothing is said, nothing is refused");
}

#[test]
fn without_a_limit_nobody_counts() {
    let mut world = World::taken_in();
    world.accepted = 1_000_000;
    let accepted = world.comment("tess", "/accept");
    world.settle(&[accepted]);
    assert!(world.is_accepted());
}

#[test]
fn a_request_that_was_written_before_there_were_limits_is_read() {
    let mut world = limited();
    let accepted = world.comment("tess", "/accept");
    world.settle(&[accepted]);
    let mut written = serde_json::to_value(world.request()).unwrap();
    assert!(!written.to_string().contains("\"met\""), "{written}");
    written.as_object_mut().unwrap().remove("had");
    assert_eq!(serde_json::from_value::<ChangeRequest>(written).unwrap(), *world.request());
}
