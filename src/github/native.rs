//! GitHub's own rules: what it asks of whoever merges into the default branch of a repository and deploys to its environments.

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    GitHub, Place,
    access::{Call, parse},
    auth::{Access, Scope},
    budget::Cost,
    client::{Request, encoded},
    trouble::Trouble,
    write::Failure,
};
use crate::domain::{
    effect::Lane,
    facts::{Answer, EnvironmentReading, Fact, Question},
    ids::{AccountId, InstallationId, RepoId, RepoName, TenantId},
    native::{Bypass, Native, Reviews},
};

#[derive(Deserialize)]
struct Installation {
    id: u64,
    account: Option<Numbered>,
}

#[derive(Deserialize)]
struct Numbered {
    id: u64,
}

#[derive(Deserialize)]
struct Repository {
    id: u64,
    full_name: RepoName,
    default_branch: String,
}

/// A rule of a ruleset that is in force for a branch.
#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    parameters: Option<Parameters>,
    ruleset_id: Option<u64>,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    required_approving_review_count: u64,
    #[serde(default)]
    require_code_owner_review: bool,
}

#[derive(Deserialize)]
struct Ruleset {
    name: String,
}

#[derive(Deserialize)]
struct Protection {
    required_pull_request_reviews: Option<Required>,
    enforce_admins: Option<Enabled>,
}

#[derive(Deserialize)]
struct Required {
    required_approving_review_count: Option<u64>,
    #[serde(default)]
    require_code_owner_reviews: bool,
    bypass_pull_request_allowances: Option<Allowances>,
}

#[derive(Deserialize)]
struct Allowances {
    users: Option<Vec<User>>,
    teams: Option<Vec<Team>>,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct Team {
    slug: String,
}

#[derive(Deserialize)]
struct Enabled {
    enabled: bool,
}

/// A repository, and through which installation it is read.
struct Here<'a> {
    github: &'a GitHub,
    installation: InstallationId,
    repo: RepoId,
    base: String,
}

