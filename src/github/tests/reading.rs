//! Questions and their answers.

use super::*;
use crate::domain::facts::{
    Answer, Fact, IssueReading, PolicyAtHead, PullRequestReading, Question, TeamName,
};

pub(super) async fn one(stage: &Stage, question: Question) -> Fact<Answer> {
    let mut found = stage.github.answer(&place(), std::slice::from_ref(&question)).await;
    assert_eq!(found.len(), 1);
    let (asked, fact) = found.remove(0);
    assert_eq!(asked, question);
    fact
}

async fn issue_reading(stage: &Stage) -> IssueReading {
    match one(stage, Question::Issue(issue(1))).await {
        Fact::Known(Answer::Issue(Some(reading)), _) => *reading,
        other => panic!("{other:?}"),
    }
}

async fn pull_request_reading(stage: &Stage) -> PullRequestReading {
    match one(stage, Question::PullRequest(issue(2))).await {
        Fact::Known(Answer::PullRequest(Some(reading)), _) => *reading,
        other => panic!("{other:?}"),
    }
}

pub(super) fn data(q0: Value) -> Say {
    say(200, json!({"data": {"q0": q0}}))
}

pub(super) fn user(id: u64, login: &str) -> Value {
    json!({"__typename": "User", "databaseId": id, "login": login})
}

fn an_issue() -> Value {
    let at = |minute: u32| format!("2026-11-20T09:{minute:02}:00Z");
    json!({
        "number": 1, "title": "Faster", "body": null, "state": "CLOSED", "stateReason": "NOT_PLANNED",
        "labels": {"nodes": [{"name": "change-request"}, {"name": "a"}]},
        "milestone": {"number": 4, "title": "2026.12"},
        "assignees": {"nodes": [user(9, "ana")]}, "author": {"__typename": "Bot", "databaseId": 2, "login": "renovate"},
        "createdAt": at(0), "updatedAt": at(9), "closedAt": at(8),
        "timelineItems": {
            "pageInfo": {"hasPreviousPage": false},
            "nodes": [
                {"__typename": "LabeledEvent", "createdAt": at(1), "actor": user(9, "ana"), "label": {"name": "change-request"}},
                {"__typename": "UnlabeledEvent", "createdAt": at(2), "actor": user(9, "ana"), "label": {"name": "change-request"}},
                {"__typename": "LabeledEvent", "createdAt": at(3), "actor": user(8, "tim"), "label": {"name": "change-request"}},
                {"__typename": "MilestonedEvent", "createdAt": at(4), "actor": user(8, "tim"), "milestoneTitle": "2026.11"},
                {"__typename": "DemilestonedEvent", "createdAt": at(5), "actor": user(8, "tim"), "milestoneTitle": "2026.11"},
                {"__typename": "MilestonedEvent", "createdAt": at(6), "actor": user(7, "rm"), "milestoneTitle": "2026.12"},
                {"__typename": "SubscribedEvent"},
                {"__typename": "ClosedEvent", "createdAt": at(8), "actor": null,
                 "closer": {"__typename": "PullRequest", "number": 5, "repository": {"databaseId": 8}}},
            ],
        },
    })
}

#[tokio::test]
async fn an_issue_says_who_set_its_labels_and_its_milestone() {
    let stage = Stage::new().await;
    stage.on("POST /graphql", data(json!({"databaseId": 7, "issue": an_issue()})));
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&issue_reading(&stage).await).unwrap(),
        @r#"
        {
          "issue": {
            "at": {
              "repo": 7,
              "number": 1
            },
            "title": "Faster",
            "body": "",
            "open": false,
            "state_reason": "not_planned",
            "labels": [
              "a",
              "change-request"
            ],
            "issue_type": null,
            "milestone": 4,
            "assignees": [
              {
                "id": 9,
                "login": "ana",
                "person": true
              }
            ],
            "author": {
              "id": 2,
              "login": "renovate[bot]",
              "person": false
            },
            "created_at": "2026-11-20T09:00:00Z",
            "updated_at": "2026-11-20T09:09:00Z",
            "closed_at": "2026-11-20T09:08:00Z"
          },
          "labels_set": [
            {
              "name": "change-request",
              "by": {
                "id": 8,
                "login": "tim",
                "person": true
              },
              "at": "2026-11-20T09:03:00Z"
            }
          ],
          "milestone_set": {
            "name": "2026.12",
            "by": {
              "id": 7,
              "login": "rm",
              "person": true
            },
            "at": "2026-11-20T09:06:00Z"
          },
          "closed": {
            "name": "not_planned",
            "by": null,
            "at": "2026-11-20T09:08:00Z"
          },
          "closed_by_pull_request": {
            "repo": 8,
            "number": 5
          },
          "complete": true
        }
        "#
    );
}

