//! Ends sending: what came of it, told by whoever holds the effect or held it once.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{EffectClaim, EffectOutcome, ROWS, call_hash};
use crate::{
    domain::effect::Class,
    store::{Due, Store, body, dialect::Dialect, error::StoreError},
};

impl Store {
    /// Ends sending, of many effects in one transaction. Where a newer effect took the place of the one that was sent,
    /// the newer one is still to be sent, and knows what GitHub calls it.
    pub async fn settle_effects(
        &self,
        done: Vec<(EffectClaim, EffectOutcome)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let rows: Vec<DoneRow> =
            done.iter().map(|(claim, outcome)| DoneRow::of(claim, outcome)).collect::<Result<_, _>>()?;
        for rows in rows.chunks(ROWS) {
            self.database()
                .write(&(rows, now), |connection, dialect, &(rows, now)| {
                    Box::pin(settle(connection, dialect, rows, now))
                })
                .await?;
        }
        // Whoever was judged beside us may have ended just after its last commit: subjects are looked at too.
        self.hint(&[Due::Subjects, Due::Effects, Due::Announcements]);
        Ok(())
    }
}

/// What came of sending, in the words of the database.
struct DoneRow {
    tenant: String,
    key: String,
    lease: String,
    generation: i64,
    sent_hash: Option<String>,
    remote: Option<String>,
    given: Option<String>,
    refused: Option<String>,
    retry: Option<(i64, String)>,
    /// 1: what it was handed out for has not been attempted.
    unsent: i64,
    /// Its key is of this time alone: nothing is compared with it later.
    is_told_once: bool,
}

impl DoneRow {
    fn of(claim: &EffectClaim, outcome: &EffectOutcome) -> Result<Self, StoreError> {
        let (sent_hash, remote, refused, retry) = match outcome {
            EffectOutcome::Sent { remote } => {
                (Some(call_hash(&claim.effect.call)?), remote.as_deref().map(body::escape), None, None)
            }
            EffectOutcome::Retry { at, why } | EffectOutcome::Unsent { at, why } => {
                (None, None, None, Some((at.as_microsecond(), body::escape(why))))
            }
            EffectOutcome::Refused { why } => (None, None, Some(body::escape(why)), None),
            EffectOutcome::Withheld { .. } => (None, None, None, None),
        };
        Ok(Self {
            tenant: body::escape(claim.tenant.as_str()),
            key: body::escape(&claim.effect.key),
            lease: claim.lease.clone(),
            generation: claim.generation,
            sent_hash,
            remote,
            given: claim.given.clone(),
            refused,
            retry,
            unsent: i64::from(matches!(
                outcome,
                EffectOutcome::Unsent { .. } | EffectOutcome::Withheld { .. }
            )),
            is_told_once: claim.effect.class() == Class::Fire,
        })
    }
}

