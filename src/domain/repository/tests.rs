use super::*;
use crate::domain::{
    event::{DeploymentReport, DeploymentSnapshot, Failure, FailureOf, RuleRequest, RunSnapshot},
    facts::{PendingDeployment, Question, ReferenceReading, WorkflowRunReading},
    ids::{IssueRef, ReleaseId},
    pull_request::{Fit, PullRequestView, Standard},
    trial::*,
};

const SUBJECT: SubjectId = SubjectId::Repository(WEB);
const GOOD: &str = "mode: enforce\n";
const BAD: &str = "mode: sometimes\n";

/// Something that happened to `acme/web` as it is, told through the installation in force.
fn told(what: What) -> Event {
    Event { repository: Some(seen(WEB)), installation: Some(INSTALLATION), ..event(what) }
}

fn changed(change: RepositoryChange, how: impl FnOnce(&mut RepositorySnapshot)) -> Event {
    let mut seen = seen(WEB);
    how(&mut seen);
    Event { repository: Some(seen), ..told(What::Repository { change }) }
}

fn pushed(reference: &str) -> Event {
    told(What::Push { reference: reference.into(), before: None, after: None, forced: false })
}

fn account(installation: Option<InstallationId>, suspended: bool) -> View {
    let repositories = vec![named(WEB)];
    View::Account(Account { installation, suspended, repositories, ..Account::default() })
}

fn world(file: Option<&str>) -> World {
    let at = |digit| ReferenceReading { branch: Some(sha(digit)), tag: None };
    let references = [("main".to_owned(), at('0')), ("trunk".to_owned(), at('1'))].into();
    let world = World { file: file.map(Into::into), references, ..World::default() };
    world.showing(SubjectId::Account, account(Some(INSTALLATION), false))
}

fn known(file: &str) -> State {
    world(Some(file)).decide(&SUBJECT, None, &[told(What::Ping)], time(0)).after
}

fn codes(decision: &Decision) -> Vec<&str> {
    decision.audit.iter().map(|entry| entry.code.as_str()).collect()
}

fn in_force(decision: &Decision) -> Option<String> {
    let view = decision.after.view();
    view.as_repository().unwrap().policy.as_ref().map(|policy| policy.as_str().to_owned())
}

#[test]
fn its_policy_file_is_read_when_it_may_have_changed_and_not_otherwise() {
    let before = known(GOOD);
    for (what, events, reads) in [
        ("woken", vec![], false),
        ("seen again", vec![told(What::Ping)], false),
        ("pushed", vec![pushed("refs/heads/main")], true),
        ("pushed elsewhere", vec![pushed("refs/heads/main2")], false),
        ("a branch in a folder", vec![pushed("refs/heads/x/main")], false),
        ("tagged", vec![pushed("refs/tags/main")], false),
        (
            "another default branch",
            vec![changed(RepositoryChange::Edited, |seen| seen.default_branch = Some("trunk".into()))],
            true,
        ),
        ("renamed", vec![changed(RepositoryChange::Renamed, |seen| seen.name = name(BILLING))], false),
        ("archived", vec![changed(RepositoryChange::Archived, |seen| seen.archived = Some(true))], false),
        ("deleted", vec![pushed("refs/heads/main"), changed(RepositoryChange::Deleted, |_| {})], false),
    ] {
        let (_, asked) = world(Some(GOOD)).ask(&SUBJECT, Some(&before), &events, time(9));
        let expected = if reads { vec![Question::PolicyFile(WEB)] } else { vec![] };
        assert_eq!(asked, expected, "{what}");
    }
}

#[test]
fn the_last_good_policy_stays_in_force_until_a_better_one_comes_or_the_file_is_deleted() {
    let mut state = None;
    for (file, policy, code) in [
        (None, None, vec![]),
        (Some(BAD), None, vec!["policy.refused"]),
        (Some(GOOD), Some(GOOD), vec!["policy.in_force"]),
        (Some(GOOD), Some(GOOD), vec![]),
        (Some(BAD), Some(GOOD), vec!["policy.refused"]),
        (Some(BAD), Some(GOOD), vec![]),
        (
            Some("mode: advise\n"),
            Some("mode: advise\n"),
            vec!["policy.in_force", "exception.policy_loosened"],
        ),
        (None, None, vec!["policy.removed", "exception.policy_loosened"]),
    ] {
        let events = [pushed("refs/heads/main")];
        let decision = world(file).decide(&SUBJECT, state.as_ref(), &events, time(0));
        assert_eq!(in_force(&decision).as_deref(), policy, "{file:?}");
        assert_eq!(codes(&decision), code, "{file:?}");
        state = Some(decision.after);
    }
}

