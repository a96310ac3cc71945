//! One request to GitHub and its answer, and nothing clever: no retries, bounded in time and size, never elsewhere.

use std::{error::Error, time::Duration};

use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use octocrab::{OctoBody, Octocrab};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::trouble::Trouble;

const CONNECT: Duration = Duration::from_secs(5);
const TOTAL: Duration = Duration::from_secs(15);
const LARGEST_ANSWER: usize = 10 * 1024 * 1024;
const REDIRECTS: usize = 3;

/// The media type of GitHub's JSON.
pub(super) const JSON: &str = "application/vnd.github+json";
/// The media type of a file's text.
pub(super) const RAW: &str = "application/vnd.github.raw+json";

/// An address that cannot be GitHub's API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the address of an API (https://api.github.com, or https://HOST/api/v3)")]
pub struct NotAnApi(pub String);

/// Where GitHub's two interfaces are.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    /// `https://api.github.com`, without a slash at the end.
    rest: String,
    graphql: String,
    /// `https://api.github.com`, without the path.
    origin: String,
}

impl Addresses {
    pub(super) fn of(api_url: &str) -> Result<Self, NotAnApi> {
        let not = || NotAnApi(api_url.into());
        let rest = api_url.trim_end_matches('/').to_owned();
        let uri: Uri = rest.parse().map_err(|_| not())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(not()) };
        if !matches!(scheme, "https" | "http") || uri.query().is_some() || authority.as_str().contains('@') {
            return Err(not());
        }
        let graphql = match rest.strip_suffix("/api/v3") {
            Some(host) => format!("{host}/api/graphql"),
            None => format!("{rest}/graphql"),
        };
        Ok(Self { graphql, origin: format!("{scheme}://{authority}"), rest })
    }

    /// A redirect's target, if it is on the same scheme, host and port.
    fn followed(&self, location: &str) -> Option<String> {
        let absolute = if location.starts_with('/') && !location.starts_with("//") {
            format!("{}{location}", self.origin)
        } else {
            location.into()
        };
        let rest = absolute.strip_prefix(&self.origin)?;
        rest.starts_with('/').then_some(absolute)
    }
}

/// What to ask.
#[derive(Debug, Clone)]
pub(super) struct Request {
    method: Method,
    path: String,
    body: Option<Vec<u8>>,
    accept: &'static str,
    etag: Option<HeaderValue>,
    graphql: bool,
}

impl Request {
    /// `path` begins with a slash and is relative to the REST API.
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None, accept: JSON, etag: None, graphql: false }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn query(body: &impl Serialize) -> Self {
        Self { graphql: true, ..Self::new(Method::POST, "") }.with(body)
    }

    pub(super) fn with(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_vec(body).ok();
        self
    }

    pub(super) fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    pub(super) fn unless(mut self, etag: Option<HeaderValue>) -> Self {
        self.etag = etag;
        self
    }

    /// Whether it may be sent twice without asking anybody.
    pub(super) fn only_reads(&self) -> bool {
        self.method == Method::GET || self.graphql
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn etag(&self) -> Option<HeaderValue> {
        self.headers.get(ETAG).cloned()
    }
}

/// Sends requests; octocrab is the transport.
#[derive(Debug)]
pub(super) struct Client {
    octocrab: Octocrab,
    addresses: Addresses,
    api_version: HeaderValue,
}

impl Client {
    /// Needs a tokio runtime around it.
    pub(super) fn new(addresses: Addresses, api_version: HeaderValue) -> Result<Self, octocrab::Error> {
        let octocrab = Octocrab::builder()
            .base_uri(addresses.origin.as_str())?
            .set_connect_timeout(Some(CONNECT))
            .build()?;
        Ok(Self { octocrab, addresses, api_version })
    }

