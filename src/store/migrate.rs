//! Forward-only migrations, embedded; each in a transaction of its own.

use sqlx::{Any, AnyConnection, Connection, Row, Transaction};

use super::{dialect::Dialect, error::OpenError};

/// The migrations, in order; the schema's number is how many of them have been run.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_spine.sql"),
    include_str!("migrations/0002_tenants.sql"),
    include_str!("migrations/0003_parts.sql"),
    include_str!("migrations/0004_sweeps.sql"),
    include_str!("migrations/0005_bodies.sql"),
    include_str!("migrations/0006_bindings.sql"),
    include_str!("migrations/0007_tokens.sql"),
    include_str!("migrations/0008_gates.sql"),
    include_str!("migrations/0009_lists.sql"),
    include_str!("migrations/0010_pulse.sql"),
    include_str!("migrations/0011_register.sql"),
    include_str!("migrations/0012_inventory.sql"),
    include_str!("migrations/0013_notified.sql"),
];

/// Brings the schema up to date. Several replicas may start at once: one migrates, the others wait.
pub(super) async fn run(
    connection: &mut AnyConnection,
    dialect: Dialect,
    migrations: &[&str],
) -> Result<(), OpenError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    loop {
        let mut transaction = connection.begin().await.map_err(reason)?;
        hold(&mut transaction, dialect).await.map_err(reason)?;
        let found = schema(&mut transaction).await.map_err(reason)?;
        if found > known {
            return Err(OpenError::SchemaNewer { found, known });
        }
        let next = usize::try_from(found).ok().and_then(|found| migrations.get(found));
        let Some(text) = next else { return transaction.commit().await.map_err(reason) };
        apply(transaction, dialect, text, found + 1).await.map_err(reason)?;
    }
}

/// The schema's number, and nothing is changed.
pub(super) async fn check(connection: &mut AnyConnection) -> Result<(), OpenError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found = match schema(connection).await {
        Err(error) if is_no_table(&error) => 0,
        found => found.map_err(reason)?,
    };
    match found {
        found if found > known => Err(OpenError::SchemaNewer { found, known }),
        found if found < known => Err(OpenError::SchemaOlder { found, known }),
        _ => Ok(()),
    }
}

/// No such table, in SQLite's words (one code for all faults of a statement) and PostgreSQL's.
fn is_no_table(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| matches!(&*code, "1" | "42P01"))
}

