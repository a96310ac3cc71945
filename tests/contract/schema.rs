//! Cuts one schema out of GitHub's OpenAPI documents, with the components that it reaches and no others, and compiles it
//! as JSON Schema 2020-12. (A validator made from a whole document costs gigabytes.)

use std::collections::BTreeMap;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Map, Value, json};

/// A value's faults, one sentence each.
pub type Faults = Vec<String>;

/// What GitHub describes beside the thing that is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Undescribed properties pass: GitHub adds some to its answers at any time.
    Tolerated,
    /// Undescribed properties at the top are refused: GitHub would ignore what we meant to say.
    Refused,
}

/// One compiled schema.
pub struct Schema {
    document: Value,
    validator: Validator,
}

impl Schema {
    /// Compiles `root`, whose references name schemas of `components` (OpenAPI 3.0 or 3.1).
    pub fn cut(components: &Value, root: &Value, unknown: Unknown) -> Schema {
        let mut reached = BTreeMap::new();
        reach(components, root, &mut reached);
        let mut document = json!({ "allOf": [modern(root)], "components": { "schemas": reached } });
        if unknown == Unknown::Refused {
            close(&mut document);
        }
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_format("uri", |text: &str| text.is_empty() || text.contains("://")) // an unset `homepage` is ""
            .with_format("email", |text: &str| text.contains('@')) // `changegate[bot]@...` is no RFC 5321 address
            .offline()
            .build(&document)
            .unwrap_or_else(|error| panic!("{error} at {}", error.instance_path()));
        Schema { document, validator }
    }

