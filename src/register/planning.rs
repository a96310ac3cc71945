//! The queue, the plan and the report of accounts, for people at a terminal.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, LineStyle, Table, presets};
use jiff::Timestamp;

use crate::{
    domain::{
        planning::{load::Load, plan::is_too_much},
        policy::Zone,
    },
    planner::{
        drawn::{Account, Accounts, Clash, Column, Frozen, Place, Plan, Shown, Waits},
        page,
    },
    store::Listed,
};

use super::plain;

/// One part for each account of GitHub; with its name above it where there are several.
#[must_use]
pub fn each<T>(parts: &[(String, T)], show: impl Fn(&T) -> String) -> String {
    match parts {
        [] => "The App is installed nowhere yet: nothing has been asked for.".into(),
        [(_, only)] => show(only),
        several => {
            let part = |(login, part): &(String, T)| format!("{}\n{}", plain(login), show(part));
            several.iter().map(part).collect::<Vec<_>>().join("\n\n")
        }
    }
}

/// What waits for a decision.
#[must_use]
pub fn queue(waiting: &Listed<Waits>, now: Timestamp) -> String {
    if waiting.items.is_empty() {
        return "Nothing waits for a decision.".into();
    }
    let mut rows = list(["change request", "title", "account", "waits", "for", "asked by"]);
    for waits in &waiting.items {
        let Waits { shown, due, is_overdue, .. } = waits;
        let line = &shown.line;
        let waits_for = match due {
            None if line.missing.is_empty() => "an answer to a question".into(),
            None => format!(
                "information: {}",
                line.missing.iter().map(|it| plain(it)).collect::<Vec<_>>().join(", ")
            ),
            Some(_) if *is_overdue => "a decision: OVERDUE".into(),
            Some(due) => format!("a decision by {}", due.strftime("%-d %b")),
        };
        rows.add_row([
            shown.name(),
            plain(&line.title) + &alike(&waits.alike),
            line.account.as_deref().map(plain).unwrap_or_default(),
            days(line.asked, now),
            waits_for,
            line.requester.as_ref().map(|actor| format!("@{}", actor.login)).unwrap_or_default(),
        ]);
    }
    let overdue = waiting.items.iter().filter(|waits| waits.is_overdue).count();
    let shown = waiting.items.len();
    let count = match usize::try_from(waiting.more) {
        Ok(more @ 1..) => format!("The oldest {shown} of {}; {overdue} of these are overdue.", shown + more),
        Ok(0) | Err(_) => format!("{shown} waiting, {overdue} of them overdue."),
    };
    format!(
        "{rows}\n{count}\nDecide on the issue: /accept, /need-info WHAT, /defer UNTIL, /decline WHY or /duplicate #n."
    )
}

/// What it may be asked twice with.
fn alike(alike: &[Shown]) -> String {
    let names: Vec<String> = alike.iter().map(Shown::name).collect();
    if names.is_empty() { String::new() } else { format!(" (like {})", names.join(", ")) }
}

/// A table of many rows: no line between them.
pub(super) fn list<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    let style = presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none());
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table
}

fn days(since: Timestamp, now: Timestamp) -> String {
    match now.duration_since(since).as_hours() / 24 {
        days @ ..=0 => format!("{} h", now.duration_since(since).as_hours().max(days * 24)),
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}

/// The plan.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let mut parts = vec![];
    for column in &plan.releases {
        parts.push(release(column, &plan.zone));
    }
    if plan.releases.is_empty() {
        parts.push("No release is planned: the policy names no train that says when it leaves (`every`), and nothing has a milestone.".into());
    }
    for Frozen { name, from, until } in &plan.freezes {
        let until = until.map_or_else(|| "it is lifted".into(), |until| plan.zone.time(until));
        parts.push(format!("Freeze {} · from {} until {until}", plain(name), plan.zone.time(*from)));
    }
    for Clash { release, system, changes } in &plan.clashes {
        parts.push(format!(
            "{}: {} are about one system, {}.",
            plain(&release.title),
            page::names(changes),
            plain(system)
        ));
    }
    parts.extend(plan.loads.iter().filter_map(Load::warning));
    parts.extend(plan.evergreen_in_words(|shown| plain(&shown.had())));
    if is_too_much(&plan.flow) {
        parts.push(format!(
            "More was accepted than came into production in each of the last months: {}.",
            page::flow(&plan.flow)
        ));
    }
    parts.push(unplanned(plan));
    parts.push(match plan.delivered_in_all {
        0 => "In production within twelve months: nothing.".into(),
        count => {
            format!("In production within twelve months: {count}. The last: {}.", titles(&plan.delivered, 5))
        }
    });
    parts.join("\n\n")
}

fn titles(shown: &[Shown], most: usize) -> String {
    shown
        .iter()
        .take(most)
        .map(|it| format!("{} {}", it.name(), plain(&it.line.title)))
        .collect::<Vec<_>>()
        .join("; ")
}

/// One release.
#[must_use]
pub fn release(column: &Column, zone: &Zone) -> String {
    let mut head = format!("{} · {}", plain(&column.id.title), plain(&column.id.train));
    match column.leaves {
        Some(leaves) => {
            let _ = write!(head, " · leaves {}", zone.time(leaves));
        }
        None => head.push_str(" · no date"),
    }
    if let Some(locks) = column.locks {
        let _ = write!(head, ", locks {}", zone.time(locks));
    }
    if let Some(phase) = column.phase {
        let _ = write!(head, " · {}", word(&phase));
    }
    let taken = column.changes.len();
    let slots = match (column.slots, column.learned) {
        (None, _) => format!("{taken} planned; no limit is known yet"),
        (Some(slots), None) => format!("{taken} of {slots} slots taken"),
        (Some(slots), Some((fewest, most))) => {
            format!("{taken} of {slots} slots taken (the last releases carried {fewest} to {most})")
        }
    };
    let kept = column.kept_in_words(plain).map(|kept| format!("; {kept}")).unwrap_or_default();
    let mut text = format!("{head}\n{slots}{kept}");
    if taken > 0 {
        let mut rows = list(["change request", "title", "account", "stage", "contact"]);
        for shown in &column.changes {
            rows.add_row(row(shown));
        }
        let _ = write!(text, "\n{rows}");
    }
    text
}

