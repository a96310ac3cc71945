//! Bodies, good and bad.

mod deploying;

use proptest::prelude::*;

use super::*;
use crate::domain::{
    event::{
        CommentedOn, IssueChange, LabelChange, MergeGroupChange, PullRequestChange, RepositoryChange,
        ReviewState,
    },
    ids::{AccountId, IssueRef, RepoId},
};

const SHA: &str = "0123456789012345678901234567890123456789";

/// A body about repository 7, acme/web.
fn about(rest: &str) -> String {
    format!(
        r#"{{"repository":{{"id":7,"full_name":"acme/web","owner":{{"id":5,"login":"acme","type":"Organization"}}}},
            "sender":{{"id":9,"login":"ana","type":"User"}},"installation":{{"id":3}},{rest}}}"#
    )
}

fn event(name: &str, body: &str) -> Event {
    match read(name, body.as_bytes()) {
        Ok(Reading::Event(event)) => *event,
        other => panic!("{name}: {other:?}"),
    }
}

fn refused(name: &str, body: &str) -> String {
    read(name, body.as_bytes()).map(|reading| format!("{reading:?}")).unwrap_err().to_string()
}

#[test]
fn an_issue_with_nothing_but_its_number_is_an_event() {
    let what = event("issues", &about(r#""action":"opened","issue":{"number":12}"#)).what;
    let What::Issue { change, issue } = what else { panic!("{what:?}") };
    assert_eq!(change, IssueChange::Opened);
    assert_eq!(issue.at, IssueRef { repo: RepoId(7), number: 12 });
    assert!(issue.open && issue.labels.is_empty() && issue.body.is_empty());
}

#[test]
fn null_and_missing_mean_the_same() {
    let missing = event("issues", &about(r#""action":"opened","issue":{"number":12}"#));
    let null = event(
        "issues",
        &about(
            r#""action":"opened","label":null,"organization":null,"changes":null,"issue":{"number":12,"title":null,
               "body":null,"labels":null,"user":null,"milestone":null,"assignees":null,"type":null,
               "state_reason":null,"closed_at":null,"pull_request":null}"#,
        ),
    );
    assert_eq!(missing, null);
}

#[test]
fn who_where_and_through_what_stands_on_every_event() {
    let event = event(
        "push",
        &about(&format!(r#""ref":"refs/heads/main","before":"{}","after":"{SHA}""#, "0".repeat(40))),
    );
    insta::assert_snapshot!(
        serde_json::to_string(&event).unwrap(),
        @r#"{"account":{"id":5,"login":"acme","organisation":true},"installation":3,"repository":{"id":7,"name":"acme/web","default_branch":null,"private":null,"archived":null},"actor":{"id":9,"login":"ana","person":true},"what":{"event":"push","reference":"refs/heads/main","before":null,"after":"0123456789012345678901234567890123456789","forced":false}}"#
    );
}

#[test]
fn only_people_are_persons() {
    for (kind, login, person) in [
        (r#","type":"User""#, "ana", true),
        (r#","type":"Bot""#, "renovate[bot]", false),
        (r#","type":"User""#, "renovate[bot]", false),
        (r#","type":"Organization""#, "acme", false),
        (r#","type":"Mannequin""#, "ghost", false),
        ("", "ana", false),
    ] {
        let sender = format!(r#"{{"zen":"z","sender":{{"id":1,"login":"{login}"{kind}}}}}"#);
        let actor = event("ping", &sender).actor.unwrap();
        assert_eq!(actor.person, person, "{kind} {login}");
    }
}

#[test]
fn labels_stand_in_alphabetical_order_and_the_one_that_was_set_is_named() {
    let body = about(
        r#""action":"labeled","label":{"name":"b"},"issue":{"number":1,"labels":[{"name":"b"},{"name":"a"}]}"#,
    );
    let What::Issue { change, issue } = event("issues", &body).what else { panic!() };
    assert_eq!(change, IssueChange::Labeled("b".into()));
    assert_eq!(issue.labels, ["a", "b"]);
}

#[test]
fn a_transferred_issue_says_where_it_went() {
    let body = about(
        r#""action":"transferred","issue":{"number":1},
           "changes":{"new_issue":{"number":44},"new_repository":{"id":8,"full_name":"acme/app"}}"#,
    );
    let What::Issue { change, .. } = event("issues", &body).what else { panic!() };
    assert_eq!(change, IssueChange::Transferred { to: Some(IssueRef { repo: RepoId(8), number: 44 }) });
}

#[test]
fn a_comment_on_a_pull_request_is_told_from_one_on_an_issue() {
    let comment = r#""action":"created","comment":{"id":1,"performed_via_github_app":{"id":4}},"issue""#;
    let What::Comment { on, comment: on_pull, .. } =
        event("issue_comment", &about(&format!(r#"{comment}:{{"number":2,"pull_request":{{"url":"x"}}}}"#)))
            .what
    else {
        panic!()
    };
    assert_eq!(on, CommentedOn::PullRequest(IssueRef { repo: RepoId(7), number: 2 }));
    assert_eq!(on_pull.app, Some(4));
    let What::Comment { on: CommentedOn::Issue(issue), .. } =
        event("issue_comment", &about(&format!(r#"{comment}:{{"number":2}}"#))).what
    else {
        panic!()
    };
    assert_eq!(issue.at.number, 2);
}

#[test]
fn a_pull_request_whose_fork_is_gone_has_no_head_repository() {
    let body = about(&format!(
        r#""action":"synchronize","pull_request":{{"number":3,"head":{{"sha":"{SHA}","ref":"x","repo":null}},
           "base":{{"sha":"{SHA}","ref":"main","repo":{{"id":7}}}},"merge_commit_sha":"{SHA}"}}"#
    ));
    let What::PullRequest { change, pull_request } = event("pull_request", &body).what else { panic!() };
    assert_eq!(change, PullRequestChange::Synchronized);
    assert_eq!(pull_request.head_repo, None);
    assert_eq!(pull_request.merge_commit, None, "a test merge is no merge");
}

#[test]
fn reviews_merge_groups_and_labels_are_read() {
    let review = about(
        r#""action":"submitted","pull_request":{"number":3},"review":{"id":1,"state":"changes_requested"}"#,
    );
    let What::Review { review, .. } = event("pull_request_review", &review).what else { panic!() };
    assert_eq!(review.state, ReviewState::ChangesRequested);

    let group = about(&format!(
        r#""action":"checks_requested","merge_group":{{"head_sha":"{SHA}","head_ref":"refs/heads/q",
           "base_ref":"refs/heads/release/1"}}"#
    ));
    let What::MergeGroup { change, group } = event("merge_group", &group).what else { panic!() };
    assert_eq!((change, group.base_branch.as_str()), (MergeGroupChange::ChecksRequested, "release/1"));

    let renamed = about(r#""action":"edited","label":{"name":"b"},"changes":{"name":{"from":"a"}}"#);
    let What::Label { change, .. } = event("label", &renamed).what else { panic!() };
    assert_eq!(change, LabelChange::Edited { from: Some("a".into()) });
}

#[test]
fn unknown_events_and_actions_are_no_errors() {
    for (name, body) in [
        ("star", "not even JSON"),
        ("", "{}"),
        ("membership", r#"{"action":"pondered","member":{"id":1},"team":{"id":2}}"#),
        ("deployment_protection_rule", &*about(r#""action":"withdrawn""#)),
        ("issues", &*about(r#""action":"milestoned","issue":{"number":1,"pull_request":{}}"#)),
    ] {
        assert!(matches!(read(name, body.as_bytes()), Ok(Reading::Unknown { .. })), "{name}");
    }
    let What::Issue { change, .. } =
        event("issues", &about(r#""action":"typed","type":{"name":"Bug"},"issue":{"number":1}"#)).what
    else {
        panic!()
    };
    assert_eq!(change, IssueChange::Other);
}

#[test]
fn a_body_sent_under_another_events_name_is_refused() {
    let issue = r#""issue":{"number":1}"#;
    let pull = format!(
        r#""pull_request":{{"number":3,"head":{{"sha":"{SHA}","ref":"x"}},"base":{{"sha":"{SHA}","ref":"main"}}}}"#
    );
    for (name, body) in [
        ("pull_request_review", format!(r#""action":"created",{issue},"comment":{{"id":1}}"#)),
        ("issues", format!(r#""action":"deleted",{issue},"comment":{{"id":1}}"#)),
        ("pull_request", format!(r#""action":"submitted",{pull},"review":{{"id":1}}"#)),
        ("pull_request", format!(r#""action":"created",{pull},"comment":{{"id":1}}"#)),
        ("milestone", format!(r#""action":"created",{issue},"milestone":{{"number":1,"title":"x"}}"#)),
        ("label", format!(r#""action":"deleted",{issue},"label":{{"name":"x"}}"#)),
        ("repository", format!(r#""action":"deleted",{issue}"#)),
        ("repository", r#""action":"deleted","starred_at":null"#.into()),
        ("deployment", r#""action":"created","deployment":{"id":1},"deployment_status":{}"#.into()),
        ("deployment_protection_rule", r#""action":"requested","check_suite":{}"#.into()),
        ("deployment_protection_rule", r#""action":"requested","workflow_run":{},"since":"x""#.into()),
        ("team", r#""action":"added","team":{"id":1},"member":{"id":1}"#.into()),
        ("ping", r#""action":"created""#.into()),
    ] {
        let why = refused(name, &about(&body));
        assert!(why.starts_with("shape mismatch: "), "{name}: {why}");
    }
    let why = refused("installation", &about(r#""action":"deleted""#));
    insta::assert_snapshot!(why, @"the body is not what GitHub describes as `installation`: missing field `account` at line 2 column 81");
}

#[test]
fn what_cannot_be_read_says_why() {
    let mut said = vec![];
    for (name, body) in [
        ("not JSON", "<html>".into()),
        ("empty", String::new()),
        ("a list", "[]".into()),
        ("a key twice", about(r#""action":"opened","action":"closed","issue":{"number":1}"#)),
        ("an inner key twice", about(r#""action":"opened","issue":{"number":1,"number":2}"#)),
        ("a float", about(r#""action":"opened","issue":{"number":1.5}"#)),
        ("below zero", about(r#""action":"opened","issue":{"number":-1}"#)),
        ("NaN", about(r#""action":"opened","issue":{"number":NaN}"#)),
        ("half a pair", about(r#""action":"opened","issue":{"number":1,"title":"\ud800"}"#)),
        ("NUL", about(r#""action":"opened","issue":{"number":1,"title":"a\u0000b"}"#)),
        (
            "a foreign name",
            about(r#""action":"opened","issue":{"number":1}"#).replace("acme/web", "acme/../web"),
        ),
        ("no issue", about(r#""action":"opened""#)),
        ("no repository", r#"{"action":"opened","issue":{"number":1}}"#.into()),
        ("a form", "payload=%7B%7D".into()),
    ] {
        said.push(format!("{name}: {}", refused("issues", &body)));
    }
    insta::assert_snapshot!(said.join("\n").replace("the body is not what GitHub describes as `issues`", "…"), @"
    not JSON: …: it is not JSON: expected value at line 1 column 1
    empty: …: it is empty
    a list: …: invalid type: sequence, expected an object at line 1 column 0
    a key twice: …: duplicate field `action` at line 2 column 117
    an inner key twice: …: duplicate field `number` at line 2 column 128
    a float: …: invalid type: floating point `1.5`, expected u64 at line 2 column 121
    below zero: …: invalid value: integer `-1`, expected u64 at line 2 column 120
    NaN: …: it is not JSON: expected value at line 2 column 119
    half a pair: …: it is not JSON: unexpected end of hex escape at line 2 column 136
    NUL: …: a text contains the character NUL at line 2 column 139
    a foreign name: …: `acme/../web` is not a repository (owner/name) at line 1 column 47
    no issue: shape mismatch: the body is not that of a `issues` event: it has no `issue`
    no repository: shape mismatch: the body is not that of a `issues` event: it has no `repository`
    a form: …: it is not JSON: expected value at line 1 column 1
    ");
}

#[test]
fn a_complaint_does_not_repeat_a_megabyte() {
    let body = about(&format!(r#""action":"opened","issue":{{"number":"{}"}}"#, "x".repeat(1_000_000)));
    let why = refused("issues", &body);
    assert!(why.len() < 400 && why.contains("line 2 column"), "{why}");
}

#[test]
fn nesting_is_no_bomb() {
    for depth in [1_000, 1_000_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let unread = about(&format!(r#""action":"opened","issue":{{"number":1}},"extra":{nested}"#));
        assert_eq!(event("issues", &unread).what.name(), "issue opened");
        let inner = about(&format!(r#""action":"opened","issue":{{"number":1,"extra":{nested}}}"#));
        assert_eq!(event("issues", &inner).what.name(), "issue opened");
        assert!(read("issues", about(&format!(r#""action":"opened","issue":{nested}"#)).as_bytes()).is_err());
        assert!(read("issues", "[".repeat(depth).as_bytes()).is_err());
    }
}

/// Bodies that are nearly right: the telling parts of an event, filled with anything.
fn nearly() -> impl Strategy<Value = (String, String)> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f32>().prop_map(|number| format!("{number:?}")),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        Just(format!(r#""{SHA}""#)),
    ];
    let keys = [
        "id",
        "number",
        "full_name",
        "login",
        "name",
        "head",
        "base",
        "sha",
        "ref",
        "user",
        "labels",
        "state",
    ];
    let value = leaf.prop_recursive(4, 32, 4, move |inner| {
        let object = prop::collection::vec((prop::sample::select(keys.to_vec()), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            object.prop_map(|parts| object_of(&parts)),
        ]
    });
    let parts = prop::collection::vec((prop::sample::select(shape::TELLING.to_vec()), value), 0..6);
    (prop::sample::select(OURS.to_vec()), parts)
        .prop_map(|(event, parts)| (event.to_owned(), object_of(&parts)))
}

fn object_of(parts: &[(&str, String)]) -> String {
    let parts: Vec<String> = parts.iter().map(|(key, value)| format!(r#""{key}":{value}"#)).collect();
    format!("{{{}}}", parts.join(","))
}

const OURS: [&str; 24] = [
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "check_run",
    "check_suite",
    "deployment",
    "deployment_status",
    "deployment_protection_rule",
    "deployment_review",
    "milestone",
    "push",
    "merge_group",
    "installation",
    "installation_repositories",
    "label",
    "create",
    "delete",
    "release",
    "repository",
    "member",
    "membership",
    "team",
    "ping",
];

proptest! {
    #[test]
    fn whatever_arrives_is_read_or_refused((event, body) in nearly(), bytes in any::<Vec<u8>>()) {
        let _ = read(&event, body.as_bytes());
        prop_assert!(read(&event, &bytes).is_err());
    }
}

#[test]
fn all_our_events_have_a_shape() {
    assert!(OURS.iter().all(|event| shape::expected(event).is_some()));
}

/// GitHub's published examples, where the contract's packages are installed.
fn published() -> Vec<(String, Vec<String>)> {
    #[derive(Deserialize)]
    struct Group {
        name: String,
        examples: Vec<Box<serde_json::value::RawValue>>,
    }
    let file = "tests/contract/node_modules/@octokit/webhooks-examples/api.github.com/index.json";
    let Ok(text) = std::fs::read(file) else {
        eprintln!("skipped: no {file} (`npm ci` in tests/contract)");
        return vec![];
    };
    let groups: Vec<Group> = serde_json::from_slice(&text).unwrap();
    let bodies = |group: Group| group.examples.iter().map(|body| body.get().to_owned()).collect();
    groups.into_iter().map(|group| (group.name.clone(), bodies(group))).collect()
}

#[test]
fn every_published_example_of_our_events_is_understood() {
    let mut not_events = vec![];
    for (name, bodies) in published() {
        for body in bodies.iter().filter(|_| shape::expected(&name).is_some()) {
            match read(&name, body.as_bytes()).unwrap() {
                Reading::Event(_) => {}
                Reading::Unknown { why } => not_events.push(format!("{name}: {why}")),
            }
        }
    }
    not_events.dedup();
    assert!(not_events.len() <= 1, "only an issue that is a pull request: {not_events:#?}");
}

#[test]
fn no_published_example_passes_as_another_event() {
    let groups = published();
    let ours = || groups.iter().map(|(name, _)| name).filter(|name| shape::expected(name).is_some());
    let mut passed = std::collections::BTreeSet::new();
    for (name, bodies) in &groups {
        for other in ours().filter(|other| *other != name) {
            let passes = |body: &String| matches!(read(other, body.as_bytes()), Ok(Reading::Event(_)));
            passed.extend(bodies.iter().any(passes).then(|| format!("{name} as {other}")));
        }
    }
    passed.remove("watch as repository"); // `started`: an action that says nothing of a repository
    assert!(passed.is_empty(), "{passed:#?}");
}

#[test]
fn a_transferred_repository_says_whose_it_was() {
    for (owner, former) in [
        (r#"{"from":{"user":{"id":11,"login":"ana"}}}"#, Some(11)),
        (r#"{"from":{"organization":{"id":12,"login":"old"}}}"#, Some(12)),
        (r#"{"from":{}}"#, None),
        ("null", None),
    ] {
        let body = about(&format!(r#""action":"transferred","changes":{{"owner":{owner}}}"#));
        let What::Repository { change } = event("repository", &body).what else { panic!() };
        assert_eq!(change, RepositoryChange::Transferred { from: former.map(AccountId) }, "{owner}");
    }
}
