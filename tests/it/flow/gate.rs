//! A pipeline asks at the gate: the same decision as beside a job that waits, by another door.

use changegate::{
    admin::{self, Answer, NewToken, Order},
    domain::asker::Deed,
    gate::{
        api::GateView,
        asker::secret,
        permit::{self, Permit},
    },
    sandbox::Verdict,
};
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::deploying::{CONTINUOUS, WEB, built};
use crate::support::{Scene, scenario};

/// The same policy, where the pipeline asks.
pub fn by_pipeline() -> String {
    CONTINUOUS.replace("    require:", "    door: pipeline\n    require:")
}

/// A token of ours for a repository, for all that one may be for.
pub async fn token(s: &Scene, random: u8, repository: &str) -> String {
    token_for(s, random, repository, &Deed::ALL, false).await
}

/// A token of ours for these deeds, in a repository or in the whole account that has it.
pub(super) async fn token_for(
    s: &Scene,
    random: u8,
    repository: &str,
    may: &[Deed],
    whole_account: bool,
) -> String {
    let secret = secret::write([random; 32]);
    let at = s.stage.clock.now();
    let new = NewToken {
        digest: secret::digest_of(&secret),
        name: "CI".into(),
        repository: repository.parse().unwrap(),
        environment: None,
        whole_account,
        may: may.iter().copied().collect(),
        at,
        expires_at: at + SignedDuration::from_hours(24),
    };
    let made = admin::obey(&s.stage.app.operator(), Order::TokenCreate(new)).await;
    assert!(!matches!(&made, Answer::Failed(why) if why.contains("knows no")), "{made:?}");
    secret.expose_secret().to_owned()
}

pub async fn call(s: &Scene, request: http::request::Builder, body: String) -> (u16, Value) {
    let token = token(s, 1, WEB).await;
    call_as(s, Some(&token), request, body).await
}

