//! Three in the morning and one person awake: what an emergency lets through, what it does not, and what is owed for it.

use changegate::{
    admin::{self, Answer, Order},
    operator::Emergency,
    register,
    sandbox::{Numbered, Verdict},
};

use super::deploying::{WEB, built, deploys, said, stands};
use crate::support::{Pull, Scene, assert_snapshot, scenario};

/// The sandbox begins on a Monday, when the window is closed. Quinn is on call.
const RULES: &str = "version: 1
mode: enforce
roles: { triager: [acme/triage], release-manager: [rosa], break-glass: [quinn] }
repositories:
  - { match: acme/web, ship: continuous, change: issue }
environments:
  production:
    names: [production]
    from: { branches: [default, \"hotfix/*\"] }
    window: [\"Tue-Thu 09:00-16:00\"]
    require:
      - range: traced
      - change: accepted
    continuous:
      - approvals: { review: 1 }
    emergency: { lasts: 4 hours, approved: within 1 working day, retrospective: 5 working days }
";

const HOUR: i64 = 3600;

pub(super) async fn ruled(s: &Scene) {
    s.policy_file("acme/.github", RULES).await;
    s.by("rosa").protect(WEB, "production", true, true);
    s.settle().await;
}

/// A change request that nobody has accepted, and Ana's pull request for it.
async fn a_fix(s: &Scene, title: &str, branch: &str) -> (Numbered, Pull) {
    let issue = s.change_request(title).await;
    let pull = s.pull_request(WEB, branch, &format!("Closes #{}", issue.number)).await;
    (issue, pull)
}

/// The same, declared by Quinn and merged.
async fn a_fix_in_need(s: &Scene, title: &str, branch: &str) -> (Numbered, Pull) {
    let (issue, pull) = a_fix(s, title, branch).await;
    declared(s, issue, "quinn").await;
    merged(s, &pull).await;
    (issue, pull)
}

/// Deploys what is on a branch, which is let through, and ends well.
async fn goes_out(s: &Scene, branch: &str) -> u64 {
    let run = deploys(s, "ana", branch).await;
    assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    s.github().finish_run(WEB, run, true);
    s.settle().await;
    run
}

async fn declared(s: &Scene, issue: Numbered, login: &str) {
    s.by(login).comment(issue, "/emergency nobody can pay");
    s.settle().await;
}

async fn merged(s: &Scene, pull: &Pull) {
    s.by("ana").merge(pull.at);
    s.settle().await;
}

fn retrospective(s: &Scene) -> serde_json::Value {
    let found = s.record_of(WEB, "Retrospective: Pay again");
    assert_eq!(found.len(), 1, "{found:?}");
    s.github().issue(found[0])
}

#[tokio::test]
async fn one_person_who_is_awake_brings_a_fix_out_at_once_and_what_is_owed_is_asked_for_afterwards() {
    scenario(async |s| {
        ruled(s).await;
        let (issue, pull) = a_fix(s, "Pay again", "pay").await;
        declared(s, issue, "sam").await;
        assert_snapshot!(s.sentences(issue).join("\n"), @"@sam wrote `/emergency`; an emergency is declared by the people on call ([quinn](https://github/quinn)).");
        declared(s, issue, "quinn").await;
        merged(s, &pull).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Allowed:** 6 of 6 rules met.
        - [#1](https://github/acme/web/issues/1) was declared an emergency by [quinn](https://github/quinn) on 2 Nov 2026, 12:00 UTC: “nobody can pay”. It lasts until 2 Nov 2026, 16:00 UTC. An independent signature is owed until 3 Nov 2026, 12:00 UTC. A retrospective is owed until 9 Nov 2026, 12:00 UTC.
        ");
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        assert_eq!(retrospective(s)["state"], "open");

        // Tuesday, a minute after the signature was due: ordinary work waits for it.
        s.pass(24 * HOUR);
        s.settle().await;
        let next = s.accepted("Export").await;
        built(s, "export", next.number).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "completed failure");
        assert_snapshot!(said(s, run), @"
        **Denied:** 1 of 8 rules not met.
        - [#1](https://github/acme/web/issues/1) was an emergency, and its independent signature is owed since 3 Nov 2026, 12:00 UTC. **Cure:** a release manager ([rosa](https://github/rosa)) who neither declared it nor worked on it comments `/approve` on [#1](https://github/acme/web/issues/1).
        ");
        s.by("rosa").comment(issue, "/approve");
        s.settle().await;
        s.by("ana").rerun(WEB, run);
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.by("quinn").comment(issue, "/done worked The pool was too small.");
        s.settle().await;
        assert_eq!(retrospective(s)["state"], "closed");
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn an_emergency_takes_no_other_work_along_and_says_how_the_fix_goes_alone() {
    scenario(async |s| {
        ruled(s).await;
        // Something runs.
        a_fix_in_need(s, "Pay again", "pay").await;
        let runs = s.github().head(WEB, "main").unwrap();
        goes_out(s, "main").await;
        // Export is merged and waits for Tuesday; then somebody needs a fix.
        let export = s.accepted("Export").await;
        built(s, "export", export.number).await;
        let (second, _) = a_fix_in_need(s, "Log in again", "login").await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -");
        assert_snapshot!(said(s, run), @"
        **Waiting:** 3 of 8 rules not met yet.
        - `review` has 0 of 1 approvals of what was merged as [#7](https://github/acme/web/pull/7). **Cure:** somebody who wrote none of it approves [#7](https://github/acme/web/pull/7) in a review; GitHub takes one after the merge too.
        - Closed until Tue 3 Nov 2026, 09:00 UTC (window Tue-Thu 09:00-16:00). **Cure:** nobody need do anything: it is judged again at that time; what cannot wait is an emergency: `/emergency WHY`.
        - [#6](https://github/acme/web/issues/6) is an emergency, and [#5](https://github/acme/web/pull/5) comes along and is no part of it. **Cure:** deploy the fix alone: `git switch -c hotfix/6 3288c2d && git cherry-pick -x a3476a0`.
        ");
        // As it says.
        let fix = s.github().head(WEB, "main").unwrap();
        let branch = format!("hotfix/{}", second.number);
        s.by("ana").create_branch(WEB, &branch, &runs);
        let message = format!("Build login\n\n(cherry picked from commit {fix})");
        s.by("ana").push(WEB, &branch, &[("login.txt", "login")], &message);
        s.settle().await;
        goes_out(s, &branch).await;
    })
    .await;
}

#[tokio::test]
async fn an_emergency_ends_by_itself_and_what_waits_then_is_ordinary_again() {
    scenario(async |s| {
        ruled(s).await;
        let (issue, pull) = a_fix(s, "Pay again", "pay").await;
        declared(s, issue, "quinn").await;
        assert_snapshot!(s.check(&pull.head), @"success: emergency: 2 of 2 rules met");
        s.pass(4 * HOUR);
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 2 rules not met: #1 is not accepted yet");
        merged(s, &pull).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -");
        declared(s, issue, "quinn").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_said_of_an_emergency_on_a_pull_request_is_heard_by_its_change_request_and_otherwise_answered()
 {
    scenario(async |s| {
        ruled(s).await;
        let alone = s.pull_request(WEB, "alone", "A fix.").await;
        s.by("quinn").comment(alone.at, "/emergency nobody can pay");
        s.settle().await;
        assert_snapshot!(s.sentences(alone.at).join("\n"), @"@quinn wrote `/emergency`; it is a change request that is an emergency, and this pull request belongs to none. Open an issue with the label `change-request`, put `Closes #n` in the description here, and comment `/emergency WHY` there or here.");
        let (issue, pull) = a_fix(s, "Pay again", "pay").await;
        s.by("sam").comment(pull.at, "/emergency nobody can pay");
        s.settle().await;
        assert_snapshot!(s.sentences(pull.at).join("\n"), @"@sam wrote `/emergency`; an emergency is declared by the people on call ([quinn](https://github/quinn)).");
        s.by("quinn").comment(pull.at, "/emergency nobody can pay");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: emergency: 2 of 2 rules met");
        s.by("rosa").comment(pull.at, "/approve");
        s.by("quinn").comment(pull.at, "/done worked The pool was too small.");
        s.settle().await;
        let status = s.readable(&s.status(issue));
        assert_snapshot!(status.split("\n\n").nth(1).unwrap_or_default(), @"
        **Emergency**, declared by @quinn on 2 Nov 2026, 12:00 UTC: nobody can pay
        It has ended; `/emergency WHY` declares it again.
        Nothing is owed for it any more.
        ");
    })
    .await;
}

#[tokio::test]
async fn an_emergency_takes_in_an_issue_that_nobody_had_labelled() {
    scenario(async |s| {
        ruled(s).await;
        let issue = s.by("sam").open_labelled_issue(WEB, "Nobody can pay", "Help!", &[]);
        let pull = s.pull_request(WEB, "pay", &format!("Closes #{}", issue.number)).await;
        assert_snapshot!(s.check(&pull.head), @"failure: 1 of 2 rules not met: #1 is not a change request");
        s.by("sam").comment(issue, "/emergency nobody can pay");
        s.settle().await;
        assert_snapshot!(s.sentences(issue).join("\n"), @"@sam wrote `/emergency`; an emergency is declared by the people on call ([quinn](https://github/quinn)).");
        assert_eq!(s.labels(issue), Vec::<String>::new());
        declared(s, issue, "quinn").await;
        assert_eq!(s.labels(issue), ["change-request", "change/emergency"]);
        assert_snapshot!(s.status(issue), @r"
        **Change request** · requested
        Contact: nobody yet · Requester: @sam

        **Emergency**, declared by @quinn on 2 Nov 2026, 12:00 UTC: nobody can pay
        Quickest, if it helps: deploy again what ran before; that passes at any time. Otherwise the commits of its pull requests pass without release, window and signatures until 2 Nov 2026, 16:00 UTC; `/emergency WHY` renews that. Nothing else passes with them.
        Owed until 3 Nov 2026, 12:00 UTC: `/approve` here by one of the release managers ([rosa](https://github/rosa)) who neither declared it nor worked on it.
        Owed until 9 Nov 2026, 12:00 UTC: `/done worked|problems|backed-out` here, once the issue of its retrospective is written.

        Next: a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept`, or asks, defers or declines.

        Waiting for that: [web#2](https://github/acme/web/pull/2).
        ");
        assert_snapshot!(s.check(&pull.head), @"success: emergency: 2 of 2 rules met");
        merged(s, &pull).await;
        goes_out(s, "main").await;
    })
    .await;
}

#[tokio::test]
async fn an_emergency_on_a_pull_request_that_is_its_own_change_works_as_on_an_issue() {
    scenario(async |s| {
        s.policy_file("acme/.github", &RULES.replace("change: issue", "change: pull-request")).await;
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        let pull = s.pull_request(WEB, "pay", "Nobody can pay.").await;
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 1 rules not met: #1 has no independent approval");
        declared(s, pull.at, "sam").await;
        declared(s, pull.at, "quinn").await;
        assert_snapshot!(s.sentences(pull.at).join("\n"), @"@sam wrote `/emergency`; an emergency is declared by the people on call ([quinn](https://github/quinn)).");
        assert_snapshot!(s.status(pull.at), @r"
        **Change request**: this pull request

        **Emergency**, declared by @quinn on 2 Nov 2026, 12:00 UTC: nobody can pay
        Quickest, if it helps: deploy again what ran before; that passes at any time. Otherwise the commits of its pull requests pass without release, window and signatures until 2 Nov 2026, 16:00 UTC; `/emergency WHY` renews that. Nothing else passes with them.
        Owed until 3 Nov 2026, 12:00 UTC: `/approve` here by one of the release managers ([rosa](https://github/rosa)) who neither declared it nor worked on it.
        Owed until 9 Nov 2026, 12:00 UTC: `/done worked|problems|backed-out` here, once the issue of its retrospective is written.
        ");
        assert_snapshot!(s.check(&pull.head), @"success: emergency: 1 of 1 rules met");
        assert_eq!(s.labels(pull.at), ["change/emergency"]);
        merged(s, &pull).await;
        let run = goes_out(s, "main").await;
        assert_snapshot!(said(s, run), @r"
        **Allowed:** 6 of 6 rules met.
        - [#1](https://github/acme/web/issues/1) was declared an emergency by [quinn](https://github/quinn) on 2 Nov 2026, 12:00 UTC: “nobody can pay”. It lasts until 2 Nov 2026, 16:00 UTC. An independent signature is owed until 3 Nov 2026, 12:00 UTC. A retrospective is owed until 9 Nov 2026, 12:00 UTC.
        ");
        let retrospective = s.record_of(WEB, "Retrospective: Build pay")[0];

        // A day later the signature is owed, and ordinary work waits for it.
        s.pass(25 * HOUR);
        s.settle().await;
        let next = s.pull_request(WEB, "export", "Export.").await;
        s.by("lee").review(next.at, Verdict::Approve, "");
        merged(s, &next).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert_snapshot!(said(s, run), @r"
        **Denied:** 1 of 8 rules not met.
        - [#1](https://github/acme/web/issues/1) was an emergency, and its independent signature is owed since 3 Nov 2026, 12:00 UTC. **Cure:** a release manager ([rosa](https://github/rosa)) who neither declared it nor worked on it comments `/approve` on [#1](https://github/acme/web/issues/1).
        ");
        s.by("rosa").comment(pull.at, "/approve");
        s.by("quinn").comment(pull.at, "/done worked The pool was too small.");
        s.settle().await;
        assert_eq!(s.github().issue(retrospective)["state"], "closed");
        assert_eq!(s.labels(pull.at), Vec::<String>::new());
        s.by("ana").rerun(WEB, run);
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn whoever_links_a_pull_request_to_an_emergency_while_it_lasts_does_not_ride_along() {
    scenario(async |s| {
        ruled(s).await;
        let (issue, _) = a_fix(s, "Pay again", "pay").await;
        declared(s, issue, "quinn").await;
        let rider = s.pull_request(WEB, "export", &format!("Part-of: #{}", issue.number)).await;
        assert_snapshot!(s.check(&rider.head), @"action_required: 1 of 2 rules not met: #4 is not part of the emergency #1");
        assert_snapshot!(s.check_text(WEB, &rider.head), @r"
        | | rule | |
        |---|---|---|
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | … waiting | the change request is accepted | [#1](https://github/acme/web/issues/1) is an emergency, and [#4](https://github/acme/web/pull/4) was linked to it after it was declared, by nobody who may add to it. **Cure:** somebody on call ([quinn](https://github/quinn)) comments `/emergency WHY` on [#4](https://github/acme/web/pull/4); or a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` on [#1](https://github/acme/web/issues/1). |

        It is judged again by itself when any of this changes.
        ");
        declared(s, rider.at, "quinn").await;
        assert_snapshot!(s.check(&rider.head), @"success: emergency: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn an_emergency_is_first_offered_the_way_back_and_running_that_deployment_again_passes_at_once() {
    scenario(async |s| {
        ruled(s).await;
        a_fix_in_need(s, "Pay again", "pay").await;
        let first = goes_out(s, "main").await;
        a_fix_in_need(s, "Log in again", "login").await;
        goes_out(s, "main").await;
        let issue = s.change_request("Nobody can log in").await;
        s.by("rosa").comment(issue, "/freeze lifted we look for the cause");
        declared(s, issue, "quinn").await;
        assert_snapshot!(s.sentences(issue).join("\n"), @r"
        @quinn **First, if it helps: go back.** What ran before passes at once, without a signature and without anything being owed.

        - **production** of acme/web runs [`540f1f3`](https://github/acme/web/commit/540f1f3bdc4a493ba2cfa58804488ff5db4acda7); before that ran [`3288c2d`](https://github/acme/web/commit/3288c2de008f82857fa0ddff9f827f41ea2c0c27), deployed on 2 Nov 2026, 12:00 UTC: [run it again](https://github/acme/web/actions/runs/1041).

        Otherwise the fix goes ahead, as the status comment says.
        ");
        s.by("ana").rerun(WEB, first);
        s.settle().await;
        assert_eq!(stands(s, first), "in_progress -", "{}", said(s, first));
        s.github().finish_run(WEB, first, true);
        s.settle().await;
    })
    .await;
}

/// An operator declares it for somebody, and what is told at the terminal.
async fn declared_at_the_terminal(s: &Scene, by: &str, pull_request: Option<u64>) -> String {
    let operator = s.stage.app.operator();
    let emergency = Emergency {
        repository: WEB.into(),
        by: by.into(),
        why: "Nobody can pay".into(),
        incident: Some("https://status.acme.example/7".into()),
        pull_request,
    };
    let kept = match admin::obey(&operator, Order::Emergency(emergency)).await {
        Answer::Emergency(kept) => kept,
        other => return format!("{other:?}"),
    };
    s.settle().await;
    match admin::obey(&operator, Order::Became(kept)).await {
        Answer::Became(became) => register::emergency(&became),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn an_operator_declares_an_emergency_for_somebody_on_call_where_there_is_no_issue_for_it() {
    scenario(async |s| {
        ruled(s).await;
        let pull = s.pull_request(WEB, "pay", "A fix.").await;
        assert_snapshot!(declared_at_the_terminal(s, "sam", None).await, @"Refused: sam is not one of the people on call (role `break-glass`: quinn).");
        assert_snapshot!(declared_at_the_terminal(s, "quinn", Some(pull.at.number)).await, @r"
        Declared in acme/web#2.
        Until 2026-11-02T16:00:08Z, pull requests that say `Part-of: acme/web#2` by somebody on call pass without release, window, freezes and signatures, and so do their deployments. Nothing else passes with them.
        Owed until 2026-11-03T12:00:08Z: an independent signature, `/approve` there by a release manager.
        Owed until 2026-11-09T12:00:08Z: a retrospective, ended there with `/done worked|problems|backed-out`.
        Quicker, if it helps: run the deployment again that ran before. It passes at once.
        ");
        let issue = s.record_of(WEB, "Emergency: Nobody can pay")[0];
        let opened = s.github().issue(issue);
        assert_snapshot!(opened["body"].as_str().unwrap_or_default().split("\n\n<!--").next().unwrap_or_default(), @r"
        Nobody can pay

        Declared an emergency for @quinn with `changegate emergency`, by the word of the operator of this server.

        Incident: https:/&#8203;/status.acme.example/7

        Pull request: #1
        ");
        assert_eq!(s.labels(issue), ["change-request", "change/emergency"]);
        assert_snapshot!(s.check(&pull.head), @"success: emergency: 2 of 2 rules met");
        merged(s, &pull).await;
        goes_out(s, "main").await;
        s.by("rosa").comment(issue, "/approve");
        // Where people look back on it they may end it, too.
        let retrospective = s.record_of(WEB, "Retrospective: Emergency: Nobody can pay")[0];
        s.by("quinn").comment(retrospective, "/done worked The pool was too small.");
        s.settle().await;
        assert_eq!(s.github().issue(retrospective)["state"], "closed");
    })
    .await;
}

#[tokio::test]
async fn what_is_owed_for_an_issue_that_was_deleted_is_paid_on_its_retrospective() {
    scenario(async |s| {
        ruled(s).await;
        let (issue, _) = a_fix_in_need(s, "Pay again", "pay").await;
        goes_out(s, "main").await;
        let at = s.record_of(WEB, "Retrospective: Pay again")[0];
        s.by("sam").delete_issue(issue);
        s.pass(25 * HOUR);
        s.settle().await;
        let next = s.accepted("Export").await;
        built(s, "export", next.number).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        s.by("rosa").comment(at, "/approve");
        s.by("rosa").comment(at, "/done worked It was found.");
        s.settle().await;
        assert_eq!(s.github().issue(at)["state"], "closed");
        s.by("ana").rerun(WEB, run);
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_owed_for_an_emergency_stands_in_the_way_of_its_system_in_every_repository() {
    const BILLING: &str = "acme/billing";
    scenario(async |s| {
        s.policy_file("acme/.github", &RULES.replace("match: acme/web", "match: \"acme/*\"")).await;
        for repository in [WEB, BILLING] {
            s.by("rosa").protect(repository, "production", true, true);
        }
        s.settle().await;
        let issue = s.change_request("Pay again").await;
        s.by("sam").label(issue, "system/payments");
        declared(s, issue, "quinn").await;
        s.pass(25 * HOUR);
        s.settle().await;
        let mut denied = vec![];
        for (title, branch, system) in
            [("Export", "export", "system/web"), ("Refund", "refund", "system/payments")]
        {
            let change = s.accepted(title).await;
            s.by("sam").label(change, system);
            let pull = s.pull_request(BILLING, branch, &format!("Closes acme/web#{}", change.number)).await;
            s.by("lee").review(pull.at, Verdict::Approve, "");
            merged(s, &pull).await;
            let run = s.by("ana").dispatch(BILLING, &["production"], "main");
            s.settle().await;
            let state = s.github().run(BILLING, run);
            denied.push((system, state["conclusion"] == "failure"));
            if denied.last() == Some(&(system, false)) {
                s.github().finish_run(BILLING, run, true);
                s.settle().await;
            }
        }
        assert_eq!(denied, [("system/web", false), ("system/payments", true)]);
    })
    .await;
}
