//! Who decides about a change request, by which means, and what becomes of a decision by somebody who may not.

use crate::support::{assert_snapshot, scenario};

#[tokio::test]
async fn each_command_of_a_triager_ends_triage_its_own_way() {
    scenario(async |s| {
        let other = s.change_request("The other one").await;
        let mut told = vec![];
        for command in [
            "/accept",
            "/decline No money this year",
            "/defer until March",
            "/need-info Which invoices?",
            &format!("/duplicate #{}", other.number),
            "/triage accepted",
            "Looks good to me.\r\n\r\n/ACCEPT",
        ] {
            let title = command.replace(['\r', '\n'], " ");
            let issue = s.change_request(&title).await;
            let comment = s.by("tess").comment(issue, command);
            s.settle().await;
            told.push(format!("{command:?}: {} {:?}", s.stage_of(&title).await, s.labels(issue)));
            told.push(s.status(issue).lines().skip(2).collect::<Vec<_>>().join("\n").trim().to_owned());
            assert_eq!(s.reactions(issue, comment), serde_json::json!(["+1"]));
            assert_eq!(s.sentences(issue), Vec::<String>::new());
        }
        assert_snapshot!(told.join("\n"), @r#"
        "/accept": accepted ["change-request", "triage/accepted"]
        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #2` (elsewhere `Closes acme/web#2`) in its description.
        "/decline No money this year": declined ["change-request", "triage/declined"]
        Declined by @tess (2 Nov 2026): No money this year.

        It is taken up again when a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept`.
        "/defer until March": deferred ["change-request", "triage/deferred"]
        Deferred by @tess (2 Nov 2026): until March.

        It is taken up again when a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept`.
        "/need-info Which invoices?": needs_information ["change-request", "triage/needs-information"]
        Asked by @tess (2 Nov 2026): Which invoices?

        Next: the requester answers here or in the description; then a triager ([acme/triage](https://github/orgs/acme/teams/triage)) decides.
        "/duplicate #1": duplicate ["change-request", "triage/duplicate"]
        Duplicate of [web#1](https://github/acme/web/issues/1) by @tess (2 Nov 2026). Follow the other one.
        "/triage accepted": accepted ["change-request", "triage/accepted"]
        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #7` (elsewhere `Closes acme/web#7`) in its description.
        "Looks good to me.\r\n\r\n/ACCEPT": accepted ["change-request", "triage/accepted"]
        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #8` (elsewhere `Closes acme/web#8`) in its description.
        "#);
    })
    .await;
}

#[tokio::test]
async fn the_label_of_a_triager_accepts() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        s.by("tess").label(issue, "triage/accepted");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
        assert_eq!(s.history(issue), ["requested", "accepted by @tess"]);
        assert_eq!(s.labels(issue), ["change-request", "triage/accepted"]);
        s.by("tess").unlabel(issue, "triage/accepted");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
    })
    .await;
}

#[tokio::test]
async fn the_label_of_somebody_else_is_put_back_with_one_sentence() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        s.by("sam").label(issue, "triage/accepted");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        assert_eq!(s.labels(issue), ["change-request"]);
        assert_snapshot!(s.sentences(issue).join("\n"), @"@sam set **triage/accepted**; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)). It was taken off again. Ask them here.");
        s.by("sam").label(issue, "change/emergency");
        s.by("sam").label(issue, "account/sales");
        s.settle().await;
        assert_eq!(s.labels(issue), ["change-request", "account/sales"]);
        assert_snapshot!(s.sentences(issue)[1..].join("\n"), @"@sam set **change/emergency**; this label is not set by hand. It was taken off again.");
    })
    .await;
}

#[tokio::test]
async fn the_command_of_somebody_else_changes_nothing_and_is_answered() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        let comment = s.by("ana").comment(issue, "/accept\n/decline");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        assert_eq!(s.reactions(issue, comment), serde_json::json!(["confused"]));
        assert_snapshot!(s.sentences(issue).join("\n"), @"
        @ana wrote `/accept`; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).

        @ana wrote `/decline`; it takes a reason behind it.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_command_that_lacks_something_is_answered_with_what_it_takes() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        s.by("tess").comment(issue, "/duplicate");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        assert_snapshot!(s.sentences(issue).join("\n"), @"@tess wrote `/duplicate`; it takes the other issue (like `#12` or `owner/repository#12`) behind it.");
    })
    .await;
}

#[tokio::test]
async fn the_requester_withdraws_and_brings_back() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        s.by("ana").comment(issue, "/withdraw");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
        s.by("sam").comment(issue, "/withdraw");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "withdrawn");
        assert_snapshot!(s.status(issue), @"
        **Change request** · withdrawn
        Contact: nobody yet · Requester: @sam

        Withdrawn by @sam (2 Nov 2026). The requester or a triager ([acme/triage](https://github/orgs/acme/teams/triage)) brings it back with `/reopen`.
        ");
        s.by("sam").comment(issue, "/reopen");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        assert_eq!(s.history(issue), ["requested", "accepted by @tess", "withdrawn by @sam", "requested by @sam"]);
    })
    .await;
}

#[tokio::test]
async fn a_later_decision_wins_and_moves_the_label() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        s.by("tess").comment(issue, "/need-info Which invoices?");
        s.settle().await;
        assert_eq!(s.labels(issue), ["change-request", "triage/needs-information"]);
        s.by("sam").comment(issue, "All of them.");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "needs_information");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.labels(issue), ["change-request", "triage/accepted"]);
        assert_eq!(s.stage_of("Export").await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn what_a_command_decided_survives_somebody_who_takes_the_label_off() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        assert_eq!(s.labels(issue), ["change-request", "triage/accepted"]);
        s.by("ana").unlabel(issue, "triage/accepted");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
        assert_eq!(s.labels(issue), ["change-request", "triage/accepted"]);
        assert_snapshot!(s.sentences(issue).join("\n"), @"@ana took **triage/accepted** off; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)). It was put on again.");
    })
    .await;
}

#[tokio::test]
async fn a_comment_edited_into_a_command_counts_for_nothing() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        let comment = s.by("tess").comment(issue, "Let me see.");
        s.settle().await;
        s.by("sam").edit_comment("acme/web", comment, "/accept");
        s.settle().await;
        s.by("tess").comment(issue, "> /accept\n\n`/accept`\n\n```\n/accept\n```\n");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
    })
    .await;
}

#[tokio::test]
async fn who_triages_is_asked_when_somebody_decides() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        s.by("rosa").add_to_team("acme", "triage", "lee");
        s.settle().await;
        s.by("lee").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
        s.by("rosa").remove_from_team("acme", "triage", "lee");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted", "what was decided stays");
        s.by("lee").comment(issue, "/decline");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn with_a_prefix_the_bare_words_are_left_to_others() {
    scenario(async |s| {
        s.policy("commands: { prefix: cg }\n").await;
        let issue = s.change_request("Export").await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!((s.stage_of("Export").await.as_str(), s.sentences(issue)), ("requested", vec![]));
        s.by("tess").comment(issue, "/cg accept");
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "accepted");
    })
    .await;
}
