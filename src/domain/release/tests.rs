use proptest::prelude::*;

use super::*;
use crate::domain::{
    change_request::{ChangeRequest, Stage},
    event::{CommentChange, CommentSnapshot},
    facts::ReferenceReading,
    ids::CommentId,
    milestone::MilestoneView,
    subject::View,
    trial::{BILLING, SHARED, WEB, World, actor, at, event, issue, pull_request, seen, sha, time},
};

fn id() -> ReleaseId {
    ReleaseId { train: "customer".into(), title: "2026.12".into() }
}

fn milestone(repo: RepoId, open: bool, due: Option<i64>) -> (SubjectId, View) {
    let view = MilestoneView {
        renamed: None,
        repo,
        number: 3,
        title: "2026.12".into(),
        open,
        deleted: false,
        due_on: due.map(time),
        release: Some(id()),
    };
    (SubjectId::Milestone(repo, 3), View::Milestone(view))
}

fn planned(number: u64) -> (SubjectId, View) {
    let view = ChangeRequest::new(at(number)).view();
    (SubjectId::ChangeRequest(at(number)), View::ChangeRequest(Box::new(view)))
}

fn decided(before: Option<&State>, members: Vec<(SubjectId, View)>) -> (Release, Vec<String>, State) {
    let subject = SubjectId::Release(id());
    let pointing = members.iter().map(|(subject, _)| subject.clone()).collect();
    let mut world = World { views: members.into_iter().collect(), ..World::default() };
    world.pointing.insert((subject.clone(), Relation::In), pointing);
    let decision = world.decide(&subject, before, &[], time(0));
    let codes = decision.audit.iter().map(|entry| {
        format!("{} {}", entry.code, entry.facts.get("change_request").cloned().unwrap_or_default())
    });
    (decision.after.as_release().unwrap().clone(), codes.collect(), decision.after)
}

#[test]
fn it_gathers_its_milestones_and_what_is_planned_for_it() {
    let members = vec![milestone(WEB, false, Some(60)), milestone(BILLING, true, Some(30)), planned(12)];
    let (release, ..) = decided(None, members);
    assert_eq!(release.milestones, [(WEB, 3), (BILLING, 3)]);
    assert_eq!((release.due_on, release.open), (Some(time(30)), true));
    assert_eq!(release.scope, [at(12)]);
    let (release, ..) = decided(None, vec![milestone(WEB, false, None)]);
    assert_eq!((release.due_on, release.open), (None, false));
}

#[test]
fn who_joined_and_who_left_is_written_down() {
    let (_, codes, first) = decided(None, vec![planned(12)]);
    assert_eq!(codes, ["release.change_request_joined 7#12"]);
    let (_, codes, second) = decided(Some(&first), vec![planned(12), planned(13)]);
    assert_eq!(codes, ["release.change_request_joined 7#13"]);
    let (_, codes, third) = decided(Some(&second), vec![planned(13)]);
    assert_eq!(codes, ["release.change_request_left 7#12"]);
    assert_eq!(decided(Some(&third), vec![planned(13)]).1, Vec::<String>::new());
}

#[test]
fn a_member_that_was_never_settled_is_no_member_yet() {
    let subject = SubjectId::Release(id());
    let mut world = World::default();
    world.pointing.insert((subject.clone(), Relation::In), vec![SubjectId::ChangeRequest(at(12))]);
    let decision = world.decide(&subject, None, &[], time(0));
    assert_eq!(decision.after.as_release().unwrap().scope, []);
}

