//! What somebody is answered whose act does not help: why not, and what would.

use super::{
    super::{
        finding::{code, quoted},
        named::{Named, all_of},
        revision::RevisionHash,
    },
    Act, Case, Deed, Group, Refusal, Ruling, Setting,
    history::Unbound,
};

/// A sentence or two for the author of an act, and what they name; `None`: it counts, or nobody need do anything.
#[must_use]
pub fn reply(
    act: &Act,
    ruling: &Ruling,
    case: &Case<'_>,
    setting: &Setting<'_>,
) -> Option<(String, Vec<Named>)> {
    match ruling {
        Ruling::Taken | Ruling::Unknown(_) => None,
        Ruling::Early { group, ahead } => Some((early(group, ahead, case), vec![])),
        Ruling::Outdated(signed) => Some(outdated(act, signed, case, setting)),
        Ruling::Refused(refusal) => Some((refused(act, refusal, case), vec![])),
    }
}

/// Who signs out of turn does so again when it is.
fn early(group: &str, ahead: &[String], case: &Case<'_>) -> String {
    let names: Vec<Named> = ahead.iter().map(|name| Named { text: code(name), page: None }).collect();
    let revision = case.history.current().map(|current| format!(" {}", case.history.short(current)));
    let revision = revision.unwrap_or_default();
    let command = code(&format!("/approve {group}{revision}"));
    let group = code(group);
    if names.is_empty() {
        return format!(
            "That was before the turn of {group} and does not count; it is its turn now: comment {command}."
        );
    }
    let sign = if names.len() == 1 { "signs" } else { "sign" };
    format!(
        "It is not the turn of {group} yet: {} {sign} first, so this does not count. Then comment {command}.",
        all_of(&names)
    )
}

fn outdated(
    act: &Act,
    signed: &RevisionHash,
    case: &Case<'_>,
    setting: &Setting<'_>,
) -> (String, Vec<Named>) {
    let (words, named) = case
        .history
        .changed_since(signed)
        .map_or_else(|| ("it changed".into(), vec![]), |difference| difference.in_words(setting.names));
    let signed = code(case.history.short(signed));
    (format!("That is an approval of {signed}; since then {words}. {}", how(act, case)), named)
}

/// "To sign what there is now, comment `/approve qa 4f2c9e1b`."
fn how(act: &Act, case: &Case<'_>) -> String {
    let Some(current) = case.history.current() else { return "There is nothing to sign yet.".into() };
    if matches!(act.deed, Deed::ApproveInReview(_)) {
        return "To sign what there is now, approve it once more in a review.".into();
    }
    let revision = case.history.short(current);
    let group = group(act, case).map(|group| format!("{} ", group.name)).unwrap_or_default();
    format!("To sign what there is now, comment `/approve {group}{revision}`.")
}

/// The group that was named, or the only one that its author can sign for.
fn group<'a>(act: &Act, case: &Case<'a>) -> Option<&'a Group> {
    let named = if let Deed::Approve(said) = &act.deed { said.group.as_deref() } else { None };
    let is_in = |group: &&Group| !case.places(group, act.by.id, act.at).is_empty();
    let mut groups = case.signing().into_iter().filter(is_in);
    let first = groups.next();
    named.map_or_else(|| first.filter(|_| groups.next().is_none()), |name| case.group(name))
}

fn refused(act: &Act, refusal: &Refusal, case: &Case<'_>) -> String {
    match refusal {
        Refusal::NotAPerson => "Only people sign and object; apps and bots never do.".into(),
        Refusal::NoSuchGroup(name) => {
            format!("There is no group {}; those that sign are {}.", quoted(name), groups(case))
        }
        Refusal::NotInGroup(name) => {
            format!("That is for the members of {}{}.", code(name), listed(case.group(name)))
        }
        Refusal::InNoGroup => format!("That is for those who sign: the members of {}.", groups(case)),
        Refusal::OnlyInReview => "For this, approve it in a review; a comment does not count.".into(),
        Refusal::Unclear(unclear) => format!("That is not understood: {unclear}. {}", how(act, case)),
        Refusal::Unbound(unbound) => format!("{} {}", bound(unbound), how(act, case)),
        Refusal::OwnWork => {
            "Nobody signs for what they worked on themselves; somebody else of the group does.".into()
        }
        Refusal::NoReason => format!("It takes a reason behind it: {}.", with_reason(&act.deed)),
        Refusal::NothingToLift => nothing(&act.deed).into(),
    }
}

fn with_reason(deed: &Deed) -> &'static str {
    if matches!(deed, Deed::Hold(_)) { "`/hold` and why" } else { "`/reject` and why" }
}

fn nothing(deed: &Deed) -> &'static str {
    match deed {
        Deed::RejectNoMore => {
            "There is no rejection that you may lift; its author does, or another member of the same group who worked on none of it."
        }
        Deed::HoldNoMore => {
            "There is no hold that you may lift; its author does, or another member of the same group who worked on none of it."
        }
        Deed::TakeBack
        | Deed::Approve(_)
        | Deed::ApproveInReview(_)
        | Deed::Reject(_)
        | Deed::Hold(_)
        | Deed::Unclear(_) => "There is no approval of yours to take back.",
    }
}

fn bound(unbound: &Unbound) -> String {
    match unbound {
        Unbound::NotShown => {
            "It is not certain what you have seen: the record had not shown this revision for long enough.".into()
        }
        Unbound::NoSuch(prefix) => format!("There was no revision {} here.", code(&prefix.to_string())),
        Unbound::Several(prefix) => {
            format!("More than one revision here begins with {}.", code(&prefix.to_string()))
        }
        Unbound::OtherHead => {
            "It is not certain what you have seen: the review is not of a commit that had been the head for long enough.".into()
        }
    }
}

fn groups(case: &Case<'_>) -> String {
    let names: Vec<Named> =
        case.signing().iter().map(|group| Named { text: code(&group.name), page: None }).collect();
    if names.is_empty() { "none".into() } else { all_of(&names) }
}

/// " (acme/qa, dana)": without the sign that would call them.
fn listed(group: Option<&Group>) -> String {
    let names: Vec<String> =
        group.map_or_else(Vec::new, |group| group.listed.iter().map(ToString::to_string).collect());
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}
