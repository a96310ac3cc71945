//! The inventory: every open issue and pull request as it was found, before anybody decided anything; and what was closed within the
//! year before, to compare with later. Nothing in it is a change request until somebody takes it in.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::likeness::Titles;
use crate::domain::{
    event::IssueSnapshot,
    ids::{IssueRef, RepoId},
    policy::Zone,
};

/// What nobody has touched for so long looks dead.
const DEAD: SignedDuration = SignedDuration::from_hours(24 * 180);
/// So many are named of each sort.
const NAMED: usize = 20;

/// One issue or pull request, as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub at: IssueRef,
    pub title: String,
    pub pull_request: bool,
    pub author: Option<String>,
    pub labels: Vec<String>,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// When it was closed; `None`: it is open.
    pub closed: Option<Timestamp>,
    /// It was closed as done, not as unwanted.
    pub done: bool,
}

impl Item {
    /// As GitHub lists it.
    #[must_use]
    pub fn of(issue: &IssueSnapshot, pull_request: bool) -> Self {
        let created = issue.created_at.unwrap_or_default();
        let done = !matches!(issue.state_reason.as_deref(), Some("not_planned" | "duplicate"));
        Self {
            at: issue.at,
            title: issue.title.clone(),
            pull_request,
            author: issue.author.as_ref().map(|author| author.login.clone()),
            labels: issue.labels.clone(),
            created,
            updated: issue.updated_at.unwrap_or(created),
            closed: issue.closed_at.filter(|_| !issue.open),
            done,
        }
    }
}

/// How far an import has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub began: Timestamp,
    /// The repositories that are done.
    pub done: Vec<RepoId>,
    /// Those of them that GitHub refused to show to the end, and what it said.
    #[serde(default)]
    pub left_out: Vec<(RepoId, String)>,
    /// Where it is.
    pub at: Option<Spot>,
    /// Requests that were made of GitHub.
    pub pages: u64,
    /// Issues and pull requests that were found.
    pub found: u64,
    /// When all was read; `None`: it goes on.
    pub ended: Option<Timestamp>,
}

/// The next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    pub repo: RepoId,
    /// What was closed; before that, what is open.
    pub closed: bool,
    /// From 1.
    pub page: u32,
}

/// What was found, in numbers and by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub at: Timestamp,
    /// Each repository: open issues, open pull requests, and when the oldest was opened; the fullest first.
    pub repositories: Vec<(RepoId, usize, usize, Option<Timestamp>)>,
    /// How many open issues are younger than a month, three, six, twelve, and older.
    pub ages: [usize; 5],
    /// Who opened most of what is open.
    pub authors: Vec<(String, usize)>,
    /// Open issues that bear the intake label.
    pub taken_in: usize,
    /// How many open issues look dead, and the longest untouched of them.
    pub dead: (usize, Vec<Item>),
    /// Open issues that look like an older one, with that one.
    pub doubled: (usize, Vec<(Item, Item)>),
    /// Closed as done, by month: reconstructed from what GitHub still knows.
    pub closed: Vec<(String, usize)>,
}

/// Reports on items; `is_request`: whether somebody has taken it in.
#[must_use]
pub fn report(items: &[Item], zone: &Zone, now: Timestamp, is_request: impl Fn(&Item) -> bool) -> Report {
    let open: Vec<&Item> = items.iter().filter(|item| item.closed.is_none()).collect();
    let issues: Vec<&Item> = open.iter().copied().filter(|item| !item.pull_request).collect();
    let mut dead: Vec<&Item> =
        issues.iter().copied().filter(|item| now.duration_since(item.updated) >= DEAD).collect();
    dead.sort_by_key(|item| (item.updated, item.at));
    let doubled = doubled(&issues);
    Report {
        at: now,
        repositories: repositories(&open),
        ages: ages(&issues, now),
        authors: authors(&open),
        taken_in: issues.iter().filter(|item| is_request(item)).count(),
        dead: (dead.len(), dead.into_iter().take(NAMED).cloned().collect()),
        doubled: (
            doubled.len(),
            doubled.into_iter().take(NAMED).map(|(one, other)| (one.clone(), other.clone())).collect(),
        ),
        closed: closed(items, zone),
    }
}

fn repositories(open: &[&Item]) -> Vec<(RepoId, usize, usize, Option<Timestamp>)> {
    let mut all: BTreeMap<RepoId, (usize, usize, Option<Timestamp>)> = BTreeMap::new();
    for item in open {
        let (issues, pulls, oldest) = all.entry(item.at.repo).or_default();
        *(if item.pull_request { pulls } else { issues }) += 1;
        *oldest = Some(oldest.map_or(item.created, |oldest: Timestamp| oldest.min(item.created)));
    }
    let mut all: Vec<_> =
        all.into_iter().map(|(repo, (issues, pulls, oldest))| (repo, issues, pulls, oldest)).collect();
    all.sort_by_key(|(repo, issues, pulls, _)| (std::cmp::Reverse(issues + pulls), *repo));
    all
}

fn ages(issues: &[&Item], now: Timestamp) -> [usize; 5] {
    let mut ages = [0; 5];
    for item in issues {
        let days = now.duration_since(item.created).as_hours() / 24;
        let place = [30, 91, 183, 365].iter().filter(|limit| days >= **limit).count();
        if let Some(count) = ages.get_mut(place) {
            *count += 1;
        }
    }
    ages
}

fn authors(open: &[&Item]) -> Vec<(String, usize)> {
    let mut all: BTreeMap<&str, usize> = BTreeMap::new();
    open.iter()
        .filter_map(|item| item.author.as_deref())
        .for_each(|author| *all.entry(author).or_default() += 1);
    let mut all: Vec<(String, usize)> =
        all.into_iter().map(|(author, count)| (author.to_owned(), count)).collect();
    all.sort_by(|(one, a), (other, b)| b.cmp(a).then_with(|| one.cmp(other)));
    all.truncate(NAMED);
    all
}

/// Each with the oldest that it is like.
fn doubled<'a>(issues: &[&'a Item]) -> Vec<(&'a Item, &'a Item)> {
    let titles = Titles::of(issues.iter().map(|item| (*item, item.title.as_str())));
    let older = |item: &&'a Item| {
        let age = |of: &Item| (of.created, of.at);
        let like = titles.like(&item.title);
        let first = like.into_iter().map(|(other, _)| *other).filter(|other| age(other) < age(item));
        first.min_by_key(|other| age(other)).map(|other| (*item, other))
    };
    issues.iter().filter_map(older).collect()
}

fn closed(items: &[Item], zone: &Zone) -> Vec<(String, usize)> {
    let mut months: BTreeMap<String, usize> = BTreeMap::new();
    for item in items.iter().filter(|item| item.done && !item.pull_request) {
        if let Some(closed) = item.closed {
            let month = zone.time_zone().to_datetime(closed).strftime("%Y-%m").to_string();
            *months.entry(month).or_default() += 1;
        }
    }
    months.into_iter().collect()
}
