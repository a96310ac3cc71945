//! What becomes of a change after it was let through: it runs, it is known to work, or it is taken back; and a release is closed.

use changegate::sandbox::Numbered;

use super::deploying::{CONTINUOUS, WEB, built, deploys, said, ships_continuously, stands};
use crate::support::{Scene, assert_snapshot, scenario};

/// Goes out, and is through.
async fn deployed(s: &Scene, reference: &str) {
    let run = deploys(s, "sam", reference).await;
    assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    s.github().finish_run(WEB, run, true);
    s.settle().await;
}

fn stage(s: &Scene, issue: Numbered) -> String {
    let status = s.readable(&s.status(issue));
    status.split(" · ").nth(1).unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_runs_is_delivered_and_whoever_asked_for_it_is_asked_to_try_it() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let sum = s.accepted("Sum").await;
        built(s, "sum", sum.number).await;
        assert_eq!(stage(s, issue), "merged");
        deployed(s, "main").await;
        assert_eq!((stage(s, issue), stage(s, sum)), ("in production".into(), "in production".into()));
        assert_snapshot!(s.sentences(issue).join("\n"), @"@sam **In production** since 2 Nov 2026, 12:00 UTC. Please try it and comment `/works`, or `/does-not-work` and what you saw; `/rate 1..5` says how content you are.");
        s.settle_for(1).await;
        assert_eq!(s.sentences(issue).len(), 1);
        s.pass(7 * 24 * 3_600);
        s.settle().await;
        assert_eq!(stage(s, issue), "in production, verified");
        assert_snapshot!(s.readable(&s.status(sum)).split("\n\n<details>").next().unwrap_or_default(), @r"
        **Change request** · in production, verified
        Contact: nobody yet · Requester: @sam

        Runs in production since 2 Nov 2026, 12:00 UTC. Known to work since 9 Nov 2026, 12:00 UTC. Nothing else belongs to it; `/reopen` takes it up again.
        ");
    })
    .await;
}

#[tokio::test]
async fn what_was_delivered_covers_no_later_pull_request_until_it_is_reopened() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        deployed(s, "main").await;
        let more = s.pull_request(WEB, "more", &format!("Change: #{}", issue.number)).await;
        assert_snapshot!(s.readable(&s.check(&more.head)), @"failure: 1 of 2 rules not met: #1 is delivered already");
        s.by("sam").comment(issue, "/reopen");
        s.settle().await;
        assert_eq!(stage(s, issue), "in work");
        assert_snapshot!(s.readable(&s.check(&more.head)).lines().next().unwrap_or_default(), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn what_a_rollback_takes_back_is_merged_and_not_delivered_any_more() {
    scenario(async |s| {
        ships_continuously(s).await;
        let first = s.accepted("Export").await;
        built(s, "export", first.number).await;
        deployed(s, "main").await;
        let before = s.github().head(WEB, "main").unwrap();
        let second = s.accepted("Sum").await;
        built(s, "sum", second.number).await;
        deployed(s, "main").await;
        assert_eq!((stage(s, first), stage(s, second)), ("in production".into(), "in production".into()));
        s.by("ana").deploy(WEB, "production", &before, &["in_progress", "success"]);
        s.settle().await;
        assert_eq!((stage(s, first), stage(s, second)), ("in production".into(), "merged".into()));
        deployed(s, "main").await;
        assert_eq!(stage(s, second), "in production");
    })
    .await;
}

#[tokio::test]
async fn what_runs_in_staging_is_not_delivered_though_it_is_guarded() {
    scenario(async |s| {
        let staging = "  staging: { require: [{ change: accepted }], delivers: false }\n";
        s.policy(&format!("{CONTINUOUS}{staging}")).await;
        s.by("rosa").protect(WEB, "staging", true, true);
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let run = s.by("sam").dispatch(WEB, &["staging"], "main");
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        assert_eq!(stage(s, issue), "merged");
        deployed(s, "main").await;
        assert_eq!(stage(s, issue), "in production");
    })
    .await;
}

#[tokio::test]
async fn what_was_deployed_past_the_gate_is_delivered_all_the_same() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let head = s.github().head(WEB, "main").unwrap();
        s.by("ana").deploy(WEB, "production", &head, &["in_progress", "success"]);
        s.settle().await;
        assert_eq!(stage(s, issue), "in production");
    })
    .await;
}

mod release {
    use super::{
        super::releasing::{
            BILLING, a_train, both_sign, built, deploys, locked, phase, record, shown, signed_by, stands,
        },
        *,
    };

