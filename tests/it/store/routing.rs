//! From deliveries to due subjects, and their leases.

use changegate::{
    domain::{
        event::Event,
        ids::{RepoId, SubjectId, TenantId},
    },
    store::{Addressed, Kept, Outcome, Routing, Settled, Settlement, Store},
};

use super::bench::{
    at, decided, delivery, event, milestone, milestone_state, on_both, other, release, repository, tenant,
};

#[tokio::test]
async fn a_routed_delivery_makes_its_subjects_due_with_what_happened_in_the_order_of_arrival() {
    on_both(async |bench| {
        for id in ["a", "b", "c"] {
            bench.store.keep(delivery(id, "{}")).await.unwrap();
        }
        let mut claimed = bench.store.claim_deliveries(64).await.unwrap();
        claimed.reverse();
        for claimed in claimed {
            let event = Box::new(event(&claimed.id));
            let subjects = vec![milestone(1), repository(7)];
            let routing = Routing::To { tenant: tenant(), event, subjects };
            bench.store.settle_routing(vec![(claimed.key, routing)], at(0)).await.unwrap();
        }
        let claims = bench.store.claim_subjects(64, at(0)).await.unwrap();
        assert_eq!(claims.len(), 2);
        for claim in &claims {
            assert_eq!(claim.events, ["a", "b", "c"].map(event));
            assert_eq!((claim.version, &claim.state, claim.attempts), (0, &None, 0));
        }
        assert_eq!(claims[0].subject, repository(7), "earlier kinds come first");
    })
    .await;
}

#[tokio::test]
async fn an_ignored_delivery_concerns_nobody() {
    on_both(async |bench| {
        bench.store.keep(delivery("one", "{}")).await.unwrap();
        let claimed = bench.store.claim_deliveries(64).await.unwrap().remove(0);
        let why = "an event that changes nothing".into();
        let ignored = Routing::Ignored { tenant: Some(tenant()), why };
        bench.store.settle_routing(vec![(claimed.key, ignored)], at(0)).await.unwrap();
        assert!(bench.store.counts(at(0)).await.unwrap().is_idle());
        assert_eq!(bench.store.parked().await.unwrap().items, []);
    })
    .await;
}

#[tokio::test]
async fn a_router_that_lost_its_lease_changes_nothing() {
    on_both(async |bench| {
        bench.store.keep(delivery("one", "{}")).await.unwrap();
        let slow = bench.store.claim_deliveries(64).await.unwrap().remove(0);
        assert!(bench.store.claim_deliveries(64).await.unwrap().is_empty());
        bench.tamper("UPDATE delivery SET lease_until = 1").await;
        let quick = bench.store.claim_deliveries(64).await.unwrap().remove(0);
        assert_eq!(quick.attempts, 1);
        let parked = Routing::Parked { why: "late".into() };
        bench.store.settle_routing(vec![(slow.key, parked)], at(0)).await.unwrap();
        assert_eq!(bench.store.parked().await.unwrap().items, []);
        let again = Routing::Again { tenant: tenant(), subjects: vec![milestone(1)] };
        bench.store.settle_routing(vec![(quick.key, again)], at(0)).await.unwrap();
        bench.claim(&milestone(1)).await;
    })
    .await;
}

#[tokio::test]
async fn a_subject_has_one_holder_and_a_holder_that_was_overtaken_changes_nothing() {
    on_both(async |bench| {
        bench.wake(&[milestone(1)]).await;
        let paused = bench.claim(&milestone(1)).await;
        assert!(bench.due().await.is_empty());
        bench.tamper("UPDATE subject SET lease_until = 1").await;
        let next = bench.claim(&milestone(1)).await;
        assert_eq!(next.attempts, 1);
        let late = decided(milestone_state(1, "late", None));
        assert_eq!(bench.settle(paused.clone(), late.clone()).await, Settled::Lost);
        let quick = decided(milestone_state(1, "quick", None));
        assert_eq!(bench.settle(next.clone(), quick.clone()).await, Settled::Done);
        assert_eq!(bench.settle(paused, late).await, Settled::Lost);
        assert_eq!(
            bench.settle(next, quick).await,
            Settled::Done,
            "the answer was lost on the way: same again"
        );
        bench.wake(&[milestone(1)]).await;
        let claim = bench.claim(&milestone(1)).await;
        assert_eq!((claim.version, claim.state), (1, Some(milestone_state(1, "quick", None))));
    })
    .await;
}

