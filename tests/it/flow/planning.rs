//! How the releases of a train are planned: where their control records are kept, what they are called, and how much they
//! carry.

use changegate::sandbox::Numbered;

use super::releasing::{
    BILLING, TRAIN, WEB, a_train_by, blocks, built, day, deploys, phase, record, said, shown, stands,
};
use crate::support::{Scene, assert_snapshot, scenario};

const REQUESTS: &str = "acme/requests";

/// The train, with one more key.
fn train(key: &str) -> String {
    TRAIN.replace("lock: 7 days before", &format!("lock: 7 days before, {key}"))
}

async fn says(s: &Scene, login: &str, on: Numbered, words: &str) {
    s.by(login).comment(on, words);
    s.settle().await;
}

/// A repository of which nobody has told us yet.
async fn requests(s: &Scene) {
    s.github().add_repository(REQUESTS, &[]);
    s.by("rosa").push(REQUESTS, "main", &[("README.md", "# Ask here\n")], "Begin");
    s.settle().await;
}

fn head(text: &str) -> String {
    text.split("\n\n### ").next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_control_record_is_kept_in_the_repository_that_policy_names_and_signed_there() {
    scenario(async |s| {
        requests(s).await;
        let observed = "mode: enforce\nrepositories:\n  - { match: acme/requests, mode: observe }\n";
        a_train_by(s, &format!("{}{observed}", train("record: acme/requests"))).await;
        built(s, "Export", "export", WEB).await;
        let title = "Release 2026.12";
        assert_eq!(s.record_of(WEB, title), []);
        let found = s.record_of(REQUESTS, title);
        assert_eq!(found.len(), 1, "{found:?}");
        says(s, "rosa", found[0], "/lock").await;
        let text = || s.readable(s.github().issue(found[0])["body"].as_str().unwrap_or_default());
        assert_snapshot!(text().split("### Signatures").next().unwrap_or_default(), @"
        **Go/no-go** · due 3 Dec 2026, 12:00 UTC · locked 2 Nov 2026, 12:00 UTC by [rosa](https://github/rosa) · train customer

        What ships is fixed. It can be signed now, with the commands below.

        ### What it ships: 1 change request

        | change request | asked by | stands | pull requests |
        |---|---|---|---|
        | [acme/web#1](https://github/acme/web/issues/1) Export | [sam](https://github/sam) | merged | [acme/web#2](https://github/acme/web/pull/2) |

        ### The commits

        | repository | candidate | from | deployed |
        |---|---|---|---|
        | acme/web | [`183137f`](https://github/acme/web/commit/183137f6e9b9771e0fd0361e7984a647e33739ea) | `main` when go/no-go opened | not yet |

        ### What still blocks

        - qa: 0 of 1 approvals on the current revision; waiting for [quinn](https://github/quinn). **Cure:** [quinn](https://github/quinn) comments `/approve qa 3de7e053` on [#1](https://github/acme/requests/issues/1).
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). **Cure:** [rosa](https://github/rosa) comments `/approve release-manager 3de7e053` on [#1](https://github/acme/requests/issues/1).
        ");
        let revision = text().split("Signatures on revision `").nth(1).unwrap()[..8].to_owned();
        let run = deploys(s, WEB).await;
        says(s, "quinn", found[0], &format!("/approve qa {revision}")).await;
        says(s, "rosa", found[0], &format!("/approve release-manager {revision}")).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_control_record_that_cannot_be_where_policy_wants_it_says_so_and_stays_where_it_was_opened() {
    scenario(async |s| {
        a_train_by(s, &train("record: acme/requests")).await;
        built(s, "Export", "export", WEB).await;
        assert_snapshot!(head(&shown(s)), @"
        **Planning** · due 3 Dec 2026, 12:00 UTC · locks 26 Nov 2026, 12:00 UTC · train customer

        The scope can still change. People sign after it is locked and each change is merged.

        Policy keeps control records in `acme/requests`, which this installation does not cover; so this one is here. An owner adds `acme/requests` to the installation; the next release is recorded there then.
        ");
        requests(s).await;
        says(s, "rosa", record(s), "/lock").await;
        assert_eq!(phase(s), "Go/no-go", "{}", blocks(s));
        assert!(!shown(s).contains("does not cover"), "{}", shown(s));
        assert_eq!(s.record_of(REQUESTS, "Release 2026.12"), []);
        let next = s.accepted("Import").await;
        s.by("rosa").create_milestone(WEB, "2027.01", day("2027-01-07"));
        s.by("rosa").set_milestone(next, "2027.01");
        s.settle().await;
        assert_eq!(s.record_of(REQUESTS, "Release 2027.01").len(), 1);
        assert_eq!(s.record_of(WEB, "Release 2027.01"), []);
    })
    .await;
}

fn milestones(s: &Scene) -> String {
    let titles = |repository: &str| {
        let all = s.github().milestones(repository);
        all.iter().map(|it| it["title"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    format!("web: {} · billing: {}", titles(WEB).join(", "), titles(BILLING).join(", "))
}

#[tokio::test]
async fn a_release_manager_renames_one_milestone_and_with_it_the_release() {
    scenario(async |s| {
        a_train_by(s, TRAIN).await;
        let issue = built(s, "Export", "export", WEB).await;
        let bill = built(s, "Bill", "bill", BILLING).await;
        let old = record(s);
        says(s, "rosa", old, "/lock").await;
        s.by("rosa").rename_milestone(BILLING, 1, "2027.01");
        s.settle().await;
        assert_eq!(milestones(s), "web: 2027.01 · billing: 2027.01");
        assert_snapshot!(s.releases().await, @"");
        assert_snapshot!(head(&s.readable(s.github().issue(old)["body"].as_str().unwrap_or_default())), @"");
        assert_eq!(s.github().issue(old)["state"], "closed");
        let found = s.record_of(WEB, "Release 2027.01");
        assert_eq!(found.len(), 1, "{found:?}");
        let new = || s.readable(s.github().issue(found[0])["body"].as_str().unwrap_or_default());
        assert!(new().starts_with("**Planning**") && new().contains("2 change requests"), "{}", new());
        assert_eq!(s.sentences(old), Vec::<String>::new());
        for issue in [issue, bill] {
            assert_eq!(s.github().issue(issue)["milestone"]["title"], "2027.01");
        }
        // Out of the train goes only what was renamed.
        s.by("rosa").rename_milestone(BILLING, 1, "Some day");
        s.settle().await;
        assert_eq!(milestones(s), "web: 2027.01 · billing: Some day");
    })
    .await;
}

#[tokio::test]
async fn a_milestone_that_anybody_else_renames_is_called_as_before_and_the_record_says_who_may() {
    scenario(async |s| {
        a_train_by(s, TRAIN).await;
        built(s, "Export", "export", WEB).await;
        let record = record(s);
        for (login, to) in [("ana", "2027.01"), ("ana", "Some day"), ("sam", "2026.11")] {
            s.by(login).rename_milestone(WEB, 1, to);
            s.settle().await;
            s.pass(60);
            assert_eq!(milestones(s), "web: 2026.12 · billing: 2026.12", "{to}");
        }
        assert_snapshot!(s.sentences(record).join("\n"), @"");
        assert_snapshot!(s.releases().await, @"");
        assert_eq!(phase(s), "Planning");
        // Nobody makes a release of what is none either.
        s.by("ana").create_milestone(WEB, "Backlog", None);
        s.settle().await;
        s.by("ana").rename_milestone(WEB, 2, "2027.02");
        s.settle().await;
        assert_eq!(milestones(s), "web: 2026.12, Backlog · billing: 2026.12");
        s.by("ana").rename_milestone(WEB, 2, "Some day");
        s.settle().await;
        assert_eq!(milestones(s), "web: 2026.12, Some day · billing: 2026.12");
    })
    .await;
}

#[tokio::test]
async fn a_renaming_is_said_where_policy_advises_and_only_written_down_where_it_observes() {
    scenario(async |s| {
        for (mode, said) in [("advise", 1), ("observe", 0)] {
            let title = if mode == "advise" { "2027.01" } else { "2027.02" };
            if mode == "advise" {
                a_train_by(s, &format!("mode: advise\n{TRAIN}")).await;
                built(s, "Export", "export", WEB).await;
            } else {
                s.policy(&format!("mode: observe\n{TRAIN}")).await;
            }
            let record = record(s);
            let before = s.sentences(record).len();
            s.by("ana").rename_milestone(WEB, 1, title);
            s.settle().await;
            assert_eq!(milestones(s), format!("web: {title} · billing: 2026.12"), "{mode}");
            assert_eq!(s.sentences(record).len() - before, said, "{mode}");
            if mode == "advise" {
                assert_snapshot!(s.sentences(record).join("\n"), @"");
            }
        }
    })
    .await;
}
