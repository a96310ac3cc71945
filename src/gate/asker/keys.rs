//! The public keys of one issuer: asked for at most once a minute, and the last good set is kept for a day.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::fetch::{Fetcher, Place};
use crate::clock::Clock;

/// They are not asked for more often, whatever tokens say.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// After so long they are asked for again, so that a key that was taken back stops counting.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// So long the last good set counts while there is no newer one.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Shorter moduli can be broken: 2,048 bits.
const SHORTEST_MODULUS: usize = 256;
/// More keys than any issuer has.
const MOST: usize = 200;

/// One public key, and the one algorithm that it is for.
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Why there is no key of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoKey {
    /// The issuer has none.
    Unknown,
    /// It could not be found out, and why, as a clause.
    Unavailable(String),
}

#[derive(Debug, Default)]
struct State {
    keys: HashMap<String, Arc<Key>>,
    good_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
    trouble: String,
}

/// The keys of one issuer.
#[derive(Debug)]
pub(super) struct Ring {
    place: Place,
    state: Mutex<State>,
    /// One asks, the others wait for what comes of it.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Ring {
    pub(super) fn new(place: Place) -> Self {
        Self { place, state: Mutex::default(), turn: Arc::default() }
    }

    /// The key of this name.
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever asks may hang up; the keys are fetched all the same, or anybody could keep us from them"
    )]
    pub(super) async fn key(
        self: &Arc<Self>,
        name: &str,
        fetcher: &Fetcher,
        clock: &Clock,
    ) -> Result<Arc<Key>, NoKey> {
        if let Some(answer) = self.settled(name, clock.now()) {
            return answer;
        }
        let turn = match Arc::clone(&self.turn).try_lock_owned() {
            Ok(turn) => turn,
            Err(_) => match self.kept(name, clock.now()) {
                Some(key) => return Ok(key),
                None => Arc::clone(&self.turn).lock_owned().await,
            },
        };
        if let Some(answer) = self.settled(name, clock.now()) {
            return answer;
        }
        let (ring, fetcher, clock_of_task) = (Arc::clone(self), fetcher.clone(), clock.clone());
        let fetching = tokio::spawn(async move {
            let fetched = fetcher.keys(&ring.place).await;
            ring.take(fetched, clock_of_task.now());
            drop(turn);
        });
        if fetching.await.is_err() {
            return Err(NoKey::Unavailable("fetching them broke off".into()));
        }
        self.answer(name, clock.now())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer, where nothing is to be fetched for it.
    fn settled(&self, name: &str, now: Timestamp) -> Option<Result<Arc<Key>, NoKey>> {
        let state = self.state();
        let rests = state.tried_at.is_some_and(|at| is_within(at, now, PAUSE));
        let is_fresh = state.good_at.is_some_and(|at| is_within(at, now, FRESH));
        let is_known = state.keys.contains_key(name);
        drop(state);
        (rests || (is_fresh && is_known)).then(|| self.answer(name, now))
    }

    /// The key, while its set counts.
    fn kept(&self, name: &str, now: Timestamp) -> Option<Arc<Key>> {
        let state = self.state();
        let counts = state.good_at.is_some_and(|at| is_within(at, now, KEPT));
        state.keys.get(name).filter(|_| counts).cloned()
    }

    /// The answer by what is known.
    fn answer(&self, name: &str, now: Timestamp) -> Result<Arc<Key>, NoKey> {
        if let Some(key) = self.kept(name, now) {
            return Ok(key);
        }
        let state = self.state();
        if state.good_at.is_some() && state.good_at == state.tried_at {
            return Err(NoKey::Unknown);
        }
        Err(NoKey::Unavailable(state.trouble.clone()))
    }

    fn take(&self, fetched: Result<HashMap<String, Arc<Key>>, String>, now: Timestamp) {
        let mut state = self.state();
        state.tried_at = Some(now);
        match fetched {
            Ok(keys) => {
                (state.keys, state.good_at) = (keys, Some(now));
                state.trouble.clear();
            }
            Err(why) => {
                tracing::warn!(issuer = %self.place.issuer, why, "the keys of an issuer cannot be had");
                state.trouble = why;
            }
        }
    }
}

