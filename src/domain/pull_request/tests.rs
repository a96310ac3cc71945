use super::*;
use crate::domain::facts::PolicyAtHead;
use crate::domain::{
    effect::{Call, Reaction},
    event::{
        CheckRunChange, CheckRunSnapshot, CheckSuiteChange, CommentChange, CommentSnapshot, CommentedOn,
        PullRequestChange, ReviewChange, ReviewSnapshot, ReviewState,
    },
    facts::{CommitReading, Question},
    ids::{CommentId, RepoId},
    patch::{Changes, FileChange, Listed},
    trial::*,
};

mod derived;
mod looking;
mod pressed;
mod standard;
mod ties;

const SUBJECT: SubjectId = SubjectId::PullRequest(IssueRef { repo: WEB, number: 41 });

fn opened(pull_request: &PullRequestSnapshot) -> Event {
    pull_request_event(PullRequestChange::Opened, pull_request.clone())
}

fn edited(pull_request: &PullRequestSnapshot) -> Event {
    pull_request_event(PullRequestChange::Edited, pull_request.clone())
}

fn reviewed(review: ReviewSnapshot) -> Event {
    event(What::Review { change: ReviewChange::Submitted, pull_request: at(41), review })
}

fn comment(by: &str, body: &str) -> Event {
    let comment = CommentSnapshot {
        id: CommentId(1),
        body: body.into(),
        author: Some(actor(by)),
        app: None,
        created_at: Some(time(0)),
        updated_at: Some(time(0)),
    };
    let on = CommentedOn::PullRequest(at(41));
    let what = What::Comment { change: CommentChange::Created, on, comment };
    Event { actor: Some(actor(by)), ..event(what) }
}

fn rerun(change: CheckRunChange, app: u64) -> Event {
    let name = CHANGE_CHECK.into();
    let check_run = CheckRunSnapshot { id: 1, name, head_sha: sha('a'), app: Some(app), conclusion: None };
    event(What::CheckRun { change, check_run })
}

fn rerun_suite(app: u64) -> Event {
    let change = CheckSuiteChange::Rerequested;
    event(What::CheckSuite { change, head_sha: sha('a'), app: Some(app) })
}

fn adding(path: &str) -> Changes {
    let patch = Some("@@ -0,0 +1 @@\n+x");
    let listed = Listed { path, previous: None, status: "added", patch, lines: (1, 0), blob: None };
    Changes { files: vec![FileChange::of(&listed)], complete: true }
}

fn view_of(decision: &Decision) -> PullRequestView {
    decision.after.view().as_pull_request().unwrap().clone()
}

fn first(world: &World, pull_request: &PullRequestSnapshot) -> PullRequestView {
    view_of(&world.decide(&SUBJECT, None, &[opened(pull_request)], time(0)))
}

fn world_with(reading: PullRequestReading) -> World {
    let mut world = World::new(Some("mode: enforce"));
    world.readings.insert(at(41), reading);
    world
}

fn links(view: &PullRequestView) -> String {
    let show = |link: &Link| format!("{}{}", link.to, if link.finishes { " finishes" } else { "" });
    view.links.iter().map(show).collect::<Vec<_>>().join(", ")
}

#[test]
fn links_come_from_github_from_the_description_and_from_commits() {
    let pull_request = PullRequestSnapshot {
        body: "Closes #99\n\nChange: #12, acme/billing#3, acme/secret#4".into(),
        ..snapshot(41)
    };
    let mut shown = reading(pull_request.clone());
    shown.closes = vec![at(12), IssueRef { repo: RepoId(9), number: 1 }];
    shown.commits.push(CommitReading {
        sha: sha('a'),
        message: "More\n\nPart-of: Acme/Web#13".into(),
        people: vec![Some(actor("ana"))],
        writers: None,
    });
    let view = first(&world_with(shown), &pull_request);
    insta::assert_snapshot!(links(&view), @"7#12 finishes, 7#13, 8#3, 9#1 finishes");
    assert_eq!(view.lost_links, ["acme/secret#4"]);
    assert_eq!((view.unknown, view.too_many_links), (None, false));
}

