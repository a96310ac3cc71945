//! Nothing goes out on what is old.

use crate::domain::{
    decide::{Case, Decision, Judgement, judge},
    effect::Call,
    environment::Request,
    event::{DeploymentReport, DeploymentSnapshot, Event, RuleRequest, RunSnapshot, What},
    facts::{
        Answer, ComparedCommit, Comparison, ComparisonStatus, Fact, Facts, PendingDeployment, Question,
        ReferenceReading, WorkflowRunReading,
    },
    glance::MilestoneGlance,
    ids::SubjectId,
    milestone::Milestone,
    policy::PolicyText,
    pull_request::PullRequestView,
    repository::{Repository, Unsigned},
    subject::{State, View},
    trial::*,
};

mod gates;

const POLICY: &str = "mode: enforce\nenvironments:\n  production:\n    names: [production]\n    \
    require: [{ range: traced }]\n";

fn production() -> SubjectId {
    SubjectId::environment(WEB, "production")
}

/// Commit `b` came with #41, which belongs to #12; `a` runs already.
fn world() -> World {
    let mut known = Repository::new(&seen(WEB));
    known.policy.good = Some(PolicyText::from(POLICY));
    let mut repository = repository(WEB, Some(&PolicyText::from(POLICY)));
    repository.ruled_from = Some(sha('a'));
    let mut world = World { file: Some(POLICY.into()), ..World::default() }
        .showing(SubjectId::Repository(WEB), View::Repository(repository));
    let merged = PullRequestView {
        open: false,
        merged_at: Some(time(-100)),
        brought: vec![sha('b')],
        ..pull_request(at(41), &[at(12)])
    };
    world = world.showing(SubjectId::PullRequest(at(41)), View::PullRequest(Box::new(merged)));
    world.origins.insert(sha('b'), vec![41]);
    let commit = ComparedCommit {
        sha: sha('b'),
        parents: vec![sha('a')],
        message: "Build".into(),
        author: Some(actor("ana")),
        committer: Some(actor("ana")),
        committed_at: None,
    };
    let (status, merge_base) = (ComparisonStatus::Ahead, sha('a'));
    let comparison = Comparison { status, merge_base, behind_by: 0, commits: vec![commit] };
    world.comparisons.insert((sha('a'), sha('b')), comparison);
    let pending = PendingDeployment {
        environment: "Production".into(),
        answerable: true,
        reviewers: vec![],
        wait_timer: 0,
        waits_since: None,
    };
    world.states.insert(SubjectId::Repository(WEB), State::Repository(known));
    world.waiting.insert(30, vec![pending]);
    world.runs.insert(30, run());
    let main = ReferenceReading { branch: Some(sha('b')), tag: None };
    world.references.insert("main".into(), main);
    world.shown_as_it_is_known()
}

fn run() -> WorkflowRunReading {
    WorkflowRunReading {
        id: 30,
        attempt: 1,
        head_sha: sha('b'),
        head_branch: Some("main".into()),
        head_repo: Some(WEB),
        event: "push".into(),
        status: Some("waiting".into()),
        conclusion: None,
        actor: Some(actor("ana")),
        triggering_actor: None,
        workflow: 5,
        path: String::new(),
        started_at: None,
    }
}

fn asks() -> Vec<Event> {
    let request =
        RuleRequest { environment: Some("production".into()), run: Some(30), ..RuleRequest::default() };
    vec![event(What::ProtectionRule(request))]
}

/// Judges; each answer of GitHub is as old as `age` says.
fn decided(world: &World, before: Option<&State>, seconds: i64, age: impl Fn(&Question) -> i64) -> Decision {
    heard(world, before, if before.is_some() { vec![] } else { asks() }, (seconds, age))
}

/// The same, after these deliveries.
fn heard(
    world: &World,
    before: Option<&State>,
    events: Vec<Event>,
    (seconds, age): (i64, impl Fn(&Question) -> i64),
) -> Decision {
    answered(before, events, seconds, |question| match world.answer(question) {
        Fact::Known(answer, _) => Fact::Known(answer, time(seconds - age(question))),
        unknown @ Fact::Unknown(_) => unknown,
    })
}

