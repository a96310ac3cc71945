//! The requests to one registry: where they may lead, who asks, how much is taken, and what of it is believed.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use http::{
    HeaderMap, HeaderValue, Request, StatusCode, Uri,
    header::{ACCEPT, AUTHORIZATION, LOCATION, USER_AGENT, WWW_AUTHENTICATE},
};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use super::{
    RegistrySettings,
    name::{Name, meant},
};
use crate::reach::{self, Connector, NoPublicAddress};

/// No manifest and no configuration is larger.
const LARGEST: usize = 4 * 1024 * 1024;
const REDIRECTS: usize = 3;

/// What is asked for.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

type Http = Client<Connector, Empty<Bytes>>;

/// What a digest names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Manifest,
    /// It may lie elsewhere.
    Blob,
}

/// The ways to registries.
#[derive(Debug)]
pub(super) struct Wire {
    /// To hosts that the settings name.
    named: Http,
    /// To wherever those send us: never into private networks.
    elsewhere: Http,
    /// Their private addresses, too.
    private: bool,
    hosts: BTreeSet<String>,
    credentials: BTreeMap<String, SecretString>,
}

/// The requests about one image.
#[derive(Debug)]
pub(super) struct Session<'a> {
    wire: &'a Wire,
    name: &'a Name,
    /// What the registry wants to see.
    authorization: Option<HeaderValue>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Wire {
    pub(super) fn new(settings: RegistrySettings) -> Result<Self, io::Error> {
        let RegistrySettings { hosts, private, credentials } = settings;
        let http = |private| {
            Ok::<Http, io::Error>(Client::builder(TokioExecutor::new()).build(reach::connector(private)?))
        };
        let hosts = hosts.iter().flat_map(|host| meant(host)).collect();
        Ok(Self { named: http(private)?, elsewhere: http(false)?, private, hosts, credentials })
    }

    /// What is asked about an image, where its registry may be asked.
    pub(super) fn session<'a>(&'a self, name: &'a Name) -> Result<Session<'a>, String> {
        if !self.hosts.contains(&name.host) {
            return Err(format!("{} is no registry that this server may ask", name.host));
        }
        Ok(Session { wire: self, name, authorization: None })
    }

    /// The way to an address, if it may be gone.
    fn way(&self, uri: &Uri) -> Result<&Http, String> {
        let authority = uri.authority().map(|it| it.as_str().to_ascii_lowercase()).unwrap_or_default();
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        if host.is_empty() || authority.contains('@') {
            return Err("it leads to something that is no web address".into());
        }
        let is_private = self.private && self.hosts.contains(&authority);
        let is_plain = uri.scheme_str() == Some("http") && is_here(&host) && is_private;
        if uri.scheme_str() != Some("https") && !is_plain {
            return Err(format!("{authority} would be asked without encryption"));
        }
        if !is_private && !reach::may_be_public(&host) {
            return Err(format!("{authority} is an address of a private network"));
        }
        Ok(if is_private { &self.named } else { &self.elsewhere })
    }

    async fn get(
        &self,
        uri: &Uri,
        accept: &str,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, String> {
        let way = self.way(uri)?;
        let host = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let mut request = Request::get(uri)
            .header(ACCEPT, accept)
            .header(USER_AGENT, concat!("changegate/", env!("CARGO_PKG_VERSION")));
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Empty::new()).map_err(|_| format!("{host} cannot be asked so"))?;
        // The words of the error may name the address, and that may hold a secret.
        let answer = way.request(request).await.map_err(|error| {
            let what = if NoPublicAddress::is_cause(&error) {
                "has no address but in private networks"
            } else if error.is_connect() {
                "cannot be reached"
            } else {
                "broke off before it answered"
            };
            format!("{host} {what}")
        })?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                format!("what {host} holds there is larger than 4 MiB")
            } else {
                format!("{host} broke off in its answer")
            }
        })?;
        Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() })
    }
}

