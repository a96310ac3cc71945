//! Other systems are told what changes: at least once, with the same id each time, signed so that they can prove it.

use std::collections::BTreeSet;

use sqlx::{Connection as _, Row as _};

use super::{
    listener::{Listener, NEXT_SIGNING, Reply, SIGNING},
    place::Place,
    server::{Server, now, until},
};
use crate::support::{Database, databases};

async fn place_with(listener: &Listener, database: Database) -> Place {
    let mut place = Place::open(database).await;
    place.set("ANNOUNCE_URL", &listener.url);
    place.set("ANNOUNCE_SECRET", SIGNING);
    place
}

/// An accepted change request, and a pull request that finishes it.
async fn story(place: &Place, server: &Server) {
    place.settle(server).await;
    let issue = place.github.by("sam").open_labelled_issue(
        "acme/web",
        "Pay by invoice",
        "Please.",
        &["change-request"],
    );
    place.settle(server).await;
    place.open_pull_request("invoice", &format!("Closes #{}", issue.number));
    place.settle(server).await;
    place.github.by("tess").comment(issue, "/accept");
    place.settle(server).await;
}

async fn announcements_stored(place: &Place) -> i64 {
    let mut raw = place.raw().await;
    let row =
        sqlx::query("SELECT count(*) FROM effect WHERE key LIKE 'announce/%'").fetch_one(&mut raw).await;
    raw.close().await.unwrap();
    row.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_announced_once_and_the_reference_library_proves_it() {
    for database in databases().await {
        let listener = Listener::start().await;
        let place = place_with(&listener, database).await;
        let server = place.serve().await;
        story(&place, &server).await;
        let heard = listener.heard();
        let told: Vec<String> = heard.iter().map(super::listener::Heard::in_short).collect();
        insta::allow_duplicates! { insta::assert_snapshot!(told.join("\n"), @r#"
            change_request.stage_changed: null -> "requested"
            commit.verdict_changed: null -> "pending"
            change_request.stage_changed: "requested" -> "in_work"
            commit.verdict_changed: "pending" -> "pass"
            "#); }
        let ids: BTreeSet<String> = heard.iter().map(super::listener::Heard::id).collect();
        assert_eq!(ids.len(), heard.len(), "each has an id of its own");
        for one in &heard {
            assert!(one.is_proven_by(SIGNING) && !one.is_proven_by(NEXT_SIGNING));
            assert_eq!(one.json()["id"], one.id());
            assert_eq!(one.json()["data"]["repository"]["name"], "acme/web");
            assert!(!String::from_utf8_lossy(&one.body).contains("invoice"), "no words of people");
        }
        assert_eq!(announcements_stored(&place).await, 0, "what was told is forgotten");
        assert_eq!(server.stop().await.0, Some(0));
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_is_told_again_with_the_same_id_and_the_same_body() {
    for database in databases().await {
        let listener = Listener::start().await;
        let place = place_with(&listener, database).await;
        let server = place.serve().await;
        place.settle(&server).await;
        let troubles = [Reply::Status(500), Reply::Status(302), Reply::Busy(1), Reply::Status(408)];
        listener.reply(troubles);
        place.github.by("sam").open_labelled_issue(
            "acme/web",
            "Pay by invoice",
            "Please.",
            &["change-request"],
        );
        place.github.deliver().await;
        until("it is told", async || (listener.heard().len() == 5).then_some(())).await;
        let heard = listener.heard();
        assert!(heard.iter().all(|one| one.id() == heard[0].id() && one.body == heard[0].body));
        assert!(heard.iter().all(|one| one.is_proven_by(SIGNING)), "each attempt is signed anew");
        server.idle().await;
        assert_eq!(announcements_stored(&place).await, 0);
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_stays_visible_and_is_not_told_again() {
    for database in databases().await {
        let listener = Listener::start().await;
        let place = place_with(&listener, database).await;
        let server = place.serve().await;
        place.settle(&server).await;
        listener.reply([Reply::Status(400)]);
        place.github.by("sam").open_labelled_issue(
            "acme/web",
            "Pay by invoice",
            "Please.",
            &["change-request"],
        );
        place.settle(&server).await;
        let parked = place.run(&["inbox", "parked"]);
        assert!(parked.out.contains("the answer was 400") && parked.out.contains("announce/"), "{parked:?}");
        assert_eq!(listener.heard().len(), 1);
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_secrets_are_rotated_both_prove_it() {
    let listener = Listener::start().await;
    let mut place = place_with(&listener, Database::sqlite()).await;
    place.set("ANNOUNCE_SECRET", &format!("{SIGNING}\n{NEXT_SIGNING}\n"));
    let server = place.serve().await;
    story(&place, &server).await;
    assert!(!listener.heard().is_empty());
    for one in listener.heard() {
        assert!(one.is_proven_by(SIGNING) && one.is_proven_by(NEXT_SIGNING));
    }
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_hearer_that_never_answers() {
    for database in databases().await {
        let listener = Listener::start().await;
        let place = place_with(&listener, database).await;
        let server = place.serve().await;
        place.settle(&server).await;
        listener.reply([Reply::Silence; 20]);
        place.change_request("The first");
        let since = now();
        let (second, owed) = place.change_request("The second");
        for delivery in owed {
            assert_eq!(place.github.send(&delivery).await.status, 202);
        }
        until("the status comment", async || (place.comments(second).len() == 1).then_some(())).await;
        assert!(since.elapsed().as_secs() < 5, "{:?}", since.elapsed());
        assert_eq!(listener.heard().len(), 1, "the rest waits for the first");
        let (code, seconds) = server.stop().await;
        assert_eq!(code, Some(0));
        assert!(seconds < 10.0, "it took {seconds} s to stop");
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_listens_nothing_is_stored() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        story(&place, &server).await;
        assert_eq!(announcements_stored(&place).await, 0);
        place.close().await;
    }
}
