//! The scope after the lock: it changes by `/swap` on the control record. What is put in or taken out by hand stands in the
//! way until a release manager has said why.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        effect::{Call, Effect},
        event::Planning,
        facts::Inquiry,
        finding::{Finding, Outcome},
        ids::{IssueRef, RepoId, RepoName, SubjectId},
        named::{Named, pages},
        subject::View,
    },
    Change, Release,
    act::{Act, Deed},
    readiness::Setting,
};

/// One change goes out, or another comes in, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    pub goes: Option<IssueRef>,
    pub comes: Option<IssueRef>,
    pub why: Option<String>,
}

/// Who went by hand after the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    pub at: IssueRef,
    pub since: Option<Timestamp>,
}

/// What the scope was at the lock, and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtLock {
    /// Who was in it.
    pub scope: BTreeSet<IssueRef>,
    /// Whom nobody had begun, and who went back to the queue.
    pub sent_back: BTreeSet<IssueRef>,
    /// Who went since then without a word.
    pub left: Vec<Left>,
}

const TAKES: &str = "`#n`, `#n for #m`, or `for #m` and a reason";

/// Reads `#12`, `#12 for #15` or `for #15 WHY`; each may have a reason behind it. Outer `None`: it must be asked first who is
/// called so.
pub(super) fn read(what: &str, here: Option<RepoId>, inquiry: &mut Inquiry<'_>) -> Option<Deed> {
    let unclear = |takes: &str| Deed::Unclear { word: "swap".into(), takes: takes.into() };
    let (first, rest) = word(what);
    let (goes, rest) = if first == "for" { (None, what) } else { (Some(first), rest) };
    let (comes, why) = match word(rest) {
        ("for", behind) if word(behind).0.contains('#') => {
            let (comes, why) = word(behind);
            (Some(comes), why)
        }
        _ => (None, rest),
    };
    if comes.is_none() && goes.is_none() || (goes.is_none() && why.is_empty()) {
        return Some(unclear(TAKES));
    }
    let goes = goes.map(|goes| issue(goes, here, inquiry));
    let comes = comes.map(|comes| issue(comes, here, inquiry));
    let found = [goes, comes].map(|found| match found {
        Some(found) => found.map(|found| found.map(Some)),
        None => Some(Ok(None)),
    });
    let [goes, comes] = found;
    Some(match (goes?, comes?) {
        (Ok(goes), Ok(comes)) => {
            let why = Some(why.to_owned()).filter(|why| !why.is_empty());
            Deed::Swap(Swap { goes, comes, why })
        }
        (Err(Unfit::Unreadable), _) | (_, Err(Unfit::Unreadable)) => unclear(TAKES),
        (Err(Unfit::Stranger(name)), _) | (_, Err(Unfit::Stranger(name))) => {
            unclear(&format!("issues that are change requests ({name} is none)"))
        }
    })
}

