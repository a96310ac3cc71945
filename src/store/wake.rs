//! Makes subjects due, with a hop count, so that a chain of wakings that never ends is seen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::{AnyConnection, Row};

use crate::domain::ids::{SubjectId, TenantId};

use super::{Due, Store, body, dialect::Dialect, error::StoreError};

/// Wakings in a chain; the fixed order of kinds allows fewer, so more are a defect of ours.
const HOPS: i64 = 8;
/// Subjects woken in one transaction; where there are more readers, the rest is fanned out.
pub(super) const AT_ONCE: usize = 500;

/// Who is to be woken, each once.
#[derive(Debug, Default)]
pub(super) struct Wakes(BTreeMap<(String, String), (i64, i64)>);

/// Something that others read has changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Changed {
    pub(super) tenant: String,
    /// See [`super::published`].
    pub(super) key: String,
    /// The place, in the order of waking, of the subject that changed it: only later ones are woken.
    pub(super) kind: i64,
    pub(super) hops: i64,
}

impl Wakes {
    /// Wakes `subject`, `hops` wakings after something happened outside.
    pub(super) fn add(&mut self, tenant: &TenantId, subject: &SubjectId, hops: i64) {
        let kind = subject.kind().rank();
        self.insert(body::escape(tenant.as_str()), body::escape(&subject.to_string()), kind, hops);
    }

