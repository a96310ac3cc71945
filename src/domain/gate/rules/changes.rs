//! Every pull request that comes along has passed by itself: its change requests are accepted, or it needs none.

use super::{
    super::{
        super::{
            commit,
            finding::{Finding, Outcome},
        },
        PullRequestInRange, Scene,
    },
    emergency,
};

const RULE: &str = "every change in it is accepted";

pub(super) fn finding(scene: &Scene<'_>) -> Finding {
    let all = &scene.pull_requests;
    let is_open = |pull: &&PullRequestInRange| pull.passes.outcome() > Outcome::Pass;
    let open = all.iter().filter(is_open).map(|pull| pull.passes.clone());
    let ended = all.iter().filter(|pull| !is_open(pull)).filter_map(|pull| ended(pull, scene));
    let open: Vec<Finding> = open.chain(ended).collect();
    if !open.is_empty() {
        return Finding::new("changes_not_accepted", Outcome::Pass, RULE, String::new()).because(open);
    }
    if let Err(why) = scene.ask.brings {
        let sentence = format!("Which changes come along is not known: {}.", why.trim_end_matches('.'));
        return Finding::new("changes_unknown", Outcome::Unknown, RULE, sentence)
            .headline("which changes come along is not known")
            .cure("it is read again by itself");
    }
    let sentence = match all.len() {
        0 => "It brings no pull request.".to_owned(),
        1 => "The pull request that it brings has passed by itself.".to_owned(),
        more => format!("Each of its {more} pull requests has passed by itself."),
    };
    Finding::new("changes_accepted", Outcome::Pass, RULE, sentence)
}

/// One that nobody accepted and that passed as an emergency, which does not last in this environment: each gives it its own
/// time.
fn ended(pull: &PullRequestInRange, scene: &Scene<'_>) -> Option<Finding> {
    pull.passes.rules().into_iter().find(|rule| rule.code == commit::DECLARED)?;
    let lasts = |(_, declared): &(_, _)| emergency::lasts(declared, scene);
    if !pull.emergencies.is_empty() && pull.emergencies.iter().all(lasts) {
        return None;
    }
    let name = format!("#{}", pull.at.number);
    let sentence = format!(
        "{name} passed as an emergency, which does not last here any more, and nobody has accepted its change."
    );
    let finding = Finding::new("emergency_over", Outcome::Pending, RULE, sentence);
    Some(finding.headline(format!("the emergency of {name} is over")).cure(
        "a triager comments `/accept` on its change request; or somebody on call declares it there again: `/emergency WHY`",
    ))
}
