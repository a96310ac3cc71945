//! Effects, said once or twice.

use super::*;
use crate::domain::{
    effect::{Call, CheckStatus, Effect, Reaction},
    ids::CommentId,
};

fn check(status: CheckStatus) -> Effect {
    Effect::new(Call::CheckRun {
        repo: REPO,
        sha: sha("a"),
        name: "changegate/change".into(),
        status,
        title: "1 of 3 rules not met".into(),
        summary: "the table".into(),
        urgent: false,
        signs: false,
    })
}

fn comment() -> Effect {
    Effect::new(Call::Comment {
        on: issue(1),
        purpose: "status".into(),
        body: "Accepted.".into(),
        was_on: std::collections::BTreeSet::new(),
    })
}

async fn remote(stage: &Stage, effect: &Effect, remote: Option<&str>, attempts: u32) -> Option<String> {
    stage.github.perform(&place(), effect, remote, attempts).await.unwrap().remote
}

fn run(id: u64, app: u64) -> Value {
    json!({"id": id, "name": "changegate/change", "app": {"id": app}})
}

#[tokio::test]
async fn a_check_run_is_created_once_and_then_edited() {
    let stage = Stage::new().await;
    stage.on("POST /repos/acme/web/check-runs", say(201, json!({"id": 90})));
    assert_eq!(remote(&stage, &check(CheckStatus::InProgress), None, 0).await.as_deref(), Some("90"));
    stage.on("PATCH /repos/acme/web/check-runs/90", say(200, json!({})));
    assert_eq!(remote(&stage, &check(CheckStatus::Failure), Some("90"), 0).await.as_deref(), Some("90"));
    let bodies: Vec<String> = stage.asked().iter().map(|seen| seen.body.to_string()).collect();
    insta::assert_snapshot!(bodies.join("\n"), @r#"
    {"name":"changegate/change","head_sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","external_id":"check/7/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/changegate/change","status":"in_progress","output":{"title":"1 of 3 rules not met","summary":"the table"}}
    {"external_id":"check/7/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/changegate/change","status":"completed","conclusion":"failure","output":{"title":"1 of 3 rules not met","summary":"the table"},"actions":[{"label":"Re-check","description":"Look at everything again","identifier":"recheck"}]}
    "#);
}

#[tokio::test]
async fn a_check_run_never_ends_neutral_or_skipped() {
    for (status, conclusion) in [
        (CheckStatus::Success, "success"),
        (CheckStatus::Failure, "failure"),
        (CheckStatus::ActionRequired, "action_required"),
    ] {
        let stage = Stage::new().await;
        stage.on("POST /repos", say(201, json!({"id": 90})));
        remote(&stage, &check(status), None, 0).await;
        assert_eq!(stage.asked()[0].body["conclusion"], conclusion);
        assert_eq!(stage.asked()[0].body["actions"][0]["identifier"], "recheck");
    }
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_is_found_again() {
    let stage = Stage::new().await;
    let effect = check(CheckStatus::Success);
    stage.on("POST /repos", hang_up());
    assert!(matches!(stage.github.perform(&place(), &effect, None, 0).await, Err(Failure::Later { .. })));
    let found =
        json!({"total_count": 4, "check_runs": [run(89, 15368), run(90, APP), run(92, APP), run(95, 1)]});
    stage.on("GET /repos/acme/web/commits", say(200, found));
    stage.on("PATCH /repos", say(200, json!({}))).on("PATCH /repos", say(200, json!({})));
    assert_eq!(remote(&stage, &effect, None, 1).await.as_deref(), Some("92"));
    insta::assert_snapshot!(stage.lines(), @r"
    POST /repos/acme/web/check-runs
    GET /repos/acme/web/commits/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/check-runs?check_name=changegate%2Fchange&app_id=4242&filter=all&per_page=100
    PATCH /repos/acme/web/check-runs/90
    PATCH /repos/acme/web/check-runs/92
    ");
}

#[tokio::test]
async fn a_creation_that_was_never_done_is_done_on_the_second_attempt() {
    let stage = Stage::new().await;
    stage.on("GET /repos", say(200, json!({"check_runs": [run(1, 15368)]})));
    stage.on("POST /repos", say(201, json!({"id": 90})));
    assert_eq!(remote(&stage, &check(CheckStatus::Success), None, 1).await.as_deref(), Some("90"));
}

#[tokio::test]
async fn a_check_run_not_seen_yet_is_waited_for_and_a_lost_one_replaced() {
    let stage = Stage::new().await;
    let effect = check(CheckStatus::Success);
    let mut waited = 0;
    for attempts in 0..5 {
        stage.on("PATCH /repos", say(404, json!({})));
        match stage.github.perform(&place(), &effect, Some("90"), attempts).await {
            Err(Failure::Later { at, .. }) => waited += stage.seconds_until(at),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(waited, 31);
    stage.on("PATCH /repos", say(404, json!({}))).on("GET /repos", say(200, json!({"check_runs": []})));
    stage.on("POST /repos", say(201, json!({"id": 91})));
    assert_eq!(remote(&stage, &effect, Some("90"), 5).await.as_deref(), Some("91"));
}

#[tokio::test]
async fn a_comment_ends_with_a_mark_that_only_we_can_make() {
    let stage = Stage::new().await;
    stage.on("POST /repos/acme/web/issues/1/comments", say(201, json!({"id": 50})));
    assert_eq!(remote(&stage, &comment(), None, 0).await.as_deref(), Some("50"));
    let body = stage.asked()[0].body["body"].as_str().unwrap().to_owned();
    let tag =
        body.strip_prefix("Accepted.\n\n<!-- changegate:status:").unwrap().strip_suffix(" -->").unwrap();
    assert!(tag.len() == 16 && tag.bytes().all(|b| b.is_ascii_hexdigit()), "{tag}");
}

#[tokio::test]
async fn a_comment_is_found_by_its_mark_and_its_author_and_its_doubles_are_removed() {
    let stage = Stage::new().await;
    stage.on("POST /repos", hang_up());
    assert!(stage.github.perform(&place(), &comment(), None, 0).await.is_err());
    let marked = stage.asked()[0].body["body"].clone();
    let by = |id: u64, body: &Value, app: Value, login: &str| json!({"id": id, "body": body, "performed_via_github_app": app, "user": {"login": login}});
    let comments = json!([
        by(1, &marked, Value::Null, "mallory"),
        by(2, &marked, json!({"id": 1}), "changegate[bot]"),
        by(3, &json!("no mark"), json!({"id": APP}), "changegate[bot]"),
        by(4, &marked, json!({"id": APP}), "changegate[bot]"),
        by(5, &marked, Value::Null, "changegate[bot]"),
        by(
            6,
            &json!(format!("> {} quoted", marked.as_str().unwrap())),
            json!({"id": APP}),
            "changegate[bot]"
        ),
    ]);
    stage.on("GET /repos", say(200, comments));
    stage.on("GET /app", say(200, json!({"id": APP, "slug": "changegate"})));
    stage.on("PATCH /repos", say(200, json!({}))).on("DELETE /repos", say(204, json!({})));
    assert_eq!(remote(&stage, &comment(), None, 1).await.as_deref(), Some("4"));
    insta::assert_snapshot!(stage.lines(), @r"
    POST /repos/acme/web/issues/1/comments
    GET /repos/acme/web/issues/1/comments?per_page=100&page=1
    GET /app
    PATCH /repos/acme/web/issues/comments/4
    DELETE /repos/acme/web/issues/comments/5
    ");
}

#[tokio::test]
async fn a_comment_that_somebody_deleted_is_written_again() {
    for status in [404, 410] {
        let stage = Stage::new().await;
        stage.on("PATCH /repos/acme/web/issues/comments/50", say(status, json!({})));
        stage.on("GET /repos/acme/web/issues/1/comments", say(200, json!([])));
        stage.on("POST /repos", say(201, json!({"id": 51})));
        assert_eq!(remote(&stage, &comment(), Some("50"), 0).await.as_deref(), Some("51"));
    }
}

#[tokio::test]
async fn labels_milestones_and_reactions_are_set() {
    let stage = Stage::new().await;
    let of = |call| Effect::new(call);
    let name = || "triage/accepted".to_owned();
    for (effect, line, answer) in [
        (of(Call::Label { on: issue(1), name: name(), present: true }), "POST /repos", 200),
        (of(Call::Label { on: issue(1), name: name(), present: false }), "DELETE /repos", 200),
        (of(Call::Label { on: issue(1), name: name(), present: false }), "DELETE /repos", 404),
        (of(Call::Assign { on: issue(1), login: "kim".into() }), "POST /repos", 201),
        (of(Call::Milestone { on: issue(1), number: Some(4) }), "PATCH /repos", 200),
        (of(Call::Milestone { on: issue(1), number: None }), "PATCH /repos", 200),
        (
            of(Call::RenameMilestone { repo: REPO, number: 3, title: "2026.12".into(), back: true }),
            "PATCH /repos",
            404,
        ),
        (
            of(Call::Reaction { repo: REPO, comment: CommentId(9), content: Reaction::ThumbsUp }),
            "POST /repos",
            201,
        ),
        (
            of(Call::Reaction { repo: REPO, comment: CommentId(9), content: Reaction::Eyes }),
            "POST /repos",
            200,
        ),
    ] {
        stage.on(line, say(answer, json!([])));
        assert_eq!(remote(&stage, &effect, None, 0).await, None);
    }
    let said: Vec<String> = stage.asked().iter().map(|seen| format!("{} {}", seen.line, seen.body)).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    POST /repos/acme/web/issues/1/labels {"labels":["triage/accepted"]}
    DELETE /repos/acme/web/issues/1/labels/triage%2Faccepted null
    DELETE /repos/acme/web/issues/1/labels/triage%2Faccepted null
    POST /repos/acme/web/issues/1/assignees {"assignees":["kim"]}
    PATCH /repos/acme/web/issues/1 {"milestone":4}
    PATCH /repos/acme/web/issues/1 {"milestone":null}
    PATCH /repos/acme/web/milestones/3 {"title":"2026.12"}
    POST /repos/acme/web/issues/comments/9/reactions {"content":"+1"}
    POST /repos/acme/web/issues/comments/9/reactions {"content":"eyes"}
    "#);
}

#[tokio::test]
async fn every_kind_of_answer_has_its_consequence() {
    let mut said = vec![];
    for (status, body, attempts) in [
        (404, json!({}), 0),
        (404, json!({}), 5),
        (409, json!({}), 9),
        (410, json!({}), 0),
        (422, json!({"message": "No commit found for SHA: a"}), 0),
        (422, json!({"message": "Validation Failed"}), 0),
        (403, json!({"message": "Unable to create comment because issue is locked."}), 1),
        (451, json!({"message": "Repository access blocked"}), 0),
        (503, json!({}), 0),
    ] {
        let stage = Stage::new().await;
        stage.on("POST /repos", say(status, body));
        let effect = Effect::new(Call::Label { on: issue(1), name: "bug".into(), present: true });
        let failure = stage.github.perform(&place(), &effect, None, attempts).await.unwrap_err();
        said.push(match failure {
            Failure::Later { at, why } => format!("again in {} s: {why}", stage.seconds_until(at)),
            Failure::Refused { why } => format!("refused: {why}"),
        });
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    again in 1 s: GitHub found nothing there that we may see (404) at 10:04 UTC
    refused: GitHub found nothing there that we may see (404) at 10:04 UTC
    again in 158 s: GitHub refused (409) at 10:04 UTC: no reason given
    refused: GitHub says that it is gone (410) at 10:04 UTC
    again in 1 s: GitHub did not take it (422) at 10:04 UTC: No commit found for SHA: a
    refused: GitHub did not take it (422) at 10:04 UTC: Validation Failed
    refused: GitHub does not let us (403) at 10:04 UTC: Unable to create comment because issue is locked.
    refused: GitHub refused (451) at 10:04 UTC: Repository access blocked
    again in 0 s: GitHub did not answer (503) at 10:04 UTC
    ");
}
