//! The plan as a calendar that other programs subscribe to (RFC 5545): when releases leave and lock, and when nothing is deployed.
//!
//! Times are in UTC, so that they are right in every zone and on both sides of a change of clocks. An entry keeps its name as
//! long as what it is about, so that a calendar moves it instead of showing it twice.

use icalendar::{Calendar, Component, Event};
use jiff::{SignedDuration, Timestamp};

use super::drawn::{Column, Frozen, Plan, Shown};

/// How long an entry without an end of its own is shown.
const SHOWN_FOR: SignedDuration = SignedDuration::from_mins(60);

/// The calendar of an account of GitHub; with the change requests of one account that asks, or with all.
#[must_use]
pub fn feed(login: &str, plan: &Plan, account: Option<&str>) -> String {
    let mut calendar = Calendar::empty();
    for (name, value) in
        [("VERSION", "2.0"), ("PRODID", "-//Changegate//Changegate//EN"), ("CALSCALE", "GREGORIAN")]
    {
        calendar.append_property((name, value));
    }
    let of = account.map(|account| format!(" · {account}")).unwrap_or_default();
    calendar.name(&format!("Releases of {login}{of}"));
    for column in &plan.releases {
        let name = format!("{} ({})", column.id.title, column.id.train);
        let id = format!("release/{}/{}", column.id.train, column.id.title);
        if let Some(leaves) = column.leaves {
            let entry = Entry { id: &id, login, begins: leaves, ends: leaves + SHOWN_FOR, stamped: plan.at };
            calendar.push(entry.event(&format!("Release {name}"), &contents(column, account)));
        }
        if let Some(locks) = column.locks {
            let id = format!("lock/{}/{}", column.id.train, column.id.title);
            let entry = Entry { id: &id, login, begins: locks, ends: locks + SHOWN_FOR, stamped: plan.at };
            let text = "The scope is locked: afterwards, changes are swapped one for one, or wait for the next release.";
            calendar.push(entry.event(&format!("Scope lock of {name}"), text));
        }
    }
    for Frozen { name, from, until } in &plan.freezes {
        let id = format!("freeze/{name}/{from}");
        let ends = until.unwrap_or_else(|| (*from).max(plan.at) + SHOWN_FOR);
        let entry = Entry { id: &id, login, begins: *from, ends, stamped: plan.at };
        let text = if until.is_some() {
            "Nothing is deployed."
        } else {
            "Nothing is deployed until somebody lifts it."
        };
        calendar.push(entry.event(&format!("Freeze: {name}"), text));
    }
    calendar.to_string()
}

struct Entry<'a> {
    id: &'a str,
    login: &'a str,
    begins: Timestamp,
    ends: Timestamp,
    stamped: Timestamp,
}

impl Entry<'_> {
    fn event(&self, summary: &str, text: &str) -> Event {
        let utc = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut event = Event::new();
        event.uid(&format!("{}@{}.changegate", self.id, self.login)).summary(summary).description(text);
        event.add_property("DTSTAMP", utc(self.stamped));
        event.add_property("DTSTART", utc(self.begins)).add_property("DTEND", utc(self.ends));
        event.done()
    }
}

/// What it ships, line by line.
fn contents(column: &Column, account: Option<&str>) -> String {
    let of = |shown: &&Shown| account.is_none() || shown.line.account.as_deref() == account;
    let lines: Vec<String> = column
        .changes
        .iter()
        .filter(of)
        .map(|shown| format!("{} {} ({})", shown.name(), shown.line.title, shown.line.progress()))
        .collect();
    if lines.is_empty() { "Nothing is planned for it yet.".into() } else { lines.join("\n") }
}
