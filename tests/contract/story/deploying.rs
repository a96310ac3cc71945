//! People deploy: what waits for our rule, what we ask about it, and what we answer.

use changegate::{
    domain::{
        effect::{Call, Effect, Ruling},
        event::CameTo,
        facts::{Fact, Question},
        ids::{AccountId, IssueRef, RepoId, Sha, TenantId},
    },
    github::Place,
};

use super::{Scene, WEB};

impl Scene {
    /// What can be said is said here before the program has heard that it is asked: it would answer by itself.
    pub(super) async fn deploying(&self) {
        let (github, ana, rosa) = (&self.stage.sandbox, self.by("ana"), self.by("rosa"));
        github.add_app_events(&["workflow_run"]);
        rosa.protect(WEB, "production", true, true);
        ana.annotate_tag(WEB, "v2", "main");
        let base = ana.push(WEB, "main", &[("deployed.txt", "1")], "Deploy this");
        let first = ana.dispatch(WEB, &["production", "staging"], "main");
        let head = ana.push(WEB, "main", &[("deployed.txt", "2")], "And this");
        self.ask(first, &base, &head).await;
        self.tell(first, 1, None).await;
        self.tell(first, 1, Some(Ruling::Approved)).await;
        github.finish_run(WEB, first, true);
        self.settle().await;
        let second = ana.dispatch(WEB, &["production"], "v2");
        self.tell(second, 1, Some(Ruling::Rejected)).await;
        ana.rerun(WEB, second);
        assert!(rosa.start_all_waiting(WEB, second));
        github.finish_run(WEB, second, false);
        self.settle().await;
        self.tell(second, 2, Some(Ruling::Approved)).await;
        self.deployed_elsewhere(second, &head).await;
        ana.dispatch(WEB, &["production"], "main");
        self.settle().await;
    }

    /// Where acme/web is, seen from its run.
    async fn place(&self, run: u64) -> (Place, RepoId) {
        let repo = RepoId(self.stage.sandbox.run(WEB, run)["repository"]["id"].as_u64().unwrap());
        let installed = self.stage.app.inbox.github.installations().await.unwrap();
        let installation = installed.iter().find(|installed| installed.account.login == "acme").unwrap();
        let tenant = TenantId::new("github.com", AccountId(installation.account.id.0));
        let names = [(repo, WEB.parse().unwrap())].into();
        (Place { tenant, installation: Some(installation.id), names }, repo)
    }

    /// Everything that a decision may ask about a deployment.
    async fn ask(&self, run: u64, base: &str, head: &str) {
        let (place, repo) = self.place(run).await;
        let sha = |text: &str| text.parse::<Sha>().unwrap();
        let name = |text: &str| text.to_owned();
        let questions = [
            Question::WorkflowRun(repo, run),
            Question::WorkflowRun(repo, 1),
            Question::PendingDeployments(repo, run),
            Question::WaitingRuns(repo),
            Question::Deployments(repo, name("production")),
            Question::Compare(repo, sha(base), sha(head)),
            Question::Compare(repo, sha(head), sha(base)),
            Question::Compare(repo, sha(&"0".repeat(40)), sha(head)),
            Question::Reference(repo, name("v2")),
            Question::EnvironmentRules(repo, name("production")),
            Question::EnvironmentRules(repo, name("nowhere/at all")),
            Question::Origins(repo, sha(head)),
            Question::CommitChanges(repo, sha(head)),
            Question::CommitChanges(repo, sha(&"0".repeat(40))),
            Question::ChangesBetween(repo, sha(base), sha(head)),
            Question::PolicyGlance(repo),
            Question::IssueGlance(IssueRef { repo, number: 1 }),
            Question::PullRequestGlance(IssueRef { repo, number: 1 }),
            Question::PullRequestGlance(IssueRef { repo, number: 9_999 }),
        ];
        for (question, fact) in self.stage.app.inbox.github.answer(&place, &questions).await {
            assert!(matches!(fact, Fact::Known(..)), "{question:?}: {fact:?}");
        }
    }

    /// A pipeline outside GitHub has deployed; the answer to the first telling was lost, and it is looked for.
    async fn deployed_elsewhere(&self, run: u64, head: &str) {
        let (place, repo) = self.place(run).await;
        let github = &self.stage.app.inbox.github;
        let mut remote: Option<String> = None;
        for (came_to, attempts) in [(CameTo::Started, 0), (CameTo::Started, 1), (CameTo::Succeeded, 0)] {
            let call = Call::Deployment {
                repo,
                run: "ab".repeat(16),
                environment: "production".into(),
                sha: head.parse().unwrap(),
                came_to,
                description: "jenkins, run 7, attempt 1".into(),
            };
            let known = remote.as_deref().filter(|_| attempts == 0);
            let done = github.perform(&place, &Effect::new(call), known, attempts).await.unwrap();
            assert!(remote.is_none() || remote == done.remote, "there is one");
            remote = done.remote;
        }
        self.settle().await;
    }

    /// What our rule says; `None`: why it says nothing yet.
    async fn tell(&self, run: u64, attempt: u64, ruling: Option<Ruling>) {
        let (place, repo) = self.place(run).await;
        let (environment, comment) = ("production".to_owned(), "Because.".to_owned());
        let call = match ruling {
            Some(ruling) => {
                Call::ProtectionAnswer { repo, run, attempt, environment, ruling, comment, until: None }
            }
            None => Call::ProtectionNote { repo, run, attempt, environment, comment },
        };
        let github = &self.stage.app.inbox.github;
        github.perform(&place, &Effect::new(call), None, 0).await.unwrap();
    }
}
