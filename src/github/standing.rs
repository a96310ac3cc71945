//! How we stand with GitHub: whether it accepts our credentials, and how far its clock is from ours.

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use http::header::DATE;
use jiff::Timestamp;

use super::{GitHub, client::Answer, trouble::Trouble};
use crate::domain::ids::InstallationId;

const UNHEARD: u8 = 0;
const ACCEPTED: u8 = 1;
const REFUSED: u8 = 2;

/// Kept as answers come in; nobody waits for it.
#[derive(Debug)]
pub(super) struct Standing {
    credentials: AtomicU8,
    ahead: AtomicI64,
}

impl Default for Standing {
    fn default() -> Self {
        Self { credentials: AtomicU8::new(UNHEARD), ahead: AtomicI64::new(i64::MIN) }
    }
}

/// How we stand. `None`: GitHub has not said yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stands {
    /// Whether GitHub accepted what the App signed when it was last asked so.
    pub accepted: Option<bool>,
    /// By how many seconds our clock is ahead of GitHub's.
    pub ahead: Option<i64>,
}

impl Standing {
    /// Whatever GitHub answers, it says what time it is.
    pub(super) fn heard(&self, answer: &Answer, now: Timestamp) {
        let date = answer.headers.get(DATE).and_then(|date| date.to_str().ok());
        let Some(there) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else { return };
        self.ahead.store(now.as_second() - there.timestamp().as_second(), Ordering::Relaxed);
    }

    /// What came of asking as the App. A failure on the way says nothing about credentials.
    pub(super) fn asked_as_app(&self, answer: &Result<Answer, Trouble>) {
        let said = match answer {
            Err(Trouble::Unauthorized) => REFUSED,
            Ok(_)
            | Err(
                Trouble::Forbidden(_)
                | Trouble::NotFound
                | Trouble::Gone
                | Trouble::Unprocessable(_)
                | Trouble::Refused(..)
                | Trouble::NotInstalled(_),
            ) => ACCEPTED,
            Err(Trouble::Limited(_) | Trouble::Failed(_) | Trouble::Lost(_) | Trouble::Strange(_)) => return,
        };
        self.credentials.store(said, Ordering::Relaxed);
    }

    fn stands(&self) -> Stands {
        let accepted = match self.credentials.load(Ordering::Relaxed) {
            UNHEARD => None,
            said => Some(said == ACCEPTED),
        };
        let ahead = Some(self.ahead.load(Ordering::Relaxed)).filter(|ahead| *ahead != i64::MIN);
        Stands { accepted, ahead }
    }
}

/// What is left of an hourly limit, as GitHub told it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLeft {
    pub installation: InstallationId,
    /// `rest` or `graphql`.
    pub resource: &'static str,
    /// For what a pipeline waits for.
    pub gate: u64,
    /// For the rest.
    pub others: u64,
}

impl GitHub {
    /// Whether more than half is left of what this installation may ask in this hour, as far as GitHub has told.
    #[must_use]
    pub fn has_plenty(&self, installation: InstallationId) -> bool {
        self.account(Some(installation)).budget().is_plenty(self.clock.now())
    }

    /// How we stand with GitHub, by its last answers.
    #[must_use]
    pub fn stands(&self) -> Stands {
        self.standing.stands()
    }

    /// What is left of the hourly limits of each installation that was asked.
    #[must_use]
    pub fn budgets(&self) -> Vec<BudgetLeft> {
        let now = self.clock.now();
        let accounts = self.accounts();
        let of = |(installation, account): (InstallationId, std::sync::Arc<super::access::Account>)| {
            let left = account.budget().left(now);
            left.into_iter().map(move |(resource, gate, others)| BudgetLeft {
                installation,
                resource,
                gate,
                others,
            })
        };
        accounts.into_iter().flat_map(of).collect()
    }
}
