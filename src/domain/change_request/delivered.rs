//! Whether a change request is delivered: what its pull requests did runs in an environment that policy guards. What is opened
//! for it after that is no part of it, until it is reopened.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{Actor, IssueRef},
    policy::{Length, Unit, Zone},
    pull_request::{Derived, Kind, PullRequestView},
};

use super::{
    act::{Act, Deed},
    emergency::Done,
    stage::{Work, undone_by},
};

/// For so long it is watched whether it works.
const WATCHED: Length = Length { count: 5, unit: Unit::WorkingDay };

/// That it runs, since when, where, and what of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// When the last part came.
    pub at: Timestamp,
    /// The environments, in order.
    pub environments: Vec<String>,
    /// The pull requests that belong to it.
    pub pulls: BTreeSet<IssueRef>,
}

/// How the pull requests stand that count now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    pub work: Work,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    pub delivered: Option<Delivered>,
}

/// The round that its pull requests are in: each reopening after a delivery begins another one. `reopened`: when it was reopened,
/// in order.
#[must_use]
pub fn round(to: IssueRef, pulls: &[&PullRequestView], reopened: &[Timestamp]) -> Round {
    let Some(delivered) = delivered(to, pulls) else {
        let (work, since) = Work::of(to, pulls);
        return Round { work, since, delivered: None };
    };
    let Some(at) = reopened.iter().find(|at| **at > delivered.at) else {
        return Round { work: Work::Delivered, since: Some(delivered.at), delivered: Some(delivered) };
    };
    let later: Vec<&PullRequestView> =
        pulls.iter().copied().filter(|pull| !delivered.pulls.contains(&pull.at)).collect();
    let round = round(to, &later, reopened);
    Round { since: round.since.or(Some(*at)), ..round }
}

/// The first time at which everything ran that had been opened for it until then.
fn delivered(to: IssueRef, pulls: &[&PullRequestView]) -> Option<Delivered> {
    let mut counted: Vec<&PullRequestView> =
        pulls.iter().copied().filter(|pull| pull.open || pull.merged_at.is_some()).collect();
    counted.sort_by_key(|pull| (pull.opened_at, pull.at));
    (1..=counted.len()).find_map(|count| {
        let (opened, later) = counted.split_at_checked(count)?;
        let delivered = whole(to, opened, pulls)?;
        let is_all = later.first().is_none_or(|next| next.opened_at > Some(delivered.at));
        is_all.then_some(delivered)
    })
}

/// Whether these were delivered; what was taken back by any of `all` is as if it had not been.
fn whole(to: IssueRef, opened: &[&PullRequestView], all: &[&PullRequestView]) -> Option<Delivered> {
    if opened.iter().any(|pull| pull.open) {
        return None;
    }
    let stands = |pull: &&&PullRequestView| undone_by(pull, all).is_none();
    let is_own = |pull: &&&PullRequestView| !pull.derived.as_ref().is_some_and(Derived::is_work);
    let standing: Vec<&PullRequestView> = opened.iter().filter(stands).filter(is_own).copied().collect();
    let finishes = |pull: &&PullRequestView| pull.links.iter().any(|link| link.to == to && link.finishes);
    if !standing.iter().any(finishes) {
        return None;
    }
    let places: Vec<Vec<(Timestamp, &str)>> = standing.iter().map(|pull| runs(pull, all)).collect();
    let since: Option<Vec<Timestamp>> =
        places.iter().map(|places| places.iter().map(|(at, _)| *at).min()).collect();
    let at = since?.into_iter().max()?;
    let environments: BTreeSet<&str> = places.iter().flatten().map(|(_, name)| *name).collect();
    Some(Delivered {
        at,
        environments: environments.into_iter().map(Into::into).collect(),
        pulls: opened.iter().map(|pull| pull.at).collect(),
    })
}

/// Where what it did runs, since when: by itself, or by what repeats it.
fn runs<'a>(pull: &PullRequestView, all: &[&'a PullRequestView]) -> Vec<(Timestamp, &'a str)> {
    let of = |derived: &Derived| {
        derived.is_proven() && derived.kind == Kind::Repeats && derived.from.contains(&pull.at)
    };
    let repeats = |other: &&&PullRequestView| other.at == pull.at || other.derived.as_ref().is_some_and(of);
    let shipped = all.iter().filter(repeats).flat_map(|pull| &pull.shipped);
    shipped.filter(|it| it.runs).map(|it| (it.at, it.environment.as_str())).collect()
}

/// Whether what runs is known to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<'a> {
    /// Since then, or from then on if nobody says otherwise.
    Works(Timestamp),
    /// Somebody says that it does not, in these words.
    Fails { by: Option<&'a Actor>, said: &'a str },
}

/// Whether it works, by what was said last: by whoever asked for it and has tried it, by anybody for whom it does not work, or
/// by who has looked back on it; or because it has run for some days without anybody saying
/// that it does not.
#[must_use]
pub fn known<'a>(
    acts: &'a [Act],
    delivered: &Delivered,
    (requester, zone): (Option<&Actor>, &Zone),
) -> Known<'a> {
    // GitHub counts whole seconds.
    let from = delivered.at.as_second();
    let since = acts.iter().filter(|act| act.counts() && act.at.as_second() >= from);
    since.fold(Known::Works(WATCHED.after(delivered.at, zone)), |stands, act| {
        let fails = |said| Known::Fails { by: act.by.as_ref(), said };
        if let Deed::LookBack { result, said } = &act.deed {
            if *result == Done::Worked { Known::Works(act.at) } else { fails(said.as_str()) }
        } else if let Deed::Try { works, said } = &act.deed {
            let asked = requester.is_some_and(|asked| act.by.as_ref().is_some_and(|by| by.id == asked.id));
            match (works, asked) {
                (true, true) => Known::Works(act.at),
                (true, false) => stands,
                (false, _) => fails(said.as_deref().unwrap_or_default()),
            }
        } else {
            stands
        }
    })
}
