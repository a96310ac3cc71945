//! The rules for merging: each pull request belongs to change requests, and each of these is accepted.

use super::{
    super::{
        finding::{Finding, Outcome, code, quoted},
        pull_request::{Derived, PullRequestView},
    },
    group::UnreadGroup,
    named::Named,
    scene::{LinkedChange, Promotes, PullRequestAt, Scene},
};

mod derived;
mod linked_change;
mod own_change;
mod policy_edit;
mod promotion;
mod standard_change;

pub use linked_change::DECLARED;

/// How a pull request is linked.
const LINK: &str =
    "put `Closes #n` (this finishes it) or `Change: owner/repo#n` (this is part of it) in the description";

/// One section for each merge group that cannot be read and for each pull request.
pub(super) fn findings(scene: &Scene<'_>) -> Vec<Finding> {
    let groups = scene.unread_groups.iter().map(unread_group);
    groups.chain(scene.pull_requests.iter().map(|pull_request| section(pull_request, scene))).collect()
}

/// Of these sections only what says that an edited policy file has errors.
pub(super) fn policy_errors(sections: &[Finding]) -> Vec<Finding> {
    let errors = |section: &Finding| {
        let errors: Vec<Finding> =
            section.because.iter().filter(|rule| rule.code == policy_edit::ERROR).cloned().collect();
        (!errors.is_empty()).then(|| section.clone().because(errors))
    };
    sections.iter().filter_map(errors).collect()
}

fn unread_group(group: &UnreadGroup) -> Finding {
    let branch = code(&group.branch);
    let rule = Finding::new(
        "merge_group_unknown",
        Outcome::Unknown,
        "the pull requests of the merge group are known",
        format!("It could not be found out which pull requests are in it: {}.", group.why),
    )
    .headline("the pull requests of the merge group are not known")
    .cure("nobody need do anything for ten minutes; after that, add the pull requests to the queue again");
    Finding::new("merge_group", Outcome::Pass, "", format!("Merge group for {branch}")).because(vec![rule])
}

/// One that was never read.
pub(super) fn unread_section(named: &Named) -> Finding {
    let section = Finding::new("pull_request", Outcome::Pass, "", named.text.clone());
    section.names(named.page.clone()).because(vec![unread(named)])
}

pub(super) fn section(pull_request: &PullRequestAt<'_>, scene: &Scene<'_>) -> Finding {
    let named = Named::pull_request(pull_request.at, scene.repo, scene.name);
    let Some(view) = pull_request.view else { return unread_section(&named) };
    let sentence = format!("{} {}", named.text, quoted(&view.title));
    let mut rules: Vec<Finding> = view.unknown.iter().map(|why| unknown(&named, why)).collect();
    rules.extend(belongs(view, pull_request, &named, scene));
    rules.extend(view.lost_links.iter().map(|link| lost(link)));
    rules.extend(view.too_many_links.then(|| too_many(&named)));
    rules.extend(view.policy_edit.iter().flat_map(policy_edit::findings));
    Finding::new("pull_request", Outcome::Pass, "", sentence).names(named.page).because(rules)
}

/// To which change requests it belongs, and whether each of them is accepted.
fn belongs(
    view: &PullRequestView,
    pull_request: &PullRequestAt<'_>,
    named: &Named,
    scene: &Scene<'_>,
) -> Vec<Finding> {
    let counts = |link: &&LinkedChange<'_>| !scene.own_changes || !linked_change::is_ordinary_issue(link);
    let links: Vec<&LinkedChange<'_>> = pull_request.links.iter().filter(counts).collect();
    let inherits = |derived: &Derived| derived.is_proven() && derived.inherits == view.links;
    if view.links.is_empty() || view.derived.as_ref().is_some_and(inherits) {
        let promotes = pull_request.promotes.as_ref();
        if let Some(promoted) = promotes.and_then(|promotes| promotion::finding(promotes, named)) {
            return vec![promoted];
        }
    }
    let mut rules = derived::findings(view, &pull_request.uncovered, named, scene);
    if !rules.is_empty() && links.is_empty() {
        return rules;
    }
    let standard = standard_change::finding(view, pull_request, scene);
    if let Some(standard) = standard.filter(|_| links.is_empty()) {
        return vec![standard];
    }
    if links.is_empty() && scene.own_changes {
        let judged = view.unknown.is_none();
        return judged
            .then(|| own_change::finding(view, pull_request.own, named, scene))
            .into_iter()
            .collect();
    }
    if links.is_empty() {
        let told = view.unknown.is_none() && view.lost_links.is_empty();
        return told.then(|| not_linked((view, pull_request), named)).into_iter().collect();
    }
    let (texts, pages): (Vec<String>, Vec<_>) = links
        .iter()
        .map(|link| Named::issue(link.to, scene.repo, link.name))
        .map(|issue| (issue.text, issue.page))
        .unzip();
    let linked = Finding::new("linked", Outcome::Pass, "linked to a change request", texts.join(", "))
        .names(pages.into_iter().flatten());
    rules.push(linked);
    rules.extend(links.iter().map(|link| linked_change::finding(link, (view, named), scene)));
    rules
}

fn not_linked((view, pull_request): (&PullRequestView, &PullRequestAt<'_>), named: &Named) -> Finding {
    let no_bot = match &pull_request.promotes {
        Some(Promotes::Images(Err(why))) => {
            Some(format!("It moves nothing but images, and is no standard change: {why}."))
        }
        Some(Promotes::OnlyMerged | Promotes::Images(Ok(_)) | Promotes::More(_) | Promotes::Unknown(_))
        | None => None,
    };
    let why_not = view.standard.why_not.as_ref().or(no_bot.as_ref());
    let why_not = why_not.map(|why| format!(" {why}")).unwrap_or_default();
    Finding::new(
        "no_change_request",
        Outcome::Fail,
        "linked to a change request",
        format!("It belongs to no change request.{why_not}"),
    )
    .headline(format!("{} belongs to no change request", named.text))
    .cure(LINK)
}

fn unread(named: &Named) -> Finding {
    Finding::new(
        "pull_request_unread",
        Outcome::Unknown,
        "the pull request is known",
        format!("{} has not been read yet.", named.text),
    )
    .headline(format!("{} has not been read yet", named.text))
    .cure(format!("comment `/recheck` on {}", named.text))
    .names(named.page.clone())
}

fn unknown(named: &Named, why: &str) -> Finding {
    Finding::new(
        "pull_request_unknown",
        Outcome::Unknown,
        "its links, commits and reviews are known",
        format!("They could not be read: {}.", why.trim_end_matches('.')),
    )
    .headline(format!("{} could not be read", named.text))
    .cure("it is read again by itself; `/recheck` in a comment does it at once")
}

fn lost(link: &str) -> Finding {
    let link = code(link);
    Finding::new(
        "link_lost",
        Outcome::Fail,
        "every linked change request can be found",
        format!("{link} is in a repository that Changegate does not know."),
    )
    .headline("a linked change request cannot be found")
    .cure("correct the link in the description, or give the Changegate App access to that repository")
}

fn too_many(named: &Named) -> Finding {
    Finding::new(
        "too_many_links",
        Outcome::Fail,
        "few enough change requests to judge each",
        "Its texts name more than 50 change requests.",
    )
    .headline(format!("{} names too many change requests", named.text))
    .cure("name those that it belongs to, or split the pull request")
}