fn row(shown: &Shown) -> [String; 5] {
    let line = &shown.line;
    [
        shown.name(),
        plain(&line.title),
        line.account.as_deref().map(plain).unwrap_or_default(),
        line.progress(),
        line.contact.as_ref().map(|actor| format!("@{}", actor.login)).unwrap_or_default(),
    ]
}

/// A word as it is written in JSON, for people.
fn word<T: serde::Serialize>(value: &T) -> String {
    let text = serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned));
    text.unwrap_or_default().replace('_', " ")
}

/// What is not planned yet, in the merged order.
#[must_use]
pub fn unplanned(plan: &Plan) -> String {
    if plan.unplanned.is_empty() {
        return "Not planned yet: nothing that was accepted.".into();
    }
    let mut rows = list(["place", "change request", "title", "account", "in its account", "needed by"]);
    for Place { overall, own, of, change } in &plan.unplanned {
        let line = &change.line;
        rows.add_row([
            overall.to_string(),
            change.name(),
            plain(&line.title),
            line.account.as_deref().map(plain).unwrap_or_default(),
            format!("{own} of {of}"),
            line.needed_by.map(|day| day.to_string()).unwrap_or_default(),
        ]);
    }
    let more = plan.unplanned_in_all - plan.unplanned.len();
    let more = if more > 0 { format!("\n{more} more follow.") } else { String::new() };
    format!(
        "Not planned yet, in the order in which the accounts want it ({} in all)\n{rows}{more}\nPut one into a release on its issue: /schedule next. Its account's sponsor ranks it: /rank N.",
        plan.unplanned_in_all
    )
}

/// The plan in a few lines.
#[must_use]
pub fn summary(plan: &Plan) -> String {
    let mut rows = list(["release", "leaves", "planned", "slots", "stands"]);
    for column in &plan.releases {
        rows.add_row([
            plain(&column.id.title),
            column.leaves.map(|at| plan.zone.day(at)).unwrap_or_default(),
            column.changes.len().to_string(),
            column.slots.map(|slots| slots.to_string()).unwrap_or_default(),
            column.phase.map(|phase| word(&phase)).unwrap_or_default(),
        ]);
    }
    format!(
        "{rows}\n{} accepted and not planned; {} in production within twelve months.",
        plan.unplanned_in_all, plan.delivered_in_all
    )
}

/// The report of accounts.
#[must_use]
pub fn accounts(report: &Accounts) -> String {
    if report.accounts.is_empty() {
        return "Nothing was asked for within twelve months.".into();
    }
    let mut rows = list([
        "account",
        "requested",
        "share",
        "accepted",
        "delivered",
        "open",
        "waiting",
        "rating",
        "weight",
    ]);
    for account in &report.accounts {
        let counts = account.counts;
        rows.add_row([
            account.name.as_deref().map_or_else(|| "none".into(), plain) + &tier(account),
            counts.requested.to_string(),
            per_cent(account.share),
            counts.accepted.to_string(),
            counts.delivered.to_string(),
            counts.open.to_string(),
            counts.waiting.to_string(),
            account.satisfaction.map(|mean| format!("{mean:.1}")).unwrap_or_default(),
            account.weight.map_or_else(|| "1".into(), |weight| weight.to_string()),
        ]);
    }
    let total = report.total;
    rows.add_row([
        "all".to_owned(),
        total.requested.to_string(),
        String::new(),
        total.accepted.to_string(),
        total.delivered.to_string(),
        total.open.to_string(),
        total.waiting.to_string(),
        report.satisfaction.map(|mean| format!("{mean:.1}")).unwrap_or_default(),
        String::new(),
    ]);
    let without =
        report.without.as_deref().map(|name| format!(", without {}", plain(name))).unwrap_or_default();
    let mut text = format!("Since {}{without}\n{rows}", report.zone.time(report.since));
    if let Some(over) = over_limit(report) {
        let _ = write!(text, "\n{over}");
    }
    if let Some(it) = report.concentration {
        let _ = write!(
            text,
            "\nOf what was asked for, the first account has {}, the first three {}; Herfindahl {:.2}.",
            per_cent(it.first),
            per_cent(it.first_three),
            it.herfindahl
        );
    }
    text
}

/// ` (key account)`, ` (tier gold; key account suggested)`.
fn tier(account: &Account) -> String {
    let said = account.tier.as_deref();
    let said =
        said.map(|tier| if tier == "key" { "key account".into() } else { format!("tier {}", plain(tier)) });
    let suggested = account.is_key.then(|| "key account suggested".to_owned());
    let words: Vec<String> = said.into_iter().chain(suggested).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join("; ")) }
}

/// Whose requests were accepted over the limit.
fn over_limit(report: &Accounts) -> Option<String> {
    let over = report.accounts.iter().filter(|account| account.counts.over_limit > 0);
    let name = |account: &Account| account.name.as_deref().map_or_else(|| "none".into(), plain);
    let over: Vec<String> =
        over.map(|account| format!("{} {}", name(account), account.counts.over_limit)).collect();
    (!over.is_empty()).then(|| format!("Accepted over the limit: {}.", over.join(", ")))
}

fn per_cent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
