//! What a decision may ask, and the answers.
//!
//! Deciding asks, the shell finds out (in the store what is known there, the rest from GitHub in batches), and
//! deciding starts again with more facts. See [`Inquiry`].

mod answer;
mod deploying;
mod inquiry;
mod policy;
mod question;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use answer::{
    Answer, CheckReading, CommitReading, ImageLabels, IssueReading, PolicyAtHead, PullRequestReading, SetBy,
};
pub use deploying::{
    ComparedCommit, Comparison, ComparisonStatus, DeploymentReading, DeploymentStatusReading,
    EnvironmentReading, PendingDeployment, ReferenceReading, WorkflowRunReading,
};
pub use inquiry::{Inquiry, Membership};
pub use policy::PolicyInForce;
pub use question::{Question, TeamName};

/// A fact is known, with its time, or unknown, with its reason; an empty answer is not an unknown one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fact<T> {
    /// Known, as of this time.
    Known(T, Timestamp),
    /// Not known, and why, as a sentence for a person: "GitHub could not be reached since 10:04 UTC".
    Unknown(String),
}

impl<T> Fact<T> {
    /// The same fact about something in it.
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value, at) => Fact::Known(into(value), at),
            Self::Unknown(why) => Fact::Unknown(why),
        }
    }

    /// The value, if it is known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value, _) => Some(value),
            Self::Unknown(_) => None,
        }
    }
}

/// Answers by what was asked.
pub type Answers = BTreeMap<Question, Fact<Answer>>;

/// The answers found so far.
#[derive(Debug, Default)]
pub struct Facts {
    found: Answers,
    /// What was read beforehand, for several who may ask it: it counts once it is asked.
    foreseen: Arc<Answers>,
    /// What of that was asked.
    looked_at: Mutex<BTreeSet<Question>>,
}

impl Facts {
    /// With what may be asked.
    #[must_use]
    pub fn foreseeing(foreseen: Arc<Answers>) -> Self {
        Self { foreseen, ..Self::default() }
    }

    /// Adds an answer; a later one to the same question wins.
    pub fn insert(&mut self, question: Question, fact: Fact<Answer>) {
        self.found.insert(question, fact);
    }

    /// Forgets what the store said, to ask it again.
    pub fn forget_the_stores(&mut self) {
        self.found.retain(|question, _| !question.is_for_the_store());
        *self = Self { found: std::mem::take(&mut self.found), ..Self::default() };
    }

    /// What was read beforehand and was asked since.
    #[must_use]
    pub fn looked_at(&self) -> BTreeSet<Question> {
        self.looked().clone()
    }

    /// The answers that were given to somebody.
    fn asked(&self) -> BTreeSet<Question> {
        self.found.keys().cloned().chain(self.looked_at()).collect()
    }

    fn get(&self, question: &Question) -> Option<&Fact<Answer>> {
        if let Some(found) = self.found.get(question) {
            return Some(found);
        }
        let (question, foreseen) = self.foreseen.get_key_value(question)?;
        let mut looked_at = self.looked();
        if !looked_at.contains(question) {
            looked_at.insert(question.clone());
        }
        Some(foreseen)
    }

    fn looked(&self) -> MutexGuard<'_, BTreeSet<Question>> {
        self.looked_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
