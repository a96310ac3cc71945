//! Back to what ran before.

use super::*;

fn back(lines: &str) -> Deployment {
    to(lines).but(|it| {
        it.ran = Some(deployed('c'));
        it.brings = Ok(Brings { goes_back: true, ..brings(&[]) });
        it.pull_requests = vec![];
    })
}

#[test]
fn the_way_back_is_open_and_only_to_what_was_allowed_before() {
    let strict = "window: [\"Tue 09:00-11:00\"]\nrequire: [{ change: accepted }]\ncontinuous: [{ approvals: { review: 1 } }]";
    all_are_so(vec![
        ("it ran before", back(""), "allow"),
        ("at any time, and nobody is asked", back(strict), "allow"),
        ("nobody has to be told before", back("require: [{ notice: [ops] }]"), "allow"),
        ("policy refuses it", back("rollback: refused"), "deny rollback_refused"),
        (
            "the repository's own policy refuses it",
            back("").and_own("rollback: refused"),
            "deny rollback_refused",
        ),
        ("it never ran", back(strict).but(|it| it.ran = None), "pending window_closed"),
        (
            "it ran, and brings something new",
            back(strict).but(|it| it.brings = Ok(brings(&[41]))).bringing(vec![pull(41, Outcome::Pass)]),
            "pending review_missing window_closed",
        ),
        ("whether it goes back is not known", back("").unread("GitHub is down"), "unavailable range_unknown"),
        (
            "not from a branch that policy does not name",
            back("from: { branches: [default] }").from(Some("export")),
            "deny source_not_allowed",
        ),
    ]);
}
