//! The plan as a page: one file that needs nothing else, reads well on a telephone and prints on paper.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::domain::{
    planning::{
        load::Load,
        plan::{Flow, is_too_much},
    },
    policy::Zone,
};

use super::drawn::{Clash, Column, Frozen, Place, Plan, Shown};

const STYLE: &str = "\
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif }
body { max-width: 70rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin: 1.75rem 0 .25rem }
p { margin: .25rem 0 .75rem } .note { opacity: .75 }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-size: .95rem }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid #8885 }
th:nth-child(1) { width: 11rem } th.number { width: 3.5rem }
@media (max-width: 40rem) { th:nth-child(1) { width: 6rem } td { overflow-wrap: anywhere } }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
@media print { body { max-width: none; padding: 0; font-size: 10pt } h2 { break-after: avoid } tr { break-inside: avoid } }";

/// The plans of accounts of GitHub, each with its login.
#[must_use]
pub fn plans(plans: &[(String, Plan)]) -> String {
    let title = match plans {
        [(login, _)] => format!("Release plan of {login}"),
        _ => "Release plans".into(),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                @for (login, plan) in plans {
                    @if plans.len() > 1 { h1 { (login) } }
                    (body(plan))
                }
            }
        }
    };
    page.into_string()
}

/// What the page shows of a plan.
fn body(plan: &Plan) -> Markup {
    html! {
        p.note { "As of " (plan.zone.time(plan.at)) "." }
        @for Frozen { name, from, until } in &plan.freezes {
            p { strong { "Freeze " (name) } " from " (plan.zone.time(*from)) @if let Some(until) = until { " to " (plan.zone.time(*until)) } @else { " until it is lifted" } }
        }
        @for column in &plan.releases { (release(column, &plan.zone)) }
        @if plan.releases.is_empty() {
            p { "No release is planned: the policy names no train that says when it leaves, and nothing has a milestone." }
        }
        @for Clash { release, system, changes } in &plan.clashes {
            p { strong { (release.title) } ": " (names(changes)) " are about one system, " (system) "." }
        }
        @for warning in plan.loads.iter().filter_map(Load::warning) { p { (warning) } }
        @if let Some(evergreen) = plan.evergreen_in_words(Shown::had) { p { (evergreen) } }
        @if is_too_much(&plan.flow) {
            p { "More was accepted than came into production in each of the last months: " (flow(&plan.flow)) "." }
        }
        h2 { "Not planned yet" }
        @if plan.unplanned.is_empty() {
            p { "Nothing that was accepted waits for a release." }
        } @else {
            p { (plan.unplanned_in_all) " in all, in the order in which the accounts want it." }
            (unplanned(&plan.unplanned))
        }
        h2 { "In production within twelve months" }
        @if plan.delivered.is_empty() {
            p { "Nothing yet." }
        } @else {
            p { (plan.delivered_in_all) " in all." }
            (changes(&plan.delivered, &plan.zone, true))
        }
    }
}

fn release(column: &Column, zone: &Zone) -> Markup {
    let taken = column.changes.len();
    html! {
        h2 { (column.id.title) " · " (column.id.train) }
        p {
            @match column.leaves {
                Some(leaves) => { "Leaves " (zone.time(leaves)) }
                None => { "Without a date" }
            }
            @if let Some(locks) = column.locks { ", locks " (zone.time(locks)) }
            ". " (taken)
            @match column.slots {
                Some(slots) => { " of " (slots) " slots taken" }
                None => { " planned; no limit is known yet" }
            }
            @if let Some((fewest, most)) = column.learned { " (the last releases carried " (fewest) " to " (most) ")" }
            @if let Some(kept) = column.kept_in_words(str::to_owned) { "; " (kept) }
            "."
        }
        @if taken > 0 { (changes(&column.changes, zone, false)) }
    }
}

/// `acme/web#1, acme/billing#2`.
pub fn names(changes: &[Shown]) -> String {
    changes.iter().map(Shown::name).collect::<Vec<_>>().join(", ")
}

/// `2026-09: 12 in, 4 out; 2026-10: ...`.
pub fn flow(months: &[Flow]) -> String {
    let month = |it: &Flow| format!("{}: {} accepted, {} delivered", it.month, it.accepted, it.delivered);
    months.iter().map(month).collect::<Vec<_>>().join("; ")
}

fn changes(changes: &[Shown], zone: &Zone, delivered: bool) -> Markup {
    html! {
        div.wide {
            table {
                thead { tr {
                    th { "Change request" } th { "Title" } th { "Account" } th { "Stage" } th { "Contact" }
                    @if delivered { th { "Since" } }
                } }
                tbody {
                    @for shown in changes {
                        tr {
                            td { (shown.name()) }
                            td { (shown.line.title) }
                            td { (shown.line.account.as_deref().unwrap_or_default()) }
                            td { (shown.line.progress()) }
                            td { (shown.line.contact.as_ref().map_or("nobody yet", |contact| &*contact.login)) }
                            @if delivered { td { (shown.line.delivered.map(|at| zone.day(at)).unwrap_or_default()) } }
                        }
                    }
                }
            }
        }
    }
}

fn unplanned(places: &[Place]) -> Markup {
    html! {
        div.wide {
            table {
                thead { tr {
                    th.number { "Place" } th { "Change request" } th { "Title" } th { "Account" } th { "In its account" } th { "Needed by" }
                } }
                tbody {
                    @for Place { overall, own, of, change } in places {
                        tr {
                            td.number { (overall) }
                            td { (change.name()) }
                            td { (change.line.title) }
                            td { (change.line.account.as_deref().unwrap_or_default()) }
                            td { (own) " of " (of) }
                            td { @if let Some(day) = change.line.needed_by { (day) } }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_plan_says_what_to_do_and_what_people_wrote_is_text() {
        let plan = Plan {
            at: "2026-11-27T10:00:00Z".parse().unwrap(),
            zone: Zone::utc(),
            releases: vec![],
            freezes: vec![],
            clashes: vec![],
            loads: vec![],
            evergreen: vec![],
            flow: vec![],
            unplanned: vec![],
            unplanned_in_all: 0,
            delivered: vec![],
            delivered_in_all: 0,
        };
        let page = plans(&[("<script>alert(1)</script>".into(), plan)]);
        assert!(page.contains("No release is planned"), "{page}");
        assert!(!page.contains("<script"), "{page}");
    }
}
