//! The permit as others' checkers read it: a DSSE envelope around an in-toto statement, whose predicate is SLSA's Verification
//! Summary (<https://slsa.dev/spec/v1.1/verification_summary>).
//!
//! It says the same as the permit, and carries what that says. Its subjects are the commit, and the permit as a file: so
//! whoever checks files by their digest can check the permit.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use jiff::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sigstore_types::{
    Digest, DsseEnvelope, DsseSignature, KeyId, PayloadBytes, Sha256Hash, SignatureBytes, Statement, Subject,
    pae,
};

use super::permit::{Keys, LEEWAY, NoPermit, Permit};

/// What the payload of the envelope is.
pub const PAYLOAD: &str = "application/vnd.in-toto+json";
/// What the predicate is.
pub const PREDICATE: &str = "https://slsa.dev/verification_summary/v1";
/// What was verified: no level of SLSA, but that change control has allowed it.
const LEVEL: &str = "CHANGEGATE_ALLOW";

/// What is read of a predicate.
#[derive(Debug, Deserialize)]
struct Summary {
    #[serde(rename = "verificationResult")]
    result: String,
    permit: Permit,
}

/// The commit as a resource (SPDX download location).
fn resource(host: &str, permit: &Permit) -> String {
    format!("git+https://{host}/{}", permit.repository)
}

fn statement(permit: &Permit, (token, host): (&str, &str)) -> Statement {
    let resource = resource(host, permit);
    let mut commit = Digest::default();
    commit.other.insert("gitCommit".into(), permit.sha.clone());
    let file = Digest::sha256(Sha256Hash::new(Sha256::digest(token).into()));
    let at = Timestamp::from_second(permit.iat).unwrap_or_default();
    let predicate = json!({
        "verifier": { "id": permit.iss },
        "timeVerified": at.to_string(),
        "resourceUri": format!("{resource}@{}", permit.sha),
        "policy": {
            "uri": format!("urn:changegate:policy:{}", utf8_percent_encode(&permit.environment, NON_ALPHANUMERIC)),
            "digest": permit.policy.iter().map(|policy| ("changegatePolicy/1", policy)).collect::<BTreeMap<_, _>>(),
        },
        "inputAttestations": [],
        "verificationResult": "PASSED",
        "verifiedLevels": [LEVEL],
        "slsaVersion": "1.1",
        "permit": permit,
    });
    Statement::new(vec![Subject::new(resource, commit), Subject::new("permit", file)], PREDICATE, predicate)
}

impl Keys {
    /// The attestation of a permit. `token`: the permit as it is signed; `host`: where its repository is. `None`: there is no
    /// key.
    #[must_use]
    pub fn attest(&self, permit: &Permit, token: &str, host: &str) -> Option<DsseEnvelope> {
        let payload = serde_json::to_vec(&statement(permit, (token, host))).ok()?;
        let (key, signature) = self.sign_bytes(&pae(PAYLOAD, &payload))?;
        let signature = DsseSignature::new(SignatureBytes::new(signature), KeyId::new(key));
        Some(DsseEnvelope::new(PAYLOAD, PayloadBytes::new(payload), signature))
    }
}

/// Checks an attestation by public keys, and that what it carries is still good.
///
/// # Errors
/// Why it is none.
pub fn verify(envelope: &DsseEnvelope, keys: &JwkSet, now: Timestamp) -> Result<Permit, NoPermit> {
    let unsigned = |why: &str| NoPermit::Unsigned(why.into());
    let key = keys.find(envelope.signature.keyid.as_str()).ok_or(NoPermit::Stranger)?;
    let message = envelope.pae();
    if envelope.payload_type != PAYLOAD || !proves(key, &message, envelope.signature.sig.as_bytes()) {
        return Err(unsigned("the signature does not fit what is signed"));
    }
    let statement: Statement = serde_json::from_slice(envelope.payload.as_bytes())
        .map_err(|error| NoPermit::Unsigned(error.to_string()))?;
    if statement.type_ != Statement::TYPE_V1 || statement.predicate_type != PREDICATE {
        return Err(NoPermit::OtherKind(statement.predicate_type));
    }
    let summary: Summary =
        serde_json::from_value(statement.predicate).map_err(|error| NoPermit::Unsigned(error.to_string()))?;
    if summary.result != "PASSED" {
        return Err(NoPermit::OtherKind(summary.result));
    }
    if now.as_second() > summary.permit.exp.saturating_add_unsigned(LEEWAY) {
        return Err(unsigned("it is over"));
    }
    Ok(summary.permit)
}

