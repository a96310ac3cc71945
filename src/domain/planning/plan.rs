//! The plan: what goes into which release, what is not planned yet and in which order it is wanted, and what came into
//! production lately.

use std::collections::BTreeMap;

use jiff::{
    SignedDuration, Span, Timestamp,
    civil::{Date, DateTime},
};
use serde::{Deserialize, Serialize};

use super::{
    Line, Pile,
    ranking::{self, Placed, Weights},
};
use crate::domain::{
    ids::ReleaseId,
    policy::{KeptFor, Reserved, Slots, Train, Zone},
    release::{
        Phase, Release,
        slots::{Learned, learned},
    },
};

/// So many departures of each train are shown.
pub const SHOWN: usize = 4;

/// What is known around the lines.
#[derive(Debug)]
pub struct Around<'a> {
    pub now: Timestamp,
    pub zone: Zone,
    pub trains: &'a BTreeMap<String, Train>,
    pub weights: Weights,
    pub reserved: Reserved,
    pub releases: &'a [Release],
}

/// The plan of an account of GitHub.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The next releases, in the order in which they leave.
    pub releases: Vec<Column<'a>>,
    /// Accepted and in no release, in the merged order.
    pub unplanned: Vec<Placed<'a>>,
    /// Came into production, the last first.
    pub delivered: Vec<&'a Line>,
    /// Where changes of one release meet in one system.
    pub clashes: Vec<Clash<'a>>,
    /// What went in and came out in the last whole months, the oldest first.
    pub flow: [Flow; MONTHS],
}

/// So many months are looked at for whether more goes in than comes out.
pub const MONTHS: usize = 3;

/// Changes of one release that are about one system: whoever plans them may want to part them, or test them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash<'a> {
    pub release: &'a ReleaseId,
    pub system: &'a str,
    pub lines: Vec<&'a Line>,
}

/// One month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// `2026-11`.
    pub month: String,
    pub accepted: usize,
    pub delivered: usize,
}

/// Whether more was accepted than came out in every one of the months: what is open can only grow older.
#[must_use]
pub fn is_too_much(flow: &[Flow]) -> bool {
    !flow.is_empty() && flow.iter().all(|month| month.accepted > month.delivered)
}

/// One release of the plan.
#[derive(Debug)]
pub struct Column<'a> {
    pub id: ReleaseId,
    /// When it leaves, where the policy says so.
    pub leaves: Option<Timestamp>,
    /// When its scope is locked.
    pub locks: Option<Timestamp>,
    /// How far it is; `None`: nobody has planned anything for it yet.
    pub phase: Option<Phase>,
    pub slots: Capacity,
    /// What of that is kept for accounts, until its scope is locked.
    pub kept: Vec<KeptFor>,
    pub lines: Vec<&'a Line>,
}

/// How much a release carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capacity {
    /// `None`: no limit.
    pub slots: Option<usize>,
    /// From what the last ones delivered that was learned; `None`: policy says it.
    pub learned: Option<Learned>,
}

impl Column<'_> {
    /// How many slots are left; `None`: no limit.
    #[must_use]
    pub fn free(&self) -> Option<usize> {
        self.slots.slots.map(|slots| slots.saturating_sub(self.lines.len()))
    }
}

/// Works it out.
#[must_use]
pub fn plan<'a>(lines: &'a [Line], around: &Around<'a>) -> Plan<'a> {
    let mut by_release: BTreeMap<&ReleaseId, Vec<&Line>> = BTreeMap::new();
    let open = || lines.iter().filter(|line| line.pile() == Pile::Open);
    for line in open() {
        if let Some(release) = &line.release {
            by_release.entry(release).or_default().push(line);
        }
    }
    let unplanned = ranking::merged(open().filter(|line| line.release.is_none()), &around.weights);
    let mut delivered: Vec<&Line> = lines.iter().filter(|line| line.pile() == Pile::Delivered).collect();
    delivered.sort_by_key(|line| (std::cmp::Reverse(line.order()), line.at));
    let clashes = clashes(&by_release);
    Plan {
        releases: columns(&mut by_release, around),
        unplanned,
        delivered,
        clashes,
        flow: flow(lines, around),
    }
}

fn clashes<'a>(by_release: &BTreeMap<&'a ReleaseId, Vec<&'a Line>>) -> Vec<Clash<'a>> {
    let of_release = |(release, lines): (&&'a ReleaseId, &Vec<&'a Line>)| {
        let mut systems: BTreeMap<&'a str, Vec<&'a Line>> = BTreeMap::new();
        for line in lines {
            line.systems.iter().for_each(|system| systems.entry(system).or_default().push(line));
        }
        let release: &'a ReleaseId = release;
        let met = systems.into_iter().filter(|(_, lines)| lines.len() > 1);
        met.map(|(system, lines)| Clash { release, system, lines }).collect::<Vec<_>>()
    };
    by_release.iter().flat_map(of_release).collect()
}

