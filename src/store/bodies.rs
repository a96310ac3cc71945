//! Stored bodies, read back: whether each still is what was delivered.

use serde::{Deserialize, Serialize};
use sqlx::Row;

use super::{Store, body, error::StoreError};

/// Deliveries looked at in one go.
const AT_ONCE: i64 = 500;

/// A stored body, read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadBack {
    /// As GitHub names the delivery.
    pub delivery: String,
    /// SHA-256 of the bytes that were read, in hexadecimal; `None`: they are not what was stored.
    pub hash: Option<String>,
}

/// Some of the stored bodies, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bodies {
    /// Forgotten ones are left out.
    pub items: Vec<ReadBack>,
    /// After which key to go on; `None`: that was all.
    pub next: Option<String>,
}

impl Store {
    /// Reads the bodies of the next few hundred deliveries, from the first that arrived after the delivery with this key.
    pub async fn bodies(&self, after: &str) -> Result<Bodies, StoreError> {
        let text = "SELECT id, delivery_id, body_hash FROM delivery WHERE id > $1 ORDER BY id LIMIT $2";
        let statement = self.database().dialect.query(text).bind(after.to_owned()).bind(AT_ONCE);
        let rows = statement.fetch_all(&self.database().reading).await?;
        let (mut items, mut next) = (vec![], None);
        for row in rows {
            next = Some(row.try_get(0)?);
            let (delivery, expected): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            let hash = match self.delivery_body(&delivery).await {
                Ok(None) => continue,
                Ok(Some(body)) => Some(body::hash(&[&body])).filter(|hash| *hash == expected),
                Err(StoreError::Unreadable { .. }) => None,
                Err(error) => return Err(error),
            };
            items.push(ReadBack { delivery, hash });
        }
        Ok(Bodies { items, next })
    }
}
