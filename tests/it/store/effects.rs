//! What GitHub must be told: newest only, one holder, nothing twice that need not be.

use changegate::{
    domain::{
        account::Account,
        effect::{Call, CheckStatus, Effect, Lane, Reaction},
        event::Event,
        ids::{CommentId, InstallationId, IssueRef, RepoId, SubjectId},
        subject::State,
    },
    store::{EffectClaim, EffectOutcome},
};

use super::bench::{Bench, at, decided, decided_to, event, milestone, milestone_state, on_both, tenant};

fn comment(body: &str) -> Effect {
    let on = IssueRef { repo: RepoId(7), number: 1 };
    Effect::new(Call::Comment {
        on,
        purpose: "status".into(),
        body: body.into(),
        was_on: std::collections::BTreeSet::new(),
    })
}

fn label(present: bool) -> Effect {
    let on = IssueRef { repo: RepoId(7), number: 1 };
    Effect::new(Call::Label { on, name: "change-request".into(), present })
}

fn check(sha: &str, urgent: bool) -> Effect {
    Effect::new(Call::CheckRun {
        repo: RepoId(7),
        sha: sha.repeat(40).parse().unwrap(),
        name: "changegate/change".into(),
        status: CheckStatus::Success,
        title: String::new(),
        summary: String::new(),
        urgent,
        signs: false,
    })
}

async fn decide(bench: &Bench, effects: Vec<Effect>) {
    bench.decide(&milestone(1), decided_to(milestone_state(1, "a", None), effects, vec![])).await;
}

async fn claims(bench: &Bench) -> Vec<EffectClaim> {
    bench.store.claim_effects(64, at(0)).await.unwrap()
}

async fn claim(bench: &Bench) -> EffectClaim {
    let mut claims = claims(bench).await;
    assert_eq!(claims.len(), 1, "{claims:?}");
    claims.remove(0)
}

async fn sent(bench: &Bench, claim: EffectClaim, remote: &str) {
    let outcome = EffectOutcome::Sent { remote: Some(remote.into()) };
    bench.store.settle_effects(vec![(claim, outcome)], at(0)).await.unwrap();
}

#[tokio::test]
async fn an_effect_equal_to_the_last_one_sent_is_not_sent_again_unless_it_must() {
    on_both(async |bench| {
        decide(bench, vec![comment("one"), label(true)]).await;
        for claim in claims(bench).await {
            sent(bench, claim, "77").await;
        }
        decide(bench, vec![comment("one"), label(true)]).await;
        assert_eq!(claim(bench).await.effect, label(true), "labels are people's too: asked when it differs");
        decide(bench, vec![comment("two")]).await;
        let two = claim(bench).await;
        assert_eq!((two.effect, two.remote.as_deref(), two.attempts), (comment("two"), Some("77"), 0));
    })
    .await;
}

