//! A database is opened, or refused with the reason and the cure.

use changegate::store::{Kept, OpenError, Store};
use sqlx::AnyPool;

use super::bench::{at, delivery, milestone, on_both};

async fn refused(url: &str) -> OpenError {
    match Store::open(url).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let url = "mysql://root:secret@localhost/x";
    insta::assert_snapshot!(refused(url).await, @"
    `…@localhost/x` is not a database we can use
      cure: write `sqlite:changegate.db`, or `postgres://user@host/name`
    ");
    for url in ["sqlite::memory:", "sqlite:", "changegate.db", ""] {
        assert!(matches!(refused(url).await, OpenError::NotADatabaseUrl(_)), "{url}");
    }
}

#[tokio::test]
async fn a_second_writer_is_refused_and_a_reader_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a b%20c.db").display());
    let store = Store::open(&url).await.unwrap();
    let words = refused(&url).await.to_string().replace(&folder.path().display().to_string(), "");
    insta::assert_snapshot!(words, @"
    another changegate already uses /a b%20c.db
      cure: stop it first, or give this one a database of its own; several servers need PostgreSQL
    ");
    let reader = Store::open_read_only(&url).await.unwrap();
    assert!(reader.audit_verify().await.unwrap().is_whole());
    assert!(
        reader.look_again(&super::bench::tenant(), &[milestone(1)], at(0)).await.is_err(),
        "it only reads"
    );
    assert!(reader.keep(delivery("one", "{}")).await.is_err());
    reader.close().await;
    store.close().await;
    drop(store);
    Store::open(&url).await.unwrap().close().await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_an_older_one_is_not_read_before_it_is_migrated() {
    on_both(async |bench| {
        bench.store.close().await;
        bench.tamper("UPDATE meta SET value = '999' WHERE name = 'schema'").await;
        let error = Store::open_read_only(&bench.url).await.unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"
            the database has schema 999, and this program knows schemas up to 1
              cure: run the newer changegate that was used last, or restore the backup made before it
            ");
        }
        if bench.postgres {
            assert!(matches!(refused(&bench.url).await, OpenError::SchemaNewer { found: 999, .. }));
        }
        bench.tamper("UPDATE meta SET value = '0' WHERE name = 'schema'").await;
        let error = Store::open_read_only(&bench.url).await.unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"
            the database has schema 0, and this program reads schema 1
              cure: start `changegate serve` once; it migrates the database
            ");
        }
        bench.tamper("UPDATE meta SET value = '1' WHERE name = 'schema'").await;
    })
    .await;
}

#[tokio::test]
async fn an_empty_database_is_not_read_and_a_missing_one_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let url = format!("sqlite:{}", path.display());
    assert!(matches!(Store::open_read_only(&url).await, Err(OpenError::Unreachable { .. })));
    assert!(!path.exists());
    std::fs::write(&path, "").unwrap();
    let refused = Store::open_read_only(&url).await;
    assert!(matches!(refused, Err(OpenError::SchemaOlder { found: 0, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_newer_sqlite_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("x.db").display());
    Store::open(&url).await.unwrap().close().await;
    let raw = AnyPool::connect(&url).await.unwrap();
    sqlx::query("UPDATE meta SET value = '2'").execute(&raw).await.unwrap();
    raw.close().await;
    assert!(matches!(refused(&url).await, OpenError::SchemaNewer { found: 2, known: 1 }));
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    std::fs::write(&path, "this is a letter, not a database. ".repeat(100)).unwrap();
    let error = refused(&format!("sqlite:{}", path.display())).await;
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
    let error = refused(&format!("sqlite:{}/nowhere/x.db", folder.path().display())).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
    let error = refused("postgres://nobody@127.0.0.1:1/x").await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn after_a_crash_what_was_acknowledged_is_there_and_free_to_be_claimed() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("x.db").display());
    let store = Store::open(&url).await.unwrap();
    assert_eq!(store.keep(delivery("one", "{}")).await, Ok(Kept::New));
    store.look_again(&super::bench::tenant(), &[milestone(1)], at(0)).await.unwrap();
    assert_eq!(store.claim_deliveries(64).await.unwrap().len(), 1);
    assert_eq!(store.claim_subjects(64, at(0)).await.unwrap().len(), 1);
    drop(store);
    let store = loop {
        match Store::open(&url).await {
            Err(OpenError::SecondWriter { .. }) => tokio::task::yield_now().await,
            opened => break opened.unwrap(),
        }
    };
    assert_eq!(store.claim_deliveries(64).await.unwrap()[0].attempts, 1);
    assert_eq!(store.claim_subjects(64, at(0)).await.unwrap()[0].attempts, 1);
    store.close().await;
}

#[tokio::test]
async fn replicas_that_start_at_once_migrate_once() {
    on_both(async |bench| {
        if !bench.postgres {
            return;
        }
        bench.store.close().await;
        bench.tamper("DROP SCHEMA public CASCADE").await;
        bench.tamper("CREATE SCHEMA public").await;
        let open = |_| {
            let url = bench.url.clone();
            async move { Store::open(&url).await.unwrap() }
        };
        let stores = (0..4).map(open).collect::<tokio::task::JoinSet<_>>().join_all().await;
        assert_eq!(stores[0].keep(delivery("one", "{}")).await, Ok(Kept::New));
        assert_eq!(stores[1].keep(delivery("one", "{}")).await, Ok(Kept::Repeated));
        for store in stores {
            store.close().await;
        }
    })
    .await;
}
