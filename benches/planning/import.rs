//! What an import costs: ten thousand open issues over seven repositories, on the small GitHub.

use std::time::{Duration, Instant};

use changegate::{clock::Clock, demo::Stage};

use super::database::{Database, Kind};

const REPOSITORIES: [&str; 7] =
    ["acme/web", "acme/billing", "acme/mail", "acme/desk", "acme/data", "acme/voice", "acme/ops"];
pub const ISSUES: usize = 10_000;

/// What an import of [`ISSUES`] took.
pub struct Taken {
    pub rows: usize,
    /// Requests to GitHub, of any kind.
    pub calls: usize,
    /// Of which may have written something: all but `GET`s and the tokens.
    pub writes: usize,
    pub time: Duration,
}

/// The issues are there before the App is: no webhook told of them.
pub async fn measure(kind: Kind) -> Taken {
    let database = Database::create(kind).await.unwrap();
    let clock = Clock::held("2026-11-27T10:00:00Z".parse().unwrap());
    let stage = Stage::open(&database.url, clock).await.unwrap();
    let github = &stage.sandbox;
    github.add_organization("acme", &["rosa", "sam"]);
    for repository in REPOSITORIES {
        github.add_repository(repository, &[("README.md", "# Here\n")]);
    }
    for number in 0..ISSUES {
        let repository = REPOSITORIES[number % REPOSITORIES.len()];
        github.by("sam").open_issue(repository, &format!("The {number}th wish of many"), "Please.");
    }
    github.by("rosa").install("acme", None);
    stage.settle().await.unwrap();
    let before = github.requests().len();
    let began = Instant::now();
    let operator = stage.app.operator();
    while operator.import("acme", false).await.unwrap().progress.ended.is_none() {}
    let time = began.elapsed();
    let asked = github.requests().split_off(before);
    let writes = |path: &str, method: &str| method != "GET" && !path.ends_with("/access_tokens");
    let rows = database.count("SELECT count(*) FROM inventory").await.unwrap();
    let taken = Taken {
        rows: usize::try_from(rows).unwrap(),
        calls: asked.len(),
        writes: asked.iter().filter(|it| writes(&it.path, &it.method)).count(),
        time,
    };
    stage.close().await;
    database.remove().await.unwrap();
    taken
}
