//! The merge queue: on the head of a merge group every pull request of the group is judged.

use crate::support::{assert_snapshot, scenario};

#[tokio::test]
async fn every_pull_request_of_a_group_is_judged_on_the_head_of_the_group() {
    scenario(async |s| {
        let good = s.accepted("Good").await;
        let bad = s.change_request("Bad").await;
        let first = s.pull_request("acme/web", "good", &format!("Closes #{}", good.number)).await;
        let second = s.pull_request("acme/web", "bad", &format!("Closes #{}", bad.number)).await;
        let alone = s.by("ana").enqueue(first.at);
        s.settle().await;
        assert_snapshot!(s.check(&alone), @"success: 2 of 2 rules met");
        let both = s.by("ana").enqueue(second.at);
        s.settle().await;
        assert_snapshot!(s.check(&both), @"action_required: 1 of 4 rules not met: #2 is not accepted yet");
        assert_snapshot!(s.check_text("acme/web", &both), @"
        This is a merge group for `main`: each of its pull requests must pass.

        ### [#3](https://github/acme/web/pull/3) “Build good”

        | | rule | |
        |---|---|---|
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | ✓ pass | the change request is accepted | [#1](https://github/acme/web/issues/1) was accepted by [tess](https://github/tess) on 2 Nov 2026, 12:00 UTC. |

        ### [#4](https://github/acme/web/pull/4) “Build bad”

        | | rule | |
        |---|---|---|
        | ✓ pass | linked to a change request | [#2](https://github/acme/web/issues/2) |
        | … waiting | the change request is accepted | [#2](https://github/acme/web/issues/2) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there. |

        It is judged again by itself when any of this changes.
        ");
        assert_snapshot!(s.check(&alone), @"success: 2 of 2 rules met");
        s.by("tess").comment(bad, "/accept");
        s.settle().await;
        assert_snapshot!(s.check(&both), @"success: 4 of 4 rules met");
        s.github().land_first_of_queue("acme/web", "main");
        s.settle().await;
        s.github().land_first_of_queue("acme/web", "main");
        s.settle().await;
        assert_eq!(
            (s.stage_of("Good").await.as_str(), s.stage_of("Bad").await.as_str()),
            ("merged", "merged")
        );
    })
    .await;
}

#[tokio::test]
async fn a_group_that_is_built_anew_is_judged_anew() {
    scenario(async |s| {
        let issue = s.accepted("Good").await;
        let first = s.pull_request("acme/web", "bad", "").await;
        let second = s.pull_request("acme/web", "good", &format!("Closes #{}", issue.number)).await;
        s.by("ana").enqueue(first.at);
        let both = s.by("ana").enqueue(second.at);
        s.settle().await;
        assert_snapshot!(s.check(&both), @"failure: 1 of 3 rules not met: #2 belongs to no change request");
        s.by("ana").dequeue(first.at);
        s.settle().await;
        let alone = s
            .github()
            .head("acme/web", "main")
            .map(|main| format!("gh-readonly-queue/main/pr-{}-{main}", second.at.number));
        let alone = s.github().head("acme/web", &alone.unwrap()).unwrap();
        assert_snapshot!(s.check(&alone), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn a_request_declined_while_it_waits_in_the_queue_stops_it() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        let group = s.by("ana").enqueue(pull.at);
        s.settle().await;
        assert_snapshot!(s.check(&group), @"success: 2 of 2 rules met");
        s.by("tess").comment(issue, "/decline Too dear");
        s.settle().await;
        assert_snapshot!(s.check(&group), @"failure: 1 of 2 rules not met: #1 was declined");
    })
    .await;
}
