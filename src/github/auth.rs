//! Who we are to GitHub: the App's key signs a short-lived token, which buys installation tokens that open one
//! repository for one purpose.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use http::Method;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{GitHub, client::Request, trouble::Trouble};
use crate::domain::ids::{InstallationId, RepoId};

/// A token is renewed this long before it expires.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// GitHub's replicas know a token by then.
const YOUTH: SignedDuration = SignedDuration::from_secs(10);
/// Permissions may be granted any time; after this we ask for them again.
const FORGETS: SignedDuration = SignedDuration::from_hours(1);

/// The App and its private keys, newest first.
pub(super) struct AppKeys {
    pub(super) app_id: u64,
    keys: RwLock<Arc<[EncodingKey]>>,
}

impl fmt::Debug for AppKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppKeys").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

impl AppKeys {
    /// Fails with the place in the list of the key that is none, counted from 1.
    pub(super) fn new(app_id: u64, pems: &[SecretString]) -> Result<Self, usize> {
        Ok(Self { app_id, keys: RwLock::new(read(pems)?) })
    }

    /// Signs with these from now on; fails like [`AppKeys::new`], and then nothing changes.
    pub(super) fn replace(&self, pems: &[SecretString]) -> Result<(), usize> {
        let keys = read(pems)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// A token of the App by each key: valid from a minute ago, for clocks differ, and for nine more.
    fn tokens(&self, now: Timestamp) -> impl Iterator<Item = Result<SecretString, Trouble>> {
        let (now, issuer) = (now.as_second(), self.app_id.to_string());
        let keys = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        (0..keys.len()).filter_map(move |nr| {
            let claims = Claims { iat: now - 60, exp: now + 9 * 60, iss: issuer.clone() };
            let token = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, keys.get(nr)?);
            let silent = |_| Trouble::Strange("the App's private key does not sign".into());
            Some(token.map(SecretString::from).map_err(silent))
        })
    }
}

fn read(pems: &[SecretString]) -> Result<Arc<[EncodingKey]>, usize> {
    let key = |(place, pem): (usize, &SecretString)| {
        EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes()).map_err(|_| place + 1)
    };
    pems.iter().enumerate().map(key).collect()
}

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Access {
    pub(super) installation: InstallationId,
    /// `None`: whatever the installation opens. Only to read: its list of repositories, teams, and the links and forks
    /// of a pull request.
    pub(super) repo: Option<RepoId>,
    pub(super) scope: Scope,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Scope {
    Read,
    Write,
    /// To read runs of workflows, environments and deployments.
    Runs,
    /// To answer for our deployment protection rule.
    Answer,
    /// To read what workflows have attested.
    Attestations,
    /// To read how branches are protected; most Apps may not.
    Rules,
}

impl Scope {
    pub(super) const fn permissions(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Read => &[
                ("checks", "read"),
                ("contents", "read"),
                ("issues", "read"),
                ("members", "read"),
                ("merge_queues", "read"),
                ("metadata", "read"),
                ("pull_requests", "read"),
            ],
            Self::Write => {
                &[("checks", "write"), ("issues", "write"), ("metadata", "read"), ("pull_requests", "write")]
            }
            Self::Runs => &[("actions", "read"), ("deployments", "read"), ("metadata", "read")],
            Self::Answer => &[("actions", "read"), ("deployments", "write"), ("metadata", "read")],
            Self::Attestations => &[("attestations", "read"), ("metadata", "read")],
            Self::Rules => &[("administration", "read"), ("metadata", "read")],
        }
    }

    /// What may be left out, in this order, where GitHub refuses: one fact is unknown then, not all.
    const fn forgoes(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Read => &[
                &[],
                &["members"],
                &["merge_queues"],
                &["merge_queues", "checks"],
                &["members", "merge_queues"],
                &["members", "merge_queues", "checks"],
            ],
            // With the permissions of intake alone, what is told of an issue is told all the same.
            Self::Write => &[&[], &["checks", "pull_requests"]],
            Self::Answer => &[&[]],
            Self::Runs => &[&[], &["actions"], &["deployments"]],
            Self::Attestations => &[&[], &["attestations"]],
            Self::Rules => &[&[], &["administration"]],
        }
    }
}

/// An installation token. GitHub says nothing about its form, and so do we.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) value: SecretString,
    expires: Timestamp,
    minted: Timestamp,
}

impl Token {
    /// Whether GitHub's replicas may not know it yet.
    pub(super) fn is_young(&self, now: Timestamp) -> bool {
        now.duration_since(self.minted) < YOUTH
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.expires.duration_since(now) > MARGIN
    }
}

