//! An issue becomes a change request, and its status comment follows what happens to it.

use changegate::sandbox::Edit;

use crate::support::{assert_snapshot, scenario};

#[tokio::test]
async fn the_intake_label_makes_one_status_comment_kept_up_to_date_in_place() {
    scenario(async |s| {
        let issue = s.change_request("Export invoices").await;
        assert_snapshot!(s.status(issue), @"
        **Change request** · requested
        Contact: nobody yet · Requester: @sam

        Next: a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept`, or asks, defers or declines.
        ");
        let written = s.github().comments(issue)[0]["id"].clone();
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(s.status(issue), @"
        **Change request** · accepted
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #1` (elsewhere `Closes acme/web#1`) in its description.
        ");
        assert_eq!(s.github().comments(issue)[0]["id"], written, "the same comment");
        assert_eq!(s.comments(issue).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_issue_is_left_alone_until_it_gets_the_label() {
    scenario(async |s| {
        let issue = s.by("sam").open_issue("acme/web", "Export", "Please.");
        s.by("sam").comment(issue, "/accept this, please");
        s.by("sam").label(issue, "bug");
        s.settle().await;
        assert_eq!((s.comments(issue), s.register().await), (vec![], vec![]));
        s.by("ana").label(issue, "change-request");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        assert_eq!(s.comments(issue).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn missing_fields_are_named_and_the_note_goes_away_when_they_are_filled_in() {
    scenario(async |s| {
        s.policy("intake: { required: [What is needed, Why, Who is affected] }\n").await;
        let asked = "### What is needed\n\nA file.\n\n### Who is affected\n\n_No response_\n";
        let issue = s.by("sam").open_labelled_issue("acme/web", "Export", asked, &["change-request"]);
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "needs_information");
        assert_snapshot!(s.status(issue), @"
**Change request** · needs information
Contact: nobody yet · Requester: @sam

This request can't be triaged yet. Missing: **Why** and **Who is affected**. Edit the description above, each under a heading of that name; this note goes away by itself.

Next: the requester completes the description; then a triager ([acme/triage](https://github/orgs/acme/teams/triage)) decides.
");
        let answered =
            asked.replace("_No response_", "Everybody.").replace("### Who", "### Why\n\nMoney.\n\n### Who");
        s.by("sam").edit_issue(issue, Edit { body: Some(&answered), ..Edit::default() });
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        assert_snapshot!(s.status(issue), @"
        **Change request** · requested
        Contact: nobody yet · Requester: @sam

        Next: a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept`, or asks, defers or declines.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_request_whose_label_is_taken_off_leaves_the_register_and_comes_back_with_its_history() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        s.by("sam").unlabel(issue, "change-request");
        s.settle().await;
        assert_eq!(s.register().await, vec![]);
        assert_snapshot!(s.status(issue), @"
        **Change request** · left the register
        Contact: nobody yet · Requester: @sam

        The label **change-request** was taken off: this issue has left the register. Its history is kept; set the label again to bring it back.
        ");
        s.by("sam").label(issue, "change-request");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
        assert_eq!(s.history(issue), ["requested", "accepted by @tess"]);
    })
    .await;
}

#[tokio::test]
async fn a_new_title_and_a_contact_are_followed() {
    scenario(async |s| {
        let issue = s.change_request("Exprot").await;
        s.by("sam").edit_issue(issue, Edit { title: Some("Export"), ..Edit::default() });
        s.by("tess").assign(issue, "quinn");
        s.settle().await;
        assert_eq!(s.register().await, [("Export".to_owned(), "requested".to_owned())]);
        assert_snapshot!(s.status(issue), @"
        **Change request** · requested
        Contact: @quinn · Requester: @sam

        Next: a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept`, or asks, defers or declines.
        ");
    })
    .await;
}

#[tokio::test]
async fn an_issue_type_takes_in_where_the_policy_says_so() {
    scenario(async |s| {
        s.policy("intake: { type: Feature }\n").await;
        let labelled = s.change_request("By label").await;
        let typed = s.by("sam").open_issue("acme/web", "By type", "Please.");
        s.by("sam").set_issue_type(typed, Some("Feature"));
        s.settle().await;
        assert_eq!(s.register().await, [("By type".to_owned(), "requested".to_owned())]);
        assert_eq!((s.comments(labelled).len(), s.comments(typed).len()), (0, 1));
        s.by("sam").set_issue_type(typed, None);
        s.settle().await;
        assert_eq!(s.register().await, vec![]);
        assert!(s.status(typed).contains("left the register"), "{}", s.status(typed));
    })
    .await;
}

#[tokio::test]
async fn a_status_comment_that_somebody_changed_or_deleted_is_put_right() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        let told = s.comments(issue);
        let id = |index: usize| s.github().comments(issue)[index]["id"].as_u64().unwrap();
        s.by("ana").edit_comment("acme/web", id(0), "accepted, says the boss");
        s.settle().await;
        assert_eq!(s.comments(issue), told);
        s.by("ana").delete_comment("acme/web", id(0));
        s.expect_refusals();
        s.settle().await;
        assert_eq!(s.comments(issue), told);
    })
    .await;
}

#[tokio::test]
async fn a_comment_that_only_looks_like_ours_is_not_touched() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        let ours = s.github().comments(issue)[0]["body"].as_str().unwrap().to_owned();
        let forged = s.by("sam").comment(issue, &ours.replace("requested", "accepted"));
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        let theirs = s.github().comments(issue).into_iter().find(|comment| comment["id"] == forged).unwrap();
        assert!(theirs["body"].as_str().unwrap().contains("**Change request** · accepted"));
        assert_eq!(theirs["user"]["login"], "sam");
        assert_eq!(s.comments(issue).len(), 1);
    })
    .await;
}
