//! Reads the register in short, and has the queue, the plan and the report of accounts worked out from it. It decides nothing
//! and writes nothing: whoever shows it (the command line, the API, an issue, a page) shows the same.
//!
//! - `rulebook`: what policy says, repository by repository,
//! - [`drawn`]: what was worked out, to be handed on,
//! - [`page`]: the plan as a page; [`feed`]: as a calendar; [`issue`]: as the text of an issue,
//! - `meeting`: what a planning meeting is about; `agenda`: the same as the text of an issue.

mod agenda;
pub mod drawn;
pub mod feed;
pub mod issue;
mod meeting;
pub mod page;
pub mod rulebook;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    domain::{
        calendar::Waiver,
        ids::{RepoId, SubjectId, SubjectKind, TenantId},
        planning::{
            Line, Pile, accounts,
            evergreen::evergreen,
            likeness::Titles,
            load::loads,
            plan::{self, Around},
            queue::{Filter, Waiting},
            ranking::Placed,
        },
        policy::Account,
        subject::View,
    },
    store::{LinePlace, Listed, Store, StoreError},
};

use drawn::{Accounts, Clash, Column, Frozen, Place, Plan, Shown, Waits};
use rulebook::Rulebook;

/// Lines read in one go.
const PAGE: usize = 1000;
/// As many as a person will read.
const MOST: usize = 500;
/// So many that are alike are named.
const ALIKE: usize = 3;
/// So much of what is not planned yet, and of what came into production, is shown; the rest is counted.
const SHOWN: usize = 100;

/// So many of those that go on and on are named.
const NAMED: usize = 20;

/// Draws for one account of GitHub.
#[derive(Debug)]
pub struct Planner<'a> {
    store: &'a Store,
    tenant: &'a TenantId,
    now: Timestamp,
    rules: Arc<Rulebook>,
}

