//! What can go wrong with the database, in words for the person who has to do something about it.

use std::path::PathBuf;

/// Why a database was not opened: the reason, and the cure.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no database that we know.
    #[error(
        "`{0}` is not a database we can use\n  cure: write `sqlite:changegate.db`, or `postgres://user@host/name`"
    )]
    NotADatabaseUrl(String),
    /// A newer Changegate has been here.
    #[error(
        "the database has schema {found}, and this program knows schemas up to {known}\n  cure: run the newer changegate that was used last, or restore the backup made before it"
    )]
    SchemaNewer { found: i64, known: i64 },
    /// Only reading was asked for, and the schema must be migrated first.
    #[error(
        "the database has schema {found}, and this program reads schema {known}\n  cure: start `changegate serve` once; it migrates the database"
    )]
    SchemaOlder { found: i64, known: i64 },
    /// Another process writes to the same file.
    #[error(
        "another changegate already uses {path}\n  cure: stop it first, or give this one a database of its own; several servers need PostgreSQL"
    )]
    SecondWriter { path: PathBuf },
    /// SQLite cannot keep its promises there.
    #[error(
        "{path} is on a network file system ({file_system}), where SQLite can lose what was acknowledged\n  cure: put the file on a local disk, or use PostgreSQL"
    )]
    NetworkFileSystem { path: PathBuf, file_system: &'static str },
    /// Versions before 3.51.3 can corrupt a database in WAL mode.
    #[error(
        "SQLite {found} can corrupt its write-ahead log; 3.51.3 is the first that cannot\n  cure: build changegate with the SQLite it brings along"
    )]
    SqliteTooOld { found: String },
    /// The file is not a database, or is damaged.
    #[error(
        "the database is damaged: {why}\n  cure: keep the file aside and restore the last backup; what was delivered since is fetched again from GitHub"
    )]
    Corrupt { why: String },
    /// A copy that cannot be written to.
    #[error(
        "the PostgreSQL server is a read-only standby\n  cure: give the address of the primary; decisions cannot rest on a copy that lags behind"
    )]
    Standby,
    /// Not there, not allowed, no disk space.
    #[error(
        "the database cannot be reached: {why}\n  cure: check that the server runs or the folder exists and is writable, and that the URL is right"
    )]
    Unreachable { why: String },
}

/// Why a delivery was not stored. It is not acknowledged then, and GitHub shows it as failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// Too much is waiting to be written, or writing fails: try again later.
    #[error("cannot store now: {0}")]
    Busy(String),
    /// It can never be stored.
    #[error("cannot be stored: {0}")]
    Unfit(&'static str),
}

/// Why something in the database could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no, or said nothing.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row that this program cannot read.
    #[error("{what} cannot be read: {why}")]
    Unreadable { what: String, why: String },
    /// A row that a newer program wrote; a newer replica will take it.
    #[error("{0} was written by a newer changegate")]
    Newer(String),
    /// Somebody else took what was held, between looking and locking.
    #[error("somebody else holds it now")]
    Overtaken,
    /// What was written did not get to the disk. Whether it is there is not known any more until the next start.
    #[error(
        "the disk did not keep what was written: {0}\n  cure: see to the disk, then start changegate again"
    )]
    Disk(String),
    /// Something that cannot be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    Unwritable(#[from] serde_json::Error),
}

impl StoreError {
    pub(super) fn unreadable(what: impl Into<String>, why: impl ToString) -> Self {
        Self::Unreadable { what: what.into(), why: why.to_string() }
    }

    /// Whether another transaction was in the way, or the connection went away: trying again may help.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| is_passing_code(&code))
            }
            Self::Database(sqlx::Error::Io(_)) | Self::Overtaken => true,
            Self::Database(_)
            | Self::Unreadable { .. }
            | Self::Newer(_)
            | Self::Unwritable(_)
            | Self::Disk(_) => false,
        }
    }

    /// Whether this very data was refused, so that trying again cannot help.
    pub(super) fn is_about_the_data(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                // PostgreSQL: class 22 (data), 23 (integrity), 54 (limits). SQLite: TOOBIG, CONSTRAINT, MISMATCH.
                error.code().is_some_and(|code| {
                    code.len() == 5 && matches!(code.get(..2), Some("22" | "23" | "54"))
                        || primary(&code).is_some_and(|code| matches!(code, 18..=20))
                })
            }
            Self::Database(sqlx::Error::Encode(_)) | Self::Unreadable { .. } | Self::Unwritable(_) => true,
            Self::Database(_) | Self::Newer(_) | Self::Overtaken | Self::Disk(_) => false,
        }
    }
}

/// Serialization failure, deadlock, lock time-out, a terminated backend (PostgreSQL); busy, locked (SQLite).
fn is_passing_code(code: &str) -> bool {
    matches!(code, "40001" | "40P01" | "55P03" | "57P01")
        || primary(code).is_some_and(|code| matches!(code, 5 | 6))
}

/// SQLite's primary result code, out of the extended one; `None` for PostgreSQL's codes of five characters.
fn primary(code: &str) -> Option<u32> {
    (code.len() < 5).then(|| code.parse::<u32>().ok()).flatten().map(|code| code & 0xff)
}
