//! The one way to decide: a subject, what happened to it, and what is known, in; a decision or questions, out.

use jiff::{SignedDuration, Timestamp};

use super::{
    account,
    audit::AuditEntry,
    change_request, commit,
    effect::Effect,
    environment,
    event::Event,
    facts::{Facts, Question},
    ids::SubjectId,
    milestone, promotion, pull_request, release, repository,
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
    /// Whether another system is told what changes.
    pub announces: bool,
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

/// How long after a failed reading GitHub is asked again.
pub(super) const READ_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// What is so now, and what must follow. Stored whole, in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The new state.
    pub after: State,
    /// What GitHub and other systems must be told.
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
        SubjectId::Environment(repo, name) => environment::judge(case, *repo, name),
        SubjectId::Promotion(repo, sha) => promotion::judge(case, *repo, sha),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        event::{MilestoneChange, MilestoneSnapshot, PullRequestChange, What},
        ids::ReleaseId,
        subject::View,
        trial::*,
    };

    #[test]
    fn every_subject_is_judged_by_its_own_kind() {
        let account = account::Account { repositories: vec![named(WEB)], ..Default::default() };
        let mut world = World::new(None).showing(SubjectId::Account, View::Account(account));
        world.pointing.insert(
            (SubjectId::Commit(WEB, sha('a')), crate::domain::subject::Relation::At),
            vec![SubjectId::PullRequest(at(41))],
        );
        let milestone = MilestoneSnapshot {
            repo: WEB,
            number: 3,
            title: "2026.12".into(),
            open: true,
            due_on: None,
            updated_at: None,
        };
        let events = [
            event(What::Milestone { change: MilestoneChange::Created, milestone, was: None }),
            pull_request_event(PullRequestChange::Opened, snapshot(41)),
        ];
        for subject in [
            SubjectId::Account,
            SubjectId::Repository(WEB),
            SubjectId::Milestone(WEB, 3),
            SubjectId::PullRequest(at(41)),
            SubjectId::Commit(WEB, sha('a')),
            SubjectId::Release(ReleaseId { train: "customer".into(), title: "2026.12".into() }),
        ] {
            let after = world.decide(&subject, None, &events, time(0)).after;
            assert_eq!(after.kind(), subject.kind());
        }
        let woken = world.decide(&SubjectId::ChangeRequest(at(12)), None, &[], time(0)).after;
        assert_eq!(woken.kind(), crate::domain::ids::SubjectKind::ChangeRequest);
    }
}
