//! What is known of each subject (its state), and the part of it that other subjects may read (its view).
//!
//! A subject that settles wakes the subjects that read its view, when the view changed, and those it points at,
//! when it began or ceased to point at them or its view changed; always towards later kinds, never back.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::{
    account::Account,
    change_request::{ChangeRequest, ChangeRequestView},
    commit::Commit,
    environment::{Environment, EnvironmentView},
    ids::{SubjectId, SubjectKind},
    milestone::{Milestone, MilestoneView},
    promotion::{Promotion, PromotionView},
    pull_request::{PullRequest, PullRequestView},
    release::Release,
    repository::{Repository, RepositoryView},
    tagged::{self, Tagged},
};

/// How one subject points at another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// A pull request finishes or is part of a change request.
    Covers,
    /// A pull request is at a commit (its head).
    At,
    /// A change request or a milestone belongs to a release.
    In,
    /// An account has a repository.
    Has,
    /// A release ships from a repository. It is looked up, and wakes nobody there.
    Ships,
    /// A release has an issue as its control record, a change request one as its retrospective. It is looked up, and wakes nobody there.
    Records,
    /// A change request owes something in a repository, or for a system, which is looked for at the account. It is looked up, and wakes nobody there.
    Owes,
    /// A change request without code is underway. It is looked up, and wakes nobody in the account.
    Underway,
    /// A commit is deployed by being merged, or a pull request was: a promotion.
    Promotes,
    /// A promotion is merged into a branch of a repository. It is looked up, and wakes nobody there.
    Into,
    /// An environment is of a repository. It is looked up, and wakes nobody there.
    Deploys,
    /// A release runs everywhere where it ships. It is looked up, and wakes nobody in the account.
    Delivered,
}

impl Relation {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Covers,
        Self::At,
        Self::In,
        Self::Has,
        Self::Ships,
        Self::Records,
        Self::Owes,
        Self::Underway,
        Self::Promotes,
        Self::Into,
        Self::Deploys,
        Self::Delivered,
    ];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Covers => "covers",
            Self::At => "at",
            Self::In => "in",
            Self::Has => "has",
            Self::Ships => "ships",
            Self::Records => "records",
            Self::Owes => "owes",
            Self::Underway => "underway",
            Self::Promotes => "promotes",
            Self::Into => "into",
            Self::Deploys => "deploys",
            Self::Delivered => "delivered",
        }
    }
}

/// Everything known of one subject. Stored as JSON with its kind and version.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum State {
    Account(Account),
    Repository(Repository),
    Milestone(Milestone),
    PullRequest(Box<PullRequest>),
    ChangeRequest(Box<ChangeRequest>),
    Commit(Commit),
    Release(Box<Release>),
    Environment(Box<Environment>),
    Promotion(Box<Promotion>),
}

/// What others may read of a subject. Stored as JSON beside the state; its hash is the subject's face.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum View {
    Account(Account),
    Repository(RepositoryView),
    Milestone(MilestoneView),
    PullRequest(Box<PullRequestView>),
    ChangeRequest(Box<ChangeRequestView>),
    Commit(Commit),
    Release(Box<Release>),
    Environment(EnvironmentView),
    Promotion(PromotionView),
}

impl State {
    /// Which kind of subject it is of.
    #[must_use]
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::Account(_) => SubjectKind::Account,
            Self::Repository(_) => SubjectKind::Repository,
            Self::Milestone(_) => SubjectKind::Milestone,
            Self::PullRequest(_) => SubjectKind::PullRequest,
            Self::ChangeRequest(_) => SubjectKind::ChangeRequest,
            Self::Commit(_) => SubjectKind::Commit,
            Self::Release(_) => SubjectKind::Release,
            Self::Environment(_) => SubjectKind::Environment,
            Self::Promotion(_) => SubjectKind::Promotion,
        }
    }

    /// What others may read of it.
    #[must_use]
    pub fn view(&self) -> View {
        match self {
            Self::Account(account) => View::Account(account.view()),
            Self::Repository(repository) => View::Repository(repository.view()),
            Self::Milestone(milestone) => View::Milestone(milestone.view()),
            Self::PullRequest(pull_request) => View::PullRequest(Box::new(pull_request.view())),
            Self::ChangeRequest(change_request) => View::ChangeRequest(Box::new(change_request.view())),
            Self::Commit(commit) => View::Commit(commit.clone()),
            Self::Release(release) => View::Release(Box::new(release.view())),
            Self::Environment(environment) => View::Environment(environment.view()),
            Self::Promotion(promotion) => View::Promotion(promotion.view()),
        }
    }

    /// The subjects it points at.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        match self {
            Self::Account(account) => account.relations(),
            Self::Repository(_) => BTreeSet::new(),
            Self::Commit(commit) => commit.relations(),
            Self::Promotion(promotion) => promotion.relations(),
            Self::Environment(environment) => environment.relations(),
            Self::Release(release) => release.relations(),
            Self::Milestone(milestone) => milestone.relations(),
            Self::PullRequest(pull_request) => pull_request.relations(),
            Self::ChangeRequest(change_request) => change_request.relations(),
        }
    }
}

