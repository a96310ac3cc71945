//! GitHub's GraphQL schema: would GitHub take this query?

use std::sync::OnceLock;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::Value;

use crate::material::Material;
use crate::schema::Faults;

/// GitHub's public schema (`@octokit/graphql-schema`).
pub struct Graphql {
    schema: Valid<Schema>,
}

impl Graphql {
    /// The schema, parsed once; `None` where the contract material is missing.
    pub fn load() -> Option<&'static Graphql> {
        static LOADED: OnceLock<Graphql> = OnceLock::new();
        let material = Material::find()?;
        Some(LOADED.get_or_init(|| {
            let sdl = material.text("@octokit/graphql-schema/schema.graphql");
            Graphql { schema: Valid::assume_valid(published(&sdl)) }
        }))
    }

    pub fn schema(&self) -> &Valid<Schema> {
        &self.schema
    }

    /// Whether GitHub takes this document, whatever its variables are.
    pub fn document(&self, query: &str) -> Result<Valid<ExecutableDocument>, Faults> {
        ExecutableDocument::parse_and_validate(&self.schema, query, "query.graphql")
            .map_err(|invalid| sentences(&invalid.errors))
    }

    /// Whether GitHub takes this document of one operation with these variables (an object, or null for none).
    pub fn check(&self, query: &str, variables: &Value) -> Result<(), Faults> {
        let document = self.document(query)?;
        let operation = document.operations.get(None).map_err(|error| vec![format!("{error:?}")])?;
        let variables = serde_json::from_value(variables.clone()).map_err(|error| vec![error.to_string()])?;
        let variables: Option<_> = variables;
        apollo_compiler::request::coerce_variable_values(
            &self.schema,
            operation,
            &variables.unwrap_or_default(),
        )
        .map_err(|error| vec![format!("{error:?}")])?;
        Ok(())
    }
}

/// GitHub publishes some definitions twice, which a strict reader refuses; the first of each counts. Anything else that
/// is wrong with the text is an error here too.
fn published(sdl: &str) -> Schema {
    let invalid = match Schema::parse(sdl, "schema.graphql") {
        Ok(schema) => return schema,
        Err(invalid) => invalid,
    };
    let errors = sentences(&invalid.errors);
    let other: Vec<&String> =
        errors.iter().filter(|error| !error.starts_with("duplicate definitions")).collect();
    assert!(other.is_empty(), "{other:?}");
    invalid.partial
}

fn sentences(errors: &apollo_compiler::validation::DiagnosticList) -> Faults {
    errors.iter().map(|error| error.error.to_string()).collect()
}

#[test]
fn a_query_that_github_would_refuse_is_refused() {
    let Some(graphql) = Graphql::load() else { return };
    let query =
        |inside: &str| format!("query($id: ID!) {{ node(id: $id) {{ ... on PullRequest {{ {inside} }} }} }}");
    let id = serde_json::json!({ "id": "PR_1" });
    let table = [
        (query("number closingIssuesReferences(first: 10) { nodes { number } }"), id.clone(), true),
        (query("number closingIssuesReferences(first: 10) { nodes { numbr } }"), id.clone(), false),
        (query("closingIssuesReferences(first: \"10\") { nodes { number } }"), id.clone(), false),
        (query("closingIssuesReferences(frist: 10) { nodes { number } }"), id.clone(), false),
        (query("closingIssuesReferences(first: 10)"), id.clone(), false),
        (query("number"), serde_json::json!({}), false),
        (query("number"), Value::Null, false),
        (query("number").replace("ID!", "Int!"), id, false),
        ("{ viewer { login } }".to_owned(), Value::Null, true),
        ("{ viewer { login }".to_owned(), Value::Null, false),
    ];
    for (query, variables, taken) in table {
        let answer = graphql.check(&query, &variables);
        assert_eq!(answer.is_ok(), taken, "{query} {answer:?}");
    }
}
