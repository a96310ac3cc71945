//! A change request in short: what the queue and the plan show of it.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    change_request::{
        Acceptance, ChangeRequest, Had, Stage, act,
        note::{Rank, Size},
    },
    ids::{Actor, IssueRef, ReleaseId},
    policy::Risk,
};

/// The form in which lines are written; a register that has older ones is written anew.
pub const FORM: u8 = 2;

/// A change request in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub at: IssueRef,
    pub title: String,
    pub kind: Kind,
    pub stage: Stage,
    /// Since when it is that.
    pub since: Timestamp,
    /// When it was asked for: its age, which never begins anew.
    pub asked: Timestamp,
    /// When it was accepted, where it was.
    #[serde(default)]
    pub accepted: Option<Timestamp>,
    /// When it came into production, where it did.
    #[serde(default)]
    pub delivered: Option<Timestamp>,
    #[serde(default)]
    pub account: Option<String>,
    #[serde(default)]
    pub systems: BTreeSet<String>,
    #[serde(default)]
    pub size: Option<Size>,
    #[serde(default)]
    pub risk: Option<Risk>,
    #[serde(default)]
    pub requester: Option<Actor>,
    #[serde(default)]
    pub contact: Option<Actor>,
    /// When the question that was asked was answered, where it was: a decision is waited for again.
    #[serde(default)]
    pub answered: Option<Timestamp>,
    /// What has to be answered before it can be triaged.
    #[serde(default)]
    pub missing: Vec<String>,
    #[serde(default)]
    pub release: Option<ReleaseId>,
    /// Its place among what its account asks for.
    #[serde(default)]
    pub rank: Option<Rank>,
    #[serde(default)]
    pub needed_by: Option<Date>,
    #[serde(default)]
    pub emergency: bool,
    /// How content whoever asked for it is with what came of it: 1 to 5.
    #[serde(default)]
    pub stars: Option<u8>,
    /// Whoever asked for it accepted it, too.
    #[serde(default)]
    pub accepted_by_requester: bool,
    /// It was accepted over the limit of what may be accepted.
    #[serde(default)]
    pub over_limit: bool,
    /// How many pull requests belong to it that are open or merged.
    #[serde(default)]
    pub pulls: usize,
    /// The releases with which any of them came into production, as it was planned then.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub shipped_in: BTreeSet<ReleaseId>,
}

/// What sort of work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChangeKind)]
pub enum Kind {
    Change,
    /// The parent of what is done for it.
    Project,
    /// It needs no code.
    Infrastructure,
}

impl Kind {
    /// As people and the API write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Project => "project",
            Self::Infrastructure => "infrastructure",
        }
    }
}

/// Where it lies: a register of years is read a pile at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pile {
    /// Somebody has to decide: it is asked for, or lacks information.
    Triage,
    /// Put off.
    Deferred,
    /// Accepted, and not in production.
    Open,
    /// In production.
    Delivered,
    /// Declined, withdrawn or a duplicate.
    Ended,
}

impl Pile {
    /// Where everything at a stage lies.
    #[must_use]
    pub const fn of(stage: Stage) -> Self {
        match stage {
            Stage::Requested | Stage::NeedsInformation => Self::Triage,
            Stage::Deferred => Self::Deferred,
            Stage::Accepted | Stage::Scheduled | Stage::InWork | Stage::Merged => Self::Open,
            Stage::Deployed | Stage::Verified => Self::Delivered,
            Stage::Declined | Stage::Duplicate | Stage::Withdrawn => Self::Ended,
        }
    }

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Deferred => "deferred",
            Self::Open => "open",
            Self::Delivered => "delivered",
            Self::Ended => "ended",
        }
    }
}

impl Line {
    /// Of a change request; `None`: it is in no register.
    #[must_use]
    pub fn of(change: &ChangeRequest) -> Option<Self> {
        let seen = change.seen.as_ref().filter(|_| change.taken_in && change.gone.is_none())?;
        let (stage, since) = change.stages.last().copied()?;
        let reached = |wanted: &[Stage]| {
            change.stages.iter().rev().find(|(stage, _)| wanted.contains(stage)).map(|(_, at)| *at)
        };
        let first_in = change.stages.first().map(|(_, at)| *at);
        let kind = if change.is_project() {
            Kind::Project
        } else if change.needs_no_code() {
            Kind::Infrastructure
        } else {
            Kind::Change
        };
        let Had { pulls, shipped_in } = change.had.clone();
        Some(Self {
            pulls,
            shipped_in,
            at: change.at,
            title: seen.title.clone(),
            kind,
            stage,
            since,
            asked: seen.created_at.or(first_in).unwrap_or(since),
            accepted: if let Acceptance::Accepted { at, .. } = change.acceptance { Some(at) } else { None },
            delivered: reached(&[Stage::Deployed]).filter(|_| Pile::of(stage) == Pile::Delivered),
            account: change.account.clone(),
            systems: change.systems.clone(),
            size: change.size(),
            risk: act::risk(&change.acts),
            requester: change.requester().cloned(),
            contact: change.contact().cloned(),
            answered: change.answer(),
            missing: change.missing.clone(),
            release: change.release().cloned(),
            rank: change.rank(),
            needed_by: change.needed_by().last().map(|it| it.day),
            emergency: change.emergency.as_ref().is_some_and(|it| it.in_force || !it.is_paid()),
            stars: change.stars(),
            accepted_by_requester: accepted_by_requester(change),
            over_limit: act::standing(&change.acts, Timestamp::MAX)
                .is_some_and(|it| it.act.beyond().is_some()),
        })
    }

    /// Where it lies.
    #[must_use]
    pub const fn pile(&self) -> Pile {
        Pile::of(self.stage)
    }

    /// How far it is, as people say it: that it is in a release is shown elsewhere.
    #[must_use]
    pub fn progress(&self) -> String {
        let is_planned = matches!(self.stage, Stage::Accepted | Stage::Scheduled);
        if is_planned { "accepted".into() } else { self.stage.as_str().replace('_', " ") }
    }

    /// By which time it lies in order there: what waits by its age, what is over by its end.
    #[must_use]
    pub fn order(&self) -> Timestamp {
        match self.pile() {
            Pile::Triage | Pile::Deferred | Pile::Open => self.asked,
            Pile::Delivered => self.delivered.unwrap_or(self.since),
            Pile::Ended => self.since,
        }
    }
}

fn accepted_by_requester(change: &ChangeRequest) -> bool {
    let Acceptance::Accepted { by: Some(by), .. } = &change.acceptance else { return false };
    change.requester().is_some_and(|requester| requester.id == by.id)
}
