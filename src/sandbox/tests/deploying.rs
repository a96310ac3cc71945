//! Runs that wait for the App's rule, what the App may say, and what is seen of it.

use serde_json::{Value, json};

use super::{Answered, Asker, acme, owed};
use crate::sandbox::Sandbox;

const WEB: &str = "acme/web";

async fn review(asker: &Asker<'_>, run: u64, body: Value) -> Answered {
    asker.post(&format!("/repos/acme/web/actions/runs/{run}/deployment_protection_rule"), body).await
}

fn verdict(state: &str) -> Value {
    json!({ "environment_name": "production", "state": state, "comment": "Because." })
}

/// The words of a run: attempt, status, conclusion.
fn words(sandbox: &Sandbox, run: u64) -> (u64, String, Value) {
    let run = sandbox.run(WEB, run);
    let status = run["status"].as_str().unwrap_or_default().to_owned();
    (run["run_attempt"].as_u64().unwrap_or_default(), status, run["conclusion"].clone())
}

fn states(sandbox: &Sandbox) -> Vec<String> {
    sandbox.deployments(WEB, "production").into_iter().map(|(_, state)| state).collect()
}

#[tokio::test]
async fn a_job_waits_for_the_rule_and_starts_when_it_says_yes() {
    let sandbox = acme().await;
    let (ana, installed) = (sandbox.by("ana"), Asker::installed(&sandbox, Value::Null).await);
    ana.protect(WEB, "production", true, true);
    sandbox.take_deliveries();
    let run = ana.dispatch(WEB, &["production"], "main");
    let told = sandbox.take_deliveries();
    let names: Vec<&str> = told.iter().map(|delivery| delivery.event.as_str()).collect();
    assert_eq!(names, ["deployment", "deployment_status", "deployment_protection_rule"]);
    let [began, _, request] = [0, 1, 2].map(|n: usize| {
        let body = told.get(n).map(|delivery| delivery.body.as_str());
        serde_json::from_str::<Value>(body.expect("a delivery")).expect("JSON")
    });
    assert_eq!(
        (&began["workflow_run"]["id"], &began["workflow_run"]["status"]),
        (&json!(run), &json!("queued"))
    );
    let callback =
        format!("{}/repos/acme/web/actions/runs/{run}/deployment_protection_rule", sandbox.api_url());
    assert_eq!((&request["environment"], &request["ref"]), (&json!("production"), &json!("main")));
    assert_eq!(request["deployment_callback_url"], callback);
    assert_eq!(words(&sandbox, run), (1, "waiting".to_owned(), Value::Null));
    let waiting = installed.get("/repos/acme/web/actions/runs?status=waiting").await.json();
    assert_eq!(waiting["workflow_runs"][0]["id"], run);
    let pending = format!("/repos/acme/web/actions/runs/{run}/pending_deployments");
    assert_eq!(installed.get(&pending).await.json()[0]["environment"]["name"], "production");

    assert_eq!(review(&installed, run, verdict("approved")).await.status, 204);
    assert_eq!(words(&sandbox, run), (1, "in_progress".to_owned(), Value::Null));
    assert_eq!(installed.get(&pending).await.json(), json!([]));
    sandbox.finish_run(WEB, run, true);
    assert_eq!(words(&sandbox, run), (1, "completed".to_owned(), json!("success")));
    assert_eq!(owed(&sandbox), ["deployment_status.created", "deployment_status.created"]);
    assert_eq!(review(&installed, run, verdict("approved")).await.status, 422, "nothing waits any more");
}

#[tokio::test]
async fn a_rejected_job_fails_and_a_re_run_asks_again() {
    let sandbox = acme().await;
    let (ana, installed) = (sandbox.by("ana"), Asker::installed(&sandbox, Value::Null).await);
    ana.protect(WEB, "Production", true, true);
    let run = ana.dispatch(WEB, &["production"], "main");
    assert_eq!(review(&installed, run, verdict("rejected")).await.status, 204);
    assert_eq!(words(&sandbox, run), (1, "completed".to_owned(), json!("failure")));
    sandbox.take_deliveries();
    sandbox.by("rm").rerun(WEB, run);
    assert_eq!(words(&sandbox, run), (2, "waiting".to_owned(), Value::Null));
    assert_eq!(sandbox.run(WEB, run)["triggering_actor"]["login"], "rm");
    assert_eq!(
        owed(&sandbox),
        ["deployment.created", "deployment_status.created", "deployment_protection_rule.requested"]
    );
    assert_eq!(states(&sandbox), ["failure", "waiting"]);
}

#[tokio::test]
async fn an_environment_that_nobody_protected_is_made_and_lets_through() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let run = sandbox.by("ana").dispatch(WEB, &["production", "prod/eu"], "main");
    assert_eq!(words(&sandbox, run).1, "in_progress");
    let environment = installed.get("/repos/acme/web/environments/prod%2Feu").await.json();
    assert_eq!(environment["can_admins_bypass"], true);
    let rules = "/repos/acme/web/environments/prod%2Feu/deployment_protection_rules";
    assert_eq!(installed.get(rules).await.json()["custom_deployment_protection_rules"], json!([]));
    sandbox.by("ana").protect(WEB, "prod/eu", true, false);
    let rule = installed.get(rules).await.json();
    assert_eq!(rule["custom_deployment_protection_rules"][0]["app"]["id"], sandbox.app_id());
    assert_eq!(installed.get("/repos/acme/web/environments/none").await.status, 404);
}

