//! Secrets are in the settings and on the way to GitHub, and nowhere else: not in a log at any level, not in an error.

use std::fs;

use super::{
    listener::SIGNING,
    place::{NEXT_SECRET, Place},
    server::{PROGRAM, until},
};
use crate::support::{Database, databases};

/// What only somebody who read a secret can know.
const CANARY: &str = "canary-in-the-coal-mine-0123456789";

/// What must never be printed: the secrets, each line of the key, whatever was signed with it or handed out for it.
fn secrets(place: &Place) -> Vec<String> {
    let key = place.github.private_key_pem().lines().filter(|line| !line.starts_with("-----"));
    let mut secrets: Vec<String> = key.map(str::to_owned).collect();
    secrets.extend([place.github.webhook_secret(), NEXT_SECRET.into(), CANARY.into()]);
    secrets.push(SIGNING[6..].into());
    secrets.extend(["eyJ", "ghs_"].map(str::to_owned));
    secrets
}

fn assert_silent(place: &Place, what: &str, said: &str) {
    for secret in secrets(place) {
        let Some(at) = said.find(&secret) else { continue };
        panic!("{what} prints {secret}: {}", said[..at].lines().last().unwrap_or_default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_logs_everything_logs_no_secret() {
    for database in databases().await {
        let mut place = Place::ruled_by(
            database,
            "notify: [{ to: desk, about: [requests] }, { to: post, about: [requests] }]\n",
        )
        .await;
        place.set("LOG", "trace");
        place.set(
            "CHANNELS",
            &format!("acme/desk slack http://127.0.0.1:1/{CANARY}\nacme/post mail a@b.example"),
        );
        place.set("SMTP_URL", &format!("smtp://someone:{CANARY}@127.0.0.1:1"));
        place.set("MAIL_FROM", "gate@acme.example");
        place.set("ANNOUNCE_URL", &format!("http://127.0.0.1:1/{CANARY}"));
        place.set("ANNOUNCE_SECRET", SIGNING);
        let server = place.serve().await;
        place.settle(&server).await;
        let channels = async |mark: &str| {
            until("both channels", async || {
                (place.run(&["channels"]).out.matches(mark).count() == 2).then_some(())
            })
            .await;
        };
        channels("UTC").await;
        let (issue, owed) = place.change_request("Export as CSV");
        for delivery in owed {
            assert_eq!(place.github.send(&delivery).await.status, 202);
        }
        server.idle().await;
        assert_eq!(place.comments(issue).len(), 1, "it was at GitHub");
        channels("again at").await;
        let forged = place.letter("forged", "issues", "{}").with("X-Hub-Signature-256", "sha256=00");
        assert_eq!(server.send(&forged).await.status, 401);
        assert_eq!(server.send(&place.letter("unreadable", "issues", "{")).await.status, 202);
        server.idle().await;
        for command in
            [&["changes"][..], &["inbox", "parked"], &["audit", "verify"], &["inbox", "replay", "unreadable"]]
        {
            let said = place.run(command);
            assert_eq!(said.code, Some(0), "{said:?}");
            assert_silent(&place, command[0], &(said.out + &said.err));
        }
        server.terminate();
        let log = server.stderr();
        assert!(log.contains("\"level\":\"TRACE\""), "it logs everything");
        assert_silent(&place, "the log", &log);
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_about_a_setting_prints_a_secret() {
    let key = Place::open(Database::sqlite()).await.github.private_key_pem().to_owned();
    let address = |scheme: &str| format!("{scheme}://someone:{CANARY}@127.0.0.1:1/x");
    let file = |line: &str| (Some(line.replace("CANARY", CANARY)), "CONFIG", "changegate.toml".to_owned());
    let cases = [
        (None, "WEBHOOK_SECRET", CANARY[..20].to_owned()),
        (None, "WEBHOOK_SECRET_FILE", CANARY.to_owned()),
        (None, "PRIVATE_KEY", CANARY.to_owned()),
        (None, "PRIVATE_KEY", key.replace("PRIVATE KEY", "PUBLIC KEY")),
        (None, "PRIVATE_KEY", key[..400].to_owned() + "\n-----END PRIVATE KEY-----"),
        (None, "PRIVATE_KEY_FILE", key.clone()),
        (None, "DATABASE_URL", address("postgres")),
        (None, "DATABASE_URL", address("postgres").replace("127.0.0.1:1", "127.0.0.1:port")),
        (None, "DATABASE_URL", address("postgres").replace("@127", "127")),
        (None, "DATABASE_URL", address("mysql")),
        (None, "DATABASE_URL", CANARY.to_owned()),
        (None, "GITHUB_API_URL", address("https")),
        (None, "GITHUB_WEB_URL", address("https")),
        (None, "PUBLIC_URL", address("https")),
        (None, "ANNOUNCE_URL", address("https")),
        (None, "ANNOUNCE_URL", format!("http://example.com/{CANARY}")),
        (None, "ANNOUNCE_URL", format!("https://example.com/{CANARY}")),
        (None, "CHANNELS", format!("acme/desk slack http://example.com/{CANARY}")),
        (None, "CHANNELS", format!("acme/desk irc {CANARY}")),
        (None, "CHANNELS", CANARY.to_owned()),
        (None, "SMTP_URL", address("smtp")),
        (None, "MAIL_FROM", CANARY.to_owned()),
        (None, "ANNOUNCE_SECRET", CANARY.to_owned()),
        (None, "ANNOUNCE_SECRET_FILE", CANARY.to_owned()),
        file("announce_url = CANARY"),
        file("announce_secret = { is = 'CANARY' }"),
        file("webhook_secret = CANARY"),
        file("webhook_secret = 'CANARY"),
        file("webhook_secret = { is = 'CANARY' }"),
        file("private_key = [1, 'CANARY']"),
        file("secret = 'CANARY'"),
    ];
    for (file, name, value) in cases {
        let mut place = Place::open(Database::sqlite()).await;
        place.set("LOG", "trace");
        if let Some(inline) = name.strip_suffix("_FILE") {
            place.set(inline, "");
        }
        place.set(name, &value);
        if let Some(text) = &file {
            fs::write(place.folder.path().join("changegate.toml"), text).unwrap();
        }
        for command in [&["serve"][..], &["changes"], &["audit", "verify"], &["inbox", "replay", "x"]] {
            let said = place.run(command);
            let what = format!("{PROGRAM} {command:?} with {name}={value} {file:?}");
            let said = said.out + &said.err;
            assert_silent(&place, &what, &said);
            assert!(!said.contains(&CANARY[..20]), "{what}: {said}");
            assert!(key.lines().skip(1).take(5).all(|line| !said.contains(line)), "{what}: {said}");
        }
        place.close().await;
    }
}
