//! Who decides in triage, by label and by command.

use super::*;

#[test]
fn a_label_counts_when_a_triager_set_it_and_is_put_back_otherwise() {
    for (who, accepted, expected) in [
        ("tara", true, ""),
        ("tess", true, ""),
        ("TESS", true, ""),
        ("sam", false, "-triage/accepted"),
        ("rita", false, "-triage/accepted"),
        ("renovate[bot]", false, "-triage/accepted"),
        ("helper[bot]", false, "-triage/accepted"),
    ] {
        let mut world = World::taken_in();
        let labelled = world.label(who, "triage/accepted");
        let decision = world.deliver(&[labelled]);
        assert_eq!(world.is_accepted(), accepted, "{who}");
        let labels: Vec<String> = told(&decision).into_iter().filter(|told| told.starts_with('-')).collect();
        assert_eq!(labels.join(" "), expected, "{who}");
    }
}

#[test]
fn an_unauthorised_label_is_answered_once_with_who_may() {
    let mut world = World::taken_in();
    let labelled = world.label("sam", "triage/accepted");
    let told = world.settle(&[labelled]);
    insta::assert_snapshot!(told.join("\n"), @r"
    comment refused/1795428020: @sam set **triage/accepted**; this is decided by the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)). It was taken off again. Ask them here.
    -triage/accepted
    ");
    assert_eq!(world.stage(), Stage::Requested);
    assert!(world.issue().labels == ["change-request"]);
}

#[test]
fn in_advise_an_unauthorised_label_is_answered_and_stays() {
    let mut world = World::new().with_policy(&POLICY.replace("enforce", "advise"));
    let (intake, accepted) = (world.label("sam", "change-request"), world.label("sam", "triage/accepted"));
    let told = world.settle(&[intake, accepted]);
    insta::assert_snapshot!(told.join("\n"), @"comment refused/1795428020: @sam set **triage/accepted**; this is decided by the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)). It does not count.");
    assert!(!world.is_accepted());
}

#[test]
fn in_observe_and_without_policy_nothing_is_said_and_all_is_kept() {
    for policy in [Some(POLICY.replace("enforce", "observe")), None] {
        let mut world = World::new();
        world.policy = policy.as_deref().map(Into::into);
        let events = [
            world.label("sam", "change-request"),
            world.label("sam", "triage/accepted"),
            world.comment("tara", "/decline No money."),
        ];
        let decision = world.deliver(&events);
        assert_eq!(decision.effects, vec![], "{policy:?}");
        assert!(world.request().taken_in);
        assert_eq!(world.request().acts.len(), 2);
        assert!(!world.is_accepted());
    }
}

