//! A pull request that is its own change request: an independent review that approves its final diff accepts it.

use super::{
    super::{
        super::{
            change_request::ChangeRequestView,
            finding::{Finding, Outcome},
            pull_request::PullRequestView,
        },
        named::Named,
        scene::Scene,
    },
    linked_change,
};

const RULE: &str = "its own change request, accepted by an independent review";

/// `own`: what is known of it where an emergency was declared on it.
pub(super) fn finding(
    view: &PullRequestView,
    own: Option<&ChangeRequestView>,
    named: &Named,
    scene: &Scene<'_>,
) -> Finding {
    if !view.independent_approvals.is_empty() {
        let people: Vec<Named> = view.independent_approvals.iter().map(Named::actor).collect();
        let texts: Vec<&str> = people.iter().map(|person| person.text.as_str()).collect();
        let sentence = format!("`{}` is approved by {}.", view.head.short(), texts.join(", "));
        return Finding::new("own_change_accepted", Outcome::Pass, RULE, sentence)
            .names(people.into_iter().filter_map(|person| person.page));
    }
    if let Some(emergency) = own.and_then(|own| own.emergency.as_ref()).filter(|it| it.in_force) {
        let at = scene.zone.time(emergency.at);
        return linked_change::declared(&named.text, emergency, &at).names(named.page.clone());
    }
    match view.unattributed_commits.first() {
        Some(commit) => unattributed(commit.short(), view.unattributed_commits.len(), named),
        None => not_approved(view, named),
    }
}

fn unattributed(commit: &str, count: usize, named: &Named) -> Finding {
    let more = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
    Finding::new(
        "unattributed_commits",
        Outcome::Fail,
        RULE,
        format!("Somebody wrote commit `{commit}`{more} whom GitHub knows only by mail, so nobody counts as independent."),
    )
    .headline(format!("{} has a commit of somebody unknown", named.text))
    .cure("that person adds the mail address to the GitHub account, or the commit is written again with a known one; then comment `/recheck`")
}

fn not_approved(view: &PullRequestView, named: &Named) -> Finding {
    let head = view.head.short();
    Finding::new(
        "no_independent_approval",
        Outcome::Pending,
        RULE,
        format!("Nobody who wrote none of it has approved `{head}`."),
    )
    .headline(format!("{} has no independent approval", named.text))
    .cure("somebody who wrote none of it approves it in a review, or `Change: owner/repo#n` in the description links an accepted change request")
}
