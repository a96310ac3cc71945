//! Checks that passed on exactly the commit, written by the App that policy names.

use super::*;

const CI: &str = "require: [{ checks: [{ name: ci, app: github-actions }] }]";
const TWO: &str = "require: [{ checks: [{ name: ci, app: github-actions }, { name: scan, app: scanner }] }]";

#[test]
fn every_check_that_policy_names_has_passed() {
    let ci = |stand| to(CI).check("ci", "github-actions", stand);
    let two = |stand, scan| to(TWO).check("ci", "github-actions", stand).check("scan", "scanner", scan);
    let unknown = || CheckStand::Unknown("GitHub is down".into());
    all_are_so(vec![
        ("it passed", ci(CheckStand::Passed), "allow"),
        ("it failed", ci(CheckStand::Failed), "deny check_failed"),
        ("it has not ended", ci(CheckStand::Waiting), "pending check_missing"),
        ("it could not be read", ci(unknown()), "unavailable check_unknown"),
        ("nobody asked for it", to(CI), "unavailable check_unknown"),
        (
            "another App wrote one of that name",
            to(CI).check("ci", "impostor", CheckStand::Passed),
            "unavailable check_unknown",
        ),
        (
            "one of another name passed",
            to(CI).check("ci2", "github-actions", CheckStand::Passed),
            "unavailable check_unknown",
        ),
        ("both passed", two(CheckStand::Passed, CheckStand::Passed), "allow"),
        (
            "one failed and one waits",
            two(CheckStand::Failed, CheckStand::Waiting),
            "deny check_failed check_missing",
        ),
        (
            "one failed and one is not known",
            two(CheckStand::Failed, unknown()),
            "unavailable check_failed check_unknown",
        ),
        ("nobody wants one", to("").check("ci", "github-actions", CheckStand::Failed), "allow"),
        (
            "the repository's own policy wants one more",
            to(CI)
                .check("ci", "github-actions", CheckStand::Passed)
                .and_own("require: [{ checks: [{ name: scan, app: scanner }] }]")
                .check("scan", "scanner", CheckStand::Waiting),
            "pending check_missing",
        ),
    ]);
}

#[test]
fn a_check_that_may_end_without_a_word_is_read_again() {
    let waits = to(CI).check("ci", "github-actions", CheckStand::Waiting).verdict();
    assert_eq!(waits.look_again(), Some(time(30)));
    let failed = to(CI).check("ci", "github-actions", CheckStand::Failed).verdict();
    assert_eq!(failed.look_again(), None);
}
