//! Refuses places where SQLite cannot keep what it acknowledged: old versions, network disks, two writers.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use super::error::OpenError;

/// The lock that keeps other processes from writing; held as long as the store is open.
#[derive(Debug)]
pub(super) struct Guard {
    _held: File,
}

/// The path in a `sqlite:` URL, or `None` where the URL is another's.
pub(super) fn sqlite_path(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let path = rest.split('?').next().unwrap_or_default();
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// The URL under which the driver opens this path.
pub(super) fn sqlite_url(path: &Path, mode: &str) -> String {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("sqlite:{path}?mode={mode}")
}

impl Guard {
    /// Refuses a network file system and a second writer; makes the lock file beside the database.
    pub(super) fn take(database: &Path) -> Result<Self, OpenError> {
        let folder = match database.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        refuse_network(folder, database)?;
        let path = lock_path(database);
        let unreachable =
            |error: std::io::Error| OpenError::Unreachable { why: format!("{}: {error}", path.display()) };
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(unreachable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _held: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::SecondWriter { path: database.into() }),
            Err(TryLockError::Error(error)) => Err(unreachable(error)),
        }
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

#[cfg(target_os = "linux")]
fn refuse_network(folder: &Path, database: &Path) -> Result<(), OpenError> {
    let found = rustix::fs::statfs(folder)
        .map_err(|error| OpenError::Unreachable { why: format!("{}: {error}", folder.display()) })?;
    // The number has 32 bits; its type, and whether its sign is extended, differ between machines.
    match network_file_system(i128::from(found.f_type) & 0xffff_ffff) {
        Some(file_system) => Err(OpenError::NetworkFileSystem { path: database.into(), file_system }),
        None => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn refuse_network(_folder: &Path, _database: &Path) -> Result<(), OpenError> {
    Ok(())
}

/// The name of a network file system, by the number that `statfs` gives it on Linux (`linux/magic.h`).
#[cfg(any(target_os = "linux", test))]
const fn network_file_system(number: i128) -> Option<&'static str> {
    match number {
        0x6969 => Some("NFS"),
        0x517b => Some("SMB"),
        0xff53_4d42 => Some("CIFS"),
        0xfe53_4d42 => Some("SMB2"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        0x0102_1997 => Some("9P"),
        0x7375_7245 => Some("Coda"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x0116_1970 => Some("GFS2"),
        0x7461_636f => Some("OCFS2"),
        _ => None,
    }
}

/// Whether this SQLite has the repair of the WAL reset (3.51.3, or its backports).
pub(super) fn is_safe(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    let version = (part(), part(), part());
    version >= (3, 51, 3) || matches!(version, (3, 50, 7..) | (3, 44, 6..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_that_can_corrupt_its_log_is_told_from_one_that_cannot() {
        for (version, safe) in [
            ("3.51.3", true),
            ("3.52.0", true),
            ("4.0.0", true),
            ("3.50.7", true),
            ("3.44.6", true),
            ("3.51.2", false),
            ("3.50.6", false),
            ("3.45.1", false),
            ("3.7.0", false),
            ("", false),
        ] {
            assert_eq!(is_safe(version), safe, "{version}");
        }
    }

    #[test]
    fn network_file_systems_are_told_from_local_ones() {
        for (number, name) in [
            (0x6969, Some("NFS")),
            (0xff53_4d42, Some("CIFS")),
            (0xef53, None),
            (0x0102_1994, None),
            (0x9123_683e, None),
        ] {
            assert_eq!(network_file_system(number), name, "{number:x}");
        }
    }

    #[test]
    fn the_path_is_read_out_of_the_url() {
        for (url, path) in [
            ("sqlite:changegate.db", Some("changegate.db")),
            ("sqlite:/var/lib/x.db", Some("/var/lib/x.db")),
            ("sqlite:///var/lib/x.db?mode=rwc", Some("/var/lib/x.db")),
            ("sqlite://x.db", Some("x.db")),
            ("sqlite::memory:", None),
            ("sqlite:", None),
            ("postgres://localhost/x", None),
        ] {
            assert_eq!(sqlite_path(url), path.map(PathBuf::from), "{url}");
        }
    }
}
