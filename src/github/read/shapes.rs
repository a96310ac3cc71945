//! Shapes that several answers share.

use serde::Deserialize;

use crate::domain::ids::{AccountId, Actor, IssueRef, RepoId};

/// A list with what is known of its other pages.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    nodes: Option<Vec<Option<T>>>,
    page_info: Option<PageInfo>,
    total_count: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PageInfo {
    has_next_page: bool,
    has_previous_page: bool,
    end_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Whether there is nothing that this page does not show.
    pub(super) fn is_all(&self) -> bool {
        let more = self.page_info.as_ref().is_some_and(|info| info.has_next_page || info.has_previous_page);
        let nodes = self.nodes.as_deref().unwrap_or_default();
        let hidden = nodes.iter().any(Option::is_none);
        let counted = self.total_count.is_some_and(|count| count > nodes.len());
        !more && !hidden && !counted
    }

    /// Where the next page begins, if there is one.
    pub(super) fn next(&self) -> Option<&str> {
        let info = self.page_info.as_ref().filter(|info| info.has_next_page)?;
        info.end_cursor.as_deref()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.nodes.iter().flatten().flatten()
    }

    pub(super) fn into_nodes(self) -> impl Iterator<Item = T> {
        self.nodes.into_iter().flatten().flatten()
    }
}

/// Somebody.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Who {
    #[serde(rename = "__typename")]
    kind: Option<String>,
    database_id: Option<u64>,
    login: Option<String>,
}

impl Who {
    /// In lower case; of a bot with `[bot]` behind it.
    pub(super) fn login(&self) -> Option<String> {
        self.clone().actor().map(|actor| actor.login.to_ascii_lowercase())
    }

    /// Somebody without a number is nobody: decisions go by numbers.
    pub(super) fn actor(self) -> Option<Actor> {
        let kind = self.kind.as_deref().unwrap_or_default();
        let mut login = self.login.unwrap_or_default();
        // GraphQL calls a bot `renovate`, webhooks call it `renovate[bot]`.
        if kind == "Bot" && !login.ends_with("[bot]") {
            login.push_str("[bot]");
        }
        let person = kind == "User" && !login.ends_with("[bot]");
        self.database_id.map(|id| Actor { id: AccountId(id), login, person })
    }
}

/// Something with a name.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

/// A commit's hash.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Oid<T> {
    pub(super) oid: T,
}

/// An issue or pull request in some repository.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Elsewhere {
    number: u64,
    repository: Option<Numbered>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Numbered {
    database_id: Option<u64>,
}

impl Elsewhere {
    pub(super) fn at(&self) -> Option<IssueRef> {
        Some(IssueRef { repo: RepoId(self.repository.as_ref()?.database_id?), number: self.number })
    }
}

/// The names, in alphabetical order.
pub(super) fn names(page: Option<Page<Named>>) -> Vec<String> {
    let mut names: Vec<String> =
        page.into_iter().flat_map(Page::into_nodes).map(|named| named.name).collect();
    names.sort();
    names
}
