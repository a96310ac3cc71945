//! Our documents against GitHub's published schema, where the contract's packages are installed.

use apollo_compiler::{ExecutableDocument, Schema, validation::Valid};

use crate::github::queries;

#[test]
fn every_document_is_valid_by_githubs_schema() {
    let file = "tests/contract/node_modules/@octokit/graphql-schema/schema.graphql";
    let Ok(text) = std::fs::read_to_string(file) else {
        eprintln!("skipped: no {file} (`npm ci` in tests/contract)");
        return;
    };
    // The published schema defines some fields of enterprises twice, which makes it invalid by itself.
    let schema = Schema::parse(text, "schema.graphql").unwrap_or_else(|errors| errors.partial);
    let schema = Valid::assume_valid(schema);
    for (name, query) in queries() {
        let valid = ExecutableDocument::parse_and_validate(&schema, &query, name);
        assert!(valid.is_ok(), "{name}: {}", valid.unwrap_err().errors);
        let damaged = query.replace("databaseId", "databaseKey");
        assert!(
            damaged == query || ExecutableDocument::parse_and_validate(&schema, damaged, name).is_err(),
            "{name}: a damaged document passes"
        );
    }
}

#[test]
fn no_value_is_ever_written_into_a_document() {
    for (name, query) in queries() {
        assert!(!query.contains("acme") && !query.contains('"'), "{name}");
    }
}
