//! The one way to decide: a subject, what happened to it, and what is known, in; a decision or questions, out.

use jiff::Timestamp;

use super::{
    account,
    audit::AuditEntry,
    change_request, commit,
    effect::Effect,
    event::Event,
    facts::{Facts, Question},
    ids::SubjectId,
    milestone, pull_request, release, repository,
    subject::State,
};

/// Everything a judgement rests on. Nothing else may be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Who is judged.
    pub subject: &'a SubjectId,
    /// What was known of it; `None`: it is new.
    pub before: Option<&'a State>,
    /// What happened since, in the order of arrival; empty when it was only woken.
    pub events: &'a [Event],
    /// The answers found so far.
    pub facts: &'a Facts,
    /// The time of the judgement.
    pub now: Timestamp,
    /// This Changegate.
    pub instance: &'a Instance,
}

/// What this Changegate is called, and where it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// GitHub for people, without a slash at the end: `https://github.com`.
    pub web_url: String,
    /// Our number as a GitHub App.
    pub app: u64,
}

/// The answer to a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// Decided.
    Decided(Box<Decision>),
    /// Nothing to decide, and why; what happened is forgotten.
    Ignored(&'static str),
    /// These must be found out first. At most four rounds.
    Needs(Vec<Question>),
}

/// What is so now, and what must follow. Stored whole, in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The new state.
    pub after: State,
    /// What GitHub must be told.
    pub effects: Vec<Effect>,
    /// What the log must say.
    pub audit: Vec<AuditEntry>,
    /// When to look again without being asked.
    pub look_again: Option<Timestamp>,
}

impl Decision {
    /// A decision that only remembers.
    #[must_use]
    pub const fn quiet(after: State) -> Self {
        Self { after, effects: vec![], audit: vec![], look_again: None }
    }
}

impl From<Decision> for Judgement {
    fn from(decision: Decision) -> Self {
        Self::Decided(Box::new(decision))
    }
}

/// Judges one subject.
#[must_use]
pub fn judge(case: Case<'_>) -> Judgement {
    match case.subject {
        SubjectId::Account => account::judge(case),
        SubjectId::Repository(repo) => repository::judge(case, *repo),
        SubjectId::Milestone(repo, number) => milestone::judge(case, *repo, *number),
        SubjectId::PullRequest(at) => pull_request::judge(case, *at),
        SubjectId::ChangeRequest(at) => change_request::judge(case, *at),
        SubjectId::Commit(repo, sha) => commit::judge(case, *repo, sha),
        SubjectId::Release(release) => release::judge(case, release),
    }
}
