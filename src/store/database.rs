//! The connections: one that writes and some that read (SQLite), or one pool for both (PostgreSQL).

use std::{
    path::Path,
    pin::Pin,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use sqlx::{
    Any, AnyConnection, AnyPool, Connection, Row,
    any::{AnyPoolOptions, AnyRow},
};

use super::{
    connections::Connections,
    dialect::{Dialect, Statement},
    disk::Disk,
    error::{OpenError, StoreError},
    guard::{self, Guard},
    holder::Holder,
    integrity,
    migrate::{self, MIGRATIONS, reason},
};

/// How long a statement waits for a connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How often a transaction is tried again when another was in its way.
const TURNS: u32 = 8;

const SQLITE_WRITER: &[&str] = &[
    "PRAGMA journal_mode = WAL",
    // What is committed is brought to the disk by `disk`, before anybody hears of it.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA mmap_size = 0",
    // Names of deliveries come in no order, so that each lands on another page of the index: with the default, of 2 MiB
    // and 1,000 pages, the same pages are read and written again and again.
    "PRAGMA cache_size = -8000",
    // What undoes half a statement: kept on disk, each page that a statement changes would be written one time more.
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 4000",
];
/// Of the connection that carries the log over: it writes to the database file.
pub(super) const SQLITE_CARRIER: &[&str] = &[
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA mmap_size = 0",
    "PRAGMA cache_size = -100",
];
const SQLITE_READER: &[&str] = &[
    "PRAGMA busy_timeout = 5000",
    "PRAGMA mmap_size = 0",
    "PRAGMA query_only = ON",
    "PRAGMA cache_size = -500",
];
/// An acknowledgement must survive a crash, and a replica that was stopped in mid-transaction must not stop the others.
const POSTGRES: &[&str] = &[
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET lock_timeout = '10s'",
    // Rows are found by their indexes, in the order of these, as in SQLite. Of a table that has grown since it was analysed
    // last, a minute ago, PostgreSQL guesses that next to nothing waits in it, and reads and sorts all that waits to claim
    // the first hundred. And an index that is only read for a bitmap is not rid of what was deleted. (Joins by hash stay:
    // where a guess is wrong, a loop over both sides is worse.)
    "SET enable_seqscan = off",
    "SET enable_bitmapscan = off",
    "SET jit = off",
    // Where it is there: it compresses texts much faster than what PostgreSQL uses by itself.
    "SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings
     WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)",
];

/// What is done in a transaction, on its way.
pub(super) type Working<'c, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'c>>;
/// What is to be done in a transaction, with an input that outlives it: it may be done more than once.
pub(super) type Work<I, T> = for<'c> fn(&'c mut AnyConnection, Dialect, &'c I) -> Working<'c, T>;

/// The open database.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pub(super) dialect: Dialect,
    pub(super) writing: Connections,
    /// For what is read all day.
    pub(super) readers: Connections,
    /// For what is read now and then.
    pub(super) reading: AnyPool,
    /// `None`: nobody else leases anything here.
    pub(super) holder: Option<Holder>,
    /// `None`: the database sees to it by itself.
    disk: Option<Arc<Disk>>,
    /// The last delivery could not be stored.
    pub(super) refusing: Arc<AtomicBool>,
}

impl Database {
    /// Opens for reading and writing, and migrates. SQLite is guarded by the lock that comes along.
    pub(super) async fn open(url: &str) -> Result<(Self, Option<Guard>), OpenError> {
        sqlx::any::install_default_drivers();
        let (database, guard) = match guard::sqlite_path(url) {
            Some(path) => {
                let guard = Guard::take(&path)?;
                (Self::sqlite(&path).await?, Some(guard))
            }
            None if is_postgres(url) => (Self::postgres(url).await?, None),
            None => return Err(OpenError::NotADatabaseUrl(without_password(url))),
        };
        let mut connection = database.writing.acquire().await.map_err(reason)?;
        migrate::run(connection.get().map_err(reason)?, database.dialect, MIGRATIONS).await?;
        if guard.is_some() {
            free_leases(connection.get().map_err(reason)?).await.map_err(reason)?;
        }
        drop(connection);
        Ok((database, guard))
    }

