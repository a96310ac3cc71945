//! Which signatures count: groups, separation of duties, order, rejections, holds, delegation, policy about signing
//! again.

use super::*;
use crate::domain::{
    approval::{Refusal, Unclear, history::Unbound},
    event::ReviewState,
    policy::REVIEW,
    revision::{Again, Resign},
    trial,
};

/// Two from qa and one from business, of whom `zoe` is in both.
fn overlapping() -> Desk {
    Desk::of(vec![group("qa", 2, &["quinn", "max", "zoe"]), group("business", 1, &["dana", "zoe"])])
}

#[test]
fn each_group_needs_its_number() {
    let desk = overlapping().with("quinn", "/approve qa", 100);
    assert_eq!(desk.stands(), "qa 1/2 quinn; business 0/1");
    let desk = desk.with("quinn", "/approve qa", 101).with("quinn", "/approve", 102);
    assert_eq!(desk.stands(), "qa 1/2 quinn; business 0/1");
    let desk = desk.with("max", "/approve qa", 103).with("dana", "/approve business", 104);
    assert_eq!(desk.stands(), "qa 2/2 quinn+max; business 1/1 dana");
}

#[test]
fn who_is_in_two_groups_and_names_none_counts_where_it_is_needed() {
    let desk = overlapping().with("zoe", "/approve", 100);
    assert_eq!(desk.stands(), "qa 0/2; business 1/1 zoe");
    let helps_qa = desk.clone().with("dana", "/approve", 101).with("quinn", "/approve", 102);
    assert_eq!(helps_qa.stands(), "qa 2/2 zoe+quinn; business 1/1 dana");
    let helps_business = desk.with("max", "/approve", 101).with("quinn", "/approve", 102);
    assert_eq!(helps_business.stands(), "qa 2/2 max+quinn; business 1/1 zoe");
}

#[test]
fn who_names_a_group_counts_for_that_one_only() {
    let desk = overlapping().with("zoe", "/approve qa", 100).with("quinn", "/approve qa", 101);
    assert_eq!(desk.stands(), "qa 2/2 zoe+quinn; business 0/1");
    let both = desk.with("zoe", "/approve business", 102);
    assert_eq!(both.stands(), "qa 2/2 zoe+quinn; business 0/1", "a person counts once");
    assert_eq!(both.with("max", "/approve", 103).stands(), "qa 2/2 quinn+max; business 1/1 zoe");
}

#[test]
fn strangers_unknown_groups_and_unclear_words_are_refused() {
    for (by, words, expected) in [
        ("sam", "/approve qa", Refusal::NotInGroup("qa".into())),
        ("dana", "/approve qa", Refusal::NotInGroup("qa".into())),
        ("sam", "/approve", Refusal::InNoGroup),
        ("sam", "/reject no", Refusal::InNoGroup),
        ("sam", "/hold no", Refusal::InNoGroup),
        ("quinn", "/approve quality", Refusal::NoSuchGroup("quality".into())),
        ("quinn", "/approve looks good to me", Refusal::Unclear(Unclear::TooMuch)),
        ("quinn", "/reject", Refusal::NoReason),
        ("quinn", "/hold  ", Refusal::NoReason),
        ("quinn", "/unhold", Refusal::NothingToLift),
        ("quinn", "/approve cancel", Refusal::NothingToLift),
        ("quinn", "/reject cancel", Refusal::NothingToLift),
        ("ana", "/approve qa", Refusal::NotInGroup("qa".into())),
    ] {
        let desk = desk().with(by, words, 100);
        assert_eq!(desk.ruling(), Ruling::Refused(expected), "{by} {words}");
        assert_eq!(desk.stands(), "qa 0/1; business 0/1", "{by} {words}");
        assert_ne!(desk.reply(), "nothing", "{by} {words}");
    }
    let unknown = desk().with("quinn", "/approve qa 0000000", 100);
    assert!(matches!(unknown.ruling(), Ruling::Refused(Refusal::Unbound(Unbound::NoSuch(_)))));
}

