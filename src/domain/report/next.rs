//! Who has to do what next on a change request: the last paragraph of its status comment.

use crate::domain::change_request::{
    ChangeRequest, Stage,
    act::Standing,
    delivered::{Known, known},
    stage::{Own, undone_by},
};

use super::{
    status::{Pull, Setting},
    text::{self, TEXT_LIMIT, TITLE_LIMIT},
};

/// In Markdown.
#[must_use]
pub fn next(request: &ChangeRequest, standing: Option<Standing<'_>>, setting: &Setting<'_>) -> String {
    if let Some(closed) = closed(request, setting) {
        return closed;
    }
    let over = standing.and_then(over).unwrap_or_default();
    let by = standing.map(|standing| by(standing, setting)).unwrap_or_default();
    let (triager, accept) = (setting.triagers(), setting.command("accept"));
    let again = format!("It is taken up again when {triager} comments {accept}.");
    match request.stage() {
        Stage::Requested => {
            let early = early(setting);
            format!("Next: {triager} comments {accept}, or asks, defers or declines.{early}")
        }
        Stage::NeedsInformation if standing.is_none() => {
            format!("Next: the requester completes the description; then {triager} decides.")
        }
        Stage::NeedsInformation => {
            let asked = said(standing);
            format!(
                "Asked{by}{asked}\n\nNext: the requester answers here or in the description; then {triager} decides."
            )
        }
        Stage::Deferred => format!("Deferred{by}{}\n\n{again}", said(standing)),
        Stage::Declined => format!("Declined{by}{}\n\n{again}", said(standing)),
        Stage::Duplicate => {
            let of = standing.and_then(|standing| standing.said).map(|said| other(said, setting));
            let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
            format!("Duplicate{of}{by}. Follow the other one.")
        }
        Stage::Withdrawn => {
            let reopen = setting.command("reopen");
            format!("Withdrawn{by}. The requester or {triager} brings it back with {reopen}.")
        }
        Stage::Accepted | Stage::Scheduled => {
            let closes = closes(request, setting);
            format!("Accepted{by}{over}. Next: a pull request that says {closes} in its description.")
        }
        Stage::InWork => format!("Accepted{by}{over}. Next: {}", in_work(request, setting)),
        Stage::Merged => merged(request, standing, setting),
        Stage::Deployed | Stage::Verified => delivered(request, standing, setting),
    }
}

/// Of an issue that a person has closed.
fn closed(request: &ChangeRequest, setting: &Setting<'_>) -> Option<String> {
    match (request.own, request.stage()) {
        (Own::NotPlanned, _) => {
            Some("It was closed as not planned. Reopen the issue to bring it back.".into())
        }
        (Own::Duplicate, _) => Some("It was closed as a duplicate. Reopen the issue if it is none.".into()),
        (Own::Completed, Stage::Accepted | Stage::Scheduled | Stage::Requested) => {
            Some(question(request, setting))
        }
        (Own::Completed | Own::Out | Own::Open | Own::Incomplete, _) => None,
    }
}

/// `: No money.`, in the person's words.
fn said(standing: Option<Standing<'_>>) -> String {
    let said = standing.and_then(|standing| standing.said);
    said.map_or_else(|| ".".into(), |said| format!(": {}", text::sentence(said)))
}

/// ` by @tara (23 Nov 2026)`.
fn by(standing: Standing<'_>, setting: &Setting<'_>) -> String {
    let day = setting.rules.zone.day(standing.act.at);
    let who = standing.act.by.as_ref().map(|by| format!(" by {}", text::mention(by))).unwrap_or_default();
    format!("{who} ({day})")
}

/// `, over the limit of 40: the contract begins`.
fn over(standing: Standing<'_>) -> Option<String> {
    let met = standing.act.beyond()?;
    let why = standing.said.map(|why| text::escape(why, TEXT_LIMIT));
    let why = why.map(|why| format!(": {}", why.trim_end_matches('.'))).unwrap_or_default();
    Some(format!(", over the limit of {}{why}", met.limit))
}

/// Of an issue that was closed as completed, with nothing that completed it.
fn question(request: &ChangeRequest, setting: &Setting<'_>) -> String {
    let whom = request.contact().or_else(|| request.requester());
    let whom = whom.map(|actor| format!("{}: ", text::mention(actor))).unwrap_or_default();
    format!(
        "{whom}this issue was closed as completed, but no merged pull request finishes it. Which one did? Write {} in its description. If there is none, reopen the issue or close it as not planned.",
        closes(request, setting)
    )
}

/// Work that began before anybody accepted it.
fn early(setting: &Setting<'_>) -> String {
    let open: Vec<&Pull<'_>> = setting.pulls.iter().filter(|pull| pull.view.open).collect();
    if open.is_empty() {
        return String::new();
    }
    format!("\n\nWaiting for that: {}.", setting.links(&open))
}

fn closes(request: &ChangeRequest, setting: &Setting<'_>) -> String {
    let number = request.at.number;
    match setting.name {
        Some(name) => format!("`Closes #{number}` (elsewhere `Closes {name}#{number}`)"),
        None => format!("`Closes #{number}`"),
    }
}

