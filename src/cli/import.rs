//! `changegate import`: page after page through the running server, with a bar that shows how far it is.

use std::{path::Path, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    admin::{Answer, Order},
    clock::Clock,
    operator::import::Imported,
    register::inventory,
};

use super::{Exit, print, show, through_server};

/// It is never asked more often, and hardly less.
const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(30);

/// Imports to the end, and reports.
pub(super) async fn run(
    file: Option<&Path>,
    organisation: &str,
    again: bool,
    json: bool,
) -> anyhow::Result<Exit> {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} repositories  {msg}")?);
    let mut again = again;
    loop {
        let asked = Order::Import { organisation: organisation.to_owned(), again };
        let answer = through_server(file, asked).await?;
        let Answer::Import(imported) = answer else { return show(answer) };
        again = false;
        tell(&bar, &imported);
        if imported.progress.ended.is_some() {
            break;
        }
        wait(&imported).await;
    }
    bar.finish_and_clear();
    let asked = Order::Inventory { organisation: organisation.to_owned() };
    let answer = through_server(file, asked).await?;
    if let (Answer::Inventory(found), true) = (&answer, json) {
        return print(&serde_json::to_string_pretty(found)?);
    }
    show(answer)
}

fn tell(bar: &ProgressBar, imported: &Imported) {
    bar.set_length(u64::try_from(imported.repositories).unwrap_or_default());
    bar.set_position(u64::try_from(imported.progress.done.len()).unwrap_or_default());
    bar.set_message(inventory::progress(imported));
    if bar.is_hidden() && imported.waits.is_some() {
        anstream::eprintln!("{}", inventory::progress(imported));
    }
}

/// Until GitHub may be asked again, where it put us off.
#[expect(clippy::disallowed_methods, reason = "somebody sits before the terminal and waits")]
async fn wait(imported: &Imported) {
    let Some((until, _)) = &imported.waits else { return };
    let left = Duration::try_from(until.duration_since(Clock::system().now())).unwrap_or_default();
    tokio::time::sleep(left.clamp(LEAST, MOST)).await;
}
