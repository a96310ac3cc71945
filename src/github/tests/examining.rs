//! What protects a repository, by its rulesets and by its own protection, and where webhooks go.

use std::collections::BTreeMap;

use super::*;
use crate::domain::{
    doctor::{RepositorySeen, WebhookSeen},
    event::{AccountSnapshot, RepositorySnapshot},
    policy::{EffectivePolicy, Scope, parse},
};

async fn examined(stage: &Stage) -> RepositorySeen {
    let installation = Installation {
        id: InstallationId(3),
        account: AccountSnapshot { id: AccountId(1), login: "acme".into(), organisation: true },
        suspended: false,
        permissions: BTreeMap::new(),
    };
    let repository = RepositorySnapshot {
        id: REPO,
        name: "acme/web".parse().unwrap(),
        default_branch: Some("main".into()),
        private: Some(true),
        archived: Some(false),
    };
    let policy = parse("policy", "version: 1\nmode: enforce\n", Scope::Alone).unwrap();
    let look = Look { host: "github.com", installation: &installation, repository: &repository };
    stage.github.examine(look, EffectivePolicy::of(Some(Arc::new(policy)), None)).await
}

#[tokio::test]
async fn checks_are_required_by_rulesets_and_by_the_protection_of_the_branch() {
    let stage = Stage::new().await;
    let rule = json!({ "type": "required_status_checks", "ruleset_id": 9,
        "parameters": { "required_status_checks": [{ "context": "a", "integration_id": APP }, { "context": "b" }] } });
    stage.on("GET /repos/acme/web/rules", say(200, json!([rule, { "type": "deletion" }])));
    let checks = json!([{ "context": "c", "app_id": 7 }, { "context": "d", "app_id": -1 }, { "context": "e", "app_id": null }]);
    let protection = json!({ "required_status_checks": { "checks": checks, "contexts": [] }, "enforce_admins": { "enabled": false } });
    stage.on("GET /repos/acme/web/branches/main/protection", say(200, protection));
    stage.on("GET /repos/acme/web/environments", say(200, json!({ "environments": [] })));
    let seen = examined(&stage).await;
    let required: Vec<(&str, Option<u64>)> =
        seen.required.iter().map(|it| (it.name.as_str(), it.app)).collect();
    assert_eq!(required, [("a", Some(APP)), ("b", None), ("c", Some(7)), ("d", None), ("e", None)]);
    assert!(seen.administrators_merge && seen.unread.is_empty(), "{seen:?}");
}

#[tokio::test]
async fn what_github_does_not_show_is_said_and_not_taken_for_well() {
    let stage = Stage::new().await;
    stage.on("GET /repos/acme/web/rules", say(200, json!([])));
    let refused = json!({ "message": "Resource not accessible by integration" });
    stage.on("GET /repos/acme/web/branches/main/protection", say(403, refused.clone()));
    stage.on("GET /repos/acme/web/environments", say(403, refused));
    let seen = examined(&stage).await;
    insta::assert_snapshot!(seen.unread.join("\n"), @"
    how its default branch is protected by itself is not shown to the App, which lacks Administration: read
    its environments were not shown to the App: GitHub does not let us (403) at 10:04 UTC: Resource not accessible by integration
    ");
    assert!(seen.required.is_empty() && !seen.administrators_merge, "{seen:?}");
}

#[tokio::test]
async fn where_webhooks_go_and_what_came_of_the_last_is_read() {
    let stage = Stage::new().await;
    for (insecure, sent, seen) in [
        (json!("0"), json!([{ "id": 1, "status_code": 202 }]), (false, Some(202))),
        (json!("1"), json!([{ "id": 1, "status_code": 0 }]), (true, Some(0))),
        (json!(1), json!([]), (true, None)),
    ] {
        stage.on(
            "GET /app/hook/config",
            say(200, json!({ "url": "https://x.example", "insecure_ssl": insecure })),
        );
        stage.on("GET /app/hook/deliveries", say(200, sent));
        let url = Some("https://x.example".into());
        let expected = WebhookSeen { url, insecure: seen.0, last: seen.1 };
        assert_eq!(stage.github.webhook().await.unwrap(), expected);
    }
}
