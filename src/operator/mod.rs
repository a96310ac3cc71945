//! What an operator declares from the command line. It becomes a delivery like everything else; nothing is decided here.

pub mod import;
pub mod meeting;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Clock,
    domain::{
        change_request::emergency::Terms,
        event::{Declaration, Sealing},
        facts::{Answer as FactAnswer, Question},
        ids::{IssueRef, RepoId, RepoName, SubjectId, SubjectKind, TenantId},
        repository::Declared,
        subject::{State, View},
    },
    github::GitHub,
    place,
    store::{KeepError, NewDelivery, Packed, Store, StoreError},
};

/// `changegate emergency`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Emergency {
    /// `owner/name`.
    pub repository: String,
    /// The login of who declares it.
    pub by: String,
    pub why: String,
    pub incident: Option<String>,
    pub pull_request: Option<u64>,
}

/// `changegate permit seal`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewSeals {
    /// `owner/name`.
    pub repository: String,
    pub environment: String,
    pub ids: Vec<String>,
    pub at: Timestamp,
    pub expires_at: Timestamp,
}

/// A sealed permit lasts no longer.
const LONGEST_SEAL: SignedDuration = SignedDuration::from_hours(24 * 90);
/// So many are sealed at a time.
const MOST_SEALS: usize = 20;

/// A declaration that was kept: what came of it is asked for with this.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    pub tenant: TenantId,
    pub subject: SubjectId,
    pub id: String,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// It is on its way, and what is waited for.
    Waits(String),
    Refused(String),
    /// It is declared there; `terms`: until when it lasts and what is owed, once it is in force.
    Declared {
        repository: String,
        issue: IssueRef,
        terms: Option<Terms>,
    },
}

/// Why it could not be declared, as a sentence.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error(
        "Changegate knows no repository {0}\n  cure: name it as owner/name, and give the Changegate App access to it"
    )]
    NoRepository(String),
    #[error(
        "Changegate is not installed on an account called {0}\n  cure: install the App there, or name the account as GitHub does"
    )]
    NoOrganisation(String),
    #[error("{0}")]
    NoPerson(String),
    #[error(
        "the App is not installed on this account, or suspended\n  cure: install it, or lift the suspension"
    )]
    NotInstalled,
    #[error(
        "between one and 20 permits are sealed at a time, for one environment, for at most 90 days\n  cure: write --count and --valid accordingly"
    )]
    Seals,
    #[error(
        "the policy does not say where the plan is published, and the meeting is held beside it\n  cure: write `intake: {{ plan: OWNER/REPOSITORY }}` into it, of a repository in which the mode is advise or enforce"
    )]
    NoHome,
    #[error(
        "the policy names no train, and a meeting plans the releases of one\n  cure: write `trains:` into it"
    )]
    NoTrains,
    #[error("the policy names no train called {0}\n  cure: name one of {1}")]
    NoTrain(String, String),
    #[error("the policy names several trains\n  cure: name one of {0}")]
    WhichTrain(String),
    #[error("the App is installed on several accounts\n  cure: write --account and one of {0}")]
    WhichAccount(String),
    #[error(
        "a planning meeting of this train is open {0}\n  cure: hold it there, or close that issue and open the next"
    )]
    MeetingIsOpen(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it could not be written down: {0}\n  cure: try again")]
    Keep(KeepError),
}

/// Takes what operators declare.
#[derive(Debug, Clone)]
pub struct Operator {
    pub store: Store,
    pub github: Arc<GitHub>,
    pub clock: Clock,
}

impl Operator {
    /// Writes the declaration down.
    ///
    /// # Errors
    /// When the repository or the person is not known, or nothing can be written.
    pub async fn declare(&self, emergency: Emergency) -> Result<Kept, OperatorError> {
        let unknown = || OperatorError::NoRepository(emergency.repository.clone());
        let name: RepoName = emergency.repository.parse().map_err(|_| unknown())?;
        let (tenant, repo) = self.find(&name).await?.ok_or_else(unknown)?;
        let place = place::find(&self.store, &tenant, std::iter::once(repo)).await?;
        let Some(here) = place::at(&self.store, &place, repo).await? else {
            return Err(OperatorError::NotInstalled);
        };
        let by = self.github.user(&place, &emergency.by).await.map_err(OperatorError::NoPerson)?;
        let now = self.clock.now();
        let declaration = Declaration {
            id: now.as_microsecond().to_string(),
            by,
            at: now,
            why: emergency.why,
            incident: emergency.incident,
            pull_request: emergency.pull_request,
        };
        let (event, body) = here.declared(&declaration);
        let body =
            Packed::of(&body).map_err(|error| OperatorError::Keep(KeepError::Busy(error.to_string())))?;
        let (host, id) = (tenant.host().to_owned(), format!("{tenant}-emergency-{}", declaration.id));
        let delivery = NewDelivery { id, event: event.into(), host, received_at: now, body };
        self.store.keep(delivery).await.map_err(OperatorError::Keep)?;
        Ok(Kept { tenant, subject: SubjectId::Repository(repo), id: declaration.id })
    }

