//! The issue in which people look back on an emergency. It is open until somebody who may has said how it went.

use jiff::Timestamp;

use crate::domain::{
    change_request::{
        ChangeRequest,
        emergency::{Debt, Emergency},
        follow::Gone,
    },
    effect::{Call, Effect},
    event::IssuePurpose,
    finding::one_line,
};

use super::{
    reply,
    status::Setting,
    text::{self, TEXT_LIMIT},
};

/// `None`: there was no emergency, or nothing is said here.
#[must_use]
pub fn effect(request: &ChangeRequest, setting: &Setting<'_>) -> Option<Effect> {
    let emergency = request.emergency.as_ref().filter(|_| setting.rules.speaks())?;
    let went = matches!(request.gone, Some(Gone::MovedTo(Some(_))));
    let title = request.seen.as_ref().map(|seen| seen.title.as_str()).unwrap_or_default();
    Some(Effect::new(Call::Issue {
        repo: request.at.repo,
        purpose: format!("retrospective/{}/{}", request.at.number, emergency.since.as_second()),
        title: format!("Retrospective: {}", shortened(title)),
        body: text::cut(if went { WENT.into() } else { body(request, emergency, setting) }),
        open: emergency.looked_back.is_none() && !went,
        told: Some(IssuePurpose::Retrospective { of: request.at }),
    }))
}

const WENT: &str =
    "The issue was transferred, and what is owed went along: people look back on it where it is now.";

pub(super) fn body(request: &ChangeRequest, emergency: &Emergency, setting: &Setting<'_>) -> String {
    let number = request.at.number;
    let issue = match setting.name {
        Some(name) => text::issue_link(setting.web_url, name, number, "issues"),
        None => format!("issue {number}"),
    };
    let (by, since) = (text::mention(&emergency.by), setting.rules.zone.time(emergency.since));
    let why = text::escape(&emergency.why, TEXT_LIMIT);
    let head = format!("{issue} was declared an emergency on {since}: {why}\n\nOwner: {by}");
    if let Some(done) = &emergency.looked_back {
        let (by, at) = (text::mention(&done.by), setting.rules.zone.time(done.at));
        let said = text::escape(&done.said, TEXT_LIMIT);
        let result = done.result.as_str();
        return format!("{head}\n\nLooked back on by {by} on {at}: **{result}**. {said}")
            .trim_end()
            .to_owned();
    }
    let due = due(emergency, Debt::Retrospective, setting)
        .map(|due| format!(" · Due: {}", setting.rules.zone.time(due)))
        .unwrap_or_default();
    let [worked, problems, backed_out] =
        ["worked", "problems", "backed-out"].map(|result| setting.command(&format!("done {result}")));
    let on_call = reply::people("people on call", "one on call", &setting.rules.on_call, setting);
    format!(
        "{head}{due}\n\n\
         - What happened, and who noticed it how?\n\
         - What was deployed, and what did it do?\n\
         - What would have made the ordinary way fast enough?\n\
         - What changes now, and who does it until when?\n\n\
         Write it here. Then one of {on_call} or a release manager comments {worked}, {problems} or {backed_out}, with a sentence behind it, here or on {issue}, and this issue closes by itself. From the due time on it stands in the way of ordinary deployments."
    )
}

/// The earliest time at which it is due.
#[must_use]
pub fn due(emergency: &Emergency, debt: Debt, setting: &Setting<'_>) -> Option<Timestamp> {
    let all = setting.rules.emergencies.iter().flat_map(|(rules, zone)| emergency.debts(rules, zone));
    all.filter(|(owed, _)| *owed == debt).map(|(_, due)| due).min()
}

/// As much of a title as a title takes.
fn shortened(title: &str) -> String {
    one_line(title).chars().take(text::TITLE_LIMIT).collect()
}
