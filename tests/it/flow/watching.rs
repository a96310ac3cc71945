//! What GitHub told nobody of deployments is found all the same: by the hourly sweep, and every minute while a job waits.

use changegate::sandbox::Request;

use super::deploying::{CONTINUOUS, WEB, built, deploys, ready, said, ships_continuously, stands, unheard};
use crate::support::{Scene, assert_snapshot, scenario, scenario_without_policy};

/// An hour later, what is known is compared with what GitHub shows.
async fn swept(s: &Scene) {
    s.pass(3_600);
    s.sweep().await;
}

fn answers(requests: &[Request]) -> usize {
    requests.iter().filter(|request| request.path.ends_with("/deployment_protection_rule")).count()
}

/// A job that waits for its change to be accepted.
async fn waits(s: &Scene) -> (changegate::sandbox::Numbered, u64) {
    ships_continuously(s).await;
    let issue = s.change_request("Export").await;
    built(s, "export", issue.number).await;
    let run = deploys(s, "ana", "main").await;
    assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
    (issue, run)
}

#[tokio::test]
async fn a_job_that_nobody_told_of_is_found_by_the_sweep() {
    scenario(async |s| {
        ready(s).await;
        let mut run = 0;
        unheard(s, || run = s.by("ana").dispatch(WEB, &["production"], "main")).await;
        s.settle_for(2).await;
        assert_eq!(stands(s, run), "waiting -");
        swept(s).await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        assert_eq!(s.exceptions(WEB), "");
    })
    .await;
}

#[tokio::test]
async fn while_one_job_waits_another_that_nobody_told_of_is_found_within_a_minute() {
    scenario(async |s| {
        let (_, older) = waits(s).await;
        let other = s.accepted("Import").await;
        built(s, "import", other.number).await;
        let mut newer = 0;
        unheard(s, || newer = s.by("ana").dispatch(WEB, &["production"], "main")).await;
        s.settle_for(2).await;
        assert_eq!(stands(s, older), "completed failure", "{}", said(s, older));
        assert_eq!(stands(s, newer), "waiting -");
        assert!(said(s, newer).starts_with("**Waiting:**"), "{}", said(s, newer));
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_cancelled_while_it_waits_is_answered_no_more() {
    scenario(async |s| {
        let (issue, run) = waits(s).await;
        s.settle_for(1).await;
        unheard(s, || s.by("ana").cancel(WEB, run)).await;
        s.settle_for(2).await;
        s.by("tess").comment(issue, "/accept");
        let asked = s.requests_of(async || s.settle_for(3).await).await;
        assert_eq!(answers(&asked), 0, "{asked:?}");
        let looks = asked.iter().filter(|request| request.path.ends_with("/actions/runs")).count();
        assert_eq!(looks, 0, "nobody waits, and nobody is looked for");
    })
    .await;
}

#[tokio::test]
async fn who_waits_for_weeks_is_told_that_github_does_not_wait_for_ever() {
    scenario(async |s| {
        let (issue, run) = waits(s).await;
        let told = || s.github().notes(WEB, run, "production").len();
        for (day, notes) in [(19, 1), (20, 2), (26, 2), (27, 3), (29, 3)] {
            let since = s.stage.clock.now().duration_since("2026-11-02T12:00:00Z".parse().unwrap());
            s.pass(day * 86_400 + 60 - since.as_secs());
            s.settle().await;
            assert_eq!(told(), notes, "day {day}");
        }
        assert_snapshot!(said(s, run), @"
        **Still waiting:** within 3 days, on 2 Dec 2026, 12:00 UTC, GitHub fails this job: it waits for thirty at most. **Waiting:** 1 of 9 rules not met yet.
        - [#1](https://github/acme/web/issues/1) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there.
        ");
        s.by("tess").comment(issue, "/accept");
        s.settle_for(1).await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn where_there_is_no_policy_a_job_is_let_through_and_says_so() {
    scenario_without_policy(async |s| {
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -");
        assert_snapshot!(said(s, run), @"**Let through,** not enforced: there is no policy. Write one in `.github/changegate.yml`, or take the rule of this App off the environment.");
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        assert_eq!(s.exceptions(WEB), "");
    })
    .await;
}

#[tokio::test]
async fn a_policy_that_was_never_whole_lets_nothing_through() {
    scenario_without_policy(async |s| {
        s.by("rosa").protect(WEB, "production", true, true);
        s.by("rosa").push(WEB, "main", &[(".github/changegate.yml", "mode: never\n")], "Rules");
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        s.settle_for(2).await;
        assert_eq!(stands(s, run), "waiting -");
        s.by("ana").cancel(WEB, run);
        s.settle_for(2).await;
    })
    .await;
}

#[tokio::test]
async fn a_deployment_beside_us_that_nobody_told_of_is_an_exception_and_what_came_before_is_none() {
    scenario(async |s| {
        let before = s.github().head(WEB, "main").unwrap();
        unheard(s, || {
            s.by("lee").deploy(WEB, "production", &before, &["success"]);
        })
        .await;
        ships_continuously(s).await;
        swept(s).await;
        assert_eq!(s.exceptions(WEB), "");
        let sha = s.by("ana").push(WEB, "main", &[("quick.txt", "quick")], "Quick fix");
        unheard(s, || {
            s.by("lee").deploy(WEB, "production", &sha, &["success"]);
        })
        .await;
        swept(s).await;
        swept(s).await;
        let exceptions = s.exceptions(WEB);
        assert!(exceptions.contains("Deployed to production without an allow"), "{exceptions}");
        assert_eq!(exceptions.matches("open: ").count(), 1, "{exceptions}");
    })
    .await;
}

#[tokio::test]
async fn an_environment_whose_rule_was_taken_off_is_an_exception_until_it_is_on_again() {
    scenario(async |s| {
        ships_continuously(s).await;
        swept(s).await;
        assert_eq!(s.exceptions(WEB), "");
        s.by("rosa").protect(WEB, "production", false, true);
        swept(s).await;
        swept(s).await;
        assert_snapshot!(s.exceptions(WEB), @"
        open: Nothing guards the environment production

        Policy says what a deployment to `production` needs, and the environment does not have the protection rule of this App: jobs that deploy there do not wait for anybody.

        An administrator enables the rule in the [settings of the environment](https://github/acme/web/settings/environments) (deployment protection rules). This issue closes by itself when it is found enabled; that is looked at every hour.

        If nothing is to be decided here, take `production` out of `environments` in the policy.
        ");
        s.by("rosa").protect(WEB, "production", true, true);
        swept(s).await;
        assert!(s.exceptions(WEB).starts_with("closed: "), "{}", s.exceptions(WEB));
        s.by("rosa").protect(WEB, "production", false, true);
        swept(s).await;
        assert!(s.exceptions(WEB).starts_with("open: "), "{}", s.exceptions(WEB));
        assert_eq!(s.exceptions(WEB).matches("Nothing guards").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn where_nothing_is_enforced_no_exception_is_opened_for_a_missing_rule() {
    scenario(async |s| {
        s.policy(&format!("mode: advise\n{CONTINUOUS}")).await;
        s.by("rosa").protect(WEB, "production", false, true);
        s.settle().await;
        swept(s).await;
        assert_eq!(s.exceptions(WEB), "");
    })
    .await;
}
