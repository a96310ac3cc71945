//! GitHub, played by script: a server on this machine that answers what a test tells it to, and remembers what it was
//! asked.
#![expect(clippy::wildcard_enum_match_arm, reason = "what a test does not expect fails it")]
#![expect(clippy::disallowed_methods, reason = "the scripted server runs beside its test")]
#![expect(clippy::too_many_lines, reason = "a script is as long as its story")]

mod answering;
mod deploying;
mod examining;
mod limits;
mod manifest;
mod performing;
mod queries;
mod reading;
mod standing;
mod tokens;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
};
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Response, Uri},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::domain::ids::{AccountId, IssueRef, Sha};

pub(super) const REPO: RepoId = RepoId(7);
pub(super) const APP: u64 = 4242;

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

/// One answer.
#[derive(Debug, Clone)]
pub(super) struct Say {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    hangs_up: bool,
}

pub(super) fn say(status: u16, body: Value) -> Say {
    Say { status, headers: vec![], body: body.to_string().into_bytes(), hangs_up: false }
}

impl Say {
    pub(super) fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(super) fn text(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.body = text.into();
        self
    }
}

/// The connection breaks before the answer is whole.
pub(super) fn hang_up() -> Say {
    Say { hangs_up: true, ..say(200, json!({})) }
}

#[derive(Default)]
struct Script {
    answers: VecDeque<(String, Say)>,
    seen: Vec<Seen>,
    minted: u64,
}

/// The scripted GitHub and ours beside it, with a clock that stands still at 10:04.
pub(super) struct Stage {
    pub(super) github: GitHub,
    pub(super) clock: Clock,
    script: Arc<Mutex<Script>>,
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with("").await
    }

    /// With a path before every path of the API.
    pub(super) async fn with(prefix: &str) -> Self {
        let clock = Clock::held("2026-11-23T10:04:00Z".parse().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api_url = format!("http://{}{prefix}", listener.local_addr().unwrap());
        let (state, time) = (script.clone(), clock.clone());
        let app = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let answer = respond(&state, &time, &format!("{method} {uri}"), headers, &body);
            async move { answer }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        let settings = GitHubSettings {
            api_url,
            app_id: APP,
            private_keys: vec![private_key()],
            marker_secrets: vec![],
            api_version: API_VERSION.into(),
            trusted_root: None,
            issuers: vec![],
        };
        Self { github: GitHub::new(&settings, clock.clone()).unwrap(), clock, script }
    }

    /// The next request that begins like this is answered so; tokens are minted without being told.
    pub(super) fn on(&self, line: &str, say: Say) -> &Self {
        self.script.lock().unwrap().answers.push_back((line.into(), say));
        self
    }

    /// What was asked, without the minting of tokens.
    pub(super) fn asked(&self) -> Vec<Seen> {
        let script = self.script.lock().unwrap();
        script.seen.iter().filter(|seen| !seen.line.contains("access_tokens")).cloned().collect()
    }

    pub(super) fn lines(&self) -> String {
        self.asked().into_iter().map(|seen| seen.line).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn minted(&self) -> Vec<Seen> {
        let script = self.script.lock().unwrap();
        script.seen.iter().filter(|seen| seen.line.contains("access_tokens")).cloned().collect()
    }

    pub(super) fn seconds_until(&self, at: Timestamp) -> i64 {
        at.duration_since(self.clock.now()).as_secs()
    }
}

fn respond(
    script: &Mutex<Script>,
    clock: &Clock,
    line: &str,
    headers: HeaderMap,
    body: &[u8],
) -> Response<Body> {
    let mut script = script.lock().unwrap();
    let body = serde_json::from_slice(body).unwrap_or(Value::Null);
    script.seen.push(Seen { line: line.into(), headers, body });
    let scripted = script.answers.iter().position(|(begins, _)| line.starts_with(begins.as_str()));
    let say = match scripted.and_then(|place| script.answers.remove(place)) {
        Some((_, say)) => say,
        None if line.contains("access_tokens") => {
            script.minted += 1;
            let expires = clock.now() + SignedDuration::from_hours(1);
            say(201, json!({"token": format!("ghs_{}", script.minted), "expires_at": expires.to_string()}))
        }
        None => say(500, json!({"message": "nobody told me"})),
    };
    let mut response = Response::builder().status(say.status);
    for (name, value) in &say.headers {
        response = response.header(*name, value);
    }
    if say.hangs_up {
        return response.header("content-length", "100").body(Body::from(&b"{"[..])).unwrap();
    }
    response.body(Body::from(say.body)).unwrap()
}

/// A key of nobody's, made once for all tests.
pub(super) fn private_key() -> SecretString {
    static PEM: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = STANDARD.encode(pair.as_der().unwrap().as_ref());
        let kind = "PRIVATE KEY";
        format!("-----BEGIN {kind}-----\n{der}\n-----END {kind}-----\n")
    });
    PEM.clone().into()
}

pub(super) fn place() -> Place {
    Place {
        tenant: TenantId::new("github.com", AccountId(5)),
        installation: Some(InstallationId(3)),
        names: [(REPO, "acme/web".parse().unwrap()), (RepoId(8), "acme/app".parse().unwrap())].into(),
    }
}

pub(super) const fn issue(number: u64) -> IssueRef {
    IssueRef { repo: REPO, number }
}

pub(super) fn sha(digit: &str) -> Sha {
    digit.repeat(40).parse().unwrap()
}
