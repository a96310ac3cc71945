//! Looks at what is stored, without touching it: counts, lists, the next thing that is due.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use sqlx::Row;

use crate::domain::{
    ids::{SubjectId, SubjectKind, TenantId},
    subject::View,
};

use serde::{Deserialize, Serialize};

use super::{Store, body, database::Work, error::StoreError, inbox::time, published};

/// How much is left to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Deliveries that are not routed.
    pub unrouted: i64,
    /// Subjects that are due.
    pub due: i64,
    /// Subjects to be looked at later.
    pub scheduled: i64,
    /// Effects that may be sent now.
    pub effects_due: i64,
    /// Effects that are not sent, including those to be tried again later.
    pub effects_waiting: i64,
    /// Things that many read, whose readers are not all woken.
    pub fan_outs: i64,
    /// Deliveries and subjects that wait for somebody.
    pub parked: i64,
    /// Effects that GitHub refused.
    pub refused: i64,
}

impl Counts {
    /// Whether there is nothing to do now.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.unrouted == 0 && self.due == 0 && self.effects_due == 0 && self.fan_outs == 0
    }
}

/// Subjects in one page of a list.
const PAGE: i64 = 500;

impl Store {
    /// Whether a delivery could be stored now: by the last one, and where that was refused, by trying.
    pub async fn takes_deliveries(&self) -> bool {
        let database = self.database();
        if !database.refusing.load(Ordering::Relaxed) {
            return true;
        }
        let touch: Work<(), ()> = |connection, dialect, ()| {
            Box::pin(async move {
                let text = "INSERT INTO meta (name, value) VALUES ('written', '1')
                    ON CONFLICT (name) DO UPDATE SET value = CASE WHEN meta.value = '1' THEN '2' ELSE '1' END";
                dialect.query(text).execute(connection).await?;
                Ok(())
            })
        };
        let done = database.write(&(), touch).await.is_ok();
        database.refusing.store(!done, Ordering::Relaxed);
        done
    }

    /// How much is left to do at `now`. What is held at this moment counts as left.
    pub async fn counts(&self, now: Timestamp) -> Result<Counts, StoreError> {
        let row = self
            .database()
            .dialect
            .query(
                "SELECT
                   (SELECT count(*) FROM delivery WHERE waiting = 1),
                   (SELECT count(*) FROM subject WHERE due_at IS NOT NULL AND due_at <= $1),
                   (SELECT count(*) FROM subject WHERE due_at IS NOT NULL AND due_at > $1),
                   (SELECT count(*) FROM effect WHERE waiting = 1 AND next_at <= $1),
                   (SELECT count(*) FROM effect WHERE waiting = 1),
                   (SELECT count(*) FROM fan_out),
                   (SELECT count(*) FROM delivery WHERE state = 'parked'),
                   (SELECT count(*) FROM subject WHERE parked_why IS NOT NULL),
                   (SELECT count(*) FROM effect WHERE refused_why IS NOT NULL)",
            )
            .bind(now.as_microsecond())
            .fetch_one(&self.database().reading)
            .await?;
        Ok(Counts {
            unrouted: row.try_get(0)?,
            due: row.try_get(1)?,
            scheduled: row.try_get(2)?,
            effects_due: row.try_get(3)?,
            effects_waiting: row.try_get(4)?,
            fan_outs: row.try_get(5)?,
            parked: row.try_get::<i64, _>(6)? + row.try_get::<i64, _>(7)?,
            refused: row.try_get(8)?,
        })
    }

    /// When the next subject or effect is due; in the past where one is due already.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT min(due_at) FROM subject WHERE due_at IS NOT NULL),
                    (SELECT min(next_at) FROM effect WHERE waiting = 1)",
        )
        .fetch_one(&self.database().reading)
        .await?;
        let times: [Option<i64>; 2] = [row.try_get(0)?, row.try_get(1)?];
        times.into_iter().flatten().min().map(time).transpose()
    }

    /// What others may read of the subjects of a kind that were ever settled, in the order of tenants.
    pub async fn subjects_of_kind(
        &self,
        kind: SubjectKind,
        tenant: Option<&TenantId>,
    ) -> Result<Vec<(TenantId, SubjectId, View)>, StoreError> {
        let mut found = vec![];
        let mut after = (String::new(), String::new());
        loop {
            let page = self.page(kind, tenant, &after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.0);
            for ((tenant, id), shown) in &page {
                found.push((published::tenant(tenant)?, published::subject(id)?, body::read(id, shown)?));
            }
        }
        Ok(found)
    }

    async fn page(
        &self,
        kind: SubjectKind,
        tenant: Option<&TenantId>,
        (after_tenant, after_id): &(String, String),
    ) -> Result<Vec<((String, String), String)>, StoreError> {
        let rows = self
            .database()
            .dialect
            .query(
                "SELECT subject.tenant, subject.id, published.shown FROM subject
                 JOIN published ON published.tenant = subject.tenant AND published.key = subject.id
                 WHERE subject.kind = $1 AND (subject.tenant, subject.id) > ($2, $3)
                   AND ($4 = '' OR subject.tenant = $4) AND published.shown IS NOT NULL
                 ORDER BY subject.tenant, subject.id LIMIT $5",
            )
            .bind(kind.rank())
            .bind(after_tenant.clone())
            .bind(after_id.clone())
            .bind(tenant.map_or_else(String::new, |tenant| body::escape(tenant.as_str())))
            .bind(PAGE)
            .fetch_all(&self.database().reading)
            .await?;
        rows.iter().map(|row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?))).collect()
    }
}
