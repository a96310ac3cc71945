//! What was acknowledged is there after the process was killed. (A power cut is another matter: the store asks the disk
//! to keep each commit, and only a machine that can be cut off shows whether the disk does.)

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;

use super::{
    letter::{Letter, Line},
    place::Place,
    server::{now, pause},
};
use crate::support::databases;

/// Connections that post at once.
const LINES: u64 = 16;
/// Rounds on one database; more rounds take more databases.
const ROUNDS: u64 = 10;
/// Rounds on each kind of database, where `CHANGEGATE_ROUNDS_KILL` does not say.
const IN_ALL: u64 = 20;
/// How soon the server is ready after it was killed.
const READY: Duration = Duration::from_secs(2);

/// Deliveries that were answered with 202, and the hashes of their bodies.
type Acknowledged = BTreeMap<String, String>;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_acknowledged_delivery_survives_kill_minus_nine() {
    let wanted = std::env::var("CHANGEGATE_ROUNDS_KILL").ok().and_then(|rounds| rounds.parse().ok());
    let wanted: u64 = wanted.unwrap_or(IN_ALL);
    for first in (0..wanted).step_by(10) {
        for database in databases().await {
            let (since, place) = (now(), Place::open(database).await);
            let rounds = first..(first + ROUNDS).min(wanted);
            let acknowledged = play(&place, rounds.clone()).await;
            eprintln!(
                "kill -9, rounds {rounds:?}: {acknowledged} acknowledged, none lost, {:?}",
                since.elapsed()
            );
            place.close().await;
        }
    }
}

async fn play(place: &Place, rounds: std::ops::Range<u64>) -> usize {
    let mut all = Acknowledged::new();
    let server = place.serve().await;
    place.settle(&server).await;
    assert_eq!(server.stop().await.0, Some(0));
    for round in rounds {
        let acknowledged = one_round(place, round).await;
        assert_eq!(lost(place, &acknowledged), Vec::<String>::new(), "round {round}");
        let verified = place.run(&["audit", "verify"]);
        assert_eq!(verified.code, Some(0), "round {round}: {verified:?}");
        all.extend(acknowledged);
    }
    assert!(!all.is_empty(), "nothing was acknowledged");
    let server = place.serve().await;
    server.idle().await;
    assert_eq!(lost(place, &all), Vec::<String>::new(), "after the last start");
    let left = place.stored().await.into_iter().filter(|one| one.is_waiting || one.state == "parked");
    assert_eq!(left.map(|one| (one.id, one.why)).collect::<Vec<_>>(), vec![]);
    assert_eq!(server.stop().await.0, Some(0));
    all.len()
}

/// Posts until the process is killed at a moment that the number of the round decides.
async fn one_round(place: &Place, round: u64) -> Acknowledged {
    let mut chance = StdRng::seed_from_u64(round);
    let templates = Arc::new(templates(place, round));
    let since = now();
    let mut server = place.serve().await;
    let ready = since.elapsed();
    assert!(ready < READY, "ready after {ready:?}");
    let mut senders = JoinSet::new();
    for line in 0..LINES {
        let sender = Sender {
            address: server.address,
            secret: place.github.webhook_secret(),
            templates: Arc::clone(&templates),
            name: format!("kill-{round:05}-{line:02}"),
            chance: StdRng::seed_from_u64(round * LINES + line),
        };
        senders.spawn(sender.post_until_it_breaks());
    }
    pause(Duration::from_millis(chance.random_range(50..1500))).await;
    server.kill();
    senders.join_all().await.into_iter().flatten().collect()
}

/// Webhooks of ten new change requests; each place where they say `Please.` will say something of its own.
fn templates(place: &Place, round: u64) -> Vec<(String, String)> {
    let request = |number: u64| place.change_request(&format!("Wish {number} of round {round}")).1;
    let owed = (0..10).flat_map(request);
    let issues = owed.filter(|delivery| delivery.event == "issues");
    issues.map(|delivery| (delivery.event, delivery.body)).collect()
}

struct Sender {
    address: SocketAddr,
    secret: String,
    templates: Arc<Vec<(String, String)>>,
    name: String,
    chance: StdRng,
}

impl Sender {
    async fn post_until_it_breaks(mut self) -> Acknowledged {
        let mut acknowledged = Acknowledged::new();
        let Ok(mut line) = Line::open(self.address).await else { return acknowledged };
        for number in 0.. {
            let (event, template) = &self.templates[self.chance.random_range(0..self.templates.len())];
            let length = self.chance.random_range(1..4000);
            let unique: String = (0..length).map(|_| self.chance.random_range('a'..='z')).collect();
            let body = template.replace("Please.", &unique);
            let id = format!("{}-{number}", self.name);
            let hash = hex::encode(Sha256::digest(&body));
            let Ok(answer) = line.send(&Letter::signed(&self.secret, &id, event, body)).await else { break };
            assert_eq!(answer.status, 202, "{}", answer.body);
            acknowledged.insert(id, hash);
        }
        acknowledged
    }
}

/// What was acknowledged and is not there, or is not what was sent, as the program reads it.
fn lost(place: &Place, acknowledged: &Acknowledged) -> Vec<String> {
    let said = place.run(&["inbox", "check", "--list"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let stored: BTreeMap<&str, &str> =
        said.out.lines().filter_map(|line| line.split_once("  ")).map(|(hash, id)| (id, hash)).collect();
    let is_lost = |(id, hash): &(&String, &String)| stored.get(id.as_str()) != Some(&hash.as_str());
    acknowledged.iter().filter(is_lost).map(|(id, _)| id.clone()).collect()
}