    /// Sends a request with a token, and follows redirects to the same host.
    pub(super) async fn send(&self, request: &Request, token: &SecretString) -> Result<Answer, Trouble> {
        let sent = async {
            let mut at = if request.graphql {
                self.addresses.graphql.clone()
            } else {
                format!("{}{}", self.addresses.rest, request.path)
            };
            for _ in 0..=REDIRECTS {
                let answer = self.send_once(request, &at, token).await?;
                match self.redirect(request, &answer)? {
                    Some(next) => at = next,
                    None => return Ok(answer),
                }
            }
            Err(Trouble::Strange("it redirects in circles".into()))
        };
        match tokio::time::timeout(TOTAL, sent).await {
            Ok(answer) => answer,
            Err(_) => Err(Trouble::Lost(format!("no answer within {} seconds", TOTAL.as_secs()))),
        }
    }

    fn redirect(&self, request: &Request, answer: &Answer) -> Result<Option<String>, Trouble> {
        let moved = match answer.status.as_u16() {
            301 | 302 => request.method == Method::GET,
            307 | 308 => true,
            _ => false,
        };
        if !moved {
            return Ok(None);
        }
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match self.addresses.followed(location) {
            Some(next) => Ok(Some(next)),
            None => Err(Trouble::Strange("it redirects to another host".into())),
        }
    }

    async fn send_once(&self, request: &Request, at: &str, token: &SecretString) -> Result<Answer, Trouble> {
        let request = self.build(request, at, token).map_err(|error| Trouble::Strange(error.to_string()))?;
        let answer = self.octocrab.send(request).await.map_err(|error| lost(&error))?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                Trouble::Strange("it is larger than 10 MiB".into())
            } else {
                lost(error.as_ref())
            }
        })?;
        Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes().to_vec() })
    }

    fn build(
        &self,
        request: &Request,
        at: &str,
        token: &SecretString,
    ) -> Result<http::Request<OctoBody>, http::Error> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))?;
        authorization.set_sensitive(true);
        let mut built = http::Request::builder()
            .method(&request.method)
            .uri(at)
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, request.accept)
            .header("x-github-api-version", &self.api_version);
        if let Some(etag) = &request.etag {
            built = built.header(IF_NONE_MATCH, etag);
        }
        match &request.body {
            Some(body) => built.header(CONTENT_TYPE, "application/json").body(OctoBody::from(body.clone())),
            None => built.body(OctoBody::empty()),
        }
    }
}

/// The innermost cause: the layers above it only say that something went wrong.
fn lost(error: &(dyn Error + 'static)) -> Trouble {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Trouble::Lost(cause.to_string())
}

/// Everything but what can never mean anything in a path or a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// As one part of a path, or one value of a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_interfaces_are_found_from_one_address() {
        for (given, graphql) in [
            ("https://api.github.com", "https://api.github.com/graphql"),
            ("https://api.github.com/", "https://api.github.com/graphql"),
            ("https://ghe.acme.example/api/v3", "https://ghe.acme.example/api/graphql"),
            ("https://ghe.acme.example/api/v3/", "https://ghe.acme.example/api/graphql"),
            ("http://127.0.0.1:8081", "http://127.0.0.1:8081/graphql"),
            ("https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql"),
        ] {
            assert_eq!(Addresses::of(given).unwrap().graphql, graphql);
        }
        for given in ["", "api.github.com", "ftp://x", "https://", "https://a@b", "https://a/?b"] {
            assert!(Addresses::of(given).is_err(), "{given}");
        }
    }

    #[test]
    fn no_redirect_leaves_the_host() {
        let addresses = Addresses::of("https://api.github.com").unwrap();
        for location in ["https://api.github.com/repositories/7", "/repositories/7"] {
            assert_eq!(addresses.followed(location).unwrap(), "https://api.github.com/repositories/7");
        }
        for location in [
            "",
            "//evil/x",
            "http://api.github.com/x",
            "https://api.github.com.evil/x",
            "https://api.github.com@evil/x",
            "https://api.github.com:444/x",
            "https://evil/x",
            "repositories/7",
        ] {
            assert_eq!(addresses.followed(location), None, "{location}");
        }
    }

    #[test]
    fn names_stay_one_part_of_a_path() {
        for (name, path) in [
            ("bug", "bug"),
            ("triage/accepted", "triage%2Faccepted"),
            ("size/S & more?#", "size%2FS%20%26%20more%3F%23"),
            ("größe", "gr%C3%B6%C3%9Fe"),
            ("50%", "50%25"),
        ] {
            assert_eq!(encoded(name), path);
        }
    }
}
