//! Lists for people at a terminal: the register of change requests, what is parked, the state of the audit log.

pub mod inventory;
pub mod planning;

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;

use crate::{
    domain::{
        change_request::Acceptance,
        ids::{Actor, RepoId, RepoName, TenantId},
        subject::View,
    },
    operator::Became,
    store::{
        AuditReport, Held, Listed, Parked, ParkedSubject, ReadBack, RefusedEffect, StoredToken, Swept,
        TenantAudit,
    },
};

/// The register: every change request, and how far it is. `views` also holds the repositories that name them.
#[must_use]
pub fn changes(views: &[(TenantId, View)]) -> String {
    let names: BTreeMap<RepoId, &RepoName> =
        views.iter().filter_map(|(_, view)| view.as_repository()).map(|repo| (repo.id, &repo.name)).collect();
    let mut table = table(["change request", "title", "stage", "accepted by", "release"]);
    let mut rows = 0;
    for change in
        views.iter().filter_map(|(_, view)| view.as_change_request()).filter(|change| change.taken_in)
    {
        let repo = names.get(&change.at.repo).map_or_else(|| change.at.repo.to_string(), ToString::to_string);
        table.add_row([
            format!("{repo}#{}", change.at.number),
            plain(&change.title),
            change.stage.as_str().replace('_', " "),
            accepted_by(&change.acceptance).map(|actor| format!("@{}", actor.login)).unwrap_or_default(),
            change.release.as_ref().map(|release| plain(&release.title)).unwrap_or_default(),
        ]);
        rows += 1;
    }
    match rows {
        0 => "No change requests yet: an issue becomes one when it gets the intake label (change-request)."
            .into(),
        _ => table.to_string(),
    }
}

/// What came of an emergency that was declared at the command line.
#[must_use]
pub fn emergency(became: &Became) -> String {
    match became {
        Became::Waits(what) => {
            format!(
                "It is written down, and not declared yet: {what}.\nNobody need do anything; it is tried again by itself."
            )
        }
        Became::Refused(why) => format!("Refused: {why}."),
        Became::Declared { repository, issue, terms } => {
            let mut lines = vec![format!("Declared in {repository}#{}.", issue.number)];
            let Some(terms) = terms else {
                lines.push("It comes into force as soon as GitHub has labelled the issue.".into());
                return lines.join("\n");
            };
            lines.push(format!(
                "Until {}, pull requests that say `Part-of: {repository}#{}` by somebody on call pass without release, window, freezes and signatures, and so do their deployments. Nothing else passes with them.",
                terms.lasts_until, issue.number
            ));
            if let Some(due) = terms.signature {
                lines.push(format!(
                    "Owed until {due}: an independent signature, `/approve` there by a release manager."
                ));
            }
            if let Some(due) = terms.retrospective {
                lines.push(format!(
                    "Owed until {due}: a retrospective, ended there with `/done worked|problems|backed-out`."
                ));
            }
            lines.push(
                "Quicker, if it helps: run the deployment again that ran before. It passes at once.".into(),
            );
            lines.join("\n")
        }
    }
}

fn accepted_by(acceptance: &Acceptance) -> Option<&Actor> {
    match acceptance {
        Acceptance::Accepted { by, .. } => by.as_ref(),
        Acceptance::Waiting { .. } | Acceptance::Refused { .. } | Acceptance::Unknown(_) => None,
    }
}

/// Tokens of ours: what each is for, and how long it counts.
#[must_use]
pub fn tokens(tokens: &[StoredToken], now: Timestamp) -> String {
    if tokens.is_empty() {
        return "No tokens: `changegate token create` makes one.".into();
    }
    let mut table = table(["id", "name", "repository", "environment", "may", "counts until", "last used"]);
    for StoredToken { tenant: _, grant, used_on, revoked_at } in tokens {
        let may: Vec<&str> = grant.may.iter().map(|deed| deed.as_str()).collect();
        let until = match revoked_at {
            Some(at) => format!("revoked {}", minute(*at)),
            None if grant.is_over(now) => format!("over since {}", minute(grant.expires_at)),
            None => minute(grant.expires_at),
        };
        table.add_row([
            grant.id.clone(),
            plain(&grant.name),
            if grant.whole_account {
                format!("all of {}", grant.repository_name.owner())
            } else {
                grant.repository_name.to_string()
            },
            grant.environment.as_deref().map_or_else(|| "any".into(), plain),
            may.join(", "),
            until,
            used_on.map_or_else(|| "never".into(), |day| day.strftime("%Y-%m-%d").to_string()),
        ]);
    }
    table.to_string()
}

