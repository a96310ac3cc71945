//! `changegate gate`: what pipelines call. It needs nothing but the address of a server, and never ends with 0 without a
//! permit that it has checked itself.

mod glass;
mod show;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum};
use jiff::{SignedDuration, Span};
use secrecy::SecretString;

use super::Exit;
use crate::{
    clock::Clock,
    gate::{
        api::{ACTIONS, DecisionView, GateRequest, GateView, Notify, Purpose, ReportRequest, StateReported},
        client::{Client, Credentials, NoAnswer},
        permit::{self, NOT_ENFORCED, PERMIT, Permit},
    },
    worker,
};
use glass::Glass;
use show::Show;

#[derive(Debug, Subcommand)]
pub(super) enum GateCommand {
    /// Ask whether a commit may be deployed, and wait until that is decided.
    #[command(after_help = ENDS)]
    Wait {
        #[command(flatten)]
        asked: Box<Asked>,
        /// For how long to wait: 90s, 30m, 2h.
        #[arg(long, value_name = "TIME", default_value = "30m", value_parser = length)]
        timeout: Duration,
        #[command(flatten)]
        glass: Box<Glass>,
    },
    /// Ask, and do not wait: be told when it is decided, and ask again then.
    #[command(after_help = RUNG)]
    Request {
        #[command(flatten)]
        asked: Box<Asked>,
        /// How to be told: by a status of a deployment on GitHub, which starts a workflow, or by a webhook.
        #[arg(long, value_enum, default_value_t = By::DeploymentStatus)]
        notify: By,
        /// The address to call, on a host that the settings of the server name.
        #[arg(long, value_name = "URL", required_if_eq("notify", "webhook"))]
        url: Option<String>,
    },
    /// Say how far a deployment of a pipeline outside GitHub is: what runs is known from it.
    #[command(after_help = REPORTED)]
    Report {
        /// How far it is.
        #[arg(value_enum, required_unless_present = "break_glass")]
        state: Option<State>,
        /// The receipt of a sealed permit that was used (`gate wait --break-glass`): it says the rest.
        #[arg(long, value_name = "RECEIPT")]
        break_glass: Option<PathBuf>,
        #[command(flatten)]
        run: Box<Reporting>,
    },
    /// Ask the same, and do not wait.
    #[command(after_help = ENDS)]
    Check {
        #[command(flatten)]
        asked: Box<Asked>,
    },
}

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum State {
    /// It has begun to change what runs.
    Started,
    /// It runs: what is deployed next is compared with it.
    Succeeded,
    Failed,
}

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    DeploymentStatus,
    Webhook,
}

const RUNG: &str = "\
Ends with 0 when it is written down, which allows nothing; 2 for wrong usage; 75 when it could not be written down.
It stays open for 30 days. When it is decided, a deployment of the environment `changegate/ENVIRONMENT` (task `changegate:gate`)
comes to `queued` (allowed), `failure` (denied) or `error` (over), and workflows `on: deployment_status` start; or the address is
called. That is a bell and no allow: what is started asks with `gate wait`, is decided anew, and gets the permit.
In GitHub Actions the job that runs this names no environment: GitHub would take it for a deployment.";

const REPORTED: &str = "\
GitHub Actions needs none of this: GitHub knows of its own jobs. To go back is a deployment of its own, of the commit that
ran before.";

const ENDS: &str = "\
Ends with: 0 allowed, and the permit checked (or nothing is enforced there); 1 denied; 2 wrong usage;
75 it could not be found out, and nothing was allowed; 124 not decided in time.
Inside GitHub Actions with `permissions: id-token: write` no secret is needed; elsewhere CHANGEGATE_TOKEN holds a token
made with `changegate token create`, or one of an OpenID Connect issuer that the policy names.
`wait --break-glass FILE` asks nobody: it ends with 0 when FILE is a sealed permit for this repository and environment, 1 when it
is not or was used here before.";

