//! Notice: those who have to know are told what a release ships, a while before it goes.

use super::releasing::{
    TRAIN, WEB, blocks, both_sign, built, day, deploys, locked, phase, record, said, shown, signed_by, stands,
};
use crate::support::{Scene, assert_snapshot, scenario};

const HOUR: i64 = 3600;

/// December with one change that is built; Lee and Sam have to know.
async fn december(s: &Scene, rule: &str) {
    let rules = s.policy_text(&format!("{TRAIN}      - {rule}\n"));
    let groups = "qa: [quinn], help-desk: [sam], operations: [lee, acme/triage]";
    s.policy_file("acme/.github", &rules.replace("qa: [quinn]", groups)).await;
    s.by("rosa").create_milestone(WEB, "2026.12", day("2026-12-03"));
    s.by("rosa").protect(WEB, "production", true, true);
    s.settle().await;
    built(s, "Export *all*", "export", WEB).await;
}

fn notices(s: &Scene) -> String {
    s.sentences(record(s)).join("\n---\n")
}

fn noticed(s: &Scene) -> String {
    let text = shown(s);
    text.split("### ").find(|part| part.starts_with("Notice")).unwrap_or_default().trim().to_owned()
}

#[tokio::test]
async fn those_who_have_to_know_are_told_once_it_can_be_signed_and_it_goes_so_many_hours_later_by_itself() {
    scenario(async |s| {
        december(s, "notice: [help-desk, operations]").await;
        assert_eq!(notices(s), "");
        locked(s).await;
        assert_snapshot!(notices(s), @r"
        @acme/triage @lee @sam **Release 2026.12** goes out soon: 24 hours after this comment at the earliest. What it ships:

        - [#1](https://github/acme/web/issues/1) Export \*all\*

        acme/web at `683de05`
        ");
        assert_snapshot!(noticed(s), @"
        Notice

        `help-desk` and `operations` know since 2 Nov 2026, 12:00 UTC; it may go from 3 Nov 2026, 12:00 UTC on.
        ");
        both_sign(s).await;
        assert_eq!(phase(s), "Approved", "{}", blocks(s));
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "waiting -");
        assert_snapshot!(said(s, WEB, run), @"
        **Waiting:** 1 of 15 rules not met yet.
        - `help-desk` and `operations` were told on 2 Nov 2026, 12:00 UTC, 24 hours before it may go: from 3 Nov 2026, 12:00 UTC on. **Cure:** nobody need do anything: it goes on by itself then.
        ");
        s.pass(23 * HOUR);
        s.settle().await;
        assert_eq!(stands(s, WEB, run), "waiting -", "{}", said(s, WEB, run));
        s.pass(HOUR);
        s.settle().await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        assert_eq!(s.sentences(record(s)).len(), 1, "{}", notices(s));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn what_changes_is_told_too_and_only_what_comes_besides_begins_the_hours_anew() {
    scenario(async |s| {
        december(s, "notice: { groups: [operations], before: 2 hours }").await;
        locked(s).await;
        let first = noticed(s);
        s.pass(HOUR);
        let import = s.accepted("Import").await;
        let pull = s.pull_request(WEB, "import", &format!("Closes #{}", import.number)).await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        let head = s.github().head(WEB, "main").unwrap();
        signed_by(s, "rosa", &format!("/candidate acme/web {head}")).await;
        assert_eq!(noticed(s), first);
        signed_by(s, "rosa", &format!("/swap for #{} the law wants it", import.number)).await;
        assert_ne!(noticed(s), first);
        assert_snapshot!(notices(s), @r"
        @acme/triage @lee **Release 2026.12** goes out soon: 2 hours after this comment at the earliest. What it ships:

        - [#1](https://github/acme/web/issues/1) Export \*all\*

        acme/web at `683de05`
        ---
        @acme/triage @lee **Release 2026.12** has changed: acme/web moved from `683de05` to `56366c6`. Its time stays as it was said.
        ---
        @acme/triage @lee **Release 2026.12** has changed: [#4](https://github/acme/web/issues/4) joined. It goes out 2 hours after this comment at the earliest. What is new:

        - [#4](https://github/acme/web/issues/4) Import
        ");
        both_sign(s).await;
        let run = deploys(s, WEB).await;
        s.pass(HOUR);
        s.settle().await;
        assert_eq!(stands(s, WEB, run), "waiting -", "{}", said(s, WEB, run));
        s.pass(HOUR);
        s.settle().await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn what_ran_before_comes_back_without_notice() {
    scenario(async |s| {
        december(s, "notice: { groups: [operations], before: 2 hours }").await;
        locked(s).await;
        both_sign(s).await;
        s.pass(2 * HOUR);
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        assert_eq!(phase(s), "Deployed");
    })
    .await;
}
