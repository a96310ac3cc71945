//! GraphQL: the reads of pull requests and issues, pages, and what the rights do not show.

use apollo_compiler::ast::{FieldDefinition, InputValueDefinition};
use apollo_compiler::schema::Component;
use apollo_compiler::{Name, Node, Schema};
use serde_json::{Value, json};

use super::{Asker, acme, pull_request};
use crate::sandbox::{CloseReason, Edit, GRAPHQL_SCHEMA, Verdict};

const ISSUE: &str = "query($number: Int!) { repository(owner: \"acme\", name: \"web\") { issue(number: $number) {
    number stateReason author { __typename login ... on User { databaseId } } authorAssociation
    labels(first: 10) { nodes { name } } milestone { title state }
    closedByPullRequestsReferences(first: 5, includeClosedPrs: true) { nodes { number merged } }
    timelineItems(first: 20, itemTypes: [LABELED_EVENT, MILESTONED_EVENT, CLOSED_EVENT]) { nodes { __typename
        ... on LabeledEvent { actor { login } label { name } }
        ... on MilestonedEvent { actor { login } milestoneTitle }
        ... on ClosedEvent { stateReason closer { __typename ... on PullRequest { number repository { nameWithOwner } } } }
    } pageInfo { hasNextPage } } } } }";

#[tokio::test]
async fn the_timeline_of_an_issue_says_who_did_what() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let issue = sandbox.by("ana").open_issue("acme/web", "Slow", "");
    sandbox.by("quinn").label(issue, "triage/accepted");
    sandbox.by("rm").create_milestone("acme/web", "2026.12", None);
    sandbox.by("rm").set_milestone(issue, "2026.12");
    sandbox.by("ana").merge(pull_request(&sandbox, "topic", "Closes #1"));
    let answer = installed.query(ISSUE, json!({ "number": 1 })).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    let found = &answer["data"]["repository"]["issue"];
    assert_eq!(
        found["timelineItems"]["nodes"],
        json!([
            { "__typename": "LabeledEvent", "actor": { "login": "quinn" }, "label": { "name": "triage/accepted" } },
            { "__typename": "MilestonedEvent", "actor": { "login": "rm" }, "milestoneTitle": "2026.12" },
            { "__typename": "ClosedEvent", "stateReason": "COMPLETED",
              "closer": { "__typename": "PullRequest", "number": 2, "repository": { "nameWithOwner": "acme/web" } } },
        ])
    );
    assert_eq!(found["author"]["__typename"], "User");
    assert_eq!(found["authorAssociation"], "MEMBER");
    assert_eq!(found["closedByPullRequestsReferences"]["nodes"], json!([{ "number": 2, "merged": true }]));
}

const PULL: &str = "{ repository(owner: \"acme\", name: \"web\") { pullRequest(number: 2) { headRefOid isDraft state
    closingIssuesReferences(first: 10) { totalCount nodes { number repository { nameWithOwner } } }
    commits(first: 10) { totalCount nodes { commit { message authors(first: 5) { nodes { email user { login } } } } } }
    files(first: 10) { nodes { path changeType } }
    latestOpinionatedReviews(first: 10, writersOnly: true) { nodes { author { login } state commit { oid } } }
    reviews(first: 10) { totalCount } mergeQueueEntry { position } }
    mergeQueue(branch: \"main\") { entries(first: 9) { nodes { position headCommit { oid } pullRequest { number } } } } } }";

#[tokio::test]
async fn a_pull_request_says_what_it_closes_who_wrote_it_and_who_approved() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    sandbox.by("ana").open_issue("acme/web", "Slow", "");
    let pull = pull_request(&sandbox, "topic", "Closes #1");
    let email = format!(
        "{}+quinn@users.noreply.sandbox.invalid",
        sandbox.issue(pull)["user"]["id"].as_u64().unwrap_or(0) + 1
    );
    let head = sandbox.by("ana").push(
        "acme/web",
        "topic",
        &[("README.md", "# New\n")],
        &format!("More\n\nCo-authored-by: quinn <{email}>"),
    );
    sandbox.by("quinn").review(pull, Verdict::RequestChanges, "no");
    sandbox.by("quinn").review(pull, Verdict::Approve, "");
    sandbox.by("stranger").review(pull, Verdict::Approve, "");
    let group = sandbox.by("rm").enqueue(pull);
    let answer = installed.query(PULL, Value::Null).await;
    assert_eq!(answer["errors"], Value::Null);
    let found = &answer["data"]["repository"]["pullRequest"];
    assert_eq!(found["closingIssuesReferences"]["nodes"][0]["number"], 1);
    assert_eq!(found["commits"]["totalCount"], 2);
    assert_eq!(found["commits"]["nodes"][1]["commit"]["authors"]["nodes"][1]["user"]["login"], "quinn");
    assert_eq!(
        found["files"]["nodes"],
        json!([
            { "path": "README.md", "changeType": "MODIFIED" },
            { "path": "login.rs", "changeType": "ADDED" },
        ])
    );
    assert_eq!(
        found["latestOpinionatedReviews"]["nodes"],
        json!([
            { "author": { "login": "quinn" }, "state": "APPROVED", "commit": { "oid": head } },
        ])
    );
    assert_eq!(found["reviews"]["totalCount"], 3);
    let entries = &answer["data"]["repository"]["mergeQueue"]["entries"]["nodes"];
    assert_eq!(
        *entries,
        json!([{ "position": 1, "headCommit": { "oid": group }, "pullRequest": { "number": 2 } }])
    );
}

