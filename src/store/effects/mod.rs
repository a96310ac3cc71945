//! What GitHub and other systems must be told: one row for each thing that is set or announced, one holder for each row.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::domain::{
    effect::{Call, Effect, Lane},
    facts::{Answer, Question},
    ids::{InstallationId, SubjectId, TenantId},
    subject::View,
};

use super::{Store, body, dialect::Dialect, error::StoreError, published, share::Queue};

mod settle;

/// How long an effect is held for sending, in microseconds: longer than a call may take.
const LEASE: i64 = 120_000_000;
/// Rows in one statement.
const ROWS: usize = 500;

/// An effect that is held for sending.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectClaim {
    pub tenant: TenantId,
    pub effect: Effect,
    /// Grows each time a newer effect takes its place.
    pub generation: i64,
    /// How often it was handed out before: from 1 on, GitHub may have done it already.
    pub attempts: u32,
    /// What GitHub called it last time: the number of a comment or a check run.
    pub remote: Option<String>,
    /// The installation in force; `None`: the App is not installed, or suspended.
    pub installation: Option<InstallationId>,
    lease: String,
    /// What was stored as `remote`: empty where GitHub may have several, which must be looked up.
    given: Option<String>,
}

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EffectOutcome {
    /// GitHub has done it; what GitHub calls it, where that is known.
    Sent { remote: Option<String> },
    /// To be sent again at this time, and why.
    Retry { at: Timestamp, why: String },
    /// Nothing was sent; to be sent at this time, and why not before. It does not count as an attempt.
    Unsent { at: Timestamp, why: String },
    /// GitHub refuses it for good, and why. It stays visible; the same is not sent again.
    Refused { why: String },
    /// It must not be sent any more, and why: whoever decided it decides anew.
    Withheld { why: String },
}

/// An effect in the words of the database.
#[derive(Debug, Clone)]
pub(super) struct NewEffect {
    key: String,
    lane: i64,
    body: String,
    hash: String,
    again: bool,
}

impl NewEffect {
    pub(super) fn of(effect: &Effect) -> Result<Self, StoreError> {
        Ok(Self {
            key: body::escape(&effect.key),
            lane: effect.lane as i64,
            body: body::write(effect)?,
            hash: call_hash(&effect.call)?,
            again: effect.again,
        })
    }
}

fn call_hash(call: &Call) -> Result<String, StoreError> {
    Ok(body::hash(&[serde_json::to_string(call)?.as_bytes()]))
}

/// What is known of a key.
struct Known {
    hash: String,
    sent_hash: Option<String>,
    is_waiting: bool,
    is_refused: bool,
    is_held: bool,
}

impl Known {
    /// Whether the effect changes nothing: it waits already, was sent last, or was refused.
    fn covers(&self, new: &NewEffect) -> bool {
        let same = self.hash == new.hash;
        if self.is_waiting {
            // It may be on its way this moment, and what it sets may have been changed since.
            return same && !(new.again && self.is_held);
        }
        !new.again && (self.sent_hash.as_ref() == Some(&new.hash) || (self.is_refused && same))
    }
}

/// Stores effects; the last of several with the same key counts.
pub(super) async fn store(
    connection: &mut AnyConnection,
    dialect: Dialect,
    effects: Vec<(&str, &NewEffect)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let effects: BTreeMap<(&str, &str), &NewEffect> =
        effects.into_iter().map(|(tenant, effect)| ((tenant, effect.key.as_str()), effect)).collect();
    let effects: Vec<_> = effects.into_iter().collect();
    for effects in effects.chunks(ROWS) {
        let known = known(connection, dialect, effects).await?;
        let new: Vec<_> = effects
            .iter()
            .filter(|((tenant, key), effect)| {
                let known = known.get(&((*tenant).to_owned(), (*key).to_owned()));
                known.is_none_or(|known| !known.covers(effect))
            })
            .collect();
        upsert(connection, dialect, &new, now).await?;
    }
    Ok(())
}

type Keyed<'a> = ((&'a str, &'a str), &'a NewEffect);