impl Session<'_> {
    /// What a digest names.
    pub(super) async fn read<T: DeserializeOwned>(&mut self, kind: Kind, digest: &str) -> Result<T, String> {
        let bytes = self.bytes(kind, digest).await?;
        serde_json::from_slice(&bytes)
            .map_err(|_| format!("what {} holds there is nothing that is known of images", self.name.host))
    }

    async fn bytes(&mut self, kind: Kind, digest: &str) -> Result<Bytes, String> {
        let Name { host, answers, repository } = self.name;
        let hash = digest.strip_prefix("sha256:").filter(|hash| hash.len() == 64);
        let hash = hash.filter(|hash| hash.bytes().all(|it| it.is_ascii_hexdigit()));
        let hash =
            hash.ok_or_else(|| format!("what {host} holds there names something by no SHA-256 digest"))?;
        let (place, accept) = match kind {
            Kind::Manifest => ("manifests", MANIFESTS),
            Kind::Blob => ("blobs", "*/*"),
        };
        // Plain only where `way` lets it.
        let scheme = if self.wire.private && is_here(&without_port(answers)) { "http" } else { "https" };
        let uri: Uri = format!("{scheme}://{answers}/v2/{repository}/{place}/{digest}")
            .parse()
            .map_err(|_| format!("{host} is no host"))?;
        let mut answer = self.wire.get(&uri, accept, self.authorization.as_ref()).await?;
        if answer.status == StatusCode::UNAUTHORIZED && self.authorization.is_none() {
            self.authorization = Some(self.authorized(&answer.headers).await?);
            answer = self.wire.get(&uri, accept, self.authorization.as_ref()).await?;
        }
        if kind == Kind::Blob {
            answer = self.followed(uri, answer).await?;
        }
        if answer.status != StatusCode::OK {
            return Err(refused(host, answer.status));
        }
        if hex::encode(Sha256::digest(&answer.body)) != hash {
            return Err(format!("what {host} answers is not what the digest names"));
        }
        Ok(answer.body)
    }

    /// What lies elsewhere; whoever has it is not told who asks.
    async fn followed(&self, mut at: Uri, mut answer: Answer) -> Result<Answer, String> {
        for _ in 0..REDIRECTS {
            if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| joined(&at, location));
            let next = next.ok_or_else(|| format!("{} sends us nowhere", self.name.host))?;
            answer = self
                .wire
                .get(&next, "*/*", None)
                .await
                .map_err(|why| format!("{} sends us on, and {why}", self.name.host))?;
            at = next;
        }
        Ok(answer)
    }

    /// What the registry wants to see: credentials, or a token that it gives out for them, or to anybody.
    async fn authorized(&self, headers: &HeaderMap) -> Result<HeaderValue, String> {
        let host = &self.name.host;
        let credentials = self.wire.credentials.get(host).map(basic).transpose()?;
        let challenges = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let challenges: Vec<&str> = challenges.collect();
        let scheme = |challenge: &&str, scheme: &str| {
            challenge.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        let Some(bearer) = challenges.iter().find(|challenge| scheme(challenge, "Bearer ")) else {
            let asks = challenges.iter().any(|challenge| scheme(challenge, "Basic"));
            return credentials.filter(|_| asks).ok_or_else(|| refused(host, StatusCode::UNAUTHORIZED));
        };
        let realm = parameter(bearer, "realm")
            .ok_or_else(|| format!("{host} does not say where its tokens come from"))?;
        let scope = format!("repository:{}:pull", self.name.repository);
        let service = parameter(bearer, "service");
        let query = [("service", service), ("scope", Some(scope))].into_iter().filter_map(|(name, value)| {
            Some(format!("{name}={}", utf8_percent_encode(&value?, NON_ALPHANUMERIC)))
        });
        let query = query.collect::<Vec<_>>().join("&");
        let uri: Uri = format!("{realm}{}{query}", if realm.contains('?') { '&' } else { '?' })
            .parse()
            .map_err(|_| format!("{host} says that its tokens come from something that is no web address"))?;
        let place = uri.authority().map(|it| it.as_str().to_ascii_lowercase()).unwrap_or_default();
        if place != self.name.answers && !self.wire.hosts.contains(&place) {
            return Err(format!(
                "{host} sends us to {place} for a token, which is no host that this server may ask"
            ));
        }
        let answer = self.wire.get(&uri, "application/json", credentials.as_ref()).await?;
        if answer.status != StatusCode::OK {
            return Err(refused(&place, answer.status));
        }
        let token: Option<Token> = serde_json::from_slice(&answer.body).ok();
        let token = token.and_then(|it| it.token.or(it.access_token)).filter(|token| !token.is_empty());
        let value = token.and_then(|token| sensitive(&format!("Bearer {token}")));
        value.ok_or_else(|| format!("{place} gives out something that is no token"))
    }
}

fn is_here(host: &str) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].contains(&host)
}

fn without_port(place: &str) -> String {
    let uri: Option<Uri> = format!("http://{place}").parse().ok();
    uri.and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default()
}

/// Where a redirect leads: an address, or a path at the same place.
fn joined(at: &Uri, location: &str) -> Option<Uri> {
    if location.starts_with('/') && !location.starts_with("//") {
        return format!("{}://{}{location}", at.scheme_str()?, at.authority()?).parse().ok();
    }
    location.parse().ok().filter(|uri: &Uri| uri.scheme().is_some())
}

/// A parameter of a challenge, in quotes or not.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge.split_once(' ').map(|(_, rest)| rest)?;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        if key.trim_matches([' ', ',']).eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = next;
    }
}

fn basic(credentials: &SecretString) -> Result<HeaderValue, String> {
    let encoded = BASE64.encode(credentials.expose_secret());
    sensitive(&format!("Basic {encoded}")).ok_or_else(|| "its credentials cannot be sent".into())
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn refused(host: &str, status: StatusCode) -> String {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            format!("{host} does not let us read it ({})", status.as_u16())
        }
        StatusCode::NOT_FOUND => format!("{host} has no such image, or does not show it to us (404)"),
        StatusCode::TOO_MANY_REQUESTS => format!("{host} wants to be asked less often (429)"),
        status if status.is_redirection() => {
            format!("{host} sends us on ({}), and no further", status.as_u16())
        }
        status => format!("{host} answered {}", status.as_u16()),
    }
}
