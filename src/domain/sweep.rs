//! A sweep: what is known of a tenant's open issues, pull requests and milestones is compared with what GitHub lists, page
//! by page, within a budget an hour. Here is how far it has come, and what differs; who asks GitHub is elsewhere.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    change_request::{ChangeRequest, follow::Gone},
    event::{IssueSnapshot, MilestoneSnapshot},
    ids::RepoId,
    milestone::Milestone,
    pull_request::PullRequest,
};

/// How often a sweep begins.
pub const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Pages that a sweep may ask for, an hour and tenant: a tenth of the least that GitHub gives.
pub const PAGES: u32 = 500;
/// Issues and pull requests that a sweep may have read, an hour and tenant: each costs about a point of 5,000.
pub const READINGS: u32 = 2_000;

/// How far the sweep of a tenant has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// When it began.
    pub began: Timestamp,
    /// Where it is; `None`: between two repositories, or over.
    pub at: Option<Spot>,
    /// The repositories up to this one are compared; `None`: none yet.
    pub after: Option<RepoId>,
    /// What it has found so far.
    pub tally: Tally,
    /// When it ended; `None`: it goes on.
    pub ended: Option<Timestamp>,
    /// What was found by the sweep before.
    pub last: Option<Tally>,
    /// What was spent within the hour that began then. It outlasts the sweep.
    pub hour: Hour,
    /// When the sweep before began; `None`: there was none.
    #[serde(default)]
    pub before: Option<Timestamp>,
}

/// A page of a list of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    pub repo: RepoId,
    pub list: List,
    /// From 1 on.
    pub page: u32,
    /// Issues, milestones: known as open when the list began, and not listed until now.
    pub unlisted: BTreeSet<u64>,
    /// The same of pull requests, which GitHub lists among the issues.
    pub unlisted_pulls: BTreeSet<u64>,
}

/// What is compared, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    Milestones,
    /// Open issues, and pull requests among them.
    Issues,
    /// Pull requests that were closed lately, where merging is deploying.
    Closed,
}

/// What a sweep has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Repositories that were compared.
    pub repositories: u64,
    /// Issues, pull requests and milestones that were compared.
    pub compared: u64,
    /// Of them, those that differed, and were repaired.
    pub repaired: u64,
    /// Requests that were made.
    pub pages: u64,
}

/// What was spent within an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    pub began: Timestamp,
    pub pages: u32,
    pub readings: u32,
}

impl Sweep {
    /// The next sweep, after this one has ended.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Self {
        let before = Some(self.began).filter(|began| *began > Timestamp::UNIX_EPOCH);
        Self { began: now, hour: self.hour, last: Some(self.tally), before, ..Self::default() }
    }

    /// Since when it looks for what was closed: a while before the last sweep, which may have left something out.
    #[must_use]
    pub fn looks_back_to(&self) -> Timestamp {
        let last = self.before.unwrap_or(self.began);
        last.saturating_sub(EVERY).unwrap_or(last)
    }

    /// Takes one page from the hour's budget, or says when there is a new one.
    ///
    /// # Errors
    /// When the hour's budget is used up.
    pub fn take_page(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        if now.duration_since(self.hour.began) >= SignedDuration::from_hours(1) {
            self.hour = Hour { began: now, pages: 0, readings: 0 };
        }
        if self.hour.pages >= PAGES || self.hour.readings >= READINGS {
            return Err(self.hour.began.saturating_add(SignedDuration::from_hours(1)).unwrap_or(now));
        }
        self.hour.pages += 1;
        self.tally.pages += 1;
        Ok(())
    }

    /// So much was compared, and so much of it differed and is read again.
    pub fn note(&mut self, compared: usize, different: usize) {
        let readings = u32::try_from(different).unwrap_or(u32::MAX);
        self.hour.readings = self.hour.readings.saturating_add(readings);
        self.tally.compared += u64::try_from(compared).unwrap_or(u64::MAX);
        self.tally.repaired += u64::from(readings);
    }

    /// Whether it has begun and is not over.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.ended.is_none() && self.began > Timestamp::UNIX_EPOCH
    }

    /// When it is to go on: at once while it is not over, and the next one an hour after this one began.
    #[must_use]
    pub fn goes_on_at(&self, now: Timestamp) -> Timestamp {
        match self.ended {
            Some(_) => self.began.saturating_add(EVERY).unwrap_or(now).max(now),
            None => now,
        }
    }

    /// The repository is compared.
    pub fn leave(&mut self, repo: RepoId) {
        (self.at, self.after) = (None, Some(repo));
        self.tally.repositories += 1;
    }
}

impl Spot {
    /// The beginning of a list.
    #[must_use]
    pub fn first(repo: RepoId, list: List) -> Self {
        let (unlisted, unlisted_pulls) = (BTreeSet::new(), BTreeSet::new());
        Self { repo, list, page: 1, unlisted, unlisted_pulls }
    }
}

