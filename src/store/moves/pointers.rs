//! Who points at whom: pointers within the repository go along; those that leave it are taken back where they were, and
//! the next judgement sets them anew, if its new policy still says so.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, Row};

use crate::domain::ids::{SubjectId, TenantId};

use super::{
    super::{dialect::Dialect, error::StoreError, published},
    Move, ROWS, Woken,
    ranges::{self, Range},
    run, run_in, run_over,
    subjects::Known,
};

/// Source, relation and target.
type Edge = [String; 3];

/// Locks, on both sides, the keys of those elsewhere who are pointed at. (Nobody points anew: who is to be judged holds
/// what is shown of it, and that is locked.)
pub(super) async fn lock_targets(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
) -> Result<(), StoreError> {
    let mut keys = BTreeSet::new();
    for range in ranges::subjects(moving.repo) {
        let text = "SELECT tenant, relation, target FROM edge
                    WHERE tenant IN ($1, $2) AND source >= $3 AND source < $4";
        let statement = dialect.query(text).bind(moving.from.clone()).bind(moving.to.clone());
        for row in range.bind(statement).fetch_all(&mut *connection).await? {
            let (relation, target): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            let target = published::subject(&target)?;
            if target.repo() != Some(moving.repo) {
                let key = published::Key::pointing_at(&relation, &target);
                keys.insert((key.rank, row.try_get::<String, _>(0)?, key.text));
            }
        }
    }
    let keys: Vec<_> = keys.into_iter().collect();
    for keys in keys.chunks(ROWS) {
        let text = "SELECT key FROM published WHERE (tenant, key) IN ({rows}) ORDER BY tenant, key {lock}";
        let statement = keys.iter().fold(dialect.rows(text, 2, keys.len()), |statement, (_, tenant, key)| {
            statement.bind(tenant.clone()).bind(key.clone())
        });
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn carry(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
    known: &Known,
    woken: &mut Woken,
) -> Result<(), StoreError> {
    let text = "DELETE FROM edge WHERE tenant = $1 AND source IN ({rows}) RETURNING source, relation, target";
    let (here, there) = (&known.overruled_here, &known.overruled_there);
    let gone = take(connection, dialect, text, &moving.to, here).await?;
    unpoint(connection, dialect, (moving.to_tenant, &moving.to), &gone, woken).await?;
    let gone = take(connection, dialect, text, &moving.from, there).await?;
    unpoint(connection, dialect, (moving.from_tenant, &moving.from), &gone, woken).await?;
    let mut all = vec![];
    for range in ranges::subjects(moving.repo) {
        all.extend(take_range(connection, dialect, &moving.from, &range).await?);
    }
    let is_inside =
        |edge: &Edge| Ok::<_, StoreError>(published::subject(&edge[2])?.repo() == Some(moving.repo));
    let (mut inside, mut outside) = (vec![], vec![]);
    for edge in all {
        if is_inside(&edge)? { inside.push(edge) } else { outside.push(edge) }
    }
    insert(connection, dialect, &moving.to, &inside).await?;
    unpoint(connection, dialect, (moving.from_tenant, &moving.from), &outside, woken).await?;
    carry_readings(connection, dialect, moving, known).await
}

async fn take(
    connection: &mut AnyConnection,
    dialect: Dialect,
    text: &'static str,
    tenant: &str,
    sources: &[String],
) -> Result<Vec<Edge>, StoreError> {
    let mut taken = vec![];
    for sources in sources.chunks(ROWS) {
        let statement = dialect.rows(text, 1, sources.len()).bind(tenant.to_owned());
        let statement = sources.iter().fold(statement, |statement, source| statement.bind(source.clone()));
        for row in statement.fetch_all(&mut *connection).await? {
            taken.push([row.try_get(0)?, row.try_get(1)?, row.try_get(2)?]);
        }
    }
    Ok(taken)
}

async fn take_range(
    connection: &mut AnyConnection,
    dialect: Dialect,
    tenant: &str,
    range: &Range,
) -> Result<Vec<Edge>, StoreError> {
    let text = "DELETE FROM edge WHERE tenant = $1 AND source >= $2 AND source < $3
                RETURNING source, relation, target";
    let rows = range.bind(dialect.query(text).bind(tenant.to_owned())).fetch_all(connection).await?;
    rows.iter().map(|row| Ok([row.try_get(0)?, row.try_get(1)?, row.try_get(2)?])).collect()
}

async fn insert(
    connection: &mut AnyConnection,
    dialect: Dialect,
    tenant: &str,
    edges: &[Edge],
) -> Result<(), StoreError> {
    for edges in edges.chunks(ROWS) {
        let text = "INSERT INTO edge (tenant, source, relation, target) {rows}
                    ON CONFLICT (tenant, source, relation, target) DO NOTHING";
        let statement = edges.iter().fold(dialect.rows(text, 4, edges.len()), |statement, edge| {
            let statement = statement.bind(tenant.to_owned());
            edge.iter().fold(statement, |statement, part| statement.bind(part.clone()))
        });
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Tells those who are pointed at no more.
async fn unpoint(
    connection: &mut AnyConnection,
    dialect: Dialect,
    (tenant, stored): (&TenantId, &str),
    edges: &[Edge],
    woken: &mut Woken,
) -> Result<(), StoreError> {
    let mut keys = BTreeSet::new();
    for [_, relation, target] in edges {
        let target: SubjectId = published::subject(target)?;
        keys.insert(published::Key::pointing_at(relation, &target).text);
        woken.wakes.add(tenant, &target, 0);
    }
    let keys: Vec<String> = keys.into_iter().collect();
    let text = "UPDATE published SET mark = mark + 1 WHERE tenant = $1 AND key IN ({rows})";
    run_over(connection, dialect, text, stored, &keys).await?;
    keys.into_iter().for_each(|key| woken.readers_of(stored, key));
    Ok(())
}

/// What the repository's subjects read: the next judgement reads anew, and compares with this.
async fn carry_readings(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
    known: &Known,
) -> Result<(), StoreError> {
    let text = "DELETE FROM reading WHERE tenant = $1 AND reader IN ({rows})";
    run_over(connection, dialect, text, &moving.to, &known.overruled_here).await?;
    run_over(connection, dialect, text, &moving.from, &known.overruled_there).await?;
    for range in ranges::subjects(moving.repo) {
        let text = "INSERT INTO reading (tenant, reader, kind, key)
                    SELECT $2, reader, kind, key FROM reading WHERE tenant = $1 AND reader >= $3 AND reader < $4
                    ON CONFLICT (tenant, reader, key) DO NOTHING";
        run(connection, dialect, text, moving, &range).await?;
        let text = "DELETE FROM reading WHERE tenant = $1 AND reader >= $2 AND reader < $3";
        run_in(connection, dialect, text, &moving.from, &range).await?;
    }
    Ok(())
}
