//! A change request that a pull request is linked to: it exists, was taken in, and is accepted by somebody who may.

use super::super::{
    super::{
        change_request::{
            Acceptance::{Accepted, Refused, Unknown, Waiting},
            ChangeRequestView, Stage,
            delivered::Delivered,
            emergency::Emergency,
        },
        finding::{Finding, Outcome, Reference, code, quoted},
        ids::Actor,
        policy::Marker,
        pull_request::{Derived, PullRequestView},
    },
    named::{Named, one_of},
    scene::{LinkedChange, Scene},
};

/// It passed because of an emergency, and nobody has accepted it.
pub const DECLARED: &str = "emergency_declared";

const RULE: &str = "the change request is accepted";

/// Known, and not a change request: where a pull request is its own, such links are GitHub's matter alone.
pub(super) fn is_ordinary_issue(link: &LinkedChange<'_>) -> bool {
    link.view.is_some_and(|view| !view.taken_in && !matches!(view.acceptance, Unknown(_)))
}

/// Whether the change request covers this pull request.
pub(super) fn finding(
    link: &LinkedChange<'_>,
    (pull, own): (&PullRequestView, &Named),
    scene: &Scene<'_>,
) -> Finding {
    let named = Named::issue(link.to, scene.repo, link.name);
    let time = |at| scene.zone.time(at);
    let Some(view) = link.view else {
        return unknown("change_request_unread", &named, "it has not been read yet");
    };
    let finding = match (&view.acceptance, view.exists, view.taken_in) {
        (Unknown(why), ..) => unknown("acceptance_unknown", &named, why),
        (Accepted { .. } | Waiting { .. } | Refused { .. }, false, _) => missing(&named),
        (Accepted { .. } | Waiting { .. } | Refused { .. }, true, false) => {
            not_taken_in(&named, view, link.marker.as_ref())
        }
        (Accepted { by, at }, true, true) => match (in_force(view), delivered_before(view, pull)) {
            (Some(emergency), Some(_)) if emergency.is_for(pull.at) => {
                declared(&named.text, emergency, &time(emergency.at))
            }
            (_, Some(was)) => delivered(&named, &time(was.at), &link.triagers),
            (_, None) => accepted(&named, by.as_ref(), &time(*at)),
        },
        (Waiting { since }, true, true) => match in_force(view) {
            Some(emergency) if emergency.is_for(pull.at) => {
                declared(&named.text, emergency, &time(emergency.at))
            }
            Some(_) => not_part(&named, own, link),
            None => waiting(&named, view.stage, since.map(time), &link.triagers),
        },
        (Refused { by, why }, true, true) => {
            refused(&named, view.stage, by.as_ref(), why.as_deref(), &link.triagers)
        }
    };
    finding.names(named.page)
}

fn in_force(view: &ChangeRequestView) -> Option<&Emergency> {
    view.emergency.as_ref().filter(|it| it.in_force)
}

/// Whether it was delivered before this pull request was opened. What repeats or undoes a part of it is no further work.
fn delivered_before<'a>(view: &'a ChangeRequestView, pull: &PullRequestView) -> Option<&'a Delivered> {
    let is_derived = pull.derived.as_ref().is_some_and(Derived::is_proven);
    view.delivered.as_ref().filter(|delivered| !is_derived && !delivered.pulls.contains(&pull.at))
}

fn delivered(named: &Named, at: &str, triagers: &[String]) -> Finding {
    let name = &named.text;
    let (triager, pages) = triager(triagers);
    let sentence = format!("{name} was delivered on {at}; nothing that was opened later belongs to it.");
    Finding::new("change_delivered", Outcome::Fail, RULE, sentence)
        .headline(format!("{name} is delivered already"))
        .cure(format!("link another change request; or the requester or {triager} comments `/reopen` there"))
        .names(pages)
}

fn unknown(id: &str, named: &Named, why: &str) -> Finding {
    let name = &named.text;
    let why = why.trim_end_matches('.');
    let sentence = format!("Whether {name} is accepted is not known: {why}.");
    Finding::new(id, Outcome::Unknown, RULE, sentence)
        .headline(format!("whether {name} is accepted is not known"))
        .cure(format!("it is read again by itself; `/recheck` in a comment on {name} does it at once"))
        .names(named.page.clone())
}

fn missing(named: &Named) -> Finding {
    let name = &named.text;
    Finding::new(
        "change_request_missing",
        Outcome::Fail,
        "the change request exists",
        format!("There is no issue {name}."),
    )
    .headline(format!("there is no issue {name}"))
    .cure("correct the number in the description")
}

