//! Which issuers policies name, and for which repositories: looked up at most every ten seconds.
//!
//! That decides whom we ask for keys. Whether a token may ask is judged by the policy of that moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::{
        ids::{RepoId, RepoName, SubjectKind, TenantId},
        policy::{IssuerRule, Policy, PolicyText, Scope},
        repository::RepositoryView,
    },
    store::{Store, StoreError},
};

/// For how long what was looked up counts.
const FRESH: SignedDuration = SignedDuration::from_secs(10);

/// One rule, and the repository that it means.
#[derive(Debug, Clone)]
pub(super) struct NamedRule {
    pub(super) tenant: TenantId,
    pub(super) repository: RepoId,
    pub(super) rule: IssuerRule,
}

/// What was looked up, and when.
#[derive(Debug, Default)]
pub(super) struct Named {
    found: tokio::sync::Mutex<Option<(Timestamp, Arc<[NamedRule]>)>>,
}

impl Named {
    /// The rules of all policies.
    pub(super) async fn rules(&self, store: &Store, now: Timestamp) -> Result<Arc<[NamedRule]>, StoreError> {
        let mut found = self.found.lock().await;
        if let Some((at, rules)) = found.as_ref() {
            let since = now.duration_since(*at);
            if !since.is_negative() && since < FRESH {
                return Ok(Arc::clone(rules));
            }
        }
        let views = store.subjects_of_kind(SubjectKind::Repository, None).await?;
        let mut of_tenants: BTreeMap<TenantId, Vec<RepositoryView>> = BTreeMap::new();
        for (tenant, _, view) in views {
            let here = view.as_repository().filter(|repository| !repository.gone).cloned();
            of_tenants.entry(tenant).or_default().extend(here);
        }
        let rules = of_tenants.iter().flat_map(|(tenant, repositories)| rules_of(tenant, repositories));
        let rules: Arc<[NamedRule]> = rules.collect();
        *found = Some((now, Arc::clone(&rules)));
        Ok(rules)
    }
}

/// The rules of one tenant: a repository's own policy speaks where its organisation has none, and for itself alone.
fn rules_of(tenant: &TenantId, repositories: &[RepositoryView]) -> Vec<NamedRule> {
    let ids: BTreeMap<&RepoName, RepoId> = repositories.iter().map(|it| (&it.name, it.id)).collect();
    let is_shared = |repository: &RepositoryView| repository.name.name() == ".github";
    let shared = repositories.iter().filter(|repository| is_shared(repository));
    let shared: Vec<(&RepositoryView, Arc<Policy>)> = shared
        .filter_map(|repository| {
            Some((repository, repository.policy.as_ref()?.in_force(Scope::Organisation)?))
        })
        .collect();
    let owners: BTreeSet<String> =
        shared.iter().map(|(repository, _)| repository.name.owner().to_ascii_lowercase()).collect();
    let mut rules = vec![];
    for (repository, policy) in &shared {
        let mine = policy.pipelines().issuers.iter();
        rules.extend(mine.filter(|rule| is_of_owner(rule, &repository.name)).cloned());
    }
    for repository in repositories.iter().filter(|repository| !is_shared(repository)) {
        if owners.contains(&repository.name.owner().to_ascii_lowercase()) {
            continue;
        }
        let policy = repository.policy.as_ref().filter(|text| may_name_issuers(text));
        let Some(policy) = policy.and_then(|text| text.in_force(Scope::Alone)) else { continue };
        let mine = policy.pipelines().issuers.iter();
        rules.extend(mine.filter(|rule| rule.repository == repository.name).cloned());
    }
    let named = |rule: IssuerRule| {
        let repository = *ids.get(&rule.repository)?;
        Some(NamedRule { tenant: tenant.clone(), repository, rule })
    };
    rules.into_iter().filter_map(named).collect()
}

fn is_of_owner(rule: &IssuerRule, shared: &RepoName) -> bool {
    rule.repository.owner().eq_ignore_ascii_case(shared.owner())
}

/// Most policies name none and need not be read.
fn may_name_issuers(text: &PolicyText) -> bool {
    text.as_str().contains("issuers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AccountId;

    fn repository(id: u64, name: &str, policy: Option<&str>) -> RepositoryView {
        RepositoryView {
            id: RepoId(id),
            name: name.parse().unwrap(),
            default_branch: None,
            gone: false,
            policy: policy.map(PolicyText::from),
            relabelled: BTreeMap::new(),
            failed: BTreeMap::new(),
            ruled_from: None,
            adopted: BTreeMap::new(),
        }
    }

    fn naming(repositories: &[&str]) -> String {
        let rule = |name: &&str| {
            format!(
                "    - {{ issuer: \"https://ci.example.com\", repository: {name}, when: {{ job: x }} }}\n"
            )
        };
        format!("pipelines:\n  issuers:\n{}", repositories.iter().map(rule).collect::<String>())
    }

    fn named(repositories: &[RepositoryView]) -> Vec<(u64, String)> {
        let rules = rules_of(&TenantId::new("github.com", AccountId(1)), repositories);
        rules.into_iter().map(|named| (named.repository.0, named.rule.repository.to_string())).collect()
    }

    #[test]
    fn an_organisation_speaks_for_its_repositories_and_a_repository_alone_for_itself() {
        let text = naming(&["acme/web", "acme/gone", "evil/web", "Acme/Billing"]);
        let all = |shared: Option<&str>| {
            [
                repository(1, "acme/.github", shared),
                repository(2, "acme/web", Some(&naming(&["acme/web", "acme/billing"]))),
                repository(3, "acme/billing", None),
                repository(4, "evil/web", None),
            ]
        };
        assert_eq!(named(&all(Some(&text))), [(2, "acme/web".into()), (3, "acme/billing".into())]);
        assert_eq!(named(&all(None)), [(2, "acme/web".into())]);
        assert_eq!(named(&all(Some("mode: nonsense"))), [(2, "acme/web".into())]);
    }
}