#[tokio::test]
async fn a_holder_whose_lease_ran_out_unnoticed_may_still_settle() {
    on_both(async |bench| {
        bench.wake(&[milestone(1)]).await;
        let claim = bench.claim(&milestone(1)).await;
        bench.tamper("UPDATE subject SET lease_until = 1").await;
        assert_eq!(bench.settle(claim, decided(milestone_state(1, "a", None))).await, Settled::Done);
        assert!(bench.due().await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_holders_at_once_share_the_work_and_each_subject_is_claimed_once() {
    on_both(async |bench| {
        let subjects: Vec<_> = (0..600).map(milestone).collect();
        bench.wake(&subjects).await;
        let workers = (0..8).map(|_| {
            let store = bench.store.clone();
            async move {
                let mut mine = vec![];
                loop {
                    let claims = store.claim_subjects(16, at(0)).await.unwrap();
                    if claims.is_empty() {
                        return mine;
                    }
                    mine.extend(claims.into_iter().map(|claim| claim.subject));
                }
            }
        });
        let claimed = workers.collect::<tokio::task::JoinSet<_>>().join_all().await;
        let mut claimed: Vec<_> = claimed.into_iter().flatten().collect();
        claimed.sort();
        assert_eq!(claimed, subjects);
    })
    .await;
}

#[tokio::test]
async fn a_subject_to_be_tried_later_is_due_then_and_keeps_what_happened() {
    on_both(async |bench| {
        bench.deliver("one", &[milestone(1)]).await;
        let claim = bench.claim(&milestone(1)).await;
        let retry = Outcome::Retry { at: at(60), why: "GitHub could not be reached".into() };
        assert_eq!(bench.settle(claim, retry).await, Settled::Done);
        assert!(bench.store.claim_subjects(64, at(59)).await.unwrap().is_empty());
        assert_eq!(bench.store.next_due().await.unwrap(), Some(at(60)));
        let claim = bench.store.claim_subjects(64, at(60)).await.unwrap().remove(0);
        assert_eq!((claim.events.len(), claim.attempts), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_parked_subject_is_visible_and_something_new_wakes_it() {
    on_both(async |bench| {
        bench.deliver("one", &[milestone(1)]).await;
        let claim = bench.claim(&milestone(1)).await;
        assert_eq!(bench.settle(claim, Outcome::Parked("it panics".into())).await, Settled::Done);
        assert!(bench.due().await.is_empty());
        let parked = bench.store.parked_subjects().await.unwrap().items.remove(0);
        assert_eq!((parked.subject, parked.why.as_str()), (milestone(1), "it panics"));
        assert_eq!(bench.store.counts(at(0)).await.unwrap().parked, 1);
        bench.deliver("two", &[milestone(1)]).await;
        let claim = bench.claim(&milestone(1)).await;
        assert_eq!((claim.events, claim.attempts), (vec![event("one"), event("two")], 0));
        assert_eq!(bench.store.parked_subjects().await.unwrap().items, []);
    })
    .await;
}

#[tokio::test]
async fn a_title_with_any_character_is_a_subject_like_any_other() {
    on_both(async |bench| {
        for title in ["2026/12 a", "nul\0and\\0", "ä€😀'\"$1", "%_"] {
            bench.wake(&[release(title)]).await;
            bench.claim(&release(title)).await;
        }
    })
    .await;
}

fn addressed(tenant: &TenantId, name: &str) -> Addressed {
    let (repo, event) = (RepoId(7), Box::new(event(name)));
    Addressed { tenant: tenant.clone(), repo, subject: milestone(1), event }
}

/// What is due, with what happened to it by name.
async fn due(store: &Store) -> Vec<(TenantId, SubjectId, Vec<Event>)> {
    let mut claims = store.claim_subjects(64, at(0)).await.unwrap();
    claims.sort_by(|a, b| (&a.tenant, &a.subject).cmp(&(&b.tenant, &b.subject)));
    let mut found = vec![];
    for claim in claims {
        found.push((claim.tenant.clone(), claim.subject.clone(), claim.events.clone()));
        let settlement = Settlement { claim, outcome: Outcome::Ignored("it was looked at".into()) };
        assert_eq!(store.settle(vec![settlement], at(0)).await.unwrap(), [Settled::Done]);
    }
    found
}

#[tokio::test]
async fn what_says_itself_whom_it_concerns_is_told_once_and_repeated_it_only_wakes() {
    on_both(async |bench| {
        let store = &bench.store;
        let kept = tokio::join!(
            store.keep_routed(delivery("one", "{}"), addressed(&tenant(), "one")),
            store.keep(delivery("other", "{}")),
            store.keep_routed(delivery("two", "{}"), addressed(&tenant(), "two")),
            store.keep_routed(delivery("one", "{}"), addressed(&tenant(), "one")),
        );
        assert_eq!(kept, (Ok(Kept::New), Ok(Kept::New), Ok(Kept::New), Ok(Kept::Repeated)));
        let told = vec![event("one"), event("two")];
        assert_eq!(due(store).await, [(tenant(), milestone(1), told)]);
        assert_eq!(due(store).await, []);
        let waiting = store.claim_deliveries(64).await.unwrap();
        assert_eq!(waiting.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["other"]);
        // Beside something new, so that the group is neither all new nor all known.
        let kept = tokio::join!(
            store.keep_routed(delivery("one", "{}"), addressed(&tenant(), "one")),
            store.keep_routed(delivery("three", "{}"), addressed(&tenant(), "three")),
        );
        assert_eq!(kept, (Ok(Kept::Repeated), Ok(Kept::New)));
        assert_eq!(due(store).await, [(tenant(), milestone(1), vec![event("three")])]);
        let again = store.claim_deliveries(64).await.unwrap();
        assert_eq!(again.iter().map(|it| (it.id.as_str(), it.again)).collect::<Vec<_>>(), [("one", true)]);
        let bodies = bench.number("SELECT count(*) FROM body").await;
        assert_eq!(bodies, 4);
    })
    .await;
}

#[tokio::test]
async fn what_concerns_a_repository_that_has_moved_is_told_where_it_is_now() {
    on_both(async |bench| {
        let store = &bench.store;
        store.keep(delivery("move", "{}")).await.unwrap();
        let claimed = store.claim_deliveries(64).await.unwrap().remove(0);
        let (from, to, repo) = (tenant(), other(2), RepoId(7));
        let moved = Routing::Moved {
            from: from.clone(),
            tenant: to.clone(),
            repo,
            event: Box::new(event("move")),
            subjects: vec![],
        };
        store.settle_routing(vec![(claimed.key, moved)], at(0)).await.unwrap();
        assert_eq!(store.keep_routed(delivery("late", "{}"), addressed(&from, "late")).await, Ok(Kept::New));
        for left in store.claim_deliveries(64).await.unwrap() {
            let (event, subjects) = (Box::new(event("late")), vec![milestone(1)]);
            let routing = Routing::To { tenant: from.clone(), event, subjects };
            store.settle_routing(vec![(left.key, routing)], at(0)).await.unwrap();
        }
        assert_eq!(due(store).await, [(to, milestone(1), vec![event("late")])]);
    })
    .await;
}
