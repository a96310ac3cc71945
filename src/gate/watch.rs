//! Whoever waits is told as soon as something was decided, also where another replica decided it: one reader for all who
//! wait in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::{
    clock::Clock,
    domain::ids::GateId,
    store::{Store, StoreError},
    worker::Worked,
};

/// Who waits, and for what.
#[derive(Debug, Clone, Default)]
pub struct Watch(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    /// The number of the last answer that was seen, for each that is waited for.
    turns: HashMap<GateId, watch::Sender<i64>>,
    /// Up to when changes were read.
    read: Option<Timestamp>,
}

/// Somebody who waits for one answer.
#[derive(Debug)]
pub struct Waiter {
    turn: watch::Receiver<i64>,
}

impl Watch {
    /// From now on, each new answer under this id is noticed.
    #[must_use]
    pub fn wait_for(&self, id: &GateId) -> Waiter {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = waiting.turns.entry(id.clone()).or_insert_with(|| watch::Sender::new(0));
        Waiter { turn: sender.subscribe() }
    }

    /// Reads what has changed, and tells whoever waits for it.
    ///
    /// # Errors
    /// When the store fails; the step can be taken again.
    pub async fn look(&self, store: &Store, clock: &Clock) -> Result<Worked, StoreError> {
        let since = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.turns.retain(|_, sender| sender.receiver_count() > 0);
            if waiting.turns.is_empty() {
                waiting.read = None;
                return Ok(Worked::Idle);
            }
            *waiting.read.get_or_insert_with(|| clock.now())
        };
        let (changed, read) = store.gates_changed(since).await?;
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.read = Some(read);
        for (id, turn) in changed {
            if let Some(sender) = waiting.turns.get(&id) {
                sender.send_if_modified(|seen| std::mem::replace(seen, turn.max(*seen)) < turn);
            }
        }
        Ok(Worked::Idle)
    }
}

impl Waiter {
    /// Returns once there is an answer that was not seen before.
    pub async fn news(&mut self) {
        // The sender lives for as long as somebody waits: waiting cannot fail.
        drop(self.turn.changed().await);
    }
}
