//! Bodies of deliveries are kept for a while, to be read again; then they are forgotten.

use jiff::Timestamp;
use sqlx::Row;

use super::{Store, error::StoreError, intake::first_key, payload};

/// Bodies forgotten in one transaction.
const AT_ONCE: i64 = 500;

impl Store {
    /// The raw bytes of a delivery, by GitHub's id; `None` where they were never kept, or are forgotten.
    pub async fn delivery_body(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self
            .database()
            .dialect
            .query(
                "SELECT body.body, delivery.body_size, delivery.id FROM body
                 JOIN delivery ON delivery.id = body.id WHERE delivery.delivery_id = $1",
            )
            .bind(id.to_owned())
            .fetch_optional(&self.database().reading)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (first, size, key): (&[u8], i64, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let database = self.database();
        let read = payload::read(&database.reading, database.dialect, &key, first, size).await?;
        read.map(Some).ok_or_else(|| StoreError::unreadable(id, "its stored body is damaged"))
    }

    /// Forgets bodies of deliveries that first arrived before this time and were routed or ignored. Returns how many; call
    /// it until 0.
    pub async fn forget_bodies(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.database()
            .write(&before, |connection, dialect, before| {
                let text = "DELETE FROM body WHERE id IN (
                              SELECT body.id FROM body JOIN delivery ON delivery.id = body.id
                              WHERE body.id < $1 AND delivery.waiting = 0 AND delivery.state <> 'parked'
                              ORDER BY body.id LIMIT $2)";
                let statement = dialect.query(text).bind(first_key(before.as_microsecond())).bind(AT_ONCE);
                Box::pin(async move { Ok(statement.execute(connection).await?.rows_affected()) })
            })
            .await
    }
}
