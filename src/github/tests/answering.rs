//! The answer of our deployment protection rule.

use super::*;
use crate::domain::effect::{Call, Effect, Lane, Ruling};

const RUN: &str = "GET /repos/acme/web/actions/runs/30?";
const PENDING: &str = "GET /repos/acme/web/actions/runs/30/pending_deployments";
const RULE: &str = "POST /repos/acme/web/actions/runs/30/deployment_protection_rule";

fn answer(ruling: Ruling) -> Effect {
    Effect::new(Call::ProtectionAnswer {
        repo: REPO,
        run: 30,
        attempt: 2,
        environment: "production".into(),
        ruling,
        comment: "2026.12 is approved.".into(),
        until: None,
    })
}

fn note(comment: &str) -> Effect {
    Effect::new(Call::ProtectionNote {
        repo: REPO,
        run: 30,
        attempt: 2,
        environment: "production".into(),
        comment: comment.into(),
    })
}

fn run(attempt: u64, status: &str) -> Say {
    say(200, json!({"id": 30, "run_attempt": attempt, "status": status}))
}

fn nothing_waits() -> Say {
    say(422, json!({"message": "No pending deployment requests to approve or reject"}))
}

fn pending(environments: &[&str]) -> Say {
    let pending = environments.iter().map(|name| json!({"environment": {"id": 1, "name": name}}));
    say(200, pending.collect())
}

#[tokio::test]
async fn our_rule_answers_with_a_token_for_that_alone() {
    let stage = Stage::new().await;
    for effect in [answer(Ruling::Approved), answer(Ruling::Rejected), note("qa: 0 of 1")] {
        stage.on(RUN, run(2, "waiting")).on(RULE, say(204, json!({})).text(""));
        let done = stage.github.perform(&place(), &effect, None, 0).await.unwrap();
        assert_eq!((done.remote, effect.lane), (None, Lane::Gate));
    }
    let said = stage.asked().into_iter().filter(|seen| seen.line.starts_with("POST"));
    let said: Vec<String> = said.map(|seen| format!("{} {}", seen.line, seen.body)).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    POST /repos/acme/web/actions/runs/30/deployment_protection_rule {"environment_name":"production","state":"approved","comment":"2026.12 is approved."}
    POST /repos/acme/web/actions/runs/30/deployment_protection_rule {"environment_name":"production","state":"rejected","comment":"2026.12 is approved."}
    POST /repos/acme/web/actions/runs/30/deployment_protection_rule {"environment_name":"production","comment":"qa: 0 of 1"}
    "#);
    let minted: Vec<Value> = stage.minted().into_iter().map(|seen| seen.body).collect();
    let narrow = json!({"repository_ids": [7],
        "permissions": {"actions": "read", "deployments": "write", "metadata": "read"}});
    assert_eq!(minted, [narrow]);
}

#[tokio::test]
async fn a_comment_is_cut_where_github_would_refuse_it() {
    let stage = Stage::new().await;
    stage.on(RUN, run(2, "waiting")).on(RULE, say(204, json!({})).text(""));
    stage.github.perform(&place(), &note(&"ä".repeat(2_000)), None, 0).await.unwrap();
    let comment = stage.asked()[1].body["comment"].as_str().unwrap().to_owned();
    assert!(comment.chars().count() == 1_024 && comment.ends_with(" […]"));
}

#[tokio::test]
async fn an_answer_for_one_attempt_never_opens_the_door_to_the_next() {
    for (attempt, status) in [(3, "waiting"), (1, "waiting"), (2, "completed")] {
        let stage = Stage::new().await;
        stage.on(RUN, run(attempt, status));
        stage.github.perform(&place(), &answer(Ruling::Approved), None, 0).await.unwrap();
        assert_eq!(stage.lines(), format!("{RUN}exclude_pull_requests=true"), "{attempt} {status}");
    }
    let stage = Stage::new().await;
    stage.on(RUN, say(200, json!({"id": 30, "status": "waiting"})));
    assert!(matches!(
        stage.github.perform(&place(), &answer(Ruling::Approved), None, 0).await,
        Err(Failure::Later { .. })
    ));
}

#[tokio::test]
async fn nothing_to_approve_yet_is_tried_again_for_a_minute() {
    let stage = Stage::new().await;
    let mut waited = 0;
    for attempts in 0..7 {
        let refusal = if attempts % 2 == 0 { nothing_waits() } else { say(404, json!({})) };
        stage.on(RUN, run(2, "waiting")).on(RULE, refusal);
        match stage.github.perform(&place(), &answer(Ruling::Approved), None, attempts).await {
            Err(Failure::Later { at, .. }) => waited += stage.seconds_until(at),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(waited, 63);
}

#[tokio::test]
async fn what_was_answered_already_counts_as_done_and_what_still_waits_is_shown() {
    for (waits, done) in [(vec![], true), (vec!["staging"], true), (vec!["staging", "Production"], false)] {
        let stage = Stage::new().await;
        stage.on(RUN, run(2, "in_progress")).on(RULE, nothing_waits()).on(PENDING, pending(&waits));
        let performed = stage.github.perform(&place(), &answer(Ruling::Approved), None, 7).await;
        assert_eq!(performed.is_ok(), done, "{waits:?}");
        assert!(done || matches!(performed, Err(Failure::Refused { .. })), "{performed:?}");
    }
}

#[tokio::test]
async fn each_attempt_and_each_environment_is_answered_for_itself() {
    let keys = [answer(Ruling::Approved).key, answer(Ruling::Rejected).key, note("x").key];
    insta::assert_snapshot!(keys.join("\n"), @r"
    protection/7/30/2/production
    protection/7/30/2/production
    protection-note/7/30/2/production
    ");
}
