//! The command line of `changegate-pipeline`: what pipelines call, in the words of the whole program, and nothing else. It
//! needs no settings of a server, and is small because the linker leaves out what it does not call.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::{finish, gate, permit};

/// Ask Changegate, from a pipeline, whether it may deploy.
#[derive(Debug, Parser)]
#[command(name = "changegate", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask whether it may deploy.
    #[command(subcommand)]
    Gate(gate::GateCommand),
    /// Permits, as the gate gives them.
    #[command(subcommand)]
    Permit(permit::PermitCommand),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    finish(async {
        match Arguments::parse().command {
            Command::Gate(command) => gate::run(command).await,
            Command::Permit(command) => permit::run(command).await,
        }
    })
}
