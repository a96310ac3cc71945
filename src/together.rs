//! What many ask at once is read once: whoever asks while a read is on its way waits for the next one, which is for all who
//! wait then. So nobody is answered by a read that began before they asked.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use tokio::sync::{Mutex as Turn, oneshot};

/// Those who ask the same kind of thing.
#[derive(Debug)]
pub struct Together<K, V> {
    waiting: Mutex<Vec<(K, oneshot::Sender<Option<V>>)>>,
    /// One reads at a time.
    turn: Turn<()>,
}

impl<K, V> Default for Together<K, V> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turn: Turn::default() }
    }
}

/// At most so many are read at once.
const MOST: usize = 256;

impl<K: Clone + Ord + Hash, V: Clone> Together<K, V> {
    /// What `read` finds of `key`, alone or with others. Where a read for several fails, each reads for itself.
    ///
    /// # Errors
    /// When its own read fails.
    pub async fn ask<E, F>(&self, key: &K, read: impl Fn(Vec<K>) -> F) -> Result<Option<V>, E>
    where
        F: Future<Output = Result<HashMap<K, V>, E>>,
    {
        let mut answered = self.wait(key);
        loop {
            let turn = tokio::select! {
                biased;
                found = &mut answered => match found {
                    Ok(found) => return Ok(found),
                    // Whoever read for this one has given up.
                    Err(_) => {
                        answered = self.wait(key);
                        continue;
                    }
                },
                turn = self.turn.lock() => turn,
            };
            let group = self.next_group();
            let keys: BTreeSet<K> = group.iter().map(|(key, _)| key.clone()).collect();
            let found = match keys.len() {
                0 => continue,
                count => match read(keys.into_iter().collect()).await {
                    Err(_) if count > 1 => {
                        drop((group, turn));
                        return Ok(read(vec![key.clone()]).await?.remove(key));
                    }
                    found => found?,
                },
            };
            drop(turn);
            for (key, answer) in group {
                // Whoever waits no more is told nothing.
                answer.send(found.get(&key).cloned()).ok();
            }
        }
    }

    fn wait(&self, key: &K) -> oneshot::Receiver<Option<V>> {
        let (answer, answered) = oneshot::channel();
        self.waiting().push((key.clone(), answer));
        answered
    }

    fn next_group(&self) -> Vec<(K, oneshot::Sender<Option<V>>)> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(MOST);
        waiting.drain(..count).collect()
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<(K, oneshot::Sender<Option<V>>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use super::*;

    /// Reads are counted; 13 cannot be read, and of 7 nothing is known.
    async fn read(reads: &AtomicUsize, keys: Vec<u32>) -> Result<HashMap<u32, u32>, &'static str> {
        reads.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        if keys.contains(&13) {
            return Err("unreadable");
        }
        Ok(keys.into_iter().filter(|key| *key != 7).map(|key| (key, key * 10)).collect())
    }

    async fn ask_all(keys: &[u32]) -> (Vec<Result<Option<u32>, &'static str>>, usize) {
        let (together, reads) = (Together::default(), AtomicUsize::new(0));
        let asked = keys.iter().map(|key| together.ask(key, |keys| read(&reads, keys)));
        let found = futures_util::future::join_all(asked).await;
        (found, reads.into_inner())
    }

    #[tokio::test]
    async fn a_thousand_who_ask_at_once_are_answered_by_a_few_reads_and_each_with_their_own() {
        let keys: Vec<u32> = (0..1_000).map(|i| i % 100).filter(|key| *key != 13).collect();
        let (found, reads) = ask_all(&keys).await;
        for (key, found) in keys.iter().zip(found) {
            assert_eq!(found, Ok((*key != 7).then_some(key * 10)));
        }
        assert!(reads <= 5, "{reads}");
    }

    #[tokio::test]
    async fn what_cannot_be_read_keeps_nobody_else_from_their_answer() {
        let (found, _) = ask_all(&[1, 13, 2, 13, 3]).await;
        assert_eq!(found, [Ok(Some(10)), Err("unreadable"), Ok(Some(20)), Err("unreadable"), Ok(Some(30))]);
    }

    #[tokio::test]
    async fn nobody_is_answered_by_a_read_that_began_before_they_asked() {
        let (together, world) = (Together::default(), AtomicUsize::new(1));
        let (begun, go_on) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
        let seen_now = |keys: Vec<u32>| {
            let seen = world.load(Ordering::Relaxed);
            keys.into_iter().map(|key| (key, seen)).collect::<HashMap<_, _>>()
        };
        let slow = together.ask(&1, async |keys| {
            let seen = seen_now(keys);
            begun.notify_one();
            go_on.notified().await;
            Ok::<_, ()>(seen)
        });
        let later = async {
            begun.notified().await;
            world.store(2, Ordering::Relaxed);
            let asked = together.ask(&1, async |keys| Ok::<_, ()>(seen_now(keys)));
            go_on.notify_one();
            asked.await
        };
        assert_eq!(tokio::join!(slow, later), (Ok(Some(1)), Ok(Some(2))));
    }

    #[tokio::test]
    async fn whoever_gives_up_while_reading_for_others_leaves_them_to_read_themselves() {
        let (together, reads) = (Together::default(), AtomicUsize::new(0));
        let stuck = together.ask(&1, async |_: Vec<u32>| {
            std::future::pending::<()>().await;
            Ok::<_, &'static str>(HashMap::new())
        });
        let mut stuck = Box::pin(stuck);
        assert!(tokio::time::timeout(Duration::ZERO, &mut stuck).await.is_err());
        let other = together.ask(&2, |keys| read(&reads, keys));
        let mut other = Box::pin(other);
        assert!(tokio::time::timeout(Duration::ZERO, &mut other).await.is_err());
        drop(stuck);
        assert_eq!(other.await, Ok(Some(20)));
    }
}
