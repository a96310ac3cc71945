//! Standard changes: what a template of the policy accepts in advance, and what only looks like it.

use changegate::sandbox::{Entry, Verdict};

use super::{
    deploying::{self, CONTINUOUS, WEB},
    releasing::{self, TRAIN, a_train_by, both_sign, locked, signed_by},
};
use crate::support::{Pull, Scene, assert_snapshot, scenario};

const TEMPLATES: &str = r#"
standard-changes:
  - name: dependency updates
    authors: ["dependabot[bot]"]
    paths: [$dependency-files]
    checks: [{ name: ci, app: builder }]
    suspend-after: 1 failed deployment
  - { name: documentation, paths: ["docs/**"], approvals: { review: 1 } }
"#;

/// Opens a pull request from a branch that is there.
async fn open(s: &Scene, by: &str, head: &str) -> Pull {
    let at = s.by(by).open_pull_request("acme/web", Entry { head, title: head, ..Entry::default() });
    s.settle().await;
    Pull { at, head: s.github().head("acme/web", head).unwrap() }
}

const BOT: &str = "dependabot[bot]";

#[tokio::test]
async fn an_update_by_the_bot_passes_as_a_standard_change_when_its_check_has_passed() {
    scenario(async |s| {
        s.policy(TEMPLATES).await;
        s.github().add_bot(BOT);
        s.by(BOT).commit("acme/web", "bump", &[("Cargo.lock", "serde 1.2")], "Bump serde");
        let pull = open(s, BOT, "bump").await;
        let waiting = s.check_text("acme/web", &pull.head).replace(&pull.head[..7], "HEAD");
        assert_snapshot!(waiting, @r"
        | | rule | |
        |---|---|---|
        | … waiting | a standard change | It is the standard change “dependency updates”, but check `ci` of `builder` has not ended on `HEAD` yet. **Cure:** meet what is missing, or put `Change: owner/repo#n` in the description, which links an accepted change request. |

        It is judged again by itself when any of this changes.
        ");
        s.github().foreign_check("acme/web", "builder", "ci", (&pull.head, "failure"));
        s.settle().await;
        assert_snapshot!(s.check(&pull.head), @"failure: 1 of 1 rules not met: the standard change “dependency updates” lacks something");
        s.github().foreign_check("acme/web", "somebody", "ci", (&pull.head, "success"));
        s.settle().await;
        assert!(s.check(&pull.head).starts_with("failure"), "the check of another App");

        s.by(BOT).commit("acme/web", "bump", &[("Cargo.lock", "serde 1.3")], "Bump serde again");
        s.settle().await;
        let head = s.github().head("acme/web", "bump").unwrap();
        s.github().foreign_check("acme/web", "builder", "ci", (&head, "success"));
        s.settle().await;
        assert_snapshot!(s.check_text("acme/web", &head), @r"
        | | rule | |
        |---|---|---|
        | ✓ pass | a standard change | It is the standard change “dependency updates”: every commit is by `dependabot[bot]`, and every file is one of `$dependency-files`. |
        ");
        s.by("ana").merge(pull.at);
        s.settle().await;
        let revert = s.by("lee").revert(pull.at);
        s.settle().await;
        let head = s.github().head("acme/web", &format!("revert-{}-bump", pull.at.number)).unwrap();
        assert_snapshot!(s.check(&head), @"success: 1 of 1 rules met");
        s.by("lee").merge(revert);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn what_only_looks_like_the_bot_s_update_is_told_why_it_is_none() {
    scenario(async |s| {
        s.policy(TEMPLATES).await;
        s.github().add_bot(BOT);
        let mut told = vec![];
        let lock = [("Cargo.lock", "serde 1.2")];
        s.by(BOT).push("acme/web", "unsigned", &lock, "Bump");
        let pull = open(s, BOT, "unsigned").await;
        told.push(s.check_text("acme/web", &pull.head).replace(&pull.head[..7], "HEAD"));
        s.by(BOT).commit("acme/web", "helped", &lock, "Bump");
        s.by("ana").commit("acme/web", "helped", &[("Cargo.toml", "serde")], "Help");
        let pull = open(s, BOT, "helped").await;
        told.push(s.check_text("acme/web", &pull.head));
        s.by(BOT).commit("acme/web", "code", &[("Cargo.lock", "x"), ("src/main.rs", "x")], "Bump");
        let pull = open(s, BOT, "code").await;
        told.push(s.check_text("acme/web", &pull.head));
        s.by("ana").commit("acme/web", "human", &lock, "Bump");
        let pull = open(s, "ana", "human").await;
        told.push(s.check_text("acme/web", &pull.head));
        let sentence = |text: &String| {
            let line = text.lines().nth(2).unwrap_or_default().to_owned();
            line.split(" **Cure").next().unwrap_or_default().to_owned()
        };
        assert_snapshot!(told.iter().map(sentence).collect::<Vec<_>>().join("\n"), @r"
        | ✗ not met | linked to a change request | It belongs to no change request. It is no standard change “dependency updates”: no signature that GitHub has verified says who wrote `HEAD`.
        | ✗ not met | linked to a change request | It belongs to no change request. It is no standard change “dependency updates”: `ana` wrote a part of it.
        | ✗ not met | linked to a change request | It belongs to no change request. It is no standard change “dependency updates”: `src/main.rs` is not among its files.
        | ✗ not met | linked to a change request | It belongs to no change request.
        ");
    })
    .await;
}

#[tokio::test]
async fn documentation_by_anybody_passes_with_one_review() {
    scenario(async |s| {
        s.policy(TEMPLATES).await;
        s.by("ana").push("acme/web", "words", &[("docs/a.md", "words")], "Words");
        let pull = open(s, "ana", "words").await;
        assert_snapshot!(s.check_text("acme/web", &pull.head), @r"
        | | rule | |
        |---|---|---|
        | … waiting | a standard change | It is the standard change “documentation”, but `review` has 0 of 1 approvals of this commit. **Cure:** meet what is missing, or put `Change: owner/repo#n` in the description, which links an accepted change request. |

        It is judged again by itself when any of this changes.
        ");
        s.by("lee").review(pull.at, Verdict::Approve, "");
        s.settle().await;
        assert_snapshot!(s.check_text("acme/web", &pull.head), @r"
        | | rule | |
        |---|---|---|
        | ✓ pass | a standard change | It is the standard change “documentation”: every file is one of `docs/**`. |
        ");
        s.policy("").await;
        assert!(s.check(&pull.head).starts_with("failure"), "the template is gone");
        for n in 0..101 {
            s.by("ana").push("acme/web", "many", &[(&format!("docs/{n}.md"), "words")], "Words");
        }
        s.policy(TEMPLATES).await;
        let many = open(s, "ana", "many").await;
        s.by("lee").review(many.at, Verdict::Approve, "");
        s.settle().await;
        assert!(s.check(&many.head).starts_with("success"), "{}", s.check(&many.head));
    })
    .await;
}

#[tokio::test]
async fn a_standard_change_is_suspended_after_a_failed_deployment_until_its_template_is_edited() {
    scenario(async |s| {
        s.policy(TEMPLATES).await;
        s.github().add_bot(BOT);
        let bump = async |branch: &str, version: &str| {
            s.by(BOT).commit("acme/web", branch, &[("Cargo.lock", version)], "Bump serde");
            let pull = open(s, BOT, branch).await;
            s.github().foreign_check("acme/web", "builder", "ci", (&pull.head, "success"));
            s.settle().await;
            pull
        };
        let first = bump("bump", "serde 1.2").await;
        assert_snapshot!(s.check(&first.head), @"success: 1 of 1 rules met");
        let merged = s.by("ana").merge(first.at);
        s.settle().await;
        s.by("ana").deploy("acme/web", "production", &merged, &["in_progress", "success"]);
        s.settle().await;
        let second = bump("again", "serde 1.3").await;
        assert_snapshot!(s.check(&second.head), @"success: 1 of 1 rules met");
        s.by("ana").deploy("acme/web", "production", &merged, &["in_progress", "failure", "failure"]);
        s.settle().await;
        assert_snapshot!(s.check_text("acme/web", &second.head), @"
        | | rule | |
        |---|---|---|
        | ✗ not met | a standard change | The standard change “dependency updates” is suspended here: a delivery of it has gone wrong. **Cure:** put `Change: owner/repo#n` in the description, which links an accepted change request; whoever signs the policy ends the suspension by editing the template. |

        It is judged again by itself when any of this changes.
        ");
        let other = s.pull_request("acme/web", "other", "").await;
        s.by("ana").deploy("acme/web", "production", &other.head, &["error"]);
        s.settle().await;
        s.policy(&TEMPLATES.replace("1 failed deployment", "2 failed deployments")).await;
        assert_snapshot!(s.check(&second.head), @"success: 1 of 1 rules met");
    })
    .await;
}

/// The bot's update, whose check has passed.
async fn update(s: &Scene, branch: &str, version: &str) -> Pull {
    s.by(BOT).commit("acme/web", branch, &[("Cargo.lock", version)], "Bump serde");
    let pull = open(s, BOT, branch).await;
    s.github().foreign_check("acme/web", "builder", "ci", (&pull.head, "success"));
    s.settle().await;
    pull
}

const FITS: &str = "success: 1 of 1 rules met";
const SUSPENDED: &str =
    "failure: 1 of 1 rules not met: the standard change “dependency updates” is suspended";

#[tokio::test]
async fn a_deployment_that_fails_counts_against_every_standard_change_that_came_along() {
    scenario(async |s| {
        s.policy(&format!("{CONTINUOUS}{TEMPLATES}")).await;
        s.by("rosa").protect(WEB, "production", true, true);
        s.github().add_bot(BOT);
        let first = update(s, "bump", "serde 1.2").await;
        s.by("lee").review(first.at, Verdict::Approve, "");
        s.settle().await;
        s.by("ana").merge(first.at);
        s.settle().await;
        let export = s.accepted("Export").await;
        deploying::built(s, "export", export.number).await;
        let second = update(s, "again", "serde 1.3").await;
        assert_eq!(s.check(&second.head), FITS);
        let run = deploying::deploys(s, "sam", "main").await;
        assert_eq!(deploying::stands(s, run), "in_progress -", "{}", deploying::said(s, run));
        s.github().finish_run(WEB, run, false);
        s.settle().await;
        assert_eq!(s.check(&second.head), SUSPENDED);
    })
    .await;
}

#[tokio::test]
async fn a_deployment_that_we_refused_never_ran_and_counts_against_nothing() {
    scenario(async |s| {
        s.policy(&format!("{CONTINUOUS}{TEMPLATES}")).await;
        for environment in ["production", "preview"] {
            s.by("rosa").protect(WEB, environment, true, true);
        }
        s.github().add_bot(BOT);
        let first = update(s, "bump", "serde 1.2").await;
        s.by("lee").review(first.at, Verdict::Approve, "");
        s.settle().await;
        s.by("ana").merge(first.at);
        s.settle().await;
        let second = update(s, "again", "serde 1.3").await;
        // From a branch that nobody may deploy from, and to an environment of which policy says nothing.
        let refused = deploying::deploys(s, "sam", "bump").await;
        assert_eq!(deploying::stands(s, refused), "completed failure", "{}", deploying::said(s, refused));
        let elsewhere = s.by("sam").dispatch(WEB, &["preview"], "bump");
        s.settle().await;
        assert_eq!(deploying::stands(s, elsewhere), "completed failure");
        assert_eq!(s.check(&second.head), FITS);
        let run = deploying::deploys(s, "sam", "main").await;
        assert_eq!(deploying::stands(s, run), "in_progress -", "{}", deploying::said(s, run));
        s.github().finish_run(WEB, run, false);
        s.settle().await;
        assert_eq!(s.check(&second.head), SUSPENDED);
    })
    .await;
}

#[tokio::test]
async fn a_release_that_is_closed_with_problems_counts_against_the_standard_changes_that_came_along() {
    scenario(async |s| {
        a_train_by(s, &format!("{TRAIN}{TEMPLATES}")).await;
        s.github().add_bot(BOT);
        let first = update(s, "bump", "serde 1.2").await;
        s.by("ana").merge(first.at);
        s.settle().await;
        releasing::built(s, "Export", "export", WEB).await;
        locked(s).await;
        both_sign(s).await;
        let run = releasing::deploys(s, WEB).await;
        assert_eq!(releasing::stands(s, WEB, run), "in_progress -", "{}", releasing::said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        let second = update(s, "again", "serde 1.3").await;
        assert_eq!(s.check(&second.head), FITS);
        signed_by(s, "rosa", "/done problems the export was slow").await;
        assert_eq!(s.check(&second.head), SUSPENDED);
        signed_by(s, "rosa", "/done worked it was the network").await;
        assert_eq!(s.check(&second.head), FITS);
    })
    .await;
}
