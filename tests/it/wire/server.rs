//! A running `changegate serve`, and the signals that end it.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command},
    time::{Duration, Instant},
};

use changegate::store::Counts;

use super::letter::{Answer, Letter, Line};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_changegate");
/// How long the server may take to start, and to finish its work.
const PATIENCE: Duration = Duration::from_secs(180);

#[expect(clippy::disallowed_methods, reason = "seconds of a test are seconds of the person who waits for it")]
pub fn now() -> Instant {
    Instant::now()
}

/// Lets real time pass.
pub async fn pause(span: Duration) {
    drop(tokio::time::timeout(span, std::future::pending::<()>()).await);
}

/// Asks again and again until there is an answer; falls over when it takes too long.
pub async fn until<T>(what: &str, asked: impl AsyncFn() -> Option<T>) -> T {
    let since = now();
    loop {
        if let Some(answer) = asked().await {
            return answer;
        }
        assert!(since.elapsed() < PATIENCE, "waited in vain: {what}");
        pause(Duration::from_millis(25)).await;
    }
}

/// A server in a process of its own; killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    process: Child,
    stderr: PathBuf,
    pub address: SocketAddr,
}

impl Server {
    /// Starts the command, which logs to `stderr`, and waits until it is ready.
    pub async fn start(command: &mut Command, stderr: PathBuf) -> Self {
        let process = command.stderr(fs::File::create(&stderr).unwrap()).spawn().unwrap();
        let mut server = Self { process, stderr, address: SocketAddr::from(([0, 0, 0, 0], 0)) };
        let since = now();
        while server.address.port() == 0 {
            let over = server.process.try_wait().unwrap();
            assert!(over.is_none() && since.elapsed() < PATIENCE, "not started: {}", server.stderr());
            pause(Duration::from_millis(20)).await;
            server.address = address_in(&server.stderr()).unwrap_or(server.address);
        }
        until("the server is ready", async || (server.ask("/readyz").await?.status == 200).then_some(()))
            .await;
        server
    }

    /// Asks a health page; `None` where nobody answers.
    pub async fn ask(&self, path: &'static str) -> Option<Answer> {
        self.line().await.ok()?.send(&Letter::get(path)).await.ok()
    }

    pub async fn line(&self) -> std::io::Result<Line> {
        Line::open(self.address).await
    }

    /// Sends one letter over a connection of its own.
    pub async fn send(&self, letter: &Letter) -> Answer {
        self.line().await.unwrap().send(letter).await.unwrap()
    }

    /// Waits until nothing is left to do.
    pub async fn idle(&self) {
        until("nothing is left to do", async || {
            let counts: Counts = serde_json::from_str(&self.ask("/readyz").await?.body).ok()?;
            counts.is_idle().then_some(())
        })
        .await;
    }

    /// What it said so far.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.stderr).unwrap()).into_owned()
    }

    pub fn id(&self) -> String {
        self.process.id().to_string()
    }

    /// The memory that it takes (`VmRSS`), or took at most (`VmHWM`), in MiB; 0 where the system does not say.
    pub fn memory(&self, what: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) / 1024
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to stop (SIGTERM).
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal: `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} \"$0\"");
        let said = Command::new("sh").args(["-c", &kill, &self.id()]).status().unwrap();
        assert!(said.success());
    }

    /// Asks it to stop, and waits: the exit code and the seconds that it took.
    pub async fn stop(mut self) -> (Option<i32>, f64) {
        let since = now();
        self.terminate();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return (status.code(), since.elapsed().as_secs_f64());
            }
            assert!(since.elapsed() < PATIENCE, "it does not stop: {}", self.stderr());
            pause(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be over already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn address_in(log: &str) -> Option<SocketAddr> {
    let listening = log.lines().find(|line| line.contains("\"listening\""))?;
    let listening: serde_json::Value = serde_json::from_str(listening).ok()?;
    listening["address"].as_str()?.parse().ok()
}
