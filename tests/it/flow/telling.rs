//! People are told by chat and mail what concerns them: at once or in digests, in their hours, of their own account, and nobody of
//! another's.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use changegate::{
    config::channels::{Address, Channel},
    notifier::{Notifier, channels::Channels, mail::Mailer},
};
use serde_json::Value;

use crate::{
    support::{Scene, assert_snapshot, scenario},
    wire::{
        listener::{Heard, Listener, Reply},
        mailbox::MailServer,
    },
};

const RULES: &str = "
zone: Europe/Berlin
accounts: { sales: { sponsor: ana }, support: { sponsor: lee } }
notify:
  - { to: triage, for: triager, digest: Mon-Fri 09:00 }
  - { to: desk, about: [requests, decisions] }
  - { to: sales, for: sponsor, account: sales, hours: [Mon-Fri 08:00-18:00] }
";

/// Whoever tells, and who hears: `triage` and `desk` by chat, `sales` by mail.
struct Ears {
    notifier: Notifier,
    triage: Listener,
    desk: Listener,
    sales: MailServer,
}

impl Ears {
    async fn of(s: &Scene, owner: &str) -> Self {
        let (triage, desk, sales) =
            (Listener::start().await, Listener::start().await, MailServer::start().await);
        let channel = |name: &str, to| Channel { owner: owner.into(), name: name.into(), to };
        let channels = vec![
            channel("triage", Address::Teams(triage.url.clone().into())),
            channel("desk", Address::Slack(desk.url.clone().into())),
            channel("sales", Address::Mail(vec!["ana@acme.example".into()])),
        ];
        let mailer = Mailer::new(&sales.url.clone().into(), "gate@acme.example").unwrap();
        let channels = Channels::new(channels, Some(mailer), "https://github.test").unwrap();
        let notifier = Notifier::new(s.stage.app.store.clone(), s.stage.clock.clone(), channels);
        Self { notifier, triage, desk, sales }
    }

    /// A round a minute, for so many minutes.
    async fn rounds(&self, s: &Scene, minutes: u32) {
        for _ in 0..minutes {
            self.notifier.round().await.unwrap();
            s.pass(60);
        }
    }
}

/// What Slack was told, message by message.
fn chat(listener: &Listener) -> String {
    let text = |heard: &Heard| heard.json()["text"].as_str().unwrap().to_owned();
    listener.heard().iter().map(text).collect::<Vec<_>>().join("\n--\n")
}

/// The same of Teams.
fn cards(listener: &Listener) -> String {
    let runs = |block: &Value| match block["inlines"].as_array() {
        Some(runs) => runs.iter().map(|run| run["text"].as_str().unwrap()).collect::<String>(),
        None => block["text"].as_str().unwrap().to_owned(),
    };
    let message = |heard: Value| {
        let body = heard["attachments"][0]["content"]["body"].as_array().unwrap().clone();
        body.iter().map(runs).collect::<Vec<_>>().join("\n")
    };
    listener.heard().iter().map(|heard| message(heard.json())).collect::<Vec<_>>().join("\n--\n")
}

async fn asks(s: &Scene, title: &str, account: &str) -> changegate::sandbox::Numbered {
    let labels = ["change-request", &format!("account/{account}")];
    let issue = s.by("sam").open_labelled_issue("acme/web", title, "Please.", &labels);
    s.settle().await;
    issue
}

