//! Holds the queries that run all day to their indexes: without them, a backlog makes every claim slower.

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row};

use super::{Store, dialect::Dialect, effects, gates, inbox, subjects, wake};

/// The query plan of SQLite for a text of ours.
async fn plan(store: &Store, text: &str) -> String {
    let text = format!("EXPLAIN QUERY PLAN {}", Dialect::Sqlite.read(text));
    let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(&store.database().reading).await.unwrap();
    rows.iter().map(|row| row.try_get::<String, _>("detail").unwrap()).collect::<Vec<_>>().join("\n")
}

/// What runs all day, and the index that serves it.
fn all_day() -> [(&'static str, &'static str); 13] {
    [
        (inbox::QUEUE.first, "delivery_waiting"),
        (inbox::QUEUE.of_tenant, "delivery_waiting_whose"),
        (inbox::QUEUE.tenants, "delivery_waiting_whose"),
        (subjects::QUEUE.first, "subject_due"),
        (subjects::QUEUE.of_tenant, "subject_due_tenant"),
        (subjects::QUEUE.tenants, "subject_due_tenant"),
        (effects::QUEUE.first, "effect_waiting"),
        (effects::QUEUE.of_tenant, "effect_waiting_tenant"),
        (effects::QUEUE.tenants, "effect_waiting_tenant"),
        (effects::ANNOUNCEMENTS.first, "effect_waiting"),
        (effects::ANNOUNCEMENTS.of_tenant, "effect_waiting_tenant"),
        (effects::ANNOUNCEMENTS.tenants, "effect_waiting_tenant"),
        (wake::READERS, "reading_key"),
    ]
}

#[tokio::test]
async fn what_runs_all_day_is_served_by_an_index_and_needs_no_sorting() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
    for (text, index) in all_day() {
        // Every line ends with a space, so that no index is taken for a longer named one.
        let plan = plan(&store, text).await.replace('\n', " \n") + " ";
        assert!(plan.split_whitespace().any(|word| word == index), "{text}\n{plan}");
        assert!(!plan.contains("USE TEMP B-TREE"), "{text}\n{plan}");
        assert!(!plan.contains("SCAN subject \n") && !plan.contains("SCAN effect \n"), "{text}\n{plan}");
    }
    store.close().await;
}

#[tokio::test]
async fn rows_that_are_named_are_found_by_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
    for (text, index) in [
        (
            "SELECT source FROM edge WHERE (tenant, target, relation) IN (VALUES ('a', 'b', 'c'))",
            "edge_target",
        ),
        (
            "SELECT id FROM subject WHERE (tenant, id) IN (VALUES ('a', 'b'), ('c', 'd'))",
            "autoindex_subject_1",
        ),
        (
            "SELECT body FROM subject_event WHERE (tenant, subject) IN (VALUES ('a', 'b'))",
            "autoindex_subject_event_1",
        ),
        (
            "WITH v (tenant, id) AS (VALUES ('a', 'b'), ('c', 'd'))
             UPDATE subject SET due_at = 1 FROM v WHERE subject.tenant = v.tenant AND subject.id = v.id",
            "autoindex_subject_1",
        ),
    ] {
        let plan = plan(&store, text).await;
        assert!(plan.contains(index), "{text}\n{plan}");
    }
    store.close().await;
}

#[tokio::test]
async fn who_asks_at_the_gate_and_who_waits_there_are_served_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
    for (text, index) in [(gates::NEWEST, "gate_asked"), (gates::CHANGED, "gate_changed")] {
        let plan = plan(&store, &text.replace("{rows}", "VALUES ('a', 'b'), ('c', 'd')")).await;
        assert!(plan.contains(index) && !plan.contains("USE TEMP B-TREE"), "{text}\n{plan}");
    }
    store.close().await;
}

/// Rows that came since the tables were analysed last: never.
const BACKLOG: [&str; 6] = [
    "ALTER TABLE delivery SET (autovacuum_enabled = off)",
    "ALTER TABLE subject SET (autovacuum_enabled = off)",
    "ALTER TABLE effect SET (autovacuum_enabled = off)",
    "INSERT INTO delivery (id, delivery_id, event, host, received_at, body_hash, body_size, repeats, whose)
     SELECT lpad(CAST(i AS TEXT), 26, '0'), CAST(i AS TEXT), 'issues', 'github.com', i, 'hash', 2, 0, '7'
     FROM generate_series(1, 10000) AS i",
    "INSERT INTO subject (tenant, id, kind, since, hops)
     SELECT 'tenant', CAST(i AS TEXT), 5, i, 0 FROM generate_series(1, 10000) AS i",
    "INSERT INTO effect (tenant, key, lane, body, hash, since)
     SELECT 'tenant', CAST(i AS TEXT), i % 4, '{}', 'hash', i FROM generate_series(1, 10000) AS i",
];

#[tokio::test]
async fn a_backlog_that_postgresql_knows_nothing_of_is_claimed_from_its_beginning() {
    let Some(server) = std::env::var("CHANGEGATE_TEST_POSTGRES").ok().filter(|url| !url.is_empty()) else {
        eprintln!("SKIPPED: CHANGEGATE_TEST_POSTGRES is not set");
        return;
    };
    sqlx::any::install_default_drivers();
    let mut admin = AnyConnection::connect(&server).await.unwrap();
    let name = format!("changegate_{}", ulid::Ulid::generate().to_string().to_lowercase());
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
    let (address, _) = server.rsplit_once('/').unwrap();
    let store = Store::open(&format!("{address}/{name}")).await.unwrap();
    let pool = &store.database().reading;
    for statement in BACKLOG {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
    let keys: Vec<String> = (1..=256).map(|i| format!("('{i:026}')")).collect();
    let held = inbox::HELD.replace("{rows}", &format!("VALUES {}", keys.join(",")));
    let all_day = all_day().map(|(text, index)| (text.to_owned(), index));
    for (text, index) in all_day.into_iter().chain([(held, "delivery_pkey")]) {
        let numbers = if text == wake::READERS {
            ["'a'", "'b'", "0", "'c'", "9"]
        } else {
            ["9", "99", "'t'", "9", "'7'"]
        };
        let text = numbers
            .iter()
            .zip(1..)
            .fold(Dialect::Postgres.read(&text), |text, (number, i)| text.replace(&format!("${i}"), number));
        let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN {text}"))).fetch_all(pool).await.unwrap();
        let plan = rows.iter().map(|row| row.try_get::<String, _>(0).unwrap()).collect::<Vec<_>>().join("\n");
        assert!(plan.contains(&format!("using {index} on ")), "{text}\n{plan}");
        assert!(!plan.contains("Bitmap") && !plan.contains("Seq Scan"), "{text}\n{plan}");
        assert!(text.contains("ORDER BY delivery_id") || !plan.contains("Sort Key"), "{text}\n{plan}");
    }
    store.close().await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::query(AssertSqlSafe(drop)).execute(&mut admin).await.unwrap();
}
