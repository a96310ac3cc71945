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

mod pressed;
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

/// When it looks again, in seconds, each time looking at the time said before.
fn looks(world: &World, seconds: i64, times: usize) -> Vec<i64> {
    let mut decision = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(seconds));
    let mut waits = vec![];
    for _ in 0..times {
        let Some(at) = decision.look_again else { break };
        waits.push(at.duration_since(time(seconds)).as_secs());
        decision = world.decide(&SUBJECT, Some(&decision.after), &[], at);
    }
    waits
}

#[test]
fn a_link_that_github_tells_nobody_of_is_asked_for_every_minute_then_every_hour_and_only_where_it_is_missed()
{
    let world = |policy| World { readings: [(at(41), reading(snapshot(41)))].into(), ..World::new(policy) };
    let minutes: Vec<i64> = (1..=15).map(|minute| minute * 60).chain([4500, 8100]).collect();
    assert_eq!(looks(&world(Some("mode: enforce")), 0, 17), minutes);
    let own = "mode: enforce\nrepositories: [{ match: \"*\", change: pull-request }]\n";
    for policy in [None, Some("mode: observe"), Some(own)] {
        assert_eq!(looks(&world(policy), 0, 1), Vec::<i64>::new(), "{policy:?}");
    }
    assert_eq!(looks(&world(Some("mode: advise")), 0, 1), [60]);
    for (what, pull_request) in [
        ("a draft", PullRequestSnapshot { draft: true, ..snapshot(41) }),
        ("closed", PullRequestSnapshot { open: false, ..snapshot(41) }),
        ("linked", PullRequestSnapshot { body: "Change: #12".into(), ..snapshot(41) }),
        ("linked to nowhere", PullRequestSnapshot { body: "Change: acme/x#12".into(), ..snapshot(41) }),
    ] {
        let decision = world_with(reading(pull_request.clone())).decide(
            &SUBJECT,
            None,
            &[opened(&pull_request)],
            time(0),
        );
        assert_eq!(decision.look_again, None, "{what}");
    }
}

#[test]
fn whatever_happens_to_it_begins_the_quarter_of_an_hour_anew_and_a_waking_does_not() {
    let world = world_with(reading(snapshot(41)));
    let decide = |before: &Decision, events: &[Event], seconds| {
        world.decide(&SUBJECT, Some(&before.after), events, time(seconds))
    };
    let mut last = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0));
    for minute in 1..=15 {
        last = decide(&last, &[], minute * 60);
    }
    assert_eq!(last.look_again, Some(time(4500)));
    let (_, asked) = world.ask(&SUBJECT, Some(&last.after), &[], time(1000));
    assert_eq!((decide(&last, &[], 1000).look_again, asked), (Some(time(4500)), vec![]));
    let heard = decide(&last, &[comment("sam", "I linked it.")], 1000);
    assert_eq!(heard.look_again, Some(time(1060)));
}

#[test]
fn only_the_links_are_asked_for_and_what_is_not_answered_changes_nothing() {
    let mut world = world_with(reading(snapshot(41)));
    let before = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0)).after;
    let down = World { down: true, ..world.clone() };
    let silent = down.decide(&SUBJECT, Some(&before), &[], time(60));
    assert_eq!((links(&view_of(&silent)).as_str(), silent.look_again), ("", Some(time(120))));
    assert_eq!(view_of(&silent).unknown, None);
    world.readings.get_mut(&at(41)).unwrap().closes = vec![at(12)];
    let (_, asked) = world.ask(&SUBJECT, Some(&before), &[], time(60));
    assert_eq!(asked, [Question::Links(at(41))]);
    let found = world.decide(&SUBJECT, Some(&before), &[], time(60));
    assert_eq!((links(&view_of(&found)).as_str(), found.look_again), ("7#12 finishes", None));
}

fn merged(number: u64, links: &[IssueRef]) -> PullRequestView {
    PullRequestView { open: false, merged_at: Some(time(0)), ..pull_request(at(number), links) }
}

fn adding(path: &str) -> Changes {
    let patch = Some("@@ -0,0 +1 @@\n+x");
    let listed = Listed { path, previous: None, status: "added", patch, lines: (1, 0), blob: None };
    Changes { files: vec![FileChange::of(&listed)], complete: true }
}

fn removing(path: &str) -> Changes {
    let patch = Some("@@ -1 +0,0 @@\n-x");
    let listed = Listed { path, previous: None, status: "removed", patch, lines: (0, 1), blob: None };
    Changes { files: vec![FileChange::of(&listed)], complete: true }
}