    /// Every fault of a value, with the place of each.
    pub fn check(&self, value: &Value) -> Result<(), Faults> {
        let faults: Faults = self.validator.iter_errors(value).flat_map(|error| sentences(&error)).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Whether the value has no fault; quicker than [`Schema::check`].
    pub fn accepts(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// The cut schema, with its components at `/components/schemas`.
    pub fn document(&self) -> &Value {
        &self.document
    }
}

/// Where no branch of a choice fits, the faults of the nearest one tell more than the choice's own.
fn sentences(error: &ValidationError<'_>) -> Faults {
    let place = error.instance_path();
    let of_another_type =
        |fault: &ValidationError<'_>| fault.kind().keyword() == "type" && fault.instance_path() == place;
    if let ValidationErrorKind::AnyOf { context } = error.kind()
        && let Some(nearest) = context
            .iter()
            .filter(|faults| !faults.iter().any(of_another_type))
            .min_by_key(|faults| faults.len())
    {
        return nearest.iter().flat_map(sentences).collect();
    }
    let words = error.to_string();
    vec![if words.len() > 300 { format!("{place}: {}", error.masked()) } else { format!("{place}: {words}") }]
}

/// The component that a schema refers to, if it is a reference.
pub fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")
}

fn reach(components: &Value, node: &Value, reached: &mut BTreeMap<String, Value>) {
    if let Some(name) = reference(node)
        && !reached.contains_key(name)
    {
        let component = &components[name];
        assert!(component.is_object(), "no component {name}");
        reached.insert(name.to_owned(), modern(component));
        reach(components, component, reached);
    }
    match node {
        Value::Object(map) => map.values().for_each(|child| reach(components, child, reached)),
        Value::Array(list) => list.iter().for_each(|child| reach(components, child, reached)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// OpenAPI 3.0 or 3.1 -> JSON Schema 2020-12: `nullable` becomes explicit, annotations go, and `properties` without a
/// `type` means an object (JSON Schema would let everything else through).
fn modern(schema: &Value) -> Value {
    let Value::Object(old) = schema else { return schema.clone() };
    let mut new: Map<String, Value> = old
        .iter()
        .filter_map(|(word, value)| Some((modern_name(word).to_owned(), modern_word(word, value)?)))
        .collect();
    if new.contains_key("properties") && !["type", "$ref"].iter().any(|word| new.contains_key(*word)) {
        new.insert("type".to_owned(), json!("object"));
    }
    match old.get("nullable") {
        Some(Value::Bool(true)) => or_null(new),
        _ => Value::Object(new),
    }
}

/// GitHub writes `oneOf` where several may fit at once (an error with and without details, a user and a team).
fn modern_name(word: &str) -> &str {
    if word == "oneOf" { "anyOf" } else { word }
}

fn modern_word(word: &str, value: &Value) -> Option<Value> {
    match modern_name(word) {
        "properties" => {
            Some(value.as_object()?.iter().map(|(name, schema)| (name.clone(), modern(schema))).collect())
        }
        "allOf" | "anyOf" => Some(value.as_array()?.iter().map(modern).collect()),
        "items" | "additionalProperties" | "not" => Some(modern(value)),
        "nullable" | "example" | "examples" | "description" | "title" | "default" | "externalDocs"
        | "deprecated" | "readOnly" => None,
        _ if word.starts_with("x-") => None,
        _ => Some(value.clone()),
    }
}

fn or_null(mut schema: Map<String, Value>) -> Value {
    let plain = !["$ref", "allOf", "anyOf"].iter().any(|word| schema.contains_key(*word));
    match schema.get("type").cloned() {
        Some(Value::String(kind)) if plain => {
            schema.insert("type".to_owned(), json!([kind, "null"]));
            if let Some(Value::Array(words)) = schema.get_mut("enum")
                && !words.contains(&Value::Null)
            {
                words.push(Value::Null);
            }
            Value::Object(schema)
        }
        _ if schema.is_empty() => Value::Object(schema),
        _ => json!({ "anyOf": [Value::Object(schema), { "type": "null" }] }),
    }
}

/// Refuses undescribed properties at the top, wherever in the document the described ones stand.
fn close(document: &mut Value) {
    fn no_open_end(node: &mut Value) {
        match node {
            Value::Object(map) => {
                if map.contains_key("properties")
                    && map.get("additionalProperties") == Some(&Value::Bool(true))
                {
                    map.remove("additionalProperties");
                }
                map.values_mut().for_each(no_open_end);
            }
            Value::Array(list) => list.iter_mut().for_each(no_open_end),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    no_open_end(document);
    document["unevaluatedProperties"] = Value::Bool(false);
}

#[test]
fn nullable_means_null_as_well_whatever_stands_beside_it() {
    let components = json!({ "user": { "type": "object", "required": ["login"] } });
    let table = [
        (json!({ "type": "string", "nullable": true }), json!("a"), json!(1)),
        (json!({ "type": "string", "enum": ["a"], "nullable": true }), json!("a"), json!("b")),
        (json!({ "type": "string", "enum": ["a", null], "nullable": true }), json!("a"), json!("b")),
        (
            json!({ "$ref": "#/components/schemas/user", "nullable": true }),
            json!({ "login": "a" }),
            json!({}),
        ),
        (
            json!({ "allOf": [{ "$ref": "#/components/schemas/user" }], "nullable": true }),
            json!({ "login": "a" }),
            json!({}),
        ),
        (
            json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }], "nullable": true }),
            json!(1),
            json!(true),
        ),
        (
            json!({ "properties": { "id": { "type": "integer" } }, "nullable": true }),
            json!({ "id": 1 }),
            json!("a"),
        ),
        (
            json!({ "properties": { "id": { "type": "integer" } }, "nullable": true }),
            json!({}),
            json!({ "id": "a" }),
        ),
        (json!({ "type": ["string", "null"] }), json!("a"), json!(1)),
    ];
    for (root, good, bad) in table {
        let schema = Schema::cut(&components, &root, Unknown::Tolerated);
        assert!(schema.accepts(&Value::Null), "null for {root}");
        assert!(schema.accepts(&good), "{good} for {root}");
        assert!(!schema.accepts(&bad), "{bad} for {root}");
    }
}

#[test]
fn without_nullable_a_null_is_refused() {
    let components = json!({ "user": { "type": "object" } });
    for root in [
        json!({ "type": "string" }),
        json!({ "$ref": "#/components/schemas/user" }),
        json!({ "properties": {} }),
    ] {
        assert!(!Schema::cut(&components, &root, Unknown::Tolerated).accepts(&Value::Null), "{root}");
    }
}

#[test]
fn a_cut_holds_the_components_it_reaches_and_no_others() {
    let components = json!({
        "issue": { "type": "object", "properties": { "user": { "$ref": "#/components/schemas/user" }, "$ref": { "type": "string" } } },
        "user": { "type": "object", "properties": { "boss": { "$ref": "#/components/schemas/user" } } },
        "team": { "type": "object" },
    });
    let schema =
        Schema::cut(&components, &json!({ "$ref": "#/components/schemas/issue" }), Unknown::Tolerated);
    let names: Vec<&String> =
        schema.document()["components"]["schemas"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["issue", "user"]);
    assert!(schema.accepts(&json!({ "user": { "boss": { "boss": {} } } })));
    assert_eq!(
        schema.check(&json!({ "user": { "boss": { "boss": 1 } } })),
        Err(vec!["/user/boss/boss: 1 is not of type \"object\"".to_owned()])
    );
}

#[test]
fn a_value_that_fits_no_choice_gets_the_faults_of_the_nearest() {
    let user = json!({ "type": "object", "required": ["login", "id"], "properties": { "id": { "type": "integer" } } });
    let team = json!({ "type": "object", "required": ["slug", "id", "name"] });
    let root = json!({ "properties": { "by": { "oneOf": [user, team], "nullable": true } } });
    let schema = Schema::cut(&json!({}), &root, Unknown::Tolerated);
    let faults = |by: Value| schema.check(&json!({ "by": by })).unwrap_err();
    assert_eq!(faults(json!({ "login": "ana", "id": "1" })), ["/by/id: \"1\" is not of type \"integer\""]);
    assert_eq!(faults(json!({ "slug": "qa", "id": 1 })), ["/by: \"login\" is a required property"]);
    assert_eq!(
        faults(json!(1)),
        ["/by: 1 is not valid under any of the schemas listed in the 'anyOf' keyword"]
    );
}

#[test]
fn a_request_may_only_say_what_is_described() {
    let root = json!({
        "type": "object",
        "properties": { "name": { "type": "string" } },
        "anyOf": [{ "properties": { "status": { "enum": ["completed"] } }, "additionalProperties": true }],
    });
    let schema = Schema::cut(&json!({}), &root, Unknown::Refused);
    assert!(schema.accepts(&json!({ "name": "a", "status": "completed" })));
    assert!(!schema.accepts(&json!({ "name": "a", "statsu": "completed" })));
}
