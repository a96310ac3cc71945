//! What people are told by chat or mail: the audit log, of which each is told what concerns them, in a line for each thing that
//! happened.
//!
//! - `words`: what an entry says,
//! - [`due`]: when the next message leaves.

pub mod due;
mod words;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    audit::AuditEntry,
    ids::{IssueRef, RepoId, RepoName},
    planning::Line,
    policy::{Notify, Topic, Zone},
};

/// So many things are told one by one; more are counted.
pub const MOST: usize = 20;
/// How much of a title or of a reason is shown.
const SHOWN: usize = 200;

/// One message, complete: whoever sends it chooses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The account on GitHub.
    pub owner: String,
    pub items: Vec<Item>,
    /// So many more happened.
    pub more: usize,
    /// What waits for a decision, where that is told.
    pub queue: Option<Queue>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// `acme/web#12`, `release 2026.12 of customer`.
    pub name: String,
    /// Its page, from the root of GitHub: `acme/web/issues/12`.
    pub path: Option<String>,
    /// In the words of whoever asked for it.
    pub title: Option<String>,
    /// What happened: `accepted by kim`.
    pub said: String,
}

/// What waits for a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    pub waiting: usize,
    pub overdue: usize,
    /// The one that has waited longest.
    pub oldest: Item,
}

impl Queue {
    /// In a sentence before the oldest is named.
    #[must_use]
    pub fn sentence(&self) -> String {
        let overdue =
            if self.overdue > 0 { format!(", {} of them overdue", self.overdue) } else { String::new() };
        format!("Waiting for a decision: {}{overdue}. The oldest:", self.waiting)
    }
}

impl Message {
    /// What it is about, in one line.
    #[must_use]
    pub fn subject(&self) -> String {
        let Some(first) = self.items.first().or(self.queue.as_ref().map(|queue| &queue.oldest)) else {
            return self.owner.clone();
        };
        if self.items.is_empty() {
            let waiting = self.queue.as_ref().map(|queue| queue.waiting).unwrap_or_default();
            return format!("{}: {waiting} waiting for a decision", self.owner);
        }
        let more = self.items.len() - 1 + self.more;
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        let title = first.title.as_ref().map(|title| format!(" {title}")).unwrap_or_default();
        format!("{}{title}: {}{more}", first.name, first.said)
    }
}

/// An entry of the log that somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub topic: Topic,
    pub of: Of,
    /// When it was decided.
    pub at: Timestamp,
    said: String,
    /// The stage alone, which an act may have said before.
    is_stage: bool,
}

impl Told {
    /// The change request that it is about.
    #[must_use]
    pub const fn change_request(&self) -> Option<IssueRef> {
        if let Of::ChangeRequest(at) = &self.of { Some(*at) } else { None }
    }
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    ChangeRequest(IssueRef),
    Release {
        train: String,
        title: String,
    },
    /// A planning meeting, with its issue where that is known.
    Meeting {
        train: String,
        issue: Option<IssueRef>,
    },
    Repository(RepoId),
    /// Of all of it.
    Account,
}

impl Of {
    fn read(entry: &AuditEntry) -> Self {
        let number = |text: &str| {
            let (repo, number) = text.split_once('#')?;
            Some(IssueRef { repo: RepoId(repo.parse().ok()?), number: number.parse().ok()? })
        };
        let fact = |name: &str| entry.facts.get(name);
        if let (Some(train), true) = (fact("train"), entry.code.starts_with("planning.")) {
            return Self::Meeting {
                train: train.clone(),
                issue: fact("issue").and_then(|text| number(text)),
            };
        }
        let release = fact("train").zip(entry.texts.get("title"));
        match (fact("change_request").and_then(|text| number(text)), release, fact("repository")) {
            (_, Some((train, title)), _) => Self::Release { train: train.clone(), title: title.clone() },
            (Some(at), None, _) => Self::ChangeRequest(at),
            (None, None, Some(repo)) => {
                repo.parse().map_or(Self::Account, |repo| Self::Repository(RepoId(repo)))
            }
            (None, None, None) => Self::Account,
        }
    }
}

/// What an entry tells; `None`: it is told nobody.
#[must_use]
pub fn told(entry: &AuditEntry, at: Timestamp) -> Option<Told> {
    let (topic, said) = words::of(entry)?;
    let is_stage = entry.code == "change_request.stage";
    Some(Told { topic, of: Of::read(entry), at, said, is_stage })
}

