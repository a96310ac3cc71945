//! What is asked is answered by what was decided just now, or written down to be decided.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{Gate, api::GateView, ground::Ground, problem::Problem};
use crate::{
    domain::{
        event::{CameTo, GateAsk, PipelineReport, SealUsed},
        gate::GateAnswer,
        ids::{GateId, RepoId, RepoName, SubjectId, SubjectKind, TenantId},
        route::route,
    },
    github::payload::{self, Reading, Whereabouts},
    store::{Addressed, KeepError, Kept, NewDelivery, Packed, StoreError, Waiter},
};

/// Where it is asked.
#[derive(Debug, Clone)]
pub struct At {
    pub tenant: TenantId,
    pub repo: RepoId,
    pub name: RepoName,
    /// What was known of it when it was asked.
    pub ground: Arc<Ground>,
}

/// Nobody waits longer in one request.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(60);

/// What somebody waits for, and how long at most.
#[derive(Debug, Clone, Copy)]
pub enum Patience {
    /// What stands in the way so far, or the decision.
    Answer(SignedDuration),
    /// The decision.
    Decision(SignedDuration),
}

impl Patience {
    fn ends_with(self, answer: &GateAnswer) -> bool {
        answer.is_settled() || matches!(self, Self::Answer(_))
    }

    fn length(self) -> std::time::Duration {
        let (Self::Answer(wait) | Self::Decision(wait)) = self;
        wait.min(LONGEST_WAIT).unsigned_abs()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the gate could not read or write");
        Self::unavailable("What is known could not be read. Ask again; nothing was let through.")
    }
}

impl From<KeepError> for Problem {
    fn from(error: KeepError) -> Self {
        tracing::error!(%error, "the gate could not write down what was asked");
        Self::unavailable("What was asked could not be written down. Ask again; nothing was let through.")
    }
}

/// What is waited for.
struct Begun {
    ask: GateAsk,
    waiter: Waiter,
    /// Nobody can have answered it yet.
    is_new: bool,
}

impl Gate {
    /// Answers what is asked: by the newest decision on the same, where that still holds, or else by a new one.
    ///
    /// # Errors
    /// When it cannot be written down or read.
    pub async fn ask(&self, at: &At, ask: GateAsk, patience: Patience) -> Result<GateView, Problem> {
        let ends = self.clock.instant() + patience.length();
        let Begun { ask, mut waiter, is_new } = Box::pin(self.begin(at, ask)).await?;
        if is_new {
            drop(tokio::time::timeout_at(ends, waiter.news()).await);
        }
        self.wait(at, &ask, (patience, ends), waiter).await
    }

    /// What answers it: what was asked before, or this, once it is written down.
    async fn begin(&self, at: &At, mut ask: GateAsk) -> Result<Begun, Problem> {
        let what = ask.what(at.repo);
        let earlier = self.store.gate_asked(&at.tenant, &what).await?.map(|gate| gate.answer);
        match earlier {
            Some(answer) if answer.holds(self.clock.now()) => {
                let waiter = self.store.wait_for_gate(&answer.ask.id);
                return Ok(Begun { ask: answer.ask, waiter, is_new: false });
            }
            earlier => {
                let after = earlier.as_ref().map(|answer: &GateAnswer| &answer.ask.id);
                ask.id = GateId::of(&at.tenant, &what, after);
            }
        }
        let waiter = self.store.wait_for_gate(&ask.id);
        let kept = self.keep(at, &at.ground, &format!("gate-{}", ask.id), |here| here.asked(&ask)).await?;
        Ok(Begun { ask, waiter, is_new: kept == Kept::New })
    }

