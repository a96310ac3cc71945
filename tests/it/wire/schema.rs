//! What schemathesis makes of the description of the API, sent to the program: every answer is one that is described.

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{
    gate::{BY_PIPELINE, merged},
    letter::Letter,
    place::Place,
};
use crate::support::Database;

/// Of so many operations of ten at least one answer is what was asked for.
const ANSWERED: usize = 6;

/// Nobody waits for minutes, and what is looked at is there. What the description allows may still be no cursor of ours, or not
/// go together: that is answered with 422.
const SETTINGS: &str = r#"
[parameters]
"query.wait" = "0s"
"path.id" = "GATE"

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "422"]
"#;

/// Whether it can be run.
fn is_installed() -> bool {
    let said =
        Command::new("schemathesis").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let found = said.is_ok_and(|status| status.success());
    let required = std::env::var("CHANGEGATE_REQUIRE").is_ok_and(|list| list.contains("schemathesis"));
    assert!(found || !required, "schemathesis is required, and it cannot be run: `.ci/schema` installs it");
    if !found {
        eprintln!("SKIPPED: put schemathesis on PATH (`.ci/schema`) to try the API by its description.");
    }
    found
}

/// The operations that are described.
fn described(text: &str) -> BTreeSet<String> {
    let description: Value = serde_json::from_str(text).unwrap();
    let paths = description["paths"].as_object().unwrap().iter();
    let operation = |(path, methods): (&String, &Value)| -> Vec<String> {
        methods.as_object().unwrap().keys().map(|method| format!("{method} {path}")).collect()
    };
    paths.flat_map(operation).collect()
}

/// Those of them that were answered with what was asked for.
fn answered(har: &str, gate: &str) -> BTreeSet<String> {
    let har: Value = serde_json::from_str(har).unwrap();
    let good =
        |entry: &&Value| entry["response"]["status"].as_u64().is_some_and(|it| (200..300).contains(&it));
    let operation = |entry: &Value| {
        let url = entry["request"]["url"].as_str().unwrap();
        let path = url.split_once("://").unwrap().1.split_once('/').unwrap().1;
        let path = path.split('?').next().unwrap().replace(gate, "{id}");
        format!("{} /{path}", entry["request"]["method"].as_str().unwrap().to_lowercase())
    };
    har["log"]["entries"].as_array().unwrap().iter().filter(good).map(operation).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers_as_it_is_described_whatever_is_sent() {
    if !is_installed() {
        return;
    }
    let mut place = Place::ruled_by(Database::sqlite(), BY_PIPELINE).await;
    place.set("REQUESTS_PER_MINUTE", "1000000");
    let (server, _, _) = merged(&place).await;
    let token = ["token", "create", "--name", "API", "--repository", "acme/web", "--may", "gate,report,read"];
    let bearer = format!("Authorization: Bearer {}", place.run(&token).out.trim());
    let ask = Letter::get("/api/v1/gates").to("POST", "/api/v1/gates?wait=30s");
    let mut ask = ask.and("Authorization", &bearer[15..]).and("Content-Type", "application/json");
    ask.body = serde_json::json!({ "repository": "acme/web", "environment": "staging", "sha": "a".repeat(40),
        "pipeline": "jenkins", "run_id": "1" })
    .to_string()
    .into();
    let asked: Value = serde_json::from_str(&server.send(&ask).await.body).unwrap();
    assert_eq!(asked["settled"], true, "what is looked at ends: {asked}");
    let gate = asked["id"].as_str().unwrap();
    let settings = place.folder.path().join("schemathesis.toml");
    fs::write(&settings, SETTINGS.replace("GATE", gate)).unwrap();
    let har = place.folder.path().join("har.json");
    let mut command = Command::new("schemathesis");
    command.current_dir(place.folder.path()).arg("--config-file").arg(&settings).args(["--no-color", "run"]);
    command.arg(format!("http://{}/api/openapi.json", server.address)).args(["--header", &bearer]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "20", "--seed", "1"]);
    command.args(["--generation-database", "none", "--request-timeout", "20", "--workers", "1"]);
    command.args(["--report", "har", "--report-har-path"]).arg(&har);
    let said = tokio::task::block_in_place(|| command.output()).unwrap();
    let words = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{words}\n{}", String::from_utf8_lossy(&said.stderr));
    let described = described(&server.ask("/api/openapi.json").await.unwrap().body);
    let answered = answered(&fs::read_to_string(&har).unwrap(), gate);
    let found = described.intersection(&answered).count();
    assert!(found * 10 >= described.len() * ANSWERED, "{found} of {}: {answered:?}", described.len());
    server.stop().await;
    place.close().await;
}
