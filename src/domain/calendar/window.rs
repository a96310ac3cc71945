//! The rule about windows: what begins, begins while every policy's window is open.

use jiff::Timestamp;

use super::{Calendar, Departure, Next, Part, words::Words};
use crate::domain::finding::{Finding, Outcome};

const RULE: &str = "inside the change window";
const OWN_RULE: &str = "inside the repository's own change window";

/// One for each policy that has windows here, or one that says that there are none.
pub fn findings(
    calendar: &Calendar<'_>,
    departure: &Departure<'_>,
    now: Timestamp,
    next: Next,
) -> Vec<Finding> {
    let words = &calendar.words;
    let findings: Vec<Finding> = with_windows(calendar)
        .map(|part| {
            if part.opening.is_open(now) {
                return open(part, now, words);
            }
            match part.finishing(departure, now) {
                Some(deadline) => finishing(part, deadline, words),
                None => closed(part, departure, now, next, words),
            }
        })
        .collect();
    if findings.is_empty() { vec![none()] } else { findings }
}

/// When one of them says something else.
pub fn changes(
    calendar: &Calendar<'_>,
    departure: &Departure<'_>,
    now: Timestamp,
) -> impl Iterator<Item = Timestamp> {
    let turns = with_windows(calendar).filter_map(move |part| part.opening.next_change(now));
    let closed = with_windows(calendar).filter(move |part| !part.opening.is_open(now));
    turns.chain(closed.filter_map(move |part| part.finishing(departure, now)))
}

fn with_windows<'a>(calendar: &'a Calendar<'a>) -> impl Iterator<Item = &'a Part<'a>> {
    calendar.parts.iter().filter(|part| !part.opening.windows().is_empty())
}

impl Part<'_> {
    const fn rule(&self) -> &'static str {
        if self.is_own { OWN_RULE } else { RULE }
    }

    /// When the time is over in which something may finish that began while the window was open.
    fn deadline(&self, departure: &Departure<'_>) -> Option<Timestamp> {
        let started = departure.started.filter(|started| self.opening.is_open(*started));
        started.and_then(|started| self.grace.deadline(started))
    }

    /// The same while it is not over.
    fn finishing(&self, departure: &Departure<'_>, now: Timestamp) -> Option<Timestamp> {
        self.deadline(departure).filter(|deadline| now < *deadline)
    }

    fn windows(&self, words: &Words<'_>) -> String {
        words.windows(self.opening.windows(), self.opening.zone())
    }
}

fn none() -> Finding {
    Finding::new("no_window", Outcome::Pass, RULE, "The policy names no window: any time is allowed.")
}

fn open(part: &Part<'_>, now: Timestamp, words: &Words<'_>) -> Finding {
    let sentence = match part.opening.next_change(now) {
        Some(until) => format!("Open until {}.", words.time(until)),
        None => "Open at all times.".into(),
    };
    Finding::new("window_open", Outcome::Pass, part.rule(), sentence)
}

fn finishing(part: &Part<'_>, deadline: Timestamp, words: &Words<'_>) -> Finding {
    let (windows, deadline) = (part.windows(words), words.time(deadline));
    let sentence = format!("It began in the {windows} and may finish until {deadline}.");
    Finding::new("window_finishing", Outcome::Pass, part.rule(), sentence)
}

fn closed(
    part: &Part<'_>,
    departure: &Departure<'_>,
    now: Timestamp,
    next: Next,
    words: &Words<'_>,
) -> Finding {
    let opens = part.opening.next_change(now);
    let until = format!("{} ({})", words.until(opens), part.windows(words));
    let overdue = part.deadline(departure).map(|deadline| words.overdue(deadline)).unwrap_or_default();
    let sentence = format!("{overdue}Closed {until}.{}", words.next(opens, next));
    Finding::new("window_closed", Outcome::Pending, part.rule(), sentence)
        .headline(format!("closed {until}"))
        .cure(format!("{}{}", Words::wait(next), words.or_emergency()))
}
