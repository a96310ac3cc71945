//! An App that asks the sandbox for everything that it can answer, also what Changegate itself never asks for.

use changegate::sandbox::{Fault, Numbered, On, Sandbox};
use http::Method;
use serde_json::{Value, json};

use crate::wire::send;

/// The App, by itself or as its installation.
struct Asker<'s> {
    sandbox: &'s Sandbox,
    bearer: String,
}

impl<'s> Asker<'s> {
    fn app(sandbox: &'s Sandbox) -> Self {
        let now = sandbox.now().as_second();
        let claims = json!({ "iss": sandbox.app_id().to_string(), "iat": now - 60, "exp": now + 540 });
        let key = jsonwebtoken::EncodingKey::from_rsa_pem(sandbox.private_key_pem().as_bytes()).unwrap();
        let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
        let jwt = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        Self { sandbox, bearer: format!("Bearer {jwt}") }
    }

    async fn installed(sandbox: &'s Sandbox, narrowed: Value) -> Self {
        let app = Self::app(sandbox);
        let id = app.get("/orgs/acme/installation").await["id"].clone();
        let token = app.post(&format!("/app/installations/{id}/access_tokens"), narrowed).await;
        Self { sandbox, bearer: format!("Bearer {}", token["token"].as_str().unwrap()) }
    }

    /// Asks, and reads the answer; null where it has no body.
    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.sandbox.api_url());
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (_, answer) = send(method, &url, &[("authorization", &self.bearer)], &body).await;
        serde_json::from_str(&answer).unwrap_or_default()
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.ask(Method::POST, path, body).await
    }

    async fn patch(&self, path: &str, body: Value) -> Value {
        self.ask(Method::PATCH, path, body).await
    }
}

/// What acme/web has to show.
pub struct Sights {
    pub issue: Numbered,
    /// The pull request of the branch `asked`.
    pub pull: Numbered,
    /// An issue that went to another repository.
    pub gone: Numbered,
    pub deleted: Numbered,
    /// The name that a repository had before.
    pub former: &'static str,
}

/// Asks for everything.
pub async fn ask_everything(sandbox: &Sandbox, sights: &Sights) {
    as_the_app(sandbox).await;
    let installed = Asker::installed(sandbox, Value::Null).await;
    read(&installed).await;
    read_sights(&installed, sights).await;
    deployments(&installed).await;
    write(&installed, sights.issue.number).await;
    be_refused(&installed, sights.issue.number).await;
}

/// With less than is needed, and on GitHub's bad days.
async fn be_refused(installed: &Asker<'_>, issue: u64) {
    let sandbox = installed.sandbox;
    let narrow = json!({ "repositories": ["web"], "permissions": { "issues": "read" } });
    let narrowed = Asker::installed(sandbox, narrow).await;
    narrowed.get("/installation/repositories").await;
    narrowed.post(&format!("/repos/acme/web/issues/{issue}/labels"), json!({ "labels": ["x"] })).await;
    narrowed.get("/repos/acme/.github/issues/1").await;
    Asker { sandbox, bearer: "Bearer ghs_forgotten".to_owned() }.get("/repos/acme/web").await;
    for fault in [
        Fault::ErrorBefore(502),
        Fault::Unauthorized,
        Fault::Forbidden { retry_after: 60 },
        Fault::TooMany { retry_after: 60 },
        Fault::NotFound,
    ] {
        sandbox.fault(On::Everything, fault, 1);
        installed.get("/repos/acme/web/issues/1").await;
    }
}

async fn as_the_app(sandbox: &Sandbox) {
    let app = Asker::app(sandbox);
    let id = app.get("/app/installations").await[0]["id"].clone();
    app.get("/app/hook/config").await;
    let delivery = app.get("/app/hook/deliveries?per_page=5").await[0]["id"].clone();
    for path in
        ["/app", "/repos/acme/web/installation", "/users/stranger/installation", "/orgs/acme/installation"]
    {
        app.get(path).await;
    }
    app.get(&format!("/app/installations/{id}")).await;
    app.get("/app/installations/7").await;
    app.get(&format!("/app/hook/deliveries/{delivery}")).await;
    app.post(&format!("/app/hook/deliveries/{delivery}/attempts"), Value::Null).await;
    let too_much = json!({ "permissions": { "contents": "write" } });
    app.post(&format!("/app/installations/{id}/access_tokens"), too_much).await;
}

