//! A release of a train: its scope is locked, its commits are fixed, people sign exactly that, and then it may go.

use changegate::sandbox::{Edit, Numbered};
use jiff::Timestamp;

use crate::support::{Scene, assert_snapshot, scenario};

pub(super) const WEB: &str = "acme/web";
pub(super) const BILLING: &str = "acme/billing";

pub(super) const TRAIN: &str = "
trains:
  customer: { repositories: [acme/web, acme/billing], title: \"{year}.{month}\", lock: 7 days before }
environments:
  production:
    names: [production]
    require:
      - range: traced
      - change: accepted
    train:
      - approvals: { release-manager: 1, qa: 1 }
";

pub(super) fn day(text: &str) -> Option<Timestamp> {
    Some(format!("{text}T12:00:00Z").parse().unwrap())
}

/// A train over two repositories, and the milestone of December in both.
pub(super) async fn a_train(s: &Scene) {
    a_train_by(s, TRAIN).await;
}

/// The same by these rules.
pub(super) async fn a_train_by(s: &Scene, rules: &str) {
    s.policy(rules).await;
    for repository in [WEB, BILLING] {
        s.by("rosa").create_milestone(repository, "2026.12", day("2026-12-03"));
        s.by("rosa").protect(repository, "production", true, true);
    }
    s.settle().await;
}

/// Accepted, planned for December, built by Ana and merged.
pub(super) async fn built(s: &Scene, title: &str, branch: &str, repository: &str) -> Numbered {
    let issue = s.accepted(title).await;
    s.by("rosa").set_milestone(issue, "2026.12");
    s.settle().await;
    let closes = format!("Closes acme/web#{}", issue.number);
    let pull = s.pull_request(repository, branch, &closes).await;
    s.by("ana").merge(pull.at);
    s.settle().await;
    issue
}

/// The control record of December.
pub(super) fn record(s: &Scene) -> Numbered {
    let found = s.record_of(WEB, "Release 2026.12");
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]
}

pub(super) fn text(s: &Scene) -> String {
    s.github().issue(record(s))["body"].as_str().unwrap_or_default().to_owned()
}

pub(super) fn shown(s: &Scene) -> String {
    let body = text(s);
    s.readable(body.split("\n\n<details>").next().unwrap_or_default())
}

/// The revision that the record shows.
pub(super) fn revision(s: &Scene) -> String {
    let body = text(s);
    let after = body.split("Signatures on revision `").nth(1).expect(&body);
    after.split('`').next().unwrap().to_owned()
}

pub(super) async fn locked(s: &Scene) -> Numbered {
    let record = record(s);
    s.by("rosa").comment(record, "/lock");
    s.settle().await;
    record
}

pub(super) async fn signed_by(s: &Scene, login: &str, words: &str) {
    let record = record(s);
    s.by(login).comment(record, words);
    s.settle().await;
}

pub(super) async fn deploys(s: &Scene, repository: &str) -> u64 {
    let run = s.by("sam").dispatch(repository, &["production"], "main");
    s.settle().await;
    run
}

pub(super) fn stands(s: &Scene, repository: &str, run: u64) -> String {
    let run = s.github().run(repository, run);
    let word = |name: &str| run[name].as_str().unwrap_or("-").to_owned();
    format!("{} {}", word("status"), word("conclusion"))
}

pub(super) fn said(s: &Scene, repository: &str, run: u64) -> String {
    s.readable(s.github().notes(repository, run, "production").last().map_or("", String::as_str))
}

