//! Pipelines that ask at the gate.

use super::*;
use crate::domain::{
    environment::Stands,
    event::{GateAsk, Intent, Pipeline},
    facts::EnvironmentReading,
    gate::{Decision as Gate, GateAnswer, Standing},
    ids::GateId,
};

fn id(digit: char) -> GateId {
    digit.to_string().repeat(32).parse().unwrap()
}

/// Run 30 of GitHub asks for commit `b`.
fn actions(digit: char) -> GateAsk {
    GateAsk {
        id: id(digit),
        environment: "production".into(),
        sha: sha('b'),
        reference: Some("main".into()),
        pipeline: Pipeline::Actions { run: 30 },
        attempt: 1,
        release: None,
        intent: Intent::Deploy,
        component: None,
        bell: None,
    }
}

/// A build of Jenkins asks for it.
fn jenkins(digit: char, run: &str) -> GateAsk {
    GateAsk { pipeline: Pipeline::Other { name: "jenkins".into(), run: run.into() }, ..actions(digit) }
}

fn ask(asks: &[GateAsk]) -> Vec<Event> {
    asks.iter().cloned().map(|ask| event(What::GateAsked(ask))).collect()
}

fn answers(decision: &Decision) -> Vec<&GateAnswer> {
    let mut found = vec![];
    for effect in &decision.effects {
        if let Call::GateAnswer { answer, .. } = &effect.call {
            found.push(&**answer);
        }
    }
    found
}

/// What stands in the way, in codes; and what else is told.
fn said(decision: &Decision) -> String {
    let of = |answer: &GateAnswer| {
        let obstacles = answer.verdict.findings.iter().flat_map(|finding| finding.obstacles());
        let codes: Vec<&str> = obstacles.map(|it| it.code.as_str()).collect();
        let over = if answer.standing == Standing::Ended { " over" } else { "" };
        format!("{}{over} {}", answer.decision().as_str(), codes.join(" ")).trim_end().to_owned()
    };
    let answers = answers(decision).into_iter().map(of);
    let rule = |call: &Call| {
        if let Call::ProtectionAnswer { ruling, .. } = call { Some(format!("rule {ruling:?}")) } else { None }
    };
    let rule = decision.effects.iter().filter_map(|effect| rule(&effect.call));
    answers.chain(rule).collect::<Vec<_>>().join(", ")
}

fn at_once(_: &Question) -> i64 {
    0
}

fn running() -> World {
    let mut world = world();
    world.runs.insert(30, WorkflowRunReading { status: Some("in_progress".into()), ..run() });
    world.waiting.clear();
    world
}

fn by_pipeline(mut world: World) -> World {
    let text = POLICY.replace("    require:", "    door: pipeline\n    require:");
    let policy = PolicyText::from(text.as_str());
    let mut repository = repository(WEB, Some(&policy));
    repository.ruled_from = Some(sha('a'));
    world = world.showing(SubjectId::Repository(WEB), View::Repository(repository));
    world.file = Some(text);
    let Some(State::Repository(known)) = world.states.get_mut(&SubjectId::Repository(WEB)) else { panic!() };
    known.policy.good = Some(policy);
    world
}

#[test]
fn a_run_that_asks_at_the_gate_is_judged_as_one_that_waits_for_the_rule_and_nothing_is_sent() {
    let allowed = heard(&running(), None, ask(&[actions('1')]), (0, |_: &Question| 4));
    assert_eq!(said(&allowed), "allow");
    let [answer] = answers(&allowed)[..] else { panic!("one answer") };
    assert_eq!(answer.standing, Standing::Decided { until: time(6) });
    assert_eq!((&answer.baseline, answer.expires_at()), (&None, time(600)));
    assert!(answer.is_allow() && answer.holds(time(6)) && !answer.holds(time(7)));
    assert!(answer.verdict.basis.is_some());
    let after = allowed.after.as_environment().unwrap();
    let stands = Stands { run: 30, attempt: 1, is_open: false, holds: true, turn: 1 };
    assert_eq!(after.asked(&id('1')), Some(stands));
    assert_eq!(after.asked(&id('2')), None);
    let woken = heard(&running(), Some(&allowed.after), vec![], (1, at_once));
    let woken = woken.after.as_environment().unwrap();
    assert_eq!(woken.asked(&id('1')), Some(Stands { holds: false, ..stands }), "it was judged since");
}

