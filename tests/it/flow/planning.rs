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
        assert_snapshot!(s.releases().await, @"customer 2027.01 (open, 2026-12-03) milestones: acme/web#1 acme/billing#1 scope: acme/web#1 acme/web#4");
        assert_snapshot!(head(&s.readable(s.github().issue(old)["body"].as_str().unwrap_or_default())), @"
        **Closed** · locked 2 Nov 2026, 12:00 UTC by [rosa](https://github/rosa) · train customer

        It is called **2027.01** now (renamed by [rosa](https://github/rosa), 2 Nov 2026, 12:00 UTC) and goes on there, with a record of its own. It is locked and signed anew: what was decided here does not go along.
        ");
        assert_eq!(s.github().issue(old)["state"], "closed");
        let found = s.record_of(BILLING, "Release 2027.01");
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
        assert_snapshot!(s.sentences(record).join("\n"), @"
        @ana renamed milestone **2026.12** of acme/web to **2027.01**; releases are renamed by the release managers ([rosa](https://github/rosa)). It is called **2026.12** again. Ask them here.
        @ana renamed milestone **2026.12** of acme/web to **Some day**; releases are renamed by the release managers ([rosa](https://github/rosa)). It is called **2026.12** again. Ask them here.
        @sam renamed milestone **2026.12** of acme/web to **2026.11**; releases are renamed by the release managers ([rosa](https://github/rosa)). It is called **2026.12** again. Ask them here.
        ");
        assert_snapshot!(s.releases().await, @"customer 2026.12 (open, 2026-12-03) milestones: acme/web#1 acme/billing#1 scope: acme/web#1");
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
                assert_snapshot!(s.sentences(record).join("\n"), @"@ana renamed milestone **2026.12** of acme/web to **2027.01**; releases are renamed by the release managers ([rosa](https://github/rosa)). It stays so: nothing is put back here.");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn next_passes_over_a_release_that_is_full_and_what_is_too_much_is_said_and_stops_nothing() {
    scenario(async |s| {
        s.policy(&train("every: first Thursday 10:00, slots: 1")).await;
        let (export, import) = (s.accepted("Export").await, s.accepted("Import").await);
        says(s, "rosa", export, "/schedule next").await;
        says(s, "rosa", import, "/schedule next").await;
        let title =
            |issue| s.github().issue(issue)["milestone"]["title"].as_str().unwrap_or("none").to_owned();
        assert_eq!((title(export).as_str(), title(import).as_str()), ("2026.12", "2027.01"));
        assert_snapshot!(s.status(import), @"
        **Change request** · accepted · release **2027.01** (7 Jan)
        Contact: nobody yet · Requester: @sam

        Planned for **2027.01** by @rosa (2 Nov 2026). **2026.12** was passed over: its slots are taken.

        Accepted by @tess (2 Nov 2026). Next: a pull request that says `Closes #2` (elsewhere `Closes acme/web#2`) in its description.
        ");
        let scope = || shown(s).split("### ").nth(1).unwrap_or_default().to_owned();
        assert_snapshot!(scope(), @"
        What it ships: 1 change request

        1 of 1 slots taken.

        | change request | asked by | stands | pull requests |
        |---|---|---|---|
        | [#1](https://github/acme/web/issues/1) Export | [sam](https://github/sam) | scheduled |  |
        ");
        says(s, "rosa", import, "/schedule 2026.12").await;
        assert_snapshot!(scope(), @"
        What it ships: 2 change requests

        2 of 1 slots taken; that is more than a release of this train carries, and stops nothing. `/unschedule` on an issue takes it out.

        | change request | asked by | stands | pull requests |
        |---|---|---|---|
        | [#1](https://github/acme/web/issues/1) Export | [sam](https://github/sam) | scheduled |  |
        | [#2](https://github/acme/web/issues/2) Import | [sam](https://github/sam) | scheduled |  |
        ");
        says(s, "rosa", record(s), "/lock").await;
        assert!(shown(s).contains("locked 2 Nov 2026"), "{}", shown(s));
        assert!(!blocks(s).contains("slots"), "{}", blocks(s));
    })
    .await;
}

/// A release with one change, deployed.
async fn delivered(s: &Scene, title: &str) {
    s.by("rosa").create_milestone(WEB, title, None);
    let issue = s.accepted(title).await;
    s.by("rosa").set_milestone(issue, title);
    s.settle().await;
    let closes = format!("Closes #{}", issue.number);
    let pull = s.pull_request(WEB, &format!("for-{title}"), &closes).await;
    s.by("ana").merge(pull.at);
    s.settle().await;
    let record = s.record_of(WEB, &format!("Release {title}"))[0];
    says(s, "rosa", record, "/lock").await;
    let body = s.github().issue(record)["body"].as_str().unwrap_or_default().to_owned();
    let revision = body.split("Signatures on revision `").nth(1).expect(&body)[..8].to_owned();
    says(s, "quinn", record, &format!("/approve qa {revision}")).await;
    says(s, "rosa", record, &format!("/approve release-manager {revision}")).await;
    let run = deploys(s, WEB).await;
    assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
    s.github().finish_run(WEB, run, true);
    s.settle().await;
    // GitHub takes only so much in a minute.
    s.pass(120);
}

#[tokio::test]
async fn slots_are_learned_from_the_last_three_releases_that_were_deployed() {
    scenario(async |s| {
        s.policy(TRAIN).await;
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        for title in ["2026.09", "2026.10", "2026.11"] {
            delivered(s, title).await;
        }
        s.by("rosa").create_milestone(WEB, "2026.12", day("2026-12-03"));
        for title in ["Export", "Import"] {
            let issue = s.accepted(title).await;
            s.by("rosa").set_milestone(issue, "2026.12");
            s.settle().await;
        }
        assert!(shown(s).contains("\n\n2 of 1 slots taken; that is more"), "{}", shown(s));
    })
    .await;
}
