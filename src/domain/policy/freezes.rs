//! Times in which nothing is deployed, and whether the trains' dates agree with them and with the windows.

use super::cadence::Cadence;
use super::environments::Environment;
use super::error::{Refusal, nearest, shortened};
use super::names::short_text;
use super::place::Place;
use super::times::Moment;
use super::trains::Train;
use super::written;
use jiff::civil::DateTime;
use serde::Serialize;
use std::collections::BTreeMap;

/// From one moment until before another, in the policy's zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Freeze {
    pub name: String,
    pub from: Moment,
    pub to: Moment,
    /// Sections of `environments` that it closes; `None` closes all.
    pub environments: Option<Vec<String>>,
}

impl Freeze {
    /// Whether a wall-clock time in the policy's zone lies in it.
    pub fn contains(&self, time: DateTime) -> bool {
        (self.from.0..self.to.0).contains(&time)
    }

    /// Does it close this section of `environments`?
    pub fn closes(&self, environment: &str) -> bool {
        self.environments.as_ref().is_none_or(|names| names.iter().any(|name| name == environment))
    }

    fn check(place: &Place<'_>, written: &written::Freeze, known: &Known<'_>) -> Option<Self> {
        let name = place.key("name").take(short_text(&written.name));
        let from = place.key("from").take(Moment::read(&written.from));
        let to = place.key("to").take(Moment::read(&written.to));
        let environments =
            written.environments.as_ref().map(|names| known.check(&place.key("environments"), names));
        let (from, to) = (from?, to?);
        if to <= from {
            place.key("to").refuse(Refusal::of(
                &written.to,
                format!("the freeze would end before it starts on {from}; put a later time"),
            ));
        }
        Some(Self { name: name?, from, to, environments })
    }
}

/// The sections of `environments` that a freeze may name.
struct Known<'a> {
    environments: &'a BTreeMap<String, written::Environment>,
    /// May another file have more of them?
    elsewhere: bool,
}

impl Known<'_> {
    fn check(&self, place: &Place<'_>, names: &[String]) -> Vec<String> {
        if names.is_empty() {
            place.refuse(Refusal::new(
                "is an empty list",
                "a freeze of nothing freezes nothing; name environments, or remove the key to close all",
            ));
        }
        place.each_once(names, |name| {
            if self.elsewhere || self.environments.contains_key(name) {
                return Ok(name.to_owned());
            }
            let cure = match nearest(name, self.environments.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name a section of `environments`".to_owned(),
            };
            Err(Refusal::new(
                format!("names `{}`, which is no section of `environments`", shortened(name)),
                cure,
            ))
        })
    }
}

pub(super) fn check(
    place: &Place<'_>,
    written: &[written::Freeze],
    environments: &BTreeMap<String, written::Environment>,
    elsewhere: bool,
) -> Vec<Freeze> {
    let known = Known { environments, elsewhere };
    let mut all: Vec<Freeze> = Vec::new();
    for (index, freeze) in written.iter().enumerate() {
        let place = place.item(index);
        let Some(freeze) = Freeze::check(&place, freeze, &known) else { continue };
        if all.iter().any(|earlier| earlier.name.eq_ignore_ascii_case(&freeze.name)) {
            place
                .key("name")
                .refuse(Refusal::of(&freeze.name, "another freeze has this name; rename one of them"));
        }
        all.push(freeze);
    }
    all
}

/// Refuses trains that would leave while every environment is closed.
///
/// A departure outside every window is refused for each cadence; a departure inside a freeze only for a monthly
/// one, because a train that leaves every week simply misses the weeks of a freeze.
pub(super) fn check_departures(
    place: &Place<'_>,
    trains: &BTreeMap<String, Train>,
    environments: &BTreeMap<String, Environment>,
    freezes: &[Freeze],
) {
    for (name, train) in trains {
        let Some(cadence) = train.every else { continue };
        let place = place.key(name).key("every");
        match closed_by_window(cadence, environments) {
            Some(departure) => place.refuse(Refusal::new(
                format!("is `{cadence}`, but no window is open then ({})", departure.strftime("%a %H:%M")),
                "choose a time inside a window of `environments`, early enough to finish in it",
            )),
            None => refuse_frozen(&place, cadence, environments, freezes),
        }
    }
}

/// The first departure of two ordinary years at which no environment's window has room.
fn closed_by_window(cadence: Cadence, environments: &BTreeMap<String, Environment>) -> Option<DateTime> {
    if environments.is_empty() {
        return None;
    }
    let open = |time: DateTime| environments.values().any(|environment| has_room(environment, time));
    cadence.sample().find(|time| !open(*time))
}

/// Can a deployment start now and finish in time? Windows that touch, as at midnight, count as one.
fn has_room(environment: &Environment, start: DateTime) -> bool {
    let minutes = environment.finish_within.and_then(super::lengths::Length::minutes).unwrap_or(1);
    let end = start.saturating_add(jiff::Span::new().minutes(i64::from(minutes)));
    let mut time = start;
    while time < end && !environment.window.is_empty() {
        let Some(window) = environment.window.iter().find(|window| window.contains(time)) else {
            return false;
        };
        time = window.closes.on(time.date());
    }
    true
}

fn refuse_frozen(
    place: &Place<'_>,
    cadence: Cadence,
    environments: &BTreeMap<String, Environment>,
    freezes: &[Freeze],
) {
    let Cadence::Monthly { .. } = cadence else { return };
    let closes_all = |freeze: &&Freeze| environments.keys().all(|name| freeze.closes(name));
    for freeze in freezes.iter().filter(closes_all) {
        let mut departures = cadence.departures(freeze.from.0.date(), freeze.to.0.date());
        if let Some(frozen) = departures.find(|time| freeze.contains(*time)) {
            place.refuse(Refusal::new(
                format!("is `{cadence}`, but {} is inside the freeze `{}`", Moment(frozen), freeze.name),
                "move the freeze or the train's day",
            ));
        }
    }
}
