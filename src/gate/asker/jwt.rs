//! Reads a JSON Web Token and proves it, for one issuer and one audience.
//!
//! Only three things are taken from a token before it is proved: its algorithm, which must be the key's own; the name of its
//! key, which is looked up among keys that we have; and its issuer, which must be one that is named already. Keys and addresses
//! that a token brings along (`jwk`, `jku`, `x5u`, `x5c`) are never looked at.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::keys::Key;
use crate::domain::{
    asker::{Proof, Reason, Refused},
    finding::code,
};

/// A longer token is no token.
const LONGEST: usize = 16 * 1024;
/// How much clocks may differ.
const LEEWAY: i64 = 60;
/// A token that lasts longer is no proof of the one job that it was written for.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// What it must say of itself.
const REQUIRED: [&str; 5] = ["iss", "aud", "exp", "nbf", "sub"];

/// A token that was read and not proved.
#[derive(Debug)]
pub(super) struct Unproved<'a> {
    text: &'a str,
    pub(super) algorithm: Algorithm,
    pub(super) key: String,
    claims: Map<String, Value>,
}

/// What a token must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demands<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    /// Kubernetes writes its one audience as a list.
    pub(super) listed: bool,
}

impl<'a> Unproved<'a> {
    /// Reads a token.
    pub(super) fn read(text: &'a str) -> Result<Self, Refused> {
        let parts: Vec<&str> = text.split('.').collect();
        let [head, body, signature] = parts.as_slice() else { return Err(malformed()) };
        if text.len() > LONGEST || signature.is_empty() {
            return Err(malformed());
        }
        let (head, claims) = (object(head)?, object(body)?);
        let algorithm = match head.get("alg").and_then(Value::as_str) {
            Some("RS256") => Algorithm::RS256,
            Some("ES256") => Algorithm::ES256,
            Some(_) | None => return Err(algorithm_not_allowed()),
        };
        refuse_unheard_of(&head)?;
        let key = head.get("kid").and_then(Value::as_str).unwrap_or_default();
        if key.is_empty() || key.len() > 300 {
            return Err(Refused::new(
                Reason::KeyUnknown,
                "The token does not say which key it is signed with.",
            ));
        }
        Ok(Self { text, algorithm, key: key.to_owned(), claims })
    }

    /// Who it says wrote it.
    pub(super) fn issuer(&self) -> Result<&str, Refused> {
        match self.claims.get("iss") {
            None => Err(missing("iss")),
            Some(issuer) => issuer.as_str().ok_or_else(|| wrong("iss")),
        }
    }

    /// What it says.
    pub(super) fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Whether it is for us and of this time, by its own word.
    pub(super) fn check(&self, demands: Demands<'_>, now: Timestamp) -> Result<(), Refused> {
        if let Some(claim) = REQUIRED.iter().find(|claim| self.claims.get(**claim).is_none_or(Value::is_null))
        {
            return Err(missing(claim));
        }
        if self.issuer()? != demands.issuer {
            let sentence = format!("The token was not written by {}.", code(demands.issuer));
            return Err(Refused::new(Reason::IssuerNotAllowed, sentence));
        }
        if !self.is_for(demands) {
            let sentence = format!("The token is not for {} alone.", code(demands.audience));
            return Err(Refused::new(Reason::AudienceNotAllowed, sentence));
        }
        if !self.claims.get("sub").is_some_and(Value::is_string) {
            return Err(wrong("sub"));
        }
        let (begins, ends, now) = (self.second("nbf")?, self.second("exp")?, now.as_second());
        if self.claims.contains_key("iat") {
            self.second("iat")?;
        }
        if ends.saturating_add(LEEWAY) <= now {
            return Err(Refused::new(Reason::TokenExpired, "The token is over."));
        }
        if begins.saturating_sub(LEEWAY) > now {
            return Err(Refused::new(Reason::TokenNotYetValid, "The token does not count yet."));
        }
        if ends.saturating_sub(now) > LONGEST_LIFE.as_secs() {
            return Err(Refused::new(Reason::TokenTooLong, "The token lasts longer than 24 hours."));
        }
        Ok(())
    }

