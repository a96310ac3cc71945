//! Tokens shaped like those of GitHub Actions, and forged and confused ones: each is refused by its own rule, and the
//! genuine one is taken.

use std::sync::Arc;

use changegate::clock::Clock;
use changegate::demo::Stage;
use changegate::domain::asker::{Asker, Deed, Kind, Wanted, may};
use changegate::domain::ids::{RepoId, SubjectKind, TenantId};
use changegate::domain::policy::{EffectivePolicy, Scope};
use changegate::domain::subject::View;
use changegate::gate::asker::{Askers, NotAsked, Settings};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::database::{Database, databases};
use crate::issuer::Issuers;
use crate::material::Material;

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
const WORKFLOW: &str = "acme/deploy/.github/workflows/deploy.yml@refs/heads/main";
const US: &str = "http://127.0.0.1:9";

/// A server with a repository, and the issuers of its pipelines' tokens.
struct World {
    stage: Stage,
    issuers: Issuers,
    askers: Askers,
    tenant: TenantId,
    web: RepoId,
    billing: RepoId,
    policy: EffectivePolicy,
}

impl World {
    async fn open(material: &Material, database: &Database) -> Self {
        let issuers = Issuers::start(material);
        let noon: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
        let stage = Stage::open(&database.url, Clock::held(noon)).await.unwrap();
        stage.sandbox.add_organization("acme", &["rosa"]);
        for repository in ["acme/.github", "acme/web", "acme/billing"] {
            stage.sandbox.add_repository(repository, &[("README.md", "# Here\n")]);
        }
        let text = format!(
            "mode: enforce\nroles: {{ release-manager: [rosa] }}\npipelines:\n  workflows: [\"{WORKFLOW}\"]\n  issuers:\n    - issuer: {}\n      repository: acme/web\n      environments: [production]\n      when: {{ project_path: acme/web, ref_protected: \"true\", sha: \"{{sha}}\" }}\n",
            issuers.other
        );
        let rosa = stage.sandbox.by("rosa");
        rosa.push("acme/.github", "main", &[(".github/changegate.yml", &text)], "Say the rules");
        rosa.install("acme", None);
        stage.settle().await.unwrap();
        let views = stage.app.store.subjects_of_kind(SubjectKind::Repository, None).await.unwrap();
        let named = |name: &str| {
            let is_named = |(_, _, view): &&(TenantId, _, View)| {
                view.as_repository().is_some_and(|it| it.name.as_str() == name)
            };
            views.iter().find(is_named).unwrap()
        };
        let id = |name: &str| named(name).2.as_repository().unwrap().id;
        let shared = named("acme/.github").2.as_repository().unwrap().policy.clone().unwrap();
        let policy = EffectivePolicy::of(shared.in_force(Scope::Organisation), None).unwrap();
        let settings = Settings {
            host: named("acme/web").0.host().to_owned(),
            github_web_url: "https://github.com".into(),
            public_url: Some(US.into()),
            issuers: vec![issuers.actions.clone()],
        };
        let askers = Askers::new(settings, stage.app.store.clone(), stage.clock.clone()).unwrap();
        let (tenant, web, billing) = (named("acme/web").0.clone(), id("acme/web"), id("acme/billing"));
        Self { stage, issuers, askers, tenant, web, billing, policy }
    }

    fn now(&self) -> i64 {
        self.stage.clock.now().as_second()
    }

    fn owner(&self) -> String {
        self.tenant.as_str().rsplit_once('/').unwrap().1.to_owned()
    }

    /// What GitHub writes for a job of acme/web, with these instead; `jti` is new each time.
    fn claims(&self, with: &Value) -> Value {
        let now = self.now();
        let mut claims = json!({
            "jti": ulid::Ulid::generate().to_string(), "aud": US, "sub": "repo:acme/web:environment:production",
            "nbf": now - 300, "iat": now, "exp": now + 300, "repository": "acme/web", "repository_owner": "acme",
            "repository_id": self.web.to_string(), "repository_owner_id": self.owner(), "environment": "production",
            "ref": "refs/heads/main", "ref_type": "branch", "sha": SHA, "run_id": "900", "run_number": "3",
            "run_attempt": "1", "event_name": "workflow_dispatch", "actor": "dana", "actor_id": "41",
            "workflow": "Deploy", "workflow_ref": "acme/web/.github/workflows/ship.yml@refs/heads/main",
            "workflow_sha": SHA, "job_workflow_ref": WORKFLOW, "job_workflow_sha": SHA,
            "repository_visibility": "private", "runner_environment": "github-hosted",
        });
        let all = claims.as_object_mut().unwrap();
        all.extend(with.as_object().unwrap().clone());
        claims
    }

