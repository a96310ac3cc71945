//! How far a change request is, now and at every time before: derived from its snapshots, the acts that count, its
//! release and its pull requests, each with its time. So every order of arrival gives the same history.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{event::IssueSnapshot, ids::IssueRef, pull_request::PullRequestView};

use super::{
    Acceptance, ChangeRequest, Had, Stage,
    act::{self, Act, Ruling},
    rules::Rules,
};

/// What a snapshot says of the stage, by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Own {
    /// Not taken in.
    Out,
    /// Open, and complete enough to be triaged.
    Open,
    /// Open, and required fields are missing.
    Incomplete,
    /// Closed as not planned.
    NotPlanned,
    /// Closed as a duplicate.
    Duplicate,
    /// Closed as completed, or without a reason.
    Completed,
}

/// How the pull requests of a change request stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    None,
    /// One is open.
    Open,
    /// None is open; parts are merged, nothing finishes it.
    Part,
    /// None is open, and one that finishes it is merged.
    Finished,
    /// What they did runs in an environment that policy guards.
    Delivered,
}

impl Own {
    /// Of a snapshot.
    #[must_use]
    pub fn of(issue: &IssueSnapshot, rules: &Rules) -> Self {
        if !rules.takes_in(issue) {
            Self::Out
        } else if issue.open && rules.missing(issue).is_empty() {
            Self::Open
        } else if issue.open {
            Self::Incomplete
        } else {
            match issue.state_reason.as_deref() {
                Some("not_planned") => Self::NotPlanned,
                Some("duplicate") => Self::Duplicate,
                Some(_) | None => Self::Completed,
            }
        }
    }
}

impl Work {
    /// Of the pull requests that belong to the change request `to`, with the time since when it is so, where the
    /// pull requests tell it.
    #[must_use]
    pub fn of(to: IssueRef, pulls: &[&PullRequestView]) -> (Self, Option<Timestamp>) {
        let merged = || pulls.iter().filter_map(|pull| pull.merged_at);
        let gone = pulls.iter().flat_map(|pull| &pull.shipped).filter(|it| !it.runs).map(|it| it.at);
        let finishes = |pull: &&&PullRequestView| {
            pull.merged_at.is_some()
                && undone_by(pull, pulls).is_none()
                && (pull.at == to || pull.links.iter().any(|link| link.to == to && link.finishes))
        };
        if pulls.iter().any(|pull| pull.open) {
            (Self::Open, None)
        } else if pulls.iter().any(|pull| finishes(&pull)) {
            (Self::Finished, merged().chain(gone).max())
        } else if merged().next().is_some() {
            (Self::Part, merged().max())
        } else {
            (Self::None, None)
        }
    }
}

/// The merged pull request that took this one back, if none took that back in turn.
#[must_use]
pub fn undone_by<'a>(pull: &PullRequestView, pulls: &[&'a PullRequestView]) -> Option<&'a PullRequestView> {
    let age = |pull: &PullRequestView| Some((pull.merged_at?, pull.at));
    let undoes = |other: &&&PullRequestView| {
        let claims = other.derived.as_ref().is_some_and(|derived| derived.undoes(pull.at));
        claims && age(other) > age(pull) && undone_by(other, pulls).is_none()
    };
    pulls.iter().find(undoes).copied()
}

/// The stage that these facts make; `None`: it is not in the register.
#[must_use]
pub fn stage(own: Own, ruling: Option<Ruling>, planned: bool, work: Work) -> Option<Stage> {
    let by_triage = match (ruling, work) {
        (Some(Ruling::NeedsInformation), _) => Stage::NeedsInformation,
        (Some(Ruling::Deferred), _) => Stage::Deferred,
        (Some(Ruling::Declined), _) => Stage::Declined,
        (Some(Ruling::Duplicate), _) => Stage::Duplicate,
        (Some(Ruling::Withdrawn), _) => Stage::Withdrawn,
        (Some(Ruling::Accepted) | None, Work::Delivered) => Stage::Deployed,
        (Some(Ruling::Accepted) | None, Work::Finished) => Stage::Merged,
        (Some(Ruling::Accepted), Work::Open | Work::Part) => Stage::InWork,
        (Some(Ruling::Accepted), Work::None) if planned => Stage::Scheduled,
        (Some(Ruling::Accepted), Work::None) => Stage::Accepted,
        (None, Work::None | Work::Open | Work::Part) if own == Own::Incomplete => Stage::NeedsInformation,
        (None, Work::None | Work::Open | Work::Part) => Stage::Requested,
    };
    match own {
        Own::Out => None,
        Own::NotPlanned => Some(Stage::Withdrawn),
        Own::Duplicate => Some(Stage::Duplicate),
        Own::Open | Own::Incomplete | Own::Completed => Some(by_triage),
    }
}

