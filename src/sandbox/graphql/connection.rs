//! Connections: a page of a list, with cursors.

use apollo_compiler::resolvers::{FieldError, ResolvedValue};
use apollo_compiler::response::{JsonMap, JsonValue};

use super::node::{Node, Resolved, Thing, View, leaf, text, unknown};

/// GitHub gives no more than this at once.
const MOST: i64 = 100;

/// A page of a list.
#[derive(Clone)]
pub(super) struct Page<'s> {
    shown: Vec<Thing<'s>>,
    start: usize,
    total: usize,
}

impl<'s> Page<'s> {
    /// Cuts the page that the arguments ask for. `first` or `last` must be given, as on GitHub.
    pub fn of(all: Vec<Thing<'s>>, arguments: &JsonMap) -> Result<Self, FieldError> {
        let count = |name: &str| arguments.get(name).and_then(JsonValue::as_i64);
        let place = |name: &str| {
            text(arguments, name).and_then(|cursor| cursor.strip_prefix("cursor:")?.parse::<usize>().ok())
        };
        let total = all.len();
        let (from, to) =
            (place("after").unwrap_or(0), place("before").map_or(total, |at| at.saturating_sub(1)));
        let (from, to) = (from.min(total), to.min(total));
        let (start, end) = match (count("first"), count("last")) {
            (Some(first @ 0..=MOST), None) => (from, to.min(from + usize::try_from(first).unwrap_or(0))),
            (None, Some(last @ 0..=MOST)) => {
                (from.max(to.saturating_sub(usize::try_from(last).unwrap_or(0))), to)
            }
            _ => {
                let message = "You must provide a `first` or `last` value of at most 100 to properly paginate this connection.";
                return Err(FieldError { message: message.to_owned() });
            }
        };
        let shown = all.into_iter().take(end).skip(start).collect();
        Ok(Self { shown, start, total })
    }

    pub fn resolve<'a>(&'a self, view: View<'s>, field: &str) -> Resolved<'a>
    where
        's: 'a,
    {
        match field {
            "nodes" => {
                let node =
                    move |thing: &Thing<'s>| ResolvedValue::object(Node { view, thing: thing.clone() });
                Ok(ResolvedValue::list(self.shown.iter().map(node)))
            }
            "totalCount" | "filteredCount" => leaf(self.total),
            "pageInfo" => view.object(Thing::PageInfo(Box::new(Self { shown: self.shown.clone(), ..*self }))),
            _ => unknown(field),
        }
    }
}

pub(super) fn page_info<'a>(page: &Page<'_>, field: &str) -> Resolved<'a> {
    let end = page.start + page.shown.len();
    let cursor = |at: usize| (!page.shown.is_empty()).then(|| format!("cursor:{at}"));
    match field {
        "hasNextPage" => leaf(end < page.total),
        "hasPreviousPage" => leaf(page.start > 0),
        "startCursor" => leaf(cursor(page.start + 1)),
        "endCursor" => leaf(cursor(end)),
        _ => unknown(field),
    }
}
