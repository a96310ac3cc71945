//! Payloads at rest: compressed, and the large ones in parts, since a database driver holds what it reads and writes
//! several times over.

use std::{
    cell::RefCell,
    fmt,
    io::{self, Write},
};

use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, AnyPool, Row};
use zstd::{
    bulk::{Compressor, Decompressor},
    stream::write::{Decoder, Encoder},
    zstd_safe::compress_bound,
};

use super::{body::hash, dialect::Dialect, error::StoreError, whose::whose};

/// Of zstd: the cheapest.
const LEVEL: i32 = 1;
/// The compressed bytes in one part: a full one is followed by another.
const PART: usize = 1024 * 1024;
/// Above this many bytes, a payload is large.
const LARGE: usize = 1024 * 1024;
/// The room that is kept for the next payload.
const MOST_ROOM: usize = 64 * 1024;
/// The room for a large payload is reserved at once: a buffer that grows is in memory twice while it is moved. What
/// is not written to takes no memory; and a piece of more than 32 MiB goes back to the system when it is freed.
const ROOM: usize = 33 * 1024 * 1024;

thread_local! {
    // A context costs more than compressing a payload with it.
    static COMPRESSOR: RefCell<Option<(Compressor<'static>, Vec<u8>)>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// A payload as it is stored: compressed, and what it was.
#[derive(Clone, PartialEq, Eq)]
pub struct Packed {
    bytes: Vec<u8>,
    hash: String,
    size: i64,
    /// See [`whose()`]; of what is packed as it arrives, nothing is seen.
    whose: String,
}

impl Packed {
    /// Compresses a payload.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn of(payload: &[u8]) -> io::Result<Self> {
        if payload.len() > LARGE {
            let mut packer = Packer::new()?;
            packer.write(payload)?;
            return Ok(Self { whose: whose(payload), ..packer.finish()? });
        }
        let size = i64::try_from(payload.len()).unwrap_or(i64::MAX);
        Ok(Self { bytes: compress(payload)?, hash: hash(&[payload]), size, whose: whose(payload) })
    }

    /// SHA-256 of the payload, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Through which installation it came, as far as it shows at a glance.
    pub(super) fn whose(&self) -> &str {
        &self.whose
    }

    /// How many bytes the payload has.
    pub(super) const fn size(&self) -> i64 {
        self.size
    }

    /// How many bytes are stored.
    pub(super) const fn length(&self) -> usize {
        self.bytes.len()
    }

    /// All of it has a place in the body's own row.
    pub(super) const fn has_one_part(&self) -> bool {
        self.bytes.len() < PART
    }

    /// What is stored in the body's own row.
    pub(super) fn first(&self) -> Vec<u8> {
        self.bytes.get(..PART).unwrap_or(&self.bytes).to_vec()
    }

    /// Writes the other parts.
    pub(super) async fn write_rest(
        &self,
        connection: &mut AnyConnection,
        dialect: Dialect,
        key: &str,
    ) -> Result<(), StoreError> {
        for (number, part) in (0_i64..).zip(self.bytes.chunks(PART)).skip(1) {
            let text = "INSERT INTO body_part (id, part, body) VALUES ($1, $2, $3)";
            let statement = dialect.query(text).bind(key.to_owned()).bind(number).bind(part.to_vec());
            statement.execute(&mut *connection).await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packed({} bytes of {})", self.length(), self.size)
    }
}

/// Compresses a large payload as it arrives.
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
        Ok(Self { encoder: Encoder::new(Vec::with_capacity(ROOM), LEVEL)?, hasher: Sha256::new(), size: 0 })
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
        Ok(Packed { bytes, hash: hex::encode(self.hasher.finalize()), size: self.size, whose: String::new() })
    }
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packer({} bytes of {})", self.length(), self.size)
    }
}