async fn read(asker: &Asker<'_>) {
    for path in [
        "/rate_limit",
        "/meta",
        "/installation/repositories?per_page=1",
        "/orgs/acme/teams/triage/members",
        "/repos/acme/web",
        "/repos/acme/open",
        "/repos/acme/web/contents/README.md",
        "/repos/acme/.github/contents/.github",
        "/repos/acme/web/contents/none.md",
        "/repos/acme/web/commits/main",
        "/repos/acme/web/commits/none",
        "/repos/acme/web/commits/asked/check-runs",
        "/repos/acme/web/pulls?state=all",
        "/repos/acme/web/milestones?state=all",
        "/repos/acme/web/milestones/1",
        "/repos/acme/web/issues?state=all&per_page=5",
        "/repos/acme/web/issues/9999",
    ] {
        asker.get(path).await;
    }
}

/// Of deployments, and of GitHub's own rules; the App's rule answers where nothing waits.
async fn deployments(asker: &Asker<'_>) {
    let rules = asker.get("/repos/acme/web/rules/branches/main").await;
    asker.get(&format!("/repos/acme/web/rulesets/{}", rules[0]["ruleset_id"])).await;
    let runs = asker.get("/repos/acme/web/actions/runs").await;
    let run = format!("/repos/acme/web/actions/runs/{}", runs["workflow_runs"][0]["id"]);
    let rule = json!({ "environment_name": "production", "state": "approved" });
    asker.post(&format!("{run}/deployment_protection_rule"), rule.clone()).await;
    asker.post("/repos/acme/web/actions/runs/1/deployment_protection_rule", rule).await;
    asker.get(&format!("{run}/pending_deployments")).await;
    for path in [
        "/repos/acme/web/actions/runs?status=failure",
        "/repos/acme/web/compare/main...asked",
        "/repos/acme/web/compare/main...none",
        "/repos/acme/web/environments?per_page=100",
        "/repos/acme/web/environments/guarded",
        "/repos/acme/web/branches/main/protection",
        "/repos/acme/web/branches/none/protection",
        "/repos/acme/web/rulesets/1",
        "/repos/acme/web/environments/staging",
        "/repos/acme/web/environments/staging/deployment_protection_rules",
    ] {
        asker.get(path).await;
    }
}

async fn read_sights(asker: &Asker<'_>, sights: &Sights) {
    asker.get(&format!("/repos/acme/web/pulls/{}", sights.pull.number)).await;
    for rest in ["", "/comments", "/labels"] {
        asker.get(&format!("/repos/acme/web/issues/{}{rest}", sights.issue.number)).await;
    }
    for away in [sights.gone, sights.deleted] {
        let away = format!("/repos/acme/web/issues/{}", away.number);
        asker.get(&away).await;
        asker.patch(&away, json!({ "state": "open" })).await;
    }
    asker.get(&format!("/repos/{}", sights.former)).await;
    let runs = asker.get("/repos/acme/web/commits/asked/check-runs").await;
    asker.get(&format!("/repos/acme/web/check-runs/{}", runs["check_runs"][0]["id"])).await;
}

async fn write(asker: &Asker<'_>, issue: u64) {
    let about = format!("/repos/acme/web/issues/{issue}");
    let comment = asker.post(&format!("{about}/comments"), json!({ "body": "Hello." })).await;
    let comment = format!("/repos/acme/web/issues/comments/{}", comment["id"]);
    asker.get(&comment).await;
    asker.post(&format!("{about}/comments"), json!({ "body": "" })).await;
    for content in ["eyes", "eyes", "rocket"] {
        asker.post(&format!("{about}/reactions"), json!({ "content": content })).await;
        asker.post(&format!("{comment}/reactions"), json!({ "content": content })).await;
    }
    asker.ask(Method::DELETE, &comment, Value::Null).await;
    asker.ask(Method::DELETE, &format!("{about}/labels/none"), Value::Null).await;
    for change in [json!({ "state": "closed", "state_reason": "not_planned" }), json!({ "state": "open" })] {
        asker.patch(&about, change).await;
    }
    let milestone = asker.post("/repos/acme/web/milestones", json!({ "title": "2027.01" })).await;
    let changes = json!({ "description": "January", "due_on": "2027-01-07T08:00:00Z", "state": "closed" });
    asker.patch(&format!("/repos/acme/web/milestones/{}", milestone["number"]), changes).await;
    let nowhere = json!({ "name": "other", "head_sha": "0".repeat(40) });
    asker.post("/repos/acme/web/check-runs", nowhere).await;
}