type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// The tokens that we hold, and how much of the permissions we learned to forgo.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    held: Mutex<HashMap<Access, Slot>>,
    forgone: Mutex<HashMap<(InstallationId, Scope), (usize, Timestamp)>>,
}

impl Tokens {
    const MOST: usize = 10_000;

    fn slot(&self, access: Access) -> Slot {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= Self::MOST {
            held.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        held.entry(access).or_default().clone()
    }

    fn forgone(&self, access: Access, now: Timestamp) -> usize {
        let forgone = self.forgone.lock().unwrap_or_else(PoisonError::into_inner);
        let known = forgone.get(&(access.installation, access.scope)).copied();
        known.filter(|(_, at)| now.duration_since(*at) < FORGETS).map_or(0, |(step, _)| step)
    }

    /// Forgets every token of an installation, and what its permissions lacked.
    fn forget(&self, installation: InstallationId) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|access, _| access.installation != installation);
        drop(held);
        let mut forgone = self.forgone.lock().unwrap_or_else(PoisonError::into_inner);
        forgone.retain(|(of, _), _| *of != installation);
    }

    fn forgo(&self, access: Access, step: usize, now: Timestamp) {
        let mut forgone = self.forgone.lock().unwrap_or_else(PoisonError::into_inner);
        forgone.insert((access.installation, access.scope), (step, now));
    }
}

#[derive(Serialize)]
struct Wanted {
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_ids: Option<[u64; 1]>,
    permissions: BTreeMap<&'static str, &'static str>,
}

#[derive(Deserialize)]
struct Minted {
    token: String,
    expires_at: Timestamp,
}

impl GitHub {
    /// To be told when an installation's permissions have changed: tokens know only those of their birth.
    pub fn permissions_changed(&self, installation: InstallationId) {
        self.tokens.forget(installation);
    }

    /// The token that is held, or a new one. `not` is one that GitHub did not accept.
    pub(super) async fn token(&self, access: Access, not: Option<&Token>) -> Result<Token, Trouble> {
        let slot = self.tokens.slot(access);
        let mut slot = slot.lock().await;
        let rejected = |token: &Token| not.is_some_and(|not| not.minted >= token.minted);
        if let Some(token) =
            slot.as_ref().filter(|token| token.is_fresh(self.clock.now()) && !rejected(token))
        {
            return Ok(token.clone());
        }
        let token = self.mint(access).await?;
        *slot = Some(token.clone());
        drop(slot);
        Ok(token)
    }

    async fn mint(&self, access: Access) -> Result<Token, Trouble> {
        let steps = access.scope.forgoes();
        let first = self.tokens.forgone(access, self.clock.now());
        let mut refused = Trouble::Strange("no permissions are left to ask for".into());
        for (step, forgone) in steps.iter().enumerate().skip(first) {
            match self.mint_without(access, forgone).await {
                Ok(token) => {
                    self.tokens.forgo(access, step, token.minted);
                    return Ok(token);
                }
                // Of a repository that is not there, no smaller permission opens anything.
                Err(Trouble::Unprocessable(why)) if !why.to_lowercase().contains("repositor") => {
                    refused = Trouble::Unprocessable(why);
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Err(refused)
    }

    async fn mint_without(&self, access: Access, forgone: &[&str]) -> Result<Token, Trouble> {
        let permissions = access.scope.permissions().iter().copied();
        let wanted = Wanted {
            repository_ids: access.repo.map(|repo| [repo.0]),
            permissions: permissions.filter(|(name, _)| !forgone.contains(name)).collect(),
        };
        let path = format!("/app/installations/{}/access_tokens", access.installation);
        let minted = self.clock.now();
        let answer = self.ask_as_app(&Request::new(Method::POST, path).with(&wanted)).await;
        let answer = answer.map_err(|trouble| {
            let is_gone = matches!(trouble, Trouble::NotFound | Trouble::Gone);
            if is_gone {
                Trouble::NotInstalled("the App is not installed there any more".into())
            } else {
                trouble
            }
        })?;
        let Minted { token, expires_at } = super::access::parse(&answer.body)?;
        Ok(Token { value: token.into(), expires: expires_at, minted })
    }

    /// Asks as the App itself, with the newest key that GitHub knows.
    pub(super) async fn ask_as_app(&self, request: &Request) -> Result<super::client::Answer, Trouble> {
        let mut last = Err(Trouble::Unauthorized);
        for token in self.keys.tokens(self.clock.now()) {
            last = self.ask_with(None, &token?, request).await;
            if !matches!(&last, Err(Trouble::Unauthorized)) {
                break;
            }
        }
        self.standing.asked_as_app(&last);
        last
    }
}
