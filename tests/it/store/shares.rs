//! The flood of one tenant keeps no other waiting.

use changegate::{
    domain::{
        effect::{Call, Effect},
        ids::{CommentId, IssueRef, RepoId},
    },
    store::{EffectOutcome, Outcome, Settlement},
};

use super::bench::{Bench, at, decided_to, delivery, milestone, milestone_state, on_both, other, tally};

/// Copies of the one subject of tenant 1, all of them due.
async fn flood(bench: &Bench, count: u64) {
    bench.wake(&[milestone(0)]).await;
    bench
        .copy_rows(
            "INSERT INTO subject (tenant, id, kind, since, hops, due_at)
             SELECT tenant, 'milestone/7/' || n, kind, since, hops, due_at FROM subject",
            count,
        )
        .await;
}

/// How many of one batch go to each tenant.
async fn served(bench: &Bench, limit: usize) -> Vec<(String, usize)> {
    let claims = bench.store.claim_subjects(limit, at(1)).await.unwrap();
    let tally = tally(claims.iter().map(|claim| claim.tenant.to_string()));
    let ended =
        claims.into_iter().map(|claim| Settlement { claim, outcome: Outcome::Ignored("seen".into()) });
    bench.store.settle(ended.collect(), at(1)).await.unwrap();
    tally.into_iter().collect()
}

#[tokio::test]
async fn a_subject_of_another_tenant_is_in_the_next_batch_after_five_thousand_of_one() {
    on_both(async |bench| {
        flood(bench, 5000).await;
        assert_eq!(served(bench, 64).await, [("github.com/1".to_owned(), 64)]);
        bench.store.look_again(&other(2), &[milestone(1)], at(1)).await.unwrap();
        assert_eq!(served(bench, 64).await, [("github.com/1".to_owned(), 63), ("github.com/2".into(), 1)]);
        assert_eq!(served(bench, 64).await, [("github.com/1".to_owned(), 64)]);
    })
    .await;
}

#[tokio::test]
async fn a_delivery_of_another_tenant_is_routed_in_the_next_batch_after_five_thousand_of_one() {
    on_both(async |bench| {
        let of = |installation: u64| format!(r#"{{"installation":{{"id":{installation}}}}}"#);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..500 {
            let (store, body) = (bench.store.clone(), of(1));
            tasks.spawn(async move { store.keep(delivery(&format!("a{n:03}"), &body)).await.unwrap() });
        }
        tasks.join_all().await;
        bench
            .copy_rows(
                "INSERT INTO delivery (id, delivery_id, event, host, received_at, body_hash, body_size, repeats, whose)
                 SELECT id || n, delivery_id || '-' || n, event, host, received_at, body_hash, body_size, repeats, whose
                 FROM delivery",
                10,
            )
            .await;
        bench.store.keep(delivery("b", &of(2))).await.unwrap();
        bench.store.keep(delivery("c", "{}")).await.unwrap();
        let claimed = bench.store.claim_deliveries(64).await.unwrap();
        let tally = tally(claimed.iter().map(|it| it.id.chars().next().unwrap()));
        assert_eq!((tally.get(&'b'), tally.get(&'c')), (Some(&1), Some(&1)), "{tally:?}");
        assert!(claimed.is_sorted_by_key(|it| it.key.key.clone()), "in the order of arrival");
    })
    .await;
}

#[tokio::test]
async fn many_tenants_share_half_a_batch_and_none_waits_for_long() {
    on_both(async |bench| {
        flood(bench, 1000).await;
        for number in 2..=21 {
            let subjects: Vec<_> = (0..3).map(milestone).collect();
            bench.store.look_again(&other(number), &subjects, at(1)).await.unwrap();
        }
        let first = served(bench, 64).await;
        assert_eq!(first.len(), 21, "everybody: {first:?}");
        assert_eq!(first.iter().map(|(_, count)| count).sum::<usize>(), 64, "a full batch");
        for _ in 0..2 {
            served(bench, 64).await;
        }
        assert_eq!(served(bench, 64).await, [("github.com/1".to_owned(), 64)]);
    })
    .await;
}

#[tokio::test]
async fn more_tenants_than_fit_into_a_batch_come_in_the_order_of_their_waiting() {
    on_both(async |bench| {
        flood(bench, 1000).await;
        for number in 2..=41 {
            let since = at(1_000 - i64::try_from(number).unwrap());
            bench.store.look_again(&other(number), &[milestone(1)], since).await.unwrap();
        }
        let first = served(bench, 20).await;
        let expected: Vec<String> =
            [1, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41].map(|number| other(number).to_string()).into();
        assert_eq!(first.into_iter().map(|(tenant, _)| tenant).collect::<Vec<_>>(), expected);
    })
    .await;
}

fn reaction(number: u64) -> Effect {
    let content = changegate::domain::effect::Reaction::Eyes;
    Effect::new(Call::Reaction { repo: RepoId(7), comment: CommentId(number), content })
}

#[tokio::test]
async fn an_effect_of_another_tenant_is_sent_soon_whatever_one_tenant_has_to_say() {
    on_both(async |bench| {
        let comment = Call::Comment {
            on: IssueRef { repo: RepoId(7), number: 1 },
            purpose: "status".into(),
            body: "Accepted.".into(),
            was_on: std::collections::BTreeSet::new(),
        };
        let state = milestone_state(1, "a", None);
        bench.decide(&milestone(1), decided_to(state.clone(), vec![reaction(1)], vec![])).await;
        bench
            .copy_rows(
                "INSERT INTO effect (tenant, key, lane, body, hash, since)
                 SELECT tenant, key || n, 1, body, hash, since FROM effect",
                5000,
            )
            .await;
        bench.store.look_again(&other(2), &[milestone(1)], at(0)).await.unwrap();
        let claim = bench.claim(&milestone(1)).await;
        bench.settle(claim, decided_to(state, vec![Effect::new(comment)], vec![])).await;
        let claims = bench.store.claim_effects(32, at(0)).await.unwrap();
        assert_eq!(claims.len(), 32);
        let theirs: Vec<_> = claims.iter().filter(|claim| claim.tenant == other(2)).collect();
        assert_eq!(theirs.len(), 1, "in a later lane, and served");
        let done = claims.into_iter().map(|claim| (claim, EffectOutcome::Sent { remote: None })).collect();
        bench.store.settle_effects(done, at(0)).await.unwrap();
        assert_eq!(bench.store.claim_effects(32, at(0)).await.unwrap().len(), 32);
    })
    .await;
}