/// Which run deploys what where.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// The environment, as GitHub and the policy call it.
    #[arg(long, value_name = "NAME", env = "CHANGEGATE_ENVIRONMENT")]
    environment: String,
    /// The address of the Changegate server.
    #[arg(long, value_name = "URL", env = "CHANGEGATE_SERVER")]
    server: String,
    /// The repository on GitHub, as owner/name.
    #[arg(long, value_name = "OWNER/NAME", env = "GITHUB_REPOSITORY")]
    repository: String,
    /// The whole hash of the commit.
    #[arg(long, value_name = "SHA", env = "GITHUB_SHA")]
    sha: String,
    /// What the pipeline is called; its runs supersede each other [github-actions, gitlab or jenkins where it runs there].
    #[arg(long, value_name = "NAME", env = "CHANGEGATE_PIPELINE")]
    pipeline: Option<String>,
    /// The run of the pipeline, by its own number or name [that of GitHub Actions, GitLab or Jenkins].
    #[arg(long = "run", value_name = "ID")]
    id: Option<String>,
    /// Which attempt of the run.
    #[arg(long, value_name = "N", env = "GITHUB_RUN_ATTEMPT", default_value_t = 1)]
    attempt: u64,
    /// A file with the token, read anew for each request; else CHANGEGATE_TOKEN.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Which run reports what where; a receipt says it instead.
#[derive(Debug, Args)]
pub(super) struct Reporting {
    /// The environment, as GitHub and the policy call it.
    #[arg(
        long,
        value_name = "NAME",
        env = "CHANGEGATE_ENVIRONMENT",
        required_unless_present = "break_glass"
    )]
    environment: Option<String>,
    /// The address of the Changegate server.
    #[arg(long, value_name = "URL", env = "CHANGEGATE_SERVER")]
    server: String,
    /// The repository on GitHub, as owner/name.
    #[arg(
        long,
        value_name = "OWNER/NAME",
        env = "GITHUB_REPOSITORY",
        required_unless_present = "break_glass"
    )]
    repository: Option<String>,
    /// The whole hash of the commit.
    #[arg(long, value_name = "SHA", env = "GITHUB_SHA", required_unless_present = "break_glass")]
    sha: Option<String>,
    /// What the pipeline is called [gitlab or jenkins where it runs there].
    #[arg(long, value_name = "NAME", env = "CHANGEGATE_PIPELINE")]
    pipeline: Option<String>,
    /// The run of the pipeline, by its own number or name [that of GitLab or Jenkins].
    #[arg(long = "run", value_name = "ID")]
    id: Option<String>,
    /// Which attempt of the run.
    #[arg(long, value_name = "N", env = "GITHUB_RUN_ATTEMPT", default_value_t = 1)]
    attempt: u64,
    /// A file with the token; else CHANGEGATE_TOKEN.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl From<Reporting> for Run {
    fn from(reporting: Reporting) -> Self {
        let Reporting { environment, server, repository, sha, pipeline, id, attempt, token_file } = reporting;
        let [environment, repository, sha] = [environment, repository, sha].map(Option::unwrap_or_default);
        Self { environment, server, repository, sha, pipeline, id, attempt, token_file }
    }
}

