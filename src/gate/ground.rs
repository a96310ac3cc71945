//! What must be known of a repository before anything is asked about it: read for all who ask at once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{
    clock::Clock,
    domain::{
        facts::{Fact, Facts, Inquiry},
        ids::{RepoId, SubjectId, TenantId},
        policy::EffectivePolicy,
        repository::RepositoryView,
        subject::View,
    },
    github::payload::Whereabouts,
    store::{Store, StoreError},
    together::Together,
};

/// What is known of a repository that is there.
#[derive(Debug)]
pub struct Ground {
    pub view: RepositoryView,
    /// The policy that counts there.
    pub policy: Option<EffectivePolicy>,
    /// What a delivery of our own begins with; `None`: the App is not installed there, or suspended.
    pub here: Option<Whereabouts>,
}

type Place = (TenantId, RepoId);

/// Knows what the store knows now. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Grounds {
    store: Store,
    clock: Clock,
    together: Arc<Together<Place, Arc<Ground>>>,
}

impl Grounds {
    /// Over this store.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, together: Arc::default() }
    }

    /// `None`: there is no such repository, as far as is known.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn of(&self, tenant: &TenantId, repo: RepoId) -> Result<Option<Arc<Ground>>, StoreError> {
        self.together.ask(&(tenant.clone(), repo), |places| self.read(places)).await
    }

    async fn read(&self, places: Vec<Place>) -> Result<HashMap<Place, Arc<Ground>>, StoreError> {
        let mut by_tenant: BTreeMap<TenantId, Vec<RepoId>> = BTreeMap::new();
        for (tenant, repo) in places {
            by_tenant.entry(tenant).or_default().push(repo);
        }
        let mut found = HashMap::new();
        for (tenant, repos) in by_tenant {
            for (repo, ground) in self.read_of(&tenant, &repos).await? {
                found.insert((tenant.clone(), repo), Arc::new(ground));
            }
        }
        Ok(found)
    }

    async fn read_of(
        &self,
        tenant: &TenantId,
        repos: &[RepoId],
    ) -> Result<Vec<(RepoId, Ground)>, StoreError> {
        let mut facts = Facts::default();
        loop {
            let mut inquiry = Inquiry::new(&facts);
            let account = inquiry.view(SubjectId::Account).flatten();
            let grounds = repos.iter().map(|repo| (*repo, ground(*repo, account, &mut inquiry)));
            let grounds: Vec<(RepoId, Option<Ground>)> = grounds.collect();
            let missing = inquiry.into_missing();
            if missing.is_empty() {
                return Ok(grounds.into_iter().filter_map(|(repo, ground)| Some((repo, ground?))).collect());
            }
            let now = self.clock.now();
            for found in self.store.answer(tenant, &missing).await? {
                facts.insert(found.question, Fact::Known(found.answer, now));
            }
        }
    }
}

fn ground(repo: RepoId, account: Option<&View>, inquiry: &mut Inquiry<'_>) -> Option<Ground> {
    let (view, policy) = (inquiry.repository(repo), inquiry.policy(repo));
    let view = view.flatten().filter(|view| !view.gone)?.clone();
    let account = account.and_then(View::as_account).filter(|account| !account.suspended);
    let here = account.and_then(|account| {
        let (account, installation) = (account.seen.clone()?, account.installation?);
        Some(Whereabouts { account, installation, repo, name: view.name.clone() })
    });
    Some(Ground { view, policy: policy.flatten(), here })
}
