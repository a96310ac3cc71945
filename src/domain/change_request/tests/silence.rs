//! Nobody answers: one reminder, and in the end it is withdrawn, with a way back.

use super::*;

const PATIENCE: &str = "intake: { required: [What is needed], withdraw-after: 14 days }\n";

/// Asked for by sam without what is needed.
fn incomplete() -> World {
    let mut world = World::new().with_policy(&format!("{POLICY}{PATIENCE}"));
    let labelled = world.label("sam", "change-request");
    world.deliver(&[labelled]);
    world
}

fn days(world: &mut World, days: i64) -> Vec<String> {
    world.tick(days * 24 * 3600);
    world.settle(&[])
}

#[test]
fn who_asked_is_reminded_once_and_after_the_time_it_is_withdrawn_and_comes_back_when_they_say_so() {
    let mut world = incomplete();
    insta::assert_snapshot!(summary(&world.deliver(&[])), @"
    **Change request** · needs information
    Contact: nobody yet · Requester: @sam

    This request can't be triaged yet. Missing: **What is needed**. Edit the description above, each under a heading of that name; this note goes away by itself.

    It is withdrawn on 7 Dec 2026 if nothing changes; `/reopen` brings it back.

    Next: the requester completes the description; then a triager ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) decides.
    ");
    assert_eq!(days(&mut world, 6), Vec::<String>::new());
    insta::assert_snapshot!(days(&mut world, 1).join("\n"), @"comment reminder/1795428010: @sam This request still waits for you: **What is needed** is still missing in the description above. It is withdrawn on 7 Dec 2026 if nothing changes; `/reopen` brings it back.");
    assert_eq!(days(&mut world, 1), Vec::<String>::new(), "once is enough");
    insta::assert_snapshot!(days(&mut world, 6).join("\n"), @"comment withdrawn/1796637610: @sam This request is withdrawn: nothing was answered for 14 days. `/reopen` brings it back, with its age.");
    assert_eq!(world.request().stage(), Stage::Withdrawn);
    assert_eq!(days(&mut world, 30), Vec::<String>::new());
    let back = world.comment("sam", "/reopen");
    assert_eq!(world.settle(&[back]), ["thumbs up 1"]);
    assert_eq!(world.request().stage(), Stage::NeedsInformation);
    assert_eq!(days(&mut world, 13).len(), 1, "the time begins anew");
    let complete = world.edit("sam", "### What is needed\n\nThis.");
    world.settle(&[complete]);
    assert_eq!(world.request().stage(), Stage::Requested);
    assert_eq!(days(&mut world, 30), Vec::<String>::new());
}

#[test]
fn an_answer_to_a_question_ends_the_silence_and_a_decision_is_waited_for_again() {
    let mut world =
        World::taken_in().with_policy(&format!("{POLICY}intake: {{ withdraw-after: 14 days }}\n"));
    let asked = world.comment("tara", "/need-info for whom?");
    world.settle(&[asked]);
    assert!(world.request().silence.is_some());
    let other = world.comment("kim", "I would like to know, too.");
    world.settle(&[other]);
    assert!(world.request().silence.is_some(), "whoever asked for it is waited for");
    let answer = world.comment("sam", "For all of us.");
    world.settle(&[answer]);
    assert_eq!(world.request().silence, None);
    assert!(crate::domain::planning::Line::of(world.request()).unwrap().answered.is_some());
    assert_eq!(days(&mut world, 30), Vec::<String>::new());
    assert_eq!(world.request().stage(), Stage::NeedsInformation, "a triager says whether that was it");
}

#[test]
fn nobody_is_waited_for_where_nothing_is_said_and_nothing_ends_that_nobody_was_told_of() {
    let observing = format!("{POLICY}{PATIENCE}").replace("mode: enforce", "mode: observe");
    let mut world = World::new().with_policy(&observing);
    let labelled = world.label("sam", "change-request");
    world.deliver(&[labelled]);
    assert_eq!(days(&mut world, 400), Vec::<String>::new());
    assert_eq!(world.request().stage(), Stage::NeedsInformation);
    world.policy = Some(format!("{POLICY}{PATIENCE}").as_str().into());
    world.deliver(&[]);
    assert_eq!(world.request().stage(), Stage::NeedsInformation, "the time begins when they are told");
    assert_eq!(days(&mut world, 13).len(), 1);
    assert_eq!(world.request().stage(), Stage::NeedsInformation);
}
