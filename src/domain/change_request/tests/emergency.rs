//! What somebody on call declares, who may, and what is owed for it.

use super::*;

/// Oz and olga are on call, and olga manages releases beside rita.
const ON_CALL: &str = "version: 1
mode: enforce
roles:
  triager: [acme/triage]
  release-manager: [rita, olga]
  break-glass: [oz, olga]
environments:
  production:
    emergency: { lasts: 4 hours, approved: within 1 working day, retrospective: 5 working days }
";

fn world() -> World {
    let mut world = World::new().with_policy(ON_CALL);
    let labelled = world.label("sam", "change-request");
    world.deliver(&[labelled]);
    world
}

/// How the emergency stands, in short.
fn stands(world: &World) -> String {
    let Some(emergency) = &world.request().emergency else { return "none".into() };
    let signed = emergency.signed.as_ref().map_or("unsigned", |signed| &signed.by.login);
    let result = emergency.looked_back.as_ref().map_or("not looked back on", |done| done.result.as_str());
    let force = if emergency.in_force { "in force" } else { "ended" };
    format!("{force}, by {}, {signed}, {result}", emergency.by.login)
}

#[test]
fn whoever_is_on_call_declares_it_and_nobody_else_and_not_without_a_reason() {
    for (who, body, expected, told) in [
        ("oz", "/emergency nobody can pay", "in force, by oz, unsigned, not looked back on", "thumbs up 1"),
        ("sam", "/emergency nobody can pay", "none", "confused 1"),
        ("tara", "/emergency nobody can pay", "none", "confused 1"),
        ("rita", "/emergency nobody can pay", "none", "confused 1"),
        ("oz", "/emergency", "none", "confused 1"),
        ("oz", "> /emergency nobody can pay", "none", ""),
        ("renovate[bot]", "/emergency nobody can pay", "none", ""),
    ] {
        let mut world = world();
        let comment = world.comment(who, body);
        let answers = world.settle(&[comment]);
        assert_eq!(stands(&world), expected, "{who}: {body}");
        assert_eq!(answers.first().map_or("", String::as_str), told, "{who}: {body}");
    }
}

