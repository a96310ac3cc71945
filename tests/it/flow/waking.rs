//! One renamed label over very many change requests with open pull requests: a read for a hundred of them, no write
//! where no text changes, and news do not wait for it.

use changegate::sandbox::{Entry, Numbered};

use crate::support::{Scene, scenario};

/// How many: `CHANGEGATE_ROUNDS_WAKING`.
fn how_many() -> usize {
    std::env::var("CHANGEGATE_ROUNDS_WAKING").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

/// Change requests of one system, each with an open pull request, when everything was said of them.
async fn in_play(s: &Scene, count: usize) {
    s.github().add_label("acme/web", "system/shop");
    for nr in 0..count {
        let labels = ["change-request", "system/shop"];
        let issue = s.by("sam").open_labelled_issue("acme/web", &format!("Wish {nr}"), "Please.", &labels);
        open_pull_request(s, issue, nr);
        if nr % 100 == 99 {
            s.settle().await;
        }
    }
    let mut minutes = 0;
    while s.stage.app.store.counts(s.stage.clock.now()).await.unwrap().effects_waiting > 0 {
        s.settle_for(1).await;
        minutes += 1;
        assert!(minutes < 60 + count, "it is never all said");
    }
}

fn open_pull_request(s: &Scene, issue: Numbered, nr: usize) {
    let (branch, body) = (format!("wish-{nr}"), format!("Closes #{}", issue.number));
    s.by("ana").push("acme/web", &branch, &[(&format!("{branch}.txt"), "done")], "Build");
    let entry = Entry { head: &branch, base: "main", title: &branch, body: &body, draft: false };
    s.by("ana").open_pull_request("acme/web", entry);
}

#[tokio::test]
async fn a_renamed_label_costs_a_read_for_a_hundred_who_bear_it_and_no_write() {
    scenario(async |s| {
        let count = how_many();
        in_play(s, count).await;
        s.pass(20);
        let requests = s
            .requests_of(async || {
                s.by("rosa").rename_label("acme/web", "system/shop", "system/store");
                s.settle().await;
            })
            .await;
        let reads = requests.iter().filter(|request| request.path == "/graphql").count();
        let others: Vec<_> = requests.iter().filter(|request| request.path != "/graphql").collect();
        assert!(others.is_empty(), "{others:?}");
        assert!((count / 100..=count / 100 + 10).contains(&reads), "{reads} reads for {count}");
    })
    .await;
}

#[tokio::test]
async fn who_has_news_does_not_wait_for_those_who_are_woken_by_the_hundred() {
    scenario(async |s| {
        let count = how_many();
        in_play(s, count).await;
        s.pass(20);
        s.by("rosa").rename_label("acme/web", "system/shop", "system/store");
        let inbox = &s.stage.app.inbox;
        s.github().deliver().await;
        inbox.route_batch().await.unwrap();
        inbox.decide_batch().await.unwrap();
        inbox.wake_batch().await.unwrap();
        s.by("sam").open_labelled_issue("acme/billing", "News", "Please.", &["change-request"]);
        s.github().deliver().await;
        inbox.route_batch().await.unwrap();
        let mut steps = 0;
        while !s.register().await.iter().any(|(title, _)| title == "News") {
            inbox.decide_batch().await.unwrap();
            inbox.beside.ended().await;
            steps += 1;
            assert!(steps <= 2, "it waits for those who were woken together");
        }
    })
    .await;
}
