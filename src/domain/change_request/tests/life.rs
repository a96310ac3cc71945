//! From the request to the merge, and everything that can happen to an issue on the way.

use super::*;
use crate::domain::change_request::follow::Gone;

#[test]
fn an_issue_without_the_intake_label_is_nobody_s_business() {
    let mut world = World::new();
    let opened = world.change("sam", IssueChange::Opened, |_| {});
    assert!(matches!(world.judge(&[opened]), Judgement::Ignored(_)));
    assert_eq!(world.asked, vec![]);
}

#[test]
fn an_issue_type_takes_in_as_well_as_a_label() {
    let mut world = World::new().with_policy(&format!("{POLICY}intake:\n  type: Change request\n"));
    let typed =
        world.change("sam", IssueChange::Other, |issue| issue.issue_type = Some("change request".into()));
    world.deliver(&[typed]);
    assert!(world.request().taken_in);
}

#[test]
fn a_new_request_costs_one_reading_and_its_edits_none() {
    let mut world = World::taken_in();
    assert_eq!(world.readings(), 1);
    for body in ["a", "b", "c"] {
        let edited = world.edit("sam", body);
        world.deliver(&[edited]);
    }
    assert_eq!(world.readings(), 1);
    let accepted = world.label("tara", "triage/accepted");
    world.deliver(&[accepted]);
    assert_eq!(world.readings(), 2);
}