/// A holder that lost its lease may still tell what GitHub calls the thing. What it sent may have come to GitHub later
/// than what others sent since: so what is in force is sent once more, and if two of one thing were made, all are looked
/// up.
async fn settle(
    connection: &mut AnyConnection,
    dialect: Dialect,
    rows: &[DoneRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    let text = "SELECT key FROM effect WHERE (tenant, key) IN ({rows}) ORDER BY tenant, key {lock}";
    let statement = rows.iter().fold(dialect.rows(text, 2, rows.len()), |statement, row| {
        statement.bind(row.tenant.clone()).bind(row.key.clone())
    });
    statement.fetch_all(&mut *connection).await?;
    end(connection, dialect, rows, now).await?;
    let overtaken: Vec<&DoneRow> =
        rows.iter().filter(|row| row.sent_hash.is_some() && !row.is_told_once).collect();
    send_again(connection, dialect, &overtaken, now).await?;
    let told_once: Vec<&DoneRow> = rows.iter().filter(|row| row.is_told_once).collect();
    forget_told(connection, dialect, &told_once).await
}

async fn end(
    connection: &mut AnyConnection,
    dialect: Dialect,
    rows: &[DoneRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut statement = dialect.rows(
        "WITH v (tenant, key, lease, generation, sent_hash, remote, given, refused, retry_at, why, unsent) AS ({rows})
         UPDATE effect SET
           remote = CASE WHEN v.remote IS NULL THEN effect.remote
             WHEN effect.remote IS NULL THEN v.remote
             WHEN effect.lease = v.lease AND effect.remote = v.given THEN v.remote
             WHEN effect.remote <> v.remote THEN ''
             ELSE effect.remote END,
           sent_hash = CASE WHEN effect.lease = v.lease THEN coalesce(v.sent_hash, effect.sent_hash)
             ELSE effect.sent_hash END,
           attempts = CASE WHEN effect.lease = v.lease AND v.sent_hash IS NOT NULL THEN 0
             WHEN effect.lease = v.lease THEN effect.attempts - v.unsent ELSE effect.attempts END,
           waiting = CASE WHEN effect.lease = v.lease AND effect.generation = v.generation AND v.retry_at IS NULL
             THEN 0 ELSE effect.waiting END,
           refused_why = CASE WHEN effect.lease = v.lease AND effect.generation = v.generation THEN v.refused
             ELSE effect.refused_why END,
           next_at = CASE WHEN effect.lease = v.lease THEN coalesce(v.retry_at, $1) ELSE effect.next_at END,
           last_why = CASE WHEN effect.lease = v.lease THEN v.why ELSE effect.last_why END,
           lease_until = CASE WHEN effect.lease = v.lease THEN 0 ELSE effect.lease_until END
         FROM v WHERE effect.tenant = v.tenant AND effect.key = v.key",
        11,
        rows.len(),
    );
    statement = statement.bind(now.as_microsecond());
    for row in rows {
        let (at, why) = row.retry.clone().unzip();
        statement = statement
            .bind(row.tenant.clone())
            .bind(row.key.clone())
            .bind(row.lease.clone())
            .bind(row.generation)
            .bind(row.sent_hash.clone())
            .bind(row.remote.clone())
            .bind(row.given.clone())
            .bind(row.refused.clone())
            .bind(at)
            .bind(why)
            .bind(row.unsent);
    }
    statement.execute(connection).await?;
    Ok(())
}

/// What was sent by a holder that was overtaken, and what GitHub has twice. A holder that sends it at this moment does
/// not end it: the generation is another one.
async fn send_again(
    connection: &mut AnyConnection,
    dialect: Dialect,
    rows: &[&DoneRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut statement = dialect.rows(
        "WITH v (tenant, key, lease) AS ({rows})
         UPDATE effect SET
           next_at = CASE WHEN effect.waiting = 1 THEN effect.next_at ELSE $1 END,
           attempts = CASE WHEN effect.attempts = 0 THEN 1 ELSE effect.attempts END,
           generation = effect.generation + 1, waiting = 1
         FROM v WHERE effect.tenant = v.tenant AND effect.key = v.key AND effect.refused_why IS NULL
           AND (effect.lease <> v.lease OR effect.remote = '')",
        3,
        rows.len(),
    );
    statement = statement.bind(now.as_microsecond());
    for row in rows {
        statement = statement.bind(row.tenant.clone()).bind(row.key.clone()).bind(row.lease.clone());
    }
    statement.execute(connection).await?;
    Ok(())
}

async fn forget_told(
    connection: &mut AnyConnection,
    dialect: Dialect,
    rows: &[&DoneRow],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let text = "DELETE FROM effect WHERE (tenant, key) IN ({rows}) AND waiting = 0 AND refused_why IS NULL";
    let statement = rows.iter().fold(dialect.rows(text, 2, rows.len()), |statement, row| {
        statement.bind(row.tenant.clone()).bind(row.key.clone())
    });
    statement.execute(connection).await?;
    Ok(())
}
