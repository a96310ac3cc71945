//! A model of what may happen at once, around the real judgement: every order of people's acts, deliveries, replicas and
//! failures within a scope is tried, and what may never happen is looked for in each state.
//!
//! By day more than a million different states are looked at. `CHANGEGATE_ROUNDS_MODEL` says how many steps each scope may take, and
//! `--release` makes them quick.
//! `faults/` holds changes to the code, each of which a property here or a table of rules must notice; `.ci/nightly` tries
//! them.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::cast_possible_wrap,
    reason = "a model names what it plays with; small numbers stay small"
)]

mod action;
mod against;
mod github;
mod judge;
mod machine;
mod replica;
mod rest;
mod scope;
mod sending;
mod settling;
mod state;
mod wrong;

use std::sync::Arc;

use stateright::{Checker, CheckerBuilder, HasDiscoveries, Model};

use judge::{Judge, Rules};
use machine::Machine;
use scope::{Scope, Shell, Signing};

const NOTHING: Scope = Scope {
    replicas: 1,
    signing: Signing::Settled,
    edits: false,
    outages: false,
    attempts: &[0],
    mischief: false,
    emergencies: false,
    phases: 1,
};
const ACCEPTED: Rules = Rules { change_accepted: true, emergencies: false };
const SIGNED: Rules = Rules { change_accepted: false, emergencies: false };

/// How many steps are taken in each scope: `CHANGEGATE_ROUNDS_MODEL`.
fn most() -> usize {
    std::env::var("CHANGEGATE_ROUNDS_MODEL").ok().and_then(|text| text.parse().ok()).unwrap_or(750_000)
}

/// Looks at every state of the scope, or at those that so many steps lead to.
fn holds(scope: Scope, rules: Rules, most: Option<usize>) {
    let machine = Machine { judge: Arc::new(Judge::new(rules)), scope, shell: Shell::WHOLE };
    let judge = Arc::clone(&machine.judge);
    let builder = machine.checker().threads(2).finish_when(HasDiscoveries::AnyFailures);
    let builder = most.into_iter().fold(builder, CheckerBuilder::target_state_count);
    let checker = builder.spawn_bfs().join();
    let (steps, states) = (checker.state_count(), checker.unique_state_count());
    println!("{states} states by {steps} steps, {} deep; {}", checker.max_depth(), judge.counts());
    let is_wrong = |name: &str| checker.discovery_classification(name).to_string() != "example";
    let found = checker.discoveries().into_iter().filter(|(name, _)| is_wrong(name));
    let wrong: Vec<String> = found.map(|(name, path)| format!("{name}: {path}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if most.is_none_or(|most| steps < most) {
        checker.assert_properties();
    }
}

#[test]
fn approvals_come_and_go_while_github_is_down_and_checks_run_again() {
    holds(Scope { signing: Signing::Reviews, outages: true, ..NOTHING }, SIGNED, None);
}

#[test]
fn people_sign_and_push_in_whatever_order_it_is_heard() {
    holds(Scope { signing: Signing::Pushes, ..NOTHING }, SIGNED, Some(most()));
}

#[test]
fn people_sign_and_push_around_two_replicas() {
    holds(Scope { replicas: 2, signing: Signing::Pushes, ..NOTHING }, ACCEPTED, Some(most()));
}

#[test]
fn acceptance_and_freezes_come_and_go_around_three_replicas() {
    holds(Scope { replicas: 3, edits: true, phases: 3, ..NOTHING }, ACCEPTED, Some(most()));
}

#[test]
fn several_deployments_ask_and_people_interfere() {
    let scope = Scope { attempts: &[0, 1, 2], mischief: true, phases: 2, ..NOTHING };
    holds(scope, ACCEPTED, Some(most()));
}

#[test]
fn a_run_is_started_again_and_people_interfere() {
    holds(Scope { attempts: &[0, 2], mischief: true, ..NOTHING }, ACCEPTED, Some(most()));
}

#[test]
fn an_emergency_is_declared_signed_and_looked_back_on_while_other_work_waits() {
    let scope = Scope { edits: true, attempts: &[0, 1], emergencies: true, phases: 3, ..NOTHING };
    holds(scope, Rules { emergencies: true, ..ACCEPTED }, Some(most()));
}

/// What settling and sending make sure of is needed: without it, what may never happen happens.
#[test]
fn nothing_that_settling_and_sending_make_sure_of_may_be_left_out() {
    let edits = Scope { edits: true, ..NOTHING };
    let again = Scope { attempts: &[0, 2], mischief: true, ..NOTHING };
    let overtaken = "no allow that a restriction had overtaken which we had acknowledged";
    let old = "no allow by what GitHub said more than ten seconds ago";
    let other = "no answer goes to another attempt than the one that was judged";
    let unaccepted = "no allow for a change that nobody accepted";
    let late = "no allow is sent that is too old or overtaken by what we had acknowledged";
    for (shell, scope, property) in [
        (Shell { checks_the_read_set: false, ..Shell::WHOLE }, edits, unaccepted),
        (Shell { waits_for_what_was_acknowledged: false, ..Shell::WHOLE }, edits, overtaken),
        (Shell { refuses_old_facts: false, ..Shell::WHOLE }, NOTHING, old),
        (Shell { keeps_effects_per_attempt: false, ..Shell::WHOLE }, again, other),
        (Shell { sends_only_what_holds: false, ..Shell::WHOLE }, edits, late),
    ] {
        let machine = Machine { judge: Arc::new(Judge::new(ACCEPTED)), scope, shell };
        let checker = machine.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        assert!(checker.discovery(property).is_some(), "{shell:?}: {:?}", checker.discoveries().keys());
    }
}
