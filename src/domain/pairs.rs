//! JSON has no keys but text, and behind a tag not even numbers that look like it: maps by anything else are written as
//! pairs.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// As it may have been written: earlier versions wrote maps, which read back only where they are empty.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written<K: Ord, V> {
    Pairs(Vec<(K, V)>),
    Map(BTreeMap<K, V>),
}

/// For `#[serde(with = "pairs")]`.
pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(
    map: &BTreeMap<K, V>,
    to: S,
) -> Result<S::Ok, S::Error> {
    map.iter().collect::<Vec<_>>().serialize(to)
}

/// For `#[serde(with = "pairs")]`.
pub fn deserialize<'de, K, V, D>(from: D) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(match Written::deserialize(from)? {
        Written::Pairs(pairs) => pairs.into_iter().collect(),
        Written::Map(map) => map,
    })
}
