//! What somebody who asks may look at.

use crate::domain::{
    finding::code,
    ids::{RepoId, SubjectId, TenantId},
};

use super::{
    Asker, Deed, EVENTS, Kind, has_scope,
    reason::{Reason, Refused},
};

/// So far somebody sees. What lies beyond is not there for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    pub tenant: TenantId,
    /// The only repository; `None`: all of the account.
    pub repository: Option<RepoId>,
    /// The only environment; `None`: any.
    pub environment: Option<String>,
}

impl Sight {
    /// Whether it reaches a repository.
    #[must_use]
    pub fn sees(&self, repository: RepoId) -> bool {
        self.repository.is_none_or(|own| own == repository)
    }

    /// Whether it reaches an environment, by its name.
    #[must_use]
    pub fn sees_environment(&self, name: &str) -> bool {
        self.environment.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether it reaches a subject. What belongs to no repository belongs to the account.
    #[must_use]
    pub fn sees_subject(&self, subject: &SubjectId) -> bool {
        let is_here = match subject {
            SubjectId::Environment(_, name) => self.sees_environment(name),
            SubjectId::Account
            | SubjectId::Repository(_)
            | SubjectId::Milestone(..)
            | SubjectId::PullRequest(_)
            | SubjectId::ChangeRequest(_)
            | SubjectId::Commit(..)
            | SubjectId::Release(_)
            | SubjectId::Promotion(..) => true,
        };
        is_here && subject.repo().map_or(self.repository.is_none(), |repo| self.sees(repo))
    }
}

/// How far they see: a job sees its own repository, a token of ours what it was made for.
///
/// # Errors
/// When a stranger may have started the job, or the token is not for looking.
pub fn sight(asker: &Asker) -> Result<Sight, Refused> {
    let own = Sight { tenant: asker.tenant.clone(), repository: Some(asker.repository()), environment: None };
    match &asker.kind {
        Kind::Actions(job) if !EVENTS.contains(&job.event.as_str()) => {
            let sentence = format!("A run that was started by {} may not look.", code(&job.event));
            Err(Refused::new(Reason::EventNotAllowed, sentence))
        }
        Kind::Actions(_) | Kind::Outsider(_) => Ok(own),
        Kind::Token(grant) => {
            has_scope(grant, Deed::Read)?;
            let repository = own.repository.filter(|_| !grant.whole_account);
            Ok(Sight { repository, environment: grant.environment.clone(), ..own })
        }
    }
}
