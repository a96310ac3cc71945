//! The JSON Schema of the policy file, so that editors complete and explain its keys.

use super::written;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;
use std::sync::LazyLock;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<written::File>();
    RecursiveTransform(without_null).transform(&mut schema);
    schema.to_value()
});

/// The JSON Schema (draft 2020-12) of the policy file, generated from the structs that read it.
pub fn schema() -> Value {
    SCHEMA.clone()
}

pub(super) fn shared() -> &'static Value {
    &SCHEMA
}

/// A key without a value is a mistake in a policy, so an optional key is absent or has its type; never null.
fn without_null(schema: &mut schemars::Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("default");
    object.remove("format");
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(branches)) = object.get("anyOf")
        && let Some(Value::Object(meant)) =
            branches.iter().find(|branch| branch.get("type") != Some(&"null".into()))
    {
        let meant = meant.clone();
        object.remove("anyOf");
        for (key, value) in meant {
            object.entry(key).or_insert(value);
        }
    }
}
