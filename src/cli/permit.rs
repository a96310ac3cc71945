//! `changegate permit verify`: whether a permit is one, by the file and the keys alone.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Exit, print};
use crate::{
    clock::Clock,
    gate::{
        attestation,
        client::{Client, Credentials},
        permit::{self, NoPermit, PERMIT, Permit, PublicKeys},
    },
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

const ENDS: &str = "\
Ends with: 0 it is a permit and good now; 1 it is none, or over; 2 a file cannot be read; 75 the keys cannot be had.
What it is for is printed: compare commit, environment and run with what is to be deployed.";

/// Runs the command.
pub(super) async fn run(command: PermitCommand) -> anyhow::Result<Exit> {
    match command {
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