    /// Opens for reading: no lock, no migration.
    pub(super) async fn open_read_only(url: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let database = match guard::sqlite_path(url) {
            Some(path) => {
                let reading = pool(&guard::sqlite_url(&path, "rw"), 2, SQLITE_READER).await?;
                let readers = Connections::of(reading.clone(), 1);
                Self {
                    dialect: Dialect::Sqlite,
                    writing: readers.clone(),
                    readers,
                    reading,
                    holder: None,
                    disk: None,
                    refusing: Arc::default(),
                }
            }
            None if is_postgres(url) => Self::postgres(url).await?,
            None => return Err(OpenError::NotADatabaseUrl(without_password(url))),
        };
        let mut connection = database.reading.acquire().await.map_err(reason)?;
        migrate::check(&mut connection).await?;
        drop(connection);
        Ok(database)
    }

    async fn sqlite(path: &Path) -> Result<Self, OpenError> {
        let writing = pool(&guard::sqlite_url(path, "rwc"), 1, SQLITE_WRITER).await?;
        let version = word(&writing, "SELECT sqlite_version()").await?;
        if !guard::is_safe(&version) {
            return Err(OpenError::SqliteTooOld { found: version });
        }
        let mode = word(&writing, "PRAGMA journal_mode").await?;
        if mode != "wal" {
            let why = format!("{} has no write-ahead log, its journal mode is `{mode}`", path.display());
            return Err(OpenError::Unreachable { why });
        }
        integrity::check(&writing, path).await?;
        let reading = pool(&guard::sqlite_url(path, "rw"), 5, SQLITE_READER).await?;
        let disk = Disk::of(path).map_err(|error| OpenError::Unreachable { why: error.to_string() })?;
        Ok(Self {
            dialect: Dialect::Sqlite,
            writing: Connections::of(writing, 1),
            readers: Connections::of(reading.clone(), 3),
            reading,
            holder: None,
            disk: Some(Arc::new(disk)),
            refusing: Arc::default(),
        })
    }

    async fn postgres(url: &str) -> Result<Self, OpenError> {
        let pool = pool(url, 10, POSTGRES).await?;
        let all_day = Connections::of(pool.clone(), 7);
        let standby = word(&pool, "SELECT CAST(pg_is_in_recovery() AS TEXT)").await?;
        if standby == "true" {
            return Err(OpenError::Standby);
        }
        Ok(Self {
            dialect: Dialect::Postgres,
            writing: all_day.clone(),
            readers: all_day,
            reading: pool,
            holder: None,
            disk: None,
            refusing: Arc::default(),
        })
    }

    /// A new token for a lease.
    pub(super) fn token(&self) -> String {
        self.holder.map_or_else(super::token, Holder::token)
    }

    /// Runs `work` in one transaction; again where another transaction was in the way. Nothing of a failed turn stays.
    ///
    /// A connection lost at COMMIT leaves open whether it was committed: `work` must tell by key whether it was, and
    /// answer the same then.
    pub(super) async fn write<I: ?Sized + Sync, T>(
        &self,
        input: &I,
        work: Work<I, T>,
    ) -> Result<T, StoreError> {
        let done = self.write_from(self.begin(), input, work).await?;
        self.sync().await?;
        Ok(done)
    }

    /// The same, for whoever looks again and again and mostly finds nothing, and then has written nothing: the disk is left alone.
    pub(super) async fn write_if_any<I: ?Sized + Sync, T>(
        &self,
        input: &I,
        work: Work<I, Vec<T>>,
    ) -> Result<Vec<T>, StoreError> {
        let done = self.write_from(self.begin(), input, work).await?;
        if !done.is_empty() {
            self.sync().await?;
        }
        Ok(done)
    }

