//! `changegate channels --test`: whether a message comes.

use std::path::Path;

use crate::{
    app,
    clock::Clock,
    config::Config,
    domain::notification::{Item, Message},
    post::Told,
};

use super::{Exit, environment, print};

/// Sends a message, by the settings alone: neither database nor policy is needed.
pub(super) async fn test(file: Option<&Path>, whose: &str) -> anyhow::Result<Exit> {
    let config = Config::read(file, environment, false)?;
    let channels = app::channels(&config)?;
    let found = whose.split_once('/').and_then(|(owner, name)| Some((owner, channels.find(owner, name)?)));
    let Some((owner, channel)) = found else {
        let named: Vec<String> =
            config.messaging.channels.iter().map(|it| format!("{}/{}", it.owner, it.name)).collect();
        let named = if named.is_empty() { "none yet".into() } else { named.join(", ") };
        anstream::eprintln!(
            "error: no channel is called {whose}\n  cure: name one of CHANGEGATE_CHANNELS; there is {named}"
        );
        return Ok(Exit::Usage);
    };
    let said = "a message of `changegate channels --test`: whoever reads it is told what the policy says under `notify`";
    let item = Item { name: owner.into(), path: Some(owner.into()), title: None, said: said.into() };
    let message = Message { owner: owner.into(), items: vec![item], more: 0, queue: None };
    let now = Clock::system().now();
    let id = format!("test-{}", now.as_microsecond());
    match channels.send(channel, &message, &id, (0, now)).await {
        Told::Yes => print(&format!("{whose} took the message")),
        Told::Later { why, .. } | Told::Away { why, .. } | Told::Refused { why } => {
            anstream::eprintln!(
                "error: {whose} did not take the message: {why}\n  cure: look at its line in CHANGEGATE_CHANNELS"
            );
            Ok(Exit::Unavailable)
        }
    }
}