    /// What GitLab writes, more or less.
    fn other_claims(&self, with: &Value) -> Value {
        let now = self.now();
        let mut claims = json!({
            "jti": ulid::Ulid::generate().to_string(), "aud": US, "sub": "project_path:acme/web:ref_type:branch:ref:main",
            "nbf": now - 5, "iat": now, "exp": now + 300, "project_path": "acme/web", "ref_protected": "true", "sha": SHA,
        });
        let all = claims.as_object_mut().unwrap();
        all.extend(with.as_object().unwrap().clone());
        claims
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            tenant: self.tenant.clone(),
            repository: self.web,
            name: "acme/web".parse().unwrap(),
            environment: "production".into(),
            sha: SHA.parse().unwrap(),
            reference: Some("refs/heads/main".into()),
            run: "900".into(),
            attempt: 1,
            is_bell: false,
        }
    }

    async fn asks(&self, token: &str, wanted: &Wanted) -> Result<Asker, NotAsked> {
        let asker = self.askers.who(Some(&format!("Bearer {token}")), Some(&wanted.name)).await?;
        may(&asker, Deed::Gate, wanted, Some(&self.policy))?;
        self.askers.bind(&asker, wanted).await?;
        Ok(asker)
    }

    /// What comes of asking with a token: a code.
    async fn said(&self, token: &str) -> String {
        code(self.asks(token, &self.wanted()).await)
    }

    async fn close(self) {
        self.stage.close().await;
    }
}

fn code(asked: Result<Asker, NotAsked>) -> String {
    match asked {
        Ok(_) => "may".into(),
        Err(NotAsked::Refused(refused)) => refused.reason.code().into(),
        Err(NotAsked::Unavailable(_)) => "unavailable".into(),
    }
}

