//! Files that say which images run: a pull request that moves one is judged by what lies between the commits that the old and the
//! new image were built from.

use changegate::sandbox::{Attestation, Entry, Numbered};
use serde_json::json;

use super::{
    deploying::{WEB, built},
    gate::{asked, call, decided, said},
};
use crate::support::{Pull, Scene, assert_snapshot, scenario};

const DEPLOY: &str = "acme/deploy";
const FILE: &str = "envs/prod/web.yaml";
const BOT: &str = "acme-release[bot]";

/// What `acme/deploy` says of production is synced; the images are built from `acme/web`.
const SYNCED: &str = r#"
repositories:
  - { match: [acme/web, acme/deploy], ship: continuous, change: issue }
environments:
  production:
    door: pipeline
    from: { branches: [default] }
    require:
      - range: traced
      - change: accepted
gitops: { repository: acme/deploy, paths: ["envs/prod/**"], images: { "ghcr.io/acme/web": acme/web } }
"#;

fn manifest(version: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n        - name: web\n          image: ghcr.io/acme/web{version}\n"
    )
}

fn at(sha: &str) -> String {
    manifest(&format!(":{sha}"))
}

/// Production runs what `main` of `acme/web` holds; that commit.
async fn synced(s: &Scene, policy: &str) -> String {
    let runs = s.github().head(WEB, "main").unwrap();
    s.github().add_repository(DEPLOY, &[("README.md", "# Here\n"), (FILE, &at(&runs))]);
    s.github().add_bot(BOT);
    s.settle().await;
    s.policy(policy).await;
    s.settle().await;
    runs
}

/// Somebody proposes what a file says.
async fn proposes(s: &Scene, login: &str, branch: &str, files: &[(&str, &str)]) -> Pull {
    s.by(login).commit(DEPLOY, branch, files, "Promote");
    opened(s, login, branch).await
}

async fn opened(s: &Scene, login: &str, branch: &str) -> Pull {
    let at = s.by(login).open_pull_request(DEPLOY, Entry { head: branch, title: branch, ..Entry::default() });
    s.settle().await;
    Pull { at, head: s.github().head(DEPLOY, branch).unwrap() }
}

/// Something is merged into `acme/web` that belongs to a change request; the commit, and the request.
async fn merged(s: &Scene, title: &str) -> (String, Numbered) {
    let issue = s.change_request(title).await;
    built(s, &title.to_lowercase(), issue.number).await;
    (s.github().head(WEB, "main").unwrap(), issue)
}

fn told(s: &Scene, head: &str) -> String {
    s.release_check_in(DEPLOY, head)
}