    async fn find(&self, name: &RepoName) -> Result<Option<(TenantId, RepoId)>, StoreError> {
        let views = self.store.subjects_of_kind(SubjectKind::Repository, None).await?;
        let mut named = views.into_iter().filter_map(|(tenant, _, view)| {
            let repository = view.as_repository()?;
            (repository.name == *name && !repository.gone).then_some((tenant, repository.id))
        });
        Ok(named.next())
    }

    /// Writes down which permits are sealed; for which repository.
    ///
    /// # Errors
    /// When the repository is not known, they are too many or last too long, or nothing can be written.
    pub async fn seal(&self, seals: NewSeals) -> Result<(RepoId, RepoName), OperatorError> {
        let NewSeals { repository, environment, ids, at, expires_at } = seals;
        if ids.is_empty() || ids.len() > MOST_SEALS || environment.trim().is_empty() {
            return Err(OperatorError::Seals);
        }
        if expires_at <= at || expires_at.duration_since(at) > LONGEST_SEAL {
            return Err(OperatorError::Seals);
        }
        let unknown = || OperatorError::NoRepository(repository.clone());
        let name: RepoName = repository.parse().map_err(|_| unknown())?;
        let (tenant, repo) = self.find(&name).await?.ok_or_else(unknown)?;
        let here =
            place::whereabouts(&self.store, &tenant, repo).await?.ok_or(OperatorError::NotInstalled)?;
        let id = format!("{tenant}-seal-{}", ids.first().map(String::as_str).unwrap_or_default());
        let (event, body) = here.sealed(&Sealing { environment, ids, at, expires_at });
        let body =
            Packed::of(&body).map_err(|error| OperatorError::Keep(KeepError::Busy(error.to_string())))?;
        let (host, received_at) = (tenant.host().to_owned(), self.clock.now());
        let delivery = NewDelivery { id, event: event.into(), host, received_at, body };
        self.store.keep(delivery).await.map_err(OperatorError::Keep)?;
        Ok((repo, here.name))
    }

    /// What came of a declaration so far.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn became(&self, kept: &Kept) -> Result<Became, StoreError> {
        let question = Question::Known(kept.subject.clone());
        let found = self.store.answer(&kept.tenant, &[question]).await?;
        let known = |answer| if let FactAnswer::Known(state) = answer { state } else { None };
        let state = found.into_iter().find_map(|found| known(found.answer));
        let repository = state.as_deref().and_then(State::as_repository).cloned();
        let Some(repository) = repository else { return Ok(Became::Waits("it is being read".into())) };
        Ok(match repository.declared.get(&kept.id) {
            None => Became::Waits("it is being read".into()),
            Some(Declared::Doubted { why, .. }) => {
                Became::Waits(format!("it could not be found out who may, and is tried again: {why}"))
            }
            Some(Declared::Refused { why, .. }) => Became::Refused(why.clone()),
            Some(Declared::Opening { .. }) => Became::Waits("its issue is being opened on GitHub".into()),
            Some(Declared::Opened { issue, .. }) => {
                let subject = (kept.tenant.clone(), SubjectId::ChangeRequest(*issue));
                let views = self.store.views(std::slice::from_ref(&subject)).await?;
                let request = views.get(&subject).and_then(View::as_change_request);
                let emergency = request.and_then(|request| request.emergency.as_ref());
                let terms = emergency.filter(|it| it.in_force).and_then(|it| it.terms.clone());
                Became::Declared { repository: repository.name.to_string(), issue: *issue, terms }
            }
        })
    }
}
