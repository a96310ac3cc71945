//! How far the sweep of each tenant has come, and what it compares with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::Row;

use crate::domain::{
    ids::{RepoId, SubjectId, SubjectKind, TenantId},
    subject::State,
    sweep::Sweep,
};

use super::{Store, body, error::StoreError, inbox::time, published};

/// Rows in one statement.
const ROWS: usize = 500;

/// A sweep as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    /// Not before this time.
    pub next_at: Timestamp,
    pub sweep: Sweep,
}

impl Store {
    /// The sweep of each tenant that has begun one.
    pub async fn sweeps(&self) -> Result<BTreeMap<TenantId, Swept>, StoreError> {
        let text = "SELECT tenant, next_at, body FROM sweep";
        let rows = sqlx::query(text).fetch_all(&self.database().reading).await?;
        let swept = |row: &sqlx::any::AnyRow| {
            let sweep = body::read("a sweep", &row.try_get::<String, _>(2)?)?;
            let swept = Swept { next_at: time(row.try_get(1)?)?, sweep };
            Ok((published::tenant(&row.try_get::<String, _>(0)?)?, swept))
        };
        rows.iter().map(swept).collect()
    }

    /// Takes the sweep of a tenant until `until`, if it still is as it was read (`None`: it has none). `false`: somebody
    /// else has it.
    pub async fn take_sweep(
        &self,
        tenant: &TenantId,
        was: Option<&Swept>,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let sweep = was.map(|was| was.sweep.clone()).unwrap_or_default();
        let row = (
            body::escape(tenant.as_str()),
            until.as_microsecond(),
            body::write(&sweep)?,
            was.map_or(i64::MIN, |was| was.next_at.as_microsecond()),
        );
        let taken = self.database().write(&row, |connection, dialect, (tenant, until, body, was)| {
            let text = "INSERT INTO sweep (tenant, next_at, body) VALUES ($1, $2, $3)
                ON CONFLICT (tenant) DO UPDATE SET next_at = excluded.next_at WHERE sweep.next_at = $4";
            let statement =
                dialect.query(text).bind(tenant.clone()).bind(*until).bind(body.clone()).bind(*was);
            Box::pin(async move { Ok(statement.execute(connection).await?.rows_affected()) })
        });
        Ok(taken.await? > 0)
    }

    /// Writes down how far the sweep of a tenant has come, if it was not taken over since.
    pub async fn keep_sweep(
        &self,
        tenant: &TenantId,
        taken_until: Timestamp,
        swept: &Swept,
    ) -> Result<(), StoreError> {
        let row = (
            body::escape(tenant.as_str()),
            swept.next_at.as_microsecond(),
            body::write(&swept.sweep)?,
            taken_until.as_microsecond(),
        );
        self.database()
            .write(&row, |connection, dialect, (tenant, next_at, body, until)| {
                let text = "UPDATE sweep SET next_at = $2, body = $3 WHERE tenant = $1 AND next_at = $4";
                let statement =
                    dialect.query(text).bind(tenant.clone()).bind(*next_at).bind(body.clone()).bind(*until);
                Box::pin(async move {
                    statement.execute(connection).await?;
                    Ok(())
                })
            })
            .await
    }

    /// What is known of these subjects; those that were never settled are missing.
    pub async fn states(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<BTreeMap<SubjectId, State>, StoreError> {
        let mut states = BTreeMap::new();
        for some in subjects.chunks(ROWS) {
            let text = "SELECT id, state FROM subject WHERE state IS NOT NULL AND (tenant, id) IN ({rows})";
            let statement =
                some.iter().fold(self.database().dialect.rows(text, 2, some.len()), |statement, subject| {
                    statement.bind(body::escape(tenant.as_str())).bind(published::id(subject))
                });
            for row in statement.fetch_all(&self.database().reading).await? {
                let (id, state) = stated(&row)?;
                states.insert(id, state);
            }
        }
        Ok(states)
    }

    /// The environments of a repository of which something is known, in lower case.
    pub async fn environments(&self, tenant: &TenantId, repo: RepoId) -> Result<Vec<String>, StoreError> {
        let kind = SubjectKind::Environment;
        let text = "SELECT id FROM subject
             WHERE kind = $1 AND tenant = $2 AND id > $3 AND id < $4 AND state IS NOT NULL ORDER BY id";
        let rows = self.database().dialect.query(text);
        let rows = rows.bind(kind.rank()).bind(body::escape(tenant.as_str()));
        let rows = rows.bind(format!("{}/{repo}/", kind.as_str())).bind(format!("{}/{repo}0", kind.as_str()));
        let mut names = vec![];
        for row in rows.fetch_all(&self.database().reading).await? {
            if let SubjectId::Environment(_, name) = published::subject(&row.try_get::<String, _>(0)?)? {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// The numbers of the subjects of a kind in a repository of which `wanted` is true.
    pub async fn numbers(
        &self,
        tenant: &TenantId,
        (kind, repo): (SubjectKind, RepoId),
        wanted: impl Fn(&State) -> bool,
    ) -> Result<Vec<u64>, StoreError> {
        let text = "SELECT id, state FROM subject
             WHERE kind = $1 AND tenant = $2 AND id > $3 AND id < $4 AND state IS NOT NULL ORDER BY id LIMIT $5";
        let (mut after, end) = (format!("{}/{repo}/", kind.as_str()), format!("{}/{repo}0", kind.as_str()));
        let mut numbers = vec![];
        loop {
            let rows = self
                .database()
                .dialect
                .query(text)
                .bind(kind.rank())
                .bind(body::escape(tenant.as_str()))
                .bind(after.clone())
                .bind(end.clone())
                .bind(i64::try_from(ROWS).unwrap_or(i64::MAX))
                .fetch_all(&self.database().reading)
                .await?;
            let Some(last) = rows.last() else { return Ok(numbers) };
            after = last.try_get(0)?;
            for row in &rows {
                let (id, state) = stated(row)?;
                numbers.extend(id.number().filter(|_| wanted(&state)));
            }
        }
    }
}

fn stated(row: &sqlx::any::AnyRow) -> Result<(SubjectId, State), StoreError> {
    let id: String = row.try_get(0)?;
    let state = body::read(&id, &row.try_get::<String, _>(1)?)?;
    Ok((published::subject(&id)?, state))
}
