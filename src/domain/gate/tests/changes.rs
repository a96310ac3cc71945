//! Every pull request that comes along has passed by itself.

use super::*;

const ACCEPTED: &str = "require: [{ change: accepted }]";

#[test]
fn every_change_in_it_is_accepted() {
    let [pass, wait, fail, unknown] =
        [Outcome::Pass, Outcome::Pending, Outcome::Fail, Outcome::Unknown].map(|own| pull(41, own));
    let other = |own| pull(42, own);
    let with = |pulls| to(ACCEPTED).bringing(pulls);
    all_are_so(vec![
        ("it brings none", with(vec![]), "allow"),
        ("the only one is", with(vec![pass.clone()]), "allow"),
        ("both are", with(vec![pass.clone(), other(Outcome::Pass)]), "allow"),
        ("one waits", with(vec![wait.clone()]), "pending change_not_accepted"),
        ("one is refused", with(vec![fail.clone()]), "deny change_not_accepted"),
        ("of one it is not known", with(vec![unknown.clone()]), "unavailable change_not_accepted"),
        (
            "one that is does not help another that waits",
            with(vec![pass, other(Outcome::Pending)]),
            "pending change_not_accepted",
        ),
        (
            "the worst of them counts",
            with(vec![wait.clone(), other(Outcome::Fail)]),
            "deny change_not_accepted change_not_accepted",
        ),
        (
            "what is not known is worse than what is refused",
            with(vec![fail, other(Outcome::Unknown)]),
            "unavailable change_not_accepted change_not_accepted",
        ),
        ("nobody asks", to("").bringing(vec![wait]), "allow"),
        (
            "which they are is not known",
            to(ACCEPTED).unread("GitHub is down"),
            "unavailable range_unknown changes_unknown",
        ),
    ]);
}
