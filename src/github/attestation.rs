//! Artifact attestations: what they say counts where a workflow of the repository has signed it, and for nothing else.
//!
//! GitHub keeps whatever somebody with a token of the repository stores, so each is verified here. The certificate is one that an
//! authority of the trusted root has given to a run of a workflow, and it names the commit at which that run was; the signature is by its
//! key; and the statement is provenance of this very digest that names the same commit. A run at another commit has another
//! certificate, whatever it writes into a statement. When it was signed is not looked at: the keys of such certificates live as long as a run.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use rustls::pki_types::{CertificateDer, UnixTime};
use serde::Deserialize;
use serde_json::Value;
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert, aws_lc_rs::ECDSA_P256_SHA256,
};

use crate::domain::ids::{RepoId, Sha};

/// Certificates that sign code.
const CODE_SIGNING: &[u8] = &[43, 6, 1, 5, 5, 7, 3, 3];

/// What Sigstore puts into certificates stands below `1.3.6.1.4.1.57264.1`.
const SIGSTORE: [u8; 9] = [43, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1];
const ISSUER: u8 = 8;
const SOURCE_COMMIT: u8 = 13;
const SOURCE_REPOSITORY: u8 = 15;

/// Whose certificates count, and who must have told the authority which run it was.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    authorities: Vec<Vec<CertificateDer<'static>>>,
    issuers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Root {
    certificate_authorities: Vec<Authority>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authority {
    cert_chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<Certificate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Certificate {
    raw_bytes: String,
}

/// Sigstore's bundle, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    verification_material: Material,
    dsse_envelope: Envelope,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    certificate: Option<Certificate>,
    x509_certificate_chain: Option<Chain>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    sig: String,
}

impl Trust {
    /// What `gh attestation trusted-root` writes: one root a line.
    pub(super) fn read(text: &str, issuers: &[String]) -> Option<Self> {
        let mut authorities = vec![];
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let root: Root = serde_json::from_str(line).ok()?;
            for authority in root.certificate_authorities {
                authorities.push(authority.cert_chain.read()?);
            }
        }
        (!authorities.is_empty()).then(|| Self { authorities, issuers: issuers.to_vec() })
    }

    /// The commit that an attestation says this was built from. `None`: it is not proven, or of something else.
    pub(super) fn commit(&self, bundle: &Value, digest: &str, repo: RepoId) -> Option<Sha> {
        let Bundle {
            verification_material: Material { certificate, x509_certificate_chain: chain },
            dsse_envelope,
        } = Bundle::deserialize(bundle).ok()?;
        let certificate = certificate.or_else(|| chain?.certificates.into_iter().next())?.read()?;
        let leaf = EndEntityCert::try_from(&certificate).ok()?;
        self.authorities.iter().any(|chain| is_given_by(chain, &certificate)).then_some(())?;
        let payload = dsse_envelope.signed(&leaf)?;
        let said = |number| said(&certificate, number);
        if !self.issuers.contains(&said(ISSUER)?) || said(SOURCE_REPOSITORY)? != repo.to_string() {
            return None;
        }
        let commit = said(SOURCE_COMMIT)?;
        states(&payload, digest, &commit).then_some(())?;
        commit.parse().ok()
    }
}

impl Chain {
    fn read(self) -> Option<Vec<CertificateDer<'static>>> {
        self.certificates.into_iter().map(Certificate::read).collect()
    }
}

impl Certificate {
    fn read(self) -> Option<CertificateDer<'static>> {
        BASE64.decode(self.raw_bytes).ok().map(CertificateDer::from)
    }
}

