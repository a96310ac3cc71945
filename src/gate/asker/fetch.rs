//! Fetches the public keys of an issuer: no redirects, five seconds, 256 KiB, and never another host than the issuer's own.

use std::{collections::HashMap, sync::Arc, time::Duration};

use http::{Method, Request, StatusCode, Uri, header::USER_AGENT};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;

use super::keys::{self, Key};

/// How long all of it may take together.
const TOTAL: Duration = Duration::from_secs(5);
/// The longest answer.
const LONGEST: usize = 256 * 1024;

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) issuer: String,
    /// `None`: the issuer says so itself.
    pub(super) keys: Option<String>,
}

/// Fetches keys.
#[derive(Debug, Clone)]
pub(super) struct Fetcher {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    /// Plain http to this machine is taken, because people reach this server itself that way.
    is_trial: bool,
}

#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

impl Fetcher {
    /// Fetches over encrypted connections; on a server for trials also from this machine.
    ///
    /// # Errors
    /// When the certificates of this machine cannot be read.
    pub(super) fn new(is_trial: bool) -> Result<Self, std::io::Error> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), is_trial })
    }

    /// The keys, by name; or why there are none, as a clause.
    pub(super) async fn keys(&self, place: &Place) -> Result<HashMap<String, Arc<Key>>, String> {
        let fetched = tokio::time::timeout(TOTAL, self.both(place)).await;
        let text = fetched.unwrap_or_else(|_| Err("it did not answer within 5 seconds".into()))?;
        let keys = keys::read(&text).ok_or("its answer is no set of keys")?;
        if keys.is_empty() { Err("it names no key that signs with RS256 or ES256".into()) } else { Ok(keys) }
    }

    async fn both(&self, place: &Place) -> Result<Bytes, String> {
        if let Some(keys) = &place.keys {
            return self.get(keys).await;
        }
        let address = format!("{}/.well-known/openid-configuration", place.issuer.trim_end_matches('/'));
        let found: Discovered = serde_json::from_slice(&self.get(&address).await?)
            .map_err(|_| "its answer does not say where its keys are")?;
        if found.issuer != place.issuer {
            return Err("it calls itself otherwise than its tokens do".into());
        }
        if !is_same_host(&found.jwks_uri, &place.issuer) {
            return Err("it says that its keys are on another host".into());
        }
        self.get(&found.jwks_uri).await
    }

    async fn get(&self, address: &str) -> Result<Bytes, String> {
        let uri: Uri = address.parse().map_err(|_| "its address is no web address")?;
        if !self.may_contact(&uri) {
            return Err("its address is not encrypted".into());
        }
        let request = Request::builder()
            .method(Method::GET)
            .uri(uri)
            .header(USER_AGENT, concat!("changegate/", env!("CARGO_PKG_VERSION")))
            .body(Empty::new())
            .map_err(|_| "its address is no web address")?;
        let answer = self.client.request(request).await.map_err(|_| "no connection could be made")?;
        if answer.status() != StatusCode::OK {
            return Err(format!("the answer was {}", answer.status().as_u16()));
        }
        let body = Limited::new(answer.into_body(), LONGEST).collect().await;
        Ok(body.map_err(|_| "the answer is longer than 256 KiB, or broke off")?.to_bytes())
    }

    fn may_contact(&self, uri: &Uri) -> bool {
        let host = uri.host().unwrap_or_default();
        match uri.scheme_str() {
            Some("https") => !host.is_empty(),
            Some("http") => self.is_trial && is_this_machine(host),
            Some(_) | None => false,
        }
    }
}

