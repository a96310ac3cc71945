//! What the audit log is told of a change request: what changed, in ids and codes.

use crate::domain::audit::AuditEntry;

use super::{
    ChangeRequest,
    act::{Act, ActId, Deed, Met, Verdict},
    follow::Gone,
};

/// What has changed since `before`.
#[must_use]
pub fn entries(before: Option<&ChangeRequest>, after: &ChangeRequest) -> Vec<AuditEntry> {
    let mut entries = vec![];
    if before.is_some_and(|before| before.taken_in) != after.taken_in {
        entries.push(register(after));
    }
    if before.and_then(|before| before.gone) != after.gone {
        entries.extend(after.gone.map(|gone| is_gone(after, gone)));
    }
    if let Some(from) = after.moved_from.filter(|_| before.is_none_or(|before| before.moved_from.is_none())) {
        entries.push(entry(after, "change_request.moved_here").fact("from", from));
    }
    let unknown = |act: &&Act| act.is_judged() && !was_judged(before, act);
    let judged = after.acts.iter().filter(unknown);
    entries.extend(judged.flat_map(|act| [Some(act_entry(after, act)), overridden(after, act)]).flatten());
    entries.extend(stages(before, after));
    entries
}

/// Whether an act had its verdict before.
#[must_use]
pub fn was_judged(before: Option<&ChangeRequest>, act: &Act) -> bool {
    before.is_some_and(|before| before.acts.iter().any(|known| known.id == act.id && known.is_judged()))
}

fn entry(after: &ChangeRequest, code: &str) -> AuditEntry {
    AuditEntry::new(code).fact("change_request", after.at)
}

fn register(after: &ChangeRequest) -> AuditEntry {
    if !after.taken_in {
        return entry(after, "change_request.left");
    }
    let title = after.seen.as_ref().map(|seen| seen.title.clone()).unwrap_or_default();
    let taken_in = entry(after, "change_request.taken_in").text("title", title);
    match after.requester() {
        Some(requester) => {
            taken_in.fact("requester", requester.id).text("requester", requester.login.clone())
        }
        None => taken_in,
    }
}

fn is_gone(after: &ChangeRequest, gone: Gone) -> AuditEntry {
    match gone {
        Gone::Deleted => entry(after, "change_request.deleted"),
        Gone::NotFound => entry(after, "change_request.not_found"),
        Gone::MovedTo(Some(to)) => entry(after, "change_request.moved").fact("to", to),
        Gone::MovedTo(None) => entry(after, "change_request.moved"),
    }
}

fn act_entry(after: &ChangeRequest, act: &Act) -> AuditEntry {
    let (code, said) = match &act.deed {
        Deed::Rule { ruling, said } => (ruling.as_str(), said.clone()),
        Deed::Reopen => ("reopened", None),
        Deed::TakeBack(ruling) => ("taken_back", Some(ruling.as_str().into())),
        Deed::Infrastructure => ("infrastructure", None),
        Deed::Class => ("class_set", None),
        Deed::Plan(title) => ("planned", Some(title.clone())),
        Deed::Schedule { title, why, full, kept } => {
            let full: String = full.iter().map(|full| format!("; {full} was full")).collect();
            let kept = kept.iter().map(|kept| format!("; {kept} is kept for others"));
            ("scheduled", Some(with_reason(title, why.as_deref()) + &full + &kept.collect::<String>()))
        }
        Deed::Unschedule { why } => ("unscheduled", why.clone()),
        Deed::Try { works: true, .. } => ("works", None),
        Deed::Try { works: false, said } => ("does_not_work", said.clone()),
        Deed::Risk { risk, why } => ("risk", Some(with_reason(risk.as_str(), why.as_deref()))),
        Deed::Emergency { why } => ("emergency", Some(why.clone())),
        Deed::Start => ("started", None),
        Deed::Vouch => ("signed", None),
        Deed::LookBack { result, said } => ("looked_back", Some(format!("{} {said}", result.as_str()))),
        Deed::Note(note) => (note.word(), Some(note.to_string()).filter(|said| !said.is_empty())),
        Deed::Malformed { .. } => ("malformed", None),
        Deed::Unheard(word) => ("unheard", Some(word.clone())),
    };
    let entry = match &act.verdict {
        // It passes by what others have to meet.
        Verdict::Allowed if matches!(act.deed, Deed::Emergency { .. }) => entry(after, "exception.emergency"),
        Verdict::Refused(refusal) => {
            entry(after, "change_request.refused_act").fact("act", code).fact("why", refusal.as_str())
        }
        Verdict::Allowed | Verdict::Unknown(_) => entry(after, &format!("change_request.{code}")),
    };
    let entry = entry.by(act.by.as_ref()).fact("at", act.at);
    let entry = match (act.comment(), act.label()) {
        (Some(comment), _) => entry.fact("comment", comment),
        (None, Some(label)) => entry.text("label", label),
        (None, None) => entry,
    };
    let entry = match act.id {
        ActId::CameAlong(from, _) => entry.fact("decided_on", from),
        ActId::Operator(ref id) => entry.fact("by_operator", id),
        ActId::Silence(since) => entry.fact("silent_since", since),
        ActId::Comment(..) | ActId::Label(..) | ActId::Unlabel(..) | ActId::Milestone(..) => entry,
    };
    let entry = act.on.into_iter().fold(entry, |entry, on| entry.fact("said_on", on));
    said.into_iter().fold(entry, |entry, said| entry.text("said", said))
}

/// That it was accepted beyond the limit; where it went along with an issue, that was said before.
fn overridden(after: &ChangeRequest, act: &Act) -> Option<AuditEntry> {
    let Met { limit, there } = act.beyond().filter(|_| !act.came_along())?;
    let Deed::Rule { said: Some(why), .. } = &act.deed else { return None };
    let entry = entry(after, "change_request.limit_overridden").by(act.by.as_ref()).fact("at", act.at);
    Some(entry.fact("limit", limit).fact("there", there).text("said", why.clone()))
}

fn with_reason(what: &str, why: Option<&str>) -> String {
    why.map_or_else(|| what.to_owned(), |why| format!("{what}: {why}"))
}

fn stages(before: Option<&ChangeRequest>, after: &ChangeRequest) -> Option<AuditEntry> {
    let was = before.and_then(|before| before.stages.last());
    let (stage, at) = after.stages.last()?;
    let same = was.is_some_and(|(was, _)| was == stage);
    (!same).then(|| {
        let entry = entry(after, "change_request.stage").fact("stage", stage.as_str()).fact("at", at);
        was.into_iter().fold(entry, |entry, (was, _)| entry.fact("was", was.as_str()))
    })
}
