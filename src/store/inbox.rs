//! From deliveries to the subjects they concern: claimed in the order of arrival, routed once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::domain::{
    event::Event,
    ids::{RepoId, SubjectId, TenantId},
};

use super::{
    Due, Store, body,
    database::Work,
    dialect::Dialect,
    error::StoreError,
    moves::{self, Addressees, Move},
    payload, published,
    share::Queue,
    wake::{self, Wakes},
};

/// How long a delivery is held for routing, in microseconds.
const LEASE: i64 = 30_000_000;
/// Bytes of bodies handed out at once (one body more than fits, at most).
const BATCH_BYTES: i64 = 4 * 1024 * 1024;
/// Rows in one statement.
const ROWS: usize = 500;

/// A delivery that is held for routing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryKey {
    /// Sorts in the order of arrival.
    pub key: String,
    lease: String,
}

impl DeliveryKey {
    /// Of a delivery that nobody holds, for it is not committed yet.
    pub(super) const fn nobodys(key: String) -> Self {
        Self { key, lease: String::new() }
    }
}

/// A delivery to be routed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDelivery {
    pub key: DeliveryKey,
    /// As GitHub names it.
    pub id: String,
    /// GitHub's event name.
    pub event: String,
    /// The GitHub that sent it.
    pub host: String,
    pub received_at: Timestamp,
    /// The raw bytes.
    pub body: Vec<u8>,
    /// It had been routed before and came once more.
    pub again: bool,
    /// How often it was handed out before; grows when routing it brings the process down.
    pub attempts: u32,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub enum Routing {
    /// These subjects look at what happened.
    To { tenant: TenantId, event: Box<Event>, subjects: Vec<SubjectId> },
    /// These subjects look again; what happened was told them before.
    Again { tenant: TenantId, subjects: Vec<SubjectId> },
    /// The repository belongs to `tenant` now: all that was known of it under `from` becomes the tenant's, then these
    /// subjects look at what happened.
    Moved { from: TenantId, tenant: TenantId, repo: RepoId, event: Box<Event>, subjects: Vec<SubjectId> },
    /// It concerns nobody, and why.
    Ignored { tenant: Option<TenantId>, why: String },
    /// It cannot be read, and why. It waits for somebody to replay it.
    Parked { why: String },
}

macro_rules! claim {
    ($whose:literal) => {
        concat!(
            "WITH picked AS MATERIALIZED (
       SELECT id FROM delivery
       WHERE ",
            $whose,
            "waiting = 1 AND lease_until <= {clock} AND CAST($1 AS BIGINT) IS NOT NULL
       ORDER BY id LIMIT $2 {skip_locked})
     UPDATE delivery SET lease = $3, lease_until = {clock} + $4, attempts = attempts + 1
     FROM picked WHERE delivery.id = picked.id
     RETURNING delivery.whose, delivery.id, delivery_id, event, host, received_at, body_size, state, attempts, lease"
        )
    };
}

/// In the order of arrival. The index `delivery_waiting` serves the first text, `delivery_waiting_whose` the others; each
/// is due at any time.
pub(super) const QUEUE: Queue = Queue {
    first: claim!(""),
    of_tenant: claim!("whose = $5 AND "),
    tenants: "WITH RECURSIVE waiting_for (whose) AS (
         SELECT (SELECT whose FROM delivery WHERE waiting = 1 ORDER BY whose LIMIT 1)
         UNION ALL
         SELECT (SELECT delivery.whose FROM delivery
             WHERE delivery.waiting = 1 AND delivery.whose > waiting_for.whose ORDER BY delivery.whose LIMIT 1)
           FROM waiting_for WHERE waiting_for.whose IS NOT NULL)
       SELECT waiting_for.whose,
         (SELECT received_at FROM delivery
           WHERE delivery.whose = waiting_for.whose AND delivery.waiting = 1 AND lease_until <= {clock}
             AND CAST($1 AS BIGINT) IS NOT NULL
           ORDER BY id LIMIT 1)
       FROM waiting_for WHERE waiting_for.whose IS NOT NULL",
    lease: LEASE,
};

struct Claimed {
    delivery: StoredDelivery,
    size: i64,
}

impl Store {
    /// Hands out up to `limit` deliveries and up to about 4 MiB of bodies: those that wait longest, and a share of each
    /// installation that waits. What is handed out stands in the order of arrival.
    pub async fn claim_deliveries(&self, limit: usize) -> Result<Vec<StoredDelivery>, StoreError> {
        self.give_way().await;
        let claim: Work<(String, usize), Vec<Claimed>> =
            |connection, dialect, (token, limit)| Box::pin(claim(connection, dialect, token, *limit));
        let claimed = self.database().write_lightly(&(self.database().token(), limit), claim).await?;
        let (whole, damaged) = self.load(claimed).await?;
        if !damaged.is_empty() {
            let park: Work<Vec<(DeliveryKey, Routing)>, ()> =
                |connection, dialect, damaged| Box::pin(settle(connection, dialect, damaged, Timestamp::MIN));
            self.database().write(&damaged, park).await?;
        }
        Ok(whole)
    }

