//! What others may read goes along, and is gone where it was; marks only grow, on both sides.

use sqlx::{AnyConnection, Row};

use crate::domain::{ids::SubjectId, subject::View};

use super::{
    super::{
        body,
        dialect::Dialect,
        error::StoreError,
        published::{self, Key},
    },
    Move, ranges, run, run_in, run_over,
    subjects::Known,
};

/// Locks what is shown of the repository on both sides.
pub(super) async fn lock(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
) -> Result<(), StoreError> {
    for range in ranges::published(moving.repo) {
        let text = "SELECT key FROM published WHERE tenant IN ($1, $2) AND key >= $3 AND key < $4
                    ORDER BY tenant, key {lock}";
        run(connection, dialect, text, moving, &range).await?;
    }
    Ok(())
}

pub(super) async fn carry(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
    known: &Known,
) -> Result<(), StoreError> {
    let text = "UPDATE published SET face = NULL, shown = NULL WHERE tenant = $1 AND key IN ({rows})";
    run_over(connection, dialect, text, &moving.from, &known.overruled_there).await?;
    for range in ranges::published(moving.repo) {
        let text = "INSERT INTO published (tenant, key, mark, face, shown)
                    SELECT $2, key, mark + 1, face, shown FROM published
                    WHERE tenant = $1 AND key >= $3 AND key < $4
                    ON CONFLICT (tenant, key) DO UPDATE SET
                      mark = 1 + CASE WHEN published.mark > excluded.mark THEN published.mark ELSE excluded.mark END,
                      face = coalesce(excluded.face, published.face),
                      shown = coalesce(excluded.shown, published.shown)";
        run(connection, dialect, text, moving, &range).await?;
        let text = "UPDATE published SET mark = mark + 1, face = NULL, shown = NULL
                    WHERE tenant = $1 AND key >= $2 AND key < $3";
        run_in(connection, dialect, text, &moving.from, &range).await?;
    }
    Ok(())
}

/// Locks the key of the name that it bears in its old account, if nobody else has taken the name.
pub(super) async fn lock_name(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
) -> Result<Option<String>, StoreError> {
    let key = Key::view(&SubjectId::Repository(moving.repo)).text;
    let text = "SELECT shown FROM published WHERE tenant = $1 AND key = $2 AND shown IS NOT NULL";
    let statement = dialect.query(text).bind(moving.from.clone()).bind(key.clone());
    let Some(row) = statement.fetch_optional(&mut *connection).await? else { return Ok(None) };
    let view: View = body::read(&key, &row.try_get::<String, _>(0)?)?;
    let Some(repository) = view.as_repository() else { return Ok(None) };
    let name = Key::named(&repository.name).text;
    let text = "SELECT key FROM published WHERE tenant = $1 AND key = $2 AND face = $3 {lock}";
    let statement = dialect.query(text).bind(moving.from.clone()).bind(name.clone());
    let held = statement.bind(published::bearer_face(moving.repo)?).fetch_optional(connection).await?;
    Ok(held.map(|_| name))
}

/// In its old account, no repository bears its name any more. (In the new one, its judgement takes the name.)
pub(super) async fn free_name(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
    name: &str,
) -> Result<(), StoreError> {
    let text =
        "UPDATE published SET mark = mark + 1, face = NULL, shown = NULL WHERE tenant = $1 AND key = $2";
    dialect.query(text).bind(moving.from.clone()).bind(name.to_owned()).execute(connection).await?;
    Ok(())
}
