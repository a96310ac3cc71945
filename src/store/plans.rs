//! Holds the queries that run all day to their indexes: without them, a backlog makes every claim slower.

use sqlx::{AssertSqlSafe, Row};

use super::{Store, dialect::Dialect, effects, inbox, subjects, wake};

/// The query plan of SQLite for a text of ours.
async fn plan(store: &Store, text: &str) -> String {
    let text = format!("EXPLAIN QUERY PLAN {}", Dialect::Sqlite.read(text));
    let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(&store.database().reading).await.unwrap();
    rows.iter().map(|row| row.try_get::<String, _>("detail").unwrap()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_runs_all_day_is_served_by_an_index_and_needs_no_sorting() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
    for (text, index) in [
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
    ] {
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
            "SELECT source FROM edge WHERE tenant = 'a' AND (target, relation) IN (VALUES ('b', 'c'))",
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
