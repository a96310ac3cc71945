//! Policy files: whose they are, what a broken one does, and what a change of them changes.

use changegate::sandbox::{Edit, Entry};

use crate::support::{Pull, Scene, assert_snapshot, scenario, scenario_without_policy};

const FILE: &str = ".github/changegate.yml";
const OWN: &str = "version: 1\nmode: enforce\nroles: { triager: [lee], release-manager: [rosa] }\ngroups: { qa: [quinn] }\n";

/// Rosa proposes a policy file.
async fn propose(s: &Scene, repository: &str, text: &str) -> Pull {
    let head = s.by("rosa").push(repository, "policy", &[(FILE, text)], "Change the policy");
    let entry = Entry { head: "policy", base: "main", title: "Policy", body: "", draft: false };
    let at = s.by("rosa").open_pull_request(repository, entry);
    s.settle().await;
    Pull { at, head }
}

#[tokio::test]
async fn a_repository_alone_may_have_the_whole_policy() {
    scenario_without_policy(async |s| {
        s.policy_file("acme/web", OWN).await;
        let issue = s.change_request("Export").await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        s.by("lee").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
        let elsewhere = s.pull_request("acme/billing", "quiet", "").await;
        assert_eq!(s.checks("acme/billing", &elsewhere.head), vec![]);
    })
    .await;
}

