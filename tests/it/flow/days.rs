//! Days in the life of a team, from the first comment to what runs in production. Each test is a day, and its name says
//! which.
//!
//! Days that are told elsewhere: three in the morning and one person awake (`emergencies`), nobody has begun when the
//! scope locks (`releasing`), a freeze by command (`deploying`).

use changegate::sandbox::{Entry, Numbered, Verdict};

use super::{
    deploying::{CONTINUOUS, WEB, built, deploys, said, ships_continuously, stands},
    releasing::{
        a_train_with_branches, blocks, both_sign, locked, phase, planned_with_branches, revision, signed_by,
    },
};
use crate::support::{Scene, assert_snapshot, scenario, scenario_without_policy};

const DAY: i64 = 24 * 3_600;

/// It went well.
async fn finished(s: &Scene, run: u64) {
    s.github().finish_run(WEB, run, true);
    s.settle().await;
}

/// Sam starts the deployment of the release's branch.
async fn departs(s: &Scene) -> u64 {
    let run = s.by("sam").dispatch(WEB, &["production"], "release/2026.12");
    s.settle().await;
    run
}

/// Both sign, and nothing stands in its way any more.
async fn signed_it_goes_out(s: &Scene) {
    both_sign(s).await;
    let run = departs(s).await;
    assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    finished(s, run).await;
    assert_eq!(phase(s), "Deployed");
}

#[tokio::test]
async fn a_small_fix_for_today_takes_a_pull_request_and_one_review() {
    scenario(async |s| {
        s.policy(&CONTINUOUS.replace("change: issue", "change: pull-request")).await;
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        let pull = s.pull_request(WEB, "typo", "A typo in the footer.").await;
        s.by("lee").review(pull.at, Verdict::Approve, "");
        s.settle().await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        finished(s, run).await;
        assert_eq!(
            (s.comments(pull.at).len(), s.exceptions(WEB)),
            (0, String::new()),
            "nobody was told anything"
        );
    })
    .await;
}

#[tokio::test]
async fn one_change_is_not_ready_when_the_scope_locks_and_is_waited_for_by_name() {
    scenario(async |s| {
        planned_with_branches(s).await;
        let later = s.accepted("Import").await;
        s.by("rosa").set_milestone(later, "2026.12");
        s.settle().await;
        let pull = s.pull_request(WEB, "import", &format!("Closes #{}", later.number)).await;
        locked(s).await;
        assert_eq!(phase(s), "Locked");
        assert_snapshot!(blocks(s), @"- [#4](https://github/acme/web/issues/4) is in work: [#5](https://github/acme/web/pull/5) is not merged. **Cure:** merge [#5](https://github/acme/web/pull/5); or a release manager ([rosa](https://github/rosa)) takes [#4](https://github/acme/web/issues/4) out of the release.");
        s.by("ana").merge(pull.at);
        s.settle().await;
        s.by("rosa").force_push(WEB, "release/2026.12", &s.github().head(WEB, "main").unwrap());
        s.settle().await;
        assert_eq!(phase(s), "Go/no-go", "{}", blocks(s));
        signed_it_goes_out(s).await;
    })
    .await;
}

#[tokio::test]
async fn a_pull_request_is_reverted_in_release_week_and_the_release_goes_without_it_once_that_is_decided() {
    scenario(async |s| {
        planned_with_branches(s).await;
        let import = super::releasing::built(s, "Import", "import", WEB).await;
        s.by("rosa").force_push(WEB, "release/2026.12", &s.github().head(WEB, "main").unwrap());
        s.settle().await;
        locked(s).await;
        both_sign(s).await;
        assert_eq!(phase(s), "Approved");
        let pull = Numbered { number: 5, ..import };
        assert_eq!(s.github().pull_request(pull)["title"], "Build import");
        let revert = s.by("lee").revert(pull);
        s.settle().await;
        s.by("lee").merge(revert);
        s.settle().await;
        assert_snapshot!(blocks(s), @"- [#4](https://github/acme/web/issues/4) has no pull request that finishes it. **Cure:** merge a pull request that says `Closes #4`; or a release manager ([rosa](https://github/rosa)) takes it out of the release.");
        let run = departs(s).await;
        assert_ne!(stands(s, run), "in_progress -", "{}", said(s, run));
        signed_by(s, "rosa", "/swap #4").await;
        s.by("rosa").force_push(WEB, "release/2026.12", &s.github().head(WEB, "main").unwrap());
        s.settle().await;
        assert_eq!(phase(s), "Go/no-go", "{}", blocks(s));
        signed_it_goes_out(s).await;
    })
    .await;
}

#[tokio::test]
async fn a_fix_is_cherry_picked_onto_the_release_branch_signed_again_and_goes_out() {
    scenario(async |s| {
        a_train_with_branches(s).await;
        both_sign(s).await;
        let before = revision(s);
        let fix = s.accepted("Export is empty").await;
        signed_by(s, "rosa", &format!("/swap for #{} Nobody can export", fix.number)).await;
        let pull = s.pull_request(WEB, "empty", &format!("Closes #{}", fix.number)).await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        s.by("lee").cherry_pick(WEB, &pull.head, "release/2026.12", "release/2026.12");
        s.settle().await;
        assert_ne!(revision(s), before);
        assert_eq!(phase(s), "Go/no-go", "{}", blocks(s));
        signed_it_goes_out(s).await;
    })
    .await;
}

