//! Who is served next: half a batch goes to whoever waits longest, the other half is shared among the other tenants that
//! wait. So the flood of one tenant slows nobody else down, and no batch is smaller for it. (What is not routed yet has no
//! tenant; there the installation that it came through stands for it.)

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{dialect::Dialect, error::StoreError};

/// Rows in one batch, at most.
const MOST: usize = 500;

/// A queue in the words of the database. Each text leases up to `$2` rows that are due at `$1`, with token `$3` for `$4`
/// microseconds, and returns their tenants first.
pub(super) struct Queue {
    /// Those that come first, whose ever they are.
    pub(super) first: &'static str,
    /// Those of tenant `$5` that come first.
    pub(super) of_tenant: &'static str,
    /// Each tenant, and the place of its first one that is due at `$1`: the smaller, the earlier.
    pub(super) tenants: &'static str,
    pub(super) lease: i64,
}

impl Queue {
    /// Leases up to `limit` rows under `token`, none of them of the tenants in `except`.
    pub(super) async fn lease(
        &self,
        connection: &mut AnyConnection,
        dialect: Dialect,
        token: &str,
        limit: usize,
        (now, except): (Timestamp, &BTreeSet<String>),
    ) -> Result<Vec<AnyRow>, StoreError> {
        let limit = limit.min(MOST);
        let batch = Batch { token, now };
        if !except.is_empty() {
            let others = self.others(connection, dialect, &batch, except).await?;
            return self.take_shares(connection, dialect, &batch, limit, others).await;
        }
        let half = limit.div_ceil(2);
        let mut rows = self.take(connection, dialect, &batch, half, None).await?;
        if rows.len() < half {
            return Ok(rows);
        }
        let served = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, sqlx::Error>>()?;
        let others = self.others(connection, dialect, &batch, &served).await?;
        rows.extend(self.take_shares(connection, dialect, &batch, limit - half, others).await?);
        let room = limit - rows.len();
        if room > 0 {
            rows.extend(self.take(connection, dialect, &batch, room, None).await?);
        }
        Ok(rows)
    }

    /// As much for each as for the others, and what is left for the first of them.
    async fn take_shares(
        &self,
        connection: &mut AnyConnection,
        dialect: Dialect,
        batch: &Batch<'_>,
        limit: usize,
        tenants: Vec<String>,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let mut rows = vec![];
        let share = (limit / tenants.len().max(1)).max(1);
        for most in [share, limit] {
            for tenant in &tenants {
                let room = most.min(limit - rows.len());
                if room > 0 {
                    rows.extend(self.take(connection, dialect, batch, room, Some(tenant.clone())).await?);
                }
            }
        }
        Ok(rows)
    }

    async fn take(
        &self,
        connection: &mut AnyConnection,
        dialect: Dialect,
        batch: &Batch<'_>,
        limit: usize,
        tenant: Option<String>,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let statement = dialect
            .query(if tenant.is_some() { self.of_tenant } else { self.first })
            .bind(batch.now.as_microsecond())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(batch.token.to_owned())
            .bind(self.lease);
        let statement = match tenant {
            Some(tenant) => statement.bind(tenant),
            None => statement,
        };
        Ok(statement.fetch_all(connection).await?)
    }

    /// The tenants that wait and are none of these, those that wait longest first.
    async fn others(
        &self,
        connection: &mut AnyConnection,
        dialect: Dialect,
        batch: &Batch<'_>,
        served: &BTreeSet<String>,
    ) -> Result<Vec<String>, StoreError> {
        let statement = dialect.query(self.tenants).bind(batch.now.as_microsecond());
        let mut others: Vec<(i64, String)> = vec![];
        for row in statement.fetch_all(connection).await? {
            let (tenant, place): (String, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
            others.extend(place.filter(|_| !served.contains(&tenant)).map(|place| (place, tenant)));
        }
        others.sort();
        Ok(others.into_iter().map(|(_, tenant)| tenant).collect())
    }
}

struct Batch<'a> {
    token: &'a str,
    now: Timestamp,
}
