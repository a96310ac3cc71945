//! What is wrong with a request: `application/problem+json` (RFC 9457).

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem. `code` is stable; `detail` is for people, and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The kind of problem, by an address that need not be opened.
    #[serde(rename = "type")]
    #[schema(example = "urn:changegate:problem:unknown_repository")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The status of the answer, once more.
    pub status: u16,
    /// What is so, and who can cure it.
    pub detail: String,
    /// The kind as a code.
    pub code: String,
    /// How many seconds to wait before it is asked again.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:changegate:problem:{code}"),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.into(),
            retry_after: None,
        }
    }

    /// The request itself is wrong.
    #[must_use]
    pub fn request(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_request",
            "The request is not understood",
            detail,
        )
    }

    /// There is nothing of this kind that the asker may see.
    #[must_use]
    pub fn unknown(what: &str, detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            &format!("unknown_{what}"),
            &format!("There is no such {what}"),
            detail,
        )
    }

    /// It cannot be answered at this moment; nothing was allowed.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let (status, title) = (StatusCode::SERVICE_UNAVAILABLE, "Not decided: nothing was allowed");
        Self { retry_after: Some(SOON), ..Self::new(status, "unavailable", title, detail) }
    }

    /// They have asked too often; how long to wait.
    #[must_use]
    pub fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let detail = format!(
            "More was asked with this token, or by jobs of this repository, than one may ask in a minute. Cure: ask again in {seconds} s, and wait for an answer (`wait`) instead of asking often; whoever runs this server sets the limit (CHANGEGATE_REQUESTS_PER_MINUTE)."
        );
        let (status, title) = (StatusCode::TOO_MANY_REQUESTS, "Asked too often");
        Self { retry_after: Some(seconds), ..Self::new(status, "too_many_requests", title, detail) }
    }
}

/// Seconds after which something may have changed.
const SOON: u64 = 2;
const KIND: HeaderValue = HeaderValue::from_static("application/problem+json");

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, KIND);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
