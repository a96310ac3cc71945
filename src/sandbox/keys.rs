//! The App's key pair: the private half for the App, the public half for us.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair as Rsa, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::SandboxError;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// An RSA key pair; the private half is kept as PEM, ready to be handed to the App.
pub(super) struct KeyPair {
    private_pem: String,
    public: Vec<u8>,
}

impl KeyPair {
    /// The pair of a PKCS#8 private key, or a new one.
    pub fn new(private_pem: Option<&str>) -> Result<Self, SandboxError> {
        match private_pem {
            Some(pem) => Self::read(pem),
            None => Self::generate(),
        }
    }

    fn read(pem: &str) -> Result<Self, SandboxError> {
        let body = pem.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
        let body = body.ok_or_else(|| SandboxError::Key("it is not a PKCS#8 PEM".to_owned()))?;
        let body: String = body.split_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|cause| SandboxError::Key(cause.to_string()))?;
        let pair = Rsa::from_pkcs8(&der).map_err(|cause| SandboxError::Key(cause.to_string()))?;
        Ok(Self { private_pem: pem.to_owned(), public: pair.public_key().as_ref().to_vec() })
    }

    fn generate() -> Result<Self, SandboxError> {
        let unusable = |_| SandboxError::Key("no pair could be made".to_owned());
        let pair = Rsa::generate(KeySize::Rsa2048).map_err(unusable)?;
        let der = pair.as_der().map_err(unusable)?;
        let body = STANDARD.encode(der.as_ref());
        let mut private_pem = format!("{BEGIN}\n");
        for line in body.as_bytes().chunks(64) {
            private_pem.push_str(&String::from_utf8_lossy(line));
            private_pem.push('\n');
        }
        private_pem.push_str(END);
        private_pem.push('\n');
        Ok(Self { private_pem, public: pair.public_key().as_ref().to_vec() })
    }

    pub fn private_pem(&self) -> &str {
        &self.private_pem
    }

    /// The public half, as DER (`RSAPublicKey`).
    pub fn public(&self) -> Vec<u8> {
        self.public.clone()
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyPair(..)")
    }
}