#[test]
fn both_doors_of_one_run_are_one_request() {
    for events in [[asks(), ask(&[actions('1')])].concat(), [ask(&[actions('1')]), asks()].concat()] {
        let decision = heard(&world(), None, events, (0, at_once));
        assert_eq!(said(&decision), "allow, rule Approved");
        assert_eq!(decision.after.as_environment().unwrap().requests.len(), 1);
    }
}

#[test]
fn who_asks_for_something_else_than_is_there_is_refused_and_told_what_differs() {
    let other = |change: fn(&mut GateAsk)| {
        let mut ask = actions('1');
        change(&mut ask);
        ask
    };
    for (asked, expected) in [
        (other(|it| it.sha = sha('c')), "deny sha_mismatch"),
        (other(|it| it.attempt = 2), "deny attempt_over"),
        (other(|it| it.release = Some("2026.12".into())), "deny release_mismatch"),
        (other(|it| it.intent = Intent::Rollback), "deny no_rollback"),
    ] {
        assert_eq!(said(&heard(&running(), None, ask(&[asked]), (0, at_once))), expected);
    }
}

#[test]
fn what_no_one_else_speaks_of_is_taken_from_what_is_asked_and_is_on_its_branch() {
    let mut world = world();
    world.runs.clear();
    world.waiting.clear();
    assert_eq!(said(&heard(&world, None, ask(&[jenkins('1', "7")]), (0, at_once))), "allow");
    world.references.clear();
    assert_eq!(said(&heard(&world, None, ask(&[jenkins('1', "7")]), (0, at_once))), "deny ref_moved");
}

#[test]
fn a_newer_run_supersedes_an_older_one_of_its_own_pipeline_and_of_no_other() {
    let first = heard(&world(), None, ask(&[jenkins('1', "7"), jenkins('2', "8")]), (0, at_once));
    assert_eq!(said(&first), "allow, deny superseded", "the newest is judged first");
    let mixed = heard(&running(), None, ask(&[actions('1'), jenkins('2', "8")]), (0, at_once));
    assert_eq!(said(&mixed), "allow, allow");
    let later = heard(&running(), Some(&first.after), ask(&[actions('3')]), (1, at_once));
    assert_eq!(said(&later), "pending deployment_running");
}

#[test]
fn the_job_that_asks_is_not_in_its_own_way() {
    let events = [vec![reports(7, 1, "in_progress")], ask(&[actions('1')])].concat();
    assert_eq!(said(&heard(&running(), None, events, (0, at_once))), "allow");
    let mut other = reports(7, 1, "in_progress");
    let What::DeploymentStatus { run, .. } = &mut other.what else { panic!() };
    *run = Some(RunSnapshot { id: 29, attempt: Some(1) });
    let events = [vec![other], ask(&[actions('1')])].concat();
    assert_eq!(said(&heard(&running(), None, events, (0, at_once))), "pending deployment_running");
}

#[test]
fn an_allow_that_was_not_handed_out_in_time_is_decided_anew_under_its_id() {
    let allowed = heard(&running(), None, ask(&[actions('1')]), (0, at_once));
    let again = heard(&running(), Some(&allowed.after), withheld(1), (20, at_once));
    let [answer] = answers(&again)[..] else { panic!("one answer") };
    assert_eq!((answer.turn, answer.standing), (2, Standing::Decided { until: time(30) }));
    let once_more = heard(&running(), Some(&allowed.after), ask(&[actions('2')]), (20, at_once));
    assert_eq!(said(&once_more), "allow", "the same run asks again, and its first allow is not in its way");
}

#[test]
fn whose_run_has_ended_or_who_waits_for_longer_than_a_day_is_told_so() {
    let mut over = running();
    over.runs.clear();
    assert_eq!(said(&heard(&over, None, ask(&[actions('1')]), (0, at_once))), "deny over run_over");
    let mut closed = running();
    closed.unsettled = true;
    let waits = heard(&closed, None, ask(&[jenkins('1', "7")]), (0, at_once));
    let day = 24 * 3_600;
    let late = heard(&closed, Some(&waits.after), vec![], (day, at_once));
    assert!(said(&late).starts_with("deny over"), "{}", said(&late));
    assert!(late.after.as_environment().unwrap().requests.iter().all(|request| !request.is_open()));
}