#[test]
fn stages_follow_from_facts_each_with_its_time() {
    let mut world = World::new().with_policy(&format!("{POLICY}intake:\n  required: [Why]\n"));
    world.issue().body = "Please.".into();
    let intake = world.label("sam", "change-request");
    world.deliver(&[intake]);
    let edited = world.edit("sam", "### Why?\n\nMoney");
    world.deliver(&[edited]);
    let accepted = world.comment("tara", "/accept");
    world.settle(&[accepted]);
    let planned = world.milestone("rita", 2);
    world.deliver(&[planned]);
    world.tick(60);
    world.pull(41, true, true, false);
    world.deliver(&[]);
    world.tick(60);
    world.pull(41, true, false, true);
    let closed = world.close("dev", "completed");
    let decision = world.deliver(&[closed]);
    let steps = world.request().stages.iter().map(|(stage, at)| format!("{at} {}", stage.as_str()));
    insta::assert_snapshot!(steps.collect::<Vec<_>>().join("\n"), @r"
    2026-11-23T10:00:10Z needs_information
    2026-11-23T10:00:20Z requested
    2026-11-23T10:00:30Z accepted
    2026-11-23T10:00:50Z scheduled
    2026-11-23T10:01:50Z in_work
    2026-11-23T10:02:50Z merged
    ");
    insta::assert_snapshot!(summary(&decision), @r"
    **Change request** · merged · release **2026.12** (3 Dec)
    Contact: nobody yet · Requester: @sam

    Merged ([web#41](https://github.com/acme/web/pull/41)); ships with **2026.12**. Merged is not delivered. GitHub closed this issue with the merge; it stays closed.
    ");
    assert!(world.is_accepted(), "it covers its pull request still");
    assert!(
        !decision
            .effects
            .iter()
            .any(|effect| matches!(effect.call, Call::Label { .. } | Call::Milestone { .. }))
    );
}

#[test]
fn the_code_is_complete_when_a_finishing_pull_request_is_merged_and_none_is_open() {
    for (pulls, expected) in [
        (vec![], Stage::Accepted),
        (vec![(41, true, true, false)], Stage::InWork),
        (vec![(41, true, false, true)], Stage::Merged),
        (vec![(41, true, false, false)], Stage::Accepted),
        (vec![(41, true, false, true), (12, false, true, false)], Stage::InWork),
        (vec![(41, true, false, true), (12, false, false, true)], Stage::Merged),
        (vec![(12, false, false, true)], Stage::InWork),
    ] {
        let mut world = World::taken_in();
        let accepted = world.label("tara", "triage/accepted");
        world.deliver(&[accepted]);
        for (number, finishes, open, merged) in &pulls {
            world.pull(*number, *finishes, *open, *merged);
        }
        world.deliver(&[]);
        assert_eq!(world.stage(), expected, "{pulls:?}");
    }
}

#[test]
fn what_finishes_another_request_is_only_a_part_of_this_one() {
    let mut world = World::taken_in();
    let accepted = world.label("tara", "triage/accepted");
    world.deliver(&[accepted]);
    world.pull(41, false, false, true);
    let other = IssueRef { repo: WEB, number: 13 };
    world.pulls[0].links.push(Link { to: other, finishes: true });
    world.deliver(&[]);
    assert_eq!(world.stage(), Stage::InWork);
}

#[test]
fn a_pull_request_makes_an_unknown_issue_be_read() {
    let mut world = World::new();
    let _lost = [world.label("sam", "change-request"), world.label("tara", "triage/accepted")];
    world.pull(41, true, true, false);
    world.deliver(&[]);
    assert!(world.request().taken_in && world.is_accepted());
    assert_eq!(world.readings(), 1);
    world.deliver(&[]);
    assert_eq!(world.readings(), 1);
}

#[test]
fn an_issue_that_github_does_not_have_does_not_exist_and_is_read_once() {
    let mut world = World::new();
    world.issue = None;
    world.pull(41, true, true, false);
    world.deliver(&[]);
    world.deliver(&[]);
    assert!(!world.request().view().exists);
    assert_eq!(world.readings(), 1);
}

#[test]
fn closed_by_a_person_is_withdrawn_duplicate_or_a_question() {
    for (reason, stage) in
        [("not_planned", Stage::Withdrawn), ("duplicate", Stage::Duplicate), ("completed", Stage::Accepted)]
    {
        let mut world = World::taken_in();
        let accepted = world.label("tara", "triage/accepted");
        world.deliver(&[accepted]);
        let closed = world.close("sam", reason);
        world.deliver(&[closed]);
        assert_eq!(world.stage(), stage);
        if let Acceptance::Refused { by, .. } = &world.request().acceptance {
            assert_eq!(by.as_ref().unwrap().login, "sam");
        }
        let reopened = world.reopen("sam");
        world.deliver(&[reopened]);
        assert_eq!(world.stage(), Stage::Accepted, "reopened after {reason}");
    }
}

#[test]
fn an_issue_that_loses_its_label_leaves_the_register_and_keeps_its_history() {
    let mut world = World::taken_in();
    let accepted = world.comment("tara", "/accept");
    world.settle(&[accepted]);
    let left = world.unlabel("sam", "change-request");
    let decision = world.deliver(&[left]);
    assert!(!world.request().view().taken_in);
    assert_eq!(world.request().stages.len(), 2);
    insta::assert_snapshot!(summary(&decision), @r"
    **Change request** · left the register
    Contact: nobody yet · Requester: @sam

    The label **change-request** was taken off: this issue has left the register. Its history is kept; set the label again to bring it back.
    ");
    assert_eq!(codes(&decision), ["change_request.left"]);
    let back = world.label("sam", "change-request");
    world.deliver(&[back]);
    assert_eq!(world.stage(), Stage::Accepted);
}

#[test]
fn a_deleted_issue_is_gone_for_good_and_nothing_is_said_on_it() {
    let mut world = World::taken_in();
    let edited = world.edit("sam", "late");
    let deleted = world.change("sam", IssueChange::Deleted, |_| {});
    assert_eq!(world.deliver(&[deleted]).effects, vec![]);
    assert_eq!(world.deliver(&[edited]).effects, vec![]);
    assert_eq!(world.request().gone, Some(Gone::Deleted));
    assert!(!world.request().view().exists);
}

#[test]
fn a_transferred_issue_is_known_at_both_ends() {
    let to = IssueRef { repo: BILLING, number: 3 };
    let mut world = World::taken_in();
    let moved = world.change("sam", IssueChange::Transferred { to: Some(to) }, |_| {});
    assert_eq!(world.deliver(&[moved]).effects, vec![]);
    assert_eq!(world.request().gone, Some(Gone::MovedTo(Some(to))));

    let mut here = World::new();
    let from = IssueSnapshot { at: to, ..here.issue().clone() };
    let _lost = here.label("sam", "change-request");
    let moved = IssueChange::Transferred { to: Some(AT) };
    let moved = here.event("sam", What::Issue { change: moved, issue: from });
    here.deliver(&[moved]);
    assert_eq!(here.request().moved_from, Some(to));
    assert!(here.request().taken_in);
}

#[test]
fn a_release_counts_when_a_release_manager_planned_it() {
    for (who, number, release, expected) in [
        ("rita", 2, Some("2026.12"), ""),
        ("sam", 2, None, "milestone None"),
        ("tara", 2, None, "milestone None"),
        ("sam", 30, None, ""),
    ] {
        let mut world = World::taken_in();
        let planned = world.milestone(who, number);
        let told = world.settle(&[planned]);
        let told: Vec<String> = told.into_iter().filter(|told| told.starts_with("milestone")).collect();
        assert_eq!(told.join(" "), expected, "{who} {number}");
        assert_eq!(
            world.request().release().map(|release| release.title.as_str()),
            release,
            "{who} {number}"
        );
        assert_eq!(world.request().relations().len(), usize::from(release.is_some()));
    }
}

#[test]
fn a_release_manager_plans_with_a_command_and_the_milestone_follows() {
    for (who, words, release, told) in [
        ("rita", "/schedule 2026.12", Some("2026.12"), "schedule 2026.12"),
        ("rita", "/milestone 2026.12", Some("2026.12"), "schedule 2026.12"),
        ("rita", "/schedule NOW", Some("now-web-12"), "schedule now-web-12"),
        ("rita", "/schedule now-web-13", None, ""),
        ("rita", "/schedule next", None, ""),
        ("rita", "/schedule Backlog", None, ""),
        ("rita", "/schedule", None, ""),
        ("sam", "/schedule 2026.12", None, ""),
        ("tara", "/schedule now", None, ""),
    ] {
        let mut world = World::taken_in();
        let said = world.comment(who, words);
        let all = world.settle(&[said]);
        let set: Vec<String> = all.into_iter().filter(|told| told.starts_with("schedule")).collect();
        assert_eq!(set.join(" "), told, "{who} {words}");
        let planned = |world: &World| world.request().release().map(|release| release.title.clone());
        assert_eq!(planned(&world).as_deref(), release, "{who} {words}");
        let out = world.comment("rita", "/unschedule");
        let all = world.settle(&[out]);
        assert_eq!(all.contains(&"milestone None".to_owned()), release.is_some(), "{who} {words}");
        assert_eq!(planned(&world), None, "{who} {words}");
    }
}

#[test]
fn what_is_set_by_hand_after_a_command_counts_and_a_release_of_one_is_of_no_other() {
    let mut world = World::taken_in();
    let said = world.comment("rita", "/schedule 2026.12");
    world.settle(&[said]);
    let by_hand = world.milestone("rita", 1);
    world.settle(&[by_hand]);
    assert_eq!(world.request().release().map(|release| release.title.as_str()), Some("2026.11"));
    let of_another = world.milestone("rita", 13);
    world.settle(&[of_another]);
    assert_eq!(world.request().release(), None);
}

#[test]
fn the_next_release_is_the_first_that_can_still_be_planned_for() {
    let weekly = POLICY.replace("{year}.{month}", "{year}-W{week}");
    let every = weekly + "    every: Thursday 10:00\n    lock: 2 days before\n";
    let mut world = World::taken_in().with_policy(&every);
    // It is Monday the 23rd of November; what leaves on Thursday locks on Tuesday.
    let said = world.comment("rita", "/schedule next");
    assert!(world.settle(&[said]).contains(&"schedule 2026-W48".to_owned()));
    world.tick(24 * 3600);
    let late = world.comment("rita", "/schedule next");
    assert!(world.settle(&[late]).contains(&"schedule 2026-W49".to_owned()));
}

#[test]
fn two_snapshots_of_one_second_are_settled_by_one_reading() {
    let mut world = World::taken_in();
    let first = world.edit("sam", "one");
    let now = world.now;
    let second = world.edit("sam", "two");
    world.issue().updated_at = Some(now);
    let same_second = |event: &Event| {
        let mut event = event.clone();
        if let What::Issue { issue, .. } = &mut event.what {
            issue.updated_at = Some(now);
        }
        event
    };
    for order in [[&second, &first], [&first, &second]] {
        let mut world = world.clone();
        let before = world.readings();
        for event in order {
            world.deliver(&[same_second(event)]);
        }
        assert_eq!(world.request().seen.as_ref().unwrap().body, "two");
        assert_eq!(world.readings(), before + 1);
        world.tick(60);
        let recheck = world.comment("sam", "/recheck");
        world.deliver(&[recheck]);
    }
}

#[test]
fn a_late_snapshot_of_the_second_that_was_read_changes_nothing() {
    let mut world = World::new();
    let intake = world.label("sam", "change-request");
    world.tick(60);
    world.deliver(std::slice::from_ref(&intake));
    let mut late = intake;
    if let What::Issue { issue, .. } = &mut late.what {
        issue.body = "before".into();
    }
    world.deliver(&[late]);
    assert_eq!(world.request().seen, world.issue);
    assert_eq!(world.readings(), 1);
}

#[test]
fn an_older_reading_never_replaces_a_newer_snapshot() {
    let mut world = World::taken_in();
    let old = world.issue.clone();
    let accepted = world.label("tara", "triage/accepted");
    let new = std::mem::replace(&mut world.issue, old);
    let decision = world.deliver(&[accepted]);
    assert!(decision.look_again.is_some() && !world.is_accepted());
    world.issue = new;
    world.deliver(&[]);
    assert!(world.is_accepted());
}

#[test]
fn our_comment_is_restored_when_a_person_defaces_it_and_our_own_edits_are_not_answered() {
    for (who, again) in [("sam", true), ("changegate[bot]", false)] {
        let mut world = World::taken_in();
        let mut edited = world.comment(who, "/accept APPROVED");
        if let What::Comment { change, comment, .. } = &mut edited.what {
            (*change, comment.app) = (CommentChange::Edited, Some(APP));
        }
        let decision = world.deliver(&[edited]);
        assert!(decision.effects.iter().all(|effect| effect.again == again), "{who}");
        assert!(world.request().acts.is_empty());
    }
}

#[test]
fn the_state_reads_back_as_it_was_written() {
    let mut world = World::taken_in();
    let events = [
        world.comment("tara", "/accept\n/decline"),
        world.milestone("rita", 2),
        world.label("sam", "risk/low"),
    ];
    world.deliver(&events);
    world.pull(41, true, true, false);
    world.deliver(&[]);
    let state = world.state.clone().unwrap();
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
}

#[test]
fn a_decision_takes_four_rounds_of_questions_at_most_under_an_organisation_s_policy_too() {
    let mut world = World::new();
    world.shared = true;
    world.pull(12, true, true, false);
    let intake = world.label("sam", "change-request");
    let _late = [world.label("tara", "triage/accepted"), world.milestone("rita", 2)];
    world.deliver(&[intake]);
    assert!(world.is_accepted() && world.request().release().is_some());
    world.state = None;
    world.deliver(&[]);
    assert!(world.is_accepted() && world.request().release().is_some());
}

#[test]
fn hundreds_of_comments_do_not_lose_the_beginning() {
    let mut world = World::taken_in();
    for _ in 0..300 {
        let comment = world.comment("stranger", "Any news?");
        world.deliver(&[comment]);
    }
    let since = world.request().taken_in_at();
    assert_eq!(since, world.request().stages.first().map(|(_, at)| *at));
    assert_eq!(since, Some("2026-11-23T10:00:10Z".parse().unwrap()));
    assert!(world.request().versions.len() <= 200);
}
