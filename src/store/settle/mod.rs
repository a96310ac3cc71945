//! The one writer: what was decided becomes so, all of it or nothing.
//!
//! Up to 32 decisions share a transaction. First everything is checked (the lease, and that what was read still stands),
//! then everything is written; a conflict concerns only its own decision.
//!
//! So that transactions wait for each other and do not deadlock, rows are locked in one order: what is published, by the
//! order of waking; then subjects; then effects; and the head of the log last.

mod changes;

mod checks;

mod prepared;

mod writes;

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::AnyConnection;

use crate::domain::decide::Decision;

use self::{
    changes::Changes,
    checks::{Holding, Published},
    prepared::Prepared,
};
use super::{
    Due, Store,
    dialect::Dialect,
    error::StoreError,
    gates::NewGate,
    published::{Key, Read},
    subjects::Claim,
};

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

/// Tenant and key, or tenant and subject.
type Place = (String, String);

impl Store {
    /// Settles claims, each subject once. The answers stand in the order of the settlements.
    pub async fn settle(
        &self,
        settlements: Vec<Settlement>,
        now: Timestamp,
    ) -> Result<Vec<Settled>, StoreError> {
        let mut answers = Vec::with_capacity(settlements.len());
        for group in settlements.chunks(GROUP) {
            answers.extend(self.settle_group(group, now).await?);
        }
        let tells = |settlement: &Settlement| matches!(&settlement.outcome, Outcome::Decided { decision, .. } if !decision.effects.is_empty());
        self.hint(&[Due::Subjects]);
        if settlements.iter().any(tells) {
            self.hint(&[Due::Effects, Due::Announcements]);
        }
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
        let new = checks::never_published(&prepared);
        if self.database().dialect == Dialect::Postgres && !new.is_empty() {
            self.database()
                .write_lightly(&new, |connection, dialect, new| {
                    Box::pin(checks::publish_nothing(connection, dialect, new))
                })
                .await?;
        }
        let work = (prepared, now);
        let settled = self
            .database()
            .write(&work, |connection, dialect, (prepared, now)| {
                Box::pin(settle(connection, dialect, prepared, *now))
            })
            .await?;
        let answered = work.0.iter().zip(&settled).filter(|(_, settled)| **settled == Settled::Done);
        let gates =
            answered.filter_map(|(prepared, _)| prepared.decided()).flat_map(|decided| &decided.gates);
        self.inner.watch.tell(gates.filter_map(NewGate::news));
        Ok(settled)
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
    let holdings = checks::holdings(connection, dialect, group).await?;
    let held = group.iter().zip(&holdings).filter(|(_, holding)| **holding == Holding::Held);
    let held: Vec<&Prepared<'_>> = held.map(|(prepared, _)| prepared).collect();
    let published = checks::lock_published(connection, dialect, &held).await?;
    let (answers, accepted) = verdicts(group, &holdings, &published);
    let accepted: Vec<&Prepared<'_>> = accepted.into_iter().filter_map(|i| group.get(i)).collect();
    if accepted.is_empty() {
        return Ok(answers);
    }
    let changes = Changes::find(connection, dialect, &accepted, published).await?;
    writes::write(connection, dialect, &accepted, changes, now).await?;
    Ok(answers)
}

/// The answers, and which of the group are to be written. Earlier kinds go first; who read what one of them changes
/// in this very group judges again.
fn verdicts(
    group: &[Prepared<'_>],
    holdings: &[Holding],
    published: &Published,
) -> (Vec<Settled>, Vec<usize>) {
    let mut order: Vec<(usize, &Prepared<'_>, &Holding)> = group
        .iter()
        .zip(holdings)
        .enumerate()
        .map(|(i, (prepared, holding))| (i, prepared, holding))
        .collect();
    order.sort_by_key(|(_, prepared, _)| prepared.claim.subject.kind());
    let (mut answers, mut accepted) = (vec![Settled::Lost; group.len()], vec![]);
    let mut touched: BTreeSet<(&str, &Key)> = BTreeSet::new();
    for (i, prepared, holding) in order {
        let settled = match holding {
            Holding::Lost => Settled::Lost,
            Holding::Done => Settled::Done,
            Holding::Held if prepared.is_outdated(published, &touched) => Settled::Conflict,
            Holding::Held => {
                touched.extend(prepared.writes().map(|key| (prepared.tenant.as_str(), key)));
                accepted.push(i);
                Settled::Done
            }
        };
        if let Some(answer) = answers.get_mut(i) {
            *answer = settled;
        }
    }
    (answers, accepted)
}