#[test]
fn a_command_of_a_triager_sets_the_labels_and_the_labels_carry_the_person() {
    let mut world = World::taken_in();
    let asked = world.label("tara", "triage/needs-information");
    world.settle(&[asked]);
    assert_eq!(world.stage(), Stage::NeedsInformation);
    let accepted = world.comment("tom", "Good.\n\n/accept");
    let told = world.settle(std::slice::from_ref(&accepted));
    insta::assert_snapshot!(told.join("\n"), @r"
    thumbs up 1
    +triage/accepted
    -triage/needs-information
    ");
    assert_eq!(world.issue().labels, ["change-request", "triage/accepted"]);
    let Acceptance::Accepted { by, .. } = &world.request().acceptance else { panic!() };
    assert_eq!(by.as_ref().unwrap().login, "tom");
    assert_eq!(world.settle(&[accepted]), Vec::<String>::new(), "a repeated delivery has no second effect");
}

type Spoil = fn(&mut Option<Actor>, &mut CommentChange, &mut CommentSnapshot);

#[test]
fn only_a_person_s_own_unchanged_comment_is_a_command() {
    let cases: [(&str, Spoil); 6] = [
        ("edited", |_, _, comment| comment.updated_at = Some(Timestamp::MAX)),
        ("written by an app", |_, _, comment| comment.app = Some(5)),
        ("written by us", |_, _, comment| comment.app = Some(APP)),
        ("by a bot", |_, _, comment| comment.author = Some(actor("x[bot]"))),
        ("sent by somebody else", |by, _, _| *by = Some(actor("sam"))),
        ("an edit of it", |_, change, _| *change = CommentChange::Edited),
    ];
    for (what, spoil) in cases {
        let mut world = World::taken_in();
        let mut event = world.comment("tara", "/accept");
        if let What::Comment { change, comment, .. } = &mut event.what {
            spoil(&mut event.actor, change, comment);
        }
        assert_eq!(told(&world.deliver(&[event])), Vec::<String>::new(), "{what}");
        assert!(!world.is_accepted(), "{what}");
    }
}

#[test]
fn who_may_not_command_is_told_who_may() {
    let mut world = World::taken_in();
    let comment = world.comment("sam", "/accept\n/duplicate that one");
    insta::assert_snapshot!(world.settle(&[comment]).join("\n"), @r"
    confused 1
    comment reply/1: @sam wrote `/accept`; this is decided by the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)).

    @sam wrote `/duplicate`; it takes the other issue (like `#12` or `owner/repository#12`) behind it.
    ");
    let comment = world.comment("rita", "/withdraw");
    insta::assert_snapshot!(world.settle(&[comment]).join("\n"), @r"
    confused 2
    comment reply/2: @rita wrote `/withdraw`; that is for the requester (sam) and the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)).
    ");
    assert_eq!(world.stage(), Stage::Requested);
}

#[test]
fn at_most_ten_comments_an_hour_are_written() {
    let mut world = World::taken_in();
    let mut comments = 0;
    for _ in 0..30 {
        let comment = world.comment("sam", "/accept");
        comments += world.settle(&[comment]).iter().filter(|told| told.starts_with("comment reply")).count();
    }
    assert_eq!(comments, 10);
    world.tick(3600);
    let comment = world.comment("sam", "/accept");
    assert_eq!(world.settle(&[comment]).iter().filter(|told| told.starts_with("comment reply")).count(), 1);
}

#[test]
fn anybody_may_ask() {
    let mut world = World::taken_in();
    let readings = world.readings();
    let comment = world.comment("stranger", "/status\n/help");
    assert_eq!(world.settle(&[comment]), ["thumbs up 1"]);
    assert_eq!(world.readings(), readings);
    let comment = world.comment("stranger", "/recheck");
    assert_eq!(world.settle(&[comment]), ["thumbs up 2"]);
    assert_eq!(world.readings(), readings + 1);
}

#[test]
fn later_acts_override_earlier_ones() {
    let mut world = World::taken_in();
    let mut stages = vec![];
    for (who, what) in [
        ("tara", "/accept"),
        ("tess", "/decline No money."),
        ("tara", "/defer next year"),
        ("tom", "/need-info Which customers?"),
        ("tara", "/duplicate #3"),
        ("tara", "/accept"),
        ("sam", "/withdraw"),
        ("sam", "/reopen"),
        ("tara", "/triage accepted"),
    ] {
        let comment = world.comment(who, what);
        world.settle(&[comment]);
        stages.push(format!(
            "{} {:?}",
            world.stage().as_str(),
            world.issue().labels.get(1..).unwrap_or_default()
        ));
    }
    insta::assert_snapshot!(stages.join("\n"), @r#"
    accepted ["triage/accepted"]
    declined ["triage/declined"]
    deferred ["triage/deferred"]
    needs_information ["triage/needs-information"]
    duplicate ["triage/duplicate"]
    accepted ["triage/accepted"]
    withdrawn []
    requested []
    accepted ["triage/accepted"]
    "#);
}

#[test]
fn a_late_command_does_not_override_a_newer_one() {
    let mut world = World::taken_in();
    let (decline, accept) = (world.comment("tara", "/decline No."), world.comment("tess", "/accept"));
    world.settle(&[accept]);
    world.settle(&[decline]);
    assert!(world.is_accepted());
}

#[test]
fn a_triager_takes_an_acceptance_back_by_taking_the_label_off() {
    let mut world = World::taken_in();
    let accept = world.comment("tara", "/accept");
    world.settle(&[accept]);
    let off = world.unlabel("tess", "triage/accepted");
    assert_eq!(world.settle(&[off]), Vec::<String>::new());
    assert_eq!(world.stage(), Stage::Requested);
}

#[test]
fn a_label_that_somebody_else_takes_off_is_put_on_again() {
    let mut world = World::taken_in();
    let accept = world.comment("tara", "/accept");
    world.settle(&[accept]);
    let off = world.unlabel("sam", "triage/accepted");
    insta::assert_snapshot!(world.settle(&[off]).join("\n"), @r"
    comment refused/1795428040: @sam took **triage/accepted** off; this is decided by the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)). It was put on again.
    +triage/accepted
    ");
    assert!(world.is_accepted());
}

