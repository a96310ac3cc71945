//! A repository that goes to another account takes its history along.

use changegate::{
    domain::{
        ids::{SubjectKind, TenantId},
        subject::View,
    },
    sandbox::{Mishap, Numbered},
    store::AuditedEntry,
};

use crate::support::{Scene, scenario};

/// A second organisation with the same people, the App installed, and this policy.
async fn newco(s: &Scene, lines: &str) -> TenantId {
    s.github().add_organization("newco", &["ana", "sam", "tess", "rosa", "quinn", "lee"]);
    s.github().add_team("newco", "triage", &["tess"]);
    s.github().add_repository("newco/.github", &[("README.md", "# New\n")]);
    s.by("rosa").install("newco", None);
    s.settle().await;
    let policy = format!(
        "version: 1\nmode: enforce\nroles: {{ triager: [newco/triage], release-manager: [rosa] }}\ngroups: {{ qa: [quinn] }}\n{lines}"
    );
    s.policy_file("newco/.github", &policy).await;
    tenant(s, "newco").await
}

/// The tenant of an account, by its name.
async fn tenant(s: &Scene, login: &str) -> TenantId {
    let accounts = s.stage.app.store.subjects_of_kind(SubjectKind::Account, None).await.unwrap();
    let named =
        |view: &View| view.as_account().and_then(|it| it.seen.as_ref()).is_some_and(|it| it.login == login);
    accounts.into_iter().find(|(_, _, view)| named(view)).map(|(tenant, ..)| tenant).unwrap()
}

/// The register of a tenant: number, stage and release of each change request.
async fn register(s: &Scene, tenant: &TenantId) -> Vec<String> {
    let found = s.stage.app.store.subjects_of_kind(SubjectKind::ChangeRequest, Some(tenant)).await.unwrap();
    let line = |view: &View| {
        let change = view.as_change_request().filter(|change| change.taken_in)?;
        let release = change.release.as_ref().map_or("", |release| &release.title);
        Some(format!("#{} {} {release}", change.at.number, change.stage.as_str()).trim().to_owned())
    };
    found.iter().filter_map(|(_, _, view)| line(view)).collect()
}

/// The scope of each release of a tenant.
async fn releases(s: &Scene, tenant: &TenantId) -> Vec<String> {
    let found = s.stage.app.store.subjects_of_kind(SubjectKind::Release, Some(tenant)).await.unwrap();
    let line = |view: &View| {
        let release = view.as_release()?;
        Some(format!(
            "{}: {} milestones, {} changes",
            release.id.title,
            release.milestones.len(),
            release.scope.len()
        ))
    };
    found.iter().filter_map(|(_, _, view)| line(view)).collect()
}

async fn log(s: &Scene, tenant: &TenantId) -> Vec<AuditedEntry> {
    s.stage.app.store.audit_entries(tenant, 0, 500).await.unwrap()
}

