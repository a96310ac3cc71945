//! Whether somebody may do what they did.

use crate::domain::{
    facts::{Inquiry, Membership},
    ids::{Actor, IssueRef},
    policy::Who,
};

use super::{
    act::{Act, Deed, Refusal, Ruling, Verdict},
    note::Speaker,
    rules::Rules,
};

/// Who stands in a special relation to the change request.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    pub requester: Option<&'a Actor>,
    pub contact: Option<&'a Actor>,
    /// The account that asks for it.
    pub account: Option<&'a str>,
    /// It runs in production.
    pub delivered: bool,
}

/// Judges an act of somebody by the policy of now; `None`: a team has to be asked for first.
pub fn verdict(
    (act, at): (&Act, IssueRef),
    rules: &Rules,
    around: &Around<'_>,
    inquiry: &mut Inquiry<'_>,
) -> Option<Verdict> {
    if rules.mode.is_none() {
        return Some(Verdict::Unknown("there is no policy that says who may".into()));
    }
    let refused = |refusal| Some(Verdict::Refused(refusal));
    match (&act.deed, act.by.as_ref()) {
        (Deed::Malformed { .. } | Deed::Unheard(_), _) => refused(Refusal::NotUnderstood),
        (Deed::Class, _) => refused(Refusal::NotByHand),
        (Deed::Risk { .. }, _) if act.comment().is_none() => Some(Verdict::Allowed),
        (_, None) => refused(Refusal::Nobody),
        (_, Some(by)) if !by.person => refused(Refusal::NotAPerson),
        (Deed::Try { .. }, Some(_)) => Some(Verdict::Allowed),
        (Deed::Emergency { .. }, Some(_)) if rules.emergencies.is_empty() => refused(Refusal::NoEmergencies),
        (Deed::Emergency { .. }, Some(by)) => member(&rules.on_call, by, Refusal::NotOnCall, inquiry),
        (Deed::Vouch, Some(by)) => member(&rules.release_managers, by, Refusal::NotAReleaseManager, inquiry),
        (Deed::Start, Some(by)) => {
            let all = [&rules.operations[..], &rules.release_managers].concat();
            let is_contact = around.contact.is_some_and(|contact| contact.id == by.id);
            let known = if is_contact {
                Some(Verdict::Allowed)
            } else {
                member(&all, by, Refusal::NeitherContactNorOperations, inquiry)
            };
            // Whoever may start it: whether it may start now is judged with all that is known.
            known.map(|verdict| if verdict == Verdict::Allowed { being_judged() } else { verdict })
        }
        (Deed::LookBack { .. }, Some(by)) => {
            if around.contact.is_some_and(|contact| contact.id == by.id) {
                return Some(Verdict::Allowed);
            }
            let all = [&rules.on_call[..], &rules.release_managers, &rules.operations].concat();
            member(&all, by, Refusal::NeitherOnCallNorReleaseManager, inquiry)
        }
        (Deed::Schedule { title, full, kept, .. }, Some(by)) => {
            let may = member(&rules.release_managers, by, Refusal::NotAReleaseManager, inquiry)?;
            let refusal = rules.refuses_release(at, title).filter(|_| may == Verdict::Allowed);
            let is_full = |refusal| refusal == Refusal::NoNext && !(full.is_empty() && kept.is_empty());
            let refusal = refusal.map(|refusal| if is_full(refusal) { Refusal::AllFull } else { refusal });
            Some(refusal.map_or(may, Verdict::Refused))
        }
        (Deed::Plan(_) | Deed::Unschedule { .. }, Some(by)) => {
            member(&rules.release_managers, by, Refusal::NotAReleaseManager, inquiry)
        }
        (Deed::Reopen | Deed::Rule { ruling: Ruling::Withdrawn, .. }, Some(by)) => {
            asker(rules, by, around, inquiry)
        }
        (Deed::Note(note), Some(by)) => match note.speaker() {
            Speaker::Asker => asker(rules, by, around, inquiry),
            Speaker::Client if !around.delivered => refused(Refusal::NotDelivered),
            Speaker::Client => client(rules, by, around, inquiry),
            Speaker::Triager => member(&rules.triagers, by, Refusal::NotATriager, inquiry),
            Speaker::Sponsor => match rules.sponsor_of(around.account) {
                Some(sponsor) => member(std::slice::from_ref(sponsor), by, Refusal::NotTheSponsor, inquiry),
                None => member(&rules.triagers, by, Refusal::NotTheSponsor, inquiry),
            },
        },
        (Deed::Rule { ruling: Ruling::Accepted, .. }, Some(by)) => accepter(rules, by, around, inquiry),
        (Deed::Rule { .. } | Deed::TakeBack(_) | Deed::Infrastructure | Deed::Risk { .. }, Some(by)) => {
            member(&rules.triagers, by, Refusal::NotATriager, inquiry)
        }
    }
}

/// A triager; where policy says so, and anything is said, another one than who asked for it.
fn accepter(rules: &Rules, by: &Actor, around: &Around<'_>, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    let may = member(&rules.triagers, by, Refusal::NotATriager, inquiry)?;
    let is_own = around.requester.is_some_and(|requester| requester.id == by.id);
    let is_refused = may == Verdict::Allowed && is_own && rules.refuses_own && rules.speaks();
    Some(if is_refused { Verdict::Refused(Refusal::TheirOwn) } else { may })
}

/// Who asked for it, or who sponsors that.
fn client(rules: &Rules, by: &Actor, around: &Around<'_>, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    if around.requester.is_some_and(|requester| requester.id == by.id) {
        return Some(Verdict::Allowed);
    }
    let sponsor: Vec<Who> = rules.sponsor_of(around.account).cloned().into_iter().collect();
    member(&sponsor, by, Refusal::NotTheClient, inquiry)
}

/// Who asked for it, who sponsors that, or a triager.
fn asker(rules: &Rules, by: &Actor, around: &Around<'_>, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    if around.requester.is_some_and(|requester| requester.id == by.id) {
        return Some(Verdict::Allowed);
    }
    let sponsor = rules.sponsor_of(around.account).into_iter();
    let all: Vec<Who> = sponsor.chain(&rules.triagers).cloned().collect();
    member(&all, by, Refusal::NeitherAskerNorTriager, inquiry)
}

/// Somebody may start it: whether it may start now is not judged yet.
pub(super) fn being_judged() -> Verdict {
    Verdict::Unknown("it is being judged whether it may start now".into())
}

fn member(people: &[Who], actor: &Actor, refusal: Refusal, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    Some(match inquiry.membership(people, actor)? {
        Membership::Member => Verdict::Allowed,
        Membership::Stranger => Verdict::Refused(refusal),
        Membership::Unknown(why) => Verdict::Unknown(why),
    })
}