/// The bytes of a key (RFC 8037).
fn bytes(key: &Jwk) -> Option<Vec<u8>> {
    let AlgorithmParameters::OctetKeyPair(pair) = &key.algorithm else { return None };
    BASE64URL.decode(&pair.x).ok()
}

fn proves(key: &Jwk, message: &[u8], signature: &[u8]) -> bool {
    bytes(key).is_some_and(|key| UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok())
}

/// How an Ed25519 key begins as a SubjectPublicKeyInfo (RFC 8410): what follows is the key itself.
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The keys as PEM, each with its id before it, for checkers that read no JWKS.
#[must_use]
pub fn pem(keys: &JwkSet) -> String {
    let each = keys.keys.iter().filter_map(|key| {
        let der = [SPKI.as_slice(), &bytes(key)?].concat();
        let id = key.common.key_id.as_deref().unwrap_or_default();
        let text = sigstore_types::DerPublicKey::new(der).to_pem().replace('\r', "");
        Some(format!("{id}\n{text}"))
    });
    each.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{super::permit::tests::*, *};

    fn read(text: &str) -> DsseEnvelope {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_attestation_carries_the_permit_and_is_good_by_the_servers_keys_until_that_expires() {
        let server = keys("one two");
        let envelope = server.attest(&permit(LATER), "the permit", "github.com").unwrap();
        let (now, later) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(LATER + 31).unwrap());
        assert_eq!(verify(&envelope, &server.public(), now), Ok(permit(LATER)));
        assert!(verify(&envelope, &server.public(), later).is_err());
        assert_eq!(verify(&envelope, &keys("three").public(), now), Err(NoPermit::Stranger));
        let whole = serde_json::to_value(&envelope).unwrap();
        for (place, wrong) in [
            ("/payload", json!(PayloadBytes::new(b"{}".to_vec()))),
            ("/payloadType", json!("application/json")),
            ("/signatures/0/sig", json!("AAAA")),
        ] {
            let mut changed = whole.clone();
            *changed.pointer_mut(place).unwrap() = wrong;
            assert!(verify(&read(&changed.to_string()), &server.public(), now).is_err(), "{place}");
        }
    }

    #[test]
    fn its_statement_names_the_commit_the_permit_as_a_file_and_what_was_verified() {
        let envelope = keys("one").attest(&permit(LATER), "the permit", "github.com").unwrap();
        let statement: serde_json::Value = serde_json::from_slice(envelope.payload.as_bytes()).unwrap();
        insta::assert_snapshot!(serde_json::to_string_pretty(&statement).unwrap(), @r#"
        {
          "_type": "https://in-toto.io/Statement/v1",
          "subject": [
            {
              "name": "git+https://github.com/acme/web",
              "digest": {
                "gitCommit": "abababababababababababababababababababab"
              }
            },
            {
              "name": "permit",
              "digest": {
                "sha256": "7fe745bb8e315a09f03371105ce257046790585c08239e4d56d38016112225f5"
              }
            }
          ],
          "predicateType": "https://slsa.dev/verification_summary/v1",
          "predicate": {
            "verifier": {
              "id": "https://changegate.example.com"
            },
            "timeVerified": "2096-10-02T06:56:40Z",
            "resourceUri": "git+https://github.com/acme/web@abababababababababababababababababababab",
            "policy": {
              "uri": "urn:changegate:policy:production",
              "digest": {}
            },
            "inputAttestations": [],
            "verificationResult": "PASSED",
            "verifiedLevels": [
              "CHANGEGATE_ALLOW"
            ],
            "slsaVersion": "1.1",
            "permit": {
              "iss": "https://changegate.example.com",
              "jti": "abababababababababababababababab",
              "iat": 3999999400,
              "exp": 4000000000,
              "repository": "acme/web",
              "repository_id": 7,
              "environment": "production",
              "sha": "abababababababababababababababababababab",
              "ref": "main",
              "pipeline": "jenkins",
              "run_id": "7",
              "run_attempt": 1,
              "release": null,
              "revision": null,
              "policy": null
            }
          }
        }
        "#);
    }

    #[test]
    fn keys_as_pem_are_the_keys() {
        insta::assert_snapshot!(pem(&keys("one").public()), @r#"
        e1f175c9cd26c7f4
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAoosQkZqmb7vBcrCq1d3AVcZqerqJFOOx+4uLJXD4k9I=
        -----END PUBLIC KEY-----
        "#);
    }
}
