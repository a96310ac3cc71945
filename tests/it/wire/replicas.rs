//! Three servers on one PostgreSQL behind a balancer, and pipelines that ask while the servers are killed and started again.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use changegate::{
    gate::permit::{self, PERMIT, PublicKeys},
    sandbox::Limits,
};
use serde_json::{Value, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::{
    gate::{BY_PIPELINE, merged},
    letter::{Answer, Letter, Line},
    place::Place,
    server::{Server, now, pause},
};
use crate::support::Database;

const SERVERS: usize = 3;
/// Pipelines that ask at once.
const PIPELINES: usize = 16;
/// How long a server works until it is killed.
const LIFE: Duration = Duration::from_millis(1500);
/// How long somebody asks before they give up.
const PATIENCE: Duration = Duration::from_secs(180);
/// For so long the same is decided, if it is asked again.
const A_MOMENT: Duration = Duration::from_secs(5);

/// How many requests: `CHANGEGATE_ROUNDS_REPLICAS`.
fn rounds() -> usize {
    std::env::var("CHANGEGATE_ROUNDS_REPLICAS").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

/// Where servers listen at this moment, and which is next.
#[derive(Debug, Default)]
struct Addresses {
    alive: Mutex<Vec<SocketAddr>>,
    turn: AtomicUsize,
}

impl Addresses {
    fn next(&self) -> Option<SocketAddr> {
        let alive = self.alive.lock().unwrap();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        alive.get(turn % alive.len().max(1)).copied()
    }
}

/// Hands each connection to the next server, and knows nothing of what goes through.
async fn balance(listener: TcpListener, addresses: Arc<Addresses>) {
    let mut connections = JoinSet::new();
    while let Ok((mut from, _)) = listener.accept().await {
        let Some(address) = addresses.next() else { continue };
        connections.spawn(async move {
            let Ok(mut to) = TcpStream::connect(address).await else { return };
            // Either side may break off at any time.
            drop(copy_bidirectional(&mut from, &mut to).await);
        });
    }
}

/// What is asked, and what must come of it whoever is killed.
struct Question {
    body: Value,
    /// What may be decided.
    expected: &'static str,
}

/// Three sorts: what may be deployed, what comes from the wrong branch, and what goes back to nothing.
fn question(number: usize, sha: &str) -> Question {
    let (reference, purpose, expected) =
        [("main", "deploy", "allow"), ("feature", "deploy", "deny"), ("main", "rollback", "deny")]
            [number % 3];
    let body = json!({
        "repository": "acme/web", "environment": format!("prod-{number}"), "sha": sha,
        "ref": format!("refs/heads/{reference}"), "pipeline": "jenkins", "run_id": number.to_string(),
        "purpose": purpose,
    });
    Question { body, expected }
}

/// One of those that ask.
struct Pipeline {
    balancer: SocketAddr,
    token: String,
}

impl Pipeline {
    /// Asks until it is decided, however often the line breaks; every decision that was heard on the way.
    async fn ask(&self, body: &Value) -> Vec<Value> {
        let since = now();
        let (mut heard, mut last) = (vec![], String::new());
        // Whoever did not hear it asks again: a moment later it is the same.
        while heard.is_empty() || (heard.len() < 2 && since.elapsed() < A_MOMENT) {
            assert!(since.elapsed() < PATIENCE, "waited in vain for a decision: {body} {last}");
            match self.send(body.to_string()).await {
                Ok(answer) if answer.status == 200 => heard.push(serde_json::from_str(&answer.body).unwrap()),
                Ok(answer) => {
                    assert!([202, 503].contains(&answer.status), "{answer:?}");
                    last = answer.body;
                }
                Err(_) => pause(Duration::from_millis(50)).await,
            }
        }
        heard
    }

    async fn send(&self, body: String) -> std::io::Result<Answer> {
        let mut letter = Letter::get("").to("POST", "/api/v1/gates?wait=5s");
        letter = letter.and("Content-Type", "application/json");
        letter = letter.and("Authorization", format!("Bearer {}", self.token));
        letter.body = body.into_bytes();
        Line::open(self.balancer).await?.send(&letter).await
    }
}

/// Kills one server after another and starts it again, until everything is answered.
async fn kill(
    place: &Place,
    mut servers: Vec<Server>,
    addresses: &Addresses,
    left: &AtomicUsize,
) -> Vec<Server> {
    let mut killed = 0;
    while left.load(Ordering::Relaxed) > 0 {
        pause(LIFE).await;
        let place_of = killed % SERVERS;
        servers[place_of].kill();
        servers[place_of] = place.serve_beside().await;
        *addresses.alive.lock().unwrap() = servers.iter().map(|server| server.address).collect();
        killed += 1;
    }
    eprintln!("{killed} times a server was killed");
    servers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_asks_is_answered_once_and_rightly_while_one_server_after_another_is_killed() {
    let Some(database) = Database::postgres().await else { return };
    let policy =
        BY_PIPELINE.replace("names: [production]", "names: [\"prod-*\"]\n    from: { branches: [default] }");
    let place = Place::ruled_by(database, &policy).await;
    // Each server that starts compares with GitHub: not that is to run out here.
    let (primary, content_per_minute, content_per_hour) = (1_000_000, 1_000_000, 1_000_000);
    place.github.set_limits(Limits { primary, content_per_minute, content_per_hour });
    let (first, issue, token) = merged(&place).await;
    place.github.by("tess").comment(issue, "/accept");
    place.settle(&first).await;
    let mut servers = vec![first];
    while servers.len() < SERVERS {
        servers.push(place.serve_beside().await);
    }
    let addresses = Arc::new(Addresses::default());
    *addresses.alive.lock().unwrap() = servers.iter().map(|server| server.address).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let balancer = listener.local_addr().unwrap();
    let mut balancing = JoinSet::new();
    balancing.spawn(balance(listener, Arc::clone(&addresses)));
    let sha = place.github.head("acme/web", "main").unwrap();
    let (next, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(rounds())));
    let mut pipelines = JoinSet::new();
    for _ in 0..PIPELINES {
        let (next, left, sha) = (Arc::clone(&next), Arc::clone(&left), sha.clone());
        let pipeline = Pipeline { balancer, token: token.clone() };
        pipelines.spawn(async move {
            let mut answers = vec![];
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= rounds() {
                    return answers;
                }
                let question = question(number, &sha);
                answers.push((number, question.expected, pipeline.ask(&question.body).await));
                left.fetch_sub(1, Ordering::Relaxed);
            }
        });
    }
    let servers = kill(&place, servers, &addresses, &left).await;
    let answers: Vec<_> = pipelines.join_all().await.into_iter().flatten().collect();
    assert_eq!(answers.len(), rounds(), "each is answered");
    let keys = servers[0].ask("/.well-known/jwks.json").await.unwrap().body;
    check(&answers, &serde_json::from_str(&keys).unwrap());
    // What is owed to the servers that are gone is delivered now.
    place.settle(&servers[0]).await;
    let verified = place.run(&["audit", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    for server in servers {
        server.stop().await;
    }
    place.close().await;
}

/// What was decided under one id is decided once, an allow is one with a permit for its run, and nothing is allowed that
/// rules forbid.
fn check(answers: &[(usize, &'static str, Vec<Value>)], keys: &PublicKeys) {
    let mut decided: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (number, expected, heard) in answers {
        for view in heard {
            assert_eq!(view["decision"], *expected, "{view}");
            assert_eq!(view["run_id"], number.to_string());
            let words = [&view["decision"], &view["decided_at"], &view["findings"]].map(ToString::to_string);
            decided.entry(view["id"].to_string()).or_default().insert(words.join(" "));
            if *expected == "allow" {
                let permit = permit::claims(view["permit"].as_str().unwrap(), keys, PERMIT).unwrap();
                assert_eq!(
                    (permit.run_id, permit.environment),
                    (number.to_string(), format!("prod-{number}"))
                );
            }
        }
    }
    let twice: Vec<_> = decided.iter().filter(|(_, decisions)| decisions.len() > 1).collect();
    assert_eq!(twice, Vec::<(&String, &BTreeSet<String>)>::new(), "decided twice");
}
