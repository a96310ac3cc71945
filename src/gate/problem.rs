//! What is wrong with a request: `application/problem+json` (RFC 9457).

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
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
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not decided: nothing was allowed", detail)
    }
}

const RETRY: (HeaderName, HeaderValue) = (header::RETRY_AFTER, HeaderValue::from_static("2"));
const KIND: (HeaderName, HeaderValue) =
    (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().extend([KIND]);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().extend([RETRY]);
        } else if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
