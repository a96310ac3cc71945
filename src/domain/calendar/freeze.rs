//! The rule about freezes: nothing begins while production is frozen, whoever froze it.

use jiff::Timestamp;

use super::{
    Calendar, Departure, Next,
    closing::Closing,
    words::{self, Words},
};
use crate::domain::finding::{Finding, Outcome, Reference, quoted};

const RULE: &str = "outside every freeze";

/// One for each freeze in force, or one that says that there is none.
pub fn findings(
    calendar: &Calendar<'_>,
    departure: &Departure<'_>,
    now: Timestamp,
    next: Next,
) -> Vec<Finding> {
    let words = &calendar.words;
    let findings: Vec<Finding> = in_force(calendar, now)
        .map(|freeze| {
            if freeze.excepts(departure.change_requests) {
                return excepted(freeze);
            }
            match finishing(freeze, departure, now) {
                Some(deadline) => still_finishing(freeze, deadline, words),
                None => frozen(freeze, departure, next, words),
            }
        })
        .collect();
    if findings.is_empty() { vec![none(calendar, departure, now)] } else { findings }
}

/// When one of them says something else.
pub fn changes(
    calendar: &Calendar<'_>,
    departure: &Departure<'_>,
    now: Timestamp,
) -> impl Iterator<Item = Timestamp> {
    let begins = calendar.closings.iter().filter(move |freeze| freeze.begins_after(now));
    let ends = in_force(calendar, now).filter_map(|freeze| freeze.ends);
    let closing = in_force(calendar, now).filter(|freeze| !freeze.excepts(departure.change_requests));
    let deadlines = closing.filter_map(move |freeze| finishing(freeze, departure, now));
    begins.map(|freeze| freeze.begins).chain(ends).chain(deadlines)
}

fn in_force<'a>(calendar: &'a Calendar<'a>, now: Timestamp) -> impl Iterator<Item = &'a Closing<'a>> {
    calendar.closings.iter().filter(move |freeze| freeze.contains(now))
}

/// Until when a deployment may still finish.
fn finishing(freeze: &Closing<'_>, departure: &Departure<'_>, now: Timestamp) -> Option<Timestamp> {
    freeze.deadline(departure).filter(|deadline| now < *deadline)
}

fn none(calendar: &Calendar<'_>, departure: &Departure<'_>, now: Timestamp) -> Finding {
    let closes =
        |freeze: &&Closing<'_>| freeze.begins_after(now) && !freeze.excepts(departure.change_requests);
    let next = calendar.closings.iter().filter(closes).min_by_key(|freeze| freeze.begins);
    let next = next.map(|freeze| {
        let begins = calendar.words.time(freeze.begins);
        format!(" Freeze {} begins on {begins}.", quoted(freeze.name))
    });
    let sentence = format!("Nothing is frozen.{}", next.unwrap_or_default());
    Finding::new("no_freeze", Outcome::Pass, RULE, sentence)
}

fn excepted(freeze: &Closing<'_>) -> Finding {
    let (freeze, page) = called(freeze);
    let sentence = format!("All change requests here are excepted from {freeze}.");
    Finding::new("freeze_excepted", Outcome::Pass, RULE, sentence).names(page)
}

fn still_finishing(freeze: &Closing<'_>, deadline: Timestamp, words: &Words<'_>) -> Finding {
    let (freeze, page) = called(freeze);
    let sentence = format!("It began before {freeze} and may finish until {}.", words.time(deadline));
    Finding::new("freeze_finishing", Outcome::Pass, RULE, sentence).names(page)
}

fn frozen(freeze: &Closing<'_>, departure: &Departure<'_>, next: Next, words: &Words<'_>) -> Finding {
    let (name, page) = called(freeze);
    let until = match freeze.ends {
        Some(_) => words.until(freeze.ends),
        None => "until it is lifted".into(),
    };
    let before = match freeze.deadline(departure) {
        Some(deadline) => words.overdue(deadline),
        None if freeze.halts(departure) => "What had begun is halted. ".into(),
        None => String::new(),
    };
    let wait = if freeze.ends.is_some() { "it is judged again at that time, or when " } else { "" };
    let (lifting, people) = words.lifting(freeze.by.is_none().then_some(freeze.name));
    let code = if freeze.halts(departure) { "freeze_halts" } else { "freeze" };
    let next = words.next(freeze.ends, next);
    let sentence = format!("{before}Closed {until} ({name}, lifted by release managers).{next}");
    Finding::new(code, Outcome::Pending, RULE, sentence)
        .headline(format!("closed {until} ({name})"))
        .cure(format!("{wait}{lifting}{}", words.or_emergency()))
        .names(page)
        .names(people)
}

/// "freeze “quarter end”", "freeze “payments fail” by @rita".
fn called(freeze: &Closing<'_>) -> (String, Option<Reference>) {
    let (by, page) = freeze.by.map(words::by).unwrap_or_default();
    (format!("freeze {}{by}", quoted(freeze.name)), page)
}
