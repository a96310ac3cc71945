//! Questions about deployments: runs, environments, what ran before, and what lies between two commits.

use super::{
    reading::{confirmed, data, one, user},
    *,
};
use crate::domain::facts::{Answer, Comparison, ComparisonStatus, Fact, Question, ReferenceReading};

/// The answer, as it would be stored, or why there is none.
async fn told(stage: &Stage, question: Question) -> String {
    match one(stage, question).await {
        Fact::Known(answer, _) => serde_json::to_string(&answer).unwrap(),
        Fact::Unknown(why) => format!("unknown: {why}"),
    }
}

fn rest_user(id: u64, login: &str) -> Value {
    json!({"id": id, "login": login, "type": "User"})
}

fn a_run() -> Value {
    json!({
        "id": 30, "run_attempt": 2, "head_sha": sha("a"), "head_branch": "main", "head_repository": {"id": 7},
        "event": "workflow_dispatch", "status": "waiting", "conclusion": null, "workflow_id": 5,
        "path": ".github/workflows/deploy.yml", "actor": rest_user(9, "ana"),
        "triggering_actor": rest_user(8, "lee"), "run_started_at": "2026-11-20T09:00:00Z",
    })
}

const RUN: &str = "GET /repos/acme/web/actions/runs/30";

#[tokio::test]
async fn a_run_says_what_it_is_of_and_who_started_which_attempt() {
    let stage = Stage::new().await;
    stage.on("POST /graphql", confirmed()).on(RUN, say(200, a_run()));
    insta::assert_snapshot!(told(&stage, Question::WorkflowRun(REPO, 30)).await, @r#"{"WorkflowRun":{"id":30,"attempt":2,"head_sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","head_branch":"main","head_repo":7,"event":"workflow_dispatch","status":"waiting","conclusion":null,"actor":{"id":9,"login":"ana","person":true},"triggering_actor":{"id":8,"login":"lee","person":true},"workflow":5,"path":".github/workflows/deploy.yml","started_at":"2026-11-20T09:00:00Z"}}"#);
    let opened: Vec<Value> = stage.minted().iter().map(|seen| seen.body["permissions"].clone()).collect();
    assert!(
        opened.contains(&json!({"actions": "read", "deployments": "read", "metadata": "read"})),
        "{opened:?}"
    );
}

#[tokio::test]
async fn no_run_is_told_from_no_repository_and_from_a_run_without_an_attempt() {
    let stage = Stage::new().await;
    stage.on("POST /graphql", confirmed()).on(RUN, say(404, json!({})));
    assert_eq!(told(&stage, Question::WorkflowRun(REPO, 30)).await, r#"{"WorkflowRun":null}"#);
    stage.on("POST /graphql", data(json!({"databaseId": 70})));
    let another = told(&stage, Question::WorkflowRun(REPO, 30)).await;
    assert_eq!(another, "unknown: acme/web is the name of another repository now");
    let mut run = a_run();
    run["run_attempt"] = Value::Null;
    stage.on("POST /graphql", confirmed()).on(RUN, say(200, run));
    insta::assert_snapshot!(told(&stage, Question::WorkflowRun(REPO, 30)).await, @"unknown: GitHub's answer at 10:04 UTC could not be read: it does not say which attempt of the run this is");
}

#[tokio::test]
async fn what_waits_in_a_run_says_whom_else_it_waits_for() {
    let stage = Stage::new().await;
    let pending = json!([{
        "environment": {"id": 1, "name": "production"}, "wait_timer": 30, "current_user_can_approve": true,
        "wait_timer_started_at": "2026-11-20T09:00:00Z",
        "reviewers": [{"type": "User", "reviewer": rest_user(9, "ana")}, {"type": "Team", "reviewer": {"id": 3, "slug": "ops"}}],
    }]);
    stage.on("POST /graphql", confirmed()).on(RUN, say(200, pending));
    insta::assert_snapshot!(told(&stage, Question::PendingDeployments(REPO, 30)).await, @r#"{"PendingDeployments":[{"environment":"production","answerable":true,"reviewers":[{"user":{"id":9,"login":"ana","person":true}},{"team":{"id":3,"slug":"ops"}}],"wait_timer":30,"waits_since":"2026-11-20T09:00:00Z"}]}"#);
    stage.on("POST /graphql", confirmed()).on(RUN, say(404, json!({})));
    assert_eq!(told(&stage, Question::PendingDeployments(REPO, 30)).await, r#"{"PendingDeployments":[]}"#);
}

#[tokio::test]
async fn all_runs_that_wait_are_read_or_none() {
    let page = |from: u64, count: u64| {
        let runs: Vec<Value> = (from..from + count).rev().map(|id| json!({"id": id})).collect();
        say(200, json!({"total_count": 0, "workflow_runs": runs}))
    };
    let stage = Stage::new().await;
    stage.on("POST /graphql", confirmed());
    stage.on("GET /repos/acme/web/actions/runs?status=waiting", page(101, 100)).on("GET /repos", page(1, 3));
    let Fact::Known(Answer::WaitingRuns(runs), _) = one(&stage, Question::WaitingRuns(REPO)).await else {
        panic!()
    };
    assert_eq!((runs.len(), runs[0], runs[102]), (103, 1, 200));
    stage.on("POST /graphql", confirmed());
    for n in 0..10 {
        stage.on("GET /repos", page(n * 100, 100));
    }
    insta::assert_snapshot!(told(&stage, Question::WaitingRuns(REPO)).await, @"unknown: GitHub's answer at 10:04 UTC could not be read: it lists a thousand waiting runs, and no more of them");
}

fn deployed(id: u64, state: &str, status: &str) -> Value {
    let at = "2026-11-20T09:00:00Z";
    json!({"databaseId": id, "commitOid": sha("a"), "ref": {"name": "main"}, "creator": user(9, "ana"), "createdAt": at,
        "state": state, "latestStatus": {"state": status, "createdAt": at, "creator": user(9, "ana")}})
}

fn deployments(nodes: &[Value], next: Option<&str>) -> Say {
    data(json!({"databaseId": 7, "deployments": {"nodes": nodes,
        "pageInfo": {"hasNextPage": next.is_some(), "endCursor": next}}}))
}

#[tokio::test]
async fn deployments_are_read_back_to_the_one_that_runs() {
    let stage = Stage::new().await;
    let waits = |id| deployed(id, "WAITING", "WAITING");
    stage.on("POST /graphql", deployments(&[waits(9), waits(8)], Some("a")));
    stage.on("POST /graphql", deployments(&[deployed(7, "ACTIVE", "SUCCESS"), waits(6)], Some("b")));
    let question = || Question::Deployments(REPO, "production".into());
    let Fact::Known(Answer::Deployments(found), _) = one(&stage, question()).await else { panic!() };
    assert_eq!(
        found.iter().map(|it| (it.id, it.runs())).collect::<Vec<_>>(),
        [(9, false), (8, false), (7, true), (6, false)]
    );
    let asked = stage.asked();
    assert_eq!((asked.len(), &asked[1].body["variables"]["after0"]), (2, &json!("a")));
    assert_eq!(asked[0].body["variables"]["environments0"], json!(["production"]));

    stage.on("POST /graphql", deployments(&[deployed(5, "FAILURE", "FAILURE")], None));
    insta::assert_snapshot!(told(&stage, question()).await, @r#"{"Deployments":[{"id":5,"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","reference":"main","creator":{"id":9,"login":"ana","person":true},"created_at":"2026-11-20T09:00:00Z","state":"failure","latest":{"state":"failure","creator":{"id":9,"login":"ana","person":true},"created_at":"2026-11-20T09:00:00Z"}}]}"#);
}

#[tokio::test]
async fn deployments_that_are_not_all_shown_are_unknown() {
    let question = || Question::Deployments(REPO, "production".into());
    let stage = Stage::new().await;
    stage.on("POST /graphql", deployments(&[Value::Null], None));
    let hidden = told(&stage, question()).await;
    for n in 0..20 {
        stage.on("POST /graphql", deployments(&[deployed(n, "ERROR", "ERROR")], Some("more")));
    }
    let endless = told(&stage, question()).await;
    insta::assert_snapshot!(format!("{hidden}\n{endless}"), @r"
    unknown: GitHub did not answer this at 10:04 UTC: a deployment is hidden from us
    unknown: none of the last 20 deployments to production runs
    ");
}

/// A page of a comparison: so many commits, of which the last is `head`.
fn compared(status: &str, total: usize, commits: std::ops::Range<usize>, head: &Sha) -> Value {
    let commit = |n: usize| {
        let sha = if n + 1 == total { head.to_string() } else { format!("{n:040x}") };
        json!({"sha": sha, "commit": {"message": "m"}, "author": rest_user(9, "ana"), "committer": {},
            "parents": [{"sha": format!("{:040x}", n + 1_000)}]})
    };
    json!({"status": status, "base_commit": {"sha": sha("b")}, "merge_base_commit": {"sha": sha("b")},
        "behind_by": 0, "total_commits": total, "commits": commits.map(commit).collect::<Vec<_>>()})
}

async fn comparison(pages: &[Value]) -> Result<Comparison, String> {
    let stage = Stage::new().await;
    stage.on("POST /graphql", confirmed());
    for (n, page) in pages.iter().enumerate() {
        let line =
            format!("GET /repos/acme/web/compare/{}...{}?per_page=100&page={}", sha("b"), sha("a"), n + 1);
        stage.on(&line, say(200, page.clone()));
    }
    match one(&stage, Question::Compare(REPO, sha("b"), sha("a"))).await {
        Fact::Known(Answer::Compare(Some(comparison)), _) => Ok(*comparison),
        Fact::Unknown(why) => Err(why),
        other @ Fact::Known(..) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_comparison_lists_every_commit_page_by_page() {
    let head = sha("a");
    let pages = [compared("ahead", 250, 0..100, &head), compared("ahead", 250, 100..200, &head)];
    let last = compared("ahead", 250, 200..250, &head);
    let found = comparison(&[&pages[..], &[last]].concat()).await.unwrap();
    assert_eq!(
        (found.status, found.commits.len(), &found.merge_base),
        (ComparisonStatus::Ahead, 250, &sha("b"))
    );
    insta::assert_snapshot!(serde_json::to_string(&found.commits[249]).unwrap(), @r#"{"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","parents":["00000000000000000000000000000000000004e1"],"message":"m","author":{"id":9,"login":"ana","person":true},"committer":null,"committed_at":null}"#);
    for status in ["behind", "identical"] {
        assert!(comparison(&[compared(status, 0, 0..0, &head)]).await.unwrap().commits.is_empty());
    }
}

#[tokio::test]
async fn what_is_about_commits_alone_is_asked_once_unless_github_may_still_find_out_more() {
    let line = format!("GET /repos/acme/web/compare/{}...{}", sha("b"), sha("a"));
    let whole = {
        let mut page = compared("ahead", 1, 0..1, &sha("a"));
        page["commits"][0]["committer"] = rest_user(9, "ana");
        page
    };
    for (page, asked_again) in [(whole, false), (compared("ahead", 1, 0..1, &sha("a")), true)] {
        let stage = Stage::new().await;
        let mut facts = vec![];
        for _ in 0..2 {
            stage.on("POST /graphql", confirmed()).on(&line, say(200, page.clone()));
            facts.push(one(&stage, Question::Compare(REPO, sha("b"), sha("a"))).await);
        }
        assert_eq!(facts[0], facts[1]);
        assert_eq!(stage.lines().matches(&line).count() == 2, asked_again, "{page}");
    }
}

#[tokio::test]
async fn a_comparison_that_is_not_whole_is_unknown() {
    let (head, other) = (sha("a"), sha("c"));
    let mut base = compared("ahead", 1, 0..1, &head);
    base["base_commit"]["sha"] = json!(other);
    let mut said = vec![];
    for (what, page) in [
        ("one is missing", compared("ahead", 3, 1..3, &head)),
        ("one is there twice", {
            let mut page = compared("ahead", 3, 0..3, &head);
            page["commits"][1] = page["commits"][0].clone();
            page
        }),
        ("the head is missing", compared("ahead", 3, 0..3, &other)),
        ("none, but ahead", compared("diverged", 0, 0..0, &head)),
        ("some, but behind", compared("behind", 1, 0..1, &head)),
        ("another base", base),
        ("too many", compared("ahead", 2_001, 0..100, &head)),
        ("another status", compared("sideways", 1, 0..1, &head)),
    ] {
        said.push(format!("{what}: {}", comparison(&[page]).await.unwrap_err()));
    }
    let said = said.join("\n").replace("GitHub's answer at 10:04 UTC could not be read", "…");
    insta::assert_snapshot!(said, @r"
    one is missing: …: it counts 3 commits between, and lists 2
    one is there twice: …: it counts 3 commits between, and lists 2
    the head is missing: …: its list of commits does not fit what it says of them
    none, but ahead: …: its list of commits does not fit what it says of them
    some, but behind: …: its list of commits does not fit what it says of them
    another base: …: it compares with another commit
    too many: …: it counts 2001 commits between, and more than 2000 are not read
    another status: …: it is not what GitHub describes (line 1, column 20)
    ");
}

#[tokio::test]
async fn commits_that_cannot_be_compared_are_an_answer_of_their_own() {
    let stage = Stage::new().await;
    stage.on("POST /graphql", confirmed()).on("GET /repos", say(404, json!({"message": "Not Found"})));
    assert_eq!(told(&stage, Question::Compare(REPO, sha("b"), sha("a"))).await, r#"{"Compare":null}"#);
}

fn points(kind: &str, digit: &str, target: Value) -> Value {
    json!({"__typename": kind, "oid": sha(digit), "target": target})
}

#[tokio::test]
async fn a_name_is_peeled_down_to_a_commit() {
    let commit = |digit: &str| json!({"__typename": "Commit", "oid": sha(digit)});
    let (branch, tag) = (commit("a"), points("Tag", "b", points("Tag", "c", commit("d"))));
    let both = || json!({"databaseId": 7, "branch": {"target": branch}, "tag": {"target": tag}});
    let reading = |branch: Option<&str>, tag: Option<&str>| ReferenceReading {
        branch: branch.map(sha),
        tag: tag.map(sha),
    };
    for (name, answer, expected) in [
        ("v1", both(), reading(Some("a"), Some("d"))),
        ("refs/heads/v1", both(), reading(Some("a"), None)),
        ("refs/tags/v1", both(), reading(None, Some("d"))),
        ("gone", json!({"databaseId": 7, "branch": null, "tag": null}), reading(None, None)),
    ] {
        let stage = Stage::new().await;
        stage.on("POST /graphql", data(answer));
        let found = one(&stage, Question::Reference(REPO, name.into())).await;
        assert_eq!(found, Fact::Known(Answer::Reference(expected), stage.clock.now()), "{name}");
    }
    let stage = Stage::new().await;
    let blob = json!({"target": points("Tag", "b", points("Blob", "c", Value::Null))});
    stage.on("POST /graphql", data(json!({"databaseId": 7, "branch": null, "tag": blob})));
    insta::assert_snapshot!(told(&stage, Question::Reference(REPO, "v1".into())).await, @"unknown: GitHub did not answer this at 10:04 UTC: the name points at something else than a commit");
}

#[tokio::test]
async fn an_environment_says_whether_our_rule_guards_it() {
    let rules = |enabled: bool, app: u64| {
        let rule = json!({"id": 1, "enabled": enabled, "app": {"id": app, "slug": "x"}});
        say(200, json!({"total_count": 1, "custom_deployment_protection_rules": [rule]}))
    };
    let environment = json!({"id": 1, "name": "prod/eu", "can_admins_bypass": false, "protection_rules": [
        {"id": 1, "type": "wait_timer", "wait_timer": 30},
        {"id": 2, "type": "required_reviewers", "reviewers": [{"type": "Team", "reviewer": {"id": 3, "slug": "ops"}}]},
        {"id": 4, "type": "branch_policy"}]});
    let at = "GET /repos/acme/web/environments/prod%2Feu";
    let question = || Question::EnvironmentRules(REPO, "prod/eu".into());
    for (enabled, app, guarded) in [(true, APP, true), (false, APP, false), (true, APP + 1, false)] {
        let stage = Stage::new().await;
        stage.on("POST /graphql", confirmed()).on(at, say(200, environment.clone()));
        stage.on(&format!("{at}/deployment_protection_rules"), rules(enabled, app));
        assert_eq!(
            told(&stage, question()).await,
            format!(
                r#"{{"EnvironmentRules":{{"name":"prod/eu","guarded":{guarded},"admins_may_bypass":false,"reviewers":[{{"team":{{"id":3,"slug":"ops"}}}}],"wait_timer":30}}}}"#
            )
        );
    }
    let stage = Stage::new().await;
    stage.on("POST /graphql", confirmed()).on(at, say(404, json!({})));
    assert_eq!(told(&stage, question()).await, r#"{"EnvironmentRules":null}"#);
}

#[tokio::test]
async fn without_the_permission_for_runs_only_these_are_unknown() {
    let stage = Stage::new().await;
    let refused = || json!({"message": "The permissions requested are not granted to this installation."});
    stage.on("POST /graphql", data(json!({"databaseId": 7, "branch": null, "tag": null})));
    let questions = [Question::Reference(REPO, "main".into()), Question::Deployments(REPO, "x".into())];
    let reads = stage.github.answer(&place(), &questions[..1]).await;
    for _ in 0..3 {
        stage.on("POST /app/installations/3/access_tokens", say(422, refused()));
    }
    let found = stage.github.answer(&place(), &questions[1..]).await;
    assert!(matches!(reads[0].1, Fact::Known(..)) && matches!(found[0].1, Fact::Unknown(_)), "{found:?}");
}

#[tokio::test]
async fn the_origins_of_a_hundred_commits_are_asked_in_one_document() {
    let stage = Stage::new().await;
    let came = json!({"associatedPullRequests": {"pageInfo": {"hasNextPage": false}, "nodes": [
        {"merged": true, "number": 4, "repository": {"databaseId": 7}},
        {"merged": false, "number": 5, "repository": {"databaseId": 7}},
        {"merged": true, "number": 6, "repository": {"databaseId": 8}}]}});
    let answers: serde_json::Map<String, Value> =
        (0..100).map(|n| (format!("q{n}"), json!({"databaseId": 7, "origin": came}))).collect();
    stage.on("POST /graphql", say(200, json!({"data": answers})));
    let commit = |n: usize| Question::Origins(REPO, format!("{n:040x}").parse().unwrap());
    let questions: Vec<Question> = (0..100).map(commit).collect();
    let found = stage.github.answer(&place(), &questions).await;
    let here = Fact::Known(Answer::Origins(vec![4]), stage.clock.now());
    assert!(found.iter().all(|(_, fact)| *fact == here), "merged ones of this repository");
    assert_eq!(stage.asked().len(), 1);
}

#[tokio::test]
async fn a_hundred_issues_and_pull_requests_are_seen_at_a_glance_in_one_document() {
    let stage = Stage::new().await;
    let about = |n: u64| {
        if n < 60 {
            let labels =
                json!({"nodes": [{"name": "b"}, {"name": "a"}], "pageInfo": {"hasNextPage": n == 7}});
            return json!({"databaseId": 7, "issue": {"updatedAt": "2026-11-20T09:00:00Z", "state": "CLOSED",
                "stateReason": "NOT_PLANNED", "labels": labels, "milestone": {"number": 3, "title": "2026.12",
                "state": "OPEN", "dueOn": null, "updatedAt": "2026-11-20T09:00:00Z"}}});
        }
        let links = json!({"nodes": [{"number": 12, "repository": {"databaseId": 8}}],
            "pageInfo": {"hasNextPage": n == 67}});
        let by = |id: u64, state: &str| {
            json!({"fullDatabaseId": id.to_string(), "state": state,
            "author": {"__typename": "User", "databaseId": 9, "login": "lee"}, "submittedAt": null})
        };
        let reviews = json!({"nodes": [by(4, "APPROVED"), by(5, "DISMISSED")],
            "pageInfo": {"hasPreviousPage": n == 68}});
        json!({"databaseId": 7, "pullRequest": {"updatedAt": "2026-11-20T09:00:00Z", "lastEditedAt": null,
            "title": "T", "state": "MERGED", "isDraft": false, "merged": true, "mergeCommit": {"oid": sha("b")},
            "headRefOid": sha("a"), "baseRefName": "main", "closingIssuesReferences": links,
            "reviews": reviews}})
    };
    let parts: serde_json::Map<String, Value> = (0..100).map(|n| (format!("q{n}"), about(n))).collect();
    stage.on("POST /graphql", say(200, json!({"data": parts})));
    let at = |number| IssueRef { repo: REPO, number };
    let mut asked: Vec<Question> = (0..60).map(|number| Question::IssueGlance(at(number))).collect();
    asked.extend((60..100).map(|number| Question::PullRequestGlance(at(number))));
    let answers = stage.github.answer(&place(), &asked).await;
    assert_eq!(stage.asked().len(), 1);
    let shown = |n: usize| match &answers[n].1 {
        Fact::Known(answer, _) => serde_json::to_string(answer).unwrap(),
        Fact::Unknown(why) => format!("unknown: {why}"),
    };
    insta::assert_snapshot!([0, 7, 60, 67, 68].map(shown).join("\n"), @r#"
    {"IssueGlance":{"updated_at":"2026-11-20T09:00:00Z","open":false,"state_reason":"not_planned","labels":["a","b"],"milestone":{"number":3,"title":"2026.12","open":true,"due_on":null,"updated_at":"2026-11-20T09:00:00Z"}}}
    unknown: GitHub did not answer this at 10:04 UTC: it does not show all labels of an issue
    {"PullRequestGlance":{"updated_at":"2026-11-20T09:00:00Z","edited_at":null,"title":"T","open":false,"draft":false,"merge_commit":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","head":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","base_branch":"main","closes":[{"repo":8,"number":12}],"reviews":{"5":"dismissed"}}}
    unknown: GitHub did not answer this at 10:04 UTC: it does not show all linked issues of a pull request
    unknown: GitHub did not answer this at 10:04 UTC: it does not show all reviews of a pull request
    "#);
    stage.on(
        "POST /graphql",
        say(
            200,
            json!({"data": {"q0": {"databaseId": 7, "issue": null}},
        "errors": [{"type": "NOT_FOUND", "path": ["q0", "issue"], "message": "gone"}]}),
        ),
    );
    assert_eq!(told(&stage, Question::IssueGlance(at(1))).await, r#"{"IssueGlance":null}"#);
    stage.on("POST /graphql", say(200, json!({"data": {"q0": {"databaseId": 70, "issue": null}}})));
    assert!(told(&stage, Question::IssueGlance(at(1))).await.starts_with("unknown: "));
}

fn files(count: usize) -> Value {
    let file = |n: usize| {
        json!({"filename": format!("f{n}"), "status": "modified", "patch": "@@ -1 +1 @@\n-a\n+b", "additions": 1,
            "deletions": 1, "sha": sha("d")})
    };
    (0..count).map(file).collect()
}

#[tokio::test]
async fn what_a_commit_changes_is_whole_below_three_hundred_files_and_unknown_of_another_commit() {
    let commit = format!("GET /repos/acme/web/commits/{}", sha("a"));
    let compare = format!("GET /repos/acme/web/compare/{}...{}", sha("b"), sha("a"));
    let between = || Question::ChangesBetween(REPO, sha("b"), sha("a"));
    let single = || Question::CommitChanges(REPO, sha("a"));
    let shown = async |stage: &Stage, question: Question| match one(stage, question).await {
        Fact::Known(Answer::Changes(found), _) => match found {
            Some(changes) => {
                format!("{} {} {}", changes.files.len(), changes.complete, changes.print().is_some())
            }
            None => "none".into(),
        },
        Fact::Known(other, _) => panic!("{other:?}"),
        Fact::Unknown(why) => format!("unknown: {why}"),
    };
    for (count, expected) in [(0, "0 true false"), (299, "299 true true"), (300, "300 false false")] {
        let stage = Stage::new().await;
        let said = json!({"sha": sha("a"), "files": files(count)});
        stage.on("POST /graphql", confirmed()).on(&commit, say(200, said));
        assert_eq!(shown(&stage, single()).await, expected);
        let said = json!({"base_commit": {"sha": sha("b")}, "files": files(count)});
        stage.on("POST /graphql", confirmed()).on(&compare, say(200, said));
        assert_eq!(shown(&stage, between()).await, expected);
    }
    let stage = Stage::new().await;
    stage.on("POST /graphql", confirmed()).on(&commit, say(200, json!({"sha": sha("a")})));
    assert_eq!(shown(&stage, single()).await, "0 false false");
    for (status, body) in [(404, json!({})), (422, json!({"message": "No commit found for SHA"}))] {
        stage.on("POST /graphql", confirmed()).on(&commit, say(status, body));
        assert_eq!(shown(&stage, single()).await, "none");
    }
    stage.on("POST /graphql", confirmed()).on(&commit, say(200, json!({"sha": sha("c"), "files": []})));
    assert!(shown(&stage, single()).await.starts_with("unknown: "));
    let said = json!({"base_commit": {"sha": sha("c")}, "files": []});
    stage.on("POST /graphql", confirmed()).on(&compare, say(200, said));
    assert!(shown(&stage, between()).await.starts_with("unknown: "));
}
