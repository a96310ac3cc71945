//! What a change depends on is in the release or runs, and goes first.

use changegate::sandbox::Numbered;

use super::releasing::{
    BILLING, WEB, a_train, blocks, both_sign, built, deploys, locked, said, signed_by, stands,
};
use crate::support::{Scene, assert_snapshot, scenario};

/// In December, and depending on something.
async fn built_on(s: &Scene, title: &str, branch: &str, on: &str) -> Numbered {
    let issue = s.accepted(title).await;
    s.by("rosa").set_milestone(issue, "2026.12");
    s.settle().await;
    let pull = s.pull_request(WEB, branch, &format!("Closes #{}\n\nDepends-On: {on}", issue.number)).await;
    s.by("ana").merge(pull.at);
    s.settle().await;
    issue
}

#[tokio::test]
async fn what_a_pull_request_depends_on_in_another_repository_is_deployed_first() {
    scenario(async |s| {
        a_train(s).await;
        built(s, "Bill", "bill", BILLING).await;
        built_on(s, "Export", "export", "acme/billing#1").await;
        locked(s).await;
        both_sign(s).await;
        let web = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, web), "waiting -", "{}", said(s, WEB, web));
        assert_snapshot!(said(s, WEB, web), @r"
        **Waiting:** 1 of 17 rules not met yet.
        - acme/billing goes first: [#3](https://github/acme/web/issues/3) depends on [acme/billing#1](https://github/acme/billing/issues/1), and acme/billing does not run it yet. **Cure:** deploy what release “2026.12” ships of acme/billing; this goes on by itself then.
        ");
        let billing = deploys(s, BILLING).await;
        assert_eq!(stands(s, BILLING, billing), "in_progress -", "{}", said(s, BILLING, billing));
        assert_eq!(stands(s, WEB, web), "waiting -");
        s.github().finish_run(BILLING, billing, true);
        s.settle().await;
        assert_eq!(stands(s, WEB, web), "in_progress -", "{}", said(s, WEB, web));
        s.github().finish_run(WEB, web, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_release_without_what_its_change_depends_on_is_not_ready() {
    scenario(async |s| {
        a_train(s).await;
        let bill = s.accepted("Bill").await;
        let pull = s.pull_request(BILLING, "bill", &format!("Closes acme/web#{}", bill.number)).await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        built_on(s, "Export", "export", "acme/billing#1, acme/nowhere#7").await;
        locked(s).await;
        both_sign(s).await;
        assert_snapshot!(blocks(s), @r"
        - [#2](https://github/acme/web/issues/2) depends on [acme/billing#1](https://github/acme/billing/issues/1), which neither is in this release nor runs. **Cure:** a release manager ([rosa](https://github/rosa)) takes [acme/billing#1](https://github/acme/billing/issues/1) in as well (`/swap for #n WHY`), or takes [#2](https://github/acme/web/issues/2) out; or [acme/billing#1](https://github/acme/billing/issues/1) is deployed first.
        - [#2](https://github/acme/web/issues/2) depends on `acme/nowhere#7`, which neither is in this release nor runs. **Cure:** a release manager ([rosa](https://github/rosa)) takes `acme/nowhere#7` in as well (`/swap for #n WHY`), or takes [#2](https://github/acme/web/issues/2) out; or `acme/nowhere#7` is deployed first.
        ");
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "waiting -", "{}", said(s, WEB, run));
        signed_by(s, "rosa", &format!("/swap for #{} Export needs it", bill.number)).await;
        assert_snapshot!(blocks(s).lines().next().unwrap_or_default(), @"- [#2](https://github/acme/web/issues/2) depends on `acme/nowhere#7`, which neither is in this release nor runs. **Cure:** a release manager ([rosa](https://github/rosa)) takes `acme/nowhere#7` in as well (`/swap for #n WHY`), or takes [#2](https://github/acme/web/issues/2) out; or `acme/nowhere#7` is deployed first.");
        s.by("sam").cancel(WEB, run);
        s.settle().await;
    })
    .await;
}