#[tokio::test]
async fn what_the_rights_do_not_show_is_null_beside_an_error() {
    let sandbox = acme().await;
    sandbox.by("ana").open_issue("acme/web", "Slow", "");
    let narrow = Asker::installed(&sandbox, json!({ "permissions": { "contents": "read" } })).await;
    let answer = narrow.query(ISSUE, json!({ "number": 1 })).await;
    assert_eq!(answer["data"]["repository"]["issue"], Value::Null);
    assert_eq!(answer["errors"][0]["type"], "FORBIDDEN");
    assert_eq!(answer["errors"][0]["path"], json!(["repository", "issue"]));
    let unknown =
        narrow.query("{ repository(owner: \"acme\", name: \"nowhere\") { id } }", Value::Null).await;
    assert_eq!(
        (&unknown["data"]["repository"], &unknown["errors"][0]["type"]),
        (&Value::Null, &json!("NOT_FOUND"))
    );
    let wrong =
        narrow.query("{ repository(owner: \"acme\", name: \"web\") { nonsense } }", Value::Null).await;
    assert!(wrong.get("data").is_none() && wrong["errors"][0]["message"].is_string(), "{wrong}");
}

#[tokio::test]
async fn lists_come_in_pages_and_never_without_a_size() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let issue = sandbox.by("ana").open_issue("acme/web", "Slow", "");
    for text in ["one", "two", "three"] {
        sandbox.by("ana").comment(issue, text);
    }
    let read = "query($first: Int, $last: Int, $after: String) { repository(owner: \"acme\", name: \"web\") { issue(number: 1) {
        comments(first: $first, last: $last, after: $after) { totalCount nodes { body }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }";
    let page = installed.query(read, json!({ "first": 2 })).await;
    let page = &page["data"]["repository"]["issue"]["comments"];
    assert_eq!((&page["totalCount"], &page["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
    let rest = installed.query(read, json!({ "first": 2, "after": page["pageInfo"]["endCursor"] })).await;
    let rest = &rest["data"]["repository"]["issue"]["comments"];
    assert_eq!(
        (&rest["nodes"], &rest["pageInfo"]["hasNextPage"]),
        (&json!([{ "body": "three" }]), &json!(false))
    );
    let last = installed.query(read, json!({ "last": 1 })).await;
    assert_eq!(last["data"]["repository"]["issue"]["comments"]["nodes"], json!([{ "body": "three" }]));
    let all = installed.query(read, Value::Null).await;
    assert!(all["errors"][0]["message"].as_str().is_some_and(|message| message.contains("first")), "{all}");
}

#[tokio::test]
async fn a_bot_has_no_brackets_in_graphql() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    sandbox.by("ana").open_issue("acme/web", "Slow", "");
    installed.post("/repos/acme/web/issues/1/comments", json!({ "body": "status" })).await;
    let read =
        "{ repository(owner: \"acme\", name: \"web\") { issue(number: 1) { comments(first: 1) { nodes {
        viewerDidAuthor author { __typename login } } } } }
        organization(login: \"acme\") { team(slug: \"triage\") { members(first: 9) { nodes { login } } } }
        rateLimit { cost remaining } }";
    let answer = installed.query(read, Value::Null).await;
    let comment = &answer["data"]["repository"]["issue"]["comments"]["nodes"][0];
    assert_eq!(comment["author"], json!({ "__typename": "Bot", "login": "changegate" }));
    assert_eq!(comment["viewerDidAuthor"], true);
    assert_eq!(answer["data"]["organization"]["team"]["members"]["nodes"], json!([{ "login": "quinn" }]));
    assert_eq!(answer["data"]["rateLimit"], json!({ "cost": 1, "remaining": 4999 }));
}

