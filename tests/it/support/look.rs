//! What a test looks at: what GitHub shows people, and what the register says.

use std::collections::BTreeMap;

use changegate::{
    admin::{self, Answer, Order},
    domain::{
        ids::{IssueRef, RepoId, SubjectId, SubjectKind},
        release::Release,
        subject::View,
    },
    sandbox::Numbered,
};
use serde_json::Value;

use super::Scene;

impl Scene {
    /// Our check runs on a commit, oldest first: conclusion (or status) and title.
    pub fn checks(&self, repository: &str, sha: &str) -> Vec<(String, String)> {
        self.checks_called("changegate/change", repository, sha)
    }

    /// The one check run on a commit of `acme/web` that says whether it may go out by being merged, or none.
    pub fn release_check(&self, sha: &str) -> String {
        self.release_check_in("acme/web", sha)
    }

    /// The same in another repository.
    pub fn release_check_in(&self, repository: &str, sha: &str) -> String {
        let checks = self.checks_called("changegate/release", repository, sha);
        assert!(checks.len() < 2, "one check run, not {checks:?}");
        checks.iter().map(|(conclusion, title)| format!("{conclusion}: {title}")).collect()
    }

    fn checks_called(&self, name: &str, repository: &str, sha: &str) -> Vec<(String, String)> {
        let ours = |run: &Value| run["name"] == name;
        let said = |run: &Value| {
            let conclusion = run["conclusion"].as_str().or_else(|| run["status"].as_str());
            let title = run["output"]["title"].as_str();
            (conclusion.unwrap_or_default().to_owned(), title.unwrap_or_default().to_owned())
        };
        self.github().check_runs(repository, sha).iter().filter(|run| ours(run)).map(said).collect()
    }

    /// The one check run on a commit of `acme/web`: `failure: 1 of 3 rules not met: ...`.
    pub fn check(&self, sha: &str) -> String {
        self.check_in("acme/web", sha)
    }

    /// The same in another repository.
    pub fn check_in(&self, repository: &str, sha: &str) -> String {
        let checks = self.checks(repository, sha);
        assert_eq!(checks.len(), 1, "one check run, not {checks:?}");
        checks.iter().map(|(conclusion, title)| format!("{conclusion}: {title}")).collect()
    }

    /// What our newest check run on a commit says at length.
    pub fn check_text(&self, repository: &str, sha: &str) -> String {
        self.text_of("changegate/change", repository, sha)
    }

    /// The same of the check that says whether it may go out.
    pub fn release_check_text(&self, sha: &str) -> String {
        self.release_text_in("acme/web", sha)
    }

    /// The same in another repository.
    pub fn release_text_in(&self, repository: &str, sha: &str) -> String {
        self.text_of("changegate/release", repository, sha)
    }

    fn text_of(&self, name: &str, repository: &str, sha: &str) -> String {
        let mut runs = self.github().check_runs(repository, sha);
        runs.retain(|run| run["name"] == name);
        let text = runs.last().and_then(|run| run["output"]["summary"].as_str());
        self.readable(text.unwrap_or_default())
    }

    /// Addresses of the small GitHub are of no interest.
    pub fn readable(&self, text: &str) -> String {
        text.replace(self.github().web_url(), "https://github")
    }

    /// Our comments on an issue, oldest first.
    pub fn comments(&self, on: Numbered) -> Vec<String> {
        let ours = |comment: &&Value| comment["user"]["type"] == "Bot";
        let text = |comment: &Value| self.readable(comment["body"].as_str().unwrap_or_default());
        self.github().comments(on).iter().filter(ours).map(text).collect()
    }

    /// The one status comment, without its folded parts and its mark.
    pub fn status(&self, on: Numbered) -> String {
        let comments = self.comments(on);
        let found: Vec<&String> = comments.iter().filter(|comment| is_status(comment)).collect();
        assert_eq!(found.len(), 1, "one status comment, not {comments:?}");
        found.iter().map(|comment| bare(comment.split("<details>").next().unwrap_or_default())).collect()
    }

    /// The history in the status comment: the stages, in order, without their times.
    pub fn history(&self, on: Numbered) -> Vec<String> {
        let comments = self.comments(on);
        let status = comments.iter().find(|comment| is_status(comment)).expect("a status comment");
        let folded = status.split("<summary>History</summary>").nth(1).unwrap_or_default();
        let steps = folded.split("</details>").next().unwrap_or_default().lines();
        let stage = |line: &str| line.rsplit(" · ").next().unwrap_or_default().to_owned();
        steps.filter(|line| line.starts_with("- ")).map(stage).collect()
    }

    /// What we wrote beside the status comment, oldest first.
    pub fn sentences(&self, on: Numbered) -> Vec<String> {
        let comments = self.comments(on);
        comments.iter().filter(|comment| !is_status(comment)).map(|comment| bare(comment)).collect()
    }

