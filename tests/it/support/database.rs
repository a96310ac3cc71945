//! A fresh database for each test: SQLite always, PostgreSQL where a server is named.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, PgConnection};

/// One fresh database.
pub struct Database {
    pub url: String,
    /// Goes with the value.
    folder: Option<tempfile::TempDir>,
    /// The server that the database is to be dropped from.
    server: Option<(String, String)>,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A fresh SQLite file and, where `CHANGEGATE_TEST_POSTGRES` names a server, a fresh PostgreSQL database.
pub async fn databases() -> Vec<Database> {
    let mut databases = vec![Database::sqlite()];
    databases.extend(Database::postgres().await);
    databases
}

impl Database {
    /// A fresh SQLite file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("changegate.db").display());
        Self { url, folder: Some(folder), server: None }
    }

    /// A fresh PostgreSQL database; `None`, said loudly, where no server is named.
    pub async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("CHANGEGATE_TEST_POSTGRES") else {
            let required = std::env::var("CHANGEGATE_REQUIRE").is_ok_and(|list| list.contains("postgres"));
            assert!(!required, "PostgreSQL is required, and CHANGEGATE_TEST_POSTGRES names no server");
            say_once();
            return None;
        };
        let name = format!("changegate_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(&server).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .unwrap();
        let (start, _) = server.rsplit_once('/').unwrap();
        Some(Self { url: format!("{start}/{name}"), folder: None, server: Some((server, name)) })
    }

    /// Drops it.
    pub async fn remove(self) {
        if let Some((server, name)) = self.server {
            let mut connection = PgConnection::connect(&server).await.unwrap();
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&mut connection).await.unwrap();
        }
        drop(self.folder);
    }
}

/// Past the capture of the test harness, so that nobody takes half the tests for all of them.
fn say_once() {
    use std::{io::Write as _, sync::Once};
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let text = "\nSKIPPED: PostgreSQL. Set CHANGEGATE_TEST_POSTGRES=postgres://USER@HOST/DATABASE to test on it too.\n";
        std::io::stderr().lock().write_all(text.as_bytes()).unwrap();
    });
}
