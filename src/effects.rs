//! Performs one stored effect after another; chooses nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::SignedDuration;

use crate::{
    clock::Clock,
    domain::ids::{RepoId, TenantId},
    github::{Failure, GitHub, Place},
    place,
    store::{EffectClaim, EffectOutcome, Store, StoreError},
    worker::Worked,
};

/// How many effects one step takes.
const BATCH: usize = 32;
/// How long after it was found away the App is looked for again; that costs GitHub nothing.
const AWAY: SignedDuration = SignedDuration::from_mins(5);

/// Tells GitHub what was decided.
#[derive(Debug, Clone)]
pub struct Performer {
    pub store: Store,
    pub github: Arc<GitHub>,
    pub clock: Clock,
}

impl Performer {
    /// Performs the effects that are due, the most urgent lane first. GitHub wants one writer per installation: the
    /// effects of one tenant go one by one.
    ///
    /// # Errors
    /// When the store fails; an effect that was sent is then found by its mark and not made twice.
    pub async fn perform_batch(&self) -> Result<Worked, StoreError> {
        let claims = self.store.claim_effects(BATCH, self.clock.now()).await?;
        let count = claims.len();
        let mut by_tenant: BTreeMap<TenantId, Vec<EffectClaim>> = BTreeMap::new();
        for claim in claims {
            by_tenant.entry(claim.tenant.clone()).or_default().push(claim);
        }
        for (tenant, claims) in by_tenant {
            let repositories: BTreeSet<RepoId> =
                claims.iter().map(|claim| claim.effect.call.repo()).collect();
            let place = place::find(&self.store, &tenant, repositories.into_iter()).await?;
            for claim in claims {
                let outcome = self.perform(&place, &claim).await;
                self.store.settle_effects(vec![(claim, outcome)], self.clock.now()).await?;
            }
        }
        Ok(count.into())
    }

    /// What is owed while the App is suspended or not installed waits until it is back.
    async fn perform(&self, place: &Place, claim: &EffectClaim) -> EffectOutcome {
        if place.installation.is_none() {
            let why = "the App is not installed on this account, or suspended".into();
            return EffectOutcome::Retry { at: self.clock.now() + AWAY, why };
        }
        match self.github.perform(place, &claim.effect, claim.remote.as_deref(), claim.attempts).await {
            Ok(done) => EffectOutcome::Sent { remote: done.remote },
            Err(Failure::Later { at, why }) => {
                tracing::info!(effect = claim.effect.key, %at, why, "an effect waits");
                EffectOutcome::Retry { at, why }
            }
            Err(Failure::Refused { why }) => {
                tracing::warn!(effect = claim.effect.key, why, "GitHub refused an effect");
                EffectOutcome::Refused { why }
            }
        }
    }
}
