//! The door: proves that a delivery is GitHub's, writes it down, and only then says so.
//!
//! Nothing is parsed before the signature over the raw bytes is proved, and nothing is acknowledged before it is
//! durable. What the body means is found out later; see [`crate::inbox`].

use std::{sync::Arc, time::Duration};

use crate::{
    clock::Clock,
    github::signature::{self, SIGNATURE_HEADER, Secret},
    store::{Kept, NewDelivery, Store},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// GitHub sends at most 25 MB; the rest is room for its way of counting.
pub const LARGEST_BODY: usize = 25 * 1024 * 1024 + 64 * 1024;
/// GitHub waits ten seconds for the answer.
const BODY_TIME: Duration = Duration::from_secs(8);
/// An id longer than this is kept by its hash.
const LONGEST_ID: usize = 200;

/// What the door needs.
#[derive(Debug, Clone)]
pub struct Door {
    pub store: Store,
    pub clock: Clock,
    /// Every secret that a delivery may be signed with.
    pub secrets: Arc<[Secret]>,
    /// The GitHub host that the deliveries come from.
    pub host: Arc<str>,
}

/// `POST /webhooks/github`.
pub fn router(door: Door) -> Router {
    Router::new().route("/webhooks/github", post(take)).with_state(door)
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
            Self::NotStored => {
                let again = [(header::RETRY_AFTER, "5")];
                return (StatusCode::SERVICE_UNAVAILABLE, again, format!("{self}\n")).into_response();
            }
        };
        (status, format!("{self}\n")).into_response()
    }
}

async fn take(State(door): State<Door>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    is_plain_json(&headers)?;
    let body = read(&headers, body).await?;
    signature::verify(&door.secrets, &body, headers.get_all(SIGNATURE_HEADER))
        .map_err(|_| Refusal::Unproved)?;
    let event = text(&headers, EVENT).unwrap_or_default();
    if event == "ping" {
        return Ok((StatusCode::OK, "pong\n").into_response());
    }
    let id = delivery_id(&headers, &body);
    let delivery = NewDelivery {
        id,
        event,
        host: door.host.to_string(),
        received_at: door.clock.now(),
        body: body.to_vec(),
    };
    match door.store.keep(delivery).await {
        Ok(Kept::New) => Ok((StatusCode::ACCEPTED, "stored\n").into_response()),
        Ok(Kept::Repeated) => Ok((StatusCode::ACCEPTED, "seen before; looked at again\n").into_response()),
        Err(error) => {
            tracing::error!(%error, "a delivery could not be stored");
            Err(Refusal::NotStored)
        }
    }
}

const EVENT: &str = "x-github-event";
const DELIVERY: &str = "x-github-delivery";

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.as_bytes();
    Some(String::from_utf8_lossy(value).into_owned())
}

fn is_plain_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = text(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::NotJson);
    }
    match text(headers, header::CONTENT_ENCODING.as_str()) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => Err(Refusal::Encoded),
        Some(_) | None => Ok(()),
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let announced =
        text(headers, header::CONTENT_LENGTH.as_str()).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LARGEST_BODY) {
        return Err(Refusal::TooLarge);
    }
    let body = Limited::new(body, LARGEST_BODY).collect();
    match tokio::time::timeout(BODY_TIME, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Ok(Err(_)) => Err(Refusal::BrokenOff),
        Err(_) => Err(Refusal::TooSlow),
    }
}

/// GitHub's id of the delivery, which is text and not always a GUID; the hash of the body where there is none.
fn delivery_id(headers: &HeaderMap, body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let hash = |of: &[u8]| format!("sha256:{}", hex::encode(Sha256::digest(of)));
    match text(headers, DELIVERY) {
        None => hash(body),
        Some(id) if id.is_empty() => hash(body),
        Some(id) if id.len() > LONGEST_ID || id.contains('\0') => hash(id.as_bytes()),
        Some(id) => id,
    }
}
