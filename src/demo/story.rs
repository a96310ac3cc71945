//! The story: a request that lacks something, a pull request that waits for it, a private deal that is put back,
//! and the way through.

use serde_json::Value;

use super::{show, stage::Stage};
use crate::sandbox::{Edit, Entry, Numbered, Verdict};

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
repositories:
  - { match: acme/site, ship: continuous }
environments:
  production:
    from: { branches: [default] }
    require:
      - range: traced
      - change: accepted
    continuous:
      - approvals: { qa: 1 }
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
    a_small_fix_goes_out(stage).await
}

async fn set_the_scene(stage: &Stage) -> anyhow::Result<()> {
    show::title("Changegate: a story in six chapters, on a small GitHub in this process");
    let github = &stage.sandbox;
    github.add_organization("acme", &["ana", "sam", "tess", "rosa", "quinn"]);
    github.add_team("acme", "triage", &["tess"]);
    github.add_repository("acme/.github", &[(".github/changegate.yml", POLICY)]);
    github.add_repository("acme/web", &[("README.md", "# Web\n")]);
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
