//! Changing the rules is a change: it is said in words, signed by group `policy`, and not used without that.

use changegate::sandbox::{Entry, Verdict};

use crate::support::{Pull, Scene, assert_snapshot, scenario};

const FILE: &str = ".github/changegate.yml";

/// The scene's policy, with these in its group `policy` and this mode.
fn rules(mode: &str, signers: &str) -> String {
    format!(
        "version: 1\nmode: {mode}\nroles: {{ triager: [acme/triage], release-manager: [rosa] }}\n\
         groups: {{ qa: [quinn], policy: [{signers}] }}\n"
    )
}

/// Ana proposes a policy file of the organisation.
async fn propose(s: &Scene, text: &str) -> Pull {
    let head = s.by("ana").push("acme/.github", "policy", &[(FILE, text)], "Change the policy");
    let entry = Entry { head: "policy", base: "main", title: "Policy", body: "", draft: false };
    let at = s.by("ana").open_pull_request("acme/.github", entry);
    s.settle().await;
    Pull { at, head }
}

/// The rules about the policy, of the check on a pull request that edits it.
fn told(s: &Scene, pull: &Pull) -> String {
    let text = s.check_text("acme/.github", &pull.head);
    text.lines().filter(|line| line.contains("policy")).collect::<Vec<_>>().join("\n")
}

/// The mode in force at a pull request of `acme/web`, as its check shows it.
async fn check_of_a_new_pull_request(s: &Scene, branch: &str) -> String {
    let pull = s.pull_request("acme/web", branch, "").await;
    s.check(&pull.head)
}

