//! The queue, the plan and the report of accounts, at the command line.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::{
    admin::{Answer, Order},
    clock::Clock,
    domain::planning::{Kind, queue::Filter},
    planner::{feed, page},
    register::planning as text,
};

use super::{
    Exit, import,
    meeting::{self, MeetingCommand},
    order, print,
};

/// How requests become a plan.
#[derive(Debug, Subcommand)]
pub(super) enum PlanningCommand {
    /// Take in what is there: every open issue and pull request of an organisation, and what was closed within a year, to know how many
    /// there are, how old, whose, and which look dead or doubled. Writes nothing to GitHub; goes on where it was broken off.
    Import {
        /// The organisation or user on which the App is installed.
        #[arg(long, value_name = "LOGIN")]
        org: String,
        /// From the beginning, where an earlier one has ended.
        #[arg(long)]
        again: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// What waits for a decision, over all repositories: the oldest first, and what is overdue.
    Triage {
        /// Of this account only; `none` for what belongs to no account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// Of this system only.
        #[arg(long, value_name = "NAME")]
        system: Option<String>,
        /// Of this kind only: change, project or infrastructure.
        #[arg(long, value_parser = kind)]
        kind: Option<Kind>,
        /// Only what has waited too long.
        #[arg(long)]
        overdue: bool,
        /// Only what lacks information.
        #[arg(long)]
        incomplete: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// The plan: what goes into which release, what is wanted next, what came into production.
    Plan {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// Write it as a page that can be printed or sent.
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
    /// Planning meetings: an issue with an agenda, in which people decide.
    #[command(subcommand)]
    Planning(MeetingCommand),
    /// The plan as a calendar file (iCalendar): when releases leave and lock, and when nothing is deployed.
    Calendar {
        /// With the change requests of this account only.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
    },
    /// Who asks for how much, and gets how much, within twelve months.
    Accounts {
        /// How it would be without this account.
        #[arg(long, value_name = "NAME")]
        without: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// As the API writes it.
fn kind(text: &str) -> Result<Kind, String> {
    let all = [Kind::Change, Kind::Project, Kind::Infrastructure];
    all.into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| "write change, project or infrastructure".into())
}

/// Runs one of them.
pub(super) async fn run(file: Option<&Path>, command: PlanningCommand) -> anyhow::Result<Exit> {
    let at = Clock::system().now();
    match command {
        PlanningCommand::Import { org, again, json } => import::run(file, &org, again, json).await,
        PlanningCommand::Triage { account, system, kind, overdue, incomplete, json } => {
            let (incomplete, overdue) = (incomplete.then_some(true), overdue.then_some(true));
            let filter = Filter { account, system, kind, incomplete, overdue };
            ask(file, Order::Queue { at, filter }, json, None).await
        }
        PlanningCommand::Plan { json, html } => ask(file, Order::Plan(at), json, html.as_deref()).await,
        PlanningCommand::Planning(command) => meeting::run(file, command).await,
        PlanningCommand::Calendar { account } => calendar(file, account).await,
        PlanningCommand::Accounts { without, json } => {
            let without = without.map(|name| name.to_lowercase());
            ask(file, Order::Accounts { at, without }, json, None).await
        }
    }
}

/// Asks, and prints the answer.
async fn ask(file: Option<&Path>, asked: Order, json: bool, html: Option<&Path>) -> anyhow::Result<Exit> {
    show(&order(file, asked).await?, json, html)
}

/// Prints the calendar of the only account of GitHub, or of all of them, one after the other.
async fn calendar(file: Option<&Path>, account: Option<String>) -> anyhow::Result<Exit> {
    let answer = order(file, Order::Plan(Clock::system().now())).await?;
    let Answer::Plan(plans) = answer else { return show(&answer, false, None) };
    let account = account.map(|name| name.to_lowercase());
    let feeds = plans.iter().map(|(login, plan)| feed::feed(login, plan, account.as_deref()));
    print(feeds.collect::<Vec<_>>().join("").trim_end())
}

/// Prints it: for people, as JSON, or as a page.
pub(super) fn show(answer: &Answer, json: bool, html: Option<&Path>) -> anyhow::Result<Exit> {
    if let Answer::Queue(all) = answer {
        say(all, json, |queue| text::queue(queue, Clock::system().now()))
    } else if let Answer::Accounts(all) = answer {
        say(all, json, text::accounts)
    } else if let Answer::Plan(all) = answer {
        let Some(file) = html else { return say(all, json, text::plan) };
        std::fs::write(file, page::plans(all))
            .map_err(|error| anyhow::anyhow!("{} cannot be written: {error}", file.display()))?;
        print(&format!("The plan is written to {}", file.display()))
    } else if let Answer::Failed(why) = answer {
        Err(anyhow::anyhow!("{why}"))
    } else {
        Err(anyhow::anyhow!("the server answered something else"))
    }
}

/// For people, or one object for each account of GitHub, by its login.
fn say<T: serde::Serialize>(
    all: &[(String, T)],
    json: bool,
    show: impl Fn(&T) -> String,
) -> anyhow::Result<Exit> {
    if !json {
        return print(&text::each(all, show));
    }
    let all: serde_json::Map<String, serde_json::Value> = all
        .iter()
        .map(|(login, it)| Ok((login.clone(), serde_json::to_value(it)?)))
        .collect::<serde_json::Result<_>>()?;
    print(&serde_json::to_string_pretty(&all)?)
}
