//! Values that are written with their kind before everything else are read without being put aside first, as serde does with
//! values behind a tag: what is known of a subject is long, and read with every delivery.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Value};

/// The field that stands first.
const TAG: &str = "kind";

/// Something of several kinds.
pub trait Tagged<'de>: Sized {
    /// Reads one of this kind from the fields beside the tag.
    ///
    /// # Errors
    /// When there is no such kind, or the fields are not its own.
    fn of<D: Deserializer<'de>>(kind: &str, fields: D) -> Result<Self, D::Error>;
}

/// Reads a value with its kind, wherever that stands.
///
/// # Errors
/// When it is not one.
pub fn deserialize<'de, T: Tagged<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_map(Reader(PhantomData))
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Tagged<'de>> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with its `{TAG}`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let first: Option<Cow<'_, str>> = map.next_key()?;
        if first.as_deref() == Some(TAG) {
            let kind: String = map.next_value()?;
            return T::of(&kind, MapAccessDeserializer::new(map));
        }
        let mut fields = Map::new();
        if let Some(first) = first {
            fields.insert(first.into_owned(), map.next_value()?);
        }
        while let Some((key, value)) = map.next_entry()? {
            fields.insert(key, value);
        }
        match fields.remove(TAG) {
            Some(Value::String(kind)) => T::of(&kind, Value::Object(fields)).map_err(A::Error::custom),
            _ => Err(A::Error::missing_field(TAG)),
        }
    }
}
