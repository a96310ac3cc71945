//! An allow cannot be taken back. So it is handed out only while it holds: what it rests on is as fresh as it must be, and
//! nothing has come since. Otherwise it is decided anew.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Gate,
    api::GateView,
    asking::{At, away},
    permit::{NOT_ENFORCED, PERMIT, Permit},
    problem::Problem,
};
use crate::{
    domain::{
        gate::{GateAnswer, Standing},
        ids::SubjectId,
        subject::State,
    },
    worker,
};

/// How long something that moves is left alone before it is looked at again.
const A_MOMENT: Duration = Duration::from_millis(20);

/// What is to be done with an allow.
enum Holds {
    Yes,
    No {
        run: u64,
        attempt: u64,
    },
    /// Another answer takes its place.
    Overtaken,
    /// Something moves that may concern it.
    Unknown,
}

impl Gate {
    /// The answer as it is handed out; `None`: it holds no more, and is decided anew, or that is not known by `ends`.
    pub(super) async fn hand_out(
        &self,
        at: &At,
        answer: &GateAnswer,
        ends: Instant,
    ) -> Result<Option<GateView>, Problem> {
        if !answer.is_allow() {
            return Ok(Some(self.shown(at, answer)));
        }
        match self.holds(at, answer, ends).await? {
            Holds::Yes => Ok(Some(self.shown(at, answer))),
            Holds::Overtaken | Holds::Unknown => Ok(None),
            Holds::No { run, attempt } => {
                let (environment, id) = (&answer.ask.environment, &answer.ask.id);
                let id = format!("gate-{id}-{}", answer.turn);
                // Somebody may have waited for long.
                let ground = self.grounds.of(&at.tenant, at.repo).await?.ok_or_else(away)?;
                self.keep(at, &ground, &id, |here| here.withheld(environment, (run, attempt))).await?;
                Ok(None)
            }
        }
    }

    /// What moves is waited for first: once it has settled, whoever reads it was judged.
    async fn holds(&self, at: &At, answer: &GateAnswer, ends: Instant) -> Result<Holds, Problem> {
        let subject = SubjectId::environment(at.repo, &answer.ask.environment);
        while self.store.is_moving(&at.tenant, &subject).await? {
            if self.clock.instant() >= ends {
                return Ok(Holds::Unknown);
            }
            worker::pause(A_MOMENT).await;
        }
        let known = self.store.states(&at.tenant, std::slice::from_ref(&subject)).await?;
        let environment = known.get(&subject).and_then(State::as_environment);
        let Some(stands) = environment.and_then(|environment| environment.asked(&answer.ask.id)) else {
            return Ok(Holds::Overtaken);
        };
        let is_fresh = matches!(answer.standing, Standing::Decided { until } if self.clock.now() <= until);
        Ok(match stands {
            stands if !stands.is_open && stands.holds && stands.turn == answer.turn && is_fresh => Holds::Yes,
            stands if stands.is_open || stands.turn != answer.turn => Holds::Overtaken,
            stands => Holds::No { run: stands.run, attempt: stands.attempt },
        })
    }

    /// With its signed forms where the pipeline may go on. Where nothing is enforced nothing was verified either: that is no
    /// attestation.
    fn shown(&self, at: &At, answer: &GateAnswer) -> GateView {
        if !answer.goes_on() {
            return GateView::of(answer, &at.name, None, None);
        }
        let permit = Permit::of(answer, (at.repo, &at.name), &self.url);
        let kind = if answer.is_allow() { PERMIT } else { NOT_ENFORCED };
        let token = self.keys.sign(&permit, kind);
        let attested = token.as_ref().filter(|_| answer.is_allow());
        let attestation = attested.and_then(|token| self.keys.attest(&permit, token, at.tenant.host()));
        GateView::of(answer, &at.name, token, attestation)
    }
}
