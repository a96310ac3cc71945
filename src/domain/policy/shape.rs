//! Checks the shape of a file against the schema: every misspelt key and every wrong type at once.
//!
//! Serde would stop at the first. The schema comes from the structs that serde fills, so the two agree.

use super::error::{Refusal, nearest, one_of, shortened};
use super::place::Place;
use super::tree::{Entry, Node, Value};
use serde_json::{Map, Value as Json};

/// Notes every difference between the node and its schema.
pub(super) fn check(place: &Place<'_>, node: &Node, schema: &Json) {
    if !has_type(&node.value, schema) {
        return place.refuse(wrong_type(place, &node.value, schema));
    }
    match &node.value {
        Value::Text(text) => check_choice(place, text, schema),
        Value::List(items) => {
            let schema = schema.get("items").unwrap_or(&Json::Null);
            for (index, item) in items.iter().enumerate() {
                check(&place.item(index), item, schema);
            }
        }
        Value::Map(entries) => check_map(place, entries, schema),
        Value::Empty | Value::Truth(_) | Value::Integer(_) | Value::Number(_) => {}
    }
}

fn types(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(many)) => many.iter().filter_map(Json::as_str).collect(),
        _ if schema.get("oneOf").is_some() => vec!["string"],
        _ => Vec::new(),
    }
}

fn has_type(value: &Value, schema: &Json) -> bool {
    let types = types(schema);
    types.is_empty() || types.contains(&type_of(value))
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Empty => "null",
        Value::Truth(_) => "boolean",
        Value::Integer(_) => "integer",
        Value::Number(_) => "number",
        Value::Text(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

fn wrong_type(place: &Place<'_>, value: &Value, schema: &Json) -> Refusal {
    let wanted = types(schema);
    let what = match value {
        Value::Empty => "is empty".to_owned(),
        Value::Truth(truth) => format!("is `{truth}`"),
        Value::Integer(integer) => format!("is the number {integer}"),
        Value::Number(number) => format!("is the number {number}"),
        Value::Text(text) => format!("is the text `{}`", shortened(text)),
        Value::List(_) => "is a list".to_owned(),
        Value::Map(_) => "is a map of keys".to_owned(),
    };
    Refusal::new(what, cure_of_type(value, &wanted, schema, place.is_root()))
}

fn cure_of_type(value: &Value, wanted: &[&str], schema: &Json, is_root: bool) -> String {
    let choices = choices(schema);
    match (value, wanted.first().copied()) {
        (Value::Empty, _) if is_root => "write at least `mode: observe`, or remove the file".to_owned(),
        (Value::Empty, _) => "give it a value, or remove the key".to_owned(),
        _ if !choices.is_empty() => format!("write {}", one_of(&choices)),
        (Value::Number(_), _) if wanted.contains(&"integer") => "this must be a whole number".to_owned(),
        (Value::Integer(_) | Value::Number(_) | Value::Truth(_), Some("string")) => {
            "this must be text; put it in quotes".to_owned()
        }
        (Value::Text(text), Some("array")) => {
            format!(
                "this must be a list; write it in brackets: [{}]",
                as_yaml(&Json::String(shortened(text)))
            )
        }
        (_, wanted) => format!("this must be {}{}", in_words(wanted), example(schema)),
    }
}

fn in_words(wanted: Option<&str>) -> &'static str {
    match wanted {
        Some("array") => "a list",
        Some("object") => "keys with values",
        Some("integer") => "a whole number",
        _ => "text",
    }
}

fn example(schema: &Json) -> String {
    example_of(schema).map_or_else(String::new, |example| format!(", like {}", as_yaml(&example)))
}

/// The schema's own example, or one put together from those of its required keys.
fn example_of(schema: &Json) -> Option<Json> {
    if let Some(example) = schema.get("examples").and_then(|examples| examples.get(0)) {
        return Some(example.clone());
    }
    if let Some(items) = schema.get("items") {
        return example_of(items).map(|item| Json::Array(vec![item]));
    }
    let required = schema.get("required").and_then(Json::as_array)?;
    let pairs = required.iter().filter_map(|key| {
        let key = key.as_str()?;
        Some((key.to_owned(), example_of(schema.get("properties")?.get(key)?)?))
    });
    Some(Json::Object(pairs.collect()))
}

/// An example on one line, as one would write it in YAML.
fn as_yaml(example: &Json) -> String {
    match example {
        Json::String(text) if text.contains(['*', '{', '[', '$']) => format!("\"{text}\""),
        Json::String(text) => text.clone(),
        Json::Array(items) => format!("[{}]", items.iter().map(as_yaml).collect::<Vec<_>>().join(", ")),
        Json::Object(keys) => {
            let pairs: Vec<String> =
                keys.iter().map(|(key, value)| format!("{key}: {}", as_yaml(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => example.to_string(),
    }
}

fn check_choice(place: &Place<'_>, text: &str, schema: &Json) {
    let choices = choices(schema);
    if choices.is_empty() || choices.contains(&text) {
        return;
    }
    let cure = match nearest(text, choices.iter().copied()) {
        Some(choice) => format!("did you mean {choice}?"),
        None => format!("write {}", one_of(&choices)),
    };
    place.refuse(Refusal::of(text, cure));
}

/// The words that an enumeration allows: listed, or each with its description.
fn choices(schema: &Json) -> Vec<&str> {
    let list = |key: &str| schema.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let described = list("oneOf").iter().filter_map(|choice| choice.get("const")?.as_str());
    let grouped = list("oneOf").iter().filter_map(|choice| choice.get("enum")?.as_array()).flatten();
    let plain = list("enum").iter().chain(grouped).filter_map(Json::as_str);
    let single = schema.get("const").and_then(Json::as_str);
    described.chain(plain).chain(single).collect()
}

fn check_map(place: &Place<'_>, entries: &[Entry], schema: &Json) {
    let empty = Map::new();
    let keys = schema.get("properties").and_then(Json::as_object).unwrap_or(&empty);
    let others = schema.get("additionalProperties").filter(|others| others.is_object());
    let mut seen: Vec<&Entry> = Vec::new();
    for entry in entries {
        if let Some(first) = seen.iter().find(|one| one.key == entry.key) {
            let what = format!("stands here a second time; the first is on line {}", first.at.line);
            place.repeated(&entry.key, entry.at).refuse(Refusal::new(what, "keep one of them"));
            continue;
        }
        seen.push(entry);
        match keys.get(&entry.key).or(others) {
            Some(schema) => check(&place.key(&entry.key), &entry.node, schema),
            None => place.name(&entry.key).refuse(unknown_key(&entry.key, keys)),
        }
    }
    check_missing(place, &seen, keys, schema);
}

fn unknown_key(key: &str, keys: &Map<String, Json>) -> Refusal {
    let cure = match nearest(key, keys.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let known: Vec<&str> = keys.keys().map(String::as_str).collect();
            format!("remove it; the keys here are {}", known.join(", "))
        }
    };
    Refusal::new("is not a key that Changegate knows", cure)
}

fn check_missing(place: &Place<'_>, seen: &[&Entry], keys: &Map<String, Json>, schema: &Json) {
    let required = schema.get("required").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    for key in required.iter().filter_map(Json::as_str) {
        if !seen.iter().any(|entry| entry.key == key) {
            let schema = keys.get(key).unwrap_or(&Json::Null);
            place.refuse(Refusal::new(format!("has no `{key}`"), format!("add `{key}`{}", example(schema))));
        }
    }
}
