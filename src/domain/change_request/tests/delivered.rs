//! What runs in production is delivered: since when, what counts as known to work, and what belongs to it no more.

use super::*;
use crate::domain::{
    change_request::{act::Act, delivered::Delivered},
    planning::Line,
    pull_request::{Derived, Kind, Proof, PullRequestView, Shipped},
};

/// The pull request came to an environment now, or went from there.
fn ship(world: &mut World, number: u64, environment: &str, runs: bool) {
    let at = world.tick(60);
    let deployment = u64::try_from(at.as_second()).unwrap();
    let pull = world.pulls.iter_mut().find(|pull| pull.at.number == number).unwrap();
    pull.shipped.retain(|shipped| shipped.environment != environment);
    pull.shipped.push(Shipped { environment: environment.into(), deployment, at, runs });
}

/// A pull request that is opened now.
fn pull(world: &mut World, number: u64, open: bool, merged: bool) -> &mut PullRequestView {
    let now = world.tick(60);
    world.pull(number, true, open, merged);
    let pull = world.pulls.last_mut().unwrap();
    pull.opened_at = Some(now);
    pull
}

/// Accepted, built with #41 and deployed.
fn delivered() -> World {
    let mut world = World::taken_in();
    let accepted = world.comment("tara", "/accept");
    world.deliver(&[accepted]);
    pull(&mut world, 41, false, true);
    ship(&mut world, 41, "production", true);
    world
}

fn since(world: &World) -> Option<Timestamp> {
    world.request().delivered.as_ref().map(|delivered| delivered.at)
}

