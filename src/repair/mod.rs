//! Compares what arrived with what GitHub says it sent, and takes in what is missing; and sweeps what is open.
//!
//! GitHub never sends a delivery again by itself. A webhook that was lost, or that found us down, is in GitHub's record
//! for three days; where no webhook can reach us at all, the record is the only way in (`serve --pull`).

mod page;
mod pulse;
mod sweep;

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    clock::Clock,
    github::{Failure, GitHub, Noted},
    store::{KeepError, NewDelivery, Packed, Store, StoreError},
    worker::Beside,
};

/// Pages of a hundred that one round looks through at the most.
const MOST_PAGES: usize = 1_000;

/// Takes in what was lost.
#[derive(Debug, Clone)]
pub struct Repair {
    pub store: Store,
    pub github: Arc<GitHub>,
    pub clock: Clock,
    /// The GitHub host that the deliveries come from.
    pub host: Arc<str>,
    /// The pages of sweeps that are being compared now, tenant by tenant.
    pub beside: Beside,
}

/// Why a round ended early. What was taken in until then stays.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keep(#[from] KeepError),
    #[error("GitHub does not say: {0}")]
    GitHub(String),
    #[error("GitHub may not be asked before {0}")]
    Later(Timestamp),
}

impl From<Failure> for RepairError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Later { why, .. } | Failure::Refused { why } => Self::GitHub(why),
        }
    }
}

/// How far a round looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To the first page of which everything has arrived.
    News,
    /// Through all that GitHub keeps.
    Everything,
}

impl Repair {
    /// One round: takes in what GitHub sent and we have not got, newest pages first. Answers how many that were.
    ///
    /// # Errors
    /// When GitHub or the store fails.
    pub async fn round(&self, reach: Reach) -> Result<usize, RepairError> {
        let mut taken = 0;
        let mut older = None;
        for _ in 0..MOST_PAGES {
            let page = self.github.deliveries(older.as_deref()).await?;
            let here = self.take_missing(&page.noted).await?;
            taken += here;
            older = page.older;
            if older.is_none() || (reach == Reach::News && here == 0) {
                break;
            }
        }
        Ok(taken)
    }

    async fn take_missing(&self, noted: &[Noted]) -> Result<usize, RepairError> {
        let ids: Vec<String> = noted.iter().map(|noted| noted.guid.clone()).collect();
        let missing = self.store.missing(&ids).await?;
        let mut taken = 0;
        // The oldest first, in the order in which they should have come; an id that was tried twice is one delivery.
        for noted in noted.iter().rev() {
            if noted.event != "ping" && missing.contains(&noted.guid) && self.take(noted).await? {
                taken += 1;
            }
        }
        Ok(taken)
    }

    async fn take(&self, noted: &Noted) -> Result<bool, RepairError> {
        let Some(body) = self.github.delivery_payload(noted.id).await? else { return Ok(false) };
        tracing::info!(
            delivery = noted.guid,
            event = noted.event,
            "a delivery that had not arrived is taken in"
        );
        let (id, event) = (noted.guid.clone(), noted.event.clone());
        let body = Packed::of(&body).map_err(|error| KeepError::Busy(error.to_string()))?;
        let delivery =
            NewDelivery { id, event, host: self.host.to_string(), received_at: self.clock.now(), body };
        self.store.keep(delivery).await?;
        Ok(true)
    }
}
