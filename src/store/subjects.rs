//! Hands out due subjects under a lease, with all that happened to them, in the order of arrival.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::domain::{
    event::Event,
    ids::{SubjectId, TenantId},
    subject::State,
};

use super::{Store, body, dialect::Dialect, error::StoreError, published, share::Queue};

/// How long a subject is held, in microseconds.
const LEASE: i64 = 60_000_000;
/// Subjects handed out at once.
const BATCH: usize = 100;
/// Events handed out at once, and their bytes.
const EVENTS: usize = 2000;
const EVENT_BYTES: usize = 4 * 1024 * 1024;

/// A subject that is held, and why it is due. To be handed back with [`Store::settle`].
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    pub tenant: TenantId,
    pub subject: SubjectId,
    /// How often it was decided before; 0: never.
    pub version: i64,
    /// What was known of it; `None`: it is new.
    pub state: Option<State>,
    /// What happened since, in the order of arrival; empty when it was only woken.
    pub events: Vec<Event>,
    /// How many wakings lie between it and what happened outside.
    pub hops: i64,
    /// How often it was handed out without being settled; grows when judging it brings the process down.
    pub attempts: u32,
    pub(super) lease: Lease,
}

/// What settling must find unchanged, or must take away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) token: String,
    pub(super) wakes: i64,
    /// The deliveries that its events came with.
    pub(super) deliveries: Vec<String>,
    /// There may be more events than were handed out.
    pub(super) more: bool,
}

type Place = (String, String);

impl Store {
    /// Hands out up to `limit` (at most 100) subjects that are due at `now`: those that wait longest, and a share of each
    /// tenant that waits.
    pub async fn claim_subjects(&self, limit: usize, now: Timestamp) -> Result<Vec<Claim>, StoreError> {
        self.claim_subjects_except(limit, now, &BTreeSet::new()).await
    }

    /// The same, without the subjects of these tenants.
    pub async fn claim_subjects_except(
        &self,
        limit: usize,
        now: Timestamp,
        except: &BTreeSet<String>,
    ) -> Result<Vec<Claim>, StoreError> {
        let except: BTreeSet<String> = except.iter().map(|tenant| body::escape(tenant)).collect();
        self.give_way().await;
        self.database()
            .write_lightly(
                &(self.database().token(), limit, (now, except)),
                |connection, dialect, (token, limit, (now, except))| {
                    Box::pin(claim(connection, dialect, token, *limit, (*now, except)))
                },
            )
            .await
    }
}

async fn claim(
    connection: &mut AnyConnection,
    dialect: Dialect,
    token: &str,
    limit: usize,
    when: (Timestamp, &BTreeSet<String>),
) -> Result<Vec<Claim>, StoreError> {
    let rows = QUEUE.lease(connection, dialect, token, limit.min(BATCH), when).await?;
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let places: Vec<Place> =
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?;
    let (mut events, more) = events(connection, dialect, &places).await?;
    let (mut claims, mut unreadable) = (vec![], vec![]);
    for (row, place) in rows.iter().zip(places) {
        match of(row, events.remove(&place).unwrap_or_default(), more) {
            Ok(claim) => claims.push(claim),
            // Its lease stands: a newer replica may have it when the lease is over.
            Err(StoreError::Newer(what)) => tracing::warn!(what, "left to a newer changegate"),
            Err(error) => unreadable.push((place, error.to_string())),
        }
    }
    park(connection, dialect, unreadable).await?;
    claims.sort_by(|a, b| a.subject.cmp(&b.subject));
    Ok(claims)
}

macro_rules! claim {
    ($whose:literal) => {
        concat!(
            "WITH picked AS MATERIALIZED (
       SELECT tenant, id FROM subject
       WHERE ",
            $whose,
            "due_at IS NOT NULL AND due_at <= $1 AND lease_until <= {clock}
       ORDER BY due_at, since, kind LIMIT $2 {skip_locked})
     UPDATE subject SET lease = $3, lease_until = {clock} + $4, attempts = attempts + 1
     FROM picked WHERE subject.tenant = picked.tenant AND subject.id = picked.id
     RETURNING subject.tenant, subject.id, version, state, wakes, hops, attempts, lease"
        )
    };
}

