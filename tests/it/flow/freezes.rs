//! Freezes by command: what they close, what they halt, and who sets aside those of the policy.

use super::deploying::{CONTINUOUS, WEB, built, deploys, said, ships_continuously, stands};
use crate::support::{Scene, assert_snapshot, scenario};

async fn something_is_ready(s: &Scene) {
    let issue = s.accepted("Export").await;
    built(s, "export", issue.number).await;
}

#[tokio::test]
async fn a_freeze_closes_what_it_names_and_whoever_opened_it_reads_that_back() {
    scenario(async |s| {
        ships_continuously(s).await;
        something_is_ready(s).await;
        let elsewhere = s.by("sam").open_labelled_issue("acme/billing", "A question", "?", &[]);
        s.by("rosa").comment(elsewhere, "/freeze 2 hours the books are closed in acme/billing");
        s.settle().await;
        assert_snapshot!(s.sentences(elsewhere).join("\n"), @"@rosa It is frozen until 2 Nov 2026, 14:00 UTC. It closes only what you named behind `in`; everything else stays open. `/unfreeze WHY` lifts it.");
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;

        let next = s.accepted("Import").await;
        built(s, "import", next.number).await;
        s.by("rosa").comment(elsewhere, "/freeze 2 hours payments fail in production, acme/web");
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -");
        assert_snapshot!(said(s, run), @r"
        **Waiting:** 1 of 7 rules not met yet.
        - Closed until Mon 2 Nov 2026, 14:00 UTC (freeze “payments fail” by [rosa](https://github/rosa), lifted by release managers). **Cure:** it is judged again at that time, or when a release manager ([rosa](https://github/rosa)) lifts it with `/unfreeze WHY`.
        ");
        s.by("rosa").comment(elsewhere, "/unfreeze \"payments fail\" they work again");
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_freeze_of_the_policy_is_lifted_by_name_and_that_is_on_record() {
    scenario(async |s| {
        let freezes = "freezes: [{ name: year end, from: 2026-11-01 00:00, to: 2026-12-01 00:00 }]\n";
        s.policy(&format!("{CONTINUOUS}{freezes}")).await;
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        something_is_ready(s).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -");
        assert_snapshot!(said(s, run), @r#"
        **Waiting:** 1 of 8 rules not met yet.
        - Closed until Tue 1 Dec 2026, 00:00 UTC (freeze “year end”, lifted by release managers). **Cure:** it is judged again at that time, or when a release manager ([rosa](https://github/rosa)) lifts it with `/unfreeze "year end" WHY`.
        "#);
        let elsewhere = s.by("sam").open_labelled_issue(WEB, "A question", "?", &[]);
        s.by("ana").comment(elsewhere, "/unfreeze \"year end\" I cannot wait");
        s.settle().await;
        assert_eq!(stands(s, run), "waiting -");
        s.by("rosa").comment(elsewhere, "/unfreeze \"year end\" the auditors agree");
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}
