//! A freeze as it concerns one place, whether it stands in a policy or was opened by command.

use jiff::Timestamp;

use super::{
    Departure,
    freezes::{OpenedFreeze, Waiver},
};
use crate::domain::{
    ids::{Actor, IssueRef},
    policy::{Freeze, Length, Moment, Zone},
};

/// How long what has begun may go on after production closed.
#[derive(Debug, Clone)]
pub struct Grace {
    /// `None`: no longer.
    pub length: Option<Length>,
    pub zone: Zone,
}

impl Grace {
    /// Until when something may finish that began at `started`.
    pub fn deadline(&self, started: Timestamp) -> Option<Timestamp> {
        self.length.map(|length| length.after(started, &self.zone))
    }
}

/// From one instant until before another, production is closed.
#[derive(Debug, Clone)]
pub struct Closing<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Who opened it; `None`: it stands in a policy.
    pub by: Option<&'a Actor>,
    pub begins: Timestamp,
    /// `None`: until somebody lifts it.
    pub ends: Option<Timestamp>,
    pub stop: bool,
    pub except: Vec<IssueRef>,
    pub grace: Grace,
}

impl<'a> Closing<'a> {
    pub fn planned(freeze: &'a Freeze, waivers: &[Waiver], grace: Grace) -> Self {
        let known = Waiver::of(freeze, &grace.zone);
        let waivers = || waivers.iter().filter(|waiver| waiver.is_of(&known));
        let lifted = waivers().filter_map(|waiver| waiver.lifted.as_ref()).map(|lifted| lifted.at);
        Self {
            name: &freeze.name,
            by: None,
            begins: known.begins,
            ends: lifted.chain([known.ends]).min(),
            stop: false,
            except: waivers().flat_map(|waiver| waiver.except.iter().copied()).collect(),
            grace,
        }
    }

    pub fn opened(freeze: &'a OpenedFreeze, grace: Grace) -> Self {
        Self {
            name: &freeze.why,
            by: Some(&freeze.by),
            begins: freeze.since,
            ends: freeze.ends(),
            stop: freeze.stop,
            except: freeze.except.clone(),
            grace,
        }
    }

    /// Does it close at this time?
    pub fn contains(&self, at: Timestamp) -> bool {
        self.begins <= at && self.ends.is_none_or(|ends| at < ends)
    }

    /// Does it begin at all? One that was lifted before does not.
    pub fn begins_after(&self, at: Timestamp) -> bool {
        self.begins > at && self.contains(self.begins)
    }

    /// Is every one of these change requests excepted? Of none at all, nothing is.
    pub fn excepts(&self, change_requests: &[IssueRef]) -> bool {
        !change_requests.is_empty() && change_requests.iter().all(|at| self.except.contains(at))
    }

    /// Until when a deployment may finish that had begun before.
    pub fn deadline(&self, departure: &Departure<'_>) -> Option<Timestamp> {
        let started = departure.started.filter(|started| !self.stop && !self.contains(*started));
        started.and_then(|started| self.grace.deadline(started))
    }

    /// Does it halt a deployment that had begun before?
    pub fn halts(&self, departure: &Departure<'_>) -> bool {
        self.stop && departure.started.is_some_and(|started| started < self.begins)
    }
}

/// From when until before when a policy's freeze closes, at its longest: where summer time repeats or skips the
/// hour, it begins at the earlier instant and ends at the later one.
pub fn span(freeze: &Freeze, zone: &Zone) -> (Timestamp, Timestamp) {
    let on = |moment: Moment| zone.time_zone().to_ambiguous_timestamp(moment.0);
    let begins = on(freeze.from).earlier().unwrap_or(Timestamp::MIN);
    let ends = on(freeze.to).later().unwrap_or(Timestamp::MAX);
    (begins, ends)
}
