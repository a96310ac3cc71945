//! A job that deploys waits for our rule: what it brings, what stands in the way, and what lets it through.

use changegate::sandbox::{CloseReason, Edit, Entry, Numbered, Verdict};

use crate::support::{Scene, assert_snapshot, scenario};

pub(super) const WEB: &str = "acme/web";

/// `acme/web` ships continuously: what is merged goes out when it has passed by itself.
pub(super) const CONTINUOUS: &str = "
repositories:
  - { match: acme/web, ship: continuous, change: issue }
environments:
  production:
    names: [production]
    from: { branches: [default] }
    require:
      - range: traced
      - change: accepted
    continuous:
      - approvals: { review: 1 }
";

pub(super) async fn ships_continuously(s: &Scene) {
    s.policy(CONTINUOUS).await;
    s.by("rosa").protect(WEB, "production", true, true);
    s.settle().await;
}

/// Ana builds what an issue asks for, Lee approves it, Ana merges it.
pub(super) async fn built(s: &Scene, branch: &str, issue: u64) {
    let pull = s.pull_request(WEB, branch, &format!("Closes #{issue}")).await;
    s.by("lee").review(pull.at, Verdict::Approve, "");
    s.settle().await;
    s.by("ana").merge(pull.at);
    s.settle().await;
}

pub(super) async fn deploys(s: &Scene, login: &str, reference: &str) -> u64 {
    let run = s.by(login).dispatch(WEB, &["production"], reference);
    s.settle().await;
    run
}

/// Status and conclusion of a run.
pub(super) fn stands(s: &Scene, run: u64) -> String {
    let run = s.github().run(WEB, run);
    let word = |name: &str| run[name].as_str().unwrap_or("-").to_owned();
    format!("{} {}", word("status"), word("conclusion"))
}

pub(super) fn said(s: &Scene, run: u64) -> String {
    s.readable(s.github().notes(WEB, run, "production").last().map_or("", String::as_str))
}

