//! The agenda of a planning meeting as the text of an issue, in Markdown. Here names are links: whoever decides wants to read, and that
//! GitHub notes on each change request that it was on the agenda is so.

use crate::domain::{
    planning::{load::Load, plan::is_too_much},
    report::text::{TITLE_LIMIT, escape},
};

use super::{
    drawn::{Place, Shown, Waits},
    meeting::{LISTED, Points},
    page::{flow, names},
};

/// All of it, in the order in which it is gone through.
pub(super) fn text(points: &Points) -> String {
    let parts = [
        Some(head(points)),
        Some(how(points)),
        Some(new(points)),
        Some(candidates(points)),
        clashes(points),
        depends(points),
        overdue(points),
        over_the_limit(points),
        too_much(points),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

fn head(points: &Points) -> String {
    let zone = &points.zone;
    let train = escape(&points.train, TITLE_LIMIT);
    let Some(release) = &points.release else {
        return format!(
            "This is the planning meeting of the train **{train}**, held in a room within an hour or in writing over two days. No release of it is open: the policy does not say when it leaves (`every`), and no milestone is planned."
        );
    };
    let leaves = release.leaves.map(|at| format!("; it leaves {}", zone.time(at))).unwrap_or_default();
    let locks = release.locks.map(|at| format!(", and locks {}", zone.time(at))).unwrap_or_default();
    format!(
        "This is the planning meeting of the train **{train}**, held in a room within an hour or in writing over two days. The next release is **{}**{leaves}{locks}.",
        escape(&release.id.title, TITLE_LIMIT)
    )
}

fn how(points: &Points) -> String {
    let slash = points.prefix.as_ref().map_or_else(|| "/".into(), |prefix| format!("/{prefix} "));
    let command = |words: &str| format!("`{slash}{words}`");
    let all = [
        "schedule #128 next",
        "unschedule #128 WHY",
        "swap #97 #128",
        "accept #130",
        "defer #130 until Q2",
        "decline #130 WHY",
    ];
    format!(
        "**Deciding**: comment here, one command a line: {}. Instead of `next`, the title of a release may stand. The first of a swap goes, the second takes its place. `#128` is of this repository; others are written `web#128`. Release managers plan; triagers accept, defer and decline. A thumbs-up says that it counts; what does not count is answered with a sentence.\n\n**Attending**: whoever comments is there; {} is enough.\n\n**Ending**: close this issue. The minutes follow soon, and with them the sponsors are sent the plan.",
        all.map(command).join(", "),
        command("here"),
    )
}

fn row(shown: &Shown, last: &str) -> String {
    let line = &shown.line;
    let account = escape(line.account.as_deref().unwrap_or_default(), TITLE_LIMIT);
    format!("| {} | {} | {account} | {last} |", shown.name(), escape(&line.title, TITLE_LIMIT))
}

fn more(listed: usize, all: usize) -> String {
    let left = all.saturating_sub(listed);
    if left > 0 { format!("\n\n{left} more follow.") } else { String::new() }
}

fn new(points: &Points) -> String {
    let head = format!("### New since {}", points.zone.day(points.since));
    if points.new.is_empty() {
        return format!("{head}\n\nNothing was asked for.");
    }
    let rows: Vec<String> =
        points.new.iter().take(LISTED).map(|shown| row(shown, &shown.line.progress())).collect();
    format!(
        "{head}\n\n| change request | | account | stands |\n|---|---|---|---|\n{}{}",
        rows.join("\n"),
        more(rows.len(), points.new.len())
    )
}

fn candidates(points: &Points) -> String {
    let Some(release) = &points.release else {
        return format!("### Candidates\n\n{}", table(points, None));
    };
    let taken = release.changes.len();
    let slots = match release.slots {
        Some(slots) => format!("Slots taken: {taken} of {slots}."),
        None => format!("Planned for it: {taken}. No limit is known."),
    };
    let kept = release.kept_in_words(|account| escape(account, TITLE_LIMIT));
    let kept = kept.map(|kept| format!(" {kept}.")).unwrap_or_default();
    let title = escape(&release.id.title, TITLE_LIMIT);
    format!("### Candidates for {title}\n\n{slots}{kept} {}", table(points, points.with_a_slot()))
}

/// In the merged order; `slots`: how many of them have one.
fn table(points: &Points, slots: Option<usize>) -> String {
    if points.candidates.is_empty() {
        return "Nothing that was accepted waits for a release.".into();
    }
    let mut rows: Vec<String> = points.candidates.iter().take(LISTED).map(candidate).collect();
    let listed = rows.len();
    if let Some(slots) = slots.filter(|slots| *slots < listed) {
        rows.insert(slots, "| | **Here the slots end.** | | | |".into());
    }
    format!(
        "In the order in which the accounts want it:\n\n| place | change request | | account | in its account |\n|---|---|---|---|---|\n{}{}",
        rows.join("\n"),
        more(listed, points.candidates.len())
    )
}

fn candidate(place: &Place) -> String {
    let Place { overall, own, of, change } = place;
    let needed = change.line.needed_by.map(|day| format!(", needed by {day}")).unwrap_or_default();
    format!("| {overall} {}", row(change, &format!("{own} of {of}{needed}")))
}

fn clashes(points: &Points) -> Option<String> {
    let line = |(system, all): &(String, Vec<Shown>)| {
        format!("- **{}**: {}", escape(system, TITLE_LIMIT), names(all))
    };
    let lines: Vec<String> = points.clashes.iter().map(line).collect();
    (!lines.is_empty()).then(|| {
        format!(
            "### Clashes\n\nThese are planned, or next, and are about one system:\n\n{}",
            lines.join("\n")
        )
    })
}

fn depends(points: &Points) -> Option<String> {
    let line = |(shown, on): &(Shown, String)| {
        format!("- {} {} depends on {on}", shown.name(), escape(&shown.line.title, TITLE_LIMIT))
    };
    let lines: Vec<String> = points.depends.iter().map(line).collect();
    (!lines.is_empty()).then(|| {
        format!(
            "### Depends on what is not planned\n\nWhat these depend on is neither in a release nor in production:\n\n{}",
            lines.join("\n")
        )
    })
}

fn overdue(points: &Points) -> Option<String> {
    let (waiting, left) = &points.overdue;
    let line = |waits: &Waits| {
        let due = waits.due.map(|due| points.zone.day(due)).unwrap_or_default();
        row(&waits.shown, &due)
    };
    let rows: Vec<String> = waiting.iter().map(line).collect();
    (!rows.is_empty()).then(|| {
        format!(
            "### Overdue in triage\n\n| change request | | account | a decision was due |\n|---|---|---|---|\n{}{}",
            rows.join("\n"),
            more(rows.len(), rows.len() + left)
        )
    })
}

fn over_the_limit(points: &Points) -> Option<String> {
    let lines: Vec<String> =
        points.loads.iter().filter_map(Load::warning).map(|line| format!("- {line}")).collect();
    (!lines.is_empty()).then(|| format!("### Over the limit\n\n{}", lines.join("\n")))
}

fn too_much(points: &Points) -> Option<String> {
    is_too_much(&points.flow).then(|| {
        format!(
            "### More goes in than comes out\n\nMore was accepted than came into production in each of the last months: {}.",
            flow(&points.flow)
        )
    })
}
