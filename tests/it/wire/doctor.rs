//! `changegate doctor`: what is wrong with a set-up is found and told with its cure, and nothing else is.

use changegate::sandbox::Sandbox;
use serde_json::Value;

use super::place::{Place, Said};
use crate::support::Database;

const POLICY: &str = "version: 1
mode: enforce
roles: { triager: [acme/triage] }
groups: { qa: [acme/triage] }
environments:
  production: { require: [{ change: accepted }] }
";

async fn place() -> Place {
    let mut place = Place::open(Database::sqlite()).await;
    place.github.by("rosa").push("acme/.github", "main", &[(".github/changegate.yml", POLICY)], "Enforce");
    place.set("PUBLIC_URL", "http://127.0.0.1:9");
    place.github.set_webhook_target("http://127.0.0.1:9/webhooks/github");
    place
}

fn doctor(place: &Place, more: &[&str]) -> Said {
    place.run(&[&["doctor"], more].concat())
}

/// Both repositories are protected as they should be.
fn protect(github: &Sandbox) {
    for repository in ["acme/.github", "acme/web"] {
        github.require_check(repository, "changegate/change", Some(github.app_id()));
    }
    github.by("rosa").protect("acme/web", "production", true, false);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_with_its_cure_and_the_exit_code_says_so() {
    let place = place().await;
    place.github.require_check("acme/web", "changegate/change", None);
    place.github.by("rosa").protect("acme/web", "production", false, true);
    let said = doctor(&place, &[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    insta::assert_snapshot!(said.out, @"
    ok    settings: they can be read, and none is missing
    ok    app: it has every permission that its manifest asks for
    ok    app: it hears every event that its manifest asks for
    ok    webhook: GitHub sends to http://127.0.0.1:9/webhooks/github
    warn  webhook: what GitHub sends is not safe on its way
          cure: use https, and let GitHub verify the certificate (App's settings, Webhook, SSL verification)
    warn  webhook: GitHub has sent nothing within three days
          cure: press `Redeliver` or open an issue, and look again
    ok    acme: the App is installed, with every permission it is registered for
    fail  acme/.github: `main` does not require `changegate/change`: what fails can be merged
          cure: make it a required check, by this App (4242) (Settings, Rules or Branches)
    fail  acme/web: `main` requires `changegate/change`, by anybody who can write a check
          cure: bind it to this App (4242) as its expected source (Settings, Rules or Branches)
    warn  acme/web: policy names nobody on call: nobody is meant to merge when Changegate is down
          cure: name a team in `roles: { break-glass: [...] }`, and put it on the bypass list of the ruleset
    fail  acme/web: environment `production` has no protection rule of this App: jobs there wait for nobody
          cure: enable it (Settings, Environments, Deployment protection rules); where the plan has none, ask the gate in the job (`deploy/action`)
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_without_faults_ends_with_nothing_that_fails() {
    let mut place = place().await;
    protect(&place.github);
    let server = place.serve().await;
    place.set("PUBLIC_URL", &format!("http://{}", server.address));
    place.github.by("sam").open_labelled_issue("acme/web", "Export", "Please.", &["change-request"]);
    place.settle(&server).await;
    let said = doctor(&place, &["--json"]);
    let found: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &found["ok"]), (Some(0), &Value::Bool(true)), "{}", said.out);
    let lines = found["lines"].as_array().unwrap();
    assert!(lines.len() > 8 && lines.iter().all(|line| line["state"] != "fail"), "{}", said.out);
    let one = doctor(&place, &["--on", "acme/web"]);
    assert!(one.out.contains("acme/web: ") && !one.out.contains("acme/.github: "), "{}", one.out);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_github_does_not_know_is_told_and_nothing_is_guessed() {
    let mut place = place().await;
    place.set("APP_ID", "7");
    let said = doctor(&place, &[]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("fail  app: ") && said.out.contains("CHANGEGATE_APP_ID"), "{}", said.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_people_on_call_may_bypass_the_ruleset_is_told_as_far_as_github_shows_it() {
    let place = place().await;
    let on_call = place.github.add_team("acme", "on-call", &["oz"]);
    let policy =
        POLICY.replace("triager: [acme/triage]", "triager: [acme/triage], break-glass: [acme/on-call]");
    place.github.by("rosa").push("acme/.github", "main", &[(".github/changegate.yml", &policy)], "On call");
    protect(&place.github);
    let about = |said: &Said| -> String {
        let lines = said.out.lines().filter(|line| line.contains("acme/web") && line.contains("ruleset"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let hidden = doctor(&place, &["--on", "acme/web"]);
    assert!(about(&hidden).starts_with("warn  acme/web: whether the people on call are on"), "{hidden:?}");
    assert!(hidden.out.contains("put acme/on-call on the bypass list of `Checks`"), "{hidden:?}");
    place.github.show_bypassing("acme/web", &[on_call + 1]);
    let missing = doctor(&place, &["--on", "acme/web"]);
    assert!(
        about(&missing).starts_with("warn  acme/web: no team on call is on the bypass list"),
        "{missing:?}"
    );
    place.github.show_bypassing("acme/web", &[on_call]);
    let there = doctor(&place, &["--on", "acme/web"]);
    assert_eq!(
        about(&there),
        "ok    acme/web: acme/on-call can merge round ruleset `Checks` when Changegate is down"
    );
}
