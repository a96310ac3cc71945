//! The same with what a real database holds: a waiting deployment is evaluated by what the store says of it, among a
//! thousand change requests and among a hundred thousand.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use changegate::{
    domain::{
        decide::{Case, Decision, Judgement, judge},
        event::{Event, What},
        facts::{Fact, Facts},
        ids::{AccountId, SubjectId, TenantId},
        subject::State,
    },
    store::{NewDelivery, Outcome, Packed, Routing, Settlement, Store},
};
use sqlx::{Connection as _, PgConnection};

use crate::material::Material;

const ROUNDS: usize = 21;
/// Subjects that one delivery concerns.
const AT_ONCE: usize = 500;

/// A database, and what goes with it.
pub struct Database {
    pub name: &'static str,
    pub store: Store,
    _folder: Option<tempfile::TempDir>,
}

fn tenant() -> TenantId {
    TenantId::new("github.com", AccountId(1))
}

impl Database {
    /// A fresh one of each sort: PostgreSQL where a server is named.
    pub async fn all() -> Vec<Self> {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("changegate.db").display());
        let store = Store::open(&url).await.unwrap();
        let mut all = vec![Self { name: "SQLite", store, _folder: Some(folder) }];
        if let Ok(server) = std::env::var("CHANGEGATE_TEST_POSTGRES") {
            let name = format!("changegate_decide_{}", ulid::Ulid::generate().to_string().to_lowercase());
            let mut connection = PgConnection::connect(&server).await.unwrap();
            let create = format!("CREATE DATABASE {name}");
            sqlx::query(sqlx::AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
            let (start, _) = server.rsplit_once('/').unwrap();
            let store = Store::open(&format!("{start}/{name}")).await.unwrap();
            all.push(Self { name: "PostgreSQL", store, _folder: None });
        }
        all
    }

    /// Settles these subjects as they are, however often they were settled before.
    pub async fn fill(&self, material: &Material, states: Vec<(SubjectId, State)>) {
        for (part, states) in states.chunks(AT_ONCE).enumerate() {
            let states: BTreeMap<SubjectId, State> = states.iter().cloned().collect();
            let id = format!("{}-{part}", ulid::Ulid::generate());
            let body = Packed::of(b"{}").unwrap();
            let (event, host) = ("star".into(), "github.com".into());
            let delivery = NewDelivery { id, event, host, received_at: material.now, body };
            self.store.keep(delivery).await.unwrap();
            for claimed in self.store.claim_deliveries(64).await.unwrap() {
                let event = Box::new(nothing());
                let subjects = states.keys().cloned().collect();
                let routing = Routing::To { tenant: tenant(), event, subjects };
                self.store.settle_routing(vec![(claimed.key, routing)], material.now).await.unwrap();
            }
            self.settle_all(material, &states).await;
        }
    }

    /// Whoever is woken beside them stays as it is.
    async fn settle_all(&self, material: &Material, states: &BTreeMap<SubjectId, State>) {
        loop {
            let claims = self.store.claim_subjects(100, material.now).await.unwrap();
            if claims.is_empty() {
                return;
            }
            let settlement = |claim: changegate::store::Claim| {
                let outcome = match states.get(&claim.subject) {
                    Some(state) => {
                        let decision = Box::new(Decision::quiet(state.clone()));
                        Outcome::Decided { decision, reads: vec![] }
                    }
                    None => Outcome::Ignored("it is not of the measurement".into()),
                };
                Settlement { claim, outcome }
            };
            let settlements = claims.into_iter().map(settlement).collect();
            self.store.settle(settlements, material.now).await.unwrap();
        }
    }

    /// How long it takes to evaluate the deployment, with what GitHub says at hand.
    pub async fn evaluate(&self, material: &Material) -> Vec<Duration> {
        let mut times = vec![];
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let decision = self.decide(material).await;
            times.push(began.elapsed());
            let after = decision.after.as_environment().unwrap();
            assert!(after.requests.first().is_some_and(|request| request.verdict.is_some()), "it was judged");
        }
        times.sort();
        times
    }

    async fn decide(&self, material: &Material) -> Decision {
        let mut facts = Facts::default();
        loop {
            let case = Case { facts: &facts, ..material.case() };
            let questions = match judge(case) {
                Judgement::Decided(decision) => return *decision,
                Judgement::Needs(questions) => questions,
                Judgement::Ignored(why) => panic!("{why}"),
            };
            let (ours, others): (Vec<_>, Vec<_>) =
                questions.into_iter().partition(changegate::domain::facts::Question::is_for_the_store);
            for answered in self.store.answer(&tenant(), &ours).await.unwrap() {
                facts.insert(answered.question, Fact::Known(answered.answer, material.now));
            }
            for question in others {
                let answer = material.answer(&question);
                facts.insert(question, Fact::Known(answer, material.now));
            }
        }
    }
}

fn nothing() -> Event {
    let what = What::Published { action: "published".into(), tag: None };
    Event { account: None, installation: None, repository: None, actor: None, what }
}
