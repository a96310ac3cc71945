//! How things are written down: JSON with its version, text without NUL.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::error::StoreError;

/// SHA-256 of the parts, one after the other, in hexadecimal.
pub(super) fn hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hex::encode(hasher.finalize())
}

/// The version in which bodies are written.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a, T> {
    v: u32,
    is: &'a T,
}

#[derive(Deserialize)]
struct Read<T> {
    v: u32,
    is: T,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// As JSON, with its version. NUL is escaped by JSON itself.
pub(super) fn write<T: Serialize>(is: &T) -> Result<String, StoreError> {
    Ok(serde_json::to_string(&Written { v: VERSION, is })?)
}

/// Reads what [`write()`] wrote, in this version or an earlier one. Of what cannot be read it is asked whether a newer version
/// wrote it.
pub(super) fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    let unreadable = |error| StoreError::unreadable(what, error);
    let is_newer = || serde_json::from_str::<Version>(text).map(|version| version.v > VERSION);
    match serde_json::from_str::<Read<T>>(text) {
        Ok(read) if read.v <= VERSION => Ok(read.is),
        Ok(_) => Err(StoreError::Newer(what.into())),
        Err(_) if is_newer().map_err(unreadable)? => Err(StoreError::Newer(what.into())),
        Err(error) => Err(unreadable(error)),
    }
}

/// Text as the databases take it: NUL, which PostgreSQL has no place for, is written as `\0`.
pub(super) fn escape(text: &str) -> String {
    if text.contains(['\0', '\\']) { text.replace('\\', r"\\").replace('\0', r"\0") } else { text.into() }
}

/// The text again.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('0') => plain.push('\0'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            other => plain.push(other),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_text_reads_back_and_holds_no_nul(text in "(?s)[\\\\\\x00a0]{0,8}.{0,8}") {
            let written = escape(&text);
            proptest::prop_assert!(!written.contains('\0'));
            proptest::prop_assert_eq!(unescape(&written), text);
        }
    }

    #[test]
    fn what_a_newer_version_wrote_is_left_alone() {
        assert_eq!(read::<u8>("x", &write(&7u8).unwrap()).unwrap(), 7);
        assert_eq!(
            read::<u8>("x", r#"{"v":2,"is":{"seven":true}}"#).unwrap_err().to_string(),
            "x was written by a newer changegate"
        );
    }
}