fn in_work(request: &ChangeRequest, setting: &Setting<'_>) -> String {
    let open: Vec<&Pull<'_>> = setting.pulls.iter().filter(|pull| pull.view.open).collect();
    if open.is_empty() {
        let merged: Vec<&Pull<'_>> =
            setting.pulls.iter().filter(|pull| pull.view.merged_at.is_some()).collect();
        if let Some(undone) = undone(request, setting) {
            return undone;
        }
        return format!(
            "parts of it are merged ({}). A pull request that says {} finishes it.",
            setting.links(&merged),
            closes(request, setting)
        );
    }
    let all = if open.len() == 1 { "it is" } else { "all are" };
    format!(
        "{} open ({}). When {all} merged, the code is complete.",
        counted(open.len()),
        setting.links(&open)
    )
}

/// Of what was finished and then taken back.
fn undone(request: &ChangeRequest, setting: &Setting<'_>) -> Option<String> {
    let views: Vec<_> = setting.pulls.iter().map(|pull| pull.view).collect();
    let finishes = |pull: &&Pull<'_>| {
        let links = &pull.view.links;
        pull.view.merged_at.is_some() && links.iter().any(|link| link.to == request.at && link.finishes)
    };
    let mut finishing = setting.pulls.iter().filter(finishes);
    let (pull, by) = finishing.find_map(|pull| Some((pull, undone_by(pull.view, &views)?)))?;
    let by = setting.pulls.iter().find(|pull| pull.view.at == by.at)?;
    Some(format!(
        "{} was merged and taken back by {}. A pull request that says {} does it anew.",
        setting.links(&[pull]),
        setting.links(&[by]),
        closes(request, setting)
    ))
}

fn counted(pulls: usize) -> String {
    match pulls {
        1 => "one pull request is".into(),
        2 => "two pull requests are".into(),
        3 => "three pull requests are".into(),
        more => format!("{more} pull requests are"),
    }
}

fn merged(request: &ChangeRequest, standing: Option<Standing<'_>>, setting: &Setting<'_>) -> String {
    let merged: Vec<&Pull<'_>> = setting.pulls.iter().filter(|pull| pull.view.merged_at.is_some()).collect();
    let links = if merged.is_empty() { String::new() } else { format!(" ({})", setting.links(&merged)) };
    let ships = request
        .release()
        .map(|release| format!("; ships with **{}**", text::escape(&release.title, TITLE_LIMIT)));
    let ships = ships.unwrap_or_default();
    let closed = request.seen.as_ref().is_some_and(|seen| !seen.open);
    let closed = if closed { " GitHub closed this issue with the merge; it stays closed." } else { "" };
    let accepted = if standing.is_some() {
        String::new()
    } else {
        format!(
            " Nobody has accepted it: {} still has to comment {}.",
            setting.triagers(),
            setting.command("accept")
        )
    };
    format!("Merged{links}{ships}. Merged is not delivered.{closed}{accepted}")
}

/// Of what runs in production.
fn delivered(request: &ChangeRequest, standing: Option<Standing<'_>>, setting: &Setting<'_>) -> String {
    let Some(delivered) = &request.delivered else { return merged(request, standing, setting) };
    let zone = &setting.rules.zone;
    let environments: Vec<String> =
        delivered.environments.iter().map(|name| text::escape(name, TITLE_LIMIT)).collect();
    let since = format!("Runs in {} since {}.", environments.join(", "), zone.time(delivered.at));
    if let Some(at) = request.verified {
        let again = format!("{} takes it up again.", setting.command("reopen"));
        return format!("{since} Known to work since {}. Nothing else belongs to it; {again}", zone.time(at));
    }
    let [works, does_not] = ["works", "does-not-work WHY"].map(|word| setting.command(word));
    match known(&request.acts, delivered, (request.requester(), zone)) {
        Known::Works(due) => format!(
            "{since}\n\nNext: whoever asked for it tries it, and comments {works} or {does_not}. It counts as verified on {}, if nobody says otherwise.",
            zone.day(due)
        ),
        Known::Fails { by, said } => {
            let by = by.map_or_else(|| "Somebody".into(), text::mention);
            let said = text::escape(said, TEXT_LIMIT);
            let (said, [reopen, done]) =
                (said.trim_end_matches('.'), ["reopen", "done worked"].map(|word| setting.command(word)));
            let what = if said.is_empty() { String::new() } else { format!(": {said}") };
            format!(
                "{since} {by} says that it does not work{what}.\n\nNext: {reopen} takes it up again, or {done} ends it."
            )
        }
    }
}

/// `#12` as a link; anything else as it was written.
fn other(said: &str, setting: &Setting<'_>) -> String {
    let number = said.trim().strip_prefix('#').and_then(|number| number.parse::<u64>().ok());
    match (number, setting.name) {
        (Some(number), Some(name)) => text::issue_link(setting.web_url, name, number, "issues"),
        (Some(_) | None, Some(_) | None) => text::escape(said, TITLE_LIMIT),
    }
}
