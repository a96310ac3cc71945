//! Compares what is known of each tenant with what GitHub lists, a page at a time, and writes down what differs as
//! deliveries: the subjects then read GitHub themselves.
//!
//! What is known is read before GitHub is asked: what arrives meanwhile is newer than the list, and is not missed in it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::{
        account::Account,
        change_request::rules::Rules,
        event::IssueSnapshot,
        facts::{Fact, Facts, Inquiry},
        ids::{RepoId, SubjectId, SubjectKind, TenantId},
        subject::{State, View},
        sweep::{List, Spot, Sweep, is_other_issue, is_other_milestone, is_other_pull_request},
    },
    github::{Failure, Issues, Place, payload::Whereabouts},
    place,
    store::{NewDelivery, StoreError, Swept},
    worker::Worked,
};

use super::{Repair, RepairError};

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
/// Subjects in one delivery.
const AT_A_TIME: usize = 100;
/// Rounds of questions to the store.
const ROUNDS: usize = 8;

/// A page that is being compared.
struct Page<'a> {
    repair: &'a Repair,
    tenant: &'a TenantId,
    place: Place,
    at: Whereabouts,
    now: Timestamp,
}

/// What a page showed.
#[derive(Default)]
struct Shown {
    compared: usize,
    issues: Vec<u64>,
    pull_requests: Vec<u64>,
    /// Events and bodies.
    milestones: Vec<(&'static str, Vec<u8>)>,
}

impl Shown {
    const fn different(&self) -> usize {
        self.issues.len() + self.pull_requests.len() + self.milestones.len()
    }
}

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
            self.beside.begin(&whom, async move { repair.sweep(&tenant, &account, swept).await });
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
        let page = Page { repair: self, tenant, place, at, now };
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

impl Page<'_> {
    /// What GitHub shows on this page, and the place of the next one; `None`: the repository is compared.
    async fn compare(&self, spot: Spot) -> Result<(Shown, Option<Spot>), RepairError> {
        match spot.list {
            List::Milestones => self.milestones(spot).await,
            List::Issues => self.issues(spot).await,
        }
    }

    async fn milestones(&self, mut spot: Spot) -> Result<(Shown, Option<Spot>), RepairError> {
        let is_missed = |state: &State| {
            state.as_milestone().is_some_and(|milestone| milestone.should_be_listed(self.now))
        };
        if spot.page == 1 {
            spot.unlisted = self.known(SubjectKind::Milestone, spot.repo, is_missed).await?;
        }
        let (listed, is_last) =
            self.repair.github.milestones(&self.place, spot.repo, spot.page).await.map_err(later)?;
        let subject = |number| SubjectId::Milestone(spot.repo, number);
        let subjects: Vec<SubjectId> = listed.iter().map(|it| subject(it.number)).collect();
        let known = self.repair.store.states(self.tenant, &subjects).await?;
        let mut shown = Shown { compared: listed.len(), ..Shown::default() };
        for milestone in &listed {
            spot.unlisted.remove(&milestone.number);
            let known = known.get(&subject(milestone.number)).and_then(State::as_milestone);
            if known.is_none_or(|known| is_other_milestone(known, milestone)) {
                shown.milestones.push(self.at.milestone(milestone, false));
            }
        }
        if !is_last {
            return Ok((shown, Some(Spot { page: spot.page + 1, ..spot })));
        }
        for number in &spot.unlisted {
            self.miss_milestone(*number, &mut shown).await?;
        }
        Ok((shown, Some(Spot::first(spot.repo, List::Issues))))
    }

    /// A milestone that is not listed: GitHub is asked for it once more, for what is deleted stays deleted.
    async fn miss_milestone(&self, number: u64, shown: &mut Shown) -> Result<(), RepairError> {
        let subject = SubjectId::Milestone(self.at.repo, number);
        let known = self.repair.store.states(self.tenant, std::slice::from_ref(&subject)).await?;
        let Some(known) = known.get(&subject).and_then(State::as_milestone) else { return Ok(()) };
        let is_gone = self.repair.github.has_no_milestone(&self.place, self.at.repo, number).await;
        if is_gone.map_err(later)? {
            shown.milestones.push(self.at.milestone(&known.seen, true));
        }
        Ok(())
    }

