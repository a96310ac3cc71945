//! `changegate import`: takes every open issue and pull request of an organisation into the inventory, and what was closed within the
//! year before. It writes nothing to GitHub, and goes on where it was broken off.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        account::Account,
        ids::{RepoId, RepoName, SubjectId, SubjectKind, TenantId},
        planning::inventory::{self, Item, Progress, Report, Spot},
        policy::Zone,
        subject::View,
    },
    github::{Failure, Place},
    place,
};

use super::{Operator, OperatorError};

/// Pages in one go: whoever asked is told in between.
const PAGES: usize = 10;
/// How far it is looked back.
const YEAR: SignedDuration = SignedDuration::from_hours(24 * 365);

/// How far it is, in words for a progress bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    pub progress: Progress,
    /// How many repositories there are.
    pub repositories: usize,
    /// GitHub may not be asked before, and why.
    pub waits: Option<(Timestamp, String)>,
}

/// What was found, and what the repositories are called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub report: Report,
    /// What GitHub refused to show to the end, and what it said.
    pub left_out: Vec<(RepoId, String)>,
    pub names: Vec<(RepoId, RepoName)>,
    pub zone: Zone,
}

impl Operator {
    /// Reads some more pages. `again`: from the beginning, where an earlier import has ended.
    ///
    /// # Errors
    /// When nobody knows the organisation, or nothing can be read or written.
    pub async fn import(&self, organisation: &str, again: bool) -> Result<Imported, OperatorError> {
        let (tenant, account) = self.organisation(organisation).await?;
        let now = self.clock.now();
        let known = self.store.import(&tenant).await?.filter(|progress| !(again && progress.ended.is_some()));
        let mut progress = known.unwrap_or_else(|| Progress { began: now, ..Progress::default() });
        let repositories = account.repositories.len();
        for _ in 0..PAGES {
            let Some(spot) = next(&account, &progress) else {
                progress.ended = progress.ended.or(Some(now));
                self.store.keep_imported(&tenant, &[], &progress).await?;
                break;
            };
            let place = place::find(&self.store, &tenant, [spot.repo].into_iter()).await?;
            match self.page(&place, spot, progress.began).await {
                Ok((items, is_last)) => {
                    progress.pages += 1;
                    progress.found += u64::try_from(items.len()).unwrap_or_default();
                    progress.at = after(spot, is_last);
                    progress.done.extend(progress.at.is_none().then_some(spot.repo));
                    self.store.keep_imported(&tenant, &items, &progress).await?;
                }
                Err(Failure::Later { at, why }) => {
                    return Ok(Imported { progress, repositories, waits: Some((at, why)) });
                }
                // It is gone, or closed to us: the others go on.
                Err(Failure::Refused { why }) => {
                    tracing::warn!(%tenant, repository = %spot.repo, %why, "a repository is left out of the import");
                    (progress.at, progress.pages) = (None, progress.pages + 1);
                    progress.done.push(spot.repo);
                    progress.left_out.push((spot.repo, why));
                    self.store.keep_imported(&tenant, &[], &progress).await?;
                }
            }
        }
        Ok(Imported { progress, repositories, waits: None })
    }

    async fn page(&self, place: &Place, spot: Spot, began: Timestamp) -> Result<(Vec<Item>, bool), Failure> {
        let since = began.saturating_sub(YEAR).unwrap_or(Timestamp::MIN);
        let listed = if spot.closed {
            self.github.closed_issues(place, spot.repo, (since, spot.page)).await?
        } else {
            self.github.open_issues(place, spot.repo, spot.page).await?
        };
        let issues = listed.issues.iter().map(|issue| Item::of(issue, false));
        let items = issues.chain(listed.pull_requests.iter().map(|pull| Item::of(pull, true)));
        let is_meant = |item: &Item| item.closed.is_none_or(|closed| closed >= since);
        Ok((items.filter(is_meant).collect(), listed.is_last))
    }

    /// What was found.
    ///
    /// # Errors
    /// When nobody knows the organisation, or nothing can be read.
    pub async fn found(&self, organisation: &str) -> Result<Found, OperatorError> {
        let (tenant, account) = self.organisation(organisation).await?;
        let items = self.store.inventory(&tenant).await?;
        let requests = self.store.subjects_of_kind(SubjectKind::ChangeRequest, Some(&tenant)).await?;
        let requests: std::collections::BTreeSet<_> = requests
            .iter()
            .filter_map(|(_, _, view)| view.as_change_request())
            .filter(|change| change.taken_in)
            .map(|change| change.at)
            .collect();
        let zone = Zone::utc();
        let report = inventory::report(&items, &zone, self.clock.now(), |item| requests.contains(&item.at));
        let left_out = self.store.import(&tenant).await?.map(|it| it.left_out).unwrap_or_default();
        let names = account.repositories.iter().map(|named| (named.id, named.name.clone())).collect();
        Ok(Found { report, left_out, names, zone })
    }

    pub(super) async fn organisation(&self, login: &str) -> Result<(TenantId, Account), OperatorError> {
        let accounts = self.store.subjects_of_kind(SubjectKind::Account, None).await?;
        let is_it = |account: &Account| {
            account.installation.is_some()
                && account.seen.as_ref().is_some_and(|seen| seen.login.eq_ignore_ascii_case(login))
        };
        let mut named = accounts.into_iter().filter_map(|(tenant, subject, view)| match (subject, view) {
            (SubjectId::Account, View::Account(account)) if is_it(&account) => Some((tenant, account)),
            _ => None,
        });
        named.next().ok_or_else(|| OperatorError::NoOrganisation(login.into()))
    }
}

/// Where it goes on; `None`: all is read.
fn next(account: &Account, progress: &Progress) -> Option<Spot> {
    progress.at.or_else(|| {
        let mut left =
            account.repositories.iter().map(|named| named.id).filter(|repo| !progress.done.contains(repo));
        left.next().map(|repo| Spot { repo, closed: false, page: 1 })
    })
}

/// The page after this one; `None`: the repository is done.
const fn after(spot: Spot, is_last: bool) -> Option<Spot> {
    match (is_last, spot.closed) {
        (false, _) => Some(Spot { page: spot.page + 1, ..spot }),
        (true, false) => Some(Spot { closed: true, page: 1, ..spot }),
        (true, true) => None,
    }
}
