//! The control record of a release: kept as we write it, whoever edits it, and heard from its first moment on.

use changegate::sandbox::{Edit, Fault, On};

use super::releasing::{WEB, a_train, built, record, text};
use crate::support::{Scene, scenario};

fn locked(s: &Scene) -> bool {
    text(s).contains("· locked ")
}

#[tokio::test]
async fn what_another_app_writes_into_the_record_is_set_back_at_once_and_no_fight_is_endless() {
    scenario(async |s| {
        a_train(s).await;
        built(s, "Export", "export", WEB).await;
        s.github().add_bot("helper[bot]");
        let (at, was) = (record(s), text(s));
        s.pass(60);
        s.by("helper[bot]")
            .edit_issue(at, Edit { body: Some("**Approved** by everybody."), ..Edit::default() });
        s.settle().await;
        assert_eq!(text(s), was);
        for _ in 0..30 {
            s.by("helper[bot]").edit_issue(at, Edit { body: Some("Approved."), ..Edit::default() });
            s.settle().await;
        }
        assert_eq!(text(s), "Approved.");
        s.by("sam").edit_issue(at, Edit { body: Some("Approved!"), ..Edit::default() });
        s.settle().await;
        assert_eq!(text(s), was, "what a person edits is always set back");
    })
    .await;
}

#[tokio::test]
async fn what_is_said_on_a_record_before_it_is_known_to_be_one_is_heard_once_it_is() {
    scenario(async |s| {
        a_train(s).await;
        let issue = s.accepted("Export").await;
        s.fault(On::rest("POST", "/repos/acme/web/issues"), Fault::LostAnswer, 1);
        s.by("rosa").set_milestone(issue, "2026.12");
        s.stage.settle().await.unwrap();
        let at = record(s);
        s.by("rosa").comment(at, "/lock");
        s.stage.settle().await.unwrap();
        assert!(!locked(s));
        s.settle_for(3).await;
        assert!(locked(s), "{}", text(s));
    })
    .await;
}