fn word(text: &str) -> (&str, &str) {
    let (first, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    (first, rest.trim())
}

enum Unfit {
    Unreadable,
    /// It is no change request; as it was written.
    Stranger(String),
}

/// `None`: something must be asked first.
fn issue(place: &str, here: Option<RepoId>, inquiry: &mut Inquiry<'_>) -> Option<Result<IssueRef, Unfit>> {
    let place = place.trim_end_matches([',', '.', ';', ':']);
    let Some((name, number)) = place.split_once('#') else { return Some(Err(Unfit::Unreadable)) };
    let (Ok(number), Ok(repository)) =
        (number.parse::<u64>(), (!name.is_empty()).then(|| name.parse::<RepoName>()).transpose())
    else {
        return Some(Err(Unfit::Unreadable));
    };
    let written = repository.as_ref().map_or_else(String::new, ToString::to_string);
    let repo = match repository {
        Some(name) => inquiry.repository_named(name)?,
        None => here,
    };
    let stranger = || Err(Unfit::Stranger(format!("{written}#{number}")));
    let Some(repo) = repo else { return Some(stranger()) };
    let at = IssueRef { repo, number };
    let view = inquiry.view(SubjectId::ChangeRequest(at))?.and_then(View::as_change_request);
    Some(if view.is_some_and(|view| view.taken_in) { Ok(at) } else { stranger() })
}

impl Release {
    /// The swaps that count, in order.
    pub fn swaps(&self) -> impl DoubleEndedIterator<Item = (&Act, &Swap)> {
        let counts = self.acts.iter().filter(|act| act.counts());
        counts.filter_map(|act| if let Deed::Swap(swap) = &act.deed { Some((act, swap)) } else { None })
    }

    /// Those of them that were said after the lock.
    pub fn swapped_late(&self) -> impl Iterator<Item = (&Act, &Swap)> {
        let locked = self.locked.as_ref().map(|locked| locked.at);
        self.swaps().filter(move |(act, _)| locked.is_some_and(|locked| act.at >= locked))
    }

    /// What was said last of a change: that it comes, or that it goes.
    fn last_said(&self, at: IssueRef) -> Option<bool> {
        self.swaps().rev().find_map(|(_, swap)| {
            let comes = swap.comes == Some(at);
            (comes || swap.goes == Some(at)).then_some(comes)
        })
    }

    /// Keeps what the scope was at the lock and finds who has left it since. `None`: something must be asked first.
    pub(super) fn follow_scope(&mut self, locks_now: bool, inquiry: &mut Inquiry<'_>) -> Option<()> {
        let Some(locked) = self.locked.as_ref().map(|locked| locked.at) else { return Some(()) };
        if locks_now {
            let not_begun = self.changes.iter().filter(|change| change.is_not_begun());
            self.at_lock.sent_back = not_begun.map(|change| change.at).collect();
        }
        let early = self.changes.iter().filter(|change| change.planned_at.is_none_or(|at| at <= locked));
        let early: Vec<IssueRef> = early.map(|change| change.at).collect();
        self.at_lock.scope.extend(early.into_iter().filter(|at| !self.at_lock.sent_back.contains(at)));
        let gone: Vec<IssueRef> = self
            .at_lock
            .scope
            .iter()
            .filter(|at| !self.scope.contains(at) && self.last_said(**at) != Some(false))
            .copied()
            .collect();
        let views: Vec<_> =
            gone.iter().map(|at| (*at, inquiry.view(SubjectId::ChangeRequest(*at)))).collect();
        self.at_lock.left.clear();
        for (at, view) in views {
            let view = view?.and_then(View::as_change_request).filter(|view| view.exists);
            // One that was transferred is somewhere else; one that left before the lock was never in it.
            match view.filter(|view| view.planned_at.is_none_or(|since| since > locked)) {
                Some(view) => {
                    self.at_lock.left.push(Left { at, since: view.planned_at });
                }
                None => drop(self.at_lock.scope.remove(&at)),
            }
        }
        Some(())
    }

    /// Who came by hand after the lock, and nobody has said why.
    fn came_late(&self) -> impl Iterator<Item = &Change> {
        let locked = self.locked.as_ref().map(|locked| locked.at);
        let late = move |change: &&Change| {
            locked.is_some_and(|locked| change.planned_at.is_some_and(|at| at > locked))
        };
        self.changes
            .iter()
            .filter(late)
            .filter(|change| !self.at_lock.scope.contains(&change.at))
            .filter(|change| self.last_said(change.at) != Some(true))
    }

    pub(super) fn scope_findings(&self, setting: &Setting<'_>) -> Vec<Finding> {
        const RULE: &str = "the scope is as it was locked";
        let manager = setting.manager();
        let when =
            |at: Option<Timestamp>| at.map(|at| format!(" on {}", setting.zone.time(at))).unwrap_or_default();
        let joined = self.came_late().map(|change| {
            let (named, by) = (setting.names.change(change.at), change.planned_by.as_ref().map(Named::actor));
            let who = by.as_ref().map(|by| format!("{} set its milestone", by.text));
            let who = who.unwrap_or_else(|| "its milestone was set".into());
            let (name, when) = (&named.text, when(change.planned_at));
            Finding::new(
                "joined_after_lock",
                Outcome::Pending,
                RULE,
                format!("{name} joined after the scope was locked: {who}{when}, and nobody has said why."),
            )
            .headline(format!("{name} joined after the scope was locked"))
            .cure(format!(
                "{manager} comments `/swap for {name} WHY` on the control record, which is recorded as an exception, or `/swap #n for {name}`, or takes the milestone off again"
            ))
            .names(pages(setting.managers))
            .names(named.page)
            .names(by.and_then(|by| by.page))
        });
        let left = self.at_lock.left.iter().map(|left| {
            let named = setting.names.change(left.at);
            let (name, when) = (&named.text, when(left.since));
            Finding::new(
                "left_after_lock",
                Outcome::Pending,
                RULE,
                format!("{name} was taken out after the scope was locked{when}, and nobody has said so here."),
            )
            .headline(format!("{name} was taken out after the scope was locked"))
            .cure(format!(
                "{manager} comments `/swap {name}` on the control record, or sets the milestone on {name} again"
            ))
            .names(pages(setting.managers))
            .names(named.page)
        });
        joined.chain(left).collect()
    }

    /// What the issues are told of swaps that count since just now.
    pub(super) fn swap_effects(&self, before: Option<&Self>) -> Vec<Effect> {
        let Some(record) = self.record else { return vec![] };
        let plan = |act: &Act, on: IssueRef, release: Option<String>, why: &Option<String>| {
            let (why, by) = (why.clone(), act.by.clone());
            let (at, comment, place) = (act.at, act.comment, act.place);
            let (triage, in_meeting) = (None, false);
            let planning = Planning { release, triage, why, by, at, comment, place, on: record, in_meeting };
            Effect::new(Call::Plan { on, planning })
        };
        let mut effects = vec![];
        for (act, swap) in self.swaps().filter(|(act, _)| !act.counted(before)) {
            effects.extend(swap.goes.map(|on| plan(act, on, None, &swap.why)));
            effects.extend(swap.comes.map(|on| plan(act, on, Some(self.id.title.clone()), &swap.why)));
        }
        effects
    }
}
