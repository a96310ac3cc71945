//! One scene: Acme on the small GitHub, with the App installed, and the server.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use changegate::{
    clock::Clock,
    demo::Stage,
    sandbox::{Entry, Fault, Numbered, On, Person, Request, Sandbox, Verdict},
};
use jiff::{SignedDuration, Timestamp};

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
    /// Something was made to go wrong: GitHub may refuse us.
    troubled: Cell<bool>,
    /// The repositories that have a policy file.
    ruled: RefCell<BTreeSet<String>>,
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
        let scene = Self { stage, troubled: Cell::new(false), ruled: RefCell::default() };
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
        self.policy_file("acme/.github", &self.policy_text(lines)).await;
    }

    /// The smallest policy in mode `enforce`, and these lines over it.
    #[expect(clippy::unused_self, reason = "it reads like the verbs beside it")]
    pub fn policy_text(&self, lines: &str) -> String {
        let mut text = String::from("version: 1\n");
        if !lines.contains("mode:") {
            text.push_str("mode: enforce\n");
        }
        text.push_str(
            "roles: { triager: [acme/triage], release-manager: [rosa] }\ngroups: { qa: [quinn] }\n",
        );
        text.push_str(lines);
        text
    }

    /// Writes a policy file as it is: the first one of a repository is pushed, a later one proposed by Lee and signed
    /// by Rosa.
    pub async fn policy_file(&self, repository: &str, text: &str) {
        const FILE: &str = ".github/changegate.yml";
        if self.ruled.borrow_mut().insert(repository.into()) {
            self.by("rosa").push(repository, "main", &[(FILE, text)], "Say the rules");
            self.settle().await;
            return;
        }
        let lee = self.by("lee");
        let head = format!("policy-{}", self.github().head(repository, "main").unwrap_or_default());
        lee.push(repository, &head, &[(FILE, text)], "Change the policy");
        let entry = Entry { head: &head, base: "main", title: "Change the policy", body: "", draft: false };
        let pull = lee.open_pull_request(repository, entry);
        self.by("rosa").review(pull, Verdict::Approve, "Yes.");
        self.settle().await;
        lee.merge(pull);
        self.settle().await;
        self.settle().await;
    }

    /// Until nothing moves any more. Each settling takes a second of the scene's time.
    pub async fn settle(&self) {
        self.stage.settle().await.unwrap();
        self.pass(1);
    }

    /// Sweeps what is open, as far as the hour's budget goes, and does what follows.
    pub async fn sweep(&self) {
        self.stage.app.repair.sweep_batch().await.unwrap();
        self.stage.app.repair.beside.ended().await;
        self.settle().await;
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

    /// The next `times` requests that this describes go wrong.
    pub fn fault(&self, on: On, fault: Fault, times: u32) {
        self.troubled.set(true);
        self.github().fault(on, fault, times);
    }

    /// From now on GitHub may refuse us.
    pub fn expect_refusals(&self) {
        self.troubled.set(true);
    }

    /// Lets time pass, a minute at a time, so that everything that waits is tried again.
    pub async fn settle_for(&self, minutes: u32) {
        for _ in 0..minutes {
            self.pass(60);
            self.settle().await;
        }
    }

    /// The requests that GitHub got while something was done.
    pub async fn requests_of(&self, doing: impl AsyncFnOnce()) -> Vec<Request> {
        let before = self.github().requests().len();
        doing().await;
        self.github().requests().split_off(before)
    }

    /// Ends the scene; see [`super::scenario`].
    pub async fn end(self) {
        self.stage.settle().await.unwrap();
        let counts = self.stage.app.store.counts(self.stage.clock.now()).await.unwrap();
        assert!(counts.is_idle(), "something is left: {counts:?}");
        assert_eq!((counts.parked, counts.effects_waiting), (0, 0), "something waits: {counts:?}");
        let report = self.stage.app.store.audit_verify().await.unwrap();
        assert!(report.is_whole(), "the audit log is broken: {report:?}");
        // A repository without a policy file is no trouble.
        let refused = |request: &Request| {
            !matches!(request.status, 200..400) && !request.path.ends_with("/.github/changegate.yml")
        };
        let refused: Vec<String> = self
            .github()
            .requests()
            .iter()
            .filter(|request| refused(request))
            .map(|request| format!("{} {} {}", request.status, request.method, request.path))
            .collect();
        assert!(self.troubled.get() || refused.is_empty(), "GitHub refused: {refused:?}");
        assert!(self.troubled.get() || counts.refused == 0, "effects were refused: {counts:?}");
        self.stage.close().await;
    }
}
