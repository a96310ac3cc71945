//! `changegate token`: made, listed and taken back on a live server's database and on one that nobody serves.

use sqlx::{Connection as _, Row as _};

use super::place::{Place, Said};
use crate::support::databases;

const CREATE: [&str; 6] = ["token", "create", "--name", "CI \u{1b}[2J", "--repository", "Acme/Web"];

fn created(place: &Place, more: &[&str]) -> (String, Said) {
    let said = place.run(&[&CREATE[..], more].concat());
    (said.out.trim_end().to_owned(), said)
}

/// Everything that is written in the tables of tokens and of the log.
async fn dump(place: &Place) -> String {
    let mut raw = place.raw().await;
    let mut texts = vec![];
    for text in [
        "SELECT digest, tenant, id, body FROM token",
        "SELECT tenant, body, prev_hash, hash FROM audit",
        "SELECT tenant, name, salt, text FROM audit_text",
    ] {
        for row in sqlx::query(text).fetch_all(&mut raw).await.unwrap() {
            texts.extend((0..4).filter_map(|column| row.try_get::<String, _>(column).ok()));
        }
    }
    raw.close().await.unwrap();
    texts.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_listed_and_taken_back_with_the_server_running_and_stopped() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        place.settle(&server).await;
        assert_eq!(place.run(&["token", "list"]).out, "No tokens: `changegate token create` makes one.\n");
        let (first, said) = created(&place, &["--environment", "production", "--may", "gate,read"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(first.starts_with("cgt_") && first.len() == 76, "nothing else is printed: {said:?}");
        let id = said.err.split_whitespace().nth(1).unwrap().to_owned();
        assert_eq!(server.stop().await.0, Some(0));
        let (second, said) = created(&place, &["--expires", "90d"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert_ne!(first, second);
        let listed = place.run(&["token", "list"]);
        for part in [id.as_str(), "acme/web", "production", "any", "gate, read", "gate, report", "never"] {
            assert!(listed.out.contains(part), "{part}: {listed:?}");
        }
        assert!(!listed.out.contains('\u{1b}') && !listed.out.contains("cgt_"), "{listed:?}");
        let written = dump(&place).await;
        for secret in [&first, &second] {
            assert!(!written.contains(&secret[4..68]), "a dump has a usable token");
        }
        assert!(written.contains("token.created"), "{written}");
        let revoked = place.run(&["token", "revoke", &id]);
        assert_eq!(
            (revoked.code, revoked.out),
            (Some(0), format!("Token {id} for acme/web counts no more\n"))
        );
        let server = place.serve().await;
        let again = place.run(&["token", "revoke", &id]);
        assert_eq!(again.code, Some(0), "{again:?}");
        assert!(place.run(&["token", "list"]).out.contains("revoked "));
        let nobody_s = place.run(&["token", "revoke", "nobody's"]);
        assert_eq!(nobody_s.code, Some(1));
        assert!(nobody_s.err.contains("no token has the id nobody's"), "{nobody_s:?}");
        let elsewhere = place.run(&["token", "create", "--name", "x", "--repository", "acme/nothing"]);
        assert!(elsewhere.err.contains("knows no repository acme/nothing"), "{elsewhere:?}");
        for wrong in
            [["--expires", "91d"], ["--expires", "0d"], ["--expires", "soon"], ["--may", "everything"]]
        {
            assert_eq!(created(&place, &wrong).1.code, Some(2), "{wrong:?}");
        }
        let whole = place.run(&["audit", "verify"]);
        assert_eq!(whole.code, Some(0), "{whole:?}");
        server.stop().await;
        place.close().await;
    }
}
