//! Who asks for how much, and gets how much: shares of the last twelve months, how concentrated they are, and how the queue
//! would look without one of them.

use std::collections::BTreeMap;

use jiff::{Span, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Line, Pile};
use crate::domain::policy::Zone;

/// From this share of what was asked for an account is suggested as a key account; a person confirms it.
pub const KEY_SHARE: f64 = 0.15;

/// What is counted of an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Asked for within the twelve months.
    pub requested: usize,
    /// Accepted within them.
    pub accepted: usize,
    /// Came into production within them.
    pub delivered: usize,
    /// Accepted and not in production, now.
    pub open: usize,
    /// Waits for a decision, now.
    pub waiting: usize,
    /// Accepted within them over the limit of what may be accepted.
    #[serde(default)]
    pub over_limit: usize,
    /// Of what was delivered within them, how much was rated.
    pub rated: usize,
    /// The sum of those ratings, each 1 to 5; shown of three and more only.
    #[serde(skip)]
    pub stars: usize,
}

/// Fewer answers than this are nobody's business: they would show who gave them.
pub const RATED: usize = 3;

impl Counts {
    /// The mean of the ratings, 1 to 5; `None`: too few.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
    pub fn satisfaction(&self) -> Option<f64> {
        (self.rated >= RATED).then(|| self.stars as f64 / self.rated as f64)
    }

    fn take(&mut self, line: &Line, since: Timestamp) {
        let within = |at: Option<Timestamp>| usize::from(at.is_some_and(|at| at >= since));
        self.requested += within(Some(line.asked));
        self.accepted += within(line.accepted);
        self.over_limit += if line.over_limit { within(line.accepted) } else { 0 };
        self.delivered += within(line.delivered);
        self.open += usize::from(line.pile() == Pile::Open);
        self.waiting += usize::from(line.pile() == Pile::Triage);
        if let Some(stars) = line.stars.filter(|_| within(line.delivered) > 0) {
            self.rated += 1;
            self.stars += usize::from(stars);
        }
    }
}

/// How much of what was asked for comes from few.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Concentration {
    /// The share of the one that asked for most, 0 to 1.
    pub first: f64,
    /// The share of the first three.
    pub first_three: f64,
    /// Herfindahl's index: the sum of the squares of the shares, 0 to 1.
    pub herfindahl: f64,
}

/// The report of twelve months.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Its first moment.
    pub since: Timestamp,
    /// Each account, whoever asked for most first; `None`: what belongs to no account.
    pub accounts: Vec<(Option<String>, Counts)>,
    pub total: Counts,
    /// `None`: nothing was asked for.
    pub concentration: Option<Concentration>,
}

/// The beginning of the twelve months that end now.
#[must_use]
pub fn year_before(now: Timestamp, zone: &Zone) -> Timestamp {
    let today: Date = zone.time_zone().to_datetime(now).date();
    let then = today.saturating_sub(Span::new().years(1)).at(0, 0, 0, 0);
    zone.time_zone().to_timestamp(then).unwrap_or(Timestamp::MIN)
}

/// Counts the lines, without those of an account that is left out.
#[must_use]
pub fn report<'a>(
    lines: impl IntoIterator<Item = &'a Line>,
    since: Timestamp,
    without: Option<&str>,
) -> Report {
    let mut counts: BTreeMap<Option<String>, Counts> = BTreeMap::new();
    let mut total = Counts::default();
    for line in lines.into_iter().filter(|line| without.is_none() || line.account.as_deref() != without) {
        counts.entry(line.account.clone()).or_default().take(line, since);
        total.take(line, since);
    }
    let mut accounts: Vec<_> =
        counts.into_iter().filter(|(_, counts)| *counts != Counts::default()).collect();
    accounts.sort_by(|(one, a), (other, b)| b.requested.cmp(&a.requested).then_with(|| one.cmp(other)));
    let concentration = concentration(&accounts, total.requested);
    Report { since, accounts, total, concentration }
}

impl Report {
    /// The share of an account in what was asked for, 0 to 1.
    #[must_use]
    pub fn share(&self, counts: &Counts) -> f64 {
        share(counts.requested, self.total.requested)
    }

    /// Whether it asks for so much that it may be a key account.
    #[must_use]
    pub fn is_key(&self, name: Option<&str>, counts: &Counts) -> bool {
        name.is_some() && self.share(counts) >= KEY_SHARE
    }
}

/// Those of no account are nobody together: they are left out of who asks for most, and counted in what was asked for.
fn concentration(accounts: &[(Option<String>, Counts)], total: usize) -> Option<Concentration> {
    let shares = accounts.iter().filter(|(name, _)| name.is_some());
    let shares: Vec<f64> = shares.map(|(_, counts)| share(counts.requested, total)).collect();
    (total > 0).then(|| Concentration {
        first: shares.first().copied().unwrap_or_default(),
        first_three: shares.iter().take(3).sum(),
        herfindahl: shares.iter().map(|share| share * share).sum(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "shares are shown in whole per cent")]
fn share(part: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}
