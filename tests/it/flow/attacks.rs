//! The attacks of the threat model on what GitHub shows and people say (T7 to T19), played through the door. Each test is
//! named by what it prevents.
//!
//! Also played: T7, a late push that voids signatures (`releasing`) and an approval before a push (`own_change`); T8, who
//! worked on a release (`releasing`); T9, a dismissal that nobody told of (`deploying`); T12, two pull requests at one head
//! (`pull_requests`); T14, labels and milestones (`triage`, `milestones`); T15 (`deploying`, `late`); T16 (`triage`); T17,
//! comments (`intake`). The rules behind them have their tables in `approval/tests/attacks.rs` and `gate/tests`, and what
//! comments may hold stands in `command/tests/noise.rs`.

use changegate::sandbox::{Delivery, Edit, Entry, Numbered, Verdict};

use super::{
    deploying::{WEB, built, deploys, said, ships_continuously, stands, unheard},
    orders::permutations,
    promotions::{PROMOTED, promotes},
    releasing::{a_train_with_branches, both_sign, locked, phase, record, revision, signed_by, text},
};
use crate::support::{Scene, assert_snapshot, scenario};

/// What GitHub owes us by now, in the order in which it happened: these, and the rest.
fn owed(s: &Scene, wanted: &[(&str, &str)]) -> (Vec<Delivery>, Vec<Delivery>) {
    let is = |it: &Delivery, (event, action): &(&str, &str)| {
        it.event == *event && it.action.as_deref().unwrap_or_default() == *action
    };
    let owed = s.github().take_deliveries();
    let (picked, rest): (Vec<_>, Vec<_>) =
        owed.into_iter().partition(|it| wanted.iter().any(|wanted| is(it, wanted)));
    assert_eq!(picked.len(), wanted.len(), "{picked:?}");
    (picked, rest)
}

/// How many comments are ours, and no other bot's.
fn answers(s: &Scene, on: Numbered) -> usize {
    let comments = s.github().comments(on);
    let ours = |login: &str| login.ends_with("[bot]") && !["renovate[bot]", "echo[bot]"].contains(&login);
    comments.iter().filter(|it| ours(it["user"]["login"].as_str().unwrap_or_default())).count()
}

/// Everything is done about one delivery before the next one comes; the rest comes last.
async fn deliver(s: &Scene, (picked, rest): &(Vec<Delivery>, Vec<Delivery>), order: &[usize]) {
    for delivery in order.iter().map(|place| &picked[*place]).chain(rest) {
        assert_eq!(s.github().send(delivery).await.status, 202);
        s.stage.app.settle().await.unwrap();
    }
    s.settle().await;
}

#[tokio::test]
async fn t7_what_was_pushed_behind_a_signature_is_not_signed_in_any_order_of_deliveries() {
    for order in permutations(vec![0, 1, 2]) {
        scenario(async |s| {
            a_train_with_branches(s).await;
            let (record, shown) = (record(s), revision(s));
            s.pass(120);
            s.by("ana").push(WEB, "release/2026.12", &[("late.txt", "late")], "Late fix");
            s.pass(1);
            s.by("quinn").comment(record, &format!("/approve qa {shown}"));
            s.by("rosa").comment(record, "/approve release-manager");
            let owed = owed(s, &[("push", ""), ("issue_comment", "created"), ("issue_comment", "created")]);
            deliver(s, &owed, &order).await;
            assert_eq!(phase(s), "Go/no-go", "{order:?}: {}", text(s));
            assert_ne!(revision(s), shown, "{order:?}");
            let (answers, now) = (s.sentences(record).join("\n"), revision(s));
            // Heard before the push it was a signature, and void after it.
            let was_late = order.iter().position(|it| *it == 0) < order.iter().position(|it| *it == 1);
            assert_eq!(answers.contains(&format!("/approve qa {now}")), was_late, "{order:?}: {answers}");
            let run = s.by("sam").dispatch(WEB, &["production"], "release/2026.12");
            s.settle().await;
            assert_ne!(stands(s, run), "in_progress -", "{order:?}: {}", said(s, run));
        })
        .await;
    }
}

