//! A label is renamed or deleted: GitHub tells of the label, not of the issues that bear it.

use crate::support::{assert_snapshot, scenario};

#[tokio::test]
async fn a_renamed_intake_label_takes_the_issues_that_bore_it_out_of_the_register() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        s.by("rosa").rename_label("acme/web", "change-request", "wish");
        s.settle().await;
        assert_eq!(s.register().await, vec![]);
        assert_snapshot!(s.status(issue), @"
        **Change request** · left the register
        Contact: nobody yet · Requester: @sam

        The label **change-request** was taken off: this issue has left the register. Its history is kept; set the label again to bring it back.
        ");
        s.pass(60);
        s.by("rosa").rename_label("acme/web", "wish", "change-request");
        s.by("sam").comment(issue, "Is this one still open?");
        s.settle().await;
        assert_eq!(s.register().await, [("Export".to_owned(), "accepted".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_triage_label_is_put_on_again_where_a_command_had_set_it() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.labels(issue), ["change-request", "triage/accepted"]);
        s.by("rosa").delete_label("acme/web", "triage/accepted");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
        assert_eq!(s.labels(issue), ["change-request", "triage/accepted"]);
    })
    .await;
}

#[tokio::test]
async fn a_renamed_triage_label_that_a_person_had_set_counts_no_more() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        s.by("tess").label(issue, "triage/accepted");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
        s.by("rosa").rename_label("acme/web", "triage/accepted", "yes");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
    })
    .await;
}

#[tokio::test]
async fn a_renamed_label_that_nobody_bears_costs_no_request() {
    scenario(async |s| {
        s.accepted("Export").await;
        s.github().add_label("acme/web", "wish");
        s.settle().await;
        let requests = s
            .requests_of(async || {
                s.by("rosa").rename_label("acme/web", "wish", "dream");
                s.settle().await;
            })
            .await;
        assert_eq!(requests.len(), 0, "{requests:?}");
    })
    .await;
}
