//! Deliveries are written down once, many at a time.

use changegate::store::{KeepError, Kept, NewDelivery, Packed, Routing};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::bench::{at, delivery, on_both, tally, tenant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_copies_of_one_delivery_are_one_delivery() {
    on_both(async |bench| {
        let sender = |_| {
            let store = bench.store.clone();
            async move {
                let mut kept = vec![];
                for _ in 0..50 {
                    kept.push(store.keep(delivery("one", "{}")).await);
                }
                kept
            }
        };
        let kept = (0..200).map(sender).collect::<tokio::task::JoinSet<_>>().join_all().await;
        let kept = tally(kept.into_iter().flatten().map(|kept| kept == Ok(Kept::New)));
        assert_eq!(kept.get(&true), Some(&1));
        assert_eq!(kept.get(&false), Some(&9_999));
        assert_eq!(bench.number("SELECT count(*) FROM delivery").await, 1);
        assert_eq!(bench.number("SELECT repeats FROM delivery").await, 9_999);
        assert_eq!(bench.store.claim_deliveries(64).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_kept_is_claimed_whole_and_in_the_order_of_arrival() {
    on_both(async |bench| {
        for i in 0..300 {
            let body = format!(r#"{{"number":{i},"text":"{}"}}"#, "ä€😀".repeat(i));
            assert_eq!(bench.store.keep(delivery(&format!("d{i}"), &body)).await, Ok(Kept::New));
        }
        let mut seen = 0;
        loop {
            let claimed = bench.store.claim_deliveries(64).await.unwrap();
            if claimed.is_empty() {
                break;
            }
            for claimed in claimed {
                assert_eq!(claimed.id, format!("d{seen}"));
                assert!(claimed.body.starts_with(format!(r#"{{"number":{seen},"#).as_bytes()));
                assert_eq!((claimed.again, claimed.attempts, claimed.received_at), (false, 0, at(0)));
                seen += 1;
            }
        }
        assert_eq!(seen, 300);
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_large_bodies_is_cut_at_four_mebibytes_and_the_rest_comes_next() {
    on_both(async |bench| {
        for i in 0..5 {
            let body = Packed::of(&vec![b'x'; 1_500_000]).unwrap();
            let delivery = NewDelivery { body, ..delivery(&format!("d{i}"), "") };
            assert_eq!(bench.store.keep(delivery).await, Ok(Kept::New));
        }
        let ids = async || {
            let claimed = bench.store.claim_deliveries(64).await.unwrap();
            claimed.into_iter().map(|claimed| (claimed.id, claimed.attempts)).collect::<Vec<_>>()
        };
        let of = |ids: &[&str]| ids.iter().map(|id| ((*id).to_owned(), 0)).collect::<Vec<_>>();
        assert_eq!(ids().await, of(&["d0", "d1", "d2"]));
        assert_eq!(ids().await, of(&["d3", "d4"]));
    })
    .await;
}

#[tokio::test]
async fn a_large_body_that_cannot_be_compressed_is_stored_in_parts_read_whole_and_forgotten_whole() {
    on_both(async |bench| {
        let mut body = vec![0; 3_500_000];
        StdRng::seed_from_u64(1).fill_bytes(&mut body);
        let large = || NewDelivery { body: Packed::of(&body).unwrap(), ..delivery("large", "") };
        assert_eq!(bench.store.keep(large()).await, Ok(Kept::New));
        assert_eq!(bench.number("SELECT count(*) FROM body_part").await, 3);
        for kept in [Kept::Repeated, Kept::Repeated] {
            let claimed = bench.store.claim_deliveries(64).await.unwrap().remove(0);
            assert!(claimed.body == body);
            let ignored = Routing::Ignored { tenant: None, why: "seen".into() };
            bench.store.settle_routing(vec![(claimed.key, ignored)], at(0)).await.unwrap();
            assert!(bench.store.delivery_body("large").await.unwrap() == Some(body.clone()));
            assert_eq!(bench.store.forget_bodies(at(1)).await.unwrap(), 1);
            assert_eq!(bench.number("SELECT count(*) FROM body_part").await, 0);
            assert_eq!(bench.store.keep(large()).await, Ok(kept));
        }
        bench.tamper("DELETE FROM body_part WHERE part = 2").await;
        assert_eq!(bench.store.claim_deliveries(64).await.unwrap(), vec![]);
        let parked = bench.store.parked().await.unwrap().items.remove(0);
        assert_eq!(
            (parked.delivery.as_str(), parked.why.as_str()),
            ("large", "its stored body is missing or damaged")
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_new_is_kept_beside_what_is_repeated() {
    on_both(async |bench| {
        assert_eq!(bench.store.keep(delivery("old", "{}")).await, Ok(Kept::New));
        let ids = ["new", "old", "newer"];
        let kept = ids.map(|id| bench.store.keep(delivery(id, "{}")));
        let [first, second, third] = kept;
        let together = tokio::join!(first, second, third);
        assert_eq!(together, (Ok(Kept::New), Ok(Kept::Repeated), Ok(Kept::New)));
        let claimed = bench.store.claim_deliveries(64).await.unwrap();
        let bodies = claimed.iter().map(|claimed| (claimed.id.as_str(), claimed.body.as_slice()));
        let body: &[u8] = b"{}";
        assert_eq!(bodies.collect::<Vec<_>>(), [("old", body), ("new", body), ("newer", body)]);
    })
    .await;
}

#[tokio::test]
async fn one_id_with_two_bodies_stands_for_two_deliveries() {
    on_both(async |bench| {
        let keep = async |body: &str| bench.store.keep(delivery("1", body)).await.unwrap();
        let mut kept = vec![];
        for body in ["{}", "[]", "[]", "{}", "[1]"] {
            kept.push(keep(body).await);
        }
        assert_eq!(kept, [Kept::New, Kept::New, Kept::Repeated, Kept::Repeated, Kept::New]);
        let together = tokio::join!(
            bench.store.keep(delivery("2", "{}")),
            bench.store.keep(delivery("2", "[]")),
            bench.store.keep(delivery("2", "{}")),
        );
        assert_eq!(together, (Ok(Kept::New), Ok(Kept::New), Ok(Kept::Repeated)));
        let claimed = bench.store.claim_deliveries(64).await.unwrap();
        let bodies: Vec<String> =
            claimed.iter().map(|claimed| String::from_utf8_lossy(&claimed.body).into_owned()).collect();
        assert_eq!(bodies, ["{}", "[]", "[1]", "{}", "[]"]);
    })
    .await;
}

#[tokio::test]
async fn a_repeated_delivery_is_routed_again_and_says_so() {
    on_both(async |bench| {
        bench.deliver("one", &[super::bench::milestone(1)]).await;
        assert!(bench.store.claim_deliveries(64).await.unwrap().is_empty());
        assert_eq!(bench.store.keep(delivery("one", "{}")).await, Ok(Kept::Repeated));
        let claimed = bench.store.claim_deliveries(64).await.unwrap().remove(0);
        assert!(claimed.again);
        let again = Routing::Again { tenant: tenant(), subjects: vec![super::bench::milestone(1)] };
        bench.store.settle_routing(vec![(claimed.key, again)], at(0)).await.unwrap();
        let claim = bench.claim(&super::bench::milestone(1)).await;
        assert_eq!(claim.events.len(), 1, "what happened was told once");
    })
    .await;
}

#[tokio::test]
async fn a_parked_delivery_is_visible_and_is_tried_again_when_it_is_replayed_or_repeated() {
    on_both(async |bench| {
        assert_eq!(bench.store.keep(delivery("bad", "{")).await, Ok(Kept::New));
        let park = async || {
            let claimed = bench.store.claim_deliveries(64).await.unwrap().remove(0);
            assert!(!claimed.again);
            let why = "not JSON \0 at all".to_owned();
            bench.store.settle_routing(vec![(claimed.key, Routing::Parked { why })], at(0)).await.unwrap();
            assert!(bench.store.claim_deliveries(64).await.unwrap().is_empty());
        };
        park().await;
        let parked = bench.store.parked().await.unwrap().items.remove(0);
        assert_eq!((parked.delivery.as_str(), parked.why.as_str()), ("bad", "not JSON \0 at all"));
        assert!(bench.store.replay("bad").await.unwrap());
        park().await;
        assert!(bench.store.replay(&parked.key).await.unwrap());
        park().await;
        assert_eq!(bench.store.keep(delivery("bad", "{")).await, Ok(Kept::Repeated));
        park().await;
        assert!(!bench.store.replay("never seen").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_delivery_that_no_database_could_hold_is_refused_and_the_others_are_kept() {
    on_both(async |bench| {
        for id in ["", "nul\0", &"x".repeat(256)] {
            let kept = bench.store.keep(delivery(id, "{}")).await;
            assert!(matches!(kept, Err(KeepError::Unfit(_))), "{id:?}: {kept:?}");
        }
        assert_eq!(bench.store.keep(delivery(&"x".repeat(255), "\0")).await, Ok(Kept::New));
    })
    .await;
}

#[tokio::test]
async fn bodies_are_forgotten_once_they_are_old_and_routed_and_a_repetition_brings_them_back() {
    on_both(async |bench| {
        bench.deliver("old", &[super::bench::milestone(1)]).await;
        assert_eq!(bench.store.keep(delivery("unrouted", "{}")).await, Ok(Kept::New));
        assert_eq!(bench.store.forget_bodies(at(0)).await.unwrap(), 0);
        assert_eq!(bench.store.forget_bodies(at(1)).await.unwrap(), 1);
        assert_eq!(bench.store.delivery_body("old").await.unwrap(), None);
        assert_eq!(bench.store.delivery_body("unrouted").await.unwrap(), Some(b"{}".to_vec()));
        assert_eq!(bench.store.keep(delivery("old", "{}")).await, Ok(Kept::Repeated));
        assert_eq!(bench.store.delivery_body("old").await.unwrap(), Some(b"{}".to_vec()));
    })
    .await;
}

#[tokio::test]
async fn a_repetition_with_other_bytes_is_read_as_what_came_where_the_first_are_forgotten() {
    on_both(async |bench| {
        let (short, long) = ("{}", "{ \"longer\": \"than the first\" }");
        bench.deliver("one", &[super::bench::milestone(1)]).await;
        assert_eq!(bench.store.keep(delivery("one", short)).await, Ok(Kept::Repeated));
        let claimed = bench.store.claim_deliveries(64).await.unwrap().remove(0);
        let ignored = Routing::Ignored { tenant: None, why: "seen".into() };
        bench.store.settle_routing(vec![(claimed.key, ignored)], at(0)).await.unwrap();
        for body in [long, short, "", long] {
            bench.store.forget_bodies(at(1)).await.unwrap();
            assert_eq!(bench.store.delivery_body("one").await.unwrap(), None);
            assert_eq!(bench.store.keep(delivery("one", body)).await, Ok(Kept::Repeated));
            assert_eq!(bench.store.delivery_body("one").await.unwrap(), Some(body.into()));
            let claimed = bench.store.claim_deliveries(64).await.unwrap().remove(0);
            assert_eq!(claimed.body, body.as_bytes());
            let ignored = Routing::Ignored { tenant: None, why: "seen".into() };
            bench.store.settle_routing(vec![(claimed.key, ignored)], at(0)).await.unwrap();
        }
        assert_eq!(bench.number("SELECT count(*) FROM delivery WHERE state = 'parked'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_is_cut_says_how_many_more_there_are() {
    on_both(async |bench| {
        assert_eq!(bench.store.keep(delivery("bad", "{")).await, Ok(Kept::New));
        let claimed = bench.store.claim_deliveries(64).await.unwrap().remove(0);
        let parked = Routing::Parked { why: "not JSON".into() };
        bench.store.settle_routing(vec![(claimed.key, parked)], at(0)).await.unwrap();
        assert_eq!(bench.store.parked().await.unwrap().more, 0);
        bench
            .copy_rows(
                "INSERT INTO delivery (id, delivery_id, event, host, received_at, body_hash, body_size, repeats, state,
                   waiting)
                 SELECT id || n, delivery_id || n, event, host, received_at, body_hash, body_size, 0, state, 0 FROM delivery",
                1233,
            )
            .await;
        let parked = bench.store.parked().await.unwrap();
        assert_eq!((parked.items.len(), parked.more), (1000, 234));
        let (subjects, effects) =
            (bench.store.parked_subjects().await.unwrap(), bench.store.refused_effects().await.unwrap());
        let words = changegate::register::parked(&parked, &subjects, &effects);
        let end: Vec<&str> = words.lines().rev().take(2).collect();
        assert_eq!(
            end,
            [
                "Try a delivery again with `changegate inbox replay ID`.",
                "234 more deliveries are not shown; they follow when these are cured."
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn after_closing_nothing_is_kept_and_what_was_taken_in_is_there() {
    on_both(async |bench| {
        assert_eq!(bench.store.keep(delivery("one", "{}")).await, Ok(Kept::New));
        bench.store.close().await;
        assert!(matches!(bench.store.keep(delivery("two", "{}")).await, Err(KeepError::Busy(_))));
        assert_eq!(bench.number("SELECT count(*) FROM delivery").await, 1);
    })
    .await;
}
