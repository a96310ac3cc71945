//! The other processes: started, listened to, looked at, and killed when they are done with.

use std::io::{BufRead as _, BufReader, Read as _};
use std::{
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::Context;
use serde::{Serialize, de::DeserializeOwned};

/// A server in a process of its own; it is killed when this is dropped.
pub struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    pub address: String,
}

impl Server {
    /// Starts this program as one of the servers of [`crate::servers`].
    pub fn of_ours(words: &[&str]) -> anyhow::Result<Self> {
        let mut server = Self::start(Command::new(std::env::current_exe()?).args(words))?;
        server.output.read_line(&mut server.address)?;
        server.address.truncate(server.address.trim_end().len());
        Ok(server)
    }

    /// Starts `changegate serve` with these settings, and waits until it is ready.
    pub async fn changegate(settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        drop(listener);
        let mut command = Command::new(env!("CARGO_BIN_EXE_changegate"));
        command.arg("serve").env("CHANGEGATE_LISTEN", &address).env("CHANGEGATE_LOG", "error");
        // As `deploy/` starts it.
        command.env("MALLOC_ARENA_MAX", "1").env("MALLOC_MMAP_THRESHOLD_", "131072");
        command.env("MALLOC_TRIM_THRESHOLD_", "131072");
        command.env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=24");
        for (name, value) in settings {
            command.env(name, value);
        }
        let mut server = Self::start(&mut command)?;
        server.address = address;
        while tokio::net::TcpStream::connect(&server.address).await.is_err() {
            if let Some(status) = server.child.try_wait()? {
                anyhow::bail!("changegate serve ended: {status}");
            }
            crate::latency::pause(std::time::Duration::from_millis(20)).await;
        }
        Ok(server)
    }

    fn start(command: &mut Command) -> anyhow::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Self { child, output, address: String::new() })
    }

    /// How long processors have worked for it so far; `None` where the system does not tell.
    pub fn processor_time(&self) -> Option<std::time::Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks: u64 =
            fields.split_whitespace().skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum();
        // Linux tells hundredths of a second, whatever its own clock does.
        Some(std::time::Duration::from_millis(ticks * 10))
    }

    /// The most memory that it ever had, in megabytes (10⁶ bytes); `None` where the system does not tell.
    pub fn peak_memory(&self) -> Option<f64> {
        self.megabytes("VmHWM:")
    }

    /// The memory that it has now.
    pub fn memory(&self) -> Option<f64> {
        self.megabytes("VmRSS:")
    }

    fn megabytes(&self, name: &str) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: u32 = line.split_whitespace().next()?.parse().ok()?;
        Some(f64::from(kibibytes) * 1024.0 / 1e6)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs this program as a generator to its end: what it is told goes to a file, what it tells is a line of JSON.
pub async fn generate<Told: DeserializeOwned>(folder: &Path, order: &impl Serialize) -> anyhow::Result<Told> {
    let path = folder.join("order.json");
    std::fs::write(&path, serde_json::to_string(order)?)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("generate").arg(&path).stdin(Stdio::null()).stdout(Stdio::piped());
    let told = tokio::task::spawn_blocking(move || -> anyhow::Result<String> {
        let mut child = command.spawn()?;
        let mut told = String::new();
        child.stdout.take().context("no output")?.read_to_string(&mut told)?;
        anyhow::ensure!(child.wait()?.success(), "the generator failed");
        Ok(told)
    });
    Ok(serde_json::from_str(&told.await??)?)
}
