//! What must be so before anything is written: the lease is ours, and what was read still stands.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AnyConnection, Row};

use super::{
    super::{dialect::Dialect, error::StoreError},
    prepared::Prepared,
};

/// Rows in one statement.
const ROWS: usize = 500;

/// Whose a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holding {
    Held,
    /// This very claim was settled before; the answer was lost on the way.
    Done,
    Lost,
}

/// Whether the claims still hold their subjects; the rows stay locked.
pub(super) async fn leases(
    connection: &mut AnyConnection,
    dialect: Dialect,
    group: &[Prepared<'_>],
) -> Result<Vec<Holding>, StoreError> {
    if group.is_empty() {
        return Ok(vec![]);
    }
    let mut statement = dialect.rows(
        "SELECT tenant, id, lease, settled_lease FROM subject
         WHERE (tenant, id) IN ({rows}) ORDER BY tenant, id {lock}",
        2,
        group.len(),
    );
    for prepared in group {
        statement = statement.bind(prepared.tenant.clone()).bind(prepared.id.clone());
    }
    let mut found: BTreeMap<(String, String), (Option<String>, Option<String>)> = BTreeMap::new();
    for row in statement.fetch_all(connection).await? {
        found.insert((row.try_get(0)?, row.try_get(1)?), (row.try_get(2)?, row.try_get(3)?));
    }
    let holding = |prepared: &Prepared<'_>| {
        let token = Some(&prepared.claim.lease.token);
        match found.get(&(prepared.tenant.clone(), prepared.id.clone())) {
            Some((_, settled)) if settled.as_ref() == token => Holding::Done,
            Some((lease, _)) if lease.as_ref() == token => Holding::Held,
            Some(_) | None => Holding::Lost,
        }
    };
    Ok(group.iter().map(holding).collect())
}

/// Of what was read (tenant, key, mark), whatever does not have that mark any more. What is read stays locked, also where it does not
/// exist yet: it comes into being with mark 0, so that whoever shows it first waits.
pub(super) async fn outdated(
    connection: &mut AnyConnection,
    dialect: Dialect,
    mut reads: BTreeSet<(String, String, i64)>,
) -> Result<BTreeSet<(String, String, i64)>, StoreError> {
    let never: Vec<_> = reads.iter().filter(|(_, _, mark)| *mark == 0).collect();
    for rows in never.chunks(ROWS) {
        let text = "INSERT INTO published (tenant, key, mark) {rows} ON CONFLICT (tenant, key) DO NOTHING";
        let mut statement = dialect.rows(text, 3, rows.len());
        for (tenant, key, mark) in rows {
            statement = statement.bind(tenant.clone()).bind(key.clone()).bind(*mark);
        }
        statement.execute(&mut *connection).await?;
    }
    let places: BTreeSet<(String, String)> =
        reads.iter().map(|(tenant, key, _)| (tenant.clone(), key.clone())).collect();
    let marks = marks(connection, dialect, places.into_iter().collect()).await?;
    reads.retain(|(tenant, key, mark)| marks.get(&(tenant.clone(), key.clone())) != Some(mark));
    Ok(reads)
}

async fn marks(
    connection: &mut AnyConnection,
    dialect: Dialect,
    places: Vec<(String, String)>,
) -> Result<BTreeMap<(String, String), i64>, StoreError> {
    let mut marks = BTreeMap::new();
    for rows in places.chunks(ROWS) {
        let text = "SELECT tenant, key, mark FROM published
                    WHERE (tenant, key) IN ({rows}) ORDER BY tenant, key {share}";
        let mut statement = dialect.rows(text, 2, rows.len());
        for (tenant, key) in rows {
            statement = statement.bind(tenant.clone()).bind(key.clone());
        }
        for row in statement.fetch_all(&mut *connection).await? {
            marks.insert((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
        }
    }
    Ok(marks)
}
