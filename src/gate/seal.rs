//! Sealed permits: made beforehand by whoever runs the server, for when nobody can be asked. Each is for one repository and
//! environment, for whatever commit, and counts once; that is looked at when its use is reported.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, Serialize};

use super::{
    Gate,
    api::SealedUse,
    asking::At,
    permit::{self, NoPermit},
    problem::Problem,
};
use crate::domain::event::{GateAsk, SealUsed};

/// What a sealed permit is called in the head of the token.
pub const SEALED: &str = "changegate-sealed+jwt";

/// Clocks may differ by so much.
const LEEWAY: SignedDuration = SignedDuration::from_mins(5);
/// A reason is no longer.
const LONGEST_REASON: usize = 1_000;

/// What a sealed permit says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The address of the Changegate that it is reported to.
    pub iss: String,
    pub jti: String,
    /// When it was made, and until when it is good: seconds since 1970.
    pub iat: i64,
    pub exp: i64,
    pub repository: String,
    pub repository_id: u64,
    pub environment: String,
}

/// Checks a sealed permit by public keys. `now`: that it is still good, too.
///
/// # Errors
/// Why it is none.
pub fn verify(token: &str, keys: &JwkSet, now: bool) -> Result<Sealed, NoPermit> {
    permit::read(token, keys, SEALED, now)
}

impl Gate {
    /// What is said of a sealed permit's use, once it is proved that it is one and for this.
    pub(super) fn unseal(&self, used: &SealedUse, at: &At, ask: &GateAsk) -> Result<SealUsed, Problem> {
        let SealedUse { permit, reason, at: used_at, by } = used;
        let wrong = |why: String| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "sealed_not_good",
                "The sealed permit is not good for this",
                format!("{why}. What was deployed by it is recorded as a by-pass."),
            )
        };
        let sealed =
            verify(permit.trim(), &self.keys.public(), false).map_err(|why| wrong(why.to_string()))?;
        if sealed.repository_id != at.repo.0 || !sealed.environment.eq_ignore_ascii_case(&ask.environment) {
            return Err(wrong(format!("it is for {} of {}", sealed.environment, sealed.repository)));
        }
        let time = |second| Timestamp::from_second(second).map_err(|_| wrong("it says no time".into()));
        let (made_at, expires_at) = (time(sealed.iat)?, time(sealed.exp)?);
        let (earliest, latest) = (made_at - LEEWAY, expires_at.min(self.clock.now()) + LEEWAY);
        if *used_at < earliest || *used_at > latest {
            return Err(wrong(format!(
                "it was good from {made_at} to {expires_at}, and is said to be used at {used_at}"
            )));
        }
        let is_text = |text: &str| {
            !text.trim().is_empty()
                && text.len() <= LONGEST_REASON
                && !text.chars().any(|c| c.is_control() && c != '\n')
        };
        if !is_text(reason) || !by.as_deref().is_none_or(is_text) {
            return Err(Problem::request(
                "`sealed.reason` is a sentence of at most 1,000 bytes, and `sealed.by` a name",
            ));
        }
        let (why, by) = (reason.clone(), by.clone());
        Ok(SealUsed { id: sealed.jti, expires_at, why, by, at: *used_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Keys, permit::PERMIT};

    #[test]
    fn a_sealed_permit_is_no_permit_and_no_permit_is_a_sealed_one() {
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nb25l\n-----END RSA PRIVATE KEY-----\n";
        let keys = Keys::derived(&[pem.to_owned().into()]);
        let sealed = Sealed {
            iss: "https://changegate.example.com".into(),
            jti: "ab".repeat(16),
            iat: 0,
            exp: 4_000_000_000,
            repository: "acme/web".into(),
            repository_id: 7,
            environment: "production".into(),
        };
        let token = keys.sign(&sealed, SEALED).unwrap();
        assert_eq!(verify(&token, &keys.public(), true), Ok(sealed.clone()));
        assert!(permit::verify(&token, &keys.public(), PERMIT).is_err());
        let as_permit = keys.sign(&sealed, PERMIT).unwrap();
        assert!(verify(&as_permit, &keys.public(), true).is_err());
        let over = keys.sign(&Sealed { exp: 1_000, ..sealed }, SEALED).unwrap();
        assert!(verify(&over, &keys.public(), true).is_err() && verify(&over, &keys.public(), false).is_ok());
    }
}
