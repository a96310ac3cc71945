//! A pipeline outside GitHub, in a terminal of its own: the real command, which asks the server of the story.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::Context;
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};

use super::{show, stage::Stage};
use crate::{
    admin::{self, Answer, NewToken, Order},
    domain::asker::Deed,
    gate::asker::secret,
    worker,
};

/// A build server, with its token.
pub struct Pipeline {
    repository: &'static str,
    token: SecretString,
}

impl Pipeline {
    /// An operator makes the token.
    #[expect(
        clippy::disallowed_methods,
        reason = "a secret is chance, and whoever makes it keeps it to themselves"
    )]
    pub async fn of(stage: &Stage, repository: &'static str) -> anyhow::Result<Self> {
        let token = secret::write(rand::random());
        let at = stage.clock.now();
        let new = NewToken {
            digest: secret::digest_of(&token),
            name: "Jenkins".into(),
            repository: repository.parse().map_err(|_| anyhow::anyhow!("no repository: {repository}"))?,
            environment: None,
            whole_account: false,
            may: [Deed::Gate, Deed::Report].into(),
            at,
            expires_at: at + SignedDuration::from_hours(24),
        };
        if let Answer::Failed(why) = admin::obey(&stage.app.operator(), Order::TokenCreate(new)).await {
            anyhow::bail!("there should be a token: {why}");
        }
        Ok(Self { repository, token })
    }

    /// Asks with one of the commands, while the server goes on; shows what it says, and checks how it ends.
    pub async fn asks(&self, stage: &Stage, verb: &str, ends_with: i32) -> anyhow::Result<()> {
        let sha = stage.sandbox.head(self.repository, "main").context("there should be a commit")?;
        let asked = format!("gate {verb} --environment warehouse --repository {}", self.repository);
        show::terminal(&format!("changegate {asked}"));
        let mut child = Command::new(std::env::current_exe()?)
            .args(asked.split(' '))
            .args(["--sha", &sha, "--ref", "refs/heads/main", "--pipeline", "jenkins", "--run", "1207"])
            .env_clear()
            .env("CHANGEGATE_SERVER", &stage.url)
            .env("CHANGEGATE_TOKEN", self.token.expose_secret())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        while child.try_wait()?.is_none() {
            stage.settle().await?;
            worker::pause(Duration::from_millis(20)).await;
        }
        let ended = child.wait_with_output()?;
        show::plain(&String::from_utf8_lossy(&ended.stdout));
        show::ended(ended.status.code());
        anyhow::ensure!(
            ended.status.code() == Some(ends_with),
            "the command should have ended with {ends_with}"
        );
        Ok(())
    }
}
