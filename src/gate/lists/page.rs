//! Where a page ends and the next begins.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::{gate::problem::Problem, store::Part};

/// Items in a page where nothing is said.
const USUAL: usize = 50;
/// Items in a page.
const MOST: usize = 200;
/// Rows that are looked at for a page, where not all of them are shown.
pub(super) const LOOKED_AT: usize = 500;

/// Some items of a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins (`cursor`). `null`: this is the last one. A page may hold fewer items than there is room for,
    /// or none, and not be the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// There is nothing.
    pub(super) const fn empty() -> Self {
        Self { items: vec![], next: None }
    }
}

/// What is asked of a list, or the problem with it.
pub(in crate::gate) struct Asked<T>(pub(in crate::gate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(rejection) => Err(Problem::request(rejection.body_text())),
        }
    }
}

/// The part of a list that somebody asks for.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    list: &'static str,
    after: Option<String>,
    limit: usize,
}

/// Rows, and where the next page begins.
pub(super) struct Cut<R> {
    pub(super) rows: Vec<R>,
    pub(super) next: Option<String>,
}

impl Turn {
    /// Of what was asked for.
    pub(super) fn of(list: &'static str, cursor: Option<&str>, limit: Option<u32>) -> Result<Self, Problem> {
        let limit = limit.map_or(Some(USUAL), |limit| usize::try_from(limit).ok());
        let limit = limit.filter(|limit| (1..=MOST).contains(limit));
        let limit = limit.ok_or_else(|| Problem::request("`limit` is a number from 1 to 200"))?;
        let after = cursor.map(|cursor| read(list, cursor).ok_or_else(strange)).transpose()?;
        Ok(Self { list, after, limit })
    }

    /// What the page before ended with.
    pub(super) fn after<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
        self.after.as_deref().map(|after| read(after).ok_or_else(strange)).transpose()
    }

    /// The same of a list that begins with the newest.
    pub(super) fn part<K>(
        &self,
        (since, until): (Option<Timestamp>, Option<Timestamp>),
        read: impl Fn(&str) -> Option<K>,
    ) -> Result<Part<K>, Problem> {
        let after = self.after(|text| {
            let (at, key) = text.split_once(' ')?;
            Some((Timestamp::from_microsecond(at.parse().ok()?).ok()?, read(key)?))
        })?;
        Ok(Part { after, since, until, rows: LOOKED_AT })
    }

    /// The rows of the page: those to be shown, as many as there is room for.
    pub(super) fn cut<R>(
        &self,
        found: Vec<R>,
        is_shown: impl Fn(&R) -> bool,
        key: impl Fn(&R) -> String,
    ) -> Cut<R> {
        let is_all = found.len() < LOOKED_AT;
        let (mut rows, mut last, mut is_last) = (vec![], None, is_all);
        for row in found {
            if rows.len() == self.limit {
                is_last = false;
                break;
            }
            last = Some(key(&row));
            if is_shown(&row) {
                rows.push(row);
            }
        }
        let next = last.filter(|_| !is_last).map(|last| BASE64.encode(format!("{} {last}", self.list)));
        Cut { rows, next }
    }
}

/// The place in a list that begins with the newest.
pub(super) fn moment(at: Timestamp, key: impl std::fmt::Display) -> String {
    format!("{} {key}", at.as_microsecond())
}

fn read(list: &str, cursor: &str) -> Option<String> {
    let text = String::from_utf8(BASE64.decode(cursor).ok()?).ok()?;
    let (of, after) = text.split_once(' ')?;
    (of == list).then(|| after.to_owned())
}

fn strange() -> Problem {
    Problem::request(
        "`cursor` is none of this list. Cure: send `next` of the page before as it is, or begin without one.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(limit: u32, count: usize, is_shown: bool) -> Cut<usize> {
        let turn = Turn::of("numbers", None, Some(limit)).unwrap();
        turn.cut((0..count).collect(), |_| is_shown, ToString::to_string)
    }

    #[test]
    fn a_page_ends_where_there_is_no_room_or_enough_was_looked_at() {
        let full = cut(2, 3, true);
        assert_eq!(full.rows, [0, 1]);
        let next = full.next.unwrap();
        let turn = Turn::of("numbers", Some(&next), None).unwrap();
        assert_eq!(turn.after(|text| text.parse::<usize>().ok()).unwrap(), Some(1));
        assert!(Turn::of("letters", Some(&next), None).is_err());
        assert_eq!(cut(3, 3, true).next, None);
        assert_eq!(cut(3, 3, false).next, None);
        let long = cut(2, LOOKED_AT, false);
        assert!(long.rows.is_empty() && long.next.is_some(), "there may be more");
    }
}
