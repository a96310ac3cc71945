//! Holds each page to an index that also brings it in order: a list grows for years.

use sqlx::{AssertSqlSafe, Row};

use super::{
    super::{Store, dialect::Dialect},
    entries, gates, subjects,
};

const PAGES: [(&str, &str); 7] = [
    (subjects::PAGE, "autoindex_subject_1"),
    (gates::EVERYWHERE, "gate_listed"),
    (gates::THERE, "gate_listed_there"),
    (entries::ALL, "audit_listed"),
    (entries::ALL_THERE, "audit_listed_there"),
    (entries::EXCEPTIONS, "exception_listed"),
    (entries::EXCEPTIONS_THERE, "exception_listed_there"),
];

#[tokio::test]
async fn every_page_of_a_list_is_read_from_one_index_and_needs_no_sorting() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
    for (text, index) in PAGES {
        let text = format!("EXPLAIN QUERY PLAN {}", Dialect::Sqlite.read(text));
        let rows = sqlx::query(AssertSqlSafe(text.clone()));
        let rows = rows.fetch_all(&store.database().reading).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("detail").unwrap()).collect();
        let plan = plan.join("\n") + " ";
        assert!(plan.contains(&format!("{index} ")), "{text}\n{plan}");
        assert!(!plan.contains("USE TEMP B-TREE") && !plan.contains("SCAN"), "{text}\n{plan}");
    }
    store.close().await;
}
