//! The log: append-only, chained per tenant, with what people wrote beside the chain, where it can be erased.
//!
//! `hash = sha256(hash before || body)`; the body holds, for each text, `sha256(salt || text)`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row};

use crate::domain::{
    audit::AuditEntry,
    ids::{AccountId, SubjectId, TenantId},
};

use super::{Store, body, dialect::Dialect, error::StoreError, published};

/// Rows in one statement.
const ROWS: usize = 500;
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

/// Whether the log is what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditReport {
    pub tenants: Vec<TenantAudit>,
}

/// Whether a tenant's log is what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantAudit {
    pub tenant: String,
    /// How many entries were read.
    pub entries: i64,
    /// The hash of the last one: written down elsewhere, it proves that the log was not rewritten since.
    pub head: String,
    /// Texts that were erased.
    pub erased: i64,
    /// The first entry that is not what it was, and how one can tell.
    pub broken: Option<(i64, String)>,
}

impl AuditReport {
    /// Whether every log is what it was.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.tenants.iter().all(|tenant| tenant.broken.is_none())
    }
}

/// A row of the log, and of the texts beside it.
struct Link {
    tenant: String,
    seq: i64,
    at: i64,
    body: String,
    before: String,
    hash: String,
}

struct Text {
    tenant: String,
    seq: i64,
    name: String,
    actor: Option<AccountId>,
    salt: String,
    text: String,
}

type Head = (i64, String);

