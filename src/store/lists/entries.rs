//! Entries of the log, the newest first, and what people wrote beside them.

use std::collections::BTreeMap;

use sqlx::{Row, any::AnyRow};

use super::{
    super::{
        Store,
        audit::{Beside, Link, audited},
        body,
        error::StoreError,
    },
    Part, Place, beginning, oldest, rows,
};
use crate::{domain::ids::TenantId, store::AuditedEntry};

/// Rows in one statement.
const ROWS: usize = 500;

/// Which entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All of them.
    All,
    /// Those that open or close an exception.
    Exceptions,
}

macro_rules! entries {
    ($since:literal, $of:literal) => {
        concat!(
            "SELECT tenant, seq, at, body, prev_hash, hash FROM audit
             WHERE tenant = $1 AND (at, seq) < ($2, $3) AND ",
            $since,
            $of,
            " ORDER BY at DESC, seq DESC LIMIT $5"
        )
    };
}

// With two bounds on the time, SQLite takes the index that does not know the repository: `+` keeps one of them from it.
pub(super) const ALL: &str = entries!("at >= $4", "");
pub(super) const ALL_THERE: &str = entries!("+at >= $4", " AND {repository_of_entry} = $6");
pub(super) const EXCEPTIONS: &str = entries!("at >= $4", " AND {is_exception}");
pub(super) const EXCEPTIONS_THERE: &str =
    entries!("+at >= $4", " AND {is_exception} AND {repository_of_entry} = $6");

fn link(row: &AnyRow) -> Result<Link, StoreError> {
    Ok(Link {
        tenant: row.try_get(0)?,
        seq: row.try_get(1)?,
        at: row.try_get(2)?,
        body: row.try_get(3)?,
        before: row.try_get(4)?,
        hash: row.try_get(5)?,
    })
}

impl Store {
    /// Entries of the log there, the newest first; their texts are told by [`Store::with_texts`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries_listed(
        &self,
        place: &Place,
        which: Written,
        part: &Part<i64>,
    ) -> Result<Vec<AuditedEntry>, StoreError> {
        let (at, seq) = beginning(part, i64::MIN);
        let text = match (which, place.repository.is_some()) {
            (Written::All, false) => ALL,
            (Written::All, true) => ALL_THERE,
            (Written::Exceptions, false) => EXCEPTIONS,
            (Written::Exceptions, true) => EXCEPTIONS_THERE,
        };
        let statement = self.database().dialect.query(text).bind(body::escape(place.tenant.as_str()));
        let statement = statement.bind(at).bind(seq).bind(oldest(part)).bind(rows(part.rows));
        let statement = match place.repository {
            Some(repo) => statement.bind(repo.to_string()),
            None => statement,
        };
        let found = statement.fetch_all(&self.database().reading).await?;
        found.iter().map(|row| audited(&link(row)?, Beside::new())).collect()
    }

    /// The same entries, with what people wrote where it is not erased.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn with_texts(
        &self,
        tenant: &TenantId,
        mut entries: Vec<AuditedEntry>,
    ) -> Result<Vec<AuditedEntry>, StoreError> {
        let mut texts: BTreeMap<i64, BTreeMap<String, String>> = BTreeMap::new();
        let tenant = body::escape(tenant.as_str());
        for entries in entries.chunks(ROWS) {
            let text = "SELECT seq, name, text FROM audit_text
                        WHERE (tenant, seq) IN ({rows}) AND text IS NOT NULL";
            let statement = self.database().dialect.rows(text, 2, entries.len());
            let bind = |statement: super::super::dialect::Statement, entry: &AuditedEntry| {
                statement.bind(tenant.clone()).bind(entry.seq)
            };
            let statement = entries.iter().fold(statement, bind);
            for row in statement.fetch_all(&self.database().reading).await? {
                let (name, text): (String, String) = (row.try_get(1)?, row.try_get(2)?);
                let (name, text) = (body::unescape(&name).into_owned(), body::unescape(&text).into_owned());
                texts.entry(row.try_get(0)?).or_default().insert(name, text);
            }
        }
        for entry in &mut entries {
            entry.entry.texts = texts.remove(&entry.seq).unwrap_or_default();
            entry.erased.retain(|name| !entry.entry.texts.contains_key(name));
        }
        Ok(entries)
    }

    /// By which numbers GitHub knows what we keep there, by the keys of effects; what was not told yet is missing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_by(
        &self,
        tenant: &TenantId,
        keys: &[String],
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        let tenant = body::escape(tenant.as_str());
        let mut kept = BTreeMap::new();
        for keys in keys.chunks(ROWS) {
            let text =
                "SELECT key, remote FROM effect WHERE (tenant, key) IN ({rows}) AND remote IS NOT NULL";
            let statement = self.database().dialect.rows(text, 2, keys.len());
            let bind = |statement: super::super::dialect::Statement, key: &String| {
                statement.bind(tenant.clone()).bind(body::escape(key))
            };
            let statement = keys.iter().fold(statement, bind);
            for row in statement.fetch_all(&self.database().reading).await? {
                let (key, remote): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                kept.extend(remote.parse().ok().map(|number| (body::unescape(&key).into_owned(), number)));
            }
        }
        Ok(kept)
    }
}