#[tokio::test]
async fn what_has_passed_by_itself_goes_out_without_anybody_being_asked() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"**Allowed:** 8 of 8 rules met.");
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_came_with_no_pull_request_stands_in_the_way_until_a_release_manager_adopts_it() {
    scenario(async |s| {
        ships_continuously(s).await;
        let anywhere = s.by("sam").open_issue(WEB, "Quick", "");
        let sha = s.by("ana").push(WEB, "main", &[("quick.txt", "quick")], "Quick fix");
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Denied:** 1 of 8 rules not met.
        - `dcf3ee4` “Quick fix” by [ana](https://github/ana) came with no merged pull request. **Cure:** a release manager ([rosa](https://github/rosa)) comments `/adopt dcf3ee4d5cf440bedb4eb0dadd9b94c1a502201f WHY`; or it is taken off the branch and comes back with a pull request.
        ");
        s.by("ana").comment(anywhere, &format!("/adopt {sha} because I say so"));
        s.by("rosa").comment(anywhere, "/adopt dcf3ee4 too short");
        s.settle().await;
        assert_snapshot!(s.sentences(anywhere).join("\n"), @"
        @ana wrote `/adopt`; only a release manager (rosa) answers for a commit without a pull request.
        @rosa wrote `/adopt`; it takes the whole hash of a commit (40 digits) and a reason behind it.
        ");
        s.by("ana").rerun(WEB, run);
        s.settle().await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        s.by("rosa").comment(anywhere, &format!("/adopt {sha} the shop was down"));
        s.settle().await;
        s.by("ana").rerun(WEB, run);
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn a_change_that_nobody_accepted_waits_and_goes_out_when_it_is_accepted() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -");
        assert_snapshot!(said(s, run), @"
        **Waiting:** 1 of 9 rules not met yet.
        - [#1](https://github/acme/web/issues/1) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there.
        ");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn a_branch_that_nobody_may_deploy_from_is_refused() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.accepted("Export").await;
        let pull = s.pull_request(WEB, "export", &format!("Closes #{}", issue.number)).await;
        let run = deploys(s, "ana", "export").await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Denied:** 2 of 8 rules not met.
        - It comes from `export`. **Cure:** deploy from the default branch.
        - `1040df0` “Build export” by [ana](https://github/ana) came with no merged pull request. **Cure:** a release manager ([rosa](https://github/rosa)) comments `/adopt 1040df0d15004f110b8bdd00953b9bbd31c924f7 WHY`; or it is taken off the branch and comes back with a pull request.
        ");
        s.by("lee").review(pull.at, Verdict::Approve, "");
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn what_runs_is_where_the_next_range_begins_and_going_back_to_it_is_always_allowed() {
    scenario(async |s| {
        ships_continuously(s).await;
        let (first, second) = (s.accepted("Export").await, s.accepted("Import").await);
        built(s, "export", first.number).await;
        let before = s.github().head(WEB, "main").unwrap();
        let run = deploys(s, "ana", "main").await;
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        built(s, "import", second.number).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        s.by("ana").create_branch(WEB, "back", &before);
        s.policy(&CONTINUOUS.replace("[default]", "[default, back]")).await;
        let run = deploys(s, "ana", "back").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Allowed:** 3 of 3 rules met.
        - It goes back from `dc966f0` to `70a402a`, which was allowed here and deployed on 2 Nov 2026, 12:00 UTC.
        ");
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn of_two_that_wait_the_newer_goes_and_while_one_runs_the_next_waits() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let older = deploys(s, "ana", "main").await;
        let other = s.accepted("Import").await;
        built(s, "import", other.number).await;
        let newer = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, older), "completed failure", "{}", said(s, older));
        assert_eq!(stands(s, newer), "waiting -", "{}", said(s, newer));
        assert_snapshot!(said(s, older), @"
        **Denied:** 2 of 9 rules not met.
        - Run 1058 waits to deploy `856b870`, which is newer. **Cure:** let the newer one go; or cancel it, and run this one again.
        - [#1](https://github/acme/web/issues/1) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there.
        ");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(stands(s, newer), "in_progress -", "{}", said(s, newer));
        let next = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, next), "waiting -");
        assert_snapshot!(said(s, next), @"
        **Waiting:** 1 of 8 rules not met yet.
        - A deployment of `856b870` runs since 2 Nov 2026, 12:00 UTC. **Cure:** it goes on by itself when that one has ended.
        ");
        s.github().finish_run(WEB, newer, true);
        s.settle().await;
        assert_eq!(stands(s, next), "in_progress -", "{}", said(s, next));
    })
    .await;
}

#[tokio::test]
async fn an_administrator_who_starts_it_and_a_deployment_beside_it_leave_an_exception() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let run = deploys(s, "ana", "main").await;
        assert!(s.by("rosa").start_all_waiting(WEB, run));
        s.settle().await;
        let exceptions = s.exceptions(WEB);
        assert!(exceptions.contains("Deployed to production without an allow"), "{exceptions}");
    })
    .await;
}

#[tokio::test]
async fn where_nothing_is_enforced_it_is_let_through_at_once_and_says_what_would_have_been() {
    scenario(async |s| {
        s.policy(&format!("mode: advise\n{CONTINUOUS}")).await;
        s.by("rosa").protect(WEB, "production", true, true);
        let issue = s.change_request("Export").await;
        built(s, "export", issue.number).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Let through,** not enforced here: 1 of 9 rules would have stood in the way.
        - [#1](https://github/acme/web/issues/1) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there.
        ");
        assert_eq!(s.exceptions(WEB), "");
    })
    .await;
}

#[tokio::test]
async fn outside_the_window_it_waits_until_the_window_opens() {
    scenario(async |s| {
        let windowed = CONTINUOUS.replace("    require:", "    window: [\"Mon 12:30-16:00\"]\n    require:");
        s.policy(&windowed).await;
        s.by("rosa").protect(WEB, "production", true, true);
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -");
        assert_snapshot!(said(s, run), @"
        **Waiting:** 1 of 8 rules not met yet.
        - Closed until Mon 2 Nov 2026, 12:30 UTC (window Mon 12:30-16:00). **Cure:** nobody need do anything: it is judged again at that time.
        ");
        s.settle_for(30).await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn what_github_does_not_say_lets_nothing_through_and_is_asked_again() {
    use changegate::sandbox::{Fault, On};
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        for what in ["compare", "actions/runs"] {
            s.fault(On::rest("GET", &format!("/repos/acme/web/{what}")), Fault::ErrorBefore(500), 3);
            let run = deploys(s, "ana", "main").await;
            assert_eq!(stands(s, run), "waiting -", "{what}");
            s.settle_for(3).await;
            assert_eq!(stands(s, run), "in_progress -", "{what}: {}", said(s, run));
            s.github().finish_run(WEB, run, true);
            s.settle().await;
        }
    })
    .await;
}

/// What people do while no webhook arrives, and GitHub's record does not show it either.
pub(super) async fn unheard(s: &Scene, happens: impl FnOnce()) {
    s.settle().await;
    s.pass(5);
    happens();
    s.github().take_deliveries();
}

/// A change that has passed by itself and waits to go out.
pub(super) async fn ready(s: &Scene) -> (Numbered, Numbered, u64) {
    ships_continuously(s).await;
    let issue = s.accepted("Export").await;
    let pull = s.pull_request(WEB, "export", &format!("Closes #{}", issue.number)).await;
    let review = s.by("lee").review(pull.at, Verdict::Approve, "");
    s.settle().await;
    s.by("ana").merge(pull.at);
    s.settle().await;
    (issue, pull.at, review)
}

#[tokio::test]
async fn a_label_that_was_taken_off_unheard_lets_nothing_through() {
    scenario(async |s| {
        let (issue, ..) = ready(s).await;
        unheard(s, || s.by("tess").unlabel(issue, "change-request")).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Denied:** 1 of 9 rules not met.
        - [#1](https://github/acme/web/issues/1) “Export” is an ordinary issue. **Cure:** set the label `change-request` on [#1](https://github/acme/web/issues/1), or link a change request.
        ");
    })
    .await;
}

#[tokio::test]
async fn an_approval_that_was_dismissed_unheard_lets_nothing_through() {
    scenario(async |s| {
        let (_, pull, review) = ready(s).await;
        unheard(s, || s.by("lee").dismiss_review(pull, review)).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Waiting:** 1 of 8 rules not met yet.
        - `review` has 0 of 1 approvals of what was merged as [#2](https://github/acme/web/pull/2). **Cure:** somebody who wrote none of it approves [#2](https://github/acme/web/pull/2) in a review; GitHub takes one after the merge too.
        ");
        s.by("lee").review(pull, Verdict::Approve, "After all.");
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn a_change_that_was_withdrawn_unheard_lets_nothing_through() {
    scenario(async |s| {
        let (issue, ..) = ready(s).await;
        unheard(s, || {
            s.by("sam").reopen(issue);
            s.by("sam").close(issue, CloseReason::NotPlanned);
        })
        .await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Denied:** 1 of 9 rules not met.
        - [#1](https://github/acme/web/issues/1) was withdrawn by [sam](https://github/sam). **Cure:** link a change request that is accepted, or a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_description_that_was_edited_unheard_is_read_before_anything_goes_out() {
    scenario(async |s| {
        let (_, pull, _) = ready(s).await;
        let other = s.change_request("Something else").await;
        let body = format!("Change: #{}", other.number);
        unheard(s, || s.by("ana").edit_issue(pull, Edit { body: Some(&body), ..Edit::default() })).await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Waiting:** 1 of 9 rules not met yet.
        - [#3](https://github/acme/web/issues/3) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there.
        ");
        s.by("tess").comment(other, "/accept");
        s.settle_for(1).await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn a_pull_request_of_which_nothing_was_ever_heard_is_read_and_then_goes_out() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.accepted("Export").await;
        unheard(s, || {
            let ana = s.by("ana");
            ana.push(WEB, "export", &[("export.txt", "export")], "Build export");
            let body = format!("Closes #{}", issue.number);
            let entry = Entry { head: "export", title: "Build export", body: &body, ..Entry::default() };
            let pull = ana.open_pull_request(WEB, entry);
            s.by("lee").review(pull, Verdict::Approve, "");
            ana.merge(pull);
        })
        .await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        assert_eq!(s.github().notes(WEB, run, "production").len(), 1, "nobody was told that it was read");
    })
    .await;
}

#[tokio::test]
async fn while_github_does_not_show_what_it_rests_on_nothing_goes_out() {
    use changegate::sandbox::{Fault, On};
    scenario(async |s| {
        ready(s).await;
        s.fault(On::Graphql, Fault::ErrorBefore(502), u32::MAX);
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        s.github().clear_faults();
        s.settle_for(3).await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

/// Deployments are made from the default branch and from release branches.
const RELEASES: &str = "[default, \"release/*\"]";

/// What was merged and deployed before, and the commit that a later pull request brought to the default branch.
async fn picked_from(s: &Scene) -> String {
    s.policy(&CONTINUOUS.replace("[default]", RELEASES)).await;
    s.by("rosa").protect(WEB, "production", true, true);
    let (first, second) = (s.accepted("Export").await, s.accepted("Import").await);
    built(s, "export", first.number).await;
    let run = deploys(s, "ana", "main").await;
    s.github().finish_run(WEB, run, true);
    let runs = s.github().head(WEB, "main").unwrap();
    s.by("ana").create_branch(WEB, "release/1", &runs);
    s.settle().await;
    let pull = s.pull_request(WEB, "import", &format!("Closes #{}", second.number)).await;
    s.by("lee").review(pull.at, Verdict::Approve, "");
    s.settle().await;
    s.by("ana").merge(pull.at);
    s.settle().await;
    pull.head
}

#[tokio::test]
async fn a_commit_that_was_cherry_picked_and_pushed_belongs_to_the_pull_request_that_it_repeats() {
    scenario(async |s| {
        let picked = picked_from(s).await;
        s.by("lee").cherry_pick(WEB, &picked, "release/1", "release/1");
        s.settle().await;
        let run = deploys(s, "ana", "release/1").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"**Allowed:** 7 of 7 rules met.");
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_changes_more_than_the_one_it_names_belongs_to_nothing() {
    scenario(async |s| {
        let picked = picked_from(s).await;
        let files = [("import.txt", "import"), ("more.txt", "more")];
        let message = format!("Build import\n\n(cherry picked from commit {picked})");
        s.by("lee").push(WEB, "release/1", &files, &message);
        s.settle().await;
        let run = deploys(s, "ana", "release/1").await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Denied:** 1 of 7 rules not met.
        - `b971602` “Build import” by [lee](https://github/lee) came with no merged pull request: it says that it repeats `596bff8`, but it changes `more.txt` otherwise. **Cure:** a release manager ([rosa](https://github/rosa)) comments `/adopt b9716029971cf5b1a9fdec934986b81b5a76d13c WHY`; or it is taken off the branch and comes back with a pull request.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_takes_back_a_merged_one_and_was_pushed_goes_out() {
    scenario(async |s| {
        let undone = picked_from(s).await;
        s.by("lee").take_back(WEB, &undone, "main");
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        let message = format!("Revert \"Build export\"\n\nThis reverts commit {undone}.");
        s.by("lee").push(WEB, "main", &[("other.txt", "x")], &message);
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "completed failure", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn what_a_commit_changes_is_asked_again_where_github_does_not_say() {
    use changegate::sandbox::{Fault, On};
    scenario(async |s| {
        let picked = picked_from(s).await;
        s.by("lee").cherry_pick(WEB, &picked, "release/1", "release/1");
        s.settle().await;
        s.fault(On::rest("GET", "/repos/acme/web/commits/"), Fault::ErrorBefore(502), 4);
        let run = deploys(s, "ana", "release/1").await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        s.settle_for(3).await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
    })
    .await;
}

#[tokio::test]
async fn a_freeze_is_opened_and_lifted_in_one_comment_for_every_repository() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        let elsewhere = s.by("sam").open_issue("acme/billing", "Year end", "");
        s.by("ana").comment(elsewhere, "/freeze 2026-11-05 because I say so");
        s.by("rosa").comment(elsewhere, "/freeze soon");
        s.settle().await;
        assert_snapshot!(s.sentences(elsewhere).join("\n"), @r#"
        @ana wrote about a freeze; only a release manager (rosa) decides about freezes.
        @rosa wrote about a freeze; it takes until when (a day like 2027-01-04, with a time like 08:00 if you like; a length like 4 hours; or \`lifted\`) and a reason behind it.
        "#);
        s.by("rosa").comment(elsewhere, "/freeze 2026-11-05 08:00 quarter end");
        s.settle().await;
        let run = deploys(s, "ana", "main").await;
        assert_eq!(stands(s, run), "waiting -", "{}", said(s, run));
        assert_snapshot!(said(s, run), @"
        **Waiting:** 1 of 8 rules not met yet.
        - Closed until Thu 5 Nov 2026, 08:00 UTC (freeze “quarter end” by [rosa](https://github/rosa), lifted by release managers). **Cure:** it is judged again at that time, or when a release manager ([rosa](https://github/rosa)) lifts it with `/unfreeze WHY`.
        ");
        s.by("rosa").comment(elsewhere, "/unfreeze the books are closed");
        s.settle().await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}