    /// Their bodies, and those whose body is not there or not whole.
    async fn load(
        &self,
        claimed: Vec<Claimed>,
    ) -> Result<(Vec<StoredDelivery>, Vec<(DeliveryKey, Routing)>), StoreError> {
        let (mut whole, mut damaged) = (vec![], vec![]);
        if claimed.is_empty() {
            return Ok((whole, damaged));
        }
        let text = "SELECT id, body FROM body WHERE id IN ({rows})";
        let database = self.database();
        let keys = claimed.iter().map(|claimed| claimed.delivery.key.key.clone());
        let statement = keys.fold(database.dialect.rows(text, 1, claimed.len()), sqlx::query::Query::bind);
        let mut bodies: BTreeMap<String, AnyRow> = BTreeMap::new();
        for row in database.readers.fetch_all(statement).await? {
            bodies.insert(row.try_get(0)?, row);
        }
        for Claimed { delivery, size } in claimed {
            // The compressed bytes go before the next body is read.
            let key = &delivery.key.key;
            let row = bodies.remove(key);
            let first = row.as_ref().and_then(|row| row.try_get::<&[u8], _>(1).ok()).unwrap_or_default();
            match payload::read(&database.reading, database.dialect, key, first, size).await? {
                Some(body) => whole.push(StoredDelivery { body, ..delivery }),
                None => damaged.push((
                    delivery.key,
                    Routing::Parked { why: "its stored body is missing or damaged".into() },
                )),
            }
        }
        Ok((whole, damaged))
    }

    /// Ends routing, of many deliveries in one transaction; a move has one of its own. What was handed out anew meanwhile
    /// is left to its holder.
    pub async fn settle_routing(
        &self,
        routed: Vec<(DeliveryKey, Routing)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let groups = routed.chunk_by(|(_, a), (_, b)| a.moved().is_none() && b.moved().is_none());
        for group in groups.flat_map(|group| group.chunks(ROWS)) {
            self.database()
                .write(&(group, now), |connection, dialect, &(group, now)| {
                    Box::pin(settle(connection, dialect, group, now))
                })
                .await?;
        }
        self.hint(&[Due::Subjects]);
        Ok(())
    }
}

async fn claim(
    connection: &mut AnyConnection,
    dialect: Dialect,
    token: &str,
    limit: usize,
) -> Result<Vec<Claimed>, StoreError> {
    let mut claimed = lease(connection, dialect, token, limit).await?;
    claimed.sort_by(|a, b| a.delivery.key.key.cmp(&b.delivery.key.key));
    let mut bytes = 0;
    let fits = claimed.iter().take_while(|claimed| {
        let fits = bytes < BATCH_BYTES;
        bytes += claimed.size;
        fits
    });
    let back = claimed.split_off(fits.count());
    give_back(connection, dialect, &back).await?;
    Ok(claimed)
}

async fn lease(
    connection: &mut AnyConnection,
    dialect: Dialect,
    token: &str,
    limit: usize,
) -> Result<Vec<Claimed>, StoreError> {
    let always = (Timestamp::UNIX_EPOCH, &BTreeSet::new());
    let rows = QUEUE.lease(connection, dialect, token, limit, always).await?;
    let claimed = |row: &AnyRow| -> Result<Claimed, StoreError> {
        let delivery = StoredDelivery {
            key: DeliveryKey { key: row.try_get(1)?, lease: row.try_get(9)? },
            id: row.try_get(2)?,
            event: row.try_get(3)?,
            host: row.try_get(4)?,
            received_at: time(row.try_get(5)?)?,
            body: Vec::new(),
            again: row.try_get::<String, _>(7)? == "routed",
            attempts: u32::try_from(row.try_get::<i64, _>(8)? - 1).unwrap_or(0),
        };
        Ok(Claimed { delivery, size: row.try_get(6)? })
    };
    rows.iter().map(claimed).collect()
}

async fn give_back(
    connection: &mut AnyConnection,
    dialect: Dialect,
    claimed: &[Claimed],
) -> Result<(), StoreError> {
    if claimed.is_empty() {
        return Ok(());
    }
    let text = "UPDATE delivery SET lease_until = 0, attempts = attempts - 1 WHERE id IN ({rows})";
    let keys = claimed.iter().map(|claimed| claimed.delivery.key.key.clone());
    keys.fold(dialect.rows(text, 1, claimed.len()), sqlx::query::Query::bind).execute(connection).await?;
    Ok(())
}

async fn settle(
    connection: &mut AnyConnection,
    dialect: Dialect,
    routed: &[(DeliveryKey, Routing)],
    now: Timestamp,
) -> Result<(), StoreError> {
    moves::hold(connection, dialect, routed.iter().any(|(_, routing)| routing.moved().is_some())).await?;
    let held = held(connection, dialect, routed).await?;
    write(connection, dialect, &held, now).await
}