impl Envelope {
    /// What is signed, if it is, by the key of a certificate.
    fn signed(self, leaf: &EndEntityCert<'_>) -> Option<Vec<u8>> {
        let payload = BASE64.decode(self.payload).ok()?;
        let message = sigstore_types::pae(&self.payload_type, &payload);
        let is_by = |signature: &Signature| {
            let signature = BASE64.decode(&signature.sig).ok();
            signature.is_some_and(|it| leaf.verify_signature(ECDSA_P256_SHA256, &message, &it).is_ok())
        };
        (self.payload_type == "application/vnd.in-toto+json" && self.signatures.iter().any(is_by))
            .then_some(payload)
    }
}

/// Whether a certificate was good, when it began, for signing what workflows build; the last of a chain is trusted.
fn is_given_by(chain: &[CertificateDer<'static>], certificate: &CertificateDer<'_>) -> bool {
    let Some((root, intermediates)) = chain.split_last() else { return false };
    let Ok(anchor) = anchor_from_trusted_cert(root) else { return false };
    let Some(begins) = begins(certificate) else { return false };
    let Ok(leaf) = EndEntityCert::try_from(certificate) else { return false };
    let usage = KeyUsage::required(CODE_SIGNING);
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(begins));
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &[anchor], intermediates, time, usage, None, None).is_ok()
}

/// Whether it is provenance of this digest that names the commit among what it was built from.
fn states(payload: &[u8], digest: &str, commit: &str) -> bool {
    let Ok(statement) = serde_json::from_slice::<Value>(payload) else { return false };
    let kind = statement["predicateType"].as_str().unwrap_or_default();
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let hash = digest.strip_prefix("sha256:").unwrap_or_default();
    let mut subjects = items(&statement["subject"]).into_iter();
    let sources = items(&statement["predicate"]["buildDefinition"]["resolvedDependencies"]);
    kind.starts_with("https://slsa.dev/provenance/v1")
        && !hash.is_empty()
        && subjects.any(|subject| subject["digest"]["sha256"] == hash)
        && sources.iter().any(|source| source["digest"]["gitCommit"] == commit)
}

/// One element of DER: its tag, what is in it, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let longer = |length: usize, byte: &u8| length.checked_mul(256)?.checked_add(usize::from(*byte));
        (bytes.iter().try_fold(0, longer)?, rest)
    };
    let (inside, rest) = rest.split_at_checked(length)?;
    Some((*tag, inside, rest))
}

/// The elements in one, in order.
fn elements(mut der: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = vec![];
    while let Some((tag, inside, rest)) = element(der) {
        found.push((tag, inside));
        der = rest;
    }
    found
}

/// What stands in a certificate before its signature.
fn fields<'c>(certificate: &'c CertificateDer<'_>) -> Option<Vec<(u8, &'c [u8])>> {
    let (_, certificate, _) = element(certificate.as_ref())?;
    let (_, signed, _) = element(certificate)?;
    Some(elements(signed))
}

/// When it begins to be good, in seconds.
fn begins(certificate: &CertificateDer<'_>) -> Option<u64> {
    let fields = fields(certificate)?;
    let (_, validity) = fields.get(4)?;
    let (tag, text, _) = element(validity)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let whole = match tag {
        0x17 => format!("20{text}"),
        0x18 => text.to_owned(),
        _ => return None,
    };
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", whole).ok()?;
    u64::try_from(jiff::tz::TimeZone::UTC.to_timestamp(time).ok()?.as_second()).ok()
}

/// What an authority has put into a certificate.
fn said(certificate: &CertificateDer<'_>, number: u8) -> Option<String> {
    let fields = fields(certificate)?;
    let (_, extensions) = fields.iter().find(|(tag, _)| *tag == 0xa3)?;
    let (_, extensions, _) = element(extensions)?;
    let mut oid = SIGSTORE.to_vec();
    oid.push(number);
    let value = elements(extensions).into_iter().find_map(|(_, extension)| {
        let parts = elements(extension);
        let is_it = parts.first().is_some_and(|(_, name)| *name == oid);
        parts.last().filter(|_| is_it).map(|(_, value)| *value)
    })?;
    let (_, text, _) = element(value)?;
    String::from_utf8(text.to_vec()).ok()
}
