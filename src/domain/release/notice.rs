//! Notice: those who have to know are told what a release ships, a while before it goes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        effect::{Call, Effect},
        event::{CommentChange, CommentedOn, Event, What},
        finding::code,
        ids::IssueRef,
        named::{Named, pages},
        policy::{EffectivePolicy, Notice},
        report::{check::markdown, text},
        revision::{Names, RevisionHash},
    },
    Change, Release,
};

/// A comment that tells them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// What it tells of.
    pub revision: RevisionHash,
    /// The change requests that came along by then.
    pub changes: Vec<IssueRef>,
    /// When GitHub had it; `None`: that is not known yet.
    pub at: Option<Timestamp>,
}

/// Everything that a notice rests on.
pub(super) struct Notifying<'a> {
    pub wanted: &'a Notice,
    pub policy: &'a EffectivePolicy,
    pub names: Names<'a>,
    pub web_url: &'a str,
}

/// What the comment is kept for; they are counted from 1.
fn purpose(number: usize) -> String {
    format!("notice/{number}")
}

impl Release {
    /// Takes that GitHub has a notice; only our own comments are.
    pub(super) fn hear_notices(&mut self, events: &[Event], app: u64) {
        for event in events {
            let What::Comment { change, on: CommentedOn::Issue(issue), comment } = &event.what else {
                continue;
            };
            let ours = comment.app == Some(app) && *change != CommentChange::Deleted;
            if !ours || Some(issue.at) != self.record {
                continue;
            }
            for (place, notified) in self.notices.iter_mut().enumerate() {
                if comment.body.contains(&format!("<!-- changegate:{}:", purpose(place + 1))) {
                    notified.at = notified.at.or(comment.created_at);
                }
            }
        }
    }

    /// What is told now, once there is something to sign, and again when that has changed.
    pub(super) fn notify(&mut self, by: &Notifying<'_>) -> Option<Effect> {
        let on = self.record.filter(|_| self.open && self.outcome().is_none() && !self.has_delivered())?;
        let revision = self.history.current()?.clone();
        let last = self.notices.last();
        if last.is_some_and(|last| last.revision == revision) {
            return None;
        }
        let body = match last {
            None => self.release_notes(by),
            Some(last) => self.what_changed(last, by),
        };
        let changes = self.shipped().map(|change| change.at).collect();
        self.notices.push(Notified { revision, changes, at: None });
        let purpose = purpose(self.notices.len());
        let was_on = Default::default();
        Some(Effect::new(Call::Comment { on, purpose, body: text::cut(body), was_on }))
    }

    /// Since when they know of everything that it ships. `None`: something is not told yet.
    #[must_use]
    pub fn told_since(&self) -> Option<Timestamp> {
        let told = |change: &Change| {
            let of = self.notices.iter().filter(|notified| notified.changes.contains(&change.at));
            of.filter_map(|notified| notified.at).min()
        };
        let all: Vec<Timestamp> = self.shipped().map(told).collect::<Option<_>>()?;
        all.into_iter().max()
    }

    fn shipped(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().chain(self.carried.iter().map(|carried| &carried.change))
    }

    fn release_notes(&self, by: &Notifying<'_>) -> String {
        let title = text::escape(&self.id.title, text::TITLE_LIMIT);
        let list = by.list(self.shipped());
        let commits: Vec<String> = self
            .candidates
            .iter()
            .map(|(repo, candidate)| {
                let name = text::escape(&by.names.repository(*repo), text::TITLE_LIMIT);
                format!("{name} at {}", code(candidate.sha.short()))
            })
            .collect();
        format!(
            "{} **Release {title}** goes out soon: {} after this comment at the earliest. What it ships:\n\n{list}\n\n{}",
            by.whom(),
            by.wanted.before,
            commits.join(", ")
        )
    }

    fn what_changed(&self, last: &Notified, by: &Notifying<'_>) -> String {
        let title = text::escape(&self.id.title, text::TITLE_LIMIT);
        let (words, named) = match self.history.changed_since(&last.revision) {
            Some(difference) => difference.in_words(by.names),
            None => ("what it ships".into(), vec![]),
        };
        let words = markdown(&words, &pages(&named).collect::<Vec<_>>(), by.web_url);
        let told =
            |change: &&Change| !self.notices.iter().any(|notified| notified.changes.contains(&change.at));
        let new = by.list(self.shipped().filter(told));
        let then = if new.is_empty() {
            " Its time stays as it was said.".to_owned()
        } else {
            format!(
                " It goes out {} after this comment at the earliest. What is new:\n\n{new}",
                by.wanted.before
            )
        };
        format!("{} **Release {title}** has changed: {words}.{then}", by.whom())
    }
}

impl Notifying<'_> {
    fn whom(&self) -> String {
        let people = self.wanted.groups.iter().flat_map(|group| self.policy.group(group).unwrap_or_default());
        let mut whom: Vec<String> = people.map(|who| format!("@{who}")).collect();
        whom.sort();
        whom.dedup();
        whom.join(" ")
    }

    fn list<'a>(&self, changes: impl Iterator<Item = &'a Change>) -> String {
        let line = |change: &Change| {
            let named: Named = self.names.change(change.at);
            let shown = markdown(&named.text, &pages([&named]).collect::<Vec<_>>(), self.web_url);
            format!("- {shown} {}", text::escape(&change.title, text::TITLE_LIMIT))
        };
        changes.map(line).collect::<Vec<_>>().join("\n")
    }
}
