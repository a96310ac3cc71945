//! Webhooks that are lost, late, repeated or unknown.

use changegate::sandbox::{Delivery, Fault, Mishap, On, Request};
use serde_json::json;

use crate::support::{Pull, Scene, scenario};

#[tokio::test]
async fn a_repeated_delivery_is_acknowledged_and_does_nothing_twice() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        s.by("tess").comment(issue, "/accept");
        s.by("ana").comment(issue, "/accept");
        let deliveries = s.github().take_deliveries();
        for _ in 0..3 {
            for delivery in &deliveries {
                assert_eq!(s.github().send(delivery).await.status, 202);
            }
            s.settle().await;
        }
        assert_eq!(s.history(issue), ["requested", "accepted by @tess"]);
        assert_eq!((s.comments(issue).len(), s.sentences(issue).len()), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn redelivery_after_an_outage_repairs_at_once() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        s.fault(On::Graphql, Fault::ErrorBefore(502), u32::MAX);
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_eq!(s.checks("acme/web", &pull.head), vec![]);
        s.github().clear_faults();
        let opened = s.github().attempts().into_iter().rev().map(|attempt| attempt.delivery);
        let opened = opened.into_iter().find(|delivery| delivery.event == "pull_request").unwrap();
        s.github().send(&opened).await;
        s.settle().await;
        assert_eq!(s.check(&pull.head), "success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn a_lost_webhook_is_repaired_by_a_later_one() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        s.github().mishap(Some("issues"), Mishap::Drop);
        s.by("tess").label(issue, "triage/accepted");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        s.by("ana").comment(issue, "Shall I?");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");

        s.github().mishap(Some("pull_request"), Mishap::Drop);
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_eq!(s.checks("acme/web", &pull.head), vec![]);
        s.by("ana").comment(pull.at, "Please review.");
        s.settle().await;
        assert_eq!(s.check(&pull.head), "success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn every_webhook_twice_or_late_ends_in_the_same_state() {
    for mishap in [Mishap::Duplicate, Mishap::Late] {
        scenario(async |s| {
            for _ in 0..200 {
                s.github().mishap(None, mishap);
            }
            let issue = s.change_request("Export").await;
            let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
            s.by("tess").label(issue, "triage/accepted");
            s.settle().await;
            s.by("ana").merge(pull.at);
            for _ in 0..4 {
                s.settle().await;
            }
            assert_eq!(s.stage_of("Export").await, "merged", "{mishap:?}");
            assert_eq!(s.history(issue), ["requested", "in work by @tess", "merged"], "{mishap:?}");
            assert_eq!(
                (s.comments(issue).len(), s.check(&pull.head)),
                (1, "success: 2 of 2 rules met".into())
            );
        })
        .await;
    }
}

/// A delivery of our own making.
fn made_up(s: &Scene, guid: &str, event: &str, body: &serde_json::Value) -> Delivery {
    let seen = s.github().attempts().into_iter().next().expect("a delivery").delivery;
    Delivery { guid: guid.into(), event: event.into(), body: body.to_string(), ..seen }
}

#[tokio::test]
async fn unknown_events_and_new_actions_are_stored_and_ignored() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        let told = s.comments(issue);
        let labelled = s.github().attempts().into_iter().rev().map(|attempt| attempt.delivery);
        let labelled = labelled.into_iter().find(|delivery| delivery.event == "issues").unwrap();
        let mut renewed: serde_json::Value = serde_json::from_str(&labelled.body).unwrap();
        renewed["action"] = json!("blessed");
        let asked = s
            .requests_of(async || {
                for (guid, event, body) in [
                    ("new-event", "sponsorship_of_moon", json!({ "action": "created", "moon": 1 })),
                    ("new-action", "issues", renewed),
                    ("no-action", "star", json!({})),
                    ("other-shape", "star", json!([1, 2])),
                ] {
                    let attempt = s.github().send(&made_up(s, guid, event, &body)).await;
                    assert_eq!(attempt.status, 202, "{guid}");
                }
                s.settle().await;
            })
            .await;
        assert_eq!((asked.len(), s.comments(issue)), (0, told));
    })
    .await;
}

#[tokio::test]
async fn a_label_renamed_in_the_repository_counts_from_the_next_word_on() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        s.by("rosa").rename_label("acme/web", "change-request", "wish");
        s.settle().await;
        s.by("sam").comment(issue, "Is this still known?");
        s.settle().await;
        assert_eq!(s.register().await, vec![]);
        s.by("rosa").rename_label("acme/web", "wish", "change-request");
        s.by("sam").comment(issue, "And now?");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
    })
    .await;
}

#[tokio::test]
async fn our_own_comments_and_checks_come_back_to_us_and_set_nothing_in_motion() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull: Pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        let asked: Vec<Request> = s.requests_of(async || s.settle_for(5).await).await;
        assert_eq!(asked.len(), 0, "{asked:?}");
        assert_eq!(s.check(&pull.head), "success: 2 of 2 rules met");
    })
    .await;
}
