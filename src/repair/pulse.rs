//! Whoever comes back knows for how long nobody was here, and tells each account.

use jiff::SignedDuration;

use super::{Repair, RepairError};
use crate::{
    domain::{
        event::Gap,
        ids::{SubjectKind, TenantId},
        subject::View,
    },
    place,
    store::{KeepError, NewDelivery, Packed},
    worker::Worked,
};

/// A restart takes less.
const LONGEST: SignedDuration = SignedDuration::from_mins(5);

impl Repair {
    /// Says that somebody is here, and tells the accounts where nobody was for long.
    ///
    /// # Errors
    /// When the store fails; what was not told is told the next time.
    pub async fn beat(&self) -> Result<Worked, RepairError> {
        self.store.beat(self.clock.now(), LONGEST).await?;
        for gap in self.store.gaps().await? {
            tracing::warn!(from = %gap.from, to = %gap.to, "no server was here");
            for (tenant, _, view) in self.store.subjects_of_kind(SubjectKind::Account, None).await? {
                self.tell_of(gap, &tenant, &view).await?;
            }
            self.store.told_of(gap).await?;
        }
        Ok(Worked::Idle)
    }

    /// Where the App is not installed any more there is nothing to tell.
    async fn tell_of(&self, gap: Gap, tenant: &TenantId, view: &View) -> Result<(), RepairError> {
        let repositories =
            view.as_account().map(|account| account.repositories.as_slice()).unwrap_or_default();
        for named in repositories {
            let Some(here) = place::whereabouts(&self.store, tenant, named.id).await? else { continue };
            let (event, body) = here.away(gap);
            let body = Packed::of(&body).map_err(|error| KeepError::Busy(error.to_string()))?;
            let id = format!("{tenant}-away-{}", gap.from.as_microsecond());
            let (host, received_at) = (tenant.host().to_owned(), self.clock.now());
            self.store.keep(NewDelivery { id, event: event.into(), host, received_at, body }).await?;
            return Ok(());
        }
        Ok(())
    }
}