/// What becomes of pull request 41 with this description and commit message, which changes this; 12 added `a` for
/// change request 3 and is merged, 13 added `a` too and is open.
fn derived(body: &str, message: &str, change: Changes) -> Decision {
    let shown = PullRequestSnapshot { body: body.into(), ..snapshot(41) };
    let mut read = reading(shown.clone());
    read.commits[0].message = message.into();
    let mut world = world_with(read);
    for view in [merged(12, &[at(3)]), pull_request(at(13), &[at(3)])] {
        world.changes.insert(view.at, adding("a"));
        world = world.showing(SubjectId::PullRequest(view.at), View::PullRequest(Box::new(view)));
    }
    world.changes.insert(at(41), change);
    world.origins.insert(sha('c'), vec![12]);
    world.decide(&SUBJECT, None, &[opened(&shown)], time(0))
}

#[test]
fn only_what_repeats_or_takes_back_a_merged_pull_request_whole_inherits_from_it() {
    let c = sha('c');
    let (reverts, picked) = (format!("This reverts commit {c}."), format!("(cherry picked from commit {c})"));
    let unknown = format!("(cherry picked from commit {})", sha('d'));
    for (what, body, message, change, expected) in [
        ("GitHub's revert", "Reverts acme/web#12", "Revert", removing("a"), "7#3"),
        ("git's revert", "", reverts.as_str(), removing("a"), "7#3"),
        ("git's cherry-pick", "", picked.as_str(), adding("a"), "7#3"),
        ("a bot's backport", "Backport of #12", "x", adding("a"), "7#3"),
        ("links of its own count", "Reverts acme/web#12\n\nChange: #4", "x", removing("a"), "7#4"),
        ("a revert that adds", "Reverts acme/web#12", "x", adding("a"), "it changes `a` otherwise"),
        ("a revert of something else", "Reverts acme/web#12", "x", removing("b"), "it changes `b` otherwise"),
        ("a backport of something else", "Backport of #12", "x", adding("b"), "it changes `b` otherwise"),
        ("of what is not merged", "Reverts acme/web#13", "x", removing("a"), "#13 is not merged"),
        (
            "of what is not known",
            "Reverts acme/web#99",
            "x",
            removing("a"),
            "#99 is no pull request that Changegate has seen",
        ),
        (
            "of a commit from nowhere",
            "",
            unknown.as_str(),
            adding("a"),
            "`ddddddd` came with no merged pull request here",
        ),
        ("of itself", "Reverts acme/web#41", "x", removing("a"), ""),
        ("of another repository", "Reverts acme/billing#12", "x", removing("a"), ""),
    ] {
        let view = view_of(&derived(body, message, change));
        let why = match view.derived.as_ref().map(|derived| &derived.proof) {
            Some(Proof::Waits(why) | Proof::Missing(why)) => why.as_str(),
            Some(Proof::Unknown(_) | Proof::Given) | None => "",
        };
        assert_eq!(format!("{}{why}", links(&view)), expected, "{what}");
    }
}

#[test]
fn a_revert_points_at_the_request_that_it_takes_back_even_if_it_has_its_own() {
    let after = derived("Reverts acme/web#12\n\nChange: #4", "x", removing("a")).after;
    let covers = |number| (Relation::Covers, SubjectId::ChangeRequest(at(number)));
    let relations = after.relations();
    assert!(relations.contains(&covers(3)) && relations.contains(&covers(4)), "{relations:?}");
    assert!(view_of(&derived("Reverts acme/web#12", "x", removing("a"))).derived.unwrap().undoes(at(12)));
}

#[test]
fn what_github_cannot_compare_now_is_compared_later_and_what_waits_costs_no_request() {
    let shown = PullRequestSnapshot { body: "Reverts acme/web#12".into(), ..snapshot(41) };
    let mut world = world_with(reading(shown.clone()));
    world.changes.extend([(at(12), adding("a")), (at(41), removing("a"))]);
    let before = world.decide(&SUBJECT, None, &[opened(&shown)], time(0));
    let (_, asked) = world.ask(&SUBJECT, Some(&before.after), &[], time(9));
    assert_eq!(asked, []);
    let view = View::PullRequest(Box::new(merged(12, &[at(3)])));
    let world = world.showing(SubjectId::PullRequest(at(12)), view);
    let down = World { down: true, ..world.clone() };
    let silent = down.decide(&SUBJECT, Some(&before.after), &[], time(9));
    assert_eq!((links(&view_of(&silent)).as_str(), silent.look_again), ("", Some(time(39))));
    let found = world.decide(&SUBJECT, Some(&silent.after), &[], time(39));
    assert_eq!((links(&view_of(&found)).as_str(), found.look_again), ("7#3", None));
}

