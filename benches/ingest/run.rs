//! One run: which server is measured when, and what is looked at.

use std::time::Duration;

use anyhow::Context;
use changegate::store::Counts;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    database::{self, Database, Kind},
    latency::{self, now, pause},
    load::{Order, Outcome},
    material::{self, Material},
    process::{self, Server},
    report::{Effects, Flow, Report, Taken},
};

const WARM_UP: Duration = Duration::from_secs(1);
const BARE: Duration = Duration::from_secs(4);
const LOAD: Duration = Duration::from_secs(10);
/// How many times the load's duration the backlog is waited for.
const PATIENCE: u32 = 6;

/// Measures everything that the words ask for and prints it.
pub async fn everything(words: &[&str]) -> anyhow::Result<()> {
    let load = words.iter().find_map(|word| word.parse().ok()).map_or(LOAD, Duration::from_secs);
    let bench = Bench { folder: tempfile::tempdir()?, material: material::prepare().await?, load };
    let mut kinds = vec![];
    if !words.contains(&"postgres") {
        kinds.push(Kind::Sqlite);
    }
    match database::postgres_server() {
        _ if words.contains(&"sqlite") => {}
        Some(_) => kinds.push(Kind::Postgres),
        None => println!("PostgreSQL: skipped, CHANGEGATE_TEST_POSTGRES is not set"),
    }
    bench.introduce();
    let mut report = Report::new(bench.bare().await?);
    for kind in kinds {
        let taken = bench.idle(kind).await?;
        report.idle(kind, taken, bench.bare().await?);
        let flow = bench.serve(kind).await?;
        report.serve(kind, flow, bench.bare().await?);
        match bench.effects(kind).await {
            Ok(effects) => report.effects(kind, effects),
            Err(error) => report.failed(format!("{kind}: event to effect stored: {error:#}")),
        }
    }
    report.print();
    Ok(())
}

struct Bench {
    folder: tempfile::TempDir,
    material: Material,
    /// How long the load lasts.
    load: Duration,
}

impl Bench {
    fn introduce(&self) {
        let size = self.material.bodies.first().map_or(0, String::len);
        println!(
            "{} bodies of {size} bytes and more, 64 connections, load {} s, databases in {}",
            self.material.bodies.len(),
            self.load.as_secs(),
            database::place(),
        );
    }

    async fn generate(
        &self,
        address: &str,
        warm_up: Duration,
        duration: Duration,
    ) -> anyhow::Result<Outcome> {
        let bodies = self.material.bodies.clone();
        let secret = self.material.github.webhook_secret();
        let order = Order { address: address.into(), secret, warm_up, duration, bodies };
        process::generate(self.folder.path(), &order).await
    }

    async fn bare(&self) -> anyhow::Result<Outcome> {
        let server = Server::of_ours(&["bare", &self.material.github.webhook_secret()])?;
        self.generate(&server.address, WARM_UP, BARE).await
    }

    async fn idle(&self, kind: Kind) -> anyhow::Result<Taken> {
        let database = Database::create(kind).await?;
        let server = Server::of_ours(&["idle", &self.material.github.webhook_secret(), &database.url])?;
        let outcome = self.generate(&server.address, WARM_UP, self.load).await?;
        let stored = database.count("SELECT count(*) FROM body").await?;
        let memory = server.peak_memory();
        drop(server);
        database.remove().await?;
        Ok(Taken { outcome, stored, memory })
    }

    async fn server(&self, database: &Database) -> anyhow::Result<Server> {
        let github = &self.material.github;
        let server = Server::changegate(&[
            ("CHANGEGATE_DATABASE_URL", &database.url),
            ("CHANGEGATE_GITHUB_API_URL", github.api_url()),
            ("CHANGEGATE_GITHUB_WEB_URL", github.web_url()),
            ("CHANGEGATE_APP_ID", &github.app_id().to_string()),
            ("CHANGEGATE_PRIVATE_KEY", github.private_key_pem()),
            ("CHANGEGATE_WEBHOOK_SECRET", &github.webhook_secret()),
        ])
        .await?;
        for (event, body) in &self.material.installed {
            post(&server.address, &self.material, event, body).await?;
        }
        settled(&server.address, LOAD).await?.context("the installation is never settled")?;
        Ok(server)
    }