/// Whether an issue that GitHub lists is another one than we know.
#[must_use]
pub fn is_other_issue(known: &ChangeRequest, listed: &IssueSnapshot) -> bool {
    if let Some(gone) = known.gone {
        return gone == Gone::NotFound;
    }
    let Some(seen) = &known.seen else { return true };
    let says = |issue: &IssueSnapshot| (issue.open, issue.labels.clone(), issue.milestone);
    // A renamed label changes no issue's time of update.
    seen.updated_at < listed.updated_at
        || (seen.updated_at == listed.updated_at && says(seen) != says(listed))
}

/// Whether a pull request that GitHub lists was changed after it was read.
#[must_use]
pub fn is_other_pull_request(known: &PullRequest, listed: &IssueSnapshot) -> bool {
    let read = known.read.as_ref().and_then(|read| read.updated_at);
    known.gone || known.guessed || read < listed.updated_at || (read.is_none() && known.unread.is_none())
}

/// Whether a milestone that GitHub lists is another one than we know.
#[must_use]
pub fn is_other_milestone(known: &Milestone, listed: &MilestoneSnapshot) -> bool {
    !known.deleted && known.seen.updated_at <= listed.updated_at && known.seen != *listed
}

/// How long ago a milestone must have changed before GitHub is believed that it is not there: copies lag behind.
const LAG: SignedDuration = SignedDuration::from_secs(60);

impl Milestone {
    /// Whether GitHub should list it.
    #[must_use]
    pub fn should_be_listed(&self, now: Timestamp) -> bool {
        let old = |at: Timestamp| now.duration_since(at) >= LAG;
        !self.deleted && self.seen.updated_at.is_none_or(old)
    }
}

impl ChangeRequest {
    /// Whether GitHub should list it among the open issues.
    #[must_use]
    pub fn should_be_listed(&self) -> bool {
        self.gone.is_none() && self.seen.as_ref().is_some_and(|seen| seen.open)
    }
}

impl PullRequest {
    /// Whether GitHub should list it among the open issues.
    #[must_use]
    pub const fn should_be_listed(&self) -> bool {
        self.is_open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trial::*;

    #[test]
    fn an_hour_has_a_budget_of_pages_and_of_readings_and_the_next_hour_a_new_one() {
        let mut sweep = Sweep::default().next(time(0));
        for _ in 0..PAGES {
            assert_eq!(sweep.take_page(time(10)), Ok(()));
        }
        assert_eq!(sweep.take_page(time(3_000)), Err(time(3_610)));
        // A new sweep does not bring a new hour.
        sweep = sweep.next(time(3_500));
        assert_eq!(sweep.take_page(time(3_609)), Err(time(3_610)));
        assert_eq!(sweep.take_page(time(3_610)), Ok(()));
        sweep.note(2_500, 2_000);
        assert_eq!(sweep.take_page(time(3_620)), Err(time(7_210)));
        assert_eq!(sweep.tally, Tally { repositories: 0, compared: 2_500, repaired: 2_000, pages: 1 });
    }

    #[test]
    fn a_sweep_goes_on_at_once_until_it_is_over_and_the_next_begins_an_hour_after_it_began() {
        let mut sweep = Sweep::default().next(time(0));
        assert_eq!(sweep.goes_on_at(time(5)), time(5));
        sweep.ended = Some(time(60));
        assert_eq!(sweep.goes_on_at(time(60)), time(3_600));
        assert_eq!(sweep.goes_on_at(time(9_000)), time(9_000));
    }

    #[test]
    fn an_issue_differs_when_it_is_newer_or_shows_something_else_at_the_same_time() {
        let known =
            |seen: &IssueSnapshot| ChangeRequest { seen: Some(seen.clone()), ..ChangeRequest::new(at(12)) };
        let seen = IssueSnapshot { updated_at: Some(time(10)), ..issue(12) };
        for (listed, differs) in [
            (seen.clone(), false),
            (IssueSnapshot { updated_at: Some(time(11)), ..seen.clone() }, true),
            (IssueSnapshot { updated_at: Some(time(9)), open: false, ..seen.clone() }, false),
            (IssueSnapshot { labels: vec!["renamed".into()], ..seen.clone() }, true),
            (IssueSnapshot { milestone: Some(3), ..seen.clone() }, true),
        ] {
            assert_eq!(is_other_issue(&known(&seen), &listed), differs, "{listed:?}");
        }
        let deleted = ChangeRequest { gone: Some(Gone::Deleted), ..known(&seen) };
        assert!(!is_other_issue(&deleted, &IssueSnapshot { updated_at: Some(time(11)), ..seen }));
    }
}
