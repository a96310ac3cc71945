//! Proves that a delivery is GitHub's: HMAC-SHA256 over the raw bytes, before anything is parsed.
//!
//! The signature covers the body only; the event's name and the delivery's id are not signed.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

/// The header that carries the signature. `X-Hub-Signature` (SHA-1) is never looked at.
pub const SIGNATURE_HEADER: &str = "x-hub-signature-256";

const PREFIX: &[u8] = b"sha256=";

/// A webhook secret. It cannot be printed.
#[derive(Clone)]
pub struct Secret(SecretSlice<u8>);

/// An empty secret: everybody could sign with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is empty; everybody could sign with it")]
pub struct EmptySecret;

impl Secret {
    /// Takes any bytes but none.
    ///
    /// # Errors
    /// When there are none.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, EmptySecret> {
        let bytes: Vec<u8> = bytes.into();
        if bytes.is_empty() { Err(EmptySecret) } else { Ok(Self(SecretSlice::from(bytes))) }
    }

    /// How many bytes it has; short ones are guessable.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.expose_secret().len()
    }

    pub(super) fn mac(&self) -> Option<Hmac<Sha256>> {
        Hmac::new_from_slice(self.0.expose_secret()).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The proof that a body was signed with one of our secrets. Only [`prove`] and [`Verifier`] make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified(());

/// What a sender claims to be the signature of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim([u8; 32]);

impl Claim {
    /// Reads the values of [`SIGNATURE_HEADER`]: whoever claims nothing needs not be listened to.
    ///
    /// # Errors
    /// When there is not exactly one, of the right form.
    pub fn read<V: AsRef<[u8]>>(values: impl IntoIterator<Item = V>) -> Result<Self, SignatureError> {
        let mut values = values.into_iter();
        let value = values.next().ok_or(SignatureError::Missing)?;
        if values.next().is_some() {
            return Err(SignatureError::Several);
        }
        let value = value.as_ref();
        if value.is_empty() {
            return Err(SignatureError::Missing);
        }
        let digits = value.strip_prefix(PREFIX).ok_or(SignatureError::Malformed)?;
        if digits.iter().any(u8::is_ascii_uppercase) {
            return Err(SignatureError::Malformed);
        }
        let mut digest = [0; 32];
        hex::decode_to_slice(digits, &mut digest).map_err(|_| SignatureError::Malformed)?;
        Ok(Self(digest))
    }
}

/// Why a delivery is not believed to be GitHub's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No header, or an empty one.
    #[error("there is no X-Hub-Signature-256 header")]
    Missing,
    /// More than one header: it would be a matter of taste which counts.
    #[error("there is more than one X-Hub-Signature-256 header")]
    Several,
    /// Not `sha256=` and 64 lower-case hexadecimal digits.
    #[error("the X-Hub-Signature-256 header is not `sha256=` and 64 lower-case hexadecimal digits")]
    Malformed,
    /// Signed with another secret, or not this body.
    #[error("the signature fits none of the webhook secrets")]
    Mismatch,
}

/// Checks a body as it arrives, against all secrets at once.
pub struct Verifier(Vec<Hmac<Sha256>>);

impl Verifier {
    /// For a body that may be signed with any of these secrets.
    #[must_use]
    pub fn new(secrets: &[Secret]) -> Self {
        Self(secrets.iter().filter_map(Secret::mac).collect())
    }

    /// Takes the next part of the body.
    pub fn update(&mut self, part: &[u8]) {
        for mac in &mut self.0 {
            mac.update(part);
        }
    }

    /// Compares with what was claimed, in constant time and with every secret.
    ///
    /// # Errors
    /// When the body is not proven to be GitHub's.
    pub fn finish(self, claim: &Claim) -> Result<Verified, SignatureError> {
        let fits = self.0.into_iter().fold(false, |fits, mac| mac.verify_slice(&claim.0).is_ok() | fits);
        if fits { Ok(Verified(())) } else { Err(SignatureError::Mismatch) }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(…)")
    }
}

