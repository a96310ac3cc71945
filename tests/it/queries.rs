//! Every GraphQL query that the program sends is one that the sandbox understands.

use apollo_compiler::{ExecutableDocument, Schema};

#[test]
fn the_sandbox_understands_every_query_that_we_send() {
    let schema = Schema::parse_and_validate(changegate::sandbox::GRAPHQL_SCHEMA, "sandbox").unwrap();
    for (name, query) in changegate::github::queries() {
        if let Err(error) = ExecutableDocument::parse_and_validate(&schema, &query, name) {
            panic!("{name}: {}", error.errors);
        }
    }
}
