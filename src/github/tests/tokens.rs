//! Who we are to GitHub.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::ExposeSecret;

use super::*;
use crate::domain::{
    effect::{Call, Effect},
    facts::{Fact, Question, TeamName},
};

fn label() -> Effect {
    Effect::new(Call::Label { on: issue(1), name: "bug".into(), present: true })
}

fn bearer(seen: &Seen) -> &str {
    seen.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap()
}

#[tokio::test]
async fn the_app_signs_for_nine_minutes_and_says_which_app_it_is() {
    let stage = Stage::new().await;
    stage.on("GET /app", say(200, json!({"id": APP, "slug": "changegate", "unread": [1, 2]})));
    assert_eq!(stage.github.app().await.unwrap(), App { id: APP, slug: "changegate".into() });

    let asked = stage.asked();
    let der =
        KeyPair::from_pkcs8(&STANDARD.decode(private_key().expose_secret().lines().nth(1).unwrap()).unwrap());
    let der = aws_lc_rs::signature::KeyPair::public_key(&der.unwrap()).as_ref().to_vec();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    let token =
        jsonwebtoken::decode::<Value>(bearer(&asked[0]), &DecodingKey::from_rsa_der(&der), &validation);
    let now = stage.clock.now().as_second();
    assert_eq!(token.unwrap().claims, json!({"iat": now - 60, "exp": now + 540, "iss": "4242"}));
    assert_eq!(asked[0].headers["x-github-api-version"], API_VERSION);
    assert_eq!(asked[0].headers["accept"], "application/vnd.github+json");
}

