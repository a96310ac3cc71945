//! Who rules a release over several repositories: the organisation's policy. One that stands in a repository alone names who
//! manages releases there, and nobody for the others.

use std::collections::BTreeSet;

use super::{
    super::{
        finding::{Finding, Outcome},
        ids::RepoId,
        named::{Named, all_of},
        policy::{EffectivePolicy, Scope},
    },
    Release,
    readiness::Setting,
};

impl Release {
    /// Stands in the way where it reaches beyond the repository whose own policy is the only one; nothing otherwise.
    pub(super) fn apart(&self, policy: &EffectivePolicy, setting: &Setting<'_>) -> Option<Finding> {
        const RULE: &str = "one policy rules all of it";
        let members = self.milestones.iter().map(|(repo, _)| *repo);
        let others: BTreeSet<RepoId> =
            members.chain(self.ships()).filter(|repo| Some(*repo) != self.home).collect();
        if policy.base().scope() != Scope::Alone || others.is_empty() {
            return None;
        }
        let named = |repo: &RepoId| Named { text: setting.repository(*repo), page: None };
        let named: Vec<Named> = others.iter().map(named).collect();
        let sentence = format!(
            "{} is part of it too, and the policy that rules it stands in one repository alone.",
            all_of(&named)
        );
        let finding = Finding::new("release_apart", Outcome::Fail, RULE, sentence);
        Some(finding.headline("no policy rules all of its repositories").cure(
            "put the policy into the organisation's `.github` repository; or take the milestone off in the others",
        ))
    }
}
