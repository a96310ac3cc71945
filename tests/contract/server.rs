//! The running program: `changegate serve`, with settings by the environment, and the sandbox as its GitHub.

use std::fs::File;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use changegate::clock::Clock;
use changegate::sandbox::{Sandbox, SandboxClock, SandboxSettings};
use changegate::store::{Counts, Store};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_changegate");
/// Long enough for a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of its own process.
pub struct Server {
    child: Child,
    /// Where its webhooks go.
    pub webhooks: String,
    database: String,
    folder: TempDir,
    _sandbox: Sandbox,
}

impl Server {
    /// Starts it and waits until it listens.
    pub async fn start(database: &str, secret: &str, arguments: &[&str]) -> Self {
        let clock = SandboxClock::Following(|| Clock::system().now());
        let sandbox = Sandbox::start(SandboxSettings::new(clock)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let child = program(database)
            .arg("serve")
            .args(arguments)
            .env("CHANGEGATE_LISTEN", "127.0.0.1:0")
            .env("CHANGEGATE_GITHUB_API_URL", sandbox.api_url())
            .env("CHANGEGATE_GITHUB_WEB_URL", sandbox.web_url())
            .env("CHANGEGATE_APP_ID", sandbox.app_id().to_string())
            .env("CHANGEGATE_PRIVATE_KEY", sandbox.private_key_pem())
            .env("CHANGEGATE_WEBHOOK_SECRET", secret)
            .stderr(File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let (webhooks, database) = (String::new(), database.to_owned());
        let mut server = Self { child, webhooks, database, folder, _sandbox: sandbox };
        let address = server.until("it listens", async |server| server.address()).await;
        server.webhooks = format!("http://{address}/webhooks/github");
        server
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// What it said of itself when it was ready.
    fn address(&self) -> Option<String> {
        let said: Vec<Value> =
            self.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let ready = said.iter().find(|line| line["message"] == "listening")?;
        ready["address"].as_str().map(str::to_owned)
    }

    /// Waits until something is so.
    async fn until<T>(&mut self, what: &str, mut find: impl AsyncFnMut(&mut Self) -> Option<T>) -> T {
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                ticks.tick().await;
                if let Some(found) = find(self).await {
                    return found;
                }
            }
        });
        let found = found.await;
        found.unwrap_or_else(|_| panic!("after {PATIENCE:?} it is not so that {what}:\n{}", self.log()))
    }

    /// Waits until every delivery is routed, and every subject judged as far as it can be now.
    pub async fn settle(&mut self) -> Counts {
        let store = Store::open_read_only(&self.database).await.unwrap();
        let idle = async |_: &mut Self| {
            let counts = store.counts(Clock::system().now()).await.unwrap();
            counts.is_idle().then_some(counts)
        };
        let counts = self.until("nothing is left to do", idle).await;
        store.close().await;
        counts
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Panics
    /// When it ends with anything but success.
    pub async fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success(), "kill: {asked}");
        let ended: ExitStatus = self.until("it has stopped", async |it| it.child.try_wait().unwrap()).await;
        assert!(ended.success(), "{ended}\n{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn program(database: &str) -> Command {
    let mut program = Command::new(PROGRAM);
    program.env_clear().env("CHANGEGATE_DATABASE_URL", database);
    program
}

/// What a command of the program prints.
///
/// # Panics
/// When it fails.
pub fn command(database: &str, arguments: &[&str]) -> String {
    let output = program(database).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
