//! One run: who asks what when, and what is looked at.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;

use crate::{
    ask::{Length, Order, Outcome, Question},
    database::{self, Database, Kind},
    latency::{now, pause},
    material::Place,
    process,
    report::{Asked, Report, Waited},
};

const CONNECTIONS: usize = 64;
const LOAD: Duration = Duration::from_secs(10);
/// How many ask each second while it is measured how long an answer takes.
const PACE: f64 = 1_000.0;
/// How many ask at once while GitHub is slow.
const ALLOWED_AT_ONCE: usize = 16;
/// How long GitHub takes for an answer then.
const SLOW: Duration = Duration::from_millis(200);
const WAITING: usize = 5_000;

/// Measures everything that the words ask for and prints it.
pub async fn everything(words: &[&str]) -> anyhow::Result<()> {
    let mut runs = vec![];
    if !words.contains(&"postgres") {
        runs.push((Kind::Sqlite, 1));
    }
    match database::postgres_server() {
        _ if words.contains(&"sqlite") => {}
        Some(_) => runs.extend([(Kind::Postgres, 1), (Kind::Postgres, 2)]),
        None => println!("PostgreSQL: skipped, CHANGEGATE_TEST_POSTGRES is not set"),
    }
    println!("{CONNECTIONS} connections, load {} s, databases in {}", LOAD.as_secs(), database::place());
    let wanted: Vec<&str> = words.iter().copied().filter(|word| CLASSES.contains(word)).collect();
    let wanted = if wanted.is_empty() { CLASSES.to_vec() } else { wanted };
    let mut report = Report::new();
    for (kind, servers) in runs {
        let measured = measure(kind, servers, &wanted, &mut report).await;
        measured.with_context(|| format!("{kind}, {servers} servers"))?;
    }
    report.print();
    Ok(())
}

/// What may be measured, each by itself too.
const CLASSES: [&str; 5] = ["waiting", "again", "deny", "pending", "allow"];

async fn measure(kind: Kind, servers: usize, wanted: &[&str], report: &mut Report) -> anyhow::Result<()> {
    let database = Database::create(kind).await?;
    let place = Place::prepare(&database, servers).await?;
    let bench = Bench { folder: tempfile::tempdir()?, place, database, kind };
    let known = bench.ask(bench.place.known(), CONNECTIONS, (Length::Once, None)).await?;
    println!("{kind}, {servers} servers: what can be known beforehand: {:?}", known.outcome.answers);
    let is_wanted = |class: &str| wanted.contains(&class);
    if is_wanted("waiting") {
        report.waited(kind, servers, bench.waiting().await?);
    }
    for (what, questions) in
        [("again", bench.place.again()), ("deny", bench.place.denied()), ("pending", bench.place.pending())]
    {
        if is_wanted(what) {
            let length = Length::Lasts(LOAD);
            let most = bench.ask(questions.clone(), CONNECTIONS, (length, None)).await?;
            report.most(kind, servers, what, most);
            bench.place.settle().await?;
            let paced = bench.ask(questions, CONNECTIONS, (length, Some(PACE))).await?;
            report.paced(kind, servers, what, paced);
            bench.place.settle().await?;
        }
    }
    if is_wanted("allow") {
        bench.place.github.answer_after(SLOW);
        let allowed = bench.ask(bench.place.allowed(), ALLOWED_AT_ONCE, (Length::Once, None)).await?;
        report.allowed(kind, servers, allowed);
    }
    let Bench { place, database, .. } = bench;
    drop(place);
    database.remove().await
}

struct Bench {
    folder: tempfile::TempDir,
    place: Place,
    database: Database,
    kind: Kind,
}

impl Bench {
    async fn ask(
        &self,
        questions: Vec<Question>,
        connections: usize,
        (length, pace): (Length, Option<f64>),
    ) -> anyhow::Result<Asked> {
        let order = Order { addresses: self.place.addresses(), connections, questions, length, pace };
        let (processor, commits) = (self.processor(), self.commits().await?);
        let before = self.asked_of_github();
        let outcome: Outcome = process::generate(self.folder.path(), &order).await?;
        let mut github = self.asked_of_github();
        for (what, count) in before {
            *github.entry(what).or_default() -= count;
        }
        github.retain(|_, count| *count > 0);
        let commits = self.commits().await?.zip(commits).map(|(after, before)| after - before);
        Ok(Asked { outcome, github, processor: self.processor().saturating_sub(processor), commits })
    }

    /// Requests to GitHub so far, by kind.
    fn asked_of_github(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for request in self.place.github.requests() {
            let path = request.path.split('/').filter(|part| part.parse::<u64>().is_err());
            let kind = format!("{} {}", request.method, path.take(5).collect::<Vec<_>>().join("/"));
            *counts.entry(kind).or_default() += 1;
        }
        counts
    }

    fn processor(&self) -> Duration {
        self.place.servers.iter().filter_map(process::Server::processor_time).sum()
    }

    /// Transactions so far; PostgreSQL counts them, SQLite does not.
    async fn commits(&self) -> anyhow::Result<Option<i64>> {
        if self.kind == Kind::Sqlite {
            return Ok(None);
        }
        let question =
            "SELECT CAST(xact_commit AS BIGINT) FROM pg_stat_database WHERE datname = current_database()";
        Ok(Some(self.database.count(question).await?))
    }

    /// Many wait at once, and somebody accepts what they wait for.
    async fn waiting(&self) -> anyhow::Result<Waited> {
        let questions = self.place.waiting(WAITING);
        let order = Order {
            addresses: self.place.addresses(),
            connections: WAITING,
            questions,
            length: Length::Once,
            pace: None,
        };
        let begun = now();
        let (outcome, memory) =
            tokio::join!(process::generate::<Outcome>(self.folder.path(), &order), async {
                pause(Duration::from_secs(15)).await;
                let memory = self.place.servers.iter().filter_map(process::Server::memory).reduce(f64::max);
                self.place.accept().await.map(|()| memory)
            });
        Ok(Waited { outcome: outcome?, memory: memory?, took: now() - begun })
    }
}