const POLICY: &str = "
version: 1
mode: enforce
roles: { release-manager: [rosa] }
groups: { qa: [quinn, lee] }
trains:
  customer: { repositories: [acme/web], title: \"{year}.{month}\" }
environments:
  production:
    train:
      - approvals: { qa: 1 }
";

/// #12, merged with #41, in the milestone of December; the control record is #90.
fn ready() -> World {
    let mut world = World::new(Some(POLICY));
    let mut request = ChangeRequest::new(at(12));
    request.taken_in = true;
    request.text = Some("ab".repeat(32).try_into().unwrap());
    request.stages = vec![(Stage::Merged, time(0))];
    let mut pull = pull_request(at(41), &[at(12)]);
    (pull.open, pull.merged_at) = (false, Some(time(0)));
    let members = [
        milestone(WEB, true, None),
        (SubjectId::ChangeRequest(at(12)), View::ChangeRequest(Box::new(request.view()))),
    ];
    let pointing = members.iter().map(|(subject, _)| subject.clone()).collect();
    world.views.extend(members);
    world.views.insert(SubjectId::PullRequest(at(41)), View::PullRequest(Box::new(pull)));
    world.pointing.insert((SubjectId::Release(id()), Relation::In), pointing);
    world
        .pointing
        .insert((SubjectId::ChangeRequest(at(12)), Relation::Covers), vec![SubjectId::PullRequest(at(41))]);
    let reference = ReferenceReading { branch: Some(sha('c')), tag: None };
    world.references.insert("refs/heads/main".into(), reference);
    world
}

fn recorded(revision: Option<&str>, seconds: i64) -> Event {
    let revision = revision.map(|revision| revision.to_owned().try_into().unwrap());
    event(What::Recorded { release: id(), record: at(90), revision, at: time(seconds) })
}

fn said(comment: u64, by: &str, words: &str, seconds: i64) -> Event {
    let body = words.into();
    let (created_at, updated_at) = (Some(time(seconds)), Some(time(seconds)));
    let comment = CommentSnapshot {
        id: CommentId(comment),
        body,
        author: Some(actor(by)),
        app: None,
        created_at,
        updated_at,
    };
    let on = CommentedOn::Issue(Box::new(issue(90)));
    Event { actor: Some(actor(by)), ..event(What::Comment { change: CommentChange::Created, on, comment }) }
}

/// The state after each of the batches, one after the other.
fn told(world: &World, batches: &[Vec<Event>]) -> Release {
    let mut state: Option<State> = None;
    for (n, events) in batches.iter().enumerate() {
        let now = time(1_000 + i64::try_from(n).unwrap());
        state = Some(world.decide(&SubjectId::Release(id()), state.as_ref(), events, now).after);
    }
    state.unwrap().as_release().unwrap().clone()
}

#[test]
fn only_a_release_manager_locks_it_and_only_then_is_there_something_to_sign() {
    let world = ready();
    let by_ana = told(&world, &[vec![recorded(None, 1)], vec![said(1, "ana", "/lock", 2)]]);
    assert_eq!((by_ana.locked.is_some(), by_ana.phase(false)), (false, Phase::Planning));
    assert!(matches!(by_ana.acts[0].verdict, Verdict::Refused(_)));
    let by_rosa = told(&world, &[vec![recorded(None, 1)], vec![said(1, "rosa", "/lock", 2)]]);
    assert_eq!((by_rosa.locked.unwrap().at, by_rosa.opened.is_some()), (time(2), true));
    assert_eq!(by_rosa.candidates[&WEB].sha, sha('c'));
    assert!(by_rosa.history.current().is_some());
}

#[test]
fn a_comment_elsewhere_is_nothing_to_it() {
    let mut elsewhere = said(1, "rosa", "/lock", 2);
    if let What::Comment { on, .. } = &mut elsewhere.what {
        *on = CommentedOn::Issue(Box::new(issue(91)));
    }
    assert!(told(&ready(), &[vec![recorded(None, 1)], vec![elsewhere]]).locked.is_none());
}

#[test]
fn the_candidate_stays_when_the_branch_moves_and_moves_when_somebody_who_may_says_so() {
    let mut world = ready();
    let batches = |words: &str, by: &str| {
        vec![vec![recorded(None, 1)], vec![said(1, "rosa", "/lock", 2)], vec![said(2, by, words, 2_000)]]
    };
    let named = format!("/candidate acme/web {}", sha('d'));
    for (by, words, expected) in [
        ("rosa", named.as_str(), 'd'),
        ("ana", named.as_str(), 'c'),
        ("rosa", "/candidate acme/web ddddddd", 'c'),
        ("rosa", "/candidate acme/nowhere dddddddddddddddddddddddddddddddddddddddd", 'c'),
    ] {
        assert_eq!(told(&world, &batches(words, by)).candidates[&WEB].sha, sha(expected), "{by} {words}");
    }
    let before = told(&world, &batches("nothing", "ana"));
    let reference = ReferenceReading { branch: Some(sha('e')), tag: None };
    world.references.insert("refs/heads/main".into(), reference);
    let push = What::Push {
        reference: "refs/heads/main".into(),
        before: None,
        after: Some(sha('e')),
        forced: false,
    };
    let push = Event { repository: Some(seen(WEB)), ..event(push) };
    let state = State::Release(Box::new(before));
    let after = world.decide(&SubjectId::Release(id()), Some(&state), &[push], time(3_000)).after;
    assert_eq!(after.as_release().unwrap().candidates[&WEB].sha, sha('c'));
}

#[test]
fn what_cannot_be_read_is_no_candidate_and_is_asked_for_again() {
    let mut world = ready();
    let locked = [vec![recorded(None, 1)], vec![said(1, "rosa", "/lock", 2)]];
    world.down = true;
    let state = world.decide(&SubjectId::Release(id()), None, &locked[0], time(9)).after;
    let decision = world.decide(&SubjectId::Release(id()), Some(&state), &locked[1], time(10));
    let release = decision.after.as_release().unwrap();
    assert!(release.candidates.is_empty() && release.history.current().is_none());
    assert!(release.readiness.iter().any(|finding| finding.code == "candidate_unknown"));
    assert_eq!(decision.look_again, Some(time(40)));
}

#[test]
fn a_change_whose_text_is_not_known_lets_no_earlier_signature_pass_for_it() {
    let mut world = ready();
    let signed = told(&world, &[vec![recorded(None, 1)], vec![said(1, "rosa", "/lock", 2)]]);
    assert!(signed.readiness.iter().all(|finding| finding.outcome() == Outcome::Pass));
    let mut later = ChangeRequest::new(at(13));
    later.taken_in = true;
    later.stages = vec![(Stage::Merged, time(0))];
    let joined = SubjectId::ChangeRequest(at(13));
    world.views.insert(joined.clone(), View::ChangeRequest(Box::new(later.view())));
    world.pointing.get_mut(&(SubjectId::Release(id()), Relation::In)).unwrap().push(joined);
    let state = State::Release(Box::new(signed));
    let after = world.decide(&SubjectId::Release(id()), Some(&state), &[], time(9_000)).after;
    let codes: Vec<&str> =
        after.as_release().unwrap().readiness.iter().map(|finding| finding.code.as_str()).collect();
    assert!(codes.contains(&"change_text_unknown"), "{codes:?}");
}

#[test]
fn a_policy_that_stands_in_one_repository_alone_rules_no_release_of_several() {
    let several = |mut world: World| {
        let (subject, view) = milestone(BILLING, true, None);
        world.views.insert(subject.clone(), view);
        world.pointing.entry((SubjectId::Release(id()), Relation::In)).or_default().push(subject);
        world
    };
    let shared = || {
        let mut world = ready();
        let repository = |repo, policy| View::Repository(crate::domain::trial::repository(repo, policy));
        world.views.insert(SubjectId::Repository(WEB), repository(WEB, None));
        world.holding(SHARED, Some(&POLICY.into()))
    };
    for (why, world, apart) in [
        ("its own, over one repository", ready(), false),
        ("its own, over two", several(ready()), true),
        ("the organisation's, over two", several(shared()), false),
    ] {
        let release = told(&world, &[vec![recorded(None, 1)]]);
        let found = release.readiness.iter().find(|finding| finding.code == "release_apart");
        assert_eq!(found.is_some(), apart, "{why}: {:?}", release.readiness);
        assert!(!apart || !release.may_go(), "{why}");
    }
}

/// What the words behind `/swap` come to: who goes, who comes, and why.
fn swap(words: &str) -> String {
    let mut world = ready();
    for (repo, number) in [(WEB, 15), (BILLING, 3)] {
        let at = IssueRef { repo, number };
        let mut request = ChangeRequest::new(at);
        request.taken_in = true;
        world.views.insert(SubjectId::ChangeRequest(at), View::ChangeRequest(Box::new(request.view())));
    }
    let said = said(1, "rosa", &format!("/swap {words}"), 2);
    let release = told(&world, &[vec![recorded(None, 1)], vec![said]]);
    let act = &release.acts[0];
    if let Verdict::Refused(why) = &act.verdict {
        return why.clone();
    }
    let Deed::Swap(Swap { goes, comes, why }) = &act.deed else { return format!("{:?}", act.deed) };
    let name = |at: &Option<IssueRef>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    format!("{} {} {}", name(goes), name(comes), why.as_deref().unwrap_or("-"))
}

#[test]
fn a_swap_says_who_goes_who_comes_and_why() {
    const TAKES: &str = "it takes `#n`, `#n for #m`, or `for #m` and a reason behind it";
    for (words, expected) in [
        ("#12", "7#12 - -"),
        ("#12 it is late", "7#12 - it is late"),
        ("#12 for the customer", "7#12 - for the customer"),
        ("#12 for #15", "7#12 7#15 -"),
        ("#12 for acme/billing#3, please", "7#12 8#3 please"),
        ("acme/web#12 for #15 at last", "7#12 7#15 at last"),
        ("for #15 the law wants it", "- 7#15 the law wants it"),
        ("for #15", TAKES),
        ("for", TAKES),
        ("", TAKES),
        ("Export", TAKES),
        ("#0x1", TAKES),
        ("#99", "it takes issues that are change requests (#99 is none) behind it"),
        (
            "#12 for acme/nowhere#1",
            "it takes issues that are change requests (acme/nowhere#1 is none) behind it",
        ),
    ] {
        assert_eq!(swap(words), expected, "{words}");
    }
}

/// The codes that stand in the way, where #13 was planned and #12 taken out at these seconds; the lock is at 100.
fn after_lock(joined: i64, left: i64, words: &str) -> Vec<String> {
    let mut world = ready();
    let request = |number: u64, planned: i64| {
        let mut request = ChangeRequest::new(at(number));
        request.taken_in = true;
        request.seen = Some(issue(number));
        request.text = Some("ab".repeat(32).try_into().unwrap());
        request.stages = vec![(Stage::Merged, time(0))];
        request.planned = vec![(time(planned), Some(id()))];
        request
    };
    let show = |world: &mut World, request: &ChangeRequest| {
        let view = View::ChangeRequest(Box::new(request.view()));
        world.views.insert(SubjectId::ChangeRequest(request.at), view);
    };
    show(&mut world, &request(12, 0));
    let lock = [vec![recorded(None, 1)], vec![said(1, "rosa", "/lock", 100)]];
    let locked = State::Release(Box::new(told(&world, &lock)));
    let mut gone = request(12, 0);
    gone.planned.push((time(left), None));
    show(&mut world, &gone);
    show(&mut world, &request(13, joined));
    let members = world.pointing.get_mut(&(SubjectId::Release(id()), Relation::In)).unwrap();
    *members = vec![SubjectId::Milestone(WEB, 3), SubjectId::ChangeRequest(at(13))];
    let said = if words.is_empty() { vec![] } else { vec![said(2, "rosa", words, 300)] };
    let after = world.decide(&SubjectId::Release(id()), Some(&locked), &said, time(3_000)).after;
    let codes = after.as_release().unwrap().readiness.iter().map(|finding| finding.code.clone());
    codes.filter(|code| code.ends_with("after_lock")).collect()
}

#[test]
fn what_changes_by_hand_after_the_lock_stands_in_the_way_until_somebody_says_why() {
    for (joined, left, words, expected) in [
        (50, 60, "", vec![]),
        (100, 100, "", vec![]),
        (200, 60, "", vec!["joined_after_lock"]),
        (50, 200, "", vec!["left_after_lock"]),
        (200, 200, "", vec!["joined_after_lock", "left_after_lock"]),
        (200, 200, "/swap #12 for #13", vec![]),
        (200, 200, "/swap #12", vec!["joined_after_lock"]),
        (200, 200, "/swap for #13 the law", vec!["left_after_lock"]),
        (200, 200, "/swap #13 for #12", vec!["joined_after_lock", "left_after_lock"]),
    ] {
        assert_eq!(after_lock(joined, left, words), expected, "{joined} {left} {words}");
    }
}

#[test]
fn what_a_change_depends_on_is_in_the_release_or_runs() {
    use crate::domain::{link::WrittenLink, pull_request::Shipped};
    let stands = |on: u64, runs: Option<bool>| {
        let mut world = ready();
        let depends = vec![WrittenLink { repo: None, number: on, finishes: false }];
        let shown = world.views.get(&SubjectId::PullRequest(at(41))).and_then(View::as_pull_request).unwrap();
        let pull = crate::domain::pull_request::PullRequestView { depends, ..shown.clone() };
        world.views.insert(SubjectId::PullRequest(at(41)), View::PullRequest(Box::new(pull)));
        if let Some(runs) = runs {
            let mut other = pull_request(at(50), &[]);
            let environment = "production".into();
            other.shipped = vec![Shipped { environment, deployment: 1, at: time(0), runs }];
            world.views.insert(SubjectId::PullRequest(at(50)), View::PullRequest(Box::new(other)));
        }
        let release = told(&world, &[vec![recorded(None, 1)]]);
        let codes: Vec<&str> = release.readiness.iter().map(|finding| finding.code.as_str()).collect();
        (release.needs[0].stands, codes.contains(&"dependency_missing"))
    };
    assert_eq!(stands(41, None), (Stands::Here, false));
    assert_eq!(stands(12, None), (Stands::Here, false));
    assert_eq!(stands(50, None), (Stands::Missing, true));
    assert_eq!(stands(50, Some(true)), (Stands::Runs, false));
    assert_eq!(stands(50, Some(false)), (Stands::Missing, true));
}

#[test]
fn what_is_needed_goes_first_and_nothing_does_where_all_need_each_other() {
    let need = |from: &[u64], ships: &[u64]| Need {
        of: at(12),
        written: "#1".into(),
        on: Some(at(1)),
        stands: Stands::Here,
        from: from.iter().map(|repo| RepoId(*repo)).collect(),
        ships: ships.iter().map(|repo| RepoId(*repo)).collect(),
    };
    for (needs, first_of_7, circle) in [
        (vec![], vec![], false),
        (vec![need(&[7], &[7])], vec![], false),
        (vec![need(&[7], &[8])], vec![8], false),
        (vec![need(&[8], &[7])], vec![], false),
        (vec![need(&[7], &[8]), need(&[8], &[9])], vec![8], false),
        (vec![need(&[7], &[8, 9])], vec![8, 9], false),
        (vec![need(&[7], &[8]), need(&[8], &[7])], vec![8], true),
        (vec![need(&[7], &[8]), need(&[8], &[9]), need(&[9], &[8])], vec![8], true),
    ] {
        let mut release = Release::new(&id());
        release.needs = needs;
        let first: Vec<u64> = release.goes_first(WEB, |_| true).iter().map(|(_, repo)| repo.0).collect();
        assert_eq!(first, first_of_7, "{:?}", release.needs);
        let (zone, names) = (Zone::utc(), BTreeMap::new());
        let names = Names { here: WEB, repositories: &names };
        let setting = Setting { zone: &zone, names, managers: &[] };
        let found = release.need_findings(&setting);
        assert_eq!(
            found.iter().any(|finding| finding.code == "dependency_circle"),
            circle,
            "{:?}",
            release.needs
        );
    }
}

proptest! {
    #[test]
    fn the_order_in_which_comments_come_means_nothing(
        order in Just(vec![
            said(1, "rosa", "/lock", 2),
            said(2, "rosa", "/candidate acme/web dddddddddddddddddddddddddddddddddddddddd", 2_000),
            said(3, "rosa", "/candidate acme/web eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", 2_100),
            said(4, "quinn", "/hold wait", 2_200),
            said(5, "quinn", "/unhold", 2_300),
            said(6, "ana", "/lock", 1),
            said(7, "lee", "/approve qa", 2_400),
            said(8, "rosa", "/swap #12", 2_500),
        ]).prop_shuffle(),
        cut in 0_usize..8,
    ) {
        let world = ready();
        let first = told(&world, &[vec![recorded(None, 1)], order.clone(), vec![]]);
        let (one, two) = order.split_at(cut);
        let second = told(&world, &[vec![recorded(None, 1)], one.to_vec(), two.to_vec(), vec![]]);
        for release in [&first, &second] {
            prop_assert_eq!(release.candidates[&WEB].sha.clone(), sha('e'));
            prop_assert_eq!(release.locked.as_ref().unwrap().at, time(2));
        }
        prop_assert_eq!(&first.acts, &second.acts);
        prop_assert_eq!(&first.at_lock, &second.at_lock);
        // In whose name a hold stood is remembered where it was ever seen to stand.
        let acts = |release: &Release| -> Vec<_> {
            release.ledger.acts().iter().map(|act| (act.source, act.deed.clone())).collect()
        };
        prop_assert_eq!(acts(&first), acts(&second));
        prop_assert_eq!(first.history.current(), second.history.current());
    }
}

#[test]
fn its_slots_are_what_the_middle_one_of_the_last_five_of_its_train_carried() {
    let slots = |delivered: &[(&str, &str, u64)]| {
        let mut world = ready();
        let mut ids = vec![];
        for (train, title, scope) in delivered {
            let id = ReleaseId { train: (*train).into(), title: (*title).into() };
            let mut release = Release::new(&id);
            release.scope = (0..*scope).map(at).collect();
            world.views.insert(SubjectId::Release(id.clone()), View::Release(Box::new(release)));
            ids.push(SubjectId::Release(id));
        }
        world.pointing.insert((SubjectId::Account, Relation::Delivered), ids);
        told(&world, &[vec![]]).slots
    };
    let three = [("customer", "2026.11", 2), ("customer", "2026.09", 9), ("customer", "2026.10", 4)];
    assert_eq!(slots(&three), Some(4));
    assert_eq!(slots(&three[..2]), None);
    let more =
        [&three[..], &[("customer", "2025.12", 1), ("other", "2026.11", 1), ("customer", "2026.12", 1)]];
    assert_eq!(slots(&more.concat()), Some(4));
    let five =
        [&three[..], &[("customer", "2026.08", 9), ("customer", "2026.07", 9), ("customer", "2026.06", 1)]];
    assert_eq!(slots(&five.concat()), Some(9), "the sixth is too long ago");
    assert_eq!(slots(&[three[0], three[1], ("customer", "now-web-7", 1)]), None);
}

#[test]
fn how_a_release_went_is_told_to_the_repositories_whose_work_came_along() {
    use crate::domain::{change_request::emergency::Done, effect::Call};
    let deployed = |repo, delivers, brought: &[u64]| Deployed {
        repo,
        environment: "production".into(),
        sha: sha('a'),
        state: DeploymentState::Succeeded,
        began: true,
        delivers,
        at: time(0),
        brought: brought.iter().copied().collect(),
    };
    let closed = |(number, result): (u32, &Done)| Act {
        at: time(number.into()),
        comment: CommentId(number.into()),
        place: 0,
        by: actor("rosa"),
        deed: Deed::CloseOut { result: *result, said: String::new() },
        verdict: Verdict::Allowed,
    };
    for (what, results, told) in [
        ("nobody has said", vec![], ""),
        ("it worked", vec![Done::Worked], ""),
        ("problems", vec![Done::Problems], "7 {41, 42}"),
        ("backed out", vec![Done::Worked, Done::BackedOut], "7 {41, 42}"),
        ("problems, and then it worked after all", vec![Done::Problems, Done::Worked], "7 {}"),
    ] {
        let mut release = Release::new(&id());
        release.deployed = [
            (5, deployed(WEB, true, &[41])),
            (6, deployed(WEB, true, &[42])),
            (7, deployed(WEB, false, &[43])),
            (8, deployed(BILLING, true, &[])),
        ]
        .into();
        release.acts = (0..).zip(&results).map(closed).collect();
        let failure = |call: &Call| {
            let Call::Fail { repo, failure } = call else { panic!("{call:?}") };
            format!("{repo} {:?}", failure.brought)
        };
        let failures: Vec<String> = release.failures().iter().map(|effect| failure(&effect.call)).collect();
        assert_eq!(failures.join(", "), told, "{what}");
    }
}
