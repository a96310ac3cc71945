//! The permit: the signed form of an allow, which anybody can check with the public keys alone.
//!
//! A JWT signed with Ed25519 (RFC 8037). Its `typ` says whether it is a permit or only says that nothing is enforced. The
//! keys are derived from the private keys of the App (HKDF, RFC 5869): all replicas have the same, and rotating those
//! rotates these.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::{
    hkdf::{HKDF_SHA256, KeyType, Salt},
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    jwk::{
        AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm,
        OctetKeyPairParameters, OctetKeyPairType, PublicKeyUse,
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::domain::{
    event::Pipeline,
    gate::GateAnswer,
    ids::{RepoId, RepoName},
};

/// The keys by which permits are checked (RFC 7517).
pub type PublicKeys = JwkSet;

/// What a permit is called in the head of the token.
pub const PERMIT: &str = "changegate-permit+jwt";
/// What it is called where nothing is enforced: nobody has allowed anything.
pub const NOT_ENFORCED: &str = "changegate-not-enforced+jwt";

/// Clocks may differ by so many seconds.
pub(super) const LEEWAY: u64 = 30;

/// What a permit says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// The address of the Changegate that gave it.
    pub iss: String,
    /// The id under which it was decided.
    pub jti: String,
    /// When it was decided, and until when it is good: seconds since 1970.
    pub iat: i64,
    pub exp: i64,
    pub repository: String,
    pub repository_id: u64,
    pub environment: String,
    pub sha: String,
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    pub pipeline: String,
    pub run_id: String,
    pub run_attempt: u64,
    pub release: Option<String>,
    pub revision: Option<String>,
    /// The version of the policy.
    pub policy: Option<String>,
}

impl Permit {
    /// What is said of an answer.
    #[must_use]
    pub fn of(answer: &GateAnswer, (repo, name): (RepoId, &RepoName), iss: &str) -> Self {
        let (ask, basis) = (&answer.ask, answer.verdict.basis.as_ref());
        let (pipeline, run_id) = match &ask.pipeline {
            Pipeline::Actions { run } => (super::api::ACTIONS.to_owned(), run.to_string()),
            Pipeline::Other { name, run } => (name.clone(), run.clone()),
        };
        let release = basis.and_then(|basis| basis.release.as_ref());
        let candidate = answer.candidate.as_ref();
        Self {
            iss: iss.into(),
            jti: ask.id.to_string(),
            iat: answer.verdict.at.as_second(),
            exp: answer.expires_at().as_second(),
            repository: name.to_string(),
            repository_id: repo.0,
            environment: ask.environment.clone(),
            sha: ask.sha.to_string(),
            reference: candidate.and_then(|candidate| candidate.reference.clone()),
            pipeline,
            run_id,
            run_attempt: ask.attempt,
            release: release.map(|(title, _)| title.clone()),
            revision: release.map(|(_, revision)| revision.to_string()),
            policy: basis.map(|basis| basis.policy.to_string()),
        }
    }
}

/// Why a permit is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPermit {
    #[error("it is no signed permit: {0}")]
    Unsigned(String),
    #[error("it is signed with a key that is not among the keys of the server")]
    Stranger,
    #[error("it is a {0}, and no permit")]
    OtherKind(String),
}

/// The keys in force, the one that signs first. They can be changed while permits are given.
#[derive(Clone)]
pub struct Keys(Arc<RwLock<Arc<[Key]>>>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

struct Key {
    id: String,
    pair: Ed25519KeyPair,
    signs: EncodingKey,
    public: Jwk,
}

struct Seed;

impl KeyType for Seed {
    fn len(&self) -> usize {
        32
    }
}

/// The bytes between the lines of a PEM text, however they are broken.
fn between_lines(pem: &str) -> Vec<u8> {
    let inside: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    BASE64.decode(&inside).unwrap_or_else(|_| inside.into_bytes())
}

fn derive(pem: &SecretString) -> Option<Key> {
    let secret = between_lines(pem.expose_secret());
    let salt = Salt::new(HKDF_SHA256, b"changegate permit 1");
    let mut seed = [0; 32];
    salt.extract(&secret).expand(&[b"ed25519"], Seed).ok()?.fill(&mut seed).ok()?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
    let public = pair.public_key().as_ref().to_vec();
    let id = hex::encode(Sha256::digest(&public)).chars().take(16).collect::<String>();
    let common = CommonParameters {
        public_key_use: Some(PublicKeyUse::Signature),
        key_algorithm: Some(KeyAlgorithm::EdDSA),
        key_id: Some(id.clone()),
        ..CommonParameters::default()
    };
    let algorithm = AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
        key_type: OctetKeyPairType::OctetKeyPair,
        curve: EllipticCurve::Ed25519,
        x: BASE64URL.encode(&public),
    });
    let signs = EncodingKey::from_ed_der(pair.to_pkcs8().ok()?.as_ref());
    Some(Key { id, pair, signs, public: Jwk { common, algorithm } })
}

impl Keys {
    /// Derived from the App's private keys, newest first.
    #[must_use]
    pub fn derived(private_keys: &[SecretString]) -> Self {
        Self(Arc::new(RwLock::new(private_keys.iter().filter_map(derive).collect())))
    }

