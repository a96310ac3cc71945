//! How long what waits has waited, and which issues are kept open: for whoever watches over the server.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::Row;

use crate::domain::{
    effect::{Call, Effect, Lane},
    ids::SubjectKind,
};

use super::{Store, body, error::StoreError, inbox::time};

/// Since when the first of each queue has waited; `None`: nothing waits to be done now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Deliveries that are not routed.
    pub deliveries: Option<Timestamp>,
    /// Subjects that are due.
    pub subjects: Option<Timestamp>,
    /// What GitHub may be told now.
    pub effects: Option<Timestamp>,
    /// What other systems may be told now.
    pub announcements: Option<Timestamp>,
    /// How many announcements that are.
    pub announcements_due: i64,
}

/// Whether they are still open GitHub alone knows.
const CLOSED_BY_PEOPLE: [&str; 2] = ["bypass", "emergency"];

impl Store {
    /// How long what waits at `now` has waited.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn waits(&self, now: Timestamp) -> Result<Load, StoreError> {
        // Deliveries are numbered in the order of their arrival.
        let row = self
            .database()
            .dialect
            .query(
                "SELECT
                   (SELECT received_at FROM delivery WHERE waiting = 1 ORDER BY id LIMIT 1),
                   (SELECT min(CASE WHEN due_at > since THEN due_at ELSE since END) FROM subject
                     WHERE due_at IS NOT NULL AND due_at <= $1),
                   (SELECT min(CASE WHEN next_at > since THEN next_at ELSE since END) FROM effect
                     WHERE waiting = 1 AND next_at <= $1 AND lane < $2),
                   (SELECT min(CASE WHEN next_at > since THEN next_at ELSE since END) FROM effect
                     WHERE waiting = 1 AND next_at <= $1 AND lane = $2),
                   (SELECT count(*) FROM effect WHERE waiting = 1 AND next_at <= $1 AND lane = $2)",
            )
            .bind(now.as_microsecond())
            .bind(Lane::Announce as i64)
            .fetch_one(&self.database().reading)
            .await?;
        let at = |column: usize| row.try_get::<Option<i64>, _>(column)?.map(time).transpose();
        Ok(Load {
            deliveries: at(0)?,
            subjects: at(1)?,
            effects: at(2)?,
            announcements: at(3)?,
            announcements_due: row.try_get(4)?,
        })
    }

    /// The issues that we keep open ourselves until what they tell of is over, by what for: `unguarded`, `retrospective`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn kept_open(&self) -> Result<BTreeMap<String, i64>, StoreError> {
        let rows = self
            .database()
            .dialect
            .query(
                "SELECT effect.key, effect.body FROM subject
                 JOIN effect ON effect.tenant = subject.tenant AND effect.key >= 'issue/' AND effect.key < 'issue0'
                 WHERE subject.kind = $1",
            )
            .bind(SubjectKind::Account.rank())
            .fetch_all(&self.database().reading)
            .await?;
        let mut open = BTreeMap::new();
        for row in rows {
            let (key, text): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let effect: Effect = body::read(&key, &text)?;
            let Call::Issue { purpose, open: true, .. } = &effect.call else { continue };
            let kind = purpose.split('/').next().unwrap_or_default();
            if !CLOSED_BY_PEOPLE.contains(&kind) {
                *open.entry(kind.replace('-', "_")).or_default() += 1;
            }
        }
        Ok(open)
    }
}
