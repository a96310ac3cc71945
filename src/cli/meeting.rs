//! `changegate planning open`: opens a planning meeting, and waits until it is known where it is.

use std::{path::Path, time::Duration};

use clap::Subcommand;

use crate::{
    admin::{Answer, Order},
    operator::meeting::{NewMeeting, Opened},
};

use super::{Exit, PATIENCE, print, show, through_server};

/// Planning meetings.
#[derive(Debug, Subcommand)]
pub(super) enum MeetingCommand {
    /// Open the planning meeting of a train: one issue, beside the published plan, with what is new, what is wanted next, what
    /// clashes and what is overdue. People decide there by commands; whoever closes it ends it, and the minutes are written.
    Open {
        /// The train, where the policy names several.
        train: Option<String>,
        /// The organisation or user, where the App is installed on several.
        #[arg(long, value_name = "LOGIN")]
        account: Option<String>,
    },
}

/// Runs one of them.
#[expect(clippy::disallowed_methods, reason = "somebody sits before the terminal and waits")]
pub(super) async fn run(file: Option<&Path>, command: MeetingCommand) -> anyhow::Result<Exit> {
    let MeetingCommand::Open { train, account } = command;
    let answer = through_server(file, Order::MeetingOpen(NewMeeting { train, account })).await?;
    let Answer::Meeting(opening) = answer else { return show(answer) };
    let began = tokio::time::Instant::now();
    loop {
        let answer = through_server(file, Order::MeetingOpened(opening.clone())).await?;
        let Answer::MeetingOpened(opened) = answer else { return show(answer) };
        if !matches!(opened, Opened::Waits) || began.elapsed() > PATIENCE {
            return tell(&opened);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Says where it is.
pub(super) fn tell(opened: &Opened) -> anyhow::Result<Exit> {
    match opened {
        Opened::At { repository, number } => {
            print(&format!("The planning meeting is open in {repository}#{number}."))
        }
        Opened::Waits => {
            print(
                "It is written down, and its issue is not opened yet. Nobody need do anything; it is tried again by itself.",
            )?;
            Ok(Exit::Unavailable)
        }
        Opened::NotThis => {
            print(
                "Somebody else opened one for this train at the same time. `changegate planning open` says where it is.",
            )?;
            Ok(Exit::No)
        }
    }
}
