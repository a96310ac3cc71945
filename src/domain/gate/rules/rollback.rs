//! Back to what ran before: allowed without asking anybody, at any time, where policy does not say otherwise.

use super::super::{
    super::finding::{Finding, Outcome, code},
    Scene,
};

const RULE: &str = "a way back to what was allowed before";

/// `None`: it is no rollback.
pub(super) fn finding(scene: &Scene<'_>) -> Option<Finding> {
    let (brings, ran) = (scene.ask.brings.ok().filter(|brings| brings.goes_back)?, scene.ask.ran?);
    let refusing = scene.sections.iter().find(|section| !section.rules.rollback_allowed);
    let from = brings.from.as_ref().map_or_else(String::new, |from| format!(" from {}", code(from.short())));
    let to = code(scene.ask.candidate.sha.short());
    if let Some(section) = refusing {
        let sentence = format!("It goes back{from} to {to}, and policy refuses that.");
        return Some(
            Finding::new("rollback_refused", Outcome::Fail, RULE, sentence)
                .headline("policy refuses a rollback here")
                .cure(format!("set `rollback: allowed` in `environments.{}`, or deploy a fix", section.name)),
        );
    }
    let when = scene.zone.time(ran.heard_at);
    let sentence = format!("It goes back{from} to {to}, which was allowed here and deployed on {when}.");
    Some(Finding::new("rollback", Outcome::Pass, RULE, sentence))
}
