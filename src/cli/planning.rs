//! The queue, the plan and the report of accounts, at the command line.

use std::path::Path;

use crate::{
    admin::{Answer, Order},
    clock::Clock,
    planner::{feed, page},
    register::planning as text,
};

use super::{Exit, order, print};

/// Asks, and prints the answer.
pub(super) async fn ask(
    file: Option<&Path>,
    asked: Order,
    json: bool,
    html: Option<&Path>,
) -> anyhow::Result<Exit> {
    show(&order(file, asked).await?, json, html)
}

/// Prints the calendar of the only account of GitHub, or of all of them, one after the other.
pub(super) async fn calendar(file: Option<&Path>, account: Option<String>) -> anyhow::Result<Exit> {
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
