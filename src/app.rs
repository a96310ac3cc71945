//! The wiring: settings become a running server.

use std::{io, path::PathBuf, sync::Arc};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use secrecy::ExposeSecret as _;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    admin,
    clock::Clock,
    config::Config,
    domain::decide::Instance,
    effects::Performer,
    github::{API_VERSION, GitHub, GitHubError, GitHubSettings, signature::Secret},
    inbox::Inbox,
    store::{Counts, OpenError, Store, StoreError},
    webhook::{self, Door},
    worker::{self, Stop, Worked},
};

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    #[error("{what}: {error}")]
    Listen { what: String, error: io::Error },
}

/// Everything that works, before it works: its steps can be taken by hand.
#[derive(Debug, Clone)]
pub struct App {
    pub store: Store,
    pub inbox: Inbox,
    pub performer: Performer,
    pub door: Door,
    socket: Option<PathBuf>,
}

impl App {
    /// Opens the database and the way to GitHub.
    ///
    /// # Errors
    /// When either refuses; the error says why and what to do.
    pub async fn open(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let store = Store::open(&config.database_url).await?;
        let settings = GitHubSettings {
            api_url: config.github_api_url.clone(),
            app_id: config.app_id,
            private_keys: config.private_keys.clone(),
            marker_secrets: vec![],
            api_version: API_VERSION.into(),
        };
        let github = Arc::new(GitHub::new(&settings, clock.clone())?);
        let instance = Instance { web_url: config.github_web_url.clone(), app: config.app_id };
        let inbox = Inbox { store: store.clone(), github: github.clone(), clock: clock.clone(), instance };
        let performer = Performer { store: store.clone(), github, clock: clock.clone() };
        let secrets = config
            .webhook_secrets
            .iter()
            .filter_map(|secret| Secret::new(secret.expose_secret()).ok())
            .collect();
        let door = Door { store: store.clone(), clock, secrets, host: config.github_host().into() };
        let socket = config.database_file().map(|file| admin::socket_of(&file));
        Ok(Self { store, inbox, performer, door, socket })
    }

    /// What the server answers.
    pub fn router(&self) -> Router {
        let health = Router::new()
            .route("/healthz", get(async || "alive\n"))
            .route("/readyz", get(ready))
            .with_state(self.door.clone());
        webhook::router(self.door.clone()).merge(health)
    }

    /// Takes steps until nothing is left to do now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self) -> Result<usize, StoreError> {
        let mut worked = 0;
        loop {
            let mut idle = true;
            for step in [
                self.inbox.route_batch().await?,
                self.inbox.decide_batch().await?,
                self.performer.perform_batch().await?,
            ] {
                if let Worked::Some(items) = step {
                    worked += items;
                    idle = false;
                }
            }
            if idle {
                return Ok(worked);
            }
        }
    }

    /// Starts the loops that take the steps.
    #[must_use]
    pub fn workers(&self, stop: &Stop) -> Vec<JoinHandle<()>> {
        let (router, judge, performer) = (self.inbox.clone(), self.inbox.clone(), self.performer.clone());
        vec![
            worker::spawn("route", stop.clone(), move || {
                let inbox = router.clone();
                async move { inbox.route_batch().await }
            }),
            worker::spawn("decide", stop.clone(), move || {
                let inbox = judge.clone();
                async move { inbox.decide_batch().await }
            }),
            worker::spawn("perform", stop.clone(), move || {
                let performer = performer.clone();
                async move { performer.perform_batch().await }
            }),
        ]
    }

    /// Opens the doors: the webhook's and the health page's for everybody, the admin socket for the operator.
    ///
    /// # Errors
    /// When the admin socket cannot be made.
    pub fn open_doors(&self, listener: TcpListener, stop: &Stop) -> Result<Vec<JoinHandle<()>>, StartError> {
        let mut doors = vec![worker::serve("http", listener, self.router(), stop.clone())];
        if let Some(path) = &self.socket {
            let listener = admin::listen(path);
            let listener =
                listener.map_err(|error| StartError::Listen { what: path.display().to_string(), error })?;
            doors.push(worker::serve(
                "admin",
                listener,
                admin::router(self.store.clone(), self.door.clock.clone()),
                stop.clone(),
            ));
        }
        Ok(doors)
    }

    /// Serves until told to stop; then finishes what is in flight.
    ///
    /// # Errors
    /// When a socket fails.
    pub async fn serve(self, listener: TcpListener, stop: Stop) -> Result<(), StartError> {
        let mut running = self.open_doors(listener, &stop)?;
        running.extend(self.workers(&stop));
        for task in running {
            // One that panicked has said so; the others are still waited for.
            drop(task.await);
        }
        if let Some(path) = &self.socket {
            drop(std::fs::remove_file(path));
        }
        self.store.close().await;
        Ok(())
    }
}

async fn ready(State(door): State<Door>) -> (StatusCode, Json<Option<Counts>>) {
    match door.store.counts(door.clock.now()).await {
        Ok(counts) => (StatusCode::OK, Json(Some(counts))),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(None)),
    }
}
