//! What of a release was deployed by being merged: there is no deployment event, so the merge is taken for it.

use super::{
    super::{
        event::{Event, PullRequestChange, PullRequestSnapshot, What},
        facts::Inquiry,
        policy::EffectivePolicy,
    },
    Deployed, DeploymentState, Release,
};

impl Release {
    /// Takes the merges into promotion branches that bring exactly what it ships. `None`: something must be found out first.
    pub(super) fn hear_promotions(
        &mut self,
        events: &[Event],
        policy: &EffectivePolicy,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        for merged in events.iter().filter_map(|event| merged(&event.what)) {
            let repo = merged.at.repo;
            let default_branch = inquiry.repository(repo)?.and_then(|view| view.default_branch.as_deref());
            let Some(at) = merged.merged_at else { continue };
            let goes_to = policy.promoted_into(&merged.base_branch, default_branch);
            for (place, environment) in goes_to.into_iter().enumerate() {
                let state = DeploymentState::Succeeded;
                let told = Deployed { repo, environment, sha: merged.head.clone(), state, began: true, at };
                self.hear_deployment(number(at, place), told);
            }
        }
        Some(())
    }
}

fn merged(what: &What) -> Option<&PullRequestSnapshot> {
    if let What::PullRequest { change: PullRequestChange::Closed, pull_request } = what {
        Some(pull_request).filter(|pull_request| pull_request.merged)
    } else {
        None
    }
}

/// A number that grows with time, far above GitHub's of deployments.
fn number(at: jiff::Timestamp, place: usize) -> u64 {
    let micros = u64::try_from(at.as_microsecond()).unwrap_or_default();
    micros.saturating_add(u64::try_from(place).unwrap_or_default())
}
