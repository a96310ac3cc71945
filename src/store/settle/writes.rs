//! Writes what was decided, and wakes whom it concerns.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    super::{
        audit, body,
        dialect::Dialect,
        effects,
        error::StoreError,
        gates, register,
        wake::{self, Changed},
    },
    Place,
    changes::Changes,
    checks,
    prepared::{Prepared, Shown, Written},
};

/// Rows in one statement.
const ROWS: usize = 500;

/// Publishes first: whoever reads what changes has either waited for the lock, or is among the readers found next. The
/// log comes last: its head is the one row that all decisions of a tenant wait for.
pub(super) async fn write(
    connection: &mut AnyConnection,
    dialect: Dialect,
    accepted: &[&Prepared<'_>],
    changes: Changes,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Changes { published, changed, mut wakes, new_edges, old_edges, new_readings, old_readings } = changes;
    publish(connection, dialect, published.into_iter().collect()).await?;
    let text = "DELETE FROM edge WHERE (tenant, source, relation, target) IN ({rows})";
    run(connection, dialect, text, old_edges).await?;
    let text = "INSERT INTO edge (tenant, source, relation, target) {rows}
                ON CONFLICT (tenant, source, relation, target) DO NOTHING";
    run(connection, dialect, text, new_edges).await?;
    let text = "DELETE FROM reading WHERE (tenant, reader, key) IN ({rows})";
    run(connection, dialect, text, old_readings).await?;
    insert_readings(connection, dialect, new_readings).await?;
    let changed: Vec<Changed> = changed.into_iter().collect();
    wake::add_readers(connection, dialect, &mut wakes, &changed).await?;
    if !checks::lock_subjects(connection, dialect, accepted, wakes.places()).await? {
        return Err(StoreError::Overtaken);
    }
    set_subjects(connection, dialect, accepted, now).await?;
    delete_events(connection, dialect, accepted).await?;
    wake::wake(connection, dialect, wakes, now).await?;
    let (mut new, mut answers, mut lines, mut entries) = (vec![], vec![], vec![], vec![]);
    for prepared in accepted {
        let Some(decided) = prepared.decided() else { continue };
        new.extend(decided.effects.iter().map(|effect| (prepared.tenant.as_str(), effect)));
        let answer = |gate| (prepared.tenant.as_str(), prepared.id.as_str(), gate);
        answers.extend(decided.gates.iter().map(answer));
        lines
            .extend(decided.line.as_ref().map(|line| (prepared.tenant.as_str(), prepared.id.as_str(), line)));
        let entry = |entry| (prepared.tenant.as_str(), prepared.id.as_str(), entry);
        entries.extend(decided.audit.iter().map(entry));
    }
    effects::store(connection, dialect, new, now).await?;
    gates::store(connection, dialect, answers, now).await?;
    register::store(connection, dialect, &lines).await?;
    audit::append(connection, dialect, &entries, now).await
}

/// Whoever was woken since the claim stays due.
async fn set_subjects(
    connection: &mut AnyConnection,
    dialect: Dialect,
    accepted: &[&Prepared<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut statement = dialect.rows(
        "WITH v (tenant, id, token, wakes, more, ended, decided, state, at, why, parked) AS ({rows})
         UPDATE subject SET
           version = subject.version + v.decided,
           state = coalesce(v.state, subject.state),
           look_again_at = CASE WHEN v.decided = 1 THEN v.at WHEN subject.look_again_at > $1 THEN subject.look_again_at END,
           due_at = CASE WHEN subject.wakes <> v.wakes OR v.more = 1 THEN 0
             WHEN v.decided = 1 OR v.ended = 0 THEN v.at
             WHEN subject.look_again_at > $1 THEN subject.look_again_at END,
           hops = CASE WHEN subject.wakes <> v.wakes THEN subject.hops ELSE 0 END,
           attempts = CASE WHEN v.ended = 1 THEN 0 ELSE subject.attempts END,
           last_why = v.why,
           parked_why = CASE WHEN subject.wakes = v.wakes THEN v.parked END,
           lease_until = 0,
           settled_lease = v.token
         FROM v WHERE subject.tenant = v.tenant AND subject.id = v.id",
        11,
        accepted.len(),
    );
    statement = statement.bind(now.as_microsecond());
    for prepared in accepted {
        let lease = &prepared.claim.lease;
        let (ended, decided, state, at, why, parked) = match &prepared.outcome {
            Written::Decided(decided) => (1, 1, Some(decided.state.clone()), decided.look_again, None, None),
            Written::Ignored(why) => (1, 0, None, None, Some(body::escape(why)), None),
            Written::Retry { at, why } => (0, 0, None, Some(*at), Some(body::escape(why)), None),
            Written::Parked(why) => (0, 0, None, None, None, Some(body::escape(why))),
        };
        statement = statement
            .bind(prepared.tenant.clone())
            .bind(prepared.id.clone())
            .bind(lease.token.clone())
            .bind(lease.wakes)
            .bind(i64::from(lease.more && ended == 1))
            .bind(i64::from(ended))
            .bind(i64::from(decided))
            .bind(state)
            .bind(at)
            .bind(why)
            .bind(parked);
    }
    statement.execute(connection).await?;
    Ok(())
}

/// What was decided or ignored is done; what arrived since the claim stays.
async fn delete_events(
    connection: &mut AnyConnection,
    dialect: Dialect,
    accepted: &[&Prepared<'_>],
) -> Result<(), StoreError> {
    let done = accepted.iter().filter(|prepared| match prepared.outcome {
        Written::Decided(_) | Written::Ignored(_) => true,
        Written::Retry { .. } | Written::Parked(_) => false,
    });
    let rows: Vec<[String; 3]> = done
        .flat_map(|prepared| {
            let deliveries = prepared.claim.lease.deliveries.iter();
            deliveries.map(|delivery| [prepared.tenant.clone(), prepared.id.clone(), delivery.clone()])
        })
        .collect();
    run(connection, dialect, "DELETE FROM subject_event WHERE (tenant, subject, delivery) IN ({rows})", rows)
        .await
}

async fn publish(
    connection: &mut AnyConnection,
    dialect: Dialect,
    shown: Vec<(Place, Shown)>,
) -> Result<(), StoreError> {
    for rows in shown.chunks(ROWS) {
        let mut statement = dialect.rows(
            "INSERT INTO published (tenant, key, mark, face, shown) {rows}
             ON CONFLICT (tenant, key) DO UPDATE SET
               mark = published.mark + 1, face = excluded.face, shown = excluded.shown",
            5,
            rows.len(),
        );
        for ((tenant, key), shown) in rows {
            statement = statement
                .bind(tenant.clone())
                .bind(key.clone())
                .bind(1i64)
                .bind(shown.face.clone())
                .bind(shown.text.clone());
        }
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert_readings(
    connection: &mut AnyConnection,
    dialect: Dialect,
    readings: Vec<(Place, i64, String)>,
) -> Result<(), StoreError> {
    for rows in readings.chunks(ROWS) {
        let mut statement = dialect.rows(
            "INSERT INTO reading (tenant, reader, kind, key) {rows}
             ON CONFLICT (tenant, reader, key) DO NOTHING",
            4,
            rows.len(),
        );
        for ((tenant, reader), kind, key) in rows {
            statement = statement.bind(tenant.clone()).bind(reader.clone()).bind(*kind).bind(key.clone());
        }
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Runs a statement over rows of text, some at a time.
async fn run<const N: usize>(
    connection: &mut AnyConnection,
    dialect: Dialect,
    text: &'static str,
    rows: Vec<[String; N]>,
) -> Result<(), StoreError> {
    for rows in rows.chunks(ROWS) {
        let statement = rows
            .iter()
            .flatten()
            .fold(dialect.rows(text, N, rows.len()), |statement, value| statement.bind(value.clone()));
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}
