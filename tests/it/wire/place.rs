//! Where the program is installed: its database, its settings, the GitHub that it talks to.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use changegate::sandbox::{Delivery, Entry, Numbered, Sandbox, SandboxClock, SandboxSettings};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::{AnyConnection, Connection as _, Row as _};

use super::{
    letter::Letter,
    server::{PROGRAM, Server},
};
use crate::support::Database;

/// A second secret, accepted while the first one is changed.
pub const NEXT_SECRET: &str = "the secret that comes after this one";

/// An installation with a small GitHub of its own: Acme, its repository `acme/web`, and `sam` who asks for things.
pub struct Place {
    pub github: Sandbox,
    pub database: Database,
    /// Where the program is started.
    pub folder: tempfile::TempDir,
    settings: Vec<(String, String)>,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// A stored delivery.
#[derive(Debug, Clone)]
pub struct Stored {
    pub id: String,
    pub state: String,
    pub why: String,
    pub repeats: i64,
    pub is_waiting: bool,
}

impl Place {
    pub async fn open(database: Database) -> Self {
        Self::ruled_by(database, "").await
    }

    /// The same, with these lines over the smallest policy.
    pub async fn ruled_by(database: Database, lines: &str) -> Self {
        let policy = format!("{POLICY}{lines}");
        let github = Sandbox::start(SandboxSettings::new(SandboxClock::Following(system))).await.unwrap();
        github.add_organization("acme", &["sam", "tess", "rosa"]);
        github.add_team("acme", "triage", &["tess"]);
        github.add_repository("acme/.github", &[(".github/changegate.yml", &policy)]);
        github.add_repository("acme/web", &[("README.md", "# Here\n")]);
        github.by("rosa").install("acme", None);
        let folder = tempfile::tempdir().unwrap();
        let secrets = format!("{}\n{NEXT_SECRET}", github.webhook_secret());
        let settings = [
            ("LISTEN", "127.0.0.1:0"),
            ("DATABASE_URL", &database.url),
            ("GITHUB_API_URL", github.api_url()),
            ("GITHUB_WEB_URL", github.web_url()),
            ("APP_ID", &github.app_id().to_string()),
            ("PRIVATE_KEY", github.private_key_pem()),
            ("WEBHOOK_SECRET", &secrets),
        ]
        .map(|(name, value)| (format!("CHANGEGATE_{name}"), value.to_owned()))
        .to_vec();
        Self { github, database, folder, settings }
    }

    /// With another setting; an empty value takes it away.
    pub fn set(&mut self, name: &str, value: &str) {
        let name = format!("CHANGEGATE_{name}");
        self.settings.retain(|(set, _)| *set != name);
        if !value.is_empty() {
            self.settings.push((name, value.to_owned()));
        }
    }

    /// A command with the settings of this place and nothing else in its environment.
    pub fn prepare(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.settings.iter().cloned()).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    pub async fn serve(&self) -> Server {
        let mut command = self.prepare(PROGRAM, &["serve"]);
        self.start(&mut command).await
    }

    /// A server beside one that runs already; the webhooks go to the new one.
    pub async fn serve_beside(&self) -> Server {
        let mut command = self.prepare(PROGRAM, &["serve"]);
        let name = format!("stderr.{}", fs::read_dir(self.folder.path()).unwrap().count());
        self.start_with(&mut command, &name).await
    }

    pub async fn start(&self, command: &mut Command) -> Server {
        self.start_with(command, "stderr").await
    }

    async fn start_with(&self, command: &mut Command, stderr: &str) -> Server {
        let server = Server::start(command, self.folder.path().join(stderr)).await;
        self.github.set_webhook_target(&format!("http://{}/webhooks/github", server.address));
        server
    }

    /// Delivers what GitHub owes, until nothing moves any more.
    pub async fn settle(&self, server: &Server) {
        while self.github.deliver().await > 0 {
            server.idle().await;
        }
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let mut command = self.prepare(PROGRAM, arguments);
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = tokio::task::block_in_place(|| output.output()).unwrap();
        let text = |bytes: &[u8]| self.without_paths(&String::from_utf8_lossy(bytes));
        Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Output as it is on every machine.
    fn without_paths(&self, text: &str) -> String {
        let database = self.database_file().and_then(|file| file.parent().map(Path::to_path_buf));
        let text = text.replace(&self.folder.path().display().to_string(), "HERE");
        database.map_or(text.clone(), |folder| text.replace(&folder.display().to_string(), "DATA"))
    }

    /// The file of a SQLite database.
    pub fn database_file(&self) -> Option<std::path::PathBuf> {
        self.database.url.strip_prefix("sqlite:").map(Into::into)
    }

    /// A letter as this GitHub signs it.
    pub fn letter(&self, id: &str, event: &str, body: impl Into<Vec<u8>>) -> Letter {
        Letter::signed(&self.github.webhook_secret(), id, event, body)
    }

    /// Sam opens an issue with the intake label: where it is, and what GitHub owes the App.
    pub fn change_request(&self, title: &str) -> (Numbered, Vec<Delivery>) {
        let at = self.github.by("sam").open_labelled_issue("acme/web", title, "Please.", &["change-request"]);
        (at, self.github.take_deliveries())
    }

    /// Sam pushes a branch and opens a pull request from it: where it is, and its head.
    pub fn open_pull_request(&self, branch: &str, body: &str) -> (Numbered, String) {
        let sam = self.github.by("sam");
        let (file, title) = (format!("{branch}.txt"), format!("Build {branch}"));
        let head = sam.push("acme/web", branch, &[(&file, branch)], &title);
        let entry = Entry { head: branch, base: "main", title: &title, body, draft: false };
        (sam.open_pull_request("acme/web", entry), head)
    }

    /// Our comments on an issue, oldest first.
    pub fn comments(&self, on: Numbered) -> Vec<String> {
        let ours = |comment: &&Value| comment["user"]["type"] == "Bot";
        let text = |comment: &Value| comment["body"].as_str().unwrap_or_default().to_owned();
        self.github.comments(on).iter().filter(ours).map(text).collect()
    }

    /// A hand that reaches into the database from outside.
    pub async fn raw(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        AnyConnection::connect(&self.database.url).await.unwrap()
    }

    /// The deliveries that are stored, in the order of arrival.
    pub async fn stored(&self) -> Vec<Stored> {
        let mut raw = self.raw().await;
        let rows = sqlx::query("SELECT delivery_id, state, why, repeats, waiting FROM delivery ORDER BY id")
            .fetch_all(&mut raw)
            .await
            .unwrap();
        raw.close().await.unwrap();
        let stored = |row: &sqlx::any::AnyRow| Stored {
            id: row.get(0),
            state: row.get(1),
            why: row.get::<Option<String>, _>(2).unwrap_or_default().replace(r"\\", r"\"),
            repeats: row.get(3),
            is_waiting: row.get::<i64, _>(4) == 1,
        };
        rows.iter().map(stored).collect()
    }

    pub async fn close(self) {
        self.github.stop();
        self.database.remove().await;
    }
}

const POLICY: &str =
    "version: 1\nmode: enforce\nroles: { triager: [acme/triage], release-manager: [rosa] }\n";

#[expect(clippy::disallowed_methods, reason = "the sandbox and the program follow the same clock")]
fn system() -> Timestamp {
    Timestamp::now()
}