#[tokio::test]
async fn a_moved_image_is_judged_by_the_range_of_the_repository_that_it_is_built_from() {
    scenario(async |s| {
        synced(s, SYNCED).await;
        let (next, issue) = merged(s, "Export").await;
        let pull = proposes(s, BOT, "promote", &[(FILE, &at(&next))]).await;
        assert_snapshot!(told(s, &pull.head), @"in_progress: 1 of 7 rules not met: #1 is not accepted yet");
        assert_snapshot!(s.release_text_in(DEPLOY, &pull.head), @r"
        Merging deploys: this is judged as a deployment would be.

        | | rule | |
        |---|---|---|
        | ✓ pass | it comes from where deployments may come from | It comes from `main`. |
        | ✓ pass | no other deployment is in its way | No other deployment runs. |
        | ✓ pass | every commit came with a merged pull request | 2 commits since `67673c4`, all from merged pull requests. |
        | ✓ pass | linked to a change request | [#1](https://github/acme/web/issues/1) |
        | … waiting | the change request is accepted | [#1](https://github/acme/web/issues/1) waits in triage since 2 Nov 2026, 12:00 UTC. **Cure:** a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept` there. |
        | ✓ pass | inside the change window | The policy names no window: any time is allowed. |
        | ✓ pass | outside every freeze | Nothing is frozen. |

        It is judged again by itself when any of this changes.
        ");
        assert_snapshot!(s.check_text(DEPLOY, &pull.head), @r"
        | | rule | |
        |---|---|---|
        | ✓ pass | a standard change | It moves nothing but versions of images, and is written by `acme-release[bot]`; what they bring is judged by `changegate/release`. |
        ");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(told(s, &pull.head), @"success: 6 of 6 rules met");
        s.by("rosa").merge(pull.at);
        s.settle().await;
        assert_eq!(s.exceptions(DEPLOY), "");
    })
    .await;
}

#[tokio::test]
async fn what_was_pushed_to_the_source_without_a_pull_request_stands_in_the_way_of_its_image() {
    scenario(async |s| {
        synced(s, SYNCED).await;
        let quick = s.by("ana").push(WEB, "main", &[("quick.txt", "quick")], "Quick fix");
        s.settle().await;
        let pull = proposes(s, BOT, "promote", &[(FILE, &at(&quick))]).await;
        assert_snapshot!(told(s, &pull.head), @"failure: 1 of 6 rules not met: `edd4142` came with no merged pull request");
        let aside = s.by("ana").push(WEB, "aside", &[("aside.txt", "aside")], "Aside");
        s.settle().await;
        let pull = proposes(s, BOT, "aside", &[(FILE, &at(&aside))]).await;
        assert_snapshot!(told(s, &pull.head), @"failure: 3 of 7 rules not met: no branch or tag may not be deployed here, and 2 more");
    })
    .await;
}

#[tokio::test]
async fn what_an_image_was_built_from_is_never_guessed() {
    scenario(async |s| {
        let runs = synced(s, SYNCED).await;
        s.expect_refusals();
        let mut seen = vec![];
        for (branch, text) in [
            ("latest", manifest(":latest")),
            ("bare", manifest("")),
            ("nowhere", at(&"0".repeat(40))),
            ("short", at(&runs[..12])),
            ("digest", manifest(&format!("@sha256:{}", "a".repeat(64)))),
            ("twice", format!("{}---\n{}", at(&"1".repeat(40)), at(&"2".repeat(40)))),
            ("hidden", format!("{}data: \"run ghcr.io/acme/web:evil\"\n", at(&runs))),
            ("broken", format!("{}\t{{{{ ghcr.io }}}}", at(&"1".repeat(40)))),
        ] {
            let pull = proposes(s, BOT, branch, &[(FILE, &text)]).await;
            seen.push(format!("{branch}: {}", told(s, &pull.head)));
        }
        assert_snapshot!(seen.join("\n"), @r"
        latest: failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known
        bare: failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known
        nowhere: failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known
        short: failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known
        digest: failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known
        twice: failure: 2 of 8 rules not met: several versions of `ghcr.io/acme/web` come at once, and 1 more
        hidden: in_progress: 2 of 8 rules not met or not known yet: #7 belongs to no change request, and 1 more
        broken: in_progress: 2 of 8 rules not met or not known yet: #8 belongs to no change request, and 1 more
        ");
    })
    .await;
}

#[tokio::test]
async fn other_lines_are_changes_of_the_repository_that_they_are_in() {
    scenario(async |s| {
        let runs = synced(s, SYNCED).await;
        let more = at(&runs).replace("replicas: 2", "replicas: 3");
        let pull = proposes(s, BOT, "more", &[(FILE, &more)]).await;
        assert_snapshot!(s.check_in(DEPLOY, &pull.head), @"failure: 1 of 1 rules not met: #1 belongs to no change request");
        assert_snapshot!(told(s, &pull.head), @"failure: 1 of 7 rules not met: #1 belongs to no change request");
        let (next, issue) = merged(s, "Export").await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        let both = at(&next).replace("replicas: 2", "replicas: 3");
        let pull = proposes(s, BOT, "both", &[(FILE, &both)]).await;
        assert_snapshot!(s.check_in(DEPLOY, &pull.head), @"failure: 1 of 1 rules not met: #2 belongs to no change request");
        assert_snapshot!(told(s, &pull.head), @"failure: 1 of 13 rules not met: #2 belongs to no change request");
        let elsewhere = proposes(s, "ana", "readme", &[("README.md", "# There\n")]).await;
        assert_eq!(told(s, &elsewhere.head), "");
        let renamed = at(&next).replace("acme/web", "evil/web");
        let pull = proposes(s, BOT, "renamed", &[(FILE, &renamed)]).await;
        assert_snapshot!(s.check_in(DEPLOY, &pull.head), @"failure: 1 of 1 rules not met: #4 belongs to no change request");
        assert_snapshot!(told(s, &pull.head), @"failure: 1 of 7 rules not met: #4 belongs to no change request");
    })
    .await;
}

#[tokio::test]
async fn only_what_bots_write_is_standard_without_a_change_request() {
    scenario(async |s| {
        synced(s, SYNCED).await;
        let (next, _) = merged(s, "Export").await;
        let mut seen = vec![];
        let human = proposes(s, "ana", "human", &[(FILE, &at(&next))]).await;
        s.by(BOT).push(DEPLOY, "unsigned", &[(FILE, &at(&next))], "Promote");
        let unsigned = opened(s, BOT, "unsigned").await;
        s.by(BOT).commit(DEPLOY, "helped", &[(FILE, &at(&next))], "Promote");
        s.by("ana").commit(DEPLOY, "helped", &[(FILE, &at(&next))], "Help");
        let helped = opened(s, BOT, "helped").await;
        for pull in [human, unsigned, helped] {
            let text = s.check_text(DEPLOY, &pull.head).replace(&pull.head[..7], "HEAD");
            let line = text.lines().nth(2).unwrap_or_default().to_owned();
            seen.push(line.split(" **Cure").next().unwrap_or_default().to_owned());
        }
        assert_snapshot!(seen.join("\n"), @r"
        | ✗ not met | linked to a change request | It belongs to no change request. It moves nothing but images, and is no standard change: `ana` wrote a part of it, and is no App of its own.
        | ✗ not met | linked to a change request | It belongs to no change request. It moves nothing but images, and is no standard change: no signature that GitHub has verified says who wrote `HEAD`.
        | ✗ not met | linked to a change request | It belongs to no change request. It moves nothing but images, and is no standard change: `ana` wrote a part of it, and is no App of its own.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_freeze_closes_what_was_open_at_the_moment_when_it_begins() {
    scenario(async |s| {
        let freezes = "freezes: [{ name: year end, from: 2026-11-02 12:30, to: 2026-11-02 13:00 }]\n";
        synced(s, &format!("{SYNCED}{freezes}")).await;
        let (next, issue) = merged(s, "Export").await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        let pull = proposes(s, BOT, "promote", &[(FILE, &at(&next))]).await;
        assert_snapshot!(told(s, &pull.head), @"success: 6 of 6 rules met");
        s.settle_for(30).await;
        assert_snapshot!(told(s, &pull.head), @"in_progress: 1 of 6 rules not met: closed until Mon 2 Nov 2026, 13:00 UTC (freeze “year end”)");
        s.settle_for(31).await;
        assert_snapshot!(told(s, &pull.head), @"success: 6 of 6 rules met");
        s.by("rosa").comment(issue, "/freeze 2 hours the books are closed");
        s.settle().await;
        assert_snapshot!(told(s, &pull.head), @"in_progress: 1 of 6 rules not met: closed until Mon 2 Nov 2026, 15:02 UTC (freeze “the books are closed” by @rosa)");
    })
    .await;
}

#[tokio::test]
async fn what_is_merged_in_spite_of_the_check_leaves_an_exception() {
    scenario(async |s| {
        synced(s, SYNCED).await;
        let (next, _) = merged(s, "Export").await;
        let pull = proposes(s, BOT, "promote", &[(FILE, &at(&next))]).await;
        s.by("rosa").merge(pull.at);
        s.settle().await;
        assert_snapshot!(s.exceptions(DEPLOY), @r"
        open: Merged to production without an allow: 404db8b

        [#1](https://github/acme/deploy/pull/1) was merged into `main`, which moves `ghcr.io/acme/web` of acme/web from `67673c4cac6c05ee5e417b9a688f31e954e96f9c` to `1097592e7479120f570bc46894eb9f1d1c360c35` in `production`, and the check `changegate/release` had not allowed it. What the branch holds is taken as what runs: the next promotion is compared with it.

        What usually leads to it:
        - the check is not required on `main`, or not from this App,
        - an administrator merged in spite of it.

        Find out which it was, write it here, and close this issue when it cannot happen again.
        ");
    })
    .await;
}

#[tokio::test]
async fn what_its_branch_has_changed_meanwhile_is_not_moved_unseen() {
    scenario(async |s| {
        synced(s, SYNCED).await;
        let (first, issue) = merged(s, "Export").await;
        s.by("tess").comment(issue, "/accept");
        let (second, issue) = merged(s, "Import").await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        let early = proposes(s, BOT, "early", &[(FILE, &at(&second))]).await;
        assert_snapshot!(told(s, &early.head), @"success: 6 of 6 rules met");
        let other = proposes(s, BOT, "other", &[(FILE, &at(&first))]).await;
        s.by("rosa").merge(other.at);
        s.settle().await;
        assert_snapshot!(told(s, &early.head), @"failure: 1 of 1 rules not met: the files were changed on its branch meanwhile");
    })
    .await;
}

#[tokio::test]
async fn a_sync_asks_before_it_begins_and_its_report_is_what_the_next_one_is_compared_with() {
    scenario(async |s| {
        synced(s, SYNCED).await;
        s.expect_refusals();
        let (next, issue) = merged(s, "Export").await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        let pull = proposes(s, BOT, "promote", &[(FILE, &at(&next))]).await;
        s.by("rosa").merge(pull.at);
        s.settle().await;
        let freeze = s.by("sam").open_labelled_issue(DEPLOY, "Quarter end", "", &[]);
        s.by("rosa").comment(freeze, "/freeze 2 hours the books are closed");
        s.settle().await;
        let denied = decided(s, &asked(s, "7")).await;
        assert_snapshot!(said(&denied), @"pending freeze");
        s.by("rosa").comment(freeze, "/unfreeze they are open");
        s.settle().await;
        s.settle().await;
        let view = decided(s, &asked(s, "7")).await;
        assert_eq!(said(&view), "allow", "{:?}", view.findings);
        for state in ["started", "succeeded"] {
            let report = json!({ "repository": WEB, "environment": "production", "sha": next,
                "pipeline": "jenkins", "run_id": "7", "state": state });
            let (status, answer) =
                call(s, http::Request::post("/api/v1/deployments"), report.to_string()).await;
            assert_eq!(status, 202, "{answer}");
            s.settle().await;
        }
        assert_eq!(s.exceptions(WEB), "");
        let (later, issue) = merged(s, "Import").await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_eq!(decided(s, &asked(s, "9")).await.baseline, Some(next));
        let unknown = proposes(s, BOT, "unknown", &[("envs/prod/other.yaml", &at(&later))]).await;
        assert_snapshot!(told(s, &unknown.head), @"failure: 1 of 13 rules not met: #3 belongs to no change request");
    })
    .await;
}

/// A digest of which every digit is this.
fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

#[tokio::test]
async fn a_digest_is_what_a_workflow_of_the_source_has_signed_that_it_was_built_from() {
    scenario(async |s| {
        let runs = synced(s, SYNCED).await;
        s.expect_refusals();
        let (next, issue) = merged(s, "Export").await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        let aside = s.by("ana").push(WEB, "aside", &[("aside.txt", "aside")], "Aside");
        s.settle().await;
        let attest = |digit, commit: &str, ran_at: &str, strange| {
            let digest = digest(digit);
            s.github().attest(WEB, Attestation { digest: &digest, commit, ran_at, strange });
        };
        attest('a', &next, &next, false);
        attest('b', &next, &aside, false);
        attest('c', &next, &next, true);
        attest('d', &next, &next, false);
        attest('d', &runs, &runs, false);
        let mut seen = vec![];
        for digit in ['a', 'b', 'c', 'd', 'e'] {
            let text = manifest(&format!(":latest@{}", digest(digit)));
            let pull = proposes(s, BOT, &format!("promote-{digit}"), &[(FILE, &text)]).await;
            seen.push(format!("{digit}: {}", told(s, &pull.head)));
        }
        s.github().attest(
            "acme/billing",
            Attestation { digest: &digest('f'), commit: &next, ran_at: &next, strange: false },
        );
        let text = manifest(&format!("@{}", digest('f')));
        let pull = proposes(s, BOT, "promote-f", &[(FILE, &text)]).await;
        seen.push(format!("of another repository: {}", told(s, &pull.head)));
        assert_snapshot!(seen.join("\n"), @r"
        a: success: 6 of 6 rules met
        b: failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known
        c: failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known
        d: failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known
        e: failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known
        of another repository: failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known
        ");
    })
    .await;
}

#[tokio::test]
async fn a_push_straight_to_what_is_synced_is_an_exception_and_any_other_is_none() {
    scenario(async |s| {
        synced(s, SYNCED).await;
        s.by("ana").push(DEPLOY, "main", &[("README.md", "# There\n")], "Say more");
        s.settle_for(2).await;
        assert_eq!(s.exceptions(DEPLOY), "");
        let (next, issue) = merged(s, "Export").await;
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        let pull = proposes(s, BOT, "promote", &[(FILE, &at(&next))]).await;
        s.by("rosa").merge(pull.at);
        s.settle_for(2).await;
        assert_eq!(s.exceptions(DEPLOY), "", "it came with a pull request");
        s.by("ana").push(DEPLOY, "main", &[(FILE, &manifest(":evil"))], "Quick");
        s.settle_for(2).await;
        assert_snapshot!(s.exceptions(DEPLOY), @r"
        open: Pushed straight to what runs: 2a8b738

        [`2a8b738`](https://github/acme/deploy/commit/2a8b738161131f06d302fbee664021371f5ab84c) came to `main` with no merged pull request, and touches files that say which images run. Whatever syncs them takes what they say now.

        What usually leads to it:
        - the branch takes pushes without a pull request, or from an App that may pass by that rule,
        - an administrator pushed in spite of it.

        See that what runs is what should run: revert it in a pull request, or have it judged by one that says the same. Find out which it was, write it here, and close this issue when it cannot happen again.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_tag_counts_while_the_source_keeps_it_from_being_moved() {
    scenario(async |s| {
        synced(s, SYNCED).await;
        let (_, issue) = merged(s, "Export").await;
        s.by("tess").comment(issue, "/accept");
        s.by("rosa").create_tag(WEB, "v2", "main");
        s.settle().await;
        let pull = proposes(s, BOT, "tagged", &[(FILE, &manifest(":v2"))]).await;
        assert_snapshot!(told(s, &pull.head), @"failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known");
        s.github().keep_tags(WEB, "refs/tags/v*");
        let kept = proposes(s, BOT, "kept", &[(FILE, &manifest(":v2"))]).await;
        assert_snapshot!(told(s, &kept.head), @"success: 6 of 6 rules met");
        let other = proposes(s, BOT, "other", &[(FILE, &manifest(":v3"))]).await;
        assert_snapshot!(told(s, &other.head), @"failure: 1 of 1 rules not met: what `ghcr.io/acme/web` was built from is not known");
    })
    .await;
}

const LABELS: [&str; 2] = ["org.opencontainers.image.revision", "org.opencontainers.image.source"];

/// The line of a check that says what an image was built from; addresses that differ each time are left out.
fn source_line(s: &Scene, pull: &Pull) -> String {
    let text = s.release_text_in(DEPLOY, &pull.head).replace(s.github().registry(), "registry");
    let line = text.lines().find(|line| line.contains("was built from is known")).unwrap_or_default();
    line.to_owned()
}

#[tokio::test]
async fn an_image_that_nobody_has_signed_is_what_its_label_says_where_the_policy_accepts_that() {
    scenario(async |s| {
        s.expect_refusals();
        let image = format!("{}/acme/web", s.github().registry());
        let file = |version: &str| manifest(version).replace("ghcr.io/acme/web", &image);
        let runs = s.github().head(WEB, "main").unwrap();
        s.github().add_repository(DEPLOY, &[(FILE, &file(&format!(":{runs}")))]);
        s.github().add_bot(BOT);
        s.settle().await;
        s.policy(&SYNCED.replace("ghcr.io/acme/web", &image).replace("web } }", "web }, label: accepted }"))
            .await;
        let (next, issue) = merged(s, "Export").await;
        let [here, elsewhere] = [WEB, "acme/billing"].map(|name| format!("{}/{name}", s.github().web_url()));
        let push = |revision: &str, source: &str| {
            s.github().push_image(&[(LABELS[0], revision), (LABELS[1], source)])
        };
        let digest = push(&next, &here);
        let promoted = file(&format!("@{digest}"));
        let pull = proposes(s, BOT, "promote", &[(FILE, &promoted)]).await;
        assert_snapshot!(told(s, &pull.head), @"in_progress: 1 of 8 rules not met: #1 is not accepted yet");
        s.by("tess").comment(issue, "/accept");
        s.settle().await;
        assert_snapshot!(told(s, &pull.head), @"success: 7 of 7 rules met");
        assert_snapshot!(source_line(s, &pull).replace(&digest, "DIGEST"), @"| ✓ pass | what the image was built from is known | What `DIGEST` was built from is said by its label alone, and nobody has signed that; the policy accepts it (`gitops.label`). |");
        let mut seen = vec![];
        for (branch, digest) in [
            ("elsewhere", push(&next, &elsewhere)),
            ("short", push(&next[..12], &here)),
            ("nowhere", format!("sha256:{}", "a".repeat(64))),
        ] {
            let pull = proposes(s, BOT, branch, &[(FILE, &file(&format!("@{digest}")))]).await;
            seen.push(s.readable(&source_line(s, &pull)).replace(&next[..12], "SHORT"));
        }
        assert_snapshot!(seen.join("\n"), @r"
        | ✗ not met | what the image was built from is known | The label of `registry/acme/web` says that it was built from `https://github/acme/billing`, and not from acme/web. **Cure:** correct `gitops.images`, or let the build set `org.opencontainers.image.source` to the address of acme/web. |
        | ✗ not met | what the image was built from is known | The label of `registry/acme/web` names `SHORT`, which is no whole hash of a commit. **Cure:** let the build set `org.opencontainers.image.revision` to the whole hash of the commit; or let the workflow that builds it attest its provenance (`actions/attest-build-provenance`). |
        | … not known | what the image was built from is known | The label of `registry/acme/web` could not be read: registry has no such image, or does not show it to us (404). **Cure:** it is read again by itself; whoever runs the server says which registries may be asked (`CHANGEGATE_REGISTRY_HOSTS`), as whom (`CHANGEGATE_REGISTRY_LOGIN_FILE`), and whether in private networks (`CHANGEGATE_REGISTRY_PRIVATE`). |
        ");
        s.by("rosa").merge(pull.at);
        s.settle().await;
        assert_eq!(s.exceptions(DEPLOY), "");
    })
    .await;
}

#[tokio::test]
async fn a_label_counts_for_nothing_where_the_policy_does_not_say_so_and_no_registry_is_asked_that_the_server_may_not()
 {
    scenario(async |s| {
        let runs = synced(s, SYNCED).await;
        let unsigned = s.github().push_image(&[(LABELS[0], &runs)]);
        s.expect_refusals();
        let file = manifest(&format!("@{unsigned}"));
        let pull = proposes(s, BOT, "ignored", &[(FILE, &file)]).await;
        assert_snapshot!(source_line(s, &pull).replace(&unsigned, "DIGEST"), @"| ✗ not met | what the image was built from is known | No workflow of acme/web has signed what `ghcr.io/acme/web` with the digest `DIGEST` was built from. **Cure:** let the workflow that builds it attest its provenance (`actions/attest-build-provenance`), or name the image by a tag that is the whole hash of its commit; or let the policy accept what its label says (`gitops.label`). |");
        s.policy(&SYNCED.replace("web } }", "web }, label: accepted }")).await;
        s.settle().await;
        assert_snapshot!(source_line(s, &pull), @"| … not known | what the image was built from is known | The label of `ghcr.io/acme/web` could not be read: ghcr.io is no registry that this server may ask. **Cure:** it is read again by itself; whoever runs the server says which registries may be asked (`CHANGEGATE_REGISTRY_HOSTS`), as whom (`CHANGEGATE_REGISTRY_LOGIN_FILE`), and whether in private networks (`CHANGEGATE_REGISTRY_PRIVATE`). |");
        s.settle_for(11).await;
        assert_snapshot!(told(s, &pull.head), @"action_required: 1 of 1 rules not known yet: what `ghcr.io/acme/web` was built from is not known");
    })
    .await;
}
