//! Who holds leases, and whether they are alive. Several processes may share a PostgreSQL: each keeps one session that
//! holds an advisory lock of its number, and its leases bear the number. When a process dies, the operating system ends
//! its session and PostgreSQL drops the lock: what it had leased is void then, and needs not be waited for. A process that
//! hangs, or whose machine is gone, loses its leases by the clock.

use std::{collections::BTreeSet, time::Duration};

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};
use tokio::{sync::oneshot, task::JoinSet};

use super::{error::OpenError, migrate::reason};

/// "hold" in ASCII; with a number beside it, no other lock on this database is taken for ours.
const CLASS: i64 = 0x686f_6c64;
/// How often it is looked who is alive.
const BEAT: Duration = Duration::from_secs(1);
/// How long the database may take to say so, before the session counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where leases are written down, and which rows have one that counts.
const LEASED: [(&str, &str); 3] =
    [("delivery", "waiting = 1"), ("subject", "due_at IS NOT NULL"), ("effect", "waiting = 1")];

/// The number of this process among those that share the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holder(i64);

impl Holder {
    /// A new token for a lease.
    pub(super) fn token(self) -> String {
        format!("{}-{}", self.0, super::token())
    }
}

/// The session that shows that we are alive.
#[derive(Debug)]
pub(super) struct Session {
    url: String,
    pub(super) holder: Holder,
    connection: AnyConnection,
    /// Who was alive when it was looked last.
    alive: BTreeSet<i64>,
}

impl Session {
    /// Takes a number that nobody else has, and frees what the dead had leased.
    pub(super) async fn open(url: &str) -> Result<Self, OpenError> {
        let mut connection = AnyConnection::connect(url).await.map_err(reason)?;
        loop {
            let holder = Holder(i64::from(rand::random_range(1..=i32::MAX)));
            if lock(&mut connection, holder).await.map_err(reason)? {
                let mut session = Self { url: url.into(), holder, connection, alive: BTreeSet::new() };
                session.free_the_dead().await.map_err(reason)?;
                return Ok(session);
            }
        }
    }

    /// Looks who is alive, every second, until the store is closed; then frees what we hold ourselves.
    pub(super) fn keep(mut self, tasks: &mut JoinSet<()>) -> oneshot::Sender<()> {
        let (closing, mut closed) = oneshot::channel();
        tasks.spawn(async move {
            while tokio::time::timeout(BEAT, &mut closed).await.is_err() {
                self.beat().await;
            }
            if let Err(error) = free(&mut self.connection, &[self.holder.0]).await {
                tracing::warn!(%error, "leases were not released; they end by themselves");
            }
            drop(self.connection.close().await);
        });
        closing
    }

    async fn beat(&mut self) {
        let looked = tokio::time::timeout(PATIENCE, self.look()).await;
        let why = match looked {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".into(),
        };
        tracing::warn!(why, "the session that shows that we are alive is lost; it is opened anew");
        if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, self.reopen()).await {
            tracing::warn!(%error, "it could not be opened");
        }
    }

    async fn look(&mut self) -> Result<(), sqlx::Error> {
        let alive = alive(&mut self.connection).await?;
        if !alive.contains(&self.holder.0) {
            lock(&mut self.connection, self.holder).await?;
        }
        if !self.alive.is_subset(&alive) {
            self.free_the_dead().await?;
        }
        self.alive = alive;
        Ok(())
    }

    /// Under the same number: until the database notices the end of the former session, that one counts.
    async fn reopen(&mut self) -> Result<(), sqlx::Error> {
        self.connection = AnyConnection::connect(&self.url).await?;
        lock(&mut self.connection, self.holder).await?;
        self.free_the_dead().await
    }

    /// First who holds something, then who is alive: so nobody who began meanwhile is taken for dead.
    async fn free_the_dead(&mut self) -> Result<(), sqlx::Error> {
        let holders = holders(&mut self.connection).await?;
        self.alive = alive(&mut self.connection).await?;
        let dead: Vec<i64> = holders.difference(&self.alive).copied().collect();
        if !dead.is_empty() {
            let freed = free(&mut self.connection, &dead).await?;
            tracing::info!(freed, "leases of processes that ended are void");
        }
        Ok(())
    }
}

/// Whether nobody else has this number.
async fn lock(connection: &mut AnyConnection, holder: Holder) -> Result<bool, sqlx::Error> {
    let text =
        "SELECT CASE WHEN pg_try_advisory_lock(CAST($1 AS INTEGER), CAST($2 AS INTEGER)) THEN 1 ELSE 0 END";
    let row = sqlx::query(text).bind(CLASS).bind(holder.0).fetch_one(connection).await?;
    Ok(row.try_get::<i32, _>(0)? == 1)
}

async fn alive(connection: &mut AnyConnection) -> Result<BTreeSet<i64>, sqlx::Error> {
    let text = "SELECT CAST(objid AS BIGINT) FROM pg_locks
                WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND CAST(classid AS BIGINT) = $1
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let rows = sqlx::query(text).bind(CLASS).fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Everybody whose leases are in force.
async fn holders(connection: &mut AnyConnection) -> Result<BTreeSet<i64>, sqlx::Error> {
    let mut holders = BTreeSet::new();
    for (table, counts) in LEASED {
        let text = format!(
            "SELECT DISTINCT split_part(lease, '-', 1) FROM {table}
             WHERE {counts} AND lease_until > 0 AND lease LIKE '%-%'"
        );
        for row in sqlx::query(AssertSqlSafe(text)).fetch_all(&mut *connection).await? {
            holders.extend(row.try_get::<String, _>(0)?.parse::<i64>());
        }
    }
    Ok(holders)
}

/// Ends their leases; returns how many.
async fn free(connection: &mut AnyConnection, holders: &[i64]) -> Result<u64, sqlx::Error> {
    let mut freed = 0;
    for (table, counts) in LEASED {
        let text = format!(
            "UPDATE {table} SET lease_until = 0 WHERE {counts} AND lease_until > 0 AND lease LIKE $1"
        );
        for holder in holders {
            let statement = sqlx::query(AssertSqlSafe(text.clone())).bind(format!("{holder}-%"));
            freed += statement.execute(&mut *connection).await?.rows_affected();
        }
    }
    Ok(freed)
}
