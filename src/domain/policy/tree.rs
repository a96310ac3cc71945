//! The YAML of a policy file as a tree in which everything knows its line and column.
//!
//! The limits stand here: a policy is a page that a person can read, so whatever is larger, deeper or more
//! entangled than that is refused before it costs anything.

use super::error::{PolicyError, Position};
use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, MergeKeyPolicy, Spanned};
use std::fmt;

/// Largest policy file, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
const MAX_DEPTH: usize = 16;
const MAX_NODES: usize = 10_000;
const MAX_ALIASES: usize = 100;

#[derive(Clone, Debug)]
pub struct Node {
    pub at: Position,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub enum Value {
    Empty,
    Truth(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub at: Position,
    pub node: Node,
}

/// Reads the text into a tree; YAML's own errors stop at the first.
pub(super) fn read(path: &str, text: &str) -> Result<Node, PolicyError> {
    if text.len() > MAX_BYTES {
        return Err(too_large(path, text.len()));
    }
    let spanned: Spanned<Value> =
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| unreadable(path, &error))?;
    Ok(spanned.into())
}

/// Reads every document of some other file; a key that stands twice, merged keys and all that is no YAML are errors. They are
/// larger than a policy and no deeper than these limits.
pub fn documents(text: &str) -> Result<Vec<Node>, String> {
    const DEPTH: usize = 64;
    const NODES: usize = 50_000;
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH,
            flow_nesting_limit: DEPTH,
            max_nodes: NODES,
            max_events: 4 * NODES,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_recorded_anchor_events: MAX_NODES,
            max_recorded_anchor_bytes: 4 * MAX_BYTES,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: 8,
        },
        strict_booleans: true,
        with_snippet: false,
    };
    if text.len() > MAX_BYTES {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    let read: Result<Vec<Spanned<Value>>, _> = serde_saphyr::from_multiple_with_options(text, options);
    let documents = read.map_err(|error| first_line(&error.without_snippet().to_string()))?;
    Ok(documents.into_iter().map(Node::from).collect())
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_recorded_anchor_events: MAX_NODES,
            max_recorded_anchor_bytes: 4 * MAX_BYTES,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: 8,
        },
        strict_booleans: true,
        with_snippet: false,
    }
}

fn too_large(path: &str, bytes: usize) -> PolicyError {
    PolicyError {
        path: path.to_owned(),
        line: 1,
        column: 1,
        message: format!("the file has {bytes} bytes"),
        cure: format!("a policy is a page that a person can read; keep it under {MAX_BYTES} bytes"),
    }
}

fn unreadable(path: &str, error: &serde_saphyr::Error) -> PolicyError {
    let at = error.location().map_or(Position { line: 1, column: 1 }, Position::from);
    let (message, cure) = in_words(error);
    PolicyError { path: path.to_owned(), line: at.line, column: at.column, message, cure }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "YAML has more to complain about than people need words for"
)]
fn in_words(error: &serde_saphyr::Error) -> (String, String) {
    use serde_saphyr::Error as Yaml;
    match error.without_snippet() {
        Yaml::Budget { .. } => too_entangled(),
        Yaml::AliasReplayLimitExceeded { .. }
        | Yaml::AliasReplayStackDepthExceeded { .. }
        | Yaml::AliasReplayCounterOverflow { .. }
        | Yaml::AliasExpansionLimitExceeded { .. }
        | Yaml::RecursiveReferencesRequireWeakTypes { .. } => (
            "the aliases (`*name`) here stand for far too much text".to_owned(),
            "write the repeated part out instead".to_owned(),
        ),
        Yaml::UnknownAnchor { .. } => (
            "this names an anchor that does not exist".to_owned(),
            "a value that starts with `*` needs quotes: \"*\"".to_owned(),
        ),
        Yaml::MergeKeyNotAllowed { .. } => {
            ("`<<` is not a key of this file".to_owned(), "write the merged part out instead".to_owned())
        }
        Yaml::MultipleDocuments { .. } => (
            "a second YAML document starts here".to_owned(),
            "one file holds one policy; remove the `---` and what follows".to_owned(),
        ),
        Yaml::NullIntoString { .. } | Yaml::Unexpected { .. } => {
            ("a key is no text".to_owned(), "write each key as a plain word, or put it in quotes".to_owned())
        }
        other => unclear(&first_line(&other.to_string())),
    }
}

fn unclear(words: &str) -> (String, String) {
    if words.starts_with("budget breached") {
        return too_entangled();
    }
    let cure = if words.starts_with("unexpected character") {
        "a value with this character needs quotes"
    } else if words.contains("anchor or alias") {
        "a value that starts with `*` or `&` needs quotes: \"*\""
    } else {
        "look at the indentation, quotes and brackets here and on the line above"
    };
    (format!("this is not YAML that can be read: {words}"), cure.to_owned())
}

/// The parser's own words without its position, which stands in front already.
fn first_line(words: &str) -> String {
    let line = words.lines().next().unwrap_or_default();
    let line = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':' || c == ' ');
    line.split(" at line ").next().unwrap_or(line).trim_end_matches([':', '.', ' ']).to_owned()
}

fn too_entangled() -> (String, String) {
    (
        "the file is too large or too entangled to read".to_owned(),
        format!("keep it under {MAX_DEPTH} levels, {MAX_NODES} values and {MAX_ALIASES} aliases"),
    )
}

impl From<Location> for Position {
    fn from(location: Location) -> Self {
        Self { line: location.line().max(1), column: location.column().max(1) }
    }
}

impl From<Spanned<Value>> for Node {
    fn from(spanned: Spanned<Value>) -> Self {
        Self { at: spanned.referenced.into(), value: spanned.value }
    }
}

impl Node {
    /// The child under a key, if this is a map that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            Value::Empty
            | Value::Truth(_)
            | Value::Integer(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_) => None,
        }
    }

    /// The n-th element, if this is a list that has it.
    pub fn item(&self, index: usize) -> Option<&Node> {
        match &self.value {
            Value::List(items) => items.get(index),
            Value::Empty
            | Value::Truth(_)
            | Value::Integer(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Map(_) => None,
        }
    }

    /// The same content without positions.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Empty => serde_json::Value::Null,
            Value::Truth(truth) => (*truth).into(),
            Value::Integer(integer) => (*integer).into(),
            Value::Number(number) => (*number).into(),
            Value::Text(text) => text.clone().into(),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Empty)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Truth(truth))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Value, E> {
        Ok(Value::Integer(integer))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Value, E> {
        Ok(Value::Integer(i64::try_from(integer).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Spanned<Value>>()? {
            items.push(item.into());
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let node = map.next_value::<Spanned<Value>>()?.into();
            entries.push(Entry { key: key.value, at: key.referenced.into(), node });
        }
        Ok(Value::Map(entries))
    }
}
