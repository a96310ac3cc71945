//! Messages as mail, by SMTP.

use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
    transport::smtp,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    domain::notification::{Item, Message},
    post::{TOTAL, Told},
};

use super::chat::{behind, more};

/// How long a mail may take from the first word to the last.
const WHOLE: Duration = Duration::from_secs(30);

/// Why no mail can be sent by these settings.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the address of the mail server is none")]
    Server,
    #[error("`{0}` is no mail address")]
    Address(String),
}

/// Hands mail to a server.
#[derive(Clone)]
pub struct Mailer {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Mailer {
    /// By a server such as `smtps://user:password@mail.example.com`, from an address.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn new(server: &SecretString, from: &str) -> Result<Self, MailError> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.expose_secret());
        let server = server.map_err(|_| MailError::Server)?.timeout(Some(TOTAL)).build();
        Ok(Self { server, from: mailbox(from)? })
    }

    /// Sends a message that was tried `attempts` times before.
    pub async fn send(
        &self,
        (to, id): (&[String], &str),
        message: &Message,
        web_url: &str,
        (attempts, now): (u32, Timestamp),
    ) -> Told {
        let mail = match self.written((to, id), message, web_url, now) {
            Ok(mail) => mail,
            Err(why) => return Told::Refused { why },
        };
        match tokio::time::timeout(WHOLE, self.server.send(mail)).await {
            Ok(Ok(_)) => Told::Yes,
            // The words of the server may hold an address.
            Ok(Err(error)) if error.is_permanent() => Told::Refused { why: said("refused", &error) },
            Ok(Err(error)) => Told::away(attempts, now, &said("did not take it", &error)),
            Err(_) => Told::away(attempts, now, "the mail server is slow"),
        }
    }

    fn written(
        &self,
        (to, id): (&[String], &str),
        message: &Message,
        web_url: &str,
        now: Timestamp,
    ) -> Result<Mail, String> {
        let domain = self.from.email.domain();
        let mail = Mail::builder()
            .from(self.from.clone())
            .subject(format!("[Changegate] {}", message.subject()))
            .date(UNIX_EPOCH + Duration::from_secs(now.as_second().unsigned_abs()))
            .message_id(Some(format!("<{id}@{domain}>")))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN);
        let mail = to.iter().try_fold(mail, |mail, to| mailbox(to).map(|to| mail.to(to)));
        let mail = mail.map_err(|error| error.to_string())?;
        mail.body(text(message, web_url)).map_err(|error| format!("it cannot be written: {error}"))
    }
}

fn said(what: &str, error: &smtp::Error) -> String {
    let code = error.status().map(|code| format!(" ({code})")).unwrap_or_default();
    format!("the mail server {what}{code}")
}

/// # Errors
/// When it is no address.
pub fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    text.parse().map_err(|_| MailError::Address(text.to_owned()))
}

/// No person wrote it, and no machine need answer (RFC 3834).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

fn text(message: &Message, web_url: &str) -> String {
    let line = |item: &Item| {
        let page = item.path.as_ref().map(|path| format!("\n  {web_url}/{path}")).unwrap_or_default();
        format!("{}{}{page}", item.name, behind(item))
    };
    let items = message.items.iter().map(|item| format!("- {}", line(item)));
    let queue = message.queue.iter().map(|queue| format!("{}\n  {}", queue.sentence(), line(&queue.oldest)));
    let parts: Vec<String> = items.chain(more(message)).chain(queue).collect();
    let sign = "-- \nChangegate. Who is told what stands in the policy, under `notify`.";
    format!("{}\n\n{sign}\n", parts.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_says_who_wrote_it_and_is_the_same_whenever_it_is_sent() {
        let mailer =
            Mailer::new(&"smtp://127.0.0.1:1".to_owned().into(), "Changegate <gate@acme.example>").unwrap();
        let item = Item {
            name: "acme/web#12".into(),
            path: Some("acme/web/issues/12".into()),
            title: Some("Größer\r\nBcc: eve@evil.example".into()),
            said: "accepted by kim".into(),
        };
        let message = Message { owner: "acme".into(), items: vec![item.clone(), item], more: 0, queue: None };
        let to = ["Dana <dana@acme.example>".to_owned(), "lee@acme.example".to_owned()];
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let mail = mailer.written((&to, "4f2c"), &message, "https://github.com", now).unwrap();
        let text = String::from_utf8(mail.formatted()).unwrap().replace("\r\n", "\n");
        insta::assert_snapshot!(text, @"
        From: Changegate <gate@acme.example>
        Subject: [Changegate] acme/web#12 =?utf-8?b?R3LDtsOfZXINCkJjYzo=?=
         eve@evil.example: accepted by kim (and 1 more)
        Date: Wed, 18 Nov 2026 11:06:40 +0000
        Message-ID: <4f2c@acme.example>
        Auto-Submitted: auto-generated
        Content-Type: text/plain; charset=utf-8
        To: Dana <dana@acme.example>, lee@acme.example
        Content-Transfer-Encoding: quoted-printable

        - acme/web#12 Gr=C3=B6=C3=9Fer
        Bcc: eve@evil.example: accepted by kim
          https://github.com/acme/web/issues/12

        - acme/web#12 Gr=C3=B6=C3=9Fer
        Bcc: eve@evil.example: accepted by kim
          https://github.com/acme/web/issues/12

        --=20
        Changegate. Who is told what stands in the policy, under `notify`.
        ");
    }

    #[test]
    fn what_is_no_address_is_said() {
        let url = "smtp://127.0.0.1".to_owned().into();
        assert_eq!(Mailer::new(&url, "gate").unwrap_err().to_string(), "`gate` is no mail address");
        let no_url = "mail.example.com".to_owned().into();
        assert_eq!(
            Mailer::new(&no_url, "g@x.example").unwrap_err().to_string(),
            "the address of the mail server is none"
        );
    }
}
