//! Signatures: where a repository ships continuously, ordinary reviews of what was merged; on a train, those on the
//! release.

use super::super::{
    super::{
        approval::{self, Reviewer},
        facts::Membership,
        finding::{Finding, Outcome, code},
        named::{Named, one_of},
        policy::{Approvals, REVIEW, Ship},
    },
    PullRequestInRange, Scene, Section,
};

pub(super) fn findings(wanted: &Approvals, section: &Section, scene: &Scene<'_>) -> Vec<Finding> {
    match scene.ship {
        Ship::Continuous => vec![reviews(wanted, section, scene)],
        Ship::Train => vec![no_release()],
    }
}

const RULE: &str = "every pull request in it is signed";

fn reviews(wanted: &Approvals, section: &Section, scene: &Scene<'_>) -> Finding {
    let open: Vec<Finding> = scene
        .pull_requests
        .iter()
        .flat_map(|pull_request| lacking(wanted, pull_request, section, scene))
        .collect();
    if open.is_empty() {
        let groups: Vec<String> =
            wanted.iter().map(|(group, needed)| format!("{needed} of {}", code(group))).collect();
        let sentence = format!("Each was approved by {}, who wrote none of it.", groups.join(" and "));
        return Finding::new("reviewed", Outcome::Pass, RULE, sentence);
    }
    Finding::new("reviews_missing", Outcome::Pass, RULE, String::new()).because(open)
}

/// One for each group that has not signed a pull request.
fn lacking(
    wanted: &Approvals,
    pull_request: &PullRequestInRange,
    section: &Section,
    scene: &Scene<'_>,
) -> Vec<Finding> {
    let named = Named::pull_request(pull_request.at, scene.ask.repo, Some(&scene.name));
    let member = |group: &str, reviewer: &crate::domain::ids::Actor| match group {
        REVIEW => Some(true),
        group => match scene.members.get(&(group.to_owned(), reviewer.id)) {
            Some(Membership::Member) => Some(true),
            Some(Membership::Stranger) => Some(false),
            Some(Membership::Unknown(_)) | None => None,
        },
    };
    let reviewers: Vec<Reviewer<'_>> = pull_request
        .approved_by
        .iter()
        .map(|by| Reviewer {
            id: by.id,
            groups: wanted
                .keys()
                .filter(|group| member(group, by) == Some(true))
                .map(String::as_str)
                .collect(),
            perhaps: wanted.keys().filter(|group| member(group, by).is_none()).map(String::as_str).collect(),
        })
        .collect();
    approval::lacking(wanted, &reviewers)
        .into_iter()
        .map(|lack| {
            let people = section
                .people
                .get(lack.group)
                .map(|people| people.iter().map(|who| Named::who(who)).collect());
            missing(&lack, &named, people.unwrap_or_default())
        })
        .collect()
}

fn missing(lack: &approval::Lack<'_>, named: &Named, people: Vec<Named>) -> Finding {
    let (group, name) = (code(lack.group), &named.text);
    let who = if people.is_empty() { "somebody who wrote none of it".to_owned() } else { one_of(&people) };
    let finding = if lack.perhaps {
        let sentence =
            format!("Whether {group} approved {name} is not known: its members could not be read.");
        Finding::new("reviews_unknown", Outcome::Unknown, RULE, sentence)
            .cure("the members are read again by themselves")
    } else {
        let sentence =
            format!("{group} has {} of {} approvals of what was merged as {name}.", lack.have, lack.needed);
        Finding::new("review_missing", Outcome::Pending, RULE, sentence)
            .cure(format!("{who} approves {name} in a review; GitHub takes one after the merge too"))
    };
    finding
        .headline(format!("{group} has not approved {name}"))
        .names(people.into_iter().chain([named.clone()]).filter_map(|named| named.page))
}

fn no_release() -> Finding {
    Finding::new(
        "release_unknown",
        Outcome::Unknown,
        "the release is signed",
        "Signatures on releases are not recorded yet by this version of Changegate.",
    )
    .headline("the release cannot be signed yet")
    .cure(
        "ship the repository continuously (`ship: continuous`), where reviews sign; or leave it in `advise`",
    )
}