    fn insert(&mut self, tenant: String, id: String, kind: i64, hops: i64) {
        let entry = self.0.entry((tenant, id)).or_insert((kind, hops));
        entry.1 = entry.1.max(hops);
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    /// Tenant and subject of each.
    pub(super) fn places(&self) -> BTreeSet<(String, String)> {
        self.0.keys().cloned().collect()
    }
}

macro_rules! wake {
    ($new:literal, $due_at:literal) => {
        concat!(
            "INSERT INTO subject (tenant, id, kind, hops, since, due_at)
         WITH v (tenant, id, kind, hops, since) AS ({rows})
         SELECT tenant, id, kind, hops, since, CAST(",
            $new,
            " AS BIGINT) FROM v WHERE true
         ON CONFLICT (tenant, id) DO UPDATE SET
           wakes = subject.wakes + 1,
           since = CASE WHEN subject.due_at <= 1 THEN subject.since ELSE excluded.since END,
           due_at = ",
            $due_at,
            ",
           hops = CASE WHEN subject.hops > excluded.hops THEN subject.hops ELSE excluded.hops END,
           attempts = CASE WHEN subject.parked_why IS NULL THEN subject.attempts ELSE 0 END,
           parked_why = NULL"
        )
    };
}

/// Due at once.
pub(super) const AT_ONCE_DUE: &str = wake!("0", "0");
/// Due when nobody else is: very many are woken together, and whoever has news comes before them.
const LAST_DUE: &str = wake!("1", "CASE WHEN subject.due_at = 0 THEN 0 ELSE 1 END");

/// Makes these subjects due at once; those that do not exist yet come into being.
pub(super) async fn wake(
    connection: &mut AnyConnection,
    dialect: Dialect,
    wakes: Wakes,
    now: Timestamp,
) -> Result<(), StoreError> {
    wake_as(connection, dialect, AT_ONCE_DUE, wakes, now).await
}

async fn wake_as(
    connection: &mut AnyConnection,
    dialect: Dialect,
    wake: &'static str,
    wakes: Wakes,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (in_order, lost): (Vec<_>, Vec<_>) = wakes.0.into_iter().partition(|(_, (_, hops))| *hops <= HOPS);
    upsert(connection, dialect, wake, in_order, now).await?;
    let park = "INSERT INTO subject (tenant, id, kind, hops, since, due_at, parked_why)
         WITH v (tenant, id, kind, hops, since) AS ({rows})
         SELECT tenant, id, kind, hops, since, CAST(NULL AS BIGINT),
           'woken by a chain of more than 8 subjects: a defect of changegate'
         FROM v WHERE true
         ON CONFLICT (tenant, id) DO UPDATE SET
           wakes = subject.wakes + 1, due_at = NULL, hops = 0, parked_why = excluded.parked_why";
    for ((tenant, subject), _) in &lost {
        tracing::error!(%tenant, %subject, "woken by a chain of more than {HOPS} subjects; parked");
    }
    upsert(connection, dialect, park, lost, now).await
}

type Row5 = ((String, String), (i64, i64));

async fn upsert(
    connection: &mut AnyConnection,
    dialect: Dialect,
    text: &'static str,
    rows: Vec<Row5>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for rows in rows.chunks(AT_ONCE) {
        let mut statement = dialect.rows(text, 5, rows.len());
        for ((tenant, id), (kind, hops)) in rows {
            statement = statement
                .bind(tenant.clone())
                .bind(id.clone())
                .bind(*kind)
                .bind(*hops)
                .bind(now.as_microsecond());
        }
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Adds the readers of what has changed; where they are too many for one transaction, leaves a note to go on from.
pub(super) async fn add_readers(
    connection: &mut AnyConnection,
    dialect: Dialect,
    wakes: &mut Wakes,
    changed: &[Changed],
) -> Result<(), StoreError> {
    let mut later = vec![];
    for some in changed.chunks(100) {
        for (changed, readers) in some.iter().zip(readers(connection, dialect, some).await?) {
            if wakes.len() + readers.len() > AT_ONCE {
                later.push(changed);
                continue;
            }
            for (reader, kind) in readers {
                wakes.insert(changed.tenant.clone(), reader, kind, changed.hops);
            }
        }
    }
    fan_out(connection, dialect, &later).await
}

/// The readers of each key, in order; one more than [`AT_ONCE`] at most.
async fn readers(
    connection: &mut AnyConnection,
    dialect: Dialect,
    changed: &[Changed],
) -> Result<Vec<Vec<(String, i64)>>, StoreError> {
    let part = |i: usize| {
        let (tenant, key, kind) = (3 * i + 1, 3 * i + 2, 3 * i + 3);
        format!(
            "SELECT * FROM (SELECT {i} AS nr, reader, kind FROM reading
               WHERE tenant = ${tenant} AND key = ${key} AND kind > ${kind}
               ORDER BY reader LIMIT {}) AS r{i}",
            AT_ONCE + 1
        )
    };
    let text = (0..changed.len()).map(part).collect::<Vec<_>>().join(" UNION ALL ");
    let mut statement = dialect.assembled(&text);
    for changed in changed {
        statement = statement.bind(changed.tenant.clone()).bind(changed.key.clone()).bind(changed.kind);
    }
    let mut readers = vec![vec![]; changed.len()];
    for row in statement.fetch_all(connection).await? {
        let nr: i64 = row.try_get::<i32, _>(0).map(i64::from).or_else(|_| row.try_get(0))?;
        if let Some(readers) = usize::try_from(nr).ok().and_then(|nr| readers.get_mut(nr)) {
            readers.push((row.try_get(1)?, row.try_get(2)?));
        }
    }
    Ok(readers)
}

async fn fan_out(
    connection: &mut AnyConnection,
    dialect: Dialect,
    changed: &[&Changed],
) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    let mut statement = dialect.rows(
        "INSERT INTO fan_out (tenant, key, kind, hops, cursor) {rows}
         ON CONFLICT (tenant, key) DO UPDATE SET
           cursor = '',
           kind = CASE WHEN fan_out.kind < excluded.kind THEN fan_out.kind ELSE excluded.kind END,
           hops = CASE WHEN fan_out.hops > excluded.hops THEN fan_out.hops ELSE excluded.hops END",
        5,
        changed.len(),
    );
    for changed in changed {
        statement = statement
            .bind(changed.tenant.clone())
            .bind(changed.key.clone())
            .bind(changed.kind)
            .bind(changed.hops)
            .bind("");
    }
    statement.execute(connection).await?;
    Ok(())
}

impl Store {
    /// Wakes the next 500 readers of something that many read. Returns how many it woke; 0: nothing is left to do.
    pub async fn expand_fan_out(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.give_way().await;
        let woken = self
            .database()
            .write_lightly(&now, |connection, dialect, &now| Box::pin(expand(connection, dialect, now)))
            .await?;
        if woken > 0 {
            self.hint(&[Due::Subjects]);
        }
        Ok(woken)
    }
}

async fn expand(
    connection: &mut AnyConnection,
    dialect: Dialect,
    now: Timestamp,
) -> Result<usize, StoreError> {
    loop {
        let next = dialect
            .query("SELECT tenant, key, kind, hops, cursor FROM fan_out ORDER BY tenant, key LIMIT 1 {skip_locked}")
            .fetch_optional(&mut *connection)
            .await?;
        let Some(row) = next else { return Ok(0) };
        let changed = Changed {
            tenant: row.try_get(0)?,
            key: row.try_get(1)?,
            kind: row.try_get(2)?,
            hops: row.try_get(3)?,
        };
        let readers = readers_after(connection, dialect, &changed, row.try_get(4)?).await?;
        set_cursor(connection, dialect, &changed, readers.last().map(|(reader, _)| reader.clone())).await?;
        if readers.is_empty() {
            continue;
        }
        let woken = readers.len();
        let mut wakes = Wakes::default();
        for (reader, kind) in readers {
            wakes.insert(changed.tenant.clone(), reader, kind, changed.hops);
        }
        wake_as(connection, dialect, LAST_DUE, wakes, now).await?;
        return Ok(woken);
    }
}

/// The index `reading_key` serves it.
pub(super) const READERS: &str = "SELECT reader, kind FROM reading
     WHERE tenant = $1 AND key = $2 AND kind > $3 AND reader > $4 ORDER BY reader LIMIT $5";

async fn readers_after(
    connection: &mut AnyConnection,
    dialect: Dialect,
    changed: &Changed,
    cursor: String,
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = dialect
        .query(READERS)
        .bind(changed.tenant.clone())
        .bind(changed.key.clone())
        .bind(changed.kind)
        .bind(cursor)
        .bind(i64::try_from(AT_ONCE).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn set_cursor(
    connection: &mut AnyConnection,
    dialect: Dialect,
    changed: &Changed,
    cursor: Option<String>,
) -> Result<(), StoreError> {
    let statement = match cursor {
        Some(cursor) => {
            dialect.query("UPDATE fan_out SET cursor = $1 WHERE tenant = $2 AND key = $3").bind(cursor)
        }
        None => dialect.query("DELETE FROM fan_out WHERE tenant = $1 AND key = $2"),
    };
    statement.bind(changed.tenant.clone()).bind(changed.key.clone()).execute(connection).await?;
    Ok(())
}