#[test]
fn it_is_delivered_when_the_last_of_its_pull_requests_runs_somewhere_and_the_requester_is_asked_once() {
    let mut world = delivered();
    pull(&mut world, 12, false, true);
    // Both were opened before anything ran.
    let first = world.pulls.iter().find(|pull| pull.at.number == 41).unwrap().opened_at;
    world.pulls.last_mut().unwrap().opened_at = first;
    world.deliver(&[]);
    assert_eq!((world.stage(), since(&world)), (Stage::Merged, None));
    ship(&mut world, 12, "live", true);
    let now = world.now;
    let decision = world.deliver(&[]);
    assert_eq!((world.stage(), since(&world)), (Stage::Deployed, Some(now)));
    let at: IssueRef = trial_at(41);
    let Some(Delivered { environments, pulls, .. }) = &world.request().delivered else { panic!() };
    assert_eq!((environments.join(" ").as_str(), pulls.contains(&at)), ("live production", true));
    insta::assert_snapshot!(told(&decision).join("\n"), @"
    +triage/accepted
    comment in-production/1795428260: @sam **In production** since 23 Nov 2026, 10:04 UTC. Please try it and comment `/works`, or `/does-not-work` and what you saw; `/rate 1..5` says how content you are.
    ");
    insta::assert_snapshot!(summary(&decision), @r"
    **Change request** · in production
    Contact: nobody yet · Requester: @sam

    Runs in live, production since 23 Nov 2026, 10:04 UTC.

    Next: whoever asked for it tries it, and comments `/works` or `/does-not-work WHY`. It counts as verified on 30 Nov 2026, if nobody says otherwise.
    ");
    let again = told(&world.deliver(&[]));
    assert!(!again.iter().any(|told| told.contains("production")), "{again:?}");
}

#[test]
fn what_is_not_said_to_fail_within_five_working_days_is_known_to_work() {
    let mut world = delivered();
    let decision = world.deliver(&[]);
    let monday: Timestamp = "2026-11-30T10:02:20Z".parse().unwrap();
    assert_eq!((world.now.to_string().as_str(), decision.look_again), ("2026-11-23T10:02:20Z", Some(monday)));
    world.now = monday;
    let decision = world.deliver(&[]);
    assert_eq!(world.stage(), Stage::Verified);
    insta::assert_snapshot!(summary(&decision), @r"
    **Change request** · in production, verified
    Contact: nobody yet · Requester: @sam

    Runs in production since 23 Nov 2026, 10:02 UTC. Known to work since 30 Nov 2026, 10:02 UTC. Nothing else belongs to it; `/reopen` takes it up again.
    ");
}

#[test]
fn whoever_answers_for_it_says_how_it_went_and_the_last_word_counts() {
    for (who, words, stage) in [
        ("sam", "/done worked", Stage::Deployed),
        ("rita", "/done worked", Stage::Verified),
        ("rita", "/done problems it is slow", Stage::Deployed),
        ("sam", "/does-not-work it is slow", Stage::Deployed),
        ("sam", "/works", Stage::Verified),
        ("ana", "/works", Stage::Deployed),
    ] {
        let mut world = delivered();
        world.deliver(&[]);
        let said = world.comment(who, words);
        world.deliver(&[said]);
        assert_eq!(world.stage(), stage, "{who} {words}");
        world.tick(14 * 24 * 3_600);
        let decision = world.deliver(&[]);
        let fails = words.contains("slow");
        assert_eq!(world.stage() == Stage::Verified, !fails, "{who} {words}");
        if words.starts_with("/does-not-work") {
            insta::assert_snapshot!(summary(&decision), @r"
            **Change request** · in production
            Contact: nobody yet · Requester: @sam

            Runs in production since 23 Nov 2026, 10:02 UTC. @sam says that it does not work: it is slow.

            Next: `/reopen` takes it up again, or `/done worked` ends it.
            ");
            let said = world.comment("rita", "/done worked now it does");
            world.deliver(&[said]);
            assert_eq!(world.stage(), Stage::Verified);
        }
    }
}

#[test]
fn what_is_taken_back_is_merged_again_and_what_is_reverted_is_in_work() {
    let mut world = delivered();
    world.deliver(&[]);
    ship(&mut world, 41, "production", false);
    world.deliver(&[]);
    assert_eq!((world.stage(), since(&world)), (Stage::Merged, None));
    ship(&mut world, 41, "production", true);
    world.deliver(&[]);
    assert_eq!(world.stage(), Stage::Deployed);
    let revert = pull(&mut world, 45, false, true);
    revert.links[0].finishes = false;
    let inherits = revert.links.clone();
    let from = vec![trial_at(41)];
    revert.derived = Some(Derived { kind: Kind::Undoes, from, proof: Proof::Given, inherits });
    world.deliver(&[]);
    assert_eq!(world.stage(), Stage::InWork);
}

#[test]
fn what_repeats_it_on_another_branch_delivers_it_where_that_is_deployed() {
    let mut world = World::taken_in();
    let accepted = world.comment("tara", "/accept");
    world.deliver(&[accepted]);
    pull(&mut world, 41, false, true);
    let pick = pull(&mut world, 46, false, true);
    pick.links[0].finishes = false;
    let inherits = pick.links.clone();
    let from = vec![trial_at(41)];
    pick.derived = Some(Derived { kind: Kind::Repeats, from, proof: Proof::Given, inherits });
    ship(&mut world, 46, "production", true);
    world.deliver(&[]);
    assert_eq!(world.stage(), Stage::Deployed);
}

#[test]
fn nothing_that_is_opened_later_belongs_to_it_until_it_is_reopened() {
    let mut world = delivered();
    world.deliver(&[]);
    pull(&mut world, 47, true, false);
    world.deliver(&[]);
    let belongs = |world: &World, number| {
        world.request().delivered.as_ref().is_some_and(|it| it.pulls.contains(&trial_at(number)))
    };
    assert_eq!(world.stage(), Stage::Deployed);
    assert!(belongs(&world, 41) && !belongs(&world, 47));
    let reopened = world.comment("sam", "/reopen");
    world.deliver(&[reopened]);
    assert_eq!((world.stage(), since(&world)), (Stage::InWork, None));
    world.pulls.retain(|pull| pull.at.number != 47);
    world.deliver(&[]);
    assert_eq!(world.stage(), Stage::Accepted);
    pull(&mut world, 48, false, true);
    ship(&mut world, 48, "production", true);
    world.deliver(&[]);
    assert_eq!(world.stage(), Stage::Deployed);
    assert!(belongs(&world, 48) && !belongs(&world, 41));
    assert!(world.request().acts.iter().all(Act::counts));
}

#[test]
fn how_it_went_is_passed_over_before_it_runs() {
    let mut world = World::taken_in();
    let said = world.comment("rita", "/done worked");
    assert_eq!(world.settle(&[said]), Vec::<String>::new());
}

fn trial_at(number: u64) -> IssueRef {
    IssueRef { repo: WEB, number }
}

#[test]
fn what_it_has_had_is_counted_over_every_round_of_it() {
    let had = |world: &World| {
        let line = Line::of(world.request()).unwrap();
        let titles: Vec<&str> = line.shipped_in.iter().map(|release| &*release.title).collect();
        format!("{} in [{}]", line.pulls, titles.join(", "))
    };
    let mut world = World::taken_in();
    let events = [world.comment("tara", "/accept"), world.milestone("rita", 1)];
    world.settle(&events);
    pull(&mut world, 41, false, true);
    pull(&mut world, 42, false, false);
    world.deliver(&[]);
    assert_eq!(had(&world), "1 in []", "what was closed without a merge has come to nothing");
    ship(&mut world, 41, "production", true);
    world.deliver(&[]);
    ship(&mut world, 41, "staging", true);
    world.deliver(&[]);
    assert_eq!(had(&world), "1 in [2026.11]");
    let events = [world.comment("sam", "/reopen"), world.milestone("rita", 2)];
    world.settle(&events);
    pull(&mut world, 43, true, false);
    world.deliver(&[]);
    assert_eq!(had(&world), "2 in [2026.11]", "planned anew is not shipped anew");
    pull(&mut world, 43, false, true);
    ship(&mut world, 43, "production", true);
    world.deliver(&[]);
    assert_eq!(had(&world), "2 in [2026.11, 2026.12]");
}
