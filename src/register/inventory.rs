//! The inventory, for people at a terminal.

use crate::{
    domain::{ids::RepoId, planning::inventory::Item},
    operator::import::{Found, Imported},
};

use super::{plain, planning::list};

/// How far an import is.
#[must_use]
pub fn progress(imported: &Imported) -> String {
    let progress = &imported.progress;
    let so_far = format!("{} issues and pull requests in {} requests", progress.found, progress.pages);
    match &imported.waits {
        Some((until, why)) => format!("{so_far}; waits until {}: {why}", until.strftime("%H:%M UTC")),
        None => so_far,
    }
}

/// What was found.
#[must_use]
pub fn report(found: &Found) -> String {
    let report = &found.report;
    if report.repositories.is_empty() {
        let nothing = Some("Nothing is open there.".into());
        return nothing.into_iter().chain(left_out(found)).collect::<Vec<_>>().join("\n\n");
    }
    let mut parts = vec![repositories(found)];
    parts.extend(left_out(found));
    let [month, three, six, twelve, older] = report.ages;
    parts.push(format!(
        "Of the open issues {month} are younger than a month, {three} than three, {six} than six, {twelve} than a year; {older} are older.\n{} of them are change requests: they bear the intake label.",
        report.taken_in
    ));
    let authors: Vec<String> =
        report.authors.iter().take(5).map(|(who, count)| format!("@{} {count}", plain(who))).collect();
    parts.push(format!("Opened by: {}.", authors.join(", ")));
    parts.push(dead(found));
    parts.push(doubled(found));
    if !report.closed.is_empty() {
        let months: Vec<String> =
            report.closed.iter().map(|(month, count)| format!("{month} {count}")).collect();
        parts.push(format!(
            "Closed as done, by month (reconstructed from what GitHub still knows): {}.",
            months.join(", ")
        ));
    }
    parts.push("Nothing was written to GitHub, and nothing is decided. What is to be a change request gets the intake label there; `changegate triage` then lists it.".into());
    parts.join("\n\n")
}

fn repositories(found: &Found) -> String {
    let mut rows = list(["repository", "open issues", "open pull requests", "the oldest since"]);
    let (mut all_issues, mut all_pulls) = (0, 0);
    for (repo, issues, pulls, oldest) in &found.report.repositories {
        (all_issues, all_pulls) = (all_issues + issues, all_pulls + pulls);
        let day = oldest.map(|at| found.zone.day(at)).unwrap_or_default();
        rows.add_row([name(found, *repo), issues.to_string(), pulls.to_string(), day]);
    }
    rows.add_row(["all".into(), all_issues.to_string(), all_pulls.to_string(), String::new()]);
    rows.to_string()
}

/// What is missing in the numbers.
fn left_out(found: &Found) -> Option<String> {
    let lines = found.left_out.iter().map(|(repo, why)| format!("- {}: {}", name(found, *repo), plain(why)));
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| {
        format!(
            "Left out, because GitHub refused; import `--again` once the App may read them:\n{}",
            lines.join("\n")
        )
    })
}

fn name(found: &Found, repo: RepoId) -> String {
    let named = found.names.iter().find(|(id, _)| *id == repo);
    named.map_or_else(|| repo.to_string(), |(_, name)| name.to_string())
}

fn numbered(found: &Found, item: &Item) -> String {
    format!("{}#{}", name(found, item.at.repo), item.at.number)
}

fn dead(found: &Found) -> String {
    let (count, first) = &found.report.dead;
    if *count == 0 {
        return "None looks dead: each was touched within half a year.".into();
    }
    let mut rows = list(["looks dead", "title", "untouched since", "by"]);
    for item in first {
        let author = item.author.as_deref().map(|who| format!("@{}", plain(who))).unwrap_or_default();
        rows.add_row([numbered(found, item), plain(&item.title), found.zone.day(item.updated), author]);
    }
    format!("{rows}\nNot touched for half a year: {count}.")
}

fn doubled(found: &Found) -> String {
    let (count, first) = &found.report.doubled;
    if *count == 0 {
        return "None looks like another one.".into();
    }
    let mut rows = list(["looks like", "an older one", "title"]);
    for (item, other) in first {
        rows.add_row([numbered(found, item), numbered(found, other), plain(&item.title)]);
    }
    format!("{rows}\nLike an older one: {count}.")
}