#[test]
fn closing_keywords_are_ours_to_read_only_where_github_does_not_read_them() {
    let body = "Fixes #12";
    for (branch, expected) in [("main", ""), ("release/2026.12", "7#12 finishes")] {
        let pull_request =
            PullRequestSnapshot { body: body.into(), base_branch: branch.into(), ..snapshot(41) };
        let view = first(&world_with(reading(pull_request.clone())), &pull_request);
        assert_eq!(links(&view), expected, "{branch}");
    }
}

#[test]
fn while_github_does_not_answer_the_description_counts_and_the_view_says_that_it_is_incomplete() {
    let pull_request = PullRequestSnapshot { body: "Closes #12\nChange: #13".into(), ..snapshot(41) };
    let world = World { down: true, ..World::new(None) };
    let decision = world.decide(&SUBJECT, None, &[opened(&pull_request)], time(5));
    let view = view_of(&decision);
    assert_eq!(links(&view), "7#12 finishes, 7#13");
    assert_eq!(view.unknown.as_deref(), Some("GitHub could not be reached since 09:00 UTC"));
    assert_eq!(decision.look_again, Some(time(35)));

    let world = world_with(reading(pull_request));
    let later = world.decide(&SUBJECT, Some(&decision.after), &[], time(35));
    assert_eq!((view_of(&later).unknown, later.look_again), (None, None));
    assert_eq!(links(&view_of(&later)), "7#13");
}

#[test]
fn an_answer_that_is_older_than_a_delivery_or_not_whole_leaves_the_pull_request_unknown() {
    let newer = PullRequestSnapshot { updated_at: Some(time(9)), head: sha('b'), ..snapshot(41) };
    let view = first(&world_with(reading(snapshot(41))), &newer);
    assert_eq!(view.unknown.as_deref(), Some("GitHub answered with an older state than it had told before"));
    assert_eq!(view.head, sha('b'));

    let part = PullRequestReading { complete: false, ..reading(snapshot(41)) };
    let view = first(&world_with(part), &snapshot(41));
    assert_eq!(view.unknown.as_deref(), Some("GitHub did not show all of its links, commits and reviews"));
}

#[test]
fn github_is_asked_once_for_each_change_and_not_for_what_changes_nothing() {
    let seen = snapshot(41);
    let world = world_with(reading(seen.clone()));
    let before = world.decide(&SUBJECT, None, &[opened(&seen)], time(0)).after;
    let later = || PullRequestSnapshot { updated_at: Some(time(60)), ..seen.clone() };
    let approval = review(1, "lee", ReviewState::Approved, 'a', 3);
    for (what, events, asks) in [
        ("woken", vec![], false),
        ("the same again", vec![opened(&seen)], false),
        ("older", vec![edited(&PullRequestSnapshot { updated_at: Some(time(-9)), ..seen.clone() })], false),
        ("labelled", vec![edited(&PullRequestSnapshot { labels: vec!["x".into()], ..later() })], false),
        ("draft", vec![edited(&PullRequestSnapshot { draft: true, ..later() })], false),
        ("a word", vec![comment("sam", "nice\nsee /recheck")], false),
        ("a quoted word", vec![comment("sam", "> /recheck")], false),
        ("asked by a bot", vec![comment("x[bot]", "/recheck")], false),
        ("asked", vec![comment("sam", "hm\n/Recheck please")], true),
        ("our check run again", vec![rerun(CheckRunChange::Rerequested, APP)], true),
        ("our button", vec![rerun(CheckRunChange::Requested("recheck".into()), APP)], true),
        ("our check suite again", vec![rerun_suite(APP)], true),
        ("our check run", vec![rerun(CheckRunChange::Completed, APP)], false),
        ("another app's check run again", vec![rerun(CheckRunChange::Rerequested, 1)], false),
        ("another app's check suite again", vec![rerun_suite(1)], false),
        ("reviewed", vec![reviewed(approval)], true),
        ("pushed", vec![edited(&PullRequestSnapshot { head: sha('b'), ..later() })], true),
        ("described", vec![edited(&PullRequestSnapshot { body: "x".into(), ..later() })], true),
        ("renamed", vec![edited(&PullRequestSnapshot { title: "x".into(), ..later() })], true),
        ("rebased", vec![edited(&PullRequestSnapshot { base_branch: "x".into(), ..later() })], true),
        ("same second", vec![edited(&PullRequestSnapshot { draft: true, ..seen.clone() })], true),
    ] {
        let (_, asked) = world.ask(&SUBJECT, Some(&before), &events, time(30));
        let expected = if asks { vec![Question::PullRequest(at(41))] } else { vec![] };
        assert_eq!(asked, expected, "{what}");
    }
}

