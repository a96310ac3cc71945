//! The program tells people by chat and mail; killed while it does, it tells everything once more at most, and says which.

use sqlx::Connection as _;

use super::{
    listener::{Listener, Reply},
    mailbox::MailServer,
    place::Place,
    server::until,
};
use crate::support::databases;

const NOTIFY: &str = "
accounts: { sales: { sponsor: sam } }
notify:
  - { to: desk, about: [requests] }
  - { to: sales, for: sponsor, account: sales, about: [requests] }
";

fn ask(place: &Place, title: &str) {
    place.github.by("sam").open_labelled_issue(
        "acme/web",
        title,
        "Please.",
        &["change-request", "account/sales"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_message_it_loses_none_and_repeats_that_one_with_its_id() {
    for database in databases().await {
        let (desk, sales) = (Listener::start().await, MailServer::start().await);
        let mut place = Place::ruled_by(database, NOTIFY).await;
        let channels = format!("acme/desk slack {}\nacme/sales mail Sales <sales@acme.example>\n", desk.url);
        place.set("CHANNELS", &channels);
        place.set("SMTP_URL", &sales.url);
        place.set("MAIL_FROM", "Changegate <gate@acme.example>");
        let mut server = place.serve().await;
        place.settle(&server).await;
        // Both begin to listen, and are told the first.
        until("both listen", async || {
            let said = place.run(&["channels"]).out;
            (said.contains("desk") && said.contains("sales/sponsor")).then_some(())
        })
        .await;
        ask(&place, "First");
        place.settle(&server).await;
        let told = async || (desk.heard().len() == 1 && sales.taken().len() == 1).then_some(());
        until("the first is told", told).await;
        desk.reply([Reply::Silence]);
        ask(&place, "Second");
        place.settle(&server).await;
        until("the desk hears it", async || (desk.heard().len() == 2).then_some(())).await;
        server.kill();
        let server = place.serve().await;
        ask(&place, "Third");
        place.settle(&server).await;
        // What was being told is somebody's for a minute, for whoever was killed may still be alive. The minute passes.
        let mut raw = place.raw().await;
        sqlx::query("UPDATE notified SET next_at = 0 WHERE name LIKE 'desk%'")
            .execute(&mut raw)
            .await
            .unwrap();
        raw.close().await.unwrap();
        let mails = |name: &str| sales.taken().iter().filter(|mail| mail.body().contains(name)).count();
        let is_told = || desk.heard().len() >= 4 && mails("acme/web#3") > 0;
        until("all is told", async || is_told().then_some(())).await;
        let heard = desk.heard();
        let key = |n: usize| heard[n].headers["idempotency-key"].clone();
        assert_eq!(
            (heard[1].body.clone(), key(1)),
            (heard[2].body.clone(), key(2)),
            "the same message again"
        );
        assert_eq!(heard.len(), 4);
        assert_eq!((mails("acme/web#2"), mails("acme/web#3")), (1, 1));
        let said = place.run(&["channels", "--test", "acme/desk"]);
        assert_eq!((said.code, said.out.trim()), (Some(0), "acme/desk took the message"), "{said:?}");
        let said = place.run(&["channels", "--test", "acme/pub"]);
        insta::allow_duplicates! { insta::assert_snapshot!(said.err, @"
        error: no channel is called acme/pub
          cure: name one of CHANGEGATE_CHANNELS; there is acme/desk, acme/sales
        "); }
        assert_eq!(server.stop().await.0, Some(0));
        place.close().await;
    }
}