#[tokio::test]
async fn who_set_what_was_taken_off_last_is_not_known() {
    let stage = Stage::new().await;
    let mut stale = an_issue();
    let nodes = stale["timelineItems"]["nodes"].as_array_mut().unwrap();
    nodes.push(json!({"__typename": "UnlabeledEvent", "label": {"name": "change-request"}}));
    nodes.push(json!({"__typename": "DemilestonedEvent"}));
    stage.on("POST /graphql", data(json!({"databaseId": 7, "issue": stale})));
    let reading = issue_reading(&stage).await;
    assert_eq!((reading.labels_set, reading.milestone_set), (vec![], None));
}

#[tokio::test]
async fn a_longer_timeline_is_said_to_be_incomplete() {
    let stage = Stage::new().await;
    let mut long = an_issue();
    long["timelineItems"]["pageInfo"]["hasPreviousPage"] = true.into();
    stage.on("POST /graphql", data(json!({"databaseId": 7, "issue": long})));
    assert!(!issue_reading(&stage).await.complete);
}

#[tokio::test]
async fn nothing_is_known_to_be_absent_unless_github_says_so() {
    let not_found = |path: Value| json!({"type": "NOT_FOUND", "path": path, "message": "Could not resolve"});
    let (nothing, there) =
        (json!({"databaseId": 7, "issue": null}), json!({"databaseId": 7, "issue": an_issue()}));
    let mut said = vec![];
    for (name, answer) in [
        ("null", json!({"data": {"q0": nothing}})),
        ("null, not found", json!({"data": {"q0": nothing}, "errors": [not_found(json!(["q0", "issue"]))]})),
        (
            "null, forbidden",
            json!({"data": {"q0": nothing}, "errors": [
            {"type": "FORBIDDEN", "path": ["q0", "issue"], "message": "Resource not accessible by integration"}]}),
        ),
        (
            "a part is missing",
            json!({"data": {"q0": there}, "errors": [
            {"path": ["q0", "issue", "timelineItems", "nodes", 3], "message": "timed out"}]}),
        ),
        ("no repository", json!({"data": {"q0": null}, "errors": [not_found(json!(["q0"]))]})),
        ("another repository", json!({"data": {"q0": {"databaseId": 70, "issue": an_issue()}}})),
        (
            "an unknown field",
            json!({"errors": [{"path": ["fragment IssueParts", "x"], "message": "Field 'x' doesn't exist"}]}),
        ),
        (
            "an error without place",
            json!({"data": {"q0": there}, "errors": [{"message": "Something went wrong"}]}),
        ),
        ("nothing at all", json!({})),
        ("another shape", json!({"data": {"q0": {"databaseId": 7, "issue": {"number": "one"}}}})),
    ] {
        let stage = Stage::new().await;
        stage.on("POST /graphql", say(200, answer));
        said.push(match one(&stage, Question::Issue(issue(1))).await {
            Fact::Known(Answer::Issue(None), _) => format!("{name}: there is none"),
            Fact::Unknown(why) => format!("{name}: unknown, {why}"),
            other @ Fact::Known(..) => panic!("{name}: {other:?}"),
        });
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    null: there is none
    null, not found: there is none
    null, forbidden: unknown, GitHub did not answer this at 10:04 UTC: Resource not accessible by integration
    a part is missing: unknown, GitHub did not answer this at 10:04 UTC: timed out
    no repository: unknown, GitHub did not answer this at 10:04 UTC: Could not resolve
    another repository: unknown, acme/web is the name of another repository now
    an unknown field: unknown, GitHub did not answer this at 10:04 UTC: Field 'x' doesn't exist
    an error without place: unknown, GitHub did not answer this at 10:04 UTC: Something went wrong
    nothing at all: unknown, GitHub did not answer this at 10:04 UTC: it has neither data nor errors
    another shape: unknown, GitHub did not answer this at 10:04 UTC: it is not what GitHub describes
    ");
}

#[tokio::test]
async fn github_out_of_order_is_an_unknown_fact_after_one_more_try() {
    let stage = Stage::new().await;
    stage.on("POST /graphql", say(502, json!({}))).on("POST /graphql", say(502, json!({})));
    assert_eq!(
        one(&stage, Question::Issue(issue(1))).await,
        Fact::Unknown("GitHub did not answer (502) at 10:04 UTC".into())
    );
    stage.on("POST /graphql", hang_up());
    stage.on("POST /graphql", data(json!({"databaseId": 7, "issue": an_issue()})));
    assert_eq!(issue_reading(&stage).await.issue.at.number, 1);
}

#[tokio::test]
async fn a_fact_is_as_old_as_its_question() {
    let stage = Stage::new().await;
    stage.on("POST /graphql", data(json!({"databaseId": 7, "issue": null})));
    let asked = stage.clock.now();
    assert_eq!(one(&stage, Question::Issue(issue(1))).await, Fact::Known(Answer::Issue(None), asked));
}

#[tokio::test]
async fn what_can_be_asked_together_goes_out_together() {
    let stage = Stage::new().await;
    let team = TeamName { organisation: "acme".into(), slug: "qa".into() };
    let group = Question::MergeGroup(REPO, "main".into(), sha("b"));
    let questions =
        [Question::Issue(issue(1)), group.clone(), Question::Team(team), Question::Issue(issue(2))];
    let queue = json!({"databaseId": 7, "mergeQueue": {"entries": {"nodes": [
        {"position": 1, "headCommit": {"oid": sha("a")}, "pullRequest": {"number": 11}},
        {"position": 2, "headCommit": {"oid": sha("b")}, "pullRequest": {"number": 12}},
        {"position": 3, "headCommit": {"oid": sha("c")}, "pullRequest": {"number": 13}}]}}});
    stage.on(
        "POST /graphql",
        say(
            200,
            json!({"data": {
                "q0": {"databaseId": 7, "issue": null},
                "q1": {"databaseId": 7, "issue": an_issue()},
                "q2": {"team": {"members": {"nodes": [user(9, "ana")], "pageInfo": {"hasNextPage": false}}}},
                "q3": queue,
            }}),
        ),
    );
    let found = stage.github.answer(&place(), &questions).await;
    assert_eq!(stage.lines(), "POST /graphql");
    assert_eq!(
        found.iter().map(|(question, _)| question).collect::<Vec<_>>(),
        questions.iter().collect::<Vec<_>>()
    );
    assert_eq!(found[1].1, Fact::Known(Answer::MergeGroup(vec![11, 12]), stage.clock.now()));
    assert!(found.iter().all(|(_, fact)| matches!(fact, Fact::Known(..))), "{found:?}");
    assert_eq!(
        stage.asked()[0].body["variables"],
        json!({"owner0": "acme", "name0": "web", "number0": 1, "owner1": "acme", "name1": "web", "number1": 2,
               "login2": "acme", "slug2": "qa", "after2": null, "owner3": "acme", "name3": "web", "branch3": "main"})
    );
}

#[tokio::test]
async fn an_old_server_that_lacks_one_kind_leaves_only_that_kind_unknown() {
    let stage = Stage::new().await;
    let lacks = || {
        say(200, json!({"errors": [{"message": "Field 'mergeQueue' doesn't exist on type 'Repository'"}]}))
    };
    stage.on("POST /graphql", lacks());
    stage.on("POST /graphql", data(json!({"databaseId": 7, "issue": null})));
    stage.on("POST /graphql", lacks());
    let group = Question::MergeGroup(REPO, "main".into(), sha("b"));
    let found = stage.github.answer(&place(), &[Question::Issue(issue(1)), group]).await;
    assert!(matches!(&found[0].1, Fact::Known(Answer::Issue(None), _)));
    assert!(matches!(&found[1].1, Fact::Unknown(_)));
}

#[tokio::test]
async fn each_repository_is_asked_with_its_own_token() {
    let stage = Stage::new().await;
    let elsewhere = IssueRef { repo: RepoId(8), number: 3 };
    stage.on("POST /graphql", data(json!({"databaseId": 7, "issue": null})));
    stage.on("POST /graphql", data(json!({"databaseId": 8, "issue": null})));
    let found = stage.github.answer(&place(), &[Question::Issue(elsewhere), Question::Issue(issue(1))]).await;
    assert!(found.iter().all(|(_, fact)| matches!(fact, Fact::Known(..))), "{found:?}");
    let opened: Vec<Value> = stage.minted().iter().map(|seen| seen.body["repository_ids"].clone()).collect();
    assert_eq!(opened, [json!([7]), json!([8])]);
}

/// A document with so many answers, each of which says that there is no such issue.
fn no_issues(count: usize) -> Say {
    let answers: serde_json::Map<String, Value> =
        (0..count).map(|n| (format!("q{n}"), json!({"databaseId": 7, "issue": null}))).collect();
    say(200, json!({"data": answers}))
}

#[tokio::test]
async fn a_document_asks_for_a_hundred_issues() {
    let stage = Stage::new().await;
    stage.on("POST /graphql", no_issues(100)).on("POST /graphql", no_issues(30));
    let questions: Vec<Question> = (1..=130).map(|number| Question::Issue(issue(number))).collect();
    let found = stage.github.answer(&place(), &questions).await;
    assert!(found.iter().all(|(_, fact)| matches!(fact, Fact::Known(..))));
    assert_eq!(stage.asked().len(), 2);
}

#[tokio::test]
async fn what_github_gives_up_on_is_asked_in_smaller_documents() {
    let stage = Stage::new().await;
    let too_much = || say(502, json!({}));
    for reply in [too_much(), too_much(), no_issues(25), no_issues(25), too_much(), too_much(), no_issues(5)]
    {
        stage.on("POST /graphql", reply);
    }
    let questions: Vec<Question> = (1..=80).map(|number| Question::Issue(issue(number))).collect();
    let found = stage.github.answer(&place(), &questions).await;
    let known = found.iter().filter(|(_, fact)| matches!(fact, Fact::Known(..))).count();
    assert_eq!((known, stage.asked().len()), (55, 7));
}

fn commits(from: usize, to: usize, next: Option<&str>) -> Value {
    let nodes: Vec<Value> = (from..to)
        .map(|n| {
            json!({"commit": {"oid": format!("{n:040x}"), "message": "m", "committedViaWeb": true,
                "authors": {"totalCount": 2, "nodes": [{"user": user(9, "ana")}, {"user": null}]},
                "committer": {"user": null}}})
        })
        .collect();
    json!({"nodes": nodes, "pageInfo": {"hasNextPage": next.is_some(), "endCursor": next}})
}

fn a_pull_request(commits: Value, head: Value) -> Value {
    let review = |id: u64, who: Value, state: &str, minute: u32| {
        json!({"fullDatabaseId": id.to_string(), "author": who, "state": state, "commit": {"oid": sha("a")},
               "submittedAt": format!("2026-11-20T09:{minute:02}:00Z")})
    };
    json!({
        "number": 2, "title": "t", "body": "b", "state": "OPEN", "isDraft": false, "merged": false, "mergedAt": null,
        "mergeCommit": null, "headRefOid": sha("a"), "headRefName": "x", "headRepository": head,
        "baseRefOid": sha("b"), "baseRefName": "main", "author": user(9, "ana"), "labels": {"nodes": []},
        "milestone": null, "createdAt": "2026-11-20T09:00:00Z", "updatedAt": "2026-11-20T09:00:00Z",
        "commits": commits,
        "reviews": {"pageInfo": {"hasPreviousPage": false}, "nodes": [
            review(3_000_000_001, user(5, "quinn"), "APPROVED", 1),
            review(3_000_000_002, user(5, "quinn"), "CHANGES_REQUESTED", 2),
            review(3_000_000_003, user(6, "lee"), "APPROVED", 3),
            review(3_000_000_004, user(5, "quinn"), "DISMISSED", 4),
        ]},
    })
}

fn here() -> Value {
    json!({"databaseId": 7, "nameWithOwner": "acme/web"})
}

fn links() -> Value {
    json!({"databaseId": 7, "pullRequest": {"closingIssuesReferences": {
        "nodes": [{"number": 3, "repository": {"databaseId": 8}}], "pageInfo": {"hasNextPage": false}}}})
}

/// The links, and the policy file at the base, at the head, and in the fork.
fn around(files: &[Value]) -> Say {
    let files = files
        .iter()
        .enumerate()
        .map(|(n, file)| (format!("q{}", n + 1), json!({"databaseId": 7, "object": file})));
    let aliased: serde_json::Map<String, Value> = files.chain([("q0".into(), links())]).collect();
    say(200, json!({"data": aliased}))
}

fn blob(oid: &str, text: &str) -> Value {
    json!({"__typename": "Blob", "oid": oid, "text": text})
}

#[tokio::test]
async fn a_pull_request_shows_its_links_its_people_and_the_last_opinion_of_each() {
    let stage = Stage::new().await;
    let pull = a_pull_request(commits(0, 1, None), here());
    stage.on("POST /graphql", data(json!({"databaseId": 7, "pullRequest": pull})));
    stage.on("POST /graphql", around(&[Value::Null, Value::Null]));
    let reading = pull_request_reading(&stage).await;
    assert!(reading.complete);
    assert_eq!(reading.policy, PolicyAtHead::Same);
    let opened: Vec<Value> = stage.minted().iter().map(|seen| seen.body["repository_ids"].clone()).collect();
    assert_eq!(opened, [json!([7]), Value::Null], "links lie in other repositories");
    insta::assert_snapshot!(
        serde_json::to_string(&(&reading.closes, &reading.commits, &reading.reviews)).unwrap(),
        @r#"[[{"repo":8,"number":3}],[{"sha":"0000000000000000000000000000000000000000","message":"m","people":[null,{"id":9,"login":"ana","person":true}],"writers":null}],[{"id":3000000004,"author":{"id":5,"login":"quinn","person":true},"state":"dismissed","commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","submitted_at":"2026-11-20T09:04:00Z"},{"id":3000000003,"author":{"id":6,"login":"lee","person":true},"state":"approved","commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","submitted_at":"2026-11-20T09:03:00Z"}]]"#
    );
}

#[tokio::test]
async fn commits_are_read_page_by_page_up_to_two_hundred_and_fifty() {
    for (pages, read, complete) in [
        (vec![(0, 100, Some("a")), (100, 150, None)], 150, true),
        (vec![(0, 100, Some("a")), (100, 200, Some("b")), (200, 250, None)], 250, true),
        (vec![(0, 100, Some("a")), (100, 200, Some("b")), (200, 300, Some("c"))], 250, false),
    ] {
        let stage = Stage::new().await;
        for (n, (from, to, next)) in pages.iter().enumerate() {
            let page = commits(*from, *to, *next);
            let pull = if n == 0 { a_pull_request(page, here()) } else { json!({"commits": page}) };
            stage.on("POST /graphql", data(json!({"databaseId": 7, "pullRequest": pull})));
        }
        stage.on("POST /graphql", around(&[Value::Null, Value::Null]));
        let reading = pull_request_reading(&stage).await;
        assert_eq!((reading.commits.len(), reading.complete), (read, complete));
    }
}

#[tokio::test]
async fn a_linked_issue_that_is_hidden_makes_the_links_incomplete() {
    let stage = Stage::new().await;
    let pull = a_pull_request(commits(0, 1, None), here());
    stage.on("POST /graphql", data(json!({"databaseId": 7, "pullRequest": pull})));
    let mut links = links();
    links["pullRequest"]["closingIssuesReferences"]["nodes"] = json!([null]);
    let none = || json!({"databaseId": 7, "object": null});
    let hidden = json!({"data": {"q0": links, "q1": none(), "q2": none()}, "errors": [{"type": "FORBIDDEN",
        "path": ["q0", "pullRequest", "closingIssuesReferences", "nodes", 0], "message": "no"}]});
    stage.on("POST /graphql", say(200, hidden));
    assert!(!pull_request_reading(&stage).await.complete);
}

#[tokio::test]
async fn an_edited_policy_is_shown_wherever_the_head_is() {
    let (old, new) = (blob("1", "mode: enforce"), blob("2", "mode: advise"));
    let fork = || json!({"databaseId": 77, "nameWithOwner": "ana/web"});
    let text = |text: &str| PolicyAtHead::Changed(text.to_owned());
    let nothing = Value::Null;
    for (name, head, found, edit) in [
        ("unchanged", here(), vec![old.clone(), old.clone()], PolicyAtHead::Same),
        ("changed", here(), vec![old.clone(), new.clone()], text("mode: advise")),
        ("added", here(), vec![nothing.clone(), new.clone()], text("mode: advise")),
        ("deleted", here(), vec![old.clone(), nothing.clone()], PolicyAtHead::Deleted),
        ("in a fork", fork(), vec![old.clone(), nothing.clone(), new.clone()], text("mode: advise")),
        ("deleted in a fork", fork(), vec![old.clone(), old.clone(), nothing.clone()], PolicyAtHead::Deleted),
        ("the fork is gone", nothing.clone(), vec![old.clone(), new.clone()], text("mode: advise")),
    ] {
        let stage = Stage::new().await;
        let pull = a_pull_request(commits(0, 1, None), head);
        stage.on("POST /graphql", data(json!({"databaseId": 7, "pullRequest": pull})));
        stage.on("POST /graphql", around(&found));
        assert_eq!(pull_request_reading(&stage).await.policy, edit, "{name}");
        let asked = stage.asked()[1].body["variables"].clone();
        assert_eq!(asked["file2"], format!("{}:.github/changegate.yml", sha("a")), "{name}");
    }
}

#[tokio::test]
async fn a_fork_that_is_closed_to_us_is_no_deletion() {
    let stage = Stage::new().await;
    let pull = a_pull_request(commits(0, 1, None), json!({"databaseId": 77, "nameWithOwner": "ana/web"}));
    stage.on("POST /graphql", data(json!({"databaseId": 7, "pullRequest": pull})));
    let closed = json!({
        "data": {"q0": links(), "q1": {"databaseId": 7, "object": blob("1", "x")},
                 "q2": {"databaseId": 7, "object": null}, "q3": null},
        "errors": [{"type": "NOT_FOUND", "path": ["q3"], "message": "Could not resolve to a Repository"}]
    });
    stage.on("POST /graphql", say(200, closed));
    let fact = one(&stage, Question::PullRequest(issue(2))).await;
    insta::assert_snapshot!(format!("{fact:?}"), @r#"Unknown("GitHub's answer at 10:04 UTC could not be read: the fork of the pull request is not open to us")"#);
}

#[tokio::test]
async fn a_team_is_read_to_its_last_page() {
    let stage = Stage::new().await;
    let page = |who: Value, next: Value| {
        let more = next.is_string();
        data(
            json!({"team": {"members": {"nodes": [who], "pageInfo": {"hasNextPage": more, "endCursor": next}}}}),
        )
    };
    stage
        .on("POST /graphql", page(user(1, "ana"), json!("c")))
        .on("POST /graphql", page(user(2, "tim"), Value::Null));
    let name = TeamName { organisation: "acme".into(), slug: "qa".into() };
    let Fact::Known(Answer::Team(members), _) = one(&stage, Question::Team(name.clone())).await else {
        panic!()
    };
    assert_eq!(members.iter().map(|member| member.login.as_str()).collect::<Vec<_>>(), ["ana", "tim"]);
    assert_eq!(stage.asked()[1].body["variables"]["after0"], "c");
    stage.on("POST /graphql", data(json!({"team": null})));
    insta::assert_snapshot!(format!("{:?}", one(&stage, Question::Team(name)).await), @r#"Unknown("there is no team @acme/qa that we can see")"#);
}

const CONTENTS: &str = "GET /repos/acme/web/contents/.github/changegate.yml";

pub(super) fn confirmed() -> Say {
    data(json!({"databaseId": 7}))
}

#[tokio::test]
async fn an_unchanged_policy_file_is_not_sent_again() {
    let stage = Stage::new().await;
    stage.on(CONTENTS, say(200, json!({})).text("mode: enforce").header("etag", "\"v1\""));
    stage.on("POST /graphql", confirmed()).on(CONTENTS, say(304, json!({})).text(""));
    let text = Fact::Known(Answer::PolicyFile(Some("mode: enforce".into())), stage.clock.now());
    for _ in 0..2 {
        assert_eq!(one(&stage, Question::PolicyFile(REPO)).await, text);
    }
    let last = stage.asked().pop().unwrap();
    assert_eq!(last.headers["if-none-match"], "\"v1\"");
    assert_eq!(last.headers["accept"], "application/vnd.github.raw+json");
}

#[tokio::test]
async fn no_policy_file_is_told_from_no_repository() {
    let stage = Stage::new().await;
    stage.on(CONTENTS, say(404, json!({}))).on("POST /graphql", confirmed());
    assert_eq!(
        one(&stage, Question::PolicyFile(REPO)).await,
        Fact::Known(Answer::PolicyFile(None), stage.clock.now())
    );
    stage.on(CONTENTS, say(404, json!({}))).on("POST /graphql", data(Value::Null));
    let gone = one(&stage, Question::PolicyFile(REPO)).await;
    stage
        .on(CONTENTS, say(200, json!({})).text("mode: observe"))
        .on("POST /graphql", data(json!({"databaseId": 70})));
    let another = one(&stage, Question::PolicyFile(REPO)).await;
    insta::assert_snapshot!(format!("{gone:?}\n{another:?}"), @r#"
    Unknown("GitHub did not answer this at 10:04 UTC: acme/web is not there, or not open to us")
    Unknown("acme/web is the name of another repository now")
    "#);
}

#[tokio::test]
async fn a_renamed_repository_is_followed_on_the_same_host() {
    let stage = Stage::new().await;
    stage.on(CONTENTS, say(301, json!({})).header("location", "/repositories/7/contents/x"));
    stage.on("GET /repositories/7/contents/x", say(200, json!({})).text("mode: enforce"));
    stage.on("POST /graphql", confirmed());
    assert!(matches!(
        one(&stage, Question::PolicyFile(REPO)).await,
        Fact::Known(Answer::PolicyFile(Some(_)), _)
    ));
}

#[tokio::test]
async fn what_is_no_question_for_github_stays_unknown() {
    let stage = Stage::new().await;
    let unnamed = IssueRef { repo: RepoId(99), number: 1 };
    for question in [Question::RepositoryNamed("acme/web".parse().unwrap()), Question::Issue(unnamed)] {
        assert!(matches!(one(&stage, question).await, Fact::Unknown(_)));
    }
    assert!(matches!(one(&stage, Question::PolicyFile(RepoId(99))).await, Fact::Unknown(_)));
    assert_eq!(stage.lines(), "");
}

#[tokio::test]
async fn asking_and_telling_can_be_done_on_any_thread() {
    const fn can_move<T: Send>(_: &T) {}
    let stage = Stage::new().await;
    let (place, questions) = (place(), [Question::PolicyFile(REPO)]);
    can_move(&stage.github.answer(&place, &questions));
    let call = crate::domain::effect::Call::Milestone { on: issue(1), number: None };
    can_move(&stage.github.perform(&place, &crate::domain::effect::Effect::new(call), None, 0));
}
