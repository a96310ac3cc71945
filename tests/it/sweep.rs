//! What was lost without a trace is found by comparing what is open with what GitHub lists.

use changegate::{
    domain::{ids::SubjectKind, subject::View, sweep::Tally},
    sandbox::{CloseReason, Fault, On},
};

use crate::support::{Scene, assert_snapshot, scenario};

/// Whatever GitHub owes us by now never comes, and its record does not show it.
fn lose_everything(s: &Scene) {
    drop(s.github().take_deliveries());
}

/// What the sweep of the only tenant has found, and what the one before had.
async fn tallies(s: &Scene) -> (Tally, Option<Tally>) {
    let sweeps = s.stage.app.store.sweeps().await.unwrap();
    assert_eq!(sweeps.len(), 1);
    let swept = sweeps.into_values().next().unwrap().sweep;
    (swept.tally, swept.last)
}

async fn milestones(s: &Scene) -> Vec<String> {
    let views = s.views(SubjectKind::Milestone).await;
    let seen = views.iter().filter_map(|(_, view): &(_, View)| view.as_milestone());
    seen.map(|it| format!("{}{}", it.title, if it.deleted { " deleted" } else { "" })).collect()
}

#[tokio::test]
async fn a_request_a_pull_request_and_a_milestone_of_which_nothing_was_heard_are_found() {
    scenario(async |s| {
        s.sweep().await;
        let issue = s.by("sam").open_labelled_issue("acme/web", "Export", "Please.", &["change-request"]);
        s.by("tess").label(issue, "triage/accepted");
        s.by("sam").open_issue("acme/web", "No request", "Only an issue.");
        s.by("rosa").create_milestone("acme/web", "2026.12", None);
        let head = s.by("ana").push("acme/web", "export", &[("export.txt", "new")], "Build");
        let (title, body) = ("Build", format!("Closes #{}", issue.number));
        let entry =
            changegate::sandbox::Entry { head: "export", base: "main", title, body: &body, draft: false };
        s.by("ana").open_pull_request("acme/web", entry);
        lose_everything(s);
        s.settle_for(60).await;
        assert_eq!(s.register().await, vec![]);
        s.sweep().await;
        assert_eq!(s.register().await, [("Export".to_owned(), "in_work".to_owned())]);
        assert!(s.check(&head).starts_with("success"), "{}", s.check(&head));
        assert_eq!(milestones(s).await, ["2026.12"]);
        let (tally, _) = tallies(s).await;
        assert_eq!((tally.repositories, tally.compared, tally.repaired), (3, 4, 3), "{tally:?}");
    })
    .await;
}

#[tokio::test]
async fn what_was_closed_deleted_or_renamed_while_we_were_away_is_found() {
    scenario(async |s| {
        let (closed, deleted) = (s.change_request("Closed").await, s.change_request("Deleted").await);
        let labelled = s.by("sam").open_labelled_issue("acme/web", "Renamed", "Please.", &["wish"]);
        s.by("rosa").create_milestone("acme/web", "2026.11", None);
        let kept = s.by("rosa").create_milestone("acme/web", "2026.12", None);
        let pull = s.pull_request("acme/web", "export", "").await;
        s.pass(120);
        s.by("sam").close(closed, CloseReason::NotPlanned);
        s.by("rosa").delete_issue(deleted);
        s.by("rosa").delete_milestone("acme/web", kept);
        // GitHub is asked for the milestone that is not listed, and says that there is none.
        s.expect_refusals();
        s.by("ana").merge(pull.at);
        s.by("rosa").delete_label("acme/web", "change-request");
        s.by("rosa").rename_label("acme/web", "wish", "change-request");
        lose_everything(s);
        s.sweep().await;
        assert_eq!(s.stage_of("Renamed").await, "requested");
        assert_eq!(milestones(s).await, ["2026.11", "2026.12 deleted"]);
        let views = s.views(SubjectKind::PullRequest).await;
        let merged =
            views.iter().filter_map(|(_, view)| view.as_pull_request()).any(|it| it.merged_at.is_some());
        assert!(merged);
        let views = s.views(SubjectKind::ChangeRequest).await;
        let exists = |title: &str| {
            let mut views = views.iter().filter_map(|(_, view)| view.as_change_request());
            views.find(|it| it.title == title).map(|it| (it.exists, it.taken_in))
        };
        assert_eq!(exists("Deleted"), Some((false, false)));
        assert_eq!(exists("Closed"), Some((true, false)), "its label is gone");
        assert_eq!(labelled.number, 3);
    })
    .await;
}

