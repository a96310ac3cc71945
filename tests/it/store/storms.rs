//! Many at once, and connections that break: nothing acknowledged is lost, nobody is forgotten.

use std::{collections::BTreeSet, time::Duration};

use changegate::{
    domain::{
        audit::AuditEntry,
        facts::{Answer, Question},
        ids::SubjectId,
        subject::Relation,
    },
    store::{Claim, KeepError, Outcome, Settlement, Store},
};
use sqlx::AnyPool;
use tokio::task::JoinSet;

use super::bench::{
    at, decided_to, decided_with, delivery, milestone, milestone_state, on_both, release, release_state,
    tenant,
};

const TITLES: [&str; 3] = ["r", "s", "t"];

/// Judges like the real one: a milestone moves to a release by its version; a release shows who points at it.
async fn judge(store: &Store, claim: &Claim) -> Outcome {
    match &claim.subject {
        SubjectId::Milestone(_, number) => {
            let title = TITLES[(*number as usize + claim.version as usize) % TITLES.len()];
            let entry = AuditEntry::new("milestone.moved").text("to", title);
            decided_to(milestone_state(*number, "a", Some(title)), vec![], vec![entry])
        }
        SubjectId::Release(id) => {
            let question = Question::PointingAt(claim.subject.clone(), Relation::In);
            let answered = store.answer(&claim.tenant, &[question]).await.unwrap().remove(0);
            let Answer::PointingAt(members) = answered.answer else { panic!("another answer") };
            decided_with(release_state(&id.title, members.len()), answered.read)
        }
        SubjectId::Account
        | SubjectId::Repository(_)
        | SubjectId::PullRequest(_)
        | SubjectId::ChangeRequest(_)
        | SubjectId::Commit(..)
        | SubjectId::Environment(..)
        | SubjectId::Promotion(..) => panic!("{} is not here", claim.subject),
    }
}

/// Claims and settles, one batch; what is in conflict is given back. Returns how many it claimed.
async fn step(store: &Store) -> usize {
    let claims = store.claim_subjects(8, at(0)).await.unwrap();
    let count = claims.len();
    let mut settlements = vec![];
    for claim in claims {
        let outcome = judge(store, &claim).await;
        settlements.push(Settlement { claim, outcome });
    }
    let retried = settlements.clone();
    let settled = store.settle(settlements, at(0)).await.unwrap();
    let back = retried
        .into_iter()
        .zip(settled)
        .filter(|(_, settled)| *settled == changegate::store::Settled::Conflict);
    let retry = |claim| Settlement { claim, outcome: Outcome::Retry { at: at(0), why: "conflict".into() } };
    let back = back.map(|(settlement, _)| retry(settlement.claim)).collect();
    store.settle(back, at(0)).await.unwrap();
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_many_change_and_judge_at_once_every_view_is_true_in_the_end() {
    on_both(async |bench| {
        let mut stores = vec![bench.store.clone()];
        if bench.postgres {
            stores.push(Store::open(&bench.url).await.unwrap());
        }
        let mut tasks = JoinSet::new();
        for worker in 0..6u64 {
            let store = stores[worker as usize % stores.len()].clone();
            tasks.spawn(async move {
                for round in 0..20 {
                    let number = (worker * 7 + round * 3) % 12;
                    store.look_again(&tenant(), &[milestone(number)], at(0)).await.unwrap();
                    step(&store).await;
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        while step(&bench.store).await > 0 {}
        for title in TITLES {
            let pointing = format!("SELECT count(*) FROM edge WHERE target = 'release/train/{title}'");
            let pointing = bench.number(&pointing).await;
            let asked = (tenant(), release(title));
            let views = bench.store.views(std::slice::from_ref(&asked)).await.unwrap();
            let shown =
                views.get(&asked).and_then(|view| view.as_release()).map(|release| release.milestones.len());
            assert_eq!(shown.unwrap_or(0) as i64, pointing, "{title}");
        }
        let report = bench.store.audit_verify().await.unwrap();
        assert!(report.is_whole(), "{report:?}");
        for store in &stores[1..] {
            store.close().await;
        }
    })
    .await;
}

/// The connections of a database end every few milliseconds (PostgreSQL only: SQLite has none to lose).
async fn break_connections(url: &str) {
    let (address, name) = url.rsplit_once('/').unwrap();
    let admin = AnyPool::connect(&format!("{address}/postgres")).await.unwrap();
    let name = name.split('?').next().unwrap().to_owned();
    loop {
        let text = "SELECT CAST(count(pg_terminate_backend(pid)) AS BIGINT) FROM pg_stat_activity WHERE datname = $1";
        sqlx::query(text).bind(name.clone()).execute(&admin).await.unwrap();
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_connections_break_what_was_acknowledged_is_there_and_the_log_is_whole() {
    on_both(async |bench| {
        let mut breaker = JoinSet::new();
        if bench.postgres {
            let url = bench.url.clone();
            breaker.spawn(async move { break_connections(&url).await });
        }
        let mut tasks = JoinSet::new();
        for worker in 0..8 {
            let store = bench.store.clone();
            tasks.spawn(async move {
                let mut kept = vec![];
                for i in 0..60 {
                    let id = format!("{worker}-{i}");
                    match store.keep(delivery(&id, "{}")).await {
                        Ok(_) => kept.push(id),
                        Err(KeepError::Busy(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                    let _ = store.look_again(&tenant(), &[milestone(worker)], at(0)).await;
                    step_if_there(&store).await;
                }
                kept
            });
        }
        let mut acknowledged = BTreeSet::new();
        while let Some(kept) = tasks.join_next().await {
            acknowledged.extend(kept.unwrap());
        }
        breaker.abort_all();
        while breaker.join_next().await.is_some() {}
        tokio::time::sleep(Duration::from_millis(100)).await;
        let fresh = if bench.postgres { Store::open(&bench.url).await.unwrap() } else { bench.store.clone() };
        for id in &acknowledged {
            assert!(fresh.delivery_body(id).await.unwrap().is_some(), "{id} was acknowledged and is gone");
        }
        assert!(acknowledged.len() > 100, "only {} were acknowledged", acknowledged.len());
        let report = fresh.audit_verify().await.unwrap();
        assert!(report.is_whole(), "{report:?}");
    })
    .await;
}

/// As [`step`], where even reading may fail.
async fn step_if_there(store: &Store) {
    let Ok(claims) = store.claim_subjects(8, at(0)).await else { return };
    let settlement = |claim: Claim| {
        let state = match &claim.subject {
            SubjectId::Milestone(_, number) => milestone_state(*number, &claim.version.to_string(), None),
            _ => release_state("r", 0),
        };
        let entry = AuditEntry::new("seen").text("version", claim.version.to_string());
        Settlement { claim, outcome: decided_to(state, vec![], vec![entry]) }
    };
    let settled = store.settle(claims.into_iter().map(settlement).collect(), at(0)).await;
    drop(settled);
}
