//! The schema that editors use takes what the program takes, and refuses what it refuses for its shape.

use super::*;

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::new(&schema()).expect("a schema")
}

fn as_json(text: &str) -> serde_json::Value {
    serde_saphyr::from_str(text).expect("YAML")
}

#[test]
fn the_schema_is_one_of_draft_2020_12() {
    assert!(jsonschema::meta::is_valid(&schema()));
    assert_eq!(schema().get("$schema"), Some(&"https://json-schema.org/draft/2020-12/schema".into()));
    assert_eq!(schema().get("$id"), None);
}

#[test]
fn the_schema_takes_the_example_and_the_smallest_file() {
    for text in [EXAMPLE, SMALLEST] {
        let errors: Vec<String> =
            validator().iter_errors(&as_json(text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn schema_and_program_refuse_the_same_shapes() {
    let validator = validator();
    for text in [
        "- mode\n",
        "moed: observe\n",
        "mode: strict\n",
        "mode: 1\n",
        "mode: null\n",
        "version: 2\n",
        "roles: { boss: [dana] }\n",
        "groups: { qa: dana }\n",
        "groups: { qa: [1] }\n",
        "intake: { requires: [Why] }\n",
        "accounts: { sales: {} }\n",
        "trains: { a: { title: \"{year}\" } }\n",
        "trains: { a: { repositories: [a/b], title: \"{year}\", slots: 0 } }\n",
        "trains: { a: { repositories: [a/b], title: \"{year}\", slots: many } }\n",
        "trains: { a: { repositories: [a/b], title: \"{year}\", record: [a/b] } }\n",
        "environments: { a: { train: [{ notice: qa }] } }\n",
        "environments: { a: { train: [{ notice: { before: 2 hours } }] } }\n",
        "repositories: [{ mode: observe }]\n",
        "repositories: [{ match: 1 }]\n",
        "environments: { p: { require: [{ range: traced, change: accepted }] } }\n",
        "environments: { p: { require: [{}] } }\n",
        "environments: { p: { train: [{ approvals: { qa: 0 } }] } }\n",
        "environments: { p: { train: [{ approvals: { qa: one } }] } }\n",
        "environments: { p: { require: [{ checks: [{ name: ci }] }] } }\n",
        "environments: { p: { when: [{ risk: extreme, require: [] }] } }\n",
        "environments: { p: { emergency: { lasts: 4 hours } } }\n",
        "standard-changes: [{ paths: [a] }]\n",
        "freezes: [{ name: a, from: 2026-12-28 00:00 }]\n",
        "commands: { prefix: 1 }\n",
        "pipelines: { workflows: a/b/.github/workflows/c.yml@refs/heads/main }\n",
        "pipelines: { issuers: [{ issuer: \"https://x.example\", repository: a/b }] }\n",
        "pipelines: { issuers: [{ issuer: \"https://x.example\", repository: a/b, when: { ok: true } }] }\n",
        "pipelines: { audience: x }\n",
    ] {
        assert!(!validator.is_valid(&as_json(text)), "the schema takes {text}");
        assert!(parse("p.yml", text, Scope::Organisation).is_err(), "the program takes {text}");
    }
}

#[test]
fn every_key_has_a_description_in_the_schema() {
    fn walk(path: &str, schema: &serde_json::Value, bare: &mut Vec<String>) {
        let Some(keys) = schema.get("properties").and_then(serde_json::Value::as_object) else {
            for part in ["items", "additionalProperties"].into_iter().filter_map(|part| schema.get(part)) {
                walk(path, part, bare);
            }
            return;
        };
        for (key, value) in keys {
            let path = format!("{path}.{key}");
            if value.get("description").is_none() {
                bare.push(path.clone());
            }
            walk(&path, value, bare);
        }
    }
    let mut bare = Vec::new();
    walk("", &schema(), &mut bare);
    assert_eq!(bare, Vec::<String>::new());
}
