//! SQLite's write-ahead log, brought to the disk beside the one who writes. Whoever commits leaves the connection to the next
//! and waits here: one sync is for everybody who committed before it began, and meanwhile the next ones write. Nothing is
//! acknowledged, sent or answered before. (`synchronous=FULL` would hold the connection for as long as the disk takes.)

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{sync::Mutex, task::spawn_blocking};

use super::error::StoreError;

/// The log of one database.
#[derive(Debug)]
pub(super) struct Disk {
    path: PathBuf,
    /// Transactions that began to write, and those that ended.
    begun: AtomicU64,
    ended: AtomicU64,
    /// So many had begun, and all of them had ended, when a sync began that succeeded.
    covered: AtomicU64,
    /// Everybody who waits has a number.
    asked: AtomicU64,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    file: Option<Arc<File>>,
    /// Whoever has this number or a smaller one is on disk.
    done: u64,
    /// Of what could not be written once, the system forgets that it is not on disk: nothing is believed any more.
    broken: Option<String>,
}

/// A transaction that writes, for as long as this lives.
pub(super) struct Underway<'a>(&'a Disk);

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

impl Disk {
    /// For the database file at this path, which is there.
    pub(super) fn of(database: &Path) -> io::Result<Self> {
        let mut path = database.canonicalize()?.into_os_string();
        path.push("-wal");
        let counter = AtomicU64::default;
        Ok(Self {
            path: path.into(),
            begun: counter(),
            ended: counter(),
            covered: counter(),
            asked: counter(),
            log: Mutex::default(),
        })
    }

    pub(super) fn begin(&self) -> Underway<'_> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Underway(self)
    }

    /// Returns when all is on disk that was committed before this was called.
    pub(super) async fn sync(&self) -> Result<(), StoreError> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut log = self.log.lock().await;
        if log.done >= mine {
            return Ok(());
        }
        if let Some(why) = &log.broken {
            return Err(StoreError::Disk(why.clone()));
        }
        let asked = self.asked.load(Ordering::SeqCst);
        let ended = self.ended.load(Ordering::SeqCst);
        let begun = self.begun.load(Ordering::SeqCst);
        if let Err(error) = log.sync(&self.path).await {
            log.broken = Some(error.to_string());
            return Err(StoreError::Disk(error.to_string()));
        }
        log.done = asked;
        if ended == begun {
            self.covered.store(begun, Ordering::SeqCst);
        }
        Ok(())
    }

    /// The same, for whoever has read something: nothing to wait for where nothing was written since the last sync.
    pub(super) async fn sync_what_was_read(&self) -> Result<(), StoreError> {
        if self.covered.load(Ordering::SeqCst) == self.begun.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.sync().await
    }
}

impl Log {
    async fn sync(&mut self, path: &Path) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => Arc::clone(self.file.insert(Arc::new(File::open(path)?))),
        };
        spawn_blocking(move || file.sync_data()).await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (tempfile::TempDir, Disk) {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        std::fs::write(&database, "").unwrap();
        let disk = Disk::of(&database).unwrap();
        (folder, disk)
    }

    #[tokio::test]
    async fn what_was_read_while_somebody_writes_is_waited_for() {
        let (folder, disk) = log();
        std::fs::write(folder.path().join("a.db-wal"), "").unwrap();
        let underway = disk.begin();
        disk.sync_what_was_read().await.unwrap();
        assert_eq!(disk.covered.load(Ordering::SeqCst), 0, "it was synced before it had ended");
        drop(underway);
        disk.sync_what_was_read().await.unwrap();
        assert_eq!(disk.covered.load(Ordering::SeqCst), 1);
        let asked = disk.asked.load(Ordering::SeqCst);
        disk.sync_what_was_read().await.unwrap();
        assert_eq!(disk.asked.load(Ordering::SeqCst), asked, "nothing was written since");
    }

    #[tokio::test]
    async fn a_disk_that_failed_once_is_never_believed_again() {
        let (folder, disk) = log();
        assert!(disk.sync().await.is_err(), "there is no log");
        std::fs::write(folder.path().join("a.db-wal"), "").unwrap();
        assert!(disk.sync().await.is_err());
    }
}
