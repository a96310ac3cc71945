//! The command line as an operator meets it: what each command says, and the code that it ends with.

use std::fs;

use sqlx::Connection as _;

use super::{
    place::{Place, Said},
    server::PROGRAM,
};
use crate::support::{Database, databases};

const COMMANDS: [&str; 12] = [
    "",
    "serve",
    "demo",
    "policy",
    "policy check",
    "policy schema",
    "inbox",
    "inbox parked",
    "inbox replay",
    "audit",
    "audit verify",
    "changes",
];

fn all(said: &Said) -> String {
    format!("exit {}\n{}{}", said.code.unwrap(), said.out, said.err)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_explains_itself() {
    let place = Place::open(Database::sqlite()).await;
    let mut texts = String::new();
    for command in COMMANDS {
        let arguments: Vec<&str> =
            command.split(' ').filter(|word| !word.is_empty()).chain(["--help"]).collect();
        let said = place.run(&arguments);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{command}");
        texts += &format!("$ changegate {}\n{}\n", arguments.join(" "), said.out);
    }
    insta::assert_snapshot!(texts, @"");
    let version = place.run(&["--version"]);
    assert_eq!(version.out, format!("changegate {}\n", env!("CARGO_PKG_VERSION")));
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_none_ends_with_2() {
    let place = Place::open(Database::sqlite()).await;
    for arguments in [&["server"][..], &[], &["serve", "--fast"], &["inbox", "replay"], &["policy", "check"]]
    {
        let said = place.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(said.err.contains("Usage: changegate"), "{}", said.err);
    }
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_refused_all_at_once_each_with_its_cure() {
    let mut place = Place::open(Database::sqlite()).await;
    for (name, value) in [
        ("LISTEN", "8080"),
        ("DATABASE_URL", "mysql://u@h/x"),
        ("GITHUB_API_URL", "api.github.com"),
        ("GITHUB_WEB_URL", "ftp://github.com"),
        ("PUBLIC_URL", "https://"),
        ("APP_ID", "the app"),
        ("PRIVATE_KEY", ""),
        ("PRIVATE_KEY_FILE", "keys/app.pem"),
        ("WEBHOOK_SECRET", "short"),
        ("PAYLOAD_RETENTION_DAYS", "0"),
    ] {
        place.set(name, value);
    }
    insta::assert_snapshot!(all(&place.run(&["serve"])), @"");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_settings_is_read_and_its_faults_are_told_with_their_line() {
    let mut place = Place::open(Database::sqlite()).await;
    place.set("WEBHOOK_SECRET", "");
    let file = place.folder.path().join("changegate.toml");
    fs::write(&file, "app_id = 7\nwebhook_secret = ['only in the file, long enough for all']\n").unwrap();
    let mut command = place.prepare(PROGRAM, &["--config", "changegate.toml", "serve"]);
    place.start(&mut command).await;
    fs::write(&file, "app_id = 7\nweb_secret = 'x'\n").unwrap();
    insta::assert_snapshot!(all(&place.run(&["serve", "--config", "changegate.toml"])), @"");
    insta::assert_snapshot!(all(&place.run(&["changes", "--config", "nowhere.toml"])), @"");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_is_refused_before_anything_is_served() {
    let mut place = Place::open(Database::sqlite()).await;
    place.set("PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----");
    insta::assert_snapshot!(all(&place.run(&["serve"])), @"");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_file_is_refused_and_the_first_goes_on() {
    let place = Place::open(Database::sqlite()).await;
    let server = place.serve().await;
    insta::assert_snapshot!(all(&place.run(&["serve"])), @"");
    let said = place.run(&["inbox", "parked"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "the first still takes orders");
    assert_eq!(server.send(&place.letter("one", "watch", "{}")).await.status, 202);
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_taken_is_told_with_its_cure() {
    let mut place = Place::open(Database::sqlite()).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    place.set("LISTEN", &address);
    let said = all(&place.run(&["serve"])).replace(&address, "ADDRESS");
    insta::assert_snapshot!(said, @"");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_too_deep_for_the_admin_socket_is_told_with_its_cure() {
    let mut place = Place::open(Database::sqlite()).await;
    let deep = place.folder.path().join("deep/".repeat(30));
    fs::create_dir_all(&deep).unwrap();
    place.set("DATABASE_URL", &format!("sqlite:{}/changegate.db", deep.display()));
    let said = all(&place.run(&["serve"])).replace(&"deep/".repeat(30), "DEEP/");
    insta::assert_snapshot!(said, @"");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_program_is_left_alone() {
    for database in databases().await {
        let place = Place::open(database).await;
        place.serve().await.stop().await;
        let mut raw = place.raw().await;
        sqlx::query("UPDATE meta SET value = '99' WHERE name = 'schema'").execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
        for command in [
            &["serve"][..],
            &["changes"],
            &["inbox", "parked"],
            &["inbox", "replay", "x"],
            &["audit", "verify"],
        ] {
            let said = place.run(command);
            assert_eq!(said.code, Some(78), "{command:?} {said:?}");
            assert!(
                said.err.contains("the database has schema 99") && said.err.contains("cure: "),
                "{said:?}"
            );
        }
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_explained_or_refused_with_line_and_cure() {
    let place = Place::open(Database::sqlite()).await;
    let write = |name: &str, text: &str| fs::write(place.folder.path().join(name), text).unwrap();
    write("good.yml", "version: 1\nmode: enforce\nroles: { triager: [acme/triage] }\n");
    write("bad.yml", "version: 1\nmode: strict\nrolls: {}\n");
    write("broken.yml", "version: [1\n");
    insta::assert_snapshot!(all(&place.run(&["policy", "check", "good.yml"])), @"");
    insta::assert_snapshot!(all(&place.run(&["policy", "check", "bad.yml"])), @"");
    insta::assert_snapshot!(all(&place.run(&["policy", "check", "broken.yml"])), @"");
    insta::assert_snapshot!(all(&place.run(&["policy", "check", "nowhere.yml"])), @"");
    let schema = place.run(&["policy", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(&schema.out).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    let check = jsonschema::validator_for(&schema).unwrap();
    assert!(check.is_valid(&serde_json::json!({ "version": 1, "mode": "enforce" })));
    assert!(!check.is_valid(&serde_json::json!({ "version": 1, "rolls": {} })));
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_are_the_same_with_the_server_running_and_stopped() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        place.settle(&server).await;
        let title = "Export\u{1b}[2J as CSV";
        place.github.by("sam").open_labelled_issue("acme/web", title, "Please.", &["change-request"]);
        place.settle(&server).await;
        assert_eq!(server.send(&place.letter("unreadable", "issues", "{")).await.status, 202);
        server.idle().await;
        let lists = || ["changes", "inbox parked", "audit verify"].map(|list| place.run(&words(list)));
        let running = lists();
        assert_eq!(server.stop().await.0, Some(0));
        let stopped = lists();
        for (with, without) in running.iter().zip(&stopped) {
            assert_eq!((with.code, without.code), (Some(0), Some(0)), "{with:?} {without:?}");
            assert_eq!((&with.out, &with.err), (&without.out, &without.err));
            assert!(!with.out.contains('\u{1b}'), "it would steer the terminal: {with:?}");
        }
        assert!(running[0].out.contains("acme/web#1") && running[0].out.contains("as CSV"), "{running:?}");
        assert!(running[1].out.contains("unreadable"), "{running:?}");
        assert!(running[2].out.contains("whole. Head: "), "{running:?}");
        replays_without_a_server(&place).await;
        finds_a_change_of_the_log(&place).await;
        place.close().await;
    }
}

fn words(command: &str) -> Vec<&str> {
    command.split(' ').collect()
}

async fn replays_without_a_server(place: &Place) {
    let said = place.run(&["inbox", "replay", "unreadable"]);
    assert_eq!(all(&said), "exit 0\nunreadable is tried again\n");
    assert!(place.stored().await.iter().any(|one| one.id == "unreadable" && one.is_waiting));
    insta::allow_duplicates! {
        insta::assert_snapshot!(all(&place.run(&["inbox", "replay", "nothing"])), @"");
    }
}

async fn finds_a_change_of_the_log(place: &Place) {
    let mut raw = place.raw().await;
    let tampered = sqlx::query(
        "UPDATE audit SET at = at + 1, body = replace(body, '\"seq\":1', '\"seq\": 1') WHERE seq = 1",
    );
    assert!(tampered.execute(&mut raw).await.unwrap().rows_affected() > 0);
    raw.close().await.unwrap();
    let said = place.run(&["audit", "verify"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("BROKEN at entry 1: "), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_database_is_a_command_makes_none() {
    let place = Place::open(Database::sqlite()).await;
    for command in ["changes", "inbox parked", "inbox replay x", "audit verify"] {
        let said = place.run(&words(command));
        insta::allow_duplicates! {
            insta::assert_snapshot!(all(&said), @"");
        }
    }
    assert!(!place.database_file().unwrap().exists());
    place.close().await;
}
