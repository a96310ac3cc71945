//! A release on its way: what began in its window may be finished, for so long as policy says, and a freeze that stops halts it.

use super::releasing::{
    BILLING, TRAIN, WEB, a_train_by, built, deploys, locked, revision, said, signed_by, stands,
};
use crate::support::{Scene, assert_snapshot, scenario};

const MINUTE: i64 = 60;

/// The sandbox begins on a Monday at noon.
async fn signed(s: &Scene) {
    let window = "    window: [\"Mon 09:00-13:00\"]\n    finish-within: 2 hours\n    require:";
    a_train_by(s, &TRAIN.replace("    require:", window)).await;
    built(s, "Export", "export", WEB).await;
    built(s, "Bill", "bill", BILLING).await;
    locked(s).await;
    let revision = revision(s);
    signed_by(s, "quinn", &format!("/approve qa {revision}")).await;
    signed_by(s, "rosa", &format!("/approve release-manager {revision}")).await;
}

/// Its first job begins.
async fn begun(s: &Scene) -> u64 {
    let run = deploys(s, WEB).await;
    assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
    run
}

#[tokio::test]
async fn what_began_in_its_window_may_be_finished_elsewhere_for_so_long_as_policy_says() {
    for (minutes, expected) in [(90, "in_progress -"), (150, "waiting -")] {
        scenario(async |s| {
            signed(s).await;
            let run = begun(s).await;
            s.github().finish_run(WEB, run, true);
            s.settle().await;
            s.pass(minutes * MINUTE);
            s.settle().await;
            let run = deploys(s, BILLING).await;
            assert_eq!(stands(s, BILLING, run), expected, "{}", said(s, BILLING, run));
        })
        .await;
    }
}

#[tokio::test]
async fn a_freeze_that_stops_halts_a_release_that_has_begun_and_an_ordinary_one_does_not() {
    scenario(async |s| {
        signed(s).await;
        begun(s).await;
        let issue = s.by("sam").open_labelled_issue(WEB, "The data are wrong", "Help!", &[]);
        s.by("rosa").comment(issue, "/freeze stop lifted the data are wrong");
        s.settle().await;
        let run = deploys(s, BILLING).await;
        assert_eq!(stands(s, BILLING, run), "waiting -");
        assert_snapshot!(said(s, BILLING, run), @r"
        **Waiting:** 1 of 16 rules not met yet.
        - What had begun is halted. Closed until it is lifted (freeze “the data are wrong” by [rosa](https://github/rosa), lifted by release managers). **Cure:** a release manager ([rosa](https://github/rosa)) lifts it with `/unfreeze WHY`.
        ");
        s.by("rosa").comment(issue, "/unfreeze they are right again");
        s.by("rosa").comment(issue, "/freeze lifted we look once more");
        s.settle().await;
        assert_eq!(stands(s, BILLING, run), "in_progress -", "{}", said(s, BILLING, run));
    })
    .await;
}