#[test]
fn an_approval_names_its_revision_and_a_changed_revision_voids_it() {
    let mut desk = desk();
    let first = desk.short();
    desk.says("quinn", &format!("/approve qa {}", first.to_uppercase()), 1);
    assert_eq!(desk.stands(), "qa 1/1 quinn; business 0/1");
    desk.turns(release("two"), 10);
    assert_eq!(desk.stands(), "qa 0/1; business 0/1");
    desk.says("quinn", &format!("/approve qa {first}"), 100);
    assert!(matches!(desk.ruling(), Ruling::Outdated(_)));
    assert_eq!(desk.stands(), "qa 0/1; business 0/1");
    desk.turns(release("one"), 200);
    assert_eq!(desk.stands(), "qa 1/1 quinn; business 0/1", "what was signed is back as it was");
}

#[test]
fn a_signature_covers_every_change_that_its_signer_did_not_work_on() {
    let mut desk = overlapping();
    desk.work = vec![work(128, &["quinn"]), work(129, &["max"]), work(130, &["ana"])];
    let desk =
        desk.with("quinn", "/approve qa", 100).with("max", "/approve qa", 101).with("dana", "/approve", 102);
    assert_eq!(desk.stands(), "qa 1/2 quinn+max own work; business 1/1 dana");
    assert_eq!(desk.with("zoe", "/approve qa", 103).stands(), "qa 2/2 quinn+max+zoe; business 1/1 dana");
}

#[test]
fn one_person_does_not_sign_for_two_groups_on_two_changes() {
    let mut desk = Desk::of(vec![group("qa", 1, &["quinn", "zoe"]), group("business", 1, &["dana", "zoe"])]);
    desk.work = vec![work(128, &["quinn"]), work(129, &["dana"])];
    for by in ["quinn", "dana", "zoe"] {
        desk.says(by, "/approve", 100);
    }
    assert!(!desk.is_complete(), "{}", desk.stands());
}

#[test]
fn groups_that_overlap_completely_are_told_apart_change_by_change() {
    let all = ["ann", "bea", "cid"];
    let mut desk = Desk::of(vec![group("qa", 1, &all), group("business", 1, &all)]);
    desk.work = vec![work(128, &["ann"]), work(129, &["ana"])];
    let desk = desk.with("ann", "/approve", 100).with("bea", "/approve", 101);
    assert!(!desk.is_complete(), "{}", desk.stands());
    assert!(desk.with("cid", "/approve", 102).is_complete());
}

#[test]
fn in_order_a_signature_counts_only_after_the_earlier_groups_are_complete() {
    let mut desk = desk();
    desk.terms.ordered = 2;
    let desk = desk.with("dana", "/approve", 100).with("quinn", "/approve", 101);
    assert_eq!(desk.stands(), "qa 1/1 quinn; business 0/1");
    assert_eq!(desk.judged().groups[1].early, [actor("dana")]);
    let desk = desk.with("dana", "/approve business", 102);
    assert_eq!(desk.stands(), "qa 1/1 quinn; business 1/1 dana");
    let again = desk.with("quinn", "/approve cancel", 103).with("max", "/approve", 104);
    assert_eq!(again.stands(), "qa 1/1 max; business 0/1", "the group signed before this one was complete");
}

#[test]
fn a_person_takes_the_own_approval_back() {
    let desk = desk().with("quinn", "/approve qa", 100).with("dana", "/approve", 100);
    let desk = desk.with("quinn", "/approve cancel", 101);
    assert_eq!(desk.stands(), "qa 0/1; business 1/1 dana");
    assert_eq!(desk.with("quinn", "/approve", 200).stands(), "qa 1/1 quinn; business 1/1 dana");
}

