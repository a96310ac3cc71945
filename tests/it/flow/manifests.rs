//! What the App can do with the permissions and events of its manifests, and with nothing else.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Scene, assert_snapshot, scenario};

const INTAKE: &str = include_str!("../../../deploy/github-app-intake.json");
const WHOLE: &str = include_str!("../../../deploy/github-app.json");

fn list<T: serde::de::DeserializeOwned>(manifest: &str, what: &str) -> T {
    let manifest: Value = serde_json::from_str(manifest).unwrap();
    serde_json::from_value(manifest[what].clone()).unwrap()
}

/// The App is installed anew with what the manifest asks for.
async fn install(s: &Scene, manifest: &str) {
    let permissions: BTreeMap<String, String> = list(manifest, "default_permissions");
    let permissions: Vec<(&str, &str)> = permissions.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let events: Vec<String> = list(manifest, "default_events");
    s.by("rosa").uninstall("acme");
    s.github().set_app_permissions(&permissions);
    s.github().set_app_events(&events.iter().map(String::as_str).collect::<Vec<_>>());
    s.by("rosa").install("acme", None);
    s.settle().await;
}

#[tokio::test]
async fn with_intake_alone_requests_are_taken_in_triaged_and_planned() {
    scenario(async |s| {
        // Tokens are asked for with less, once it is known that there is no more.
        s.expect_refusals();
        install(s, INTAKE).await;
        let issue = s.change_request("Export").await;
        s.by("sam").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested", "sam is no triager, and GitHub was asked who is");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.labels(issue), ["change-request", "triage/accepted"]);
        assert_snapshot!(s.status(issue), @"
        **Change request** · accepted
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #1` (elsewhere `Closes acme/web#1`) in its description.
        ");
    })
    .await;
}

#[tokio::test]
async fn with_the_whole_manifest_a_pull_request_gets_its_check() {
    scenario(async |s| {
        install(s, WHOLE).await;
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
    })
    .await;
}
