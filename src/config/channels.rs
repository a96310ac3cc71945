//! Where people are told by chat and mail.

use secrecy::SecretString;

use super::{OneOrMany, Reader, is_encrypted_or_here};

/// Where people are told by chat and mail.
#[derive(Debug, Clone, Default)]
pub struct Messaging {
    pub channels: Vec<Channel>,
    /// `None`: no mail is sent.
    pub mail: Option<Mail>,
}

/// A channel of one account on GitHub.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The login of the account whose policy may name it.
    pub owner: String,
    /// As that policy calls it.
    pub name: String,
    pub to: Address,
}

/// Where it ends.
#[derive(Debug, Clone)]
pub enum Address {
    /// An incoming webhook of Slack (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>), or of whoever
    /// takes the same; the address is the secret.
    Slack(SecretString),
    /// A workflow of Teams that begins when a webhook is received
    /// (<https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook>); the address is
    /// the secret.
    Teams(SecretString),
    /// Mail addresses.
    Mail(Vec<String>),
}

/// Who takes mail from us.
#[derive(Debug, Clone)]
pub struct Mail {
    /// `smtps://user:password@mail.example.com`.
    pub server: SecretString,
    /// From whom it comes.
    pub from: String,
}

/// The keys of the file.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub channels: (Option<OneOrMany>, Option<OneOrMany>),
    pub smtp_url: (Option<OneOrMany>, Option<OneOrMany>),
    pub mail_from: Option<String>,
}

const CHANNELS: &str = "CHANNELS";
const LIKE: &str = "write ACCOUNT/NAME slack URL, ACCOUNT/NAME teams URL or ACCOUNT/NAME mail ADDRESS, one channel a line; several addresses with commas between";

impl Reader<'_> {
    pub(super) fn messaging(&mut self, written: Written) -> Messaging {
        let (inline, files) = written.channels;
        let texts = self.values(CHANNELS, inline, files, LIKE);
        let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut channels: Vec<Channel> = vec![];
        for (n, line) in (1..).zip(lines) {
            match channel(line) {
                Ok(channel) if channels.iter().any(|it| it.is(&channel)) => {
                    let problem = format!("names {}/{} twice (line {n})", channel.owner, channel.name);
                    self.refuse(CHANNELS, problem, "remove one of the lines");
                }
                Ok(channel) => channels.push(channel),
                // What stands in it may be a secret.
                Err(why) => self.refuse(CHANNELS, format!("line {n} {why}"), LIKE),
            }
        }
        let mail = self.mail(written.smtp_url, written.mail_from);
        let is_mail = |channel: &Channel| matches!(channel.to, Address::Mail(_));
        if mail.is_none() && channels.iter().any(is_mail) {
            let cure = "set it, such as smtps://USER:PASSWORD@mail.example.com, and CHANGEGATE_MAIL_FROM";
            self.refuse("SMTP_URL", "is not set, but a channel is told by mail", cure);
        }
        Messaging { channels, mail }
    }

    /// Both settings, or neither.
    fn mail(
        &mut self,
        (inline, files): (Option<OneOrMany>, Option<OneOrMany>),
        from: Option<String>,
    ) -> Option<Mail> {
        let cure = "write smtps://USER:PASSWORD@mail.example.com, or smtp://mail.example.com?tls=required; plain smtp only to this machine";
        let server = self.values("SMTP_URL", inline, files, cure);
        let server = server.first().map(|text| text.trim().to_owned());
        let from = self.env("MAIL_FROM").or(from);
        let (server, from) = match (server, from) {
            (None, None) => return None,
            (Some(_), None) => {
                let cure =
                    "write the address from which mail comes, such as Changegate <changegate@example.com>";
                self.refuse("MAIL_FROM", "is not set, but the mail server is", cure);
                return None;
            }
            (None, Some(_)) => {
                self.refuse("SMTP_URL", "is not set, but MAIL_FROM is", "set both, or neither");
                return None;
            }
            (Some(server), Some(from)) => (server, from),
        };
        if !is_safe_server(&server) {
            self.refuse("SMTP_URL", "is no mail server that is reached encrypted", cure);
        }
        if !is_mail_address(&from) {
            self.refuse(
                "MAIL_FROM",
                "is no mail address",
                "write name@example.com, or Name <name@example.com>",
            );
        }
        Some(Mail { server: server.into(), from })
    }
}