#[test]
fn who_asks_for_a_second_look_is_heard_where_changegate_speaks() {
    let cg = "mode: enforce\ncommands:\n  prefix: cg\n";
    for (policy, by, body, reads, answers) in [
        (Some("mode: enforce"), "sam", "/recheck", 1, 1),
        (Some("mode: advise"), "sam", "/recheck", 1, 1),
        (Some("mode: observe"), "sam", "/recheck", 1, 0),
        (None, "sam", "/recheck", 1, 0),
        (Some("mode: enforce"), "sam", "/accept", 0, 0),
        (Some("mode: enforce"), "renovate[bot]", "/recheck", 0, 0),
        (Some(cg), "sam", "/recheck", 0, 0),
        (Some(cg), "sam", "/cg recheck", 1, 1),
    ] {
        let world = World { readings: [(at(41), reading(snapshot(41)))].into(), ..World::new(policy) };
        let before = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0)).after;
        let (judgement, asked) = world.ask(&SUBJECT, Some(&before), &[comment(by, body)], time(60));
        let Judgement::Decided(decision) = judgement else { panic!("{judgement:?}") };
        let heard = Call::Reaction { repo: WEB, comment: CommentId(1), content: Reaction::ThumbsUp };
        let told: Vec<Call> = decision.effects.into_iter().map(|effect| effect.call).collect();
        assert_eq!((asked.len(), told), (reads, vec![heard; answers]), "{policy:?} {by} {body}");
    }
}

#[test]
fn only_a_person_who_wrote_none_of_it_approves_and_only_this_head() {
    use ReviewState::{Approved, ChangesRequested, Commented, Dismissed};
    for (what, reviews, approving) in [
        ("approved", vec![review(1, "lee", Approved, 'a', 1)], "lee"),
        (
            "approved, then a remark",
            vec![review(1, "lee", Approved, 'a', 1), review(2, "lee", Commented, 'a', 2)],
            "lee",
        ),
        (
            "two people",
            vec![review(1, "lee", Approved, 'a', 1), review(2, "kim", Approved, 'a', 2)],
            "kim lee",
        ),
        ("the author", vec![review(1, "ana", Approved, 'a', 1)], ""),
        ("a co-author", vec![review(1, "ben", Approved, 'a', 1)], ""),
        ("a bot", vec![review(1, "x[bot]", Approved, 'a', 1)], ""),
        ("another head", vec![review(1, "lee", Approved, 'b', 1)], ""),
        ("only a remark", vec![review(1, "lee", Commented, 'a', 1)], ""),
        (
            "changed her mind",
            vec![review(1, "lee", Approved, 'a', 1), review(2, "lee", ChangesRequested, 'a', 2)],
            "",
        ),
        (
            "the other way",
            vec![review(2, "lee", Approved, 'a', 2), review(1, "lee", ChangesRequested, 'a', 1)],
            "lee",
        ),
        (
            "dismissed, no fall-back",
            vec![review(1, "lee", Approved, 'a', 1), review(2, "lee", Dismissed, 'a', 2)],
            "",
        ),
    ] {
        let mut shown = reading(snapshot(41));
        shown.commits[0].people.push(Some(actor("ben")));
        shown.reviews = reviews;
        let view = first(&world_with(shown), &snapshot(41));
        let mut logins: Vec<_> =
            view.independent_approvals.iter().map(|actor| actor.login.as_str()).collect();
        logins.sort_unstable();
        assert_eq!(logins.join(" "), approving, "{what}");
    }
}