fn is_within(at: Timestamp, now: Timestamp, length: SignedDuration) -> bool {
    let since = now.duration_since(at);
    !since.is_negative() && since < length
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Written {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Reads a JWKS; keys that are not for signing with RS256 or ES256 are left out. `None`: it is none.
pub(super) fn read(text: &[u8]) -> Option<HashMap<String, Arc<Key>>> {
    let set: Set = serde_json::from_slice(text).ok()?;
    let mut keys = HashMap::new();
    for value in set.keys.into_iter().take(MOST) {
        let written: Option<Written> = serde_json::from_value(value).ok();
        if let Some((name, key)) = written.and_then(Written::key) {
            keys.entry(name).or_insert_with(|| Arc::new(key));
        }
    }
    Some(keys)
}

impl Written {
    fn key(self) -> Option<(String, Key)> {
        let (algorithm, word, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", None) => (Algorithm::RS256, "RS256", rsa(&self.n?, &self.e?)?),
            ("EC", Some("P-256")) => {
                (Algorithm::ES256, "ES256", DecodingKey::from_ec_components(&self.x?, &self.y?).ok()?)
            }
            _ => return None,
        };
        let signs = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let is_for_it = self.alg.as_deref().is_none_or(|alg| alg == word);
        let name = self.kid.filter(|name| !name.is_empty() && signs && is_for_it)?;
        Some((name, Key { algorithm, key }))
    }
}

fn rsa(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    let bytes = BASE64.decode(modulus).ok()?;
    let length = bytes.iter().skip_while(|byte| **byte == 0).count();
    (length >= SHORTEST_MODULUS).then(|| DecodingKey::from_rsa_components(modulus, exponent).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(keys: Value) -> Vec<String> {
        let keys = read(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        let mut names: Vec<String> = keys.into_keys().collect();
        names.sort();
        names
    }

    #[test]
    fn only_keys_that_sign_with_rs256_or_es256_are_taken() {
        let (long, short) = (BASE64.encode([0xff; 256]), BASE64.encode([0xff; 128]));
        let padded = BASE64.encode([vec![0; 128], vec![0xff; 128]].concat());
        let coordinate = BASE64.encode([1; 32]);
        assert_eq!(
            names(json!([
                { "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": long, "e": "AQAB" },
                { "kty": "RSA", "kid": "bare", "n": long, "e": "AQAB" },
                { "kty": "EC", "kid": "ec", "crv": "P-256", "x": coordinate, "y": coordinate },
                { "kty": "RSA", "n": long, "e": "AQAB" },
                { "kty": "RSA", "kid": "for secrets", "use": "enc", "n": long, "e": "AQAB" },
                { "kty": "RSA", "kid": "other", "alg": "RS512", "n": long, "e": "AQAB" },
                { "kty": "RSA", "kid": "short", "n": short, "e": "AQAB" },
                { "kty": "RSA", "kid": "padded", "n": padded, "e": "AQAB" },
                { "kty": "EC", "kid": "p384", "crv": "P-384", "x": coordinate, "y": coordinate },
                { "kty": "oct", "kid": "secret", "k": "AAAA" },
                { "kid": "nothing" },
                7,
            ])),
            ["bare", "ec", "rsa"]
        );
        assert!(read(b"{}").is_none() && read(b"[]").is_none());
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ring() -> Ring {
        Ring::new(Place { issuer: "https://issuer.example".into(), keys: None })
    }

    fn set(names: &[&str]) -> HashMap<String, Arc<Key>> {
        let key = || Key { algorithm: Algorithm::RS256, key: DecodingKey::from_secret(b"") };
        names.iter().map(|name| ((*name).to_owned(), Arc::new(key()))).collect()
    }

    fn said(answer: Option<Result<Arc<Key>, NoKey>>) -> &'static str {
        match answer {
            None => "fetch",
            Some(Ok(_)) => "key",
            Some(Err(NoKey::Unknown)) => "unknown",
            Some(Err(NoKey::Unavailable(_))) => "unavailable",
        }
    }

    #[test]
    fn keys_are_fetched_at_most_once_a_minute_and_count_for_a_day_without_a_newer_set() {
        let ring = ring();
        let asked = |name: &str, second| said(ring.settled(name, at(second)));
        assert_eq!(asked("a", 0), "fetch");
        ring.take(Ok(set(&["a"])), at(0));
        assert_eq!((asked("a", 59), asked("b", 59)), ("key", "unknown"));
        assert_eq!((asked("a", 61), asked("b", 60)), ("key", "fetch"));
        assert_eq!(asked("a", 600), "fetch");
        ring.take(Err("away".into()), at(600));
        assert_eq!((asked("a", 659), asked("b", 659)), ("key", "unavailable"));
        ring.take(Err("away".into()), at(86_399));
        assert_eq!(asked("a", 86_399), "key");
        assert_eq!(asked("a", 86_400), "unavailable");
        assert_eq!(asked("a", 86_500), "fetch");
    }

    #[test]
    fn a_key_that_was_taken_back_is_gone_with_the_next_set() {
        let ring = ring();
        ring.take(Ok(set(&["a", "b"])), at(0));
        ring.take(Ok(set(&["b"])), at(600));
        let said = |name: &str| said(Some(ring.answer(name, at(601))));
        assert_eq!((said("a"), said("b")), ("unknown", "key"));
    }
}