#[test]
fn while_github_does_not_answer_the_policy_stays_and_is_asked_for_again() {
    let down = World { down: true, ..world(None) };
    let decision = down.decide(&SUBJECT, Some(&known(GOOD)), &[pushed("refs/heads/main")], time(0));
    assert_eq!((in_force(&decision).as_deref(), decision.look_again), (Some(GOOD), Some(time(30))));
    let later = world(Some(BAD)).decide(&SUBJECT, Some(&decision.after), &[], time(30));
    assert_eq!((codes(&later), later.look_again), (vec!["policy.refused"], None));
}

#[test]
fn a_repository_that_is_gone_has_no_policy_and_gets_it_back_with_what_was_pushed_meanwhile() {
    let lists = |added: &[RepoId], removed: &[RepoId]| {
        let list = |repos: &[RepoId]| repos.iter().map(|repo| named(*repo)).collect();
        let what = What::InstallationRepositories { added: list(added), removed: list(removed) };
        Event { repository: None, ..told(what) }
    };
    let archived = changed(RepositoryChange::Archived, |seen| seen.archived = Some(true));
    for (what, left, late, back) in [
        ("archived", archived.clone(), archived, changed(RepositoryChange::Unarchived, |_| {})),
        ("taken out", lists(&[], &[WEB]), told(What::Ping), lists(&[WEB], &[])),
        (
            "deleted",
            changed(RepositoryChange::Deleted, |_| {}),
            told(What::Ping),
            changed(RepositoryChange::Created, |_| {}),
        ),
    ] {
        let world = world(Some("mode: advise\n"));
        let gone = world.decide(&SUBJECT, Some(&known(GOOD)), &[left], time(0));
        assert_eq!(
            (in_force(&gone), gone.after.view().as_repository().unwrap().gone),
            (None, true),
            "{what}"
        );
        let still = world.decide(&SUBJECT, Some(&gone.after), &[late], time(0));
        assert!(still.after.view().as_repository().unwrap().gone, "{what}, and something late");
        let back = world.decide(&SUBJECT, Some(&still.after), &[back], time(0));
        assert_eq!(in_force(&back).as_deref(), Some("mode: advise\n"), "{what}, and back");
    }
}

#[test]
fn after_an_installation_ended_or_was_suspended_the_policy_file_is_read_again() {
    let away = [account(None, false), account(Some(INSTALLATION), true)];
    for (away, back) in away.into_iter().zip([InstallationId(6), INSTALLATION]) {
        let nothing_told = world(Some(BAD)).showing(SubjectId::Account, away);
        let (judgement, asked) = nothing_told.ask(&SUBJECT, Some(&known(GOOD)), &[], time(0));
        let Judgement::Decided(decision) = judgement else { panic!("{judgement:?}") };
        assert_eq!((asked, decision.look_again), (vec![], None));
        let world = world(Some("mode: advise\n")).showing(SubjectId::Account, account(Some(back), false));
        let decision = world.decide(&SUBJECT, Some(&decision.after), &[], time(0));
        assert_eq!(in_force(&decision).as_deref(), Some("mode: advise\n"));
    }
    let elsewhere = Account {
        installation: Some(InstallationId(6)),
        listed: Some(InstallationId(6)),
        repositories: vec![named(BILLING)],
        ..Account::default()
    };
    let without = world(Some(BAD)).showing(SubjectId::Account, View::Account(elsewhere));
    assert_eq!(without.ask(&SUBJECT, Some(&known(GOOD)), &[], time(0)).1, [], "it is not in the new one");
    let proven = Event { installation: Some(InstallationId(6)), ..told(What::Ping) };
    assert_eq!(without.ask(&SUBJECT, Some(&known(GOOD)), &[proven], time(0)).1, [Question::PolicyFile(WEB)]);
    let unnoticed = world(None).showing(SubjectId::Account, account(Some(InstallationId(6)), false));
    let codes = codes(&unnoticed.decide(&SUBJECT, Some(&known(GOOD)), &[], time(0))).join(" ");
    assert_eq!(codes, "policy.removed exception.policy_loosened");
}

#[test]
fn a_new_name_is_written_down_and_whatever_else_changes_is_followed() {
    let before = known(GOOD);
    let renamed = changed(RepositoryChange::Renamed, |seen| seen.name = "acme/shop".parse().unwrap());
    let decision = world(None).decide(&SUBJECT, Some(&before), &[renamed], time(0));
    assert_eq!(codes(&decision), ["repository.renamed"]);
    assert_eq!(decision.audit[0].texts["from"], "acme/web");
    assert_eq!(decision.after.view().as_repository().unwrap().name.as_str(), "acme/shop");
    assert_eq!(in_force(&decision).as_deref(), Some(GOOD));
}

