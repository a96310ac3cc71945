//! One long story on the sandbox, against the real program in this process, in which as much happens as can: what
//! was sent by whom is then held against what GitHub describes.

mod deploying;

use std::ops::Range;

use changegate::clock::Clock;
use changegate::demo::Stage;
use changegate::repair::Reach;
use changegate::sandbox::{
    Attempt, CloseReason, Edit, Entry, Fault, Mishap, Numbered, On, Person, Request, Verdict,
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

use crate::asker::{Sights, ask_everything};

/// Everything that was said.
pub struct Told {
    /// What the program asked and told the sandbox, and the answers.
    pub program: Vec<Request>,
    /// The same of another client, which asks for more.
    pub asker: Vec<Request>,
    /// The webhooks that the sandbox sent.
    pub attempts: Vec<Attempt>,
}

/// The story, told once.
pub async fn told() -> &'static Told {
    static TOLD: OnceCell<Told> = OnceCell::const_new();
    TOLD.get_or_init(tell).await
}

async fn tell() -> Told {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("changegate.db").display());
    let monday: Timestamp = "2026-11-02T08:00:00Z".parse().unwrap();
    let scene = Scene { stage: Stage::open(&database, Clock::held(monday)).await.unwrap() };
    // An App may hear of more than our manifest asks for.
    scene.stage.sandbox.add_app_events(&["member", "membership", "team"]);
    scene.beginning().await;
    scene.triage().await;
    scene.planning().await;
    scene.building().await;
    scene.second_thoughts().await;
    scene.fork().await;
    scene.queue().await;
    scene.checks().await;
    scene.rules().await;
    scene.deploying().await;
    scene.long_work().await;
    scene.bad_day().await;
    let away = scene.moving().await;
    let asked = scene.curious(away).await;
    scene.people().await;
    scene.owners().await;
    scene.stage.settle().await.unwrap();
    let counts = scene.stage.app.store.counts(scene.stage.clock.now()).await.unwrap();
    assert!(counts.is_idle() && counts.parked + counts.refused == 0, "something is left: {counts:?}");
    let mut program = scene.stage.sandbox.requests();
    let asker = program.drain(asked).collect();
    let told = Told { program, asker, attempts: scene.stage.sandbox.attempts() };
    scene.stage.close().await;
    told
}

const POLICY: &str = "\
version: 1
zone: Europe/Berlin
mode: enforce
roles:
  triager: [acme/triage]
  release-manager: [rosa]
groups:
  qa: [quinn]
intake:
  required: [What is needed, Who is affected]
trains:
  customer:
    repositories: [acme/web]
    title: \"{year}.{month}\"
