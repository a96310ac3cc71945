//! Publishes the plan: draws it, and where it is another than the one that was published last, tells the account. What is told is a
//! delivery like everything else; nothing is decided here.

use jiff::Timestamp;

use crate::{
    clock::Clock,
    domain::{
        account::Account,
        ids::{SubjectId, TenantId},
        subject::State,
    },
    place,
    planner::{self, Planner, issue},
    store::{KeepError, NewDelivery, Packed, Store, StoreError},
    worker::Worked,
};

/// Draws for every account whose policy says where.
#[derive(Debug, Clone)]
pub struct Publisher {
    pub store: Store,
    pub clock: Clock,
}

/// Why it was not told; it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl Publisher {
    /// One round.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn publish(&self) -> Result<Worked, PublishError> {
        for tenant in planner::owners(&self.store).await?.into_keys() {
            self.publish_for(&tenant, self.clock.now()).await?;
        }
        Ok(Worked::Idle)
    }

    async fn publish_for(&self, tenant: &TenantId, now: Timestamp) -> Result<(), PublishError> {
        let planner = Planner::of(&self.store, tenant, now).await?;
        let Some(home) = planner.publishes_in() else { return Ok(()) };
        let drawn = issue::drawn(&planner.plan().await?);
        let states = self.store.states(tenant, &[SubjectId::Account]).await?;
        let account = states.values().find_map(State::as_account);
        let known = account.and_then(|account| account.plan.as_ref());
        // The minutes of a meeting that is over say what has changed: they wait to hear that nothing has, too.
        let is_awaited = account.is_some_and(Account::waits_for_the_plan);
        let is_known = !is_awaited
            && known.is_some_and(|known| {
                known.home == home && known.text == drawn.text && known.places == drawn.places
            });
        let here = place::whereabouts(&self.store, tenant, home).await?;
        let (Some(here), false) = (here, is_known) else { return Ok(()) };
        let (event, body) = here.plan_drawn(&drawn);
        let body = Packed::of(&body).map_err(|error| KeepError::Busy(error.to_string()))?;
        let id = format!("{tenant}-plan-{}", now.as_microsecond());
        let (host, event) = (tenant.host().to_owned(), event.to_owned());
        self.store.keep(NewDelivery { id, event, host, received_at: now, body }).await?;
        Ok(())
    }
}
