//! Sweeps: what is known of each tenant is compared with what GitHub lists, a page at a time, and what differs is written
//! down as deliveries: the subjects then read GitHub themselves.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::{
        account::Account,
        ids::{RepoId, SubjectId, SubjectKind, TenantId},
        subject::View,
        sweep::{List, Spot, Sweep},
    },
    github::payload::Whereabouts,
    place,
    store::{StoreError, Swept},
    worker::Worked,
};

use super::{Repair, RepairError, page::Page};

/// For how long a page is held: two of its requests may be repeated once.
const HOLD: SignedDuration = SignedDuration::from_secs(90);
/// Tenants that are swept at a time.
const AT_ONCE: usize = 4;
/// How long a sweep rests when GitHub refuses without saying until when.
const REST: SignedDuration = SignedDuration::from_mins(5);
/// It never comes back at once to what it was sent away from.
const SOON: SignedDuration = SignedDuration::from_secs(1);
/// After so many pages it is said how far a sweep has come.
const SAY_AFTER: u64 = 25;

impl Repair {
    /// Begins, or goes on with, a few sweeps that are due. Tenants do not wait for each other.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep_batch(&self) -> Result<Worked, RepairError> {
        let (now, busy) = (self.clock.now(), self.beside.busy());
        let sweeps = self.store.sweeps().await?;
        let mut due = vec![];
        for (tenant, _, view) in self.store.subjects_of_kind(SubjectKind::Account, None).await? {
            let Some(account) = view.as_account().filter(|it| it.installation.is_some() && !it.suspended)
            else {
                continue;
            };
            let swept = sweeps.get(&tenant).cloned();
            let next_at = swept.as_ref().map_or(Timestamp::MIN, |swept| swept.next_at);
            if next_at <= now && !busy.contains(tenant.as_str()) {
                due.push((next_at, tenant, account.clone(), swept));
            }
        }
        due.sort_by_key(|(next_at, ..)| *next_at);
        let room = AT_ONCE.saturating_sub(busy.len());
        let begun = due.len().min(room);
        for (_, tenant, account, swept) in due.into_iter().take(room) {
            let (repair, whom) = (self.clone(), tenant.to_string());
            self.beside.begin(&whom, None, async move { repair.sweep(&tenant, &account, swept).await });
        }
        Ok(begun.into())
    }

    /// Page after page of one tenant's sweep, until it is over or must wait. After each page it is written down where it
    /// stands.
    async fn sweep(
        &self,
        tenant: &TenantId,
        account: &Account,
        mut was: Option<Swept>,
    ) -> Result<(), RepairError> {
        loop {
            let (now, until) = (self.clock.now(), self.clock.now() + HOLD);
            if !self.store.take_sweep(tenant, was.as_ref(), until).await? {
                return Ok(());
            }
            let mut sweep = match was {
                Some(Swept { sweep, .. }) if sweep.goes_on() => sweep,
                Some(Swept { sweep, .. }) => sweep.next(now),
                None => Sweep::default().next(now),
            };
            let (next_at, failed) = match self.go_on(tenant, account, &mut sweep).await {
                Ok(()) => (sweep.goes_on_at(now), None),
                Err(RepairError::Later(at)) => (at.max(now + SOON), None),
                Err(error) => (now + REST, Some(error)),
            };
            say(tenant, &sweep, next_at);
            let swept = Swept { next_at, sweep };
            self.store.keep_sweep(tenant, until, &swept).await?;
            match failed {
                Some(error) => return Err(error),
                None if next_at > now => return Ok(()),
                None => was = Some(swept),
            }
        }
    }

    async fn go_on(
        &self,
        tenant: &TenantId,
        account: &Account,
        sweep: &mut Sweep,
    ) -> Result<(), RepairError> {
        let now = self.clock.now();
        let (Some(seen), Some(installation)) = (&account.seen, account.installation) else {
            sweep.ended = Some(now);
            return Ok(());
        };
        let Some(spot) = self.spot(tenant, account, sweep).await? else {
            sweep.ended = Some(now);
            return Ok(());
        };
        let place = place::find(&self.store, tenant, [spot.repo].into_iter()).await?;
        let Some(name) = place.names.get(&spot.repo).cloned() else {
            sweep.leave(spot.repo);
            return Ok(());
        };
        let at = Whereabouts { account: seen.clone(), installation, repo: spot.repo, name };
        sweep.take_page(now).map_err(RepairError::Later)?;
        let page = Page { repair: self, tenant, place, at, now, since: sweep.looks_back_to() };
        match page.compare(spot.clone()).await {
            Ok((shown, next)) => page.take(sweep, spot, shown, next).await,
            // Gone, renamed, or closed to us since: its events say so, or the next list of repositories.
            Err(RepairError::GitHub(why)) => {
                tracing::warn!(%tenant, repository = %spot.repo, why, "a repository is left out of the sweep");
                sweep.leave(spot.repo);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Where the sweep is: in a list, or at the beginning of the next repository.
    async fn spot(
        &self,
        tenant: &TenantId,
        account: &Account,
        sweep: &Sweep,
    ) -> Result<Option<Spot>, StoreError> {
        if let Some(spot) = &sweep.at {
            return Ok(Some(spot.clone()));
        }
        let repositories: BTreeSet<RepoId> = account.repositories.iter().map(|named| named.id).collect();
        let left = repositories.into_iter().filter(|repo| Some(*repo) > sweep.after);
        for repo in left {
            let subject = (tenant.clone(), SubjectId::Repository(repo));
            let views = self.store.views(std::slice::from_ref(&subject)).await?;
            if views.get(&subject).and_then(View::as_repository).is_some_and(|repository| !repository.gone) {
                return Ok(Some(Spot::first(repo, List::Milestones)));
            }
        }
        Ok(None)
    }
}

/// Says how far a sweep has come, at times, and what it found, at its end.
fn say(tenant: &TenantId, sweep: &Sweep, next_at: Timestamp) {
    let Sweep { tally, began, ended, .. } = sweep;
    let (repositories, compared, repaired, pages) =
        (tally.repositories, tally.compared, tally.repaired, tally.pages);
    if ended.is_some() {
        tracing::info!(%tenant, %began, repositories, compared, repaired, pages, "a sweep is over");
    } else if pages % SAY_AFTER == 0 {
        tracing::info!(%tenant, %began, repositories, compared, repaired, pages, %next_at, "a sweep goes on");
    }
}
