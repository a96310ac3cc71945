//! The attacks of the threat model that signatures must withstand, each named by what it would achieve.

use super::*;
use crate::domain::{event::ReviewState, trial};
use proptest::prelude::*;

/// What happens in one race: the record shows the first revision, somebody pushes, somebody approves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivered {
    /// The record showed the first revision at this second.
    Shown(i64),
    Pushed,
    Approved,
}

/// Delivers these, one a second from second 1,007 on, and says for which revisions signatures were ever counted.
fn race(deliveries: &[Delivered], words: &str) -> (Desk, Vec<(RevisionHash, RevisionHash)>) {
    let (first, second) = (release("one"), release("two"));
    let mut desk = Desk { history: History::default(), ..desk() };
    desk.history.turn(first.clone(), None, time(0));
    let mut counted = vec![];
    for (second_of_delivery, delivered) in (1_007..).zip(deliveries) {
        match delivered {
            Delivered::Shown(at) => desk.history.shown(first.hash(), time(*at)),
            Delivered::Pushed => desk.history.turn(second.clone(), None, time(second_of_delivery)),
            Delivered::Approved => desk.says("quinn", words, 1_006),
        }
        let current = desk.current().clone();
        counted.extend(desk.judged().signatures().map(|it| (current.clone(), it.revision.clone())));
    }
    (desk, counted)
}

#[test]
fn t7_an_approval_that_a_push_overtakes_never_counts_for_what_was_pushed() {
    let first = release("one").hash().short().to_owned();
    for shown in [60, 946, 947, 1_000, 1_006] {
        let all = [Delivered::Shown(shown), Delivered::Pushed, Delivered::Approved];
        for words in
            ["/approve qa", "/approve", &format!("/approve qa {first}"), &format!("/approve {first}")]
        {
            for order in trial::orders(3) {
                let deliveries: Vec<Delivered> = order.iter().map(|place| all[*place]).collect();
                let (mut desk, counted) = race(&deliveries, words);
                let what = format!("{deliveries:?} {words}");
                let second = desk.current().clone();
                assert_eq!(second, *release("two").hash(), "{what}");
                assert!(counted.iter().all(|(current, signed)| current == signed), "{what}");
                assert!(counted.iter().all(|(_, signed)| *signed != second), "{what}");
                assert_eq!(desk.stands(), "qa 0/1; business 0/1", "{what}");
                let expected = format!("comment `/approve qa {}`.", second.short());
                assert!(desk.reply().ends_with(&expected), "{what}: {}", desk.reply());
                desk.says("quinn", &format!("/approve qa {}", second.short()), 1_100);
                assert_eq!(desk.stands(), "qa 1/1 quinn; business 0/1", "{what}");
            }
        }
    }
}

#[test]
fn t7_an_approval_without_a_revision_needs_a_record_that_stood_for_a_minute() {
    let approve = |shown: Option<i64>, second: i64| {
        let mut desk = Desk { history: History::default(), ..desk() };
        desk.history.turn(release("one"), None, time(0));
        if let Some(shown) = shown {
            desk.history.shown(release("one").hash(), time(shown));
        }
        desk.with("quinn", "/approve qa", second).stands()
    };
    for (shown, second, counts) in [
        (Some(0), 60, true),
        (Some(0), 59, false),
        (Some(100), 160, true),
        (Some(100), 159, false),
        (Some(100), 50, false),
        (None, 5_000, false),
    ] {
        let expected = if counts { "qa 1/1 quinn; business 0/1" } else { "qa 0/1; business 0/1" };
        assert_eq!(approve(shown, second), expected, "{shown:?} {second}");
    }
    let mut patient = desk();
    patient.terms.patience = SignedDuration::from_secs(600);
    assert_eq!(patient.clone().with("quinn", "/approve qa", 599).stands(), "qa 0/1; business 0/1");
    assert_eq!(patient.with("quinn", "/approve qa", 600).stands(), "qa 1/1 quinn; business 0/1");
}

#[test]
fn t7_a_newer_revision_that_the_record_does_not_show_yet_is_not_approved_blindly() {
    let mut desk = desk();
    desk.history.turn(release("two"), None, time(100));
    desk.says("quinn", "/approve qa", 5_000);
    assert_eq!(desk.stands(), "qa 0/1; business 0/1");
    desk.history.shown(release("two").hash(), time(5_001));
    assert_eq!(desk.stands(), "qa 0/1; business 0/1");
    desk.says("quinn", "/approve qa", 5_061);
    assert_eq!(desk.stands(), "qa 1/1 quinn; business 0/1");
}

/// A text whose revision begins with this digit, unlike those before.
fn made_to_begin_with(digits: &str) -> Revision {
    (0..)
        .map(|number| release(&format!("made {number}")))
        .find(|it| it.hash().as_str().starts_with(digits))
        .unwrap()
}