/// Checks a whole body. See [`Verifier`].
///
/// # Errors
/// When the body is not proven to be GitHub's.
pub fn prove(secrets: &[Secret], body: &[u8], claim: &Claim) -> Result<Verified, SignatureError> {
    let mut verifier = Verifier::new(secrets);
    verifier.update(body);
    verifier.finish(claim)
}

/// The header's value for a body, as GitHub writes it.
#[must_use]
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    let digest = secret.mac().map(|mac| mac.chain_update(body).finalize().into_bytes());
    format!("sha256={}", digest.map(hex::encode).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"Hello, World!";
    const DIGITS: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn documented() -> Secret {
        Secret::new("It's a Secret to Everybody").unwrap()
    }

    fn verify<V: AsRef<[u8]>>(
        secrets: &[Secret],
        values: impl IntoIterator<Item = V>,
    ) -> Result<Verified, SignatureError> {
        Claim::read(values).and_then(|claim| prove(secrets, BODY, &claim))
    }

    fn check(values: &[&str]) -> Result<Verified, SignatureError> {
        verify(&[documented()], values)
    }

    #[test]
    fn the_vector_that_github_documents_is_accepted() {
        let value = format!("sha256={DIGITS}");
        assert_eq!(sign(&documented(), BODY), value);
        assert_eq!(check(&[&value]), Ok(Verified(())));
    }

    #[test]
    fn each_flipped_bit_of_the_signature_is_refused() {
        let right: [u8; 32] = hex::decode(DIGITS).unwrap().try_into().unwrap();
        for bit in 0..256 {
            let mut wrong = right;
            wrong[bit / 8] ^= 1 << (bit % 8);
            let value = format!("sha256={}", hex::encode(wrong));
            assert_eq!(check(&[&value]), Err(SignatureError::Mismatch), "bit {bit}");
        }
    }

    #[test]
    fn anything_but_one_well_formed_header_is_refused() {
        let right = format!("sha256={DIGITS}");
        let (upper, short, long) =
            (format!("sha256={}", DIGITS.to_uppercase()), &right[..70], format!("{right}0"));
        let (sha1, spaced) = (format!("sha1={}", &DIGITS[..40]), format!(" {right}"));
        for (values, why) in [
            (vec![], SignatureError::Missing),
            (vec![""], SignatureError::Missing),
            (vec![&*right, &*right], SignatureError::Several),
            (vec![&*right, "sha256=00"], SignatureError::Several),
            (vec![&*upper], SignatureError::Malformed),
            (vec![short], SignatureError::Malformed),
            (vec![&*long], SignatureError::Malformed),
            (vec![&*sha1], SignatureError::Malformed),
            (vec![&*spaced], SignatureError::Malformed),
            (vec!["sha256="], SignatureError::Malformed),
            (vec!["SHA256=757107ea"], SignatureError::Malformed),
            (vec![DIGITS], SignatureError::Malformed),
        ] {
            assert_eq!(check(&values), Err(why), "{values:?}");
        }
    }

    #[test]
    fn every_active_secret_counts_and_a_retired_one_does_not() {
        let (old, new) = (Secret::new("old").unwrap(), Secret::new("new").unwrap());
        let both = [new.clone(), old.clone()];
        for signer in &both {
            assert!(verify(&both, [sign(signer, BODY)]).is_ok());
        }
        assert_eq!(verify(&[new], [sign(&old, BODY)]), Err(SignatureError::Mismatch));
        assert_eq!(verify(&[], [sign(&old, BODY)]), Err(SignatureError::Mismatch));
    }

    #[test]
    fn a_body_that_arrives_in_parts_is_the_same_body() {
        let mut verifier = Verifier::new(&[documented()]);
        for part in BODY.chunks(5) {
            verifier.update(part);
        }
        let claim = Claim::read([format!("sha256={DIGITS}")]).unwrap();
        assert!(verifier.finish(&claim).is_ok());
    }

    #[test]
    fn a_secret_is_never_empty_and_never_printed() {
        assert_eq!(Secret::new("").unwrap_err(), EmptySecret);
        insta::assert_snapshot!(format!("{:?}", documented()), @"Secret(…)");
        insta::assert_snapshot!(format!("{:?}", Verifier::new(&[documented()])), @"Verifier(…)");
    }
}
