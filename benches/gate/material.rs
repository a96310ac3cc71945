//! What is asked about: repositories of a small GitHub, half of which may be deployed.

use std::{process::Command, time::Duration};

use anyhow::{Context, ensure};
use changegate::{
    sandbox::{Entry, Limits, Numbered, Sandbox, SandboxClock, SandboxSettings},
    store::Counts,
};
use jiff::Timestamp;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    ask::{NUMBER, Question},
    database::Database,
    latency::{now, pause},
    process::Server,
};

/// Repositories whose change is accepted, and as many where it is not.
const REPOSITORIES: usize = 4;
/// Environments of each.
pub const ENVIRONMENTS: usize = 50;
const POLICY: &str = "
version: 1
mode: enforce
roles: { triager: [tess], release-manager: [rosa] }
repositories: [{ match: \"acme/*\", ship: continuous, change: issue }]
environments:
  production:
    door: pipeline
    names: [\"prod-*\"]
    from: { branches: [default] }
    require: [{ range: traced }, { change: accepted }]
";
const PATIENCE: Duration = Duration::from_secs(60);

/// A small GitHub, the servers beside it, and what may be asked of them.
pub struct Place {
    pub github: Sandbox,
    pub servers: Vec<Server>,
    settings: Vec<(&'static str, String)>,
    accepted: Vec<Repository>,
    waiting: Vec<Repository>,
}

/// A repository, what is to be deployed of it, and the token of its pipeline.
struct Repository {
    name: String,
    head: String,
    token: String,
}

impl Place {
    /// Sets the scene: one organisation, its servers, and in each repository a change that was merged.
    pub async fn prepare(database: &Database, servers: usize) -> anyhow::Result<Self> {
        let github = Sandbox::start(SandboxSettings::new(SandboxClock::Following(system))).await?;
        let (primary, content_per_minute, content_per_hour) = (1_000_000, 1_000_000, 1_000_000);
        github.set_limits(Limits { primary, content_per_minute, content_per_hour });
        github.add_organization("acme", &["sam", "tess", "rosa"]);
        github.add_repository("acme/.github", &[("README.md", "# Here\n")]);
        let names = |kind: &str| (0..REPOSITORIES).map(|i| format!("acme/{kind}-{i}")).collect::<Vec<_>>();
        let (accepted, waiting) = (names("web"), names("late"));
        for name in accepted.iter().chain(&waiting) {
            github.add_repository(name, &[("README.md", "# Here\n")]);
            github.add_label(name, "change-request");
        }
        drop(github.take_deliveries());
        github.by("rosa").install("acme", None);
        let settings = vec![
            ("CHANGEGATE_DATABASE_URL", database.url.clone()),
            ("CHANGEGATE_GITHUB_API_URL", github.api_url().to_owned()),
            ("CHANGEGATE_GITHUB_WEB_URL", github.web_url().to_owned()),
            ("CHANGEGATE_APP_ID", github.app_id().to_string()),
            ("CHANGEGATE_PRIVATE_KEY", github.private_key_pem().to_owned()),
            ("CHANGEGATE_WEBHOOK_SECRET", github.webhook_secret()),
            // What is measured is how fast it answers, not how much it lets one token ask.
            ("CHANGEGATE_REQUESTS_PER_MINUTE", "1000000".into()),
        ];
        let mut place = Self { github, servers: vec![], settings, accepted: vec![], waiting: vec![] };
        for _ in 0..servers {
            place.serve().await?;
        }
        place.settle().await?;
        for name in accepted.iter().chain(&waiting) {
            let first = place.github.head(name, "main").context("an empty repository")?;
            for number in 0..ENVIRONMENTS {
                place.github.by("rosa").deploy(name, &format!("prod-{number}"), &first, &["success"]);
            }
        }
        place.settle().await?;
        // What was deployed before there was a policy is nobody's by-pass.
        place.github.by("rosa").push("acme/.github", "main", &[(".github/changegate.yml", POLICY)], "Policy");
        place.settle().await?;
        place.accepted = place.merged(accepted, true).await?;
        place.waiting = place.merged(waiting, false).await?;
        Ok(place)
    }

    async fn serve(&mut self) -> anyhow::Result<()> {
        let settings: Vec<(&str, &str)> =
            self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let server = Server::changegate(&settings).await?;
        self.github.set_webhook_target(&format!("http://{}/webhooks/github", server.address));
        self.servers.push(server);
        Ok(())
    }

    pub fn addresses(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.address.clone()).collect()
    }

    /// In each repository somebody asks for something and builds it.
    async fn merged(&self, names: Vec<String>, accept: bool) -> anyhow::Result<Vec<Repository>> {
        let mut issues = vec![];
        for name in &names {
            issues.push(self.github.by("sam").open_labelled_issue(
                name,
                "Export",
                "Please.",
                &["change-request"],
            ));
        }
        self.settle().await?;
        if accept {
            for issue in &issues {
                self.github.by("tess").comment(*issue, "/accept");
            }
            self.settle().await?;
        }
        let mut pulls = vec![];
        for (name, issue) in names.iter().zip(&issues) {
            let sam = self.github.by("sam");
            sam.push(name, "export", &[("export.txt", "export")], "Export");
            let body = format!("Closes #{}", issue.number);
            let entry = Entry { head: "export", base: "main", title: "Export", body: &body, draft: false };
            pulls.push(sam.open_pull_request(name, entry));
        }
        self.settle().await?;
        for pull in pulls {
            self.github.by("rosa").merge(pull);
        }
        self.settle().await?;
        let mut repositories = vec![];
        for name in names {
            let head = self.github.head(&name, "main").context("an empty repository")?;
            let token = self.token(&name)?;
            repositories.push(Repository { name, head, token });
        }
        Ok(repositories)
    }

    fn token(&self, repository: &str) -> anyhow::Result<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_changegate"));
        command.args(["token", "create", "--name", "bench", "--repository", repository]);
        command.envs(self.settings.iter().map(|(name, value)| (*name, value)));
        let output = tokio::task::block_in_place(|| command.output())?;
        ensure!(output.status.success(), "no token: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Everybody accepts what waits.
    pub async fn accept(&self) -> anyhow::Result<()> {
        for repository in &self.waiting {
            for issue in self.github.issues(&repository.name) {
                let number = issue.get("number").and_then(serde_json::Value::as_u64).unwrap_or_default();
                let repo = self.github.repository_id(&repository.name);
                self.github.by("tess").comment(Numbered { repo, number }, "/accept");
            }
        }
        self.github.deliver().await;
        Ok(())
    }

    /// Delivers what GitHub owes, until nothing moves any more.
    pub async fn settle(&self) -> anyhow::Result<()> {
        while self.github.deliver().await > 0 {
            let begun = now();
            loop {
                let mut idle = true;
                for server in &self.servers {
                    let counts = counts(&server.address).await?;
                    idle &= counts.is_idle();
                }
                if idle {
                    break;
                }
                ensure!(now() - begun < PATIENCE, "it does not come to rest");
                pause(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }

    /// The same is asked that was decided a moment ago.
    pub fn again(&self) -> Vec<Question> {
        self.accepted
            .iter()
            .map(|repository| repository.ask("prod-0", "again", "feature", "deploy"))
            .collect()
    }

    /// Another run each time, from a branch that may not be deployed.
    pub fn denied(&self) -> Vec<Question> {
        self.each(&self.accepted, 8, "feature", "deploy")
    }

    /// Another run each time, of a change that nobody has accepted yet.
    pub fn pending(&self) -> Vec<Question> {
        self.each(&self.waiting, 8, "main", "deploy")
    }

    /// In each environment once: everything that can be known beforehand is known then.
    pub fn known(&self) -> Vec<Question> {
        let mut all = self.each(&self.accepted, ENVIRONMENTS, "main", "rollback");
        all.extend(self.each(&self.waiting, ENVIRONMENTS, "main", "rollback"));
        all
    }

    /// In each environment once, of what may be deployed.
    pub fn allowed(&self) -> Vec<Question> {
        self.each(&self.accepted, ENVIRONMENTS, "main", "deploy")
    }

    /// So many clients wait for the decision.
    pub fn waiting(&self, clients: usize) -> Vec<Question> {
        let mut each = self.each(&self.waiting, ENVIRONMENTS, "main", "deploy");
        for question in &mut each {
            question.path = "/api/v1/gates?wait=60s".into();
            question.body = question.body.replace(NUMBER, "waiting");
        }
        (0..clients).filter_map(|number| each.get(number % each.len()).cloned()).collect()
    }

    fn each(&self, of: &[Repository], environments: usize, from: &str, purpose: &str) -> Vec<Question> {
        let in_each = |number: usize| {
            let environment = format!("prod-{number}");
            of.iter()
                .map(move |repository| repository.ask(&environment, NUMBER, from, purpose))
                .collect::<Vec<_>>()
        };
        (0..environments).flat_map(in_each).collect()
    }
}

impl Repository {
    fn ask(&self, environment: &str, run: &str, from: &str, purpose: &str) -> Question {
        let body = json!({
            "repository": self.name, "environment": environment, "sha": self.head,
            "ref": format!("refs/heads/{from}"), "pipeline": "jenkins", "run_id": run, "purpose": purpose,
        });
        let (method, path) = ("POST".to_owned(), "/api/v1/gates".to_owned());
        Question { method, path, token: self.token.clone(), body: body.to_string() }
    }
}

async fn counts(address: &str) -> anyhow::Result<Counts> {
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    Ok(serde_json::from_str(body)?)
}

#[expect(clippy::disallowed_methods, reason = "the small GitHub follows the clock of this machine")]
fn system() -> Timestamp {
    Timestamp::now()
}
