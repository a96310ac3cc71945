//! Proves a token by the keys of its issuer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    fetch::{self, Fetcher, Place},
    jwt::{Demands, Unproved},
    keys::{NoKey, Ring},
};
use crate::{
    clock::Clock,
    domain::{
        asker::{Proof, Reason, Refused},
        finding::code,
    },
};

/// More issuers than any server knows.
const MOST: usize = 1000;

/// It is not known who asks, or they may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// They are refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It cannot be found out now, and why, as a sentence: never an allow, and no refusal either.
    #[error("{0}")]
    Unavailable(String),
}

impl NotAsked {
    /// The status of an answer over HTTP.
    #[must_use]
    pub const fn status(&self) -> http::StatusCode {
        match self {
            Self::Refused(refused) if refused.reason.knows_who() => http::StatusCode::FORBIDDEN,
            Self::Refused(_) => http::StatusCode::UNAUTHORIZED,
            Self::Unavailable(_) => http::StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Proves tokens, and keeps the keys of their issuers.
#[derive(Debug)]
pub(super) struct Verifier {
    fetcher: Fetcher,
    rings: Mutex<HashMap<Place, Arc<Ring>>>,
    clock: Clock,
}

impl Verifier {
    /// For a server that people reach at this address.
    ///
    /// # Errors
    /// When the certificates of this machine cannot be read.
    pub(super) fn new(public_url: Option<&str>, clock: Clock) -> Result<Self, std::io::Error> {
        let is_trial = public_url.is_some_and(fetch::is_plain_and_here);
        Ok(Self { fetcher: Fetcher::new(is_trial)?, rings: Mutex::default(), clock })
    }

    /// Proves a token; `place` must be one that settings or a policy name.
    pub(super) async fn prove(
        &self,
        unproved: &Unproved<'_>,
        place: Place,
        demands: Demands<'_>,
    ) -> Result<Proof, NotAsked> {
        unproved.check(demands, self.clock.now())?;
        let ring = self.ring(place);
        let key = match ring.key(&unproved.key, &self.fetcher, &self.clock).await {
            Ok(key) => key,
            Err(NoKey::Unknown) => {
                let sentence = "The issuer has no key of the name with which the token is signed.";
                return Err(Refused::new(Reason::KeyUnknown, sentence).into());
            }
            Err(NoKey::Unavailable(why)) => {
                let issuer = code(demands.issuer);
                return Err(NotAsked::Unavailable(format!("The keys of {issuer} cannot be had: {why}.")));
            }
        };
        Ok(unproved.prove(&key, demands)?)
    }

    fn ring(&self, place: Place) -> Arc<Ring> {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        if rings.len() >= MOST && !rings.contains_key(&place) {
            rings.clear();
        }
        let ring = rings.entry(place.clone()).or_insert_with(|| Arc::new(Ring::new(place)));
        Arc::clone(ring)
    }
}