/// Where each type of the schema can be reached; `@` is where its fields go.
const PLACES: [(&str, &str); 27] = [
    ("Query", "@"),
    ("RateLimit", "rateLimit { @ }"),
    ("User", "user(login: \"ana\") { @ }"),
    ("Organization", "organization(login: \"acme\") { @ }"),
    ("Team", "organization(login: \"acme\") { team(slug: \"triage\") { @ } }"),
    ("Repository", "repository(owner: \"acme\", name: \"web\") { @ }"),
    ("Ref", "repository(owner: \"acme\", name: \"web\") { defaultBranchRef { @ } }"),
    (
        "Blob",
        "repository(owner: \"acme\", name: \"web\") { object(expression: \"main:README.md\") { ... on Blob { @ } } }",
    ),
    (
        "Commit",
        "repository(owner: \"acme\", name: \"web\") { object(expression: \"main\") { ... on Commit { @ } } }",
    ),
    (
        "GitActor",
        "repository(owner: \"acme\", name: \"web\") { object(expression: \"topic\") { ... on Commit { author { @ } } } }",
    ),
    ("Issue", "repository(owner: \"acme\", name: \"web\") { issue(number: 1) { @ } }"),
    ("IssueConnection", "repository(owner: \"acme\", name: \"web\") { issues(first: 1) { @ } }"),
    ("PageInfo", "repository(owner: \"acme\", name: \"web\") { issues(first: 1) { pageInfo { @ } } }"),
    ("Label", "repository(owner: \"acme\", name: \"web\") { label(name: \"change-request\") { @ } }"),
    ("Milestone", "repository(owner: \"acme\", name: \"web\") { milestone(number: 1) { @ } }"),
    (
        "IssueComment",
        "repository(owner: \"acme\", name: \"web\") { issue(number: 1) { comments(first: 1) { nodes { @ } } } }",
    ),
    (
        "Bot",
        "repository(owner: \"acme\", name: \"web\") { issue(number: 1) { comments(first: 1) { nodes { author { ... on Bot { @ } } } } } }",
    ),
    ("PullRequest", "repository(owner: \"acme\", name: \"web\") { pullRequest(number: 2) { @ } }"),
    (
        "PullRequestCommit",
        "repository(owner: \"acme\", name: \"web\") { pullRequest(number: 2) { commits(first: 1) { nodes { @ } } } }",
    ),
    (
        "PullRequestReview",
        "repository(owner: \"acme\", name: \"web\") { pullRequest(number: 2) { reviews(first: 1) { nodes { @ } } } }",
    ),
    (
        "PullRequestChangedFile",
        "repository(owner: \"acme\", name: \"web\") { pullRequest(number: 2) { files(first: 1) { nodes { @ } } } }",
    ),
    (
        "IssueTimelineItemsConnection",
        "repository(owner: \"acme\", name: \"web\") { issue(number: 1) { timelineItems(first: 1) { @ } } }",
    ),
    ("Deployment", "repository(owner: \"acme\", name: \"web\") { deployments(first: 1) { nodes { @ } } }"),
    (
        "DeploymentStatus",
        "repository(owner: \"acme\", name: \"web\") { deployments(first: 1) { nodes { latestStatus { @ } } } }",
    ),
    (
        "Tag",
        "repository(owner: \"acme\", name: \"web\") { ref(qualifiedName: \"refs/tags/v1\") { target { ... on Tag { @ } } } }",
    ),
    ("MergeQueue", "repository(owner: \"acme\", name: \"web\") { mergeQueue { @ } }"),
    (
        "MergeQueueEntry",
        "repository(owner: \"acme\", name: \"web\") { mergeQueue { entries(first: 1) { nodes { @ } } } }",
    ),
];

