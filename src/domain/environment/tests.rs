//! Nothing goes out on what is old.

use std::collections::BTreeMap;

use crate::domain::{
    change_request::ChangeRequest,
    decide::{Case, Decision, Judgement, judge},
    effect::Call,
    event::{Event, IssueSnapshot, RuleRequest, What},
    facts::{
        ComparedCommit, Comparison, ComparisonStatus, Fact, Facts, PendingDeployment, Question,
        ReferenceReading, WorkflowRunReading,
    },
    glance::{IssueGlance, PullRequestGlance},
    ids::SubjectId,
    policy::PolicyText,
    pull_request::PullRequestView,
    subject::{State, View},
    trial::*,
};

const POLICY: &str = "mode: enforce\nenvironments:\n  production:\n    names: [production]\n    \
    require: [{ range: traced }]\n";

fn production() -> SubjectId {
    SubjectId::environment(WEB, "production")
}

/// Commit `b` came with #41, which belongs to #12; `a` runs already.
fn world() -> World {
    let mut repository = repository(WEB, Some(&PolicyText::from(POLICY)));
    repository.ruled_from = Some(sha('a'));
    let mut world = World::default().showing(SubjectId::Repository(WEB), View::Repository(repository));
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
    world.waiting.insert(30, vec![pending]);
    world.runs.insert(30, run());
    let main = ReferenceReading { branch: Some(sha('b')), tag: None };
    world.references.insert("main".into(), main);
    as_it_is_known(world)
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

/// GitHub shows #41 and #12 at a glance as they are known.
fn as_it_is_known(mut world: World) -> World {
    let read = What::Swept { issues: vec![], pull_requests: vec![at(41)] };
    world.readings.insert(at(41), reading(snapshot(41)));
    let known = world.decide(&SubjectId::PullRequest(at(41)), None, &[event(read)], time(0)).after;
    let seen = known.as_pull_request().unwrap().seen.clone();
    let shown = PullRequestGlance {
        updated_at: seen.updated_at,
        edited_at: None,
        title: seen.title,
        open: seen.open,
        draft: seen.draft,
        merge_commit: seen.merge_commit,
        head: seen.head,
        base_branch: seen.base_branch,
        closes: known.as_pull_request().unwrap().read.iter().flat_map(|read| read.closes.clone()).collect(),
        reviews: BTreeMap::new(),
    };
    world.pull_request_glances.insert(at(41), shown);
    world.states.insert(SubjectId::PullRequest(at(41)), known);
    let seen = IssueSnapshot { updated_at: Some(time(0)), ..issue(12) };
    let shown = IssueGlance {
        updated_at: Some(time(0)),
        open: true,
        state_reason: None,
        labels: seen.labels.clone(),
        milestone: None,
    };
    let known = ChangeRequest { seen: Some(seen), ..ChangeRequest::new(at(12)) };
    world.states.insert(SubjectId::ChangeRequest(at(12)), State::ChangeRequest(Box::new(known)));
    world.issue_glances.insert(at(12), shown);
    world
}

fn asks() -> Vec<Event> {
    let request =
        RuleRequest { environment: Some("production".into()), run: Some(30), ..RuleRequest::default() };
    vec![event(What::ProtectionRule(request))]
}

/// Judges; each answer of GitHub is as old as `age` says.
fn decided(world: &World, before: Option<&State>, seconds: i64, age: impl Fn(&Question) -> i64) -> Decision {
    let (mut facts, now, instance) = (Facts::default(), time(seconds), instance());
    let (subject, events) = (production(), if before.is_some() { vec![] } else { asks() });
    for _ in 0..12 {
        let case =
            Case { subject: &subject, before, events: &events, facts: &facts, now, instance: &instance };
        match judge(case) {
            Judgement::Decided(decision) => return *decision,
            Judgement::Ignored(why) => panic!("{why}"),
            Judgement::Needs(questions) => {
                for question in questions {
                    let as_of = time(seconds - age(&question));
                    let fact = match world.answer(&question) {
                        Fact::Known(answer, _) => Fact::Known(answer, as_of),
                        unknown @ Fact::Unknown(_) => unknown,
                    };
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
        Call::ReadAnew { issues, pull_requests, .. } => format!("read {issues:?} {pull_requests:?}"),
        Call::Ship { shipment, .. } => format!("brought {:?}, taken {:?}", shipment.brought, shipment.taken),
        other @ (Call::CheckRun { .. }
        | Call::Comment { .. }
        | Call::Issue { .. }
        | Call::Record { .. }
        | Call::Label { .. }
        | Call::Milestone { .. }
        | Call::CloseMilestone { .. }
        | Call::Schedule { .. }
        | Call::Plan { .. }
        | Call::Reaction { .. }
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