#[tokio::test]
async fn each_is_told_what_concerns_them_when_they_want_to_hear_it() {
    scenario(async |s| {
        s.policy(RULES).await;
        let ears = Ears::of(s, "acme").await;
        // It is Monday, 13:00 in Berlin. What was before somebody listens is told nobody.
        asks(s, "Before", "sales").await;
        ears.rounds(s, 1).await;
        let dark = asks(s, "Dark <!channel> mode", "sales").await;
        asks(s, "Louder bell", "support").await;
        ears.rounds(s, 2).await;
        s.by("tess").comment(dark, "/accept");
        s.settle().await;
        ears.rounds(s, 2).await;
        assert_snapshot!(chat(&ears.desk), @"
        <https://github.test/acme/web/issues/2|acme/web#2> Dark &lt;!channel&gt; mode: new, asked for by sam
        <https://github.test/acme/web/issues/3|acme/web#3> Louder bell: new, asked for by sam
        --
        <https://github.test/acme/web/issues/2|acme/web#2> Dark &lt;!channel&gt; mode: accepted by tess
        ");
        let mails = ears.sales.taken();
        assert_snapshot!(mails.iter().map(|mail| format!("{}\n{}", mail.header("Subject"), mail.body())).collect::<Vec<_>>().join("\n--\n").replace("\r\n", "\n"), @"
        [Changegate] acme/web#2 Dark <!channel> mode: new, asked for by sam
        - acme/web#2 Dark <!channel> mode: new, asked for by sam
          https://github.test/acme/web/issues/2

        -- 
        Changegate. Who is told what stands in the policy, under `notify`.


        --
        [Changegate] acme/web#2 Dark <!channel> mode: accepted by tess
        - acme/web#2 Dark <!channel> mode: accepted by tess
          https://github.test/acme/web/issues/2

        -- 
        Changegate. Who is told what stands in the policy, under `notify`.
        ");
        assert_eq!(ears.triage.heard().len(), 0, "the digest is due tomorrow");
        // The evening: sales hears nothing until eight.
        s.pass(8 * 3600);
        s.by("tess").comment(dark, "/decline We have one");
        s.settle().await;
        ears.rounds(s, 5).await;
        assert_eq!(ears.sales.taken().len(), mails.len(), "in the evening nobody is disturbed");
        s.pass(10 * 3600 + 30 * 60);
        ears.rounds(s, 40).await;
        assert_eq!(ears.sales.taken().len(), mails.len() + 1);
        s.pass(3600);
        ears.rounds(s, 3).await;
        assert_snapshot!(cards(&ears.triage), @"
        acme/web#2 Dark <!channel> mode: new, asked for by sam
        acme/web#3 Louder bell: new, asked for by sam
        Waiting for a decision: 2. The oldest: acme/web#1 Before: asked for on 2 Nov 2026
        ");
        let before = (ears.desk.heard().len(), ears.triage.heard().len(), ears.sales.taken().len());
        ears.rounds(s, 10).await;
        let after = (ears.desk.heard().len(), ears.triage.heard().len(), ears.sales.taken().len());
        assert_eq!(before, after, "nothing is told twice");
    })
    .await;
}

#[tokio::test]
async fn a_channel_of_another_account_hears_nothing_and_none_hears_of_a_repository_that_is_only_watched() {
    const WATCHED: &str = "repositories: [{ match: acme/web, mode: observe }]\n";
    for (owner, more, messages) in [("umbrella", "", 0), ("acme", WATCHED, 0), ("ACME", "", 1)] {
        scenario(async |s| {
            s.policy(&format!("{RULES}{more}")).await;
            let ears = Ears::of(s, owner).await;
            ears.rounds(s, 1).await;
            asks(s, "Dark mode", "sales").await;
            ears.rounds(s, 3).await;
            assert_eq!((ears.desk.heard().len(), ears.sales.taken().len()), (messages, messages), "{owner}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_message_that_is_not_taken_is_sent_again_as_the_same_and_what_comes_meanwhile_follows() {
    scenario(async |s| {
        s.policy(RULES).await;
        let ears = Ears::of(s, "acme").await;
        ears.rounds(s, 1).await;
        ears.desk.reply([Reply::Status(500), Reply::Busy(90), Reply::Status(404)]);
        ears.sales.reply([450, 550]);
        asks(s, "Dark mode", "sales").await;
        ears.rounds(s, 1).await;
        asks(s, "Louder bell", "sales").await;
        ears.rounds(s, 30).await;
        let tried = ears.desk.heard();
        assert_eq!(tried.len(), 3, "who refused it is left alone for an hour");
        ears.rounds(s, 40).await;
        let heard = ears.desk.heard();
        let key = |heard: &Heard| heard.headers["idempotency-key"].clone();
        assert!(heard[..4].iter().all(|it| key(it) == key(&heard[0]) && it.body == heard[0].body));
        assert_ne!(key(&heard[4]), key(&heard[0]));
        assert_eq!(heard.len(), 5);
        assert!(
            chat(&ears.desk).ends_with("|acme/web#2> Louder bell: new, asked for by sam"),
            "{}",
            chat(&ears.desk)
        );
        let mails: Vec<String> = ears.sales.taken().iter().map(|mail| mail.header("Subject")).collect();
        assert_eq!(
            mails,
            [
                "[Changegate] acme/web#1 Dark mode: new, asked for by sam",
                "[Changegate] acme/web#2 Louder bell: new, asked for by sam",
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_is_refused_for_a_day_gives_one_message_up_and_tells_the_next() {
    scenario(async |s| {
        s.policy(RULES).await;
        let ears = Ears::of(s, "acme").await;
        ears.rounds(s, 1).await;
        ears.desk.reply([Reply::Status(400); 24]);
        asks(s, "Dark mode", "support").await;
        for _ in 0..26 {
            ears.rounds(s, 1).await;
            s.pass(3600);
        }
        assert_eq!(ears.desk.heard().len(), 24);
        asks(s, "Louder bell", "support").await;
        ears.rounds(s, 2).await;
        assert_eq!(ears.desk.heard().len(), 25);
        assert!(chat(&ears.desk).ends_with("Louder bell: new, asked for by sam"));
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_policy_names_again_after_a_while_hears_nothing_of_the_time_between() {
    scenario(async |s| {
        s.policy(RULES).await;
        let ears = Ears::of(s, "acme").await;
        ears.rounds(s, 1).await;
        let without = RULES.split("notify:").next().unwrap();
        s.policy(without).await;
        asks(s, "Between", "support").await;
        for _ in 0..30 {
            ears.rounds(s, 1).await;
            s.pass(3600);
        }
        s.policy(RULES).await;
        ears.rounds(s, 2).await;
        asks(s, "Louder bell", "support").await;
        ears.rounds(s, 2).await;
        let told = chat(&ears.desk);
        assert!(told.contains("Louder bell") && !told.contains("Between"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn two_replicas_tell_everything_once() {
    scenario(async |s| {
        s.policy(RULES).await;
        let ears = Ears::of(s, "acme").await;
        let other = ears.notifier.clone();
        ears.rounds(s, 1).await;
        for n in 0..10 {
            asks(s, &format!("Request {n}"), "support").await;
            let (one, two) = tokio::join!(ears.notifier.round(), other.round());
            one.and(two).unwrap();
        }
        ears.rounds(s, 3).await;
        let told = chat(&ears.desk);
        for n in 0..10 {
            assert_eq!(told.matches(&format!("Request {n}:")).count(), 1, "{told}");
        }
    })
    .await;
}

/// What Python's own mail library makes of a mail.
fn read_by_python(mail: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/mail.py");
    let python = std::env::var("CHANGEGATE_PYTHON").unwrap_or_else(|_| "python3".into());
    let mut command = Command::new(python);
    let command = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(mail.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{mail}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn another_program_reads_the_mail_as_it_was_meant() {
    scenario(async |s| {
        s.policy(RULES).await;
        let ears = Ears::of(s, "acme").await;
        ears.rounds(s, 1).await;
        asks(
            s,
            "Größere Schrift für die Übersicht, mit einem Titel, der länger ist als eine Zeile von Mail",
            "sales",
        )
        .await;
        ears.rounds(s, 1).await;
        let mail = ears.sales.taken().remove(0).text;
        let read = read_by_python(&mail);
        let id = read.lines().find(|line| line.starts_with("Message-ID")).unwrap_or_default();
        assert_snapshot!(read.replace(id, "Message-ID: <ID@acme.example>").trim_end(), @"
        From: gate@acme.example
        To: ana@acme.example
        Subject: [Changegate] acme/web#1 Größere Schrift für die Übersicht, mit einem Titel, der länger ist als eine Zeile von Mail: new, asked for by sam
        Date: Mon, 02 Nov 2026 12:01:06 +0000
        Message-ID: <ID@acme.example>
        Auto-Submitted: auto-generated

        - acme/web#1 Größere Schrift für die Übersicht, mit einem Titel, der länger ist als eine Zeile von Mail: new, asked for by sam
          https://github.test/acme/web/issues/1

        -- 
        Changegate. Who is told what stands in the policy, under `notify`.
        ");
    })
    .await;
}