pub(super) async fn call_as(
    s: &Scene,
    token: Option<&str>,
    request: http::request::Builder,
    body: String,
) -> (u16, Value) {
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    let request =
        request.header("content-type", "application/json").body(axum::body::Body::from(body)).unwrap();
    let answer = s.stage.app.router().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Build `run` of Jenkins asks for the head of `main`.
pub fn asked(s: &Scene, run: &str) -> Value {
    let sha = s.github().head(WEB, "main").unwrap();
    json!({ "repository": WEB, "environment": "production", "sha": sha, "ref": "refs/heads/main",
        "pipeline": "jenkins", "run_id": run })
}

pub async fn ask(s: &Scene, body: &Value) -> GateView {
    let request = http::Request::post("/api/v1/gates?wait=0");
    let (status, view) = call(s, request, body.to_string()).await;
    assert!(matches!(status, 200 | 202), "{status} {view}");
    serde_json::from_value(view).unwrap()
}

pub async fn look(s: &Scene, id: &str) -> GateView {
    let request = http::Request::get(format!("/api/v1/gates/{id}?wait=0"));
    let (status, view) = call(s, request, String::new()).await;
    assert!(matches!(status, 200 | 202), "{status} {view}");
    serde_json::from_value(view).unwrap()
}

/// Asks, and looks once everything has settled.
pub async fn decided(s: &Scene, body: &Value) -> GateView {
    let asked = ask(s, body).await;
    s.settle().await;
    look(s, &asked.id).await
}

/// The decision, and the codes of what stands in the way.
pub fn said(view: &GateView) -> String {
    fn codes(findings: &[changegate::gate::api::FindingView]) -> Vec<String> {
        let of = |finding: &changegate::gate::api::FindingView| {
            let bad = serde_json::to_value(finding.outcome).unwrap() != "pass";
            let below = codes(&finding.because);
            if below.is_empty() && bad { vec![finding.code.clone()] } else { below }
        };
        findings.iter().flat_map(of).collect()
    }
    let decision = serde_json::to_value(view.decision).unwrap();
    format!("{} {}", decision.as_str().unwrap(), codes(&view.findings).join(" ")).trim_end().to_owned()
}

pub async fn keys(s: &Scene) -> jsonwebtoken::jwk::JwkSet {
    let (_, keys) = call(s, http::Request::get("/.well-known/jwks.json"), String::new()).await;
    serde_json::from_value(keys).unwrap()
}

pub(super) async fn ready(s: &Scene) -> u64 {
    s.policy(&by_pipeline()).await;
    let issue = s.accepted("Export").await;
    built(s, "export", issue.number).await;
    issue.number
}

#[tokio::test]
async fn a_pipeline_that_asks_is_allowed_and_the_permit_says_what_for() {
    scenario(async |s| {
        ready(s).await;
        let view = decided(s, &asked(s, "7")).await;
        assert_eq!(said(&view), "allow");
        assert!(view.settled && view.goes_on && view.enforced);
        let permit: Permit =
            permit::claims(&view.permit.clone().unwrap(), &keys(s).await, permit::PERMIT).unwrap();
        assert_eq!(
            (permit.sha, permit.environment, permit.run_id),
            (view.sha.clone(), "production".into(), "7".into())
        );
        assert_eq!(permit.jti, view.id);
        let again = ask(s, &asked(s, "7")).await;
        assert_eq!((again.id, again.permit), (view.id, view.permit), "who asks the same is given the same");
    })
    .await;
}

#[tokio::test]
async fn what_a_person_must_cure_first_is_waited_for_and_then_allowed() {
    scenario(async |s| {
        s.policy(&by_pipeline()).await;
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let view = decided(s, &asked(s, "7")).await;
        assert_eq!(said(&view), "pending change_not_accepted");
        assert!(!view.settled && !view.goes_on && view.permit.is_none());
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(said(&look(s, &view.id).await), "allow");
    })
    .await;
}

#[tokio::test]
async fn an_allow_that_a_freeze_has_overtaken_is_not_handed_out() {
    scenario(async |s| {
        let issue = ready(s).await;
        let asked = ask(s, &asked(s, "7")).await;
        s.settle().await;
        let at = changegate::sandbox::Numbered { number: issue, ..s.accepted("Other").await };
        s.by("rosa").comment(at, "/freeze 2026-11-03 12:00 quarter end");
        s.settle().await;
        let first = look(s, &asked.id).await;
        assert_ne!(said(&first), "allow");
        s.settle().await;
        assert_eq!(said(&look(s, &asked.id).await), "pending freeze");
    })
    .await;
}

#[tokio::test]
async fn an_allow_that_nobody_fetched_in_time_is_decided_anew_by_what_is_so_then() {
    scenario(async |s| {
        ready(s).await;
        let asked = ask(s, &asked(s, "7")).await;
        s.settle().await;
        s.pass(30);
        assert_eq!(said(&look(s, &asked.id).await), "pending");
        s.settle().await;
        assert_eq!(said(&look(s, &asked.id).await), "allow");
    })
    .await;
}

#[tokio::test]
async fn what_nobody_knows_is_refused_and_what_cannot_be_read_is_said_to_be_so() {
    scenario(async |s| {
        ready(s).await;
        let good = asked(s, "7");
        for (change, status, code) in [
            (json!({ "repository": "acme/nowhere" }), 404, "unknown_repository"),
            (json!({ "repository": "acme" }), 422, "invalid_request"),
            (json!({ "sha": "main" }), 422, "invalid_request"),
            (json!({ "run_attempt": 0 }), 422, "invalid_request"),
            (json!({ "environment": " " }), 422, "invalid_request"),
            (json!({ "envrionment": "production" }), 422, "invalid_request"),
        ] {
            let mut body = good.clone();
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let request = http::Request::post("/api/v1/gates?wait=0");
            let (found, problem) = call(s, request, body.to_string()).await;
            assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{change}: {problem}");
        }
        let (status, problem) = call(s, http::Request::get("/api/v1/gates/none"), String::new()).await;
        assert_eq!((status, problem["code"].as_str()), (404, Some("unknown_gate")));
    })
    .await;
}

#[tokio::test]
async fn where_the_pipeline_asks_a_job_that_deploys_unasked_is_a_by_pass_once_it_has_succeeded() {
    scenario(async |s| {
        ready(s).await;
        let run = s.by("ana").dispatch(WEB, &["production"], "main");
        s.settle().await;
        assert_eq!(s.exceptions(WEB), "", "its job runs, and has not deployed");
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        assert!(s.exceptions(WEB).contains("without an allow"), "{}", s.exceptions(WEB));
    })
    .await;
}

#[tokio::test]
async fn a_job_of_github_that_asks_while_it_runs_is_let_through_and_is_no_by_pass() {
    scenario(async |s| {
        ready(s).await;
        let run = s.by("ana").dispatch(WEB, &["production"], "main");
        s.settle().await;
        let mut body = asked(s, &run.to_string());
        body["pipeline"] = "github-actions".into();
        assert_eq!(said(&decided(s, &body).await), "allow");
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        assert_eq!(s.exceptions(WEB), "");
        let next = s.accepted("Import").await;
        let pull = s.pull_request(WEB, "import", &format!("Closes #{}", next.number)).await;
        s.by("lee").review(pull.at, Verdict::Approve, "");
        s.settle().await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        let view = decided(s, &asked(s, "9")).await;
        assert_eq!(said(&view), "allow");
        assert_eq!(view.baseline, Some(body["sha"].as_str().unwrap().to_owned()), "what runs is known");
    })
    .await;
}

#[tokio::test]
async fn what_a_pipeline_outside_github_reports_is_known_from_github_and_compared_with_what_comes_next() {
    scenario(async |s| {
        ready(s).await;
        let body = asked(s, "7");
        assert_eq!(said(&decided(s, &body).await), "allow");
        for state in ["started", "succeeded", "succeeded"] {
            let report = json!({ "repository": WEB, "environment": "production", "sha": body["sha"],
                "pipeline": "jenkins", "run_id": "7", "state": state });
            let request = http::Request::post("/api/v1/deployments");
            let (status, answer) = call(s, request, report.to_string()).await;
            assert_eq!(status, 202, "{answer}");
            s.settle().await;
        }
        assert_eq!(s.exceptions(WEB), "", "it was allowed");
        let next = s.accepted("Import").await;
        built(s, "import", next.number).await;
        let view = decided(s, &asked(s, "8")).await;
        assert_eq!(said(&view), "allow", "{:?}", view.findings);
        assert_eq!(view.baseline.as_deref(), body["sha"].as_str());
        let unasked = json!({ "repository": WEB, "environment": "production", "sha": view.sha,
            "pipeline": "by hand", "run_id": "1", "state": "succeeded" });
        s.pass(1_000);
        call(s, http::Request::post("/api/v1/deployments"), unasked.to_string()).await;
        s.settle().await;
        assert!(
            s.exceptions(WEB).contains("without an allow"),
            "long after the allow: {}",
            s.exceptions(WEB)
        );
    })
    .await;
}

const MONOREPO: &str = "
repositories:
  - { match: acme/web, ship: continuous, change: issue }
components:
  acme/web:
    shop: { paths: [\"apps/shop/**\"], environment: prod-shop }
    desk: { paths: [\"apps/desk/**\"], environment: prod-desk }
environments:
  production:
    names: [\"prod-*\"]
    door: pipeline
    require: [{ range: traced }, { change: accepted }]
";

#[tokio::test]
async fn a_component_that_is_asked_for_runs_there_or_it_is_refused() {
    scenario(async |s| {
        s.policy(MONOREPO).await;
        let issue = s.accepted("Cart").await;
        built(s, "cart", issue.number).await;
        let asks = async |component: Option<&str>, environment: &str, run: &str| {
            let mut body = asked(s, run);
            body["environment"] = environment.into();
            if let Some(component) = component {
                body["component"] = component.into();
            }
            decided(s, &body).await
        };
        let elsewhere = asks(Some("desk"), "prod-shop", "1").await;
        assert_eq!(said(&elsewhere), "deny component_elsewhere");
        let finding = elsewhere.findings.last().unwrap();
        assert_eq!(
            (finding.sentence.as_str(), finding.cure.as_deref()),
            (
                "The component `desk` runs in `prod-desk`, and the pipeline asks for `prod-shop`.",
                Some("ask for `prod-desk`; or ask for `shop`, or without a component"),
            )
        );
        assert_eq!(said(&asks(Some("till"), "prod-shop", "2").await), "deny component_unknown");
        assert_eq!(said(&asks(Some("shop"), "prod-other", "3").await), "deny component_elsewhere");
        let shop = asks(Some("shop"), "prod-shop", "4").await;
        assert_eq!((said(&shop).as_str(), shop.component.as_deref()), ("allow", Some("shop")));
        assert_eq!(
            said(&asks(None, "prod-desk", "5").await),
            "allow",
            "one that names none is judged by what runs there"
        );
    })
    .await;
}

/// Method and path of the description; where it is asked; with which body, and the statuses for whoever may and for a
/// neighbour, who sees nothing of it. `None`: it is public.
type Operation = (&'static str, String, Option<(String, u16, u16)>);

/// How each operation is asked for something of `acme/web`.
fn operations(id: &str, body: &Value) -> Vec<Operation> {
    let mut report = body.clone();
    let parts = report.as_object_mut().unwrap();
    parts.remove("ref");
    parts.insert("state".into(), "started".into());
    let list = |operation: &'static str| {
        let (_, path) = operation.split_once(' ').unwrap();
        (operation, path.to_owned(), Some((String::new(), 200, 200)))
    };
    let look = Some((String::new(), 200, 404));
    vec![
        list("get /api/v1/changes"),
        list("get /api/v1/releases"),
        list("get /api/v1/environments"),
        list("get /api/v1/exceptions"),
        list("get /api/v1/audit"),
        list("get /api/v1/gates"),
        list("get /api/v1/queue"),
        list("get /api/v1/plan"),
        list("get /api/v1/calendar.ics"),
        list("get /api/v1/accounts"),
        ("get /api/v1/gates/{id}", format!("/api/v1/gates/{id}?wait=0"), look.clone()),
        ("get /api/v1/gates/{id}/events", format!("/api/v1/gates/{id}/events"), look),
        ("post /api/v1/gates", "/api/v1/gates?wait=0".into(), Some((body.to_string(), 202, 404))),
        ("post /api/v1/deployments", "/api/v1/deployments".into(), Some((report.to_string(), 202, 404))),
        ("get /.well-known/jwks.json", "/.well-known/jwks.json".into(), None),
    ]
}

#[tokio::test]
async fn strangers_are_told_nothing_at_any_address_that_is_described() {
    scenario(async |s| {
        ready(s).await;
        s.github().add_organization("other", &["olga"]);
        s.github().add_repository("other/web", &[("README.md", "# There\n")]);
        s.by("olga").install("other", None);
        s.settle().await;
        let allowed = decided(s, &asked(s, "7")).await;
        let table = operations(&allowed.id, &asked(s, "8"));
        let described: Value = serde_json::from_str(&changegate::gate::routes::description()).unwrap();
        let paths = described["paths"].as_object().unwrap().iter();
        let described: Vec<String> = paths
            .clone()
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().keys().map(move |it| format!("{it} {path}"))
            })
            .collect();
        let named: Vec<&str> = paths
            .flat_map(|(_, methods)| methods.as_object().unwrap().values())
            .map(|operation| operation["operationId"].as_str().unwrap())
            .collect();
        let distinct: std::collections::BTreeSet<&str> = named.iter().copied().collect();
        assert_eq!(distinct.len(), named.len(), "{named:?}");
        let mut known: Vec<&str> = table.iter().map(|(operation, ..)| *operation).collect();
        known.sort_unstable();
        let mut sorted = described.clone();
        sorted.sort();
        assert_eq!(sorted, known, "an address without a row");
        let (neighbour, abroad) = (token(s, 2, "acme/billing").await, token(s, 3, "other/web").await);
        for (operation, path, private) in table {
            let Some((body, status, unseen)) = private else { continue };
            let method = operation.split(' ').next().unwrap().to_uppercase();
            let request = || http::Request::builder().method(method.as_str()).uri(&path);
            for (who, stranger, refused) in [
                ("nobody", None, 401),
                ("who has no token of ours", Some("cgt_x"), 401),
                ("a neighbour", Some(neighbour.as_str()), unseen),
                ("another tenant", Some(abroad.as_str()), unseen),
            ] {
                let (found, answer) = call_as(s, stranger, request(), body.clone()).await;
                assert_eq!(found, refused, "{operation} by {who}: {answer}");
                for secret in [allowed.sha.as_str(), "acme/web"] {
                    assert!(!answer.to_string().contains(secret), "{operation} tells {who}: {answer}");
                }
            }
            assert_eq!(call(s, request(), body).await.0, status, "{operation}");
        }
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn what_was_decided_goes_along_when_the_repository_goes_to_another_account() {
    scenario(async |s| {
        ready(s).await;
        let view = decided(s, &asked(s, "7")).await;
        s.github().add_organization("newco", &["rosa"]);
        s.github().add_repository("newco/.github", &[("README.md", "# New\n")]);
        s.by("rosa").install("newco", None);
        s.settle().await;
        s.by("rosa").transfer_repository(WEB, "newco");
        s.settle().await;
        s.settle().await;
        let token = token(s, 4, "newco/web").await;
        let request = http::Request::get(format!("/api/v1/gates/{}?wait=0", view.id));
        let (status, found) = call_as(s, Some(&token), request, String::new()).await;
        assert!(matches!(status, 200 | 202), "{found}");
        assert_eq!(
            (found["id"].as_str(), found["repository"].as_str()),
            (Some(view.id.as_str()), Some("newco/web"))
        );
    })
    .await;
}
