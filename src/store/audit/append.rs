//! Adds to the log, as the last thing in a transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::{AnyConnection, Row};

use crate::domain::{audit::AuditEntry, ids::AccountId};

use super::{
    super::{body, dialect::Dialect, error::StoreError},
    BEGINNING, Body, Head, Link, commitment,
};

/// Rows in one statement.
const ROWS: usize = 500;

/// What a person wrote, and its salt.
struct Text {
    tenant: String,
    seq: i64,
    name: String,
    actor: Option<AccountId>,
    salt: String,
    text: String,
}

/// Appends entries (tenant, subject, entry) in their order. To be the last thing in a transaction.
pub(in crate::store) async fn append(
    connection: &mut AnyConnection,
    dialect: Dialect,
    entries: &[(&str, &str, &AuditEntry)],
    now: Timestamp,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let tenants: Vec<&str> = entries.iter().map(|(tenant, ..)| *tenant).collect();
    let mut heads = lock_heads(connection, dialect, &tenants).await?;
    let (mut links, mut texts) = (vec![], vec![]);
    for (tenant, subject, entry) in entries {
        let head = heads.entry((*tenant).to_owned()).or_insert_with(|| (0, BEGINNING.into()));
        let (link, beside) = link(tenant, subject, entry, head, now)?;
        *head = (link.seq, link.hash.clone());
        links.push(link);
        texts.extend(beside);
    }
    insert_links(connection, dialect, &links).await?;
    insert_texts(connection, dialect, &texts).await?;
    set_heads(connection, dialect, heads).await
}

/// The last entry of each tenant's log, locked.
pub(in crate::store) async fn lock_heads(
    connection: &mut AnyConnection,
    dialect: Dialect,
    tenants: &[&str],
) -> Result<BTreeMap<String, Head>, StoreError> {
    let tenants: BTreeSet<&str> = tenants.iter().copied().collect();
    let mut heads = heads_of(connection, dialect, &tenants).await?;
    let new: Vec<&str> = tenants.iter().filter(|tenant| !heads.contains_key(**tenant)).copied().collect();
    if !new.is_empty() {
        let text = "INSERT INTO audit_head (tenant, seq, hash) {rows} ON CONFLICT (tenant) DO NOTHING";
        let statement = new.iter().fold(dialect.rows(text, 3, new.len()), |statement, tenant| {
            statement.bind((*tenant).to_owned()).bind(0i64).bind(BEGINNING)
        });
        statement.execute(&mut *connection).await?;
        heads = heads_of(connection, dialect, &tenants).await?;
    }
    Ok(heads)
}

async fn heads_of(
    connection: &mut AnyConnection,
    dialect: Dialect,
    tenants: &BTreeSet<&str>,
) -> Result<BTreeMap<String, Head>, StoreError> {
    let text = "SELECT tenant, seq, hash FROM audit_head WHERE tenant IN ({rows}) ORDER BY tenant {lock}";
    let statement = tenants
        .iter()
        .fold(dialect.rows(text, 1, tenants.len()), |statement, tenant| statement.bind((*tenant).to_owned()));
    let rows = statement.fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)))).collect()
}

fn link(
    tenant: &str,
    subject: &str,
    entry: &AuditEntry,
    (seq, before): &Head,
    now: Timestamp,
) -> Result<(Link, Vec<Text>), StoreError> {
    let (seq, at) = (seq + 1, now.as_microsecond());
    let text = |(name, text): (&String, &String)| {
        let salt = salt();
        let (name, text) = (body::escape(name), body::escape(text));
        Text { tenant: tenant.into(), seq, name, actor: entry.actor, salt, text }
    };
    let texts: Vec<Text> = entry.texts.iter().map(text).collect();
    let body = Body {
        v: 1,
        seq,
        at,
        subject: subject.into(),
        code: entry.code.clone(),
        actor: entry.actor,
        facts: entry.facts.clone(),
        commitments: texts
            .iter()
            .map(|text| (text.name.clone(), commitment(&text.salt, &text.text)))
            .collect(),
    };
    let body = serde_json::to_string(&body)?;
    let hash = body::hash(&[before.as_bytes(), body.as_bytes()]);
    Ok((Link { tenant: tenant.into(), seq, at, body, before: before.clone(), hash }, texts))
}

async fn insert_links(
    connection: &mut AnyConnection,
    dialect: Dialect,
    links: &[Link],
) -> Result<(), StoreError> {
    for rows in links.chunks(ROWS) {
        let text = "INSERT INTO audit (tenant, seq, at, body, prev_hash, hash) {rows}";
        let mut statement = dialect.rows(text, 6, rows.len());
        for link in rows {
            statement = statement
                .bind(link.tenant.clone())
                .bind(link.seq)
                .bind(link.at)
                .bind(link.body.clone())
                .bind(link.before.clone())
                .bind(link.hash.clone());
        }
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert_texts(
    connection: &mut AnyConnection,
    dialect: Dialect,
    texts: &[Text],
) -> Result<(), StoreError> {
    for rows in texts.chunks(ROWS) {
        let text = "INSERT INTO audit_text (tenant, seq, name, actor, salt, text) {rows}";
        let mut statement = dialect.rows(text, 6, rows.len());
        for text in rows {
            statement = statement
                .bind(text.tenant.clone())
                .bind(text.seq)
                .bind(text.name.clone())
                .bind(text.actor.map(|actor| actor.to_string()))
                .bind(text.salt.clone())
                .bind(text.text.clone());
        }
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn set_heads(
    connection: &mut AnyConnection,
    dialect: Dialect,
    heads: BTreeMap<String, Head>,
) -> Result<(), StoreError> {
    let text = "WITH v (tenant, seq, hash) AS ({rows})
                UPDATE audit_head SET seq = v.seq, hash = v.hash FROM v WHERE audit_head.tenant = v.tenant";
    let count = heads.len();
    let statement =
        heads.into_iter().fold(dialect.rows(text, 3, count), |statement, (tenant, (seq, hash))| {
            statement.bind(tenant).bind(seq).bind(hash)
        });
    statement.execute(connection).await?;
    Ok(())
}

/// What makes a commitment to a text unguessable; it decides nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "a salt that is an argument could be guessed by whoever gives it"
)]
fn salt() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}
