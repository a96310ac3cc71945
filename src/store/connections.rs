//! Connections that are handed on as they are. A pool tries each one that comes back, which is a statement more for each statement;
//! here one on which something failed is closed, and a new one takes its place.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::{Any, AnyConnection, AnyPool, any::AnyRow, pool::PoolConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{database::PATIENCE, dialect::Statement};

/// Some connections of a pool. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    pool: AnyPool,
    room: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<PoolConnection<Any>>>>,
}

impl Connections {
    /// At most so many of the pool's.
    pub(super) fn of(pool: AnyPool, most: usize) -> Self {
        Self { pool, room: Arc::new(Semaphore::new(most)), idle: Arc::default() }
    }

    /// One for whoever asks, in the order of asking.
    pub(super) async fn acquire(&self) -> Result<Lent, sqlx::Error> {
        let room = tokio::time::timeout(PATIENCE, self.room.clone().acquire_owned()).await;
        let room = room.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        Ok(Lent { connection: Some(connection), idle: self.idle.clone(), _room: room })
    }

    /// All rows.
    pub(super) async fn fetch_all(&self, statement: Statement) -> Result<Vec<AnyRow>, sqlx::Error> {
        let mut connection = self.acquire().await?;
        let found = statement.fetch_all(connection.get()?).await;
        if found.is_err() {
            connection.discard();
        }
        found
    }

    /// Ends all that nobody uses; nobody is given one any more.
    pub(super) async fn close(&self) {
        self.room.close();
        let idle = std::mem::take(&mut *self.idle());
        drop(idle);
        self.pool.close().await;
    }

    fn idle(&self) -> MutexGuard<'_, Vec<PoolConnection<Any>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use; it is handed on when this is dropped.
pub(super) struct Lent {
    connection: Option<PoolConnection<Any>>,
    idle: Arc<Mutex<Vec<PoolConnection<Any>>>>,
    _room: OwnedSemaphorePermit,
}

impl Lent {
    /// The connection itself.
    pub(super) fn get(&mut self) -> Result<&mut AnyConnection, sqlx::Error> {
        self.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// It is closed: nobody knows in which state it is.
    pub(super) fn discard(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            connection.close_on_drop();
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let connection = self.connection.take();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(connection);
    }
}
