//! The door: proves that a delivery is GitHub's, writes it down, and only then says so.
//!
//! Nothing is parsed before the signature over the raw bytes is proved, and nothing is acknowledged before it is
//! durable. What the body means is found out later; see [`crate::inbox`].

mod read;

use std::sync::{Arc, PoisonError, RwLock};

use self::read::Room;
use crate::{
    clock::Clock,
    github::signature::{Claim, SIGNATURE_HEADER, Secret},
    metrics::{Arrival, Metrics},
    store::{Kept, NewDelivery, Store},
};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use sha2::{Digest, Sha256};

/// GitHub sends at most 25 MB; the rest is room for its way of counting.
pub const LARGEST_BODY: usize = 25 * 1024 * 1024 + 64 * 1024;
/// A name longer than this is kept by its hash.
const LONGEST_NAME: usize = 200;

/// What the door needs.
#[derive(Debug, Clone)]
pub struct Door {
    pub store: Store,
    pub clock: Clock,
    /// Every secret that a delivery may be signed with.
    pub secrets: Secrets,
    /// The GitHub host that the deliveries come from.
    pub host: Arc<str>,
    pub metrics: Metrics,
}

/// The secrets in force. They can be changed while deliveries arrive: each is judged by those of its beginning.
#[derive(Debug, Clone)]
pub struct Secrets(Arc<RwLock<Arc<[Secret]>>>);

impl Secrets {
    /// Every one of these is accepted.
    #[must_use]
    pub fn new(secrets: Vec<Secret>) -> Self {
        Self(Arc::new(RwLock::new(secrets.into())))
    }

    /// From now on these are accepted, and no others.
    pub fn replace(&self, secrets: Vec<Secret>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = secrets.into();
    }

    fn current(&self) -> Arc<[Secret]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// `POST /webhooks/github`.
pub fn router(door: Door) -> Router {
    Router::new().route("/webhooks/github", post(take)).with_state((door, Room::default()))
}

/// Why a delivery was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("send application/json: set the webhook's content type to it")]
    NotJson,
    #[error("send the body as it is, without Content-Encoding")]
    Encoded,
    #[error("the body is larger than GitHub sends")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the body broke off")]
    BrokenOff,
    #[error(
        "X-Hub-Signature-256 does not prove that GitHub sent this: compare the webhook secret on both sides"
    )]
    Unproved,
    #[error("too much arrives at once; send it again")]
    NoRoom,
    #[error("it could not be stored; send it again")]
    NotStored,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotJson | Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::Unproved => StatusCode::UNAUTHORIZED,
            Self::NoRoom | Self::NotStored => {
                let again = [(header::RETRY_AFTER, "5")];
                return (StatusCode::SERVICE_UNAVAILABLE, again, format!("{self}\n")).into_response();
            }
        };
        (status, format!("{self}\n")).into_response()
    }
}

async fn take(
    State((door, room)): State<(Door, Room)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let taken = take_in(&door, &room, &headers, body).await;
    if taken.is_err() {
        door.metrics.arrived(Arrival::Refused);
    }
    taken
}

async fn take_in(door: &Door, room: &Room, headers: &HeaderMap, body: Body) -> Result<Response, Refusal> {
    is_plain_json(headers)?;
    // Who claims nothing that could be proved is sent away before a byte is read.
    let claim = Claim::read(headers.get_all(SIGNATURE_HEADER)).map_err(|_| Refusal::Unproved)?;
    let secrets = door.secrets.current();
    let proved = read::read(body, announced(headers), &claim, &secrets, room).await?;
    let event = named(headers, EVENT).unwrap_or_else(|| "(no event)".into());
    if event == "ping" {
        return Ok((StatusCode::OK, "pong\n").into_response());
    }
    let delivery = NewDelivery {
        id: named(headers, DELIVERY).unwrap_or_else(|| format!("sha256:{}", proved.body.hash())),
        event,
        host: door.host.to_string(),
        received_at: door.clock.now(),
        body: proved.body,
    };
    match door.store.keep(delivery).await {
        Ok(Kept::New) => {
            door.metrics.arrived(Arrival::Kept);
            Ok((StatusCode::ACCEPTED, "stored\n").into_response())
        }
        Ok(Kept::Repeated) => {
            door.metrics.arrived(Arrival::Repeated);
            Ok((StatusCode::ACCEPTED, "seen before; looked at again\n").into_response())
        }
        Err(error) => {
            tracing::error!(%error, "a delivery could not be stored");
            Err(Refusal::NotStored)
        }
    }
}

const EVENT: &str = "x-github-event";
const DELIVERY: &str = "x-github-delivery";

/// What a header names; `None` where it is missing or empty. Neither event nor id are signed, and they may be anything:
/// what the store has no place for is kept by its hash, so that two different names stay different.
fn named(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.as_bytes();
    match std::str::from_utf8(value) {
        Ok("") => None,
        Ok(text) if text.len() <= LONGEST_NAME => Some(text.into()),
        Ok(_) | Err(_) => Some(hash(value)),
    }
}

fn hash(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn is_plain_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::NotJson);
    }
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().all(is_plain) {
        Ok(())
    } else {
        Err(Refusal::Encoded)
    }
}

/// How long the body is, as its sender says.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
