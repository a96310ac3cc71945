//! What GitHub shows of how the App is set up: what it was registered with, where its webhooks go, and what protects a repository.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    GitHub, Place,
    access::{Call, parse},
    auth::{Access, Scope},
    budget::Cost,
    client::{Request, encoded},
    setup::Installation,
    trouble::Trouble,
    write::Failure,
};
use crate::domain::{
    doctor::{Asked, RepositorySeen, RequiredCheck, RulesetSeen, WebhookSeen},
    effect::{CHANGE_CHECK, Lane},
    event::RepositorySnapshot,
    facts::{Answer, Fact, Question},
    ids::TenantId,
    policy::{self, EffectivePolicy, Policy, Who},
};

#[derive(Deserialize)]
struct HookConfig {
    url: Option<String>,
    insecure_ssl: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Sent {
    status_code: Option<u16>,
}

/// A rule of a ruleset that is in force for a branch.
#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    parameters: Option<Parameters>,
    ruleset_id: Option<u64>,
}

/// A ruleset by itself. Who may bypass it is shown only to whoever may change it.
#[derive(Deserialize)]
struct Ruleset {
    name: String,
    bypass_actors: Option<Vec<BypassActor>>,
}

#[derive(Deserialize)]
struct BypassActor {
    actor_id: Option<u64>,
    actor_type: String,
}

#[derive(Deserialize)]
struct Team {
    id: u64,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    required_status_checks: Vec<Context>,
}

#[derive(Deserialize)]
struct Context {
    context: String,
    integration_id: Option<u64>,
}

/// The protection of a branch by itself.
#[derive(Deserialize)]
struct Protection {
    required_status_checks: Option<Checks>,
    enforce_admins: Option<Enabled>,
}

#[derive(Deserialize)]
struct Checks {
    #[serde(default)]
    checks: Vec<Check>,
}

/// GitHub writes -1 where any App will do.
#[derive(Deserialize)]
struct Check {
    context: String,
    app_id: Option<i64>,
}

#[derive(Deserialize)]
struct Enabled {
    enabled: bool,
}

/// What a repository needs to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The GitHub host, as tenants are known by it.
    pub host: &'a str,
    pub installation: &'a Installation,
    pub repository: &'a RepositorySnapshot,
}

impl GitHub {
    /// Our number as a GitHub App.
    #[must_use]
    pub const fn app_id(&self) -> u64 {
        self.keys.app_id
    }

    /// What the App was registered with.
    ///
    /// # Errors
    /// When GitHub does not say, or does not know us.
    pub async fn registered(&self) -> Result<Asked, Failure> {
        self.read_as_app("/app").await
    }

