//! What we bring in ourselves, and know whom it concerns, is routed as it is written down: who waits at the gate for an answer
//! waits for one commit less. What becomes of it is the same as if it had been routed later.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AnyConnection, Row};

use super::{
    body,
    dialect::{Dialect, Statement},
    error::StoreError,
    inbox::{self, DeliveryKey, Routing},
    intake::{Addressed, First, bind_body, bind_delivery, round_number},
    moves, published, wake,
};

/// As one statement that commits by itself: what is new is written, with its body, what happened to whom, and whom that wakes.
/// Whoever has moved to another account since is left to be routed.
const AT_ONCE: &str = "BEGIN IMMEDIATE;
    INSERT INTO delivery (id, delivery_id, event, host, received_at, body_hash, body_size, repeats, whose, tenant,
      state, waiting)
    SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9, column10,
      CASE WHEN here THEN 'routed' ELSE 'kept' END, NOT here
    FROM (SELECT *, column10 IS NOT NULL AND (column10, column11) NOT IN (SELECT tenant, repo FROM moved) AS here
      FROM ({deliveries}))
    WHERE column1 IS NOT NULL
    ON CONFLICT (delivery_id) DO NOTHING;
    INSERT INTO body (id, body)
    SELECT * FROM ({bodies}) WHERE column1 IN (SELECT id FROM delivery)
    ON CONFLICT (id) DO NOTHING;
    SELECT changes();
    INSERT INTO subject_event (tenant, subject, delivery, body)
    SELECT * FROM ({events}) WHERE EXISTS (SELECT 1 FROM delivery WHERE id = column3 AND waiting = 0)
    ON CONFLICT (tenant, subject, delivery) DO NOTHING;
    {wake};
    COMMIT";
/// Those who are to look.
const WOKEN: &str = "SELECT column1, column2, column3, column4, column5 FROM ({wakes})
    WHERE EXISTS (SELECT 1 FROM delivery WHERE id = column6 AND waiting = 0)";
const COLUMNS: [(&str, usize); 4] = [("{deliveries}", 11), ("{bodies}", 2), ("{events}", 4), ("{wakes}", 6)];

/// How somebody is written down.
struct Place {
    tenant: String,
    repo: String,
    subject: String,
    kind: i64,
}

fn place(to: &Addressed) -> Place {
    Place {
        tenant: body::escape(to.tenant.as_str()),
        repo: to.repo.to_string(),
        subject: published::id(&to.subject),
        kind: to.subject.kind().rank(),
    }
}

fn to<'a>(row: Option<&First<'a>>) -> Option<&'a Addressed> {
    row.and_then(|(row, _)| row.to.as_ref())
}

/// For SQLite, which has one writer: nobody moves meanwhile.
pub(super) fn at_once(rows: &[First<'_>]) -> Result<Statement, StoreError> {
    let places = round_number(rows.len());
    let all = || rows.iter().map(Some).chain(std::iter::repeat(None)).take(places);
    let text = AT_ONCE.replace("{wake}", &wake::AT_ONCE_DUE.replace("{rows}", WOKEN));
    let mut statement = Dialect::Sqlite.several(&text, &COLUMNS, places);
    for row in all() {
        let place = to(row).map(place);
        statement = bind_delivery(statement, row);
        statement = statement.bind(place.as_ref().map(|it| it.tenant.clone())).bind(place.map(|it| it.repo));
    }
    for row in all() {
        statement = bind_body(statement.bind(row.map(|(row, _)| row.key.clone())), row);
    }
    for row in all() {
        let (place, event) = (to(row).map(place), to(row).map(|to| body::write(&to.event)).transpose()?);
        statement =
            statement.bind(place.as_ref().map(|it| it.tenant.clone())).bind(place.map(|it| it.subject));
        statement = statement.bind(row.map(|(row, _)| row.key.clone())).bind(event);
    }
    for row in all() {
        let place = to(row).map(place);
        statement = statement
            .bind(place.as_ref().map(|it| it.tenant.clone()))
            .bind(place.as_ref().map(|it| it.subject.clone()))
            .bind(place.map(|it| it.kind))
            .bind(0i64)
            .bind(row.map(|(row, _)| row.delivery.received_at.as_microsecond()))
            .bind(row.map(|(row, _)| row.key.clone()));
    }
    Ok(statement)
}

/// Before deliveries are written step by step: nobody moves until they are routed. Answers the keys of those that an earlier turn
/// has written down: they were routed with it.
pub(super) async fn hold(
    connection: &mut AnyConnection,
    dialect: Dialect,
    rows: &[First<'_>],
) -> Result<BTreeSet<String>, StoreError> {
    let keys: Vec<&String> =
        rows.iter().filter(|(row, _)| row.to.is_some()).map(|(row, _)| &row.key).collect();
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    moves::hold(connection, dialect, false).await?;
    let statement = dialect.rows("SELECT id FROM delivery WHERE id IN ({rows})", 1, keys.len());
    let statement = keys.into_iter().fold(statement, |statement, key| statement.bind(key.clone()));
    let found = statement.fetch_all(connection).await?;
    Ok(found.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// Routes those of these new deliveries of which it is known whom they concern, but for those that were routed before.
pub(super) async fn route(
    connection: &mut AnyConnection,
    dialect: Dialect,
    rows: &[First<'_>],
    before: &BTreeSet<String>,
) -> Result<(), StoreError> {
    let mut routed = BTreeMap::new();
    for (row, _) in rows.iter().filter(|(row, _)| !before.contains(&row.key)) {
        let Some(Addressed { tenant, subject, event, .. }) = row.to.clone() else { continue };
        let routing = Routing::To { tenant, event, subjects: vec![subject] };
        routed.insert(row.key.clone(), (row.delivery.received_at, routing));
    }
    let Some(now) = routed.values().map(|(at, _)| *at).max() else { return Ok(()) };
    let routed: Vec<(DeliveryKey, Routing)> =
        routed.into_iter().map(|(key, (_, routing))| (DeliveryKey::nobodys(key), routing)).collect();
    inbox::write(connection, dialect, &routed.iter().collect::<Vec<_>>(), now).await
}