#[test]
fn nobody_is_independent_of_a_commit_that_anybody_may_have_written() {
    for people in [vec![], vec![None], vec![Some(actor("ana")), None]] {
        let mut shown = reading(snapshot(41));
        shown.commits[0].people = people;
        shown.reviews = vec![review(1, "lee", ReviewState::Approved, 'a', 1)];
        let view = first(&world_with(shown), &snapshot(41));
        assert_eq!(view.independent_approvals, []);
        assert_eq!(view.unattributed_commits, [sha('a')]);
    }
}

#[test]
fn an_approval_given_before_a_push_does_not_count_after_it_even_when_github_moves_it() {
    let pushed = PullRequestSnapshot { head: sha('b'), updated_at: Some(time(9)), ..snapshot(41) };
    let mut shown = reading(pushed.clone());
    shown.reviews = vec![review(1, "lee", ReviewState::Approved, 'b', 1)];
    let world = world_with(shown);
    let given = reviewed(review(1, "lee", ReviewState::Approved, 'a', 1));
    for events in [vec![given.clone(), opened(&pushed)], vec![opened(&pushed), given]] {
        let view = view_of(&world.decide(&SUBJECT, None, &events, time(9)));
        assert_eq!(view.independent_approvals, []);
    }
}

#[test]
fn an_edited_policy_file_is_read_with_its_errors() {
    for (file, errors) in [
        (PolicyAtHead::Same, None),
        (PolicyAtHead::Deleted, Some(false)),
        (PolicyAtHead::Changed("mode: enforce\n".into()), Some(false)),
        (PolicyAtHead::Changed("mode: sometimes\n".into()), Some(true)),
        (PolicyAtHead::NoText, Some(true)),
    ] {
        let mut shown = reading(snapshot(41));
        shown.policy = file.clone();
        let view = first(&world_with(shown), &snapshot(41));
        assert_eq!(view.policy_edit.map(|edit| !edit.errors.is_empty()), errors, "{file:?}");
    }
}

#[test]
fn it_is_at_its_head_only_while_it_is_open_and_covers_what_it_is_linked_to() {
    let pull_request = PullRequestSnapshot { body: "Change: #12".into(), ..snapshot(41) };
    let closed = PullRequestSnapshot { open: false, updated_at: Some(time(9)), ..pull_request.clone() };
    let covers = (Relation::Covers, SubjectId::ChangeRequest(at(12)));
    let world = world_with(reading(pull_request.clone()));
    let open = world.decide(&SUBJECT, None, &[opened(&pull_request)], time(0)).after;
    let at_head = (Relation::At, SubjectId::Commit(WEB, sha('a')));
    assert_eq!(open.relations(), BTreeSet::from([at_head, covers.clone()]));
    let world = world_with(reading(closed.clone()));
    let after = world.decide(&SUBJECT, Some(&open), &[edited(&closed)], time(9)).after;
    assert_eq!(after.relations(), BTreeSet::from([covers]));
    let gone = World::new(None).decide(&SUBJECT, Some(&open), &[comment("sam", "/recheck")], time(9)).after;
    assert!(!gone.view().as_pull_request().unwrap().open);
}

#[test]
fn the_log_says_when_it_was_opened_linked_and_merged_and_nothing_else() {
    let codes =
        |decision: &Decision| decision.audit.iter().map(|entry| entry.code.clone()).collect::<Vec<_>>();
    let plain = snapshot(41);
    let linked =
        PullRequestSnapshot { body: "Change: #12".into(), updated_at: Some(time(1)), ..plain.clone() };
    let merged =
        PullRequestSnapshot { open: false, merged: true, updated_at: Some(time(2)), ..linked.clone() };
    let mut before = None;
    for (pull_request, expected) in [
        (&plain, vec!["pull_request.opened"]),
        (&plain, vec![]),
        (&linked, vec!["pull_request.links_changed"]),
        (&merged, vec!["pull_request.merged"]),
    ] {
        let world = world_with(reading(pull_request.clone()));
        let decision = world.decide(&SUBJECT, before.as_ref(), &[edited(pull_request)], time(3));
        assert_eq!(codes(&decision), expected);
        assert_eq!(decision.effects, []);
        before = Some(decision.after);
    }
}

