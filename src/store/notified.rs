//! How far each channel was told what the log says, and what it is being told now.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{Row, any::AnyRow};

use crate::domain::ids::TenantId;

use super::{Store, body, error::StoreError, inbox::time};

/// How far one channel is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// The number of the last entry of the log that it was told, or that does not concern it.
    pub seen: i64,
    /// The message that is being sent ends with this entry: sent again, it is the same one. `None`: none is.
    #[serde(default)]
    pub sending: Option<i64>,
    /// When it was told last, or looked for the last time whether there is anything to tell.
    pub told_at: Timestamp,
    /// How often the message was tried in vain.
    #[serde(default)]
    pub attempts: u32,
    /// How often of these it was refused.
    #[serde(default)]
    pub refused: u32,
    /// Why, the last time.
    #[serde(default)]
    pub why: Option<String>,
}

/// The same, with the time before which nobody looks after it again: it is somebody's until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub next_at: Timestamp,
    pub notified: Notified,
}

impl Store {
    /// How far the channels of a tenant are, by their names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notified(&self, tenant: &TenantId) -> Result<BTreeMap<String, Held>, StoreError> {
        let text = "SELECT name, next_at, body FROM notified WHERE tenant = $1";
        let statement = self.database().dialect.query(text).bind(body::escape(tenant.as_str()));
        let rows = statement.fetch_all(&self.database().reading).await?;
        let held = |row: &AnyRow| {
            let notified = body::read("how far a channel is", &row.try_get::<String, _>(2)?)?;
            Ok((row.try_get(0)?, Held { next_at: time(row.try_get(1)?)?, notified }))
        };
        rows.iter().map(held).collect()
    }

    /// Forgets how far a channel is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_notified(&self, tenant: &TenantId, name: &str) -> Result<(), StoreError> {
        let row = (body::escape(tenant.as_str()), name.to_owned());
        let forgotten = self.database().write(&row, |connection, dialect, (tenant, name)| {
            let text = "DELETE FROM notified WHERE tenant = $1 AND name = $2";
            let statement = dialect.query(text).bind(tenant.clone()).bind(name.clone());
            Box::pin(async move {
                statement.execute(connection).await?;
                Ok(())
            })
        });
        forgotten.await
    }

    /// Takes a channel until `until`, if it still is as it was read; `None`: it is new, and stands as `now` says. `false`: somebody
    /// else has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_notified(
        &self,
        (tenant, name): (&TenantId, &str),
        was: Option<&Held>,
        (until, now): (Timestamp, &Notified),
    ) -> Result<bool, StoreError> {
        let row = (
            (body::escape(tenant.as_str()), name.to_owned()),
            until.as_microsecond(),
            body::write(now)?,
            was.map_or(i64::MIN, |was| was.next_at.as_microsecond()),
        );
        let taken = self.database().write(&row, |connection, dialect, ((tenant, name), until, body, was)| {
            let text = "INSERT INTO notified (tenant, name, next_at, body) VALUES ($1, $2, $3, $4)
                ON CONFLICT (tenant, name) DO UPDATE SET next_at = excluded.next_at, body = excluded.body
                  WHERE notified.next_at = $5";
            let statement = dialect.query(text).bind(tenant.clone()).bind(name.clone()).bind(*until);
            let statement = statement.bind(body.clone()).bind(*was);
            Box::pin(async move { Ok(statement.execute(connection).await?.rows_affected()) })
        });
        Ok(taken.await? > 0)
    }
}
