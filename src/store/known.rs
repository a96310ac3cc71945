//! Which deliveries have arrived, by GitHub's ids.

use std::collections::BTreeSet;

use sqlx::Row;

use super::{Store, error::StoreError};

/// Ids in one statement.
const ROWS: usize = 500;

impl Store {
    /// Those of these ids that were never kept, in the order given.
    pub async fn missing(&self, ids: &[String]) -> Result<Vec<String>, StoreError> {
        let mut known = BTreeSet::new();
        for some in ids.chunks(ROWS) {
            let text =
                "SELECT delivery_id FROM delivery WHERE delivery_id IN (SELECT * FROM ({rows}) AS asked)";
            let mut statement = self.database().dialect.rows(text, 1, some.len());
            for id in some {
                statement = statement.bind(id.clone());
            }
            for row in statement.fetch_all(&self.database().reading).await? {
                known.insert(row.try_get::<String, _>(0)?);
            }
        }
        Ok(ids.iter().filter(|id| !known.contains(*id)).cloned().collect())
    }
}
