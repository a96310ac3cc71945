//! Where merging is deploying: the check `changegate/release` on a pull request into a promotion branch says what the gate
//! would say of a deployment.

use changegate::sandbox::{Entry, Numbered, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::deploying::{WEB, built, unheard};
use crate::support::{Scene, assert_snapshot, scenario, scenario_without_policy};

/// What is merged into `production` runs.
pub(super) const PROMOTED: &str = "
repositories:
  - { match: acme/web, ship: continuous, change: issue }
environments:
  production:
    promote: { branches: [production] }
    require:
      - range: traced
      - change: accepted
    continuous:
      - approvals: { review: 1 }
";

pub(super) async fn promotes(s: &Scene, policy: &str) {
    s.policy(policy).await;
    let main = s.github().head(WEB, "main").unwrap();
    s.by("rosa").create_branch(WEB, "production", &main);
    s.settle().await;
}

/// Rosa proposes to merge `main` into `production`; the pull request, and its head.
async fn promotion(s: &Scene, head: &str) -> (Numbered, String) {
    let entry = Entry { head, base: "production", title: "Go live", body: "", draft: false };
    let pull = s.by("rosa").open_pull_request(WEB, entry);
    s.settle().await;
    (pull, s.github().head(WEB, head).unwrap())
}

#[tokio::test]
async fn merging_into_production_waits_for_what_a_deployment_would_wait_for() {
    scenario(async |s| {
        promotes(s, PROMOTED).await;
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let (pull, head) = promotion(s, "main").await;
        assert_snapshot!(s.release_check(&head), @"in_progress: 1 of 8 rules not met: #1 is not accepted yet");
        assert_snapshot!(s.release_check_text(&head), @r"
        Merging deploys: this is judged as a deployment would be.

        | | rule | |
        |---|---|---|
        | ✓ pass | it comes from where deployments may come from | It comes from `production`. |
        | ✓ pass | no other deployment is in its way | No other deployment runs. |
        | ✓ pass | every commit came with a merged pull request | 2 commits since `67673c4`, all from merged pull requests. |
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | … waiting | the change request is accepted | [#1](https://github/acme/web/issues/1) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there. |
        | ✓ pass | every pull request in it is signed | Each was approved by 1 of `review`, who wrote none of it. |
        | ✓ pass | inside the change window | The policy names no window: any time is allowed. |
        | ✓ pass | outside every freeze | Nothing is frozen. |

        It is judged again by itself when any of this changes.
        ");
        assert_snapshot!(s.check(&head), @"success: 1 of 1 rules met");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(s.release_check(&head), @"success: 7 of 7 rules met");
        s.by("rosa").merge(pull);
        s.settle().await;
        assert_eq!(s.exceptions(WEB), "");
        let next = s.accepted("Import").await;
        built(s, "import", next.number).await;
        let (_, head) = promotion(s, "main").await;
        assert_snapshot!(s.release_check_text(&head), @r"
        Merging deploys: this is judged as a deployment would be.

        | | rule | |
        |---|---|---|
        | ✓ pass | it comes from where deployments may come from | It comes from `production`. |
        | ✓ pass | no other deployment is in its way | No other deployment runs. |
        | ✓ pass | every commit came with a merged pull request | 2 commits since `a5f053b`, all from merged pull requests. |
        | ✓ pass | every change in it is accepted | The pull request that it brings has passed by itself. |
        | ✓ pass | every pull request in it is signed | Each was approved by 1 of `review`, who wrote none of it. |
        | ✓ pass | inside the change window | The policy names no window: any time is allowed. |
        | ✓ pass | outside every freeze | Nothing is frozen. |
        ");
    })
    .await;
}

#[tokio::test]
async fn what_a_promotion_brings_of_its_own_needs_a_change_request() {
    scenario(async |s| {
        promotes(s, PROMOTED).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        s.by("ana").push(WEB, "go-live", &[("version.txt", "2")], "Bump");
        let (pull, head) = promotion(s, "go-live").await;
        assert_snapshot!(s.check(&head), @"failure: 1 of 1 rules not met: #3 belongs to no change request");
        let text = s.release_check_text(&head);
        assert_snapshot!(text.lines().filter(|line| line.contains("came with a merged")).collect::<Vec<_>>().join("\n"), @r"
        | ✓ pass | every commit came with a merged pull request | 3 commits since `67673c4`: 2 from merged pull requests, 1 from the pull request itself. |
        | ✓ pass | every commit came with a merged pull request | `2e383b4` “Bump” by [ana](https://github/ana) came with none before, and comes with this one. |
        ");
        assert_snapshot!(s.release_check(&head), @"failure: 2 of 8 rules not met: #3 belongs to no change request, and 1 more");
        let other = s.accepted("Version 2").await;
        let body = format!("Change: #{}", other.number);
        let edit = changegate::sandbox::Edit { body: Some(&body), ..Default::default() };
        s.by("rosa").edit_issue(pull, edit);
        s.by("lee").review(pull, Verdict::Approve, "");
        s.settle().await;
        assert_snapshot!(s.check(&head), @"success: 2 of 2 rules met");
        assert_snapshot!(s.release_check(&head), @"success: 8 of 8 rules met");
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_was_pushed_to_main_stands_in_the_way_of_production_too() {
    scenario(async |s| {
        promotes(s, PROMOTED).await;
        s.by("ana").push(WEB, "main", &[("quick.txt", "quick")], "Quick fix");
        let (_, head) = promotion(s, "main").await;
        assert_snapshot!(s.release_check(&head), @"failure: 2 of 8 rules not met: #1 belongs to no change request, and 1 more");
    })
    .await;
}

#[tokio::test]
async fn the_check_turns_when_the_window_opens_and_back_when_it_closes() {
    scenario(async |s| {
        let windowed = PROMOTED.replace("    require:", "    window: [\"Mon 12:30-13:00\"]\n    require:");
        promotes(s, &windowed).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let (_, head) = promotion(s, "main").await;
        assert_snapshot!(s.release_check(&head), @"in_progress: 1 of 7 rules not met: closed until Mon 2 Nov 2026, 12:30 UTC (window Mon 12:30-13:00)");
        s.settle_for(30).await;
        assert_snapshot!(s.release_check(&head), @"success: 7 of 7 rules met");
        s.settle_for(30).await;
        assert_snapshot!(s.release_check(&head), @"in_progress: 1 of 7 rules not met: closed until Mon 9 Nov 2026, 12:30 UTC (window Mon 12:30-13:00)");
    })
    .await;
}

/// It is exactly this time, and what is due then has been done; nobody has done anything since.
async fn it_is(s: &Scene, time: Timestamp) {
    s.stage.advance(time.duration_since(s.stage.clock.now()));
    s.stage.settle().await.unwrap();
}

#[tokio::test]
async fn a_green_check_turns_back_by_itself_in_the_second_in_which_a_freeze_begins_or_the_window_closes() {
    scenario(async |s| {
        let freeze = "freezes: [{ name: lunch, from: 2026-11-02 14:00, to: 2026-11-02 15:00 }]\n";
        let windowed = PROMOTED.replace("    require:", "    window: [\"Mon 12:00-16:00\"]\n    require:");
        promotes(s, &format!("{windowed}{freeze}")).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let (pull, head) = promotion(s, "main").await;
        let mut said = vec![];
        for time in ["13:59:59", "14:00:00", "14:59:59", "15:00:00", "15:59:59", "16:00:00"] {
            it_is(s, format!("2026-11-02T{time}Z").parse().unwrap()).await;
            said.push(format!("{time} {}", s.release_check(&head)));
        }
        assert_snapshot!(said.join("\n"), @"
        13:59:59 success: 7 of 7 rules met
        14:00:00 in_progress: 1 of 7 rules not met: closed until Mon 2 Nov 2026, 15:00 UTC (freeze “lunch”)
        14:59:59 in_progress: 1 of 7 rules not met: closed until Mon 2 Nov 2026, 15:00 UTC (freeze “lunch”)
        15:00:00 success: 7 of 7 rules met
        15:59:59 success: 7 of 7 rules met
        16:00:00 in_progress: 1 of 7 rules not met: closed until Mon 9 Nov 2026, 12:00 UTC (window Mon 12:00-16:00)
        ");
        s.by("rosa").merge(pull);
        s.settle().await;
        let exceptions = s.exceptions(WEB);
        assert!(exceptions.starts_with("open: Merged to production without an allow"), "{exceptions}");
    })
    .await;
}

#[tokio::test]
async fn what_passed_as_an_emergency_turns_the_check_back_when_that_ends_although_other_work_comes_along() {
    scenario(async |s| {
        let lasts = |lasts: &str| {
            let owed = "approved: within 1 working day, retrospective: 5 working days";
            format!("    emergency: {{ lasts: {lasts}, {owed} }}\n")
        };
        let staging = "  staging:\n    names: [staging]\n    require: [{ range: traced }]\n";
        let lines = format!("{PROMOTED}{}{staging}{}", lasts("1 hour"), lasts("4 hours"));
        let managers = "release-manager: [rosa]";
        let rules = s.policy_text(&lines).replace(managers, &format!("{managers}, break-glass: [quinn]"));
        s.policy_file("acme/.github", &rules).await;
        let main = s.github().head(WEB, "main").unwrap();
        s.by("rosa").create_branch(WEB, "production", &main);
        let fix = s.change_request("Pay again").await;
        let pull = s.pull_request(WEB, "fix", &format!("Closes #{}", fix.number)).await;
        let declared = s.stage.clock.now();
        s.by("quinn").comment(fix, "/emergency nobody can pay");
        s.by("lee").review(pull.at, Verdict::Approve, "");
        s.settle().await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let (_, head) = promotion(s, "main").await;
        it_is(s, declared + SignedDuration::from_secs(3_599)).await;
        assert!(s.release_check(&head).starts_with("success"), "{}", s.release_check(&head));
        it_is(s, declared + SignedDuration::from_hours(1)).await;
        let over = s.release_check(&head);
        assert!(over.starts_with("in_progress") && over.ends_with("the emergency of #2 is over"), "{over}");
    })
    .await;
}

#[tokio::test]
async fn a_freeze_closes_what_could_be_merged_and_a_push_to_production_is_looked_at_again() {
    scenario(async |s| {
        promotes(s, PROMOTED).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let (_, head) = promotion(s, "main").await;
        assert!(s.release_check(&head).starts_with("success"), "{}", s.release_check(&head));
        s.by("rosa").comment(issue, "/freeze 2026-11-03 09:00 the books are closed");
        s.settle().await;
        assert_snapshot!(s.release_check(&head), @"in_progress: 1 of 7 rules not met: closed until Tue 3 Nov 2026, 09:00 UTC (freeze “the books are closed” by @rosa)");
        s.by("rosa").comment(issue, "/unfreeze it is done");
        s.by("ana").push(WEB, "production", &[("hot.txt", "hot")], "Hot fix");
        s.settle().await;
        assert_snapshot!(s.release_check_text(&head), @r"
        Merging deploys: this is judged as a deployment would be.

        | | rule | |
        |---|---|---|
        | ✓ pass | it comes from where deployments may come from | It comes from `production`. |
        | ✓ pass | no other deployment is in its way | No other deployment runs. |
        | ✓ pass | every commit came with a merged pull request | 2 commits since `644d72f`, all from merged pull requests. |
        | ✓ pass | every change in it is accepted | The pull request that it brings has passed by itself. |
        | ✓ pass | every pull request in it is signed | Each was approved by 1 of `review`, who wrote none of it. |
        | ✓ pass | inside the change window | The policy names no window: any time is allowed. |
        | ✓ pass | outside every freeze | Nothing is frozen. |
        ");
    })
    .await;
}

#[tokio::test]
async fn a_merge_group_into_production_is_judged_pull_request_by_pull_request() {
    scenario(async |s| {
        promotes(s, PROMOTED).await;
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let (pull, _) = promotion(s, "main").await;
        let group = s.by("rosa").enqueue(pull);
        s.settle().await;
        assert_snapshot!(s.release_check(&group), @"in_progress: 1 of 8 rules not met: #1 is not accepted yet");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(s.release_check(&group), @"success: 7 of 7 rules met");
        s.github().land_first_of_queue(WEB, "production");
        s.settle().await;
        assert_eq!(s.exceptions(WEB), "");
    })
    .await;
}

#[tokio::test]
async fn merging_in_spite_of_the_check_leaves_an_exception() {
    scenario(async |s| {
        promotes(s, PROMOTED).await;
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let (pull, _) = promotion(s, "main").await;
        s.by("rosa").merge(pull);
        s.settle().await;
        assert_snapshot!(s.exceptions(WEB), @r"
        open: Merged to production without an allow: bd7feaa

        [#3](https://github/acme/web/pull/3) was merged into `production`, which deploys [`bd7feaa`](https://github/acme/web/commit/bd7feaa62b3cddceaff894f0f2f42ebffa12e645) to `production`, and the check `changegate/release` had not allowed it. What the branch holds is taken as what runs: the next promotion is compared with it.

        What usually leads to it:
        - the check is not required on `production`, or not from this App,
        - an administrator merged in spite of it.

        Find out which it was, write it here, and close this issue when it cannot happen again.
        ");
    })
    .await;
}

#[tokio::test]
async fn who_waits_for_ten_days_is_asked_to_act_and_the_check_never_ends_by_itself() {
    scenario(async |s| {
        promotes(s, PROMOTED).await;
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let (_, head) = promotion(s, "main").await;
        assert!(s.release_check(&head).starts_with("in_progress"), "{}", s.release_check(&head));
        s.pass(10 * 24 * 3600);
        s.settle().await;
        assert_snapshot!(s.release_check(&head), @"action_required: 1 of 8 rules not met: #1 is not accepted yet");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert!(s.release_check(&head).starts_with("success"), "{}", s.release_check(&head));
    })
    .await;
}

#[tokio::test]
async fn where_nothing_is_enforced_it_advises_or_is_silent() {
    scenario(async |s| {
        promotes(s, &format!("mode: advise\n{PROMOTED}")).await;
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let (pull, head) = promotion(s, "main").await;
        assert_snapshot!(s.release_check(&head), @"success: advice: 1 of 8 rules not met");
        s.by("rosa").merge(pull);
        s.settle().await;
        assert_eq!(s.exceptions(WEB), "");
        s.policy(&format!("mode: observe\n{PROMOTED}")).await;
        let next = s.change_request("Import").await;
        built(s, "import", next.number).await;
        let (_, head) = promotion(s, "main").await;
        assert_eq!(s.release_check(&head), "");
    })
    .await;
}

#[tokio::test]
async fn a_pull_request_into_the_default_branch_that_touches_what_runs_is_a_promotion() {
    scenario(async |s| {
        let paths = PROMOTED.replace("branches: [production]", "paths: [\"deploy/production/**\"]");
        s.policy(&paths).await;
        let issue = s.accepted("Version 2").await;
        let propose = async |branch: &str, file: &str| {
            let ana = s.by("ana");
            let head = ana.push(WEB, branch, &[(file, branch)], &format!("Set {branch}"));
            let body = format!("Change: #{}", issue.number);
            let entry = Entry { head: branch, base: "main", title: branch, body: &body, draft: false };
            let pull = ana.open_pull_request(WEB, entry);
            s.settle().await;
            (pull, head)
        };
        let (_, ordinary) = propose("readme", "docs/readme.txt").await;
        assert_eq!(s.release_check(&ordinary), "");
        let (pull, head) = propose("version", "deploy/production/version.txt").await;
        assert_snapshot!(s.check(&head), @"success: 2 of 2 rules met");
        assert_snapshot!(s.release_check(&head), @"in_progress: 1 of 8 rules not met: `review` has not approved #3");
        s.by("lee").review(pull, Verdict::Approve, "");
        s.settle().await;
        assert_snapshot!(s.release_check(&head), @"success: 8 of 8 rules met");
    })
    .await;
}

fn day(text: &str) -> Option<Timestamp> {
    Some(format!("{text}T12:00:00Z").parse().unwrap())
}

#[tokio::test]
async fn a_release_of_a_train_is_promoted_when_it_is_signed() {
    scenario(async |s| {
        let train = "
trains:
  customer: { repositories: [acme/web], title: \"{year}.{month}\", lock: 7 days before }
environments:
  production:
    promote: { branches: [production] }
    require:
      - range: traced
      - change: accepted
    train:
      - approvals: { release-manager: 1 }
";
        promotes(s, train).await;
        s.by("rosa").create_milestone(WEB, "2026.12", day("2026-12-03"));
        let issue = s.accepted("Export").await;
        s.by("rosa").set_milestone(issue, "2026.12");
        s.settle().await;
        let pull = s.pull_request(WEB, "export", &format!("Closes #{}", issue.number)).await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        let entry = Entry { head: "main", base: "production", title: "Go live", body: "", draft: false };
        let promoted = s.by("ana").open_pull_request(WEB, entry);
        s.settle().await;
        let head = s.github().head(WEB, "main").unwrap();
        assert_snapshot!(s.release_check(&head), @"in_progress: 1 of 7 rules not met: no release ships `683de05`");
        let record = s.record_of(WEB, "Release 2026.12")[0];
        s.by("rosa").comment(record, "/lock");
        s.settle().await;
        assert_snapshot!(s.release_check(&head), @"in_progress: 1 of 12 rules not met: release-manager: 0 of 1 approvals on the current revision");
        s.pass(70);
        s.by("rosa").comment(record, "/approve");
        s.settle().await;
        assert_snapshot!(s.release_check(&head), @"success: 12 of 12 rules met");
        s.by("ana").merge(promoted);
        s.settle().await;
        assert_eq!(s.exceptions(WEB).matches("without an allow").count(), 0, "{}", s.exceptions(WEB));
        let shown = s.readable(s.github().issue(record)["body"].as_str().unwrap_or_default());
        assert_snapshot!(shown.lines().next().unwrap_or_default(), @"**Deployed** · due 3 Dec 2026, 12:00 UTC · locked 2 Nov 2026, 12:00 UTC by [rosa](https://github/rosa) · train customer");
        let row = shown.lines().find(|line| line.contains("when go/no-go opened |"));
        assert_snapshot!(row.unwrap_or_default(), @"| acme/web | [`683de05`](https://github/acme/web/commit/683de05eb93a611b5a206ee571dd0810ae0de3cb) | `main` when go/no-go opened | production since 2 Nov 2026, 12:01 UTC |");
    })
    .await;
}

#[tokio::test]
async fn a_promotion_that_was_opened_and_merged_unheard_is_found_by_the_sweep_and_is_an_exception() {
    scenario(async |s| {
        promotes(s, PROMOTED).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        s.sweep().await;
        unheard(s, || {
            let entry = Entry { head: "main", base: "production", title: "Go live", body: "", draft: false };
            let pull = s.by("rosa").open_pull_request(WEB, entry);
            s.by("rosa").merge(pull);
        })
        .await;
        s.settle_for(60).await;
        assert_eq!(s.exceptions(WEB), "");
        s.sweep().await;
        assert_snapshot!(s.exceptions(WEB), @r"
        open: Merged to production without an allow: 1097592

        [#3](https://github/acme/web/pull/3) was merged into `production`, which deploys [`1097592`](https://github/acme/web/commit/1097592e7479120f570bc46894eb9f1d1c360c35) to `production`, and the check `changegate/release` had not allowed it. What the branch holds is taken as what runs: the next promotion is compared with it.

        What usually leads to it:
        - the check is not required on `production`, or not from this App,
        - an administrator merged in spite of it,
        - it was merged before Changegate had heard that it was opened.

        Find out which it was, write it here, and close this issue when it cannot happen again.
        ");
        s.settle_for(60).await;
        s.sweep().await;
        assert_eq!(s.exceptions(WEB).matches("without an allow").count(), 1, "it is told once");
    })
    .await;
}

#[tokio::test]
async fn what_was_merged_before_a_policy_ruled_is_nobodys_by_pass() {
    scenario_without_policy(async |s| {
        let main = s.github().head(WEB, "main").unwrap();
        s.by("rosa").create_branch(WEB, "production", &main);
        unheard(s, || {
            s.by("ana").push(WEB, "export", &[("export.txt", "new")], "Build");
            let entry =
                Entry { head: "export", base: "production", title: "Go live", body: "", draft: false };
            let pull = s.by("rosa").open_pull_request(WEB, entry);
            s.by("rosa").merge(pull);
        })
        .await;
        s.pass(60);
        s.policy(PROMOTED).await;
        // The repository is judged by it.
        s.by("ana").push(WEB, "main", &[("later.txt", "later")], "Later");
        s.settle().await;
        s.sweep().await;
        assert_eq!(s.exceptions(WEB), "");
    })
    .await;
}

#[tokio::test]
async fn a_promotion_that_is_merged_before_it_could_be_judged_is_an_exception() {
    scenario(async |s| {
        promotes(s, PROMOTED).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        // Both are heard at once.
        let entry = Entry { head: "main", base: "production", title: "Go live", body: "", draft: false };
        let pull = s.by("rosa").open_pull_request(WEB, entry);
        s.by("rosa").merge(pull);
        s.settle().await;
        let told = || s.exceptions(WEB).matches("open: Merged to production without an allow").count();
        assert_eq!(told(), 1, "{}", s.exceptions(WEB));
        s.by("lee").review(pull, Verdict::Comment, "So it is.");
        s.settle().await;
        assert_eq!(told(), 1, "it is told once");
    })
    .await;
}
