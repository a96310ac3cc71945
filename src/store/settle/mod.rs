//! The one writer: what was decided becomes so, all of it or nothing.
//!
//! Up to 32 decisions share a transaction. First everything is checked (the lease, and that what was read still stands),
//! then everything is written; a conflict concerns only its own decision.

mod checks;

mod prepared;

mod writes;

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::AnyConnection;

use crate::domain::decide::Decision;

use self::{checks::Holding, prepared::Prepared};
use super::{Store, dialect::Dialect, error::StoreError, published::Read, subjects::Claim};

/// Decisions in one transaction.
const GROUP: usize = 32;

/// A claim, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    pub claim: Claim,
    pub outcome: Outcome,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Decided, resting on what was read.
    Decided { decision: Box<Decision>, reads: Vec<Read> },
    /// Nothing to decide, and why; what happened is forgotten.
    Ignored(String),
    /// To be judged again at this time, and why.
    Retry { at: Timestamp, why: String },
    /// It cannot be judged, and why. It waits for something new to happen to it, or for somebody to replay it.
    Parked(String),
}

/// What became of a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is so.
    Done,
    /// What was read has changed meanwhile: judge again. The lease still stands.
    Conflict,
    /// Somebody else holds the subject now; nothing was changed.
    Lost,
    /// The database refuses this very data, and why; the subject is parked.
    Refused(String),
}

impl Store {
    /// Settles claims. The answers stand in the order of the settlements.
    pub async fn settle(
        &self,
        settlements: Vec<Settlement>,
        now: Timestamp,
    ) -> Result<Vec<Settled>, StoreError> {
        let mut answers = Vec::with_capacity(settlements.len());
        for group in settlements.chunks(GROUP) {
            answers.extend(self.settle_group(group, now).await?);
        }
        self.hint();
        Ok(answers)
    }

    /// Halves the group until the one that is refused stands alone.
    async fn settle_group(&self, group: &[Settlement], now: Timestamp) -> Result<Vec<Settled>, StoreError> {
        match self.settle_together(group, now).await {
            Err(error) if error.is_about_the_data() => match group {
                [alone] => Ok(vec![self.refuse(alone, &error, now).await?]),
                group => {
                    let (first, second) = group.split_at(group.len() / 2);
                    let mut answers = Box::pin(self.settle_group(first, now)).await?;
                    answers.extend(Box::pin(self.settle_group(second, now)).await?);
                    Ok(answers)
                }
            },
            result => result,
        }
    }

    async fn settle_together(
        &self,
        group: &[Settlement],
        now: Timestamp,
    ) -> Result<Vec<Settled>, StoreError> {
        let prepared: Vec<Prepared<'_>> = group.iter().map(Prepared::of).collect::<Result<_, _>>()?;
        self.database()
            .write(&(prepared, now), |connection, dialect, (prepared, now)| {
                Box::pin(settle(connection, dialect, prepared, *now))
            })
            .await
    }

    async fn refuse(
        &self,
        settlement: &Settlement,
        error: &StoreError,
        now: Timestamp,
    ) -> Result<Settled, StoreError> {
        let why = format!("it cannot be stored: {error}");
        tracing::error!(subject = %settlement.claim.subject, why, "parked");
        let parked = Settlement { claim: settlement.claim.clone(), outcome: Outcome::Parked(why.clone()) };
        let settled = self.settle_together(&[parked], now).await?;
        Ok(if settled == [Settled::Done] { Settled::Refused(why) } else { Settled::Lost })
    }
}

async fn settle(
    connection: &mut AnyConnection,
    dialect: Dialect,
    group: &[Prepared<'_>],
    now: Timestamp,
) -> Result<Vec<Settled>, StoreError> {
    let holdings = checks::leases(connection, dialect, group).await?;
    let held = group.iter().zip(&holdings).filter(|(_, holding)| **holding == Holding::Held);
    let reads = held.flat_map(|(prepared, _)| prepared.reads()).collect();
    let outdated = checks::outdated(connection, dialect, reads).await?;
    let answers: Vec<Settled> = answers(group, &holdings, &outdated);
    let accepted: Vec<&Prepared<'_>> = group
        .iter()
        .zip(&answers)
        .zip(&holdings)
        .filter(|((_, settled), holding)| **settled == Settled::Done && **holding == Holding::Held)
        .map(|((prepared, _), _)| prepared)
        .collect();
    writes::write(connection, dialect, &accepted, now).await?;
    Ok(answers)
}

/// Earlier kinds go first; who read what one of them changes in this very group judges again.
fn answers(
    group: &[Prepared<'_>],
    holdings: &[Holding],
    outdated: &BTreeSet<(String, String, i64)>,
) -> Vec<Settled> {
    let mut order: Vec<usize> = (0..group.len()).collect();
    order.sort_by_key(|&i| group.get(i).map(|prepared| prepared.claim.subject.kind()));
    let mut answers = vec![Settled::Lost; group.len()];
    let mut touched: BTreeSet<(String, String)> = BTreeSet::new();
    for i in order {
        let (Some(prepared), Some(holding), Some(answer)) =
            (group.get(i), holdings.get(i), answers.get_mut(i))
        else {
            continue;
        };
        *answer = match holding {
            Holding::Lost => Settled::Lost,
            Holding::Done => Settled::Done,
            Holding::Held if prepared.rests_on(outdated, &touched) => Settled::Conflict,
            Holding::Held => {
                touched.extend(prepared.touches());
                Settled::Done
            }
        };
    }
    answers
}
