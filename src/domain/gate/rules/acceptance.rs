//! Those who asked, and those who test, have tried each change that comes along.

use super::super::{
    super::{
        acceptance::{self, Groups, Trial},
        facts::Membership,
        finding::{Finding, Outcome},
        ids::{Actor, IssueRef},
        named::Named,
        policy::{Accepter, Risk},
    },
    Scene, Section,
};

pub(super) fn findings(
    accepters: &[Accepter],
    from: Option<Risk>,
    section: &Section,
    scene: &Scene<'_>,
) -> Vec<Finding> {
    if let Err(why) = scene.ask.brings {
        return vec![unknown(&format!("What has to be tried is not known: {}.", why.trim_end_matches('.')))];
    }
    let known = |change: &IssueRef| scene.tried.iter().any(|trying| trying.request.at == *change);
    let mut changes = scene.pull_requests.iter().flat_map(|pull| &pull.change_requests);
    if let Some(unread) = changes.find(|change| !known(change)) {
        let named = Named::issue(*unread, scene.ask.repo, scene.name_of(unread.repo));
        return vec![
            unknown(&format!("Who tried {} is not known: it has not been read yet.", named.text))
                .names(named.page),
        ];
    }
    let trials: Vec<Trial<'_>> = scene
        .tried
        .iter()
        .filter(|trying| trying.request.risk >= from)
        .map(|trying| Trial {
            name: Named::issue(trying.request.at, scene.ask.repo, scene.name_of(trying.request.at.repo)),
            requester: trying.request.requester.as_ref(),
            account: trying.request.account.as_deref(),
            tried: &trying.request.tried,
            merged_at: trying.merged_at,
            people: &trying.people,
        })
        .collect();
    let membership = |group: &str, by: &Actor| match scene.members.get(&(group.to_owned(), by.id)) {
        Some(membership) => membership.clone(),
        None => Membership::Unknown("GitHub has not been asked yet".into()),
    };
    let listed = |group: &str| {
        let people = section.people.get(group);
        people.map(|people| people.iter().map(|who| Named::who(who)).collect()).unwrap_or_default()
    };
    acceptance::findings(&trials, accepters, &Groups { membership: &membership, listed: &listed })
}

fn unknown(sentence: &str) -> Finding {
    Finding::new("trials_unknown", Outcome::Unknown, "tried by those who asked", sentence)
        .headline("what has to be tried is not known")
        .cure("it is read again by itself")
}
