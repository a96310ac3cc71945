//! Whether somebody may do what they did.

use crate::domain::{
    facts::{Fact, Inquiry, TeamName},
    ids::Actor,
    policy::Who,
};

use super::{
    act::{Act, Deed, Refusal, Ruling, Verdict},
    rules::{Rules, same},
};

/// Judges an act by the policy of now; `None`: a team has to be asked for first.
pub fn verdict(
    act: &Act,
    rules: &Rules,
    requester: Option<&Actor>,
    inquiry: &mut Inquiry<'_>,
) -> Option<Verdict> {
    if rules.mode.is_none() {
        return Some(Verdict::Unknown("there is no policy that says who may".into()));
    }
    let refused = |refusal| Some(Verdict::Refused(refusal));
    match (&act.deed, act.by.as_ref()) {
        (Deed::Malformed { .. } | Deed::Unheard(_), _) => refused(Refusal::NotUnderstood),
        (Deed::Class, _) => refused(Refusal::NotByHand),
        (_, None) => refused(Refusal::Nobody),
        (_, Some(by)) if !by.person => refused(Refusal::NotAPerson),
        (Deed::Plan(_), Some(by)) => {
            member(&rules.release_managers, by, Refusal::NotAReleaseManager, inquiry)
        }
        (Deed::Reopen | Deed::Rule { ruling: Ruling::Withdrawn, .. }, Some(by)) => {
            if requester.is_some_and(|requester| requester.id == by.id) {
                return Some(Verdict::Allowed);
            }
            member(&rules.triagers, by, Refusal::NeitherRequesterNorTriager, inquiry)
        }
        (Deed::Rule { .. } | Deed::TakeBack(_) | Deed::Infrastructure, Some(by)) => {
            member(&rules.triagers, by, Refusal::NotATriager, inquiry)
        }
    }
}

/// Whether somebody is one of `people`. All teams are asked for together; an unreadable one is no reason to refuse.
fn member(people: &[Who], actor: &Actor, refusal: Refusal, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    let by_login = |who: &Who| match who {
        Who::Login(login) => same(login, &actor.login),
        Who::Team { .. } => false,
    };
    if people.iter().any(by_login) {
        return Some(Verdict::Allowed);
    }
    let teams: Vec<Option<Fact<&[Actor]>>> = ask(people, inquiry);
    let teams: Vec<Fact<&[Actor]>> = teams.into_iter().collect::<Option<_>>()?;
    let (mut found, mut unknown) = (false, None);
    for team in teams {
        match team {
            Fact::Known(members, _) => found |= members.iter().any(|member| member.id == actor.id),
            Fact::Unknown(why) => unknown = Some(why),
        }
    }
    Some(match unknown {
        _ if found => Verdict::Allowed,
        Some(why) => Verdict::Unknown(why),
        None => Verdict::Refused(refusal),
    })
}

/// Asks for the members of the teams among `people`.
pub fn ask<'a>(people: &[Who], inquiry: &mut Inquiry<'a>) -> Vec<Option<Fact<&'a [Actor]>>> {
    let teams = people.iter().filter_map(|who| match who {
        Who::Team { organisation, slug } => {
            Some(TeamName { organisation: organisation.clone(), slug: slug.clone() })
        }
        Who::Login(_) => None,
    });
    teams.map(|team| inquiry.team(team)).collect()
}
