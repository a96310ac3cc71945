//! The version of a policy: a hash of what it says, whatever its spaces, order of keys and comments.

use super::whole::Policy;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt;

/// SHA-256 over the policy's content, as 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// As stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The version of a file as it stands, to the byte.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        hash("changegate policy file 1", text)
    }

    /// The version of two policies that count together.
    pub(super) fn and(&self, other: &Self) -> Self {
        hash("changegate policies 1", &format!("{self} {other}"))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The version of a policy.
///
/// What is absent or empty leaves no trace, so that a later program with more keys gives an unchanged file the
/// same version.
pub fn fingerprint(policy: &Policy) -> Fingerprint {
    let mut content = serde_json::to_value(policy).unwrap_or_default();
    without_empty(&mut content);
    content.sort_all_objects();
    hash("changegate policy 1", &content.to_string())
}

fn hash(kind: &str, content: &str) -> Fingerprint {
    let mut hasher = Sha256::new();
    hasher.update(kind);
    hasher.update("\n");
    hasher.update(content);
    Fingerprint(hex::encode(hasher.finalize()))
}

fn without_empty(value: &mut Value) {
    match value {
        Value::Object(keys) => {
            keys.values_mut().for_each(without_empty);
            keys.retain(|_, value| !is_empty(value));
        }
        Value::Array(items) => items.iter_mut().for_each(without_empty),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(keys) => keys.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