#[tokio::test]
async fn t7_what_was_pushed_behind_a_review_and_merged_does_not_go_out_in_any_order_of_deliveries() {
    for order in permutations(vec![0, 1, 2]) {
        scenario(async |s| {
            ships_continuously(s).await;
            let issue = s.accepted("Export").await;
            let pull = s.pull_request(WEB, "export", &format!("Closes #{}", issue.number)).await;
            s.pass(120);
            s.by("lee").review(pull.at, Verdict::Approve, "");
            s.pass(5);
            s.by("ana").push(WEB, "export", &[("more.txt", "more")], "More");
            s.pass(1);
            s.by("ana").merge(pull.at);
            let owed = owed(
                s,
                &[
                    ("pull_request_review", "submitted"),
                    ("pull_request", "synchronize"),
                    ("pull_request", "closed"),
                ],
            );
            deliver(s, &owed, &order).await;
            let run = deploys(s, "ana", "main").await;
            assert_eq!(stands(s, run), "waiting -", "{order:?}: {}", said(s, run));
            assert!(said(s, run).contains("0 of 1 approvals"), "{order:?}: {}", said(s, run));
        })
        .await;
    }
}

/// Ana opens a pull request, Sam adds a commit that Tess co-wrote, and Quinn pushes last.
async fn of_many_hands(s: &Scene) -> Numbered {
    ships_continuously(s).await;
    let issue = s.accepted("Export").await;
    let pull = s.pull_request(WEB, "export", &format!("Closes #{}", issue.number)).await;
    let comments = s.github().comments(issue);
    let tess = comments.iter().find(|comment| comment["user"]["login"] == "tess").expect("she accepted it");
    let tess = format!("{}+tess@users.noreply.sandbox.invalid", tess["user"]["id"]);
    let together = format!("Together\n\nCo-authored-by: tess <{tess}>");
    s.by("sam").push(WEB, "export", &[("sam.txt", "sam")], &together);
    s.by("quinn").push(WEB, "export", &[("quinn.txt", "quinn")], "The end");
    s.settle().await;
    s.pass(120);
    pull.at
}

