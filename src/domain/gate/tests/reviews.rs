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
fn nobody_signs_for_what_they_deploy_and_merging_is_not_deploying() {
    let by = |logins: &[&str], change: fn(&mut Candidate)| {
        to(REVIEW).approved_by(logins).but(|it| {
            it.candidate.by = Some(actor("lee"));
            change(&mut it.candidate);
        })
    };
    all_are_so(vec![
        ("the deployer's own review", by(&["lee"], |_| ()), "pending review_missing"),
        ("somebody else's too", by(&["lee", "olga"], |_| ()), "allow"),
        ("merged into the default branch", by(&["lee"], |it| it.by_itself = true), "allow"),
        (
            "merged into another branch, or a tag that was pushed",
            by(&["lee"], |it| (it.by_itself, it.reference) = (true, Some("v1".into()))),
            "pending review_missing",
        ),
        (
            "it is not known from where it comes",
            by(&["lee"], |it| (it.by_itself, it.reference) = (true, None)),
            "pending review_missing",
        ),
    ]);
    let verdict = by(&["lee"], |_| ()).verdict();
    let said: Vec<String> = verdict
        .findings
        .iter()
        .flat_map(Finding::obstacles)
        .map(|it| format!("{} {}", it.sentence, it.cure.clone().unwrap_or_default()))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @"`review` has 0 of 1 approvals of what was merged as #41. @lee approved it and deploys it: nobody signs for what they deploy. somebody who wrote none of it approves #41 in a review; GitHub takes one after the merge too; or somebody else deploys it");
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
