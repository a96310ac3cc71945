//! How an environment is guarded: by our rule, by GitHub's own reviewers, by waiting.

use serde::Deserialize;

use super::{Facts, Reader};
use crate::{
    domain::{
        facts::{Answer, EnvironmentReading},
        ids::RepoId,
    },
    github::{auth::Scope, client::encoded, payload::Reviewer, trouble::Trouble},
};

#[derive(Deserialize)]
struct Environment {
    name: String,
    protection_rules: Option<Vec<Native>>,
    /// GitHub tells it, and its description does not.
    can_admins_bypass: Option<bool>,
}

/// One of GitHub's own rules; which of them says which parts it has.
#[derive(Deserialize)]
struct Native {
    wait_timer: Option<u64>,
    reviewers: Option<Vec<Reviewer>>,
    prevent_self_review: Option<bool>,
}

#[derive(Deserialize)]
struct Custom {
    custom_deployment_protection_rules: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
struct Rule {
    enabled: bool,
    app: App,
}

#[derive(Deserialize)]
struct App {
    id: u64,
}

impl Reader<'_> {
    /// How an environment is guarded; `None`: there is none of this name.
    pub(super) async fn environment(&self, repo: RepoId, name: &str) -> Facts {
        let as_of = self.github.clock.now();
        let read = self.both_kinds_of_rules(repo, name).await;
        self.fact(read.map(|found| Answer::EnvironmentRules(found.map(Box::new))), as_of)
    }

    async fn both_kinds_of_rules(
        &self,
        repo: RepoId,
        name: &str,
    ) -> Result<Option<EnvironmentReading>, Trouble> {
        let rest = format!("/environments/{}", encoded(name));
        let Some(environment) = self.find::<Environment>(Scope::Runs, repo, &rest).await? else {
            return Ok(None);
        };
        let custom: Custom =
            self.fetch(Scope::Runs, repo, &format!("{rest}/deployment_protection_rules")).await?;
        let custom = custom.custom_deployment_protection_rules.unwrap_or_default();
        let app = self.github.keys.app_id;
        Ok(Some(environment.reading(custom.iter().any(|rule| rule.enabled && rule.app.id == app))))
    }
}

impl Environment {
    fn reading(self, guarded: bool) -> EnvironmentReading {
        let mut reading = EnvironmentReading {
            name: self.name,
            guarded,
            admins_may_bypass: self.can_admins_bypass,
            reviewers: vec![],
            wait_timer: 0,
            prevents_self_review: false,
        };
        for Native { wait_timer, reviewers, prevent_self_review } in
            self.protection_rules.into_iter().flatten()
        {
            reading.wait_timer = reading.wait_timer.max(wait_timer.unwrap_or_default());
            reading.prevents_self_review |= prevent_self_review == Some(true);
            let reviewers = reviewers.into_iter().flatten();
            reading.reviewers.extend(reviewers.filter_map(Reviewer::reviewer));
        }
        reading
    }
}
