//! When an environment may change: the windows and freezes of its policies, and the freezes that people opened.
//!
//! Each policy of a repository is judged by itself, in its own zone, and all must pass. Windows and freezes are judged
//! when a deployment begins; what has begun may finish within the time that the policy gives. Every closing ends by
//! itself or is lifted by somebody, so it is [`Outcome::Pending`](super::finding::Outcome::Pending) and never a
//! refusal. Whoever asks is told when the answer changes next.

use jiff::Timestamp;

use super::{
    finding::Finding,
    ids::IssueRef,
    policy::{EffectivePolicy, Policy},
};
use closing::{Closing, Grace};
pub use departure::{Departure, Place, Target};
pub use freezes::{FreezeScope, Freezes, Lifted, OpenedFreeze, Waiver};
pub use opening::Opening;
use words::Words;

mod departure;
mod opening;
mod freezes;
mod closing;
mod words;
mod window;
mod freeze;

#[cfg(test)]
mod tests;

/// What the calendar says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// On windows, one for each policy that has some, then on freezes, one for each in force.
    pub findings: Vec<Finding>,
    /// When the findings change although nothing happens; `None`: never.
    pub look_again: Option<Timestamp>,
}

/// The calendar of a place.
#[derive(Debug, Clone)]
pub struct Calendar<'a> {
    parts: Vec<Part<'a>>,
    closings: Vec<Closing<'a>>,
    words: Words<'a>,
}

/// The windows of one policy that speaks about the place.
#[derive(Debug, Clone)]
struct Part<'a> {
    opening: Opening<'a>,
    grace: Grace,
    /// Is it the repository's own policy, beside the organisation's?
    is_own: bool,
}

/// When something may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    At(Timestamp),
    /// A freeze without an end has to be lifted first.
    Unknown,
    /// The windows of the policies do not meet.
    Never,
}

/// How many openings and closings ahead are looked at for a time that suits all: more than a year of ordinary days.
const LOOKED_AHEAD: usize = 2_000;

impl<'a> Calendar<'a> {
    /// The calendar of a place, by its policies and by what was decided by command.
    #[must_use]
    pub fn new(policy: &'a EffectivePolicy, place: &Place<'a>, freezes: &'a Freezes) -> Self {
        let section = place.target.section_of(policy.base()).map(|(_, section)| section);
        Self {
            parts: policy
                .parts()
                .enumerate()
                .map(|(index, part)| Part::new(policy, part, place, index > 0))
                .collect(),
            closings: planned(policy, place, freezes).chain(opened(policy, place, freezes)).collect(),
            words: Words::new(policy, section.is_some_and(|section| section.emergency.is_some())),
        }
    }

    /// Whether production may change now, and until when that stays so.
    #[must_use]
    pub fn judge(&self, departure: &Departure<'_>, now: Timestamp) -> Judged {
        let next = self.next(departure.change_requests, now);
        let windows = window::findings(self, departure, now, next);
        let freezes = freeze::findings(self, departure, now, next);
        let changes = window::changes(self, departure, now).chain(freeze::changes(self, departure, now));
        Judged {
            findings: windows.into_iter().chain(freezes).collect(),
            look_again: changes.filter(|at| *at > now).min(),
        }
    }

    fn next(&self, change_requests: &[IssueRef], now: Timestamp) -> Next {
        let endless = |freeze: &Closing<'_>| freeze.ends.is_none() && !freeze.excepts(change_requests);
        match self.allowed_from(change_requests, now) {
            Some(at) => Next::At(at),
            None if self.closings.iter().any(endless) => Next::Unknown,
            None => Next::Never,
        }
    }

    /// The first time from `from` on at which something with these change requests may begin. `None`: nobody knows,
    /// because a freeze has no end, or never, because the windows of two policies do not meet.
    #[must_use]
    pub fn allowed_from(&self, change_requests: &[IssueRef], from: Timestamp) -> Option<Timestamp> {
        let freezes: Vec<&Closing<'_>> =
            self.closings.iter().filter(|freeze| !freeze.excepts(change_requests)).collect();
        let mut at = from;
        for _ in 0..LOOKED_AHEAD {
            let closed = self.parts.iter().map(|part| &part.opening).filter(|opening| !opening.is_open(at));
            let frozen = freezes.iter().filter(|freeze| freeze.contains(at));
            let ends = closed.map(|opening| opening.next_change(at)).chain(frozen.map(|freeze| freeze.ends));
            let ends: Option<Vec<Timestamp>> = ends.collect();
            match ends?.into_iter().max() {
                Some(end) => at = end,
                None => return Some(at),
            }
        }
        None
    }
}

impl<'a> Part<'a> {
    fn new(policy: &EffectivePolicy, part: &'a Policy, place: &Place<'_>, is_own: bool) -> Self {
        let windows = place.target.section_of(part).map_or(&[][..], |(_, section)| &section.window);
        Self {
            opening: Opening::new(windows, policy.zone_of(part)),
            grace: grace(policy, part, place),
            is_own,
        }
    }
}

/// How long what has begun may go on, as far as a part is concerned: by its own word, or else by the organisation's.
fn grace(policy: &EffectivePolicy, part: &Policy, place: &Place<'_>) -> Grace {
    let length = |part| place.target.section_of(part).and_then(|(_, section)| section.finish_within);
    Grace { length: length(part).or_else(|| length(policy.base())), zone: policy.zone_of(part) }
}

/// The freezes of the policies that concern the place.
fn planned<'a>(
    policy: &'a EffectivePolicy,
    place: &Place<'a>,
    freezes: &'a Freezes,
) -> impl Iterator<Item = Closing<'a>> {
    let sections: Vec<&str> = sections(policy, place).collect();
    let of_part = |part: &'a Policy| part.freezes().iter().map(move |freeze| (part, freeze));
    policy
        .parts()
        .flat_map(of_part)
        .filter(move |(_, freeze)| {
            freeze.environments.is_none() || sections.iter().any(|name| freeze.closes(name))
        })
        .map(move |(part, freeze)| Closing::planned(freeze, &freezes.waived, grace(policy, part, place)))
}

/// The freezes that people opened and that concern the place.
fn opened<'a>(
    policy: &'a EffectivePolicy,
    place: &Place<'a>,
    freezes: &'a Freezes,
) -> impl Iterator<Item = Closing<'a>> {
    let names: Vec<&str> = sections(policy, place).chain([place.target.name()]).collect();
    freezes
        .opened
        .iter()
        .filter(move |freeze| freeze.scope.closes(place, &names))
        .map(move |freeze| Closing::opened(freeze, grace(policy, policy.base(), place)))
}

/// What the policies call the place.
fn sections<'a>(policy: &'a EffectivePolicy, place: &Place<'a>) -> impl Iterator<Item = &'a str> {
    policy.parts().filter_map(|part| place.target.section_of(part)).map(|(name, _)| name)
}
