//! What somebody on call declares, who may, and what is owed for it.

use super::*;
use crate::domain::{
    ids::{CommentId, SubjectId},
    pull_request::{OwnChange, PullRequestView, Said, Tie, Words},
    subject::Relation,
    trial,
};

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
        let owed = relations.iter().filter(|(relation, _)| *relation == Relation::Owes);
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
        let issues = decision.effects.iter().filter_map(|effect| {
            let Call::Issue { title, body, open, .. } = &effect.call else { return None };
            Some(format!("{title} (open: {open})\n{body}"))
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

    Write it here. Then one of the people on call ([oz](https://github.com/oz), [olga](https://github.com/olga)) or a release manager comments `/done worked`, `/done problems` or `/done backed-out`, with a sentence behind it, here or on [web#12](https://github.com/acme/web/issues/12), and this issue closes by itself. From the due time on it stands in the way of ordinary deployments.
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

#[test]
fn an_emergency_takes_in_the_issue_on_which_it_is_declared_and_whoever_takes_the_label_off_has_the_last_word()
{
    let mut world = World::new().with_policy(ON_CALL);
    let comment = world.comment("oz", "/emergency nobody can pay");
    assert_eq!(
        world.settle(&[comment]),
        ["thumbs up 1", "+change-request", "issue retrospective/12/1795428010", "+change/emergency",]
    );
    assert_eq!(stands(&world), "in force, by oz, unsigned, not looked back on");
    assert_eq!(world.request().requester().map(|by| by.login.as_str()), Some("sam"));
    let off = world.unlabel("sam", "change-request");
    world.settle(&[off]);
    assert_eq!(stands(&world), "ended, by oz, unsigned, not looked back on");
    assert!(!world.issue().labels.contains(&"change-request".into()));
    let again = world.comment("oz", "/emergency still nobody can pay");
    world.settle(&[again]);
    assert_eq!(stands(&world), "in force, by oz, unsigned, not looked back on");
    assert!(world.issue().labels.contains(&"change-request".into()));
}

#[test]
fn on_an_issue_that_is_none_of_ours_nothing_but_an_emergency_is_heard_and_only_of_those_on_call() {
    for (who, body, expected) in [
        ("oz", "/accept", None),
        ("oz", "Is this an emergency?", None),
        ("renovate[bot]", "/emergency nobody can pay", None),
        ("sam", "/emergency nobody can pay", Some("confused 1")),
        ("oz", "/emergency", Some("confused 1")),
    ] {
        let mut world = World::new().with_policy(ON_CALL);
        let comment = world.comment(who, body);
        match (world.judge(&[comment]), expected) {
            (Judgement::Ignored(_), None) => {}
            (Judgement::Decided(decision), Some(first)) => {
                let told = told(&decision);
                assert_eq!((told.len(), told[0].as_str()), (2, first), "{who}: {body}");
            }
            (other, _) => panic!("{who}: {body}: {other:?}"),
        }
    }
    let mut ours = World::new().with_policy(ON_CALL);
    ours.issue().author = Some(actor("changegate[bot]"));
    ours.issue().body = "What happened?\n\n<!-- changegate:x -->".into();
    let comment = ours.comment("oz", "/emergency nobody can pay");
    ours.deliver(&[comment]);
    assert_eq!((ours.request().acts.len(), ours.request().taken_in), (0, false));
}

#[test]
fn where_issues_are_taken_in_by_type_it_is_asked_for() {
    let by_type = format!("{ON_CALL}intake: {{ type: Incident }}\n");
    let mut world = World::new().with_policy(&by_type);
    let comment = world.comment("oz", "/emergency nobody can pay");
    let told = world.settle(&[comment]);
    insta::assert_snapshot!(told.join("\n"), @r"
    thumbs up 1
    comment intake: @oz This issue is an emergency as soon as it has the type **Incident**, which Changegate cannot set. Nothing else is needed.
    issue retrospective/12/1795428010
    ");
}

/// A link, made so many seconds after the world began.
fn tied(world: &mut World, number: u64, seconds: i64, by: Option<&str>) {
    world.pull(number, true, true, false);
    let since = "2026-11-23T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds);
    let pull = world.pulls.last_mut().unwrap();
    pull.ties = vec![Tie { to: AT, since, by: by.map(actor) }];
}

#[test]
fn whoever_links_a_pull_request_while_it_lasts_rides_along_only_by_the_word_of_those_who_answer_for_it() {
    // Declared 20 seconds after the world began.
    for (since, by, expected) in [
        (5, None, true),
        (5, Some("sam"), true),
        (20, Some("sam"), true),
        (21, Some("sam"), false),
        (21, None, false),
        (21, Some("oz"), true),
        (21, Some("olga"), true),
        (21, Some("rita"), true),
    ] {
        let mut world = world();
        let comment = world.comment("oz", "/emergency nobody can pay");
        tied(&mut world, 30, since, by);
        world.deliver(&[comment]);
        let parts = &world.request().emergency.as_ref().unwrap().parts;
        assert_eq!(!parts.is_empty(), expected, "{since} {by:?}");
    }
}

#[test]
fn an_emergency_that_is_said_again_takes_in_what_was_linked_by_then_and_on_a_pull_request_that_one_alone() {
    let parts = |world: &World| {
        world.request().emergency.iter().flat_map(|it| &it.parts).map(|at| at.number).collect::<Vec<_>>()
    };
    let mut world = world();
    let comment = world.comment("oz", "/emergency nobody can pay");
    world.deliver(&[comment]);
    tied(&mut world, 30, 25, Some("sam"));
    tied(&mut world, 31, 25, Some("sam"));
    world.tick(60);
    world.deliver(&[]);
    assert_eq!(parts(&world), Vec::<u64>::new());
    world.pulls[1].said = vec![Said {
        comment: CommentId(99),
        place: 0,
        by: actor("oz"),
        at: world.now,
        words: Words::Emergency("this one too".into()),
    }];
    world.deliver(&[]);
    assert_eq!(parts(&world), [31]);
    let again = world.comment("oz", "/emergency all of it");
    world.deliver(&[again]);
    assert_eq!(parts(&world), [30, 31]);
}

#[test]
fn it_owes_for_the_systems_that_its_labels_name_too() {
    let mut world = world();
    let labelled = world.label("sam", "System/Payments");
    let comment = world.comment("oz", "/emergency nobody can pay");
    world.deliver(&[labelled, comment]);
    let owes = |subject| (Relation::Owes, subject);
    assert!(world.request().relations().contains(&owes(SubjectId::Account)));
    assert_eq!(world.request().view().systems.into_iter().collect::<Vec<_>>(), ["payments"]);
    let paid = [world.comment("rita", "/approve"), world.comment("oz", "/done worked")];
    world.deliver(&paid);
    assert!(!world.request().relations().contains(&owes(SubjectId::Account)));
}

/// A pull request that is its own change request, on which this was said.
fn own(said: &[(&str, &str)]) -> World {
    let mut world = World::new().with_policy(ON_CALL);
    let said = said.iter().enumerate().map(|(place, (who, words))| Said {
        comment: CommentId(place as u64 + 1),
        place: 0,
        by: actor(who),
        at: world.now + SignedDuration::from_secs(i64::try_from(place).unwrap()),
        words: match words.split_once(' ') {
            Some(("/emergency", why)) => Words::Emergency(why.into()),
            Some(("/done", how)) => Words::Done(how.into()),
            _ => Words::Approve(String::new()),
        },
    });
    let said = said.collect();
    let shown = OwnChange { labels: vec![], created_at: Some(world.now), updated_at: Some(world.now) };
    world.pulls =
        vec![PullRequestView { links: vec![], said, own: Some(shown), ..trial::pull_request(AT, &[]) }];
    world
}

#[test]
fn a_pull_request_that_is_its_own_change_request_is_declared_signed_and_looked_back_on_like_an_issue() {
    for (said, expected, taken_in) in [
        (vec![("oz", "/emergency nobody can pay")], "in force, by oz, unsigned, not looked back on", true),
        (vec![("sam", "/emergency nobody can pay")], "none", false),
        (
            vec![("oz", "/emergency nobody can pay"), ("rita", "/approve "), ("oz", "/done worked")],
            "ended, by oz, rita, worked",
            true,
        ),
    ] {
        let mut world = own(&said);
        world.deliver(&[]);
        assert_eq!((stands(&world).as_str(), world.request().taken_in), (expected, taken_in), "{said:?}");
    }
    let mut world = own(&[("oz", "/emergency nobody can pay")]);
    let decision = world.deliver(&[]);
    assert!(world.request().emergency.as_ref().unwrap().is_for(AT));
    insta::assert_snapshot!(status(&decision), @r"
    **Change request**: this pull request

    **Emergency**, declared by @oz on 23 Nov 2026, 10:00 UTC: nobody can pay
    Quickest, if it helps: deploy again what ran before; that passes at any time. Otherwise the commits of its pull requests pass without release, window and signatures until 23 Nov 2026, 14:00 UTC; `/emergency WHY` renews that. Nothing else passes with them.
    Owed until 24 Nov 2026, 10:00 UTC: `/approve` here by one of the release managers ([rita](https://github.com/rita), [olga](https://github.com/olga)) who neither declared it nor worked on it.
    Owed until 30 Nov 2026, 10:00 UTC: `/done worked|problems|backed-out` here, once the issue of its retrospective is written.
    ");
    let told = told(&decision);
    assert!(told.contains(&"thumbs up 1".into()) && told.contains(&"+change/emergency".into()), "{told:?}");
}

/// Somebody comments on the issue in which people look back on it.
fn on_retrospective(world: &mut World, by: &str, body: &str) -> Event {
    let mut event = world.comment(by, body);
    if let What::Comment { on: crate::domain::event::CommentedOn::Issue(issue), .. } = &mut event.what {
        issue.at = trial::at(90);
    }
    event
}

fn kept(world: &World) -> Event {
    let purpose = crate::domain::event::IssuePurpose::Retrospective { of: AT };
    world.event("changegate[bot]", What::Kept { issue: trial::at(90), purpose })
}

#[test]
fn what_is_owed_for_an_issue_that_was_deleted_is_paid_where_people_look_back_on_it() {
    let mut world = world();
    let comment = world.comment("oz", "/emergency nobody can pay");
    world.deliver(&[comment]);
    let kept = kept(&world);
    world.deliver(&[kept]);
    let record = (Relation::Records, SubjectId::ChangeRequest(trial::at(90)));
    assert!(world.request().relations().contains(&record));
    let deleted = world.change("sam", IssueChange::Deleted, |_| ());
    world.deliver(&[deleted]);
    assert_eq!(stands(&world), "ended, by oz, unsigned, not looked back on");
    assert!(!world.request().owes.is_empty());
    let refused = on_retrospective(&mut world, "sam", "/done worked");
    assert_eq!(told(&world.deliver(&[refused]))[0], "confused 2");
    let paid = [
        on_retrospective(&mut world, "rita", "/approve"),
        on_retrospective(&mut world, "rita", "/done worked The pool was too small."),
        on_retrospective(&mut world, "rita", "/accept"),
    ];
    let decision = world.deliver(&paid);
    assert_eq!(stands(&world), "ended, by oz, rita, worked");
    assert!(world.request().owes.is_empty());
    let told = told(&decision);
    assert!(told.contains(&"thumbs up 3".into()) && told.contains(&"thumbs up 4".into()), "{told:?}");
    assert!(told.iter().any(|it| it.starts_with("issue retrospective")), "{told:?}");
}

#[test]
fn what_is_owed_goes_along_with_an_issue_that_is_transferred_and_that_it_goes_ahead_does_not() {
    let mut there = world();
    let comment = there.comment("oz", "/emergency nobody can pay");
    there.deliver(&[comment]);
    let moved = there.change("sam", IssueChange::Transferred { to: Some(trial::at(77)) }, |_| ());
    there.deliver(&[moved]);
    assert!(there.request().owes.is_empty());
    let along = there.request().goes_along();
    assert_eq!(along.iter().filter(|act| act.deed.is_in_need()).count(), 1);

    // Where it is now nobody of the old place is on call.
    let mut here = World::new().with_policy(&ON_CALL.replace("oz, olga", "lee"));
    let labelled = here.label("sam", "change-request");
    here.deliver(&[labelled]);
    let Some(State::ChangeRequest(request)) = &mut here.state else { panic!("no change request") };
    request.acts.extend(along.into_iter().filter(|act| act.deed.is_in_need()));
    here.deliver(&[]);
    assert_eq!(stands(&here), "ended, by oz, unsigned, not looked back on");
    assert!(!here.request().owes.is_empty());
    here.tick(60);
    let again = here.comment("lee", "/emergency it goes on");
    here.deliver(&[again]);
    assert_eq!(stands(&here), "in force, by lee, unsigned, not looked back on");
    let paid = [here.comment("rita", "/approve"), here.comment("lee", "/done worked")];
    here.deliver(&paid);
    assert!(here.request().owes.is_empty());
}