fn not_taken_in(named: &Named, view: &ChangeRequestView, marker: Option<&Marker>) -> Finding {
    let name = &named.text;
    let cure = match marker {
        Some(Marker::Label(label)) => {
            format!("set the label {} on {name}, or link a change request", code(label))
        }
        Some(Marker::IssueType(kind)) => {
            format!("give {name} the type {}, or link a change request", code(kind))
        }
        None => "link a change request: there is no policy where this issue is".into(),
    };
    Finding::new(
        "change_request_not_taken_in",
        Outcome::Fail,
        "the issue is taken in as a change request",
        format!("{name} {} is an ordinary issue.", quoted(&view.title)),
    )
    .headline(format!("{name} is not a change request"))
    .cure(cure)
}

fn accepted(named: &Named, by: Option<&Actor>, at: &str) -> Finding {
    let by = by.map(Named::actor);
    let who = by.as_ref().map(|by| format!(" by {}", by.text)).unwrap_or_default();
    let sentence = format!("{} was accepted{who} on {at}.", named.text);
    Finding::new("change_accepted", Outcome::Pass, RULE, sentence).names(by.and_then(|by| by.page))
}

pub(super) fn declared(name: &str, emergency: &Emergency, at: &str) -> Finding {
    let by = Named::actor(&emergency.by);
    let sentence =
        format!("{name} was declared an emergency by {} on {at}: {}.", by.text, quoted(&emergency.why));
    Finding::new(DECLARED, Outcome::Pass, RULE, sentence).names(by.page)
}

/// Whoever links a pull request to an emergency while it lasts does not ride along.
fn not_part(named: &Named, pull: &Named, link: &LinkedChange<'_>) -> Finding {
    let (name, page, pull) = (&named.text, pull.page.clone(), &pull.text);
    let (on_call, pages) = people("somebody on call", &link.on_call);
    let (triager, more) = triager(&link.triagers);
    let sentence = format!(
        "{name} is an emergency, and {pull} was linked to it after it was declared, by nobody who may add to it."
    );
    Finding::new("emergency_not_for_it", Outcome::Pending, RULE, sentence)
        .headline(format!("{pull} is not part of the emergency {name}"))
        .cure(format!(
            "{on_call} comments `/emergency WHY` on {pull}; or {triager} comments `/accept` on {name}"
        ))
        .names(pages)
        .names(more)
        .names(page)
}

fn waiting(named: &Named, stage: Stage, since: Option<String>, triagers: &[String]) -> Finding {
    let name = &named.text;
    let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
    let informed = stage != Stage::NeedsInformation;
    let what = if informed { "waits in triage" } else { "lacks information" };
    let answer = if informed { "" } else { "somebody answers the questions there, then " };
    let (triager, pages) = triager(triagers);
    Finding::new("change_not_accepted", Outcome::Pending, RULE, format!("{name} {what}{since}."))
        .headline(format!("{name} is not accepted yet"))
        .cure(format!("{answer}{triager} comments `/accept` there"))
        .names(pages)
}

fn refused(
    named: &Named,
    stage: Stage,
    by: Option<&Actor>,
    why: Option<&str>,
    triagers: &[String],
) -> Finding {
    let (name, word, by) = (&named.text, refusal(stage), by.map(Named::actor));
    let who = by.as_ref().map(|by| format!(" by {}", by.text)).unwrap_or_default();
    let why = why.map(|why| format!(": {}", quoted(why))).unwrap_or_default();
    let (triager, pages) = triager(triagers);
    Finding::new("change_refused", Outcome::Fail, RULE, format!("{name} was {word}{who}{why}."))
        .headline(format!("{name} was {word}"))
        .cure(format!("link a change request that is accepted, or {triager} comments `/accept` there"))
        .names(by.and_then(|by| by.page))
        .names(pages)
}

/// How a change request was refused, where its stage says it.
const REFUSALS: [(Stage, &str); 4] = [
    (Stage::Deferred, "deferred"),
    (Stage::Declined, "declined"),
    (Stage::Duplicate, "closed as a duplicate"),
    (Stage::Withdrawn, "withdrawn"),
];

fn refusal(stage: Stage) -> &'static str {
    REFUSALS.iter().find(|(refused, _)| *refused == stage).map_or("refused", |(_, word)| word)
}

/// "a triager (@acme/triage or @dana)".
fn triager(triagers: &[String]) -> (String, Vec<Reference>) {
    people("a triager", triagers)
}

fn people(what: &str, people: &[String]) -> (String, Vec<Reference>) {
    let named: Vec<Named> = people.iter().map(|who| Named::who(who)).collect();
    if named.is_empty() {
        return (format!("{what} (the policy there names none)"), vec![]);
    }
    (format!("{what} ({})", one_of(&named)), named.into_iter().filter_map(|name| name.page).collect())
}