/// The same, with these answers.
fn answered(
    before: Option<&State>,
    events: Vec<Event>,
    seconds: i64,
    answer: impl Fn(&Question) -> Fact<Answer>,
) -> Decision {
    let (mut facts, now, instance) = (Facts::default(), time(seconds), instance());
    let subject = production();
    for _ in 0..12 {
        let case =
            Case { subject: &subject, before, events: &events, facts: &facts, now, instance: &instance };
        match judge(case) {
            Judgement::Decided(decision) => return *decision,
            Judgement::Ignored(why) => panic!("{why}"),
            Judgement::Needs(questions) => {
                for question in questions {
                    let fact = answer(&question);
                    facts.insert(question, fact);
                }
            }
        }
    }
    panic!("it asks without end")
}

fn told(decision: &Decision) -> String {
    let told = decision.effects.iter().map(|effect| match &effect.call {
        Call::ProtectionAnswer { ruling, .. } => format!("{ruling:?}"),
        Call::ProtectionNote { comment, .. } => comment.clone(),
        Call::ReadAnew { issues, pull_requests, policy, milestones, .. } => {
            let milestones = milestones.iter().map(|it| format!(" milestone {}", it.title));
            let policy = if *policy { " policy" } else { "" };
            format!("read {issues:?} {pull_requests:?}{policy}{}", milestones.collect::<String>())
        }
        Call::Ship { shipment, .. } => format!("brought {:?}, taken {:?}", shipment.brought, shipment.taken),
        Call::Fail { failure, .. } => format!("{} was to bring {:?}", failure.of, failure.brought),
        Call::AtGate { at_gate, .. } => format!("{} things keep it back", at_gate.obstacles.len()),
        other @ (Call::CheckRun { .. }
        | Call::Comment { .. }
        | Call::Issue { .. }
        | Call::Record { .. }
        | Call::Label { .. }
        | Call::Assign { .. }
        | Call::MakeMilestone { .. }
        | Call::Milestone { .. }
        | Call::CloseMilestone { .. }
        | Call::RenameMilestone { .. }
        | Call::Schedule { .. }
        | Call::Plan { .. }
        | Call::GateAnswer { .. }
        | Call::Ring { .. }
        | Call::WentBy { .. }
        | Call::Deployment { .. }
        | Call::Reaction { .. }
        | Call::Judged { .. }
        | Call::Announce { .. }) => panic!("{other:?}"),
    });
    told.collect::<Vec<_>>().join(", ")
}

#[test]
fn what_is_as_github_shows_it_now_goes_out() {
    assert_eq!(told(&decided(&world(), None, 0, |_| 10)), "Approved");
}

