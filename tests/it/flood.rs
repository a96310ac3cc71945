//! Nobody waits for what another tenant has to do, or for the answers that another tenant waits for.

use changegate::{
    sandbox::{Delivery, Fault, On},
    store::{NewDelivery, Packed},
    worker::{Stop, finish},
};
use std::time::{Duration, Instant};

use crate::support::{Scene, scenario};

/// A small neighbour on the same server, with a policy and a repository.
async fn neighbour(s: &Scene) {
    s.github().add_organization("newco", &["sam", "tess", "rosa", "quinn"]);
    s.github().add_team("newco", "triage", &["tess"]);
    for repository in ["newco/.github", "newco/shop"] {
        s.github().add_repository(repository, &[("README.md", "# New\n")]);
    }
    s.by("rosa").install("newco", None);
    let policy = "version: 1\nmode: enforce\nroles: { triager: [newco/triage], release-manager: [rosa] }\ngroups: { qa: [quinn] }\n";
    s.policy_file("newco/.github", policy).await;
}

/// The number of the installation on an account, as the requests of the policy show it.
fn installation(s: &Scene, owner: &str) -> u64 {
    let path = format!("/repos/{owner}/");
    let requests = s.github().requests();
    requests.iter().find(|it| it.path.starts_with(&path)).and_then(|it| it.installation).unwrap()
}

/// Waits, for a minute at most.
async fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() && began.elapsed() < Duration::from_secs(60) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The workers run; the neighbour asks for something, and waits until the issue has its status comment.
async fn time_to_comment(s: &Scene, is_begun: impl Fn() -> bool) -> Duration {
    let stop = Stop::default();
    let workers = s.stage.app.workers(&stop);
    until(is_begun).await;
    let began = Instant::now();
    let issue = s.by("sam").open_labelled_issue("newco/shop", "A till", "Please.", &["change-request"]);
    s.github().deliver().await;
    until(|| !s.comments(issue).is_empty()).await;
    let took = began.elapsed();
    stop.stop();
    s.github().clear_faults();
    finish(workers, Duration::from_secs(60)).await;
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_github_keeps_one_tenant_waiting_another_is_served() {
    scenario(async |s| {
        neighbour(s).await;
        s.pull_request("acme/web", "export", "").await;
        let acme = installation(s, "acme");
        s.fault(On::Installation(acme), Fault::Silence, u32::MAX);
        for n in 0..40 {
            s.by("sam").open_labelled_issue("acme/web", &format!("Wish {n}"), "Please.", &["change-request"]);
        }
        s.by("ana").push("acme/web", "export", &[("export.txt", "again")], "Once more");
        s.github().deliver().await;
        let silent =
            || s.github().requests().iter().any(|it| it.installation == Some(acme) && it.status == 0);
        let took = time_to_comment(s, silent).await;
        assert!(took < Duration::from_secs(5), "{took:?}");
        s.settle_for(2).await;
        assert_eq!(s.checks("acme/web", &s.github().head("acme/web", "export").unwrap()).len(), 1);
    })
    .await;
}

/// The event that begins a change request, told again and again of other issues.
fn copies(template: &Delivery, from: u64, count: u64) -> impl Iterator<Item = NewDelivery> + '_ {
    let number: u64 = 1;
    (from..from + count).map(move |n| NewDelivery {
        id: format!("flood-{n}"),
        event: template.event.clone(),
        host: String::new(),
        received_at: template.at,
        body: Packed::of(
            template
                .body
                .replace(&format!("\"number\":{number},"), &format!("\"number\":{},", 1_000 + n))
                .as_bytes(),
        )
        .unwrap(),
    })
}

/// How many deliveries one tenant sends before the other one's only event.
fn size() -> u64 {
    std::env::var("CHANGEGATE_ROUNDS_FLOOD").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_flood_of_one_tenant_does_not_keep_the_one_event_of_another_waiting() {
    scenario(async |s| {
        neighbour(s).await;
        s.by("sam").open_labelled_issue("acme/web", "Wish", "Please.", &["change-request"]);
        let template = s.github().take_deliveries().into_iter().find(|it| it.event == "issues").unwrap();
        let host = s.github().api_url().trim_start_matches("http://").to_owned();
        let mut kept = tokio::task::JoinSet::new();
        for delivery in copies(&template, 0, size()) {
            let (store, host) = (s.stage.app.store.clone(), host.clone());
            kept.spawn(async move { store.keep(NewDelivery { host, ..delivery }).await.unwrap() });
            if kept.len() >= 200 {
                kept.join_next().await;
            }
        }
        while kept.join_next().await.is_some() {}
        let took = time_to_comment(s, || true).await;
        eprintln!("{} events of one tenant; the one event of another was served after {took:?}", size());
        assert!(took < Duration::from_secs(5), "{took:?}");
        let left = s.stage.app.store.counts(s.stage.clock.now()).await.unwrap();
        eprintln!("of the flood then left: {left:?}");
        s.expect_refusals();
    })
    .await;
}
