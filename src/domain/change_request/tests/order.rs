//! Deliveries come late, twice and in any order; what is known in the end is the same.

use proptest::prelude::*;

use super::*;
use crate::domain::trial::orders;

/// Six things that happened, in the order in which they did; GitHub shows the end of it.
type Story = fn(&mut World) -> Vec<Event>;

const STORIES: [(&str, Story); 7] = [
    ("all in one second, and something later", |world| {
        let intake = world.label("sam", "change-request");
        let mut same_second = |who: &str, what: &str| {
            world.tick(-10);
            if what.starts_with('/') { world.comment(who, what) } else { world.edit(who, what) }
        };
        vec![
            same_second("sam", "Please."),
            intake,
            same_second("tara", "/accept"),
            same_second("sam", "### Why\n\nMoney"),
            same_second("tess", "/decline No."),
            world.edit("sam", "### Why\n\nA lot of money"),
        ]
    }),
    ("accepted by command", |world| {
        vec![
            world.label("sam", "change-request"),
            world.edit("sam", "Please."),
            world.comment("tess", "/decline No money."),
            world.comment("tara", "/accept"),
            world.edit("sam", "### Why\n\nMoney"),
            world.comment("stranger", "/accept"),
        ]
    }),
    ("accepted by label and planned", |world| {
        vec![
            world.label("sam", "change-request"),
            world.label("tara", "triage/needs-information"),
            world.edit("sam", "### Why\n\nMoney"),
            world.unlabel("tara", "triage/needs-information"),
            world.label("tara", "triage/accepted"),
            world.milestone("rita", 2),
        ]
    }),
    ("planned by command, twice", |world| {
        vec![
            world.label("sam", "change-request"),
            world.comment("tara", "/accept"),
            world.comment("rita", "/schedule 2026.12"),
            world.milestone("rita", 2),
            world.comment("sam", "/schedule 2026.11"),
            world.comment("rita", "/schedule 2026.12"),
        ]
    }),
    ("set by somebody who may not", |world| {
        vec![
            world.label("sam", "change-request"),
            world.label("sam", "triage/accepted"),
            world.milestone("sam", 2),
            world.comment("sam", "/accept"),
            world.edit("sam", "### Why\n\nMoney"),
            world.label("sam", "risk/high"),
        ]
    }),
    ("closed, reopened and withdrawn", |world| {
        vec![
            world.label("sam", "change-request"),
            world.comment("tara", "/accept"),
            world.close("sam", "not_planned"),
            world.reopen("sam"),
            world.comment("sam", "/withdraw"),
            world.close("sam", "not_planned"),
        ]
    }),
    ("left the register", |world| {
        vec![
            world.label("sam", "change-request"),
            world.label("tara", "triage/accepted"),
            world.unlabel("tara", "triage/accepted"),
            world.comment("tara", "/accept"),
            world.unlabel("sam", "change-request"),
            world.edit("sam", "Never mind."),
        ]
    }),
];

/// The world after the story, of which nothing was delivered yet.
fn tell(story: Story) -> (World, Vec<Event>) {
    let mut world = World::new().with_policy(&format!("{POLICY}intake:\n  required: [Why]\n"));
    let events = story(&mut world);
    world.tick(60);
    (world, events)
}

fn told_in(order: &[usize], together: bool, (world, events): &(World, Vec<Event>)) -> World {
    let mut world = world.clone();
    let events: Vec<Event> = order.iter().filter_map(|at| events.get(*at)).cloned().collect();
    for batch in events.chunks(if together { 3 } else { 1 }) {
        match world.judge(batch) {
            Judgement::Decided(decision) => world.state = Some(decision.after),
            Judgement::Ignored(_) => {}
            Judgement::Needs(_) => unreachable!("every question was answered"),
        }
    }
    world
}

/// One by one, and every third order in two batches of three.
#[test]
fn every_order_of_six_deliveries_ends_in_the_same_state() {
    for (name, story) in STORIES {
        let story = tell(story);
        let expected = told_in(&[0, 1, 2, 3, 4, 5], false, &story);
        let orders = orders(6);
        assert_eq!(orders.len(), 720);
        for (number, order) in orders.iter().enumerate() {
            let together = number % 3 == 0;
            let world = told_in(order, together, &story);
            assert_eq!(world.request(), expected.request(), "{name}: {order:?}, together: {together}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn repeated_deliveries_in_any_order_change_nothing(
        story in 0_usize..STORIES.len(),
        order in prop::collection::vec(0_usize..6, 0..20),
    ) {
        let story = tell(STORIES[story].1);
        let expected = told_in(&[0, 1, 2, 3, 4, 5], false, &story);
        let order: Vec<usize> = order.into_iter().chain([5, 4, 3, 2, 1, 0]).collect();
        let world = told_in(&order, false, &story);
        prop_assert_eq!(world.request(), expected.request());
    }
}
