//! What was acknowledged was asked of the disk before: seen in the calls that the process makes to the system. A killed
//! process shows less, since the system keeps what it was given.

use std::{collections::HashMap, process::Command, time::Duration};

use tokio::task::JoinSet;

use super::{
    letter::{Letter, Line},
    place::Place,
    server::{PROGRAM, pause, until},
};
use crate::support::Database;

const LINES: usize = 8;
const LETTERS: usize = 40;

/// Calls that write to a file or a socket, and those that ask the disk to keep what was written.
const CALLS: &str = "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync";

/// What a delivery says of itself, short enough to stand in the database as it is.
fn mark(id: &str) -> String {
    format!(r#"{{"is":"{id}"}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_acknowledgement_follows_a_sync_that_began_after_its_body_was_written() {
    if !is_traceable() {
        return;
    }
    let place = Place::open(Database::sqlite()).await;
    let trace = place.folder.path().join("trace");
    let file = trace.display().to_string();
    let arguments = ["-D", "-f", "-q", "-yy", "-s", "5000", "-e", CALLS, "-o", &file, PROGRAM, "serve"];
    let server = place.start(&mut place.prepare("strace", &arguments)).await;
    let mut senders = JoinSet::new();
    for number in 0..LINES {
        let (secret, address) = (place.github.webhook_secret(), server.address);
        senders.spawn(async move {
            let mut line = Line::open(address).await.unwrap();
            let mut ids = vec![];
            for letter in 0..LETTERS {
                let id = format!("durable-{number}-{letter}");
                let answer = line.send(&Letter::signed(&secret, &id, "watch", mark(&id))).await.unwrap();
                assert_eq!(answer.status, 202, "{}", answer.body);
                ids.push(id);
            }
            (line.port(), ids)
        });
    }
    let sent: HashMap<u16, Vec<String>> = senders.join_all().await.into_iter().collect();
    server.stop().await;
    let log = until("the trace is complete", async || {
        let log = String::from_utf8_lossy(&std::fs::read(&trace).ok()?).into_owned();
        log.contains("+++ exited with").then_some(log)
    })
    .await;
    let (found, unsafe_ones) = Log::read(&log, &sent).judge(&sent);
    assert_eq!(found, LINES * LETTERS, "not every acknowledgement is in the trace");
    assert_eq!(unsafe_ones, Vec::<String>::new(), "acknowledged before the disk was asked to keep them");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_with_nothing_to_do_leaves_the_disk_alone() {
    if !is_traceable() {
        return;
    }
    let place = Place::open(Database::sqlite()).await;
    let trace = place.folder.path().join("trace");
    let file = trace.display().to_string();
    let calls = "trace=fsync,fdatasync";
    let arguments = ["-D", "-f", "-q", "-yy", "-e", calls, "-o", &file, PROGRAM, "serve"];
    let server = place.start(&mut place.prepare("strace", &arguments)).await;
    place.settle(&server).await;
    let syncs =
        || std::fs::read_to_string(&trace).unwrap().lines().filter(|line| line.contains("sync(")).count();
    let before = syncs();
    assert!(before > 0, "what was settled was not brought to the disk");
    // Its workers look twenty times a second.
    pause(Duration::from_secs(2)).await;
    let meanwhile = syncs() - before;
    assert!(meanwhile < 10, "{meanwhile} syncs in two seconds");
    server.stop().await;
    place.close().await;
}

/// Whether calls can be watched here; said loudly where they cannot.
fn is_traceable() -> bool {
    let traced = Command::new("strace").args(["-D", "-f", "-qq", "-o", "/dev/null", "true"]).status();
    let is_traceable = traced.is_ok_and(|status| status.success());
    let required = std::env::var("CHANGEGATE_REQUIRE").is_ok_and(|list| list.contains("strace"));
    assert!(is_traceable || !required, "strace is required, and it cannot be run");
    if !is_traceable {
        eprintln!("SKIPPED: install strace to see that nothing is acknowledged before it is on disk.");
    }
    is_traceable
}

/// When what happened: the numbers of lines in the trace.
#[derive(Default)]
struct Log {
    /// When the body of each delivery had been written to the write-ahead log.
    written: HashMap<String, usize>,
    /// When each sync of the write-ahead log began and ended.
    syncs: Vec<(usize, usize)>,
    /// When each acknowledgement was begun, by the port that it went to.
    answers: HashMap<u16, Vec<usize>>,
}

impl Log {
    fn read(log: &str, sent: &HashMap<u16, Vec<String>>) -> Self {
        let mut this = Self::default();
        let mut unfinished: HashMap<&str, (usize, &str)> = HashMap::new();
        for (at, line) in log.lines().enumerate() {
            let Some((thread, call)) = line.split_once(' ') else { continue };
            let call = call.trim_start();
            if let Some(call) = call.strip_suffix(" <unfinished ...>") {
                this.begins(at, call);
                unfinished.insert(thread, (at, call));
            } else if call.starts_with("<... ") {
                let Some((begun, call)) = unfinished.remove(thread) else { continue };
                this.ends(begun, at, call, sent);
            } else {
                this.begins(at, call);
                this.ends(at, at, call, sent);
            }
        }
        this
    }

    fn begins(&mut self, at: usize, call: &str) {
        if !call.contains("\"HTTP/1.1 202 ") {
            return;
        }
        // `writev(15<TCP:[127.0.0.1:8080->127.0.0.1:53482]>, …`
        let port = call.split_once("->").and_then(|(_, peer)| peer.split_once(']'));
        let port = port.and_then(|(peer, _)| peer.rsplit_once(':')).and_then(|(_, port)| port.parse().ok());
        self.answers.entry(port.unwrap()).or_default().push(at);
    }

    fn ends(&mut self, begun: usize, at: usize, call: &str, sent: &HashMap<u16, Vec<String>>) {
        if !call.contains(".db-wal>") {
            return;
        }
        if call.starts_with("fsync(") || call.starts_with("fdatasync(") {
            self.syncs.push((begun, at));
            return;
        }
        for id in sent.values().flatten() {
            // As the trace shows quotes.
            if call.contains(&mark(id).replace('"', "\\\"")) {
                self.written.entry(id.clone()).or_insert(at);
            }
        }
    }

    /// How many acknowledgements there are, and those that nothing on disk stands behind.
    fn judge(&self, sent: &HashMap<u16, Vec<String>>) -> (usize, Vec<String>) {
        let answered =
            sent.iter().flat_map(|(port, ids)| ids.iter().zip(self.answers.get(port).into_iter().flatten()));
        let answered: Vec<(&String, usize)> = answered.map(|(id, at)| (id, *at)).collect();
        let is_safe = |id: &str, answered: usize| {
            let Some(written) = self.written.get(id) else { return false };
            self.syncs.iter().any(|(begun, ended)| written < begun && *ended < answered)
        };
        let exposed = answered.iter().filter(|(id, at)| !is_safe(id, *at)).map(|(id, _)| (*id).clone());
        (answered.len(), exposed.collect())
    }
}
