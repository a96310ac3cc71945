//! What a deployment brings.

use super::*;

fn finds(code: &str, own: Outcome) -> Deployment {
    let finding = Finding::new(code, own, "every commit is traced", "It is so.").cure("adopt it");
    to("").but(|it| it.brings = Ok(Brings { findings: vec![finding], ..brings(&[41]) }))
}

#[test]
fn every_commit_is_traced_whether_policy_says_so_or_not() {
    all_are_so(vec![
        ("all are traced", to("require: [{ range: traced }]"), "allow"),
        ("all are traced, and nobody asked", to(""), "allow"),
        ("one is not", finds("commit_untraced", Outcome::Fail), "deny commit_untraced"),
        ("of one it is not known", finds("range_unknown", Outcome::Unknown), "unavailable range_unknown"),
        ("there are too many", finds("range_too_long", Outcome::Fail), "deny range_too_long"),
        ("it could not be read", to("").unread("GitHub is down"), "unavailable range_unknown"),
        ("it is being read", to("").unread("it is being found out."), "unavailable range_unknown"),
    ]);
}
