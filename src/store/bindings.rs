//! What tokens are bound to: whatever they are used for first, in whichever replica. For anything else they do not count.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::{AnyConnection, Row};

use crate::domain::ids::TenantId;

use super::{Store, body, dialect::Dialect, error::StoreError};

/// Rows in one statement.
const ROWS: usize = 500;
/// Rows forgotten in one transaction.
const AT_ONCE: i64 = 5000;

/// A token, and what it is used for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    /// A digest that is the token's alone.
    pub id: String,
    pub tenant: TenantId,
    /// What it is used for, in a form of which there is one.
    pub bound: String,
    /// After this the token itself does not count any more.
    pub expires_at: Timestamp,
}

/// How a binding is written down.
type Row4 = (String, String, String, i64);

impl Store {
    /// Binds each token that is bound to nothing yet. Returns, in the same order, whether each is bound to what it is used
    /// for now; of two in one call that differ in it alone, one is.
    ///
    /// # Errors
    /// When the database fails: then nothing is known of any.
    pub async fn bind(&self, bindings: &[Binding]) -> Result<Vec<bool>, StoreError> {
        let rows: Vec<Row4> = bindings
            .iter()
            .map(|Binding { id, tenant, bound, expires_at }| {
                let expires_at = expires_at.as_microsecond();
                (body::escape(id), body::escape(tenant.as_str()), body::escape(bound), expires_at)
            })
            .collect();
        let mut connection = self.database().reading.acquire().await?;
        let known = known(&mut connection, self.database().dialect, &rows).await?;
        drop(connection);
        let mut new: BTreeSet<Row4> =
            rows.iter().filter(|row| !known.contains_key(&row.0)).cloned().collect();
        let mut bound = known;
        if !new.is_empty() {
            // In one order, so that replicas wait for each other and never in a circle.
            let mut seen = BTreeSet::new();
            new.retain(|row| seen.insert(row.0.clone()));
            let new: Vec<Row4> = new.into_iter().collect();
            // What is allowed by it is committed later and waits for the disk: then this is there too.
            let written = self.database().write_lightly(new.as_slice(), |connection, dialect, new| {
                Box::pin(write(connection, dialect, new))
            });
            bound.extend(written.await?);
        }
        let is_bound =
            |(id, tenant, to, _): &Row4| bound.get(id).is_some_and(|(of, known)| (of, known) == (tenant, to));
        Ok(rows.iter().map(is_bound).collect())
    }

    /// Forgets what tokens were bound to that ended before this time. Returns how many; call it until 0.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_bindings(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.database()
            .write(&before, |connection, dialect, before| {
                let text = "DELETE FROM binding WHERE id IN (
                              SELECT id FROM binding WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
                let statement = dialect.query(text).bind(before.as_microsecond()).bind(AT_ONCE);
                Box::pin(async move { Ok(statement.execute(connection).await?.rows_affected()) })
            })
            .await
    }
}

type Bound = BTreeMap<String, (String, String)>;

async fn write(connection: &mut AnyConnection, dialect: Dialect, rows: &[Row4]) -> Result<Bound, StoreError> {
    for some in rows.chunks(ROWS) {
        let text = "INSERT INTO binding (id, tenant, bound, expires_at) {rows} ON CONFLICT (id) DO NOTHING";
        let statement = some.iter().fold(dialect.rows(text, 4, some.len()), |statement, row| {
            statement.bind(row.0.clone()).bind(row.1.clone()).bind(row.2.clone()).bind(row.3)
        });
        statement.execute(&mut *connection).await?;
    }
    known(connection, dialect, rows).await
}

/// What these are bound to already.
async fn known(connection: &mut AnyConnection, dialect: Dialect, rows: &[Row4]) -> Result<Bound, StoreError> {
    let mut known = Bound::new();
    for some in rows.chunks(ROWS) {
        let text = "SELECT id, tenant, bound FROM binding WHERE id IN ({rows})";
        let statement = some
            .iter()
            .fold(dialect.rows(text, 1, some.len()), |statement, row| statement.bind(row.0.clone()));
        for row in statement.fetch_all(&mut *connection).await? {
            known.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
        }
    }
    Ok(known)
}
