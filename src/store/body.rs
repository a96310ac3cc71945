//! How things are written down: payloads compressed, JSON with its version, text without NUL.

use std::{
    borrow::Cow,
    cell::RefCell,
    fmt,
    io::{self, Write as _},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use zstd::{
    bulk::{Compressor, Decompressor},
    stream::write::Encoder,
};

use super::error::StoreError;

thread_local! {
    // A context costs more than compressing a payload with it.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Of zstd: the cheapest.
const LEVEL: i32 = 1;

/// A payload as it is stored: compressed, and what it was.
#[derive(Clone, PartialEq, Eq)]
pub struct Packed {
    pub(super) bytes: Vec<u8>,
    pub(super) hash: String,
    pub(super) size: i64,
}

impl Packed {
    /// Compresses a payload.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn of(body: &[u8]) -> io::Result<Self> {
        let bytes = compress(body)?;
        Ok(Self { bytes, hash: hash(&[body]), size: i64::try_from(body.len()).unwrap_or(i64::MAX) })
    }

    /// SHA-256 of the payload, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packed({} bytes of {})", self.bytes.len(), self.size)
    }
}

/// Compresses a payload as it arrives.
pub struct Packer {
    encoder: Encoder<'static, Vec<u8>>,
    hasher: Sha256,
    size: i64,
}

impl Packer {
    /// For a payload of any length.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn new() -> io::Result<Self> {
        Ok(Self { encoder: Encoder::new(Vec::new(), LEVEL)?, hasher: Sha256::new(), size: 0 })
    }

    /// Takes the next part of the payload.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn write(&mut self, part: &[u8]) -> io::Result<()> {
        self.hasher.update(part);
        self.size = self.size.saturating_add(i64::try_from(part.len()).unwrap_or(i64::MAX));
        self.encoder.write_all(part)
    }

    /// The compressed bytes so far, without those that the compressor still works on.
    #[must_use]
    pub fn length(&self) -> usize {
        self.encoder.get_ref().len()
    }

    /// The whole payload.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn finish(self) -> io::Result<Packed> {
        let bytes = self.encoder.finish()?;
        Ok(Packed { bytes, hash: hex::encode(self.hasher.finalize()), size: self.size })
    }
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packer({} bytes of {})", self.length(), self.size)
    }
}

/// Compresses a payload. The buffer that the worst case needs is not what is kept.
fn compress(body: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(Compressor::new(LEVEL)?),
        };
        let mut bytes = compressor.compress(body)?;
        bytes.shrink_to_fit();
        Ok(bytes)
    })
}

/// The payload again; `size` is how long it is.
pub(super) fn decompress(bytes: &[u8], size: usize) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| match kept {
        Some(decompressor) => decompressor.decompress(bytes, size),
        None => kept.insert(Decompressor::new()?).decompress(bytes, size),
    })
}

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

/// Reads what [`write()`] wrote, in this version or an earlier one.
pub(super) fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    let unreadable = |error| StoreError::unreadable(what, error);
    let version: Version = serde_json::from_str(text).map_err(unreadable)?;
    if version.v > VERSION {
        return Err(StoreError::Newer(what.into()));
    }
    serde_json::from_str::<Read<T>>(text).map(|read| read.is).map_err(unreadable)
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

        #[test]
        fn any_payload_reads_back(body: Vec<u8>) {
            let packed = Packed::of(&body).unwrap();
            proptest::prop_assert_eq!(decompress(&packed.bytes, body.len()).unwrap(), body);
        }

        #[test]
        fn a_payload_that_arrives_in_parts_is_stored_as_the_same_payload(body: Vec<u8>, part in 1_usize..20) {
            let mut packer = Packer::new().unwrap();
            body.chunks(part).for_each(|part| packer.write(part).unwrap());
            let (packed, whole) = (packer.finish().unwrap(), Packed::of(&body).unwrap());
            proptest::prop_assert_eq!((packed.hash(), packed.size), (whole.hash(), whole.size));
            proptest::prop_assert_eq!(decompress(&packed.bytes, body.len()).unwrap(), body);
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
