//! One scene: Acme on the small GitHub, with the App installed, and the server.

use changegate::{
    admin::{self, Answer, Order},
    clock::Clock,
    demo::Stage,
    domain::subject::View,
    sandbox::{Entry, Numbered, Person, Sandbox},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Database;

/// Everybody at Acme knows these: `tess` triages, `rosa` manages releases, `quinn` tests; `sam` asks and `ana` builds.
const PEOPLE: [&str; 6] = ["ana", "sam", "tess", "rosa", "quinn", "lee"];

/// A pull request, where it is, and its head.
#[derive(Debug, Clone)]
pub struct Pull {
    pub at: Numbered,
    pub head: String,
}

pub struct Scene {
    pub stage: Stage,
}

impl Scene {
    /// Acme, its repositories `acme/web` and `acme/billing`, and a policy in mode `enforce`.
    pub async fn open(database: &Database) -> Self {
        let scene = Self::without_policy(database).await;
        scene.policy("").await;
        scene
    }

    /// The same without a policy.
    pub async fn without_policy(database: &Database) -> Self {
        let noon: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
        let stage = Stage::open(&database.url, Clock::held(noon)).await.unwrap();
        let github = &stage.sandbox;
        github.add_organization("acme", &PEOPLE);
        github.add_team("acme", "triage", &["tess"]);
        for repository in ["acme/.github", "acme/web", "acme/billing"] {
            github.add_repository(repository, &[("README.md", "# Here\n")]);
        }
        github.by("rosa").install("acme", None);
        let scene = Self { stage };
        scene.settle().await;
        scene
    }

    pub fn github(&self) -> &Sandbox {
        &self.stage.sandbox
    }

    /// Somebody acts.
    pub fn by(&self, login: &str) -> Person<'_> {
        self.github().by(login)
    }

    /// Writes the organisation's policy: these lines over the smallest one in mode `enforce`.
    pub async fn policy(&self, lines: &str) {
        let mut text = String::from("version: 1\n");
        if !lines.contains("mode:") {
            text.push_str("mode: enforce\n");
        }
        text.push_str(
            "roles: { triager: [acme/triage], release-manager: [rosa] }\ngroups: { qa: [quinn] }\n",
        );
        text.push_str(lines);
        self.policy_file("acme/.github", &text).await;
    }

    /// Writes a policy file as it is.
    pub async fn policy_file(&self, repository: &str, text: &str) {
        self.by("rosa").push(repository, "main", &[(".github/changegate.yml", text)], "Change the policy");
        self.settle().await;
    }

    /// Until nothing moves any more. Each settling takes a second of the scene's time.
    pub async fn settle(&self) {
        self.stage.settle().await.unwrap();
        self.pass(1);
    }

    /// Lets seconds pass.
    pub fn pass(&self, seconds: i64) {
        self.stage.advance(SignedDuration::from_secs(seconds));
    }

    /// Sam opens an issue with the intake label.
    pub async fn change_request(&self, title: &str) -> Numbered {
        let issue = self.by("sam").open_labelled_issue("acme/web", title, "Please.", &["change-request"]);
        self.settle().await;
        issue
    }

    /// The same, accepted by the triager.
    pub async fn accepted(&self, title: &str) -> Numbered {
        let issue = self.change_request(title).await;
        self.by("tess").comment(issue, "/accept");
        self.settle().await;
        issue
    }

    /// Ana pushes a branch and opens a pull request from it.
    pub async fn pull_request(&self, repository: &str, branch: &str, body: &str) -> Pull {
        let ana = self.by("ana");
        let head =
            ana.push(repository, branch, &[(&format!("{branch}.txt"), branch)], &format!("Build {branch}"));
        let title = format!("Build {branch}");
        let entry = Entry { head: branch, base: "main", title: &title, body, draft: false };
        let at = ana.open_pull_request(repository, entry);
        self.settle().await;
        Pull { at, head }
    }

    /// Our check runs on a commit, oldest first: conclusion (or status) and title.
    pub fn checks(&self, repository: &str, sha: &str) -> Vec<(String, String)> {
        let ours = |run: &Value| run["name"] == "changegate/change";
        let said = |run: &Value| {
            let conclusion = run["conclusion"].as_str().or_else(|| run["status"].as_str());
            let title = run["output"]["title"].as_str();
            (conclusion.unwrap_or_default().to_owned(), title.unwrap_or_default().to_owned())
        };
        self.github().check_runs(repository, sha).iter().filter(|run| ours(run)).map(said).collect()
    }

    /// The one check run on a commit of `acme/web`.
    pub fn check(&self, sha: &str) -> (String, String) {
        let mut checks = self.checks("acme/web", sha);
        assert_eq!(checks.len(), 1, "one check run, not {checks:?}");
        checks.remove(0)
    }

    /// What our check run on a commit says at length.
    pub fn check_text(&self, sha: &str) -> String {
        let runs = self.github().check_runs("acme/web", sha);
        runs.last().and_then(|run| run["output"]["summary"].as_str()).unwrap_or_default().to_owned()
    }

    /// Our comments on an issue, oldest first.
    pub fn comments(&self, on: Numbered) -> Vec<String> {
        let ours = |comment: &&Value| comment["user"]["type"] == "Bot";
        let text = |comment: &Value| comment["body"].as_str().unwrap_or_default().to_owned();
        self.github().comments(on).iter().filter(ours).map(text).collect()
    }

    /// The status comment, without its history and its mark.
    pub fn status(&self, on: Numbered) -> String {
        let comments = self.comments(on);
        let first = comments.first().expect("a status comment");
        first
            .split("<details>")
            .next()
            .unwrap_or_default()
            .split("<!--")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
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
        let Answer::Changes(views) =
            admin::answer(&self.stage.app.store, &self.stage.clock, Order::Changes).await
        else {
            panic!("the register could not be read")
        };
        let taken_in =
            views.iter().filter_map(|(_, view): &(_, View)| view.as_change_request()).filter(|c| c.taken_in);
        taken_in.map(|change| (change.title.clone(), change.stage.as_str().to_owned())).collect()
    }

    /// How many requests of this method GitHub has got since the count began.
    pub fn count(&self, wanted: impl Fn(&changegate::sandbox::Request) -> bool) -> usize {
        self.github().requests().iter().filter(|request| wanted(request)).count()
    }

    /// Ends the scene; see [`super::scenario`].
    pub async fn end(self) {
        self.settle().await;
        let counts = self.stage.app.store.counts(self.stage.clock.now()).await.unwrap();
        assert!(counts.is_idle(), "something is left: {counts:?}");
        let report = self.stage.app.store.audit_verify().await.unwrap();
        assert!(report.is_whole(), "the audit log is broken: {report:?}");
        self.stage.close().await;
    }
}
