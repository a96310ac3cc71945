//! What a release ships is planned with commands; after the lock it changes by a swap, or with a reason that is asked for.

use changegate::sandbox::Numbered;

use super::releasing::{
    BILLING, TRAIN, WEB, a_train, blocks, both_sign, built, day, deploys, locked, phase, record, revision,
    said, shown, stands,
};
use crate::support::{Scene, assert_snapshot, scenario};

fn milestone(s: &Scene, issue: Numbered) -> String {
    s.github().issue(issue)["milestone"]["title"].as_str().unwrap_or("none").to_owned()
}

async fn says(s: &Scene, login: &str, on: Numbered, words: &str) {
    s.by(login).comment(on, words);
    s.settle().await;
}

/// Built and merged, and planned for nothing.
async fn beside(s: &Scene, title: &str, branch: &str) -> Numbered {
    let issue = s.accepted(title).await;
    let pull = s.pull_request(WEB, branch, &format!("Closes #{}", issue.number)).await;
    s.by("ana").merge(pull.at);
    s.settle().await;
    issue
}

/// The part of the record under this heading.
fn part(s: &Scene, heading: &str) -> String {
    let text = shown(s);
    let found = text.split("### ").find(|part| part.starts_with(heading));
    found.unwrap_or_default().trim().to_owned()
}