#[derive(Debug, Args)]
pub(super) struct Asked {
    #[command(flatten)]
    run: Run,
    /// The branch or tag that it comes from.
    #[arg(long = "ref", value_name = "REF", env = "GITHUB_REF")]
    reference: Option<String>,
    /// The release that is meant, by its title; whichever ships the commit if nothing is said.
    #[arg(long, value_name = "TITLE")]
    release: Option<String>,
    /// The component of a monorepo that is meant, as the policy calls it.
    #[arg(long, value_name = "NAME")]
    component: Option<String>,
    /// What is meant.
    #[arg(long, value_enum, default_value_t = Meant::Deploy)]
    purpose: Meant,
    /// How to say it: for people, as JSON, or for GitHub Actions with annotations, a step summary and outputs.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Where to write the permit.
    #[arg(long, value_name = "FILE")]
    permit_file: Option<PathBuf>,
    /// Where to write the permit as other checkers read it: a DSSE envelope with an in-toto statement.
    #[arg(long, value_name = "FILE")]
    attestation_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Meant {
    Deploy,
    Rollback,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    Text,
    Json,
    Github,
}

fn length(text: &str) -> Result<Duration, String> {
    let span = text.parse::<Span>().ok().and_then(|span| SignedDuration::try_from(span).ok());
    let seconds = || text.parse().ok().map(SignedDuration::from_secs);
    let length = span.or_else(seconds).filter(|length| !length.is_negative());
    length.map(SignedDuration::unsigned_abs).ok_or_else(|| "write it like 90s, 30m or 2h".into())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// What the pipeline is called and which run this is, as far as its machine says.
fn whereabouts() -> Option<(&'static str, Option<String>)> {
    let is = |name: &str| variable(name).is_some();
    if is("GITHUB_ACTIONS") {
        Some((ACTIONS, variable("GITHUB_RUN_ID")))
    } else if is("GITLAB_CI") {
        Some(("gitlab", variable("CI_PIPELINE_ID")))
    } else if is("JENKINS_URL") {
        Some(("jenkins", variable("BUILD_TAG").or_else(|| variable("BUILD_NUMBER"))))
    } else {
        None
    }
}

impl Run {
    /// What the pipeline is called, and the run.
    fn named(&self) -> Result<(String, String), String> {
        let here = whereabouts();
        let name = here.as_ref().map(|(name, _)| (*name).to_owned());
        let pipeline = self.pipeline.clone().or(name).unwrap_or_else(|| "pipeline".into());
        let run = self.id.clone().or_else(|| here.and_then(|(_, run)| run));
        let run =
            run.ok_or("--run is missing\n  cure: name the run of the pipeline, by its own number or name")?;
        Ok((pipeline, run))
    }

    fn credentials(&self) -> Result<Credentials, String> {
        if let Some(file) = &self.token_file {
            return Ok(Credentials::File(file.clone()));
        }
        if let Some(token) = variable("CHANGEGATE_TOKEN") {
            return Ok(Credentials::Token(token.into()));
        }
        let actions =
            variable("ACTIONS_ID_TOKEN_REQUEST_URL").zip(variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
        match actions {
            Some((url, token)) => Ok(Credentials::Actions { url, token: SecretString::from(token) }),
            None if variable("GITHUB_ACTIONS").is_some() => Err(
                "GitHub Actions gives this job no token\n  cure: add `permissions: { id-token: write }` to the job".into(),
            ),
            None => Err("nothing proves who asks\n  cure: set CHANGEGATE_TOKEN, or name a --token-file".into()),
        }
    }
}

impl Asked {
    fn request(&self) -> Result<GateRequest, String> {
        let (pipeline, run_id) = self.run.named()?;
        let purpose = match self.purpose {
            Meant::Deploy => Purpose::Deploy,
            Meant::Rollback => Purpose::Rollback,
        };
        let request = GateRequest {
            repository: self.run.repository.clone(),
            environment: self.run.environment.clone(),
            sha: self.run.sha.clone(),
            reference: self.reference.clone(),
            pipeline,
            run_id,
            run_attempt: self.run.attempt,
            release: self.release.clone(),
            component: self.component.clone(),
            purpose,
            notify: None,
        };
        request.ask(None).map(|_| request)
    }
}

async fn report(run: &Run, state: State) -> anyhow::Result<Exit> {
    let ready = run.named().and_then(|named| Ok((named, run.credentials()?)));
    let ((pipeline, run_id), credentials) = match ready {
        Ok(ready) => ready,
        Err(why) => {
            anstream::eprintln!("error: {why}");
            return Ok(Exit::Usage);
        }
    };
    if pipeline == ACTIONS {
        anstream::eprintln!("GitHub knows of its own jobs: nothing is to be reported");
        return Ok(Exit::Done);
    }
    let state = match state {
        State::Started => StateReported::Started,
        State::Succeeded => StateReported::Succeeded,
        State::Failed => StateReported::Failed,
    };
    let request = ReportRequest {
        repository: run.repository.clone(),
        environment: run.environment.clone(),
        sha: run.sha.clone(),
        pipeline,
        run_id,
        run_attempt: run.attempt,
        state,
        sealed: None,
    };
    let client = Client::new(&run.server, credentials)?;
    for pause in AGAIN {
        match client.report(&request).await {
            Ok(_) => return Ok(Exit::Done),
            Err(NoAnswer::Refused(why)) => {
                anstream::eprintln!("error: {why}");
                return Ok(Exit::Usage);
            }
            Err(NoAnswer::Away(why)) => anstream::eprintln!("not reported yet: {why}; said again"),
        }
        worker::pause(Duration::from_secs(pause)).await;
    }
    anstream::eprintln!("error: it could not be reported\n  cure: report it again when the server is back");
    Ok(Exit::Unavailable)
}

/// Asks to be told, and ends.
async fn leave(asked: &Asked, by: By, url: Option<String>) -> anyhow::Result<Exit> {
    let notify = match (by, url) {
        (By::DeploymentStatus, _) => Notify::DeploymentStatus,
        (By::Webhook, url) => Notify::Webhook { url: url.unwrap_or_default() },
    };
    let ready = asked.request().and_then(|request| Ok((request, asked.run.credentials()?)));
    let (request, credentials) = match ready {
        Ok((request, credentials)) => (GateRequest { notify: Some(notify), ..request }, credentials),
        Err(why) => {
            anstream::eprintln!("error: {why}");
            return Ok(Exit::Usage);
        }
    };
    let client = Client::new(&asked.run.server, credentials)?;
    let show = Show::new(asked.output, &request);
    for pause in AGAIN {
        match client.ask(&request).await {
            Ok(view) => return show.left(&view),
            Err(NoAnswer::Refused(why)) => return show.refused(&why),
            Err(NoAnswer::Away(why)) => show.retries(&why),
        }
        worker::pause(Duration::from_secs(pause)).await;
    }
    show.away("it could not be written down")
}

/// Whoever does not wait is told what stands in the way as soon as that is known, or after this time that it is not.
const FIRST_ANSWER: Duration = Duration::from_secs(5);
/// One request waits so long.
const ONE_WAIT: u64 = 30;
/// A server that restarts is back after a moment; one that is away for longer is asked less often.
const AGAIN: [u64; 5] = [1, 2, 4, 8, 15];

/// Runs the command.
pub(super) async fn run(command: GateCommand) -> anyhow::Result<Exit> {
    let (asked, timeout, glass) = match command {
        GateCommand::Report { state, break_glass, run } => {
            let (run, state) = (Run::from(*run), state.unwrap_or(State::Started));
            return match break_glass {
                Some(receipt) => glass::report(&receipt, &run.server, run.credentials(), state).await,
                None => report(&run, state).await,
            };
        }
        GateCommand::Request { asked, notify, url } => return leave(&asked, notify, url).await,
        GateCommand::Wait { asked, timeout, glass } => (asked, Some(timeout), Some(glass)),
        GateCommand::Check { asked } => (asked, None, None),
    };
    if let Some(glass) = glass.filter(|glass| glass.is_broken()) {
        return match asked.request() {
            Ok(request) => glass.go(&asked, &request).await,
            Err(why) => {
                anstream::eprintln!("error: {why}");
                Ok(Exit::Usage)
            }
        };
    }
    let (request, credentials) =
        match asked.request().and_then(|request| Ok((request, asked.run.credentials()?))) {
            Ok(ready) => ready,
            Err(why) => {
                anstream::eprintln!("error: {why}");
                return Ok(Exit::Usage);
            }
        };
    let client = Client::new(&asked.run.server, credentials)?;
    let show = Show::new(asked.output, &request);
    let found = follow(&client, &request, timeout, &show).await;
    let found = match found {
        Ok(view) if view.goes_on => match proved(&client, &request, &view).await {
            Ok(permit) => {
                write_signed(&asked, &view)?;
                return show.goes_on(&view, &permit);
            }
            Err(why) => Err(NoAnswer::Away(why)),
        },
        found => found,
    };
    match found {
        Ok(view) => show.stops(&view, timeout),
        Err(NoAnswer::Refused(why)) => show.refused(&why),
        Err(NoAnswer::Away(why)) => show.away(&why),
    }
}

/// The last answer before the time is over; `None` for `timeout`: what is said at once.
async fn follow(
    client: &Client,
    request: &GateRequest,
    timeout: Option<Duration>,
    show: &Show,
) -> Result<GateView, NoAnswer> {
    let clock = Clock::system();
    let ends = clock.instant() + timeout.unwrap_or(FIRST_ANSWER);
    let (mut known, mut away) = (None::<GateView>, 0);
    loop {
        let left = ends.saturating_duration_since(clock.instant()).as_secs();
        let answer = match &known {
            Some(view) => client.look(&view.id, left.min(ONE_WAIT)).await,
            None => client.ask(request).await,
        };
        let says_why = |view: &GateView| timeout.is_none() && !view.findings.is_empty();
        let is_over = clock.instant() >= ends || answer.as_ref().is_ok_and(says_why);
        match answer {
            Ok(view) if view.settled || is_over => return Ok(view),
            Ok(view) => {
                away = 0;
                show.progress(&view);
                known = Some(view);
            }
            Err(NoAnswer::Refused(why)) => return Err(NoAnswer::Refused(why)),
            Err(NoAnswer::Away(why)) if is_over => return Err(NoAnswer::Away(why)),
            Err(NoAnswer::Away(why)) => {
                show.retries(&why);
                let pause = AGAIN.get(away).or(AGAIN.last()).copied().unwrap_or(1);
                away += 1;
                worker::pause(Duration::from_secs(pause.min(left.max(1)))).await;
                // Whoever was away may have forgotten it: asking is the same as looking.
                known = None;
            }
        }
    }
}

/// Checks the permit itself: an answer that anybody could give lets nothing through.
async fn proved(client: &Client, request: &GateRequest, view: &GateView) -> Result<Permit, String> {
    let token = view.permit.as_deref().ok_or("the server lets it through and shows no permit")?;
    let keys = client.keys().await.map_err(|error| format!("the permit cannot be checked: {error}"))?;
    let kind = if view.enforced { PERMIT } else { NOT_ENFORCED };
    let permit =
        permit::verify(token, &keys, kind).map_err(|error| format!("the permit is none: {error}"))?;
    let is_ours = permit.sha == request.sha
        && permit.environment.eq_ignore_ascii_case(&request.environment)
        && permit.repository.eq_ignore_ascii_case(&request.repository)
        && (&permit.pipeline, &permit.run_id, permit.run_attempt)
            == (&request.pipeline, &request.run_id, request.run_attempt);
    if is_ours && (!view.enforced || view.decision == DecisionView::Allow) {
        Ok(permit)
    } else {
        Err("the permit is for something else".into())
    }
}

fn write_signed(asked: &Asked, view: &GateView) -> anyhow::Result<()> {
    let envelope = view.attestation.as_ref().map(serde_json::to_string).transpose()?;
    for (file, text) in [(&asked.permit_file, &view.permit), (&asked.attestation_file, &envelope)] {
        if let (Some(file), Some(text)) = (file, text) {
            std::fs::write(file, text)
                .map_err(|error| anyhow::anyhow!("{} cannot be written: {error}", file.display()))?;
        }
    }
    Ok(())
}
