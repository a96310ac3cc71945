//! Keeps what was delivered, decided and still has to be told; the only room that knows SQL.
//!
//! ```text
//! keep ─► delivery ─claim_deliveries─► settle_routing ─► subject_event, subject due
//!                                                             │ claim_subjects: a lease on the subject
//!                                              answer, views ◄┤
//!                                                             ▼
//!                            settle: state · published · edges · readings · effects · audit · dependents due
//!                                                             │ claim_effects: one holder per key
//!                                                             ▼
//!                                                       settle_effects
//! ```
//!
//! Whoever holds a lease holds a token; what is settled with a token that is no longer in force changes nothing.
//! Times that decide what is due are the caller's; leases run by the database's clock.

mod dialect;

mod error;

mod guard;

mod holder;

mod integrity;

mod migrate;

mod database;

mod body;

mod payload;

mod intake;

mod share;

mod whose;

mod inbox;

mod moves;

mod subjects;

mod published;

mod wake;

mod settle;

mod effects;

mod audit;

mod views;

mod parked;

mod known;

mod retention;

mod sweeps;

mod bodies;

#[cfg(test)]
mod plans;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    task::JoinSet,
};

pub use self::{
    audit::{AuditReport, AuditedEntry, TenantAudit},
    bodies::{Bodies, ReadBack},
    effects::{EffectClaim, EffectOutcome},
    error::{KeepError, OpenError, StoreError},
    inbox::{DeliveryKey, Routing, StoredDelivery},
    intake::{Kept, NewDelivery},
    parked::{Listed, Parked, ParkedSubject, RefusedEffect},
    payload::{Packed, Packer},
    published::{Answered, Read},
    settle::{Outcome, Settled, Settlement},
    subjects::Claim,
    sweeps::Swept,
    views::Counts,
};
use self::{database::Database, dialect::Dialect, guard::Guard, holder::Session, intake::Intake};

/// The store. Cheap to clone; all clones share the connections.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    /// `None`: opened for reading, or closed.
    intake: Mutex<Option<Intake>>,
    /// Dropped when the store is closed. `None`: nobody shares the database, or it is closed.
    alive: Mutex<Option<oneshot::Sender<()>>>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
    hint: Arc<Notify>,
    _guard: Option<Guard>,
}

/// How long a hint may be missed: other replicas give none.
const POLL: Duration = Duration::from_millis(50);

impl Store {
    /// Opens a database and migrates it: `sqlite:changegate.db`, `postgres://user@host/name`.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let (mut database, guard) = Database::open(url).await?;
        let hint = Arc::new(Notify::new());
        let mut tasks = JoinSet::new();
        let alive = match database.dialect {
            Dialect::Sqlite => None,
            Dialect::Postgres => {
                let session = Session::open(url).await?;
                database.holder = Some(session.holder);
                Some(session.keep(&mut tasks))
            }
        };
        let intake = Intake::start(&mut tasks, database.clone(), Arc::clone(&hint));
        let inner = Inner {
            database,
            intake: Mutex::new(Some(intake)),
            alive: Mutex::new(alive),
            tasks: tokio::sync::Mutex::new(tasks),
            hint,
            _guard: guard,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Opens a database for reading, beside a running server: no lock, no migration.
    pub async fn open_read_only(url: &str) -> Result<Self, OpenError> {
        let database = Database::open_read_only(url).await?;
        let inner = Inner {
            database,
            intake: Mutex::new(None),
            alive: Mutex::new(None),
            tasks: tokio::sync::Mutex::new(JoinSet::new()),
            hint: Arc::new(Notify::new()),
            _guard: None,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Takes nothing in any more, writes what was taken in, releases what is leased, and ends the connections.
    pub async fn close(&self) {
        drop(self.inner.intake.lock().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.inner.alive.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut tasks = self.inner.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
        self.inner.database.close().await;
    }

    /// Returns when there may be something to do: after a commit of this process, or after 50 ms.
    pub async fn wait_for_work(&self) {
        tokio::time::timeout(POLL, self.inner.hint.notified()).await.ok();
    }

    fn hint(&self) {
        self.inner.hint.notify_waiters();
    }

    fn database(&self) -> &Database {
        &self.inner.database
    }
}

/// A new token for a lease.
fn token() -> String {
    ulid::Ulid::generate().to_string()
}
