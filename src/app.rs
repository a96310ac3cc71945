//! The wiring: settings become a running server.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::get};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    admin,
    announce::{AnnounceError, Announcer},
    clock::Clock,
    config::Config,
    domain::{bell::Callable, decide::Instance, ids::RepoName, native::Native},
    effects::Performer,
    gate::{self, Askers, Gate, Keys, Pace},
    github::{API_VERSION, Failure, GitHub, GitHubError, GitHubSettings, signature::Secret},
    health::Health,
    inbox::Inbox,
    metrics::Metrics,
    notifier::{
        Notifier,
        channels::Channels,
        mail::{MailError, Mailer},
    },
    operator::Operator,
    publisher::Publisher,
    registry::{Registries, RegistrySettings},
    repair::{Reach, Repair, RepairError},
    store::{Due, OpenError, Store, StoreError},
    webhook::{self, Door, Secrets},
    worker::{self, Beside, Stop, Worked},
};

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    #[error(transparent)]
    Announce(#[from] AnnounceError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error("the certificates of this machine cannot be read: {0}")]
    Certificates(io::Error),
    #[error("{what}: {error}")]
    Listen { what: String, error: io::Error },
}

type Step = Pin<Box<dyn Future<Output = Result<Worked, StoreError>> + Send>>;

/// How often what arrived is compared with what GitHub sent.
const COMPARE: Duration = Duration::from_secs(60);
/// The same where nothing can arrive but by asking.
const PULL: Duration = Duration::from_secs(5);
/// How often it is looked whether a sweep is due.
const SWEEP: Duration = Duration::from_secs(5);
/// How often it is written down that somebody is here.
const PULSE: Duration = Duration::from_secs(60);
/// How often it is looked whether the plan is another.
const PUBLISH: Duration = Duration::from_secs(5 * 60);
/// How often it is looked whether people are to be told anything.
const NOTIFY: Duration = Duration::from_secs(2);
/// How often it is looked for answers that another replica has given.
const LOOK: Duration = Duration::from_millis(50);
/// How long what is in flight may take after a stop; whoever stops us kills us soon after.
const GRACE: Duration = Duration::from_secs(8);
/// How often bodies are forgotten.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Everything that works, before it works: its steps can be taken by hand.
#[derive(Debug, Clone)]
pub struct App {
    pub store: Store,
    pub inbox: Inbox,
    pub performer: Performer,
    pub door: Door,
    /// Where pipelines ask.
    pub gate: Gate,
    /// Takes in what was lost.
    pub repair: Repair,
    /// Publishes the plan.
    pub publisher: Publisher,
    pub notifier: Notifier,
    /// What is counted.
    pub metrics: Metrics,
    /// Where that is told; `None`: where everything else is.
    metrics_at: Option<SocketAddr>,
    /// How often what arrived is compared with what GitHub sent.
    compare_every: Duration,
    /// For how long bodies of deliveries are kept.
    retention: SignedDuration,
    socket: Option<PathBuf>,
}

/// The way to GitHub alone, for commands that need no database.
///
/// # Errors
/// When the settings cannot work.
pub fn github(config: &Config, clock: Clock) -> Result<GitHub, StartError> {
    let settings = GitHubSettings {
        api_url: config.github_api_url.clone(),
        app_id: config.app_id,
        private_keys: config.private_keys.clone(),
        marker_secrets: vec![],
        api_version: API_VERSION.into(),
        trusted_root: config.trusted_root.clone(),
        issuers: config.oidc_issuers.clone(),
    };
    Ok(GitHub::new(&settings, clock)?)
}

/// Whom to tell what changes, and whom to call; `None`: nobody.
fn announcer(config: &Config, clock: &Clock) -> Result<Option<Announcer>, AnnounceError> {
    if config.announce.is_none() && config.notify.is_none() {
        return Ok(None);
    }
    let mut announcer = Announcer::new(clock.clone());
    if let Some(to) = &config.announce {
        announcer = announcer.telling(&to.url, &to.secrets)?;
    }
    if let Some(called) = &config.notify {
        announcer = announcer.calling(callable(config), &called.secrets)?;
    }
    Ok(Some(announcer))
}

