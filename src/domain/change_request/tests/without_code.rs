//! A change without code is started and ended by hand.

use super::*;

const OPEN: &str = "version: 1
mode: enforce
roles: { triager: [tara], release-manager: [rita] }
groups: { operations: [oli] }
repositories: [{ match: acme/web, ship: continuous, change: issue }]
environments:
  production: { window: [\"Mon-Fri 10:00-11:00\"] }
";

/// Accepted, said to need no code, and assigned to Lee.
fn by_hand(policy: &str) -> World {
    let mut world = World::new().with_policy(policy);
    let labelled = world.label("sam", "change-request");
    world.deliver(&[labelled]);
    world.issue().assignees = vec![actor("lee")];
    let needs_none = world.label("tara", "kind/infrastructure");
    let touches = world.label("sam", "system/Billing");
    let accepted = world.comment("tara", "/accept");
    world.settle(&[needs_none, touches, accepted]);
    world
}

fn says(world: &mut World, who: &str, words: &str) -> Vec<String> {
    let said = world.comment(who, words);
    world.settle(&[said])
}

#[test]
fn whoever_answers_for_it_starts_it_and_says_how_it_went() {
    for (who, stage) in
        [("lee", Stage::InWork), ("oli", Stage::InWork), ("rita", Stage::InWork), ("sam", Stage::Accepted)]
    {
        let mut world = by_hand(OPEN);
        says(&mut world, who, "/started");
        assert_eq!(world.stage(), stage, "{who}");
        assert_eq!(world.request().underway.is_some(), stage == Stage::InWork, "{who}");
    }
    for (words, stage) in [
        ("/done worked", Stage::Verified),
        ("/done problems it took long", Stage::Deployed),
        ("/done backed-out it did not fit", Stage::Accepted),
    ] {
        let mut world = by_hand(OPEN);
        says(&mut world, "lee", "/started");
        says(&mut world, "lee", words);
        assert_eq!(world.stage(), stage, "{words}");
        assert_eq!(world.request().underway, None, "{words}");
    }
}

#[test]
fn it_starts_only_when_a_deployment_might_and_the_answer_says_what_stands_against_it() {
    let mut world = by_hand(OPEN);
    world.tick(3_600);
    let told = says(&mut world, "lee", "/started");
    insta::assert_snapshot!(told.join("\n"), @r"
    confused 2
    comment reply/2: @lee wrote `/started`; it may not start now:
    - Closed until Tue 24 Nov 2026, 10:00 UTC (window Mon-Fri 10:00-11:00).

    Comment `/started` again then.
    ");
    assert_eq!((world.stage(), world.request().underway.clone()), (Stage::Accepted, None));
    world.tick(23 * 3_600);
    says(&mut world, "lee", "/started");
    assert_eq!(world.stage(), Stage::InWork);
}

#[test]
fn where_a_train_ships_it_starts_with_its_release_and_what_has_code_starts_with_its_deployment() {
    let mut world = by_hand(POLICY);
    let told = says(&mut world, "rita", "/started");
    insta::assert_snapshot!(told.join("\n"), @r"
    confused 2
    comment reply/2: @rita wrote `/started`; it may not start now:
    - It is planned for no release. **Cure:** a release manager sets its milestone.

    Comment `/started` again then.
    ");
    let mut world = World::taken_in();
    let told = says(&mut world, "rita", "/started");
    insta::assert_snapshot!(told.join("\n"), @r"
    confused 1
    comment reply/1: @rita wrote `/started`; it starts with the deployment of its pull requests; where it needs none, a triager sets **kind/infrastructure** first.
    ");
}

#[test]
fn whoever_cannot_be_looked_up_starts_nothing_until_it_is_known_that_they_may() {
    let mut world = by_hand(&OPEN.replace("operations: [oli]", "operations: [acme/triage]"));
    (world.outage, world.of_teams) = (Some("GitHub does not answer".into()), true);
    let said = world.comment("tom", "/started");
    world.deliver(&[said]);
    assert_eq!((world.stage(), world.request().underway.clone()), (Stage::Accepted, None));
    world.outage = None;
    world.deliver(&[]);
    assert_eq!(world.stage(), Stage::InWork);
}
