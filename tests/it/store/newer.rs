//! While replicas are exchanged one by one, an older one meets what a newer one has written: it leaves that alone, does
//! everything else, and nothing is lost for the newer one.

use std::collections::BTreeSet;

use changegate::{
    domain::{
        effect::{Call, Effect},
        ids::{IssueRef, RepoId},
    },
    store::EffectOutcome,
};

use super::bench::{Bench, at, decided, decided_to, milestone, milestone_state, on_both};

fn comment(number: u64) -> Effect {
    let on = IssueRef { repo: RepoId(7), number };
    Effect::new(Call::Comment { on, purpose: "status".into(), body: "words".into(), was_on: BTreeSet::new() })
}

/// What this program can read has version 1; what a later one writes has another.
async fn as_if_a_newer_one_wrote(bench: &Bench, column: &str, table: &str, which: &str) {
    let text = format!(
        "UPDATE {table} SET {column} = replace({column}, '{{\"v\":1,', '{{\"v\":99,\"more\":{{}},') WHERE {which}"
    );
    assert_eq!(bench.tamper(&text).await, 1);
}

/// As the newer one, which reads it: by hand, back to what this program reads.
async fn as_if_we_were_newer(bench: &Bench, column: &str, table: &str) {
    let text =
        format!("UPDATE {table} SET {column} = replace({column}, '\"v\":99,\"more\":{{}},', '\"v\":1,')");
    bench.tamper(&text).await;
}

async fn nothing_is_parked(bench: &Bench) {
    let counts = bench.store.counts(at(0)).await.unwrap();
    assert_eq!((counts.parked, counts.refused), (0, 0), "{counts:?}");
}

#[tokio::test]
async fn a_subject_of_a_newer_version_waits_for_a_newer_replica_and_the_others_do_not() {
    for (column, table, which) in
        [("state", "subject", "id = 'milestone/7/1'"), ("body", "subject_event", "subject = 'milestone/7/1'")]
    {
        on_both(async |bench| {
            for number in [1, 2] {
                bench.decide(&milestone(number), decided(milestone_state(number, "a", None))).await;
            }
            bench.deliver("of both", &[milestone(1), milestone(2)]).await;
            as_if_a_newer_one_wrote(bench, column, table, which).await;
            for _ in 0..3 {
                assert!(bench.due().await.len() <= 1, "only the one that it can read");
                nothing_is_parked(bench).await;
                bench.tamper("UPDATE subject SET lease_until = 1 WHERE lease_until > 0").await;
            }
            let other = bench.claim(&milestone(2)).await;
            bench.settle(other, decided(milestone_state(2, "b", None))).await;
            as_if_we_were_newer(bench, column, table).await;
            bench.tamper("UPDATE subject SET lease_until = 1 WHERE lease_until > 0").await;
            let claim = bench.claim(&milestone(1)).await;
            assert_eq!((claim.events.len(), claim.state), (1, Some(milestone_state(1, "a", None))));
        })
        .await;
    }
}

#[tokio::test]
async fn an_effect_of_a_newer_version_waits_for_a_newer_replica_and_the_others_are_sent() {
    on_both(async |bench| {
        let both = vec![comment(1), comment(2)];
        bench.decide(&milestone(1), decided_to(milestone_state(1, "a", None), both, vec![])).await;
        as_if_a_newer_one_wrote(bench, "body", "effect", "key = 'comment/7/1/status'").await;
        let claims = bench.store.claim_effects(9, at(0)).await.unwrap();
        assert_eq!(claims.iter().map(|claim| &claim.effect).collect::<Vec<_>>(), [&comment(2)]);
        let sent = EffectOutcome::Sent { remote: Some("2".into()) };
        bench.store.settle_effects(vec![(claims[0].clone(), sent)], at(0)).await.unwrap();
        nothing_is_parked(bench).await;
        as_if_we_were_newer(bench, "body", "effect").await;
        bench.tamper("UPDATE effect SET lease_until = 1 WHERE lease_until > 0").await;
        let claims = bench.store.claim_effects(9, at(0)).await.unwrap();
        assert_eq!(claims.iter().map(|claim| &claim.effect).collect::<Vec<_>>(), [&comment(1)]);
        assert!(claims[0].attempts > 0, "whoever has it next looks first");
    })
    .await;
}