/// What becomes of deliveries that are held, or were written down just now; nobody moves meanwhile but by them.
pub(super) async fn write(
    connection: &mut AnyConnection,
    dialect: Dialect,
    routed: &[&(DeliveryKey, Routing)],
    now: Timestamp,
) -> Result<(), StoreError> {
    set_states(connection, dialect, routed).await?;
    for (key, routing) in routed {
        let Some((from, tenant, repo)) = routing.moved() else { continue };
        moves::carry(connection, dialect, &Move::new(from, tenant, repo, &key.key), now).await?;
    }
    let addressees =
        Addressees::find(connection, dialect, routed.iter().map(|(_, routing)| routing), now).await?;
    let (mut events, mut wakes) = (BTreeMap::new(), Wakes::default());
    for (key, routing) in routed {
        let body = routing.event().map(body::write).transpose()?;
        for (tenant, subject, is_told) in addressees.of(routing) {
            wakes.add(tenant, subject, 0);
            if let Some(body) = body.as_ref().filter(|_| is_told) {
                let place = (body::escape(tenant.as_str()), published::id(subject), key.key.clone());
                events.insert(place, body.clone());
            }
        }
    }
    insert_events(connection, dialect, events.into_iter().collect()).await?;
    wake::wake(connection, dialect, wakes, now).await
}

impl Routing {
    /// From whom, to whom, and what.
    const fn moved(&self) -> Option<(&TenantId, &TenantId, RepoId)> {
        if let Self::Moved { from, tenant, repo, .. } = self { Some((from, tenant, *repo)) } else { None }
    }

    fn event(&self) -> Option<&Event> {
        match self {
            Self::To { event, .. } | Self::Moved { event, .. } => Some(event),
            Self::Again { .. } | Self::Ignored { .. } | Self::Parked { .. } => None,
        }
    }
}

/// Named by nothing but their keys: by what waits, PostgreSQL would look through all that waits.
pub(super) const HELD: &str = "SELECT id, lease, waiting, lease_until FROM delivery
     WHERE id IN ({rows}) ORDER BY delivery_id {lock}";

/// The ones that are still ours.
async fn held<'a>(
    connection: &mut AnyConnection,
    dialect: Dialect,
    routed: &'a [(DeliveryKey, Routing)],
) -> Result<Vec<&'a (DeliveryKey, Routing)>, StoreError> {
    if routed.is_empty() {
        return Ok(vec![]);
    }
    let keys = routed.iter().map(|(key, _)| key.key.clone());
    let statement = keys.fold(dialect.rows(HELD, 1, routed.len()), sqlx::query::Query::bind);
    let mut leases: BTreeMap<String, Option<String>> = BTreeMap::new();
    for row in statement.fetch_all(connection).await? {
        let (waiting, until): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
        if waiting == 1 && until > 0 {
            leases.insert(row.try_get(0)?, row.try_get(1)?);
        }
    }
    let is_held = |key: &DeliveryKey| leases.get(&key.key).and_then(Option::as_ref) == Some(&key.lease);
    Ok(routed.iter().filter(|(key, _)| is_held(key)).collect())
}

async fn set_states(
    connection: &mut AnyConnection,
    dialect: Dialect,
    routed: &[&(DeliveryKey, Routing)],
) -> Result<(), StoreError> {
    if routed.is_empty() {
        return Ok(());
    }
    let mut statement = dialect.rows(
        "WITH v (id, state, tenant, why) AS ({rows})
         UPDATE delivery SET state = v.state, tenant = coalesce(v.tenant, delivery.tenant), why = v.why,
           waiting = 0, lease_until = 0
         FROM v WHERE delivery.id = v.id",
        4,
        routed.len(),
    );
    for (key, routing) in routed {
        let (state, tenant, why) = match routing {
            Routing::To { tenant, .. } | Routing::Moved { tenant, .. } | Routing::Again { tenant, .. } => {
                ("routed", Some(tenant), None)
            }
            Routing::Ignored { tenant, why } => ("ignored", tenant.as_ref(), Some(why)),
            Routing::Parked { why } => ("parked", None, Some(why)),
        };
        statement = statement
            .bind(key.key.clone())
            .bind(state)
            .bind(tenant.map(|tenant| body::escape(tenant.as_str())))
            .bind(why.map(|why| body::escape(why)));
    }
    statement.execute(connection).await?;
    Ok(())
}

async fn insert_events(
    connection: &mut AnyConnection,
    dialect: Dialect,
    events: Vec<((String, String, String), String)>,
) -> Result<(), StoreError> {
    for rows in events.chunks(ROWS) {
        let mut statement = dialect.rows(
            "INSERT INTO subject_event (tenant, subject, delivery, body) {rows}
             ON CONFLICT (tenant, subject, delivery) DO NOTHING",
            4,
            rows.len(),
        );
        for ((tenant, subject, delivery), body) in rows {
            statement = statement
                .bind(tenant.clone())
                .bind(subject.clone())
                .bind(delivery.clone())
                .bind(body.clone());
        }
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

/// A stored time.
pub(super) fn time(microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds).map_err(|error| StoreError::unreadable("a time", error))
}