#[tokio::test]
async fn owners_start_what_waits_where_the_environment_lets_them() {
    let sandbox = acme().await;
    let ana = sandbox.by("ana");
    ana.protect(WEB, "production", true, false);
    let run = ana.dispatch(WEB, &["production"], "main");
    assert!(!ana.start_all_waiting(WEB, run));
    ana.protect(WEB, "production", true, true);
    assert!(!sandbox.by("stranger").start_all_waiting(WEB, run));
    sandbox.take_deliveries();
    assert!(ana.start_all_waiting(WEB, run));
    assert_eq!(owed(&sandbox), ["deployment_status.created"]);
    assert_eq!(states(&sandbox), ["in_progress"]);
}

#[tokio::test]
async fn ten_notes_are_taken_and_no_long_one() {
    let sandbox = acme().await;
    let (ana, installed) = (sandbox.by("ana"), Asker::installed(&sandbox, Value::Null).await);
    ana.protect(WEB, "production", true, true);
    let run = ana.dispatch(WEB, &["production"], "main");
    let note = |text: &str| json!({ "environment_name": "production", "comment": text });
    for n in 0..10 {
        assert_eq!(review(&installed, run, note(&format!("{n}"))).await.status, 204);
    }
    for refused in [note("eleven"), note(&"x".repeat(1_025)), note(""), verdict("maybe")] {
        assert_eq!(review(&installed, run, refused).await.status, 422);
    }
    assert_eq!(sandbox.notes(WEB, run, "production").len(), 10);
    assert_eq!(words(&sandbox, run).1, "waiting");
    let narrow = json!({ "permissions": { "deployments": "read", "actions": "read" } });
    let reader = Asker::installed(&sandbox, narrow).await;
    assert_eq!(review(&reader, run, verdict("approved")).await.status, 403);
    assert_eq!(review(&installed, run + 1, verdict("approved")).await.status, 404);
}

#[tokio::test]
async fn what_ran_before_is_inactive_when_something_else_succeeds() {
    let sandbox = acme().await;
    let (ana, installed) = (sandbox.by("ana"), Asker::installed(&sandbox, Value::Null).await);
    ana.push(WEB, "main", &[("a", "1")], "One");
    for _ in 0..2 {
        let run = ana.dispatch(WEB, &["production"], "main");
        sandbox.finish_run(WEB, run, true);
    }
    ana.dispatch(WEB, &["staging"], "main");
    assert_eq!(states(&sandbox), ["inactive", "success"]);
    let query = "{ repository(owner: \"acme\", name: \"web\") { deployments(environments: [\"production\"], first: 5,
        orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { state latestStatus { state } ref { name }
        creator { login } } } } }";
    let answer = installed.query(query, Value::Null).await;
    let shown = |state: &str, status: &str| {
        json!({ "state": state, "latestStatus": { "state": status }, "ref": { "name": "main" },
            "creator": { "login": "ana" } })
    };
    assert_eq!(
        answer["data"]["repository"]["deployments"],
        json!({ "totalCount": 2, "nodes": [shown("ACTIVE", "SUCCESS"), shown("INACTIVE", "INACTIVE")] })
    );
}

#[tokio::test]
async fn two_commits_are_compared_from_where_they_parted() {
    let sandbox = acme().await;
    let (ana, installed) = (sandbox.by("ana"), Asker::installed(&sandbox, Value::Null).await);
    let base = ana.push(WEB, "main", &[("a", "1")], "One");
    ana.create_branch(WEB, "release/1", "main");
    let heads = ["2", "3", "4"].map(|text| ana.push(WEB, "main", &[("a", text)], "More"));
    let fix = ana.push(WEB, "release/1", &[("b", "1")], "Fix");
    let head = heads.last().expect("a head");
    for (span, status, ahead, behind) in [
        (format!("{base}...{head}"), "ahead", 3, 0),
        (format!("{head}...{base}"), "behind", 0, 3),
        (format!("{base}...{base}"), "identical", 0, 0),
        ("release/1...main".to_owned(), "diverged", 3, 1),
        (format!("main...{fix}"), "diverged", 1, 3),
    ] {
        let found = installed.get(&format!("/repos/acme/web/compare/{span}")).await.json();
        assert_eq!(found["status"], status, "{span}");
        assert_eq!((&found["ahead_by"], &found["behind_by"]), (&json!(ahead), &json!(behind)), "{span}");
        assert_eq!(found["merge_base_commit"]["sha"], *base, "{span}");
    }
    let second = format!("/repos/acme/web/compare/{base}...{head}?per_page=2&page=2");
    let second = installed.get(&second).await.json();
    assert_eq!((&second["total_commits"], &second["files"]), (&json!(3), &Value::Null));
    assert_eq!(second["commits"].as_array().map(Vec::len), Some(1));
    assert_eq!(second["commits"][0]["sha"], **head);
    let none = format!("/repos/acme/web/compare/{base}...{}", "0".repeat(40));
    assert_eq!(installed.get(&none).await.status, 404);
}

#[tokio::test]
async fn an_annotated_tag_stands_before_its_commit() {
    let sandbox = acme().await;
    let (ana, installed) = (sandbox.by("ana"), Asker::installed(&sandbox, Value::Null).await);
    ana.annotate_tag(WEB, "v1", "main");
    ana.annotate_tag(WEB, "latest", "v1");
    let query =
        "{ repository(owner: \"acme\", name: \"web\") { ref(qualifiedName: \"refs/tags/latest\") { target {
        __typename ... on Tag { target { __typename ... on Tag { target { __typename oid } } } } } } } }";
    let answer = installed.query(query, Value::Null).await;
    let head = sandbox.head(WEB, "main").expect("a head");
    let target = &answer["data"]["repository"]["ref"]["target"];
    assert_eq!(target["target"]["target"], json!({ "__typename": "Commit", "oid": head }));
    assert_eq!(installed.get("/repos/acme/web/commits/latest").await.json()["sha"], *head);
}
