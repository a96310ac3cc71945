//! `changegate permit`: whether a permit is one, by the file and the keys alone; and those that are made beforehand.

use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::{Exit, print};
use crate::{
    admin::{Answer, Order},
    clock::Clock,
    config::Config,
    gate::{
        Keys, attestation,
        client::{Client, Credentials},
        permit::{self, NoPermit, PERMIT, Permit, PublicKeys},
        seal::{SEALED, Sealed},
    },
    operator::NewSeals,
};

#[derive(Debug, Subcommand)]
pub(super) enum PermitCommand {
    /// Say what a permit is for, if it is one and still good. Needs no server where the keys lie in a file.
    #[command(after_help = ENDS)]
    Verify {
        /// The file with the permit or its attestation, as `gate wait` writes them.
        file: PathBuf,
        #[command(flatten)]
        keys: From,
    },
    /// Print the keys as PEM, for checkers that read no JWKS.
    Keys {
        #[command(flatten)]
        keys: From,
    },
    /// Make permits beforehand, for when the server cannot be reached (`gate wait --break-glass`). Needs the server's settings.
    #[command(after_help = KEPT)]
    Seal {
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
    },
}

/// Where the keys are.
#[derive(Debug, Args)]
pub(super) struct From {
    /// The keys, as `/.well-known/jwks.json` of the server gives them.
    #[arg(long, value_name = "FILE", required_unless_present = "server")]
    keys: Option<PathBuf>,
    /// The server whose keys are fetched instead.
    #[arg(long, value_name = "URL", env = "CHANGEGATE_SERVER", conflicts_with = "keys")]
    server: Option<String>,
}

const KEPT: &str = "\
Whoever holds one can deploy any commit to that environment once, without the gate: keep them as you keep the keys of the house,
with the server's keys (`/.well-known/jwks.json`) beside them. They are good while the App's private key is that of now.
That they were made is in the audit log; each use has to be reported, and becomes an exception with a look back.";

const ENDS: &str = "\
Ends with: 0 it is a permit and good now; 1 it is none, or over; 2 a file cannot be read; 75 the keys cannot be had.
What it is for is printed: compare commit, environment and run with what is to be deployed.";

/// Runs the command.
pub(super) async fn run(settings: Option<&Path>, command: PermitCommand) -> anyhow::Result<Exit> {
    match command {
        PermitCommand::Seal { repository, environment, count, valid, to } => {
            seal(settings, (repository, environment), (count, valid), to.as_deref()).await
        }
        PermitCommand::Verify { file, keys } => {
            let (Some(text), Some(keys)) = (read(&file), keys.read().await?) else { return Ok(Exit::Usage) };
            match verified(text.trim(), &keys) {
                Ok(permit) => print(&shown(&permit)),
                Err(why) => {
                    anstream::eprintln!(
                        "error: {why}\n  cure: ask the gate again; a permit is good for ten minutes"
                    );
                    Ok(Exit::No)
                }
            }
        }
        PermitCommand::Keys { keys } => match keys.read().await? {
            Some(keys) => print(attestation::pem(&keys).trim_end()),
            None => Ok(Exit::Usage),
        },
    }
}

/// What a permit says, or its attestation, which is a JSON object.
fn verified(text: &str, keys: &PublicKeys) -> Result<Permit, NoPermit> {
    if !text.starts_with('{') {
        return permit::verify(text, keys, PERMIT);
    }
    let envelope = serde_json::from_str(text).map_err(|error| NoPermit::Unsigned(error.to_string()))?;
    attestation::verify(&envelope, keys, Clock::system().now())
}

/// Has them written down first, and signs them then.
#[expect(
    clippy::disallowed_methods,
    reason = "ids are chance, and whoever makes them keeps what they belong to"
)]
async fn seal(
    settings: Option<&Path>,
    (repository, environment): (String, String),
    (count, valid): (u8, SignedDuration),
    to: Option<&Path>,
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
        match to {
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

fn read(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file);
    let told = |error| anstream::eprintln!("error: {} cannot be read: {error}", file.display());
    text.map_err(told).ok()
}

impl From {
    /// `None`: it was said why there are none.
    async fn read(&self) -> anyhow::Result<Option<PublicKeys>> {
        let Some(file) = &self.keys else {
            let client = Client::new(self.server.as_deref().unwrap_or_default(), Credentials::Nobody)?;
            return Ok(Some(client.keys().await?));
        };
        let Some(text) = read(file) else { return Ok(None) };
        let told = |error| anstream::eprintln!("error: {} has no keys: {error}", file.display());
        Ok(serde_json::from_str(&text).map_err(told).ok())
    }
}

fn shown(permit: &Permit) -> String {
    let until = Timestamp::from_second(permit.exp).map_or_else(|_| String::new(), |at| at.to_string());
    let release =
        permit.release.as_ref().map(|release| format!("\nrelease      {release}")).unwrap_or_default();
    let Permit { iss, jti, repository, environment, sha, pipeline, run_id, run_attempt, .. } = permit;
    format!(
        "permit       {jti} by {iss}\nrepository   {repository}\nenvironment  {environment}\ncommit       {sha}\nrun          {pipeline} {run_id}, attempt {run_attempt}{release}\ngood until   {until}"
    )
}