    /// Where webhooks go, and what the newest was answered with.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn webhook(&self) -> Result<WebhookSeen, Failure> {
        let config: HookConfig = self.read_as_app("/app/hook/config").await?;
        let sent: Vec<Sent> = self.read_as_app("/app/hook/deliveries?per_page=1").await?;
        let is_off = |value: &serde_json::Value| value.as_str() == Some("1") || value.as_u64() == Some(1);
        Ok(WebhookSeen {
            url: config.url,
            insecure: config.insecure_ssl.as_ref().is_some_and(is_off),
            last: sent.first().map(|sent| sent.status_code.unwrap_or(0)),
        })
    }

    async fn read_as_app<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let answer = self.ask_as_app(&Request::get(path)).await.and_then(|answer| parse(&answer.body));
        answer.map_err(|trouble| self.outcome(&trouble))
    }

    /// The policy file of a repository. Inner error: it has mistakes.
    ///
    /// # Errors
    /// When GitHub does not show it, as a sentence without its full stop.
    pub async fn policy_of(
        &self,
        look: Look<'_>,
        scope: policy::Scope,
    ) -> Result<Option<Result<Arc<Policy>, String>>, String> {
        let (place, repo) = (look.place(), look.repository.id);
        for (_, fact) in self.answer(&place, &[Question::PolicyFile(repo)]).await {
            match fact {
                Fact::Known(Answer::PolicyFile(text), _) => {
                    let read = |text: String| {
                        policy::parse(policy::PATH, &text, scope).map(Arc::new).map_err(|errors| {
                            errors
                                .first()
                                .map_or_else(String::new, |error| error.to_string().replace('\n', "; "))
                        })
                    };
                    return Ok(text.map(read));
                }
                Fact::Known(..) => {}
                Fact::Unknown(why) => return Err(why),
            }
        }
        Err("nothing was answered".into())
    }

    /// What protects a repository where this policy counts.
    pub async fn examine(&self, look: Look<'_>, policy: Option<EffectivePolicy>) -> RepositorySeen {
        let name = look.repository.name.clone();
        let branch = look.repository.default_branch.clone().unwrap_or_else(|| "main".into());
        let mut seen = RepositorySeen {
            name,
            branch,
            policy,
            required: vec![],
            rulesets: vec![],
            on_call: vec![],
            administrators_merge: false,
            environments: vec![],
            unread: vec![],
        };
        if seen.policy.is_some() {
            self.rules(look, &mut seen).await;
            self.protection(look, &mut seen).await;
            self.ruled_environments(look, &mut seen).await;
        }
        seen
    }

    async fn read_here<T: DeserializeOwned>(
        &self,
        look: Look<'_>,
        scope: Scope,
        rest: &str,
    ) -> Result<T, Trouble> {
        let access = Access { installation: look.installation.id, repo: Some(look.repository.id), scope };
        let call = Call { access, cost: Cost::Read, lane: Lane::Rest };
        let name = &look.repository.name;
        let request = Request::get(format!("/repos/{}/{}{rest}", name.owner(), name.name()));
        parse(&self.ask(call, &request).await?.body)
    }

    async fn rules(&self, look: Look<'_>, seen: &mut RepositorySeen) {
        let rest = format!("/rules/branches/{}?per_page=100", encoded(&seen.branch));
        match self.read_here::<Vec<Rule>>(look, Scope::Read, &rest).await {
            Ok(rules) => {
                let of_ours = |rule: &&Rule| {
                    let mut checks = rule.parameters.iter().flat_map(|it| &it.required_status_checks);
                    checks.any(|check| check.context == CHANGE_CHECK)
                };
                let ours: BTreeSet<u64> =
                    rules.iter().filter(of_ours).filter_map(|it| it.ruleset_id).collect();
                self.way_round(look, &ours, seen).await;
                let checks = rules.into_iter().filter(|rule| rule.kind == "required_status_checks");
                let checks =
                    checks.filter_map(|rule| rule.parameters).flat_map(|it| it.required_status_checks);
                seen.required
                    .extend(checks.map(|it| RequiredCheck { name: it.context, app: it.integration_id }));
            }
            Err(trouble) => {
                let why = trouble.sentence(self.clock.now());
                seen.unread.push(format!("the rulesets of its default branch were not shown: {why}"));
            }
        }
    }

    /// Who may bypass the rulesets that require our check, and who is on call.
    async fn way_round(&self, look: Look<'_>, rulesets: &BTreeSet<u64>, seen: &mut RepositorySeen) {
        for id in rulesets {
            let found = self.read_here::<Ruleset>(look, Scope::Read, &format!("/rulesets/{id}")).await;
            let Ok(Ruleset { name, bypass_actors }) = found else { continue };
            let teams = bypass_actors.map(|actors| {
                actors.into_iter().filter(|it| it.actor_type == "Team").filter_map(|it| it.actor_id).collect()
            });
            seen.rulesets.push(RulesetSeen { name, bypassing: teams });
        }
        if seen.rulesets.iter().all(|ruleset| ruleset.bypassing.is_none()) {
            let names = seen.policy.iter().flat_map(|policy| policy.role("break-glass"));
            seen.on_call.extend(
                names.filter_map(team).map(|(organisation, slug)| (format!("{organisation}/{slug}"), None)),
            );
            return;
        }
        let teams: Vec<(String, String)> =
            seen.policy.iter().flat_map(|policy| policy.role("break-glass")).filter_map(team).collect();
        for (organisation, slug) in teams {
            let access = Access { installation: look.installation.id, repo: None, scope: Scope::Read };
            let call = Call { access, cost: Cost::Read, lane: Lane::Rest };
            let request = Request::get(format!("/orgs/{}/teams/{}", encoded(&organisation), encoded(&slug)));
            let found = self.ask(call, &request).await.and_then(|answer| parse::<Team>(&answer.body));
            seen.on_call.push((format!("{organisation}/{slug}"), found.ok().map(|team| team.id)));
        }
    }

    async fn protection(&self, look: Look<'_>, seen: &mut RepositorySeen) {
        let rest = format!("/branches/{}/protection", encoded(&seen.branch));
        let protection: Protection = match self.read_here(look, Scope::Rules, &rest).await {
            Ok(found) => found,
            Err(Trouble::NotFound) => return,
            Err(Trouble::Forbidden(_)) => {
                let why = "how its default branch is protected by itself is not shown to the App, which lacks Administration: read";
                return seen.unread.push(why.into());
            }
            Err(trouble) => {
                let why = trouble.sentence(self.clock.now());
                return seen.unread.push(format!("how its default branch is protected was not said: {why}"));
            }
        };
        let checks = protection.required_status_checks.into_iter().flat_map(|it| it.checks);
        let checks = checks.map(|it| RequiredCheck {
            name: it.context,
            app: it.app_id.and_then(|app| u64::try_from(app).ok()),
        });
        let before = seen.required.len();
        seen.required.extend(checks);
        let is_bound = protection.enforce_admins.is_some_and(|enforced| enforced.enabled);
        seen.administrators_merge = seen.required.len() > before && !is_bound;
    }

    async fn ruled_environments(&self, look: Look<'_>, seen: &mut RepositorySeen) {
        let (place, repo) = (look.place(), look.repository.id);
        let names = match self.environments(&place, repo).await {
            Ok(names) => names,
            Err(Failure::Later { why, .. } | Failure::Refused { why }) => {
                return seen.unread.push(format!("its environments were not shown to the App: {why}"));
            }
        };
        let is_ruled = |name: &String| {
            let mut parts = seen.policy.iter().flat_map(EffectivePolicy::parts);
            parts.any(|part| part.environment_of(name).is_some())
        };
        let ruled: BTreeSet<String> = names.into_iter().filter(is_ruled).collect();
        let asked: Vec<Question> =
            ruled.into_iter().map(|name| Question::EnvironmentRules(repo, name)).collect();
        for (question, fact) in self.answer(&place, &asked).await {
            let Question::EnvironmentRules(_, name) = question else { continue };
            match fact {
                Fact::Known(Answer::EnvironmentRules(reading), _) => {
                    seen.environments.extend(reading.map(|it| *it));
                }
                Fact::Known(..) => {}
                Fact::Unknown(why) => seen.unread.push(format!("how environment `{name}` is guarded: {why}")),
            }
        }
    }
}

fn team(who: &Who) -> Option<(String, String)> {
    match who {
        Who::Team { organisation, slug } => Some((organisation.clone(), slug.clone())),
        Who::Login(_) => None,
    }
}

impl Look<'_> {
    fn place(&self) -> Place {
        Place {
            tenant: TenantId::new(self.host, self.installation.account.id),
            installation: Some(self.installation.id),
            names: [(self.repository.id, self.repository.name.clone())].into(),
        }
    }
}