#[tokio::test]
async fn a_pull_request_that_edits_the_policy_says_who_gains_or_loses_what_and_who_must_sign() {
    scenario(async |s| {
        let pull = propose(s, &rules("advise", "ana, rosa")).await;
        assert_snapshot!(told(s, &pull), @"
        | ✓ pass | the edited policy file is valid | It loosens: the mode goes down from `enforce` to `advise`; `ana` signs for `policy`. |
        | ✗ not met | the edit of the policy is signed by group `policy` | Nobody of the group has approved its last commit. Without it the policy in force stays in force, even when this is merged. **Cure:** somebody of [rosa](https://github/rosa) who wrote none of it approves it in a review. |
        ");
        s.by("quinn").review(pull.at, Verdict::Approve, "Fine.");
        s.settle().await;
        assert!(told(s, &pull).contains("✗ not met"), "quinn is no release manager");
        s.by("rosa").review(pull.at, Verdict::Approve, "Yes.");
        s.settle().await;
        assert_snapshot!(told(s, &pull), @"
        | ✓ pass | the edited policy file is valid | It loosens: the mode goes down from `enforce` to `advise`; `ana` signs for `policy`. |
        | ✓ pass | the edit of the policy is signed by group `policy` | [rosa](https://github/rosa) approved exactly this commit. |
        ");
    })
    .await;
}

#[tokio::test]
async fn whoever_an_edit_adds_to_the_group_cannot_sign_it() {
    scenario(async |s| {
        let pull = propose(s, &rules("enforce", "quinn, rosa")).await;
        s.by("quinn").review(pull.at, Verdict::Approve, "Yes, me.");
        s.settle().await;
        s.by("ana").merge(pull.at);
        for _ in 0..3 {
            s.settle().await;
        }
        let next = propose(s, &rules("advise", "rosa")).await;
        s.by("quinn").review(next.at, Verdict::Approve, "Me again.");
        s.settle().await;
        assert!(told(s, &next).contains("✗ not met"), "{}", told(s, &next));
        s.settle_for(3).await;
    })
    .await;
}

#[tokio::test]
async fn a_version_that_was_pushed_without_a_signature_is_not_used_and_an_exception_opens() {
    scenario(async |s| {
        let before = rules("enforce", "rosa");
        s.policy_file("acme/.github", &before).await;
        s.by("ana").push("acme/.github", "main", &[(FILE, &rules("observe", "rosa"))], "Quick fix");
        s.settle_for(3).await;
        assert_snapshot!(check_of_a_new_pull_request(s, "one").await, @"failure: 1 of 1 rules not met: #1 belongs to no change request");
        assert_snapshot!(s.exceptions("acme/.github"), @"
        open: The policy was changed without a signature and is not used

        `.github/changegate.yml` was changed on `main` ([history](https://github/acme/.github/commits/main/.github/changegate.yml)), and no approving review by group `policy` of the pull request's last commit is known. **The version before stays in force.**

        Cure, either of these:
        - somebody of group `policy` who wrote none of it approves the merged pull request; it is looked at again within minutes at first, later every hour,
        - or revert the change, and propose it in a pull request that is signed before it is merged.

        This issue is closed by itself when the policy in force and the file agree.
        ");
        s.by("ana").push("acme/.github", "main", &[(FILE, &before)], "Back");
        s.settle().await;
        assert_snapshot!(s.exceptions("acme/.github"), @"
        closed: The policy was changed without a signature and is not used

        The policy in force and `.github/changegate.yml` agree again.
        ");
    })
    .await;
}

#[tokio::test]
async fn an_approval_of_an_earlier_commit_signs_nothing() {
    scenario(async |s| {
        let pull = propose(s, &rules("enforce", "rosa, quinn")).await;
        s.by("rosa").review(pull.at, Verdict::Approve, "Yes.");
        s.settle().await;
        s.by("ana").push("acme/.github", "policy", &[(FILE, &rules("observe", "rosa"))], "And this");
        s.by("ana").merge(pull.at);
        s.settle_for(3).await;
        assert!(check_of_a_new_pull_request(s, "one").await.starts_with("failure"));
        assert!(s.exceptions("acme/.github").starts_with("open"), "{}", s.exceptions("acme/.github"));
    })
    .await;
}

#[tokio::test]
async fn a_merged_version_is_used_when_it_is_signed_afterwards() {
    scenario(async |s| {
        let pull = propose(s, &rules("advise", "rosa")).await;
        s.by("ana").merge(pull.at);
        s.settle_for(3).await;
        assert!(check_of_a_new_pull_request(s, "one").await.starts_with("failure"));
        s.by("rosa").review(pull.at, Verdict::Approve, "Late, but yes.");
        s.settle_for(6).await;
        assert!(check_of_a_new_pull_request(s, "two").await.starts_with("success: advice"));
        assert!(s.exceptions("acme/.github").starts_with("closed"), "{}", s.exceptions("acme/.github"));
    })
    .await;
}

#[tokio::test]
async fn a_branch_that_is_moved_back_to_an_older_signed_version_does_not_bring_it_back() {
    scenario(async |s| {
        s.policy_file("acme/.github", &rules("enforce", "rosa, quinn")).await;
        let older = s.github().head("acme/.github", "main").unwrap();
        s.pass(60);
        s.policy_file("acme/.github", &rules("enforce", "rosa")).await;
        s.by("ana").force_push("acme/.github", "main", &older);
        s.settle_for(3).await;
        assert!(s.exceptions("acme/.github").starts_with("open"), "{}", s.exceptions("acme/.github"));
        let next = propose(s, &rules("advise", "rosa")).await;
        s.by("quinn").review(next.at, Verdict::Approve, "I may sign again, may I not?");
        s.settle().await;
        assert!(told(s, &next).contains("✗ not met"), "{}", told(s, &next));
    })
    .await;
}

#[tokio::test]
async fn while_nothing_is_enforced_a_policy_needs_no_signature() {
    scenario(async |s| {
        s.policy_file("acme/.github", &rules("advise", "rosa")).await;
        s.by("ana").push("acme/.github", "main", &[(FILE, &rules("observe", "rosa"))], "Quieter");
        s.settle().await;
        let pull = s.pull_request("acme/web", "one", "").await;
        assert_eq!(s.checks("acme/web", &pull.head), vec![]);
        assert_eq!(s.exceptions("acme/.github"), "");
    })
    .await;
}
