//! GitHub on bad days: answers that are lost, late, wrong or refused. What people see in the end is the same.

use changegate::sandbox::{Fault, Numbered, On, Request};

use crate::support::{Pull, Scene, assert_snapshot, scenario};

/// Everything that a plain story makes us write, once.
async fn a_plain_story(s: &Scene) -> (Numbered, Pull) {
    let issue = s.change_request("Export").await;
    let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
    s.by("tess").comment(issue, "/accept");
    s.settle_for(10).await;
    (issue, pull)
}

/// One status comment, one check run, one label: and they say what they must.
async fn is_told_once(s: &Scene, (issue, pull): &(Numbered, Pull), fault: &str) {
    assert_eq!(s.comments(*issue).len(), 1, "{fault}");
    assert_eq!(s.check(&pull.head), "success: 2 of 2 rules met", "{fault}");
    assert_eq!(s.labels(*issue), ["change-request", "triage/accepted"], "{fault}");
    assert_eq!(s.history(*issue), ["requested", "in work by @tess"], "{fault}");
    assert_eq!(s.stage_of("Export").await, "in_work", "{fault}");
}

const COMMENT_EDIT: (&str, &str) = ("PATCH", "/repos/acme/web/issues/comments");

/// What a plain story writes: comments, check runs, labels, reactions.
const WRITES: [(&str, &str); 5] = [
    ("POST", "/repos/acme/web/issues/1/comments"),
    COMMENT_EDIT,
    ("POST", "/repos/acme/web/check-runs"),
    ("PATCH", "/repos/acme/web/check-runs"),
    ("POST", "/repos/acme/web/issues"),
];

#[tokio::test]
async fn a_lost_answer_to_any_write_leaves_exactly_one_of_each() {
    each_write_meets(Fault::LostAnswer).await;
}

#[tokio::test]
async fn an_error_before_any_write_was_done_delays_it() {
    each_write_meets(Fault::ErrorBefore(502)).await;
}

#[tokio::test]
async fn an_error_after_a_write_was_done_does_not_double_it() {
    each_write_meets(Fault::ErrorAfter(503)).await;
}

#[tokio::test]
async fn a_fresh_object_that_not_every_replica_knows_is_found_later() {
    let (comment_edits, others): (Vec<_>, Vec<_>) =
        WRITES.into_iter().partition(|write| *write == COMMENT_EDIT);
    assert_eq!(comment_edits.len(), 1);
    for (method, path) in others {
        a_write_meets(Fault::NotFound, method, path).await;
    }
}

#[tokio::test]
async fn a_fresh_comment_that_not_every_replica_knows_is_edited_later() {
    a_write_meets(Fault::NotFound, COMMENT_EDIT.0, COMMENT_EDIT.1).await;
}

#[tokio::test]
async fn a_token_that_was_revoked_is_replaced() {
    each_write_meets(Fault::Unauthorized).await;
}

async fn each_write_meets(fault: Fault) {
    for (method, path) in WRITES {
        a_write_meets(fault, method, path).await;
    }
}

async fn a_write_meets(fault: Fault, method: &'static str, path: &str) {
    scenario(async |s| {
        s.fault(On::rest(method, path), fault, 2);
        let story = a_plain_story(s).await;
        is_told_once(s, &story, &format!("{fault:?} at {method} {path}")).await;
    })
    .await;
}