/// Appends entries (tenant, subject, entry) in their order. To be the last thing in a transaction.
pub(super) async fn append(
    connection: &mut AnyConnection,
    dialect: Dialect,
    entries: &[(&str, &str, &AuditEntry)],
    now: Timestamp,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut heads = heads(connection, dialect, entries).await?;
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
async fn heads(
    connection: &mut AnyConnection,
    dialect: Dialect,
    entries: &[(&str, &str, &AuditEntry)],
) -> Result<BTreeMap<String, Head>, StoreError> {
    let mut heads: BTreeMap<String, Head> =
        entries.iter().map(|(tenant, ..)| ((*tenant).to_owned(), (0, BEGINNING.to_owned()))).collect();
    let text = "INSERT INTO audit_head (tenant, seq, hash) {rows} ON CONFLICT (tenant) DO NOTHING";
    let statement =
        heads.iter().fold(dialect.rows(text, 3, heads.len()), |statement, (tenant, (seq, hash))| {
            statement.bind(tenant.clone()).bind(*seq).bind(hash.clone())
        });
    statement.execute(&mut *connection).await?;
    let text = "SELECT tenant, seq, hash FROM audit_head WHERE tenant IN ({rows}) ORDER BY tenant {lock}";
    let statement = heads
        .keys()
        .fold(dialect.rows(text, 1, heads.len()), |statement, tenant| statement.bind(tenant.clone()));
    for row in statement.fetch_all(connection).await? {
        heads.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
    }
    Ok(heads)
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
        let salt = hex::encode(rand::random::<[u8; 16]>());
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

fn commitment(salt: &str, text: &str) -> String {
    body::hash(&[salt.as_bytes(), text.as_bytes()])
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

impl Store {
    /// Reads every log from its beginning and checks the chain, the texts beside it, and the head.
    pub async fn audit_verify(&self) -> Result<AuditReport, StoreError> {
        let rows = sqlx::query(
            "SELECT tenant FROM audit_head UNION SELECT DISTINCT tenant FROM audit ORDER BY tenant",
        )
        .fetch_all(&self.database().reading)
        .await?;
        let mut tenants = vec![];
        for row in rows {
            tenants.push(self.verify_tenant(row.try_get(0)?).await?);
        }
        Ok(AuditReport { tenants })
    }

    async fn verify_tenant(&self, tenant: String) -> Result<TenantAudit, StoreError> {
        let mut check = Check::new(tenant.clone());
        // The head first: entries that are appended meanwhile are no fault.
        let head = self.head(&tenant).await?;
        while check.audit.broken.is_none() {
            let page =
                self.links(&tenant, check.seq, head.as_ref().map_or(i64::MAX, |(seq, _)| *seq)).await?;
            let Some(last) = page.last() else { break };
            let mut texts = self.texts(&tenant, check.seq, last.seq).await?;
            for link in &page {
                check.take(link, texts.remove(&link.seq).unwrap_or_default());
            }
        }
        check.end(head.as_ref());
        if let (None, Some((seq, _))) = (&check.audit.broken, &head) {
            check.audit.broken = self.beyond(&tenant, *seq, &check.hash).await?;
        }
        Ok(check.audit)
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

    /// What stands beyond the head is either appended since, and continues it, or was put there by hand.
    async fn beyond(&self, tenant: &str, seq: i64, hash: &str) -> Result<Option<(i64, String)>, StoreError> {
        let next = self.links(tenant, seq, i64::MAX).await?;
        let Some(first) = next.first() else { return Ok(None) };
        let head = self.head(tenant).await?;
        let is_appended = head.is_some_and(|(head, _)| head >= first.seq) && first.before == hash;
        Ok((!is_appended).then(|| (first.seq, "it stands beyond the end of the log".into())))
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

type Beside = BTreeMap<String, Option<(String, String)>>;

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
        let subject = published::view_key(&SubjectId::Account);
        append(connection, dialect, &[(tenant, subject.as_str(), &entry)], now).await?;
    }
    Ok(erased)
}

fn audited(link: &Link, beside: Beside) -> Result<AuditedEntry, StoreError> {
    let body: Body =
        serde_json::from_str(&link.body).map_err(|error| StoreError::unreadable("an audit entry", error))?;
    let text = |name: &String| {
        let (_, text) = beside.get(name)?.as_ref()?;
        Some((body::unescape(name).into_owned(), body::unescape(text).into_owned()))
    };
    let erased = |name: &&String| text(name).is_none();
    Ok(AuditedEntry {
        seq: body.seq,
        at: super::inbox::time(body.at)?,
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

/// Walks along a chain.
struct Check {
    seq: i64,
    hash: String,
    audit: TenantAudit,
}

impl Check {
    fn new(tenant: String) -> Self {
        let audit = TenantAudit { tenant, entries: 0, head: BEGINNING.into(), erased: 0, broken: None };
        Self { seq: 0, hash: BEGINNING.into(), audit }
    }

    fn take(&mut self, link: &Link, beside: Beside) {
        if self.audit.broken.is_some() {
            return;
        }
        self.audit.broken = self.fault(link, beside).map(|why| (self.seq + 1, why));
        self.seq += 1;
        self.audit.entries += 1;
        self.hash.clone_from(&link.hash);
        self.audit.head.clone_from(&link.hash);
    }

    fn fault(&mut self, link: &Link, mut beside: Beside) -> Option<String> {
        let expected = self.seq + 1;
        if link.seq != expected {
            return Some(format!("it is missing; the next one is {}", link.seq));
        }
        if link.before != self.hash {
            return Some("it does not continue the entry before it".into());
        }
        if body::hash(&[link.before.as_bytes(), link.body.as_bytes()]) != link.hash {
            return Some("its text does not fit its hash".into());
        }
        let Ok(body) = serde_json::from_str::<Body>(&link.body) else {
            return Some("its text cannot be read".into());
        };
        if (body.seq, body.at) != (link.seq, link.at) {
            return Some("its number or its time is not what it says".into());
        }
        for (name, committed) in &body.commitments {
            match beside.remove(name).flatten() {
                Some((salt, text)) if commitment(&salt, &text) == *committed => {}
                Some(_) => return Some(format!("what is beside it as `{name}` is not what was written")),
                None => self.audit.erased += 1,
            }
        }
        let unknown = beside.into_keys().next()?;
        Some(format!("something was put beside it as `{unknown}`"))
    }

    fn end(&mut self, head: Option<&Head>) {
        if self.audit.broken.is_some() {
            return;
        }
        let why = match head {
            None => "the end of the log is not known any more".into(),
            Some((seq, _)) if *seq != self.seq => format!("it is missing, and so is all up to {seq}"),
            Some((_, hash)) if *hash != self.hash => {
                self.audit.broken = Some((self.seq, "it is not the end that was written down".into()));
                return;
            }
            Some(_) => return,
        };
        self.audit.broken = Some((self.seq + 1, why));
    }
}
