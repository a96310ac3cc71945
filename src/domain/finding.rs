//! A verdict is a tree of sentences: each finding says which rule, on what fact, and how it can be cured.
//!
//! The same tree is shown as a check run, in a comment, in the terminal and in the audit log. The worst part wins.

use serde::{Deserialize, Serialize};

/// How bad a finding is. The order is the order of severity; a tree is as bad as its worst part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rule is met.
    Pass,
    /// Not decided yet: somebody has to act, or a fact is being found out.
    Pending,
    /// The rule is not met.
    Fail,
    /// A fact could not be found out. Never a pass.
    Unknown,
}

/// One rule's answer, with the findings it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable code for machines: `change_not_accepted`.
    pub code: String,
    /// This finding's own outcome; see [`Finding::outcome`] for the tree's.
    pub own: Outcome,
    /// The rule, as a clause: "the change request is accepted".
    pub rule: String,
    /// What is so, as a sentence.
    pub sentence: String,
    /// Who can cure it and how, where it is not met.
    pub cure: Option<String>,
    /// What it rests on.
    pub because: Vec<Finding>,
}

impl Finding {
    /// A finding without cure or parts.
    #[must_use]
    pub fn new(code: &str, own: Outcome, rule: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            own,
            rule: rule.into(),
            sentence: sentence.into(),
            cure: None,
            because: vec![],
        }
    }

    /// With its cure.
    #[must_use]
    pub fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }

    /// With what it rests on.
    #[must_use]
    pub fn because(mut self, parts: Vec<Finding>) -> Self {
        self.because = parts;
        self
    }

    /// The worst of itself and everything it rests on.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.because.iter().map(Self::outcome).fold(self.own, Outcome::max)
    }

    /// The leaves that are not a pass, in order: what stands in the way.
    #[must_use]
    pub fn obstacles(&self) -> Vec<&Self> {
        let below: Vec<&Self> = self.because.iter().flat_map(Self::obstacles).collect();
        if below.is_empty() && self.own > Outcome::Pass { vec![self] } else { below }
    }
}
