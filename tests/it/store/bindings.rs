//! A token counts for what it was used for first, in whichever replica.

use changegate::store::{Binding, Store};

use super::bench::{at, on_both, other, tenant};

fn binding(id: &str, bound: &str) -> Binding {
    Binding { id: id.into(), tenant: tenant(), bound: bound.into(), expires_at: at(60) }
}

#[tokio::test]
async fn a_token_counts_again_for_what_it_was_used_for_first_and_for_nothing_else() {
    on_both(async |bench| {
        let bind = async |all: &[Binding]| bench.store.bind(all).await.unwrap();
        assert_eq!(bind(&[]).await, Vec::<bool>::new());
        assert_eq!(bind(&[binding("a", "web@1")]).await, [true]);
        assert_eq!(bind(&[binding("a", "web@1")]).await, [true]);
        let elsewhere = Binding { tenant: other(2), ..binding("a", "web@1") };
        let later = Binding { expires_at: at(9000), ..binding("a", "web@1") };
        let all = [binding("a", "web@2"), elsewhere, binding("b", "web@2"), later, binding("c\0\\", "x\0")];
        assert_eq!(bind(&all).await, [false, false, true, true, true]);
        assert_eq!(bind(&[binding("c\0\\", "x\0"), binding("c\0", "x")]).await, [true, true]);
        let twice = bind(&[binding("d", "one"), binding("d", "two"), binding("d", "one")]).await;
        assert_eq!(twice, [true, false, true]);
    })
    .await;
}

#[tokio::test]
async fn of_many_replicas_that_use_a_token_at_once_for_different_things_one_wins() {
    on_both(async |bench| {
        let stores = if bench.postgres {
            vec![
                bench.store.clone(),
                Store::open(&bench.url).await.unwrap(),
                Store::open(&bench.url).await.unwrap(),
            ]
        } else {
            vec![bench.store.clone()]
        };
        for round in 0..10 {
            let mut tasks = tokio::task::JoinSet::new();
            for (nr, store) in stores.iter().cycle().take(12).cloned().enumerate() {
                // Some bring several, in different orders.
                let mut all = vec![
                    binding(&format!("{round}-a"), &nr.to_string()),
                    binding(&format!("{round}-b"), &nr.to_string()),
                ];
                if nr % 2 == 0 {
                    all.reverse();
                }
                tasks.spawn(async move {
                    let mut won = store.bind(&all).await.unwrap();
                    if nr % 2 == 0 {
                        won.reverse();
                    }
                    won
                });
            }
            let won = tasks.join_all().await;
            for token in 0..2 {
                assert_eq!(won.iter().filter(|won| won[token]).count(), 1, "{won:?}");
            }
        }
        for store in stores.iter().skip(1) {
            store.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_ended_is_forgotten_and_what_counts_is_not() {
    on_both(async |bench| {
        let later = Binding { expires_at: at(61), ..binding("b", "x") };
        bench.store.bind(&[binding("a", "x"), later]).await.unwrap();
        assert_eq!(bench.store.forget_bindings(at(61)).await.unwrap(), 1);
        assert_eq!(bench.store.forget_bindings(at(61)).await.unwrap(), 0);
        let again = bench.store.bind(&[binding("a", "y"), binding("b", "y")]).await.unwrap();
        assert_eq!(again, [true, false]);
    })
    .await;
}
