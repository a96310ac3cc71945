//! Deployments, what waits for our rule, and GitHub's own reviews.

use super::*;
use crate::domain::event::{DeploymentReviewer, RuleRequest, RunSnapshot};

const CALLBACK: &str =
    "https://api.github.com/repos/acme/web/actions/runs/30433642/deployment_protection_rule";

fn request(rest: &str) -> RuleRequest {
    let separator = if rest.is_empty() { "" } else { "," };
    let what =
        event("deployment_protection_rule", &about(&format!(r#""action":"requested"{separator}{rest}"#)))
            .what;
    let What::ProtectionRule(request) = what else { panic!("{what:?}") };
    request
}

#[test]
fn a_request_shows_what_waits_and_which_run_it_is_of() {
    let request = request(&format!(
        r#""environment":"production","event":"push","deployment_callback_url":"{CALLBACK}","sha":"{SHA}","ref":"main",
           "deployment":{{"id":4,"sha":"{SHA}","ref":"main","environment":"production","created_at":"2026-11-20T09:00:00Z",
           "creator":{{"id":9,"login":"ana","type":"User"}},"performed_via_github_app":{{"id":15368}}}}"#
    ));
    insta::assert_snapshot!(
        serde_json::to_string(&What::ProtectionRule(request)).unwrap(),
        @r#"{"event":"protection_rule","environment":"production","deployment":{"id":4,"environment":"production","sha":"0123456789012345678901234567890123456789","reference":"main","creator":{"id":9,"login":"ana","person":true},"app":15368,"created_at":"2026-11-20T09:00:00Z"},"run":30433642,"callback":{"api":"https://api.github.com","repository":"acme/web","run":30433642},"sha":"0123456789012345678901234567890123456789","reference":"main","trigger":"push"}"#
    );
}

#[test]
fn a_request_needs_to_show_nothing() {
    assert_eq!(request(""), RuleRequest::default());
}

#[test]
fn a_run_that_two_parts_of_a_request_name_differently_is_none() {
    let callback = |address: &str| format!(r#""deployment_callback_url":"{address}""#);
    let run = |id: u64| format!(r#""environment":"x","workflow_run":{{"id":{id}}}"#);
    for (what, rest, expected) in [
        ("the callback", callback(CALLBACK), Some(30_433_642)),
        ("the run", run(5), Some(5)),
        ("both", format!("{},{}", callback(CALLBACK), run(30_433_642)), Some(30_433_642)),
        ("two", format!("{},{}", callback(CALLBACK), run(5)), None),
        ("of another repository", callback(&CALLBACK.replace("acme/web", "acme/app")), None),
        (
            "of another repository beside a run",
            format!("{},{}", callback(&CALLBACK.replace("web", "app")), run(30_433_642)),
            None,
        ),
        ("no callback of GitHub's", callback("https://evil.example/30433642"), None),
    ] {
        assert_eq!(request(&rest).run, expected, "{what}");
    }
}

#[test]
fn a_run_that_was_requested_is_no_job_that_waits() {
    let body = about(r#""action":"requested","workflow_run":{"id":5,"run_attempt":1}"#);
    assert!(matches!(read("deployment_protection_rule", body.as_bytes()), Ok(Reading::Unknown { .. })));
}

#[test]
fn a_deployment_says_who_made_it_and_in_which_run() {
    let body = about(&format!(
        r#""action":"created","deployment":{{"id":4,"sha":"{SHA}","creator":{{"id":9,"login":"ana","type":"User"}}}},
           "workflow_run":{{"id":5,"run_attempt":2}}"#
    ));
    let What::Deployment { deployment, run, .. } = event("deployment", &body).what else { panic!() };
    assert_eq!(deployment.creator.map(|creator| creator.login), Some("ana".into()));
    assert_eq!(run, Some(RunSnapshot { id: 5, attempt: Some(2) }));
}

#[test]
fn a_state_says_who_reported_it_and_when() {
    let body = about(
        r#""deployment":{"id":4},"workflow_run":null,"deployment_status":{"id":6,"state":"success",
           "creator":{"id":2,"login":"deployer[bot]","type":"Bot"},"performed_via_github_app":{"id":77},
           "created_at":"2026-11-20T09:00:00Z"}"#,
    );
    let What::DeploymentStatus { state, report, run, .. } = event("deployment_status", &body).what else {
        panic!()
    };
    assert_eq!((state.as_deref(), report.id, report.app, run), (Some("success"), Some(6), Some(77), None));
    assert_eq!(report.creator.map(|creator| creator.person), Some(false));
    assert_eq!(report.created_at.map(|at| at.to_string()).as_deref(), Some("2026-11-20T09:00:00Z"));
}

#[test]
fn a_review_says_who_may_review_and_who_did() {
    let body = about(
        r#""action":"approved","since":"2026-11-20T09:00:00Z","comment":"Go.","workflow_run":{"id":5},
           "approver":{"id":9,"login":"ana","type":"User"},
           "workflow_job_runs":[{"environment":"prod-b"},{"environment":"prod-a"},{"environment":"prod-b"}],
           "reviewers":[{"type":"Team","reviewer":{"id":7,"slug":"ops","name":"Ops"}},
                        {"type":"User","reviewer":{"id":8,"login":"lee","type":"User"}},{"type":"User"}]"#,
    );
    let What::DeploymentReview { action, environment, run, review } = event("deployment_review", &body).what
    else {
        panic!()
    };
    assert_eq!((action.as_str(), environment.as_deref(), run), ("approved", Some("prod-b"), Some(5)));
    assert_eq!(review.environments, ["prod-a", "prod-b"]);
    assert_eq!((review.approver.unwrap().login.as_str(), review.comment.as_deref()), ("ana", Some("Go.")));
    let who = |reviewer: &DeploymentReviewer| match reviewer {
        DeploymentReviewer::User(user) => user.login.clone(),
        DeploymentReviewer::Team(team) => format!("team {}", team.slug.as_deref().unwrap_or_default()),
    };
    assert_eq!(review.reviewers.iter().map(who).collect::<Vec<_>>(), ["team ops", "lee"]);
}

#[test]
fn what_an_earlier_version_stored_is_still_read() {
    for stored in [
        r#"{"event":"protection_rule","environment":"production","callback_url":"https://x","deployment":null}"#,
        r#"{"event":"deployment","action":"created","deployment":{"id":1,"environment":null,"sha":null,"reference":null}}"#,
        r#"{"event":"deployment_status","state":"success","deployment":{"id":1,"environment":null,"sha":null,"reference":null}}"#,
        r#"{"event":"deployment_review","action":"requested","environment":null,"run":1}"#,
    ] {
        serde_json::from_str::<What>(stored).unwrap();
    }
}