fn bypassed(decision: &Decision) -> bool {
    decision.audit.iter().any(|entry| entry.code == "exception.bypass")
}

#[test]
fn where_the_pipeline_asks_a_job_that_runs_has_not_deployed_and_one_that_succeeds_unasked_has_gone_by() {
    let world = by_pipeline(running());
    let watched = heard(
        &world,
        None,
        vec![event(What::Watched { environments: vec!["production".into()] })],
        (0, at_once),
    );
    let runs = heard(&world, Some(&watched.after), vec![reports(7, 1, "in_progress")], (1, at_once));
    assert!(!bypassed(&runs));
    let by = heard(&world, Some(&runs.after), vec![reports(7, 1, "success")], (2, at_once));
    assert!(bypassed(&by));
    let failed = heard(&world, Some(&runs.after), vec![reports(7, 1, "failure")], (2, at_once));
    assert!(!bypassed(&failed), "it never deployed");
    let asked = heard(&world, Some(&runs.after), ask(&[actions('1')]), (2, at_once));
    assert_eq!(said(&asked), "allow");
    let later = heard(&world, Some(&asked.after), vec![], (700, at_once));
    assert!(later.after.as_environment().unwrap().runs.running().is_some(), "it deploys for a while");
    let done = heard(&world, Some(&asked.after), vec![reports(7, 1, "success")], (3, at_once));
    assert!(!bypassed(&done));
    assert_eq!(done.after.as_environment().unwrap().runs.baseline().map(|it| &it.sha), Some(&sha('b')));
}

#[test]
fn what_is_not_enforced_lets_who_asks_go_on_and_is_no_allow() {
    let mut world = running();
    let text = POLICY.replace("mode: enforce", "mode: observe");
    let policy = PolicyText::from(text.as_str());
    let mut repository = repository(WEB, Some(&policy));
    repository.ruled_from = Some(sha('a'));
    world = world.showing(SubjectId::Repository(WEB), View::Repository(repository));
    let decision = heard(&world, None, ask(&[actions('1')]), (0, at_once));
    let [answer] = answers(&decision)[..] else { panic!("one answer") };
    assert_eq!((answer.goes_on(), answer.is_allow(), answer.decision()), (true, false, Gate::Allow));
}

#[test]
fn going_back_is_meant_or_refused_and_what_only_forks_off_is_no_way_back() {
    let allowed = heard(&running(), None, ask(&[actions('1')]), (0, at_once));
    let mut request = allowed.after.as_environment().unwrap().requests[0].clone();
    let mut said = |intent, goes_back, ran| {
        request.gates[0].intent = intent;
        request.brings.as_mut().unwrap().goes_back = goes_back;
        let found = request.contradictions(None, ran);
        found.first().map(|finding| finding.code.clone())
    };
    assert_eq!(said(Intent::Deploy, true, true).as_deref(), Some("rollback_not_meant"));
    assert_eq!(said(Intent::Deploy, true, false), None, "it lacks what runs, and never ran itself");
    assert_eq!(said(Intent::Rollback, true, true), None);
    assert_eq!(said(Intent::Rollback, true, false).as_deref(), Some("no_rollback"));
    assert_eq!(said(Intent::Rollback, false, true).as_deref(), Some("no_rollback"));
}

#[test]
fn who_asks_at_the_gate_shows_not_that_the_rule_of_the_environment_is_on() {
    let mut world = running();
    let unguarded = EnvironmentReading {
        name: "production".into(),
        guarded: false,
        admins_may_bypass: None,
        reviewers: vec![],
        wait_timer: 0,
        prevents_self_review: false,
    };
    world.environments.insert("production".into(), unguarded);
    let watched = vec![event(What::Watched { environments: vec!["production".into()] })];
    let found = heard(&world, None, watched, (0, at_once));
    assert!(found.after.as_environment().unwrap().unguarded);
    let asked = heard(&world, Some(&found.after), ask(&[actions('1')]), (1, at_once));
    assert!(asked.after.as_environment().unwrap().unguarded);
}