    async fn issues(&self, mut spot: Spot) -> Result<(Shown, Option<Spot>), RepairError> {
        if spot.page == 1 {
            let issue = |it: &State| it.as_change_request().is_some_and(|it| it.should_be_listed());
            let pull = |it: &State| it.as_pull_request().is_some_and(|it| it.should_be_listed());
            spot.unlisted = self.known(SubjectKind::ChangeRequest, spot.repo, issue).await?;
            spot.unlisted_pulls = self.known(SubjectKind::PullRequest, spot.repo, pull).await?;
        }
        let listed =
            self.repair.github.open_issues(&self.place, spot.repo, spot.page).await.map_err(later)?;
        let mut shown = self.differing(&listed).await?;
        for issue in &listed.issues {
            spot.unlisted.remove(&issue.at.number);
        }
        for pull_request in &listed.pull_requests {
            spot.unlisted_pulls.remove(&pull_request.at.number);
        }
        if !listed.is_last {
            return Ok((shown, Some(Spot { page: spot.page + 1, ..spot })));
        }
        shown.compared += spot.unlisted.len() + spot.unlisted_pulls.len();
        shown.issues.extend(spot.unlisted);
        shown.pull_requests.extend(spot.unlisted_pulls);
        Ok((shown, None))
    }

    /// The listed ones that are other than we know, or that we should know.
    async fn differing(&self, listed: &Issues) -> Result<Shown, RepairError> {
        let issue = |it: &IssueSnapshot| SubjectId::ChangeRequest(it.at);
        let pull = |it: &IssueSnapshot| SubjectId::PullRequest(it.at);
        let subjects = listed.issues.iter().map(issue).chain(listed.pull_requests.iter().map(pull));
        let known = self.repair.store.states(self.tenant, &subjects.collect::<Vec<_>>()).await?;
        let rules = self.rules().await?;
        let mut shown =
            Shown { compared: listed.issues.len() + listed.pull_requests.len(), ..Shown::default() };
        for listed in &listed.issues {
            let known = known.get(&issue(listed)).and_then(State::as_change_request);
            if known.map_or_else(|| rules.takes_in(listed), |known| is_other_issue(known, listed)) {
                shown.issues.push(listed.at.number);
            }
        }
        for listed in &listed.pull_requests {
            let known = known.get(&pull(listed)).and_then(State::as_pull_request);
            if known.is_none_or(|known| is_other_pull_request(known, listed)) {
                shown.pull_requests.push(listed.at.number);
            }
        }
        Ok(shown)
    }

    async fn known(
        &self,
        kind: SubjectKind,
        repo: RepoId,
        wanted: impl Fn(&State) -> bool,
    ) -> Result<BTreeSet<u64>, StoreError> {
        Ok(self.repair.store.numbers(self.tenant, (kind, repo), wanted).await?.into_iter().collect())
    }

    /// What the policy in force takes in here.
    async fn rules(&self) -> Result<Rules, StoreError> {
        let mut facts = Facts::default();
        for _ in 0..ROUNDS {
            let mut inquiry = Inquiry::new(&facts);
            if let Some(policy) = inquiry.policy(self.at.repo) {
                return Ok(Rules::of(policy, Some(&self.at.name)));
            }
            let missing = inquiry.into_missing();
            for answered in self.repair.store.answer(self.tenant, &missing).await? {
                facts.insert(answered.question, Fact::Known(answered.answer, self.now));
            }
        }
        Ok(Rules::of(None, None))
    }

    /// Writes down what differs, and where the sweep stands.
    async fn take(
        &self,
        sweep: &mut Sweep,
        spot: Spot,
        shown: Shown,
        next: Option<Spot>,
    ) -> Result<(), RepairError> {
        sweep.note(shown.compared, shown.different());
        let subjects = shown.issues.iter().map(|number| (true, *number));
        let subjects: Vec<(bool, u64)> =
            subjects.chain(shown.pull_requests.iter().map(|number| (false, *number))).collect();
        let mut deliveries = shown.milestones;
        for some in subjects.chunks(AT_A_TIME) {
            let of = |wanted: bool| {
                some.iter().filter(|(is_issue, _)| *is_issue == wanted).map(|(_, number)| *number).collect()
            };
            let (issues, pull_requests): (Vec<u64>, Vec<u64>) = (of(true), of(false));
            tracing::info!(tenant = %self.tenant, repository = %self.at.name, ?issues, ?pull_requests,
                "GitHub lists these otherwise than they are known; they are read");
            deliveries.push(self.at.swept(&issues, &pull_requests));
        }
        for (n, (event, body)) in deliveries.into_iter().enumerate() {
            let list = if spot.list == List::Issues { "issues" } else { "milestones" };
            let (tenant, at) = (self.tenant.as_str(), self.now.as_microsecond());
            let id = format!("sweep-{tenant}-{}-{list}-{}-{at}-{n}", spot.repo, spot.page);
            let (event, host) = (event.into(), self.repair.host.to_string());
            let delivery = NewDelivery { id, event, host, received_at: self.now, body };
            self.repair.store.keep(delivery).await?;
        }
        match next {
            Some(next) => sweep.at = Some(next),
            None => sweep.leave(spot.repo),
        }
        Ok(())
    }
}

fn later(failure: Failure) -> RepairError {
    match failure {
        Failure::Later { at, .. } => RepairError::Later(at),
        Failure::Refused { why } => RepairError::GitHub(why),
    }
}
