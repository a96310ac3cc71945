//! A settlement, written down before the transaction begins.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    audit::AuditEntry,
    decide::Decision,
    ids::{RepoId, RepoName, SubjectId},
    subject::{Relation, State, View},
};

use super::{
    super::{
        body,
        effects::NewEffect,
        error::StoreError,
        gates::NewGate,
        published::{self, Key, Read},
        register::NewLine,
        subjects::Claim,
    },
    Outcome, Place, Settlement,
    checks::Published,
};

/// A settlement in the words of the database.
pub(super) struct Prepared<'a> {
    pub(super) claim: &'a Claim,
    pub(super) tenant: String,
    pub(super) id: String,
    pub(super) outcome: Written<'a>,
}

/// See [`Outcome`].
pub(super) enum Written<'a> {
    Decided(Box<Decided<'a>>),
    Ignored(&'a str),
    Retry { at: i64, why: &'a str },
    Parked(&'a str),
}

/// A decision in the words of the database.
pub(super) struct Decided<'a> {
    pub(super) state: String,
    pub(super) view: Shown,
    pub(super) look_again: Option<i64>,
    pub(super) edges: BTreeSet<(Relation, SubjectId)>,
    /// What was read, and its mark; -1 where it was read at two marks.
    pub(super) reads: BTreeMap<Key, i64>,
    /// What it changes of what others read, as far as the state before tells.
    writes: BTreeSet<Key>,
    /// A name that this repository bears from now on.
    pub(super) named: Option<(Key, Shown)>,
    /// A name that it bore until now, and what stands there if nobody else took it since.
    pub(super) unnamed: Option<(Key, Shown)>,
    pub(super) effects: Vec<NewEffect>,
    /// What the gate answers: no one is sent it.
    pub(super) gates: Vec<NewGate>,
    /// What the register shows of it from now on, where that is news.
    pub(super) line: Option<NewLine>,
    pub(super) audit: &'a [AuditEntry],
}

/// What others may read, and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) face: Option<String>,
    pub(super) text: Option<String>,
}

impl Shown {
    /// That something is different now, and no more.
    pub(super) const NOTHING: Self = Self { face: None, text: None };

    fn of<T: serde::Serialize>(shown: &T) -> Result<Self, StoreError> {
        let text = body::write(shown)?;
        Ok(Self { face: Some(body::hash(&[text.as_bytes()])), text: Some(text) })
    }
}

impl<'a> Prepared<'a> {
    pub(super) fn of(settlement: &'a Settlement) -> Result<Self, StoreError> {
        let claim = &settlement.claim;
        let outcome = match &settlement.outcome {
            Outcome::Decided { decision, reads } => {
                Written::Decided(Box::new(Decided::of(claim, decision, reads)?))
            }
            Outcome::Ignored(why) => Written::Ignored(why),
            Outcome::Retry { at, why } => Written::Retry { at: at.as_microsecond(), why },
            Outcome::Parked(why) => Written::Parked(why),
        };
        let (tenant, id) = (body::escape(claim.tenant.as_str()), published::id(&claim.subject));
        Ok(Self { claim, tenant, id, outcome })
    }

    pub(super) fn decided(&self) -> Option<&Decided<'a>> {
        match &self.outcome {
            Written::Decided(decided) => Some(decided),
            Written::Ignored(_) | Written::Retry { .. } | Written::Parked(_) => None,
        }
    }

    pub(super) fn place(&self) -> Place {
        (self.tenant.clone(), self.id.clone())
    }

    /// What it changes of what others read.
    pub(super) fn writes(&self) -> impl Iterator<Item = &Key> {
        self.decided().into_iter().flat_map(|decided| &decided.writes)
    }

    /// Whether something that it read has another mark now, or is changed by somebody who goes first.
    pub(super) fn is_outdated(&self, published: &Published, touched: &BTreeSet<(&str, &Key)>) -> bool {
        let mut reads = self.decided().into_iter().flat_map(|decided| &decided.reads);
        reads.any(|(key, mark)| {
            published.mark(&self.tenant, key) != *mark || touched.contains(&(self.tenant.as_str(), key))
        })
    }
}

impl<'a> Decided<'a> {
    fn of(claim: &Claim, decision: &'a Decision, read: &[Read]) -> Result<Self, StoreError> {
        let after = &decision.after;
        let mut reads = BTreeMap::new();
        for Read { key, mark } in read {
            let kept = reads.entry(key.clone()).or_insert(*mark);
            *kept = if *kept == *mark { *mark } else { -1 };
        }
        let (named, unnamed) = names(claim.state.as_ref(), after)?;
        let mut writes: BTreeSet<Key> = named.iter().chain(&unnamed).map(|(key, _)| key.clone()).collect();
        let before = claim.state.as_ref();
        if before.map(State::view).as_ref() != Some(&after.view()) {
            writes.insert(Key::view(&claim.subject));
        }
        let (old, edges) = (before.map(State::relations).unwrap_or_default(), after.relations());
        let moved = edges.symmetric_difference(&old);
        writes.extend(moved.map(|(relation, target)| Key::pointing_at(relation.as_str(), target)));
        let (mut effects, mut gates) = (vec![], vec![]);
        for effect in &decision.effects {
            match NewGate::of(&effect.call)? {
                Some(gate) => gates.push(gate),
                None => effects.push(NewEffect::of(effect)?),
            }
        }
        Ok(Self {
            state: body::write(after)?,
            view: Shown::of(&after.view())?,
            look_again: decision.look_again.map(jiff::Timestamp::as_microsecond),
            edges,
            reads,
            writes,
            named,
            unnamed,
            effects,
            gates,
            line: NewLine::of(before, after)?,
            audit: &decision.audit,
        })
    }
}

type Name = Option<(Key, Shown)>;

/// A repository takes a name when it is first seen, renamed, or comes back; it loses only the name it had.
fn names(before: Option<&State>, after: &State) -> Result<(Name, Name), StoreError> {
    let Some((id, name, gone)) = bearing(after) else { return Ok((None, None)) };
    let before = before.and_then(bearing);
    let old = before.as_ref().map(|(_, name, _)| name);
    let is_news = old != Some(&name) || before.as_ref().is_some_and(|(_, _, was_gone)| *was_gone && !gone);
    let mine = Shown::of(&Some(id))?;
    let named = is_news.then(|| (Key::named(&name), mine.clone()));
    let unnamed = old.filter(|old| **old != name).map(|old| (Key::named(old), mine));
    Ok((named, unnamed))
}

fn bearing(state: &State) -> Option<(RepoId, RepoName, bool)> {
    let State::Repository(repository) = state else { return None };
    let View::Repository(view) = state.view() else { return None };
    Some((repository.id, view.name, view.gone))
}