impl ChangeRequest {
    /// Every stage it went through, with the time at which it came there.
    #[must_use]
    pub fn history(&self) -> Vec<(Stage, Timestamp)> {
        let counted = self.acts.iter().filter(|act| act.counts()).map(|act| act.at);
        let changed = self.planned.iter().map(|(at, _)| *at).chain(self.work.iter().map(|(at, _)| *at));
        let changed = changed.chain(self.verified);
        let mut times: Vec<Timestamp> = self.versions.keys().copied().chain(counted).chain(changed).collect();
        times.sort();
        times.dedup();
        let (mut history, mut last) = (Vec::new(), None);
        for at in times {
            let now = self.stage_at(at);
            if let Some(stage) = now.filter(|_| now != last) {
                history.push((stage, at));
            }
            last = now;
        }
        history
    }

    /// What it has had so far, of these pull requests that belong to it.
    #[must_use]
    pub fn has_had(&self, pulls: &[&PullRequestView]) -> Had {
        let counted = || pulls.iter().filter(|pull| pull.open || pull.merged_at.is_some());
        let came = |pull: &&&PullRequestView| pull.shipped.iter().filter(|it| it.runs).map(|it| it.at).min();
        let planned = |at| last_at(&self.planned, at).cloned().flatten();
        Had {
            pulls: counted().count(),
            shipped_in: counted().filter_map(|pull| came(&pull)).filter_map(planned).collect(),
        }
    }

    fn stage_at(&self, at: Timestamp) -> Option<Stage> {
        let (_, own) = self.versions.range(..=at).next_back()?;
        let ruling = act::standing(&self.acts, at).map(|standing| standing.ruling);
        let planned = last_at(&self.planned, at).is_some_and(Option::is_some);
        let stage = stage(*own, ruling, planned, last_at(&self.work, at).copied().unwrap_or(Work::None));
        let is_verified = self.verified.is_some_and(|verified| verified <= at);
        if stage == Some(Stage::Deployed) && is_verified { Some(Stage::Verified) } else { stage }
    }

    /// When it was first in the register.
    #[must_use]
    pub fn taken_in_at(&self) -> Option<Timestamp> {
        self.versions.keys().next().copied()
    }

    /// Whether it was accepted, as others may rely on it.
    #[must_use]
    pub fn judge_acceptance(&self) -> Acceptance {
        if let Some(why) = self.unread.as_deref().or_else(|| act::doubt(&self.acts)) {
            return Acceptance::Unknown(why.into());
        }
        let standing = act::standing(&self.acts, Timestamp::MAX);
        let closed = self.read.as_ref().and_then(|read| read.closed.as_ref()).and_then(|set| set.by.clone());
        match self.own {
            Own::NotPlanned | Own::Duplicate => Acceptance::Refused { by: closed, why: None },
            Own::Out | Own::Open | Own::Incomplete | Own::Completed => match standing {
                Some(standing) => ruled(standing.ruling, standing.said, standing.act)
                    .unwrap_or(Acceptance::Waiting { since: self.taken_in_at() }),
                None => Acceptance::Waiting { since: self.taken_in_at() },
            },
        }
    }
}

fn ruled(ruling: Ruling, said: Option<&str>, act: &Act) -> Option<Acceptance> {
    match ruling {
        Ruling::Accepted => Some(Acceptance::Accepted { by: act.by.clone(), at: act.at }),
        Ruling::NeedsInformation => None,
        Ruling::Deferred | Ruling::Declined | Ruling::Duplicate | Ruling::Withdrawn => {
            Some(Acceptance::Refused { by: act.by.clone(), why: said.map(Into::into) })
        }
    }
}

fn last_at<T>(log: &[(Timestamp, T)], at: Timestamp) -> Option<&T> {
    log.iter().rev().find(|(since, _)| *since <= at).map(|(_, value)| value)
}

/// Notes that something is so from `at` on, if it was not so before.
pub fn note<T: PartialEq>(log: &mut Vec<(Timestamp, T)>, at: Timestamp, value: T) {
    if log.last().is_some_and(|(_, last)| *last == value) {
        return;
    }
    while log.last().is_some_and(|(since, _)| *since >= at) {
        log.pop();
    }
    log.push((at, value));
}

/// The same, where it may turn out later that it was so from an earlier time on.
pub fn note_from<T: PartialEq>(log: &mut Vec<(Timestamp, T)>, at: Timestamp, value: T) {
    if log.last().is_some_and(|(since, last)| *last == value && at < *since) {
        log.pop();
    }
    note(log, at, value);
}