#[tokio::test]
async fn a_token_opens_one_repository_for_one_purpose() {
    let stage = Stage::new().await;
    stage.on("POST /repos/acme/web/issues/1/labels", say(200, json!([])));
    stage.on("POST /graphql", say(200, json!({"data": {"q0": {"databaseId": 7, "issue": null}}})));
    stage.github.perform(&place(), &label(), None, 0).await.unwrap();
    stage.github.answer(&place(), &[Question::Issue(issue(1))]).await;
    let minted: Vec<String> =
        stage.minted().iter().map(|seen| format!("{} {}", seen.line, seen.body)).collect();
    insta::assert_snapshot!(minted.join("\n"), @r#"
    POST /app/installations/3/access_tokens {"repository_ids":[7],"permissions":{"checks":"write","issues":"write","metadata":"read","pull_requests":"write"}}
    POST /app/installations/3/access_tokens {"repository_ids":[7],"permissions":{"checks":"read","contents":"read","issues":"read","members":"read","merge_queues":"read","metadata":"read","pull_requests":"read"}}
    "#);
}

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_it_expires() {
    let stage = Stage::new().await;
    for (minutes, minted) in [(0, 1), (54, 1), (2, 2), (1, 2)] {
        stage.clock.advance(SignedDuration::from_mins(minutes));
        stage.on("POST /repos", say(200, json!([])));
        stage.github.perform(&place(), &label(), None, 0).await.unwrap();
        assert_eq!(stage.minted().len(), minted, "after {minutes} more minutes");
    }
    let used: Vec<String> = stage.asked().iter().map(|seen| bearer(seen).to_owned()).collect();
    assert_eq!(used, ["ghs_1", "ghs_1", "ghs_2", "ghs_2"]);
}

#[tokio::test]
async fn a_token_that_github_forgot_is_replaced_once() {
    let stage = Stage::new().await;
    stage.on("POST /repos", say(200, json!([])));
    stage.github.perform(&place(), &label(), None, 0).await.unwrap();
    stage.clock.advance(SignedDuration::from_mins(10));
    stage.on("POST /repos", say(401, json!({}))).on("POST /repos", say(200, json!([])));
    assert!(stage.github.perform(&place(), &label(), None, 0).await.is_ok());
    assert_eq!(stage.minted().len(), 2);
}

#[tokio::test]
async fn a_token_too_young_to_be_known_everywhere_is_tried_again_soon() {
    let stage = Stage::new().await;
    for status in [401, 403] {
        let refusal = json!({"message": "Resource not accessible by integration"});
        stage.on("POST /repos", say(status, refusal));
        let failure = stage.github.perform(&place(), &label(), None, 0).await.unwrap_err();
        let Failure::Later { at, .. } = failure else { panic!("{failure:?}") };
        assert!(stage.seconds_until(at) <= 1);
    }
    assert_eq!(stage.minted().len(), 1);
}

#[tokio::test]
async fn without_the_members_permission_only_teams_are_unknown() {
    let stage = Stage::new().await;
    let refused = json!({"message": "The permissions requested are not granted to this installation."});
    stage.on("POST /app/installations/3/access_tokens", say(422, refused));
    let team = Question::Team(TeamName { organisation: "acme".into(), slug: "qa".into() });
    let hidden = json!({
        "data": {"q0": {"databaseId": 7, "issue": null}, "q1": {"team": null}},
        "errors": [{"type": "FORBIDDEN", "path": ["q1", "team"], "message": "Resource not accessible by integration"}]
    });
    stage.on("POST /graphql", say(200, hidden));
    let found = stage.github.answer(&place(), &[team, Question::Issue(issue(1))]).await;
    insta::assert_snapshot!(
        format!("{:?}\n{:?}", found[0].1, found[1].1.clone().known().is_some()),
        @r#"
        Unknown("GitHub did not answer this at 10:04 UTC: Resource not accessible by integration")
        true
        "#
    );
    let asked: Vec<bool> =
        stage.minted().iter().map(|seen| seen.body["permissions"]["members"].is_string()).collect();
    assert_eq!(asked, [true, false], "asked for once, and once without");

    stage.github.permissions_changed(InstallationId(3));
    stage.on("POST /graphql", say(200, json!({"data": {"q0": {"databaseId": 7, "issue": null}}})));
    stage.github.answer(&place(), &[Question::Issue(issue(1))]).await;
    assert!(stage.minted()[2].body["permissions"]["members"].is_string());
}

#[tokio::test]
async fn a_repository_outside_the_installation_is_no_reason_to_ask_for_less() {
    let stage = Stage::new().await;
    let refused =
        json!({"message": "There is at least one repository that does not exist or is not accessible."});
    stage.on("POST /app/installations/3/access_tokens", say(422, refused));
    let found = stage.github.answer(&place(), &[Question::Issue(issue(1))]).await;
    assert_eq!(stage.minted().len(), 1);
    insta::assert_snapshot!(format!("{:?}", found[0].1), @r#"Unknown("GitHub did not take it (422) at 10:04 UTC: There is at least one repository that does not exist or is not accessible.")"#);
}

#[tokio::test]
async fn the_next_key_serves_where_github_does_not_know_the_newest() {
    let mut stage = Stage::new().await;
    stage.github.keys = auth::AppKeys::new(APP, &[private_key(), private_key()]).unwrap();
    stage.on("GET /app", say(401, json!({"message": "A JSON web token could not be decoded"})));
    stage.on("GET /app", say(200, json!({"id": APP, "slug": "changegate"})));
    assert!(stage.github.app().await.is_ok());
    stage.on("GET /app", say(401, json!({}))).on("GET /app", say(401, json!({})));
    insta::assert_snapshot!(format!("{:?}", stage.github.app().await.unwrap_err()), @r#"Refused { why: "GitHub did not accept our credentials (401) at 10:04 UTC" }"#);
}

#[tokio::test]
async fn an_app_that_was_uninstalled_is_told_from_a_fact_that_is_not_there() {
    let stage = Stage::new().await;
    stage.on("POST /app/installations/3/access_tokens", say(404, json!({})));
    let found = stage.github.answer(&place(), &[Question::PolicyFile(REPO)]).await;
    assert_eq!(found[0].1, Fact::Unknown("the App is not installed there any more".into()));
    let nowhere = Place { installation: None, ..place() };
    let found = stage.github.answer(&nowhere, &[Question::PolicyFile(REPO)]).await;
    assert!(matches!(&found[0].1, Fact::Unknown(_)));
    assert!(matches!(stage.github.perform(&nowhere, &label(), None, 0).await, Err(Failure::Refused { .. })));
}

#[tokio::test]
async fn no_secret_is_ever_printed() {
    let stage = Stage::new().await;
    stage.on("POST /repos", say(200, json!([])));
    stage.github.perform(&place(), &label(), None, 0).await.unwrap();
    let printed = format!("{:?}", stage.github);
    assert!(!printed.contains("ghs_") && !printed.contains("PRIVATE"), "{printed}");
    let settings = GitHubSettings {
        api_url: String::new(),
        app_id: 1,
        private_keys: vec!["canary".into()],
        marker_secrets: vec![signature::Secret::new("canary").unwrap()],
        api_version: String::new(),
        trusted_root: None,
        issuers: vec![],
    };
    assert!(!format!("{settings:?}").contains("canary"));
    let error = GitHub::new(&settings, Clock::system()).unwrap_err();
    insta::assert_snapshot!(error, @"private key number 1 is not an RSA key in PEM");
}

#[tokio::test]
async fn installations_and_their_repositories_are_listed_page_by_page() {
    let stage = Stage::with("/api/v3").await;
    let one =
        |id: u64| json!({"id": id, "account": {"id": id, "login": format!("a{id}"), "type": "Organization"}});
    stage.on(
        "GET /api/v3/app/installations?per_page=100&page=1",
        say(200, (0..100).map(one).collect::<Value>()),
    );
    stage.on("GET /api/v3/app/installations?per_page=100&page=2", say(200, json!([one(100), {"id": 101}])));
    let installations = stage.github.installations().await.unwrap();
    assert_eq!(installations.len(), 101);
    assert!(installations[100].account.organisation);

    let repositories =
        json!({"total_count": 1, "repositories": [{"id": 7, "full_name": "acme/web", "private": true}]});
    stage.on("GET /api/v3/installation/repositories?per_page=100&page=1", say(200, repositories));
    let found = stage.github.installation_repositories(InstallationId(3)).await.unwrap();
    assert_eq!(found[0].name.as_str(), "acme/web");
    assert_eq!(stage.minted()[0].body["repository_ids"], Value::Null);
}