impl Channel {
    fn is(&self, other: &Self) -> bool {
        self.owner == other.owner && self.name == other.name
    }
}

fn channel(line: &str) -> Result<Channel, &'static str> {
    let (whose, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (kind, to) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let to = to.trim();
    let (owner, name) = whose.split_once('/').ok_or("does not begin with ACCOUNT/NAME")?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if owner.is_empty() || name.is_empty() || !name.chars().all(is_name) {
        return Err("has a name with other letters than a to z, 0 to 9 and -");
    }
    if to.is_empty() {
        return Err("says not where it ends");
    }
    let webhook = || {
        let is_address = is_encrypted_or_here(to) && !to.contains(char::is_whitespace);
        is_address.then(|| SecretString::from(to.to_owned())).ok_or("has no https address")
    };
    let to = match kind {
        "slack" => Address::Slack(webhook()?),
        "teams" => Address::Teams(webhook()?),
        "mail" => {
            let addresses: Vec<String> = to.split(',').map(|to| to.trim().to_owned()).collect();
            if !addresses.iter().all(|address| is_mail_address(address)) {
                return Err("has something that is no mail address");
            }
            Address::Mail(addresses)
        }
        _ => return Err("is neither `slack` nor `teams` nor `mail`"),
    };
    Ok(Channel { owner: owner.to_ascii_lowercase(), name: name.to_owned(), to })
}

/// Encrypted from the first byte or from the first command on, or without leaving this machine.
fn is_safe_server(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let host = place.split([':', '/', '?']).next().unwrap_or_default();
    let is_here = ["localhost", "127.0.0.1"].contains(&host);
    let is_encrypted = scheme == "smtps" || (scheme == "smtp" && url.ends_with("?tls=required"));
    !host.is_empty() && (is_encrypted || (scheme == "smtp" && is_here))
}

/// As far as can be seen without asking anybody.
fn is_mail_address(text: &str) -> bool {
    text.parse::<lettre::message::Mailbox>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_lines_of_account_name_kind_and_place() {
        for (line, wrong) in [
            ("acme/triage slack https://hooks.slack.com/services/T/B/x", None),
            ("ACME/on-call  teams   https://prod.logic.azure.com/workflows/1", None),
            ("acme/sales mail dana@acme.example, Sales <sales@acme.example>", None),
            ("acme/here slack http://127.0.0.1:9/x", None),
            ("triage slack https://x.example/", Some("does not begin with ACCOUNT/NAME")),
            (
                "acme/Triage slack https://x.example/",
                Some("has a name with other letters than a to z, 0 to 9 and -"),
            ),
            ("acme/triage slack http://x.example/", Some("has no https address")),
            ("acme/triage slack", Some("says not where it ends")),
            ("acme/triage irc x", Some("is neither `slack` nor `teams` nor `mail`")),
            ("acme/triage mail dana", Some("has something that is no mail address")),
        ] {
            assert_eq!(channel(line).err(), wrong, "{line}");
        }
    }

    #[test]
    fn mail_leaves_this_machine_encrypted_or_not_at_all() {
        for (url, safe) in [
            ("smtps://u:p@mail.example.com", true),
            ("smtp://mail.example.com:587?tls=required", true),
            ("smtp://127.0.0.1:25", true),
            ("smtp://mail.example.com", false),
            ("smtp://mail.example.com?tls=opportunistic", false),
            ("smtp://127.0.0.1@mail.example.com", false),
            ("https://mail.example.com", false),
            ("mail.example.com", false),
        ] {
            assert_eq!(is_safe_server(url), safe, "{url}");
        }
    }
}
