//! A fresh database of each sort, and the verbs of the tests.

use std::collections::BTreeMap;

use changegate::{
    domain::{
        audit::AuditEntry,
        decide::Decision,
        effect::Effect,
        event::{Event, MilestoneSnapshot, What},
        facts::Question,
        ids::{AccountId, ReleaseId, RepoId, RepoName, SubjectId, TenantId},
        milestone::Milestone,
        release::Release,
        repository::{Failed, PolicyFile, Repository},
        subject::State,
    },
    store::{Claim, Kept, NewDelivery, Outcome, Packed, Read, Routing, Settled, Settlement, Store},
};
use jiff::{SignedDuration, Timestamp};
use sqlx::{AnyPool, AssertSqlSafe, Row};

/// A store on a database of its own, and a hand that reaches into the database from outside.
pub struct Bench {
    pub url: String,
    pub store: Store,
    pub raw: AnyPool,
    pub postgres: bool,
}

/// Runs a test on SQLite, and on PostgreSQL if there is a server.
pub async fn on_both(test: impl AsyncFn(&Bench)) {
    let folder = tempfile::tempdir().unwrap();
    on(&format!("sqlite:{}", folder.path().join("changegate.db").display()), &test).await;
    let Some(server) = postgres_server() else { return };
    let admin = AnyPool::connect(&server).await.unwrap();
    let name = format!("changegate_{}", ulid::Ulid::generate().to_string().to_lowercase());
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
    on(&with_database(&server, &name), &test).await;
    sqlx::query(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&admin).await.unwrap();
}

async fn on(url: &str, test: &impl AsyncFn(&Bench)) {
    let store = Store::open(url).await.unwrap();
    let raw = AnyPool::connect(url).await.unwrap();
    let bench = Bench { url: url.into(), store, raw, postgres: url.starts_with("postgres") };
    test(&bench).await;
    bench.raw.close().await;
    bench.store.close().await;
}