async fn hold(connection: &mut AnyConnection, dialect: Dialect) -> Result<(), sqlx::Error> {
    if dialect == Dialect::Postgres {
        // "change" in ASCII; any number does that no other program on this database uses.
        sqlx::query("SELECT count(*) FROM pg_advisory_xact_lock(109286567700325)")
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        .execute(connection)
        .await?;
    Ok(())
}

async fn schema(connection: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    let row = sqlx::query("SELECT value FROM meta WHERE name = 'schema'").fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(0) };
    row.try_get::<String, _>(0)?.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

async fn apply(
    mut transaction: Transaction<'_, Any>,
    dialect: Dialect,
    text: &str,
    number: i64,
) -> Result<(), sqlx::Error> {
    for statement in statements(text) {
        dialect.assembled(&statement).execute(&mut *transaction).await?;
    }
    sqlx::query(
        "INSERT INTO meta (name, value) VALUES ('schema', $1)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(number.to_string())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// One at a time, without comments: both databases run one statement per query.
fn statements(text: &str) -> impl Iterator<Item = String> {
    let bare: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let statements: Vec<String> = bare
        .join("\n")
        .split(';')
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect();
    statements.into_iter()
}

/// Tells damage from absence.
pub(super) fn reason(error: sqlx::Error) -> OpenError {
    let code =
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned();
    // SQLite's CORRUPT and NOTADB.
    if matches!(code.as_str(), "11" | "26" | "267" | "523" | "779") {
        return OpenError::Corrupt { why: error.to_string() };
    }
    OpenError::Unreachable { why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use sqlx::AssertSqlSafe;

    use super::*;

    async fn connect(folder: &tempfile::TempDir) -> AnyConnection {
        sqlx::any::install_default_drivers();
        AnyConnection::connect(&format!("sqlite:{}?mode=rwc", folder.path().join("x.db").display()))
            .await
            .unwrap()
    }

    async fn number(connection: &mut AnyConnection, sql: &str) -> i64 {
        sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(connection).await.unwrap().try_get(0).unwrap()
    }

    const FIRST: &str = "-- rows; of old\nCREATE TABLE t (a BIGINT);\nINSERT INTO t (a) VALUES (1), (2);";
    const SECOND: &str = "ALTER TABLE t ADD COLUMN b BIGINT NOT NULL DEFAULT 0;\nUPDATE t SET b = a * 10;";
    const BROKEN: &str = "UPDATE t SET b = 7;\nINSERT INTO nowhere VALUES (1);";

    #[tokio::test]
    async fn a_migration_meets_the_rows_of_the_one_before_and_each_runs_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = connect(&folder).await;
        run(&mut connection, Dialect::Sqlite, &[FIRST]).await.unwrap();
        for _ in 0..2 {
            run(&mut connection, Dialect::Sqlite, &[FIRST, SECOND]).await.unwrap();
            assert_eq!(number(&mut connection, "SELECT CAST(sum(b) AS BIGINT) FROM t").await, 30);
            assert_eq!(schema(&mut connection).await.unwrap(), 2);
        }
    }

    #[tokio::test]
    async fn bodies_that_went_by_github_s_id_go_by_our_key() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = connect(&folder).await;
        run(&mut connection, Dialect::Sqlite, &MIGRATIONS[..4]).await.unwrap();
        for (key, delivery) in [("01", "of-github"), ("02", "forgotten")] {
            let row = format!(
                "INSERT INTO delivery (id, delivery_id, event, host, received_at, body_hash, body_size, repeats)
                 VALUES ('{key}', '{delivery}', 'issues', 'github.com', 7, 'hash', 2, 0)"
            );
            sqlx::query(AssertSqlSafe(row)).execute(&mut connection).await.unwrap();
        }
        for row in [
            "INSERT INTO delivery_body (delivery_id, received_at, body) VALUES ('of-github', 7, x'01')",
            "INSERT INTO delivery_part (delivery_id, part, body) VALUES ('of-github', 1, x'02')",
        ] {
            sqlx::query(row).execute(&mut connection).await.unwrap();
        }
        run(&mut connection, Dialect::Sqlite, MIGRATIONS).await.unwrap();
        let whole = "SELECT count(*) FROM body JOIN body_part ON body_part.id = body.id
                     WHERE body.id = '01' AND body.body = x'01' AND part = 1 AND body_part.body = x'02'";
        assert_eq!(number(&mut connection, whole).await, 1);
        assert_eq!(number(&mut connection, "SELECT count(*) FROM body").await, 1);
    }

    #[tokio::test]
    async fn a_migration_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = connect(&folder).await;
        run(&mut connection, Dialect::Sqlite, &[FIRST, SECOND]).await.unwrap();
        assert!(run(&mut connection, Dialect::Sqlite, &[FIRST, SECOND, BROKEN]).await.is_err());
        assert_eq!(number(&mut connection, "SELECT CAST(sum(b) AS BIGINT) FROM t").await, 30);
        assert_eq!(schema(&mut connection).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn an_older_program_refuses_the_schema_of_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = connect(&folder).await;
        run(&mut connection, Dialect::Sqlite, &[FIRST, SECOND]).await.unwrap();
        let refused = run(&mut connection, Dialect::Sqlite, &[FIRST]).await;
        assert!(matches!(refused, Err(OpenError::SchemaNewer { found: 2, known: 1 })), "{refused:?}");
    }
}
