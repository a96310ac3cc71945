//! The only room that knows GitHub: it proves deliveries, reads them, finds out facts, and performs effects.
//!
//! ```text
//! delivery ─► signature ─► payload ─► domain::Event
//! questions ─► read ─┐
//!                    ├─► access (auth, budget) ─► client ─► GitHub
//! effect ─► write ───┘
//! ```

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use http::HeaderValue;
use secrecy::SecretString;

use crate::{
    clock::Clock,
    domain::ids::{InstallationId, RepoId, RepoName, TenantId},
};

pub mod signature;

pub mod payload;

pub mod budget;

mod trouble;

mod client;

mod auth;

mod access;

mod read;

mod write;

mod setup;

mod attestation;

mod deliveries;

mod lists;

mod native;

mod examine;

mod standing;

pub use client::NotAnApi;
pub use deliveries::{Noted, Page};
pub use examine::Look;
pub use lists::Issues;
pub use read::queries;
pub use setup::{App, Installation};
pub use standing::{BudgetLeft, Stands};
pub use write::{Done, Failure};

/// The version of GitHub's REST API that this room is written for.
pub const API_VERSION: &str = "2022-11-28";

/// What must be known to talk to GitHub.
#[derive(Debug, Clone)]
pub struct GitHubSettings {
    /// `https://api.github.com`, `https://HOST/api/v3`, or any other base without a prefix.
    pub api_url: String,
    /// The App's number.
    pub app_id: u64,
    /// The App's private keys as PEM, newest first. A later one is used where GitHub does not know an earlier one.
    pub private_keys: Vec<SecretString>,
    /// Marks our comments; several while it is being replaced, newest first. Without any, the keys mark them.
    pub marker_secrets: Vec<signature::Secret>,
    /// The value of `X-GitHub-Api-Version`; see [`API_VERSION`].
    pub api_version: String,
    /// Whose certificates attestations are verified by, as `gh attestation trusted-root` writes them; `None`: none counts.
    pub trusted_root: Option<String>,
    /// Who writes the tokens of the jobs that attest.
    pub issuers: Vec<String>,
}

/// Settings that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// The address.
    #[error(transparent)]
    Address(#[from] NotAnApi),
    /// No private key at all.
    #[error("there is no private key of the App")]
    NoKey,
    /// A key that is none.
    #[error("private key number {0} is not an RSA key in PEM")]
    Key(usize),
    /// The version of the API.
    #[error("`{0}` is not a version of GitHub's API (a date)")]
    ApiVersion(String),
    /// The trusted root.
    #[error("the trusted root is none that `gh attestation trusted-root` writes")]
    TrustedRoot,
    /// The transport, for want of trusted root certificates mostly.
    #[error("no connection can be prepared: {0}")]
    Transport(String),
}

/// Where questions and effects are about: whose installation, and what its repositories are called.
#[derive(Debug, Clone)]
pub struct Place {
    /// The account.
    pub tenant: TenantId,
    /// `None`: the App is not installed there (any more).
    pub installation: Option<InstallationId>,
    /// The names of the repositories that may be asked about.
    pub names: BTreeMap<RepoId, RepoName>,
}

/// GitHub, as seen by one App.
#[derive(Debug)]
pub struct GitHub {
    client: client::Client,
    clock: Clock,
    keys: auth::AppKeys,
    tokens: auth::Tokens,
    accounts: Mutex<HashMap<Option<InstallationId>, Arc<access::Account>>>,
    policies: Mutex<read::PolicyCache>,
    remembered: read::Remembered,
    markers: Vec<signature::Secret>,
    slug: tokio::sync::OnceCell<String>,
    standing: standing::Standing,
    trust: Option<attestation::Trust>,
}

impl GitHub {
    /// Signs with these keys from now on, newest first.
    ///
    /// # Errors
    /// When one is no RSA key in PEM; the old ones stay then.
    pub fn replace_keys(&self, pems: &[SecretString]) -> Result<(), GitHubError> {
        if pems.is_empty() {
            return Err(GitHubError::NoKey);
        }
        self.keys.replace(pems).map_err(GitHubError::Key)
    }

    /// Prepares everything and asks nothing yet. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// When the settings cannot work.
    pub fn new(settings: &GitHubSettings, clock: Clock) -> Result<Self, GitHubError> {
        if settings.private_keys.is_empty() {
            return Err(GitHubError::NoKey);
        }
        let keys = auth::AppKeys::new(settings.app_id, &settings.private_keys).map_err(GitHubError::Key)?;
        let addresses = client::Addresses::of(&settings.api_url)?;
        let version = HeaderValue::from_str(&settings.api_version)
            .map_err(|_| GitHubError::ApiVersion(settings.api_version.clone()))?;
        let trust = settings
            .trusted_root
            .as_ref()
            .map(|text| attestation::Trust::read(text, &settings.issuers).ok_or(GitHubError::TrustedRoot));
        let client = client::Client::new(addresses, version)
            .map_err(|error| GitHubError::Transport(error.to_string()))?;
        Ok(Self {
            client,
            clock,
            keys,
            tokens: auth::Tokens::default(),
            accounts: Mutex::default(),
            policies: Mutex::default(),
            remembered: read::Remembered::default(),
            markers: write::markers(settings),
            slug: tokio::sync::OnceCell::new(),
            standing: standing::Standing::default(),
            trust: trust.transpose()?,
        })
    }
}

#[cfg(test)]
mod tests;
