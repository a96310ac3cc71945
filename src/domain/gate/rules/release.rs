//! On a train: the commit is what a release ships, the release is ready, and nothing comes along that is not in it.

use super::super::{
    super::{
        finding::{Finding, Outcome, code, quoted},
        ids::IssueRef,
        named::{Named, one_of, pages},
        release::Release,
    },
    Scene, Shipping,
};

const RULE: &str = "it is what a release ships";
const SCOPE: &str = "every change in it is in the release";

/// Nothing, where no section asks for a release here.
pub(super) fn findings(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(shipping) = &scene.shipping else { return vec![] };
    let Some(release) = shipping.release else { return vec![missing(shipping, scene)] };
    let title = quoted(&release.id.title);
    let ships =
        Finding::new("release_candidate", Outcome::Pass, RULE, format!("It is what release {title} ships."));
    let ready = Finding::new(
        "release_ready",
        Outcome::Pass,
        "the release is ready",
        format!("Release {title} is ready."),
    )
    .because(release.readiness.clone());
    let first = first(release, scene);
    [ships, ready].into_iter().chain([scope(release, scene)]).chain(first).collect()
}

/// What has to run before it, because it depends on that. Nothing, where it depends on nothing elsewhere.
fn first(release: &Release, scene: &Scene<'_>) -> Option<Finding> {
    const FIRST: &str = "what it depends on is deployed first";
    let repo = scene.ask.repo;
    let depends = release
        .needs
        .iter()
        .any(|need| need.from.contains(&repo) && need.ships.iter().any(|first| *first != repo));
    let covered = |name: &str| scene.sections.iter().any(|section| section.rules.covers(name));
    let waits: Vec<Finding> = release
        .goes_first(repo, covered)
        .into_iter()
        .map(|(need, first)| {
            let of = Named::issue(need.of, repo, scene.name_of(need.of.repo));
            let on = need.on.map(|on| Named::issue(on, repo, scene.name_of(on.repo)));
            let on = on.unwrap_or_else(|| Named { text: code(&need.written), page: None });
            let name =
                scene.name_of(first).map_or_else(|| format!("repository {first}"), ToString::to_string);
            Finding::new(
                "dependency_not_deployed",
                Outcome::Pending,
                FIRST,
                format!(
                    "{name} goes first: {} depends on {}, and {name} does not run it yet.",
                    of.text, on.text
                ),
            )
            .headline(format!("{name} has to be deployed first"))
            .cure(format!(
                "deploy what release {} ships of {name}; this goes on by itself then",
                quoted(&release.id.title)
            ))
            .names(pages([&of, &on]))
        })
        .collect();
    if waits.is_empty() {
        let deployed = || {
            Finding::new("dependencies_deployed", Outcome::Pass, FIRST, "What it depends on elsewhere runs.")
        };
        return depends.then(deployed);
    }
    Some(Finding::new("dependencies_first", Outcome::Pass, FIRST, String::new()).because(waits))
}

fn missing(shipping: &Shipping<'_>, scene: &Scene<'_>) -> Finding {
    let (name, sha) = (&scene.name, &scene.ask.candidate.sha);
    let short = code(sha.short());
    let known: Vec<String> = shipping
        .others
        .iter()
        .map(|release| {
            let title = quoted(&release.id.title);
            let candidate = release.candidates.get(&scene.ask.repo);
            match candidate {
                Some(candidate) => format!("release {title} ships {}", code(candidate.sha.short())),
                None => format!("release {title} has no candidate here yet"),
            }
        })
        .collect();
    let known =
        if known.is_empty() { "no release ships anything from here".to_owned() } else { known.join(", ") };
    let managers: Vec<Named> =
        scene.policy.release_managers().iter().map(|who| Named::who(&who.to_string())).collect();
    let who = if managers.is_empty() {
        "a release manager".into()
    } else {
        format!("a release manager ({})", one_of(&managers))
    };
    Finding::new("release_missing", Outcome::Pending, RULE, format!("No release ships {short}: {known}."))
        .headline(format!("no release ships {short}"))
        .cure(format!(
            "deploy what a release ships; or {who} comments `/candidate {name} {sha}` on the control record of its release"
        ))
        .names(pages(&managers))
}

/// What is merged and comes along, and belongs to no change of the release.
fn scope(release: &Release, scene: &Scene<'_>) -> Finding {
    let title = quoted(&release.id.title);
    let strangers: Vec<Finding> = scene
        .pull_requests
        .iter()
        .filter(|pull| !pull.comes_to_nothing)
        .flat_map(|pull| pull.change_requests.iter().map(move |change| (pull.at, *change)))
        .filter(|(_, change)| !release.scope.contains(change))
        .filter(|(_, change)| !release.carried.iter().any(|carried| carried.change.at == *change))
        .map(|(pull, at)| {
            let pull = Named::pull_request(pull, scene.ask.repo, Some(&scene.name));
            let change = Named::issue(at, scene.ask.repo, scene.name_of(at.repo));
            let (text, of) = (&pull.text, &change.text);
            let carry = carried_as(at, scene);
            Finding::new(
                "not_in_release",
                Outcome::Fail,
                SCOPE,
                format!("{text} comes along, and {of}, to which it belongs, is not in release {title}."),
            )
            .headline(format!("{of} comes along and is not in the release"))
            .cure(format!(
                "a release manager comments `/swap for {carry} WHY` on the control record, which takes it in; or {text} is reverted; or the candidate is moved before it; or, where it is switched off or only a part, `/carry {carry} WHY`"
            ))
            .names(pages([&pull, &change]))
        })
        .collect();
    if strangers.is_empty() {
        return all_in(release, scene);
    }
    Finding::new("not_all_in_release", Outcome::Pass, SCOPE, String::new()).because(strangers)
}

/// That all of it is, who carries what along, and what comes to nothing.
fn all_in(release: &Release, scene: &Scene<'_>) -> Finding {
    let comes = |at: &IssueRef| scene.pull_requests.iter().any(|pull| pull.change_requests.contains(at));
    let mut sentence = format!("Every change in it is in release {}", quoted(&release.id.title));
    let mut named = vec![];
    for carried in release.carried.iter().filter(|carried| comes(&carried.change.at)) {
        let change = carried.change.at;
        let (change, by) =
            (Named::issue(change, scene.ask.repo, scene.name_of(change.repo)), Named::actor(&carried.by));
        sentence.push_str(&format!(", {} carries {} along ({})", by.text, change.text, quoted(&carried.why)));
        named.extend([change, by]);
    }
    for (of, by) in scene.ask.brings.ok().into_iter().flat_map(|brings| &brings.cancelled) {
        let named_pull = |number: u64| {
            let at = IssueRef { repo: scene.ask.repo, number };
            Named::pull_request(at, scene.ask.repo, Some(&scene.name))
        };
        let (of, by) = (named_pull(*of), named_pull(*by));
        sentence.push_str(&format!(", {} comes to nothing: {} takes it back", of.text, by.text));
        named.extend([of, by]);
    }
    Finding::new("all_in_release", Outcome::Pass, SCOPE, format!("{sentence}.")).names(pages(&named))
}

/// As the command takes it, wherever the control record is.
fn carried_as(change: IssueRef, scene: &Scene<'_>) -> String {
    match scene.name_of(change.repo) {
        Some(name) => format!("{name}#{}", change.number),
        None => "OWNER/REPOSITORY#n".into(),
    }
}