#[test]
fn where_policy_knows_no_emergency_there_is_none() {
    let mut world = World::new().with_policy(ON_CALL.split("environments").next().unwrap());
    let events = [world.label("sam", "change-request"), world.comment("oz", "/emergency nobody can pay")];
    let told = world.settle(&events);
    insta::assert_snapshot!(told.join("\n"), @"
    confused 1
    comment reply/1: @oz wrote `/emergency`; the policy knows no emergency: no section of `environments` says `emergency`.
    ");
    assert_eq!(stands(&world), "none");
}

#[test]
fn it_ends_by_itself_and_is_renewed_by_saying_it_again() {
    let mut world = world();
    let comment = world.comment("oz", "/emergency nobody can pay");
    let declared = world.deliver(&[comment]);
    let ends = world.now + SignedDuration::from_hours(4);
    assert_eq!(declared.look_again, Some(ends));
    world.tick(2 * 3600);
    let renewed = world.comment("olga", "/emergency still nobody can pay");
    let renewed = world.deliver(&[renewed]);
    let ends = world.now + SignedDuration::from_hours(4);
    assert_eq!(renewed.look_again, Some(ends));
    assert_eq!(stands(&world), "in force, by olga, unsigned, not looked back on");
    world.tick(4 * 3600);
    let ended = world.deliver(&[]);
    assert_eq!(stands(&world), "ended, by olga, unsigned, not looked back on");
    assert_eq!(ended.look_again, None);
}

#[test]
fn one_who_neither_declared_it_nor_worked_on_it_signs_it_and_looking_back_ends_what_is_owed() {
    for (comments, expected) in [
        (vec![("rita", "/approve")], "in force, by oz, rita, not looked back on"),
        (vec![("rita", "/approve release-manager")], "in force, by oz, rita, not looked back on"),
        (vec![("rita", "/approve qa")], "in force, by oz, unsigned, not looked back on"),
        (vec![("sam", "/approve")], "in force, by oz, unsigned, not looked back on"),
        (vec![("oz", "/approve")], "in force, by oz, unsigned, not looked back on"),
        // Olga worked on it.
        (vec![("olga", "/approve")], "in force, by oz, unsigned, not looked back on"),
        // Who renews it is no longer independent.
        (
            vec![("rita", "/approve"), ("olga", "/emergency still")],
            "in force, by olga, rita, not looked back on",
        ),
        (vec![("oz", "/done worked restarted it")], "ended, by oz, unsigned, worked"),
        (vec![("rita", "/done problems it was slow")], "ended, by oz, unsigned, problems"),
        (vec![("sam", "/done worked")], "in force, by oz, unsigned, not looked back on"),
        (vec![("oz", "/done somehow")], "in force, by oz, unsigned, not looked back on"),
        (vec![("oz", "/done backed-out"), ("oz", "/done worked")], "ended, by oz, unsigned, backed-out"),
        // What goes out after looking back is looked back on again.
        (
            vec![("oz", "/done worked"), ("oz", "/emergency again")],
            "in force, by oz, unsigned, not looked back on",
        ),
        // When nothing is owed, the next one is another.
        (
            vec![("rita", "/approve"), ("oz", "/done worked"), ("olga", "/emergency again")],
            "in force, by olga, unsigned, not looked back on",
        ),
    ] {
        let mut world = world();
        world.pull(30, true, true, false);
        world.pulls[0].people = [actor("olga").id].into();
        let mut events = vec![world.comment("oz", "/emergency nobody can pay")];
        events.extend(comments.iter().map(|(who, body)| world.comment(who, body)));
        for event in &events {
            world.deliver(std::slice::from_ref(event));
        }
        assert_eq!(stands(&world), expected, "{comments:?}");
        let in_order = world.request().emergency.clone();
        world.state = None;
        let mut others = vec![world.label("sam", "change-request")];
        others.extend(events.into_iter().rev());
        for event in &others {
            world.deliver(std::slice::from_ref(event));
        }
        assert_eq!(world.request().emergency, in_order, "{comments:?}, heard in another order");
    }
}

#[test]
fn the_label_is_on_it_while_it_lasts_or_something_is_owed_and_says_nothing_by_itself() {
    let labels = |world: &mut World| world.issue().labels.join(" ");
    let mut world = world();
    let by_hand = world.label("oz", "change/emergency");
    assert!(world.settle(&[by_hand]).contains(&"-change/emergency".into()));
    assert_eq!((stands(&world).as_str(), labels(&mut world).as_str()), ("none", "change-request"));
    let comment = world.comment("oz", "/emergency nobody can pay");
    assert_eq!(
        world.settle(&[comment]),
        ["thumbs up 1", "+change/emergency", "issue retrospective/12/1795428040"]
    );
    let off = world.unlabel("sam", "change/emergency");
    world.settle(&[off]);
    assert_eq!(labels(&mut world), "change-request change/emergency");
    let done = world.comment("oz", "/done worked");
    world.settle(&[done]);
    assert_eq!(labels(&mut world), "change-request change/emergency");
    let signed = world.comment("rita", "/approve");
    world.settle(&[signed]);
    assert_eq!(labels(&mut world), "change-request");
}

#[test]
fn what_is_owed_for_an_emergency_is_silence_where_there_was_none() {
    let mut world = world();
    let comment = world.comment("rita", "/approve");
    assert_eq!(world.settle(&[comment]), Vec::<String>::new());
    assert_eq!(stands(&world), "none");
}

#[test]
fn the_repositories_of_its_pull_requests_are_where_something_is_owed_until_it_is_paid() {
    let owes = |world: &World| {
        let relations = world.request().relations();
        let owed =
            relations.iter().filter(|(relation, _)| *relation == crate::domain::subject::Relation::Owes);
        owed.map(|(_, subject)| subject.to_string()).collect::<Vec<_>>()
    };
    let mut world = world();
    world.pull(13, true, false, true);
    assert_eq!(owes(&world).len(), 0);
    let comment = world.comment("oz", "/emergency nobody can pay");
    world.deliver(&[comment]);
    assert_eq!(owes(&world).len(), 2, "{:?}", owes(&world));
    let paid = [world.comment("rita", "/approve"), world.comment("oz", "/done worked")];
    world.deliver(&paid);
    assert_eq!(owes(&world).len(), 0);
}

#[test]
fn people_read_what_is_quicker_until_when_it_holds_and_what_is_owed() {
    let mut world = world();
    let comment = world.comment("oz", "/emergency nobody can pay @everyone #1");
    let declared = world.deliver(&[comment]);
    insta::assert_snapshot!(summary(&declared), @"
    **Change request** · requested
    Contact: nobody yet · Requester: @sam

    **Emergency**, declared by @oz on 23 Nov 2026, 10:00 UTC: nobody can pay @&#8203;everyone #&#8203;1
    Quickest, if it helps: deploy again what ran before; that passes at any time. Otherwise the commits of its pull requests pass without release, window and signatures until 23 Nov 2026, 14:00 UTC; `/emergency WHY` renews that. Nothing else passes with them.
    Owed until 24 Nov 2026, 10:00 UTC: `/approve` here by one of the release managers ([rita](https://github.com/rita), [olga](https://github.com/olga)) who neither declared it nor worked on it.
    Owed until 30 Nov 2026, 10:00 UTC: `/done worked|problems|backed-out` here, once the issue of its retrospective is written.

    Next: a triager ([acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept`, or asks, defers or declines.
    ");
    let issue = |decision: &Decision| {
        let issues = decision.effects.iter().filter_map(|effect| match &effect.call {
            Call::Issue { title, body, open, .. } => Some(format!("{title} (open: {open})\n{body}")),
            Call::Comment { .. }
            | Call::Record { .. }
            | Call::Label { .. }
            | Call::Milestone { .. }
            | Call::Reaction { .. }
            | Call::CheckRun { .. }
            | Call::ProtectionAnswer { .. }
            | Call::ProtectionNote { .. }
            | Call::ReadAnew { .. }
            | Call::Ship { .. }
            | Call::CloseMilestone { .. }
            | Call::Announce { .. } => None,
        });
        issues.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(issue(&declared), @"
    Retrospective: Faster checkout (open: true)
    [web#12](https://github.com/acme/web/issues/12) was declared an emergency on 23 Nov 2026, 10:00 UTC: nobody can pay @&#8203;everyone #&#8203;1

    Owner: @oz · Due: 30 Nov 2026, 10:00 UTC

    - What happened, and who noticed it how?
    - What was deployed, and what did it do?
    - What would have made the ordinary way fast enough?
    - What changes now, and who does it until when?

    Write it here. Then one of the people on call ([oz](https://github.com/oz), [olga](https://github.com/olga)) or a release manager comments `/done worked`, `/done problems` or `/done backed-out`, with a sentence behind it, on [web#12](https://github.com/acme/web/issues/12), and this issue closes by itself. From the due time on it stands in the way of ordinary deployments.
    ");
    let events =
        [world.comment("rita", "/approve"), world.comment("oz", "/done worked The pool was too small.")];
    let paid = world.deliver(&events);
    insta::assert_snapshot!(issue(&paid), @"
    Retrospective: Faster checkout (open: false)
    [web#12](https://github.com/acme/web/issues/12) was declared an emergency on 23 Nov 2026, 10:00 UTC: nobody can pay @&#8203;everyone #&#8203;1

    Owner: @oz

    Looked back on by @oz on 23 Nov 2026, 10:00 UTC: **worked**. The pool was too small.
    ");
    world.tick(5 * 3600);
    let ended = world.deliver(&[]);
    insta::assert_snapshot!(summary(&ended), @"
    **Change request** · requested
    Contact: nobody yet · Requester: @sam

    **Emergency**, declared by @oz on 23 Nov 2026, 10:00 UTC: nobody can pay @&#8203;everyone #&#8203;1
    It has ended; `/emergency WHY` declares it again.
    Nothing is owed for it any more.

    Next: a triager ([acme/triage](https://github.com/orgs/acme/teams/triage)) comments `/accept`, or asks, defers or declines.
    ");
}
