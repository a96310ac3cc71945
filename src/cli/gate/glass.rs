//! Breaking the glass: a permit that was sealed beforehand lets one deployment go where nobody can be asked. It is checked by
//! the file and the keys alone, said loudly, and written down, so that it can be reported.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Asked, Exit, Output, State, variable};
use crate::{
    clock::Clock,
    gate::{
        api::{GateRequest, ReportRequest, SealedUse, StateReported},
        client::{Client, Credentials, NoAnswer},
        permit::PublicKeys,
        seal::{self, Sealed},
    },
};

/// What breaks the glass.
#[derive(Debug, Args)]
pub(in crate::cli) struct Glass {
    /// Do not ask: go by this permit, which was sealed beforehand. For when the server cannot be reached.
    #[arg(long, value_name = "FILE", requires_all = ["reason", "keys"])]
    break_glass: Option<PathBuf>,
    /// Why it cannot wait, in a sentence.
    #[arg(long, value_name = "WHY", requires = "break_glass")]
    reason: Option<String>,
    /// The keys of the server, saved beforehand from its `/.well-known/jwks.json`.
    #[arg(long, value_name = "FILE", requires = "break_glass")]
    keys: Option<PathBuf>,
    /// Where to write down that it was used [changegate-break-glass-ID.json].
    #[arg(long, value_name = "FILE", requires = "break_glass")]
    receipt: Option<PathBuf>,
    /// Who does it [whom the pipeline names].
    #[arg(long, value_name = "NAME", requires = "break_glass")]
    by: Option<String>,
}

/// What is written down of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Receipt {
    kind: String,
    version: u32,
    /// The id of the sealed permit, and itself.
    sealed: String,
    permit: String,
    repository: String,
    environment: String,
    sha: String,
    pipeline: String,
    run_id: String,
    run_attempt: u64,
    reason: String,
    at: Timestamp,
    by: Option<String>,
}

const KIND: &str = "changegate-break-glass";

/// What a use cannot begin without.
enum Stop {
    Usage(String),
    No(String),
    Unwritten(String),
}

impl Glass {
    pub(super) const fn is_broken(&self) -> bool {
        self.break_glass.is_some()
    }

    /// Goes by the sealed permit, or says why not.
    pub(super) async fn go(&self, asked: &Asked, request: &GateRequest) -> anyhow::Result<Exit> {
        let (receipt, file) = match self.take(request) {
            Ok(taken) => taken,
            Err(stop) => {
                let (why, exit) = match stop {
                    Stop::Usage(why) => (why, Exit::Usage),
                    Stop::No(why) => (why, Exit::No),
                    Stop::Unwritten(why) => (why, Exit::Unavailable),
                };
                anstream::eprintln!("error: the glass is not broken, and nothing was allowed: {why}");
                return Ok(exit);
            }
        };
        let short = receipt.sha.get(..7).unwrap_or(&receipt.sha);
        let said = format!(
            "BREAK GLASS: the gate is not asked. {} → {}   {short} goes by the sealed permit {}.",
            receipt.repository, receipt.environment, receipt.sealed
        );
        anstream::eprintln!(
            "{said}\n  reason: {}\n  It counts once. What is not reported is recorded as a by-pass.",
            receipt.reason
        );
        if asked.output == Output::Github {
            writeln!(anstream::stdout(), "::warning title=Changegate::{said}")?;
        }
        let reported = match asked.run.credentials() {
            Ok(credentials) => receipt.report(&asked.run.server, credentials, State::Started).await,
            Err(why) => Err(NoAnswer::Away(why)),
        };
        match reported {
            Ok(()) => anstream::eprintln!("  It is reported."),
            Err(why) => anstream::eprintln!(
                "  It is not reported yet: {why}\n  Report it when the server is back: changegate gate report --break-glass {}",
                file.display()
            ),
        }
        if asked.output == Output::Json {
            writeln!(anstream::stdout(), "{}", serde_json::to_string_pretty(&receipt)?)?;
        }
        Ok(Exit::Done)
    }

