//! An answer that opens a gate cannot be taken back: one that is sent late goes out only while it still holds.

use changegate::sandbox::{Edit, Entry, Fault, On, Verdict};

use super::deploying::{CONTINUOUS, WEB, deploys, ready, said, ships_continuously, stands, unheard};
use crate::support::{Scene, assert_snapshot, scenario};

const ANSWERS: &str = "/repos/acme/web/actions/runs/";

/// A job that was let through, and of which GitHub did not take the answer so many times.
async fn not_taken(s: &Scene, fault: Fault, times: u32) -> u64 {
    s.fault(On::rest("POST", ANSWERS), fault, times);
    let run = deploys(s, "ana", "main").await;
    assert!(s.github().notes(WEB, run, "production").len() < 2, "{}", said(s, run));
    run
}

#[tokio::test]
async fn a_freeze_that_came_before_the_answer_was_sent_holds_it_back() {
    scenario(async |s| {
        ready(s).await;
        let elsewhere = s.by("sam").open_issue("acme/billing", "Year end", "");
        let run = not_taken(s, Fault::ErrorBefore(502), 1).await;
        assert_eq!(stands(s, run), "waiting -");
        s.by("rosa").comment(elsewhere, "/freeze 2026-11-05 08:00 quarter end");
        s.settle_for(1).await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Waiting:** 1 of 8 rules not met yet.
        - Closed until Thu 5 Nov 2026, 08:00 UTC (freeze “quarter end” by [rosa](https://github/rosa), lifted by release managers). **Cure:** it is judged again at that time, or when a release manager ([rosa](https://github/rosa)) lifts it with `/unfreeze WHY`.
        ");
        s.by("rosa").comment(elsewhere, "/unfreeze the books are closed");
        s.settle_for(1).await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        assert_eq!(s.exceptions(WEB), "");
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_too_old_when_it_could_be_sent_is_decided_by_what_is_so_then() {
    scenario(async |s| {
        let (issue, ..) = ready(s).await;
        let run = not_taken(s, Fault::ErrorBefore(502), 2).await;
        unheard(s, || s.by("tess").unlabel(issue, "change-request")).await;
        s.settle_for(3).await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_github_took_is_not_decided_anew_although_nobody_said_so() {
    scenario(async |s| {
        ready(s).await;
        let run = not_taken(s, Fault::ErrorAfter(502), 1).await;
        assert_eq!(stands(s, run), "in_progress -");
        s.settle_for(2).await;
        assert_eq!(s.exceptions(WEB), "", "it went by with an allow");
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        assert_eq!(s.exceptions(WEB), "");
    })
    .await;
}

#[tokio::test]
async fn a_newer_run_that_may_never_go_keeps_no_older_one_back() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.change_request("Export").await;
        super::deploying::built(s, "export", issue.number).await;
        let older = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, older), "waiting -");
        s.by("ana").create_branch(WEB, "side", "main");
        let newer = deploys(s, "ana", "side").await;
        assert_eq!(stands(s, newer), "completed failure", "{}", said(s, newer));
        assert_eq!(stands(s, older), "waiting -", "{}", said(s, older));
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(stands(s, older), "in_progress -", "{}", said(s, older));
    })
    .await;
}

/// T15: what rules was changed, and nobody told us.
#[tokio::test]
async fn t15_a_freeze_in_a_policy_whose_push_was_lost_lets_nothing_through() {
    scenario(async |s| {
        ready(s).await;
        let freeze = "freezes: [{ name: quarter end, from: 2026-11-02 00:00, to: 2026-11-05 08:00 }]\n";
        let text = s.policy_text(&format!("{CONTINUOUS}{freeze}"));
        let lee = s.by("lee");
        lee.push("acme/.github", "freeze", &[(".github/changegate.yml", &text)], "Freeze");
        let entry = Entry { head: "freeze", base: "main", title: "Freeze", ..Entry::default() };
        let pull = lee.open_pull_request("acme/.github", entry);
        s.by("rosa").review(pull, Verdict::Approve, "Yes.");
        unheard(s, || {
            lee.merge(pull);
        })
        .await;
        let run = deploys(s, "ana", "main").await;
        s.settle_for(1).await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @r#"
        **Waiting:** 1 of 8 rules not met yet.
        - Closed until Thu 5 Nov 2026, 08:00 UTC (freeze “quarter end”, lifted by release managers). **Cure:** it is judged again at that time, or when a release manager ([rosa](https://github/rosa)) lifts it with `/unfreeze "quarter end" WHY`.
        "#);
    })
    .await;
}

#[tokio::test]
async fn t15_a_policy_that_was_pushed_unheard_and_unsigned_changes_nothing_and_is_an_exception() {
    scenario(async |s| {
        ready(s).await;
        unheard(s, || {
            let text = s.policy_text(&CONTINUOUS.replace("      - change: accepted\n", ""));
            s.by("ana").push("acme/.github", "main", &[(".github/changegate.yml", &text)], "Looser");
        })
        .await;
        let run = deploys(s, "ana", "main").await;
        s.settle_for(4).await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        assert!(s.exceptions("acme/.github").contains("policy"), "{}", s.exceptions("acme/.github"));
    })
    .await;
}

#[tokio::test]
async fn t15_a_title_that_was_edited_unheard_is_read_before_anything_goes_out() {
    scenario(async |s| {
        let (issue, ..) = ready(s).await;
        unheard(s, || s.by("sam").edit_issue(issue, Edit { title: Some("Import"), body: None })).await;
        let run = deploys(s, "ana", "main").await;
        s.settle_for(1).await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        assert_eq!(s.stage_of("Import").await, "merged");
    })
    .await;
}