#[test]
fn what_a_label_accepted_ends_with_the_label() {
    let mut world = World::taken_in();
    let on = world.label("tara", "triage/accepted");
    world.settle(&[on]);
    assert!(world.is_accepted());
    let off = world.unlabel("sam", "triage/accepted");
    insta::assert_snapshot!(world.settle(&[off]).join("\n"), @"comment refused/1795428030: @sam took **triage/accepted** off; this is decided by the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)). What it said has ended with it. Ask them here.");
    assert!(!world.is_accepted());
}

#[test]
fn a_label_that_was_taken_off_and_set_again_is_the_second_one_s() {
    let mut world = World::taken_in();
    let on = world.label("tara", "triage/accepted");
    world.settle(&[on]);
    let (_, again) = (world.unlabel("sam", "triage/accepted"), world.label("sam", "triage/accepted"));
    world.deliver(&[again]);
    assert!(!world.is_accepted(), "though the set of labels is the same as before");
}

#[test]
fn a_verdict_outlives_the_membership() {
    let mut world = World::taken_in();
    let accept = world.comment("tess", "/accept");
    world.settle(&[accept]);
    let edited = world.edit("sam", "### Why\n\nMore money");
    world.policy = Some(POLICY.replace(", tess", "").into());
    world.settle(&[edited]);
    assert!(world.is_accepted());
}

#[test]
fn classes_are_not_set_by_hand_and_infrastructure_is_the_triagers() {
    let mut world = World::taken_in();
    let events = [world.label("tara", "change/emergency"), world.label("sam", "kind/infrastructure")];
    insta::assert_snapshot!(world.settle(&events).join("\n"), @r"
    comment refused/1795428020: @tara set **change/emergency**; this label is not set by hand. It was taken off again.
    comment refused/1795428030: @sam set **kind/infrastructure**; this is decided by the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)). It was taken off again. Ask them here.
    -change/emergency
    -kind/infrastructure
    ");
    let mut world = World::taken_in();
    let events = [
        world.label("tara", "kind/infrastructure"),
        world.label("sam", "risk/high"),
        world.label("sam", "size/M"),
    ];
    assert_eq!(world.settle(&events), Vec::<String>::new());
}

#[test]
fn what_cannot_be_read_is_unknown_and_is_looked_at_again() {
    let mut world = World::taken_in();
    world.outage = Some("GitHub could not be reached since 10:00 UTC".into());
    let labelled = world.label("tara", "triage/accepted");
    let decision = world.deliver(&[labelled]);
    assert_eq!(decision.look_again, Some(world.now + SignedDuration::from_secs(30)));
    assert!(matches!(world.request().acceptance, Acceptance::Unknown(_)));
    world.outage = None;
    assert_eq!(world.deliver(&[]).look_again, None);
    assert!(world.is_accepted());
}