    /// The issues that we have opened in a repository: their state, title and text.
    pub fn exceptions(&self, repository: &str) -> String {
        let issues = self.github().issues(repository);
        let ours = issues.iter().filter(|issue| issue["user"]["type"] == "Bot");
        let text = |value: &Value| self.readable(value.as_str().unwrap_or_default());
        let shown = ours.map(|issue| {
            format!("{}: {}\n\n{}", text(&issue["state"]), text(&issue["title"]), bare(&text(&issue["body"])))
        });
        shown.collect::<Vec<_>>().join("\n---\n")
    }

    /// The issues of this title that we have opened in a repository.
    pub fn record_of(&self, repository: &str, title: &str) -> Vec<Numbered> {
        let issues = self.github().issues(repository);
        let ours = issues.iter().filter(|issue| issue["user"]["type"] == "Bot" && issue["title"] == title);
        let repo = self.github().repository_id(repository);
        ours.map(|issue| Numbered { repo, number: issue["number"].as_u64().unwrap() }).collect()
    }

    /// The reactions to a comment that we left.
    pub fn reactions(&self, on: Numbered, comment: u64) -> Value {
        let comments = self.github().comments(on);
        let found = comments.iter().find(|found| found["id"] == comment).expect("the comment");
        let counted = found["reactions"].as_object().expect("reactions").iter();
        let named =
            counted.filter(|(name, count)| name.as_str() != "total_count" && count.as_u64() > Some(0));
        named.map(|(name, _)| Value::from(name.as_str())).collect()
    }

    /// The labels of an issue.
    pub fn labels(&self, on: Numbered) -> Vec<String> {
        let issue = self.github().issue(on);
        let names =
            issue["labels"].as_array().into_iter().flatten().filter_map(|label| label["name"].as_str());
        names.map(str::to_owned).collect()
    }

    /// The register: title and stage of each change request.
    pub async fn register(&self) -> Vec<(String, String)> {
        let Answer::Changes(views) = admin::answer(&self.stage.app.store, Order::Changes).await else {
            panic!("the register could not be read")
        };
        let taken_in =
            views.iter().filter_map(|(_, view): &(_, View)| view.as_change_request()).filter(|c| c.taken_in);
        let mut listed: Vec<_> =
            taken_in.map(|change| (change.title.clone(), change.stage.as_str().to_owned())).collect();
        listed.sort();
        listed
    }

    /// The stage of the one change request of this title.
    pub async fn stage_of(&self, title: &str) -> String {
        let register = self.register().await;
        let found: Vec<&String> =
            register.iter().filter(|(listed, _)| listed == title).map(|(_, stage)| stage).collect();
        assert_eq!(found.len(), 1, "{title} is once in the register {register:?}");
        found.into_iter().cloned().collect()
    }

    /// What the store shows of all subjects of a kind.
    pub async fn views(&self, kind: SubjectKind) -> Vec<(SubjectId, View)> {
        let found = self.stage.app.store.subjects_of_kind(kind, None).await.unwrap();
        found.into_iter().map(|(_, subject, view)| (subject, view)).collect()
    }

    /// The releases that have something in them, one a line.
    pub async fn releases(&self) -> String {
        let repositories = self.views(SubjectKind::Repository).await;
        let names: BTreeMap<RepoId, String> = repositories
            .iter()
            .filter_map(|(_, view)| view.as_repository())
            .map(|repository| (repository.id, repository.name.to_string()))
            .collect();
        let releases = self.views(SubjectKind::Release).await;
        let live = releases.iter().filter_map(|(_, view)| view.as_release());
        let live = live.filter(|release| !release.milestones.is_empty() || !release.scope.is_empty());
        live.map(|release| line(release, &names)).collect::<Vec<_>>().join("\n")
    }
}

fn line(release: &Release, names: &BTreeMap<RepoId, String>) -> String {
    let in_repo = |repo: &RepoId, number: u64| format!("{}#{number}", names[repo]);
    let milestones: Vec<String> =
        release.milestones.iter().map(|(repo, number)| in_repo(repo, *number)).collect();
    let scope: Vec<String> = release.scope.iter().map(|at: &IssueRef| in_repo(&at.repo, at.number)).collect();
    let due = release.due_on.map_or_else(|| "no day".into(), |due| due.strftime("%Y-%m-%d").to_string());
    format!(
        "{} {} ({}, {due}) milestones: {} scope: {}",
        release.id.train,
        release.id.title,
        if release.open { "open" } else { "closed" },
        milestones.join(" "),
        scope.join(" "),
    )
}

fn is_status(comment: &str) -> bool {
    comment.contains("<!-- changegate:status:")
}

fn bare(comment: &str) -> String {
    comment.split("<!--").next().unwrap_or_default().trim().to_owned()
}