#[test]
fn t7_a_revision_that_is_made_to_look_like_the_approved_one_is_not_approved() {
    let mut history = History::default();
    history.turn(release("one"), None, time(0));
    let honest = release("one").hash().clone();
    let forged = made_to_begin_with(&honest.as_str()[..2]);
    history.turn(forged.clone(), None, time(100));
    let named = |digits: usize, second| {
        let prefix = serde_json::from_value(honest.as_str()[..digits].into()).unwrap();
        history.named(&prefix, time(second)).cloned()
    };
    assert_eq!(named(2, 99), Ok(honest.clone()), "there was no other when it was written");
    assert!(named(2, 100).is_err(), "it could be either");
    assert_eq!(named(64, 100), Ok(honest.clone()));
    assert!(history.short(forged.hash()).len() >= 8);
    let prefix = serde_json::from_value("0000000".into()).unwrap();
    assert!(history.named(&prefix, time(200)).is_err(), "what comes later was not meant");
}

#[test]
fn t7_a_review_counts_only_for_a_head_that_was_there_for_a_minute() {
    let pull_request = |diff: &str| {
        let texts = BTreeMap::from([(at(41), ChangeText::of::<&str>("t", "b", &[]).hash())]);
        Revision::of(Parts::of_pull_request(texts, diff))
    };
    let mut before = Desk { history: History::default(), ..desk() };
    before.history.turn(pull_request("d"), Some(sha('a')), time(0));
    let reviewed = |on: char, second: i64| {
        let mut desk = before.clone();
        desk.ledger.hear_reviews(&[trial::review(1, "quinn", ReviewState::Approved, on, second)]);
        desk
    };
    assert_eq!(reviewed('a', 60).stands(), "qa 1/1 quinn; business 0/1");
    assert_eq!(reviewed('a', 59).stands(), "qa 0/1; business 0/1");
    assert_eq!(reviewed('b', 60).stands(), "qa 0/1; business 0/1");
    assert!(reviewed('b', 60).reply().contains("approve it once more in a review"));

    let mut updated = reviewed('a', 60);
    updated.history.turn(pull_request("d"), Some(sha('b')), time(100));
    assert_eq!(updated.stands(), "qa 1/1 quinn; business 0/1", "an update that leaves the diff as it is");
    updated.history.turn(pull_request("e"), Some(sha('c')), time(200));
    assert_eq!(updated.stands(), "qa 0/1; business 0/1", "a push");

    // GitHub points a review at the head of now: only what was delivered first is taken.
    updated.ledger.hear_reviews(&[trial::review(1, "quinn", ReviewState::Approved, 'c', 60)]);
    assert_eq!(updated.stands(), "qa 0/1; business 0/1");
}

proptest! {
    #[test]
    fn t7_in_any_order_of_any_pushes_an_approval_is_on_what_was_shown(
        deeds in prop::collection::vec((0_u8..3, 1_i64..90), 1..14),
    ) {
        let mut desk = Desk { history: History::default(), ..desk() };
        desk.history.turn(release("text 0"), None, time(0));
        let (mut second, mut turn) = (0, 0);
        let mut shown: Vec<(i64, RevisionHash)> = vec![];
        for (deed, wait) in deeds {
            second += wait;
            match deed {
                0 => {
                    turn += 1;
                    desk.history.turn(release(&format!("text {turn}")), None, time(second));
                }
                1 => {
                    let current = desk.current().clone();
                    desk.history.shown(&current, time(second));
                    shown.push((second, current));
                }
                _ => desk.says("quinn", "/approve qa", second),
            }
        }
        for given in desk.judged().standing.given {
            let seen = |(at, what): &&(i64, RevisionHash)| {
                time(*at) + SignedDuration::from_secs(60) <= given.at && *what == given.revision
            };
            prop_assert!(shown.iter().any(|it| seen(&it)), "{:?}", given);
        }
    }
}

#[test]
fn t8_nobody_who_worked_on_it_counts() {
    let mut desk = desk().with("quinn", "/approve qa", 100).with("dana", "/approve", 100);
    assert!(desk.is_complete());
    desk.work = vec![work(128, &["ana", "quinn"])];
    assert_eq!(desk.stands(), "qa 0/1 own work; business 1/1 dana", "a signature before the own push");
    desk.says("quinn", "/approve qa", 150);
    assert_eq!(desk.stands(), "qa 0/1 own work; business 1/1 dana", "and after it");
    assert_eq!(desk.ruling(), Ruling::Refused(super::super::Refusal::OwnWork));
    desk.says("max", "/approve qa", 200);
    assert_eq!(desk.stands(), "qa 1/1 max; business 1/1 dana");
}

#[test]
fn t8_a_login_is_nobody_only_the_number_counts() {
    let mut desk = desk();
    desk.work = vec![work(128, &["quinn"])];
    desk.says("quinn", "/approve qa", 100);
    let renamed = |login: &str| {
        let mut desk = desk.clone();
        for act in desk.ledger.acts().to_vec() {
            desk.ledger = Ledger::default();
            desk.ledger.take(super::super::Act {
                by: crate::domain::ids::Actor { login: login.into(), ..act.by.clone() },
                ..act
            });
        }
        desk.stands()
    };
    assert_eq!(renamed("max"), "qa 0/1 own work; business 0/1");
    let mut other = actor("max");
    other.id = actor("stranger").id;
    let told = Told {
        comment: CommentId(9),
        by: other,
        at: time(100),
        commands: command::parse("/approve qa", None),
    };
    desk.ledger.hear(&told, &["qa", "business"]);
    assert_eq!(desk.stands(), "qa 0/1 own work; business 0/1");
}