#[test]
fn a_command_whose_author_cannot_be_looked_up_waits_for_its_answer() {
    let mut world = World::taken_in();
    world.outage = Some("GitHub could not be reached since 10:00 UTC".into());
    let comment = world.comment("tara", "/accept");
    let decision = world.deliver(&[comment]);
    assert_eq!(told(&decision), Vec::<String>::new());
    assert!(decision.look_again.is_some() && !world.is_accepted());
    world.outage = None;
    assert_eq!(told(&world.deliver(&[])), ["thumbs up 1", "+triage/accepted"]);
    assert!(world.is_accepted());
}

#[test]
fn commands_from_before_the_policy_count_only_where_the_bare_words_are_ours() {
    for (prefix, accepted) in [("", true), ("commands:\n  prefix: cg\n", false)] {
        let mut world = World::new();
        world.policy = None;
        let events = [world.label("sam", "change-request"), world.comment("tara", "/accept")];
        world.deliver(&events);
        world.policy = Some(format!("{POLICY}{prefix}").into());
        world.deliver(&[]);
        assert_eq!(world.is_accepted(), accepted, "{prefix}");
    }
}

#[test]
fn each_act_and_stage_is_written_down() {
    let mut world = World::new();
    let events = [world.label("sam", "change-request"), world.label("sam", "triage/declined")];
    let first = world.deliver(&events);
    assert_eq!(
        codes(&first),
        ["change_request.taken_in", "change_request.refused_act", "change_request.stage"]
    );
    let comment = world.comment("tara", "/accept");
    let second = world.deliver(&[comment]);
    assert_eq!(codes(&second), ["change_request.accepted", "change_request.stage"]);
    insta::assert_debug_snapshot!(second.audit.first().unwrap(), @r#"
    AuditEntry {
        code: "change_request.accepted",
        actor: Some(
            AccountId(
                476113,
            ),
        ),
        facts: {
            "at": "2026-11-23T10:00:30Z",
            "change_request": "7#12",
            "comment": "1",
        },
        texts: {
            "actor": "tara",
        },
    }
    "#);
}

#[test]
fn an_act_that_cannot_be_judged_yet_is_neither_undone_nor_overlooked() {
    for of_teams in [false, true] {
        let mut world = World::taken_in();
        let accepted = world.comment("tess", "/accept");
        world.settle(&[accepted]);
        (world.outage, world.of_teams) =
            (Some("GitHub could not be reached since 10:00 UTC".into()), of_teams);
        let declined = world.label("tom", "triage/declined");
        assert_eq!(told(&world.deliver(&[declined])), Vec::<String>::new(), "{of_teams}");
        let other = world.unlabel("tess", "triage/duplicate");
        world.deliver(&[other]);
        assert!(matches!(world.request().acceptance, Acceptance::Unknown(_)), "{of_teams}");
        world.outage = None;
        assert_eq!(world.settle(&[]), Vec::<String>::new());
        assert_eq!(world.stage(), Stage::Declined);
    }
}

#[test]
fn a_label_that_is_gone_does_not_count_while_github_cannot_be_read() {
    let mut world = World::taken_in();
    let accepted = world.label("tara", "triage/accepted");
    world.settle(&[accepted]);
    world.outage = Some("GitHub could not be reached since 10:00 UTC".into());
    let off = world.unlabel("sam", "triage/accepted");
    world.deliver(&[off]);
    assert_eq!(world.stage(), Stage::Requested);
}

#[test]
fn what_arrives_days_late_counts_and_is_not_answered() {
    let mut world = World::taken_in();
    let comments = [world.comment("tara", "/accept"), world.comment("sam", "/decline No.")];
    world.tick(2 * 86_400);
    assert_eq!(told(&world.deliver(&comments)), Vec::<String>::new());
    assert!(world.is_accepted());
}