#[tokio::test]
async fn a_freeze_on_friday_holds_what_is_ready_until_monday_and_nobody_has_to_remember_it() {
    scenario(async |s| {
        let freeze = "freezes: [{ name: weekend sale, from: 2026-11-06 12:00, to: 2026-11-09 08:00 }]\n";
        s.policy(&format!("{CONTINUOUS}{freeze}")).await;
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        let (first, second) = (s.accepted("Export").await, s.accepted("Import").await);
        built(s, "export", first.number).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        finished(s, run).await;
        s.pass(4 * DAY + 3_600);
        built(s, "import", second.number).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @r#"
        **Waiting:** 1 of 7 rules not met yet.
        - Closed until Mon 9 Nov 2026, 08:00 UTC (freeze “weekend sale”, lifted by release managers). **Cure:** it is judged again at that time, or when a release manager ([rosa](https://github/rosa)) lifts it with `/unfreeze "weekend sale" WHY`.
        "#);
        s.pass(2 * DAY + 20 * 3_600);
        s.settle_for(1).await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        finished(s, run).await;
    })
    .await;
}

#[tokio::test]
async fn a_dependency_bot_s_update_goes_from_its_pull_request_to_production_with_nobody_s_help() {
    scenario(async |s| {
        let template = "standard-changes:\n  - name: dependency updates\n    authors: [\"dependabot[bot]\"]\n    \
             paths: [$dependency-files]\n    checks: [{ name: ci, app: builder }]\n    \
             suspend-after: 1 failed deployment\n";
        let unsigned = CONTINUOUS.replace("    continuous:\n      - approvals: { review: 1 }\n", "");
        s.policy(&format!("{unsigned}{template}")).await;
        s.by("rosa").protect(WEB, "production", true, true);
        s.github().add_bot("dependabot[bot]");
        let bot = s.by("dependabot[bot]");
        bot.commit(WEB, "bump", &[("Cargo.lock", "serde 1.2")], "Bump serde");
        let entry = Entry { head: "bump", title: "Bump serde", ..Entry::default() };
        let pull = bot.open_pull_request(WEB, entry);
        let head = s.github().head(WEB, "bump").unwrap();
        s.github().foreign_check(WEB, "builder", "ci", (&head, "success"));
        s.settle().await;
        assert!(s.check(&head).starts_with("success"), "{}", s.check(&head));
        s.by("ana").merge(pull);
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        // It breaks something: the next one is not accepted in advance any more.
        s.github().finish_run(WEB, run, false);
        s.settle().await;
        bot.commit(WEB, "again", &[("Cargo.lock", "serde 1.3")], "Bump serde again");
        bot.open_pull_request(WEB, Entry { head: "again", title: "Bump serde again", ..Entry::default() });
        let head = s.github().head(WEB, "again").unwrap();
        s.github().foreign_check(WEB, "builder", "ci", (&head, "success"));
        s.settle().await;
        assert!(!s.check(&head).starts_with("success"), "{}", s.check(&head));
    })
    .await;
}

#[tokio::test]
async fn twenty_deployments_a_day_go_out_without_a_train_and_without_a_word() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.accepted("A better shop").await;
        for n in 0..20 {
            let pull =
                s.pull_request(WEB, &format!("step-{n}"), &format!("Part-of: #{}", issue.number)).await;
            s.by("lee").review(pull.at, Verdict::Approve, "");
            s.settle().await;
            s.by("ana").merge(pull.at);
            s.settle().await;
            let run = deploys(s, "ana", "main").await;
            assert_eq!(stands(s, run), "in_progress -", "{n}: {}", said(s, run));
            assert_eq!(s.github().notes(WEB, run, "production").len(), 1, "{n}: one answer, and no note");
            finished(s, run).await;
            s.pass(1_200);
        }
        let deployed = s.github().deployments(WEB, "production");
        assert_eq!(deployed.iter().filter(|(_, state)| state != "failure").count(), 20, "{deployed:?}");
        assert_eq!((s.comments(issue).len(), s.exceptions(WEB)), (1, String::new()));
    })
    .await;
}

#[tokio::test]
async fn the_first_week_observes_and_the_second_enforces_without_asking_for_what_came_before() {
    scenario_without_policy(async |s| {
        s.policy(&format!("mode: observe\n{CONTINUOUS}")).await;
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        s.by("ana").push(WEB, "main", &[("old.txt", "old")], "As always");
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Let through,** not enforced here: 1 of 8 rules would have stood in the way.
        - `22c9825` “As always” by [ana](https://github/ana) came with no merged pull request. **Cure:** a release manager ([rosa](https://github/rosa)) comments `/adopt 22c982544b01e5e61b91d51db2846e2497171185 WHY`; or it is taken off the branch and comes back with a pull request.
        ");
        finished(s, run).await;
        s.by("ana").push(WEB, "main", &[("older.txt", "old")], "As always, once more");
        s.pass(7 * DAY);
        s.settle().await;
        s.policy(CONTINUOUS).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "what was there before: {}", said(s, run));
        finished(s, run).await;
        s.by("ana").push(WEB, "main", &[("new.txt", "new")], "As always, again");
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert_eq!(s.exceptions(WEB), "", "nothing was a by-pass");
    })
    .await;
}