/// The numbers of our comments on an issue.
fn our_comments(s: &Scene, on: Numbered) -> Vec<u64> {
    let comments = s.github().comments(on);
    comments.iter().filter(|it| it["user"]["type"] == "Bot").map(|it| it["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_new_account_goes_on_with_the_same_comment_the_same_check_and_the_same_stages() {
    scenario(async |s| {
        let new = newco(s, "").await;
        let old = tenant(s, "acme").await;
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", &format!("Closes #{}", issue.number)).await;
        let (comments, history) = (our_comments(s, issue), s.history(issue));
        assert_eq!(register(s, &old).await, ["#1 in_work"]);
        s.by("rosa").transfer_repository("acme/web", "newco");
        s.settle().await;
        assert_eq!(register(s, &old).await, Vec::<String>::new());
        assert_eq!(register(s, &new).await, ["#1 in_work"]);
        assert_eq!(our_comments(s, issue), comments);
        assert_eq!(s.history(issue), history);
        assert_eq!(s.checks("newco/web", &pull.head).len(), 1);
        s.by("ana").merge(pull.at);
        s.settle().await;
        assert_eq!(register(s, &new).await, ["#1 merged"]);
        assert_eq!(our_comments(s, issue), comments, "edited in place");
        assert_eq!(s.history(issue).len(), history.len() + 1);
    })
    .await;
}

#[tokio::test]
async fn each_log_names_the_other_and_the_hash_of_its_end() {
    scenario(async |s| {
        let new = newco(s, "").await;
        let old = tenant(s, "acme").await;
        s.accepted("Export").await;
        s.by("rosa").transfer_repository("acme/web", "newco");
        s.settle().await;
        let (theirs, ours) = (log(s, &old).await, log(s, &new).await);
        let find = |log: &[AuditedEntry], code: &str| {
            let found: Vec<_> = log.iter().filter(|it| it.entry.code == code).cloned().collect();
            assert_eq!(found.len(), 1, "{code}");
            found.into_iter().next().unwrap()
        };
        let away = find(&theirs, "repository.transferred_away");
        let here = find(&ours, "repository.transferred_here");
        assert_eq!(away.seq, i64::try_from(theirs.len()).unwrap(), "the last of its log");
        assert_eq!(away.entry.facts["to"], new.to_string());
        assert_eq!(here.entry.facts["from"], old.to_string());
        assert_eq!(here.entry.facts["their_head"], away.hash);
        assert_eq!(here.entry.facts["their_entries"], away.seq.to_string());
        let before = ours.iter().find(|it| it.seq == here.seq - 1).unwrap();
        assert_eq!(away.entry.facts["their_head"], before.hash);
        assert!(
            theirs.iter().any(|it| it.entry.code.starts_with("change_request.")),
            "what happened there stays"
        );
    })
    .await;
}

#[tokio::test]
async fn a_release_of_the_old_account_loses_its_members_and_the_new_policy_plans_anew() {
    scenario(async |s| {
        let train = |owner: &str| {
            let repositories = format!("[{owner}/web, {owner}/billing]");
            format!("trains:\n  product: {{ repositories: {repositories}, title: \"{{year}}.{{month}}\" }}\n")
        };
        let new = newco(s, &train("newco")).await;
        let old = tenant(s, "acme").await;
        s.policy(&train("acme")).await;
        let issue = s.accepted("Export").await;
        for repository in ["acme/web", "acme/billing"] {
            s.by("rosa").create_milestone(repository, "2026.12", None);
        }
        s.by("rosa").set_milestone(issue, "2026.12");
        s.settle().await;
        assert_eq!(releases(s, &old).await, ["2026.12: 2 milestones, 1 changes"]);
        s.by("rosa").transfer_repository("acme/web", "newco");
        s.settle().await;
        assert_eq!(releases(s, &old).await, ["2026.12: 1 milestones, 0 changes"]);
        assert_eq!(releases(s, &new).await, ["2026.12: 1 milestones, 1 changes"]);
    })
    .await;
}

#[tokio::test]
async fn what_the_new_account_heard_before_the_transfer_is_joined_with_the_history() {
    scenario(async |s| {
        let new = newco(s, "").await;
        let issue = s.change_request("Export").await;
        let other = s.accepted("Import").await;
        // Both accounts have their say about one label; the second hand finds it gone.
        s.expect_refusals();
        let comments = (our_comments(s, issue), our_comments(s, other));
        s.github().mishap(Some("repository"), Mishap::Late);
        s.by("rosa").transfer_repository("acme/web", "newco");
        s.by("tess").comment(issue, "/accept");
        s.by("sam").comment(other, "/status");
        s.github().deliver().await;
        // All that is known by now is judged, and GitHub told, before the transfer is heard of.
        s.stage.app.settle().await.unwrap();
        s.settle().await;
        s.settle().await;
        assert_eq!(register(s, &new).await, ["#1 accepted", "#2 accepted"]);
        assert_eq!(our_comments(s, issue)[..1], comments.0);
        assert_eq!(s.comments(issue).iter().filter(|text| text.contains("**Change request**")).count(), 1);
        assert_eq!(our_comments(s, other)[..1], comments.1);
        assert!(s.history(other).len() > 1, "the older history counts: {:?}", s.history(other));
    })
    .await;
}

#[tokio::test]
async fn what_is_delivered_late_in_the_name_of_the_old_account_is_told_the_new_one() {
    scenario(async |s| {
        let new = newco(s, "").await;
        let old = tenant(s, "acme").await;
        let issue = s.change_request("Export").await;
        let comments = our_comments(s, issue);
        s.github().mishap(Some("issue_comment"), Mishap::Late);
        s.github().mishap(Some("installation_repositories"), Mishap::Late);
        s.by("tess").comment(issue, "/accept");
        s.by("rosa").transfer_repository("acme/web", "newco");
        s.settle().await;
        assert_eq!(register(s, &new).await, ["#1 accepted"]);
        assert_eq!(register(s, &old).await, Vec::<String>::new());
        assert_eq!(our_comments(s, issue), comments);
        let pull = s.pull_request("newco/web", "export", &format!("Closes #{}", issue.number)).await;
        assert_eq!(s.checks("newco/web", &pull.head).len(), 1, "it is called by its new name");
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_comes_back_has_all_its_history() {
    scenario(async |s| {
        let new = newco(s, "").await;
        let old = tenant(s, "acme").await;
        let issue = s.accepted("Export").await;
        let comments = our_comments(s, issue);
        s.by("rosa").transfer_repository("acme/web", "newco");
        s.settle().await;
        s.by("tess").comment(issue, "/decline Too dear");
        s.settle().await;
        s.by("rosa").transfer_repository("newco/web", "acme");
        s.settle().await;
        assert_eq!(register(s, &new).await, Vec::<String>::new());
        assert_eq!(register(s, &old).await, ["#1 declined"]);
        s.by("sam").comment(issue, "/withdraw");
        s.settle().await;
        assert_eq!(register(s, &old).await, ["#1 withdrawn"]);
        assert_eq!(our_comments(s, issue)[..1], comments);
        assert_eq!(
            log(s, &old).await.iter().filter(|it| it.entry.code == "repository.transferred_here").count(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn where_the_app_is_not_installed_the_history_does_not_follow() {
    scenario(async |s| {
        s.github().add_organization("elsewhere", &["rosa"]);
        let old = tenant(s, "acme").await;
        s.accepted("Export").await;
        s.by("rosa").transfer_repository("acme/web", "elsewhere");
        s.settle().await;
        assert_eq!(register(s, &old).await, ["#1 accepted"]);
    })
    .await;
}