/// The index `subject_due` serves the first text, `subject_due_tenant` the others.
pub(super) const QUEUE: Queue = Queue {
    first: claim!(""),
    of_tenant: claim!("tenant = $5 AND "),
    tenants: "WITH RECURSIVE waiting (tenant) AS (
         SELECT (SELECT tenant FROM subject WHERE due_at IS NOT NULL ORDER BY tenant LIMIT 1)
         UNION ALL
         SELECT (SELECT subject.tenant FROM subject
             WHERE subject.due_at IS NOT NULL AND subject.tenant > waiting.tenant ORDER BY subject.tenant LIMIT 1)
           FROM waiting WHERE waiting.tenant IS NOT NULL)
       SELECT waiting.tenant,
         (SELECT since FROM subject
           WHERE subject.tenant = waiting.tenant AND due_at IS NOT NULL AND due_at <= $1 AND lease_until <= {clock}
           ORDER BY due_at, since, kind LIMIT 1)
       FROM waiting WHERE waiting.tenant IS NOT NULL",
    lease: LEASE,
};

/// The events of these subjects, oldest first, and whether there are more than fit.
async fn events(
    connection: &mut AnyConnection,
    dialect: Dialect,
    places: &[Place],
) -> Result<(BTreeMap<Place, Vec<(String, String)>>, bool), StoreError> {
    let mut statement = dialect.rows(
        "SELECT tenant, subject, delivery, body FROM subject_event
         WHERE (tenant, subject) IN ({rows}) ORDER BY delivery LIMIT $1",
        2,
        places.len(),
    );
    statement = statement.bind(i64::try_from(EVENTS).unwrap_or(i64::MAX));
    for (tenant, subject) in places {
        statement = statement.bind(tenant.clone()).bind(subject.clone());
    }
    let mut events: BTreeMap<Place, Vec<(String, String)>> = BTreeMap::new();
    let (mut count, mut bytes) = (0, 0);
    for row in statement.fetch_all(connection).await? {
        let text: String = row.try_get(3)?;
        if bytes > EVENT_BYTES {
            return Ok((events, true));
        }
        bytes += text.len();
        count += 1;
        events.entry((row.try_get(0)?, row.try_get(1)?)).or_default().push((row.try_get(2)?, text));
    }
    Ok((events, count == EVENTS))
}

fn of(row: &AnyRow, events: Vec<(String, String)>, more: bool) -> Result<Claim, StoreError> {
    let id: String = row.try_get(1)?;
    let state: Option<String> = row.try_get(3)?;
    let (deliveries, bodies): (Vec<String>, Vec<String>) = events.into_iter().unzip();
    Ok(Claim {
        tenant: published::tenant(&row.try_get::<String, _>(0)?)?,
        subject: published::subject(&id)?,
        version: row.try_get(2)?,
        state: state.map(|text| body::read(&id, &text)).transpose()?,
        events: bodies.iter().map(|text| body::read(&id, text)).collect::<Result<_, _>>()?,
        hops: row.try_get(5)?,
        attempts: u32::try_from(row.try_get::<i64, _>(6)? - 1).unwrap_or(0),
        lease: Lease { token: row.try_get(7)?, wakes: row.try_get(4)?, deliveries, more },
    })
}

async fn park(
    connection: &mut AnyConnection,
    dialect: Dialect,
    unreadable: Vec<(Place, String)>,
) -> Result<(), StoreError> {
    for ((tenant, subject), why) in unreadable {
        tracing::error!(tenant, subject, why, "parked");
        dialect
            .query(
                "UPDATE subject SET parked_why = $1, due_at = NULL, lease_until = 0
                 WHERE tenant = $2 AND id = $3",
            )
            .bind(body::escape(&why))
            .bind(tenant)
            .bind(subject)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