#[tokio::test]
async fn reads_that_fail_delay_the_verdict_and_never_make_one_up() {
    for fault in [
        Fault::ErrorBefore(502),
        Fault::LostAnswer,
        Fault::Unauthorized,
        Fault::NotFound,
        Fault::TooMany { retry_after: 30 },
    ] {
        scenario(async |s| {
            let issue = s.change_request("Export").await;
            s.fault(On::Graphql, fault, 3);
            let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
            for (conclusion, title) in s.checks("acme/web", &pull.head) {
                assert_ne!(conclusion, "success", "{fault:?}: {title}");
            }
            s.by("tess").comment(issue, "/accept");
            s.settle_for(10).await;
            is_told_once(s, &(issue, pull), &format!("{fault:?}")).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_stale_read_is_recognised_and_repeated() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        let pull = s.pull_request("acme/web", "export", "").await;
        s.fault(On::Graphql, Fault::Stale, 2);
        let body = format!("Closes #{}", issue.number);
        let edit = changegate::sandbox::Edit { body: Some(&body), ..Default::default() };
        s.by("ana").edit_issue(pull.at, edit);
        s.by("tess").label(issue, "triage/accepted");
        s.settle().await;
        s.settle_for(2).await;
        assert_eq!(s.check(&pull.head), "success: 2 of 2 rules met");
        assert_eq!(s.stage_of("Export").await, "in_work");
    })
    .await;
}

#[tokio::test]
async fn retry_after_is_respected_to_the_second() {
    for fault in [Fault::Forbidden { retry_after: 120 }, Fault::TooMany { retry_after: 120 }] {
        scenario(async |s| {
            s.fault(On::rest("POST", "/repos/acme/web/issues/1/comments"), fault, 1);
            let issue = s.change_request("Export").await;
            assert_eq!(s.comments(issue), Vec::<String>::new());
            let early = s
                .requests_of(async || {
                    s.by("ana").comment(issue, "Any news?");
                    for _ in 0..11 {
                        s.pass(9);
                        s.settle().await;
                    }
                })
                .await;
            assert_eq!(early.len(), 0, "asked too early: {early:?}");
            s.settle_for(1).await;
            assert_eq!(s.comments(issue).len(), 1);
        })
        .await;
    }
}

#[tokio::test]
async fn while_github_is_down_nothing_is_lost_and_afterwards_everything_is_said() {
    scenario(async |s| {
        s.fault(On::Everything, Fault::ErrorBefore(503), u32::MAX);
        let issue = s.change_request("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        s.by("tess").comment(issue, "/accept");
        s.settle_for(30).await;
        assert_eq!((s.comments(issue), s.checks("acme/web", &pull.head)), (vec![], vec![]));
        s.github().clear_faults();
        s.settle_for(10).await;
        is_told_once(s, &(issue, pull), "down for half an hour").await;
    })
    .await;
}

#[tokio::test]
async fn a_verdict_that_cannot_be_found_out_is_said_and_never_green() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        s.fault(On::Graphql, Fault::ErrorBefore(502), u32::MAX);
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_eq!(s.checks("acme/web", &pull.head), vec![]);
        s.settle_for(2).await;
        assert_snapshot!(s.check(&pull.head), @"in_progress: 1 of 3 rules not known yet: #2 could not be read");
        s.settle_for(10).await;
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 3 rules not known yet: #2 could not be read");
        s.github().clear_faults();
        s.settle_for(10).await;
        assert_snapshot!(s.check(&pull.head), @"success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn while_who_decided_is_unknown_nothing_counts_as_accepted() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        s.fault(On::Graphql, Fault::ErrorBefore(502), u32::MAX);
        s.by("tess").label(issue, "triage/accepted");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        assert_snapshot!(s.status(issue), @"
        **Change request** · requested
        Contact: nobody yet · Requester: @sam

        Who decided could not be found out: GitHub did not answer (502) at 12:00 UTC. Nothing counts as accepted until it is known; it is looked up again by itself.
        ");
        assert_snapshot!(s.check(&pull.head), @"action_required: 1 of 2 rules not met: #1 is not accepted yet");
        assert_eq!(
            s.labels(issue),
            ["change-request", "triage/accepted"],
            "nothing is put back on suspicion"
        );
        s.github().clear_faults();
        s.settle_for(2).await;
        assert_eq!(s.check(&pull.head), "success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn a_write_that_github_refuses_for_good_is_visible_and_stops_nothing_else() {
    scenario(async |s| {
        s.github().set_app_permissions(&[("metadata", "read")]);
        s.fault(On::rest("POST", "/repos/acme/web/issues/1/comments"), Fault::NotFound, u32::MAX);
        let (_, pull) = a_plain_story(s).await;
        assert_eq!(s.check(&pull.head), "success: 2 of 2 rules met");
        let refused = s.stage.app.store.refused_effects().await.unwrap();
        let told: Vec<String> = refused.items.iter().map(|effect| effect.why.clone()).collect();
        assert_snapshot!(told.join("\n"), @"GitHub found nothing there that we may see (404) at 12:04 UTC");
        let attempts = |request: &&Request| request.path == "/repos/acme/web/issues/1/comments";
        let count = s.github().requests().iter().filter(attempts).count();
        assert!(count < 30, "{count} attempts");
    })
    .await;
}
