//! Accounts and repositories that go, come back or change their names keep their history.

use crate::support::{Scene, assert_snapshot, scenario, scenario_without_policy};
use changegate::sandbox::{Fault, Mishap, Numbered, On};

/// What must stay the same: the one status comment, and the register.
async fn kept(s: &Scene, issue: Numbered) -> (u64, Vec<String>, String) {
    s.status(issue);
    let ours =
        s.github().comments(issue).into_iter().find(|comment| comment["user"]["type"] == "Bot").unwrap();
    (ours["id"].as_u64().unwrap(), s.history(issue), s.stage_of("Export").await)
}

#[tokio::test]
async fn an_app_installed_again_goes_on_where_it_was() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let before = kept(s, issue).await;
        s.by("rosa").uninstall("acme");
        s.settle().await;
        s.by("sam").comment(issue, "/withdraw");
        let installation = s.by("rosa").install("acme", None);
        s.settle().await;
        assert_eq!(kept(s, issue).await, before);
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
        assert_eq!(kept(s, issue).await.0, before.0, "the same comment");
        let last = s.github().requests().into_iter().rev().find_map(|request| request.installation);
        assert_eq!(last, Some(installation));
    })
    .await;
}

#[tokio::test]
async fn what_happened_while_the_app_was_away_is_seen_when_somebody_asks() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        s.by("rosa").uninstall("acme");
        s.settle().await;
        s.by("ana").merge(pull.at);
        s.by("rosa").install("acme", None);
        s.settle().await;
        s.by("ana").comment(pull.at, "/recheck");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "merged");
        s.by("sam").comment(issue, "/recheck");
        s.settle().await;
        assert_eq!(s.history(issue), ["requested", "accepted by @tess", "in work", "merged"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_due_while_the_app_is_suspended_is_said_when_it_may_again() {
    scenario(async |s| {
        s.fault(On::rest("POST", "/repos/acme/web/issues/1/comments"), Fault::ErrorBefore(502), 1);
        let issue = s.change_request("Export").await;
        s.by("rosa").suspend("acme");
        s.settle().await;
        let asked = s.requests_of(async || s.settle_for(5).await).await;
        assert_eq!(asked.len(), 0, "a suspended App asks nothing: {asked:?}");
        assert_eq!(s.comments(issue), Vec::<String>::new());
        s.by("rosa").unsuspend("acme");
        s.settle_for(6).await;
        assert_eq!(s.comments(issue).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_renamed_repository_keeps_its_requests_and_is_called_by_its_new_name() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let before = kept(s, issue).await;
        s.by("rosa").rename_repository("acme/web", "shop");
        s.settle().await;
        assert_eq!(kept(s, issue).await, before);
        let pull =
            s.pull_request("acme/billing", "export", &format!("Closes acme/shop#{}", issue.number)).await;
        assert_snapshot!(s.check_text("acme/billing", &pull.head), @"
        | | rule | |
        |---|---|---|
        | ✓ pass | linked to a change request | [acme/shop#1](https://github/acme/shop/issues/1) |
        | ✓ pass | the change request is accepted | [acme/shop#1](https://github/acme/shop/issues/1) was accepted by [tess](https://github/tess) on 2 Nov 2026, 12:00 UTC. |
        ");
        assert_snapshot!(s.status(issue), @"
        **Change request** · in work
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: one pull request is open ([billing#1](https://github/acme/billing/pull/1)). When it is merged, the code is complete.
        ");
        assert_eq!(kept(s, issue).await.0, before.0);
    })
    .await;
}

#[tokio::test]
async fn a_renamed_account_keeps_its_requests_and_its_policy() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let before = kept(s, issue).await;
        s.by("rosa").rename_account("acme", "apex");
        s.settle().await;
        assert_eq!(kept(s, issue).await, before);
        let pull = s.pull_request("apex/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_snapshot!(s.checks("apex/web", &pull.head)[0].1, @"2 of 2 rules met");
        assert_eq!(kept(s, issue).await.0, before.0);
    })
    .await;
}

#[tokio::test]
async fn a_repository_taken_out_of_the_installation_falls_silent_and_comes_back_whole() {
    scenario(async |s| {
        s.by("rosa").uninstall("acme");
        s.by("rosa").install("acme", Some(&["acme/.github", "acme/web"]));
        s.settle().await;
        let issue = s.accepted("Export").await;
        let before = kept(s, issue).await;
        s.by("rosa").remove_from_installation("acme/web");
        s.settle().await;
        s.by("ana").label(issue, "triage/declined");
        s.settle().await;
        s.by("rosa").add_to_installation("acme/web");
        s.settle().await;
        assert_eq!(kept(s, issue).await, before);
        s.by("tess").comment(issue, "/decline Too dear");
        s.settle().await;
        assert_eq!((s.stage_of("Export").await.as_str(), kept(s, issue).await.0), ("declined", before.0));
    })
    .await;
}

#[tokio::test]
async fn where_the_installation_was_never_heard_of_the_policy_is_found_all_the_same() {
    scenario(async |s| {
        s.by("rosa").uninstall("acme");
        s.settle().await;
        s.github().mishap(Some("installation"), Mishap::Drop);
        s.by("rosa").install("acme", None);
        s.settle().await;
        let issue = s.accepted("Export").await;
        assert_eq!(s.stage_of("Export").await, "accepted");
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn an_app_whose_first_installation_was_never_heard_of_finds_the_organisation_s_policy() {
    scenario_without_policy(async |s| {
        s.github().add_organization("late", &["sam", "tess", "rosa"]);
        s.github().add_team("late", "triage", &["tess"]);
        let rules = "version: 1\nmode: enforce\nroles: { triager: [late/triage], release-manager: [rosa] }\n";
        s.github().add_repository("late/.github", &[(".github/changegate.yml", rules)]);
        s.github().add_repository("late/app", &[("README.md", "# App\n")]);
        s.github().mishap(Some("installation"), Mishap::Drop);
        s.by("rosa").install("late", None);
        s.settle().await;
        let issue = s.by("sam").open_labelled_issue("late/app", "Export", "Please.", &["change-request"]);
        s.settle_for(2).await;
        assert_eq!(s.stage_of("Export").await, "requested");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
    })
    .await;
}