    /// Waits for what is waited for, and shows it; what stands in the way so far, if that lasts longer.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn follow(&self, at: &At, ask: &GateAsk, patience: Patience) -> Result<GateView, Problem> {
        let ends = self.clock.instant() + patience.length();
        self.wait(at, ask, (patience, ends), self.store.wait_for_gate(&ask.id)).await
    }

    async fn wait(
        &self,
        at: &At,
        ask: &GateAsk,
        (patience, ends): (Patience, Instant),
        mut waiter: Waiter,
    ) -> Result<GateView, Problem> {
        loop {
            if let Some(view) = Box::pin(self.look(at, ask, (patience, ends))).await? {
                return Ok(view);
            }
            drop(tokio::time::timeout_at(ends, waiter.news()).await);
        }
    }

    /// What is to be shown now; `None`: it is waited for. (Thousands may wait: what was looked at is not kept.)
    async fn look(
        &self,
        at: &At,
        ask: &GateAsk,
        (patience, ends): (Patience, Instant),
    ) -> Result<Option<GateView>, Problem> {
        let known = self.store.gate(&ask.id).await?.map(|gate| gate.answer);
        let is_over = || self.clock.instant() >= ends;
        Ok(match known {
            Some(answer) if answer.is_settled() => {
                let shown = self.hand_out(at, &answer, ends).await?;
                // What does not hold any more is not shown.
                shown.or_else(|| is_over().then(|| GateView::asked(ask, &at.name)))
            }
            Some(answer) if patience.ends_with(&answer) || is_over() => {
                Some(GateView::of(&answer, &at.name, None, None))
            }
            None if is_over() => Some(GateView::asked(ask, &at.name)),
            Some(_) | None => None,
        })
    }

    /// The next answer after the one that was seen, with its number.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn news(&self, at: &At, ask: &GateAsk, seen: Option<u64>) -> Result<(GateView, u64), Problem> {
        let mut waiter = self.store.wait_for_gate(&ask.id);
        loop {
            let known = Box::pin(self.store.gate(&ask.id)).await?.map(|gate| gate.answer);
            match known {
                Some(answer) if answer.is_settled() => {
                    let ends = self.clock.instant() + LONGEST_WAIT.unsigned_abs();
                    if let Some(view) = Box::pin(self.hand_out(at, &answer, ends)).await? {
                        return Ok((view, answer.turn));
                    }
                }
                Some(answer) if seen != Some(answer.turn) => {
                    return Ok((GateView::of(&answer, &at.name, None, None), answer.turn));
                }
                None if seen.is_none() => return Ok((GateView::asked(ask, &at.name), 0)),
                Some(_) | None => {}
            }
            waiter.news().await;
        }
    }

    /// Writes down what a pipeline says of its deployment. Said twice it is one.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub async fn report(
        &self,
        at: &At,
        ask: &GateAsk,
        came_to: CameTo,
        seal: Option<SealUsed>,
    ) -> Result<(), Problem> {
        let (environment, sha, pipeline) = (ask.environment.clone(), ask.sha.clone(), ask.pipeline.clone());
        let by = seal.as_ref().map(|seal| format!(" {}", seal.id)).unwrap_or_default();
        let what = format!("{} {}{by}", ask.what(at.repo), came_to.as_str());
        let report = PipelineReport { environment, sha, pipeline, attempt: ask.attempt, came_to, seal };
        let id = GateId::of(&at.tenant, &what, None);
        self.keep(at, &at.ground, &format!("report-{id}"), |here| here.reported(&report)).await?;
        Ok(())
    }

    /// Writes a delivery of our own down.
    ///
    /// # Errors
    /// When the App is not there any more, or nothing can be written.
    pub(super) async fn keep(
        &self,
        at: &At,
        ground: &Ground,
        id: &str,
        told: impl FnOnce(&Whereabouts) -> (&'static str, Vec<u8>),
    ) -> Result<Kept, Problem> {
        let here = ground.here.as_ref().ok_or_else(away)?;
        let (event, body) = told(here);
        let to = concerned(at, event, &body);
        let body = Packed::of(&body).map_err(|error| KeepError::Busy(error.to_string()))?;
        let received_at: Timestamp = self.clock.now();
        let delivery = NewDelivery {
            id: id.into(),
            event: event.into(),
            host: at.tenant.host().into(),
            received_at,
            body,
        };
        Ok(match to {
            Some(to) => self.store.keep_routed(delivery, to).await?,
            None => self.store.keep(delivery).await?,
        })
    }
}

pub(super) fn away() -> Problem {
    Problem::unknown("repository", "The App is not installed there any more, or suspended.")
}

/// What a delivery of ours tells, where it concerns one environment and nobody else: as if it had been read and routed later.
/// (The account and the repository it names as they are known.)
fn concerned(at: &At, event: &str, body: &[u8]) -> Option<Addressed> {
    let Ok(Reading::Event(event)) = payload::read(event, body) else { return None };
    let mut subjects = route(&event);
    subjects.retain(|subject| !matches!(subject, SubjectId::Account | SubjectId::Repository(_)));
    let subject = subjects.pop().filter(|it| subjects.is_empty() && it.kind() == SubjectKind::Environment)?;
    Some(Addressed { tenant: at.tenant.clone(), repo: at.repo, subject, event })
}