fn flow(lines: &[Line], around: &Around<'_>) -> [Flow; MONTHS] {
    let zone = around.zone.time_zone();
    let this = zone.to_datetime(around.now).date().first_of_month();
    let month = |back: usize| {
        let start = this.saturating_sub(Span::new().months(i64::try_from(back).unwrap_or_default()));
        let at = |day: Date| zone.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX);
        let within = at(start)..at(start.saturating_add(Span::new().months(1)));
        let count = |time: fn(&Line) -> Option<Timestamp>| {
            lines.iter().filter(|line| time(line).is_some_and(|at| within.contains(&at))).count()
        };
        Flow {
            month: start.strftime("%Y-%m").to_string(),
            accepted: count(|line| line.accepted),
            delivered: count(|line| line.delivered),
        }
    };
    std::array::from_fn(|place| month(MONTHS - place))
}

fn columns<'a>(
    by_release: &mut BTreeMap<&'a ReleaseId, Vec<&'a Line>>,
    around: &Around<'a>,
) -> Vec<Column<'a>> {
    let mut ids: BTreeMap<ReleaseId, Option<DateTime>> = BTreeMap::new();
    for (name, train) in around.trains {
        let today = around.zone.time_zone().to_datetime(around.now);
        let next = train.departures(around.now, &around.zone).filter(|(_, leaves)| *leaves > today);
        let next = next.map(|(title, leaves)| (ReleaseId { train: name.clone(), title }, leaves));
        ids.extend(next.take(SHOWN).map(|(id, leaves)| (id, Some(leaves))));
    }
    for id in by_release.keys() {
        let leaves = || leaves(id, around);
        ids.entry((*id).clone()).or_insert_with(leaves);
    }
    let mut columns: Vec<Column<'a>> = ids
        .into_iter()
        .map(|(id, leaves)| {
            let mut lines = by_release.remove(&id).unwrap_or_default();
            lines.sort_by_key(|line| (line.account.clone(), line.at));
            let view = around.releases.iter().find(|view| view.id == id);
            let train = around.trains.get(&id.train);
            let leaves = leaves.and_then(|leaves| around.zone.time_zone().to_timestamp(leaves).ok());
            let lock = train.and_then(|train| train.lock);
            let locks = leaves.zip(lock).map(|(leaves, lock)| lock.0.before(leaves, &around.zone));
            let slots = train.map(|train| capacity(&id.train, train, around)).unwrap_or_default();
            let is_locked =
                locks.is_some_and(|at| at <= around.now) || view.is_some_and(|it| it.locked.is_some());
            let keeps = !is_locked && train.is_some_and(|train| train.title.matches(&id.title));
            let kept = slots.slots.filter(|_| keeps).map(|slots| around.reserved.of_slots(slots));
            let kept = kept.unwrap_or_default();
            Column { id, leaves, locks, phase: view.map(|view| view.phase(view.signed)), slots, kept, lines }
        })
        .collect();
    columns.sort_by(|one, other| {
        let key = |column: &Column<'_>| (column.leaves.unwrap_or(Timestamp::MAX), column.id.clone());
        key(one).cmp(&key(other))
    });
    columns
}

/// When a release that is late leaves.
fn leaves(id: &ReleaseId, around: &Around<'_>) -> Option<DateTime> {
    let a_year_ago = around.now.saturating_sub(SignedDuration::from_hours(24 * 366)).unwrap_or(around.now);
    let mut all = around.trains.get(&id.train)?.departures(a_year_ago, &around.zone);
    all.find(|(title, _)| *title == id.title).map(|(_, leaves)| leaves)
}

/// How much the next release of a train carries: what policy says, or the middle one of what its last five have delivered.
#[must_use]
pub fn capacity(name: &str, train: &Train, around: &Around<'_>) -> Capacity {
    if let Slots::AtMost(slots) = train.slots {
        return Capacity { slots: Some(slots.into()), learned: None };
    }
    let delivered = around.releases.iter().filter(|view| view.id.train == name && view.has_delivered());
    let mut known: Vec<_> =
        delivered.filter_map(|view| Some((train.title.place(&view.id.title)?, view.scope.len()))).collect();
    known.sort();
    let learned = learned(known.into_iter().rev().map(|(_, carried)| carried));
    Capacity { slots: learned.map(|learned| learned.slots.into()), learned }
}
