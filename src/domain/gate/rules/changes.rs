//! Every pull request that comes along has passed by itself: its change requests are accepted, or it needs none.

use super::super::{
    super::finding::{Finding, Outcome},
    Scene,
};

const RULE: &str = "every change in it is accepted";

pub(super) fn finding(scene: &Scene<'_>) -> Finding {
    let all = &scene.pull_requests;
    let open: Vec<Finding> = all
        .iter()
        .filter(|pull_request| pull_request.passes.outcome() > Outcome::Pass)
        .map(|pull_request| pull_request.passes.clone())
        .collect();
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
