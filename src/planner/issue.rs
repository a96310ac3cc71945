//! The plan as the text of an issue, in Markdown. It holds no time of its own, so that it is told again only when it is another.

use crate::domain::{
    event::{DrawnPlan, PlannedAt},
    planning::{load::Load, plan::is_too_much},
    policy::Zone,
    report::text::{TEXT_LIMIT, TITLE_LIMIT, escape},
};

use super::{
    drawn::{Clash, Column, Frozen, Place, Plan, Shown},
    page::{flow, names},
};

/// So much of what is not planned yet is listed; the rest is counted.
const LISTED: usize = 50;

/// The plan to be published.
#[must_use]
pub fn drawn(plan: &Plan) -> DrawnPlan {
    let planned = plan.releases.iter().flat_map(|column| {
        column.changes.iter().map(|shown| placed(shown, format!("{} ({})", column.id.title, column.id.train)))
    });
    let unplanned = plan.unplanned.iter().map(|place| placed(&place.change, "not planned".into()));
    let delivered = plan.delivered.iter().map(|shown| placed(shown, "in production".into()));
    let places = planned.chain(unplanned).chain(delivered).collect();
    DrawnPlan { at: plan.at, zone: plan.zone.clone(), text: text(plan), places }
}

fn placed(shown: &Shown, place: String) -> PlannedAt {
    PlannedAt { at: shown.line.at, name: linked(shown), title: shown.line.title.clone(), place }
}

/// As code: GitHub would note on each of them, every time, that it was named here.
fn linked(shown: &Shown) -> String {
    format!("`{}`", shown.name())
}

fn text(plan: &Plan) -> String {
    let mut parts = vec![format!(
        "This is the plan, kept up to date by itself. Times are in {}. Who asked for something and wants it sooner asks the sponsor of their account to rank it.",
        plan.zone
    )];
    for Frozen { name, from, until } in &plan.freezes {
        let until = until.map_or_else(|| "it is lifted".into(), |until| plan.zone.time(until));
        parts.push(format!(
            "**Freeze** {} from {} until {until}.",
            escape(name, TITLE_LIMIT),
            plan.zone.time(*from)
        ));
    }
    parts.extend(plan.releases.iter().map(|column| release(column, &plan.zone)));
    for Clash { release, system, changes } in &plan.clashes {
        let (title, system) = (escape(&release.title, TITLE_LIMIT), escape(system, TITLE_LIMIT));
        parts.push(format!("**{title}**: `{}` are about one system, {system}.", names(changes)));
    }
    parts.extend(plan.loads.iter().filter_map(Load::warning));
    let had = |shown: &Shown| format!("{} {}", linked(shown), escape(&shown.line.had(), TEXT_LIMIT));
    parts.extend(plan.evergreen_in_words(had));
    if is_too_much(&plan.flow) {
        parts.push(format!(
            "More was accepted than came into production in each of the last months: {}.",
            flow(&plan.flow)
        ));
    }
    parts.push(unplanned(plan));
    parts.join("\n\n")
}

fn release(column: &Column, zone: &Zone) -> String {
    let title = escape(&column.id.title, TITLE_LIMIT);
    let leaves = column.leaves.map(|leaves| format!(" · leaves {}", zone.time(leaves))).unwrap_or_default();
    let locks = column.locks.map(|locks| format!(", locks {}", zone.time(locks))).unwrap_or_default();
    let slots = column.slots.map(|slots| format!(" of {slots}")).unwrap_or_default();
    let kept = column.kept_in_words(|account| escape(account, TITLE_LIMIT));
    let kept = kept.map(|kept| format!("\n\n{kept}.")).unwrap_or_default();
    let head = format!("### {title}{leaves}{locks} · {}{slots} planned{kept}", column.changes.len());
    if column.changes.is_empty() {
        return head;
    }
    let rows: Vec<String> = column.changes.iter().map(row).collect();
    format!("{head}\n\n| change request | | account | stands |\n|---|---|---|---|\n{}", rows.join("\n"))
}

fn row(shown: &Shown) -> String {
    let line = &shown.line;
    let account = escape(line.account.as_deref().unwrap_or_default(), TITLE_LIMIT);
    format!("| {} | {} | {account} | {} |", linked(shown), escape(&line.title, TITLE_LIMIT), line.progress())
}

fn unplanned(plan: &Plan) -> String {
    if plan.unplanned.is_empty() {
        return "### Not planned yet\n\nNothing that was accepted.".into();
    }
    let row = |Place { overall, own, of, change }: &Place| {
        let account = escape(change.line.account.as_deref().unwrap_or_default(), TITLE_LIMIT);
        format!(
            "| {overall} | {} | {} | {account} | {own} of {of} |",
            linked(change),
            escape(&change.line.title, TITLE_LIMIT)
        )
    };
    let rows: Vec<String> = plan.unplanned.iter().take(LISTED).map(row).collect();
    let left = plan.unplanned_in_all.saturating_sub(rows.len());
    let more = if left > 0 { format!("\n\n{left} more follow.") } else { String::new() };
    format!(
        "### Not planned yet, in the order in which the accounts want it\n\n| place | change request | | account | in its account |\n|---|---|---|---|---|\n{}{more}",
        rows.join("\n")
    )
}
