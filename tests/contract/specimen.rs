//! Makes a full valid value from a schema, and every way to damage it that the schema must notice. It keeps the checks
//! honest: a check that lets a damaged copy through checks nothing.

use serde_json::{Map, Value, json};

use crate::schema::{Schema, reference};

/// A value with every described property that the schema accepts.
pub fn specimen(schema: &Schema) -> Value {
    let document = schema.document();
    make(document, document, &mut Vec::new()).unwrap_or(Value::Null)
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    reference(schema).map_or(schema, |name| &document["components"]["schemas"][name])
}

/// `None` where the schema leads back into itself: such a property is left out.
fn make(document: &Value, schema: &Value, trail: &mut Vec<String>) -> Option<Value> {
    let before = trail.len();
    let folded = fold(document, schema, trail);
    let made = folded.and_then(|folded| make_folded(document, &folded, trail));
    trail.truncate(before);
    made
}

fn make_folded(document: &Value, schema: &Value, trail: &mut Vec<String>) -> Option<Value> {
    let mut words = schema["enum"].as_array().into_iter().flatten();
    words.find(|word| !word.is_null()).cloned().or_else(|| make_plain(document, schema, trail))
}

/// The schema with its reference, its `allOf` and the first choice of its `anyOf` folded into it, or `None` where a
/// reference is on the trail already.
fn fold(document: &Value, schema: &Value, trail: &mut Vec<String>) -> Option<Value> {
    if let Some(name) = reference(schema) {
        if trail.iter().any(|earlier| earlier == name) {
            return None;
        }
        trail.push(name.to_owned());
        return fold(document, resolve(document, schema), trail);
    }
    let mut folded = schema.as_object()?.clone();
    let parts = folded.remove("allOf");
    for part in parts.iter().filter_map(Value::as_array).flatten() {
        add(&mut folded, &fold(document, part, trail)?);
    }
    let branches = folded.remove("anyOf");
    let mut branches =
        branches.iter().filter_map(Value::as_array).flatten().filter(|branch| branch["type"] != "null");
    if let Some(chosen) = branches.find_map(|branch| fold(document, branch, trail)) {
        add(&mut folded, &chosen);
    }
    Some(Value::Object(folded))
}

fn add(folded: &mut Map<String, Value>, part: &Value) {
    for (word, value) in part.as_object().into_iter().flatten() {
        let value = folded.get(word).map_or_else(|| value.clone(), |first| both(word, first, value));
        folded.insert(word.clone(), value);
    }
}

/// What holds where two schemas hold, for one keyword.
fn both(word: &str, first: &Value, second: &Value) -> Value {
    match (word, first, second) {
        ("properties", Value::Object(first), Value::Object(second)) => {
            let mut properties = first.clone();
            for (name, schema) in second {
                let schema = first
                    .get(name)
                    .map_or_else(|| schema.clone(), |first| json!({ "allOf": [first, schema] }));
                properties.insert(name.clone(), schema);
            }
            Value::Object(properties)
        }
        ("required", Value::Array(first), Value::Array(second)) => {
            first.iter().chain(second).cloned().collect()
        }
        ("enum", Value::Array(first), Value::Array(second)) => {
            first.iter().filter(|word| second.contains(word)).cloned().collect()
        }
        ("type", first, second) => {
            let second = kinds_of_type(second);
            kinds_of_type(first).into_iter().filter(|kind| second.contains(kind)).map(Value::String).collect()
        }
        _ => first.clone(),
    }
}

fn make_plain(document: &Value, schema: &Value, trail: &mut Vec<String>) -> Option<Value> {
    let kind = kinds_of_type(&schema["type"]).into_iter().find(|kind| kind != "null");
    match kind.as_deref() {
        Some("object") => Some(Value::Object(make_object(document, schema, trail))),
        Some("array") => Some(Value::Array(make_items(document, schema, trail))),
        Some("string") => Some(Value::String(make_string(schema))),
        Some("integer" | "number") => Some(json!(schema["minimum"].as_i64().unwrap_or(1))),
        Some("boolean") => Some(Value::Bool(true)),
        Some(other) => panic!("unknown type {other}"),
        None if schema.as_object().is_some_and(Map::is_empty) => Some(json!("anything")),
        None if !schema["type"].is_null() => Some(Value::Null),
        None => None,
    }
}

