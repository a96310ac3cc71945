//! What GitHub sent and we never got is taken in from GitHub's record.

use changegate::{repair::Reach, sandbox::Mishap};

use crate::support::scenario;

#[tokio::test]
async fn a_lost_delivery_is_taken_in_from_githubs_record() {
    scenario(async |s| {
        s.github().mishap(Some("issues"), Mishap::Drop);
        s.github().mishap(Some("issues"), Mishap::Drop);
        let issue = s.change_request("Export invoices").await;
        assert_eq!(s.comments(issue), Vec::<String>::new(), "both deliveries about the issue were lost");
        let taken = s.stage.app.repair.round(Reach::News).await.unwrap();
        assert_eq!(taken, 2);
        s.settle().await;
        assert!(s.status(issue).starts_with("**Change request** · requested"), "{}", s.status(issue));
    })
    .await;
}

#[tokio::test]
async fn a_round_that_finds_nothing_missing_costs_one_request() {
    scenario(async |s| {
        s.change_request("Export invoices").await;
        let before = s.github().requests().len();
        assert_eq!(s.stage.app.repair.round(Reach::News).await.unwrap(), 0);
        assert_eq!(s.github().requests().len() - before, 1);
    })
    .await;
}

#[tokio::test]
async fn what_was_lost_long_ago_is_found_by_looking_through_everything() {
    scenario(async |s| {
        s.github().mishap(Some("issues"), Mishap::Drop);
        s.github().mishap(Some("issues"), Mishap::Drop);
        let issue = s.change_request("Lost").await;
        for n in 0..40 {
            s.by("sam").open_labelled_issue(
                "acme/web",
                &format!("Number {n}"),
                "Please.",
                &["change-request"],
            );
        }
        s.settle().await;
        assert_eq!(s.stage.app.repair.round(Reach::News).await.unwrap(), 0, "it is not on the first page");
        assert_eq!(s.stage.app.repair.round(Reach::Everything).await.unwrap(), 2);
        s.settle().await;
        assert_eq!(s.comments(issue).len(), 1);
    })
    .await;
}