/// Where people are told by chat and mail.
///
/// # Errors
/// When the settings cannot work.
pub fn channels(config: &Config) -> Result<Channels, StartError> {
    let mail = config.messaging.mail.as_ref();
    let mailer = mail.map(|mail| Mailer::new(&mail.server, &mail.from)).transpose()?;
    let channels = Channels::new(config.messaging.channels.clone(), mailer, &config.github_web_url);
    channels.map_err(StartError::Certificates)
}

/// Which hosts pipelines may have called.
fn callable(config: &Config) -> Callable {
    let called = config.notify.as_ref();
    called.map_or_else(Callable::default, |it| Callable { hosts: it.hosts.clone(), private: it.private })
}

/// Which registries of images are asked, and as whom.
fn registries(config: &Config, clock: &Clock) -> Result<Registries, StartError> {
    let asked = &config.registries;
    let settings = RegistrySettings {
        hosts: asked.hosts.clone(),
        private: asked.private,
        credentials: asked.credentials.clone(),
    };
    Registries::new(settings, clock.clone()).map_err(StartError::Certificates)
}

fn gate(config: &Config, store: &Store, clock: &Clock) -> Result<Gate, StartError> {
    let askers =
        Askers::new(config.into(), store.clone(), clock.clone()).map_err(StartError::Certificates)?;
    Ok(Gate {
        store: store.clone(),
        clock: clock.clone(),
        grounds: askers.grounds(),
        askers,
        pace: Pace::of(config.requests_per_minute),
        keys: Keys::derived(&config.private_keys),
        url: config.url().into(),
        callable: callable(config).into(),
    })
}

/// What GitHub itself asks of whoever merges and deploys in a repository; of its environments those that are `wanted`. Needs no
/// database. Inner error: GitHub does not say, and why, as a sentence without its full stop.
///
/// # Errors
/// When the settings cannot work.
pub async fn native(
    config: &Config,
    clock: Clock,
    name: &RepoName,
    wanted: impl Fn(&str) -> bool,
) -> Result<Result<Native, String>, StartError> {
    let read = github(config, clock)?.native(&config.github_host(), name, wanted).await;
    Ok(read.map_err(|failure| match failure {
        Failure::Later { why, .. } | Failure::Refused { why } => why,
    }))
}

impl App {
    /// Opens the database and the way to GitHub.
    ///
    /// # Errors
    /// When either refuses; the error says why and what to do.
    pub async fn open(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let store = Store::open(&config.database_url).await?;
        let github = Arc::new(github(config, clock.clone())?);
        let announcer = announcer(config, &clock)?.map(Arc::new);
        let web_url = config.github_web_url.clone();
        let instance = Instance { web_url, app: config.app_id, announces: config.announce.is_some() };
        let metrics = Metrics::default();
        let inbox = Inbox {
            store: store.clone(),
            github: github.clone(),
            registries: Arc::new(registries(config, &clock)?),
            clock: clock.clone(),
            instance,
            metrics: metrics.clone(),
            beside: Beside::new("decide"),
            sparing: Arc::default(),
        };
        let host: Arc<str> = config.github_host().into();
        let repair = Repair {
            store: store.clone(),
            github: github.clone(),
            clock: clock.clone(),
            host: host.clone(),
            beside: Beside::new("sweep"),
        };
        let publisher = Publisher { store: store.clone(), clock: clock.clone() };
        let notifier = Notifier::new(store.clone(), clock.clone(), channels(config)?);
        let beside = Beside::new("perform");
        let performer = Performer {
            store: store.clone(),
            github,
            announcer,
            clock: clock.clone(),
            metrics: metrics.clone(),
            beside,
        };
        let secrets = Secrets::new(webhook_secrets(config));
        let gate = gate(config, &store, &clock)?;
        let door = Door { store: store.clone(), clock, secrets, host, metrics: metrics.clone() };
        let socket = config.database_file().map(|file| admin::socket_of(&file));
        let retention = SignedDuration::from_hours(24 * i64::from(config.payload_retention_days));
        let compare_every = if config.pull { PULL } else { COMPARE };
        let metrics_at = config.metrics_listen;
        Ok(Self {
            store,
            inbox,
            performer,
            door,
            gate,
            repair,
            publisher,
            notifier,
            metrics,
            metrics_at,
            compare_every,
            retention,
            socket,
        })
    }

