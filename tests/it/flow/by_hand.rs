//! A change without code: it is started when a deployment might, keeps away what touches the same system, and is ended by hand.

use changegate::sandbox::Numbered;

use super::deploying::{WEB, built, deploys, said, ships_continuously, stands};
use crate::support::{Scene, assert_snapshot, scenario};

/// Accepted, said to need no code, and assigned to Lee.
async fn move_the_database(s: &Scene) -> Numbered {
    let issue = s.accepted("Move the database").await;
    s.by("tess").label(issue, "kind/infrastructure");
    s.by("tess").label(issue, "system/billing");
    s.by("tess").assign(issue, "lee");
    s.settle().await;
    issue
}

async fn says(s: &Scene, on: Numbered, who: &str, words: &str) {
    s.by(who).comment(on, words);
    s.settle().await;
}

#[tokio::test]
async fn while_it_is_underway_deployments_to_the_same_system_wait_and_others_do_not() {
    scenario(async |s| {
        ships_continuously(s).await;
        let by_hand = move_the_database(s).await;
        let export = s.accepted("Export").await;
        s.by("sam").label(export, "system/Billing");
        built(s, "export", export.number).await;
        says(s, by_hand, "lee", "/started").await;
        assert_eq!(s.stage_of("Move the database").await, "in_work");
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -");
        assert_snapshot!(said(s, run), @r"
        **Waiting:** 1 of 9 rules not met yet.
        - [#1](https://github/acme/web/issues/1) “Move the database” is underway on `billing` since 2 Nov 2026, 12:00 UTC. **Cure:** it goes on when somebody comments `/done` and how it went on [#1](https://github/acme/web/issues/1).
        ");
        says(s, by_hand, "lee", "/done worked it went well").await;
        assert_eq!(s.stage_of("Move the database").await, "verified");
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn it_is_not_started_in_a_freeze_and_the_answer_says_until_when() {
    scenario(async |s| {
        ships_continuously(s).await;
        let by_hand = move_the_database(s).await;
        says(s, by_hand, "rosa", "/freeze 2026-11-03 The auditors are here").await;
        says(s, by_hand, "lee", "/started").await;
        assert_snapshot!(s.sentences(by_hand).join("\n"), @r"
        @lee wrote `/started`; it may not start now:
        - Closed until Tue 3 Nov 2026, 00:00 UTC (freeze “The auditors are here” by [rosa](https://github/rosa), lifted by release managers).

        Comment `/started` again then.
        ");
        assert_eq!(s.stage_of("Move the database").await, "accepted");
        says(s, by_hand, "rosa", "/unfreeze They have left").await;
        says(s, by_hand, "lee", "/started").await;
        assert_eq!(s.stage_of("Move the database").await, "in_work");
        says(s, by_hand, "lee", "/done backed-out It did not fit").await;
        assert_eq!(s.stage_of("Move the database").await, "accepted");
    })
    .await;
}