/// How far the sweep of each account is, and what it has found. `names` holds the accounts and repositories.
#[must_use]
pub fn sweeps(sweeps: &[(TenantId, Swept)], names: &[(TenantId, View)]) -> String {
    if sweeps.is_empty() {
        return "Nothing was compared with GitHub yet: the server does it when it starts, and every hour."
            .into();
    }
    let mut table = table(["account", "began", "repositories", "compared", "repaired", "requests", "now"]);
    for (tenant, Swept { next_at, sweep }) in sweeps {
        let of_tenant = || names.iter().filter(|(of, _)| of == tenant);
        let account = of_tenant().find_map(|(_, view)| view.as_account()?.seen.as_ref());
        let spot = sweep.at.as_ref().and_then(|spot| {
            let here =
                |view: &View| view.as_repository().filter(|it| it.id == spot.repo).map(|it| it.name.clone());
            Some(format!("{}, page {}", of_tenant().find_map(|(_, view)| here(view))?, spot.page))
        });
        let now = match (sweep.ended, spot) {
            (Some(_), _) => format!("over; the next at {}", minute(*next_at)),
            (None, Some(spot)) => format!("at {spot}; goes on at {}", minute(*next_at)),
            (None, None) => format!("goes on at {}", minute(*next_at)),
        };
        let numbers =
            [sweep.tally.repositories, sweep.tally.compared, sweep.tally.repaired, sweep.tally.pages];
        let [repositories, compared, repaired, pages] = numbers.map(|number| number.to_string());
        let account = account.map_or_else(|| tenant.to_string(), |account| plain(&account.login));
        table.add_row([account, minute(sweep.began), repositories, compared, repaired, pages, now]);
    }
    table.to_string()
}

/// How far each channel was told by chat or mail.
#[must_use]
pub fn channels(accounts: &[(String, BTreeMap<String, Held>)]) -> String {
    let mut table = table(["account", "channel", "told last", "now"]);
    for (login, channels) in accounts {
        for (name, Held { next_at, notified }) in channels {
            let now = notified.why.as_ref().map_or_else(String::new, |why| {
                format!(
                    "waits after {} tries: {}; again at {}",
                    notified.attempts,
                    plain(why),
                    minute(*next_at)
                )
            });
            table.add_row([plain(login), plain(name), minute(notified.told_at), now]);
        }
    }
    if table.is_empty() {
        return "Nobody is told by chat or mail yet: name channels in CHANGEGATE_CHANNELS, and under `notify` in the policy.".into();
    }
    table.to_string()
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What waits for a person, and why.
#[must_use]
pub fn parked(
    deliveries: &Listed<Parked>,
    subjects: &Listed<ParkedSubject>,
    effects: &Listed<RefusedEffect>,
) -> String {
    if deliveries.items.is_empty() && subjects.items.is_empty() && effects.items.is_empty() {
        return "Nothing is parked: every delivery was read, every subject judged, every effect sent.".into();
    }
    let mut table = table(["id", "what", "why"]);
    for one in &deliveries.items {
        let what = format!("delivery of {} since {}", plain(&one.event), one.received_at);
        table.add_row([plain(&one.delivery), what, plain(&one.why)]);
    }
    for one in &subjects.items {
        table.add_row([one.subject.to_string(), format!("subject of {}", one.tenant), plain(&one.why)]);
    }
    for one in &effects.items {
        table.add_row([
            one.key.clone(),
            format!("effect for {}, refused by GitHub", one.tenant),
            plain(&one.why),
        ]);
    }
    let more = [("deliveries", deliveries.more), ("subjects", subjects.more), ("effects", effects.more)]
        .into_iter()
        .filter(|(_, more)| *more > 0)
        .map(|(what, more)| format!("\n{more} more {what} are not shown; they follow when these are cured."));
    format!("{table}{}\nTry a delivery again with `changegate inbox replay ID`.", more.collect::<String>())
}

/// Stored bodies that were read back: what they are, and whose.
#[must_use]
pub fn bodies(bodies: &[ReadBack]) -> String {
    let line = |body: &ReadBack| {
        let hash = body.hash.as_deref().unwrap_or("DAMAGED");
        format!("{hash}  {}", plain(&body.delivery))
    };
    bodies.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Whether the audit log is whole.
#[must_use]
pub fn audit(report: &AuditReport) -> String {
    let line = |tenant: &TenantAudit| match &tenant.broken {
        None => format!("{}: {} entries, whole. Head: {}", tenant.tenant, tenant.entries, tenant.head),
        Some((seq, why)) => format!("{}: BROKEN at entry {seq}: {why}", tenant.tenant),
    };
    match report.tenants.as_slice() {
        [] => "The audit log is empty.".into(),
        tenants => tenants.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

/// Text of others, without what would steer the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn table<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table
}
