//! The database, GitHub and the keys of an issuer are away, one by one and together: nothing is ever allowed, and whoever asks
//! can tell that from a refusal.

use axum::{Json, Router, routing::get};
use changegate::sandbox::{Fault, On};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _, PgConnection};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    gate::{BY_PIPELINE, arguments, merged, run},
    place::{Place, Said},
};
use crate::support::{Database, databases};

/// Who the tokens are for.
const AUDIENCE: &str = "http://127.0.0.1:9";
const KEY: &str = "the key";

/// An issuer of tokens on this machine.
struct Issuer {
    url: String,
    serves: Option<JoinHandle<()>>,
}

impl Issuer {
    async fn start() -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        (Self { url, serves: None }, listener)
    }

    /// Shows the public half of this key.
    async fn show(&mut self, listener: Option<TcpListener>, pem: &str) {
        let address = self.url.strip_prefix("http://").unwrap();
        let listener = match listener {
            Some(listener) => listener,
            None => TcpListener::bind(address).await.unwrap(),
        };
        let mut key = Jwk::from_encoding_key(&encoding(pem), Algorithm::RS256).unwrap();
        key.common.key_id = Some(KEY.into());
        let keys = json!({ "keys": [key] });
        let about = json!({ "issuer": self.url, "jwks_uri": format!("{}/keys", self.url) });
        let show = |value: Value| get(move || async move { Json(value) });
        let router =
            Router::new().route("/.well-known/openid-configuration", show(about)).route("/keys", show(keys));
        #[expect(clippy::disallowed_methods, reason = "the issuer is no part of the program")]
        let serves = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        self.serves = Some(serves);
    }

    /// Nobody listens any more.
    async fn leave(&mut self) {
        let serves = self.serves.take().unwrap();
        serves.abort();
        drop(serves.await);
    }

    fn token(&self, pem: &str, now: i64, id: &str) -> String {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(KEY.into());
        let claims = json!({
            "iss": self.url, "aud": AUDIENCE, "sub": "a job", "project_path": "acme/web", "jti": id,
            "iat": now - 5, "nbf": now - 5, "exp": now + 600,
        });
        jsonwebtoken::encode(&header, &claims, &encoding(pem)).unwrap()
    }
}

fn encoding(pem: &str) -> EncodingKey {
    EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
}

/// The address of a server of databases, and the name of this one there; `None`: it is a file.
fn at_server(database: &Database) -> Option<(String, &str)> {
    let name = database.url.strip_prefix("postgres")?.rsplit('/').next()?;
    Some((std::env::var("CHANGEGATE_TEST_POSTGRES").unwrap(), name))
}

/// Takes the database away until it is given back: PostgreSQL is closed to everybody, SQLite to whoever writes.
async fn without_database(database: &Database) -> Option<AnyConnection> {
    let Some((server, name)) = at_server(database) else {
        sqlx::any::install_default_drivers();
        let mut raw = AnyConnection::connect(&database.url).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut raw).await.unwrap();
        return Some(raw);
    };
    let close = format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false");
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    order(&server, &[close, end]).await;
    None
}

async fn with_database(database: &Database, held: Option<AnyConnection>) {
    if let Some(mut raw) = held {
        sqlx::query("ROLLBACK").execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
    }
    if let Some((server, name)) = at_server(database) {
        order(&server, &[format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")]).await;
    }
}

async fn order(server: &str, orders: &[String]) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    for order in orders {
        sqlx::query(sqlx::AssertSqlSafe(order.clone())).execute(&mut connection).await.unwrap();
    }
}

/// Asks for run `id`, from this branch.
fn asks(place: &Place, token: &str, (address, sha): (&str, &str), (id, from): (&str, &str)) -> (Said, Value) {
    let mut asked = arguments("check", address, sha);
    asked.truncate(asked.len() - 6);
    asked.extend(["--ref", from, "--pipeline", "gitlab", "--run", id, "--output", "json"]);
    let said = run(place, token, &asked);
    let view = serde_json::from_str(&said.out).unwrap_or_default();
    (said, view)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_allowed_while_the_database_github_or_the_keys_of_an_issuer_are_away() {
    for database in databases().await {
        let (mut issuer, listener) = Issuer::start().await;
        let rule = format!(
            "pipelines:\n  issuers:\n    - {{ issuer: \"{}\", repository: acme/web, when: {{ project_path: acme/web }} }}\n",
            issuer.url
        );
        let from = "names: [production]\n    from: { branches: [default] }";
        let policy = format!("{}{rule}", BY_PIPELINE.replace("names: [production]", from));
        let mut place = Place::ruled_by(database, &policy).await;
        place.set("PUBLIC_URL", AUDIENCE);
        let pem = place.github.private_key_pem().to_owned();
        let (server, issue, _) = merged(&place).await;
        place.github.by("tess").comment(issue, "/accept");
        place.settle(&server).await;
        server.stop().await;
        let sha = place.github.head("acme/web", "main").unwrap();
        let mut listener = Some(listener);
        let mut heard = vec![];
        for away in (0..8_u8).rev() {
            let [no_database, no_github, no_keys] = [4, 2, 1].map(|bit| away & bit != 0);
            let server = place.serve().await;
            server.idle().await;
            if !no_keys {
                issuer.show(listener.take(), &pem).await;
            } else if let Some(listener) = listener.take() {
                drop(listener);
            }
            if no_github {
                place.github.fault(On::Everything, Fault::ErrorBefore(503), u32::MAX);
            }
            let held = if no_database { without_database(&place.database).await } else { None };
            let id = format!("away-{away}");
            let token = issuer.token(&pem, place.github.now().as_second(), &id);
            let address = format!("http://{}", server.address);
            let (said, view) = asks(&place, &token, (&address, &sha), (&id, "refs/heads/main"));
            let names = [("database", no_database), ("GitHub", no_github), ("keys", no_keys)];
            let names: Vec<_> = names.iter().filter(|(_, away)| *away).map(|(name, _)| *name).collect();
            let decision = view["decision"].as_str().unwrap_or("none");
            heard.push(format!("{}: {:?} {decision}", names.join(" and "), said.code));
            let is_allowed = said.code == Some(0) || decision == "allow" || view["permit"].is_string();
            assert_eq!(is_allowed, away == 0, "{names:?}: {said:?}");
            assert_eq!(said.code, Some(if away == 0 { 0 } else { 75 }), "{names:?}: {said:?}");
            if no_database {
                with_database(&place.database, held).await;
            }
            place.github.clear_faults();
            if away == 0 {
                let token = issuer.token(&pem, place.github.now().as_second(), "denied");
                let denied = asks(&place, &token, (&address, &sha), ("denied", "refs/heads/feature"));
                assert_eq!(
                    (denied.0.code, denied.1["decision"].as_str()),
                    (Some(1), Some("deny")),
                    "{denied:?}"
                );
            }
            if !no_keys {
                issuer.leave().await;
            }
            server.stop().await;
        }
        eprintln!("{}", heard.join("\n"));
        place.close().await;
    }
}