fn make_object(document: &Value, schema: &Value, trail: &mut Vec<String>) -> Map<String, Value> {
    let described = schema["properties"].as_object();
    let mut object: Map<String, Value> = described
        .into_iter()
        .flatten()
        .filter_map(|(name, property)| Some((name.clone(), make(document, property, trail)?)))
        .collect();
    if described.is_none()
        && schema["additionalProperties"].is_object()
        && let Some(value) = make(document, &schema["additionalProperties"], trail)
    {
        object.insert("key".to_owned(), value);
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        object.entry(name).or_insert_with(|| json!("required, and not described"));
    }
    object
}

fn make_items(document: &Value, schema: &Value, trail: &mut Vec<String>) -> Vec<Value> {
    let count = schema["minItems"].as_u64().unwrap_or(1).max(1);
    let item = if schema["items"].is_null() { None } else { make(document, &schema["items"], trail) };
    item.map(|item| vec![item; usize::try_from(count).unwrap()]).unwrap_or_default()
}

fn make_string(schema: &Value) -> String {
    match (schema["format"].as_str(), schema["pattern"].as_str()) {
        (Some("date-time"), _) => "2026-11-23T10:00:00Z".to_owned(),
        (Some("date"), _) => "2026-11-23".to_owned(),
        (Some("uri"), _) => "https://example.com/x".to_owned(),
        (Some("uri-template"), _) => "https://example.com/x{/y}".to_owned(),
        (Some("email"), _) => "ana@example.com".to_owned(),
        (_, Some(pattern)) => make_match(pattern).to_owned(),
        _ => "x".repeat(usize::try_from(schema["minLength"].as_u64().unwrap_or(1)).unwrap().max(1)),
    }
}

/// A text for each pattern of GitHub's description, known by its beginning.
fn make_match(pattern: &str) -> &'static str {
    const MATCHES: [(&str, &str); 7] = [
        ("^([0-9a-fA-F]{40}", "0123456789abcdef0123456789abcdef01234567"),
        ("^(?:[A-Za-z0-9+/]{4})*", "eHg="),
        ("^sha256:", "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
        ("^refs/", "refs/heads/main"),
        ("^pkg", "pkg:cargo/x@1"),
        ("^ssh-", "ssh-ed25519 x"),
        ("^https://", "https://example.com/x"),
    ];
    MATCHES.iter().find(|(beginning, _)| pattern.starts_with(beginning)).map_or("x", |(_, text)| text)
}