#[test]
fn it_is_first_seen_in_any_delivery_in_a_list_or_in_its_account() {
    let list = What::Installation {
        change: crate::domain::event::InstallationChange::Created,
        repositories: vec![named(WEB)],
    };
    let listed = Event { installation: Some(INSTALLATION), ..event(list) };
    let unsettled = World { file: Some(GOOD.into()), ..World::default() };
    for (world, events) in [
        (unsettled.clone(), vec![told(What::Ping)]),
        (unsettled.clone(), vec![listed]),
        (world(Some(GOOD)), vec![]),
    ] {
        let decision = world.decide(&SUBJECT, None, &events, time(0));
        assert_eq!(in_force(&decision).as_deref(), Some(GOOD), "{events:?}");
    }
    let nothing = unsettled.ask(&SUBJECT, None, &[event(What::Ping)], time(0)).0;
    assert_eq!(nothing, Judgement::Ignored("nothing has named this repository yet"));
}

#[test]
fn beside_its_owner_s_policy_its_own_file_may_only_add() {
    let whole = "roles:\n  triager: [dana]\n";
    let shared = PolicyText::from(GOOD);
    let alone = world(Some(whole)).decide(&SUBJECT, None, &[told(What::Ping)], time(0));
    assert_eq!(codes(&alone), ["policy.in_force"]);
    let beside = world(Some(whole)).holding(SHARED, Some(&shared));
    assert_eq!(codes(&beside.decide(&SUBJECT, None, &[told(What::Ping)], time(0))), ["policy.refused"]);
}

#[test]
fn a_delivery_is_news_only_where_it_shows_something_else() {
    let view = known(GOOD).view();
    let view = view.as_repository().unwrap();
    let with = |how: fn(&mut RepositorySnapshot)| {
        let mut seen = seen(WEB);
        how(&mut seen);
        seen
    };
    for (seen, agrees) in [
        (with(|_| {}), true),
        (with(|seen| seen.default_branch = None), true),
        (with(|seen| seen.archived = None), true),
        (with(|seen| seen.default_branch = Some("trunk".into())), false),
        (with(|seen| seen.archived = Some(true)), false),
        (with(|seen| seen.name = "acme/shop".parse().unwrap()), false),
        (with(|seen| seen.name = "acme/Web".parse().unwrap()), false),
    ] {
        assert_eq!(view.agrees_with(&seen), agrees, "{seen:?}");
    }
}

#[test]
fn a_renamed_or_deleted_label_is_remembered_by_the_name_that_issues_bore() {
    let label = |change| told(What::Label { change, name: "request".into() });
    let renamed = LabelChange::Edited { from: Some("change-request".into()) };
    for (change, remembered) in [
        (renamed, Some("change-request")),
        (LabelChange::Deleted, Some("request")),
        (LabelChange::Edited { from: None }, None),
        (LabelChange::Created, None),
        (LabelChange::Other, None),
    ] {
        let events = [label(change.clone())];
        let after = world(Some(GOOD)).decide(&SUBJECT, Some(&known(GOOD)), &events, time(60)).after;
        let view = after.view();
        let relabelled: Vec<_> = view.as_repository().unwrap().relabelled.clone().into_iter().collect();
        let expected: Vec<_> = remembered.iter().map(|name| ((*name).to_owned(), time(60))).collect();
        assert_eq!(relabelled, expected, "{change:?}");
    }
}

#[test]
fn of_very_many_renamed_labels_the_newest_are_remembered() {
    let mut state = known(GOOD);
    for nr in 0..=RELABELLED {
        let event = told(What::Label { change: LabelChange::Deleted, name: format!("label-{nr}") });
        let at = time(i64::try_from(nr).unwrap());
        state = world(Some(GOOD)).decide(&SUBJECT, Some(&state), &[event], at).after;
    }
    let view = state.view();
    let relabelled = &view.as_repository().unwrap().relabelled;
    assert_eq!((relabelled.len(), relabelled.contains_key("label-0")), (RELABELLED, false));
}

/// Merged, and it fits this version of a template; `links`: it belongs to these change requests.
fn fitting(number: u64, version: &str, links: &[IssueRef]) -> (SubjectId, View) {
    let fits = vec![Fit { template: "words".into(), version: version.into() }];
    let view = PullRequestView {
        open: false,
        merged_at: Some(time(-100)),
        standard: Standard { fits, ..Standard::default() },
        ..pull_request(at(number), links)
    };
    (SubjectId::PullRequest(at(number)), View::PullRequest(Box::new(view)))
}