async fn known(
    connection: &mut AnyConnection,
    dialect: Dialect,
    effects: &[Keyed<'_>],
) -> Result<BTreeMap<(String, String), Known>, StoreError> {
    let text = "SELECT tenant, key, hash, sent_hash, waiting, refused_why, lease_until FROM effect
                WHERE (tenant, key) IN ({rows}) ORDER BY tenant, key {lock}";
    let statement =
        effects.iter().fold(dialect.rows(text, 2, effects.len()), |statement, ((tenant, key), _)| {
            statement.bind((*tenant).to_owned()).bind((*key).to_owned())
        });
    let mut known = BTreeMap::new();
    for row in statement.fetch_all(connection).await? {
        let of_key = Known {
            hash: row.try_get(2)?,
            sent_hash: row.try_get(3)?,
            is_waiting: row.try_get::<i64, _>(4)? == 1,
            is_refused: row.try_get::<Option<String>, _>(5)?.is_some(),
            is_held: row.try_get::<i64, _>(6)? > 0,
        };
        known.insert((row.try_get(0)?, row.try_get(1)?), of_key);
    }
    Ok(known)
}

/// Keeps the attempts of an unsent one: its answer may have been lost, so the newer one must look first.
async fn upsert(
    connection: &mut AnyConnection,
    dialect: Dialect,
    effects: &[&Keyed<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    if effects.is_empty() {
        return Ok(());
    }
    let mut statement = dialect.rows(
        "INSERT INTO effect (tenant, key, lane, body, hash, since) {rows}
         ON CONFLICT (tenant, key) DO UPDATE SET
           lane = excluded.lane, body = excluded.body, hash = excluded.hash,
           since = CASE WHEN effect.waiting = 1 THEN effect.since ELSE excluded.since END,
           next_at = CASE WHEN effect.waiting = 1 THEN effect.next_at ELSE 0 END,
           generation = effect.generation + 1, waiting = 1, refused_why = NULL",
        6,
        effects.len(),
    );
    for ((tenant, key), effect) in effects {
        statement = statement
            .bind((*tenant).to_owned())
            .bind((*key).to_owned())
            .bind(effect.lane)
            .bind(effect.body.clone())
            .bind(effect.hash.clone())
            .bind(now.as_microsecond());
    }
    statement.execute(connection).await?;
    Ok(())
}

impl Store {
    /// Hands out up to `limit` effects that GitHub may be told at `now`: the first lane first, then those that wait
    /// longest, and a share of each tenant that waits.
    pub async fn claim_effects(&self, limit: usize, now: Timestamp) -> Result<Vec<EffectClaim>, StoreError> {
        self.claim_effects_except(limit, now, &BTreeSet::new()).await
    }

    /// The same, without the effects of these tenants.
    pub async fn claim_effects_except(
        &self,
        limit: usize,
        now: Timestamp,
        except: &BTreeSet<String>,
    ) -> Result<Vec<EffectClaim>, StoreError> {
        let except = except.iter().map(|tenant| body::escape(tenant)).collect();
        let mut claims = self.claim_from(&QUEUE, limit, (now, except)).await?;
        self.add_installations(&mut claims).await?;
        Ok(claims)
    }

    /// The same for announcements, which are not told GitHub.
    pub async fn claim_announcements(
        &self,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<EffectClaim>, StoreError> {
        self.claim_from(&ANNOUNCEMENTS, limit, (now, BTreeSet::new())).await
    }

    async fn claim_from(
        &self,
        queue: &'static Queue,
        limit: usize,
        when: (Timestamp, BTreeSet<String>),
    ) -> Result<Vec<EffectClaim>, StoreError> {
        self.give_way().await;
        let rows = self
            .database()
            .write_if_any(
                &(queue, self.database().token(), limit, when),
                |connection, dialect, (queue, token, limit, (now, except))| {
                    Box::pin(queue.lease(connection, dialect, token, *limit, (*now, except)))
                },
            )
            .await?;
        let mut claims = vec![];
        for row in &rows {
            match of(row) {
                Ok(claim) => claims.push(claim),
                Err(error) => tracing::error!(%error, "an effect is left to a newer changegate"),
            }
        }
        claims.sort_by(|(a, since_a), (b, since_b)| (a.effect.lane, since_a).cmp(&(b.effect.lane, since_b)));
        Ok(claims.into_iter().map(|(claim, _)| claim).collect())
    }

    /// What this tenant has to say in this lane waits until `at`: one statement, however much it is. Returns how many
    /// effects that were due at `now` wait now.
    pub async fn postpone_effects(
        &self,
        tenant: &TenantId,
        lane: Lane,
        (now, at): (Timestamp, Timestamp),
    ) -> Result<u64, StoreError> {
        let times = (now.as_microsecond(), at.as_microsecond());
        self.database()
            .write(&(tenant, lane, times), |connection, dialect, &(tenant, lane, (now, at))| {
                let text = "UPDATE effect SET next_at = $1
                    WHERE tenant = $2 AND waiting = 1 AND lane = $3 AND next_at <= $4 AND lease_until <= {clock}";
                let statement = dialect.query(text).bind(at).bind(body::escape(tenant.as_str()));
                let statement = statement.bind(lane as i64).bind(now);
                Box::pin(async move { Ok(statement.execute(connection).await?.rows_affected()) })
            })
            .await
    }

    async fn add_installations(&self, claims: &mut [EffectClaim]) -> Result<(), StoreError> {
        let tenants: BTreeSet<TenantId> = claims.iter().map(|claim| claim.tenant.clone()).collect();
        let mut installations = BTreeMap::new();
        for tenant in tenants {
            for answered in self.answer(&tenant, &[Question::View(SubjectId::Account)]).await? {
                let Answer::View(Some(view)) = answered.answer else { continue };
                let View::Account(account) = *view else { continue };
                installations.insert(tenant.clone(), account.installation.filter(|_| !account.suspended));
            }
        }
        for claim in claims {
            claim.installation = installations.get(&claim.tenant).copied().flatten();
        }
        Ok(())
    }
}

macro_rules! claim {
    ($whose:literal, $lanes:literal) => {
        concat!(
            "WITH picked AS MATERIALIZED (
       SELECT tenant, key FROM effect
       WHERE ",
            $whose,
            $lanes,
            " AND waiting = 1 AND next_at <= $1 AND lease_until <= {clock}
       ORDER BY lane, since LIMIT $2 {skip_locked})
     UPDATE effect SET lease = $3, lease_until = {clock} + $4, attempts = attempts + 1
     FROM picked WHERE effect.tenant = picked.tenant AND effect.key = picked.key
     RETURNING effect.tenant, body, generation, attempts, remote, lease, since"
        )
    };
}

/// The index `effect_waiting` serves the first text, `effect_waiting_tenant` the others. An earlier lane counts more
/// than any time.
macro_rules! queue {
    ($lanes:literal) => {
        Queue {
            first: claim!("", $lanes),
            of_tenant: claim!("tenant = $5 AND ", $lanes),
            tenants: concat!(
                "WITH RECURSIVE waiting (tenant) AS (
         SELECT (SELECT tenant FROM effect WHERE waiting = 1 ORDER BY tenant LIMIT 1)
         UNION ALL
         SELECT (SELECT effect.tenant FROM effect
             WHERE effect.waiting = 1 AND effect.tenant > waiting.tenant ORDER BY effect.tenant LIMIT 1)
           FROM waiting WHERE waiting.tenant IS NOT NULL)
       SELECT waiting.tenant,
         (SELECT lane * 100000000000000000 + since FROM effect
           WHERE effect.tenant = waiting.tenant AND ",
                $lanes,
                " AND effect.waiting = 1 AND next_at <= $1 AND lease_until <= {clock}
           ORDER BY lane, since LIMIT 1)
       FROM waiting WHERE waiting.tenant IS NOT NULL"
            ),
            lease: LEASE,
        }
    };
}

/// What GitHub is told; 3 is [`crate::domain::effect::Lane::Announce`].
pub(super) const QUEUE: Queue = queue!("lane < 3");

/// What other systems are told.
pub(super) const ANNOUNCEMENTS: Queue = queue!("lane = 3");

fn of(row: &AnyRow) -> Result<(EffectClaim, i64), StoreError> {
    let given: Option<String> = row.try_get(4)?;
    let remote = given.as_deref().filter(|remote| !remote.is_empty());
    let claim = EffectClaim {
        tenant: published::tenant(&row.try_get::<String, _>(0)?)?,
        effect: body::read("an effect", &row.try_get::<String, _>(1)?)?,
        generation: row.try_get(2)?,
        attempts: u32::try_from(row.try_get::<i64, _>(3)? - 1).unwrap_or(0),
        remote: remote.map(|remote| body::unescape(remote).into_owned()),
        installation: None,
        lease: row.try_get(5)?,
        given,
    };
    Ok((claim, row.try_get(6)?))
}