#[tokio::test]
async fn a_sweep_that_finds_nothing_costs_two_requests_for_each_repository_and_writes_nothing_down() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        s.by("rosa").create_milestone("acme/web", "2026.12", None);
        s.settle().await;
        // What was settled a moment ago may differ by our own comments.
        s.sweep().await;
        s.pass(3_600);
        let requests = s.requests_of(async || s.sweep().await).await;
        let asked: Vec<String> = requests.iter().map(|it| format!("{} {}", it.method, it.path)).collect();
        let asked: Vec<&String> = asked.iter().filter(|it| !it.ends_with("/access_tokens")).collect();
        assert_eq!(asked.len(), 6, "{asked:?}");
        let (tally, last) = tallies(s).await;
        assert_eq!((tally.repositories, tally.compared, tally.repaired), (3, 3, 0));
        assert_eq!(last.unwrap().repositories, 3);
        assert_eq!(s.requests_of(async || s.sweep().await).await.len(), 0, "the next one begins in an hour");
    })
    .await;
}

#[tokio::test]
async fn a_sweep_goes_on_where_it_was_sent_away() {
    scenario(async |s| {
        for n in 0..150 {
            s.by("sam").open_labelled_issue("acme/web", &format!("Wish {n}"), "Please.", &["bug"]);
        }
        let web = s.github().requests().len();
        s.fault(On::rest("GET", "/repos/acme/web/issues"), Fault::Forbidden { retry_after: 600 }, 1);
        s.sweep().await;
        let first = tallies(s).await.0;
        assert!(first.repositories < 3, "{first:?}");
        assert_eq!(s.requests_of(async || s.sweep().await).await.len(), 0, "not before its time");
        s.pass(600);
        s.sweep().await;
        let second = tallies(s).await.0;
        assert_eq!((second.repositories, second.compared, second.repaired), (3, 150, 0));
        let listed: Vec<String> = s.github().requests()[web..]
            .iter()
            .filter(|it| it.method == "GET" && it.path.ends_with("/issues"))
            .map(|it| {
                format!("{} {} {}", it.status, it.path, it.query.rsplit('&').next().unwrap_or_default())
            })
            .collect();
        let told = s.stage.app.store.sweeps().await.unwrap().into_iter().collect::<Vec<_>>();
        let accounts = s.stage.app.store.subjects_of_kind(SubjectKind::Account, None).await.unwrap();
        let names: Vec<_> = accounts.into_iter().map(|(tenant, _, view)| (tenant, view)).collect();
        let table = changegate::register::sweeps(&told, &names);
        let lines: Vec<&str> = table.lines().filter(|line| line.contains("  ")).map(str::trim).collect();
        assert_snapshot!(lines.join("\n"), @r"
        account   began                  repositories   compared   repaired   requests   now
        acme      2026-11-02 12:00 UTC   3              150        0          8          over; the next at 2026-11-02 13:00 UTC
        ");
        assert_snapshot!(listed.join("\n"), @r"
        200 /repos/acme/.github/issues page=1
        403 /repos/acme/web/issues page=1
        200 /repos/acme/web/issues page=1
        200 /repos/acme/web/issues page=2
        200 /repos/acme/billing/issues page=1
        ");
    })
    .await;
}