/// How a token is made and what comes of it.
struct Row(&'static str, &'static str, Value, Value, &'static str);

/// Heads: what they say is refused, or not looked at.
fn heads() -> Vec<Row> {
    let none = || json!({});
    let (algorithm, header) = ("algorithm_not_allowed", "header_not_allowed");
    let forged = "signature_invalid";
    let jwk = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" });
    vec![
        Row("unsigned", "nothing", json!({ "alg": "none" }), none(), "token_malformed"),
        Row("alg none, signed", "own", json!({ "alg": "none" }), none(), algorithm),
        Row("alg NONE", "own", json!({ "alg": "NONE" }), none(), algorithm),
        Row("no alg", "own", json!({ "alg": null }), none(), algorithm),
        Row("public key as a secret", "secret", json!({ "alg": "HS256" }), none(), algorithm),
        Row("public key as a secret, said to be RS256", "secret", none(), none(), forged),
        Row("alg RS384", "own", json!({ "alg": "RS384" }), none(), algorithm),
        Row("alg RS512", "own", json!({ "alg": "RS512" }), none(), algorithm),
        Row("alg PS256", "own", json!({ "alg": "PS256" }), none(), algorithm),
        Row("alg ES256", "own", json!({ "alg": "ES256" }), none(), algorithm),
        Row("alg EdDSA", "own", json!({ "alg": "EdDSA" }), none(), algorithm),
        Row("crit", "own", json!({ "crit": ["x"], "x": 1 }), none(), header),
        Row("crit, empty", "own", json!({ "crit": [] }), none(), header),
        Row("b64", "own", json!({ "b64": false }), none(), header),
        Row("zip", "own", json!({ "zip": "DEF" }), none(), header),
        Row("another kind", "own", json!({ "typ": "logout+jwt" }), none(), header),
        Row("no kid", "own", json!({ "kid": null }), none(), "key_unknown"),
        Row("a number as kid", "own", json!({ "kid": 1 }), none(), "key_unknown"),
        Row("a path as kid", "own", json!({ "kid": "../../../dev/null" }), none(), "key_unknown"),
        Row("SQL as kid", "own", json!({ "kid": "' UNION SELECT 'x" }), none(), "key_unknown"),
        Row("the other issuer's kid", "other", json!({ "kid": "other-1" }), none(), "key_unknown"),
        Row("the other issuer's key", "other", none(), none(), forged),
        Row("a stranger's key", "stranger", none(), none(), forged),
        Row("a stranger's key, brought along", "stranger", json!({ "jwk": jwk }), none(), forged),
        Row(
            "a stranger's keys at an address",
            "stranger",
            json!({ "jku": "http://127.0.0.1:1/k" }),
            none(),
            forged,
        ),
        Row(
            "a stranger's chain at an address",
            "stranger",
            json!({ "x5u": "http://127.0.0.1:1/k" }),
            none(),
            forged,
        ),
        Row("a stranger's chain", "stranger", json!({ "x5c": ["MIIB"] }), none(), forged),
        Row(
            "genuine with an address of keys",
            "own",
            json!({ "jku": "http://127.0.0.1:1/k" }),
            none(),
            "may",
        ),
        Row("genuine without typ", "own", json!({ "typ": null }), none(), "may"),
    ]
}

/// Audiences: only the one.
fn audiences() -> Vec<Row> {
    let not = "audience_not_allowed";
    let row = |name, audience: Value, code| Row(name, "own", json!({}), json!({ "aud": audience }), code);
    vec![
        row("our audience", json!(US), "may"),
        row("no audience", json!(null), "claim_missing"),
        row("no audience in a list", json!([]), not),
        row("our audience in a list", json!([US]), not),
        row("our audience in a list of two", json!([US, "https://pypi.org"]), not),
        row("a beginning of our audience", json!("http://127.0.0.1:"), not),
        row("our audience and a slash", json!(format!("{US}/")), not),
        row("our audience in capitals", json!(US.to_uppercase()), not),
        row("our audience and more", json!(format!("{US}.evil.example")), not),
        row("another cloud's audience", json!("sts.amazonaws.com"), not),
        row("another tenant's audience", json!("https://changegate.other.example"), not),
        row("GitHub's usual audience", json!("https://github.com/acme"), not),
        row("an empty audience", json!(""), not),
        row("an object as audience", json!({ "aud": US }), not),
    ]
}

/// Times, issuers and forms of claims.
fn times(now: i64) -> Vec<Row> {
    let row = |name, claims: Value, code| Row(name, "own", json!({}), claims, code);
    vec![
        row("over", json!({ "exp": now - 60 }), "token_expired"),
        row("over within the leeway", json!({ "exp": now - 59 }), "may"),
        row("over since 1970", json!({ "exp": 0 }), "token_expired"),
        row("an end in letters", json!({ "exp": "9999999999" }), "claim_malformed"),
        row("an end in fractions", json!({ "exp": now as f64 + 0.5 }), "claim_malformed"),
        row("no end", json!({ "exp": null }), "claim_missing"),
        row("a far end", json!({ "exp": now + 100_000 }), "token_too_long"),
        row("not yet", json!({ "nbf": now + 61 }), "token_not_yet_valid"),
        row("no beginning", json!({ "nbf": null }), "claim_missing"),
        row("a beginning in letters", json!({ "nbf": "0" }), "claim_malformed"),
        row("no sub", json!({ "sub": null }), "claim_missing"),
        row("no issuer", json!({ "iss": null }), "claim_missing"),
        row("an issuer in a list", json!({ "iss": ["x"] }), "claim_malformed"),
        row("an issuer that nobody names", json!({ "iss": "https://issuer.example" }), "issuer_not_allowed"),
        row(
            "an address of the cloud's own",
            json!({ "iss": "http://169.254.169.254" }),
            "issuer_not_allowed",
        ),
        row(
            "GitHub's issuer where it is not set",
            json!({ "iss": "https://token.actions.githubusercontent.com" }),
            "issuer_not_allowed",
        ),
    ]
}

/// What the job is: repository, environment, commit, run, event, workflow.
fn jobs(billing: RepoId) -> Vec<Row> {
    let row = |name, claims: Value, code| Row(name, "own", json!({}), claims, code);
    let event = |event: &'static str| row(event, json!({ "event_name": event }), "event_not_allowed");
    let workflow = |name, workflow: &str, code| row(name, json!({ "job_workflow_ref": workflow }), code);
    let (environment, pinned) = ("environment_not_allowed", "workflow_not_allowed");
    vec![
        row(
            "another repository of ours",
            json!({ "repository_id": billing.to_string() }),
            "repository_not_allowed",
        ),
        row("made again under the old name", json!({ "repository_id": "987654321" }), "unknown_repository"),
        row("another owner", json!({ "repository_owner_id": "987654321" }), "unknown_repository"),
        row("a repository by a number", json!({ "repository_id": billing.0 }), "claim_malformed"),
        row("no repository", json!({ "repository_id": null }), "claim_missing"),
        row("no owner", json!({ "repository_owner_id": null }), "claim_missing"),
        row(
            "renamed",
            json!({ "repository": "acme/shop", "sub": "repo:acme/shop:environment:production" }),
            "may",
        ),
        row("a new form of sub", json!({ "sub": "repository_owner_id:1:repository_id:2" }), "may"),
        row("no environment", json!({ "environment": null }), "environment_missing"),
        row("another environment", json!({ "environment": "staging" }), environment),
        row("an environment in Cyrillic", json!({ "environment": "рroduction" }), environment),
        row("an environment and a blank", json!({ "environment": "production " }), environment),
        row("an environment in capitals", json!({ "environment": "PRODUCTION" }), "may"),
        row("another branch", json!({ "ref": "refs/heads/feature/x" }), "ref_not_allowed"),
        row("another commit", json!({ "sha": "f".repeat(40) }), "sha_not_allowed"),
        row("a short commit", json!({ "sha": "0123456" }), "claim_malformed"),
        row("another run", json!({ "run_id": "901" }), "run_not_allowed"),
        row("another attempt", json!({ "run_attempt": "2" }), "run_not_allowed"),
        row("no run", json!({ "run_id": null }), "claim_missing"),
        event("pull_request_target"),
        event("workflow_run"),
        event("issue_comment"),
        event("pull_request"),
        event("repository_dispatch"),
        event("PUSH"),
        workflow("another ending", "acme/deploy/.github/workflows/deploy.yml-evil@refs/heads/main", pinned),
        workflow(
            "another repository's workflow",
            "acme/deploy-evil/.github/workflows/deploy.yml@refs/heads/main",
            pinned,
        ),
        workflow(
            "another owner's workflow",
            "evil/deploy/.github/workflows/deploy.yml@refs/heads/main",
            pinned,
        ),
        workflow(
            "the workflow of another branch",
            "acme/deploy/.github/workflows/deploy.yml@refs/heads/x",
            pinned,
        ),
        workflow("the caller's workflow", "acme/web/.github/workflows/ship.yml@refs/heads/main", pinned),
        workflow("no workflow", "", "claim_malformed"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_forged_or_confused_token_is_refused_by_its_own_rule_and_the_genuine_one_is_taken() {
    let Some(material) = Material::find() else { return };
    for database in databases().await {
        let mut world = World::open(material, &database).await;
        let genuine = world.claims(&json!({}));
        let genuine = world.issuers.write("actions", &genuine);
        let asker = world.asks(&genuine, &world.wanted()).await.unwrap();
        let Kind::Actions(job) = asker.kind else { panic!("{asker:?}") };
        assert_eq!((job.repository, job.run, job.event.as_str()), (world.web, 900, "workflow_dispatch"));
        let mut rows = heads();
        rows.extend(audiences());
        rows.extend(times(world.now()));
        rows.extend(jobs(world.billing));
        assert!(rows.iter().filter(|row| row.4 != "may").count() >= 60);
        let mut wrong = vec![];
        for Row(name, with, head, claims, code) in rows {
            let claims = world.claims(&claims);
            let token = world.issuers.sign("actions", with, &head, &claims);
            let said = world.said(&token).await;
            wrong.extend((said != code).then(|| format!("{name}: {said}, not {code}")));
        }
        let (message, signature) = genuine.rsplit_once('.').unwrap();
        let (head, body) = message.split_once('.').unwrap();
        for (name, token, code) in [
            ("cut", message.to_owned(), "token_malformed"),
            ("four parts", format!("{genuine}.x"), "token_malformed"),
            ("another body", format!("{head}.{}.{signature}", body.replacen('a', "b", 1)), ""),
            ("no body", format!("{head}..{signature}"), "token_malformed"),
            ("padded", format!("{genuine}="), "signature_invalid"),
        ] {
            let said = world.said(&token).await;
            let is_so = if code.is_empty() { said != "may" } else { said == code };
            wrong.extend((!is_so).then(|| format!("{name}: {said}, not {code}")));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        world.close().await;
        database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_asks_again_for_the_same_and_for_nothing_else_from_any_replica() {
    let Some(material) = Material::find() else { return };
    for database in databases().await {
        let mut world = World::open(material, &database).await;
        let claims = world.claims(&json!({}));
        let token = world.issuers.write("actions", &claims);
        let mut nameless = world.claims(&json!({ "jti": null }));
        let without_id = world.issuers.sign("actions", "own", &json!({}), &nameless);
        let other = world.other_claims(&json!({}));
        let other = world.issuers.write("other", &other);
        for token in [&token, &without_id, &other] {
            assert_eq!(world.said(token).await, "may");
            assert_eq!(world.said(token).await, "may");
        }
        // The same id in another token, and the other issuer's token for another run and attempt.
        let mut second = claims.clone();
        second["run_attempt"] = json!("2");
        let second = world.issuers.write("actions", &second);
        let again = Wanted { attempt: 2, ..world.wanted() };
        assert_eq!(code(world.asks(&second, &again).await), "replayed");
        assert_eq!(code(world.asks(&other, &again).await), "replayed");
        assert_eq!(code(world.asks(&other, &Wanted { run: "7".into(), ..world.wanted() }).await), "replayed");
        nameless["run_attempt"] = json!("2");
        let fresh = world.issuers.sign("actions", "own", &json!({}), &nameless);
        assert_eq!(code(world.asks(&fresh, &again).await), "may", "what is signed is another text");
        // Until the last second in which it counts at all.
        world.stage.advance(SignedDuration::from_secs(359));
        assert_eq!(code(world.asks(&second, &again).await), "replayed");
        assert_eq!(world.said(&token).await, "may");
        world.stage.advance(SignedDuration::from_secs(1));
        assert_eq!(world.said(&token).await, "token_expired");
        world.close().await;
        database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_elsewhere_asks_by_the_rule_that_policy_has_for_it() {
    let Some(material) = Material::find() else { return };
    let database = Database::sqlite();
    let mut world = World::open(material, &database).await;
    let listed = json!({ "aud": [US] });
    for (claims, code) in [
        (json!({}), "may"),
        (listed, "may"),
        (json!({ "aud": [US, "x"] }), "audience_not_allowed"),
        (json!({ "project_path": "acme/other" }), "claims_not_allowed"),
        (json!({ "ref_protected": "false" }), "claims_not_allowed"),
        (json!({ "ref_protected": true }), "claims_not_allowed"),
        (json!({ "sha": "f".repeat(40) }), "claims_not_allowed"),
        (json!({ "sha": null }), "claims_not_allowed"),
        (json!({ "exp": 1 }), "token_expired"),
    ] {
        let all = world.other_claims(&claims);
        let token = world.issuers.sign("other", "own", &json!({}), &all);
        assert_eq!(world.said(&token).await, code, "{claims}");
    }
    let claims = world.other_claims(&json!({ "project_path": "acme/other" }));
    let forged = world.issuers.sign("other", "stranger", &json!({}), &claims);
    assert_eq!(
        world.said(&forged).await,
        "signature_invalid",
        "only whose claims are theirs is told of them"
    );
    let claims = world.other_claims(&json!({}));
    let token = world.issuers.write("other", &claims);
    let staging = Wanted { environment: "staging".into(), ..world.wanted() };
    assert_eq!(code(world.asks(&token, &staging).await), "claims_not_allowed");
    let billing =
        Wanted { repository: world.billing, name: "acme/billing".parse().unwrap(), ..world.wanted() };
    assert_eq!(code(world.asks(&token, &billing).await), "claims_not_allowed");
    let unsaid = world.askers.who(Some(&format!("Bearer {token}")), None).await.unwrap();
    assert_eq!(unsaid.repository(), world.web);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_tokens_with_keys_that_nobody_has_ask_the_issuer_once() {
    let Some(material) = Material::find() else { return };
    let database = Database::sqlite();
    let mut world = World::open(material, &database).await;
    let claims = world.claims(&json!({}));
    let genuine = world.issuers.write("actions", &claims);
    assert_eq!(world.said(&genuine).await, "may");
    assert_eq!(world.issuers.count(), 1);
    world.stage.advance(SignedDuration::from_secs(61));
    let template = world.issuers.sign("actions", "own", &json!({ "kid": "x" }), &claims);
    let rest: Arc<str> = template.split_once('.').unwrap().1.into();
    let mut tasks = tokio::task::JoinSet::new();
    for part in 0..100 {
        let (askers, rest) = (world.askers.clone(), rest.clone());
        tasks.spawn(async move {
            for nr in 0..100 {
                let head = json!({ "alg": "RS256", "kid": format!("{part}-{nr}") }).to_string();
                let head = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, head);
                let asked = askers.who(Some(&format!("Bearer {head}.{rest}")), None).await;
                assert_eq!(code(asked), "key_unknown");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(world.issuers.count(), 2, "once for the genuine one, and once for all of these");
    assert_eq!(world.said(&genuine).await, "may");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_counts_within_a_minute_and_one_that_was_taken_back_no_more() {
    let Some(material) = Material::find() else { return };
    let database = Database::sqlite();
    let mut world = World::open(material, &database).await;
    let claims = world.claims(&json!({}));
    let old = world.issuers.write("actions", &claims);
    assert_eq!(world.said(&old).await, "may");
    world.issuers.rotate("actions");
    let claims = world.claims(&json!({}));
    let new = world.issuers.write("actions", &claims);
    assert_eq!(world.said(&new).await, "key_unknown");
    world.stage.advance(SignedDuration::from_secs(60));
    assert_eq!(world.said(&old).await, "may", "nothing says yet that it is gone");
    assert_eq!(world.said(&new).await, "may");
    assert_eq!(world.said(&old).await, "key_unknown");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_issuer_is_away_known_keys_count_for_a_day_and_others_are_neither_refused_nor_taken() {
    let Some(material) = Material::find() else { return };
    let database = Database::sqlite();
    let mut world = World::open(material, &database).await;
    let known = async |world: &mut World| {
        let claims = world.claims(&json!({}));
        let token = world.issuers.sign("actions", "own", &json!({}), &claims);
        world.said(&token).await
    };
    let unknown = async |world: &mut World| {
        let claims = world.claims(&json!({}));
        let token = world.issuers.sign("actions", "own", &json!({ "kid": "new" }), &claims);
        world.said(&token).await
    };
    assert_eq!(known(&mut world).await, "may");
    world.issuers.stop("actions");
    world.issuers.stop("other");
    world.stage.advance(SignedDuration::from_mins(61));
    assert_eq!((known(&mut world).await, unknown(&mut world).await), ("may".into(), "unavailable".into()));
    let claims = world.other_claims(&json!({}));
    let never_asked = world.issuers.sign("other", "own", &json!({}), &claims);
    assert_eq!(world.said(&never_asked).await, "unavailable");
    world.stage.advance(SignedDuration::from_hours(23));
    assert_eq!(
        (known(&mut world).await, unknown(&mut world).await),
        ("unavailable".into(), "unavailable".into())
    );
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_contacted_but_whom_settings_or_a_policy_name() {
    let Some(material) = Material::find() else { return };
    let database = Database::sqlite();
    let mut world = World::open(material, &database).await;
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", trap.local_addr().unwrap());
    let near = format!("{}/", world.issuers.actions);
    let user = world.issuers.actions.replace("//", "//x@");
    for issuer in
        [url.as_str(), "http://169.254.169.254", near.as_str(), user.as_str(), "", "file:///etc/passwd"]
    {
        let head = json!({ "jku": url, "x5u": url });
        let claims = world.claims(&json!({ "iss": issuer }));
        let token = world.issuers.sign("actions", "own", &head, &claims);
        assert_eq!(world.said(&token).await, "issuer_not_allowed", "{issuer}");
    }
    assert_eq!(world.issuers.count(), 0);
    let came = tokio::time::timeout(std::time::Duration::from_millis(200), trap.accept()).await;
    assert!(came.is_err(), "somebody came");
    world.close().await;
}
