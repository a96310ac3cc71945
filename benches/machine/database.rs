//! A database for one measurement, and what is counted in it afterwards.

use std::{fmt, path::Path};

use anyhow::Context;
use sqlx::{AnyPool, AssertSqlSafe, Row};

/// Where deliveries are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// An empty database, for as long as this lives.
pub struct Database {
    pub url: String,
    /// The address of the server, and the name of the database there.
    server: Option<(String, String)>,
    _folder: tempfile::TempDir,
}

/// The server that the environment names.
pub fn postgres_server() -> Option<String> {
    std::env::var("CHANGEGATE_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

impl Database {
    pub async fn create(kind: Kind) -> anyhow::Result<Self> {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir()?;
        match kind {
            Kind::Sqlite => {
                let url = format!("sqlite:{}", folder.path().join("changegate.db").display());
                Ok(Self { url, server: None, _folder: folder })
            }
            Kind::Postgres => {
                let server = postgres_server().context("CHANGEGATE_TEST_POSTGRES is not set")?;
                let name = format!("changegate_{}", ulid::Ulid::generate().to_string().to_lowercase());
                order(&server, format!("CREATE DATABASE {name}")).await?;
                Ok(Self { url: with_database(&server, &name), server: Some((server, name)), _folder: folder })
            }
        }
    }

    /// One number from the database, beside the server that writes to it.
    pub async fn count(&self, question: &'static str) -> anyhow::Result<i64> {
        let pool = AnyPool::connect(&self.url).await?;
        let row = sqlx::query(question).fetch_one(&pool).await?;
        pool.close().await;
        Ok(row.try_get(0)?)
    }

    /// A connection to ask again and again.
    pub async fn connect(&self) -> anyhow::Result<AnyPool> {
        Ok(AnyPool::connect(&self.url).await?)
    }

    /// Takes it away again.
    pub async fn remove(self) -> anyhow::Result<()> {
        match &self.server {
            Some((server, name)) => order(server, format!("DROP DATABASE {name} WITH (FORCE)")).await,
            None => Ok(()),
        }
    }
}

/// The folder of the temporary files, as it is told.
pub fn place() -> String {
    Path::new(&std::env::temp_dir()).display().to_string()
}

async fn order(server: &str, text: String) -> anyhow::Result<()> {
    let pool = AnyPool::connect(server).await?;
    sqlx::query(AssertSqlSafe(text)).execute(&pool).await?;
    pool.close().await;
    Ok(())
}

fn with_database(server: &str, name: &str) -> String {
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let address = address.rsplit_once('/').map_or(address, |(address, _)| address);
    format!("{address}/{name}{}{options}", if options.is_empty() { "" } else { "?" })
}
