//! Posts webhooks to a running server, signed by GitHub's own library for Node.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::material::Material;
use crate::payloads::Example;

/// From GitHub's documentation, "Validating webhook deliveries", "Testing the webhook payload validation".
pub const SECRET: &str = "It's a Secret to Everybody";
pub const BODY: &str = "Hello, World!";
pub const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

#[derive(Serialize)]
struct Posted<'a> {
    name: &'a str,
    event: &'a str,
    payload: &'a Value,
}

/// What the server said to one webhook.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// The [`Example::name`].
    pub name: String,
    /// The `X-GitHub-Delivery` under which it was posted.
    pub delivery: String,
    /// The body that was posted.
    pub sent: String,
    pub status: u16,
    pub body: String,
}

impl Material {
    /// Posts the examples to `url` one after the other; the answers are in the same order. It blocks.
    pub fn post(&self, url: &str, secret: &str, examples: &[Example]) -> Vec<Answer> {
        let line = |example: &Example| {
            let posted = Posted { name: &example.name, event: &example.event, payload: &example.payload };
            serde_json::to_string(&posted).unwrap() + "\n"
        };
        let lines: String = examples.iter().map(line).collect();
        let answers = self.node("sender.mjs", &[url], secret, &lines);
        answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The `X-Hub-Signature-256` that `@octokit/webhooks-methods` gives to a body.
    pub fn signature(&self, secret: &str, body: &str) -> String {
        self.node("sender.mjs", &["--sign"], secret, body)
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    use super::*;

    fn hmac(secret: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body);
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn github_s_documented_signature_is_the_one_we_and_octokit_compute() {
        assert_eq!(hmac(SECRET, BODY.as_bytes()), SIGNATURE);
        let Some(material) = Material::find() else { return };
        assert_eq!(material.signature(SECRET, BODY), SIGNATURE);
        assert_ne!(material.signature(SECRET, "Hello, World"), SIGNATURE);
        assert_ne!(material.signature("It's a secret to everybody", BODY), SIGNATURE);
        assert_eq!(material.signature(SECRET, "Zoë ✓ 𝄞"), hmac(SECRET, "Zoë ✓ 𝄞".as_bytes()));
    }
}
