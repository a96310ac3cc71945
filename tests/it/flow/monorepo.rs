//! A repository with several components: each goes out alone, with its own baseline, and is judged on what touches it.

use changegate::sandbox::{Entry, Numbered, Verdict};

use super::deploying::{WEB, stands};
use crate::support::{Scene, assert_snapshot, scenario};

const COMPONENTS: &str = "
repositories:
  - { match: acme/web, ship: continuous, change: issue }
components:
  acme/web:
    shop: { paths: [\"apps/shop/**\"], environment: prod-shop }
    desk: { paths: [\"apps/desk/**\"], environment: prod-desk }
environments:
  production:
    names: [\"prod-*\"]
    from: { branches: [default] }
    require:
      - range: traced
      - change: accepted
    continuous:
      - approvals: { review: 1 }
";

async fn components(s: &Scene) {
    s.policy(COMPONENTS).await;
    for environment in ["prod-shop", "prod-desk"] {
        s.by("rosa").protect(WEB, environment, true, true);
    }
    s.settle().await;
}

/// Ana changes a file on a branch, and Lee approves it.
async fn proposed(s: &Scene, branch: &str, file: &str, issue: Numbered) -> Numbered {
    let ana = s.by("ana");
    ana.push(WEB, branch, &[(file, branch)], &format!("Build {branch}"));
    let body = format!("Closes #{}", issue.number);
    let entry = Entry { head: branch, base: "main", title: branch, body: &body, draft: false };
    let pull = ana.open_pull_request(WEB, entry);
    s.by("lee").review(pull, Verdict::Approve, "");
    s.settle().await;
    pull
}

async fn merged(s: &Scene, branch: &str, file: &str, issue: Numbered) {
    let pull = proposed(s, branch, file, issue).await;
    s.by("ana").merge(pull);
    s.settle().await;
}

async fn deploys(s: &Scene, environment: &str) -> u64 {
    let run = s.by("ana").dispatch(WEB, &[environment], "main");
    s.settle().await;
    run
}

fn told(s: &Scene, run: u64, environment: &str) -> String {
    s.readable(s.github().notes(WEB, run, environment).last().map_or("", String::as_str))
}

async fn goes_out(s: &Scene, environment: &str) -> String {
    let run = deploys(s, environment).await;
    assert_eq!(stands(s, run), "in_progress -", "{}", told(s, run, environment));
    s.github().finish_run(WEB, run, true);
    s.settle().await;
    told(s, run, environment)
}

#[tokio::test]
async fn a_monorepo_component_goes_out_alone() {
    scenario(async |s| {
        components(s).await;
        let (cart, calls) = (s.accepted("Cart").await, s.change_request("Calls").await);
        merged(s, "calls", "apps/desk/calls.txt", calls).await;
        merged(s, "cart", "apps/shop/cart.txt", cart).await;
        assert_snapshot!(goes_out(s, "prod-shop").await, @r"
        **Allowed:** 9 of 9 rules met.
        - 1 more commit touches other components only, not `shop`, and is not judged here.
        ");
        let desk = deploys(s, "prod-desk").await;
        assert_eq!(stands(s, desk), "waiting -", "{}", told(s, desk, "prod-desk"));
        assert_snapshot!(told(s, desk, "prod-desk"), @r"
        **Waiting:** 1 of 10 rules not met yet.
        - 1 more commit touches other components only, not `desk`, and is not judged here.
        - [#2](https://github/acme/web/issues/2) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there.
        ");
        s.by("tess").comment(calls, "/accept");
        s.settle().await;
        assert_eq!(stands(s, desk), "in_progress -", "{}", told(s, desk, "prod-desk"));
        s.github().finish_run(WEB, desk, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn unreviewed_work_on_what_components_share_stands_in_the_way_of_each() {
    scenario(async |s| {
        components(s).await;
        let (cart, style) = (s.accepted("Cart").await, s.change_request("Style").await);
        merged(s, "style", "style/colours.txt", style).await;
        merged(s, "cart", "apps/shop/cart.txt", cart).await;
        for environment in ["prod-shop", "prod-desk"] {
            let run = deploys(s, environment).await;
            assert_eq!(stands(s, run), "waiting -", "{environment}: {}", told(s, run, environment));
        }
        s.by("tess").comment(style, "/accept");
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn each_component_has_its_own_baseline_and_a_push_to_another_is_not_its_business() {
    scenario(async |s| {
        components(s).await;
        let (cart, more) = (s.accepted("Cart").await, s.accepted("More").await);
        merged(s, "cart", "apps/shop/cart.txt", cart).await;
        goes_out(s, "prod-shop").await;
        s.by("ana").push(WEB, "main", &[("apps/desk/quick.txt", "quick")], "Quick fix");
        merged(s, "more", "apps/shop/more.txt", more).await;
        assert_snapshot!(goes_out(s, "prod-shop").await, @r"
        **Allowed:** 8 of 8 rules met.
        - 1 more commit touches other components only, not `shop`, and is not judged here.
        ");
        let desk = deploys(s, "prod-desk").await;
        assert_eq!(stands(s, desk), "completed failure", "{}", told(s, desk, "prod-desk"));
        assert!(told(s, desk, "prod-desk").contains("“Quick fix”"), "{}", told(s, desk, "prod-desk"));
    })
    .await;
}

#[tokio::test]
async fn an_update_of_a_branch_brings_nothing_of_another_component_along() {
    scenario(async |s| {
        components(s).await;
        let (cart, calls) = (s.accepted("Cart").await, s.change_request("Calls").await);
        let pull = proposed(s, "calls", "apps/desk/calls.txt", calls).await;
        merged(s, "cart", "apps/shop/cart.txt", cart).await;
        s.by("ana").merge_branch(WEB, "main", "calls");
        s.by("ana").merge(pull);
        s.settle().await;
        assert_snapshot!(goes_out(s, "prod-shop").await, @r"
        **Allowed:** 9 of 9 rules met.
        - 1 more commit touches other components only, not `shop`, and is not judged here.
        ");
    })
    .await;
}

#[tokio::test]
async fn while_github_does_not_say_what_a_commit_touches_nothing_goes_out_and_nothing_is_refused() {
    use changegate::sandbox::{Fault, On};
    scenario(async |s| {
        components(s).await;
        let (cart, calls) = (s.accepted("Cart").await, s.change_request("Calls").await);
        merged(s, "calls", "apps/desk/calls.txt", calls).await;
        merged(s, "cart", "apps/shop/cart.txt", cart).await;
        s.fault(On::rest("GET", "/repos/acme/web/commits/"), Fault::ErrorBefore(500), 12);
        let run = deploys(s, "prod-shop").await;
        assert_eq!(stands(s, run), "waiting -", "{}", told(s, run, "prod-shop"));
        assert!(told(s, run, "prod-shop").contains("Not decided"), "{}", told(s, run, "prod-shop"));
        s.github().clear_faults();
        s.settle_for(2).await;
        assert_eq!(stands(s, run), "in_progress -", "{}", told(s, run, "prod-shop"));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn which_files_a_commit_touches_is_read_once() {
    scenario(async |s| {
        components(s).await;
        let (cart, calls) = (s.accepted("Cart").await, s.accepted("Calls").await);
        merged(s, "cart", "apps/shop/cart.txt", cart).await;
        merged(s, "calls", "apps/desk/calls.txt", calls).await;
        let run = deploys(s, "prod-shop").await;
        s.github().finish_run(WEB, run, false);
        s.settle().await;
        let asked = s
            .requests_of(async || {
                deploys(s, "prod-shop").await;
            })
            .await;
        let commits = asked.iter().filter(|it| it.path.contains("/repos/acme/web/commits/"));
        assert_eq!(commits.count(), 0, "{asked:?}");
    })
    .await;
}