/// The payload of the delivery with this key, of which the first part was read already; `size` is how long it is. `None`: it is not whole.
pub(super) async fn read(
    reading: &AnyPool,
    dialect: Dialect,
    key: &str,
    first: &[u8],
    size: i64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Ok(size) = usize::try_from(size) else { return Ok(None) };
    if first.is_empty() {
        return Ok(None);
    }
    if first.len() != PART {
        return Ok(decompress(first, size).ok());
    }
    let Ok(mut plain) = Plain::new(size) else { return Ok(None) };
    let mut is_whole = plain.write(first);
    for number in 1_i64.. {
        let text = "SELECT body FROM body_part WHERE id = $1 AND part = $2";
        let statement = dialect.query(text).bind(key.to_owned()).bind(number);
        let Some(row) = statement.fetch_optional(reading).await? else { break };
        let part: &[u8] = row.try_get(0)?;
        is_whole = is_whole && plain.write(part);
        if part.len() != PART {
            break;
        }
    }
    Ok(plain.finish().filter(|_| is_whole))
}

/// A large payload on its way out.
struct Plain {
    decoder: Decoder<'static, Vec<u8>>,
    size: usize,
}

impl Plain {
    fn new(size: usize) -> io::Result<Self> {
        Ok(Self { decoder: Decoder::new(Vec::with_capacity(size.max(ROOM)))?, size })
    }

    fn write(&mut self, part: &[u8]) -> bool {
        // In pieces, so that what is damaged cannot become much larger than it was.
        part.chunks(PART / 64)
            .all(|piece| self.decoder.get_ref().len() <= self.size && self.decoder.write_all(piece).is_ok())
    }

    fn finish(mut self) -> Option<Vec<u8>> {
        self.decoder.flush().ok()?;
        let plain = self.decoder.into_inner();
        (plain.len() == self.size).then_some(plain)
    }
}

/// Compresses a payload. The room that the worst case needs is not what is kept, and where it is small it is used again.
fn compress(payload: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let (compressor, room) = match kept {
            Some(kept) => kept,
            None => kept.insert((Compressor::new(LEVEL)?, vec![])),
        };
        room.resize(compress_bound(payload.len()), 0);
        let length = compressor.compress_to_buffer(payload, room.as_mut_slice())?;
        let bytes = room.get(..length).unwrap_or_default().to_vec();
        room.truncate(MOST_ROOM);
        room.shrink_to(MOST_ROOM);
        Ok(bytes)
    })
}

/// The payload again; `size` is how long it is.
fn decompress(bytes: &[u8], size: usize) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::new()?),
        };
        let mut plain = Vec::with_capacity(if size > LARGE { size.max(ROOM) } else { size });
        decompressor.decompress_to_buffer(bytes, &mut plain)?;
        Ok(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As [`read()`] reads it, without a database.
    fn unpack(packed: &Packed) -> Option<Vec<u8>> {
        let size = usize::try_from(packed.size).ok()?;
        if packed.first().len() != PART {
            return decompress(&packed.bytes, size).ok();
        }
        let mut plain = Plain::new(size).ok()?;
        assert!(packed.bytes.chunks(PART).all(|part| plain.write(part)));
        plain.finish()
    }

    proptest::proptest! {
        #[test]
        fn any_payload_reads_back(payload: Vec<u8>) {
            let packed = Packed::of(&payload).unwrap();
            proptest::prop_assert_eq!(unpack(&packed), Some(payload));
        }

        #[test]
        fn a_payload_that_arrives_in_parts_is_stored_as_the_same_payload(payload: Vec<u8>, part in 1_usize..20) {
            let mut packer = Packer::new().unwrap();
            payload.chunks(part).for_each(|part| packer.write(part).unwrap());
            let (packed, whole) = (packer.finish().unwrap(), Packed::of(&payload).unwrap());
            proptest::prop_assert_eq!((packed.hash(), packed.size), (whole.hash(), whole.size));
            proptest::prop_assert_eq!(unpack(&packed), Some(payload));
        }
    }

    #[test]
    fn a_payload_that_cannot_be_compressed_is_cut_into_parts_and_reads_back() {
        let mut state = 1_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        };
        let payload: Vec<u8> = (0..3 * PART).map(|_| next()).collect();
        let packed = Packed::of(&payload).unwrap();
        assert!((3 * PART..4 * PART).contains(&packed.length()), "{packed:?}");
        assert_eq!(packed.first().len(), PART);
        assert!(unpack(&packed).is_some_and(|plain| plain == payload));
        let damaged = Packed { size: packed.size - 1, ..packed };
        assert_eq!(unpack(&damaged), None);
    }
}