    async fn goes(s: &Scene, repository: &str) {
        let run = deploys(s, repository).await;
        assert_eq!(stands(s, repository, run), "in_progress -");
        s.github().finish_run(repository, run, true);
        s.settle().await;
    }

    /// December ships two changes and runs in both repositories.
    async fn december(s: &Scene) -> [Numbered; 2] {
        a_train(s).await;
        let export = built(s, "Export", "export", WEB).await;
        let bill = built(s, "Bill", "bill", BILLING).await;
        locked(s).await;
        both_sign(s).await;
        goes(s, WEB).await;
        assert_eq!(phase(s), "Partly deployed");
        assert_eq!([stage(s, export), stage(s, bill)], ["in production", "merged"]);
        goes(s, BILLING).await;
        assert_eq!(phase(s), "Deployed");
        assert_eq!([stage(s, export), stage(s, bill)], ["in production", "in production"]);
        [export, bill]
    }

    #[tokio::test]
    async fn people_are_asked_two_days_later_how_it_went_and_their_answer_closes_it() {
        scenario(async |s| {
            december(s).await;
            signed_by(s, "ana", "/done worked").await;
            s.pass(48 * 3_600);
            s.settle().await;
            signed_by(s, "rosa", "/done problems").await;
            signed_by(s, "rosa", "/done problems the export was slow").await;
            assert_snapshot!(s.sentences(record(s)).join("\n"), @r"
            @ana `/done`: only a release manager or operations (rosa) decides that.
            @rosa How did it go? Comment `/done worked`, or `/done problems WHAT`, or `/done backed-out WHY`. That closes the release.
            @rosa `/done`: it takes `worked`, or `problems` or `backed-out` and what happened behind it.
            ");
            assert_eq!(phase(s), "Closed");
            assert_eq!(s.github().issue(record(s))["state"], "closed");
            assert_snapshot!(s.releases().await, @"customer 2026.12 (closed, 2026-12-03) milestones: acme/web#1 acme/billing#1 scope: acme/web#1 acme/web#4");
            assert_snapshot!(shown(s).split("\n\n###").next().unwrap_or_default(), @r"
            **Closed** · due 3 Dec 2026, 12:00 UTC · locked 2 Nov 2026, 12:00 UTC by [rosa](https://github/rosa) · train customer

            Nothing more is planned for it.

            How it went, by [rosa](https://github/rosa) on 4 Nov 2026, 12:00 UTC: **problems**. the export was slow
            ");
        })
        .await;
    }

    #[tokio::test]
    async fn how_it_went_is_not_asked_before_anything_was_deployed() {
        scenario(async |s| {
            a_train(s).await;
            built(s, "Export", "export", WEB).await;
            locked(s).await;
            signed_by(s, "rosa", "/done worked").await;
            assert_snapshot!(s.sentences(record(s)).join("\n"), @"@rosa `/done`: nothing of this release was deployed yet.");
            assert_eq!(phase(s), "Go/no-go");
        })
        .await;
    }

    #[tokio::test]
    async fn a_release_that_is_tried_in_staging_is_not_deployed_yet() {
        scenario(async |s| {
            a_train(s).await;
            built(s, "Export", "export", WEB).await;
            locked(s).await;
            let head = s.github().head(WEB, "main").unwrap();
            s.by("ana").deploy(WEB, "staging", &head, &["in_progress", "success"]);
            s.settle().await;
            assert_eq!(phase(s), "Go/no-go");
            both_sign(s).await;
            assert_eq!(phase(s), "Approved");
            goes(s, WEB).await;
            assert_eq!(phase(s), "Deployed");
        })
        .await;
    }

    #[tokio::test]
    async fn a_release_that_is_taken_back_everywhere_is_backed_out_and_its_changes_are_ready_again() {
        scenario(async |s| {
            a_train(s).await;
            let before = s.github().head(WEB, "main").unwrap();
            s.by("ana").deploy(WEB, "production", &before, &["in_progress", "success"]);
            s.settle().await;
            let export = built(s, "Export", "export", WEB).await;
            locked(s).await;
            both_sign(s).await;
            goes(s, WEB).await;
            assert_eq!((phase(s), stage(s, export)), ("Deployed".into(), "in production".into()));
            s.by("ana").deploy(WEB, "production", &before, &["in_progress", "success"]);
            s.settle().await;
            assert_eq!((phase(s), stage(s, export)), ("Backed out".into(), "merged".into()));
            goes(s, WEB).await;
            assert_eq!((phase(s), stage(s, export)), ("Deployed".into(), "in production".into()));
        })
        .await;
    }
}