fn restraints(desk: &Desk) -> String {
    let restraints = desk.judged().standing.restraints;
    let tell = |it: &super::super::Restraint| match it.what {
        Restrains::Rejection => format!("{} rejects: {}", it.by.login, it.why),
        Restrains::Hold => format!("{} holds: {}", it.by.login, it.why),
    };
    restraints.iter().map(tell).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_rejection_stands_until_its_author_or_another_of_the_group_lifts_it() {
    let rejected = desk().with("quinn", "/approve qa", 100).with("quinn", "/reject too slow", 101);
    assert_eq!(
        (restraints(&rejected).as_str(), rejected.stands().as_str()),
        ("quinn rejects: too slow", "qa 0/1; business 0/1")
    );
    for (by, words, lifted) in [
        ("quinn", "/reject cancel", true),
        ("quinn", "/approve qa", true),
        ("max", "/reject cancel", true),
        ("max", "/approve qa", false),
        ("max", "/unhold", false),
        ("quinn", "/unhold", false),
        ("quinn", "/approve cancel", false),
        ("dana", "/reject cancel", false),
        ("sam", "/reject cancel", false),
        ("ana", "/reject cancel", false),
    ] {
        let after = rejected.clone().with(by, words, 200);
        assert_eq!(restraints(&after).is_empty(), lifted, "{by} {words}");
    }
    let mut pushed = rejected.clone();
    pushed.turns(release("two"), 300);
    assert_eq!(restraints(&pushed), "quinn rejects: too slow", "a push lifts nothing");
    let again = rejected.with("quinn", "/reject far too slow", 200);
    assert_eq!(restraints(&again), "quinn rejects: far too slow");
}

#[test]
fn a_hold_leaves_approvals_alone_and_nobody_lifts_it_for_the_own_work() {
    let mut held = desk().with("quinn", "/approve qa", 100).with("quinn", "/hold wait for legal", 101);
    assert_eq!(
        (restraints(&held).as_str(), held.stands().as_str()),
        ("quinn holds: wait for legal", "qa 1/1 quinn; business 0/1")
    );
    assert_eq!(restraints(&held.clone().with("quinn", "/approve qa", 200)), "quinn holds: wait for legal");
    assert_eq!(restraints(&held.clone().with("max", "/unhold", 200)), "");
    assert_eq!(
        restraints(&held.clone().with("max", "/hold cancel", 99)),
        "quinn holds: wait for legal",
        "too early"
    );
    held.work = vec![work(128, &["ana"]), work(129, &["max"])];
    assert_eq!(restraints(&held.clone().with("max", "/unhold", 200)), "quinn holds: wait for legal");
    held.work = vec![work(128, &["quinn"])];
    assert_eq!(restraints(&held.with("quinn", "/unhold", 200)), "", "the own hold is one's own");
}

#[test]
fn a_hold_outlasts_its_authors_leaving_the_group() {
    let mut held = desk().with("quinn", "/hold wait", 100);
    let restraint = held.judged().standing.restraints.remove(0);
    held.ledger.remember(restraint.source, &restraint.groups);
    held.groups[0].people.remove(&actor("quinn").id);
    assert_eq!(restraints(&held), "quinn holds: wait");
    assert_eq!(restraints(&held.with("max", "/unhold", 200)), "");
}

#[test]
fn whether_somebody_may_hold_that_is_not_known_blocks() {
    let desk = desk().unknown("qa", "ugo").with("ugo", "/hold wait", 100);
    assert!(matches!(desk.ruling(), Ruling::Unknown(_)));
    let worst = desk.findings().iter().map(|finding| finding.own).max();
    assert_eq!(worst, Some(Outcome::Unknown));
    assert_eq!(restraints(&desk.with("max", "/unhold", 200)), "");
}

#[test]
fn who_is_appointed_counts_only_for_what_they_sign_from_then_on() {
    let appointed = |mut desk: Desk, since: i64| {
        let sam = actor("sam");
        desk.groups[0].since.insert(sam.id, time(since));
        desk.groups[0].people.insert(sam.id, (sam, Membership::Member));
        desk
    };
    for words in ["/approve", "/approve qa"] {
        let before = appointed(desk().with("sam", words, 100), 101);
        assert_eq!(before.stands(), "qa 0/1; business 0/1", "{words}");
        assert_eq!(before.with("sam", words, 101).stands(), "qa 1/1 sam; business 0/1", "{words}");
    }
    let of_business = desk().with("lee", "/approve", 100).with("dana", "/approve", 100);
    let lee = actor("lee");
    let mut appointed_too = of_business;
    appointed_too.groups[0].since.insert(lee.id, time(101));
    appointed_too.groups[0].people.insert(lee.id, (lee, Membership::Member));
    let stands = appointed_too.stands();
    assert!(
        stands.starts_with("qa 0/1; business 1/1"),
        "what was said before is for business alone: {stands}"
    );
    let again = appointed_too.with("lee", "/approve qa", 102);
    assert_eq!(again.stands(), "qa 1/1 lee; business 1/1 dana");
    let delegated = Desk {
        delegations: vec![Delegation {
            from: actor("sam"),
            to: actor("zoe"),
            since: time(0),
            until: time(5_000),
        }],
        ..appointed(desk().with("zoe", "/approve qa", 100), 101)
    };
    assert_eq!(delegated.stands(), "qa 0/1; business 0/1");
    assert_eq!(delegated.with("zoe", "/approve qa", 101).stands(), "qa 1/1 zoe for sam; business 0/1");
}

#[test]
fn unknown_membership_never_allows_and_is_said_only_where_it_matters() {
    let desk = desk().unknown("qa", "ugo").with("ugo", "/approve qa", 100);
    assert_eq!(desk.stands(), "qa 0/1 unknown; business 0/1");
    assert_eq!(desk.with("quinn", "/approve qa", 101).stands(), "qa 1/1 quinn; business 0/1");
    let mut two = super::desk().unknown("qa", "ugo").with("ugo", "/approve qa", 100);
    two.groups[0].needed = 2;
    assert_eq!(two.stands(), "qa 0/2; business 0/1", "even so it would not be enough");
    let mut unasked = super::desk().with("sam", "/approve qa", 100);
    unasked.groups[0].whole = false;
    assert_eq!(unasked.stands(), "qa 0/1 unknown; business 0/1");
}

fn delegating(to: &str) -> Desk {
    let mut desk = desk();
    let delegation = Delegation { from: actor("quinn"), to: actor(to), since: time(50), until: time(500) };
    desk.delegations.push(delegation);
    desk
}

#[test]
fn a_delegate_signs_in_the_groups_of_who_is_away_until_the_date() {
    for (second, stands) in [
        (49, "qa 0/1; business 0/1"),
        (50, "qa 0/1; business 0/1"),
        (60, "qa 1/1 sam for quinn; business 0/1"),
        (499, "qa 1/1 sam for quinn; business 0/1"),
        (500, "qa 0/1; business 0/1"),
    ] {
        let mut desk = delegating("sam");
        desk.terms.patience = SignedDuration::from_secs(55);
        assert_eq!(desk.with("sam", "/approve qa", second).stands(), stands, "{second}");
    }
    assert_eq!(delegating("sam").with("sam", "/approve business", 100).stands(), "qa 0/1; business 0/1");
}

#[test]
fn a_delegate_signs_neither_for_the_own_work_nor_for_that_of_who_is_away() {
    for worked in ["sam", "quinn"] {
        let mut desk = delegating("sam").with("sam", "/approve qa", 100);
        desk.work = vec![work(128, &[worked])];
        assert_eq!(desk.stands(), "qa 0/1 own work; business 0/1", "{worked}");
    }
}

#[test]
fn one_place_in_a_group_counts_once() {
    let mut desk = delegating("sam").with("sam", "/approve qa", 100).with("quinn", "/approve qa", 101);
    desk.groups[0].needed = 2;
    assert!(desk.stands().starts_with("qa 1/2"), "{}", desk.stands());
    assert_eq!(desk.with("max", "/approve", 102).judged().groups[0].stand, Stand::Complete);
    let mut member = delegating("max").with("max", "/approve qa", 100);
    member.groups[0].needed = 2;
    assert_eq!(member.stands(), "qa 1/2 max; business 0/1", "a member counts as oneself");
    let mut chain = delegating("sam");
    let (from, to) = (actor("sam"), actor("tim"));
    chain.delegations.push(Delegation { from, to, since: time(50), until: time(500) });
    assert_eq!(
        chain.with("tim", "/approve qa", 100).stands(),
        "qa 0/1; business 0/1",
        "nobody hands on what is lent"
    );
}

#[test]
fn policy_may_ask_only_some_groups_to_sign_again() {
    let mut desk = desk();
    let only = |name: &str| Again::Groups(BTreeSet::from([name.to_owned()]));
    desk.terms.resign = Resign { scope: Again::All, commits: only("qa"), text: only("business") };
    desk.turns(content(&[(128, "one")], 'a'), 1);
    let desk = desk.with("quinn", "/approve", 100).with("dana", "/approve", 101);
    assert!(desk.is_complete());
    for (what, next, stands) in [
        ("the candidate moved", content(&[(128, "one")], 'b'), "qa 0/1; business 1/1 dana"),
        ("the text changed", content(&[(128, "two")], 'a'), "qa 1/1 quinn; business 0/1"),
        ("one joined", content(&[(128, "one"), (129, "x")], 'a'), "qa 0/1; business 0/1"),
        ("both changed", content(&[(128, "two")], 'b'), "qa 0/1; business 0/1"),
    ] {
        let mut next_desk = desk.clone();
        next_desk.turns(next, 200);
        assert_eq!(next_desk.stands(), stands, "{what}");
        next_desk.history.forget(|_| false);
        assert_eq!(next_desk.stands(), "qa 0/1; business 0/1", "{what}: what it was is not known any more");
    }
}

#[test]
fn reviews_count_for_groups_and_only_reviews_for_independent_review() {
    let mut desk = Desk::of(vec![group(REVIEW, 1, &["quinn", "max"]), group("qa", 1, &["quinn", "max"])]);
    desk.history = History::default();
    desk.history.turn(release("one"), Some(sha('a')), time(0));
    desk.history.shown(release("one").hash(), time(0));
    desk.says("max", "/approve", 100);
    assert_eq!(desk.stands(), "review 0/1; qa 1/1 max");
    let asked = desk.clone().with("quinn", "/approve review", 100);
    assert_eq!(asked.ruling(), Ruling::Refused(Refusal::OnlyInReview));
    desk.ledger.hear_reviews(&[trial::review(1, "quinn", ReviewState::Approved, 'a', 100)]);
    assert_eq!(desk.stands(), "review 1/1 quinn; qa 1/1 max");
}

#[test]
fn a_group_that_nobody_is_left_in_is_said_to_be_out_of_reach() {
    let mut desk = desk();
    desk.work = vec![work(128, &["quinn"]), work(129, &["max"])];
    assert_eq!(desk.stands(), "qa 0/1; business 0/1", "each signs for the other's");
    desk.work = vec![work(128, &["quinn", "max"])];
    assert_eq!(desk.stands(), "qa 0/1 out of reach; business 0/1");
    desk.groups[0].whole = false;
    assert_eq!(desk.stands(), "qa 0/1; business 0/1", "there may be others");
    let same = Desk::of(vec![group("qa", 1, &["quinn"]), group("business", 1, &["quinn"])]);
    assert_eq!(same.stands(), "qa 0/1; business 0/1 out of reach");
    assert_eq!(same.with("quinn", "/approve", 100).stands(), "qa 1/1 quinn; business 0/1 out of reach");
}

#[test]
fn with_no_group_that_signs_nothing_is_missing() {
    let desk = Desk::of(vec![group("security", 0, &["sue"])]);
    assert_eq!((desk.stands().as_str(), desk.findings()), ("", vec![]));
    let held = desk.with("sue", "/hold wait", 100);
    assert_eq!(held.findings().len(), 1);
}

#[test]
fn several_commands_of_one_comment_count_in_their_order() {
    let desk = desk().with("quinn", "/approve qa\n/approve cancel", 100);
    assert_eq!(desk.stands(), "qa 0/1; business 0/1");
    let desk = desk.with("quinn", "/hold wait\n/unhold\n/approve qa", 101);
    assert_eq!((desk.stands().as_str(), restraints(&desk).as_str()), ("qa 1/1 quinn; business 0/1", ""));
    let places: Vec<Source> = desk.ledger.acts().iter().map(|act| act.source).collect();
    assert_eq!(places.last(), Some(&Source::Comment(CommentId(2), 2)));
}

#[test]
fn what_is_stored_is_read_again() {
    let desk = desk().with("quinn", "/approve qa 4f2c9e1", 100).with("dana", "/hold wait", 101);
    let read: Ledger = serde_json::from_str(&serde_json::to_string(&desk.ledger).unwrap()).unwrap();
    assert_eq!(read, desk.ledger);
    let history: History = serde_json::from_str(&serde_json::to_string(&desk.history).unwrap()).unwrap();
    assert_eq!(history, desk.history);
    assert_eq!(desk.ledger.people().len(), 2);
}

#[test]
fn a_comment_of_the_second_in_which_a_revision_came_may_name_it() {
    let half = SignedDuration::from_millis(500);
    let mut desk = Desk { history: History::default(), ..desk() };
    desk.history.turn(release("one"), None, time(100) + half);
    let words = format!("/approve qa {}", desk.short());
    for (second, expected) in [(99, false), (100, true)] {
        let mut desk = Desk { history: desk.history.clone(), ..Desk::of(vec![group("qa", 1, &["quinn"])]) };
        desk.says("quinn", &words, second);
        assert_eq!(desk.is_complete(), expected, "{second}");
    }
}
