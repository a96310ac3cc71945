//! The small GitHub and the real server, side by side, with every step taken by hand.

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    app::App,
    clock::Clock,
    config::Config,
    sandbox::{Sandbox, SandboxClock, SandboxSettings},
    worker::Stop,
};

/// A small GitHub with the App registered, and the real server that its webhooks go to.
#[derive(Debug)]
pub struct Stage {
    pub sandbox: Sandbox,
    pub app: App,
    /// The time of both.
    pub clock: Clock,
    /// Where the server listens: `http://127.0.0.1:PORT`.
    pub url: String,
    stop: Stop,
    doors: Vec<JoinHandle<()>>,
}

impl Stage {
    /// Starts both. A held clock holds the sandbox's time too.
    ///
    /// # Errors
    /// When either refuses.
    pub async fn open(database_url: &str, clock: Clock) -> anyhow::Result<Self> {
        let time = clock.held_at().map_or(SandboxClock::Following(system), SandboxClock::Stopped);
        let sandbox = Sandbox::start(SandboxSettings::new(time)).await?;
        let config = settings(&sandbox, database_url)?;
        let app = App::open(&config, clock.clone()).await?;
        let listener = TcpListener::bind(config.listen).await.context("listening")?;
        let url = format!("http://{}", listener.local_addr()?);
        sandbox.set_webhook_target(&format!("{url}/webhooks/github"));
        let stop = Stop::default();
        let doors = app.open_doors(listener, &stop)?;
        Ok(Self { sandbox, app, clock, url, stop, doors })
    }

    /// Delivers webhooks and takes steps until nothing moves any more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self) -> anyhow::Result<()> {
        loop {
            let delivered = self.sandbox.deliver().await;
            let worked = self.app.settle().await?;
            if delivered + worked == 0 {
                return Ok(());
            }
        }
    }

    /// Lets time pass for both.
    pub fn advance(&self, by: SignedDuration) {
        self.sandbox.advance(by);
        self.clock.advance(by);
    }

    /// Works by itself until Ctrl-C.
    ///
    /// # Errors
    /// When the signal cannot be waited for.
    pub async fn run_until_interrupted(&self) -> anyhow::Result<()> {
        self.sandbox.deliver_continuously();
        let workers = self.app.workers(&self.stop);
        tokio::signal::ctrl_c().await?;
        self.stop.stop();
        for worker in workers {
            worker.await?;
        }
        Ok(())
    }

    /// Stops both.
    pub async fn close(self) {
        self.stop.stop();
        for door in self.doors {
            // A door that broke has said so.
            drop(door.await);
        }
        self.app.store.close().await;
        self.sandbox.stop();
    }
}

#[expect(clippy::disallowed_methods, reason = "the sandbox follows the same clock as everything else")]
fn system() -> Timestamp {
    Timestamp::now()
}

/// The settings that an operator would write for this GitHub.
fn settings(sandbox: &Sandbox, database_url: &str) -> anyhow::Result<Config> {
    let set = |name: &str| match name {
        "CHANGEGATE_LISTEN" => Some("127.0.0.1:0".into()),
        "CHANGEGATE_DATABASE_URL" => Some(database_url.into()),
        "CHANGEGATE_GITHUB_API_URL" => Some(sandbox.api_url().into()),
        "CHANGEGATE_GITHUB_WEB_URL" => Some(sandbox.web_url().into()),
        "CHANGEGATE_APP_ID" => Some(sandbox.app_id().to_string()),
        "CHANGEGATE_PRIVATE_KEY" => Some(sandbox.private_key_pem().into()),
        "CHANGEGATE_TRUSTED_ROOT" => Some(sandbox.trusted_root()),
        "CHANGEGATE_REGISTRY_HOSTS" => Some(sandbox.registry().into()),
        "CHANGEGATE_REGISTRY_PRIVATE" => Some("true".into()),
        "CHANGEGATE_WEBHOOK_SECRET" => Some(sandbox.webhook_secret()),
        _ => None,
    };
    Ok(Config::read(None, set, false)?)
}
