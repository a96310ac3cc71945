//! Whoever waits for an answer of the gate is told as soon as it is settled: at once where this process settles it, and by
//! looking where another replica does, with one look for all who wait.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::ids::GateId;

use super::{Store, dialect::Dialect, error::StoreError};

/// While no more wait than this, it is looked for theirs alone.
const FEW: usize = 500;

/// Who waits, and for what.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Waiting>);

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
    /// Tells whoever waits for these.
    pub(super) fn tell(&self, answered: impl IntoIterator<Item = (GateId, i64)>) {
        let waiting = self.waiting();
        for (id, turn) in answered {
            if let Some(sender) = waiting.turns.get(&id) {
                sender.send_if_modified(|seen| std::mem::replace(seen, turn.max(*seen)) < turn);
            }
        }
    }

    /// For whose answers it is to be looked, and since when; `None`: nobody waits.
    fn asked(&self, now: Timestamp) -> Option<(Vec<GateId>, Timestamp)> {
        let mut waiting = self.waiting();
        waiting.turns.retain(|_, sender| sender.receiver_count() > 0);
        if waiting.turns.is_empty() {
            waiting.read = None;
            return None;
        }
        let since = *waiting.read.get_or_insert(now);
        Some((waiting.turns.keys().cloned().collect(), since))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// From now on, each new answer under this id is noticed.
    #[must_use]
    pub fn wait_for_gate(&self, id: &GateId) -> Waiter {
        let mut waiting = self.inner.watch.waiting();
        let sender = waiting.turns.entry(id.clone()).or_insert_with(|| watch::Sender::new(0));
        Waiter { turn: sender.subscribe() }
    }

    /// Looks for what other replicas have answered, and tells whoever waits for it.
    ///
    /// # Errors
    /// When the database fails; it can be looked again.
    pub async fn look_for_answers(&self, now: Timestamp) -> Result<(), StoreError> {
        let Some((ids, since)) = self.inner.watch.asked(now) else { return Ok(()) };
        if self.database().dialect == Dialect::Sqlite {
            // There is no other replica.
            return Ok(());
        }
        let ids = if ids.len() <= FEW { ids } else { vec![] };
        let (changed, read) = self.gates_changed(since, &ids).await?;
        self.inner.watch.waiting().read = Some(read);
        self.inner.watch.tell(changed);
        Ok(())
    }
}

impl Waiter {
    /// Returns once there is an answer that was not seen before.
    pub async fn news(&mut self) {
        // The sender lives for as long as somebody waits: waiting cannot fail.
        drop(self.turn.changed().await);
    }
}