#[tokio::test]
async fn one_comment_swaps_two_changes_after_the_lock_and_voids_what_was_signed() {
    scenario(async |s| {
        a_train(s).await;
        let export = built(s, "Export", "export", WEB).await;
        let import = beside(s, "Import", "import").await;
        let record = locked(s).await;
        both_sign(s).await;
        assert_eq!(phase(s), "Approved");
        let before = revision(s);
        let words = format!("/swap #{} for #{} customers wait for it", export.number, import.number);
        says(s, "ana", record, &words).await;
        assert_eq!((phase(s).as_str(), milestone(s, export).as_str()), ("Approved", "2026.12"));
        says(s, "rosa", record, &words).await;
        assert_eq!((milestone(s, export).as_str(), milestone(s, import).as_str()), ("none", "2026.12"));
        assert_eq!(phase(s), "Go/no-go");
        assert_ne!(revision(s), before);
        assert_snapshot!(part(s, "What changed"), @r"
        What changed since the lock

        - [#1](https://github/acme/web/issues/1) went, [#4](https://github/acme/web/issues/4) came: customers wait for it ([rosa](https://github/rosa), 2 Nov 2026, 12:00 UTC)
        ");
        assert_snapshot!(blocks(s), @r"
        - qa: 0 of 1 approvals on the current revision; waiting for [quinn](https://github/quinn). [quinn](https://github/quinn) signed an earlier revision; since then [#4](https://github/acme/web/issues/4) joined; [#1](https://github/acme/web/issues/1) left. **Cure:** [quinn](https://github/quinn) comments `/approve qa 4e4b8514` on [#2](https://github/acme/web/issues/2).
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). [rosa](https://github/rosa) signed an earlier revision; since then [#4](https://github/acme/web/issues/4) joined; [#1](https://github/acme/web/issues/1) left. **Cure:** [rosa](https://github/rosa) comments `/approve release-manager 4e4b8514` on [#2](https://github/acme/web/issues/2).
        ");
        assert_snapshot!(s.status(export), @r"
        **Change request** · merged
        Contact: nobody yet · Requester: @sam

        Taken out of **2026.12** by @rosa (2 Nov 2026): customers wait for it.

        Merged ([web#3](https://github/acme/web/pull/3)). Merged is not delivered. GitHub closed this issue with the merge; it stays closed.
        ");
        assert_snapshot!(s.status(import), @r"
        **Change request** · merged · release **2026.12** (3 Dec)
        Contact: nobody yet · Requester: @sam

        Planned for **2026.12** by @rosa (2 Nov 2026): customers wait for it.

        Merged ([web#5](https://github/acme/web/pull/5)); ships with **2026.12**. Merged is not delivered. GitHub closed this issue with the merge; it stays closed.
        ");
        assert_snapshot!(s.sentences(record).join("\n"), @"@ana `/swap`: only a release manager (rosa) decides that.");
        assert_eq!((s.sentences(export), s.sentences(import)), (vec![], vec![]));
    })
    .await;
}

#[tokio::test]
async fn a_change_goes_out_alone_and_one_comes_in_besides_only_with_a_reason() {
    scenario(async |s| {
        a_train(s).await;
        let export = built(s, "Export", "export", WEB).await;
        let bill = built(s, "Bill", "bill", BILLING).await;
        let import = beside(s, "Import", "import").await;
        let record = locked(s).await;
        for words in ["/swap", "/swap #900", "/swap Export", &format!("/swap for #{}", import.number)] {
            says(s, "rosa", record, words).await;
        }
        assert_snapshot!(s.sentences(record).join("\n"), @r"
        @rosa `/swap`: it takes `#n`, `#n for #m`, or `for #m` and a reason behind it.
        @rosa `/swap`: it takes issues that are change requests (#&#8203;900 is none) behind it.
        @rosa `/swap`: it takes `#n`, `#n for #m`, or `for #m` and a reason behind it.
        @rosa `/swap`: it takes `#n`, `#n for #m`, or `for #m` and a reason behind it.
        ");
        says(s, "rosa", record, &format!("/swap #{}", bill.number)).await;
        says(s, "rosa", record, &format!("/swap for acme/web#{} the law wants it", import.number)).await;
        let all = [export, bill, import].map(|issue| milestone(s, issue));
        assert_eq!(all, ["2026.12", "none", "2026.12"]);
        assert_snapshot!(part(s, "What changed"), @r"
        What changed since the lock

        - [#4](https://github/acme/web/issues/4) went ([rosa](https://github/rosa), 2 Nov 2026, 12:00 UTC)
        - [#5](https://github/acme/web/issues/5) came besides, as an exception: the law wants it ([rosa](https://github/rosa), 2 Nov 2026, 12:00 UTC)
        ");
        assert_eq!(phase(s), "Go/no-go");
        both_sign(s).await;
        assert_eq!(phase(s), "Approved", "{}", blocks(s));
    })
    .await;
}

#[tokio::test]
async fn what_a_release_manager_changes_by_hand_after_the_lock_waits_for_a_reason() {
    scenario(async |s| {
        a_train(s).await;
        let export = built(s, "Export", "export", WEB).await;
        let bill = built(s, "Bill", "bill", BILLING).await;
        let import = beside(s, "Import", "import").await;
        let record = locked(s).await;
        s.by("rosa").set_milestone(import, "2026.12");
        s.by("rosa").clear_milestone(bill);
        s.settle().await;
        both_sign(s).await;
        assert_snapshot!(blocks(s), @r"
        - [#5](https://github/acme/web/issues/5) joined after the scope was locked: [rosa](https://github/rosa) set its milestone on 2 Nov 2026, 12:00 UTC, and nobody has said why. **Cure:** a release manager ([rosa](https://github/rosa)) comments `/swap for #5 WHY` on the control record, which is recorded as an exception, or `/swap #n for #5`, or takes the milestone off again.
        - [#4](https://github/acme/web/issues/4) was taken out after the scope was locked on 2 Nov 2026, 12:00 UTC, and nobody has said so here. **Cure:** a release manager ([rosa](https://github/rosa)) comments `/swap #4` on the control record, or sets the milestone on [#4](https://github/acme/web/issues/4) again.
        ");
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "waiting -", "{}", said(s, WEB, run));
        says(s, "rosa", record, &format!("/swap #{} for #{}", bill.number, import.number)).await;
        assert_eq!(blocks(s), "");
        assert_eq!(milestone(s, export), "2026.12");
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_release_is_named_in_a_comment_on_the_issue_and_its_milestone_is_made() {
    scenario(async |s| {
        s.policy(&TRAIN.replace("lock: 7 days before", "every: first Thursday 10:00, lock: 7 days before"))
            .await;
        let issue = s.accepted("Export").await;
        says(s, "ana", issue, "/schedule next").await;
        says(s, "rosa", issue, "/schedule Christmas").await;
        assert_eq!(milestone(s, issue), "none");
        assert_snapshot!(s.sentences(issue).join("\n"), @r"
        @ana wrote `/schedule`; releases are planned by the release managers ([rosa](https://github/rosa)).
        @rosa wrote `/schedule`; no release of the train is called so; they are called like **2026.12**.
        ");
        says(s, "rosa", issue, "/schedule next").await;
        assert_eq!(
            (milestone(s, issue).as_str(), s.stage_of("Export").await.as_str()),
            ("2026.12", "scheduled")
        );
        assert_snapshot!(s.releases().await, @"customer 2026.12 (open, 2026-12-03) milestones: acme/web#1 scope: acme/web#1");
        assert_snapshot!(s.status(issue), @r"
        **Change request** · accepted · release **2026.12** (3 Dec)
        Contact: nobody yet · Requester: @sam

        Planned for **2026.12** by @rosa (2 Nov 2026).

        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #1` (elsewhere `Closes acme/web#1`) in its description.
        ");
        says(s, "rosa", record(s), "/lock").await;
        let other = s.accepted("Import").await;
        says(s, "rosa", other, "/schedule next").await;
        assert_eq!(milestone(s, other), "2027.01");
        says(s, "rosa", other, "/unschedule").await;
        assert_eq!((milestone(s, other).as_str(), s.stage_of("Import").await.as_str()), ("none", "accepted"));
        assert_snapshot!(s.status(other), @r"
        **Change request** · accepted
        Contact: nobody yet · Requester: @sam

        Taken out of **2027.01** by @rosa (2 Nov 2026).

        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #3` (elsewhere `Closes acme/web#3`) in its description.
        ");
        says(s, "rosa", other, "/schedule 2027.02").await;
        assert_eq!(milestone(s, other), "2027.02");
        s.by("rosa").set_milestone(other, "2026.12");
        s.settle().await;
        assert_eq!(milestone(s, other), "2026.12");
    })
    .await;
}

#[tokio::test]
async fn one_change_of_a_train_ships_alone() {
    scenario(async |s| {
        s.policy(TRAIN).await;
        s.by("rosa").create_milestone(WEB, "2026.12", day("2026-12-03"));
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        let issue = built(s, "Export", "export", WEB).await;
        says(s, "rosa", issue, "/schedule now").await;
        let title = format!("now-web-{}", issue.number);
        assert_eq!(milestone(s, issue), title);
        let found = s.record_of(WEB, &format!("Release {title}"));
        assert_eq!(found.len(), 1, "{found:?}");
        let text = |s: &Scene| s.readable(s.github().issue(found[0])["body"].as_str().unwrap_or_default());
        assert_snapshot!(text(s).split("\n\n<details>").next().unwrap_or_default(), @r"
        **Go/no-go** · locked 2 Nov 2026, 12:00 UTC by [rosa](https://github/rosa) · train customer

        What ships is fixed. It can be signed now, with the commands below.

        ### What it ships: 1 change request

        | change request | asked by | stands | pull requests |
        |---|---|---|---|
        | [#1](https://github/acme/web/issues/1) Export | [sam](https://github/sam) | merged | [#3](https://github/acme/web/pull/3) |

        ### The commits

        | repository | candidate | from | deployed |
        |---|---|---|---|
        | acme/web | [`683de05`](https://github/acme/web/commit/683de05eb93a611b5a206ee571dd0810ae0de3cb) | `main` when go/no-go opened | not yet |

        ### What still blocks

        - qa: 0 of 1 approvals on the current revision; waiting for [quinn](https://github/quinn). **Cure:** [quinn](https://github/quinn) comments `/approve qa f8befacb` on [#4](https://github/acme/web/issues/4).
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). **Cure:** [rosa](https://github/rosa) comments `/approve release-manager f8befacb` on [#4](https://github/acme/web/issues/4).

        ### Signatures on revision `f8befacb`

        | group | signed by | needed | |
        |---|---|---|---|
        | `qa` | nobody yet | 1 | … waiting |
        | `release-manager` | nobody yet | 1 | … waiting |
        ");
        let body = text(s);
        let revision = body.split("Signatures on revision `").nth(1).unwrap().split('`').next().unwrap();
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "waiting -", "{}", said(s, WEB, run));
        says(s, "quinn", found[0], &format!("/approve qa {revision}")).await;
        says(s, "rosa", found[0], &format!("/approve release-manager {revision}")).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        // Nobody else's: a release of one has one change.
        let other = s.accepted("Import").await;
        s.by("rosa").set_milestone(other, &title);
        s.settle().await;
        assert_eq!(s.stage_of("Import").await, "accepted");
    })
    .await;
}
