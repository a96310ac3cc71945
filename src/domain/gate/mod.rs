//! The gate: whether a deployment may go ahead now.
//!
//! [`decide`] is pure, and the only place where it is decided; every door shows the tree of findings that it answers
//! with. The worst finding wins, and what is not known never lets anything through.

mod answer;
mod brings;
mod points;
mod range;
mod rules;
mod scene;
mod section;
mod look;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    finding::{Finding, Outcome},
    policy::{Fingerprint, Mode},
    revision::RevisionHash,
};
pub use answer::{GateAnswer, Standing};
pub use brings::Brings;
pub use look::{look, release};
pub use points::Points;
pub use range::{Asking, Found, Touched};
pub use scene::{Ask, Candidate, Order, PullRequestInRange, Scene, Shipping};
pub use section::Section;

/// What is decided of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Every rule is met.
    Allow,
    /// Somebody has to act, or a time has to come.
    Pending,
    /// A rule is not met, and waiting does not change that.
    Deny,
    /// A fact could not be found out. Never a way through.
    Unavailable,
}

impl From<Outcome> for Decision {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Allow,
            Outcome::Pending => Self::Pending,
            Outcome::Fail => Self::Deny,
            Outcome::Unknown => Self::Unavailable,
        }
    }
}

impl Decision {
    /// As stored and as the audit log writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Pending => "pending",
            Self::Deny => "deny",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What comes of a decision: only where rules are enforced it decides anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// It holds.
    Enforced(Decision),
    /// Nothing is stopped here; this is what would have been decided.
    NotEnforced(Decision),
}

impl Ruling {
    /// What was decided, or would have been.
    #[must_use]
    pub const fn decision(self) -> Decision {
        match self {
            Self::Enforced(decision) | Self::NotEnforced(decision) => decision,
        }
    }
}

/// A decision, with everything that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub ruling: Ruling,
    /// One for each rule, in the order in which people read them.
    pub findings: Vec<Finding>,
    pub at: Timestamp,
    /// When the answer changes although nothing happens.
    pub again_at: Option<Timestamp>,
    /// By which rules, and as part of what, it is allowed.
    #[serde(default)]
    pub basis: Option<Basis>,
}

/// What an allow is part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The version of the policy.
    pub policy: Fingerprint,
    /// The title of the release that it ships, and what was signed.
    pub release: Option<(String, RevisionHash)>,
}

impl Verdict {
    /// Whether it opens the gate because every rule is met.
    #[must_use]
    pub fn lets_through(&self) -> bool {
        self.ruling == Ruling::Enforced(Decision::Allow)
    }

    /// When to look again: what could not be read is asked for again, and a check may end without a word to us.
    #[must_use]
    pub fn look_again(&self) -> Option<Timestamp> {
        let waits = |finding: &&Finding| finding.own == Outcome::Unknown || finding.code == "check_missing";
        let mut obstacles = self.findings.iter().flat_map(Finding::obstacles);
        let asks = obstacles.find(waits).map(|_| self.at + super::decide::READ_AGAIN);
        self.again_at.into_iter().chain(asks).min()
    }
}

/// Decides whether the deployment may go ahead.
#[must_use]
pub fn decide(scene: &Scene<'_>) -> Verdict {
    let judged = rules::judge(scene);
    let worst = judged.findings.iter().map(Finding::outcome).max().unwrap_or(Outcome::Unknown);
    let decision = Decision::from(worst);
    let ruling = match scene.mode {
        Mode::Enforce => Ruling::Enforced(decision),
        Mode::Observe | Mode::Advise => Ruling::NotEnforced(decision),
    };
    let basis = (decision == Decision::Allow).then(|| scene.basis());
    Verdict { ruling, findings: judged.findings, at: scene.ask.now, again_at: judged.again_at, basis }
}
