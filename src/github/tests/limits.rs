//! What GitHub says about limits is obeyed, and what it does not say is bounded.

use super::*;
use crate::domain::{
    effect::{Call, Effect},
    facts::{Answer, Fact, Question},
};

fn label() -> Effect {
    Effect::new(Call::Label { on: issue(1), name: "bug".into(), present: true })
}

async fn later(stage: &Stage) -> i64 {
    match stage.github.perform(&place(), &label(), None, 0).await {
        Err(Failure::Later { at, .. }) => stage.seconds_until(at),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn after_retry_after_nothing_is_sent_before_its_time() {
    let stage = Stage::new().await;
    stage.on("POST /repos", say(403, json!({"message": "secondary rate limit"})).header("retry-after", 120));
    assert_eq!(later(&stage).await, 120);
    let asked = stage.asked().len();
    for _ in 0..100_000 {
        assert!(matches!(
            stage.github.perform(&place(), &label(), None, 0).await,
            Err(Failure::Later { .. })
        ));
        let found = stage.github.answer(&place(), &[Question::Issue(issue(1))]).await;
        assert!(matches!(&found[0].1, Fact::Unknown(_)));
        stage.clock.advance(SignedDuration::from_micros(1_199));
    }
    assert_eq!(stage.asked().len(), asked, "nothing was sent");
    assert_eq!(later(&stage).await, 0, "within the last second");
    stage.clock.advance(SignedDuration::from_secs(1));
    stage.on("POST /repos", say(200, json!([])));
    assert!(stage.github.perform(&place(), &label(), None, 1).await.is_ok());
}

#[tokio::test]
async fn one_installations_limit_is_nobody_elses() {
    let stage = Stage::new().await;
    stage.on("POST /repos", say(429, json!({})));
    assert_eq!(later(&stage).await, 60);
    stage.on("POST /repos", say(200, json!([])));
    let other = Place { installation: Some(InstallationId(4)), ..place() };
    assert!(stage.github.perform(&other, &label(), None, 0).await.is_ok());
}

#[tokio::test]
async fn an_hour_that_is_used_up_ends_when_github_says() {
    let stage = Stage::new().await;
    let reset = stage.clock.now().as_second() + 900;
    let spent = |say: Say| say.header("x-ratelimit-remaining", 0).header("x-ratelimit-reset", reset);
    stage.on("POST /repos", spent(say(403, json!({}))));
    assert_eq!(later(&stage).await, 900);
    assert_eq!(later(&stage).await, 900);
    assert_eq!(stage.asked().len(), 1);
}

#[tokio::test]
async fn a_limit_told_inside_a_document_is_a_limit() {
    let stage = Stage::new().await;
    let limited = json!({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]});
    stage.on("POST /graphql", say(200, limited));
    for _ in 0..2 {
        let found = stage.github.answer(&place(), &[Question::Issue(issue(1))]).await;
        assert_eq!(
            found[0].1,
            Fact::Unknown("GitHub may not be asked before 10:05 UTC: GitHub asked us to slow down".into())
                .map(|answer: Answer| answer)
        );
        assert_eq!(stage.asked().len(), 1);
        stage.clock.advance(SignedDuration::from_millis(1));
    }
}

#[tokio::test]
async fn a_permission_that_is_lacking_is_no_limit() {
    let stage = Stage::new().await;
    stage.on("POST /repos", say(403, json!({"message": "Resource not accessible by integration"})));
    let failure = stage.github.perform(&place(), &label(), None, 3).await.unwrap_err();
    insta::assert_snapshot!(format!("{failure:?}"), @r#"Refused { why: "GitHub does not let us (403) at 10:04 UTC: Resource not accessible by integration" }"#);
}

#[tokio::test]
async fn github_out_of_order_is_tried_again_later_each_time() {
    let stage = Stage::new().await;
    let mut waits = vec![];
    for attempts in 0..12 {
        stage.on("POST /repos", if attempts % 2 == 0 { say(502, json!({})) } else { hang_up() });
        match stage.github.perform(&place(), &label(), None, attempts).await {
            Err(Failure::Later { at, .. }) => waits.push(stage.seconds_until(at)),
            other => panic!("{other:?}"),
        }
    }
    assert!(waits.iter().enumerate().all(|(n, wait)| *wait <= (1 << n) && *wait <= 300), "{waits:?}");
    assert!(waits[11] >= 150, "{waits:?}");
    assert_eq!(stage.asked().len(), 12, "a write is never repeated by itself");
}

#[tokio::test]
async fn an_answer_from_elsewhere_or_without_end_is_none() {
    let stage = Stage::new().await;
    stage.on("GET /repos", say(302, json!({})).header("location", "http://127.0.0.2:1/x"));
    let large = say(200, json!({})).text(vec![b'x'; 11 * 1024 * 1024]);
    stage.on("GET /repos", large);
    for _ in 0..2 {
        let found = stage.github.answer(&place(), &[Question::PolicyFile(REPO)]).await;
        let Fact::Unknown(why) = &found[0].1 else { panic!("{found:?}") };
        assert!(why.contains("redirects to another host") || why.contains("larger than 10 MiB"), "{why}");
    }
}

#[tokio::test]
async fn a_github_that_is_not_there_is_an_unknown_fact() {
    let settings = GitHubSettings {
        api_url: "http://127.0.0.1:1".into(),
        app_id: APP,
        private_keys: vec![private_key()],
        marker_secrets: vec![],
        api_version: API_VERSION.into(),
        trusted_root: None,
        issuers: vec![],
    };
    let github = GitHub::new(&settings, Clock::held("2026-11-23T10:04:00Z".parse().unwrap())).unwrap();
    let found = github.answer(&place(), &[Question::Issue(issue(1))]).await;
    let Fact::Unknown(why) = &found[0].1 else { panic!("{found:?}") };
    assert!(why.starts_with("GitHub could not be reached at 10:04 UTC: "), "{why}");
}