    const fn begin(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN",
        }
    }

    /// Returns when all is on disk that was committed before this was called.
    async fn sync(&self) -> Result<(), StoreError> {
        match &self.disk {
            Some(disk) => disk.sync().await,
            None => Ok(()),
        }
    }

    /// For whoever tells somebody outside what was read here: it is on disk when this returns.
    pub(super) async fn sync_what_was_read(&self) -> Result<(), StoreError> {
        match &self.disk {
            Some(disk) => disk.sync_what_was_read().await,
            None => Ok(()),
        }
    }

    /// As [`Self::write()`], for what may be lost when the machine crashes, as leases may: it does not wait for the disk.
    /// (What is committed later, and waits, brings it there too.)
    pub(super) async fn write_lightly<I: ?Sized + Sync, T>(
        &self,
        input: &I,
        work: Work<I, T>,
    ) -> Result<T, StoreError> {
        let begin = match self.dialect {
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN; SET LOCAL synchronous_commit = off",
        };
        self.write_from(begin, input, work).await
    }

    /// Runs a statement that is a transaction by itself. Where it fails, nothing of it stays, unless the connection was lost at
    /// its end.
    pub(super) async fn at_once(&self, statement: Statement) -> Result<Vec<AnyRow>, StoreError> {
        let mut connection = self.writing.acquire().await?;
        let underway = self.disk.as_deref().map(Disk::begin);
        let found = statement.fetch_all(connection.get()?).await;
        if found.is_err() {
            // Of a transaction that failed in the middle nothing stays.
            connection.discard();
        } else {
            drop(connection);
        }
        drop(underway);
        let found = found?;
        self.sync().await?;
        Ok(found)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "two transactions in each other's way part by a few milliseconds of chance"
    )]
    async fn write_from<I: ?Sized + Sync, T>(
        &self,
        begin: &'static str,
        input: &I,
        work: Work<I, T>,
    ) -> Result<T, StoreError> {
        let mut turn = 0;
        loop {
            let result = self.turn(begin, input, work).await;
            match result {
                Err(error) if error.is_passing() && turn < TURNS => {
                    turn += 1;
                    let pause = rand::random_range(1..=10 * u64::from(turn));
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                Ok(_) | Err(_) => return result,
            }
        }
    }

    async fn turn<I: ?Sized + Sync, T>(
        &self,
        begin: &'static str,
        input: &I,
        work: Work<I, T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.writing.acquire().await?;
        let _underway = self.disk.as_deref().map(Disk::begin);
        let (done, is_sound) = transact(connection.get()?, begin, (self.dialect, input, work)).await;
        if !is_sound {
            connection.discard();
        }
        done
    }

    /// Ends all connections.
    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writing.close().await;
        self.reading.close().await;
    }
}

/// What came of it, and whether the connection is to be used again.
async fn transact<I: ?Sized + Sync, T>(
    connection: &mut AnyConnection,
    begin: &'static str,
    (dialect, input, work): (Dialect, &I, Work<I, T>),
) -> (Result<T, StoreError>, bool) {
    let mut transaction = match connection.begin_with(begin).await {
        Ok(transaction) => transaction,
        Err(error) => return (Err(error.into()), false),
    };
    let done = work(&mut transaction, dialect, input).await;
    let ended = match &done {
        Ok(_) => transaction.commit().await,
        Err(_) => transaction.rollback().await,
    };
    // On a full disk SQLite rolls back by itself; the driver goes on to count a transaction that is no more.
    let is_sound = ended.is_ok();
    (done.and_then(|done| ended.map(|()| done).map_err(StoreError::from)), is_sound)
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// The URL as it may be shown.
fn without_password(url: &str) -> String {
    match url.split_once('@') {
        Some((_, place)) => format!("…@{place}"),
        None => url.into(),
    }
}

async fn pool(url: &str, most: u32, first: &'static [&'static str]) -> Result<AnyPool, OpenError> {
    // A pool tries again until its patience ends, and keeps the reason to itself.
    let mut connection = AnyConnection::connect(url).await.map_err(reason)?;
    prepare(&mut connection, first).await.map_err(reason)?;
    connection.close().await.map_err(reason)?;
    let options: AnyPoolOptions = AnyPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(move |connection: &mut AnyConnection, _| Box::pin(prepare(connection, first)));
    options.connect(url).await.map_err(reason)
}

async fn prepare(connection: &mut AnyConnection, first: &'static [&'static str]) -> Result<(), sqlx::Error> {
    for statement in first {
        sqlx::query::<Any>(*statement).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn word(pool: &AnyPool, question: &'static str) -> Result<String, OpenError> {
    let row = sqlx::query(question).fetch_one(pool).await.map_err(reason)?;
    row.try_get(0).map_err(reason)
}

/// Nobody else holds the guarded file: what a former process had leased is free.
async fn free_leases(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for statement in [
        "UPDATE delivery SET lease_until = 0 WHERE waiting = 1 AND lease_until > 0",
        "UPDATE subject SET lease_until = 0 WHERE due_at IS NOT NULL AND lease_until > 0",
        "UPDATE effect SET lease_until = 0 WHERE waiting = 1 AND lease_until > 0",
    ] {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    Ok(())
}
