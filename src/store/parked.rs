//! What could not be done and waits for somebody: visible, and replayable.

use jiff::Timestamp;
use sqlx::Row;

use crate::domain::ids::{SubjectId, TenantId};

use serde::{Deserialize, Serialize};

use super::{
    Due, Store, body,
    error::StoreError,
    inbox::time,
    published,
    wake::{self, Wakes},
};

/// As many as a person will read, and how many more there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub more: i64,
}

/// Items in a list, at most.
const MOST: i64 = 1000;

/// A delivery that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Our key; sorts in the order of arrival.
    pub key: String,
    /// As GitHub names it.
    pub delivery: String,
    pub event: String,
    pub received_at: Timestamp,
    pub why: String,
    pub attempts: i64,
}

/// A subject that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedSubject {
    pub tenant: TenantId,
    pub subject: SubjectId,
    pub why: String,
}

/// An effect that GitHub refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedEffect {
    pub tenant: TenantId,
    pub key: String,
    pub why: String,
}

impl Store {
    /// The deliveries that could not be read, in the order of arrival; the first 1,000 of them.
    pub async fn parked(&self) -> Result<Listed<Parked>, StoreError> {
        let list = "SELECT id, delivery_id, event, received_at, why, attempts FROM delivery
             WHERE state = 'parked' ORDER BY id LIMIT $1";
        let parked = |row: &sqlx::any::AnyRow| {
            Ok(Parked {
                key: row.try_get(0)?,
                delivery: row.try_get(1)?,
                event: row.try_get(2)?,
                received_at: time(row.try_get(3)?)?,
                why: words(row.try_get(4)?),
                attempts: row.try_get(5)?,
            })
        };
        let count = "SELECT count(*) FROM delivery WHERE state = 'parked'";
        self.list(list, count, parked).await
    }

    /// The subjects that could not be judged; the first 1,000 of them.
    pub async fn parked_subjects(&self) -> Result<Listed<ParkedSubject>, StoreError> {
        let list = "SELECT tenant, id, parked_why FROM subject
             WHERE parked_why IS NOT NULL ORDER BY tenant, id LIMIT $1";
        let parked = |row: &sqlx::any::AnyRow| {
            Ok(ParkedSubject {
                tenant: published::tenant(&row.try_get::<String, _>(0)?)?,
                subject: published::subject(&row.try_get::<String, _>(1)?)?,
                why: words(row.try_get(2)?),
            })
        };
        let count = "SELECT count(*) FROM subject WHERE parked_why IS NOT NULL";
        self.list(list, count, parked).await
    }

    /// The effects that GitHub refused; the first 1,000 of them.
    pub async fn refused_effects(&self) -> Result<Listed<RefusedEffect>, StoreError> {
        let list = "SELECT tenant, key, refused_why FROM effect
             WHERE refused_why IS NOT NULL ORDER BY tenant, key LIMIT $1";
        let refused = |row: &sqlx::any::AnyRow| {
            Ok(RefusedEffect {
                tenant: published::tenant(&row.try_get::<String, _>(0)?)?,
                key: body::unescape(&row.try_get::<String, _>(1)?).into_owned(),
                why: words(row.try_get(2)?),
            })
        };
        let count = "SELECT count(*) FROM effect WHERE refused_why IS NOT NULL";
        self.list(list, count, refused).await
    }

    async fn list<T>(
        &self,
        list: &'static str,
        count: &'static str,
        item: impl Fn(&sqlx::any::AnyRow) -> Result<T, StoreError>,
    ) -> Result<Listed<T>, StoreError> {
        let reading = &self.database().reading;
        let rows = sqlx::query(list).bind(MOST).fetch_all(reading).await?;
        let all: i64 = sqlx::query(count).fetch_one(reading).await?.try_get(0)?;
        let items: Vec<T> = rows.iter().map(item).collect::<Result<_, _>>()?;
        let more = (all - i64::try_from(items.len()).unwrap_or(all)).max(0);
        Ok(Listed { items, more })
    }

    /// Routes a delivery once more, by our key or GitHub's id. `false`: there is no such delivery.
    pub async fn replay(&self, key_or_id: &str) -> Result<bool, StoreError> {
        let replayed = self
            .database()
            .write(&body::escape(key_or_id), |connection, dialect, name| {
                Box::pin(async move {
                    let text = "UPDATE delivery SET waiting = 1, attempts = 0,
                                  state = CASE WHEN state = 'parked' THEN 'kept' ELSE state END
                                WHERE id IN (SELECT id FROM delivery WHERE id = $1
                                            UNION ALL SELECT id FROM delivery WHERE delivery_id = $1)";
                    Ok(dialect.query(text).bind(name.clone()).execute(connection).await?.rows_affected())
                })
            })
            .await?;
        self.hint(&[Due::Deliveries]);
        Ok(replayed > 0)
    }

    /// Judges a subject once more, whether it was parked or not.
    pub async fn look_again(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database()
            .write(&(tenant, subjects, now), |connection, dialect, &(tenant, subjects, now)| {
                let mut wakes = Wakes::default();
                subjects.iter().for_each(|subject| wakes.add(tenant, subject, 0));
                Box::pin(wake::wake(connection, dialect, wakes, now))
            })
            .await?;
        self.hint(&[Due::Subjects]);
        Ok(())
    }
}

fn words(text: Option<String>) -> String {
    text.map(|text| body::unescape(&text).into_owned()).unwrap_or_default()
}