/// What is told of, and whether a question is about it.
type Stale = (&'static str, fn(&Question) -> bool);

#[test]
fn what_github_said_more_than_ten_seconds_ago_lets_nothing_through() {
    let stale: [Stale; 4] = [
        ("the run", |it| matches!(it, Question::WorkflowRun(..))),
        ("what runs", |it| matches!(it, Question::Deployments(..))),
        ("the pull request", |it| matches!(it, Question::PullRequestGlance(_))),
        ("the issue", |it| matches!(it, Question::IssueGlance(_))),
    ];
    for (what, is_stale) in stale {
        let decision = decided(&world(), None, 0, |question| if is_stale(question) { 11 } else { 0 });
        assert_eq!((told(&decision).as_str(), decision.look_again), ("", Some(time(2))), "{what}");
    }
    let of_commits = |question: &Question| if question.is_about_commits() { 1_000 } else { 0 };
    assert_eq!(told(&decided(&world(), None, 0, of_commits)), "Approved");
}

#[test]
fn what_has_arrived_and_is_not_settled_is_waited_for() {
    let mut world = world();
    world.unsettled = true;
    let decision = decided(&world, None, 0, |_| 0);
    assert_eq!((told(&decision).as_str(), decision.look_again), ("", Some(time(2))));
    world.unsettled = false;
    assert_eq!(told(&decided(&world, Some(&decision.after), 2, |_| 0)), "Approved");
}

#[test]
fn what_cannot_be_read_anew_is_said_after_half_a_minute_and_never_let_through() {
    let mut world = world();
    world.issue_glances.get_mut(&at(12)).unwrap().updated_at = Some(time(5));
    let first = decided(&world, None, 0, |_| 0);
    assert_eq!(told(&first), "read {12} {}");
    let second = decided(&world, Some(&first.after), 29, |_| 0);
    assert_eq!(told(&second), "read {12} {}");
    let third = decided(&world, Some(&second.after), 30, |_| 0);
    insta::assert_snapshot!(told(&third), @"
    read {12} {}, **Not decided:** 1 of 5 rules could not be judged. Nothing was let through.
    - What it brings could not be found out: #&#8203;12 has changed on GitHub and could not be read again. **Cure:** it is read again by itself.
    ");
    world.issue_glances.get_mut(&at(12)).unwrap().updated_at = Some(time(0));
    assert_eq!(told(&decided(&world, Some(&third.after), 60, |_| 0)), "Approved");
}

#[test]
fn a_copy_that_lags_behind_and_a_github_that_does_not_say_are_unknown() {
    let mut lagging = world();
    lagging.issue_glances.get_mut(&at(12)).unwrap().updated_at = Some(time(-5));
    insta::assert_snapshot!(told(&decided(&lagging, None, 0, |_| 0)), @"
    **Not decided:** 1 of 5 rules could not be judged. Nothing was let through.
    - What it brings could not be found out: GitHub shows #&#8203;12 as it was before what it had told of. **Cure:** it is read again by itself.
    ");
}

/// Until when the answer may be sent.
fn until(decision: &Decision) -> Option<jiff::Timestamp> {
    let calls = decision.effects.iter().map(|effect| &effect.call);
    let until = |call: &Call| if let Call::ProtectionAnswer { until, .. } = call { *until } else { None };
    calls.filter_map(until).next()
}

fn lets_go(decision: &Decision) -> bool {
    decision.after.as_environment().unwrap().lets_go(30, 1)
}

fn withheld(attempt: u64) -> Vec<Event> {
    vec![event(What::Withheld { environment: "production".into(), run: 30, attempt })]
}

#[test]
fn an_allow_may_be_sent_for_as_long_as_what_it_rests_on_is_fresh_and_nothing_was_judged_since() {
    let world = world();
    let allowed = decided(&world, None, 0, |_| 4);
    assert_eq!((told(&allowed).as_str(), until(&allowed)), ("Approved", Some(time(6))));
    assert!(lets_go(&allowed));
    let woken = decided(&world, Some(&allowed.after), 1, |_| 0);
    assert_eq!((told(&woken).as_str(), lets_go(&woken)), ("", false));
}

#[test]
fn an_allow_that_was_not_sent_is_decided_anew_and_what_was_heard_of_another_attempt_changes_nothing() {
    let mut world = world();
    let allowed = decided(&world, None, 0, |_| 0);
    let other = heard(&world, Some(&allowed.after), withheld(2), (20, |_: &Question| 0));
    assert_eq!(told(&other), "");
    let again = heard(&world, Some(&allowed.after), withheld(1), (20, |_: &Question| 0));
    assert_eq!((told(&again).as_str(), until(&again), lets_go(&again)), ("Approved", Some(time(30)), true));
    assert!(again.audit.is_empty(), "it was decided so before");
    world.pull_request_glances.get_mut(&at(41)).unwrap().title = "Faster".into();
    let differs = heard(&world, Some(&allowed.after), withheld(1), (20, |_: &Question| 0));
    assert_eq!((told(&differs).as_str(), lets_go(&differs)), ("read {} {41}", false));
}

#[test]
fn an_allow_that_was_not_sent_and_is_asked_for_once_more_is_one_request() {
    let world = world();
    let allowed = decided(&world, None, 0, |_| 0);
    for events in [[asks(), withheld(1)].concat(), [withheld(1), asks()].concat()] {
        let again = heard(&world, Some(&allowed.after), events, (20, |_: &Question| 0));
        assert_eq!(told(&again), "Approved");
        let open =
            again.after.as_environment().unwrap().requests.iter().filter(|it| it.approved_at().is_some());
        assert_eq!(open.count(), 1);
    }
}

#[test]
fn an_allow_that_was_taken_is_not_decided_anew() {
    let world = world();
    let allowed = decided(&world, None, 0, |_| 0);
    let begun =
        heard(&world, Some(&allowed.after), vec![reports(7, 1, "in_progress")], (5, |_: &Question| 0));
    let late = heard(&world, Some(&begun.after), withheld(1), (20, |_: &Question| 0));
    assert_eq!(told(&late), "");
    assert!(!late.after.as_environment().unwrap().requests[0].is_open());
}

fn reports(deployment: u64, attempt: u64, state: &str) -> Event {
    let deployment = DeploymentSnapshot {
        id: deployment,
        environment: Some("production".into()),
        sha: Some(sha('b')),
        reference: None,
        creator: None,
        app: None,
        created_at: None,
    };
    let run = Some(RunSnapshot { id: 30, attempt: Some(attempt) });
    let (state, report) = (Some(state.into()), DeploymentReport::default());
    event(What::DeploymentStatus { state, deployment, report, run })
}

#[test]
fn a_policy_that_github_shows_otherwise_is_read_before_anything_goes_out() {
    let mut world = world();
    world.file = Some(format!("{POLICY}freezes: []\n"));
    world.origin = vec![50];
    assert_eq!(told(&decided(&world, None, 0, |_| 0)), "read {} {50} policy");
    // It was read, and is not signed yet.
    let Some(State::Repository(known)) = world.states.get_mut(&SubjectId::Repository(WEB)) else { panic!() };
    let text = world.file.as_deref().map(PolicyText::from);
    known.policy.unsigned = Some(Unsigned { text, since: time(0), told: false });
    let on_its_way = decided(&world, None, 0, |_| 0);
    assert_eq!(told(&on_its_way), "read {} {50} policy");
    let Some(State::Repository(known)) = world.states.get_mut(&SubjectId::Repository(WEB)) else { panic!() };
    known.policy.unsigned.as_mut().unwrap().told = true;
    assert_eq!(
        told(&decided(&world, Some(&on_its_way.after), 2, |_| 0)),
        "Approved",
        "the last good one counts"
    );
}

#[test]
fn a_milestone_that_github_shows_otherwise_is_read_before_anything_goes_out() {
    let mut world = world();
    let (due_on, updated_at) = (None, Some(time(0)));
    let shown = MilestoneGlance { number: 3, title: "2026.12".into(), open: true, due_on, updated_at };
    world.issue_glances.get_mut(&at(12)).unwrap().milestone = Some(shown.clone());
    let Some(State::ChangeRequest(known)) = world.states.get_mut(&SubjectId::ChangeRequest(at(12))) else {
        panic!()
    };
    known.seen.as_mut().unwrap().milestone = Some(3);
    let first = decided(&world, None, 0, |_| 0);
    assert_eq!(told(&first), "read {} {} milestone 2026.12");
    let known = Milestone::new(shown.snapshot(WEB));
    world.states.insert(SubjectId::Milestone(WEB, 3), State::Milestone(known));
    assert_eq!(told(&decided(&world, Some(&first.after), 2, |_| 0)), "Approved");
}

#[test]
fn everything_that_was_read_must_be_settled_the_account_and_its_freezes_too() {
    let (world, mut facts) = (world(), Facts::default());
    let (subject, events, instance) = (production(), asks(), instance());
    let mut asked = vec![];
    loop {
        let now = time(0);
        let case = Case {
            subject: &subject,
            before: None,
            events: &events,
            facts: &facts,
            now,
            instance: &instance,
        };
        let Judgement::Needs(questions) = judge(case) else { break };
        for question in questions {
            let found = world.answer(&question);
            asked.extend(if let Question::Unsettled(subjects) = &question {
                Some(subjects.clone())
            } else {
                None
            });
            facts.insert(question, found);
        }
    }
    let [asked] = asked.as_slice() else { panic!("asked once, not {asked:?}") };
    let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
    assert_eq!(asked, ["account", "repository/7", "pull_request/7/41", "change_request/7/12"]);
}

/// A run that waits beside the first one.
fn and_another(mut world: World, reference: &str) -> (World, Vec<Event>) {
    world.runs.insert(31, WorkflowRunReading { id: 31, head_branch: Some(reference.into()), ..run() });
    let waiting = world.waiting.get(&30).cloned().unwrap();
    world.waiting.insert(31, waiting);
    let request =
        RuleRequest { environment: Some("production".into()), run: Some(31), ..RuleRequest::default() };
    (world, asks().into_iter().chain([event(What::ProtectionRule(request))]).collect())
}

/// What each run is told.
fn answers(decision: &Decision) -> Vec<(u64, String)> {
    let answer = |call: &Call| {
        if let Call::ProtectionAnswer { run, ruling, .. } = call {
            Some((*run, format!("{ruling:?}")))
        } else {
            None
        }
    };
    let mut all: Vec<_> = decision.effects.iter().filter_map(|effect| answer(&effect.call)).collect();
    all.sort();
    all
}

#[test]
fn a_newer_run_keeps_an_older_one_back_only_where_it_could_go_itself() {
    let from = POLICY.replace("    require:", "    from: { branches: [main] }\n    require:");
    let text = PolicyText::from(from.as_str());
    for (reference, expected) in [
        ("main", vec![(30, "Rejected".to_owned()), (31, "Approved".to_owned())]),
        ("side", vec![(30, "Approved".to_owned()), (31, "Rejected".to_owned())]),
    ] {
        let mut world = world();
        let mut repository = repository(WEB, Some(&text));
        repository.ruled_from = Some(sha('a'));
        world = world.showing(SubjectId::Repository(WEB), View::Repository(repository));
        let (mut world, events) = and_another(world, reference);
        world.file = Some(from.clone());
        let Some(State::Repository(known)) = world.states.get_mut(&SubjectId::Repository(WEB)) else {
            panic!()
        };
        known.policy.good = Some(text.clone());
        let decision = heard(&world, None, events, (0, |_: &Question| 0));
        assert_eq!(answers(&decision), expected, "{reference}");
    }
}

#[test]
fn while_it_is_not_known_whether_a_newer_run_may_go_an_older_one_is_told_nothing() {
    let (mut world, events) = and_another(world(), "main");
    world.issue_glances.get_mut(&at(12)).unwrap().updated_at = Some(time(5));
    let decision = heard(&world, None, events, (0, |_: &Question| 0));
    assert_eq!((answers(&decision), decision.look_again), (vec![], Some(time(2))));
}

#[test]
fn who_waits_for_what_was_let_through_is_judged_again_when_that_is_given_up() {
    let (mut world, _) = and_another(world(), "main");
    let allowed = decided(&world, None, 0, |_| 0);
    let mut waits = allowed.after.as_environment().unwrap().clone();
    // For so long that it is looked at in its turn only every ten minutes, last five minutes after the other was let through.
    waits.requests.push(Request::new(31, time(-7_200)));
    waits.looked_at = Some(time(300));
    world.waiting.remove(&30);
    let waits = decided(&world, Some(&State::Environment(Box::new(waits))), 301, |_| 0);
    assert_eq!((answers(&waits), waits.look_again), (vec![], Some(time(600))));
    let given_up = decided(&world, Some(&waits.after), 600, |_| 0);
    assert_eq!(answers(&given_up), [(31, "Approved".to_owned())]);
}

#[test]
fn where_github_does_not_say_who_waits_it_is_asked_again_in_its_turn_and_not_at_once() {
    let mut world = world();
    world.unsettled = true;
    let first = decided(&world, None, 0, |_| 0);
    let silent = answered(Some(&first.after), vec![], 120, |question| {
        let is_silent = matches!(question, Question::WaitingRuns(_));
        if is_silent { Fact::Unknown("GitHub could not be reached".into()) } else { world.answer(question) }
    });
    assert_eq!(silent.look_again, Some(time(150)));
}

#[test]
fn what_failed_tells_once_what_it_was_to_bring_where_policy_counts_that() {
    let counts = format!(
        "{POLICY}standard-changes:\n  - {{ name: words, paths: [\"docs/**\"], suspend-after: 1 failed deployment }}\n"
    );
    for (policy, tells) in [(POLICY, ""), (counts.as_str(), "deployment/7 was to bring {41}")] {
        let mut repository = repository(WEB, Some(&PolicyText::from(policy)));
        repository.ruled_from = Some(sha('a'));
        let world = world().showing(SubjectId::Repository(WEB), View::Repository(repository));
        let waits = decided(&world, None, 0, |_| 0);
        let failure = || vec![reports(7, 1, "failure")];
        let failed = heard(&world, Some(&waits.after), failure(), (5, |_: &Question| 0));
        assert!(told(&failed).ends_with(tells), "{}", told(&failed));
        assert_eq!(told(&failed).contains("was to bring"), !tells.is_empty());
        let again = heard(&world, Some(&failed.after), failure(), (6, |_: &Question| 0));
        assert!(!told(&again).contains("was to bring"), "{}", told(&again));
    }
}
