//! What all bodies share: people, accounts, repositories, and texts that a database can hold.

use serde::{Deserialize, Deserializer, de};

use crate::domain::{
    event::{AccountSnapshot, RepositoryNumber, RepositorySnapshot},
    ids::{AccountId, Actor, RepoId, RepoName, Sha},
};

/// A text without the character NUL, which no database takes.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text.contains('\0') {
            return Err(de::Error::custom("a text contains the character NUL"));
        }
        Ok(Self(text))
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text, or an empty one.
pub(super) fn or_empty(text: Option<Text>) -> String {
    text.map(String::from).unwrap_or_default()
}

/// GitHub writes "no commit" as zeros.
pub(super) fn unless_zero(sha: Option<Sha>) -> Option<Sha> {
    sha.filter(|sha| sha.as_str().bytes().any(|digit| digit != b'0'))
}

/// A user, bot or organisation that did something.
#[derive(Deserialize)]
pub(in crate::github) struct User {
    pub(super) id: Option<u64>,
    pub(super) login: Option<Text>,
    #[serde(rename = "type")]
    pub(super) kind: Option<Text>,
}

impl User {
    /// Somebody without a number is nobody: decisions go by numbers.
    pub(in crate::github) fn actor(self) -> Option<Actor> {
        let login = or_empty(self.login);
        let kind = self.kind.as_ref().map_or("", Text::as_str);
        let person = kind == "User" && !login.ends_with("[bot]");
        self.id.map(|id| Actor { id: AccountId(id), login, person })
    }

    fn account(&self) -> Option<AccountSnapshot> {
        let kind = self.kind.as_ref().map_or("", Text::as_str);
        Some(AccountSnapshot {
            id: AccountId(self.id?),
            login: self.login.as_ref()?.as_str().into(),
            organisation: kind == "Organization",
        })
    }
}

/// The organisation that a delivery is about.
#[derive(Deserialize)]
pub(super) struct Organization {
    id: u64,
    login: Text,
}

impl Organization {
    pub(super) fn account(self) -> AccountSnapshot {
        AccountSnapshot { id: AccountId(self.id), login: self.login.into(), organisation: true }
    }
}

/// The installation that a delivery came through; only `installation*` events say whose it is.
#[derive(Deserialize)]
pub(super) struct Installation {
    pub(super) id: u64,
    account: Option<User>,
}

impl Installation {
    pub(super) fn account(&self) -> Option<AccountSnapshot> {
        self.account.as_ref().and_then(User::account)
    }
}

/// A repository, whole.
#[derive(Deserialize)]
pub(super) struct Repository {
    pub(super) id: RepoId,
    pub(super) full_name: RepoName,
    owner: Option<User>,
    default_branch: Option<Text>,
    private: Option<bool>,
    archived: Option<bool>,
}

impl Repository {
    pub(super) fn account(&self) -> Option<AccountSnapshot> {
        self.owner.as_ref().and_then(User::account)
    }

    pub(super) fn snapshot(self) -> RepositorySnapshot {
        RepositorySnapshot {
            id: self.id,
            name: self.full_name,
            default_branch: self.default_branch.map(String::from),
            private: self.private,
            archived: self.archived,
        }
    }
}

/// A repository in a list.
#[derive(Deserialize)]
pub(super) struct Listed {
    id: RepoId,
    full_name: RepoName,
}

impl From<Listed> for RepositoryNumber {
    fn from(listed: Listed) -> Self {
        Self { id: listed.id, name: listed.full_name }
    }
}

/// Something of which only the number is read.
#[derive(Deserialize)]
pub(super) struct Numbered {
    pub(super) id: u64,
}

/// Something of which only the name is read.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) name: Text,
}

/// The names, in alphabetical order.
pub(super) fn names(named: Option<Vec<Named>>) -> Vec<String> {
    let mut names: Vec<String> = named.into_iter().flatten().map(|named| named.name.into()).collect();
    names.sort();
    names
}
