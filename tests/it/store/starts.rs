//! A database is opened, or refused with the reason and the cure.

use changegate::store::{Due, Kept, OpenError, Store};
use sqlx::{AnyPool, Row};

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
            the database has schema 999, and this program knows schemas up to 13
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
            the database has schema 0, and this program reads schema 13
              cure: start `changegate serve` once; it migrates the database
            ");
        }
        bench.tamper("UPDATE meta SET value = '2' WHERE name = 'schema'").await;
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
    sqlx::query("UPDATE meta SET value = '999'").execute(&raw).await.unwrap();
    raw.close().await;
    assert!(matches!(refused(&url).await, OpenError::SchemaNewer { found: 999, .. }));
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

/// Where the first page of a table or an index begins.
async fn page_of(path: &std::path::Path, name: &str) -> usize {
    let raw = AnyPool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    let size = sqlx::query("PRAGMA page_size").fetch_one(&raw).await.unwrap().get::<i64, _>(0);
    let root = sqlx::query("SELECT rootpage FROM sqlite_schema WHERE name = $1").bind(name.to_owned());
    let root = root.fetch_one(&raw).await.unwrap().get::<i64, _>(0);
    raw.close().await;
    usize::try_from((root - 1) * size).unwrap()
}

#[tokio::test]
async fn a_file_with_flipped_bytes_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let sound = folder.path().join("sound.db");
    let store = Store::open(&format!("sqlite:{}", sound.display())).await.unwrap();
    for number in 0..200 {
        store.keep(delivery(&format!("{number}"), &"{}".repeat(500))).await.unwrap();
    }
    let subjects: Vec<_> = (0..200).map(milestone).collect();
    store.look_again(&super::bench::tenant(), &subjects, at(0)).await.unwrap();
    store.close().await;
    drop(store);
    let bytes = std::fs::read(&sound).unwrap();
    for table in ["delivery", "subject", "subject_due", "audit", "meta"] {
        let start = page_of(&sound, table).await;
        let mut bytes = bytes.clone();
        // The head of the page, and where its cells begin.
        bytes[start..start + 16].iter_mut().for_each(|byte| *byte ^= 0xff);
        let path = folder.path().join(format!("{table}.db"));
        std::fs::write(&path, &bytes).unwrap();
        let error = refused(&format!("sqlite:{}", path.display())).await;
        assert!(matches!(error, OpenError::Corrupt { .. }), "{table}: {error}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{table} is as it was");
    }
    Store::open(&format!("sqlite:{}", sound.display())).await.unwrap().close().await;
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let url = format!("sqlite:{}", path.display());
    let store = Store::open(&url).await.unwrap();
    let subjects: Vec<_> = (0..500).map(milestone).collect();
    store.look_again(&super::bench::tenant(), &subjects, at(0)).await.unwrap();
    store.close().await;
    drop(store);
    let length = std::fs::metadata(&path).unwrap().len();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(length / 2).unwrap();
    let words = refused(&url).await.to_string().replace(&folder.path().display().to_string(), "");
    let (first, cure) = words.split_once('\n').unwrap();
    assert!(first.starts_with("the database is damaged: "), "{words}");
    insta::assert_snapshot!(cure, @"  cure: keep the file aside and restore the last backup; what was delivered since is fetched again from GitHub");
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

/// How many processes share the database, as PostgreSQL shows them.
const SESSIONS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1752132708
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[tokio::test]
async fn what_a_process_held_is_free_soon_after_its_end_and_not_before() {
    on_both(async |bench| {
        if !bench.postgres {
            return;
        }
        let (dies, lives) = (Store::open(&bench.url).await.unwrap(), Store::open(&bench.url).await.unwrap());
        assert_eq!(bench.number(SESSIONS).await, 3);
        for id in ["of the dead", "of the living"] {
            assert_eq!(bench.store.keep(delivery(id, "{}")).await, Ok(Kept::New));
        }
        assert_eq!(dies.claim_deliveries(1).await.unwrap()[0].id, "of the dead");
        assert_eq!(lives.claim_deliveries(1).await.unwrap()[0].id, "of the living");
        assert!(bench.store.claim_deliveries(9).await.unwrap().is_empty(), "held");
        drop(dies);
        let hints = bench.store.hints(Due::Deliveries);
        let freed = tokio::time::timeout(std::time::Duration::from_secs(20), async {
            loop {
                let claimed = bench.store.claim_deliveries(9).await.unwrap();
                if !claimed.is_empty() {
                    return claimed;
                }
                hints.forget();
                hints.wait().await;
            }
        });
        let freed = freed.await.expect("its lease of half a minute is not waited out");
        assert_eq!(freed.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["of the dead"]);
        lives.close().await;
        assert_eq!(bench.store.claim_deliveries(9).await.unwrap()[0].id, "of the living");
        assert_eq!(bench.number(SESSIONS).await, 1);
    })
    .await;
}
