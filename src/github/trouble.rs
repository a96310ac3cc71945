//! What can go wrong between us and GitHub, in words; and whether it is worth trying again.

use http::{StatusCode, header::RETRY_AFTER};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    budget::{Later, Told},
    client::Answer,
};

/// Why an answer could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A limit; nothing may be asked before.
    Limited(Later),
    /// The credentials are not accepted. GitHub's replicas may not know a new token for some seconds.
    Unauthorized,
    /// We may not; GitHub says why.
    Forbidden(String),
    /// Nothing there, or nothing that we may see. Fresh objects are not seen everywhere at once.
    NotFound,
    /// It was there.
    Gone,
    /// GitHub understands but does not take it, and says why.
    Unprocessable(String),
    /// Another refusal.
    Refused(StatusCode, String),
    /// GitHub itself failed; what was asked may have been done.
    Failed(StatusCode),
    /// No answer, and why; what was asked may have been done.
    Lost(String),
    /// An answer that is not what GitHub describes.
    Strange(String),
    /// The App is not installed on the account, or not on this repository.
    NotInstalled(String),
}

impl Trouble {
    /// Whether GitHub gave up on it, as it does on what takes it more than ten seconds.
    pub(super) const fn is_too_much(&self) -> bool {
        matches!(self, Self::Failed(StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT))
    }

    /// As a sentence for a person, without the full stop.
    pub(super) fn sentence(&self, now: Timestamp) -> String {
        let at = clock_time(now);
        match self {
            Self::Limited(later) => {
                format!("GitHub may not be asked before {}: {}", clock_time(later.at), later.why)
            }
            Self::Unauthorized => format!("GitHub did not accept our credentials (401) at {at}"),
            Self::Forbidden(why) => format!("GitHub does not let us (403) at {at}: {why}"),
            Self::NotFound => format!("GitHub found nothing there that we may see (404) at {at}"),
            Self::Gone => format!("GitHub says that it is gone (410) at {at}"),
            Self::Unprocessable(why) => format!("GitHub did not take it (422) at {at}: {why}"),
            Self::Refused(status, why) => format!("GitHub refused ({}) at {at}: {why}", status.as_u16()),
            Self::Failed(status) => format!("GitHub did not answer ({}) at {at}", status.as_u16()),
            Self::Lost(why) => format!("GitHub could not be reached at {at}: {why}"),
            Self::Strange(why) => format!("GitHub's answer at {at} could not be read: {why}"),
            Self::NotInstalled(why) => why.clone(),
        }
    }
}

/// `10:04 UTC`.
pub(super) fn clock_time(at: Timestamp) -> String {
    at.strftime("%H:%M UTC").to_string()
}

/// Sorts an answer: itself where it is a success, or `304 Not Modified`.
pub(super) fn sort(answer: Answer, later: Option<Later>) -> Result<Answer, Trouble> {
    if let Some(later) = later {
        return Err(Trouble::Limited(later));
    }
    let status = answer.status;
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Ok(answer);
    }
    let said = || message(&answer.body);
    Err(match status {
        StatusCode::UNAUTHORIZED => Trouble::Unauthorized,
        StatusCode::FORBIDDEN => Trouble::Forbidden(said()),
        StatusCode::NOT_FOUND => Trouble::NotFound,
        StatusCode::GONE => Trouble::Gone,
        StatusCode::UNPROCESSABLE_ENTITY => Trouble::Unprocessable(said()),
        status if status.is_server_error() => Trouble::Failed(status),
        status => Trouble::Refused(status, said()),
    })
}

/// What an answer says about limits.
pub(super) fn told(answer: &Answer) -> Told {
    let number = |name: &str| answer.headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let reset = number("x-ratelimit-reset").and_then(|second| i64::try_from(second).ok());
    let told = Told {
        limit: number("x-ratelimit-limit"),
        remaining: number("x-ratelimit-remaining"),
        reset: reset.and_then(|second| Timestamp::from_second(second).ok()),
        retry_after: number(RETRY_AFTER.as_str()).map(std::time::Duration::from_secs),
        limited: false,
    };
    let limited = match answer.status {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::FORBIDDEN => {
            told.retry_after.is_some() || told.remaining == Some(0) || is_bare(&message(&answer.body))
        }
        _ => false,
    };
    // A 503 may carry `retry-after` too; it is obeyed as a limit.
    let limited = limited || (answer.status.is_server_error() && told.retry_after.is_some());
    Told { limited, ..told }
}

/// Whether a refusal names no reason that waiting would not cure.
fn is_bare(message: &str) -> bool {
    const REASONS: [&str; 12] = [
        "not accessible by",
        "must have",
        "permission",
        "suspended",
        "archived",
        "locked",
        "blocked",
        "disabled",
        "saml",
        "ip allow list",
        "not authorized",
        "bad credentials",
    ];
    let message = message.to_lowercase();
    message.contains("rate limit")
        || message.contains("abuse")
        || !REASONS.iter().any(|reason| message.contains(reason))
}

