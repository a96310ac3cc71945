//! A pipeline asks at the gate and does not wait: a bell rings when it is decided, and is no allow.

use changegate::gate::api::GateView;
use serde_json::{Value, json};

use super::{
    deploying::{WEB, built},
    gate::{ask, asked, by_pipeline, call, decided, look, said},
};
use crate::support::{Scene, scenario};

const BELL: &str = "changegate/production";

/// The same that is asked, without waiting.
fn left(body: &Value) -> Value {
    let mut body = body.clone();
    body["notify"] = json!({ "kind": "deployment_status" });
    body
}

/// What the bells say, each with its last word.
fn rung(s: &Scene) -> Vec<String> {
    let words = |bell: &Value| {
        let last = bell["statuses"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
        format!("{}: {}", last[0].as_str().unwrap_or_default(), last[1].as_str().unwrap_or_default())
    };
    s.github().statuses(WEB, BELL).iter().map(words).collect()
}

/// Something that nobody has accepted is asked for, and nobody waits.
async fn left_unaccepted(s: &Scene) -> (changegate::sandbox::Numbered, GateView) {
    s.policy(&by_pipeline()).await;
    let issue = s.change_request("Export").await;
    built(s, "export", issue.number).await;
    let view = ask(s, &left(&asked(s, "7"))).await;
    assert!(!view.settled && view.notify.is_some() && view.permit.is_none(), "{view:?}");
    s.settle().await;
    (issue, view)
}

#[tokio::test]
async fn who_does_not_wait_is_told_by_a_status_when_somebody_has_accepted_and_no_status_lets_anything_through()
 {
    scenario(async |s| {
        let (issue, view) = left_unaccepted(s).await;
        assert_eq!(
            rung(s),
            ["pending: Asked; not decided yet: #1 waits in triage since 2 Nov 2026, 12:00 UTC."]
        );
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(
            rung(s),
            ["queued: Allowed just now. The workflow that this starts asks the gate itself."]
        );
        let bell = &s.github().statuses(WEB, BELL)[0];
        assert_eq!((bell["ref"].as_str(), bell["task"].as_str()), (Some("main"), Some("changegate:gate")));
        assert_eq!(bell["payload"]["changegate_gate"], view.id.as_str());
        let rung = look(s, &view.id).await;
        assert_eq!(said(&rung), "allow");
        assert!(rung.settled && !rung.goes_on && rung.permit.is_none(), "a bell is no allow: {rung:?}");
        assert_eq!(s.github().deployments(WEB, "production"), [], "nothing was deployed");
        // What the bell started asks anew, and is given the permit.
        let started = decided(s, &asked(s, "8")).await;
        assert!(said(&started) == "allow" && started.permit.is_some(), "{started:?}");
        assert_eq!(started.baseline, None, "no bell is taken for what runs");
    })
    .await;
}

#[tokio::test]
async fn a_deployment_after_the_bell_that_nobody_asked_for_is_a_by_pass() {
    scenario(async |s| {
        let (issue, _) = left_unaccepted(s).await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        let sha = s.github().head(WEB, "main").unwrap();
        s.by("ana").deploy(WEB, "production", &sha, &["in_progress", "success"]);
        s.settle().await;
        assert!(s.exceptions(WEB).contains("without an allow"), "{}", s.exceptions(WEB));
    })
    .await;
}

#[tokio::test]
async fn what_is_denied_rings_too_and_leaves_no_exception() {
    scenario(async |s| {
        s.policy(&by_pipeline()).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let mut body = left(&asked(s, "7"));
        body["purpose"] = "rollback".into();
        let view = decided(s, &body).await;
        assert_eq!(said(&view), "deny no_rollback");
        let [denied] = &rung(s)[..] else { panic!("one bell") };
        assert!(denied.starts_with("failure: Denied: It does not go back"), "{denied}");
        assert_eq!(s.exceptions(WEB), "");
    })
    .await;
}

#[tokio::test]
async fn it_stays_open_for_thirty_days_and_then_says_that_it_is_over() {
    scenario(async |s| {
        left_unaccepted(s).await;
        s.pass(29 * 24 * 3_600);
        s.settle().await;
        assert!(rung(s)[0].starts_with("pending: "), "it is open");
        s.pass(2 * 24 * 3_600);
        s.settle().await;
        assert_eq!(rung(s), ["error: Nobody allowed it within 30 days. Ask again."]);
    })
    .await;
}

#[tokio::test]
async fn who_waits_is_not_superseded_by_who_only_wants_to_be_told() {
    scenario(async |s| {
        s.policy(&by_pipeline()).await;
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let waits = ask(s, &asked(s, "7")).await;
        s.settle().await;
        ask(s, &left(&asked(s, "8"))).await;
        s.settle().await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(said(&look(s, &waits.id).await), "allow");
    })
    .await;
}

#[tokio::test]
async fn where_the_branch_has_moved_on_the_bell_is_of_the_commit() {
    scenario(async |s| {
        s.policy(&by_pipeline()).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let body = left(&asked(s, "7"));
        s.by("rosa").push(WEB, "main", &[("later.txt", "later")], "Later");
        ask(s, &body).await;
        s.settle().await;
        let bells = s.github().statuses(WEB, BELL);
        let refs: Vec<&str> = bells.iter().filter_map(|bell| bell["ref"].as_str()).collect();
        assert_eq!(refs, ["main", body["sha"].as_str().unwrap()]);
        assert_eq!(bells[0]["statuses"][0][0], "inactive");
        assert!(!rung(s)[1].is_empty(), "{bells:?}");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_called_whom_the_settings_do_not_name() {
    scenario(async |s| {
        s.policy(&by_pipeline()).await;
        let mut body = asked(s, "7");
        body["notify"] = json!({ "kind": "webhook", "url": "https://169.254.169.254/latest" });
        let (status, problem) = call(s, http::Request::post("/api/v1/gates"), body.to_string()).await;
        assert_eq!((status, problem["code"].as_str()), (403, Some("notify_not_allowed")), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("CHANGEGATE_NOTIFY_HOSTS"), "{problem}");
        body["notify"] = json!({ "kind": "carrier pigeon" });
        let (status, problem) = call(s, http::Request::post("/api/v1/gates"), body.to_string()).await;
        assert_eq!((status, problem["code"].as_str()), (422, Some("invalid_request")), "{problem}");
    })
    .await;
}