#[test]
fn a_pull_request_that_nobody_has_shown_is_unknown_but_a_review_of_it_is_kept() {
    let world = World { down: true, ..World::new(None) };
    let (judgement, _) = world.ask(&SUBJECT, None, &[comment("sam", "hello")], time(0));
    assert_eq!(judgement, Judgement::Ignored("GitHub has not shown this pull request yet"));

    let given = reviewed(review(1, "lee", ReviewState::Approved, 'a', 1));
    let decision = world.decide(&SUBJECT, None, &[given], time(0));
    assert_eq!((decision.look_again, decision.audit), (Some(time(30)), vec![]));
    assert_eq!(decision.after.relations(), BTreeSet::new());
}

#[test]
fn more_links_than_can_be_followed_are_said_to_be_too_many() {
    let numbers = (1..=60).map(|n| format!("#{n}")).collect::<Vec<_>>().join(" ");
    let pull_request = PullRequestSnapshot { body: format!("Change: {numbers}"), ..snapshot(41) };
    let view = first(&world_with(reading(pull_request.clone())), &pull_request);
    assert_eq!((view.links.len(), view.too_many_links), (linked::MOST, true));
}

#[test]
fn its_state_reads_back_as_it_was_stored() {
    let mut shown = reading(snapshot(41));
    shown.reviews = vec![review(1, "lee", ReviewState::Approved, 'a', 1)];
    shown.policy = PolicyAtHead::Deleted;
    let state = world_with(shown).decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0)).after;
    let stored = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&stored).unwrap(), state);
}

/// Six deliveries, two of them of one second; the last answer of GitHub is the truth.
fn story() -> (Vec<Event>, World) {
    let first = snapshot(41);
    let described =
        PullRequestSnapshot { body: "Change: #12".into(), updated_at: Some(time(1)), ..first.clone() };
    let pushed = PullRequestSnapshot { head: sha('b'), updated_at: Some(time(2)), ..described.clone() };
    let draft = PullRequestSnapshot { draft: true, updated_at: Some(time(3)), ..pushed.clone() };
    let ready = PullRequestSnapshot { draft: false, ..draft.clone() };
    let approval = review(1, "lee", ReviewState::Approved, 'a', 2);
    let mut shown = reading(ready.clone());
    shown.reviews = vec![ReviewSnapshot { commit: Some(sha('b')), ..approval.clone() }];
    let events = vec![
        opened(&first),
        edited(&described),
        edited(&pushed),
        edited(&draft),
        edited(&ready),
        reviewed(approval),
    ];
    (events, world_with(shown))
}

#[test]
fn every_order_of_six_deliveries_ends_in_the_same_state() {
    let (events, world) = story();
    let expected = world.decide(&SUBJECT, None, &events, time(9)).after;
    assert_eq!(links(expected.view().as_pull_request().unwrap()), "7#12");
    let down = World { down: true, ..world.clone() };
    let orders = orders(events.len());
    assert_eq!(orders.len(), 720);
    for order in orders {
        let in_order: Vec<Event> = order.iter().map(|i| events[*i].clone()).collect();
        assert_eq!(world.decide(&SUBJECT, None, &in_order, time(9)).after, expected, "at once {order:?}");
        let mut state = None;
        for event in &in_order {
            state = Some(world.decide(&SUBJECT, state.as_ref(), std::slice::from_ref(event), time(9)).after);
        }
        assert_eq!(state.as_ref(), Some(&expected), "one by one {order:?}");
        let mut state = None;
        for event in &in_order {
            if let (Judgement::Decided(decision), _) =
                down.ask(&SUBJECT, state.as_ref(), std::slice::from_ref(event), time(9))
            {
                state = Some(decision.after);
            }
        }
        let healed = world.decide(&SUBJECT, state.as_ref(), &[], time(40)).after;
        assert_eq!(healed.view(), expected.view(), "after an outage {order:?}");
    }
}
