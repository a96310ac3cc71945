//! What a decision may ask, and the answers.
//!
//! Deciding asks, the shell finds out (in the store what is known there, the rest from GitHub in batches), and
//! deciding starts again with more facts. See [`Inquiry`].

mod answer;
mod deploying;
mod inquiry;
mod policy;
mod question;

use std::collections::BTreeMap;

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

/// The answers found so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(#[serde(with = "super::pairs")] BTreeMap<Question, Fact<Answer>>);

impl Facts {
    /// Adds an answer; a later one to the same question wins.
    pub fn insert(&mut self, question: Question, fact: Fact<Answer>) {
        self.0.insert(question, fact);
    }

    /// Forgets what the store said, to ask it again.
    pub fn forget_the_stores(&mut self) {
        self.0.retain(|question, _| !question.is_for_the_store());
    }

    /// Questions and answers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Question, &Fact<Answer>)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests;
