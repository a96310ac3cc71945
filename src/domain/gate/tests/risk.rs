use super::*;

const RISKY: &str = "continuous: [{ approvals: { review: 1 } }]
when:
  - { risk: high, require: [{ approvals: { ops: 1 } }] }
  - { risk: medium, require: [{ checks: [{ name: load, app: github-actions }] }] }";

fn of(number: u64, risk: Option<Risk>, approved_by: &[&str]) -> Pull {
    let approved_by = approved_by.iter().map(|login| actor(login)).collect();
    Pull { approved_by, risk, ..pull(number, Outcome::Pass) }
}

fn deployment(pulls: Vec<Pull>) -> Deployment {
    let stands = to(RISKY).check("load", "github-actions", CheckStand::Passed).bringing(pulls);
    let stands = stands.member("ops", "olga", Membership::Member);
    stands.member("ops", "lee", Membership::Stranger)
}

#[test]
fn what_is_riskier_needs_more_and_what_comes_along_with_it_does_not() {
    use Risk::{High, Low, Medium};
    all_are_so(vec![
        ("nobody has said how risky it is", deployment(vec![of(41, None, &["lee"])]), "allow"),
        ("it is of low risk", deployment(vec![of(41, Some(Low), &["lee"])]), "allow"),
        ("of medium risk, and tried", deployment(vec![of(41, Some(Medium), &["lee"])]), "allow"),
        (
            "of medium risk, and not tried",
            to(RISKY).bringing(vec![of(41, Some(Medium), &["lee"])]),
            "unavailable check_unknown",
        ),
        (
            "of high risk, without operations",
            deployment(vec![of(41, Some(High), &["lee"])]),
            "pending review_missing",
        ),
        ("of high risk, with operations", deployment(vec![of(41, Some(High), &["olga"])]), "allow"),
        (
            "operations look at what is of high risk alone",
            deployment(vec![
                of(41, Some(High), &["olga"]),
                of(42, Some(Low), &["lee"]),
                of(43, None, &["lee"]),
            ]),
            "allow",
        ),
        (
            "whatever comes along with it",
            deployment(vec![of(41, Some(High), &["lee"]), of(42, Some(Low), &["olga"])]),
            "pending review_missing",
        ),
    ]);
}