    /// The load on the real server. Without a warm-up: what came then would have to be settled too.
    async fn serve(&self, kind: Kind) -> anyhow::Result<Flow> {
        let database = Database::create(kind).await?;
        let asked_before = self.material.github.requests().len();
        let server = self.server(&database).await?;
        let outcome = self.generate(&server.address, Duration::ZERO, self.load).await?;
        let backlog = counts(&server.address).await?;
        let settled_after = settled(&server.address, self.load * PATIENCE).await?;
        let routed = database.count("SELECT count(*) FROM delivery WHERE waiting = 0").await?;
        let stored = database.count("SELECT count(*) FROM body").await?;
        let asked = self.material.github.requests().len() - asked_before;
        let taken = Taken { outcome, stored, memory: server.peak_memory() };
        drop(server);
        database.remove().await?;
        Ok(Flow { taken, load: self.load, backlog, settled_after, routed, asked })
    }

    /// How long after a delivery is sent the first thing to tell GitHub of it is stored, seen from outside: one
    /// delivery after another, each of an issue that is new.
    async fn effects(&self, kind: Kind) -> anyhow::Result<Effects> {
        let database = Database::create(kind).await?;
        let server = self.server(&database).await?;
        let reader = database.connect().await?;
        let mut latencies = vec![];
        for number in 0..material::PROBES {
            let body = self.material.probe(number);
            let before = effects_in(&reader).await?;
            let begun = now();
            post(&server.address, &self.material, "issues", &body).await?;
            while effects_in(&reader).await? == before {
                if now() - begun > Duration::from_secs(10) {
                    let counts = counts(&server.address).await?;
                    anyhow::bail!("delivery {} had no effect; {counts:?}", latencies.len());
                }
                pause(Duration::from_micros(500)).await;
            }
            latencies.push(u64::try_from((now() - begun).as_micros())?);
            settled(&server.address, LOAD).await?.context("a single delivery is never settled")?;
        }
        latencies.sort_unstable();
        reader.close().await;
        drop(server);
        database.remove().await?;
        let at = |per_mille| latency::percentile(&latencies, per_mille);
        Ok(Effects { count: latencies.len(), median: at(500), p99: at(990) })
    }
}

async fn effects_in(reader: &sqlx::AnyPool) -> anyhow::Result<i64> {
    use sqlx::Row as _;
    Ok(sqlx::query("SELECT count(*) FROM effect").fetch_one(reader).await?.try_get(0)?)
}

/// How long it took until nothing was left to route or to judge; `None` where that was not waited for. A long backlog takes
/// long to be counted: whoever asks all the time slows down what is measured.
async fn settled(address: &str, patience: Duration) -> anyhow::Result<Option<Duration>> {
    let begun = now();
    while now() - begun < patience {
        let asked = now();
        let counts = counts(address).await?;
        if counts.unrouted == 0 && counts.due == 0 {
            return Ok(Some(now() - begun));
        }
        pause((19 * (now() - asked)).clamp(Duration::from_millis(20), Duration::from_secs(1))).await;
    }
    Ok(None)
}

async fn counts(address: &str) -> anyhow::Result<Counts> {
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let answer = exchange(address, request.as_bytes()).await?;
    let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    Ok(serde_json::from_str(body)?)
}

async fn post(address: &str, material: &Material, event: &str, body: &str) -> anyhow::Result<()> {
    use changegate::github::signature::{Secret, sign};
    let secret = Secret::new(material.github.webhook_secret())?;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         X-GitHub-Event: {event}\r\nX-GitHub-Delivery: {}\r\nX-Hub-Signature-256: {}\r\nContent-Length: {}\r\n\r\n",
        crate::servers::webhook_path(),
        ulid::Ulid::generate(),
        sign(&secret, body.as_bytes()),
        body.len(),
    );
    let answer = exchange(address, [head.as_bytes(), body.as_bytes()].concat().as_slice()).await?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 202"), "not taken: {answer}");
    Ok(())
}

async fn exchange(address: &str, request: &[u8]) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
