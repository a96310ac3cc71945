//! The sandbox over real HTTP: what the App sees of it.

use std::sync::{Arc, Mutex};

use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::{Entry, Numbered, Sandbox, SandboxClock, SandboxSettings};

mod deploying;
mod faults;
mod graphql;
mod people;
mod rest;
mod tokens;

/// A Monday morning.
const MORNING: &str = "2026-11-02T08:00:00Z";

/// A GitHub with the organisation `acme`, its people, one repository, and the App installed.
async fn acme() -> Sandbox {
    let clock = SandboxClock::Stopped(MORNING.parse().expect("a time"));
    let sandbox = Sandbox::start(SandboxSettings::new(clock)).await.expect("it starts");
    sandbox.add_organization("acme", &["ana", "quinn", "rm"]);
    sandbox.add_user("stranger");
    sandbox.add_team("acme", "triage", &["quinn"]);
    sandbox.add_repository(
        "acme/web",
        &[("README.md", "# Web\n"), (".github/changegate.yml", "mode: enforce\n")],
    );
    sandbox.add_label("acme/web", "change-request");
    sandbox.by("ana").install("acme", None);
    sandbox
}

/// What was answered.
struct Answered {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Sends one request; `None` where the connection ends without an answer.
async fn send(
    sandbox: &Sandbox,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Option<Answered> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send_text(sandbox, method, path, headers, body).await
}

async fn send_text(
    sandbox: &Sandbox,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Option<Answered> {
    let address = sandbox.api_url().strip_prefix("http://")?;
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let mut request = Request::builder().method(method).uri(path).header("host", address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body))).ok()?;
    let exchange = async move {
        let (head, body) = sender.send_request(request).await.ok()?.into_parts();
        let text = String::from_utf8(body.collect().await.ok()?.to_bytes().to_vec()).ok()?;
        Some(Answered { status: head.status.as_u16(), headers: head.headers, text })
    };
    tokio::join!(exchange, connection).0
}

/// A JWT of the App, valid from `begin` to `end` seconds from now.
fn jwt(sandbox: &Sandbox, (begin, end): (i64, i64)) -> String {
    let now = sandbox.now().as_second();
    let claims = json!({ "iss": sandbox.app_id().to_string(), "iat": now + begin, "exp": now + end });
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(sandbox.private_key_pem().as_bytes()).expect("a key");
    jsonwebtoken::encode(&jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256), &claims, &key)
        .expect("a JWT")
}

/// The App with one token.
struct Asker<'s> {
    sandbox: &'s Sandbox,
    bearer: String,
}

impl<'s> Asker<'s> {
    fn app(sandbox: &'s Sandbox) -> Self {
        Self { sandbox, bearer: format!("Bearer {}", jwt(sandbox, (-60, 540))) }
    }

    /// The App as its only installation, with these permissions or all of them.
    async fn installed(sandbox: &'s Sandbox, body: Value) -> Self {
        let app = Self::app(sandbox);
        let installations = app.get("/app/installations").await.json();
        let id = installations[0]["id"].as_u64().expect("an installation");
        let token = app.post(&format!("/app/installations/{id}/access_tokens"), body).await.json();
        Self { sandbox, bearer: format!("Bearer {}", token["token"].as_str().expect("a token")) }
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Option<Answered> {
        send(self.sandbox, method, path, &[("authorization", &self.bearer)], &body).await
    }

    async fn get(&self, path: &str) -> Answered {
        self.ask(Method::GET, path, Value::Null).await.expect("an answer")
    }

    async fn post(&self, path: &str, body: Value) -> Answered {
        self.ask(Method::POST, path, body).await.expect("an answer")
    }

    async fn patch(&self, path: &str, body: Value) -> Answered {
        self.ask(Method::PATCH, path, body).await.expect("an answer")
    }

    async fn delete(&self, path: &str) -> Answered {
        self.ask(Method::DELETE, path, Value::Null).await.expect("an answer")
    }

    async fn query(&self, query: &str, variables: Value) -> Value {
        self.post("/graphql", json!({ "query": query, "variables": variables })).await.json()
    }
}

/// What is owed to the App, as `event.action`.
fn owed(sandbox: &Sandbox) -> Vec<String> {
    let name = |delivery: super::Delivery| match delivery.action {
        Some(action) => format!("{}.{action}", delivery.event),
        None => delivery.event,
    };
    sandbox.take_deliveries().into_iter().map(name).collect()
}

/// A branch with one file, and a pull request of it.
fn pull_request(sandbox: &Sandbox, branch: &str, body: &str) -> Numbered {
    let ana = sandbox.by("ana");
    ana.push("acme/web", branch, &[("login.rs", branch)], "Repair the login");
    ana.open_pull_request(
        "acme/web",
        Entry { head: branch, title: "Repair the login", body, ..Entry::default() },
    )
}

/// A small App that answers 202 to everything and remembers headers and bodies.
#[expect(clippy::disallowed_methods, reason = "it runs beside its test")]
async fn listening() -> (String, Arc<Mutex<Vec<(HeaderMap, Bytes)>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/webhooks/github", listener.local_addr().expect("an address"));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let memory = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let memory = memory.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let memory = memory.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await?.to_bytes();
                    memory.lock().expect("the memory").push((head.headers, body));
                    let answer = http::Response::builder().status(202).body(Full::new(Bytes::from("kept")));
                    Ok::<_, hyper::Error>(answer.expect("an answer"))
                }
            });
            let _ended = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        }
    });
    (url, heard)
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}