const EVENTS: [&str; 7] = [
    "LabeledEvent",
    "UnlabeledEvent",
    "MilestonedEvent",
    "DemilestonedEvent",
    "ClosedEvent",
    "ReopenedEvent",
    "RenamedTitleEvent",
];

/// Every field of a type, with the arguments that it needs.
fn every_field(schema: &Schema, name: &str) -> String {
    let known = schema.get_object(name).expect("a type of the schema");
    let field = |(field, definition): (&Name, &Component<FieldDefinition>)| {
        let needs =
            |argument: &&Node<InputValueDefinition>| argument.is_required() || argument.name == "first";
        let value = |argument: &Node<InputValueDefinition>| match argument.name.as_str() {
            "first" | "number" => format!("{}: 1", argument.name),
            "login" => "login: \"acme\"".to_owned(),
            "id" => "id: \"I_kwDO000000000000\"".to_owned(),
            other => format!("{other}: \"web\""),
        };
        let arguments: Vec<String> = definition.arguments.iter().filter(needs).map(value).collect();
        let arguments =
            if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        let composite = !schema.types[definition.ty.inner_named_type()].is_leaf();
        format!("{field}{arguments}{}", if composite { " { __typename }" } else { "" })
    };
    known.fields.iter().map(field).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn every_field_of_the_schema_is_answered() {
    let sandbox = acme().await;
    let installed = Asker::installed(&sandbox, Value::Null).await;
    let (ana, issue) = (sandbox.by("ana"), sandbox.by("ana").open_issue("acme/web", "Slow", "x"));
    installed.post("/repos/acme/web/issues/1/comments", json!({ "body": "status" })).await;
    ana.create_milestone("acme/web", "2026.12", None);
    ana.label(issue, "change-request");
    ana.unlabel(issue, "change-request");
    ana.set_milestone(issue, "2026.12");
    ana.clear_milestone(issue);
    ana.edit_issue(issue, Edit { title: Some("Very slow"), body: None });
    ana.close(issue, CloseReason::Duplicate);
    ana.reopen(issue);
    let pull = pull_request(&sandbox, "topic", "Closes #1");
    sandbox.by("quinn").review(pull, Verdict::Approve, "");
    ana.enqueue(pull);
    ana.annotate_tag("acme/web", "v1", "main");
    ana.dispatch("acme/web", &["production"], "main");

    let schema = Schema::parse_and_validate(GRAPHQL_SCHEMA, "schema.graphql").expect("a valid schema");
    for (name, place) in PLACES {
        let fields = format!("reached: __typename {}", every_field(&schema, name));
        let answer = installed.query(&format!("{{ {} }}", place.replace('@', &fields)), Value::Null).await;
        let messages = answer["errors"].as_array().cloned().unwrap_or_default();
        let unanswered =
            messages.iter().any(|error| error["message"].to_string().contains("does not answer"));
        let reached = answer.to_string().contains(&format!("\"reached\":\"{name}\""));
        assert!(reached && !unanswered, "{name}: {answer}");
    }
    let spread = EVENTS.map(|name| {
        let fields: Vec<String> = every_field(&schema, name)
            .replace(" { __typename }", "\u{1}")
            .split(' ')
            .map(str::to_owned)
            .collect();
        let alias = |field: &String| {
            format!(
                "{name}_{}: {}",
                field.trim_end_matches('\u{1}'),
                field.replace('\u{1}', " { __typename }")
            )
        };
        format!(
            "... on {name} {{ reached: __typename {} }}",
            fields.iter().map(alias).collect::<Vec<_>>().join(" ")
        )
    });
    let timeline = format!(
        "{{ repository(owner: \"acme\", name: \"web\") {{ issue(number: 1) {{ timelineItems(first: 50) {{ nodes {{ {} }} }} }} }} }}",
        spread.join(" ")
    );
    let answer = installed.query(&timeline, Value::Null).await;
    assert_eq!(answer["errors"], Value::Null);
    for name in EVENTS {
        assert!(answer.to_string().contains(&format!("\"reached\":\"{name}\"")), "{name}");
    }
}
