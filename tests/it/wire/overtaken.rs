//! Two processes on one PostgreSQL: the one that holds something is stopped with its request in flight, the other takes
//! over when the lease has ended, and then the first one goes on as if nothing had happened.

use changegate::sandbox::{Hold, Numbered, On};
use sqlx::{Connection as _, Row as _};

use super::{
    listener::{Listener, Reply, SIGNING},
    place::Place,
    server::{Server, until},
};
use crate::support::Database;

/// A request that is in flight when its holder is stopped or killed.
#[derive(Clone, Copy)]
pub(super) struct InFlight {
    pub class: &'static str,
    method: &'static str,
    /// `N` is the issue.
    path: &'static str,
    /// It follows from the acceptance of what was told of before; the others come in any case.
    is_late: bool,
}

const fn in_flight(class: &'static str, method: &'static str, path: &'static str, is_late: bool) -> InFlight {
    InFlight { class, method, path, is_late }
}

pub(super) const REQUESTS: [InFlight; 6] = [
    in_flight("find: the status comment", "POST", "/repos/acme/web/issues/N/comments", false),
    in_flight("find: the check run", "POST", "/repos/acme/web/check-runs", false),
    in_flight("set: a label", "POST", "/repos/acme/web/issues/N/labels", true),
    in_flight("set: a reaction", "POST", "/repos/acme/web/issues/comments", true),
    in_flight("find: the comment, edited", "PATCH", "/repos/acme/web/issues/comments", true),
    in_flight("nothing: it reads to judge", "POST", "/graphql", false),
];

impl InFlight {
    /// Tells a story until the request is held.
    pub async fn begin(self, place: &Place, server: &Server, hold: Hold, what: &str) -> (Numbered, String) {
        let told = asked(place);
        if self.is_late {
            place.settle(server).await;
        }
        let path = self.path.replace('N', &told.0.number.to_string());
        place.github.hold(On::rest(self.method, &path), hold, 0);
        place.github.by("tess").comment(told.0, "/accept");
        place.github.deliver().await;
        until(what, async || (place.github.held() == 1).then_some(())).await;
        told
    }
}

/// Leases end by the database's clock: as if their time were over.
async fn end_leases(place: &Place) {
    let mut raw = place.raw().await;
    for table in ["delivery", "subject", "effect"] {
        let end = format!("UPDATE {table} SET lease_until = 1 WHERE lease_until > 0");
        sqlx::query(sqlx::AssertSqlSafe(end)).execute(&mut raw).await.unwrap();
    }
    raw.close().await.unwrap();
}

pub(super) async fn held(place: &Place, sql: &'static str) -> i64 {
    let mut raw = place.raw().await;
    let row = sqlx::query(sql).fetch_one(&mut raw).await.unwrap();
    raw.close().await.unwrap();
    row.get(0)
}

const ANNOUNCEMENTS_HELD: &str =
    "SELECT count(*) FROM effect WHERE key LIKE 'announce/%' AND waiting = 1 AND lease_until > 1";

/// An issue by sam, with a pull request that closes it.
fn asked(place: &Place) -> (Numbered, String) {
    let github = &place.github;
    let issue = github.by("sam").open_labelled_issue("acme/web", "Export", "Please.", &["change-request"]);
    let branch = format!("export-{}", issue.number);
    let (_, head) = place.open_pull_request(&branch, &format!("Closes #{}", issue.number));
    (issue, head)
}

/// The same, accepted by tess.
pub(super) fn story(place: &Place) -> (Numbered, String) {
    let told = asked(place);
    place.github.by("tess").comment(told.0, "/accept");
    told
}

pub(super) fn is_told_once(place: &Place, (issue, head): &(Numbered, String), what: &str) {
    let comments = place.comments(*issue);
    assert_eq!(comments.len(), 1, "{what}: {comments:#?}");
    assert!(comments[0].contains("in work"), "{what}: {}", comments[0]);
    let runs = place.github.check_runs("acme/web", head);
    assert!(!runs.is_empty(), "{what}: a check run");
    // Nobody can remove a check run: where there are two, they say the same, and GitHub shows the newer one.
    assert!(runs.len() <= 2 && runs.iter().all(|run| run["conclusion"] == "success"), "{what}: {runs:#?}");
    let labels = &place.github.issue(*issue)["labels"];
    let labels: Vec<&str> = labels.as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    assert_eq!(labels, ["change-request", "triage/accepted"], "{what}");
    let accepted = place.github.comments(*issue);
    let accepted = accepted.iter().find(|comment| comment["body"] == "/accept").unwrap();
    assert_eq!(accepted["reactions"]["+1"], 1, "{what}");
}

