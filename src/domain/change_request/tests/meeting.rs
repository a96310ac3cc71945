//! What is said of a change request in a planning meeting: it is judged here, and answered there.

use super::*;
use crate::domain::{
    event::{Planning, Triaged},
    ids::CommentId,
};

/// Tess defers it, Rita takes it out, or whoever it is.
fn said(
    world: &World,
    by: &str,
    comment: u64,
    triage: Option<Triaged>,
    words: (Option<&str>, Option<&str>),
) -> Event {
    let (release, why) = (words.0.map(Into::into), words.1.map(Into::into));
    let planning = Planning {
        release,
        triage,
        why,
        by: actor(by),
        at: world.now,
        comment: CommentId(comment),
        place: 0,
        on: IssueRef { repo: WEB, number: 90 },
        in_meeting: true,
    };
    world.event("changegate[bot]", What::Planned { issue: AT, planning })
}

#[test]
fn whoever_may_decide_on_the_issue_may_in_a_meeting_and_is_answered_there_once() {
    let triagers = "judged false: this is decided by the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess))";
    let managers =
        "judged false: releases are planned by the release managers ([rita](https://github.com/rita))";
    for (by, triage, words, stage, answer) in [
        ("tess", Some(Triaged::Accepted), (None, None), Stage::Accepted, "judged true: accepted"),
        (
            "tara",
            Some(Triaged::Deferred),
            (None, Some("Q2 @all")),
            Stage::Deferred,
            "judged true: deferred until Q2 @&#8203;all",
        ),
        (
            "tess",
            Some(Triaged::Declined),
            (None, Some("no money")),
            Stage::Declined,
            "judged true: declined: no money",
        ),
        ("rita", Some(Triaged::Accepted), (None, None), Stage::Requested, triagers),
        ("sam", Some(Triaged::Deferred), (None, Some("Q2")), Stage::Requested, triagers),
        ("rita", None, (None, Some("too early")), Stage::Requested, "judged true: taken out of its release"),
        ("tess", None, (None, None), Stage::Requested, managers),
        ("sam", None, (Some("next"), None), Stage::Requested, managers),
        (
            "rita",
            None,
            (Some("next"), None),
            Stage::Requested,
            "judged false: the policy does not say when the train leaves (`every`), so the release has to be named",
        ),
    ] {
        let mut world = World::taken_in();
        world.tick(10);
        let event = said(&world, by, 1, triage, words);
        let decision = world.deliver(std::slice::from_ref(&event));
        let heard = told(&decision);
        assert_eq!(
            heard.iter().filter(|told| told.starts_with("judged")).collect::<Vec<_>>(),
            [answer],
            "{by}"
        );
        let here = |told: &&String| {
            told.starts_with("comment") || told.starts_with('?') || told.starts_with("thumbs")
        };
        assert_eq!(heard.iter().find(here), None, "{by} is answered there: {heard:?}");
        assert_eq!(world.stage(), stage, "{by}");
        let entry = decision.audit.iter().find(|entry| entry.facts.contains_key("said_on")).unwrap();
        assert_eq!(entry.facts["said_on"], "7#90");
        let again = world.deliver(&[event]);
        assert!(!told(&again).iter().any(|told| told.starts_with("judged")), "{by}");
    }
}

#[test]
fn the_meeting_waits_while_it_is_not_known_who_may_and_hears_of_what_is_only_observed() {
    let mut world = World::taken_in();
    (world.outage, world.of_teams) = (Some("GitHub is down.".into()), true);
    let event = said(&world, "tara", 1, Some(Triaged::Accepted), (None, None));
    let doubted = world.deliver(&[event]);
    assert!(!told(&doubted).iter().any(|told| told.starts_with("judged")), "{:?}", told(&doubted));
    world.outage = None;
    world.tick(60);
    let known = world.deliver(&[]);
    assert!(told(&known).contains(&"judged true: accepted".into()), "{:?}", told(&known));
    let mut world = World::new().with_policy(&POLICY.replace("enforce", "observe"));
    let labelled = world.label("sam", "change-request");
    world.deliver(&[labelled]);
    let event = said(&world, "tess", 1, Some(Triaged::Accepted), (None, None));
    let observed = world.deliver(&[event]);
    assert_eq!(told(&observed), ["judged true: accepted; where policy says `observe`, it is only recorded"]);
}
