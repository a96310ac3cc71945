//! `/emergency WHY`: somebody on call lets a change go ahead of its release, its window and its signatures for some hours.
//! What is owed for it, an independent signature (`/approve`) and a look back (`/done ...`), is asked for afterwards.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::act::{Act, Deed};
use crate::domain::{
    ids::{AccountId, Actor, IssueRef},
    policy::{self, Zone},
    pull_request::PullRequestView,
};

/// What was declared, renewed, signed and looked back on. It ends when nothing is owed for it any more; what is declared after
/// that is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emergency {
    /// When it was first declared; from then on runs the time for what is owed.
    pub since: Timestamp,
    /// Who declared or renewed it last, when, and why.
    pub by: Actor,
    pub at: Timestamp,
    pub why: String,
    /// Everybody who declared it; none of them signs it.
    pub declared_by: BTreeSet<AccountId>,
    pub signed: Option<Signed>,
    pub looked_back: Option<LookedBack>,
    /// By the longest time that policy gives it, of which each environment may give it less; and until it was looked back on:
    /// nothing more goes out for which nothing would be owed.
    pub in_force: bool,
    /// It was declared where the issue was before it was transferred: what is owed went along. That it goes ahead did not; it
    /// is declared again here.
    #[serde(default)]
    pub came_along: bool,
    /// Until when it lasts and what is owed until when, by the policy where it was declared.
    #[serde(default)]
    pub terms: Option<Terms>,
    /// The pull requests that it is for: those that belonged to it when it was declared, and those that somebody on call or
    /// a release manager has linked since.
    #[serde(default)]
    pub parts: BTreeSet<IssueRef>,
}

/// Until when an emergency lasts, and what is owed until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub lasts_until: Timestamp,
    /// `None`: it is not owed, or not any more.
    pub signature: Option<Timestamp>,
    pub retrospective: Option<Timestamp>,
}

/// An independent signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    pub by: Actor,
    pub at: Timestamp,
}

/// What became of it, and what was learned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedBack {
    pub by: Actor,
    pub at: Timestamp,
    pub result: Done,
    pub said: String,
}

/// How a change went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    Worked,
    Problems,
    BackedOut,
}

impl Done {
    /// As it stands in the command and in the audit log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worked => "worked",
            Self::Problems => "problems",
            Self::BackedOut => "backed-out",
        }
    }

    /// The result that stands first, and what is said behind it.
    #[must_use]
    pub fn read(text: &str) -> Option<(Self, &str)> {
        let (word, said) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let all = [Self::Worked, Self::Problems, Self::BackedOut];
        let done = all.into_iter().find(|done| done.as_str().eq_ignore_ascii_case(word))?;
        Some((done, said.trim()))
    }
}

/// What is owed for an emergency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Debt {
    Signature,
    Retrospective,
}

impl Emergency {
    /// The one that these acts make, by those of them that count; they are in the order of their times. Who worked on the
    /// change does not sign it.
    #[must_use]
    pub fn of(acts: &[Act], workers: &BTreeSet<AccountId>) -> Option<Self> {
        let counted = acts.iter().filter(|act| act.counts());
        counted
            .filter_map(|act| Some((act, act.by.as_ref()?)))
            .fold(None, |stands, (act, by)| Self::after(stands, act, by, workers))
    }

    fn after(stands: Option<Self>, act: &Act, by: &Actor, workers: &BTreeSet<AccountId>) -> Option<Self> {
        if let Deed::Emergency { why } = &act.deed {
            let it = match stands.filter(|it| !it.is_paid()) {
                Some(it) => it.renewed(act.at, by, why),
                None => Self::declared(act.at, by, why),
            };
            return Some(Self { came_along: act.came_along(), ..it });
        }
        let mut it = stands?;
        if act.deed == Deed::Vouch {
            let independent = !it.declared_by.contains(&by.id) && !workers.contains(&by.id);
            if independent {
                it.signed.get_or_insert_with(|| Signed { by: by.clone(), at: act.at });
            }
        } else if let Deed::LookBack { result, said } = &act.deed {
            let (by, said) = (by.clone(), said.clone());
            it.looked_back.get_or_insert(LookedBack { by, at: act.at, result: *result, said });
        }
        Some(it)
    }

    fn declared(at: Timestamp, by: &Actor, why: &str) -> Self {
        Self {
            since: at,
            by: by.clone(),
            at,
            why: why.into(),
            declared_by: BTreeSet::from([by.id]),
            signed: None,
            looked_back: None,
            in_force: false,
            came_along: false,
            terms: None,
            parts: BTreeSet::new(),
        }
    }

    /// Whoever renews it has not signed it, and what goes out after that has not been looked back on.
    fn renewed(mut self, at: Timestamp, by: &Actor, why: &str) -> Self {
        (self.at, self.by, self.why) = (at, by.clone(), why.into());
        self.declared_by.insert(by.id);
        self.looked_back = None;
        self.signed = self.signed.filter(|signed| signed.by.id != by.id);
        self
    }

    /// Whether nothing is owed any more.
    #[must_use]
    pub const fn is_paid(&self) -> bool {
        self.signed.is_some() && self.looked_back.is_some()
    }

    /// Whether a declaration of `to` was for this pull request: it belonged to it by then, or it was said there; or one of
    /// those who declared it has linked it.
    #[must_use]
    pub fn takes_in(&self, pull: &PullRequestView, to: IssueRef, acts: &[Act]) -> bool {
        let Some(tie) = pull.ties.iter().find(|tie| tie.to == to) else { return false };
        let declared = acts
            .iter()
            .filter(|act| act.counts() && act.at >= self.since && matches!(act.deed, Deed::Emergency { .. }));
        let mut declared = declared.map(|act| act.on.map_or(tie.since <= act.at, |on| on == pull.at));
        declared.any(|is_meant| is_meant)
            || tie.by.as_ref().is_some_and(|by| self.declared_by.contains(&by.id))
    }

    /// Whether it lasts, and this pull request is part of it.
    #[must_use]
    pub fn is_for(&self, pull: IssueRef) -> bool {
        self.in_force && self.parts.contains(&pull)
    }

    /// Until when it holds, by these rules.
    #[must_use]
    pub fn ends(&self, rules: &policy::Emergency, zone: &Zone) -> Timestamp {
        rules.lasts.after(self.at, zone)
    }

    /// What is still owed, and until when.
    #[must_use]
    pub fn debts(&self, rules: &policy::Emergency, zone: &Zone) -> Vec<(Debt, Timestamp)> {
        let signature = (Debt::Signature, rules.approved.after(self.since, zone));
        let retrospective = (Debt::Retrospective, rules.retrospective.after(self.since, zone));
        let owed =
            [self.signed.is_none().then_some(signature), self.looked_back.is_none().then_some(retrospective)];
        owed.into_iter().flatten().collect()
    }
}
