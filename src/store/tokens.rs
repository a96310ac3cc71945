//! Tokens of ours, each by its digest: what it is for, when it was used last, and whether it was taken back.
//!
//! No subject knows them and nothing is judged of them, so that no delivery makes or revokes one: the operator's order is
//! carried out at once, in one transaction with its entry in the log.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row, any::AnyRow, query::Query};

use crate::domain::{
    asker::Grant,
    audit::AuditEntry,
    ids::{SubjectId, TenantId},
};

use super::{Store, audit, body, dialect::Dialect, error::StoreError, inbox::time, published};

/// Tokens in a list, at most.
const MOST: i64 = 1000;
/// A day in microseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A token that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredToken {
    pub tenant: TenantId,
    pub grant: Grant,
    /// The day on which it was used last.
    pub used_on: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// A token that is to be kept.
struct New {
    digest: String,
    tenant: String,
    subject: String,
    id: String,
    body: String,
    entry: AuditEntry,
    now: Timestamp,
}

impl Store {
    /// Keeps a new token by its digest, and writes that down in the log.
    ///
    /// # Errors
    /// When the database fails; then there is no token.
    pub async fn add_token(
        &self,
        tenant: &TenantId,
        digest: &str,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let new = New {
            digest: digest.to_owned(),
            tenant: body::escape(tenant.as_str()),
            subject: published::id(&SubjectId::Repository(grant.repository)),
            id: body::escape(&grant.id),
            body: body::write(grant)?,
            entry: created(grant),
            now,
        };
        self.database().write(&new, |connection, dialect, new| Box::pin(add(connection, dialect, new))).await
    }

    /// The token with this digest, revoked and ended ones too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token(&self, digest: &str) -> Result<Option<StoredToken>, StoreError> {
        self.inner.tokens.ask(&digest.to_owned(), |digests| self.tokens_with(digests)).await
    }

    async fn tokens_with(&self, digests: Vec<String>) -> Result<HashMap<String, StoredToken>, StoreError> {
        let text = "SELECT tenant, body, used_on, revoked_at, digest FROM token WHERE digest IN ({rows})";
        let statement = self.database().dialect.rows(text, 1, digests.len());
        let statement = digests.into_iter().fold(statement, Query::bind);
        let rows = self.database().readers.fetch_all(statement).await?;
        rows.iter().map(|row| Ok((row.try_get(4)?, stored(row)?))).collect()
    }

    /// All tokens, the newest first; at most 1,000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&self) -> Result<Vec<StoredToken>, StoreError> {
        let text = "SELECT tenant, body, used_on, revoked_at FROM token LIMIT $1";
        let rows = self.database().dialect.query(text).bind(MOST).fetch_all(&self.database().reading).await?;
        let mut tokens: Vec<StoredToken> = rows.iter().map(stored).collect::<Result<_, _>>()?;
        tokens.sort_by(|a, b| (b.grant.created_at, &b.grant.id).cmp(&(a.grant.created_at, &a.grant.id)));
        Ok(tokens)
    }

    /// Takes a token back, and writes that down in the log; one that was taken back before stays as it is. `None`: there is
    /// none with this id.
    ///
    /// # Errors
    /// When the database fails; then it counts as before.
    pub async fn revoke_token(&self, id: &str, now: Timestamp) -> Result<Option<StoredToken>, StoreError> {
        let asked = (body::escape(id), now);
        self.database()
            .write(&asked, |connection, dialect, (id, now)| Box::pin(revoke(connection, dialect, id, *now)))
            .await
    }

    /// Notes that a token is used today; nothing is written where that is known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_token(
        &self,
        digest: &str,
        token: &StoredToken,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let today = now.as_microsecond().div_euclid(DAY) * DAY;
        if token.used_on.is_some_and(|day| day.as_microsecond() >= today) {
            return Ok(());
        }
        self.database()
            .write_lightly(&(digest.to_owned(), today), |connection, dialect, (digest, today)| {
                let text =
                    "UPDATE token SET used_on = $2 WHERE digest = $1 AND (used_on IS NULL OR used_on < $2)";
                let statement = dialect.query(text).bind(digest.clone()).bind(*today);
                Box::pin(async move {
                    statement.execute(connection).await?;
                    Ok(())
                })
            })
            .await
    }
}

fn created(grant: &Grant) -> AuditEntry {
    let may: Vec<&str> = grant.may.iter().map(|deed| deed.as_str()).collect();
    let entry = AuditEntry::new("token.created")
        .fact("id", &grant.id)
        .fact("may", may.join(" "))
        .fact("whole_account", grant.whole_account)
        .fact("expires_at", grant.expires_at)
        .text("name", grant.name.clone());
    match &grant.environment {
        Some(environment) => entry.text("environment", environment.clone()),
        None => entry,
    }
}

fn stored(row: &AnyRow) -> Result<StoredToken, StoreError> {
    let moment = |at: Option<i64>| at.map(time).transpose();
    Ok(StoredToken {
        tenant: published::tenant(&row.try_get::<String, _>(0)?)?,
        grant: body::read("a token", &row.try_get::<String, _>(1)?)?,
        used_on: moment(row.try_get(2)?)?,
        revoked_at: moment(row.try_get(3)?)?,
    })
}

/// Where the connection was lost at COMMIT, it is there already, and so is its entry.
async fn add(connection: &mut AnyConnection, dialect: Dialect, new: &New) -> Result<(), StoreError> {
    let text = "INSERT INTO token (digest, tenant, id, body) VALUES ($1, $2, $3, $4)
                ON CONFLICT (digest) DO NOTHING";
    let statement = dialect.query(text).bind(new.digest.clone()).bind(new.tenant.clone());
    let added = statement.bind(new.id.clone()).bind(new.body.clone()).execute(&mut *connection).await?;
    if added.rows_affected() == 0 {
        return Ok(());
    }
    let entries = [(new.tenant.as_str(), new.subject.as_str(), &new.entry)];
    audit::append(connection, dialect, &entries, new.now).await
}

async fn revoke(
    connection: &mut AnyConnection,
    dialect: Dialect,
    id: &str,
    now: Timestamp,
) -> Result<Option<StoredToken>, StoreError> {
    let text = "UPDATE token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    let statement = dialect.query(text).bind(id.to_owned()).bind(now.as_microsecond());
    let revoked = statement.execute(&mut *connection).await?.rows_affected();
    let text = "SELECT tenant, body, used_on, revoked_at FROM token WHERE id = $1";
    let row = dialect.query(text).bind(id.to_owned()).fetch_optional(&mut *connection).await?;
    let Some(token) = row.as_ref().map(stored).transpose()? else { return Ok(None) };
    if revoked > 0 {
        let (tenant, repository) = (body::escape(token.tenant.as_str()), token.grant.repository);
        let subject = published::id(&SubjectId::Repository(repository));
        let entry = AuditEntry::new("token.revoked").fact("id", &token.grant.id);
        audit::append(connection, dialect, &[(tenant.as_str(), subject.as_str(), &entry)], now).await?;
    }
    Ok(Some(token))
}
