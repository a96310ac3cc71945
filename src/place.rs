//! Where a tenant is reached on GitHub: its installation, and what its repositories are called now.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        ids::{RepoId, SubjectId, TenantId},
        subject::View,
    },
    github::{Place, payload::Whereabouts},
    store::{Store, StoreError},
};

/// The place of a tenant, with the names of these repositories as far as they are known.
///
/// # Errors
/// When the store fails.
pub async fn find(
    store: &Store,
    tenant: &TenantId,
    repositories: impl Iterator<Item = RepoId>,
) -> Result<Place, StoreError> {
    let asked: BTreeSet<SubjectId> =
        repositories.map(SubjectId::Repository).chain([SubjectId::Account]).collect();
    let asked: Vec<_> = asked.into_iter().map(|subject| (tenant.clone(), subject)).collect();
    let mut place = Place { tenant: tenant.clone(), installation: None, names: BTreeMap::new() };
    for ((_, subject), view) in &store.views(&asked).await? {
        if let Some(account) = view.as_account() {
            place.installation = account.installation.filter(|_| !account.suspended);
        } else if let (Some(repo), Some(repository)) = (subject.repo(), view.as_repository()) {
            place.names.insert(repo, repository.name.clone());
        }
    }
    Ok(place)
}

/// What a delivery of our own about a repository begins with. `None`: the App is not installed there, or suspended, or the
/// repository is not known.
///
/// # Errors
/// When the store fails.
pub async fn whereabouts(
    store: &Store,
    tenant: &TenantId,
    repo: RepoId,
) -> Result<Option<Whereabouts>, StoreError> {
    let place = find(store, tenant, std::iter::once(repo)).await?;
    at(store, &place, repo).await
}

/// The same, of a place that is known.
///
/// # Errors
/// When the store fails.
pub async fn at(store: &Store, place: &Place, repo: RepoId) -> Result<Option<Whereabouts>, StoreError> {
    let account = (place.tenant.clone(), SubjectId::Account);
    let known = store.views(std::slice::from_ref(&account)).await?;
    let account = known.get(&account).and_then(View::as_account).and_then(|account| account.seen.clone());
    let name = place.names.get(&repo).cloned();
    Ok(account.zip(place.installation).zip(name).map(|((account, installation), name)| Whereabouts {
        account,
        installation,
        repo,
        name,
    }))
}