const COUNTS: &str = "mode: enforce\nstandard-changes:\n  \
    - { name: words, paths: [\"docs/**\"], suspend-after: 1 failed deployment }\n";

/// How often each version of a template failed: `a 1, b 2`.
fn failures(state: &State) -> String {
    let view = state.view();
    let failed = &view.as_repository().unwrap().failed;
    let failed: Vec<String> = failed.iter().map(|(version, count)| format!("{version} {count}")).collect();
    failed.join(", ")
}

#[test]
fn what_went_wrong_counts_against_each_template_of_what_came_along_and_of_a_release_the_last_word_counts() {
    let mut world = world(Some(COUNTS));
    for (number, version, links) in
        [(41, "a", vec![]), (42, "b", vec![]), (43, "b", vec![]), (44, "c", vec![at(12)])]
    {
        let (subject, view) = fitting(number, version, &links);
        world = world.showing(subject, view);
    }
    let december = || FailureOf::Release(ReleaseId { train: "customer".into(), title: "2026.12".into() });
    let mut stands = world.decide(&SUBJECT, None, &[told(What::Ping)], time(0)).after;
    for (what, of, brought, counts) in [
        (
            "a deployment of four, one of them by its change request",
            FailureOf::Deployment(1),
            vec![41, 42, 43, 44],
            "a 1, b 1",
        ),
        ("the same once more", FailureOf::Deployment(1), vec![41, 42], "a 1, b 1"),
        ("a release", december(), vec![42, 43], "a 1, b 2"),
        ("people say that it worked after all", december(), vec![], "a 1, b 1"),
        ("another deployment", FailureOf::Deployment(2), vec![41], "a 2, b 1"),
    ] {
        let failure = Failure { of, brought: brought.into_iter().collect() };
        stands = world.decide(&SUBJECT, Some(&stands), &[told(What::Failed(failure))], time(1)).after;
        assert_eq!(failures(&stands), counts, "{what}");
    }
}

fn reported(id: u64, attempt: u64, state: &str) -> Event {
    let deployment = DeploymentSnapshot {
        id,
        environment: Some("Production".into()),
        sha: Some(sha('b')),
        reference: None,
        creator: None,
        app: None,
        created_at: None,
    };
    let run = Some(RunSnapshot { id: 30, attempt: Some(attempt) });
    let (state, report) = (Some(state.into()), DeploymentReport::default());
    told(What::DeploymentStatus { state, deployment, report, run })
}

/// A job of run 30 waits for our rule, and policy says nothing of its environment: it is refused.
fn refused(world: &mut World) -> SubjectId {
    let run = WorkflowRunReading {
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
    };
    world.runs.insert(30, run);
    let environment = "production".to_owned();
    let (answerable, reviewers, wait_timer, waits_since) = (true, vec![], 0, None);
    let pending = PendingDeployment { environment, answerable, reviewers, wait_timer, waits_since };
    world.waiting.insert(30, vec![pending]);
    let request =
        RuleRequest { environment: Some("production".into()), run: Some(30), ..RuleRequest::default() };
    let there = SubjectId::environment(WEB, "production");
    let asks = [told(What::ProtectionRule(request))];
    let decided = world.decide(&there, None, &asks, time(0)).after;
    world.states.insert(there.clone(), decided);
    there
}

#[test]
fn what_we_refused_never_ran_and_counts_against_nothing_and_what_ran_in_spite_of_that_does() {
    let mut world = world(Some(COUNTS)).holding(WEB, Some(&PolicyText::from(COUNTS)));
    world.origins.insert(sha('b'), vec![41]);
    let (subject, view) = fitting(41, "a", &[]);
    world = world.showing(subject, view);
    let there = refused(&mut world);
    let stands = world.decide(&SUBJECT, None, &[told(What::Ping)], time(0)).after;
    let counted = |world: &World, state: &State, event: Event| {
        let after = world.decide(&SUBJECT, Some(state), &[event], time(1)).after;
        (failures(&after), after)
    };
    let (counts, stands) = counted(&world, &stands, reported(7, 1, "failure"));
    assert_eq!(counts, "", "we refused it");
    let (counts, stands) = counted(&world, &stands, reported(8, 2, "failure"));
    assert_eq!(counts, "a 1", "another attempt, which we did not refuse");
    let begun = [reported(7, 1, "in_progress")];
    let begun = world.decide(&there, world.states.get(&there), &begun, time(2)).after;
    world.states.insert(there, begun);
    let (counts, _) = counted(&world, &stands, reported(7, 1, "failure"));
    assert_eq!(counts, "a 2", "somebody has started it by hand");
}
