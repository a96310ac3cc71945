//! Tags: what a release ships, what was deployed, and what it means when somebody moves one.

use changegate::sandbox::Numbered;
use jiff::Timestamp;

use super::deploying::{CONTINUOUS, WEB, built, said, stands, unheard};
use crate::support::{Scene, assert_snapshot, scenario};

const TAGGED: &str = "
trains:
  customer: { repositories: [acme/web], title: \"{year}.{month}\", lock: 7 days before, candidate: { tag: \"v{title}\" } }
environments:
  production:
    names: [production]
    from: { tags: [\"v*\"] }
    require:
      - range: traced
      - change: accepted
    train:
      - approvals: { release-manager: 1 }
";

fn day(text: &str) -> Option<Timestamp> {
    Some(format!("{text}T12:00:00Z").parse().unwrap())
}

/// A release whose change is merged, and whose scope is locked; its control record.
async fn locked(s: &Scene) -> Numbered {
    s.policy(TAGGED).await;
    s.by("rosa").create_milestone(WEB, "2026.12", day("2026-12-03"));
    s.by("rosa").protect(WEB, "production", true, true);
    let issue = s.accepted("Export").await;
    s.by("rosa").set_milestone(issue, "2026.12");
    s.settle().await;
    let pull = s.pull_request(WEB, "export", &format!("Closes #{}", issue.number)).await;
    s.by("ana").merge(pull.at);
    s.settle().await;
    let record = s.record_of(WEB, "Release 2026.12")[0];
    s.by("rosa").comment(record, "/lock");
    s.settle().await;
    record
}

fn commits(s: &Scene, record: Numbered) -> String {
    let body = s.github().issue(record)["body"].as_str().unwrap_or_default().to_owned();
    let row = body.lines().find(|line| line.starts_with("| [acme/web]") || line.starts_with("| acme/web"));
    s.readable(row.unwrap_or("no commits"))
}

async fn signed(s: &Scene, record: Numbered) {
    s.pass(70);
    s.by("rosa").comment(record, "/approve");
    s.settle().await;
}

async fn deploys(s: &Scene, reference: &str) -> u64 {
    let run = s.by("ana").dispatch(WEB, &["production"], reference);
    s.settle().await;
    run
}

#[tokio::test]
async fn a_release_ships_what_its_tag_marks_and_goes_from_there() {
    scenario(async |s| {
        let record = locked(s).await;
        assert_snapshot!(commits(s, record), @"no commits");
        s.by("rosa").annotate_tag(WEB, "v2026.12", "main");
        s.settle().await;
        assert_snapshot!(commits(s, record), @"| acme/web | [`70053c1`](https://github/acme/web/commit/70053c157cd6a3cdd98b53f1d1a8bbe85da262ac) | tag `v2026.12` | not yet |");
        signed(s, record).await;
        let run = deploys(s, "v2026.12").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_tag_that_is_moved_after_it_was_signed_moves_nothing_and_is_an_exception() {
    scenario(async |s| {
        let record = locked(s).await;
        s.by("rosa").create_tag(WEB, "v2026.12", "main");
        s.settle().await;
        signed(s, record).await;
        let (before, ships) = (s.github().head(WEB, "main").unwrap(), commits(s, record));
        let other = s.by("ana").push(WEB, "aside", &[("aside.txt", "aside")], "Aside");
        s.by("ana").create_tag(WEB, "v2026.12", &other);
        s.settle().await;
        assert_eq!(commits(s, record), ships, "the release still ships {before}");
        assert_snapshot!(s.exceptions(WEB).split("---").last().unwrap_or_default().trim(), @r"
        open: The tag of release 2026.12 was moved

        Release `2026.12` ships [`70053c1`](https://github/acme/web/commit/70053c157cd6a3cdd98b53f1d1a8bbe85da262ac): that is what `v2026.12` pointed at when people began to sign, and it points at [`c6b7f34`](https://github/acme/web/commit/c6b7f34c0e7d6ba390406a8b2db815c12aee70c8) now. The release still ships [`70053c1`](https://github/acme/web/commit/70053c157cd6a3cdd98b53f1d1a8bbe85da262ac), and a deployment from the tag is refused.

        Whoever moved it moves it back; or a release manager comments `/candidate acme/web SHA` on the control record, and the new commit is signed anew. This issue closes by itself then.

        Find out who moved it and why, and write it here.
        ");
        let run = deploys(s, "v2026.12").await;
        assert!(
            stands(s, run).starts_with("completed failure") || stands(s, run) == "waiting -",
            "{}",
            said(s, run)
        );
        assert!(said(s, run).contains("No release ships"), "{}", said(s, run));
        s.by("ana").cancel(WEB, run);
        s.by("rosa").create_tag(WEB, "v2026.12", &before);
        s.settle().await;
        assert!(
            s.exceptions(WEB).contains("closed: The tag of release 2026.12 was moved"),
            "{}",
            s.exceptions(WEB)
        );
        let run = deploys(s, "v2026.12").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_tag_of_a_release_that_was_made_or_moved_unheard_is_found_by_the_sweep() {
    scenario(async |s| {
        let record = locked(s).await;
        s.sweep().await;
        unheard(s, || s.by("rosa").create_tag(WEB, "v2026.12", "main")).await;
        s.settle_for(60).await;
        assert_eq!(commits(s, record), "no commits");
        s.sweep().await;
        let ships = commits(s, record);
        assert!(ships.contains("tag `v2026.12`"), "{ships}");
        signed(s, record).await;
        unheard(s, || {
            let other = s.by("ana").push(WEB, "aside", &[("aside.txt", "aside")], "Aside");
            s.by("ana").create_tag(WEB, "v2026.12", &other);
        })
        .await;
        s.settle_for(60).await;
        s.sweep().await;
        assert_eq!(commits(s, record), ships);
        assert!(
            s.exceptions(WEB).contains("open: The tag of release 2026.12 was moved"),
            "{}",
            s.exceptions(WEB)
        );
    })
    .await;
}

#[tokio::test]
async fn a_release_manager_takes_another_commit_and_it_is_signed_anew() {
    scenario(async |s| {
        let record = locked(s).await;
        s.by("rosa").create_tag(WEB, "v2026.12", "main");
        s.settle().await;
        signed(s, record).await;
        let other = s.by("ana").push(WEB, "aside", &[("aside.txt", "aside")], "Aside");
        s.by("ana").create_tag(WEB, "v2026.12", &other);
        s.settle().await;
        s.by("rosa").comment(record, &format!("/candidate acme/web {other}"));
        s.settle().await;
        assert!(commits(s, record).contains(&other[..7]), "{}", commits(s, record));
        assert!(
            s.exceptions(WEB).contains("closed: The tag of release 2026.12 was moved"),
            "{}",
            s.exceptions(WEB)
        );
    })
    .await;
}

/// Deployed from the tag `v1`.
async fn deployed(s: &Scene) -> String {
    s.policy(&CONTINUOUS.replace("branches: [default]", "branches: [default], tags: [\"v*\"]")).await;
    s.by("rosa").protect(WEB, "production", true, true);
    let issue = s.accepted("Export").await;
    built(s, "export", issue.number).await;
    let head = s.github().head(WEB, "main").unwrap();
    s.by("ana").create_tag(WEB, "v1", &head);
    s.settle().await;
    let run = deploys(s, "v1").await;
    assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    s.github().finish_run(WEB, run, true);
    s.settle().await;
    head
}

#[tokio::test]
async fn a_tag_that_is_moved_after_it_was_deployed_is_an_exception_until_it_is_back() {
    scenario(async |s| {
        let head = deployed(s).await;
        s.by("ana").create_tag(WEB, "v2", "main");
        s.settle().await;
        assert_eq!(s.exceptions(WEB), "");
        let other = s.by("ana").push(WEB, "aside", &[("aside.txt", "aside")], "Aside");
        s.by("ana").create_tag(WEB, "v1", &other);
        s.settle().await;
        assert_snapshot!(s.exceptions(WEB), @r"
        open: A tag was moved after it was deployed: v1

        The tag `v1` was deployed to `production` when it pointed at [`bd7feaa`](https://github/acme/web/commit/bd7feaa62b3cddceaff894f0f2f42ebffa12e645), and it points at [`d4febf0`](https://github/acme/web/commit/d4febf0f1eaf40477ad2dcedf635a5c8da9fae03) now: whoever looks it up does not find what ran.

        Whoever moved it moves it back and makes another tag for what is new. This issue closes by itself then, or when the tag is deployed as it is.

        Find out who moved it and why, and write it here.
        ");
        s.by("ana").create_tag(WEB, "v1", &head);
        s.settle().await;
        assert!(s.exceptions(WEB).starts_with("closed: "), "{}", s.exceptions(WEB));
        s.by("ana").delete_tag(WEB, "v1");
        s.settle().await;
        assert!(s.exceptions(WEB).contains("it does not exist any more"), "{}", s.exceptions(WEB));
    })
    .await;
}

#[tokio::test]
async fn a_deployed_tag_that_was_moved_and_put_back_unheard_is_found_by_the_sweep() {
    scenario(async |s| {
        let head = deployed(s).await;
        s.sweep().await;
        unheard(s, || {
            let other = s.by("ana").push(WEB, "aside", &[("aside.txt", "aside")], "Aside");
            s.by("ana").create_tag(WEB, "v1", &other);
        })
        .await;
        s.settle_for(60).await;
        assert_eq!(s.exceptions(WEB), "");
        s.sweep().await;
        let told = s.exceptions(WEB);
        assert!(told.starts_with("open: A tag was moved after it was deployed: v1"), "{told}");
        unheard(s, || s.by("ana").create_tag(WEB, "v1", &head)).await;
        s.settle_for(60).await;
        s.sweep().await;
        assert!(s.exceptions(WEB).starts_with("closed: "), "{}", s.exceptions(WEB));
    })
    .await;
}

#[tokio::test]
async fn a_tag_that_is_moved_while_a_job_waits_lets_nothing_through() {
    scenario(async |s| {
        s.policy(&CONTINUOUS.replace("branches: [default]", "branches: [default], tags: [\"v*\"]")).await;
        s.by("rosa").protect(WEB, "production", true, true);
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        s.by("ana").create_tag(WEB, "v1", "main");
        s.settle().await;
        let run = deploys(s, "v1").await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        let other = s.by("ana").push(WEB, "aside", &[("aside.txt", "aside")], "Aside");
        s.by("ana").create_tag(WEB, "v1", &other);
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert_snapshot!(said(s, run), @r"
        **Denied:** 1 of 9 rules not met.
        - The tag `v1` points at `eca0b65` now, and not at `9853f16`. **Cure:** find out who moved `v1`; move it back and run this again, or deploy what it points at now.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_was_pushed_over_is_not_deployed_from_its_branch() {
    scenario(async |s| {
        s.policy(CONTINUOUS).await;
        s.by("rosa").protect(WEB, "production", true, true);
        let before = s.github().head(WEB, "main").unwrap();
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let run = deploys(s, "main").await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        s.by("ana").force_push(WEB, "main", &before);
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert_snapshot!(said(s, run), @r"
        **Denied:** 1 of 9 rules not met.
        - The branch `main` does not hold `9853f16` any more: somebody pushed over it. **Cure:** deploy what `main` holds now.
        ");
    })
    .await;
}

#[tokio::test]
async fn what_a_deployment_from_a_tag_would_be_told_stands_on_its_commit_until_it_runs() {
    scenario(async |s| {
        s.policy(&CONTINUOUS.replace("branches: [default]", "branches: [default], tags: [\"v*\"]")).await;
        s.by("rosa").protect(WEB, "production", true, true);
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let head = s.github().head(WEB, "main").unwrap();
        s.by("ana").create_tag(WEB, "next", &head);
        s.settle().await;
        assert_eq!(s.release_check(&head), "");
        s.by("ana").annotate_tag(WEB, "v1", &head);
        s.settle().await;
        assert_snapshot!(s.release_check(&head), @"in_progress: 1 of 9 rules not met: #1 is not accepted yet");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(s.release_check_text(&head), @r"
        For information: this is what a deployment from the tag would be told.

        | | rule | |
        |---|---|---|
        | ✓ pass | it comes from where deployments may come from | It comes from `v1`. |
        | ✓ pass | no other deployment is in its way | No other deployment runs. |
        | ✓ pass | every commit came with a merged pull request | Nothing runs there yet, so all that leads to `9853f16` is new there. |
        | ✓ pass | every commit came with a merged pull request | 2 commits, all from merged pull requests. |
        | ✓ pass | every change in it is accepted | The pull request that it brings has passed by itself. |
        | ✓ pass | every pull request in it is signed | Each was approved by 1 of `review`, who wrote none of it. |
        | ✓ pass | inside the change window | The policy names no window: any time is allowed. |
        | ✓ pass | outside every freeze | Nothing is frozen. |
        ");
        let run = deploys(s, "v1").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}
