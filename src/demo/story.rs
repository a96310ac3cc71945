//! The story: a request that lacks something, a pull request that waits for it, a private deal that is put back,
//! and the way through.

use serde_json::Value;

use super::{pipeline::Pipeline, show, stage::Stage};
use crate::sandbox::{Edit, Entry, Numbered, Verdict};

const POLICY: &str = "\
version: 1
zone: Europe/Berlin
mode: enforce
roles:
  triager: [acme/triage]
  release-manager: [rosa]
  break-glass: [omar]
groups:
  qa: [quinn]
intake:
  required: [What is needed, Who is affected]
trains:
  customer:
    repositories: [acme/web, acme/billing]
    title: \"{year}.{month}\"
    candidate: { branch: \"release/{title}\" }
repositories:
  - { match: acme/site, ship: continuous }
environments:
  production:
    from: { branches: [default, \"release/*\"] }
    require:
      - range: traced
      - change: accepted
    train:
      - approvals: { release-manager: 1, qa: 1 }
    continuous:
      - approvals: { qa: 1 }
    emergency: { lasts: 4 hours, approved: within 1 working day, retrospective: 5 working days }
  warehouse:
    names: [warehouse]
    door: pipeline
    require:
      - range: traced
      - change: accepted
";

const ASKED: &str = "\
### What is needed

Customers want their invoices as a CSV file.

### Who is affected

_No response_
";

/// Plays it, chapter by chapter.
pub async fn play(stage: &Stage) -> anyhow::Result<()> {
    set_the_scene(stage).await?;
    let issue = somebody_asks(stage).await?;
    let pull_request = somebody_builds(stage, issue).await?;
    somebody_tries_a_private_deal(stage, issue).await?;
    the_clearing_house_decides(stage, issue, &pull_request).await?;
    it_is_planned_and_merged(stage, issue, &pull_request).await?;
    a_small_fix_goes_out(stage).await?;
    a_release_is_signed(stage, issue).await?;
    it_runs_everywhere(stage, issue).await?;
    a_pipeline_elsewhere_asks(stage).await?;
    one_person_is_awake(stage).await
}

async fn set_the_scene(stage: &Stage) -> anyhow::Result<()> {
    show::title("Changegate: a story in ten chapters, on a small GitHub in this process");
    let github = &stage.sandbox;
    github.add_organization("acme", &["ana", "sam", "tess", "rosa", "quinn", "omar"]);
    github.add_team("acme", "triage", &["tess"]);
    github.add_repository("acme/.github", &[(".github/changegate.yml", POLICY)]);
    github.add_repository("acme/web", &[("README.md", "# Web\n")]);
    github.add_repository("acme/billing", &[("README.md", "# Billing\n")]);
    github.add_repository("acme/site", &[("index.html", "<h1>Wellcome</h1>\n")]);
    github.by("rosa").install("acme", None);
    stage.settle().await?;
    show::aside("Acme has installed Changegate. Its policy, in acme/.github, says in a few lines:");
    show::plain(
        &crate::domain::policy::parse("", POLICY, crate::domain::policy::Scope::Organisation)
            .map_err(|errors| anyhow::anyhow!("{errors:?}"))?
            .describe(),
    );
    Ok(())
}

async fn somebody_asks(stage: &Stage) -> anyhow::Result<Numbered> {
    show::chapter("1. Sam from sales asks for something");
    show::says(
        "sam",
        "opens an issue with the form and the label change-request, and leaves one field empty",
    );
    let title = "Export invoices as CSV";
    let issue = stage.sandbox.by("sam").open_labelled_issue("acme/web", title, ASKED, &["change-request"]);
    stage.settle().await?;
    show::comment(&status_comment(stage, issue)?);
    show::says("sam", "fills in the missing answer");
    let body = ASKED.replace("_No response_", "About 400 customers who book by hand.");
    stage.sandbox.by("sam").edit_issue(issue, Edit { body: Some(&body), ..Edit::default() });
    stage.settle().await?;
    show::comment(&status_comment(stage, issue)?);
    Ok(issue)
}

struct PullRequest {
    at: Numbered,
    head: String,
}

async fn somebody_builds(stage: &Stage, issue: Numbered) -> anyhow::Result<PullRequest> {
    show::chapter("2. Ana has already built it");
    show::says("ana", &format!("opens a pull request that says \"Closes #{}\"", issue.number));
    let ana = stage.sandbox.by("ana");
    let head = ana.push(
        "acme/web",
        "csv-export",
        &[("src/export.rs", "pub fn csv() {}\n")],
        "Export invoices as CSV",
    );
    let body = format!("Closes #{}", issue.number);
    let entry = Entry {
        head: "csv-export",
        base: "main",
        title: "Export invoices as CSV",
        body: &body,
        draft: false,
    };
    let at = ana.open_pull_request("acme/web", entry);
    stage.settle().await?;
    show::check(&check_run(stage, &head)?);
    Ok(PullRequest { at, head })
}

async fn somebody_tries_a_private_deal(stage: &Stage, issue: Numbered) -> anyhow::Result<()> {
    show::chapter("3. Sam is in a hurry");
    show::says("sam", "sets the label triage/accepted; GitHub lets everybody with write access do that");
    stage.sandbox.by("sam").label(issue, "triage/accepted");
    stage.settle().await?;
    let labels = stage.sandbox.issue(issue);
    show::labels(&labels);
    show::comment(&newest_comment(stage, issue)?);
    Ok(())
}

async fn the_clearing_house_decides(
    stage: &Stage,
    issue: Numbered,
    pull_request: &PullRequest,
) -> anyhow::Result<()> {
    show::chapter("4. Tess decides for the clearing house");
    show::says("tess", "comments /accept");
    stage.sandbox.by("tess").comment(issue, "/accept");
    stage.settle().await?;
    show::comment(&status_comment(stage, issue)?);
    show::aside("The pull request did nothing for it, and its check is green:");
    let check = check_run(stage, &pull_request.head)?;
    show::check(&check);
    anyhow::ensure!(check["conclusion"] == "success", "the check should have passed");
    Ok(())
}

async fn it_is_planned_and_merged(
    stage: &Stage,
    issue: Numbered,
    pull_request: &PullRequest,
) -> anyhow::Result<()> {
    show::chapter("5. It is planned, and merged");
    show::says("rosa", "manages the releases, and gives the issue the milestone 2026.12");
    let rosa = stage.sandbox.by("rosa");
    rosa.create_milestone("acme/web", "2026.12", None);
    rosa.set_milestone(issue, "2026.12");
    stage.settle().await?;
    show::says("ana", "merges; GitHub closes the issue");
    stage.sandbox.by("ana").merge(pull_request.at);
    stage.settle().await?;
    show::comment(&status_comment(stage, issue)?);
    Ok(())
}

/// `acme/site` ships continuously: a pull request there is its own change request, and a review accepts it.
async fn a_small_fix_goes_out(stage: &Stage) -> anyhow::Result<()> {
    show::chapter("6. A small fix goes out");
    let (ana, site) = (stage.sandbox.by("ana"), "acme/site");
    stage.sandbox.by("rosa").protect(site, "production", true, false);
    show::says("ana", "mends a word on the site, and merges before anybody has looked");
    ana.push(site, "typo", &[("index.html", "<h1>Welcome</h1>\n")], "Mend a word");
    let entry = Entry { head: "typo", base: "main", title: "Mend a word", body: "", draft: false };
    let fix = ana.open_pull_request(site, entry);
    stage.settle().await?;
    ana.merge(fix);
    stage.settle().await?;
    show::says("ana", "starts the workflow that deploys; its job waits for Changegate");
    let run = ana.dispatch(site, &["production"], "main");
    stage.settle().await?;
    show::beside_the_job(&said(stage, site, run)?);
    show::says("quinn", "reviews what was merged, and approves it");
    stage.sandbox.by("quinn").review(fix, Verdict::Approve, "");
    stage.settle().await?;
    show::aside("Nobody starts anything again: the waiting job goes on by itself.");
    show::beside_the_job(&said(stage, site, run)?);
    anyhow::ensure!(stage.sandbox.run(site, run)["status"] == "in_progress", "the job should have started");
    stage.sandbox.finish_run(site, run, true);
    stage.settle().await?;
    Ok(())
}

/// Two repositories, one release: its scope is locked, people sign exactly what ships, and a late push voids that.
async fn a_release_is_signed(stage: &Stage, issue: Numbered) -> anyhow::Result<()> {
    show::chapter("7. The release goes");
    let (github, branch) = (&stage.sandbox, "release/2026.12");
    let (rosa, ana, quinn) = (github.by("rosa"), github.by("ana"), github.by("quinn"));
    show::says("ana", "builds the other half of it in acme/billing, and merges that too");
    ana.push("acme/billing", "csv", &[("csv.rs", "pub fn rows() {}\n")], "Rows of an invoice");
    let body = format!("Part-of: acme/web#{}", issue.number);
    let entry = Entry { head: "csv", base: "main", title: "Rows of an invoice", body: &body, draft: false };
    let half = ana.open_pull_request("acme/billing", entry);
    stage.settle().await?;
    ana.merge(half);
    stage.settle().await?;
    show::says("rosa", "cuts release/2026.12 in both repositories, and comments /lock on the control record");
    for repository in ["acme/web", "acme/billing"] {
        rosa.protect(repository, "production", true, false);
        let head = github.head(repository, "main").unwrap_or_default();
        rosa.create_branch(repository, branch, &head);
    }
    stage.settle().await?;
    let record = record(stage)?;
    rosa.comment(record, "/lock");
    stage.settle().await?;
    show::record(&record_text(stage, record));
    show::says("quinn", "signs for qa, naming the revision");
    quinn.comment(record, &format!("/approve qa {}", revision(stage, record)?));
    stage.settle().await?;
    show::says(
        "ana",
        "pushes a late fix to the branch of the release; what Quinn signed is not what ships any more",
    );
    ana.push("acme/web", branch, &[("src/late.rs", "pub fn late() {}\n")], "One more thing");
    stage.settle().await?;
    show::record(&what_blocks(stage, record));
    show::says("tess", "starts the deployment all the same; its job waits");
    let run = github.by("tess").dispatch("acme/billing", &["production"], branch);
    stage.settle().await?;
    show::beside_the_job(&said(stage, "acme/billing", run)?);
    show::says("quinn and rosa", "look at the difference, and sign what ships now");
    let now = revision(stage, record)?;
    quinn.comment(record, &format!("/approve qa {now}"));
    rosa.comment(record, &format!("/approve release-manager {now}"));
    stage.settle().await?;
    show::beside_the_job(&said(stage, "acme/billing", run)?);
    anyhow::ensure!(
        github.run("acme/billing", run)["status"] == "in_progress",
        "the job should have started"
    );
    github.finish_run("acme/billing", run, true);
    stage.settle().await?;
    show::aside("The record knows what runs where:");
    show::record(&record_text(stage, record));
    Ok(())
}

/// The other half: a commit that nobody reviewed is answered for by name, and whoever asked for the change is asked to try it.
async fn it_runs_everywhere(stage: &Stage, issue: Numbered) -> anyhow::Result<()> {
    show::chapter("8. It runs, and Sam is asked");
    let (github, web, branch) = (&stage.sandbox, "acme/web", "release/2026.12");
    show::says(
        "tess",
        "deploys the other repository of the release; what Ana pushed late came with no pull request",
    );
    let run = github.by("tess").dispatch(web, &["production"], branch);
    stage.settle().await?;
    show::beside_the_job(&said(stage, web, run)?);
    show::says("rosa", "has read it, and answers for it on the control record; Tess starts the job again");
    let late = github.head(web, branch).unwrap_or_default();
    github.by("rosa").comment(record(stage)?, &format!("/adopt {late} Ana and I read it together"));
    stage.settle().await?;
    let run = github.by("tess").dispatch(web, &["production"], branch);
    stage.settle().await?;
    show::beside_the_job(&said(stage, web, run)?);
    anyhow::ensure!(github.run(web, run)["status"] == "in_progress", "the job should have started");
    github.finish_run(web, run, true);
    stage.settle().await?;
    show::aside("Both halves run, so the change is delivered, and whoever asked for it hears of it once:");
    show::comment(&newest_comment(stage, issue)?);
    show::says("sam", "tries it, and comments /works");
    github.by("sam").comment(issue, "/works");
    stage.settle().await?;
    show::comment(&status_comment(stage, issue)?);
    Ok(())
}

/// Jenkins deploys what GitHub knows nothing of: it asks first, and goes on once somebody has accepted.
async fn a_pipeline_elsewhere_asks(stage: &Stage) -> anyhow::Result<()> {
    show::chapter("9. Jenkins asks before it deploys");
    let (github, site) = (&stage.sandbox, "acme/site");
    show::says(
        "sam",
        "asks for the stock of each shop on the site; ana builds and merges it before anybody has agreed",
    );
    let asked = ASKED.replace("_No response_", "Whoever drives to a shop in vain.");
    let issue = github.by("sam").open_labelled_issue(site, "Show the stock", &asked, &["change-request"]);
    stage.settle().await?;
    let ana = github.by("ana");
    ana.push(site, "stock", &[("stock.html", "<h1>Stock</h1>\n")], "Show the stock");
    let body = format!("Closes #{}", issue.number);
    let entry = Entry { head: "stock", base: "main", title: "Show the stock", body: &body, draft: false };
    let pull = ana.open_pull_request(site, entry);
    stage.settle().await?;
    ana.merge(pull);
    stage.settle().await?;
    show::aside("The warehouse is deployed by Jenkins. It has a token, and asks before it begins:");
    let pipeline = Pipeline::of(stage, site).await?;
    pipeline.asks(stage, "check", 124).await?;
    show::says("tess", "agrees, with /accept; Jenkins asks again, and would have waited");
    github.by("tess").comment(issue, "/accept");
    stage.settle().await?;
    pipeline.asks(stage, "wait", 0).await
}

/// In a freeze, at three in the morning: one person on call brings a fix out, and what is owed for it is asked for.
async fn one_person_is_awake(stage: &Stage) -> anyhow::Result<()> {
    show::chapter("10. Three in the morning, and one person awake");
    let github = &stage.sandbox;
    let (rosa, ana, omar) = (github.by("rosa"), github.by("ana"), github.by("omar"));
    show::says("sam", "opens an issue at night: “Nobody can pay”; ana has the fix");
    let asked = ASKED.replace("_No response_", "Everybody.");
    let issue =
        github.by("sam").open_labelled_issue("acme/web", "Nobody can pay", &asked, &["change-request"]);
    rosa.comment(issue, "/freeze 14 days year end");
    stage.settle().await?;
    ana.push("acme/billing", "pay", &[("pay.rs", "pub fn pay() {}\n")], "Take cards again");
    let body = format!("Closes acme/web#{}", issue.number);
    let entry = Entry { head: "pay", base: "main", title: "Take cards again", body: &body, draft: false };
    let fix = ana.open_pull_request("acme/billing", entry);
    stage.settle().await?;
    show::says(
        "omar",
        "is on call, and comments /emergency; Rosa has frozen production, and everybody else sleeps",
    );
    omar.comment(issue, "/emergency cards are refused since 02:40");
    stage.settle().await?;
    ana.merge(fix);
    stage.settle().await?;
    let run = ana.dispatch("acme/billing", &["production"], "main");
    stage.settle().await?;
    show::beside_the_job(&said(stage, "acme/billing", run)?);
    anyhow::ensure!(
        github.run("acme/billing", run)["status"] == "in_progress",
        "the fix should have started"
    );
    github.finish_run("acme/billing", run, true);
    stage.settle().await?;
    show::comment(&status_comment(stage, issue)?);
    show::says(
        "rosa",
        "signs in the morning, with /approve; Omar writes the retrospective, and ends it with /done worked",
    );
    rosa.comment(issue, "/approve");
    omar.comment(issue, "/done worked The bank had changed its certificate; we now watch it.");
    stage.settle().await?;
    show::comment(&status_comment(stage, issue)?);
    Ok(())
}

/// The control record of the release.
fn record(stage: &Stage) -> anyhow::Result<Numbered> {
    let repo = stage.sandbox.repository_id("acme/web");
    let issues = stage.sandbox.issues("acme/web");
    let found = issues.iter().find(|issue| issue["title"] == "Release 2026.12");
    let number = found.and_then(|issue| issue["number"].as_u64());
    number
        .map(|number| Numbered { repo, number })
        .ok_or_else(|| anyhow::anyhow!("there should be a control record"))
}

fn record_text(stage: &Stage, record: Numbered) -> String {
    stage.sandbox.issue(record)["body"].as_str().unwrap_or_default().to_owned()
}

fn what_blocks(stage: &Stage, record: Numbered) -> String {
    let text = record_text(stage, record);
    let blocks = text.split("### What still blocks").nth(1).unwrap_or_default();
    format!("### What still blocks{}", blocks.split("###").next().unwrap_or_default())
}

fn revision(stage: &Stage, record: Numbered) -> anyhow::Result<String> {
    let text = record_text(stage, record);
    let after = text.split("Signatures on revision `").nth(1).and_then(|after| after.split('`').next());
    after.map(str::to_owned).ok_or_else(|| anyhow::anyhow!("the record should show a revision"))
}

/// What is shown beside the job that deploys.
fn said(stage: &Stage, repository: &str, run: u64) -> anyhow::Result<String> {
    let notes = stage.sandbox.notes(repository, run, "production");
    notes.into_iter().next_back().ok_or_else(|| anyhow::anyhow!("the job should have been answered"))
}

fn comments(stage: &Stage, on: Numbered) -> Vec<String> {
    let text = |comment: &Value| comment["body"].as_str().unwrap_or_default().to_owned();
    stage.sandbox.comments(on).iter().filter(|comment| comment["user"]["type"] == "Bot").map(text).collect()
}

fn status_comment(stage: &Stage, on: Numbered) -> anyhow::Result<String> {
    let missing = || anyhow::anyhow!("there should be a status comment");
    comments(stage, on).into_iter().next().ok_or_else(missing)
}

fn newest_comment(stage: &Stage, on: Numbered) -> anyhow::Result<String> {
    comments(stage, on).into_iter().next_back().ok_or_else(|| anyhow::anyhow!("there should be a comment"))
}

fn check_run(stage: &Stage, sha: &str) -> anyhow::Result<Value> {
    let missing = || anyhow::anyhow!("there should be a check run");
    stage.sandbox.check_runs("acme/web", sha).into_iter().next_back().ok_or_else(missing)
}