macro_rules! read_by_kind {
    ($($of:ident)*) => {
        $(
            impl<'de> Deserialize<'de> for $of {
                fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    tagged::deserialize(from)
                }
            }

            impl<'de> Tagged<'de> for $of {
                fn of<D: Deserializer<'de>>(kind: &str, fields: D) -> Result<Self, D::Error> {
                    match kind {
                        "account" => Deserialize::deserialize(fields).map(Self::Account),
                        "repository" => Deserialize::deserialize(fields).map(Self::Repository),
                        "milestone" => Deserialize::deserialize(fields).map(Self::Milestone),
                        "pull_request" => Deserialize::deserialize(fields).map(Self::PullRequest),
                        "change_request" => Deserialize::deserialize(fields).map(Self::ChangeRequest),
                        "commit" => Deserialize::deserialize(fields).map(Self::Commit),
                        "release" => Deserialize::deserialize(fields).map(Self::Release),
                        "environment" => Deserialize::deserialize(fields).map(Self::Environment),
                        "promotion" => Deserialize::deserialize(fields).map(Self::Promotion),
                        other => Err(D::Error::custom(format!("there is no subject of the kind `{other}`"))),
                    }
                }
            }
        )*
    };
}

read_by_kind! { State View }

macro_rules! as_kind {
    ($of:ident: $($method:ident -> $type:ty = $variant:ident;)*) => {
        impl $of {
            $(
                /// What it holds, if it is of that kind.
                #[must_use]
                pub const fn $method(&self) -> Option<&$type> {
                    if let Self::$variant(held) = self { Some(held) } else { None }
                }
            )*
        }
    };
}

as_kind! {
    State:
    as_account -> Account = Account;
    as_repository -> Repository = Repository;
    as_milestone -> Milestone = Milestone;
    as_pull_request -> PullRequest = PullRequest;
    as_change_request -> ChangeRequest = ChangeRequest;
    as_commit -> Commit = Commit;
    as_release -> Release = Release;
    as_environment -> Environment = Environment;
    as_promotion -> Promotion = Promotion;
}

as_kind! {
    View:
    as_account -> Account = Account;
    as_repository -> RepositoryView = Repository;
    as_milestone -> MilestoneView = Milestone;
    as_pull_request -> PullRequestView = PullRequest;
    as_change_request -> ChangeRequestView = ChangeRequest;
    as_commit -> Commit = Commit;
    as_release -> Release = Release;
    as_environment -> EnvironmentView = Environment;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        environment::{Deployed, Phase},
        repository::Failed,
        trial::{sha, time},
    };

    #[test]
    fn what_goes_by_number_reads_back_from_behind_a_tag() {
        let failed = Failed { open: [(7, sha('a'))].into(), ..Failed::default() };
        let json = serde_json::to_string(&failed).unwrap();
        assert_eq!(serde_json::from_str::<Failed>(&json).unwrap(), failed);
        let earlier = r#"{"open":{},"counted":{}}"#;
        assert_eq!(serde_json::from_str::<Failed>(earlier).unwrap(), Failed::default());
        let mut environment = Environment { name: "production".into(), ..Environment::default() };
        let deployed = Deployed { sha: sha('a'), phase: Phase::Succeeded, heard_at: time(0), allowed: true };
        environment.runs = [(7, deployed)].into_iter().collect();
        let state = State::Environment(Box::new(environment));
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&json).unwrap(), state);
    }

    #[test]
    fn a_subject_reads_back_wherever_its_kind_stands_and_another_kind_is_none() {
        let environment = Environment { name: "production".into(), ..Environment::default() };
        let state = State::Environment(Box::new(environment));
        let json = serde_json::to_string(&state).unwrap();
        let rest = json.strip_prefix(r#"{"kind":"environment","#).unwrap().strip_suffix('}').unwrap();
        let last = format!(r#"{{{rest},"kind":"environment"}}"#);
        assert_eq!(serde_json::from_str::<State>(&last).unwrap(), state);
        let value = serde_json::to_value(&state).unwrap();
        assert_eq!(serde_json::from_value::<State>(value).unwrap(), state);
        for wrong in [json.replace("environment", "planet"), format!("{{{rest}}}"), "{}".into(), "[]".into()]
        {
            assert!(serde_json::from_str::<State>(&wrong).is_err(), "{wrong}");
        }
        let view = serde_json::to_string(&state.view()).unwrap();
        assert_eq!(serde_json::from_str::<View>(&view).unwrap(), state.view());
    }
}
