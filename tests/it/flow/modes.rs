//! How much Changegate says: nothing, only to its register, advice, or a decision.

use changegate::sandbox::{Numbered, Request};

use crate::support::{Pull, Scene, assert_snapshot, scenario_without_policy};

const ROLES: &str = "roles: { triager: [acme/triage], release-manager: [rosa] }\ngroups: { qa: [quinn] }\n";

/// Sam asks, labels like a triager, and Ana builds before anybody has accepted.
async fn an_early_bird(s: &Scene) -> (Numbered, Pull) {
    let issue = s.change_request("Export").await;
    s.by("sam").label(issue, "triage/accepted");
    s.settle().await;
    let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
    (issue, pull)
}

/// What we wrote, beside asking for tokens.
fn writes(requests: &[Request]) -> Vec<String> {
    let writes = requests.iter().filter(|request| {
        request.method != "GET" && request.path != "/graphql" && !request.path.ends_with("/access_tokens")
    });
    writes.map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[tokio::test]
async fn without_a_policy_nothing_is_said() {
    scenario_without_policy(async |s| {
        let (issue, pull) = an_early_bird(s).await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.labels(issue), ["change-request", "triage/accepted"]);
        assert_eq!((s.comments(issue), s.checks("acme/web", &pull.head)), (vec![], vec![]));
        assert_eq!(writes(&s.github().requests()), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn observing_only_fills_the_register() {
    scenario_without_policy(async |s| {
        s.policy("mode: observe\n").await;
        let (issue, pull) = an_early_bird(s).await;
        assert_eq!(s.stage_of("Export").await, "requested");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "in_work");
        assert_eq!(s.labels(issue), ["change-request", "triage/accepted"]);
        assert_eq!((s.comments(issue), s.checks("acme/web", &pull.head)), (vec![], vec![]));
        assert_eq!(writes(&s.github().requests()), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn advice_stops_nothing_and_puts_nothing_back() {
    scenario_without_policy(async |s| {
        s.policy("mode: advise\n").await;
        let (issue, pull) = an_early_bird(s).await;
        assert_eq!(s.stage_of("Export").await, "requested");
        assert_eq!(s.labels(issue), ["change-request", "triage/accepted"]);
        assert_snapshot!(s.sentences(issue).join("\n"), @"@sam set **triage/accepted**; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)). It does not count.");
        assert_snapshot!(s.check(&pull.head), @"success: advice: 1 of 2 rules not met");
        assert_snapshot!(s.check_text("acme/web", &pull.head), @"
        Advice only: nothing is stopped here.

        | | rule | |
        |---|---|---|
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | … waiting | the change request is accepted | [#1](https://github/acme/web/issues/1) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there. |

        It is judged again by itself when any of this changes.
        ");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: advice: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn enforcing_decides_and_puts_back() {
    scenario_without_policy(async |s| {
        s.policy("mode: enforce\n").await;
        let (issue, pull) = an_early_bird(s).await;
        assert_eq!(s.labels(issue), ["change-request"]);
        assert_eq!(s.sentences(issue).len(), 1);
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 2 rules not met: #1 is not accepted yet");
    })
    .await;
}

#[tokio::test]
async fn each_repository_may_have_its_own_mode() {
    scenario_without_policy(async |s| {
        s.policy("mode: observe\nrepositories:\n  - { match: acme/billing, mode: enforce }\n").await;
        let quiet = s.pull_request("acme/web", "quiet", "").await;
        let strict = s.pull_request("acme/billing", "strict", "").await;
        assert_eq!(s.checks("acme/web", &quiet.head), vec![]);
        assert_snapshot!(s.checks("acme/billing", &strict.head)[0].1, @"1 of 1 rules not met: #1 belongs to no change request");
    })
    .await;
}

#[tokio::test]
async fn switching_from_observing_to_enforcing_gives_open_pull_requests_their_check_at_once() {
    scenario_without_policy(async |s| {
        s.policy("mode: observe\n").await;
        let (issue, pull) = an_early_bird(s).await;
        let linked_nowhere = s.pull_request("acme/web", "other", "").await;
        s.policy("mode: enforce\n").await;
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 2 rules not met: #1 is not accepted yet");
        assert_snapshot!(s.check(&linked_nowhere.head), @"failure: 1 of 1 rules not met: #3 belongs to no change request");
        assert_eq!(s.stage_of("Export").await, "requested");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
        assert_snapshot!(s.status(issue), @"
        **Change request** · in work
        Contact: nobody yet · Requester: @sam

        Accepted by @tess (2 Nov 2026). Next: one pull request is open ([web#2](https://github/acme/web/pull/2)). When it is merged, the code is complete.
        ");
    })
    .await;
}

#[tokio::test]
async fn what_was_recorded_without_a_policy_counts_when_one_comes() {
    scenario_without_policy(async |s| {
        let (issue, pull) = an_early_bird(s).await;
        s.policy_file("acme/.github", &format!("version: 1\nmode: enforce\n{ROLES}")).await;
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 2 rules not met: #1 is not accepted yet");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
    })
    .await;
}