/// What is known beside the log.
pub trait Around {
    /// What a repository is called; `None`: it is told nobody, because policy has it watched and nothing more.
    fn name(&self, repo: RepoId) -> Option<RepoName>;
    /// A change request in short.
    fn line(&self, at: IssueRef) -> Option<&Line>;
    /// Whether it is told what is of no single repository.
    fn is_whole(&self) -> bool;
}

/// Whom one entry of `notify` tells what.
#[derive(Debug, Clone, Copy)]
pub struct Hearer<'a> {
    pub notify: &'a Notify,
    pub zone: &'a Zone,
}

impl Hearer<'_> {
    /// Whether it is told of this, as far as the log alone says.
    #[must_use]
    pub fn hears(&self, told: &Told) -> bool {
        self.notify.about.contains(&told.topic)
            && (self.notify.account.is_none() || matches!(told.of, Of::ChangeRequest(_)))
    }

    /// What is told of all this, the oldest first.
    pub fn items(&self, heard: &[Told], around: &impl Around) -> Vec<Item> {
        let mut said: BTreeSet<(&Of, Timestamp)> = BTreeSet::new();
        let mut items = vec![];
        for told in heard.iter().filter(|told| self.hears(told)) {
            // What was done says it; that the stage is another then says nothing more.
            if told.is_stage && said.contains(&(&told.of, told.at)) {
                continue;
            }
            if let Some(item) = self.item(told, around) {
                said.insert((&told.of, told.at));
                items.push(item);
            }
        }
        items
    }

    fn item(&self, told: &Told, around: &impl Around) -> Option<Item> {
        let said = told.said.clone();
        match &told.of {
            Of::ChangeRequest(at) => {
                let (line, name) = (around.line(*at), around.name(at.repo)?);
                let account = line.and_then(|line| line.account.as_deref());
                let wanted = self.notify.account.as_deref();
                let is_theirs =
                    wanted.is_none_or(|wanted| account.is_some_and(|it| it.eq_ignore_ascii_case(wanted)));
                is_theirs.then(|| numbered(&name, at.number, line.map(|line| line.title.as_str()), said))
            }
            Of::Repository(repo) => {
                let name = around.name(*repo)?;
                Some(Item { path: Some(name.to_string()), name: name.to_string(), title: None, said })
            }
            Of::Release { .. } | Of::Meeting { .. } | Of::Account if !around.is_whole() => None,
            Of::Meeting { train, issue } => {
                let page = |at: &IssueRef| Some(format!("{}/issues/{}", around.name(at.repo)?, at.number));
                let name = format!("planning meeting of {train}");
                Some(Item { name, path: issue.as_ref().and_then(page), title: None, said })
            }
            Of::Release { train, title } => {
                let name = format!("release {} of {train}", shown(title));
                Some(Item { name, path: None, title: None, said })
            }
            Of::Account => Some(Item { name: "all repositories".into(), path: None, title: None, said }),
        }
    }

    /// What waits for a decision, the oldest first, each with whether it is overdue; `None`: nothing does, or it is not told.
    pub fn queue<'b>(
        &self,
        waiting: impl Iterator<Item = (&'b Line, bool)>,
        around: &impl Around,
    ) -> Option<Queue> {
        if !self.notify.about.contains(&Topic::Queue) {
            return None;
        }
        let wanted = self.notify.account.as_deref();
        let is_theirs = |line: &Line| {
            let account = line.account.as_deref();
            wanted.is_none_or(|wanted| account.is_some_and(|it| it.eq_ignore_ascii_case(wanted)))
        };
        let mut queue: Option<Queue> = None;
        for (line, is_overdue) in waiting.filter(|(line, _)| is_theirs(line)) {
            let Some(name) = around.name(line.at.repo) else { continue };
            let queue = queue.get_or_insert_with(|| {
                let said = format!("asked for on {}", self.zone.day(line.asked));
                let oldest = numbered(&name, line.at.number, Some(&line.title), said);
                Queue { waiting: 0, overdue: 0, oldest }
            });
            queue.waiting += 1;
            queue.overdue += usize::from(is_overdue);
        }
        queue
    }
}

fn numbered(name: &RepoName, number: u64, title: Option<&str>, said: String) -> Item {
    Item {
        name: format!("{name}#{number}"),
        path: Some(format!("{name}/issues/{number}")),
        title: title.map(shown),
        said,
    }
}

/// A person's words on one line, without what cannot be seen.
fn shown(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let plain: String = plain.filter(|c| !super::finding::is_hidden(*c)).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if plain.chars().count() <= SHOWN {
        return plain;
    }
    let cut: String = plain.chars().take(SHOWN).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests;