#[tokio::test]
async fn a_release_goes_when_its_scope_is_locked_and_each_group_has_signed_what_ships() {
    scenario(async |s| {
        a_train(s).await;
        built(s, "Export", "export", WEB).await;
        built(s, "Bill", "bill", BILLING).await;
        assert_snapshot!(shown(s), @"
        **Planning** · due 3 Dec 2026, 12:00 UTC · locks 26 Nov 2026, 12:00 UTC · train customer

        The scope can still change. People sign after it is locked and each change is merged.

        ### What it ships: 2 change requests

        | change request | asked by | stands | pull requests |
        |---|---|---|---|
        | [#1](https://github/acme/web/issues/1) Export | [sam](https://github/sam) | merged | [#3](https://github/acme/web/pull/3) |
        | [#4](https://github/acme/web/issues/4) Bill | [sam](https://github/sam) | merged | [acme/billing#1](https://github/acme/billing/pull/1) |

        ### What still blocks

        - Its scope can still change. It locks by itself on 26 Nov 2026, 12:00 UTC. **Cure:** a release manager ([rosa](https://github/rosa)) comments `/lock` on the control record.
        ");
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "waiting -", "{}", said(s, WEB, run));
        assert_snapshot!(said(s, WEB, run), @"
        **Waiting:** 1 of 8 rules not met yet.
        - No release ships `683de05`: release “2026.12” has no candidate here yet. **Cure:** deploy what a release ships; or a release manager ([rosa](https://github/rosa)) comments `/candidate acme/web 683de05eb93a611b5a206ee571dd0810ae0de3cb` on the control record of its release.
        ");
        locked(s).await;
        assert_snapshot!(shown(s), @"
        **Go/no-go** · due 3 Dec 2026, 12:00 UTC · locked 2 Nov 2026, 12:00 UTC by [rosa](https://github/rosa) · train customer

        What ships is fixed. It can be signed now, with the commands below.

        ### What it ships: 2 change requests

        | change request | asked by | stands | pull requests |
        |---|---|---|---|
        | [#1](https://github/acme/web/issues/1) Export | [sam](https://github/sam) | merged | [#3](https://github/acme/web/pull/3) |
        | [#4](https://github/acme/web/issues/4) Bill | [sam](https://github/sam) | merged | [acme/billing#1](https://github/acme/billing/pull/1) |

        ### The commits

        | repository | candidate | from | deployed |
        |---|---|---|---|
        | acme/web | [`683de05`](https://github/acme/web/commit/683de05eb93a611b5a206ee571dd0810ae0de3cb) | `main` when go/no-go opened | not yet |
        | acme/billing | [`5d6c0c0`](https://github/acme/billing/commit/5d6c0c0743cd3be553da825739cda73aeef3a080) | `main` when go/no-go opened | not yet |

        ### What still blocks

        - qa: 0 of 1 approvals on the current revision; waiting for [quinn](https://github/quinn). **Cure:** [quinn](https://github/quinn) comments `/approve qa 52dfbf45` on [#2](https://github/acme/web/issues/2).
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). **Cure:** [rosa](https://github/rosa) comments `/approve release-manager 52dfbf45` on [#2](https://github/acme/web/issues/2).

        ### Signatures on revision `52dfbf45`

        | group | signed by | needed | |
        |---|---|---|---|
        | `qa` | nobody yet | 1 | … waiting |
        | `release-manager` | nobody yet | 1 | … waiting |
        ");
        let revision = revision(s);
        signed_by(s, "quinn", &format!("/approve qa {revision}")).await;
        assert_snapshot!(said(s, WEB, run), @"
        **Waiting:** 1 of 16 rules not met yet.
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). **Cure:** [rosa](https://github/rosa) comments `/approve release-manager 52dfbf45` on [#2](https://github/acme/web/issues/2).
        ");
        signed_by(s, "rosa", &format!("/approve release-manager {revision}")).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        assert_snapshot!(said(s, WEB, run), @"**Allowed:** 16 of 16 rules met.");
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        let run = deploys(s, BILLING).await;
        assert_eq!(stands(s, BILLING, run), "in_progress -", "{}", said(s, BILLING, run));
        s.github().finish_run(BILLING, run, true);
        s.settle().await;
        assert_snapshot!(shown(s), @"
        **Deployed** · due 3 Dec 2026, 12:00 UTC · locked 2 Nov 2026, 12:00 UTC by [rosa](https://github/rosa) · train customer

        Every repository runs it. `/done worked|problems|backed-out` closes it; that is asked for two days later.

        ### What it ships: 2 change requests

        | change request | asked by | stands | pull requests |
        |---|---|---|---|
        | [#1](https://github/acme/web/issues/1) Export | [sam](https://github/sam) | deployed | [#3](https://github/acme/web/pull/3) |
        | [#4](https://github/acme/web/issues/4) Bill | [sam](https://github/sam) | deployed | [acme/billing#1](https://github/acme/billing/pull/1) |

        ### The commits

        | repository | candidate | from | deployed |
        |---|---|---|---|
        | acme/web | [`683de05`](https://github/acme/web/commit/683de05eb93a611b5a206ee571dd0810ae0de3cb) | `main` when go/no-go opened | production since 2 Nov 2026, 12:00 UTC |
        | acme/billing | [`5d6c0c0`](https://github/acme/billing/commit/5d6c0c0743cd3be553da825739cda73aeef3a080) | `main` when go/no-go opened | production since 2 Nov 2026, 12:00 UTC |

        ### Signatures on revision `52dfbf45`

        | group | signed by | needed | |
        |---|---|---|---|
        | `qa` | [quinn](https://github/quinn) | 1 | ✓ complete |
        | `release-manager` | [rosa](https://github/rosa) | 1 | ✓ complete |
        ");
    })
    .await;
}

/// The same train, with a branch of its own for each release.
pub(super) async fn a_train_with_branches(s: &Scene) -> Numbered {
    let issue = planned_with_branches(s).await;
    locked(s).await;
    issue
}

/// The same, before its scope is locked.
pub(super) async fn planned_with_branches(s: &Scene) -> Numbered {
    s.policy(&TRAIN.replace("lock: 7 days before", "candidate: { branch: \"release/{title}\" }")).await;
    s.by("rosa").create_milestone(WEB, "2026.12", day("2026-12-03"));
    s.by("rosa").protect(WEB, "production", true, true);
    s.settle().await;
    let issue = built(s, "Export", "export", WEB).await;
    let head = s.github().head(WEB, "main").unwrap();
    s.by("rosa").create_branch(WEB, "release/2026.12", &head);
    s.settle().await;
    issue
}

pub(super) async fn both_sign(s: &Scene) {
    let revision = revision(s);
    signed_by(s, "quinn", &format!("/approve qa {revision}")).await;
    signed_by(s, "rosa", &format!("/approve release-manager {revision}")).await;
}

pub(super) fn phase(s: &Scene) -> String {
    text(s).split("**").nth(1).unwrap_or_default().to_owned()
}

/// What blocks, line by line.
pub(super) fn blocks(s: &Scene) -> String {
    let body = s.readable(&text(s));
    let found = body.split("### What still blocks\n\n").nth(1).unwrap_or_default();
    found.split("\n\n").next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_push_to_the_branch_of_the_release_voids_what_was_signed_and_each_sees_what_changed() {
    scenario(async |s| {
        a_train_with_branches(s).await;
        both_sign(s).await;
        assert_eq!(phase(s), "Approved");
        let signed = revision(s);
        s.by("ana").push(WEB, "release/2026.12", &[("late.txt", "late")], "Late fix");
        s.settle().await;
        assert_eq!(phase(s), "Go/no-go");
        assert_snapshot!(blocks(s), @"
        - qa: 0 of 1 approvals on the current revision; waiting for [quinn](https://github/quinn). [quinn](https://github/quinn) signed an earlier revision; since then acme/web moved from `683de05` to `e7393aa`. **Cure:** [quinn](https://github/quinn) comments `/approve qa a60c7e1c` on [#2](https://github/acme/web/issues/2).
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). [rosa](https://github/rosa) signed an earlier revision; since then acme/web moved from `683de05` to `e7393aa`. **Cure:** [rosa](https://github/rosa) comments `/approve release-manager a60c7e1c` on [#2](https://github/acme/web/issues/2).
        ");
        let run = s.by("sam").dispatch(WEB, &["production"], "release/2026.12");
        s.settle().await;
        assert_eq!(stands(s, WEB, run), "completed failure", "{}", said(s, WEB, run));
        signed_by(s, "quinn", &format!("/approve qa {signed}")).await;
        assert_snapshot!(s.sentences(record(s)).join("\n"), @"@quinn That is an approval of `f8befacb`; since then acme/web moved from `683de05` to `e7393aa`. To sign what there is now, comment `/approve qa a60c7e1c`.");
        both_sign(s).await;
        assert_eq!(phase(s), "Approved");
    })
    .await;
}

#[tokio::test]
async fn a_change_request_that_is_edited_after_it_was_signed_has_to_be_signed_again() {
    scenario(async |s| {
        let issue = a_train_with_branches(s).await;
        both_sign(s).await;
        s.by("sam").edit_issue(issue, Edit { title: Some("Export everything"), body: None });
        s.settle().await;
        assert_eq!(phase(s), "Go/no-go");
        assert_snapshot!(blocks(s), @"
        - qa: 0 of 1 approvals on the current revision; waiting for [quinn](https://github/quinn). [quinn](https://github/quinn) signed an earlier revision; since then [#1](https://github/acme/web/issues/1)'s text changed. **Cure:** [quinn](https://github/quinn) comments `/approve qa a447fdd5` on [#2](https://github/acme/web/issues/2).
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). [rosa](https://github/rosa) signed an earlier revision; since then [#1](https://github/acme/web/issues/1)'s text changed. **Cure:** [rosa](https://github/rosa) comments `/approve release-manager a447fdd5` on [#2](https://github/acme/web/issues/2).
        ");
    })
    .await;
}

#[tokio::test]
async fn an_approval_that_names_no_revision_counts_only_when_the_record_has_shown_it_for_a_minute() {
    scenario(async |s| {
        a_train_with_branches(s).await;
        signed_by(s, "quinn", "/approve qa").await;
        assert_snapshot!(s.sentences(record(s)).join("\n"), @"@quinn It is not certain what you have seen: the record had not shown this revision for long enough. To sign what there is now, comment `/approve qa f8befacb`.");
        s.pass(61);
        signed_by(s, "quinn", "/approve qa").await;
        signed_by(s, "rosa", "/approve").await;
        assert_eq!(phase(s), "Approved", "{}", blocks(s));
    })
    .await;
}

/// December is locked and signed; Import comes along, and is not planned for it.
async fn signed_beside_another(s: &Scene, link: &str) -> Numbered {
    a_train(s).await;
    built(s, "Export", "export", WEB).await;
    let other = s.accepted("Import").await;
    let pull = s.pull_request(WEB, "import", &format!("{link} #{}", other.number)).await;
    s.by("ana").merge(pull.at);
    s.settle().await;
    locked(s).await;
    both_sign(s).await;
    assert_eq!(phase(s), "Approved");
    other
}

#[tokio::test]
async fn what_belongs_to_another_release_and_comes_along_is_named_with_its_cures() {
    scenario(async |s| {
        let other = signed_beside_another(s, "Closes").await;
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "completed failure", "{}", said(s, WEB, run));
        assert_snapshot!(said(s, WEB, run), @"
        **Denied:** 1 of 14 rules not met.
        - [#5](https://github/acme/web/pull/5) comes along, and [#4](https://github/acme/web/issues/4), to which it belongs, is not in release “2026.12”. **Cure:** a release manager comments `/swap for acme/web#4 WHY` on the control record, which takes it in; or [#5](https://github/acme/web/pull/5) is reverted; or the candidate is moved before it; or, where it is switched off or only a part, `/carry acme/web#4 WHY`.
        ");
        signed_by(s, "rosa", &format!("/swap for #{} it is done", other.number)).await;
        assert_eq!(phase(s), "Go/no-go");
        both_sign(s).await;
        s.by("sam").rerun(WEB, run);
        s.settle().await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
    })
    .await;
}

#[tokio::test]
async fn what_a_release_manager_carries_along_is_signed_with_the_rest_and_is_not_delivered() {
    scenario(async |s| {
        let other = signed_beside_another(s, "Part-of:").await;
        let carry = format!("/carry #{} switched off", other.number);
        signed_by(s, "ana", &carry).await;
        signed_by(s, "rosa", &format!("/carry #{}", other.number)).await;
        assert_eq!(phase(s), "Approved");
        assert_snapshot!(s.sentences(record(s)).join("\n"), @"
        @ana `/carry`: only a release manager (rosa) decides that.
        @rosa `/carry`: it takes a change request (`#n` or `owner/repository#n`) and a reason behind it.
        ");
        signed_by(s, "rosa", &carry).await;
        assert_eq!(phase(s), "Go/no-go");
        let text = shown(s);
        let carried = text.split("### ").find(|part| part.starts_with("What comes along")).expect(&text);
        assert_snapshot!(carried.trim(), @"
        What comes along, and is not delivered by it

        - [#4](https://github/acme/web/issues/4) Import: switched off ([rosa](https://github/rosa))
        ");
        assert_snapshot!(blocks(s), @"
        - qa: 0 of 1 approvals on the current revision; waiting for [quinn](https://github/quinn). [quinn](https://github/quinn) signed an earlier revision; since then [#4](https://github/acme/web/issues/4) joined. **Cure:** [quinn](https://github/quinn) comments `/approve qa e4e0a8c9` on [#2](https://github/acme/web/issues/2).
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). [rosa](https://github/rosa) signed an earlier revision; since then [#4](https://github/acme/web/issues/4) joined. **Cure:** [rosa](https://github/rosa) comments `/approve release-manager e4e0a8c9` on [#2](https://github/acme/web/issues/2).
        ");
        both_sign(s).await;
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        assert_eq!(s.stage_of("Import").await, "in_work");
    })
    .await;
}

#[tokio::test]
async fn who_worked_on_a_change_or_deploys_it_does_not_sign_it_and_who_is_in_no_group_does_not_either() {
    scenario(async |s| {
        let rules = TRAIN.replace("release-manager: 1, qa: 1", "builders: 1");
        let people = "version: 1\nmode: enforce\nroles: { triager: [acme/triage], release-manager: [rosa] }\n";
        let groups = "groups: { builders: [ana, lee] }\n";
        s.policy_file("acme/.github", &format!("{people}{groups}{rules}")).await;
        s.by("rosa").create_milestone(WEB, "2026.12", day("2026-12-03"));
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        built(s, "Export", "export", WEB).await;
        signed_by(s, "ana", "/lock").await;
        locked(s).await;
        let revision = revision(s);
        for login in ["ana", "sam"] {
            signed_by(s, login, &format!("/approve builders {revision}")).await;
        }
        assert_snapshot!(s.sentences(record(s)).join("\n"), @"
        @ana `/lock`: only a release manager (rosa) decides that.
        @ana Nobody signs for what they worked on themselves; somebody else of the group does.
        @sam That is for the members of `builders` (ana, lee).
        ");
        assert_snapshot!(blocks(s), @"- builders: 0 of 1 approvals on the current revision: [ana](https://github/ana) worked on [#1](https://github/acme/web/issues/1) and does not count there; waiting for [lee](https://github/lee). **Cure:** [lee](https://github/lee), who did not work on [#1](https://github/acme/web/issues/1), comments `/approve builders 9f848d00` on [#2](https://github/acme/web/issues/2).");
        signed_by(s, "lee", &format!("/approve builders {revision}")).await;
        assert_eq!(phase(s), "Approved");
        let run = s.by("lee").dispatch(WEB, &["production"], "main");
        s.settle().await;
        assert_snapshot!(said(s, WEB, run), @"
        **Waiting:** 1 of 13 rules not met yet.
        - builders: 0 of 1 approvals on the current revision: [ana](https://github/ana) worked on [#1](https://github/acme/web/issues/1) and does not count there; [lee](https://github/lee) worked on [#1](https://github/acme/web/issues/1) and does not count there. **Cure:** a member of `builders`, who did not work on [#1](https://github/acme/web/issues/1), comments `/approve builders 9f848d00` on [#2](https://github/acme/web/issues/2).
        ");
    })
    .await;
}

#[tokio::test]
async fn a_hold_stops_it_until_it_is_lifted_and_a_rejection_ends_what_waits() {
    scenario(async |s| {
        a_train_with_branches(s).await;
        both_sign(s).await;
        signed_by(s, "quinn", "/hold the shop is busy").await;
        let run = s.by("sam").dispatch(WEB, &["production"], "release/2026.12");
        s.settle().await;
        assert_eq!(stands(s, WEB, run), "waiting -", "{}", said(s, WEB, run));
        assert_snapshot!(said(s, WEB, run), @"
        **Waiting:** 1 of 15 rules not met yet.
        - [quinn](https://github/quinn) holds it on 2 Nov 2026, 12:00 UTC: “the shop is busy”. **Cure:** [quinn](https://github/quinn), or another member of `qa` who worked on none of it, comments `/unhold` on [#2](https://github/acme/web/issues/2).
        ");
        signed_by(s, "quinn", "/unhold").await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn the_scope_locks_by_itself_when_its_time_has_come_and_what_is_edited_by_hand_is_set_back() {
    scenario(async |s| {
        a_train(s).await;
        built(s, "Export", "export", WEB).await;
        assert_eq!(phase(s), "Planning");
        s.by("ana").edit_issue(record(s), Edit { title: None, body: Some("All is well.") });
        s.settle().await;
        assert_eq!(phase(s), "Planning");
        s.pass(24 * 24 * 3600);
        s.settle().await;
        assert_eq!(phase(s), "Go/no-go");
        assert_snapshot!(text(s).lines().next().unwrap_or_default(), @"**Go/no-go** · due 3 Dec 2026, 12:00 UTC · locked 26 Nov 2026, 12:00 UTC · train customer");
    })
    .await;
}

#[tokio::test]
async fn who_asked_and_who_tests_try_what_was_merged_before_it_goes() {
    scenario(async |s| {
        let rules =
            TRAIN.replace("- approvals: { release-manager: 1, qa: 1 }", "- acceptance: [qa, requester]");
        s.policy(&rules).await;
        s.by("rosa").create_milestone(WEB, "2026.12", day("2026-12-03"));
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        let issue = built(s, "Export", "export", WEB).await;
        locked(s).await;
        let run = s.by("lee").dispatch(WEB, &["production"], "main");
        s.settle().await;
        assert_eq!(stands(s, WEB, run), "waiting -", "{}", said(s, WEB, run));
        assert_snapshot!(said(s, WEB, run), @"
        **Waiting:** 2 of 14 rules not met yet.
        - `qa` has not said yet that [#1](https://github/acme/web/issues/1) works. **Cure:** [quinn](https://github/quinn) tries what was merged, and comments `/works` on [#1](https://github/acme/web/issues/1).
        - [sam](https://github/sam), who asked for [#1](https://github/acme/web/issues/1), has not said yet that [#1](https://github/acme/web/issues/1) works. **Cure:** [sam](https://github/sam) tries what was merged, and comments `/works` on [#1](https://github/acme/web/issues/1).
        ");
        s.by("quinn").comment(issue, "/does-not-work the file is empty");
        s.by("sam").comment(issue, "/works");
        s.settle().await;
        assert_snapshot!(said(s, WEB, run), @"
        **Waiting:** 1 of 14 rules not met yet.
        - [quinn](https://github/quinn) says that [#1](https://github/acme/web/issues/1) does not work: “the file is empty”. **Cure:** mend it, or take it out; then [quinn](https://github/quinn) comments `/works` on [#1](https://github/acme/web/issues/1).
        ");
        assert_snapshot!(blocks(s), @"- [quinn](https://github/quinn) says that [#1](https://github/acme/web/issues/1) does not work: “the file is empty”. **Cure:** mend it, or take it out; then [quinn](https://github/quinn) comments `/works` on [#1](https://github/acme/web/issues/1).");
        s.by("quinn").comment(issue, "/works");
        s.settle().await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn what_nobody_has_begun_at_the_lock_goes_back_to_the_queue_by_itself() {
    scenario(async |s| {
        a_train(s).await;
        built(s, "Export", "export", WEB).await;
        let later = s.accepted("Import").await;
        s.by("rosa").set_milestone(later, "2026.12");
        s.settle().await;
        assert_eq!(s.stage_of("Import").await, "scheduled");
        locked(s).await;
        assert_eq!(s.stage_of("Import").await, "accepted");
        assert_eq!(phase(s), "Go/no-go");
        assert_snapshot!(s.releases().await, @"customer 2026.12 (open, 2026-12-03) milestones: acme/web#1 acme/billing#1 scope: acme/web#1");
    })
    .await;
}

#[tokio::test]
async fn a_change_of_high_risk_needs_more_signatures_and_raising_the_risk_voids_those_that_were_given() {
    scenario(async |s| {
        a_train(s).await;
        let when = "    when: [{ risk: high, require: [{ approvals: { qa: 1 } }] }]\n";
        let less = TRAIN.replace("approvals: { release-manager: 1, qa: 1 }", "approvals: { release-manager: 1 }");
        s.policy(&format!("{less}{when}")).await;
        let issue = built(s, "Export", "export", WEB).await;
        locked(s).await;
        signed_by(s, "rosa", &format!("/approve release-manager {}", revision(s))).await;
        let before = revision(s);
        s.by("sam").label(issue, "risk/high");
        s.settle().await;
        assert_ne!(revision(s), before);
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "waiting -");
        assert_snapshot!(said(s, WEB, run), @"
        **Waiting:** 2 of 14 rules not met yet.
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). [rosa](https://github/rosa) signed an earlier revision; since then the rules that judge it changed. **Cure:** [rosa](https://github/rosa) comments `/approve release-manager 9b7688bf` on [#2](https://github/acme/web/issues/2).
        - qa: 0 of 1 approvals on the current revision; waiting for [quinn](https://github/quinn). **Cure:** [quinn](https://github/quinn) comments `/approve qa 9b7688bf` on [#2](https://github/acme/web/issues/2).
        ");
        s.by("sam").unlabel(issue, "risk/high");
        s.settle().await;
        assert!(s.labels(issue).contains(&"risk/high".to_owned()), "{:?}", s.labels(issue));
        let now = revision(s);
        signed_by(s, "rosa", &format!("/approve release-manager {now}")).await;
        assert_eq!(stands(s, WEB, run), "waiting -");
        signed_by(s, "quinn", &format!("/approve qa {now}")).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

/// What the record says of the gates.
fn at_gate(s: &Scene) -> String {
    let shown = shown(s);
    let after = shown.split("### At the gate\n\n").nth(1).unwrap_or_default();
    after.split("\n\n###").next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_record_says_what_keeps_a_signed_release_back_at_the_gate_until_it_is_let_through() {
    scenario(async |s| {
        let checked =
            TRAIN.replace("    train:\n", "      - checks: [{ name: ci, app: builder }]\n    train:\n");
        a_train_by(s, &checked).await;
        built(s, "Export", "export", WEB).await;
        locked(s).await;
        both_sign(s).await;
        assert_eq!((phase(s).as_str(), at_gate(s).as_str()), ("Approved", ""));
        let (signed, run) = (revision(s), deploys(s, WEB).await);
        assert_eq!(stands(s, WEB, run), "waiting -");
        assert_snapshot!(at_gate(s), @r"
        - acme/web → production, [run 1052](https://github/acme/web/actions/runs/1052): waits since 2 Nov 2026, 12:00 UTC
          - check `ci` has not ended. **Cure:** it is read again by itself; where it never ran on this commit, start it.
        ");
        let before = text(s);
        s.settle_for(3).await;
        assert_eq!(text(s), before, "it is told once");
        let head = s.github().head(WEB, "main").unwrap();
        s.github().foreign_check(WEB, "builder", "ci", (&head, "failure"));
        s.settle_for(1).await;
        assert_eq!(stands(s, WEB, run), "completed failure");
        assert_snapshot!(at_gate(s), @r"
        - acme/web → production, [run 1052](https://github/acme/web/actions/runs/1052): was refused since 2 Nov 2026, 12:04 UTC
          - check `ci` did not pass. **Cure:** mend what it found and deploy that, or run it again and then this job.
        ");
        assert_eq!((phase(s).as_str(), revision(s)), ("Approved", signed));
        s.github().foreign_check(WEB, "builder", "ci", (&head, "success"));
        s.by("sam").rerun(WEB, run);
        s.settle_for(1).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        assert_eq!(at_gate(s), "");
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        assert_eq!((phase(s).as_str(), at_gate(s).as_str()), ("Deployed", ""));
    })
    .await;
}