#[tokio::test]
async fn t8_nobody_who_opened_wrote_co_wrote_or_pushed_it_approves_it() {
    scenario(async |s| {
        let pull = of_many_hands(s).await;
        for (login, role) in
            [("ana", "opened it"), ("sam", "wrote a part"), ("tess", "co-wrote it"), ("quinn", "pushed last")]
        {
            s.by(login).review(pull, Verdict::Approve, "Fine.");
            s.settle().await;
            let run = deploys_merged(s, pull).await;
            assert_eq!(stands(s, run), "waiting -", "{login} {role}: {}", said(s, run));
        }
        let run = deploys(s, "ana", "main").await;
        s.by("lee").review(pull, Verdict::Approve, "Independent.");
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

/// Merged once; deployed each time.
async fn deploys_merged(s: &Scene, pull: Numbered) -> u64 {
    if s.github().pull_request(pull)["merged"] != true {
        s.by("ana").merge(pull);
        s.settle().await;
    }
    deploys(s, "ana", "main").await
}

#[tokio::test]
async fn t9_an_approval_that_was_taken_back_by_its_author_or_dismissed_opens_nothing() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.accepted("Export").await;
        let pull = s.pull_request(WEB, "export", &format!("Closes #{}", issue.number)).await;
        s.pass(120);
        s.by("lee").review(pull.at, Verdict::Approve, "");
        let against = s.by("lee").review(pull.at, Verdict::RequestChanges, "Wait.");
        s.settle().await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        s.by("ana").dismiss_review(pull.at, against);
        s.settle_for(1).await;
        assert_eq!(stands(s, run), "waiting -", "no earlier approval comes back: {}", said(s, run));
        s.by("lee").review(pull.at, Verdict::Approve, "Now.");
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn t10_a_bot_approves_nothing_whatever_it_is_called_and_wherever_it_is_listed() {
    scenario(async |s| {
        let bots = ["github-actions[bot]", "renovate[bot]"];
        for bot in bots {
            s.github().add_bot(bot);
        }
        ships_continuously(s).await;
        let issue = s.change_request("Export").await;
        for bot in bots {
            s.by(bot).comment(issue, "/accept");
            s.by(bot).label(issue, "triage/accepted");
        }
        s.settle().await;
        assert_eq!(s.stage_of("Export").await, "requested");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        let pull = s.pull_request(WEB, "export", &format!("Closes #{}", issue.number)).await;
        s.pass(120);
        for bot in bots {
            s.by(bot).review(pull.at, Verdict::Approve, "LGTM");
        }
        s.settle().await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn t10_a_bot_signs_no_release() {
    scenario(async |s| {
        s.github().add_bot("renovate[bot]");
        a_train_with_branches(s).await;
        let now = revision(s);
        for group in ["qa", "release-manager"] {
            signed_by(s, "renovate[bot]", &format!("/approve {group} {now}")).await;
        }
        assert_eq!(phase(s), "Go/no-go");
        assert_eq!(answers(s, record(s)), 0, "bots are not answered");
    })
    .await;
}

const CHECKED: &str = "
repositories:
  - { match: acme/web, ship: continuous, change: issue }
environments:
  production:
    names: [production]
    from: { branches: [default] }
    require:
      - range: traced
      - change: accepted
      - checks: [{ name: ci, app: github-actions }]
";

#[tokio::test]
async fn t11_a_check_of_the_right_name_by_another_app_opens_nothing() {
    scenario(async |s| {
        s.policy(CHECKED).await;
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let head = s.github().head(WEB, "main").unwrap();
        for (app, name) in [("evil-ci", "ci"), ("evil-ci", "changegate/change"), ("github-actions", "ci ")] {
            s.github().foreign_check(WEB, app, name, (&head, "success"));
        }
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        for conclusion in ["neutral", "skipped"] {
            s.github().foreign_check(WEB, "github-actions", "ci", (&head, conclusion));
            s.settle_for(1).await;
            assert_ne!(stands(s, run), "in_progress -", "{conclusion}: {}", said(s, run));
        }
        s.github().foreign_check(WEB, "github-actions", "ci", (&head, "success"));
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn t11_our_check_that_another_app_wrote_changes_nothing_about_ours() {
    scenario(async |s| {
        let pull = s.pull_request(WEB, "export", "").await;
        s.github().foreign_check(WEB, "evil-ci", "changegate/change", (&pull.head, "success"));
        s.settle().await;
        let said = s.checks(WEB, &pull.head);
        let ours: Vec<_> = said.iter().filter(|(_, title)| title.contains("rules")).collect();
        assert_eq!(ours.len(), 1, "{said:?}");
        assert_eq!(ours[0].0, "failure", "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn t12_what_passed_as_one_pull_request_does_not_pass_as_another_with_the_same_head() {
    scenario(async |s| {
        ships_continuously(s).await;
        let (good, bad) = (s.accepted("Export").await, s.change_request("Import").await);
        let pull = s.pull_request(WEB, "export", &format!("Closes #{}", good.number)).await;
        s.by("rosa").create_branch(WEB, "side", "main");
        let body = format!("Closes #{}", bad.number);
        let entry = Entry { head: "export", base: "side", title: "Again", body: &body, draft: false };
        let again = s.by("ana").open_pull_request(WEB, entry);
        s.settle().await;
        assert!(s.check(&pull.head).starts_with("action_required"), "{}", s.check(&pull.head));
        for at in [pull.at, again] {
            s.by("lee").review(at, Verdict::Approve, "");
        }
        s.settle().await;
        s.by("ana").merge(again);
        s.settle().await;
        let run = deploys(s, "ana", "side").await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn t14_who_may_label_and_plan_on_github_alone_opens_nothing_and_voids_nothing() {
    scenario(async |s| {
        a_train_with_branches(s).await;
        both_sign(s).await;
        let signed = revision(s);
        let other = s.change_request("Import").await;
        let sam = s.by("sam");
        sam.label(other, "triage/accepted");
        sam.label(other, "approved");
        sam.set_milestone(other, "2026.12");
        s.settle().await;
        assert_eq!((phase(s).as_str(), revision(s)), ("Approved", signed));
        assert_eq!(s.stage_of("Import").await, "requested");
        assert_eq!(s.github().issue(other)["milestone"], serde_json::Value::Null);
        // In a repository that has no such label yet.
        let wish = sam.open_labelled_issue("acme/billing", "Bill", "", &["change-request", "approved"]);
        s.settle().await;
        sam.rename_label("acme/billing", "approved", "triage/accepted");
        s.settle().await;
        assert_eq!(s.stage_of("Bill").await, "requested", "{:?}", s.labels(wish));
    })
    .await;
}

#[tokio::test]
async fn t15_a_change_request_that_was_edited_unheard_after_it_was_signed_does_not_go_out() {
    scenario(async |s| {
        let issue = a_train_with_branches(s).await;
        both_sign(s).await;
        s.pass(60);
        s.by("sam").edit_issue(issue, Edit { title: Some("Export everything"), body: None });
        s.github().take_deliveries();
        let run = s.by("sam").dispatch(WEB, &["production"], "release/2026.12");
        s.settle_for(1).await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        assert_eq!(phase(s), "Go/no-go");
    })
    .await;
}

#[tokio::test]
async fn t15_a_release_whose_milestone_was_closed_or_renamed_unheard_does_not_go_out() {
    for renamed in [false, true] {
        scenario(async |s| {
            a_train_with_branches(s).await;
            both_sign(s).await;
            s.pass(60);
            let issues = s.github().issues(WEB);
            let milestone = issues.iter().find_map(|issue| issue["milestone"]["number"].as_u64()).unwrap();
            if renamed {
                s.by("rosa").rename_milestone(WEB, milestone, "2027.01");
            } else {
                s.by("rosa").close_milestone(WEB, milestone);
            }
            s.github().take_deliveries();
            let run = s.by("sam").dispatch(WEB, &["production"], "release/2026.12");
            s.settle_for(1).await;
            assert_ne!(stands(s, run), "in_progress -", "{}", said(s, run));
        })
        .await;
    }
}

/// A promotion into `production` of what Lee approved and Ana merged: the change request, its pull request and its review, and the head.
async fn to_be_promoted(s: &Scene) -> (Numbered, Numbered, u64, String) {
    promotes(s, PROMOTED).await;
    let issue = s.accepted("Export").await;
    let pull = s.pull_request(WEB, "export", &format!("Closes #{}", issue.number)).await;
    let review = s.by("lee").review(pull.at, Verdict::Approve, "");
    s.settle().await;
    s.by("ana").merge(pull.at);
    s.settle().await;
    (issue, pull.at, review, s.github().head(WEB, "main").unwrap())
}

#[tokio::test]
async fn t15_a_promotion_of_what_was_changed_unheard_is_not_said_to_be_well() {
    for what in ["its label taken off", "its approval dismissed", "its link taken away"] {
        scenario(async |s| {
            let (issue, pull, review, head) = to_be_promoted(s).await;
            unheard(s, || match what {
                "its label taken off" => s.by("tess").unlabel(issue, "change-request"),
                "its approval dismissed" => s.by("rosa").dismiss_review(pull, review),
                _ => s.by("rosa").edit_issue(pull, Edit { title: None, body: Some("No change request.") }),
            })
            .await;
            let entry = Entry { head: "main", base: "production", title: "Go live", body: "", draft: false };
            s.by("rosa").open_pull_request(WEB, entry);
            s.settle_for(1).await;
            assert!(!s.release_check(&head).starts_with("success"), "{what}: {}", s.release_check(&head));
            assert!(!s.release_check(&head).is_empty(), "{what}");
        })
        .await;
    }
}

#[tokio::test]
async fn t16_an_old_comment_that_somebody_edits_into_a_signature_signs_nothing() {
    scenario(async |s| {
        a_train_with_branches(s).await;
        let (record, now) = (record(s), revision(s));
        let comment = s.by("quinn").comment(record, "Looking at it.");
        s.settle().await;
        s.by("rosa").edit_comment(WEB, comment, &format!("/approve qa {now}"));
        s.settle().await;
        for noise in ["> /approve qa", "`/approve qa`", "```\n/approve qa\n```", "<!-- /approve qa -->"] {
            s.pass(61);
            s.by("quinn").comment(record, noise);
        }
        s.settle().await;
        assert_eq!(phase(s), "Go/no-go");
        assert!(text(s).contains("| `qa` | nobody yet |"), "{}", text(s));
    })
    .await;
}

#[tokio::test]
async fn t17_an_issue_that_is_made_to_look_like_a_control_record_is_none() {
    scenario(async |s| {
        a_train_with_branches(s).await;
        let (ours, now) = (text(s), revision(s));
        let forged = s.by("sam").open_issue(WEB, "Release 2026.12", &ours);
        s.settle().await;
        s.by("quinn").comment(forged, &format!("/approve qa {now}"));
        s.by("rosa").comment(forged, &format!("/approve release-manager {now}"));
        s.settle().await;
        assert_eq!(phase(s), "Go/no-go");
        assert_eq!(s.github().issue(forged)["body"], ours.as_str(), "theirs is not touched");
        assert_eq!(s.sentences(forged).len(), 0);
    })
    .await;
}

#[tokio::test]
async fn t17_a_defaced_control_record_is_put_right_and_what_it_said_counts_for_nothing() {
    scenario(async |s| {
        a_train_with_branches(s).await;
        let before = text(s);
        let defaced = before.replace("nobody yet", "[quinn](https://github.com/quinn)");
        s.by("ana").edit_issue(record(s), Edit { title: None, body: Some(&defaced) });
        s.settle().await;
        assert_eq!((text(s), phase(s).as_str()), (before, "Go/no-go"));
        locked(s).await;
        assert_eq!(phase(s), "Go/no-go");
    })
    .await;
}

/// How often an echo answers: so many times it is heard at once.
const ROUNDS: usize = 1_000;
const AT_ONCE: usize = 50;

#[tokio::test]
async fn t18_an_echo_of_a_thousand_rounds_gets_one_answer_at_most() {
    scenario(async |s| {
        s.github().add_bot("echo[bot]");
        let issue = s.change_request("Export").await;
        s.by("sam").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(answers(s, issue), 2, "the status, and a word to Sam");
        let said = s.sentences(issue).join("\n");
        for _ in 0..ROUNDS / AT_ONCE {
            for _ in 0..AT_ONCE {
                s.by("echo[bot]").comment(issue, &format!("{said}\n/accept\n/status\n/help"));
            }
            s.settle().await;
        }
        assert_eq!(answers(s, issue), 2);
        assert_eq!(s.stage_of("Export").await, "requested");
    })
    .await;
}

#[tokio::test]
async fn t18_a_machine_that_poses_as_a_person_is_answered_ten_times_an_hour_at_most() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        for _ in 0..4 {
            for _ in 0..10 {
                s.by("sam").comment(issue, "/accept");
            }
            s.settle().await;
        }
        assert!(s.sentences(issue).len() <= 10, "{}", s.sentences(issue).len());
    })
    .await;
    scenario(async |s| {
        a_train_with_branches(s).await;
        let record = record(s);
        for _ in 0..4 {
            for _ in 0..10 {
                s.by("sam").comment(record, "/lock");
            }
            s.settle().await;
        }
        assert!(s.sentences(record).len() <= 10, "{}", s.sentences(record).len());
    })
    .await;
}

#[tokio::test]
async fn t18_whoever_may_not_is_answered_ten_times_an_hour_on_each_issue_and_every_time_with_a_reaction() {
    for what in ["/adopt 1040df0 because", "/freeze", "/delegate nobody", "/emergency now"] {
        scenario(async |s| {
            let on_demand = what == "/emergency now";
            let on = if on_demand {
                s.pull_request(WEB, "export", "No change request.").await.at
            } else {
                s.by("sam").open_issue(WEB, "Talk", "About this and that.")
            };
            let mut comments = vec![];
            for _ in 0..4 {
                comments.extend((0..5).map(|_| s.by("sam").comment(on, what)));
                s.settle().await;
            }
            let said = s.sentences(on);
            assert_eq!(said.len(), 10, "{what}: {said:?}");
            for comment in comments {
                assert_eq!(s.reactions(on, comment), serde_json::json!(["confused"]), "{what}");
            }
            s.pass(3_600);
            s.by("sam").comment(on, what);
            s.settle().await;
            assert_eq!(s.sentences(on).len(), 11, "{what}: the next hour has room");
        })
        .await;
    }
}

/// Olga proposes from her fork what closes an accepted issue; the pull request, and its head.
async fn proposed_from_a_fork(s: &Scene) -> (Numbered, String) {
    ships_continuously(s).await;
    s.github().add_user("olga");
    s.github().make_public(WEB);
    s.github().add_fork(WEB, "olga/web");
    let issue = s.accepted("Export").await;
    let head = s.by("olga").push("olga/web", "main", &[("fork.txt", "fork")], "Fork it");
    let body = format!("Closes #{}", issue.number);
    let entry = Entry { head: "olga/web:main", base: "main", title: "Fork", body: &body, draft: false };
    (s.by("olga").open_pull_request(WEB, entry), head)
}

#[tokio::test]
async fn t19_what_is_called_by_another_name_than_that_of_a_branch_deploys_nothing() {
    scenario(async |s| {
        let (pull, head) = proposed_from_a_fork(s).await;
        s.pass(120);
        s.by("lee").review(pull, Verdict::Approve, "");
        s.settle().await;
        // A commit that only a fork has reached the repository with its pull request, and no branch of it holds it.
        let run = deploys(s, "ana", &head).await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert!(said(s, run).contains("Denied"), "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn t19_a_run_of_a_pull_request_deploys_nothing_although_it_comes_from_the_default_branch() {
    scenario(async |s| {
        ships_continuously(s).await;
        s.by("rosa").create_branch(WEB, "side", "main");
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let entry = Entry { head: "main", base: "side", title: "Catch up", body: "", draft: false };
        let pull = s.by("ana").open_pull_request(WEB, entry);
        s.settle().await;
        // It names `main` and what was approved there, and builds what `side` would be.
        let run = s.by("ana").run_for_pull_request(pull, &["production"]);
        s.settle().await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert_snapshot!(said(s, run), @r"
        **Denied:** 1 of 8 rules not met.
        - The run belongs to a pull request, and builds what merging it would make (`refs/pull/N/merge`): no branch or tag holds that. **Cure:** merge the pull request, and deploy from a branch of this repository.
        ");
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn t19_a_run_of_a_fork_deploys_nothing_and_nor_does_it_when_the_fork_is_deleted() {
    scenario(async |s| {
        let (pull, _) = proposed_from_a_fork(s).await;
        s.settle().await;
        let run = s.by("olga").run_for_pull_request(pull, &["production"]);
        s.settle().await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert_snapshot!(said(s, run), @r"
        **Denied:** 2 of 8 rules not met.
        - The run belongs to a fork, and forks deploy nothing. **Cure:** merge the pull request, and deploy from a branch of this repository.
        - `904e536` “Fork it” by [olga](https://github/olga) came with no merged pull request. **Cure:** a release manager ([rosa](https://github/rosa)) comments `/adopt 904e5364f35328f0ae632d207c2ff5c178f57676 WHY`; or it is taken off the branch and comes back with a pull request.
        ");
        s.github().delete_repository("olga/web");
        s.by("ana").rerun(WEB, run);
        s.by("lee").review(pull, Verdict::Approve, "");
        s.settle().await;
        assert_eq!(s.github().pull_request(pull)["head"]["repo"], serde_json::Value::Null);
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert!(
            said(s, run).contains("The run belongs to a fork, and forks deploy nothing."),
            "{}",
            said(s, run)
        );
    })
    .await;
}