#[tokio::test]
async fn a_repository_may_only_tighten_what_the_organisation_says() {
    scenario(async |s| {
        s.policy("mode: advise\nintake: { required: [Why] }\n").await;
        s.policy_file("acme/web", "version: 1\nmode: enforce\nintake: { required: [Who] }\n").await;
        let issue = s.change_request("Export").await;
        assert_snapshot!(s.status(issue), @"
        **Change request** · needs information
        Contact: nobody yet · Requester: @sam

        This request can't be triaged yet. Missing: **Why** and **Who**. Edit the description above, each under a heading of that name; this note goes away by itself.

        Next: the requester completes the description; then a triager ([acme/triage](https://github/orgs/acme/teams/triage)) decides.
        ");
        let strict = s.pull_request("acme/web", "strict", "").await;
        let lenient = s.pull_request("acme/billing", "lenient", "").await;
        assert_snapshot!(s.check(&strict.head), @"failure: 1 of 1 rules not met: #2 belongs to no change request");
        assert_snapshot!(s.checks("acme/billing", &lenient.head)[0].1, @"advice: 1 of 1 rules not met");
        s.policy_file("acme/web", "version: 1\nmode: observe\n").await;
        assert_snapshot!(s.check(&strict.head), @"success: advice: 1 of 1 rules not met");
    })
    .await;
}

#[tokio::test]
async fn a_repository_cannot_name_its_own_triagers_beside_an_organisation_s() {
    scenario(async |s| {
        s.policy_file("acme/web", OWN).await;
        let issue = s.change_request("Export").await;
        s.by("lee").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn a_policy_that_came_before_the_organisation_s_is_cut_down_to_what_it_may_still_say() {
    scenario_without_policy(async |s| {
        s.policy_file("acme/web", OWN).await;
        s.policy("").await;
        let issue = s.change_request("Export").await;
        s.by("lee").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
    })
    .await;
}

#[tokio::test]
async fn while_a_policy_is_broken_the_last_good_one_stays_in_force() {
    scenario(async |s| {
        let pull = s.pull_request("acme/web", "export", "").await;
        let before = s.check(&pull.head);
        s.policy_file("acme/.github", "version: 1\nmode: observed\n").await;
        assert_eq!(s.check(&pull.head), before);
        let later = s.pull_request("acme/web", "later", "").await;
        assert_snapshot!(s.check(&later.head), @"failure: 1 of 1 rules not met: #2 belongs to no change request");
        s.policy("mode: advise\n").await;
        assert_snapshot!(s.check(&pull.head), @"success: advice: 1 of 1 rules not met");
    })
    .await;
}

#[tokio::test]
async fn a_pull_request_that_breaks_the_policy_is_told_the_line_and_the_column() {
    scenario(async |s| {
        let pull =
            propose(s, "acme/.github", "version: 1\nmode: enforce\nroles: { triagers: [tess] }\n").await;
        assert_snapshot!(s.checks("acme/.github", &pull.head)[0].1, @"2 of 2 rules not met: #1 belongs to no change request, and 1 more");
        assert_snapshot!(s.check_text("acme/.github", &pull.head), @"
        | | rule | |
        |---|---|---|
        | ✗ not met | linked to a change request | It belongs to no change request. **Cure:** put `Closes #n` (this finishes it) or `Change: owner/repo#n` (this is part of it) in the description. |
        | ✗ not met | the edited policy file is valid | .github/changegate.yml:3:10: `roles.triagers` is not a key that Changegate knows. **Cure:** did you mean `triager`? |

        It is judged again by itself when any of this changes.
        ");
        let text = "version: 1\nmode: enforce\nroles: { triager: [tess] }\n";
        let head = s.by("rosa").push("acme/.github", "policy", &[(FILE, text)], "Say it right");
        s.settle().await;
        assert_snapshot!(s.checks("acme/.github", &head)[0].1, @"2 of 3 rules not met: #1 belongs to no change request, and 1 more");
    })
    .await;
}

#[tokio::test]
async fn even_where_nothing_else_is_said_a_broken_policy_file_is() {
    scenario_without_policy(async |s| {
        let pull = propose(s, "acme/web", "version: 1\nmood: enforce\n").await;
        assert_snapshot!(s.check(&pull.head), @"failure: 1 of 1 rules not met: the policy file has errors");
        assert_snapshot!(s.check_text("acme/web", &pull.head), @"
        Changegate only speaks here of an edited policy file that has errors.

        | | rule | |
        |---|---|---|
        | ✗ not met | the edited policy file is valid | .github/changegate.yml:2:1: `mood` is not a key that Changegate knows. **Cure:** did you mean `mode`? |

        It is judged again by itself when any of this changes.
        ");
        let head = s.by("rosa").push("acme/web", "policy", &[(FILE, OWN)], "Say it right");
        s.settle().await;
        assert_eq!(s.checks("acme/web", &head), vec![]);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_the_policy_judges_open_pull_requests_and_requests_anew() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_snapshot!(s.check_text("acme/web", &pull.head).lines().nth(3).unwrap_or_default(), @"| … waiting | the change request is accepted | [#1](https://github/acme/web/issues/1) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there. |");
        s.policy_file("acme/.github", &OWN.replace("lee", "ana")).await;
        assert_snapshot!(s.check_text("acme/web", &pull.head).lines().nth(3).unwrap_or_default(), @"| … waiting | the change request is accepted | [#1](https://github/acme/web/issues/1) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([ana](https://github/ana)) comments `/accept` there. |");
        assert_snapshot!(s.status(issue), @"
        **Change request** · requested
        Contact: nobody yet · Requester: @sam

        Next: a triager ([ana](https://github/ana)) comments `/accept`, or asks, defers or declines.

        Waiting for that: [web#2](https://github/acme/web/pull/2).
        ");
        s.policy_file("acme/.github", &format!("{OWN}intake: {{ required: [Why] }}\n")).await;
        assert_eq!(s.stage_of("Export").await, "needs_information");
        s.by("sam").edit_issue(issue, Edit { body: Some("### Why\n\nMoney.\n"), ..Edit::default() });
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
    })
    .await;
}

#[tokio::test]
async fn a_policy_file_that_is_deleted_unsigned_stays_in_force() {
    scenario_without_policy(async |s| {
        let before = s.github().head("acme/web", "main").unwrap();
        s.policy_file("acme/web", OWN).await;
        let issue = s.change_request("Export").await;
        s.by("rosa").force_push("acme/web", "main", &before);
        s.settle_for(3).await;
        s.by("ana").label(issue, "triage/accepted");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        assert!(s.exceptions("acme/web").starts_with("open"), "{}", s.exceptions("acme/web"));
    })
    .await;
}

#[tokio::test]
async fn a_policy_file_that_is_deleted_where_nothing_is_enforced_ends_the_policy() {
    scenario_without_policy(async |s| {
        let before = s.github().head("acme/web", "main").unwrap();
        s.policy_file("acme/web", &OWN.replace("enforce", "advise")).await;
        let issue = s.change_request("Export").await;
        let told = s.comments(issue);
        s.by("rosa").force_push("acme/web", "main", &before);
        s.settle().await;
        s.by("ana").label(issue, "triage/accepted");
        s.settle().await;
        assert_eq!((s.comments(issue), s.labels(issue).len()), (told, 2));
    })
    .await;
}