fn kinds_of_type(kinds: &Value) -> Vec<String> {
    match kinds {
        Value::String(kind) => vec![kind.clone()],
        Value::Array(kinds) => kinds.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// One thing done to a valid value that makes it invalid.
#[derive(Debug, PartialEq)]
pub enum Damage {
    /// The object at this JSON pointer loses a required property.
    Lost { object: String, property: String },
    /// The value at this JSON pointer becomes one that the schema does not know there.
    Wrong { place: String, value: Value },
}

/// Every damage to `value` that its schema must notice. Below a choice between schemas only the whole is damaged, for
/// there a lost property may turn one choice into another.
pub fn damages(schema: &Schema, value: &Value) -> Vec<Damage> {
    let mut found = Vec::new();
    walk(schema.document(), schema.document(), value, "", &mut found);
    found
}

fn walk(document: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<Damage>) {
    let schema = resolve(document, schema);
    wrong(document, schema, place, found);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        walk(document, part, value, place, found);
    }
    let branches = schema["anyOf"].as_array().into_iter().flatten();
    let real: Vec<&Value> = branches.filter(|branch| branch["type"] != "null").collect();
    if let [only] = real[..] {
        walk(document, only, value, place, found);
    }
    for property in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(property).is_some() {
            found.push(Damage::Lost { object: place.to_owned(), property: property.to_owned() });
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(child) = value.get(name) {
            let name = name.replace('~', "~0").replace('/', "~1");
            walk(document, property, child, &format!("{place}/{name}"), found);
        }
    }
    if let Some(first) = value.get(0) {
        walk(document, &schema["items"], first, &format!("{place}/0"), found);
    }
}

fn wrong(document: &Value, schema: &Value, place: &str, found: &mut Vec<Damage>) {
    let Some(kinds) = kinds(document, schema) else { return };
    let candidates =
        [("object", json!({})), ("string", json!("wrong")), ("boolean", json!(true)), ("null", Value::Null)];
    if let Some((_, value)) =
        candidates.into_iter().find(|(kind, _)| !kinds.iter().any(|known| known == kind))
    {
        found.push(Damage::Wrong { place: place.to_owned(), value });
    }
    if schema["enum"].is_array()
        || ["date-time", "date", "uri"].iter().any(|format| schema["format"] == *format)
    {
        found.push(Damage::Wrong { place: place.to_owned(), value: json!("no such word") });
    }
}

/// The JSON types that a schema accepts, or `None` where it accepts all.
fn kinds(document: &Value, schema: &Value) -> Option<Vec<String>> {
    let schema = resolve(document, schema);
    if !schema["type"].is_null() {
        return Some(kinds_of_type(&schema["type"]));
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().find_map(|part| kinds(document, part));
    }
    schema["anyOf"]
        .as_array()?
        .iter()
        .map(|branch| kinds(document, branch))
        .collect::<Option<Vec<_>>>()
        .map(|all| all.concat())
}

/// Damages that went unnoticed, and how many were tried.
pub type Tried = (Vec<Damage>, usize);

/// The damages that the schema did not notice, and how many were tried.
///
/// # Panics
/// When the value is not valid to begin with.
pub fn unnoticed(schema: &Schema, value: &Value) -> Tried {
    assert_eq!(schema.check(value), Ok(()), "not valid before any damage");
    let damages = damages(schema, value);
    let tried = damages.len();
    let mut copy = value.clone();
    let missed = damages.into_iter().filter(|damage| {
        let undo = apply(&mut copy, damage);
        let accepted = schema.accepts(&copy);
        undo(&mut copy);
        accepted
    });
    (missed.collect(), tried)
}

/// Damages the value in place and returns what makes it whole again.
fn apply(value: &mut Value, damage: &Damage) -> Box<dyn FnOnce(&mut Value)> {
    match damage {
        Damage::Lost { object, property } => {
            let lost = value.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(property).unwrap();
            let (object, property) = (object.clone(), property.clone());
            Box::new(move |value| value.pointer_mut(&object).unwrap()[property] = lost)
        }
        Damage::Wrong { place, value: wrong } => {
            let right = std::mem::replace(value.pointer_mut(place).unwrap(), wrong.clone());
            let place = place.clone();
            Box::new(move |value| *value.pointer_mut(&place).unwrap() = right)
        }
    }
}

#[test]
fn a_specimen_is_valid_and_every_damage_to_it_is_noticed() {
    use crate::schema::Unknown;
    let components = json!({
        "user": { "type": "object", "required": ["login"], "properties": {
            "login": { "type": "string" },
            "kind": { "type": "string", "enum": ["User", "Bot"], "nullable": true },
            "boss": { "$ref": "#/components/schemas/user" },
        } },
    });
    let root = json!({ "type": "array", "items": { "allOf": [{ "$ref": "#/components/schemas/user" }], "nullable": true } });
    let schema = Schema::cut(&components, &root, Unknown::Tolerated);
    let value = specimen(&schema);
    assert_eq!(value, json!([{ "login": "x", "kind": "User" }]));
    assert_eq!(unnoticed(&schema, &value), (vec![], 9));
}
