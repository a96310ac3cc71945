//! The command line: one binary, its subcommands, and what each ends with.

mod channels;
mod gate;
mod import;
mod meeting;
mod permit;
pub mod pipeline;
mod planning;
mod seal;

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, Subcommand};
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;

use crate::{
    admin::{self, Answer, NewToken, Order},
    app::{self, App, StartError},
    clock::Clock,
    config::{self, Config, Refused},
    demo, doctor,
    domain::{
        asker::Deed,
        doctor::{Line, State},
        ids::RepoName,
        policy,
    },
    gate::asker::secret,
    operator::{Became, Emergency},
    register::{self, inventory},
    store::{Bodies, Store, StoredToken},
    worker::Stop,
};

/// Change control for teams on GitHub.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
struct Arguments {
    /// The settings file; the environment (CHANGEGATE_...) wins over it.
    #[arg(long, global = true, env = "CHANGEGATE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    #[command(after_help = SETTINGS)]
    Serve {
        /// Accept a webhook secret under 32 bytes, for trials only.
        #[arg(long)]
        insecure_short_secret: bool,
        /// Fetch deliveries from GitHub every few seconds: for a server that no webhook can reach.
        #[arg(long)]
        pull: bool,
    },
    /// Play a story against a small GitHub in this process: nothing to set up, nothing to clean up.
    Demo {
        /// Leave the server and the small GitHub running until Ctrl-C.
        #[arg(long)]
        keep: bool,
        /// Which story: a change on its way to production, or how 325 requests become a plan.
        #[arg(long, value_name = "change|intake", default_value = "change", value_parser = story)]
        story: demo::Story,
        /// Of the story of requests: write what GitHub holds and what Changegate says of it into this folder.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// The policy file: check it, and let editors complete it.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Deliveries that wait for a person.
    #[command(subcommand)]
    Inbox(InboxCommand),
    /// The audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Ask, from a pipeline, whether it may deploy. Needs no settings of the server.
    #[command(subcommand)]
    Gate(gate::GateCommand),
    /// Permits, as the gate gives them.
    #[command(subcommand)]
    Permit(PermitCommand),
    /// The register: every change request, and how far it is.
    Changes,
    #[command(flatten)]
    Planning(planning::PlanningCommand),
    /// Look at how it is set up, and say what is wrong: settings, the App's permissions and events, webhooks, required checks,
    /// environments, ways round them. Asks GitHub, with the server's settings.
    Doctor {
        /// Of the repositories, only this one; may be given several times.
        #[arg(long, value_name = "OWNER/NAME")]
        on: Vec<RepoName>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Who is told by chat and mail, and how far; or send a channel a message to see whether it comes.
    Channels {
        /// Send a message to this channel. With the server's settings, by themselves.
        #[arg(long, value_name = "ACCOUNT/NAME")]
        test: Option<String>,
    },
    /// How far the hourly comparison with GitHub is, and what it repaired.
    Sweeps,
    /// Declare an emergency where there is no issue for it: one is opened, and what it is owed for is asked for afterwards.
    #[command(after_help = EMERGENCY)]
    Emergency {
        /// The repository, as owner/name.
        #[arg(long, value_name = "OWNER/NAME")]
        repository: String,
        /// Who declares it: the GitHub login of somebody whom policy names `break-glass`.
        #[arg(long, value_name = "LOGIN")]
        by: String,
        /// Why, in a sentence.
        #[arg(long, value_name = "WHY")]
        reason: String,
        /// A pull request of the repository that is part of it.
        #[arg(long, value_name = "N")]
        pull_request: Option<u64>,
        /// Where the incident is described.
        #[arg(long, value_name = "URL")]
        incident: Option<String>,
    },
    /// Tokens for pipelines whose CI system writes none of its own.
    #[command(subcommand)]
    Token(TokenCommand),
}

#[derive(Debug, Subcommand)]
enum PermitCommand {
    #[command(flatten)]
    Read(permit::PermitCommand),
    /// Make permits beforehand, for when the server cannot be reached (`gate wait --break-glass`). Needs the server's settings.
    #[command(after_help = seal::KEPT)]
    Seal(seal::New),
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it, this once. It is kept as its SHA-256.
    Create {
        /// What people call it.
        #[arg(long)]
        name: String,
        /// The only repository that it is for, as owner/name.
        #[arg(long, value_name = "OWNER/NAME")]
        repository: RepoName,
        /// The only environment that it is for [any].
        #[arg(long)]
        environment: Option<String>,
        /// It sees everything of the account that has the repository; with `--may read` alone.
        #[arg(long)]
        whole_account: bool,
        /// What it may do: gate, report or read.
        #[arg(long, num_args = 1.., value_delimiter = ',', default_values_t = [Deed::Gate, Deed::Report])]
        may: Vec<Deed>,
        /// How many days it lasts, at most 90.
        #[arg(long, value_name = "DAYS", default_value = "30d", value_parser = days)]
        expires: SignedDuration,
    },
    /// List the tokens: what each is for, how long it counts, and when it was used last.
    List,
    /// Take a token back. It counts no more from this moment on.
    Revoke {
        /// The id that `list` shows.
        id: String,
    },
}

/// By its name.
fn story(text: &str) -> Result<demo::Story, String> {
    match text {
        "change" => Ok(demo::Story::Change),
        "intake" => Ok(demo::Story::Intake),
        _ => Err("write change or intake".into()),
    }
}

/// `30d` or `30`.
fn days(text: &str) -> Result<SignedDuration, String> {
    let days: Option<i64> = text.strip_suffix('d').unwrap_or(text).parse().ok();
    let days = days.filter(|days| (1..=90).contains(days));
    days.map(|days| SignedDuration::from_hours(24 * days)).ok_or_else(|| "write 1d to 90d".into())
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Say what a policy file means, or what is wrong with it.
    Check {
        /// The file, usually .github/changegate.yml.
        file: PathBuf,
        /// Read it as the file of a repository whose organisation has a policy of its own.
        #[arg(long)]
        repository: bool,
        /// Say, too, which of GitHub's own rules in this repository would stop one person on call who is alone in an emergency. Asks
        /// GitHub, with the server's settings.
        #[arg(long, value_name = "OWNER/NAME")]
        on: Option<String>,
    },
    /// Print the JSON Schema of the policy file.
    Schema,
}

#[derive(Debug, Subcommand)]
enum InboxCommand {
    /// List what could not be read or judged, and why.
    Parked,
    /// Try one again.
    Replay {
        /// The id that `parked` shows.
        id: String,
    },
    /// Read every stored body back, and say whether it still is what was delivered. Reads only.
    Check {
        /// Print the SHA-256 of each body, and the id of its delivery.
        #[arg(long)]
        list: bool,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check that no entry of the log was changed, cut or reordered. Reads only.
    Verify,
}

const SETTINGS: &str = "\
Settings (file key = the name in lower case without CHANGEGATE_):
  CHANGEGATE_LISTEN                  where to listen [127.0.0.1:8080]
  CHANGEGATE_METRICS_LISTEN          where to tell /metrics, so that it is not public [where everything else is]
  CHANGEGATE_PUBLIC_URL              how people, pipelines and GitHub reach this server; tokens of pipelines must be for it
  CHANGEGATE_DATABASE_URL            sqlite:FILE or postgres://... [sqlite:changegate.db]
  CHANGEGATE_GITHUB_API_URL          [https://api.github.com]
  CHANGEGATE_GITHUB_WEB_URL          [https://github.com]
  CHANGEGATE_APP_ID                  the App's number
  CHANGEGATE_OIDC_ISSUERS            who writes the tokens of GitHub Actions, with commas between [this GitHub's own]
  CHANGEGATE_TRUSTED_ROOT[_FILE]     by whose certificates attestations of images are verified
  CHANGEGATE_PRIVATE_KEY[_FILE]      the App's private key (PEM)
  CHANGEGATE_WEBHOOK_SECRET[_FILE]   one per line; all of them are accepted
  CHANGEGATE_ANNOUNCE_URL            who is told what changes, signed as Standard Webhooks says [nobody]
  CHANGEGATE_ANNOUNCE_SECRET[_FILE]  whsec_...; one per line; all of them sign
  CHANGEGATE_REQUESTS_PER_MINUTE     how many requests one token, or the jobs of one repository, may make of the gate [600]
  CHANGEGATE_NOTIFY_HOSTS            whom pipelines may have called that do not wait, with commas between [nobody]
  CHANGEGATE_NOTIFY_SECRET[_FILE]    whsec_...; one per line; all of them sign
  CHANGEGATE_NOTIFY_PRIVATE          true: addresses of private networks may be called, too [false]
  CHANGEGATE_CHANNELS[_FILE]         whom policies may have told: ACCOUNT/NAME and slack URL, teams URL or mail ADDRESS; one per line
  CHANGEGATE_SMTP_URL[_FILE]         who takes mail: smtps://USER:PASSWORD@HOST
  CHANGEGATE_MAIL_FROM               from which address mail comes
  CHANGEGATE_REGISTRY_HOSTS          registries that are asked what labels of images say, with commas between [nobody]
  CHANGEGATE_REGISTRY_LOGIN[_FILE]   HOST USER:PASSWORD; one per line
  CHANGEGATE_REGISTRY_PRIVATE        true: they may stand in private networks [false]
  CHANGEGATE_PAYLOAD_RETENTION_DAYS  how long bodies of deliveries are kept [30]
Environment only:
  CHANGEGATE_LOG                     error, warn, info, debug or trace [info]";

const EMERGENCY: &str = "\
That it is LOGIN who declares it is your word as the operator of this server, and is recorded as such.
While it lasts, the commits of its pull requests pass Changegate's rules about release, window, freezes and signatures.
Not so GitHub's own rules. One person on call alone cannot pass:
  required reviews of a branch     let the on-call team bypass the rule, or merge with an administrator
  reviewers of an environment      a reviewer has to press the button; `prevent self-review` refuses whoever started the run
  a wait timer of an environment   it runs; only an administrator starts the jobs before
Quicker, if it helps: run the deployment again that ran before; Changegate lets that pass at once.";

const KEY_CURE: &str = "download a private key from the App's settings page (Private keys) and set it as CHANGEGATE_PRIVATE_KEY_FILE";

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// As asked.
    Done = 0,
    /// The answer is no: a deployment denied, a policy with errors, a broken audit log, nothing to replay.
    No = 1,
    /// The command line is wrong: it names a file that cannot be read.
    Usage = 2,
    /// It could not be found out.
    Unavailable = 75,
    /// It was not decided in time.
    Late = 124,
    /// The settings or the database are refused.
    Config = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    finish(run(Arguments::parse()))
}

/// Runs a command to its end.
fn finish(command: impl Future<Output = anyhow::Result<Exit>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return end(&anyhow::Error::from(error)).into(),
    };
    runtime.block_on(command).unwrap_or_else(|error| end(&error)).into()
}

/// Says what went wrong, as it words itself.
fn end(error: &anyhow::Error) -> Exit {
    let text = format!("{error:#}");
    let text = if text.starts_with("error: ") { text } else { format!("error: {text}") };
    let text = match error.downcast_ref() {
        Some(StartError::GitHub(_)) => format!("{text}\n  cure: {KEY_CURE}"),
        Some(
            StartError::Store(_)
            | StartError::Announce(_)
            | StartError::Mail(_)
            | StartError::Certificates(_)
            | StartError::Listen { .. },
        )
        | None => text,
    };
    anstream::eprintln!("{text}");
    let refused = error.is::<Refused>() || error.is::<StartError>() || error.is::<crate::store::OpenError>();
    if refused { Exit::Config } else { Exit::Unavailable }
}

async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let file = arguments.config.as_deref();
    match arguments.command {
        Command::Serve { insecure_short_secret, pull } => serve(file, insecure_short_secret, pull).await,
        Command::Demo { keep, story, out } => {
            demo::play(keep, story, out.as_deref()).await.map(|()| Exit::Done)
        }
        Command::Policy(PolicyCommand::Schema) => print(&serde_json::to_string_pretty(&policy::schema())?),
        Command::Policy(PolicyCommand::Check { file: policy, repository, on }) => {
            check(&policy, repository, on.as_deref(), file).await
        }
        Command::Inbox(InboxCommand::Parked) => show(order(file, Order::Parked).await?),
        Command::Inbox(InboxCommand::Replay { id }) => show(order(file, Order::Replay(id)).await?),
        Command::Inbox(InboxCommand::Check { list }) => read_back(file, list).await,
        Command::Audit(AuditCommand::Verify) => show(order(file, Order::AuditVerify).await?),
        Command::Gate(command) => gate::run(command).await,
        Command::Permit(PermitCommand::Read(command)) => permit::run(command).await,
        Command::Permit(PermitCommand::Seal(new)) => seal::run(file, new).await,
        Command::Doctor { on, json } => look(file, &on, json).await,
        Command::Changes => show(order(file, Order::Changes).await?),
        Command::Planning(command) => planning::run(file, command).await,
        Command::Channels { test: None } => show(order(file, Order::Channels).await?),
        Command::Channels { test: Some(name) } => channels::test(file, &name).await,
        Command::Sweeps => show(order(file, Order::Sweeps).await?),
        Command::Emergency { repository, by, reason, pull_request, incident } => {
            let emergency = Emergency { repository, by, why: reason, incident, pull_request };
            declare(file, emergency).await
        }
        Command::Token(command) => token(file, command).await,
    }
}

fn print(text: &str) -> anyhow::Result<Exit> {
    writeln!(anstream::stdout(), "{text}")?;
    Ok(Exit::Done)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

async fn serve(file: Option<&Path>, short_secrets: bool, pull: bool) -> anyhow::Result<Exit> {
    log();
    let config = Config { pull, ..Config::read(file, environment, short_secrets)? };
    let app = App::open(&config, Clock::system()).await?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        let cure = "stop what listens there, or set CHANGEGATE_LISTEN to another address";
        anyhow::anyhow!("cannot listen on {}: {error}\n  cure: {cure}", config.listen)
    })?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let stop = Stop::default();
    stop_on_signal(stop.clone());
    let settings = file.map(Path::to_path_buf);
    rotate_on_signal(app.clone(), move || Config::read(settings.as_deref(), environment, short_secrets));
    app.serve(listener, stop).await?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

fn log() {
    use tracing_subscriber::{EnvFilter, fmt, prelude::*};
    let filter = EnvFilter::try_from_env("CHANGEGATE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let (people, machines) = if std::io::stderr().is_terminal() {
        (Some(fmt::layer().with_target(false).with_writer(std::io::stderr)), None)
    } else {
        (None, Some(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)))
    };
    tracing_subscriber::registry().with(filter).with(people).with(machines).init();
}

#[expect(clippy::disallowed_methods, reason = "signals are waited for beside everything else")]
fn stop_on_signal(stop: Stop) {
    use tokio::signal::unix::{SignalKind, signal};
    tokio::spawn(async move {
        let terminated = async {
            match signal(SignalKind::terminate()) {
                Ok(mut terminated) => drop(terminated.recv().await),
                Err(error) => {
                    tracing::warn!(%error, "SIGTERM is not watched");
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            () = terminated => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        stop.stop();
    });
}

/// SIGHUP: the files of secrets and keys are read again. What is wrong with them is told, and the old ones stay.
#[expect(clippy::disallowed_methods, reason = "signals are waited for beside everything else")]
fn rotate_on_signal(app: App, read: impl Fn() -> Result<Config, Refused> + Send + 'static) {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hung_up = match signal(SignalKind::hangup()) {
        Ok(hung_up) => hung_up,
        Err(error) => return tracing::warn!(%error, "SIGHUP is not watched"),
    };
    tokio::spawn(async move {
        while hung_up.recv().await.is_some() {
            match read().map_err(anyhow::Error::from).and_then(|config| Ok(app.rotate(&config)?)) {
                Ok(()) => tracing::info!("webhook secrets and private keys were read again"),
                Err(error) => {
                    tracing::error!(%error, "the settings are refused; the old secrets and keys stay");
                }
            }
        }
    });
}

async fn check(
    file: &Path,
    repository: bool,
    on: Option<&str>,
    settings: Option<&Path>,
) -> anyhow::Result<Exit> {
    let on: Option<RepoName> = match on.map(str::parse).transpose() {
        Ok(on) => on,
        Err(_) => {
            anstream::eprintln!("error: --on takes owner/name\n  cure: name a repository like acme/web");
            return Ok(Exit::Usage);
        }
    };
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            let cure = format!("name a policy file; in a repository it is {}", policy::PATH);
            anstream::eprintln!("error: {} cannot be read: {error}\n  cure: {cure}", file.display());
            return Ok(Exit::Usage);
        }
    };
    let scope = if repository { policy::Scope::Repository } else { policy::Scope::Alone };
    match policy::parse(&file.display().to_string(), &text, scope) {
        Ok(policy) => {
            print(&policy.describe())?;
            match on {
                Some(on) => beside_github(&policy, &on, settings).await,
                None => Ok(Exit::Done),
            }
        }
        Err(errors) => {
            for error in &errors {
                writeln!(anstream::stderr(), "{error}")?;
            }
            Ok(Exit::No)
        }
    }
}

/// Says which of GitHub's own rules would stop one person on call.
async fn beside_github(
    policy: &policy::Policy,
    on: &RepoName,
    settings: Option<&Path>,
) -> anyhow::Result<Exit> {
    let config = Config::read(settings, environment, false)?;
    let is_ruled = |environment: &str| policy.environment_of(environment).is_some();
    match app::native(&config, Clock::system(), on, is_ruled).await? {
        Ok(native) => print(&format!("\n{}", native.describe(policy))),
        Err(why) => {
            let cure = "try again; the policy file itself has no error";
            anstream::eprintln!("error: GitHub's own rules in {on} could not be read: {why}\n  cure: {cure}");
            Ok(Exit::Unavailable)
        }
    }
}

/// Says what is wrong with the set-up. Ends with 1 where anything fails.
async fn look(file: Option<&Path>, on: &[RepoName], json: bool) -> anyhow::Result<Exit> {
    let config = Config::read(file, environment, false)?;
    let github = app::github(&config, Clock::system())?;
    let lines = doctor::examine(&github, &config, on).await;
    let ok = lines.iter().all(|line| line.state != State::Fail);
    if json {
        print(&serde_json::to_string_pretty(&serde_json::json!({ "ok": ok, "lines": lines }))?)?;
    } else {
        print(&lines.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(if ok { Exit::Done } else { Exit::No })
}

fn line(Line { state, about, what, cure }: &Line) -> String {
    let word = match state {
        State::Ok => "ok  ",
        State::Warn => "warn",
        State::Fail => "fail",
    };
    let cure = cure.as_ref().map(|cure| format!("\n      cure: {cure}")).unwrap_or_default();
    format!("{word}  {about}: {what}{cure}")
}

/// Gives an order to the running server where there is one, and carries it out here where there is none.
async fn order(file: Option<&Path>, order: Order) -> anyhow::Result<Answer> {
    let url = Config::database_url(file, environment)?;
    if let Some(database) = config::sqlite_file(&url) {
        if let Some(answer) = admin::send(&admin::socket_of(&database), &order).await? {
            return Ok(answer);
        }
        anyhow::ensure!(
            database.exists(),
            "no database at {}\n  cure: name it in CHANGEGATE_DATABASE_URL, as for `changegate serve`",
            database.display()
        );
    }
    let store = match order {
        Order::Replay(_) | Order::TokenCreate(_) | Order::TokenRevoke { .. } => Store::open(&url).await?,
        Order::Parked
        | Order::Bodies(_)
        | Order::AuditVerify
        | Order::Changes
        | Order::Queue { .. }
        | Order::Plan(_)
        | Order::Accounts { .. }
        | Order::Channels
        | Order::Sweeps
        | Order::Tokens
        | Order::Emergency(_)
        | Order::Import { .. }
        | Order::Inventory { .. }
        | Order::MeetingOpen(_)
        | Order::MeetingOpened(_)
        | Order::Seal(_)
        | Order::Became(_) => Store::open_read_only(&url).await?,
    };
    let answer = admin::answer(&store, order).await;
    store.close().await;
    Ok(answer)
}

/// Makes tokens, lists them, takes them back. A new one is made here and leaves this process only on the terminal.
#[expect(
    clippy::disallowed_methods,
    reason = "a secret is chance, and whoever makes it keeps it to themselves"
)]
async fn token(file: Option<&Path>, command: TokenCommand) -> anyhow::Result<Exit> {
    let at = Clock::system().now();
    let secret = secret::write(rand::random());
    let digest = secret::digest_of(&secret);
    let new = match command {
        TokenCommand::List => return show(order(file, Order::Tokens).await?),
        TokenCommand::Revoke { id } => return show(order(file, Order::TokenRevoke { id, at }).await?),
        TokenCommand::Create { name, repository, environment, whole_account, may, expires } => {
            let (may, expires_at) = (may.into_iter().collect(), at + expires);
            NewToken { digest, name, repository, environment, whole_account, may, at, expires_at }
        }
    };
    let answer = order(file, Order::TokenCreate(new)).await?;
    let is_made = matches!(answer, Answer::Token(_));
    let exit = show(answer)?;
    if is_made { print(secret.expose_secret()) } else { Ok(exit) }
}

/// How long it is waited for what comes of an emergency.
const PATIENCE: Duration = Duration::from_secs(60);

/// Declares an emergency, and says what came of it.
#[expect(clippy::disallowed_methods, reason = "somebody sits before the terminal and waits")]
async fn declare(file: Option<&Path>, emergency: Emergency) -> anyhow::Result<Exit> {
    if emergency.why.trim().is_empty() {
        anstream::eprintln!("error: --reason is empty\n  cure: say in a sentence why it cannot wait");
        return Ok(Exit::Usage);
    }
    let answer = through_server(file, Order::Emergency(emergency)).await?;
    let Answer::Emergency(kept) = answer else { return show(answer) };
    let began = tokio::time::Instant::now();
    loop {
        let answer = through_server(file, Order::Became(kept.clone())).await?;
        let Answer::Became(became) = answer else { return show(answer) };
        let waits = match &became {
            Became::Waits(_) => true,
            Became::Declared { terms, .. } => terms.is_none(),
            Became::Refused(_) => false,
        };
        if !waits || began.elapsed() > PATIENCE {
            return show(Answer::Became(became));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Gives an order that only a server takes to the running one; on a database that several share, takes it here.
async fn through_server(file: Option<&Path>, order: Order) -> anyhow::Result<Answer> {
    let url = Config::database_url(file, environment)?;
    if let Some(database) = config::sqlite_file(&url) {
        let answer = admin::send(&admin::socket_of(&database), &order).await?;
        return answer.ok_or_else(|| {
            anyhow::anyhow!(
                "no server runs on {}\n  cure: start `changegate serve` there",
                database.display()
            )
        });
    }
    let app = App::open(&Config::read(file, environment, false)?, Clock::system()).await?;
    let answer = admin::obey(&app.operator(), order).await;
    app.store.close().await;
    Ok(answer)
}

/// Reads the stored bodies back, some hundred at a time.
async fn read_back(file: Option<&Path>, list: bool) -> anyhow::Result<Exit> {
    let (mut read, mut damaged) = (0, 0);
    let mut next = Some(String::new());
    while let Some(after) = next {
        let answer = order(file, Order::Bodies(after)).await?;
        let Answer::Bodies(Bodies { mut items, next: last }) = answer else { return show(answer) };
        read += items.len();
        damaged += items.iter().filter(|body| body.hash.is_none()).count();
        items.retain(|body| list || body.hash.is_none());
        if !items.is_empty() {
            print(&register::bodies(&items))?;
        }
        next = last;
    }
    print(&format!("{read} bodies read back, {damaged} of them damaged."))?;
    Ok(if damaged == 0 { Exit::Done } else { Exit::No })
}

/// Prints what an order was answered with.
fn show(answer: Answer) -> anyhow::Result<Exit> {
    match answer {
        Answer::Parked { deliveries, subjects, effects } => {
            print(&register::parked(&deliveries, &subjects, &effects))
        }
        Answer::Replayed(id) => print(&format!("{id} is tried again")),
        Answer::NothingToReplay(id) => {
            let cure = "`changegate inbox parked` lists the ids";
            anstream::eprintln!("error: no delivery has the id {id}\n  cure: {cure}");
            Ok(Exit::No)
        }
        Answer::Bodies(bodies) => print(&register::bodies(&bodies.items)),
        Answer::AuditVerify(report) => {
            print(&register::audit(&report))?;
            Ok(if report.is_whole() { Exit::Done } else { Exit::No })
        }
        Answer::Queue(_) | Answer::Plan(_) | Answer::Accounts(_) => planning::show(&answer, false, None),
        Answer::Changes(views) => print(&register::changes(&views)),
        Answer::Import(imported) => print(&inventory::progress(&imported)),
        Answer::Inventory(found) => print(&inventory::report(&found)),
        Answer::Channels(accounts) => print(&register::channels(&accounts)),
        Answer::Sweeps(sweeps, names) => print(&register::sweeps(&sweeps, &names)),
        Answer::Emergency(kept) => print(&format!("{} is written down", kept.id)),
        Answer::Meeting(opening) => print(&format!("The meeting of {} is written down", opening.train)),
        Answer::MeetingOpened(opened) => meeting::tell(&opened),
        Answer::Became(became) => {
            let exit = match &became {
                Became::Declared { .. } => Exit::Done,
                Became::Refused(_) => Exit::No,
                Became::Waits(_) => Exit::Unavailable,
            };
            print(&register::emergency(&became))?;
            Ok(exit)
        }
        Answer::Token(StoredToken { grant, .. }) => {
            anstream::eprintln!(
                "Token {} for {} counts until {}. It is shown this once:",
                grant.id,
                grant.repository_name,
                grant.expires_at
            );
            Ok(Exit::Done)
        }
        Answer::Sealed(_, name) => print(&format!("Sealed permits for {name} are written down")),
        Answer::Tokens(tokens) => print(&register::tokens(&tokens, Clock::system().now())),
        Answer::TokenRevoked(StoredToken { grant, .. }) => {
            print(&format!("Token {} for {} counts no more", grant.id, grant.repository_name))
        }
        Answer::NothingToRevoke(id) => {
            let cure = "`changegate token list` lists the ids";
            anstream::eprintln!("error: no token has the id {id}\n  cure: {cure}");
            Ok(Exit::No)
        }
        Answer::Failed(why) => Err(anyhow::anyhow!("{why}")),
    }
}
