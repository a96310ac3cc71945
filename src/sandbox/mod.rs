//! The sandbox: a small GitHub in one process. It serves `changegate demo` and every test, and is the only stand-in
//! in the project: everything else is the real thing, talking to it over HTTP.
//!
//! ```text
//! person ([`Person`]) ──┐
//!                       ├─► deeds ─► world, and hooks ─► outbox ─► signed webhooks to the App
//! App (REST) ─► rest ───┘              │
//! App (GraphQL) ─► graphql ◄───────────┘
//! ```
//!
//! Its objects are complete as in GitHub's published schemas, and its faults (see [`Fault`], [`Hold`], [`Mishap`]) are
//! asked for from outside. It keeps no secret but those it is given or makes for itself.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

mod answer;
mod attest;
mod clock;
mod courier;
mod deeds;
mod faults;
mod graphql;
mod holds;
mod hooks;
mod keys;
mod limits;
mod objects;
mod pace;
mod people;
mod registry;
mod rest;
mod server;
mod setup;
mod state;
mod world;

#[cfg(test)]
mod tests;

pub use attest::Attestation;
pub use clock::SandboxClock;
pub use faults::{Fault, Mishap, On};
pub use graphql::SCHEMA as GRAPHQL_SCHEMA;
pub use holds::Hold;
pub use hooks::{Attempt, Delivery};
pub use limits::Limits;
pub use people::{Action, CloseReason, Edit, Entry, Person, Verdict};
pub use state::{Numbered, Request};

use holds::Holds;
use hooks::Hooks;
use keys::KeyPair;
use pace::Pace;
use state::State;
use world::Urls;

/// What the sandbox must be told to start.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// The numeric id of the App.
    pub app_id: u64,
    /// The short name of the App; its bot is `{slug}[bot]`.
    pub app_slug: String,
    /// Signs the webhooks.
    pub webhook_secret: String,
    /// The App's private key (PKCS#8 PEM); a new pair is made where none is given.
    pub private_key_pem: Option<String>,
    pub clock: SandboxClock,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
}

impl SandboxSettings {
    /// Settings with a new key pair on a free port of this machine.
    pub fn new(clock: SandboxClock) -> Self {
        Self {
            app_id: 4242,
            app_slug: "changegate".to_owned(),
            webhook_secret: "a webhook secret of the sandbox only".to_owned(),
            private_key_pem: None,
            clock,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
}

/// Why the sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("the sandbox cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error("the sandbox cannot use this private key: {0}")]
    Key(String),
}

/// A running sandbox; it stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    tasks: Mutex<JoinSet<()>>,
    urls: Urls,
    key: KeyPair,
    authority: attest::Authority,
}

/// What the server and the people share.
#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    news: Notify,
    holds: Holds,
    pace: Pace,
}

impl Shared {
    /// Runs something on the state, alone, and wakes the courier if there is anything to deliver.
    fn with<T>(&self, run: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = run(&mut state);
        if state.hooks.has_pending() {
            self.news.notify_one();
        }
        result
    }
}

impl Sandbox {
    /// Starts an empty GitHub, with the App registered and installed nowhere.
    pub async fn start(settings: SandboxSettings) -> Result<Self, SandboxError> {
        let listener = TcpListener::bind(settings.listen).await;
        let listener = listener.map_err(|cause| SandboxError::Listen(settings.listen, cause))?;
        let address = listener.local_addr().map_err(|cause| SandboxError::Listen(settings.listen, cause))?;
        let key = KeyPair::new(settings.private_key_pem.as_deref())?;
        let urls = Urls { api: format!("http://{address}"), web: format!("http://{address}/web") };
        let state = State::new(&settings, urls.clone(), key.public());
        let authority = attest::Authority::new(state.now())?;
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            news: Notify::new(),
            holds: Holds::default(),
            pace: Pace::default(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(server::serve(listener, shared.clone()));
        Ok(Self { shared, tasks: Mutex::new(tasks), urls, key, authority })
    }

    /// The base of the REST API, without a slash at the end.
    pub fn api_url(&self) -> &str {
        &self.urls.api
    }

    /// The base of the web pages; only names, nothing is served there.
    pub fn web_url(&self) -> &str {
        &self.urls.web
    }

    pub fn private_key_pem(&self) -> &str {
        self.key.private_pem()
    }

    pub fn app_id(&self) -> u64 {
        self.shared.with(|state| state.world.app.id)
    }

    pub fn webhook_secret(&self) -> String {
        self.shared.with(|state| state.hooks.secret().to_owned())
    }

    /// The time on this GitHub.
    pub fn now(&self) -> Timestamp {
        self.shared.with(|state| state.now())
    }

    /// Moves the sandbox's time forward.
    pub fn advance(&self, span: SignedDuration) {
        self.shared.with(|state| state.clock.advance(span));
    }

    /// Every request that arrived, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.with(|state| state.requests.clone())
    }

    /// Everything that people did, in order.
    pub fn actions(&self) -> Vec<Action> {
        self.shared.with(|state| state.actions.clone())
    }

    /// Replaces the rate limits; what was used so far still counts.
    pub fn set_limits(&self, limits: Limits) {
        self.shared.with(|state| state.limits.set(limits));
    }

    /// Somebody who does things on GitHub.
    ///
    /// # Panics
    /// If nobody has this login.
    pub fn by(&self, login: &str) -> Person<'_> {
        Person::new(self, login)
    }

    /// Closes the door; connections that are open end.
    pub fn stop(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    fn hooks<T>(&self, run: impl FnOnce(&mut Hooks) -> T) -> T {
        self.shared.with(|state| run(&mut state.hooks))
    }
}