    fn is_for(&self, Demands { audience, listed, .. }: Demands<'_>) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(all)) if listed => {
                matches!(all.as_slice(), [Value::String(one)] if one == audience)
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_))
            | None => false,
        }
    }

    /// A time, in whole seconds: neither a text nor a fraction.
    fn second(&self, claim: &str) -> Result<i64, Refused> {
        let second = self.claims.get(claim).and_then(Value::as_i64);
        second.filter(|second| *second >= 0).ok_or_else(|| wrong(claim))
    }

    /// Proves it by a key: the signature is the issuer's, with the key's own algorithm.
    pub(super) fn prove(&self, key: &Key, demands: Demands<'_>) -> Result<Proof, Refused> {
        if self.algorithm != key.algorithm {
            return Err(algorithm_not_allowed());
        }
        let mut validation = Validation::new(key.algorithm);
        validation.set_required_spec_claims(&REQUIRED);
        validation.set_audience(&[demands.audience]);
        validation.set_issuer(&[demands.issuer]);
        // Whoever checks the time has a clock of ours; this one has the system's.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        jsonwebtoken::decode::<Map<String, Value>>(self.text, &key.key, &validation).map_err(|_| {
            Refused::new(Reason::SignatureInvalid, "The signature of the token is not its issuer's.")
        })?;
        let expires_at = Timestamp::from_second(self.second("exp")?.saturating_add(LEEWAY));
        Ok(Proof { id: self.id(demands.issuer), expires_at: expires_at.map_err(|_| wrong("exp"))? })
    }

    /// What makes it the same when it is seen again: its own id, or else all that its signature covers. The signature
    /// itself does not count: some can be written in two ways.
    fn id(&self, issuer: &str) -> String {
        let own = self.claims.get("jti").and_then(Value::as_str).filter(|id| !id.is_empty());
        let signed = self.text.rsplit_once('.').map_or(self.text, |(signed, _)| signed);
        let (kind, id) = own.map_or(("text", signed), |id| ("jti", id));
        hex::encode(Sha256::digest(format!("{kind}\n{issuer}\n{id}")))
    }
}

fn object(part: &str) -> Result<Map<String, Value>, Refused> {
    let bytes = BASE64.decode(part).map_err(|_| malformed())?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | Err(_) => {
            Err(malformed())
        }
    }
}

/// What changes how a token is to be read is refused, whoever wrote it.
fn refuse_unheard_of(head: &Map<String, Value>) -> Result<(), Refused> {
    let is_jwt = |kind: &Value| kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("jwt"));
    let strange = ["crit", "b64", "enc", "zip"].into_iter().find(|part| head.contains_key(*part));
    let strange = strange.or_else(|| head.get("typ").is_some_and(|kind| !is_jwt(kind)).then_some("typ"));
    match strange {
        None => Ok(()),
        Some(part) => {
            let sentence = format!("The part {} in the head of the token is not taken.", code(part));
            Err(Refused::new(Reason::HeaderNotAllowed, sentence))
        }
    }
}

fn malformed() -> Refused {
    Refused::new(Reason::TokenMalformed, "What was sent is no JSON Web Token, nor a token of this server.")
}

fn algorithm_not_allowed() -> Refused {
    let sentence =
        "The token is not signed in the way that its issuer signs (RS256, or ES256 by a key that is for it).";
    Refused::new(Reason::AlgorithmNotAllowed, sentence)
}

fn missing(claim: &str) -> Refused {
    Refused::new(Reason::ClaimMissing, format!("The token has no claim {}.", code(claim)))
}