    /// Takes webhook secrets and private keys from settings that were read again; everything else stays as it was.
    ///
    /// # Errors
    /// When a key is none; nothing is changed then.
    pub fn rotate(&self, config: &Config) -> Result<(), GitHubError> {
        self.inbox.github.replace_keys(&config.private_keys)?;
        self.gate.keys.replace(&config.private_keys);
        self.door.secrets.replace(webhook_secrets(config));
        Ok(())
    }

    /// Takes what operators declare.
    #[must_use]
    pub fn operator(&self) -> Operator {
        let (store, github) = (self.store.clone(), self.inbox.github.clone());
        Operator { store, github, clock: self.inbox.clock.clone() }
    }

    /// What the server answers.
    pub fn router(&self) -> Router {
        let alive = Router::new().route("/healthz", get(async || "alive\n"));
        let router = webhook::router(self.door.clone()).merge(gate::routes::router(self.gate.clone()));
        let router = router.merge(alive).merge(self.health().readiness());
        if self.metrics_at.is_some() { router } else { router.merge(self.health().metrics()) }
    }

    fn health(&self) -> Health {
        Health {
            store: self.store.clone(),
            github: self.inbox.github.clone(),
            clock: self.inbox.clock.clone(),
            metrics: self.metrics.clone(),
        }
    }