/// Every change of a stage and of a verdict is in the log once.
pub(super) async fn is_logged_once(place: &Place, what: &str) {
    let twice = "SELECT count(*) FROM (SELECT body FROM audit
                 WHERE body LIKE '%change_request.taken_in%' OR body LIKE '%\"change_request.accepted\"%'
                 GROUP BY body HAVING count(*) > 1) AS twice";
    assert_eq!(held(place, twice).await, 0, "{what}: the log says it twice");
    let verified = place.run(&["audit", "verify"]);
    assert_eq!(verified.code, Some(0), "{what}: {verified:?}");
}

/// Between two transactions: of a process that hangs within one, PostgreSQL keeps the locks for a minute.
async fn stop_between_transactions(place: &Place, server: &Server) {
    let at_work = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";
    until("it is between two transactions", async || {
        server.signal("STOP");
        let is_between = held(place, at_work).await == 0;
        if !is_between {
            server.signal("CONT");
        }
        is_between.then_some(())
    })
    .await;
}

async fn overtake(place: &Place, first: &Server, what: &str) -> Server {
    stop_between_transactions(place, first).await;
    let second = place.serve_beside().await;
    assert_eq!(place.github.held(), 1, "{what}: in flight");
    end_leases(place).await;
    second
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_holder_that_was_overtaken_goes_on_and_people_see_one_of_everything() {
    let Some(database) = Database::postgres().await else { return };
    let place = Place::open(database).await;
    let mut first = place.serve().await;
    place.settle(&first).await;
    for hold in [Hold::Before, Hold::After] {
        for request in REQUESTS {
            let what = format!("{}, held {hold:?}", request.class);
            let number = request.begin(&place, &first, hold, &what).await;
            let second = overtake(&place, &first, &what).await;
            // What comes back from GitHub goes to the second one.
            place.settle(&second).await;
            second.idle().await;
            assert_eq!(place.github.held(), 1, "{what}: still in flight when the other has done everything");
            place.github.release();
            first.signal("CONT");
            let (code, _) = first.stop().await;
            assert_eq!(code, Some(0), "{what}");
            place.settle(&second).await;
            until(&what, async || (place.comments(number.0).len() == 1).then_some(())).await;
            second.idle().await;
            is_told_once(&place, &number, &what);
            is_logged_once(&place, &what).await;
            first = second;
        }
    }
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_announcement_of_a_holder_that_was_overtaken_carries_the_same_id() {
    let Some(database) = Database::postgres().await else { return };
    let listener = Listener::start().await;
    let mut place = Place::open(database).await;
    place.set("ANNOUNCE_URL", &listener.url);
    place.set("ANNOUNCE_SECRET", SIGNING);
    let first = place.serve().await;
    place.settle(&first).await;
    listener.reply([Reply::Silence]);
    place.change_request("Export").1.into_iter().for_each(drop);
    for delivery in place.change_request("Import").1 {
        assert_eq!(place.github.send(&delivery).await.status, 202);
    }
    until("it is told", async || (listener.heard().len() == 1).then_some(())).await;
    first.signal("STOP");
    let second = place.serve_beside().await;
    assert!(held(&place, ANNOUNCEMENTS_HELD).await > 0, "the lease of the one that hangs stands");
    assert_eq!(listener.heard().len(), 1);
    end_leases(&place).await;
    second.idle().await;
    first.signal("CONT");
    assert_eq!(first.stop().await.0, Some(0));
    second.idle().await;
    let heard = listener.heard();
    let of_the_first: Vec<_> = heard.iter().filter(|told| told.id() == heard[0].id()).collect();
    assert!(of_the_first.len() > 1, "told by both");
    assert!(of_the_first.iter().all(|told| told.body == heard[0].body), "and it is the same");
    place.close().await;
}