fn wrong(claim: &str) -> Refused {
    let sentence =
        format!("The claim {} of the token does not have the form that it must have.", code(claim));
    Refused::new(Reason::ClaimMalformed, sentence)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
    };
    use jsonwebtoken::EncodingKey;
    use serde_json::json;

    use super::{super::keys, *};

    const US: &str = "https://changegate.example.com";
    const DEMANDS: Demands<'static> =
        Demands { issuer: "https://issuer.example", audience: US, listed: false };

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn head() -> Value {
        json!({ "alg": "ES256", "kid": "one", "typ": "JWT" })
    }

    fn body() -> Value {
        json!({ "iss": "https://issuer.example", "aud": US, "sub": "job", "nbf": 1_799_999_990,
            "iat": 1_799_999_990, "exp": 1_800_000_300, "jti": "x" })
    }

    fn with(mut object: Value, part: &str, value: Value) -> Value {
        object.as_object_mut().unwrap().insert(part.into(), value);
        object
    }

    fn written(head: &Value, body: &Value) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string());
        format!("{}.{}.{}", part(head), part(body), BASE64.encode([1; 64]))
    }

    fn said(text: &str, demands: Demands<'_>) -> &'static str {
        let read = Unproved::read(text).and_then(|unproved| unproved.check(demands, now()));
        read.map_or_else(|refused| refused.reason.code(), |()| "checked")
    }

    #[test]
    fn only_a_plain_head_is_read() {
        let mut wrong = vec![];
        for (part, value, code) in [
            ("alg", json!("RS256"), "checked"),
            ("alg", json!("none"), "algorithm_not_allowed"),
            ("alg", json!("None"), "algorithm_not_allowed"),
            ("alg", json!("HS256"), "algorithm_not_allowed"),
            ("alg", json!("RS384"), "algorithm_not_allowed"),
            ("alg", json!("PS256"), "algorithm_not_allowed"),
            ("alg", json!("EdDSA"), "algorithm_not_allowed"),
            ("alg", json!("rs256"), "algorithm_not_allowed"),
            ("alg", json!(null), "algorithm_not_allowed"),
            ("alg", json!(["RS256"]), "algorithm_not_allowed"),
            ("crit", json!(["exp"]), "header_not_allowed"),
            ("crit", json!([]), "header_not_allowed"),
            ("b64", json!(false), "header_not_allowed"),
            ("zip", json!("DEF"), "header_not_allowed"),
            ("enc", json!("A128GCM"), "header_not_allowed"),
            ("typ", json!("logout+jwt"), "header_not_allowed"),
            ("typ", json!(7), "header_not_allowed"),
            ("typ", json!("jwt"), "checked"),
            ("kid", json!(""), "key_unknown"),
            ("kid", json!(7), "key_unknown"),
            ("kid", json!("x".repeat(301)), "key_unknown"),
            ("kid", json!("../../dev/null"), "checked"),
            ("kid", json!("' OR 1=1 --"), "checked"),
            ("jku", json!("https://evil.example/keys"), "checked"),
            ("x5u", json!("https://evil.example/chain"), "checked"),
            ("jwk", json!({ "kty": "RSA" }), "checked"),
        ] {
            let said = said(&written(&with(head(), part, value.clone()), &body()), DEMANDS);
            wrong.extend((said != code).then(|| format!("{part} {value}: {said}")));
        }
        for text in
            ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "e30.e30.", "e30.W10.AA", "{}.{}.AA", "e30=.e30.AA"]
        {
            let said = said(text, DEMANDS);
            wrong.extend((said != "token_malformed").then(|| format!("{text}: {said}")));
        }
        let long = written(&head(), &with(body(), "x", json!("x".repeat(LONGEST))));
        assert_eq!(said(&long, DEMANDS), "token_malformed");
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn it_must_be_for_us_alone_of_that_issuer_and_of_this_time() {
        let (audience, expired, early) = ("audience_not_allowed", "token_expired", "token_not_yet_valid");
        let mut wrong = vec![];
        for (claim, value, code) in [
            ("aud", json!(US), "checked"),
            ("aud", json!(null), "claim_missing"),
            ("aud", json!([]), audience),
            ("aud", json!([US]), audience),
            ("aud", json!([US, "x"]), audience),
            ("aud", json!(""), audience),
            ("aud", json!("https://changegate.example.co"), audience),
            ("aud", json!("https://changegate.example.com/"), audience),
            ("aud", json!("https://changegate.example.com.evil.example"), audience),
            ("aud", json!("HTTPS://changegate.example.com"), audience),
            ("aud", json!("https://other.example.com"), audience),
            ("aud", json!("https://github.com/acme"), audience),
            ("aud", json!({ "0": US }), audience),
            ("aud", json!(true), audience),
            ("iss", json!("https://issuer.example/"), "issuer_not_allowed"),
            ("iss", json!(["https://issuer.example"]), "claim_malformed"),
            ("sub", json!(null), "claim_missing"),
            ("sub", json!(7), "claim_malformed"),
            ("exp", json!(null), "claim_missing"),
            ("exp", json!("9999999999"), "claim_malformed"),
            ("exp", json!(1_800_000_300.5), "claim_malformed"),
            ("exp", json!(-1), "claim_malformed"),
            ("exp", json!(u64::MAX), "claim_malformed"),
            ("exp", json!(i64::MAX), "token_too_long"),
            ("exp", json!(1_800_086_401), "token_too_long"),
            ("exp", json!(1_800_086_400), "checked"),
            ("exp", json!(1_799_999_941), "checked"),
            ("exp", json!(1_799_999_940), expired),
            ("exp", json!(0), expired),
            ("nbf", json!(null), "claim_missing"),
            ("nbf", json!("0"), "claim_malformed"),
            ("nbf", json!(1_800_000_060), "checked"),
            ("nbf", json!(1_800_000_061), early),
            ("iat", json!("now"), "claim_malformed"),
        ] {
            let said = said(&written(&head(), &with(body(), claim, value.clone())), DEMANDS);
            wrong.extend((said != code).then(|| format!("{claim} {value}: {said}")));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let listed = Demands { listed: true, ..DEMANDS };
        for (audience, code) in [
            (json!([US]), "checked"),
            (json!([US, US]), "audience_not_allowed"),
            (json!([[US]]), "audience_not_allowed"),
            (json!([]), "audience_not_allowed"),
        ] {
            assert_eq!(said(&written(&head(), &with(body(), "aud", audience)), listed), code);
        }
    }

    fn signer() -> EcdsaKeyPair {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.unwrap().as_ref()).unwrap()
    }

    fn signed(signer: &EcdsaKeyPair, head: &Value, body: &Value) -> String {
        let text = written(head, body);
        let (message, _) = text.rsplit_once('.').unwrap();
        let signature = signer.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64.encode(signature.as_ref()))
    }

    fn key_of(signer: &EcdsaKeyPair) -> std::sync::Arc<Key> {
        let point = signer.public_key().as_ref().to_vec();
        let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
        let set = json!({ "keys": [{ "kty": "EC", "kid": "one", "crv": "P-256", "x": x, "y": y }] });
        keys::read(set.to_string().as_bytes()).unwrap().remove("one").unwrap()
    }

    #[test]
    fn it_is_proved_by_the_issuer_s_key_with_that_key_s_algorithm_alone() {
        let (ours, other) = (signer(), signer());
        let proved = |text: &str, key: &Key| {
            let proof = Unproved::read(text).and_then(|unproved| unproved.prove(key, DEMANDS));
            proof
                .map_or_else(|refused| refused.reason.code().to_owned(), |proof| proof.expires_at.to_string())
        };
        let genuine = signed(&ours, &head(), &body());
        let key = key_of(&ours);
        assert_eq!(proved(&genuine, &key), "2027-01-15T08:06:00Z");
        assert_eq!(proved(&genuine, &key_of(&other)), "signature_invalid");
        assert_eq!(proved(&signed(&other, &head(), &body()), &key), "signature_invalid");
        let changed = signed(&ours, &head(), &with(body(), "sub", json!("admin")));
        let (_, signature) = genuine.rsplit_once('.').unwrap();
        let (message, _) = changed.rsplit_once('.').unwrap();
        assert_eq!(proved(&format!("{message}.{signature}"), &key), "signature_invalid");
        let rs = signed(&ours, &with(head(), "alg", json!("RS256")), &body());
        assert_eq!(proved(&rs, &key), "algorithm_not_allowed");
        // The public key as a secret: the oldest of all confusions.
        let point = ours.public_key().as_ref().to_vec();
        let secret = EncodingKey::from_secret(&point);
        let header = jsonwebtoken::Header { kid: Some("one".into()), ..Default::default() };
        let confused = jsonwebtoken::encode(&header, &body(), &secret).unwrap();
        assert_eq!(proved(&confused, &key), "algorithm_not_allowed");
    }

    #[test]
    fn a_token_is_known_by_its_own_id_or_by_all_that_is_signed() {
        let ours = signer();
        let key = key_of(&ours);
        let id = |body: &Value| {
            let text = signed(&ours, &head(), body);
            Unproved::read(&text).unwrap().prove(&key, DEMANDS).unwrap().id
        };
        assert_eq!(id(&body()), id(&with(body(), "sub", json!("other"))), "the same id");
        assert_ne!(id(&body()), id(&with(body(), "jti", json!("y"))));
        let nameless = with(body(), "jti", json!(""));
        assert_eq!(id(&nameless), id(&nameless), "the signature differs, and what is signed does not");
        assert_ne!(id(&nameless), id(&with(nameless.clone(), "sub", json!("other"))));
    }
}