fn postgres_server() -> Option<String> {
    sqlx::any::install_default_drivers();
    let server = std::env::var("CHANGEGATE_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
    let required = std::env::var("CHANGEGATE_REQUIRE").is_ok_and(|required| required.contains("postgres"));
    assert!(
        server.is_some() || !required,
        "CHANGEGATE_REQUIRE asks for postgres, and CHANGEGATE_TEST_POSTGRES is not set"
    );
    if server.is_none() {
        eprintln!(
            "SKIPPED on PostgreSQL: set CHANGEGATE_TEST_POSTGRES to the URL of a server where databases may be \
             created, for example postgres://postgres@127.0.0.1:5432/postgres"
        );
    }
    server
}

fn with_database(server: &str, name: &str) -> String {
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let (address, _) = address.rsplit_once('/').unwrap();
    format!("{address}/{name}{}{options}", if options.is_empty() { "" } else { "?" })
}

/// The time of the tests, `seconds` later.
pub fn at(seconds: i64) -> Timestamp {
    "2026-12-01T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub fn tenant() -> TenantId {
    TenantId::new("github.com", AccountId(1))
}

/// Another tenant on the same host.
pub fn other(number: u64) -> TenantId {
    TenantId::new("github.com", AccountId(number))
}

pub fn delivery(id: &str, body: &str) -> NewDelivery {
    NewDelivery {
        id: id.into(),
        event: "milestone".into(),
        host: "github.com".into(),
        received_at: at(0),
        body: Packed::of(body.as_bytes()).unwrap(),
    }
}

/// An event that is recognised by its name.
pub fn event(name: &str) -> Event {
    Event {
        account: None,
        installation: None,
        repository: None,
        actor: None,
        what: What::Published { action: name.into(), tag: None },
    }
}

pub fn milestone(number: u64) -> SubjectId {
    SubjectId::Milestone(RepoId(7), number)
}

pub fn repository(number: u64) -> SubjectId {
    SubjectId::Repository(RepoId(number))
}

pub fn release(title: &str) -> SubjectId {
    SubjectId::Release(release_id(title))
}

fn release_id(title: &str) -> ReleaseId {
    ReleaseId { train: "train".into(), title: title.into() }
}

/// A milestone with this title, in this release.
pub fn milestone_state(number: u64, title: &str, release: Option<&str>) -> State {
    let seen = MilestoneSnapshot {
        repo: RepoId(7),
        number,
        title: title.into(),
        open: true,
        due_on: None,
        updated_at: None,
    };
    State::Milestone(Milestone { release: release.map(release_id), ..Milestone::new(seen) })
}

pub fn release_state(title: &str, scope: usize) -> State {
    let milestones = (0..scope as u64).map(|number| (RepoId(7), number)).collect();
    State::Release(Box::new(Release { milestones, open: true, ..Release::new(&release_id(title)) }))
}

pub fn repository_state(number: u64, name: &str, policy: Option<&str>) -> State {
    State::Repository(Repository {
        tags: Default::default(),
        id: RepoId(number),
        name: name.parse::<RepoName>().unwrap(),
        default_branch: None,
        private: true,
        archived: false,
        left: false,
        policy: PolicyFile {
            read: None,
            good: policy.map(Into::into),
            errors: vec![],
            unsigned: None,
            signed_at: None,
        },
        relabelled: BTreeMap::new(),
        failed: Failed::default(),
        ruled: None,
        adopted: BTreeMap::new(),
        declared: Default::default(),
        replies: Default::default(),
        straight: None,
        departures: Box::default(),
    })
}

pub fn decided(after: State) -> Outcome {
    Outcome::Decided { decision: Box::new(Decision::quiet(after)), reads: vec![] }
}

pub fn decided_with(after: State, reads: Vec<Read>) -> Outcome {
    Outcome::Decided { decision: Box::new(Decision::quiet(after)), reads }
}

pub fn decided_to(after: State, effects: Vec<Effect>, audit: Vec<AuditEntry>) -> Outcome {
    let decision = Decision { effects, audit, ..Decision::quiet(after) };
    Outcome::Decided { decision: Box::new(decision), reads: vec![] }
}

impl Bench {
    /// Keeps a delivery and routes it to these subjects.
    pub async fn deliver(&self, id: &str, subjects: &[SubjectId]) {
        assert_eq!(self.store.keep(delivery(id, "{}")).await, Ok(Kept::New));
        for claimed in self.store.claim_deliveries(64).await.unwrap() {
            let event = Box::new(event(&claimed.id));
            let routing = Routing::To { tenant: tenant(), event, subjects: subjects.to_vec() };
            self.store.settle_routing(vec![(claimed.key, routing)], at(0)).await.unwrap();
        }
    }

    /// Makes a subject due, without an event.
    pub async fn wake(&self, subjects: &[SubjectId]) {
        self.store.look_again(&tenant(), subjects, at(0)).await.unwrap();
    }

    /// Claims exactly this subject.
    pub async fn claim(&self, subject: &SubjectId) -> Claim {
        let mut claims = self.store.claim_subjects(64, at(0)).await.unwrap();
        let place = claims.iter().position(|claim| claim.subject == *subject);
        let claim = claims.remove(place.unwrap_or_else(|| panic!("{subject} is not due")));
        assert_eq!(
            claims.iter().map(|claim| claim.subject.to_string()).collect::<Vec<_>>(),
            Vec::<String>::new()
        );
        claim
    }

    /// The subjects that are due, in the order of kinds; they stay claimed.
    pub async fn due(&self) -> Vec<String> {
        let claims = self.store.claim_subjects(64, at(0)).await.unwrap();
        claims.into_iter().map(|claim| claim.subject.to_string()).collect()
    }

    pub async fn settle(&self, claim: Claim, outcome: Outcome) -> Settled {
        self.store.settle(vec![Settlement { claim, outcome }], at(0)).await.unwrap().remove(0)
    }

    /// Wakes, claims and settles a subject.
    pub async fn decide(&self, subject: &SubjectId, outcome: Outcome) {
        self.wake(std::slice::from_ref(subject)).await;
        let claim = self.claim(subject).await;
        assert_eq!(self.settle(claim, outcome).await, Settled::Done);
    }

    /// What the answers to these questions rest on.
    pub async fn reads(&self, questions: &[Question]) -> Vec<Read> {
        let answered = self.store.answer(&tenant(), questions).await.unwrap();
        answered.into_iter().flat_map(|answered| answered.read).collect()
    }

    /// Reaches into the database from outside.
    pub async fn tamper(&self, sql: &str) -> u64 {
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&self.raw).await.unwrap().rows_affected()
    }

    /// Runs an insertion whose rows end in `FROM table` once more for each `n` from 1 to `count`.
    pub async fn copy_rows(&self, insertion: &str, count: u64) -> u64 {
        let (start, rows) = insertion.split_once("SELECT").unwrap();
        if self.postgres {
            return self.tamper(&format!("{insertion}, generate_series(1, {count}) AS n")).await;
        }
        let numbers =
            format!("WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {count}) ");
        self.tamper(&format!("{start}{numbers}SELECT{rows}, t")).await
    }

    /// A number out of the database.
    pub async fn number(&self, sql: &str) -> i64 {
        sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(&self.raw).await.unwrap().try_get(0).unwrap()
    }
}

/// How often each value occurs.
pub fn tally<T: Ord>(values: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    values.into_iter().fold(BTreeMap::new(), |mut tally, value| {
        *tally.entry(value).or_default() += 1;
        tally
    })
}
