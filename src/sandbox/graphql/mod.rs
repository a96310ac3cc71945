//! GraphQL: the queries that the App sends, executed by the part of GitHub's schema that they use.

use std::sync::LazyLock;

use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Value, json};

use super::state::{Grant, State};

mod connection;
mod deployment;
mod issue;
mod node;
mod pull;
mod repository;

use node::{Node, Thing, View};

/// The part of GitHub's schema that is answered.
pub const SCHEMA: &str = include_str!("schema.graphql");

static PARSED: LazyLock<Option<Valid<Schema>>> =
    LazyLock::new(|| Schema::parse_and_validate(SCHEMA, "schema.graphql").ok());

const FORBIDDEN: &str = "Resource not accessible by integration";
const UNRESOLVED: &str = "Could not resolve to";

/// Executes the query of a request's body with what a token allows.
pub(super) fn execute(state: &State, grant: &Grant, body: &Value) -> Value {
    let Some(schema) = PARSED.as_ref() else {
        return refused("the sandbox's schema is broken");
    };
    let query = body["query"].as_str().unwrap_or_default();
    let document = match ExecutableDocument::parse_and_validate(schema, query, "query.graphql") {
        Ok(document) => document,
        Err(invalid) => {
            let errors: Vec<Value> =
                invalid.errors.iter().map(|error| json!(error.unstable_to_json_compat())).collect();
            return json!({ "errors": errors });
        }
    };
    let variables: JsonMap = serde_json::from_value(body["variables"].clone()).unwrap_or_default();
    let root = Node { view: View { state, grant }, thing: Thing::Query };
    let named = Execution::new(schema, &document).operation_name(body["operationName"].as_str());
    let executed = named.and_then(|execution| execution.raw_variable_values(&variables).execute_sync(&root));
    match executed {
        Ok(response) => typed(json!(response)),
        Err(cause) => json!({ "errors": [cause.to_graphql_error(&document.sources)] }),
    }
}

fn refused(message: &str) -> Value {
    json!({ "errors": [{ "message": message }] })
}

/// What the engine puts before a message of ours.
const ENGINE_PREFIX: &str = "resolver error: ";

/// Gives each error GitHub's message and word for its kind.
fn typed(mut response: Value) -> Value {
    let errors = response.get_mut("errors").and_then(Value::as_array_mut);
    for error in errors.into_iter().flatten() {
        let message = error["message"].as_str().unwrap_or_default();
        let message = message.strip_prefix(ENGINE_PREFIX).unwrap_or(message).to_owned();
        error["message"] = json!(message);
        if message == FORBIDDEN {
            error["type"] = json!("FORBIDDEN");
        } else if message.starts_with(UNRESOLVED) {
            error["type"] = json!("NOT_FOUND");
        }
    }
    response
}
