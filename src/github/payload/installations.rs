//! Who is there: `installation`, `installation_repositories`, `repository`, `member`, `membership` and `team`.

use serde::Deserialize;

use super::{
    Understood,
    people::{Listed, Numbered, Text, User},
};
use crate::domain::{
    event::{InstallationChange, RepositoryChange, RepositoryNumber, TeamSnapshot, What},
    ids::AccountId,
};

fn numbers(listed: Option<Vec<Listed>>) -> Vec<RepositoryNumber> {
    listed.into_iter().flatten().map(RepositoryNumber::from).collect()
}

/// The body of `installation`.
#[derive(Deserialize)]
pub(super) struct Installation {
    action: Text,
    #[serde(rename = "installation")]
    _installation: Whose,
    repositories: Option<Vec<Listed>>,
}

/// Other events show an installation too, but not whose it is.
#[derive(Deserialize)]
struct Whose {
    #[serde(rename = "account")]
    _account: User,
}

impl Installation {
    pub(super) fn what(self) -> What {
        let change = match self.action.as_str() {
            "created" => InstallationChange::Created,
            "deleted" => InstallationChange::Deleted,
            "suspend" => InstallationChange::Suspended,
            "unsuspend" => InstallationChange::Unsuspended,
            "new_permissions_accepted" => InstallationChange::PermissionsAccepted,
            _ => InstallationChange::Other,
        };
        What::Installation { change, repositories: numbers(self.repositories) }
    }
}

/// The body of `installation_repositories`.
#[derive(Deserialize)]
pub(super) struct Repositories {
    repositories_added: Option<Vec<Listed>>,
    repositories_removed: Option<Vec<Listed>>,
}

impl Repositories {
    pub(super) fn what(self) -> What {
        What::InstallationRepositories {
            added: numbers(self.repositories_added),
            removed: numbers(self.repositories_removed),
        }
    }
}

/// The body of `repository`; how it is now stands beside.
#[derive(Deserialize)]
pub(super) struct Repository {
    action: Text,
    changes: Option<Changes>,
}

/// What was changed; only a transfer is read.
#[derive(Deserialize)]
struct Changes {
    owner: Option<OwnerChange>,
}

#[derive(Deserialize)]
struct OwnerChange {
    from: Option<Owner>,
}

/// A user or an organisation.
#[derive(Deserialize)]
struct Owner {
    user: Option<Numbered>,
    organization: Option<Numbered>,
}

impl Changes {
    fn former_owner(self) -> Option<AccountId> {
        let Owner { user, organization } = self.owner?.from?;
        user.or(organization).map(|owner| AccountId(owner.id))
    }
}

impl Repository {
    pub(super) fn what(self) -> What {
        let change = match self.action.as_str() {
            "created" => RepositoryChange::Created,
            "renamed" => RepositoryChange::Renamed,
            "transferred" => {
                RepositoryChange::Transferred { from: self.changes.and_then(Changes::former_owner) }
            }
            "deleted" => RepositoryChange::Deleted,
            "archived" => RepositoryChange::Archived,
            "unarchived" => RepositoryChange::Unarchived,
            "edited" => RepositoryChange::Edited,
            _ => RepositoryChange::Other,
        };
        What::Repository { change }
    }
}

/// The body of `member`.
#[derive(Deserialize)]
pub(super) struct Member {
    action: Text,
    member: Option<User>,
}

impl Member {
    pub(super) fn what(self) -> What {
        What::Member { action: self.action.into(), member: self.member.and_then(User::actor) }
    }
}

#[derive(Deserialize)]
struct TeamBody {
    id: Option<u64>,
    slug: Option<Text>,
}

impl From<TeamBody> for TeamSnapshot {
    fn from(body: TeamBody) -> Self {
        Self { id: body.id, slug: body.slug.map(String::from) }
    }
}

/// The body of `membership`.
#[derive(Deserialize)]
pub(super) struct Membership {
    action: Text,
    member: Option<User>,
    team: TeamBody,
}

impl Membership {
    pub(super) fn what(self) -> Understood {
        let added = match self.action.as_str() {
            "added" => true,
            "removed" => false,
            _ => return Understood::Not("a member is `added` or `removed`, and nothing else".into()),
        };
        let member = self.member.and_then(User::actor);
        Understood::As(Box::new(What::Membership { added, member, team: self.team.into() }))
    }
}

/// The body of `team`.
#[derive(Deserialize)]
pub(super) struct Team {
    action: Text,
    team: TeamBody,
}

impl Team {
    pub(super) fn what(self) -> What {
        What::Team { action: self.action.into(), team: self.team.into() }
    }
}
