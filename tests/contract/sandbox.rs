//! The sandbox speaks as GitHub describes, and so does the program: everything that either said in one long story.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use changegate::sandbox::Request;
use serde_json::{Value, json};

use crate::graphql::Graphql;
use crate::rest::Rest;
use crate::story::told;
use crate::webhooks::{Named, Webhooks};

/// Says it past the capture of the test harness.
fn say(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

fn json_of(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { serde_json::from_str(text).unwrap() }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_webhook_of_the_sandbox_is_one_that_github_sends() {
    let Some(webhooks) = Webhooks::load() else { return };
    let mut kinds: BTreeMap<Named, Value> = BTreeMap::new();
    let (mut count, mut faults) = (0, BTreeSet::new());
    for attempt in &told().await.attempts {
        let (event, action) = (attempt.delivery.event.as_str(), attempt.delivery.action.as_deref());
        let payload = json_of(&attempt.delivery.body);
        let checked = webhooks.check(event, action, &payload);
        faults.extend(checked.err().into_iter().flatten().map(|fault| format!("{event} {action:?} {fault}")));
        kinds.entry((event.to_owned(), action.map(str::to_owned))).or_insert(payload);
        count += 1;
    }
    assert!(faults.is_empty(), "{faults:#?}");
    let mut damages = 0;
    for ((event, action), payload) in &kinds {
        let (missed, tried) = webhooks.unnoticed(event, action.as_deref(), payload).unwrap();
        assert!(missed.is_empty() && tried > 20, "{event} {action:?}: {missed:?} of {tried}");
        damages += tried;
    }
    say(&format!("{count} webhooks of {} kinds fit, {damages} damaged copies do not", kinds.len()));
    assert!(kinds.len() >= 71, "{} kinds: {:?}", kinds.len(), kinds.keys());
}

/// A REST request of the story, with path and query as one text.
type Asked = (&'static Request, String);

fn rest_only(requests: &'static [Request]) -> impl Iterator<Item = Asked> {
    let rest = requests.iter().filter(|request| request.path != "/graphql");
    rest.map(|request| {
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        (request, format!("{}{query}", request.path))
    })
}

/// A file asked for as it is (`Accept: application/vnd.github.raw+json`) is the one answer that is no JSON.
fn is_raw_file(request: &Request) -> bool {
    let wanted = request.method == "GET" && request.path.contains("/contents/") && request.status == 200;
    wanted && serde_json::from_str::<Value>(&request.answer).is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_of_the_program_is_one_that_github_takes() {
    let Some(rest) = Rest::load() else { return };
    let mut kinds: BTreeMap<String, Asked> = BTreeMap::new();
    let (mut count, mut faults) = (0, BTreeSet::new());
    for (request, path) in rest_only(&told().await.program) {
        let checked = rest.request(&request.method, &path, &request.body);
        let place = format!("{} {path}", request.method);
        faults.extend(checked.err().into_iter().flatten().map(|fault| format!("{place}: {fault}")));
        let template = rest.template(&request.method, &path).unwrap_or_default();
        kinds.entry(format!("{} {template}", request.method)).or_insert((request, path));
        count += 1;
    }
    assert!(faults.is_empty(), "{faults:#?}");
    kinds.iter().for_each(|(kind, asked)| no_damage_is_taken(rest, kind, asked));
    say(&format!("{count} requests of {} kinds fit", kinds.len()));
    assert!(kinds.len() >= 27, "{:?}", kinds.keys());
}

fn no_damage_is_taken(rest: &Rest, kind: &str, (request, path): &Asked) {
    let Request { method, body, .. } = request;
    let separator = if path.contains('?') { '&' } else { '?' };
    let odd = format!("{path}{separator}no_such_parameter=1");
    assert!(rest.request(method, &odd, body).is_err(), "{kind} with a parameter");
    let mut odd = if body.is_null() { json!({}) } else { body.clone() };
    odd["no_such_property"] = json!(1);
    assert!(rest.request(method, path, &odd).is_err(), "{kind} with a property");
    if !body.is_null() {
        let (missed, tried) = rest.unnoticed_in_request(method, path, body).unwrap();
        assert!(missed.is_empty() && tried > 0, "{kind}: {missed:?} of {tried}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_the_sandbox_is_one_that_github_gives() {
    let Some(rest) = Rest::load() else { return };
    let mut kinds: BTreeMap<(String, u16), Asked> = BTreeMap::new();
    let (mut count, mut faults) = (0, BTreeSet::new());
    let told = told().await;
    let asked = rest_only(&told.program).chain(rest_only(&told.asker));
    let answered = asked.filter(|(request, _)| request.status != 0 && !is_raw_file(request));
    for (request, path) in answered {
        let checked = rest.response(&request.method, &path, request.status, &json_of(&request.answer));
        let place = format!("{} {path} {}", request.method, request.status);
        faults.extend(checked.err().into_iter().flatten().map(|fault| format!("{place}: {fault}")));
        let template = rest.template(&request.method, &path).unwrap_or_default();
        kinds.entry((format!("{} {template}", request.method), request.status)).or_insert((request, path));
        count += 1;
    }
    assert!(faults.is_empty(), "{faults:#?}");
    let damages: usize = kinds.iter().map(|((kind, _), asked)| damages_noticed(rest, kind, asked)).sum();
    say(&format!("{count} answers of {} kinds fit, {damages} damaged copies do not", kinds.len()));
    assert!(kinds.len() >= 77, "{} kinds: {:?}", kinds.len(), kinds.keys());
}

/// How many damaged copies of an answer are refused; all must be.
fn damages_noticed(rest: &Rest, kind: &str, (request, path): &Asked) -> usize {
    let (method, status, answer) = (&request.method, request.status, json_of(&request.answer));
    assert!(rest.response(method, path, 299, &answer).is_err(), "{kind} with another status");
    if answer.is_null() {
        assert!(rest.response(method, path, status, &json!({})).is_err(), "{kind} {status} with a body");
        return 1;
    }
    let (missed, tried) = rest.unnoticed_in_response(method, path, status, &answer).unwrap();
    assert!(missed.is_empty() && tried > 0, "{kind} {status}: {missed:?} of {tried}");
    tried
}

/// What a document selects, without the numbers that tell its parts apart.
fn selection(query: &str) -> String {
    let (_, selected) = query.split_once("q0: ").unwrap();
    let selected = selected.split(" fragment ").next().unwrap_or(selected).trim();
    selected.strip_suffix('}').unwrap_or(selected).replace(|c: char| c.is_ascii_digit(), "").trim().to_owned()
}

#[test]
fn every_query_of_ours_is_one_that_github_takes() {
    let Some(graphql) = Graphql::load() else { return };
    for (name, query) in changegate::github::queries() {
        assert_eq!(graphql.document(&query).err(), None, "{name}");
        let odd = query.replacen('{', "{ noSuchField ", 1);
        assert!(graphql.document(&odd).is_err(), "{name} with another field");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_is_sent_with_variables_that_github_takes() {
    let Some(graphql) = Graphql::load() else { return };
    let (mut sent, mut faults) = (BTreeSet::new(), BTreeSet::new());
    for request in told().await.program.iter().filter(|request| request.path == "/graphql") {
        let (query, variables) = (request.body["query"].as_str().unwrap(), &request.body["variables"]);
        faults.extend(graphql.check(query, variables).err().into_iter().flatten());
        assert!(graphql.check(query, &Value::Null).is_err(), "{query} without variables");
        sent.insert(query.replace(|c: char| c.is_ascii_digit(), ""));
    }
    assert!(faults.is_empty(), "{faults:#?}");
    let ours = changegate::github::queries().into_iter().filter(|(name, _)| *name != "together");
    let unsent = ours.filter(|(_, query)| !sent.iter().any(|sent| sent.contains(&selection(query))));
    let unsent: Vec<&str> = unsent.map(|(name, _)| name).collect();
    assert!(unsent.is_empty(), "the story sends no query for {unsent:?}");
    say(&format!("{} different queries fit", sent.len()));
}

#[test]
fn the_sandbox_answers_by_a_part_of_github_s_graphql_schema() {
    let Some(graphql) = Graphql::load() else { return };
    let schema = changegate::sandbox::GRAPHQL_SCHEMA;
    assert_eq!(graphql.contains(schema), Ok(()));
    let odd = schema.replacen("type Query {", "type Query { noSuchField: Int", 1);
    let fault = "GitHub has no Query.noSuchField".to_owned();
    assert_eq!(graphql.contains(&odd), Err(vec![fault]));
}
