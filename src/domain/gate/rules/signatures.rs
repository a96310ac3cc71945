//! Signatures: where a repository ships continuously, ordinary reviews of what was merged; on a train, those on the
//! release.

use super::super::{
    super::{
        approval::{self, Reviewer},
        facts::Membership,
        finding::{Finding, Outcome, code},
        ids::Actor,
        named::{Named, one_of},
        policy::{Approvals, REVIEW, Risk, Ship},
        revision::Names,
    },
    PullRequestInRange, Scene, Section,
    section::without_reviews,
};

pub(super) fn findings(
    wanted: &Approvals,
    from: Option<Risk>,
    section: &Section,
    scene: &Scene<'_>,
) -> Vec<Finding> {
    match scene.ship {
        Ship::Continuous => vec![reviews(wanted, from, section, scene)],
        Ship::Train => {
            let reviewed = wanted.iter().filter(|(group, _)| *group == REVIEW);
            let reviewed: Approvals = reviewed.map(|(group, needed)| (group.clone(), *needed)).collect();
            let reviews = (!reviewed.is_empty()).then(|| reviews(&reviewed, from, section, scene));
            reviews.into_iter().chain(on_release(&without_reviews(wanted), scene)).collect()
        }
    }
}

/// What is signed is judged once there is something to sign; until then what is missing of the release stands in the way.
fn on_release(wanted: &Approvals, scene: &Scene<'_>) -> Vec<Finding> {
    let Some(shipping) = &scene.shipping else { return vec![unsigned()] };
    let Some(release) = shipping.release else { return vec![] };
    let is_ready = release.readiness.iter().all(|finding| finding.outcome() == Outcome::Pass);
    if release.history.current().is_none() && !is_ready {
        return vec![];
    }
    let Some(signing) = &shipping.signing else { return vec![unsigned()] };
    let place = match release.record {
        Some(at) => Named::issue(at, scene.ask.repo, scene.name_of(at.repo)),
        None => Named { text: "its control record".into(), page: None },
    };
    let names = Names { here: scene.ask.repo, repositories: &shipping.names };
    let release_managers = scene.policy.release_managers();
    let setting = approval::Setting { names, zone: &scene.zone, place: &place, release_managers };
    let mut judged = signing.judged(release, scene.ask.now);
    judged.groups.retain(|group| wanted.contains_key(&group.group));
    approval::findings(&judged, &signing.case(release, scene.ask.now), &setting)
}

const RULE: &str = "every pull request in it is signed";

fn reviews(wanted: &Approvals, from: Option<Risk>, section: &Section, scene: &Scene<'_>) -> Finding {
    let all: Vec<&PullRequestInRange> = scene.pull_requests.iter().filter(|pull| pull.risk >= from).collect();
    let open: Vec<Finding> =
        all.iter().flat_map(|pull_request| lacking(wanted, pull_request, section, scene)).collect();
    if open.is_empty() && all.is_empty() {
        return Finding::new(
            "reviewed",
            Outcome::Pass,
            RULE,
            "It brings no pull request that would need one.",
        );
    }
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
    let member = |group: &str, reviewer: &Actor| match group {
        REVIEW => Some(true),
        group => match scene.members.get(&(group.to_owned(), reviewer.id)) {
            Some(Membership::Member) => Some(true),
            Some(Membership::Stranger) => Some(false),
            Some(Membership::Unknown(_)) | None => None,
        },
    };
    let deployer = scene.deployer();
    let deploys = |by: &&Actor| deployer.is_some_and(|deployer| deployer.id == by.id);
    let own = pull_request.approved_by.iter().find(deploys);
    let reviewers: Vec<Reviewer<'_>> = pull_request
        .approved_by
        .iter()
        .filter(|by| !deploys(by))
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
            missing(&lack, &named, people.unwrap_or_default(), own)
        })
        .collect()
}

/// `own`: the deployer, who approved it too.
fn missing(lack: &approval::Lack<'_>, named: &Named, people: Vec<Named>, own: Option<&Actor>) -> Finding {
    let (group, name) = (code(lack.group), &named.text);
    let who = if people.is_empty() { "somebody who wrote none of it".to_owned() } else { one_of(&people) };
    let finding = if lack.perhaps {
        let sentence =
            format!("Whether {group} approved {name} is not known: its members could not be read.");
        Finding::new("reviews_unknown", Outcome::Unknown, RULE, sentence)
            .cure("the members are read again by themselves")
    } else {
        let (have, needed) = (lack.have, lack.needed);
        let own = own.map(Named::actor).map_or_else(String::new, |by| {
            format!(" {} approved it and deploys it: nobody signs for what they deploy.", by.text)
        });
        let sentence = format!("{group} has {have} of {needed} approvals of what was merged as {name}.{own}");
        let other = if own.is_empty() { "" } else { "; or somebody else deploys it" };
        Finding::new("review_missing", Outcome::Pending, RULE, sentence)
            .cure(format!("{who} approves {name} in a review; GitHub takes one after the merge too{other}"))
    };
    finding
        .headline(format!("{group} has not approved {name}"))
        .names(people.into_iter().chain([named.clone()]).filter_map(|named| named.page))
}

fn unsigned() -> Finding {
    Finding::new(
        "signatures_unknown",
        Outcome::Unknown,
        "the release is signed",
        "Who has signed the release is being found out.",
    )
    .headline("who has signed the release is not known")
    .cure("it is found out by itself")
}