#[test]
fn a_back_merge_inherits_only_if_every_commit_came_with_a_merged_pull_request() {
    let commit = |digit, message: &str| CommitReading {
        sha: sha(digit),
        message: message.into(),
        people: vec![Some(actor("ana"))],
        writers: None,
    };
    let view = PullRequestView { brought: vec![sha('b'), sha('c')], ..merged(12, &[at(3)]) };
    let merge = "Merge pull request #12 from acme/fix";
    for (what, commits, expected) in [
        ("all of it", vec![commit('b', "Fix"), commit('c', merge)], "7#3"),
        (
            "and more",
            vec![commit('b', "Fix"), commit('c', merge), commit('a', "x")],
            "`aaaaaaa` came with no merged pull request here",
        ),
        ("only the same words", vec![commit('a', merge)], ""),
        ("no words", vec![commit('b', "Fix"), commit('c', "Merge")], ""),
    ] {
        let mut read = reading(snapshot(41));
        read.commits = commits;
        let shown = View::PullRequest(Box::new(view.clone()));
        let world = world_with(read).showing(SubjectId::PullRequest(at(12)), shown);
        let after = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0)).after;
        let view = after.view().as_pull_request().unwrap().clone();
        let why = match view.derived.as_ref().map(|derived| &derived.proof) {
            Some(Proof::Missing(why)) => why.as_str(),
            Some(Proof::Unknown(_) | Proof::Given | Proof::Waits(_)) | None => "",
        };
        assert_eq!(format!("{}{why}", links(&view)), expected, "{what}");
        assert!(after.relations().iter().all(|(relation, _)| *relation == Relation::At), "{what}");
    }
}

const TEMPLATES: &str = "
mode: enforce
standard-changes:
  - { name: updates, authors: [\"bot[bot]\", lee], paths: [$dependency-files] }
  - { name: words, paths: [\"docs/**\"] }
";

#[test]
fn a_standard_change_is_written_by_those_whom_it_names_and_touches_only_its_files() {
    let whole = |paths: &[&str]| Files::Whole(paths.iter().map(|path| (*path).into()).collect());
    let by = |writers: &[&str]| Some(writers.iter().map(|writer| (*writer).into()).collect::<Vec<String>>());
    let renamed = Listed {
        path: "docs/a.md",
        previous: Some("src/a.rs"),
        status: "renamed",
        patch: None,
        lines: (0, 0),
        blob: None,
    };
    let renamed = Changes { files: vec![FileChange::of(&renamed)], complete: true };
    for (what, writers, people, files, changes, expected) in [
        ("the bot", by(&["bot[bot]"]), 1, whole(&["Cargo.lock", "a/package.json"]), None, "updates"),
        ("a person whom it names", by(&["lee"]), 1, whole(&["go.sum"]), None, "updates"),
        ("anybody's words", None, 1, whole(&["docs/a.md"]), None, "words"),
        ("nobody knows whose words", None, 0, whole(&["docs/a.md"]), None, ""),
        ("unsigned", None, 1, whole(&["Cargo.lock"]), None, ""),
        ("nobody knows whose", None, 0, whole(&["Cargo.lock"]), None, ""),
        ("with somebody else", by(&["bot[bot]", "ana"]), 1, whole(&["Cargo.lock"]), None, ""),
        ("somebody else", by(&["ana"]), 1, whole(&["Cargo.lock"]), None, ""),
        ("another file too", by(&["bot[bot]"]), 1, whole(&["Cargo.lock", "src/a.rs"]), None, ""),
        ("a workflow too", by(&["bot[bot]"]), 1, whole(&[".github/workflows/a.yml"]), None, ""),
        ("nothing", by(&["bot[bot]"]), 1, whole(&[]), None, ""),
        ("many files", None, 1, Files::Part, Some(adding("docs/a.md")), "words"),
        ("too many files", None, 1, Files::Part, Some(Changes::default()), ""),
        ("a file from elsewhere", None, 1, Files::Part, Some(renamed), ""),
    ] {
        let mut read = reading(snapshot(41));
        (read.commits[0].writers, read.files) = (writers, files);
        read.commits[0].people.truncate(people);
        let mut world = World { readings: [(at(41), read)].into(), ..World::new(Some(TEMPLATES)) };
        world.changes.extend(changes.map(|changes| (at(41), changes)));
        let decision = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0));
        let view = view_of(&decision);
        let fits: Vec<&str> = view.standard.fits.iter().map(|fit| fit.template.as_str()).collect();
        assert_eq!(fits.join(" "), expected, "{what}");
        assert_eq!(decision.look_again.is_none(), !fits.is_empty(), "{what}: a link is missed, or not");
        let (_, asked) = world.ask(&SUBJECT, Some(&decision.after), &[], time(1));
        assert_eq!(asked, [], "{what}: what is known is not asked again");
    }
}
