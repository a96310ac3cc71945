//! `changegate demo`: a story, played by people on a small GitHub against the real server, and what each of them
//! sees. Nothing to set up and nothing to clean up.

mod intake;
mod pipeline;
mod show;
mod stage;
mod story;

use std::path::Path;

use anyhow::Context;

pub use stage::Stage;

use crate::{
    admin::{self, Answer, Order},
    clock::Clock,
};

/// Which story is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// A change on its way to production.
    Change,
    /// How 325 requests become a plan.
    Intake,
}

/// Plays a story on a fresh SQLite file. `keep`: the server and the small GitHub go on until Ctrl-C. `out`: where the story of requests
/// writes what came of it.
///
/// # Errors
/// When anything fails that the story relies on; the story is then a lie and says so.
pub async fn play(keep: bool, story: Story, out: Option<&Path>) -> anyhow::Result<()> {
    let folder = Folder::new()?;
    let database = format!("sqlite:{}", folder.0.join("demo.db").display());
    let clock = match story {
        Story::Change => Clock::system(),
        Story::Intake => Clock::held(intake::BEGIN.parse()?),
    };
    let stage = Stage::open(&database, clock).await.context("the demo could not start")?;
    match story {
        Story::Change => story::play(&stage).await?,
        Story::Intake => intake::play(&stage, out).await?,
    }
    if story == Story::Change {
        register(&stage).await?;
    }
    audit(&stage).await?;
    if keep {
        show::kept(&stage, &database);
        stage.run_until_interrupted().await?;
    }
    stage.close().await;
    Ok(())
}

async fn register(stage: &Stage) -> anyhow::Result<()> {
    show::chapter("The register");
    let Answer::Changes(changes) = admin::answer(&stage.app.store, Order::Changes).await else {
        anyhow::bail!("the register could not be read");
    };
    show::plain(&crate::register::changes(&changes));
    Ok(())
}

async fn audit(stage: &Stage) -> anyhow::Result<()> {
    show::chapter("The audit log");
    let Answer::AuditVerify(report) = admin::answer(&stage.app.store, Order::AuditVerify).await else {
        anyhow::bail!("the audit log could not be read");
    };
    show::plain(&crate::register::audit(&report));
    anyhow::ensure!(report.is_whole(), "the audit log is not whole");
    Ok(())
}

/// A folder of its own, gone when the demo is.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let name = format!("changegate-demo-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies in the system's folder for such things.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
