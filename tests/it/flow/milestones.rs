//! Milestones and releases: one title over the repositories of a train is one release.

use changegate::sandbox::Numbered;
use jiff::Timestamp;

use crate::support::{Scene, assert_snapshot, scenario};

const TRAIN: &str =
    "trains:\n  customer: { repositories: [acme/web, acme/billing], title: \"{year}.{month}\" }\n";

fn day(text: &str) -> Option<Timestamp> {
    Some(format!("{text}T12:00:00Z").parse().unwrap())
}

/// A train over two repositories, and in each of them its milestone.
async fn a_train(s: &Scene) -> (u64, u64) {
    s.policy(TRAIN).await;
    let web = s.by("rosa").create_milestone("acme/web", "2026.12", day("2026-12-03"));
    let billing = s.by("rosa").create_milestone("acme/billing", "2026.12", day("2026-12-01"));
    s.settle().await;
    (web, billing)
}

async fn accepted_in(s: &Scene, repository: &str, title: &str) -> Numbered {
    let issue = s.by("sam").open_labelled_issue(repository, title, "", &["change-request"]);
    s.by("tess").comment(issue, "/accept");
    s.settle().await;
    issue
}

#[tokio::test]
async fn one_title_over_the_repositories_of_a_train_is_one_release() {
    scenario(async |s| {
        a_train(s).await;
        let web = accepted_in(s, "acme/web", "Export").await;
        let billing = accepted_in(s, "acme/billing", "Bill").await;
        for issue in [web, billing] {
            s.by("rosa").set_milestone(issue, "2026.12");
        }
        s.settle().await;
        assert_snapshot!(s.releases().await, @"customer 2026.12 (open, 2026-12-01) milestones: acme/web#1 acme/billing#1 scope: acme/web#1 acme/billing#1");
        assert_eq!(s.stage_of("Export").await, "scheduled");
        assert_snapshot!(s.status(web), @"
        **Change request** · accepted · release **2026.12** (3 Dec)
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #1` (elsewhere `Closes acme/web#1`) in its description.
        ");
        s.by("rosa").clear_milestone(web);
        s.settle().await;
        assert_snapshot!(s.releases().await, @"customer 2026.12 (open, 2026-12-01) milestones: acme/web#1 acme/billing#1 scope: acme/billing#1");
        assert_eq!(s.stage_of("Export").await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn the_same_title_elsewhere_and_a_title_that_fits_no_pattern_are_nobody_s() {
    scenario(async |s| {
        s.policy(&TRAIN.replace(", acme/billing", "")).await;
        s.by("rosa").create_milestone("acme/billing", "2026.12", None);
        s.by("rosa").create_milestone("acme/web", "Backlog", None);
        let web = accepted_in(s, "acme/web", "Export").await;
        let billing = accepted_in(s, "acme/billing", "Bill").await;
        s.by("sam").set_milestone(web, "Backlog");
        s.by("sam").set_milestone(billing, "2026.12");
        s.settle().await;
        assert_eq!(s.releases().await, "");
        assert_eq!((s.sentences(web), s.sentences(billing)), (vec![], vec![]));
        assert_eq!(s.github().issue(web)["milestone"]["title"], "Backlog");
        assert_eq!(s.github().issue(billing)["milestone"]["title"], "2026.12");
        assert_eq!(s.stage_of("Export").await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn a_milestone_set_by_somebody_else_is_taken_off_with_a_sentence() {
    scenario(async |s| {
        a_train(s).await;
        let issue = accepted_in(s, "acme/web", "Export").await;
        s.by("sam").set_milestone(issue, "2026.12");
        s.settle().await;
        assert!(s.github().issue(issue)["milestone"].is_null());
        assert_snapshot!(s.sentences(issue).join("\n"), @"@sam set milestone **2026.12**; releases are planned by the release managers ([rosa](https://github/rosa)). It was taken off again. Ask them here.");
        assert_eq!(s.stage_of("Export").await, "accepted");
        assert_snapshot!(s.releases().await, @"customer 2026.12 (open, 2026-12-01) milestones: acme/web#1 acme/billing#1 scope:");
    })
    .await;
}

#[tokio::test]
async fn a_milestone_of_a_pull_request_is_never_asked_for() {
    scenario(async |s| {
        a_train(s).await;
        let issue = accepted_in(s, "acme/web", "Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn a_milestone_moved_closed_and_deleted_is_followed() {
    scenario(async |s| {
        let (web, billing) = a_train(s).await;
        let issue = accepted_in(s, "acme/web", "Export").await;
        s.by("rosa").set_milestone(issue, "2026.12");
        s.settle().await;
        s.by("rosa").move_milestone("acme/billing", billing, day("2026-12-10"));
        s.by("rosa").move_milestone("acme/web", web, day("2026-12-08"));
        s.settle().await;
        assert_snapshot!(s.releases().await, @"customer 2026.12 (open, 2026-12-08) milestones: acme/web#1 acme/billing#1 scope: acme/web#1");
        assert_snapshot!(s.status(issue), @"
        **Change request** · accepted · release **2026.12** (8 Dec)
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #1` (elsewhere `Closes acme/web#1`) in its description.
        ");
        s.by("rosa").close_milestone("acme/billing", billing);
        s.by("rosa").close_milestone("acme/web", web);
        s.settle().await;
        assert_snapshot!(s.releases().await, @"customer 2026.12 (closed, 2026-12-08) milestones: acme/web#1 acme/billing#1 scope: acme/web#1");
        s.by("rosa").reopen_milestone("acme/web", web);
        s.by("rosa").delete_milestone("acme/billing", billing);
        s.settle().await;
        assert_snapshot!(s.releases().await, @"customer 2026.12 (open, 2026-12-08) milestones: acme/web#1 scope: acme/web#1");
        s.by("rosa").delete_milestone("acme/web", web);
        s.settle().await;
        assert_eq!(s.releases().await, "");
        assert_eq!(s.stage_of("Export").await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn a_milestone_that_a_release_manager_renames_moves_its_requests_to_the_other_release() {
    scenario(async |s| {
        let (web, _) = a_train(s).await;
        let issue = accepted_in(s, "acme/web", "Export").await;
        s.by("rosa").set_milestone(issue, "2026.12");
        s.settle().await;
        s.by("rosa").rename_milestone("acme/web", web, "2027.01");
        s.settle().await;
        assert_snapshot!(s.releases().await, @"customer 2027.01 (open, 2026-12-01) milestones: acme/web#1 acme/billing#1 scope: acme/web#1");
        assert_snapshot!(s.status(issue), @"
        **Change request** · accepted · release **2027.01** (3 Dec)
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #1` (elsewhere `Closes acme/web#1`) in its description.
        ");
        s.by("rosa").rename_milestone("acme/web", web, "Some day");
        s.settle().await;
        assert_snapshot!(s.releases().await, @"customer 2027.01 (open, 2026-12-01) milestones: acme/billing#1 scope:");
        assert_eq!(s.stage_of("Export").await, "accepted");
    })
    .await;
}