standard-changes:
  - { name: notes, paths: [\"notes/**\"], checks: [{ name: ci, app: builder }] }
";

const ASKED: &str = "\
### What is needed

Customers want their invoices as a CSV file.

### Who is affected

_No response_
";

const WEB: &str = "acme/web";

struct Scene {
    stage: Stage,
}

impl Scene {
    fn by(&self, login: &str) -> Person<'_> {
        self.stage.sandbox.by(login)
    }

    /// Until nothing moves any more; then a minute passes.
    async fn settle(&self) {
        self.stage.settle().await.unwrap();
        self.stage.advance(SignedDuration::from_mins(1));
    }

    /// Somebody asks for something, and it settles.
    async fn request(&self, title: &str) -> Numbered {
        let body = ASKED.replace("_No response_", "Everybody.");
        let issue = self.by("sam").open_labelled_issue(WEB, title, &body, &["change-request"]);
        self.settle().await;
        issue
    }

    /// Ana builds something on a branch of its own, and it settles.
    async fn pull_request(&self, branch: &str, body: &str, draft: bool) -> Numbered {
        self.by("ana").push(WEB, branch, &[(&format!("{branch}.txt"), branch)], &format!("Build {branch}"));
        let at = self
            .by("ana")
            .open_pull_request(WEB, Entry { head: branch, title: branch, body, draft, base: "" });
        self.settle().await;
        at
    }

    /// A policy that nobody has signed is not used; an exception opens, and closes when it is taken back.
    async fn rules(&self) {
        let head = self.stage.sandbox.head(WEB, "main").unwrap();
        self.by("ana").deploy(WEB, "production", &head, &["in_progress", "failure"]);
        for text in [POLICY.replace("enforce", "observe").as_str(), POLICY] {
            self.by("rosa").push("acme/.github", "main", &[(".github/changegate.yml", text)], "The rules");
            for _ in 0..4 {
                self.settle().await;
            }
        }
    }

    async fn beginning(&self) {
        let github = &self.stage.sandbox;
        github.add_organization("acme", &["ana", "sam", "tess", "rosa", "quinn", "lee"]);
        github.add_organization("beta", &["bea"]);
        github.add_user("stranger");
        github.add_team("acme", "triage", &["tess"]);
        github.add_repository("acme/.github", &[("README.md", "# Acme\n")]);
        github.add_repository(WEB, &[("README.md", "# Web\n")]);
        github.add_repository("acme/billing", &[("README.md", "# Billing\n")]);
        self.by("rosa").install("acme", None);
        self.settle().await;
        self.by("rosa").push(
            "acme/.github",
            "main",
            &[(".github/changegate.yml", "mode: [\n")],
            "A wrong policy",
        );
        self.settle().await;
        self.by("rosa").push("acme/.github", "main", &[(".github/changegate.yml", POLICY)], "A policy");
        self.settle().await;
    }

    /// A request that lacks something, commands taken and refused, labels set behind everybody's back.
    async fn triage(&self) {
        let (sam, tess) = (self.by("sam"), self.by("tess"));
        let issue = sam.open_labelled_issue(WEB, "Export invoices as CSV", ASKED, &["change-request"]);
        self.settle().await;
        let body = ASKED.replace("_No response_", "About 400 customers.");
        sam.edit_issue(issue, Edit { title: Some("Export invoices"), body: Some(&body) });
        self.settle().await;
        sam.label(issue, "triage/accepted");
        self.settle().await;
        let refused = sam.comment(issue, "/accept");
        self.settle().await;
        sam.edit_comment(WEB, refused, "/accept, please");
        self.settle().await;
        sam.react(WEB, refused, "eyes");
        sam.delete_comment(WEB, refused);
        tess.comment(issue, "/need-info Which separator?");
        self.settle().await;
        sam.comment(issue, "A semicolon.");
        tess.comment(issue, "/accept");
        tess.comment(issue, "/decline");
        tess.comment(issue, "/help");
        self.settle().await;
        self.vandals(issue).await;
        tess.assign(issue, "ana");
        tess.set_issue_type(issue, Some("Feature"));
        tess.set_issue_type(issue, None);
        tess.label(issue, "papercut");
        tess.rename_label(WEB, "papercut", "small");
        tess.unlabel(issue, "small");
        tess.label(issue, "small");
        tess.delete_label(WEB, "small");
        self.settle().await;
    }

    /// Somebody edits our comment, and somebody deletes it.
    async fn vandals(&self, issue: Numbered) {
        for spoil in [
            &(|lee: &Person<'_>, id| lee.edit_comment(WEB, id, "Nothing to see."))
                as &dyn Fn(&Person<'_>, u64),
            &|lee, id| lee.delete_comment(WEB, id),
        ] {
            let comments = self.stage.sandbox.comments(issue);
            let ours = comments.iter().find(|comment| comment["user"]["type"] == "Bot");
            let id = ours.and_then(|comment| comment["id"].as_u64()).unwrap();
            spoil(&self.by("lee"), id);
            self.settle().await;
        }
    }

    /// Milestones by those who may and by those who may not; a release manager goes on holiday.
    async fn planning(&self) {
        let rosa = self.by("rosa");
        let due: Timestamp = "2026-12-03T08:00:00Z".parse().unwrap();
        let december = rosa.create_milestone(WEB, "2026.12", Some(due));
        let other = rosa.create_milestone(WEB, "Someday", None);
        let issue = self.request("Dark mode").await;
        self.by("sam").set_milestone(issue, "2026.12");
        self.settle().await;
        self.by("tess").comment(issue, "/accept");
        self.settle().await;
        rosa.set_milestone(issue, "2026.12");
        self.settle().await;
        rosa.move_milestone(WEB, december, Some(due + SignedDuration::from_hours(24)));
        rosa.rename_milestone(WEB, december, "2026.12 (late)");
        self.settle().await;
        rosa.comment(issue, "/delegate @quinn until 2027-01-04");
        rosa.close_milestone(WEB, december);
        self.settle().await;
        rosa.reopen_milestone(WEB, december);
        rosa.rename_milestone(WEB, december, "2026.12");
        rosa.move_milestone(WEB, december, None);
        rosa.clear_milestone(issue);
        self.settle().await;
        rosa.set_milestone(issue, "Someday");
        self.settle().await;
        rosa.delete_milestone(WEB, other);
        self.settle().await;
        self.by("sam").close(issue, CloseReason::NotPlanned);
        self.settle().await;
        self.by("sam").reopen(issue);
        self.settle().await;
    }

    /// A pull request from draft to merge, one without any request, one squashed, one thrown away.
    async fn building(&self) {
        let (ana, quinn) = (self.by("ana"), self.by("quinn"));
        let issue = self.request("Faster search").await;
        self.by("tess").comment(issue, "/accept");
        let at = self.pull_request("search", &format!("Closes #{}", issue.number), true).await;
        ana.ready_for_review(at);
        ana.push(WEB, "search", &[("search.txt", "faster")], "Build it better");
        ana.edit_issue(at, Edit { title: Some("Search"), body: None });
        ana.assign(at, "ana");
        ana.label(at, "ready");
        ana.unlabel(at, "ready");
        ana.set_milestone(at, "2026.12");
        ana.clear_milestone(at);
        ana.comment(at, "/recheck");
        self.settle().await;
        let review = quinn.review(at, Verdict::RequestChanges, "Hm.");
        quinn.review(at, Verdict::Comment, "");
        quinn.dismiss_review(at, review);
        quinn.review(at, Verdict::Approve, "Good.");
        self.settle().await;
        ana.merge(at);
        self.settle().await;

        let alone = self.pull_request("alone", "Nothing to do with anything.", false).await;
        ana.convert_to_draft(alone);
        ana.create_branch(WEB, "release/1", "main");
        ana.retarget(alone, "release/1");
        ana.retarget(alone, "main");
        ana.link_issue(alone, issue);
        ana.comment(alone, "/status");
        ana.close(alone, CloseReason::Completed);
        ana.reopen(alone);
        self.settle().await;
        ana.ready_for_review(alone);
        ana.squash(alone);
        ana.delete_branch(WEB, "alone");
        ana.create_tag(WEB, "v1", "main");
        ana.delete_tag(WEB, "v1");
        self.settle().await;
        ana.force_push(WEB, "release/1", "main");
        ana.push(WEB, "main", &[("direct.txt", "direct")], "Straight to main");
        self.settle().await;
    }

    /// What is merged is taken back, and repeated on a release branch.
    async fn second_thoughts(&self) {
        let (ana, issue) = (self.by("ana"), self.request("Fewer clicks").await);
        self.by("tess").comment(issue, "/accept");
        let at = self.pull_request("clicks", &format!("Closes #{}", issue.number), false).await;
        ana.create_branch(WEB, "release/2", "main");
        let merged = ana.merge(at);
        self.settle().await;
        ana.cherry_pick(WEB, &merged, "pick-clicks", "release/2");
        let entry =
            Entry { head: "pick-clicks", base: "release/2", title: "Fewer clicks", ..Entry::default() };
        ana.open_pull_request(WEB, entry);
        ana.revert(at);
        self.settle().await;
        let notes = ana.commit(WEB, "notes", &[("notes/a.txt", "a")], "Take notes");
        ana.open_pull_request(WEB, Entry { head: "notes", title: "Notes", ..Entry::default() });
        self.settle().await;
        self.stage.sandbox.foreign_check(WEB, "builder", "ci", (&notes, "success"));
        self.settle().await;
    }

    /// A stranger's pull request from a public fork.
    async fn fork(&self) {
        let github = &self.stage.sandbox;
        github.add_repository("acme/open", &[("README.md", "# Open\n")]);
        github.make_public("acme/open");
        github.add_fork("acme/open", "stranger/open");
        let stranger = self.by("stranger");
        stranger.push("stranger/open", "gift", &[("gift.txt", "gift")], "Give");
        let entry = Entry {
            head: "stranger/open:gift",
            title: "A gift",
            body: "Fixes acme/web#1",
            ..Entry::default()
        };
        let at = stranger.open_pull_request("acme/open", entry);
        self.settle().await;
        stranger.push("stranger/open", "gift", &[("gift.txt", "better")], "Give better");
        stranger.comment(at, "/accept");
        let issue = stranger.open_issue("acme/open", "A question", "");
        stranger.comment(issue, "Anybody?");
        self.settle().await;
        self.by("ana").merge(at);
        self.settle().await;
    }

    async fn queue(&self) {
        let issue = self.request("Two at once").await;
        self.by("tess").comment(issue, "/accept");
        self.settle().await;
        let body = format!("Closes #{}", issue.number);
        let first = self.pull_request("first", &body, false).await;
        let second = self.pull_request("second", "", false).await;
        let ana = self.by("ana");
        ana.enqueue(first);
        ana.enqueue(second);
        self.settle().await;
        ana.dequeue(first);
        self.settle().await;
        self.stage.sandbox.land_first_of_queue(WEB, "main");
        self.settle().await;
    }

    /// People ask for checks again, and press what can be pressed.
    async fn checks(&self) {
        let at = self.pull_request("checked", "", false).await;
        let head = self.stage.sandbox.head(WEB, "checked").unwrap();
        let runs = self.stage.sandbox.check_runs(WEB, &head);
        let run = runs.first().and_then(|run| run["id"].as_u64()).unwrap();
        let ana = self.by("ana");
        ana.rerequest_check_run(WEB, run);
        ana.rerequest_check_suite(WEB, &head);
        ana.press(WEB, run, "recheck");
        self.settle().await;
        let issue = self.request("Linked later").await;
        ana.edit_issue(at, Edit { title: None, body: Some(&format!("Closes #{}", issue.number)) });
        self.settle().await;
        self.by("tess").comment(issue, "/decline Not now");
        self.settle().await;
    }

    /// Repositories that go elsewhere, and issues: one to another repository, and one for good.
    async fn moving(&self) -> (Numbered, Numbered) {
        let (gone, deleted) = (self.request("In the wrong place").await, self.request("Spam").await);
        let there = self.by("tess").transfer_issue(gone, "acme/billing");
        self.by("rosa").delete_issue(deleted);
        self.settle().await;
        self.by("tess").label(there, "change-request");
        self.settle().await;
        self.by("rosa").rename_repository("acme/billing", "money");
        self.settle().await;
        self.by("sam").comment(there, "/status");
        self.by("rosa").transfer_repository("acme/open", "beta");
        self.settle().await;
        (gone, deleted)
    }

    /// Another client asks for everything; answers which requests are its own.
    async fn curious(&self, (gone, deleted): (Numbered, Numbered)) -> Range<usize> {
        let issue = self.request("Asked about").await;
        let pull = self.pull_request("asked", "", false).await;
        self.stage.sandbox.require_reviews(WEB, 1, false);
        self.stage.sandbox.require_reviews(WEB, 2, true);
        self.stage.sandbox.guard_environment(WEB, "guarded", &["lee"], 30);
        let before = self.stage.sandbox.requests().len();
        let sights = Sights { issue, pull, gone, deleted, former: "acme/billing" };
        ask_everything(&self.stage.sandbox, &sights).await;
        let after = self.stage.sandbox.requests().len();
        self.settle().await;
        before..after
    }

    /// More commits than one page shows.
    async fn long_work(&self) {
        for day in 1..=101 {
            self.by("ana").push(WEB, "long", &[("long.txt", &format!("{day}"))], &format!("Day {day}"));
        }
        self.pull_request("long", "", false).await;
    }

    /// Answers that are lost on their way, and a webhook that never arrives.
    async fn bad_day(&self) {
        let github = &self.stage.sandbox;
        github.mishap(Some("issues"), Mishap::Drop);
        github.fault(On::rest("POST", "/repos/acme/web/issues"), Fault::LostAnswer, 1);
        github.fault(On::rest("POST", "/repos/acme/web/check-runs"), Fault::LostAnswer, 1);
        let issue = self.request("On a bad day").await;
        let taken_in = self.stage.app.repair.round(Reach::Everything).await.unwrap();
        assert_eq!(taken_in, 1, "what was lost is in GitHub's record");
        let comments = github.comments(issue);
        let ours = comments.first().and_then(|comment| comment["body"].as_str()).unwrap();
        self.by("changegate[bot]").comment(issue, ours);
        self.pull_request("unlucky", &format!("Closes #{}", issue.number), false).await;
        for _ in 0..5 {
            self.settle().await;
        }
        assert_eq!(github.comments(issue).len(), 1, "a comment that was posted twice");
    }

    async fn people(&self) {
        let rosa = self.by("rosa");
        rosa.add_to_team("acme", "triage", "lee");
        rosa.remove_from_team("acme", "triage", "tess");
        rosa.add_collaborator(WEB, "stranger");
        rosa.remove_collaborator(WEB, "stranger");
        self.settle().await;
        let issue = self.request("Who may decide now?").await;
        self.by("tess").comment(issue, "/accept");
        self.settle().await;
        self.by("lee").comment(issue, "/accept");
        self.settle().await;
    }

    /// What owners do with the App.
    async fn owners(&self) {
        let (rosa, bea) = (self.by("rosa"), self.by("bea"));
        bea.install("beta", Some(&[]));
        let github = &self.stage.app.inbox.github;
        assert_eq!(github.app().await.unwrap().id, self.stage.sandbox.app_id());
        assert_eq!(github.installations().await.unwrap().len(), 2);
        bea.add_to_installation("beta/open");
        self.settle().await;
        rosa.remove_from_installation("acme/money");
        rosa.add_to_installation("acme/money");
        self.settle().await;
        rosa.suspend("acme");
        self.settle().await;
        rosa.unsuspend("acme");
        self.settle().await;
        self.stage.sandbox.set_app_permissions(&[
            ("checks", "write"),
            ("issues", "write"),
            ("metadata", "read"),
        ]);
        rosa.accept_permissions("acme");
        rosa.rename_account("acme", "acme-group");
        self.settle().await;
        bea.transfer_repository("beta/open", "acme-group");
        self.settle().await;
        bea.uninstall("beta");
        self.settle().await;
    }
}
