//! Reads a body whose sender has not proved anything yet, in a room that it cannot outgrow.
//!
//! Small bodies are kept as they arrive. Large ones go through the signature and the compressor part by part, a few at a
//! time, so that nothing of them is held but what would be stored. The two have shares of their own: nobody with large
//! bodies can keep small ones out.

use std::{io, sync::Arc, time::Duration};

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{LARGEST_BODY, Refusal};
use crate::{
    github::signature::{self, Claim, Secret, Verifier},
    store::{Packed, Packer},
};

/// GitHub waits ten seconds for the answer.
const BODY_TIME: Duration = Duration::from_secs(8);
/// How long a sender waits for others to leave.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bodies up to this size are small.
const SMALL: usize = 1024 * 1024;
/// Most bodies are no larger.
const USUAL: usize = 32 * 1024;
/// Bytes of small bodies on their way.
const SMALL_ROOM: usize = 16 * 1024 * 1024;
/// Large bodies on their way.
const LARGE_AT_ONCE: usize = 2;
/// Compressed bytes that any of them may have; no more than one at a time has more than that.
const LARGE_EACH: usize = 4 * 1024 * 1024;

/// The room for bodies on their way: 16 MiB for small ones, 4 MiB for a large one, 25 MiB for a large one that cannot be
/// compressed. With what the compressors work on, it is less than 48 MiB.
#[derive(Debug, Clone)]
pub(super) struct Room {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
    bulky: Arc<Semaphore>,
}

impl Default for Room {
    fn default() -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self { small: semaphore(SMALL_ROOM), large: semaphore(LARGE_AT_ONCE), bulky: semaphore(1) }
    }
}

/// A body that was proved to be GitHub's, and the room that it takes until it is stored.
#[derive(Debug)]
pub(super) struct Proved {
    pub(super) body: Packed,
    _held: Vec<OwnedSemaphorePermit>,
}

/// Reads a body to its end and proves it. `announced` is how long its sender says that it is.
pub(super) async fn read(
    body: Body,
    announced: Option<usize>,
    claim: &Claim,
    secrets: &[Secret],
    room: &Room,
) -> Result<Proved, Refusal> {
    if announced.is_some_and(|length| length > LARGEST_BODY) {
        return Err(Refusal::TooLarge);
    }
    let reading = async {
        let mut small = Small::with_room_for(announced);
        let mut over = None;
        let mut body = body;
        if announced.is_none_or(|length| length <= SMALL) {
            over = small.fill(&mut body, room).await?;
            if over.is_none() {
                return small.prove(claim, secrets);
            }
        }
        let mut large = Large::enter(room, secrets).await?;
        large.write(&small.bytes).await?;
        drop(small);
        while let Some(part) = next_or(over.take(), &mut body).await? {
            large.write(&part).await?;
        }
        large.prove(claim)
    };
    timeout(BODY_TIME, reading).await.unwrap_or(Err(Refusal::TooSlow))
}

/// The next part of the body; the one that is at hand first.
async fn next_or(at_hand: Option<Bytes>, body: &mut Body) -> Result<Option<Bytes>, Refusal> {
    if at_hand.is_some() {
        return Ok(at_hand);
    }
    while let Some(frame) = body.frame().await {
        if let Ok(part) = frame.map_err(|_| Refusal::BrokenOff)?.into_data() {
            return Ok(Some(part));
        }
    }
    Ok(None)
}

/// A body that is kept as it arrives.
#[derive(Debug)]
struct Small {
    bytes: Vec<u8>,
    held: Option<OwnedSemaphorePermit>,
}

impl Small {
    /// Whoever announces much has sent nothing yet: there is room for what is usual.
    fn with_room_for(announced: Option<usize>) -> Self {
        Self { bytes: Vec::with_capacity(announced.unwrap_or(0).min(USUAL)), held: None }
    }

    /// Reads to the end of the body, or to the first part that makes it a large one.
    async fn fill(&mut self, body: &mut Body, room: &Room) -> Result<Option<Bytes>, Refusal> {
        while let Some(part) = next_or(None, body).await? {
            if self.bytes.len() + part.len() > SMALL {
                return Ok(Some(part));
            }
            let more = enter(&room.small, part.len()).await?;
            match &mut self.held {
                Some(held) => held.merge(more),
                None => self.held = Some(more),
            }
            self.bytes.extend_from_slice(&part);
        }
        Ok(None)
    }

    fn prove(self, claim: &Claim, secrets: &[Secret]) -> Result<Proved, Refusal> {
        signature::prove(secrets, &self.bytes, claim).map_err(|_| Refusal::Unproved)?;
        let body = Packed::of(&self.bytes).map_err(not_packed)?;
        Ok(Proved { body, _held: vec![] })
    }
}

/// A body of which nothing is kept but what would be stored.
struct Large<'a> {
    room: &'a Room,
    verifier: Verifier,
    packer: Packer,
    read: usize,
    held: Vec<OwnedSemaphorePermit>,
}

impl<'a> Large<'a> {
    async fn enter(room: &'a Room, secrets: &[Secret]) -> Result<Self, Refusal> {
        let held = vec![enter(&room.large, 1).await?];
        let packer = Packer::new().map_err(not_packed)?;
        Ok(Self { room, verifier: Verifier::new(secrets), packer, read: 0, held })
    }

    async fn write(&mut self, part: &[u8]) -> Result<(), Refusal> {
        self.read += part.len();
        if self.read > LARGEST_BODY {
            return Err(Refusal::TooLarge);
        }
        if self.packer.length() + part.len() > LARGE_EACH && self.held.len() == 1 {
            self.held.push(enter(&self.room.bulky, 1).await?);
        }
        self.verifier.update(part);
        self.packer.write(part).map_err(not_packed)?;
        // It is work for others too: no sender keeps a thread to itself.
        tokio::task::yield_now().await;
        Ok(())
    }

    fn prove(self, claim: &Claim) -> Result<Proved, Refusal> {
        self.verifier.finish(claim).map_err(|_| Refusal::Unproved)?;
        let body = self.packer.finish().map_err(not_packed)?;
        Ok(Proved { body, _held: self.held })
    }
}

fn not_packed(error: io::Error) -> Refusal {
    tracing::error!(%error, "a body could not be compressed");
    Refusal::NotStored
}

/// Waits for a share of a room.
async fn enter(room: &Arc<Semaphore>, share: usize) -> Result<OwnedSemaphorePermit, Refusal> {
    let share = u32::try_from(share).map_err(|_| Refusal::TooLarge)?;
    let entered = timeout(PATIENCE, Arc::clone(room).acquire_many_owned(share)).await;
    entered.map_err(|_| Refusal::NoRoom)?.map_err(|_| Refusal::NoRoom)
}
