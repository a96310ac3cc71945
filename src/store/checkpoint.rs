//! SQLite's write-ahead log is carried over into the database file beside the one who writes, so that nobody who delivers
//! waits for it. The writer does what is left, and begins the log anew.

use std::{path::Path, time::Duration};

use sqlx::{AnyConnection, Connection};
use tokio::{sync::oneshot, task::JoinSet, time::timeout};

use super::{Hint, database::SQLITE_CARRIER, error::OpenError, guard, migrate::reason};

/// After so many commits there is enough to carry over.
const COMMITS: u64 = 64;
/// How often it is looked.
const PAUSE: Duration = Duration::from_millis(50);

/// Opens a connection that carries over until what it answers is dropped.
pub(super) async fn keep(
    path: &Path,
    hint: Hint,
    tasks: &mut JoinSet<()>,
) -> Result<oneshot::Sender<()>, OpenError> {
    let mut connection = AnyConnection::connect(&guard::sqlite_url(path, "rw")).await.map_err(reason)?;
    for statement in SQLITE_CARRIER {
        sqlx::query(*statement).execute(&mut connection).await.map_err(reason)?;
    }
    let (closing, mut closed) = oneshot::channel();
    tasks.spawn(async move {
        let mut carried = hint.commits();
        while timeout(PAUSE, &mut closed).await.is_err() {
            if hint.commits().wrapping_sub(carried) < COMMITS {
                continue;
            }
            carried = hint.commits();
            if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut connection).await {
                tracing::warn!(%error, "the write-ahead log was not carried over; the writer does it");
            }
        }
        drop(connection.close().await);
    });
    Ok(closing)
}
