//! Signatures on pull requests: N of each group, each once, who wrote none of it.

use super::*;

const REVIEW: &str = "continuous: [{ approvals: { review: 1 } }]";
const OPS: &str = "continuous: [{ approvals: { ops: 2 } }]";
const BOTH: &str = "continuous: [{ approvals: { ops: 1, qa: 1 } }]";

fn unknown() -> Membership {
    Membership::Unknown("the team could not be read".into())
}

#[test]
fn every_pull_request_in_it_is_signed() {
    let ops = |logins: &[&str]| {
        logins.iter().fold(to(OPS).approved_by(logins), |it, who| it.member("ops", who, Membership::Member))
    };
    let signed = |number, logins: &[&str]| Pull {
        approved_by: logins.iter().map(|login| actor(login)).collect(),
        ..pull(number, Outcome::Pass)
    };
    all_are_so(vec![
        ("nobody asks", to("").approved_by(&[]), "allow"),
        ("nobody approved", to(REVIEW).approved_by(&[]), "pending review_missing"),
        ("somebody approved", to(REVIEW).approved_by(&["lee"]), "allow"),
        ("it brings none", to(REVIEW).bringing(vec![]), "allow"),
        (
            "one of two is not",
            to(REVIEW).bringing(vec![signed(41, &["lee"]), signed(42, &[])]),
            "pending review_missing",
        ),
        (
            "neither of two is",
            to(REVIEW).bringing(vec![signed(41, &[]), signed(42, &[])]),
            "pending review_missing review_missing",
        ),
        ("two of two of the group", ops(&["olga", "oskar"]), "allow"),
        ("one of two of the group", ops(&["olga"]), "pending review_missing"),
        ("one person twice is one", ops(&["olga", "olga"]), "pending review_missing"),
        (
            "one person signs for one group",
            to(BOTH).approved_by(&["olga"]).member("ops", "olga", Membership::Member).member(
                "qa",
                "olga",
                Membership::Member,
            ),
            "pending review_missing",
        ),
        (
            "two people sign for two, each where they are needed",
            to(BOTH)
                .approved_by(&["olga", "quinn"])
                .member("ops", "olga", Membership::Member)
                .member("qa", "olga", Membership::Member)
                .member("ops", "quinn", Membership::Member)
                .member("qa", "quinn", Membership::Stranger),
            "allow",
        ),
        (
            "the repository's own policy wants one more group",
            to(REVIEW)
                .approved_by(&["lee"])
                .member("ops", "lee", Membership::Stranger)
                .and_own("continuous: [{ approvals: { ops: 1 } }]"),
            "pending review_missing",
        ),
    ]);
}

#[test]
fn who_is_not_known_to_be_of_a_group_does_not_sign_for_it() {
    all_are_so(vec![
        (
            "somebody else is not of the group",
            to(OPS).approved_by(&["olga", "sam"]).member("ops", "olga", Membership::Member).member(
                "ops",
                "sam",
                Membership::Stranger,
            ),
            "pending review_missing",
        ),
        (
            "who may be of the group does not count",
            to(OPS).approved_by(&["olga", "sam"]).member("ops", "olga", Membership::Member).member(
                "ops",
                "sam",
                unknown(),
            ),
            "unavailable reviews_unknown",
        ),
        (
            "of whom nobody asked, neither",
            to(OPS).approved_by(&["olga", "oskar"]).member("ops", "olga", Membership::Member),
            "unavailable reviews_unknown",
        ),
        (
            "who may be of the group does not matter where it would not be enough",
            to(OPS).approved_by(&["sam"]).member("ops", "sam", unknown()),
            "pending review_missing",
        ),
    ]);
}

#[test]
fn the_signatures_of_a_release_let_nothing_through_that_nobody_recorded() {
    let train = to("train: [{ approvals: { qa: 1 } }]").but(|it| {
        let train = "trains: { customer: { repositories: [acme/web], title: \"{year}.{month}\" } }\n";
        let text = it.policies[0].take().unwrap().replace("ship: continuous", "ship: train");
        it.policies[0] = Some(format!("{text}{train}"));
    });
    let answer = train.answer();
    assert!(!answer.starts_with("allow"), "{answer}");
}
