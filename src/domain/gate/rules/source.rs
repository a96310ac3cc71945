//! Where a deployment comes from: a branch or tag that policy names, of the repository itself.

use super::super::{
    super::finding::{Finding, Outcome, code},
    Scene,
};

const RULE: &str = "it comes from where deployments may come from";

pub(super) fn finding(scene: &Scene<'_>) -> Option<Finding> {
    let candidate = scene.ask.candidate;
    if !candidate.from_here {
        let sentence = "The run belongs to a fork, and forks deploy nothing.";
        return Some(
            Finding::new("source_is_a_fork", Outcome::Fail, RULE, sentence)
                .cure("merge the pull request, and deploy from a branch of this repository"),
        );
    }
    if candidate.proposed {
        let sentence = "The run belongs to a pull request, and builds what merging it would make (`refs/pull/N/merge`): no branch or tag holds that.";
        return Some(
            Finding::new("source_is_a_pull_request", Outcome::Fail, RULE, sentence)
                .headline("a run of a pull request deploys nothing")
                .cure("merge the pull request, and deploy from a branch of this repository"),
        );
    }
    let closed: Vec<_> = scene
        .sections
        .iter()
        .filter(|section| !section.takes(candidate, scene.default_branch.as_deref()))
        .collect();
    if closed.is_empty() {
        let reference = candidate.reference.as_deref()?;
        let sentence = format!("It comes from {}.", code(reference));
        return Some(Finding::new("source_allowed", Outcome::Pass, RULE, sentence));
    }
    let from = candidate.reference.as_deref().map_or_else(|| "no branch or tag".to_owned(), code);
    let allowed: Vec<String> = closed.iter().flat_map(|section| section.sources()).collect();
    Some(
        Finding::new("source_not_allowed", Outcome::Fail, RULE, format!("It comes from {from}."))
            .headline(format!("{from} may not be deployed here"))
            .cure(format!("deploy from {}", allowed.join(" or "))),
    )
}