#[tokio::test]
async fn a_newer_effect_takes_the_place_of_an_unsent_one() {
    on_both(async |bench| {
        decide(bench, vec![comment("one")]).await;
        decide(bench, vec![comment("one")]).await;
        decide(bench, vec![comment("two")]).await;
        let two = claim(bench).await;
        assert_eq!((&two.effect, two.generation, two.attempts), (&comment("two"), 2, 0));
        sent(bench, two, "1").await;
        assert!(claims(bench).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_last_one_sent_is_sent_again_when_it_replaces_another_that_waits() {
    on_both(async |bench| {
        decide(bench, vec![comment("one")]).await;
        let first = claim(bench).await;
        sent(bench, first, "1").await;
        decide(bench, vec![comment("two")]).await;
        decide(bench, vec![comment("one")]).await;
        assert_eq!(claim(bench).await.effect, comment("one"));
    })
    .await;
}

#[tokio::test]
async fn while_one_is_on_its_way_the_newer_waits_for_it_and_learns_what_github_called_it() {
    on_both(async |bench| {
        decide(bench, vec![comment("one")]).await;
        let one = claim(bench).await;
        decide(bench, vec![comment("two")]).await;
        assert!(claims(bench).await.is_empty(), "one holder per key");
        sent(bench, one, "77").await;
        let two = claim(bench).await;
        assert_eq!((&two.effect, two.remote.as_deref(), two.generation), (&comment("two"), Some("77"), 2));
        sent(bench, two, "77").await;
        assert!(claims(bench).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_label_that_must_be_set_again_while_it_is_on_its_way_is_sent_once_more() {
    on_both(async |bench| {
        decide(bench, vec![label(true)]).await;
        let first = claim(bench).await;
        decide(bench, vec![label(true)]).await;
        sent(bench, first, "").await;
        claim(bench).await;
    })
    .await;
}

#[tokio::test]
async fn from_the_second_attempt_on_the_sender_is_told_so_even_for_a_newer_effect() {
    on_both(async |bench| {
        decide(bench, vec![comment("one")]).await;
        claim(bench).await;
        bench.tamper("UPDATE effect SET lease_until = 1").await;
        decide(bench, vec![comment("two")]).await;
        let next = claim(bench).await;
        assert_eq!((next.effect, next.attempts), (comment("two"), 1));
    })
    .await;
}

#[tokio::test]
async fn a_sender_that_was_overtaken_changes_nothing_but_what_github_called_it() {
    on_both(async |bench| {
        decide(bench, vec![comment("one")]).await;
        let slow = claim(bench).await;
        bench.tamper("UPDATE effect SET lease_until = 1").await;
        let quick = claim(bench).await;
        let refused = EffectOutcome::Refused { why: "no".into() };
        bench.store.settle_effects(vec![(slow.clone(), refused)], at(0)).await.unwrap();
        assert_eq!(bench.store.refused_effects().await.unwrap().items, []);
        sent(bench, slow, "77").await;
        assert_eq!(bench.store.counts(at(0)).await.unwrap().effects_waiting, 1, "the other still sends it");
        assert!(claims(bench).await.is_empty(), "and still holds it");
        let retry = EffectOutcome::Retry { at: at(0), why: "lost".into() };
        bench.store.settle_effects(vec![(quick, retry)], at(0)).await.unwrap();
        assert_eq!(claim(bench).await.remote.as_deref(), Some("77"));
    })
    .await;
}

#[tokio::test]
async fn an_effect_to_be_tried_later_waits_until_then() {
    on_both(async |bench| {
        decide(bench, vec![comment("one")]).await;
        let first = claim(bench).await;
        let retry = EffectOutcome::Retry { at: at(60), why: "retry-after: 60".into() };
        bench.store.settle_effects(vec![(first, retry)], at(0)).await.unwrap();
        assert!(bench.store.claim_effects(64, at(59)).await.unwrap().is_empty());
        assert_eq!(bench.store.next_due().await.unwrap(), Some(at(60)));
        assert!(bench.store.counts(at(0)).await.unwrap().is_idle());
        decide(bench, vec![comment("two")]).await;
        assert!(bench.store.claim_effects(64, at(59)).await.unwrap().is_empty(), "GitHub asked for patience");
        let claims = bench.store.claim_effects(64, at(60)).await.unwrap();
        assert_eq!((claims[0].effect.clone(), claims[0].attempts), (comment("two"), 1));
    })
    .await;
}

#[tokio::test]
async fn what_github_refused_is_visible_and_not_sent_again_until_it_differs() {
    on_both(async |bench| {
        decide(bench, vec![comment("one")]).await;
        let first = claim(bench).await;
        let refused = EffectOutcome::Refused { why: "422: body is too long".into() };
        bench.store.settle_effects(vec![(first, refused)], at(0)).await.unwrap();
        let refused = bench.store.refused_effects().await.unwrap().items.remove(0);
        assert_eq!(
            (refused.key.as_str(), refused.why.as_str()),
            ("comment/7/1/status", "422: body is too long")
        );
        decide(bench, vec![comment("one")]).await;
        assert!(claims(bench).await.is_empty());
        decide(bench, vec![comment("shorter")]).await;
        assert_eq!(claim(bench).await.effect, comment("shorter"));
        assert_eq!(bench.store.refused_effects().await.unwrap().items, []);
    })
    .await;
}

#[tokio::test]
async fn somebodys_pipeline_goes_first_then_checks_then_the_rest_by_age() {
    on_both(async |bench| {
        let reaction = |comment| {
            Effect::new(Call::Reaction {
                repo: RepoId(7),
                comment: CommentId(comment),
                content: Reaction::Eyes,
            })
        };
        decide(bench, vec![comment("x"), check("a", false), reaction(1), check("b", true)]).await;
        let lanes =
            |claims: Vec<EffectClaim>| claims.into_iter().map(|c| c.effect.lane as u8).collect::<Vec<_>>();
        assert_eq!(lanes(bench.store.claim_effects(2, at(0)).await.unwrap()), [0, 1]);
        assert_eq!(lanes(bench.store.claim_effects(9, at(0)).await.unwrap()), [2, 2]);
    })
    .await;
}

#[tokio::test]
async fn an_effect_goes_out_through_the_installation_in_force() {
    on_both(async |bench| {
        let event: Event = event("unused");
        let account = |installation, suspended| {
            let installation = Some(InstallationId(installation));
            decided(State::Account(Account {
                seen: event.account.clone(),
                installation,
                suspended,
                ..Account::default()
            }))
        };
        decide(bench, vec![label(true)]).await;
        for (outcome, expected) in [
            (None, None),
            (Some(account(5, false)), Some(InstallationId(5))),
            (Some(account(6, false)), Some(InstallationId(6))),
            (Some(account(6, true)), None),
        ] {
            if let Some(outcome) = outcome {
                bench.decide(&SubjectId::Account, outcome).await;
            }
            let claimed = claim(bench).await;
            assert_eq!(claimed.installation, expected);
            let retry = EffectOutcome::Retry { at: at(0), why: "later".into() };
            bench.store.settle_effects(vec![(claimed, retry)], at(0)).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn what_waits_for_a_limit_waits_all_at_once_and_has_not_been_attempted() {
    on_both(async |bench| {
        let label_of = |number: u64| {
            let on = IssueRef { repo: RepoId(7), number };
            Effect::new(Call::Label { on, name: "x".into(), present: true })
        };
        decide(bench, (0..100).map(label_of).chain([check("a", false)]).collect()).await;
        let mut held = claims(bench).await;
        assert_eq!(held.len(), 64);
        assert_eq!(held.remove(0).effect, check("a", false));
        let unsent = |claim| (claim, EffectOutcome::Unsent { at: at(60), why: "a limit".into() });
        bench.store.settle_effects(held.into_iter().map(unsent).collect(), at(0)).await.unwrap();
        let times = (at(0), at(60));
        assert_eq!(bench.store.postpone_effects(&tenant(), Lane::Rest, times).await.unwrap(), 37);
        assert_eq!(claims(bench).await, vec![]);
        let later = bench.store.claim_effects(200, at(60)).await.unwrap();
        assert_eq!(later.len(), 100);
        assert!(later.iter().all(|claim| claim.attempts == 0), "nothing was sent");
    })
    .await;
}
