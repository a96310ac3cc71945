//! Where a tenant is reached on GitHub: its installation, and what its repositories are called now.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::ids::{RepoId, SubjectId, TenantId},
    github::Place,
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
