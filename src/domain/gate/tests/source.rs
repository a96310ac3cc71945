//! Where a deployment comes from.

use super::*;

const SOURCES: &str = "from: { branches: [default, \"release/*\"], tags: [\"v*\"] }";

#[test]
fn only_what_policy_names_may_be_deployed() {
    all_are_so(vec![
        ("the default branch is named", to(SOURCES).from(Some("main")), "allow"),
        ("a branch that a pattern fits is named", to(SOURCES).from(Some("release/2026.12")), "allow"),
        ("a tag that a pattern fits is named", to(SOURCES).from(Some("v1.2")), "allow"),
        ("another branch is not", to(SOURCES).from(Some("export")), "deny source_not_allowed"),
        ("case tells branches apart", to(SOURCES).from(Some("Main")), "deny source_not_allowed"),
        ("a longer name is another one", to(SOURCES).from(Some("main2")), "deny source_not_allowed"),
        ("no name at all is none of them", to(SOURCES).from(None), "deny source_not_allowed"),
        ("`default` is no branch of that name", to(SOURCES).from(Some("default")), "deny source_not_allowed"),
        ("where policy names none, any is", to("").from(Some("export")), "allow"),
        ("where policy names none, none is needed", to("").from(None), "allow"),
        (
            "the repository's own policy may name fewer",
            to(SOURCES).and_own("from: { branches: [default] }").from(Some("v1.2")),
            "deny source_not_allowed",
        ),
        (
            "and does not name more",
            to(SOURCES).and_own("from: { branches: [\"**\"] }").from(Some("export")),
            "deny source_not_allowed",
        ),
    ]);
}

#[test]
fn a_fork_deploys_nothing_whatever_its_branch_is_called() {
    let fork = |lines: &str| to(lines).but(|it| it.candidate.from_here = false);
    all_are_so(vec![
        ("from its main", fork(SOURCES), "deny source_is_a_fork"),
        ("where any branch may", fork(""), "deny source_is_a_fork"),
        (
            "going back",
            fork("").but(|it| {
                it.ran = Some(deployed('c'));
                it.brings = Ok(Brings { goes_back: true, ..brings(&[]) });
            }),
            "deny source_is_a_fork",
        ),
    ]);
}

#[test]
fn a_run_of_a_pull_request_deploys_nothing_whatever_branch_it_comes_from() {
    let proposed = |lines: &str| to(lines).but(|it| it.candidate.proposed = true);
    all_are_so(vec![
        ("from the default branch", proposed(SOURCES).from(Some("main")), "deny source_is_a_pull_request"),
        ("where any branch may", proposed(""), "deny source_is_a_pull_request"),
        ("of a fork", proposed("").but(|it| it.candidate.from_here = false), "deny source_is_a_fork"),
    ]);
}