/// Whether this address is on this machine and goes over plain http.
#[must_use]
pub(super) fn is_plain_and_here(address: &str) -> bool {
    let uri: Option<Uri> = address.parse().ok();
    uri.is_some_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some_and(is_this_machine))
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_same_host(one: &str, other: &str) -> bool {
    let place = |address: &str| {
        let uri: Uri = address.parse().ok()?;
        Some((uri.scheme_str()?.to_owned(), uri.authority()?.as_str().to_ascii_lowercase()))
    };
    place(one).is_some_and(|place_of_one| Some(place_of_one) == place(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_s_keys_are_on_its_own_host() {
        let issuer = "https://gitlab.example.com/ci";
        for (keys, same) in [
            ("https://gitlab.example.com/keys", true),
            ("https://GitLab.example.com/keys", true),
            ("http://gitlab.example.com/keys", false),
            ("https://gitlab.example.com:8443/keys", false),
            ("https://gitlab.example.com@evil.example/keys", false),
            ("https://gitlab.example.com.evil.example/keys", false),
            ("https://169.254.169.254/keys", false),
            ("//gitlab.example.com/keys", false),
            ("/keys", false),
            ("", false),
        ] {
            assert_eq!(is_same_host(keys, issuer), same, "{keys}");
        }
    }

    #[test]
    fn plain_http_goes_to_this_machine_alone_and_only_on_a_server_for_trials() {
        let may =
            |is_trial, address: &str| Fetcher::new(is_trial).unwrap().may_contact(&address.parse().unwrap());
        for (address, on_trial) in [
            ("http://127.0.0.1:8080/x", true),
            ("http://[::1]/x", true),
            ("http://localhost/x", true),
            ("http://169.254.169.254/x", false),
            ("http://127.0.0.1.example.com/x", false),
            ("ftp://127.0.0.1/x", false),
        ] {
            assert_eq!(may(true, address), on_trial, "{address}");
            assert!(!may(false, address), "{address}");
        }
        assert!(may(false, "https://127.0.0.1/x"));
    }

    /// A server on this machine that answers so, and its address.
    async fn answers(router: impl FnOnce(&str) -> axum::Router) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = router(&url);
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    const DISCOVERY: &str = "/.well-known/openid-configuration";

    async fn trouble(issuer: &str) -> String {
        let place = Place { issuer: issuer.into(), keys: None };
        Fetcher::new(true).unwrap().keys(&place).await.unwrap_err()
    }

    #[tokio::test]
    async fn it_follows_nobody_elsewhere_and_reads_no_long_answer() {
        use axum::{Router, response::Redirect, routing::get};
        let elsewhere = answers(|_| Router::new().fallback(async || "somebody came")).await;
        let to = format!("{elsewhere}/keys");
        let moved = to.clone();
        let redirects = answers(|_| {
            Router::new().route(DISCOVERY, get(move || async move { Redirect::temporary(&moved) }))
        })
        .await;
        assert_eq!(trouble(&redirects).await, "the answer was 307");
        let points = answers(|url| {
            let text = format!(r#"{{"issuer":"{url}","jwks_uri":"{to}"}}"#);
            Router::new().route(DISCOVERY, get(async move || text))
        })
        .await;
        assert_eq!(trouble(&points).await, "it says that its keys are on another host");
        let other = answers(|url| {
            let text = format!(r#"{{"issuer":"{url}/other","jwks_uri":"{url}/keys"}}"#);
            Router::new().route(DISCOVERY, get(async move || text))
        })
        .await;
        assert_eq!(trouble(&other).await, "it calls itself otherwise than its tokens do");
        let long = answers(|_| Router::new().route(DISCOVERY, get(async || " ".repeat(LONGEST + 1)))).await;
        assert_eq!(trouble(&long).await, "the answer is longer than 256 KiB, or broke off");
        let empty = answers(|url| {
            let text = format!(r#"{{"issuer":"{url}","jwks_uri":"{url}/keys"}}"#);
            let keys = get(async || r#"{"keys":[]}"#);
            Router::new().route(DISCOVERY, get(async move || text)).route("/keys", keys)
        })
        .await;
        assert_eq!(trouble(&empty).await, "it names no key that signs with RS256 or ES256");
        assert_eq!(trouble("http://127.0.0.1:1").await, "no connection could be made");
    }
}
