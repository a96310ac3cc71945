//! Artifact attestations, as a workflow makes them: a certificate for one run by an authority of this GitHub, and a statement that is
//! signed by its key.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Sandbox, SandboxError};

const KEY_KIND: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07,
];
const SIGNED_HOW: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
const USAGE: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x25];
const CODE_SIGNING: &[u8] = &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];

/// What a run of a workflow attests.
#[derive(Clone, Copy, Debug)]
pub struct Attestation<'a> {
    /// `sha256:` and 64 digits.
    pub digest: &'a str,
    /// What the statement says that it was built from.
    pub commit: &'a str,
    /// The commit at which the run was, as its certificate says.
    pub ran_at: &'a str,
    /// Signed for by another authority than this GitHub's.
    pub strange: bool,
}

/// Gives certificates to runs.
pub(super) struct Authority {
    key: EcdsaKeyPair,
    certificate: Vec<u8>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Authority(..)")
    }
}

fn pair() -> Result<EcdsaKeyPair, SandboxError> {
    let unusable = |_| SandboxError::Key("no pair for certificates could be made".to_owned());
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(unusable)
}

fn signed(key: &EcdsaKeyPair, message: &[u8]) -> Vec<u8> {
    key.sign(&SystemRandom::new(), message).map(|it| it.as_ref().to_vec()).unwrap_or_default()
}

/// An element of DER.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let inside: Vec<u8> = parts.concat();
    let mut element = vec![tag];
    let length = inside.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    match length.as_slice() {
        [] => element.push(0),
        [short] if *short < 0x80 => element.push(*short),
        long => {
            element.push(0x80 | u8::try_from(long.len()).unwrap_or(0x7f));
            element.extend_from_slice(long);
        }
    }
    element.extend(inside);
    element
}

fn name() -> Vec<u8> {
    let value = der(0x30, &[COMMON_NAME, &der(0x0c, &[b"sandbox"])]);
    der(0x30, &[&der(0x31, &[&value])])
}

/// A certificate for a key, with these extensions.
fn certificate(signer: &EcdsaKeyPair, key: &EcdsaKeyPair, now: Timestamp, extensions: &[u8]) -> Vec<u8> {
    let time = |at: Timestamp| der(0x17, &[at.strftime("%y%m%d%H%M%SZ").to_string().as_bytes()]);
    let later = now.saturating_add(jiff::SignedDuration::from_mins(10)).unwrap_or(now);
    let spki = der(0x30, &[KEY_KIND, &der(0x03, &[&[0], key.public_key().as_ref()])]);
    let begin = der(0xa0, &[&der(0x02, &[&[2]])]);
    let serial = der(0x02, &[&[1]]);
    let validity = der(0x30, &[&time(now), &time(later)]);
    let extensions = if extensions.is_empty() { vec![] } else { der(0xa3, &[&der(0x30, &[extensions])]) };
    let parts: [&[u8]; 8] = [&begin, &serial, SIGNED_HOW, &name(), &validity, &name(), &spki, &extensions];
    let body = der(0x30, &parts);
    let signature = der(0x03, &[&[0], &signed(signer, &body)]);
    der(0x30, &[&body, SIGNED_HOW, &signature])
}

impl Authority {
    pub fn new(now: Timestamp) -> Result<Self, SandboxError> {
        let key = pair()?;
        let certificate = certificate(&key, &key, now, &[]);
        Ok(Self { key, certificate })
    }

    /// As `gh attestation trusted-root` writes it.
    pub fn trusted_root(&self) -> String {
        let certificate = STANDARD.encode(&self.certificate);
        let chain = json!({ "certificates": [{ "rawBytes": certificate }] });
        json!({ "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "certificateAuthorities": [{ "uri": "sandbox", "certChain": chain }] })
        .to_string()
    }

    /// Sigstore's bundle of what a run says. `said`: what its certificate says of it, by the number below Sigstore's own.
    pub fn bundle(&self, said: &[(u8, &str)], attestation: Attestation<'_>, now: Timestamp) -> Option<Value> {
        let extension = |(number, text): &(u8, &str)| {
            let oid = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01, *number];
            der(0x30, &[&der(0x06, &[&oid]), &der(0x04, &[&der(0x0c, &[text.as_bytes()])])])
        };
        let usage = der(0x30, &[USAGE, &der(0x04, &[&der(0x30, &[CODE_SIGNING])])]);
        let extensions: Vec<u8> = said.iter().map(extension).chain([usage]).flatten().collect();
        let key = pair().ok()?;
        let certificate = certificate(&self.key, &key, now, &extensions);
        let statement = json!({ "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": "image", "digest": { "sha256": attestation.digest.trim_start_matches("sha256:") } }],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": { "buildDefinition": { "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "resolvedDependencies": [{ "uri": "git+https://github/web", "digest": { "gitCommit": attestation.commit } }] } } });
        let (kind, payload) = ("application/vnd.in-toto+json", statement.to_string());
        let message = format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len());
        Some(json!({ "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": { "certificate": { "rawBytes": STANDARD.encode(certificate) }, "tlogEntries": [] },
            "dsseEnvelope": { "payload": STANDARD.encode(&payload), "payloadType": kind,
                "signatures": [{ "sig": STANDARD.encode(signed(&key, message.as_bytes())) }] } }))
    }
}

impl Sandbox {
    /// The authorities by which attestations made here are verified.
    pub fn trusted_root(&self) -> String {
        self.authority.trusted_root()
    }

    /// A workflow of a repository attests what it built.
    ///
    /// # Panics
    /// If there is no such repository.
    pub fn attest(&self, repo: &str, attestation: Attestation<'_>) {
        let (id, now) = (self.repository_id(repo), self.now());
        let issuer = format!("{}/_services/token", self.urls.web);
        let id_text = id.to_string();
        let said = [(8, issuer.as_str()), (13, attestation.ran_at), (15, id_text.as_str())];
        let strange = attestation.strange.then(|| Authority::new(now).ok()).flatten();
        let bundle = strange.as_ref().unwrap_or(&self.authority).bundle(&said, attestation, now);
        self.shared.with(|state| {
            let kept = state.repo_mut(id).map(|repo| &mut repo.attestations);
            kept.into_iter().for_each(|kept| {
                kept.entry(attestation.digest.to_owned()).or_default().extend(bundle.clone());
            });
        });
    }
}