    /// Takes steps until nothing is left to do now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self) -> Result<usize, StoreError> {
        let mut worked = 0;
        loop {
            let steps = self.step().await?;
            self.inbox.beside.ended().await;
            self.performer.beside.ended().await;
            let items: usize = steps.iter().map(|step| step.items()).sum();
            if items == 0 {
                return Ok(worked);
            }
            worked += items;
        }
    }

    /// Takes each step once, and does not wait for what they began.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn step(&self) -> Result<[Worked; 6], StoreError> {
        Ok([
            self.inbox.route_batch().await?,
            self.inbox.decide_batch().await?,
            self.inbox.wake_batch().await?,
            self.performer.perform_batch().await?,
            self.performer.announce_batch().await?,
            self.clone().look_for_answers().await?,
        ])
    }

    /// Starts the loops that take the steps.
    #[must_use]
    pub fn workers(&self, stop: &Stop) -> Vec<JoinHandle<()>> {
        let work = |beside: Beside, due: Due, step: fn(Self) -> Step| {
            let (app, hints) = (self.clone(), self.store.hints(due));
            let (waiting, going) = (hints.clone(), beside.clone());
            let rest = move || {
                let (hints, going) = (waiting.clone(), going.clone());
                async move {
                    tokio::select! {
                        () = hints.wait() => {}
                        () = going.changed() => {}
                    }
                }
            };
            let step = move || {
                hints.forget();
                step(app.clone())
            };
            worker::spawn_with(beside, stop.clone(), step, rest)
        };
        let (decide, perform) = (self.inbox.beside.clone(), self.performer.beside.clone());
        let (app, here) = (self.clone(), self.clone());
        vec![
            work(Beside::new("route"), Due::Deliveries, |app| {
                Box::pin(async move { app.inbox.route_batch().await })
            }),
            work(decide, Due::Subjects, |app| Box::pin(async move { app.inbox.decide_batch().await })),
            work(Beside::new("wake"), Due::FanOuts, |app| {
                Box::pin(async move { app.inbox.wake_batch().await })
            }),
            work(perform, Due::Effects, |app| Box::pin(async move { app.performer.perform_batch().await })),
            work(Beside::new("announce"), Due::Announcements, |app| {
                Box::pin(async move { app.performer.announce_batch().await })
            }),
            worker::spawn(
                "answer",
                stop.clone(),
                move || here.clone().look_for_answers(),
                || worker::pause(LOOK),
            ),
            worker::spawn("forget", stop.clone(), move || app.clone().forget(), || worker::pause(HOUR)),
            self.beating(stop),
            self.repairing(stop),
            self.sweeping(stop),
            self.publishing(stop),
            self.notifying(stop),
        ]
    }

    /// It is written down that somebody is here.
    fn beating(&self, stop: &Stop) -> JoinHandle<()> {
        let repair = self.repair.clone();
        let step = move || {
            let repair = repair.clone();
            async move { repair.beat().await }
        };
        worker::spawn("pulse", stop.clone(), step, || worker::pause(PULSE))
    }

    /// At first everything that GitHub keeps is compared with what arrived, then what is new.
    fn repairing(&self, stop: &Stop) -> JoinHandle<()> {
        let repair = self.repair.clone();
        let first = AtomicBool::new(true);
        let step = move || {
            let repair = repair.clone();
            let reach = if first.swap(false, Ordering::Relaxed) { Reach::Everything } else { Reach::News };
            async move {
                let taken = repair.round(reach).await?;
                if taken > 0 {
                    tracing::warn!(taken, "deliveries had been lost and were taken in from GitHub's record");
                }
                Ok::<_, RepairError>(Worked::Idle)
            }
        };
        let pause = self.compare_every;
        worker::spawn("repair", stop.clone(), step, move || worker::pause(pause))
    }

    /// The plan is drawn anew at times.
    fn publishing(&self, stop: &Stop) -> JoinHandle<()> {
        let publisher = self.publisher.clone();
        let step = move || {
            let publisher = publisher.clone();
            async move { publisher.publish().await }
        };
        worker::spawn("publish", stop.clone(), step, || worker::pause(PUBLISH))
    }

    /// People are told what concerns them.
    fn notifying(&self, stop: &Stop) -> JoinHandle<()> {
        let notifier = self.notifier.clone();
        let step = move || {
            let notifier = notifier.clone();
            async move { notifier.round().await }
        };
        worker::spawn("notify", stop.clone(), step, || worker::pause(NOTIFY))
    }

    /// What is open is compared with what GitHub lists, whenever a sweep is due.
    fn sweeping(&self, stop: &Stop) -> JoinHandle<()> {
        let repair = self.repair.clone();
        let step = move || {
            let repair = repair.clone();
            async move {
                repair.sweep_batch().await?;
                Ok::<_, RepairError>(Worked::Idle)
            }
        };
        worker::spawn_with(self.repair.beside.clone(), stop.clone(), step, || worker::pause(SWEEP))
    }

    /// Whoever waits here is told what another replica has answered.
    async fn look_for_answers(self) -> Result<Worked, StoreError> {
        self.store.look_for_answers(self.gate.clock.now()).await?;
        Ok(Worked::Idle)
    }

    /// Bodies of deliveries are kept for as long as the settings say, and what tokens are bound to until nobody's clock
    /// lets them count any more.
    async fn forget(self) -> Result<Worked, StoreError> {
        let now = self.inbox.clock.now();
        let ago = |length| now.saturating_sub(length).unwrap_or(Timestamp::MIN);
        let bindings = self.store.forget_bindings(ago(SignedDuration::from_hours(1))).await?;
        let forgotten = bindings + self.store.forget_bodies(ago(self.retention)).await?;
        Ok(usize::try_from(forgotten).unwrap_or(usize::MAX).into())
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
            doors.push(worker::serve("admin", listener, admin::router(self.operator()), stop.clone()));
        }
        Ok(doors)
    }

    /// Serves until told to stop; then finishes what is in flight.
    ///
    /// # Errors
    /// When a socket fails.
    pub async fn serve(self, listener: TcpListener, stop: Stop) -> Result<(), StartError> {
        let mut running = self.open_doors(listener, &stop)?;
        if let Some(at) = self.metrics_at {
            let listener = TcpListener::bind(at).await.map_err(|error| StartError::Listen {
                what: format!("CHANGEGATE_METRICS_LISTEN: cannot listen on {at}"),
                error,
            })?;
            running.push(worker::serve("metrics", listener, self.health().metrics(), stop.clone()));
        }
        running.extend(self.workers(&stop));
        stop.stopped().await;
        worker::finish(running, GRACE).await;
        if let Some(path) = &self.socket {
            drop(std::fs::remove_file(path));
        }
        self.store.close().await;
        Ok(())
    }
}

fn webhook_secrets(config: &Config) -> Vec<Secret> {
    let secrets = config.webhook_secrets.iter();
    secrets.filter_map(|secret| Secret::new(secret.expose_secret()).ok()).collect()
}
