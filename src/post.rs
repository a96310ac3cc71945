//! Posts to other systems, and says what came of it: whether to try again, and when.

use std::{io, time::Duration};

use http::{Request, Response, StatusCode, header::RETRY_AFTER};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use jiff::{SignedDuration, Timestamp};

use crate::reach::{self, Connector};

/// How long connecting, sending and the first line of the answer may take together.
pub const TOTAL: Duration = Duration::from_secs(10);
/// However often it was tried: after so many seconds it is tried again.
const LONGEST_WAIT: i64 = 5 * 60;
/// Nor does the other side make us wait longer.
const LONGEST_ASKED: i64 = 60 * 60;

/// What came of telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It was taken.
    Yes,
    /// It was not taken now; why, and not before when it is tried again.
    Later { at: Timestamp, why: String },
    /// Nobody answered: it may have been taken. Whatever else is to be told would not be answered either.
    Away { at: Timestamp, why: String },
    /// Trying again would change nothing, and why.
    Refused { why: String },
}

/// Posts, and waits for the first line of each answer.
#[derive(Debug, Clone)]
pub struct Post(Client<Connector, Full<Bytes>>);

impl Post {
    /// `private`: addresses of private networks are reached.
    ///
    /// # Errors
    /// When the certificates of this machine cannot be read.
    pub fn new(private: bool) -> io::Result<Self> {
        Ok(Self(Client::builder(TokioExecutor::new()).build(reach::connector(private)?)))
    }

    /// Sends what was tried `attempts` times before. The words of an error may name the address: nobody is told them.
    pub async fn send(&self, request: Request<Full<Bytes>>, (attempts, now): (u32, Timestamp)) -> Told {
        match tokio::time::timeout(TOTAL, self.0.request(request)).await {
            Ok(Ok(answer)) => Told::of(&answer, attempts, now),
            Ok(Err(error)) if error.is_connect() => Told::away(attempts, now, "no connection could be made"),
            Ok(Err(_)) => Told::away(attempts, now, "the connection ended before the answer"),
            Err(_) => Told::away(attempts, now, "no answer within 10 seconds"),
        }
    }
}

impl Told {
    fn of(answer: &Response<Incoming>, attempts: u32, now: Timestamp) -> Self {
        let status = answer.status();
        let why = format!("the answer was {}", status.as_u16());
        match status {
            status if status.is_success() => Self::Yes,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                asked_to_wait(answer, attempts, now, why)
            }
            status if status.is_client_error() => Self::Refused { why },
            status if status.is_redirection() => {
                Self::Later { at: next_try(attempts, now), why: format!("{why}: nothing is sent elsewhere") }
            }
            _ => asked_to_wait(answer, attempts, now, why),
        }
    }

    /// Nobody answered.
    #[must_use]
    pub fn away(attempts: u32, now: Timestamp, why: &str) -> Self {
        Self::Away { at: next_try(attempts, now), why: why.into() }
    }

    /// Somebody has to mend something first.
    #[must_use]
    pub fn in_an_hour(now: Timestamp, why: impl Into<String>) -> Self {
        Self::Later { at: after(now, LONGEST_ASKED), why: why.into() }
    }
}

/// After as many seconds as the other side says, if it says so.
fn asked_to_wait(answer: &Response<Incoming>, attempts: u32, now: Timestamp, why: String) -> Told {
    let seconds =
        answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let asked = seconds.map(|seconds: i64| after(now, seconds.clamp(1, LONGEST_ASKED)));
    Told::Later { at: asked.unwrap_or_else(|| next_try(attempts, now)), why }
}

/// After one second, two, four, up to five minutes.
fn next_try(attempts: u32, now: Timestamp) -> Timestamp {
    after(now, (1 << attempts.min(9)).min(LONGEST_WAIT))
}

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes() {
        let wait = |attempts| next_try(attempts, Timestamp::UNIX_EPOCH).as_second();
        assert_eq!([0, 1, 5, 8, 9, 40].map(wait), [1, 2, 32, 256, 300, 300]);
    }
}
