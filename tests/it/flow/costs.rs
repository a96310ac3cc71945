//! What each path costs: people beyond plain GitHub, and GitHub in requests. It fails if either grows.

use changegate::sandbox::{CloseReason, Entry, Request, Verdict};

use crate::support::{Scene, assert_snapshot, scenario};

/// What people do on GitHub without us: they push, open a pull request, review it and merge it.
const PLAIN: [&str; 4] = ["push", "open_pull_request", "review", "merge"];

/// What people had to do beyond that while a path was walked.
async fn beyond(s: &Scene, path: &str, walk: impl AsyncFnOnce()) -> String {
    let before = s.github().actions().len();
    walk().await;
    let actions = s.github().actions().split_off(before);
    let more: Vec<String> = actions
        .iter()
        .filter(|action| !PLAIN.contains(&action.what))
        .map(|action| format!("{} by {}", action.what, action.who))
        .collect();
    format!("{path}: {} {more:?}", more.len())
}

/// Green before it is merged, or the path leads nowhere.
async fn merge_when_green(s: &Scene, pull: &crate::support::Pull) {
    assert!(s.check(&pull.head).starts_with("success: "), "{}", s.check(&pull.head));
    s.by("ana").merge(pull.at);
    s.settle().await;
}

#[tokio::test]
async fn what_each_path_costs_people_beyond_plain_github() {
    scenario(async |s| {
        s.policy("repositories:\n  - { match: acme/billing, ship: continuous }\n").await;
        let accepted = s.accepted("Accepted before").await;
        let mut costs = vec![];
        let closes = beyond(s, "a pull request that closes an accepted change request", async || {
            let pull = s.pull_request("acme/web", "one", &format!("Closes #{}", accepted.number)).await;
            s.by("lee").review(pull.at, Verdict::Approve, "");
            s.settle().await;
            merge_when_green(s, &pull).await;
        });
        costs.push(closes.await);
        let new = beyond(s, "a new change request: its form, and a triage decision", async || {
            let issue = s.accepted("New").await;
            let pull = s.pull_request("acme/web", "two", &format!("Closes #{}", issue.number)).await;
            merge_when_green(s, &pull).await;
        });
        costs.push(new.await);
        let own = beyond(s, "a pull request that is its own change request", async || {
            let pull = s.pull_request("acme/billing", "three", "").await;
            s.by("lee").review(pull.at, Verdict::Approve, "");
            s.settle().await;
            let (conclusion, title) = s.checks("acme/billing", &pull.head).remove(0);
            assert_eq!(conclusion, "success", "{title}");
            s.by("ana").merge(pull.at);
            s.settle().await;
        });
        costs.push(own.await);
        let parts = beyond(s, "each further part of an accepted change request", async || {
            let issue = accepted.number;
            let pull = s.pull_request("acme/web", "four", &format!("Change: #{issue}")).await;
            merge_when_green(s, &pull).await;
        });
        costs.push(parts.await);
        assert_snapshot!(costs.join("\n"), @r#"
        a pull request that closes an accepted change request: 0 []
        a new change request: its form, and a triage decision: 2 ["open_issue by sam", "comment by tess"]
        a pull request that is its own change request: 0 []
        each further part of an accepted change request: 0 []
        "#);
    })
    .await;
}

/// Requests by kind, without tokens: `2 POST graphql`.
fn kinds(requests: &[Request]) -> String {
    let kind = |request: &Request| {
        let part = |part: &str| match part {
            number if number.parse::<u64>().is_ok() => "N".to_owned(),
            commits if commits.contains("...") => "A...B".to_owned(),
            part => part.to_owned(),
        };
        let path = request.path.trim_start_matches("/repos/acme/");
        let path: Vec<String> = path.split('/').filter(|it| !it.is_empty()).map(part).collect();
        format!("{} {}", request.method, path.join("/"))
    };
    let asked = requests.iter().filter(|request| !request.path.ends_with("/access_tokens"));
    let mut counted = std::collections::BTreeMap::new();
    asked.for_each(|request| *counted.entry(kind(request)).or_insert(0) += 1);
    counted.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn an_event_that_changes_nothing_costs_no_request() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        let ordinary = s.by("sam").open_issue("acme/web", "A bug", "");
        s.settle().await;
        let events: [(&str, &dyn Fn()); 13] = [
            ("a comment on a change request", &|| {
                s.by("ana").comment(issue, "On it.");
            }),
            ("a comment on a pull request", &|| {
                s.by("ana").comment(pull.at, "Please review.");
            }),
            ("a command on an ordinary issue", &|| {
                s.by("ana").comment(ordinary, "/accept");
            }),
            ("a label that says nothing to us", &|| s.by("ana").label(issue, "good first issue")),
            ("a label of an ordinary issue", &|| s.by("ana").label(ordinary, "bug")),
            ("a label of a pull request", &|| s.by("ana").label(pull.at, "bug")),
            ("an assignee of a pull request", &|| s.by("ana").assign(pull.at, "ana")),
            ("an ordinary issue closed", &|| s.by("ana").close(ordinary, CloseReason::Completed)),
            ("a push to some branch", &|| {
                s.by("ana").push("acme/web", "somewhere", &[("else.txt", "else")], "Elsewhere");
            }),
            ("a tag", &|| s.by("ana").create_tag("acme/web", "v1", "main")),
            ("a branch deleted", &|| s.by("ana").delete_branch("acme/web", "somewhere")),
            ("a new member of a team", &|| s.by("rosa").add_to_team("acme", "triage", "lee")),
            ("a milestone of nobody's", &|| {
                s.by("rosa").create_milestone("acme/web", "Backlog", None);
            }),
        ];
        for (what, happens) in events {
            happens();
            let asked = s.requests_of(async || s.settle_for(2).await).await;
            assert_eq!(kinds(&asked), "", "{what}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_change_costs_in_requests() {
    scenario(async |s| {
        let mut told = vec![];
        let mut tell = |what: &str, asked: Vec<Request>| told.push(format!("{what}: {}", kinds(&asked)));
        let issue = s.by("sam").open_labelled_issue("acme/web", "Export", "", &["change-request"]);
        tell("a new change request", s.requests_of(async || s.settle().await).await);
        s.by("tess").comment(issue, "/accept");
        tell("accepted by command", s.requests_of(async || s.settle().await).await);
        let head = s.by("ana").push("acme/web", "export", &[("export.txt", "1")], "Export");
        let body = format!("Closes #{}", issue.number);
        let entry =
            Entry { head: "export", title: "Export", body: &body, ..Default::default() };
        let pull = s.by("ana").open_pull_request("acme/web", entry);
        tell("a pull request that closes it", s.requests_of(async || s.settle().await).await);
        s.by("tess").comment(issue, "/decline Too dear");
        tell("declined by command, with a check", s.requests_of(async || s.settle().await).await);
        s.by("tess").comment(issue, "/accept");
        tell("accepted again, with a check", s.requests_of(async || s.settle().await).await);
        s.by("ana").push("acme/web", "export", &[("export.txt", "2")], "More");
        tell("a push", s.requests_of(async || s.settle().await).await);
        s.by("lee").review(pull, Verdict::Approve, "");
        tell("a review", s.requests_of(async || s.settle().await).await);
        s.by("ana").merge(pull);
        tell("merged", s.requests_of(async || s.settle().await).await);
        assert_eq!(s.checks("acme/web", &head).len(), 1);
        println!("{}", told.join("\n"));
        assert_snapshot!(told.join("\n"), @"
        a new change request: 1 GET web/contents/.github/changegate.yml, 3 POST graphql, 1 POST web/issues/N/comments
        accepted by command: 1 PATCH web/issues/comments/N, 2 POST graphql, 1 POST web/issues/N/labels, 1 POST web/issues/comments/N/reactions
        a pull request that closes it: 1 PATCH web/issues/comments/N, 2 POST graphql, 1 POST web/check-runs
        declined by command, with a check: 1 DELETE web/issues/N/labels/triage%2Faccepted, 1 PATCH web/check-runs/N, 1 PATCH web/issues/comments/N, 2 POST graphql, 1 POST web/issues/N/labels, 1 POST web/issues/comments/N/reactions
        accepted again, with a check: 1 DELETE web/issues/N/labels/triage%2Fdeclined, 1 PATCH web/check-runs/N, 1 PATCH web/issues/comments/N, 2 POST graphql, 1 POST web/issues/N/labels, 1 POST web/issues/comments/N/reactions
        a push: 2 POST graphql, 1 POST web/check-runs
        a review: 2 POST graphql
        merged: 1 GET web/contents/.github/changegate.yml, 1 PATCH web/issues/comments/N, 3 POST graphql
        ");
    })
    .await;
}

#[tokio::test]
async fn what_a_deployment_costs_in_requests() {
    scenario(async |s| {
        s.policy(
            "repositories:\n  - { match: acme/web, ship: continuous, change: issue }\n\
             environments:\n  production:\n    names: [production]\n    from: { branches: [default] }\n    \
             require: [{ range: traced }, { change: accepted }]\n",
        )
        .await;
        s.by("rosa").protect("acme/web", "production", true, true);
        s.settle().await;
        let mut told = vec![];
        let mut tell = |what: &str, asked: Vec<Request>| told.push(format!("{what}: {}", kinds(&asked)));
        let built = async |branch: &str| {
            let issue = s.accepted(branch).await;
            let pull = s.pull_request("acme/web", branch, &format!("Closes #{}", issue.number)).await;
            s.by("ana").merge(pull.at);
            s.settle().await;
        };
        let deploys = async |reference: &str| {
            let run = s.by("ana").dispatch("acme/web", &["production"], reference);
            let asked = s.requests_of(async || s.settle().await).await;
            (run, asked)
        };
        built("one").await;
        let (run, asked) = deploys("main").await;
        tell("the first, of one pull request", asked);
        s.github().finish_run("acme/web", run, true);
        s.settle().await;
        built("two").await;
        let (run, asked) = deploys("main").await;
        tell("the next, of one", asked);
        s.github().finish_run("acme/web", run, true);
        s.settle().await;
        for branch in ["three", "four", "five", "six"] {
            built(branch).await;
        }
        let (run, asked) = deploys("main").await;
        tell("of four", asked);
        s.github().finish_run("acme/web", run, true);
        s.settle().await;
        let issue = s.change_request("seven").await;
        let pull = s.pull_request("acme/web", "seven", &format!("Closes #{}", issue.number)).await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        let (_, asked) = deploys("main").await;
        tell("of one that is not accepted: it waits", asked);
        s.by("tess").comment(issue, "/decline Too dear");
        tell("and is denied", s.requests_of(async || s.settle().await).await);
        assert_snapshot!(told.join("\n"), @"
        the first, of one pull request: 2 GET web/actions/runs/N, 1 GET web/compare/A...B, 5 POST graphql, 1 POST web/actions/runs/N/deployment_protection_rule
        the next, of one: 2 GET web/actions/runs/N, 2 GET web/compare/A...B, 6 POST graphql, 1 POST web/actions/runs/N/deployment_protection_rule
        of four: 2 GET web/actions/runs/N, 2 GET web/compare/A...B, 6 POST graphql, 1 POST web/actions/runs/N/deployment_protection_rule
        of one that is not accepted: it waits: 2 GET web/actions/runs/N, 2 GET web/compare/A...B, 5 POST graphql, 1 POST web/actions/runs/N/deployment_protection_rule
        and is denied: 1 GET web/actions/runs/N, 1 PATCH web/issues/comments/N, 2 POST graphql, 1 POST web/actions/runs/N/deployment_protection_rule, 1 POST web/issues/N/labels, 1 POST web/issues/comments/N/reactions
        ");
    })
    .await;
}
