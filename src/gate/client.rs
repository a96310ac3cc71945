//! The other side of the wire: asks a gate, as the command line does.

use std::{path::PathBuf, time::Duration};

use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Http, connect::HttpConnector},
    rt::TokioExecutor,
};
use jsonwebtoken::jwk::JwkSet;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, de::DeserializeOwned};

use super::api::{GateRequest, GateView, ReportRequest, Reported};

/// An answer is no longer.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;
/// How long connecting, sending and the answer may take beside what is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The server refuses, and says why; asking again changes nothing.
    #[error("{0}")]
    Refused(String),
    /// Nobody answers, or not now; it may be otherwise in a moment.
    #[error("{0}")]
    Away(String),
}

/// By what the pipeline proves who it is.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A token that lies ready.
    Token(SecretString),
    /// A file that somebody else renews.
    File(PathBuf),
    /// Nobody: only what is public is asked for.
    Nobody,
    /// GitHub Actions mints one for each request.
    Actions { url: String, token: SecretString },
}

/// Asks one server.
#[derive(Debug)]
pub struct Client {
    http: Http<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Without a slash at the end.
    server: String,
    credentials: Credentials,
}

/// What a server says of a problem.
#[derive(Deserialize)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
}

#[derive(Deserialize)]
struct Minted {
    value: String,
}

impl Client {
    /// Asks the server at this address.
    ///
    /// # Errors
    /// When the certificates of this machine cannot be read.
    pub fn new(server: &str, credentials: Credentials) -> Result<Self, std::io::Error> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)?
            .https_or_http()
            .enable_http1()
            .build();
        let http = Http::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, server: server.trim_end_matches('/').into(), credentials })
    }

    /// Asks, and is told at once what was decided or stands in the way, if the facts are at hand.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask(&self, request: &GateRequest) -> Result<GateView, NoAnswer> {
        let body = serde_json::to_vec(request).map_err(|error| NoAnswer::Refused(error.to_string()))?;
        self.call(Method::POST, "/api/v1/gates", body, 0).await
    }

    /// Looks at what was asked, and waits for so many seconds at most.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn look(&self, id: &str, wait: u64) -> Result<GateView, NoAnswer> {
        self.call(Method::GET, &format!("/api/v1/gates/{id}?wait={wait}s"), vec![], wait).await
    }

    /// Says how far a deployment is.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn report(&self, report: &ReportRequest) -> Result<Reported, NoAnswer> {
        let body = serde_json::to_vec(report).map_err(|error| NoAnswer::Refused(error.to_string()))?;
        self.call(Method::POST, "/api/v1/deployments", body, 0).await
    }

    /// The keys by which the server's permits are checked.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn keys(&self) -> Result<JwkSet, NoAnswer> {
        let request = Request::get(self.at("/.well-known/jwks.json")?).body(Full::default());
        let (status, body) = self.send(request.map_err(wrong)?, 0).await?;
        understood(status, &body)
    }

    fn at(&self, path: &str) -> Result<Uri, NoAnswer> {
        format!("{}{path}", self.server)
            .parse()
            .map_err(|_| NoAnswer::Refused(format!("{} is no web address", self.server)))
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        wait: u64,
    ) -> Result<T, NoAnswer> {
        let token = self.token().await?;
        let request = Request::builder()
            .method(method)
            .uri(self.at(path)?)
            .header(header::AUTHORIZATION, format!("Bearer {}", token.expose_secret()))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("changegate/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body.into()))
            .map_err(wrong)?;
        let (status, body) = self.send(request, wait).await?;
        understood(status, &body)
    }

    async fn token(&self) -> Result<SecretString, NoAnswer> {
        let (url, token) = match &self.credentials {
            Credentials::Nobody => return Err(NoAnswer::Refused("nothing proves who asks".into())),
            Credentials::Token(token) => return Ok(token.clone()),
            Credentials::File(file) => {
                let text = std::fs::read_to_string(file);
                let text = text.map_err(|error| NoAnswer::Refused(format!("{}: {error}", file.display())))?;
                return Ok(text.trim().to_owned().into());
            }
            Credentials::Actions { url, token } => (url, token),
        };
        let audience =
            percent_encoding::utf8_percent_encode(&self.server, percent_encoding::NON_ALPHANUMERIC);
        let request = Request::get(format!("{url}&audience={audience}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", token.expose_secret()))
            .header(header::ACCEPT, "application/json")
            .body(Full::default())
            .map_err(wrong)?;
        let (status, body) = self.send(request, 0).await?;
        if status != StatusCode::OK {
            return Err(NoAnswer::Away(format!("GitHub Actions mints no token (status {status})")));
        }
        let minted: Minted = serde_json::from_slice(&body)
            .map_err(|_| NoAnswer::Away("GitHub Actions minted something that is no token".into()))?;
        Ok(minted.value.into())
    }

    async fn send(&self, request: Request<Full<Bytes>>, wait: u64) -> Result<(StatusCode, Bytes), NoAnswer> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let exchange = async {
            let answer = self.http.request(request).await.map_err(|error| {
                let what = if error.is_connect() { "cannot be reached" } else { "broke off" };
                NoAnswer::Away(format!("{host} {what}"))
            })?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await;
            let body = body.map_err(|_| NoAnswer::Away(format!("{host} broke off in its answer")))?;
            Ok((status, body.to_bytes()))
        };
        let patience = PATIENCE + Duration::from_secs(wait);
        match tokio::time::timeout(patience, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(NoAnswer::Away("it did not answer in time".into())),
        }
    }
}

fn wrong(error: http::Error) -> NoAnswer {
    NoAnswer::Refused(error.to_string())
}

fn understood<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, NoAnswer> {
    if status.is_success() {
        return serde_json::from_slice(body)
            .map_err(|_| NoAnswer::Away("the answer is not understood: is this a Changegate?".into()));
    }
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let title = problem.as_ref().and_then(|problem| problem.title.clone());
    let title = title.unwrap_or_else(|| format!("the server answers with status {status}"));
    let detail = problem.and_then(|problem| problem.detail).map(|detail| format!(": {detail}"));
    let why = format!("{title}{}", detail.unwrap_or_default());
    let is_now = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    Err(if is_now { NoAnswer::Away(why) } else { NoAnswer::Refused(why) })
}