impl<'a> Planner<'a> {
    /// Reads what policy says there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(store: &'a Store, tenant: &'a TenantId, now: Timestamp) -> Result<Self, StoreError> {
        Ok(Self::by(store, tenant, now, Arc::new(rulebook(store, tenant).await?)))
    }

    /// By what was read before.
    #[must_use]
    pub const fn by(store: &'a Store, tenant: &'a TenantId, now: Timestamp, rules: Arc<Rulebook>) -> Self {
        Self { store, tenant, now, rules }
    }

    /// The repository in which policy has the plan published, and in which anything is said.
    #[must_use]
    pub fn publishes_in(&self) -> Option<RepoId> {
        self.rules.publishes_in()
    }

    /// Some of what waits for a decision, the oldest first, each with its place in that order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue(
        &self,
        after: Option<LinePlace>,
        most: usize,
    ) -> Result<Vec<(Waits, LinePlace)>, StoreError> {
        let lines = self.store.pile(self.tenant, Pile::Triage, after, most).await?;
        Ok(lines.into_iter().map(|(line, place)| (self.waits(line), place)).collect())
    }

    /// What waits for a decision and is looked for, the oldest first, as far as a person will read; how many more there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting(&self, filter: &Filter) -> Result<Listed<Waits>, StoreError> {
        let (mut items, mut more, mut after) = (vec![], 0, None);
        loop {
            let page = self.queue(after, PAGE).await?;
            let is_last = page.len() < PAGE;
            after = page.last().map(|(_, place)| place.clone());
            for (waits, _) in page {
                let (due, is_overdue) = (waits.due, waits.is_overdue);
                if !filter.wants(&waits.shown.line, Waiting { due, is_overdue }) {
                    continue;
                }
                if items.len() < MOST {
                    items.push(waits);
                } else {
                    more += 1;
                }
            }
            if is_last {
                self.liken(&mut items).await?;
                return Ok(Listed { items, more });
            }
        }
    }

    /// Says of each what it may be asked twice with, of what waits, is open, or came into production within twelve months.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn liken(&self, waiting: &mut [Waits]) -> Result<(), StoreError> {
        if waiting.is_empty() {
            return Ok(());
        }
        let since = accounts::year_before(self.now, self.rules.zone());
        let piles = [(Pile::Triage, Timestamp::MIN), (Pile::Open, Timestamp::MIN), (Pile::Delivered, since)];
        let lines = self.store.lines(self.tenant, &piles).await?;
        let titles = Titles::of(lines.iter().map(|line| (line, line.title.as_str())));
        for waits in waiting {
            let own = &waits.shown.line;
            let older = |line: &&Line| line.at != own.at && (line.asked, line.at) < (own.asked, own.at);
            let like = titles.like(&own.title).into_iter().map(|(line, _)| *line).filter(older);
            waits.alike = like.take(ALIKE).map(|line| self.shown(line.clone())).collect();
        }
        Ok(())
    }

    fn waits(&self, line: Line) -> Waits {
        let limit = self.rules.overdue(line.at.repo);
        let Waiting { due, is_overdue } = Waiting::of(&line, limit, self.rules.zone(), self.now);
        Waits { shown: self.shown(line), alike: vec![], due, is_overdue }
    }

    fn shown(&self, line: Line) -> Shown {
        Shown { repository: self.rules.name(line.at.repo).cloned(), line }
    }

    /// What goes into which release, what is wanted next, what came into production within twelve months.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan(&self) -> Result<Plan, StoreError> {
        let since = accounts::year_before(self.now, self.rules.zone());
        let piles = [(Pile::Open, Timestamp::MIN), (Pile::Delivered, since)];
        let lines = self.store.lines(self.tenant, &piles).await?;
        let releases = self.store.subjects_of_kind(SubjectKind::Release, Some(self.tenant)).await?;
        let releases: Vec<_> =
            releases.iter().filter_map(|(_, _, view)| view.as_release()).cloned().collect();
        let around = Around {
            now: self.now,
            zone: self.rules.zone().clone(),
            trains: self.rules.trains(),
            weights: self.rules.weights(),
            reserved: self.rules.reserved(),
            releases: &releases,
        };
        let plan = plan::plan(&lines, &around);
        let shown = |line: &Line| self.shown(line.clone());
        let columns = plan.releases.iter().map(|column| Column {
            id: column.id.clone(),
            leaves: column.leaves,
            locks: column.locks,
            phase: column.phase,
            slots: column.slots.slots,
            learned: column.slots.learned.map(|learned| (learned.fewest, learned.most)),
            free: column.free(),
            kept: column.kept.clone(),
            changes: column.lines.iter().map(|line| shown(line)).collect(),
        });
        let place = |placed: &Placed<'_>| Place {
            overall: placed.overall,
            own: placed.own,
            of: placed.of,
            change: shown(placed.line),
        };
        let clashes = plan.clashes.iter().map(|clash| Clash {
            release: clash.release.clone(),
            system: clash.system.to_owned(),
            changes: clash.lines.iter().map(|line| shown(line)).collect(),
        });
        Ok(Plan {
            at: self.now,
            zone: self.rules.zone().clone(),
            releases: columns.collect(),
            freezes: self.freezes().await?,
            clashes: clashes.collect(),
            loads: loads(&lines, &self.rules.limits()),
            evergreen: evergreen(&lines).into_iter().take(NAMED).map(shown).collect(),
            flow: plan.flow.to_vec(),
            unplanned: plan.unplanned.iter().take(SHOWN).map(place).collect(),
            unplanned_in_all: plan.unplanned.len(),
            delivered: plan.delivered.iter().take(SHOWN).map(|line| shown(line)).collect(),
            delivered_in_all: plan.delivered.len(),
        })
    }

    /// When nothing is deployed: what policy says and nobody lifted, and what somebody declared.
    async fn freezes(&self) -> Result<Vec<Frozen>, StoreError> {
        let views = self.store.views(&[(self.tenant.clone(), SubjectId::Account)]).await?;
        let account = views.values().find_map(View::as_account);
        let decided =
            account.zip(self.rules.some()).map(|(account, repo)| account.freezes(repo)).unwrap_or_default();
        let planned = self.rules.freezes().into_iter().filter(|planned| {
            let lifted = |waiver: &Waiver| waiver.lifted.is_some() && waiver.is_of(planned);
            !decided.waived.iter().any(lifted)
        });
        let planned = planned.map(|it| Frozen { name: it.name, from: it.begins, until: Some(it.ends) });
        let opened =
            decided.opened.iter().map(|it| Frozen { name: it.why.clone(), from: it.since, until: it.ends() });
        let is_to_come = |frozen: &Frozen| frozen.until.is_none_or(|until| until > self.now);
        let mut freezes: Vec<Frozen> = planned.chain(opened).filter(is_to_come).collect();
        freezes.sort_by_key(|frozen| frozen.from);
        Ok(freezes)
    }

    /// Who asks for how much, and gets how much, of what lies where `sees` says; what it would be without one account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(
        &self,
        without: Option<&str>,
        sees: impl Fn(RepoId) -> bool,
    ) -> Result<Accounts, StoreError> {
        let since = accounts::year_before(self.now, self.rules.zone());
        let piles = [
            (Pile::Triage, Timestamp::MIN),
            (Pile::Deferred, Timestamp::MIN),
            (Pile::Open, Timestamp::MIN),
            (Pile::Delivered, since),
            (Pile::Ended, since),
        ];
        let mut lines = self.store.lines(self.tenant, &piles).await?;
        lines.retain(|line| sees(line.at.repo));
        let report = accounts::report(&lines, since, without);
        let accounts = report.accounts.iter().map(|(name, counts)| {
            let said = name.as_deref().and_then(|name| self.rules.account(name));
            drawn::Account {
                share: report.share(counts),
                is_key: report.is_key(name.as_deref(), counts) && !said.is_some_and(Account::is_key),
                tier: said.and_then(|said| said.tier.clone()),
                reserved: said.map_or(0, |said| said.reserved),
                satisfaction: counts.satisfaction(),
                weight: said.map(|said| said.weight),
                name: name.clone(),
                counts: *counts,
            }
        });
        Ok(Accounts {
            since,
            zone: self.rules.zone().clone(),
            accounts: accounts.collect(),
            total: report.total,
            satisfaction: report.total.satisfaction(),
            concentration: report.concentration,
            without: without.map(Into::into),
        })
    }
}

