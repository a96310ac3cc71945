//! Many large bodies at once, from senders who mean no good: the memory that they take is bounded and is given back, and
//! others are served meanwhile.

use std::time::Duration;

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;

use super::{
    letter::Letter,
    place::Place,
    server::{Server, now, pause},
};
use crate::support::databases;

const HOSTILE: u64 = 8;
const LARGE: usize = 25 << 20;
/// In MiB.
const MOST: u64 = 150;
/// What an allocator and a database keep for the next time, in MiB.
const KEPT: u64 = 60;
/// GitHub takes no later answer.
const IN_TIME: Duration = Duration::from_secs(10);

/// Bytes that our compressor does not make shorter: they repeat themselves farther apart than it looks back.
fn noise(seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; 5 << 20];
    StdRng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes.repeat(LARGE / bytes.len())
}

/// 25 MiB of `[[0],[0],…]`.
fn wide() -> Vec<u8> {
    format!("[{}[0]]", "[0],".repeat(LARGE / 4 - 2)).into()
}

/// Eight senders at once.
fn eight(letter: impl Fn(u64) -> Letter) -> Vec<Letter> {
    (0..HOSTILE).map(letter).collect()
}

/// Sends all letters at once, whole, and answers with what each was told, in order.
async fn send_all(server: &Server, letters: Vec<Letter>) -> Vec<u16> {
    let mut senders = JoinSet::new();
    for letter in letters {
        let mut line = server.line().await.unwrap();
        senders.spawn(async move {
            let since = now();
            let answer = line.send(&letter).await.unwrap();
            assert!(since.elapsed() < IN_TIME, "{answer:?} came after {:?}", since.elapsed());
            assert_eq!(answer.header("retry-after").is_some(), answer.status == 503, "{answer:?}");
            answer.status
        });
    }
    let mut answers = senders.join_all().await;
    answers.sort_unstable();
    answers
}

/// Somebody posts small deliveries meanwhile: how long the slowest took.
async fn honest(place: &Place, server: &Server, name: &str) -> Duration {
    let mut slowest = Duration::ZERO;
    for number in 0..50 {
        let letter = place.letter(&format!("honest, {name}, {number}"), "watch", "{}");
        let since = now();
        let answer = server.send(&letter).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        slowest = slowest.max(since.elapsed());
        pause(Duration::from_millis(20)).await;
    }
    slowest
}

async fn memory_is_bounded_and_given_back(server: &Server, name: &str, before: u64) {
    let most = server.memory("VmHWM");
    assert!(most < MOST, "{name}: {most} MiB");
    server.idle().await;
    let left = server.memory("VmRSS");
    assert!(left < before + KEPT, "{name}: {left} MiB are left of {most} MiB, {before} MiB before");
    eprintln!("{name}: {before} MiB before, {most} MiB at most so far, {left} MiB afterwards");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_large_bodies_at_once_take_bounded_memory_and_nobody_waits_for_them() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        assert_eq!(server.send(&place.letter("first", "watch", "{}")).await.status, 202);
        server.idle().await;
        let before = server.memory("VmRSS");
        let forged =
            |number| Letter::signed("a secret that was never ours to use", "x", "watch", noise(number));
        let genuine =
            |name: &str, number: u64, body| place.letter(&format!("{name} {number}"), "issues", body);
        let attacks = [
            ("forged", eight(forged), &[401, 503][..]),
            ("forged, without a length", eight(|number| forged(number).chunked()), &[401, 503]),
            ("noise", eight(|number| genuine("noise", number, noise(number))), &[202, 503]),
            ("wide", eight(|number| genuine("wide", number, wide())), &[202, 503]),
        ];
        for (name, letters, expected) in attacks {
            let (answers, slowest) = tokio::join!(send_all(&server, letters), honest(&place, &server, name));
            eprintln!("{name}: {answers:?}; the slowest of the others took {slowest:?}");
            assert!(answers.iter().all(|status| expected.contains(status)), "{name}: {answers:?}");
            assert_eq!(answers.first(), expected.first(), "{name}: {answers:?}");
            assert!(slowest < Duration::from_secs(3), "{name}: an honest sender waited {slowest:?}");
            memory_is_bounded_and_given_back(&server, name, before).await;
        }
        assert_eq!(server.stop().await.0, Some(0));
        place.close().await;
    }
}
