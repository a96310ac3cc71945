//! `changegate permit seal`: permits that are made beforehand, for when the server cannot be reached.

use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::SignedDuration;

use super::{Exit, print};
use crate::{
    admin::{Answer, Order},
    clock::Clock,
    config::Config,
    gate::{
        Keys,
        seal::{SEALED, Sealed},
    },
    operator::NewSeals,
};

/// What is sealed.
#[derive(Debug, Args)]
pub(super) struct New {
    /// The only repository that they are for, as owner/name.
    #[arg(long, value_name = "OWNER/NAME")]
    repository: String,
    /// The only environment that they are for.
    #[arg(long, value_name = "NAME")]
    environment: String,
    /// How many; each counts once.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=20))]
    count: u8,
    /// How many days they last, at most 90.
    #[arg(long, value_name = "DAYS", default_value = "90d", value_parser = super::days)]
    valid: SignedDuration,
    /// The folder where each is written to a file that only you can read; else they are printed, this once.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

pub(super) const KEPT: &str = "\
Whoever holds one can deploy any commit to that environment once, without the gate: keep them as you keep the keys of the house,
with the server's keys (`/.well-known/jwks.json`) beside them. They are good while the App's private key is that of now.
That they were made is in the audit log; each use has to be reported, and becomes an exception with a look back.";

/// Has them written down first, and signs them then.
#[expect(
    clippy::disallowed_methods,
    reason = "ids are chance, and whoever makes them keeps what they belong to"
)]
pub(super) async fn run(
    settings: Option<&Path>,
    New { repository, environment, count, valid, to }: New,
) -> anyhow::Result<Exit> {
    let config = Config::read(settings, super::environment, false)?;
    let at = Clock::system().now();
    let expires_at = at + valid;
    let ids: Vec<String> = (0..count).map(|_| hex::encode(rand::random::<[u8; 16]>())).collect();
    let new = NewSeals { repository, environment: environment.clone(), ids: ids.clone(), at, expires_at };
    let answer = super::through_server(settings, Order::Seal(new)).await?;
    let Answer::Sealed(id, name) = answer else { return super::show(answer) };
    let keys = Keys::derived(&config.private_keys);
    let sign = |jti: &String| {
        let sealed = Sealed {
            iss: config.url(),
            jti: jti.clone(),
            iat: at.as_second(),
            exp: expires_at.as_second(),
            repository: name.to_string(),
            repository_id: id.0,
            environment: environment.clone(),
        };
        keys.sign(&sealed, SEALED).map(|token| (jti.clone(), token))
    };
    let made: Option<Vec<(String, String)>> = ids.iter().map(sign).collect();
    let made = made.ok_or_else(|| anyhow::anyhow!("the private key signs nothing"))?;
    let many = if count == 1 { "One sealed permit".into() } else { format!("{count} sealed permits") };
    anstream::eprintln!("{many} for {environment} of {name}, good until {expires_at}. Each counts once:");
    for (jti, token) in &made {
        match &to {
            Some(folder) => print(&written(folder, jti, token)?.display().to_string())?,
            None => print(token)?,
        };
    }
    Ok(Exit::Done)
}

/// Writes one to a file of its own, that only its owner can read.
fn written(folder: &Path, jti: &str, token: &str) -> anyhow::Result<PathBuf> {
    let file = folder.join(format!("{jti}.sealed"));
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
    let write =
        opened.and_then(|mut opened| opened.write_all(token.as_bytes()).and_then(|()| opened.sync_all()));
    write.map_err(|error| anyhow::anyhow!("{} cannot be written: {error}", file.display()))?;
    Ok(file)
}
