//! An environment that policy rules and our rule does not guard: an exception is open until it does.

use super::{
    super::{
        audit::AuditEntry,
        decide::Case,
        effect::{Call, Effect},
        facts::{Fact, Inquiry},
        finding::code,
        ids::{RepoId, RepoName},
        policy::Mode,
    },
    Environment,
    answer::Told,
    bypass::guarded,
    follow::Heard,
};

impl Environment {
    /// What is to be told of the rule having been taken off, or put on. `None`: something must be found out first.
    pub(super) fn look_at_rule(
        &mut self,
        heard: &Heard,
        case: &Case<'_>,
        repo: RepoId,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Told> {
        let mut told = Told::default();
        if !heard.watched && (!heard.by_rule || !self.unguarded) {
            return Some(told);
        }
        let (view, policy) = (inquiry.repository(repo), inquiry.policy(repo));
        let (Some(view), policy) = (view?, policy?) else { return Some(told) };
        let mode = policy.and_then(|policy| guarded(&policy, view.name.as_str(), &self.name));
        // Whoever asks for our answer is guarded; so much is not asked for.
        let lacks = if heard.watched {
            match inquiry.environment_rules(repo, &self.name)? {
                Fact::Known(Some(rules), _) => {
                    self.name.clone_from(&rules.name);
                    !rules.guarded && !self.by_pipeline
                }
                Fact::Known(None, _) => false,
                Fact::Unknown(_) => return Some(told),
            }
        } else {
            false
        };
        let was = std::mem::replace(&mut self.unguarded, lacks && mode.is_some());
        if was == self.unguarded {
            return Some(told);
        }
        let kind = if self.unguarded { "exception.unguarded" } else { "exception.guarded_again" };
        told.audit.push(
            AuditEntry::new(kind)
                .fact("repository", repo)
                .fact("mode", mode.map_or_else(|| "none".to_owned(), |mode| mode.to_string()))
                .text("environment", self.name.clone()),
        );
        if mode == Some(Mode::Enforce) || !self.unguarded {
            told.effects.push(issue(repo, &view.name, &self.name, self.unguarded, &case.instance.web_url));
        }
        Some(told)
    }
}

fn issue(repo: RepoId, name: &RepoName, environment: &str, open: bool, web_url: &str) -> Effect {
    let shown = code(environment);
    let body = if open {
        format!(
            "Policy says what a deployment to {shown} needs, and the environment does not have the protection rule of this App: jobs that deploy there do not wait for anybody.\n\n\
             An administrator enables the rule in the [settings of the environment]({web_url}/{name}/settings/environments) (deployment protection rules). This issue closes by itself when it is found enabled; that is looked at every hour.\n\n\
             If nothing is to be decided here, take {shown} out of `environments` in the policy."
        )
    } else {
        format!("The environment {shown} has the protection rule of this App again, or needs none any more.")
    };
    let title = format!("Nothing guards the environment {environment}");
    let purpose = format!("unguarded/{}", environment.to_lowercase());
    Effect::new(Call::Issue { repo, purpose, title, body, open, told: None })
}
