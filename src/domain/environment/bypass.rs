//! A deployment that nobody allowed: what runs is what runs, and an exception opens.

use std::collections::BTreeMap;

use super::{
    super::{
        audit::AuditEntry,
        decide::Case,
        effect::{Call, Effect},
        facts::Inquiry,
        finding::{code, one_line},
        ids::{RepoId, RepoName, Sha},
        policy::{EffectivePolicy, Mode},
    },
    Environment,
    answer::Told,
    follow::{Begun, Heard},
};

impl Environment {
    /// What is to be told of deployments that began without an allow. `None`: something must be found out first.
    pub(super) fn bypassed(
        &mut self,
        heard: &Heard,
        case: &Case<'_>,
        repo: RepoId,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Told> {
        let is_new = |it: &&Begun| !it.allowed && !self.bypasses.contains(&it.deployment);
        let unseen: BTreeMap<u64, &Begun> =
            heard.begun.iter().filter(is_new).map(|begun| (begun.deployment, begun)).collect();
        let mut told = Told::default();
        if unseen.is_empty() {
            return Some(told);
        }
        let (view, policy) = (inquiry.repository(repo), inquiry.policy(repo));
        let (Some(view), Some(policy)) = (view?, policy?) else { return Some(told) };
        let Some(mode) = guarded(&policy, view.name.as_str(), &self.name) else { return Some(told) };
        for Begun { deployment: id, sha, .. } in unseen.into_values() {
            self.bypasses.insert(*id);
            told.audit.push(entry(repo, &self.name, (*id, sha), mode));
            if mode == Mode::Enforce {
                told.effects.push(issue(repo, &view.name, &self.name, (*id, sha), &case.instance.web_url));
            }
        }
        Some(told)
    }
}

/// The mode, where a section of the policy rules the environment.
pub(super) fn guarded(policy: &EffectivePolicy, name: &str, environment: &str) -> Option<Mode> {
    let ruled = policy.parts().any(|part| part.environment_of(environment).is_some());
    ruled.then(|| policy.mode_for(name))
}

fn entry(repo: RepoId, environment: &str, (id, sha): (u64, &Sha), mode: Mode) -> AuditEntry {
    AuditEntry::new("exception.bypass")
        .fact("repository", repo)
        .fact("deployment", id)
        .fact("commit", sha)
        .fact("mode", mode)
        .text("environment", environment)
}

fn issue(repo: RepoId, name: &RepoName, environment: &str, (id, sha): (u64, &Sha), web_url: &str) -> Effect {
    let shown = code(environment);
    let body = format!(
        "Deployment {id} of [`{}`]({web_url}/{name}/commit/{sha}) to {shown} began without an allow by Changegate. What runs is taken as what runs: the next deployment is compared with it.\n\n\
         What usually leads to it:\n\
         - the job names no environment with the protection rule of this App, or the rule was taken off,\n\
         - an administrator started the waiting job,\n\
         - something other than GitHub Actions created the deployment.\n\n\
         Find out which it was, write it here, and close this issue when it cannot happen again.",
        sha.short()
    );
    Effect::new(Call::Issue {
        repo,
        purpose: format!("bypass/{id}"),
        title: format!("Deployed to {} without an allow: {}", shortened(environment), sha.short()),
        body,
        open: true,
        told: None,
    })
}

/// As much of a name as a title takes.
fn shortened(name: &str) -> String {
    one_line(name).chars().take(100).collect()
}