#[test]
fn t8_a_commit_of_somebody_unknown_excludes_everybody() {
    let mut desk = desk().with("quinn", "/approve qa", 100).with("dana", "/approve", 100);
    desk.work[0].unattributed = vec![sha('b'), sha('c')];
    let worst = desk.findings().iter().map(Finding::outcome).max();
    assert_eq!((worst, desk.judged().is_enough()), (Some(Outcome::Fail), false));
    desk.work[0].unattributed = vec![];
    desk.work[0].unknown = Some("GitHub could not be reached since 09:00 UTC".into());
    let worst = desk.findings().iter().map(Finding::outcome).max();
    assert_eq!((worst, desk.judged().is_enough()), (Some(Outcome::Unknown), false));
}

#[test]
fn t9_a_dismissed_superseded_or_edited_review_is_no_approval_and_no_earlier_one_comes_back() {
    use ReviewState::{Approved, ChangesRequested, Commented, Dismissed};
    let mut before = Desk { history: History::default(), ..desk() };
    before.history.turn(release("one"), Some(sha('a')), time(0));
    let stands = |reviews: &[ReviewSnapshot]| {
        let mut desk = before.clone();
        desk.ledger.hear_reviews(reviews);
        desk.stands().starts_with("qa 1/1")
    };
    let review = |id: u64, state, second| trial::review(id, "quinn", state, 'a', second);
    for (what, reviews, approves) in [
        ("approved", vec![review(1, Approved, 100)], true),
        ("approved, then commented", vec![review(1, Approved, 100), review(2, Commented, 200)], true),
        (
            "asked for changes, then approved",
            vec![review(1, ChangesRequested, 100), review(2, Approved, 200)],
            true,
        ),
        (
            "approved, then asked for changes",
            vec![review(1, Approved, 100), review(2, ChangesRequested, 200)],
            false,
        ),
        ("the request dismissed", vec![review(1, Approved, 100), review(2, Dismissed, 200)], false),
        ("the only one dismissed", vec![review(1, Dismissed, 100)], false),
        ("in another order", vec![review(2, Dismissed, 200), review(1, Approved, 100)], false),
        ("no time", vec![ReviewSnapshot { submitted_at: None, ..review(1, Approved, 100) }], false),
        ("no commit", vec![ReviewSnapshot { commit: None, ..review(1, Approved, 100) }], false),
        ("nobody", vec![ReviewSnapshot { author: None, ..review(1, Approved, 100) }], false),
    ] {
        assert_eq!(stands(&reviews), approves, "{what}");
    }
}

#[test]
fn t9_a_review_that_asks_for_changes_takes_an_earlier_comment_back_too() {
    let mut desk = desk().with("quinn", "/approve qa", 100);
    desk.ledger.hear_reviews(&[trial::review(1, "quinn", ReviewState::ChangesRequested, 'a', 200)]);
    assert_eq!(desk.stands(), "qa 0/1; business 0/1");
}

#[test]
fn t10_a_bot_or_an_app_never_counts_wherever_it_is_listed() {
    let mut groups = vec![group("qa", 1, &["helper[bot]", "quinn"])];
    groups.push(group("business", 0, &["helper[bot]"]));
    let mut desk = Desk::of(groups);
    for words in ["/approve qa", "/approve", "/reject no", "/hold no"] {
        desk.says("helper[bot]", words, 100);
    }
    desk.ledger.hear_reviews(&[trial::review(1, "helper[bot]", ReviewState::Approved, 'a', 100)]);
    let judged = desk.judged();
    assert_eq!(desk.stands(), "qa 0/1");
    assert_eq!((judged.standing.given, judged.standing.restraints), (vec![], vec![]));
    let refused = Ruling::Refused(super::super::Refusal::NotAPerson);
    assert!(judged.standing.rulings.iter().all(|(_, ruling)| *ruling == refused));
    desk.delegations.push(Delegation {
        from: actor("quinn"),
        to: actor("helper[bot]"),
        since: time(0),
        until: time(9_999),
    });
    desk.says("helper[bot]", "/approve qa", 200);
    assert_eq!(desk.stands(), "qa 0/1");
}

#[test]
fn t3_an_act_that_is_delivered_again_is_one_act_and_a_revoked_one_stays_revoked() {
    let mut desk = desk().with("quinn", "/approve qa", 100).with("quinn", "/approve cancel", 200);
    desk.says_in("quinn", "/approve qa", 100, CommentId(1));
    desk.says_in("quinn", "/approve qa", 100, CommentId(1));
    assert_eq!(desk.ledger.acts().len(), 2);
    assert_eq!(desk.stands(), "qa 0/1; business 0/1");
}
