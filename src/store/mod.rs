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

mod disk;

mod checkpoint;

mod body;

mod payload;

mod intake;

mod share;

mod whose;

mod inbox;

mod moves;

mod subjects;

mod published;

mod unsettled;

mod wake;

mod settle;

mod effects;

mod audit;

mod views;

mod load;

mod parked;

mod known;

mod inventory;
mod notified;
mod register;
mod retention;

mod sweeps;

mod bodies;

mod gates;

mod lists;

mod pulse;

mod bindings;

mod tokens;

mod addressed;

mod connections;

mod waiters;

#[cfg(test)]
mod plans;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
};

pub use self::{
    audit::{AuditReport, AuditedEntry, TenantAudit},
    bindings::Binding,
    bodies::{Bodies, ReadBack},
    effects::{EffectClaim, EffectOutcome},
    error::{KeepError, OpenError, StoreError},
    gates::Gate,
    inbox::{DeliveryKey, Routing, StoredDelivery},
    intake::{Addressed, Kept, NewDelivery},
    lists::{ListedGate, Part, Place, Written},
    load::Load,
    notified::{Held, Notified},
    parked::{Listed, Parked, ParkedSubject, RefusedEffect},
    payload::{Packed, Packer},
    published::{Answered, Read},
    register::Place as LinePlace,
    settle::{Outcome, Settled, Settlement},
    subjects::Claim,
    sweeps::Swept,
    tokens::StoredToken,
    views::Counts,
    waiters::Waiter,
};
use crate::together::Together;

use self::{
    database::Database, dialect::Dialect, guard::Guard, holder::Session, intake::Intake, waiters::Watch,
};

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
    /// What runs beside all else ends when this is dropped. `None`: opened for reading, or closed.
    alive: Mutex<Option<oneshot::Sender<()>>>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
    /// Those who ask what the gate has answered.
    asking: gates::Asking,
    /// Those who wait for answers of the gate.
    watch: Watch,
    /// Those who ask for tokens of ours by their digests.
    tokens: Together<String, StoredToken>,
    /// Grows with each commit that may leave work.
    hint: Hint,
    _guard: Option<Guard>,
}

/// How long a hint may be missed: other replicas give none.
const POLL: Duration = Duration::from_millis(50);

impl Store {
    /// Opens a database and migrates it: `sqlite:changegate.db`, `postgres://user@host/name`.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let (mut database, guard) = Database::open(url).await?;
        let hint = Hint::default();
        let mut tasks = JoinSet::new();
        let alive = match database.dialect {
            Dialect::Sqlite => match guard::sqlite_path(url) {
                Some(path) => Some(checkpoint::keep(&path, hint.clone(), &mut tasks).await?),
                None => None,
            },
            Dialect::Postgres => {
                let session = Session::open(url).await?;
                database.holder = Some(session.holder);
                Some(session.keep(&mut tasks))
            }
        };
        let intake = Intake::start(&mut tasks, database.clone(), hint.clone());
        let inner = Inner {
            database,
            intake: Mutex::new(Some(intake)),
            alive: Mutex::new(alive),
            tasks: tokio::sync::Mutex::new(tasks),
            asking: gates::Asking::default(),
            watch: Watch::default(),
            tokens: Together::default(),
            hint,
            _guard: guard,
        };
        let store = Self { inner: Arc::new(inner) };
        store.complete_register().await.map_err(|error| OpenError::Unreachable { why: error.to_string() })?;
        Ok(store)
    }

    /// Opens a database for reading, beside a running server: no lock, no migration.
    pub async fn open_read_only(url: &str) -> Result<Self, OpenError> {
        let database = Database::open_read_only(url).await?;
        let inner = Inner {
            database,
            intake: Mutex::new(None),
            alive: Mutex::new(None),
            tasks: tokio::sync::Mutex::new(JoinSet::new()),
            asking: gates::Asking::default(),
            watch: Watch::default(),
            tokens: Together::default(),
            hint: Hint::default(),
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

    /// For one worker: tells it when there may be something of that to do.
    #[must_use]
    pub fn hints(&self, due: Due) -> Hints {
        Hints { given: self.inner.hint.of(due), heard: Arc::default() }
    }

    fn hint(&self, due: &[Due]) {
        self.inner.hint.give(due);
    }

    fn database(&self) -> &Database {
        &self.inner.database
    }
}

/// What a commit may leave to do. Each has a worker of its own, and nobody looks for what is not there: on PostgreSQL an
/// event cost sixty statements when each commit woke all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Deliveries are to be routed.
    Deliveries,
    /// Subjects are to be judged.
    Subjects,
    /// Many are to be woken, some at a time. No commit says so; the worker looks every 50 ms.
    FanOuts,
    /// GitHub is to be told something.
    Effects,
    /// Other systems are.
    Announcements,
}

/// Counts the commits of this process by what they may leave to do.
#[derive(Debug, Clone, Default)]
struct Hint {
    given: [watch::Sender<u64>; 5],
    commits: Arc<AtomicU64>,
}

impl Hint {
    /// How many commits there were.
    fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    fn of(&self, due: Due) -> watch::Sender<u64> {
        let [deliveries, subjects, fan_outs, effects, announcements] = &self.given;
        match due {
            Due::Deliveries => deliveries,
            Due::Subjects => subjects,
            Due::FanOuts => fan_outs,
            Due::Effects => effects,
            Due::Announcements => announcements,
        }
        .clone()
    }

    fn give(&self, due: &[Due]) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        for due in due {
            self.of(*due).send_modify(|given| *given = given.wrapping_add(1));
        }
    }
}

/// What one worker waits for; clones are of the same worker.
#[derive(Debug, Clone)]
pub struct Hints {
    given: watch::Sender<u64>,
    heard: Arc<AtomicU64>,
}

impl Hints {
    /// Nothing that was committed so far is told any more: the worker looks now.
    pub fn forget(&self) {
        self.heard.store(*self.given.borrow(), Ordering::Relaxed);
    }

    /// Returns when something was committed in this process after they were forgotten, or after 50 ms.
    pub async fn wait(&self) {
        let heard = self.heard.load(Ordering::Relaxed);
        let mut given = self.given.subscribe();
        tokio::time::timeout(POLL, given.wait_for(|given| *given != heard)).await.ok();
    }
}

/// A new token for a lease.
fn token() -> String {
    ulid::Ulid::generate().to_string()
}
