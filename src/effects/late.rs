//! An answer that opens a gate cannot be taken back. So one that was stored goes out only while it still holds: what it
//! rests on is as fresh as it must be, and nothing has come since. Otherwise it is decided anew.

use std::time::Duration;

use jiff::Timestamp;

use super::{Performer, SOON};
use crate::{
    domain::{
        effect::Call,
        ids::{RepoId, SubjectId},
        subject::State,
    },
    github::{Failure, Place},
    store::{EffectClaim, EffectOutcome, StoreError},
    worker,
};

/// How long something that moves is left alone before it is looked at again.
const A_MOMENT: Duration = Duration::from_millis(20);

/// An answer that is good for a while.
#[derive(Debug, Clone, Copy)]
struct Answer<'a> {
    repo: RepoId,
    run: u64,
    attempt: u64,
    environment: &'a str,
    until: Timestamp,
}

impl<'a> Answer<'a> {
    fn of(call: &'a Call) -> Option<Self> {
        let Call::ProtectionAnswer { repo, run, attempt, environment, until: Some(until), .. } = call else {
            return None;
        };
        Some(Self { repo: *repo, run: *run, attempt: *attempt, environment, until: *until })
    }

    fn subject(self) -> SubjectId {
        SubjectId::environment(self.repo, self.environment)
    }
}

impl Performer {
    /// What comes of an answer that must not be sent now; `None`: it may be.
    pub(super) async fn hold_back(&self, place: &Place, claim: &EffectClaim) -> Option<EffectOutcome> {
        let answer = Answer::of(&claim.effect.call)?;
        match self.why_not(claim, answer).await {
            Ok(None) => None,
            Ok(Some(why)) => Some(self.withhold(place, claim, answer, why).await),
            Err(Wait::Moving) => {
                worker::pause(A_MOMENT).await;
                let why = "something has arrived that may concern it".into();
                Some(EffectOutcome::Unsent { at: self.clock.now(), why })
            }
            Err(Wait::Store(error)) => {
                Some(EffectOutcome::Unsent { at: self.clock.now() + SOON, why: error.to_string() })
            }
        }
    }

    /// Why an answer holds no more. What moves is asked for first: once it has settled, whoever reads it was judged.
    async fn why_not(&self, claim: &EffectClaim, answer: Answer<'_>) -> Result<Option<&'static str>, Wait> {
        if self.clock.now() > answer.until {
            return Ok(Some("it is too old"));
        }
        let subject = answer.subject();
        if self.store.is_moving(&claim.tenant, &subject).await? {
            return Err(Wait::Moving);
        }
        let known = self.store.states(&claim.tenant, std::slice::from_ref(&subject)).await?;
        let environment = known.get(&subject).and_then(State::as_environment);
        let holds = environment.is_some_and(|it| it.lets_go(answer.run, answer.attempt));
        Ok((!holds).then_some("something has changed since"))
    }

    /// Whoever decided it is told, and decides anew. Where it may have been sent, nobody may wait for it any more: that is
    /// looked at first.
    async fn withhold(
        &self,
        place: &Place,
        claim: &EffectClaim,
        answer: Answer<'_>,
        why: &str,
    ) -> EffectOutcome {
        if claim.attempts > 0 {
            match self.github.is_waited_for(place, &claim.effect).await {
                Ok(true) => {}
                Ok(false) => return EffectOutcome::Sent { remote: None },
                Err(Failure::Later { at, why }) => return EffectOutcome::Retry { at, why },
                Err(Failure::Refused { why }) => return EffectOutcome::Refused { why },
            }
        }
        tracing::info!(effect = claim.effect.key, why, "an answer is not sent, and decided anew");
        let told = self
            .keep(place, claim, answer.repo, |here| {
                vec![here.withheld(answer.environment, (answer.run, answer.attempt))]
            })
            .await;
        match told {
            Ok(true) => EffectOutcome::Withheld { why: why.into() },
            Ok(false) => {
                EffectOutcome::Refused { why: format!("nothing is known of repository {}", answer.repo) }
            }
            Err(error) => EffectOutcome::Retry { at: self.clock.now() + SOON, why: error.to_string() },
        }
    }
}

/// Why it is not known yet whether an answer holds.
enum Wait {
    /// Something moves that may concern it.
    Moving,
    Store(StoreError),
}

impl From<StoreError> for Wait {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