impl GitHub {
    /// What GitHub asks of whoever merges and deploys in this repository; of its environments those that are `wanted`.
    ///
    /// # Errors
    /// When GitHub does not say where the repository is, or what rules its default branch.
    pub async fn native(
        &self,
        host: &str,
        name: &RepoName,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Native, Failure> {
        let read = self.read_native(host, name, wanted).await;
        read.map_err(|trouble| self.outcome(&trouble))
    }

    async fn read_native(
        &self,
        host: &str,
        name: &RepoName,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Native, Trouble> {
        let base = format!("/repos/{}/{}", name.owner(), name.name());
        let found = self.ask_as_app(&Request::get(format!("{base}/installation"))).await;
        if matches!(found, Err(Trouble::NotFound)) {
            return Err(Trouble::NotInstalled(format!(
                "the App is not installed on {name}, or there is none"
            )));
        }
        let found = found?;
        let Installation { id, account } = parse(&found.body)?;
        let installation = InstallationId(id);
        let account = AccountId(account.map_or(0, |account| account.id));
        let access = Access { installation, repo: None, scope: Scope::Read };
        let call = Call { access, cost: Cost::Read, lane: Lane::Rest };
        let Repository { id, full_name, default_branch: branch } =
            parse(&self.ask(call, &Request::get(base)).await?.body)?;
        let base = format!("/repos/{}/{}", full_name.owner(), full_name.name());
        let here = Here { github: self, installation, repo: RepoId(id), base };
        let (mut reviews, mut unread) = (here.rulesets(&branch).await?, vec![]);
        match here.protection(&branch).await {
            Ok(found) => reviews.extend(found),
            Err(why) => unread.push(why),
        }
        let tenant = TenantId::new(host, account);
        let names = [(here.repo, full_name.clone())].into();
        let place = Place { tenant, installation: Some(installation), names };
        let environments = match self.environments(&place, here.repo).await {
            Ok(names) => {
                here.environments(&place, names.into_iter().filter(|name| wanted(name)), &mut unread).await
            }
            Err(Failure::Later { why, .. } | Failure::Refused { why }) => {
                unread.push(format!("its environments were not shown to the App: {why}"));
                vec![]
            }
        };
        Ok(Native { repository: full_name, branch, reviews, environments, unread })
    }
}

impl Here<'_> {
    async fn read<T: DeserializeOwned>(&self, scope: Scope, rest: &str) -> Result<T, Trouble> {
        let access = Access { installation: self.installation, repo: Some(self.repo), scope };
        let call = Call { access, cost: Cost::Read, lane: Lane::Rest };
        let request = Request::get(format!("{}{rest}", self.base));
        parse(&self.github.ask(call, &request).await?.body)
    }

    /// Who may bypass a ruleset is shown only to whoever may change it.
    async fn rulesets(&self, branch: &str) -> Result<Vec<Reviews>, Trouble> {
        let rules: Vec<Rule> =
            self.read(Scope::Read, &format!("/rules/branches/{}?per_page=100", encoded(branch))).await?;
        let mut found = vec![];
        for Rule { kind, parameters, ruleset_id } in rules {
            let Some(parameters) = parameters.filter(|_| kind == "pull_request") else { continue };
            found.push(Reviews {
                ruleset: Some(self.ruleset(ruleset_id).await),
                approvals: parameters.required_approving_review_count,
                code_owners: parameters.require_code_owner_review,
                bypass: Bypass::NotShown,
            });
        }
        Ok(found)
    }

    async fn ruleset(&self, id: Option<u64>) -> String {
        let Some(id) = id else { return "without a name".into() };
        let named: Result<Ruleset, _> = self.read(Scope::Read, &format!("/rulesets/{id}")).await;
        named.map_or_else(|_| id.to_string(), |ruleset| ruleset.name)
    }

    /// The branch's own protection; an error says why it is not known.
    async fn protection(&self, branch: &str) -> Result<Option<Reviews>, String> {
        let rest = format!("/branches/{}/protection", encoded(branch));
        let protection: Protection = match self.read(Scope::Rules, &rest).await {
            Ok(found) => found,
            Err(Trouble::NotFound) => return Ok(None),
            Err(Trouble::Forbidden(_)) => {
                return Err(format!(
                    "whether the protection of branch `{branch}` asks for reviews is not shown to the App: it lacks the permission Administration: read"
                ));
            }
            Err(trouble) => {
                let why = trouble.sentence(self.github.clock.now());
                return Err(format!(
                    "whether the protection of branch `{branch}` asks for reviews was not said: {why}"
                ));
            }
        };
        let Some(required) = protection.required_pull_request_reviews else { return Ok(None) };
        let (users, teams) = match required.bypass_pull_request_allowances {
            Some(Allowances { users, teams }) => (users.unwrap_or_default(), teams.unwrap_or_default()),
            None => (vec![], vec![]),
        };
        let users = users.into_iter().map(|user| user.login);
        let people = users.chain(teams.into_iter().map(|team| format!("team {}", team.slug))).collect();
        let administrators = protection.enforce_admins.is_none_or(|enforced| !enforced.enabled);
        Ok(Some(Reviews {
            ruleset: None,
            approvals: required.required_approving_review_count.unwrap_or(0),
            code_owners: required.require_code_owner_reviews,
            bypass: Bypass::These { people, administrators },
        }))
    }

    async fn environments(
        &self,
        place: &Place,
        names: impl Iterator<Item = String>,
        unread: &mut Vec<String>,
    ) -> Vec<EnvironmentReading> {
        let asked: Vec<Question> = names.map(|name| Question::EnvironmentRules(self.repo, name)).collect();
        let mut found = vec![];
        for (question, fact) in self.github.answer(place, &asked).await {
            let Question::EnvironmentRules(_, name) = question else { continue };
            match fact {
                Fact::Known(Answer::EnvironmentRules(reading), _) => found.extend(reading.map(|it| *it)),
                Fact::Known(..) => {}
                Fact::Unknown(why) => unread.push(format!("how environment `{name}` is guarded: {why}")),
            }
        }
        found
    }
}