#[derive(Deserialize)]
struct Complaint {
    message: Option<String>,
    errors: Option<Vec<Detail>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Detail {
    Sentence(String),
    Field { message: Option<String>, field: Option<String>, code: Option<String> },
}

impl Detail {
    fn text(self) -> Option<String> {
        match self {
            Self::Sentence(text) | Self::Field { message: Some(text), .. } => Some(text),
            Self::Field { message: None, field, code } => Some(format!("{} is {}", field?, code?)),
        }
    }
}

/// What GitHub says in an error, cut to a sentence's length.
pub(super) fn message(body: &[u8]) -> String {
    let complaint = serde_json::from_slice::<Complaint>(body).ok();
    let (message, errors) = complaint.map_or((None, None), |said| (said.message, said.errors));
    let detail = errors.into_iter().flatten().find_map(Detail::text);
    let text = match (message, detail) {
        (Some(message), Some(detail)) => format!("{message} ({detail})"),
        (Some(text), None) | (None, Some(text)) => text,
        (None, None) => "no reason given".into(),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

/// When to try again after `attempts` attempts: one second, two, four, up to five minutes, and of each a part that
/// depends on `key`, so that not everybody comes back at once.
pub(super) fn next_try(key: &str, attempts: u32, now: Timestamp) -> Timestamp {
    let full = 1_000_u64 << attempts.min(9);
    let full = full.min(300_000);
    let mut digest = Sha256::new_with_prefix(key);
    digest.update(attempts.to_be_bytes());
    let share = digest.finalize().first().copied().map_or(0, u64::from);
    let wait = full / 2 + full / 2 * share / 255;
    now.saturating_add(SignedDuration::from_millis(i64::try_from(wait).unwrap_or(0))).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_limit_is_told_from_a_refusal() {
        let secondary = r#"{"message":"You have exceeded a secondary rate limit."}"#;
        let permission = r#"{"message":"Resource not accessible by integration"}"#;
        for (status, headers, body, limited) in [
            (403, vec![("retry-after", "120")], permission, true),
            (403, vec![("x-ratelimit-remaining", "0")], "{}", true),
            (403, vec![], secondary, true),
            (403, vec![], "", true),
            (403, vec![], permission, false),
            (403, vec![], r#"{"message":"Repository was archived so is read-only."}"#, false),
            (429, vec![], "", true),
            (404, vec![], "", false),
            (502, vec![], "", false),
            (503, vec![("retry-after", "5")], "", true),
            (200, vec![("x-ratelimit-remaining", "0")], "", false),
        ] {
            assert_eq!(told(&answer(status, &headers, body)).limited, limited, "{status} {headers:?} {body}");
        }
    }

    #[test]
    fn troubles_are_sentences() {
        let now: Timestamp = "2026-11-23T10:04:30Z".parse().unwrap();
        let of = |status, body: &str| sort(answer(status, &[], body), None).unwrap_err().sentence(now);
        let nested = r#"{"message":"Validation Failed","errors":[{"field":"title","code":"missing"}]}"#;
        let said = [
            of(401, ""),
            of(403, r#"{"message":"Resource not accessible by integration"}"#),
            of(404, ""),
            of(410, ""),
            of(422, nested),
            of(422, r#"{"errors":["too\nlong"]}"#),
            of(418, "short and stout"),
            of(502, "<html>"),
            Trouble::Lost("connection refused".into()).sentence(now),
            Trouble::Limited(Later { at: now, why: "the hourly limit is used up" }).sentence(now),
        ];
        insta::assert_snapshot!(said.join("\n"), @r"
        GitHub did not accept our credentials (401) at 10:04 UTC
        GitHub does not let us (403) at 10:04 UTC: Resource not accessible by integration
        GitHub found nothing there that we may see (404) at 10:04 UTC
        GitHub says that it is gone (410) at 10:04 UTC
        GitHub did not take it (422) at 10:04 UTC: Validation Failed (title is missing)
        GitHub did not take it (422) at 10:04 UTC: too long
        GitHub refused (418) at 10:04 UTC: no reason given
        GitHub did not answer (502) at 10:04 UTC
        GitHub could not be reached at 10:04 UTC: connection refused
        GitHub may not be asked before 10:04 UTC: the hourly limit is used up
        ");
    }

    #[test]
    fn waits_double_up_to_five_minutes_and_differ_by_key() {
        let now: Timestamp = "2026-11-23T10:04:30Z".parse().unwrap();
        for attempts in 0..40 {
            let full = (1_000_u128 << attempts.min(20)).min(300_000);
            let wait = next_try("a", attempts, now).duration_since(now).as_millis().cast_unsigned();
            assert!(wait >= full / 2 && wait <= full, "{attempts}: {wait}");
        }
        assert_ne!(next_try("a", 9, now), next_try("b", 9, now));
        assert_eq!(next_try("a", 9, now), next_try("a", 9, now));
    }
}
