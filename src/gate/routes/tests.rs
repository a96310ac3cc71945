//! What clients of the gate rely on. A change here is a change of the API: a field that is gone or newly required breaks them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The description, a line for each address and each field: what is asked with, what is answered, what must be there.
fn outline() -> String {
    let description: Value = serde_json::from_str(&super::description()).unwrap();
    let mut lines = vec![format!("OpenAPI {}", text(&description["openapi"]))];
    for (path, item) in object(&description["paths"]) {
        for (method, operation) in object(item) {
            lines.push(format!("{} {path}", method.to_uppercase()));
            lines.extend(asked_with(operation));
            let answers = object(&operation["responses"]).iter();
            let mut kinds: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            answers.for_each(|(status, answer)| kinds.entry(content(answer)).or_default().push(status));
            lines.extend(kinds.iter().map(|(kind, statuses)| format!("  {}: {kind}", statuses.join(" "))));
        }
    }
    for (name, schema) in object(&description["components"]["schemas"]) {
        lines.push(format!("{name}: {}", kind(schema)));
        let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().map(text).collect();
        lines.extend(object(&schema["properties"]).iter().map(|(field, schema)| {
            let mark = if required.contains(&field.as_str()) { "!" } else { "" };
            format!("  {field}{mark}: {}", kind(schema))
        }));
    }
    lines.join("\n")
}

fn asked_with(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameter =
        |it: &Value| format!("  {} {}: {}", text(&it["in"]), text(&it["name"]), kind(&it["schema"]));
    let body = operation.get("requestBody").map(|body| format!("  body {}", content(body)));
    parameters.map(parameter).chain(body).collect()
}

/// The kinds of body that something has.
fn content(it: &Value) -> String {
    let bodies =
        object(&it["content"]).iter().map(|(media, it)| format!("{} ({media})", kind(&it["schema"])));
    let bodies = bodies.collect::<Vec<_>>().join(" or ");
    if bodies.is_empty() { "nothing".into() } else { bodies }
}

fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    for (word, sign) in [("oneOf", " | "), ("anyOf", " | "), ("allOf", " & ")] {
        if let Some(parts) = schema[word].as_array() {
            return parts.iter().map(kind).collect::<Vec<_>>().join(sign);
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("`{}`", text(word))).collect::<Vec<_>>().join(" | ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("[{}]", kind(&schema["items"])),
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>().join(" | "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "anything".into(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn object(value: &Value) -> &Map<String, Value> {
    static NOTHING: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NOTHING)
}

#[test]
fn clients_find_the_addresses_and_fields_that_they_were_written_for() {
    insta::assert_snapshot!("description", outline());
}