/// What policy says there.
///
/// # Errors
/// When the database fails.
pub async fn rulebook(store: &Store, tenant: &TenantId) -> Result<Rulebook, StoreError> {
    let views = store.subjects_of_kind(SubjectKind::Repository, Some(tenant)).await?;
    Ok(Rulebook::of(views.iter().filter_map(|(_, _, view)| view.as_repository())))
}

/// The login that an account of GitHub had last.
///
/// # Errors
/// When the database fails.
pub async fn login(store: &Store, tenant: &TenantId) -> Result<String, StoreError> {
    let asked = (tenant.clone(), SubjectId::Account);
    let views = store.views(std::slice::from_ref(&asked)).await?;
    let login = views.get(&asked).and_then(View::as_account).and_then(|account| account.seen.as_ref());
    Ok(login.map_or_else(|| tenant.to_string(), |seen| seen.login.clone()))
}

/// The accounts of GitHub that have a register, with the login that each had last.
///
/// # Errors
/// When the database fails.
pub async fn owners(store: &Store) -> Result<BTreeMap<TenantId, String>, StoreError> {
    let accounts = store.subjects_of_kind(SubjectKind::Account, None).await?;
    let named = accounts.into_iter().map(|(tenant, _, view)| {
        let login =
            view.as_account().and_then(|account| account.seen.as_ref()).map(|seen| seen.login.clone());
        let login = login.unwrap_or_else(|| tenant.to_string());
        (tenant, login)
    });
    Ok(named.collect())
}
