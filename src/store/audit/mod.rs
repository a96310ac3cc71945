//! The log: append-only, chained per tenant, with what people wrote beside the chain, where it can be erased.
//!
//! `hash = sha256(hash before || body)`; the body holds, for each text, `sha256(salt || text)`.

mod append;

mod verify;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row};

use crate::domain::{
    audit::AuditEntry,
    ids::{AccountId, SubjectId, TenantId},
};

pub(super) use self::append::{append, lock_heads};
pub use self::verify::{AuditReport, TenantAudit};
use super::{Store, body, dialect::Dialect, error::StoreError, inbox::time, published};

/// The hash before the first entry.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An entry as it stands in the chain. The order of the fields is part of the format.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Body {
    v: u32,
    seq: i64,
    /// Microseconds since 1970.
    at: i64,
    subject: String,
    code: String,
    actor: Option<AccountId>,
    facts: BTreeMap<String, String>,
    commitments: BTreeMap<String, String>,
}

/// An entry, with its texts where they are not erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedEntry {
    pub seq: i64,
    pub at: Timestamp,
    pub subject: String,
    pub entry: AuditEntry,
    /// The names of texts that were erased.
    pub erased: Vec<String>,
    pub hash: String,
}

/// A row of the log.
pub(super) struct Link {
    pub(super) tenant: String,
    pub(super) seq: i64,
    pub(super) at: i64,
    pub(super) body: String,
    pub(super) before: String,
    pub(super) hash: String,
}

/// The number and the hash of the last entry.
pub(super) type Head = (i64, String);

/// By name, salt and text; `None` where they are erased.
pub(super) type Beside = BTreeMap<String, Option<(String, String)>>;

impl Store {
    /// The number of the last entry of each log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heads(&self) -> Result<BTreeMap<TenantId, i64>, StoreError> {
        let rows = sqlx::query("SELECT tenant, seq FROM audit_head");
        let rows = rows.fetch_all(&self.database().reading).await?;
        let head = |row: &sqlx::any::AnyRow| {
            Ok((published::tenant(&row.try_get::<String, _>(0)?)?, row.try_get(1)?))
        };
        rows.iter().map(head).collect()
    }

    async fn head(&self, tenant: &str) -> Result<Option<Head>, StoreError> {
        let row = self
            .database()
            .dialect
            .query("SELECT seq, hash FROM audit_head WHERE tenant = $1")
            .bind(tenant.to_owned())
            .fetch_optional(&self.database().reading)
            .await?;
        Ok(row.map(|row| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?)
    }

    async fn links(&self, tenant: &str, after: i64, to: i64) -> Result<Vec<Link>, StoreError> {
        let rows = self
            .database()
            .dialect
            .query(
                "SELECT tenant, seq, at, body, prev_hash, hash FROM audit
                 WHERE tenant = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT 500",
            )
            .bind(tenant.to_owned())
            .bind(after)
            .bind(to)
            .fetch_all(&self.database().reading)
            .await?;
        let link = |row: &sqlx::any::AnyRow| {
            Ok(Link {
                tenant: row.try_get(0)?,
                seq: row.try_get(1)?,
                at: row.try_get(2)?,
                body: row.try_get(3)?,
                before: row.try_get(4)?,
                hash: row.try_get(5)?,
            })
        };
        rows.iter().map(link).collect()
    }

    /// The texts beside some entries: name, and salt and text where they are not erased.
    async fn texts(&self, tenant: &str, after: i64, to: i64) -> Result<BTreeMap<i64, Beside>, StoreError> {
        let rows = self
            .database()
            .dialect
            .query(
                "SELECT seq, name, salt, text FROM audit_text
                 WHERE tenant = $1 AND seq > $2 AND seq <= $3 ORDER BY seq, name",
            )
            .bind(tenant.to_owned())
            .bind(after)
            .bind(to)
            .fetch_all(&self.database().reading)
            .await?;
        let mut texts: BTreeMap<i64, Beside> = BTreeMap::new();
        for row in rows {
            let salted = row.try_get::<Option<String>, _>(2)?.zip(row.try_get(3)?);
            texts.entry(row.try_get(0)?).or_default().insert(row.try_get(1)?, salted);
        }
        Ok(texts)
    }

    /// Entries of a tenant after `after` (0: from the beginning), oldest first.
    pub async fn audit_entries(
        &self,
        tenant: &TenantId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<AuditedEntry>, StoreError> {
        let tenant = body::escape(tenant.as_str());
        let mut links = self.links(&tenant, after, i64::MAX).await?;
        links.truncate(limit);
        let Some(last) = links.last() else { return Ok(vec![]) };
        let mut texts = self.texts(&tenant, after, last.seq).await?;
        links.iter().map(|link| audited(link, texts.remove(&link.seq).unwrap_or_default())).collect()
    }

    /// Erases what this person wrote, and their names, from a tenant's log; the log says so. Returns how many texts.
    pub async fn erase_texts(
        &self,
        tenant: &TenantId,
        person: AccountId,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.database()
            .write(
                &(body::escape(tenant.as_str()), person, now),
                |connection, dialect, (tenant, person, now)| {
                    Box::pin(erase(connection, dialect, tenant, *person, *now))
                },
            )
            .await
    }
}

fn commitment(salt: &str, text: &str) -> String {
    body::hash(&[salt.as_bytes(), text.as_bytes()])
}

async fn erase(
    connection: &mut AnyConnection,
    dialect: Dialect,
    tenant: &str,
    person: AccountId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let erased = dialect
        .query(
            "UPDATE audit_text SET salt = NULL, text = NULL
             WHERE tenant = $1 AND actor = $2 AND text IS NOT NULL",
        )
        .bind(tenant.to_owned())
        .bind(person.to_string())
        .execute(&mut *connection)
        .await?
        .rows_affected();
    if erased > 0 {
        let entry = AuditEntry::new("audit.texts_erased").fact("person", person).fact("texts", erased);
        let subject = published::id(&SubjectId::Account);
        append(connection, dialect, &[(tenant, subject.as_str(), &entry)], now).await?;
    }
    Ok(erased)
}

pub(super) fn audited(link: &Link, beside: Beside) -> Result<AuditedEntry, StoreError> {
    let body: Body =
        serde_json::from_str(&link.body).map_err(|error| StoreError::unreadable("an audit entry", error))?;
    let text = |name: &String| {
        let (_, text) = beside.get(name)?.as_ref()?;
        Some((body::unescape(name).into_owned(), body::unescape(text).into_owned()))
    };
    let erased = |name: &&String| text(name).is_none();
    Ok(AuditedEntry {
        seq: body.seq,
        at: time(body.at)?,
        subject: body::unescape(&body.subject).into_owned(),
        erased: body.commitments.keys().filter(erased).cloned().collect(),
        entry: AuditEntry {
            code: body.code,
            actor: body.actor,
            facts: body.facts,
            texts: body.commitments.keys().filter_map(text).collect(),
        },
        hash: link.hash.clone(),
    })
}