    /// Checks the permit, and writes its use down before anything goes.
    fn take(&self, request: &GateRequest) -> Result<(Receipt, PathBuf), Stop> {
        let (Some(permit), Some(keys)) = (&self.break_glass, &self.keys) else {
            return Err(Stop::Usage("--break-glass and --keys go together".into()));
        };
        let reason = self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let reason = reason.ok_or_else(|| {
            Stop::Usage("--reason is empty\n  cure: say in a sentence why it cannot wait".into())
        })?;
        let token = text(permit)?.trim().to_owned();
        let keys: PublicKeys = serde_json::from_str(&text(keys)?)
            .map_err(|error| Stop::Usage(format!("{} has no keys: {error}", keys.display())))?;
        let sealed = seal::verify(&token, &keys, true).map_err(|why| {
            Stop::No(format!("{why}\n  cure: use another one, or deploy as an administrator, which is recorded as a by-pass"))
        })?;
        is_for(&sealed, request)?;
        let by = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_USER_ID"].into_iter().find_map(variable);
        let receipt = Receipt {
            kind: KIND.into(),
            version: 1,
            sealed: sealed.jti.clone(),
            permit: token,
            repository: request.repository.clone(),
            environment: request.environment.clone(),
            sha: request.sha.clone(),
            pipeline: request.pipeline.clone(),
            run_id: request.run_id.clone(),
            run_attempt: request.run_attempt,
            reason: reason.into(),
            at: Clock::system().now(),
            by: self.by.clone().or(by),
        };
        let usual = || PathBuf::from(format!("{KIND}-{}.json", sealed.jti));
        let file = self.receipt.clone().unwrap_or_else(usual);
        write_new(&file, &receipt)?;
        Ok((receipt, file))
    }
}

fn text(file: &Path) -> Result<String, Stop> {
    fs::read_to_string(file)
        .map_err(|error| Stop::Usage(format!("{} cannot be read: {error}", file.display())))
}

/// Whether it is for this repository, by number where the pipeline says it, and this environment.
fn is_for(sealed: &Sealed, request: &GateRequest) -> Result<(), Stop> {
    let is_other = variable("GITHUB_REPOSITORY_ID").is_some_and(|id| id != sealed.repository_id.to_string());
    if is_other
        || !sealed.repository.eq_ignore_ascii_case(&request.repository)
        || !sealed.environment.eq_ignore_ascii_case(&request.environment)
    {
        let why = format!("the sealed permit is for {} of {}", sealed.environment, sealed.repository);
        return Err(Stop::No(format!("{why}\n  cure: use one for what is deployed")));
    }
    Ok(())
}

/// What is there is the trace of an earlier use.
fn write_new(file: &Path, receipt: &Receipt) -> Result<(), Stop> {
    let shown = file.display();
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut opened = opened.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            let cure = "use another one; each counts once";
            return Stop::No(format!("it was used before: {shown} says so\n  cure: {cure}"));
        }
        let cure = "name a --receipt that can be written";
        Stop::Unwritten(format!("its use cannot be written down in {shown}: {error}\n  cure: {cure}"))
    })?;
    let text = serde_json::to_vec_pretty(receipt).map_err(|error| Stop::Unwritten(error.to_string()))?;
    let written = opened.write_all(&text).and_then(|()| opened.sync_all());
    written.map_err(|error| Stop::Unwritten(format!("its use cannot be written down in {shown}: {error}")))
}

impl Receipt {
    async fn report(&self, server: &str, credentials: Credentials, state: State) -> Result<(), NoAnswer> {
        let state = match state {
            State::Started => StateReported::Started,
            State::Succeeded => StateReported::Succeeded,
            State::Failed => StateReported::Failed,
        };
        let sealed = SealedUse {
            permit: self.permit.clone(),
            reason: self.reason.clone(),
            at: self.at,
            by: self.by.clone(),
        };
        let request = ReportRequest {
            repository: self.repository.clone(),
            environment: self.environment.clone(),
            sha: self.sha.clone(),
            pipeline: self.pipeline.clone(),
            run_id: self.run_id.clone(),
            run_attempt: self.run_attempt,
            state,
            sealed: Some(sealed),
        };
        let client = Client::new(server, credentials).map_err(|error| NoAnswer::Away(error.to_string()))?;
        client.report(&request).await.map(|_| ())
    }
}

/// Reports what a receipt says.
pub(super) async fn report(
    file: &Path,
    server: &str,
    credentials: Result<Credentials, String>,
    state: State,
) -> anyhow::Result<Exit> {
    let read = fs::read_to_string(file).map_err(|error| error.to_string());
    let receipt =
        read.and_then(|text| serde_json::from_str::<Receipt>(&text).map_err(|error| error.to_string()));
    let (receipt, credentials) = match (receipt, credentials) {
        (Ok(receipt), Ok(credentials)) => (receipt, credentials),
        (Err(why), _) => {
            anstream::eprintln!("error: {} is no receipt of a sealed permit: {why}", file.display());
            return Ok(Exit::Usage);
        }
        (_, Err(why)) => {
            anstream::eprintln!("error: {why}");
            return Ok(Exit::Usage);
        }
    };
    match receipt.report(server, credentials, state).await {
        Ok(()) => {
            writeln!(anstream::stdout(), "The use of the sealed permit {} is reported.", receipt.sealed)?;
            Ok(Exit::Done)
        }
        Err(NoAnswer::Refused(why)) => {
            anstream::eprintln!("error: {why}");
            Ok(Exit::Usage)
        }
        Err(NoAnswer::Away(why)) => {
            anstream::eprintln!(
                "error: it could not be reported: {why}\n  cure: report it again when the server is back"
            );
            Ok(Exit::Unavailable)
        }
    }
}