    /// From now on permits are signed with what is derived from these.
    pub fn replace(&self, private_keys: &[SecretString]) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) =
            private_keys.iter().filter_map(derive).collect();
    }

    fn current(&self) -> Arc<[Key]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The public keys, for whoever checks permits.
    #[must_use]
    pub fn public(&self) -> JwkSet {
        JwkSet { keys: self.current().iter().map(|key| key.public.clone()).collect() }
    }

    /// Signs; `kind`: [`PERMIT`] or [`NOT_ENFORCED`]. `None`: there is no key.
    #[must_use]
    pub fn sign(&self, permit: &impl Serialize, kind: &str) -> Option<String> {
        let keys = self.current();
        let key = keys.first()?;
        let mut header = Header::new(Algorithm::EdDSA);
        (header.typ, header.kid) = (Some(kind.into()), Some(key.id.clone()));
        jsonwebtoken::encode(&header, permit, &key.signs).ok()
    }

    /// Signs bytes: the id of the key, and the signature.
    pub(super) fn sign_bytes(&self, message: &[u8]) -> Option<(String, Vec<u8>)> {
        let keys = self.current();
        let key = keys.first()?;
        Some((key.id.clone(), key.pair.sign(message).as_ref().to_vec()))
    }
}

/// Checks a token of this kind by public keys, and that it is still good.
///
/// # Errors
/// Why it is none.
pub fn verify(token: &str, keys: &JwkSet, kind: &str) -> Result<Permit, NoPermit> {
    read(token, keys, kind, true)
}

/// The same of one that may be over: what it said.
///
/// # Errors
/// Why it is none.
pub fn claims(token: &str, keys: &JwkSet, kind: &str) -> Result<Permit, NoPermit> {
    read(token, keys, kind, false)
}

pub(super) fn read<T: DeserializeOwned>(
    token: &str,
    keys: &JwkSet,
    kind: &str,
    now: bool,
) -> Result<T, NoPermit> {
    let unsigned = |error: jsonwebtoken::errors::Error| NoPermit::Unsigned(error.to_string());
    let header = jsonwebtoken::decode_header(token).map_err(unsigned)?;
    let typ = header.typ.unwrap_or_default();
    if typ != kind {
        return Err(NoPermit::OtherKind(typ));
    }
    let key = header.kid.as_deref().and_then(|kid| keys.find(kid)).ok_or(NoPermit::Stranger)?;
    let key = DecodingKey::from_jwk(key).map_err(unsigned)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_required_spec_claims(&["exp", "iss"]);
    (validation.validate_aud, validation.validate_exp, validation.leeway) = (false, now, LEEWAY);
    Ok(jsonwebtoken::decode::<T>(token, &key, &validation).map_err(unsigned)?.claims)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn keys(text: &str) -> Keys {
        let pem = |text: &str| {
            format!(
                "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n",
                BASE64.encode(text)
            )
        };
        Keys::derived(&text.split(' ').map(|text| pem(text).into()).collect::<Vec<_>>())
    }

    pub fn permit(exp: i64) -> Permit {
        Permit {
            iss: "https://changegate.example.com".into(),
            jti: "ab".repeat(16),
            iat: exp - 600,
            exp,
            repository: "acme/web".into(),
            repository_id: 7,
            environment: "production".into(),
            sha: "ab".repeat(20),
            reference: Some("main".into()),
            pipeline: "jenkins".into(),
            run_id: "7".into(),
            run_attempt: 1,
            release: None,
            revision: None,
            policy: None,
        }
    }

    /// Far from now.
    pub const LATER: i64 = 4_000_000_000;

    #[test]
    fn a_permit_is_good_by_the_servers_keys_until_it_expires_and_for_nothing_else() {
        let server = keys("one two");
        let good = server.sign(&permit(LATER), PERMIT).unwrap();
        assert_eq!(verify(&good, &server.public(), PERMIT), Ok(permit(LATER)));
        let over = server.sign(&permit(1_000_000), PERMIT).unwrap();
        assert!(matches!(verify(&over, &server.public(), PERMIT), Err(NoPermit::Unsigned(_))));
        assert_eq!(claims(&over, &server.public(), PERMIT), Ok(permit(1_000_000)));
        let unenforced = server.sign(&permit(LATER), NOT_ENFORCED).unwrap();
        let other = NoPermit::OtherKind(NOT_ENFORCED.into());
        assert_eq!(verify(&unenforced, &server.public(), PERMIT), Err(other));
        assert_eq!(verify(&good, &keys("three").public(), PERMIT), Err(NoPermit::Stranger));
        let [head, body, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
        let forged =
            BASE64URL.encode(serde_json::to_vec(&Permit { sha: "cd".repeat(20), ..permit(LATER) }).unwrap());
        for wrong in [
            format!("{head}.{forged}.{signature}"),
            format!("{head}.{body}."),
            format!("{}.{body}.", BASE64URL.encode(r#"{"alg":"none","typ":"changegate-permit+jwt"}"#)),
            body.to_owned(),
            String::new(),
        ] {
            assert!(verify(&wrong, &server.public(), PERMIT).is_err(), "{wrong}");
        }
    }

    #[test]
    fn all_replicas_have_the_same_keys_and_those_that_are_rotated_out_still_prove_while_they_are_listed() {
        let before = keys("old").sign(&permit(LATER), PERMIT).unwrap();
        assert_eq!(keys("old").sign(&permit(LATER), PERMIT).unwrap(), before);
        let rotated = keys("new old");
        assert_eq!(verify(&before, &rotated.public(), PERMIT), Ok(permit(LATER)));
        assert_ne!(rotated.sign(&permit(LATER), PERMIT).unwrap(), before, "the newest signs");
        rotated.replace(&[]);
        assert_eq!(rotated.sign(&permit(LATER), PERMIT), None);
    }
}
