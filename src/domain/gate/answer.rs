//! What the gate answers a pipeline.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    super::{event::GateAsk, ids::Sha},
    Candidate, Decision, Ruling, Verdict,
};

/// For so long a permit is good: what a pipeline does with it begins at once.
pub const PERMIT: SignedDuration = SignedDuration::from_mins(10);
/// For so long the same answer is given to who asks again: what it rests on is not looked at more often.
const SETTLED: SignedDuration = SignedDuration::from_secs(10);

/// The answer, as far as it has come. Stored whole, and given to whoever asks with its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateAnswer {
    pub ask: GateAsk,
    /// How often it was answered before: a later one takes its place.
    pub turn: u64,
    /// What is to be deployed, as far as it was found out.
    pub candidate: Option<Candidate>,
    /// What ran there when it was decided.
    pub baseline: Option<Sha>,
    pub verdict: Verdict,
    pub standing: Standing,
}

/// Whether somebody still waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is not decided yet.
    Waits,
    /// It is decided. `until`: so long it may be handed out; an allow rests on what was so a moment ago.
    Decided { until: Timestamp },
    /// Nobody waits any more: the run has ended, or asked for too long.
    Ended,
    /// It is decided, and whoever asked was told; it lets nobody through, and who comes asks anew.
    Rung,
}

impl GateAnswer {
    /// Whether it is decided, or over.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        !matches!(self.standing, Standing::Waits)
    }

    /// What was decided; what ended without a decision is none that lets anything through.
    #[must_use]
    pub fn decision(&self) -> Decision {
        match (self.standing, self.verdict.ruling) {
            (Standing::Ended, Ruling::Enforced(Decision::Allow) | Ruling::NotEnforced(_)) => Decision::Deny,
            (_, ruling) => ruling.decision(),
        }
    }

    /// Whether the pipeline may go on: by an allow, or because nothing is enforced.
    #[must_use]
    pub const fn goes_on(&self) -> bool {
        matches!(self.standing, Standing::Decided { .. })
            && matches!(self.verdict.ruling, Ruling::Enforced(Decision::Allow) | Ruling::NotEnforced(_))
    }

    /// Whether it opens the gate because every rule is met.
    #[must_use]
    pub fn is_allow(&self) -> bool {
        self.goes_on() && self.verdict.lets_through()
    }

    /// Whether who asks the same again gets this answer.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        match self.standing {
            Standing::Waits => true,
            Standing::Decided { until } => now <= until,
            Standing::Ended => false,
            // Said twice it is one: nobody is told again at once.
            Standing::Rung => now <= self.expires_at(),
        }
    }

    /// Until when a permit for it is good.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.verdict.at.saturating_add(PERMIT).unwrap_or(Timestamp::MAX)
    }
}

impl Standing {
    /// Of what was decided just now. `until`: how long what it rests on is fresh.
    #[must_use]
    pub fn of(verdict: &Verdict, until: Option<Timestamp>) -> Self {
        let later = verdict.at.saturating_add(SETTLED).unwrap_or(Timestamp::MAX);
        match verdict.ruling {
            Ruling::Enforced(Decision::Allow) => Self::Decided { until: until.unwrap_or(later) },
            Ruling::NotEnforced(_) | Ruling::Enforced(Decision::Deny) => Self::Decided { until: later },
            Ruling::Enforced(Decision::Pending | Decision::Unavailable) => Self::Waits,
        }
    }
}
