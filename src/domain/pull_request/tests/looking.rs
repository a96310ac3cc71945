//! GitHub tells nobody of a link that is made by hand: it is looked for, for a while.

use super::*;

/// When it looks again, in seconds, each time looking at the time said before.
fn looks(world: &World, seconds: i64, times: usize) -> Vec<i64> {
    let mut decision = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(seconds));
    let mut waits = vec![];
    for _ in 0..times {
        let Some(at) = decision.look_again else { break };
        waits.push(at.duration_since(time(seconds)).as_secs());
        decision = world.decide(&SUBJECT, Some(&decision.after), &[], at);
    }
    waits
}

#[test]
fn a_link_that_github_tells_nobody_of_is_asked_for_every_minute_then_every_hour_and_only_where_it_is_missed()
{
    let world = |policy| World { readings: [(at(41), reading(snapshot(41)))].into(), ..World::new(policy) };
    let minutes: Vec<i64> = (1..=15).map(|minute| minute * 60).chain([4500, 8100]).collect();
    assert_eq!(looks(&world(Some("mode: enforce")), 0, 17), minutes);
    let own = "mode: enforce\nrepositories: [{ match: \"*\", change: pull-request }]\n";
    for policy in [None, Some("mode: observe"), Some(own)] {
        assert_eq!(looks(&world(policy), 0, 1), Vec::<i64>::new(), "{policy:?}");
    }
    assert_eq!(looks(&world(Some("mode: advise")), 0, 1), [60]);
    for (what, pull_request) in [
        ("a draft", PullRequestSnapshot { draft: true, ..snapshot(41) }),
        ("closed", PullRequestSnapshot { open: false, ..snapshot(41) }),
        ("linked", PullRequestSnapshot { body: "Change: #12".into(), ..snapshot(41) }),
        ("linked to nowhere", PullRequestSnapshot { body: "Change: acme/x#12".into(), ..snapshot(41) }),
    ] {
        let decision = world_with(reading(pull_request.clone())).decide(
            &SUBJECT,
            None,
            &[opened(&pull_request)],
            time(0),
        );
        assert_eq!(decision.look_again, None, "{what}");
    }
}

#[test]
fn whatever_happens_to_it_begins_the_quarter_of_an_hour_anew_and_a_waking_does_not() {
    let world = world_with(reading(snapshot(41)));
    let decide = |before: &Decision, events: &[Event], seconds| {
        world.decide(&SUBJECT, Some(&before.after), events, time(seconds))
    };
    let mut last = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0));
    for minute in 1..=15 {
        last = decide(&last, &[], minute * 60);
    }
    assert_eq!(last.look_again, Some(time(4500)));
    let (_, asked) = world.ask(&SUBJECT, Some(&last.after), &[], time(1000));
    assert_eq!((decide(&last, &[], 1000).look_again, asked), (Some(time(4500)), vec![]));
    let heard = decide(&last, &[comment("sam", "I linked it.")], 1000);
    assert_eq!(heard.look_again, Some(time(1060)));
}

#[test]
fn only_the_links_are_asked_for_and_what_is_not_answered_changes_nothing() {
    let mut world = world_with(reading(snapshot(41)));
    let before = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0)).after;
    let down = World { down: true, ..world.clone() };
    let silent = down.decide(&SUBJECT, Some(&before), &[], time(60));
    assert_eq!((links(&view_of(&silent)).as_str(), silent.look_again), ("", Some(time(120))));
    assert_eq!(view_of(&silent).unknown, None);
    world.readings.get_mut(&at(41)).unwrap().closes = vec![at(12)];
    let (_, asked) = world.ask(&SUBJECT, Some(&before), &[], time(60));
    assert_eq!(asked, [Question::Links(at(41))]);
    let found = world.decide(&SUBJECT, Some(&before), &[], time(60));
    assert_eq!((links(&view_of(&found)).as_str(), found.look_again), ("7#12 finishes", None));
}
