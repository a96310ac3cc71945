//! The second story, `changegate demo --story intake`: 325 requests over seven repositories and eight departments, none of them on
//! any list. They are taken in, decided, ranked and planned into four releases, and two of these go out.
//!
//! The same every time: chance comes from a fixed seed, and time is the story's own.

use std::path::Path;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{show, stage::Stage};
use crate::{
    admin::{self, Answer, Order},
    domain::{planning::queue::Filter, policy},
    planner::{
        drawn::{Plan, Shown},
        page,
    },
    register::planning as text,
    sandbox::{Entry, Numbered},
};

/// When the first of them was asked for.
pub const BEGIN: &str = "2026-01-05T08:00:00Z";
const REQUESTS: usize = 325;
const REPOSITORIES: [&str; 7] =
    ["acme/web", "acme/billing", "acme/mail", "acme/desk", "acme/data", "acme/voice", "acme/ops"];
/// Each department, who sponsors it, what it weighs in the order, and how much it asks for, in shares of a hundred.
const ACCOUNTS: [(&str, &str, u16, u64); 8] = [
    ("sales", "dana", 3, 27),
    ("care", "carl", 3, 22),
    ("finance", "fred", 2, 14),
    ("marketing", "mara", 2, 11),
    ("network", "nora", 2, 10),
    ("legal", "lena", 1, 6),
    ("people", "paul", 1, 5),
    ("works", "will", 1, 5),
];
/// The four that are planned; the first two go out.
const RELEASES: [&str; 4] = ["2026.09", "2026.10", "2026.11", "2026.12"];
const SLOTS: usize = 12;

const VERBS: [&str; 8] = ["Show", "Export", "Correct", "Speed up", "Allow", "Print", "Import", "Warn about"];
const THINGS: [&str; 12] = [
    "invoices",
    "voicemail greetings",
    "call records",
    "dunning letters",
    "opening hours",
    "number transfers",
    "discounts",
    "delivery notes",
    "complaints",
    "customer notes",
    "bank accounts",
    "reports",
];
const MANNERS: [&str; 6] =
    ["by region", "for resellers", "after midnight", "in both languages", "per contract", "on the telephone"];

fn policy() -> String {
    let accounts: String = ACCOUNTS
        .iter()
        .map(|(name, sponsor, weight, _)| format!("  {name}: {{ sponsor: {sponsor}, weight: {weight} }}\n"))
        .collect();
    format!(
        "version: 1
zone: Europe/Berlin
mode: enforce
roles:
  triager: [acme/triage]
  release-manager: [rosa]
intake:
  required: [What is needed]
  contacts: [kim, lou]
  overdue: 5 working days
accounts:
{accounts}trains:
  customer:
    repositories: [{}]
    title: \"{{year}}.{{month}}\"
    every: first Thursday 10:00
    lock: 7 days before
    slots: {SLOTS}
    ahead: 4
environments:
  production:
    require:
      - range: traced
      - change: accepted
",
        REPOSITORIES.join(", ")
    )
}

/// Chance with a seed (`SplitMix64`, by Steele, Lea and Flood): the story is the same every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.below(all.len() as u64)).unwrap_or_default();
        all.get(at).copied().unwrap_or_default()
    }

    fn account(&mut self) -> &'static str {
        let mut left = self.below(ACCOUNTS.iter().map(|(.., share)| share).sum());
        for (name, .., share) in ACCOUNTS {
            if left < share {
                return name;
            }
            left -= share;
        }
        ACCOUNTS[0].0
    }
}

/// A request, and who asks.
struct Request {
    at: Numbered,
    account: &'static str,
    complete: bool,
}

/// Plays it. `out`: where what came of it is written down, for whoever wants to work it out again.
pub async fn play(stage: &Stage, out: Option<&Path>) -> anyhow::Result<()> {
    let mut chance = Chance(325);
    set_the_scene(stage);
    let requests = everybody_asks(stage, &mut chance);
    the_app_is_installed(stage).await?;
    the_clearing_house_decides(stage, &requests, &mut chance).await?;
    the_departments_rank(stage, &requests).await?;
    let planned = they_are_planned(stage).await?;
    for (chapter, (title, changes)) in (6..).zip(RELEASES.iter().zip(&planned)).take(2) {
        show::chapter(&format!("{chapter}. {title} is built, and goes out"));
        a_release_goes_out(stage, title, changes).await?;
    }
    what_came_of_it(stage).await?;
    if let Some(out) = out {
        write_down(stage, out).await?;
    }
    Ok(())
}

fn set_the_scene(stage: &Stage) {
    show::title("Changegate: 325 requests, eight departments, and nobody knows what comes next");
    let github = &stage.sandbox;
    let mut people = vec!["ana", "sam", "tess", "rosa", "kim", "lou"];
    people.extend(ACCOUNTS.iter().map(|(_, sponsor, ..)| sponsor));
    github.add_organization("acme", &people);
    github.add_team("acme", "triage", &["tess"]);
    github.add_repository("acme/.github", &[("README.md", "# Acme\n")]);
    for repository in REPOSITORIES {
        github.add_repository(repository, &[("README.md", "# Here\n")]);
    }
}

fn everybody_asks(stage: &Stage, chance: &mut Chance) -> Vec<Request> {
    show::chapter("1. For seven months everybody asks, each in their own way");
    let mut requests = vec![];
    for _ in 0..REQUESTS {
        stage.advance(SignedDuration::from_mins(600 + i64::try_from(chance.below(640)).unwrap_or_default()));
        let account = chance.account();
        let title = format!("{} {} {}", chance.of(&VERBS), chance.of(&THINGS), chance.of(&MANNERS));
        let complete = chance.below(100) >= 9;
        let body = if complete { "### What is needed\n\nAs the title says.\n" } else { "Please call me.\n" };
        let account_label = format!("account/{account}");
        let size = format!("size/{}", chance.of(&["S", "S", "M", "M", "L"]));
        let labels = ["change-request", &account_label, &size];
        let at = stage.sandbox.by("sam").open_labelled_issue(chance.of(&REPOSITORIES), &title, body, &labels);
        requests.push(Request { at, account, complete });
    }
    show::aside(&format!(
        "By {} there are {REQUESTS} open issues in {} repositories. Some are seven months old; nobody has the whole list.",
        day(stage),
        REPOSITORIES.len()
    ));
    requests
}

fn day(stage: &Stage) -> String {
    stage.clock.now().strftime("%-d %B %Y").to_string()
}

async fn the_app_is_installed(stage: &Stage) -> anyhow::Result<()> {
    show::chapter("2. Changegate is installed, and takes in what is there");
    stage.sandbox.by("rosa").install("acme", None);
    stage.settle().await?;
    let rules = policy();
    let path = ".github/changegate.yml";
    stage.sandbox.by("rosa").push("acme/.github", "main", &[(path, &rules)], "Say how we plan");
    calm(stage).await?;
    let read = policy::parse(path, &rules, policy::Scope::Organisation);
    show::plain(&read.map_err(|errors| anyhow::anyhow!("{errors:?}"))?.describe());
    for _ in 0..20 {
        stage.app.repair.sweep_batch().await?;
        stage.app.repair.beside.ended().await;
        calm(stage).await?;
    }
    show::says("tess", "looks at the queue (`changegate triage`), the oldest first");
    queue(stage, 8).await
}

/// Until nothing is left to do now; what GitHub's limits put off is waited for.
async fn calm(stage: &Stage) -> anyhow::Result<()> {
    for _ in 0..600 {
        stage.settle().await?;
        if stage.app.store.counts(stage.clock.now()).await?.effects_waiting == 0 {
            return Ok(());
        }
        stage.advance(SignedDuration::from_mins(1));
    }
    anyhow::bail!("GitHub was not told everything within ten hours of the story")
}

async fn queue(stage: &Stage, most: usize) -> anyhow::Result<()> {
    let asked = Order::Queue { at: stage.clock.now(), filter: Filter::default() };
    let Answer::Queue(mut all) = admin::answer(&stage.app.store, asked).await else {
        anyhow::bail!("the queue could not be read");
    };
    for (_, waiting) in &mut all {
        let more = waiting.items.len().saturating_sub(most);
        let overdue = waiting.items.iter().filter(|waits| waits.is_overdue).count();
        show::plain(&format!("{} wait, {overdue} of them too long.", waiting.items.len()));
        waiting.items.truncate(most);
        waiting.more += i64::try_from(more).unwrap_or_default();
    }
    show::plain(&text::each(&all, |queue| text::queue(queue, stage.clock.now())));
    Ok(())
}

async fn the_clearing_house_decides(
    stage: &Stage,
    requests: &[Request],
    chance: &mut Chance,
) -> anyhow::Result<()> {
    show::chapter("3. Tess decides, one after the other");
    let tess = stage.sandbox.by("tess");
    let mut decided = 0;
    for request in requests.iter().filter(|request| request.complete) {
        let words = match chance.below(100) {
            0..62 => "/accept",
            62..74 => "/decline it costs more than it brings",
            74..80 => "/duplicate #1",
            80..86 => "/defer next spring",
            86..93 => "/need-info how many customers are concerned?",
            _ => continue,
        };
        tess.comment(request.at, words);
        decided += 1;
        if decided % 25 == 0 {
            calm(stage).await?;
        }
    }
    calm(stage).await?;
    show::aside(&format!("{decided} decisions later, what still waits is young, or waits for an answer:"));
    queue(stage, 5).await
}

async fn the_departments_rank(stage: &Stage, requests: &[Request]) -> anyhow::Result<()> {
    show::chapter("4. Each department says what it wants first");
    for (account, sponsor, ..) in ACCOUNTS {
        let own = requests.iter().rev().filter(|request| request.account == account && request.complete);
        for (place, request) in (1..=4).zip(own) {
            stage.sandbox.by(sponsor).comment(request.at, &format!("/rank {place}"));
        }
    }
    calm(stage).await?;
    show::aside(
        "Its sponsor ranks what the department asks for; the orders are merged by weight, and everybody can see how:",
    );
    let mut plan = plan(stage).await?;
    plan.unplanned.truncate(10);
    plan.releases.clear();
    show::plain(&text::unplanned(&plan));
    Ok(())
}

async fn plan(stage: &Stage) -> anyhow::Result<Plan> {
    let Answer::Plan(mut plans) = admin::answer(&stage.app.store, Order::Plan(stage.clock.now())).await
    else {
        anyhow::bail!("the plan could not be read");
    };
    plans.pop().map(|(_, plan)| plan).context("there is no plan")
}

/// The four releases: what was put into each.
async fn they_are_planned(stage: &Stage) -> anyhow::Result<Vec<Vec<Numbered>>> {
    show::chapter("5. Rosa fills four releases, from the top");
    let mut planned = vec![];
    for title in RELEASES {
        let next = plan(stage).await?.unplanned;
        let changes: Vec<Numbered> =
            next.iter().take(SLOTS).map(|place| numbered(stage, &place.change)).collect();
        for change in &changes {
            stage.sandbox.by("rosa").comment(*change, &format!("/schedule {title}"));
        }
        calm(stage).await?;
        planned.push(changes);
    }
    for column in plan(stage).await?.releases.iter().filter(|column| !column.changes.is_empty()).take(1) {
        show::plain(&text::release(column, &plan(stage).await?.zone));
    }
    Ok(planned)
}

fn numbered(stage: &Stage, shown: &Shown) -> Numbered {
    let repository = shown.repository.as_ref().map(|name| stage.sandbox.repository_id(name.as_str()));
    Numbered { repo: repository.unwrap_or_default(), number: shown.line.at.number }
}

/// Each of its changes is built and merged; after the lock, each repository is deployed.
async fn a_release_goes_out(stage: &Stage, title: &str, changes: &[Numbered]) -> anyhow::Result<()> {
    let github = &stage.sandbox;
    for change in changes {
        let name = REPOSITORIES
            .iter()
            .find(|name| github.repository_id(name) == change.repo)
            .context("a repository")?;
        let branch = format!("change-{}", change.number);
        let file = format!("{branch}.txt");
        github.by("ana").push(name, &branch, &[(&file, "done\n")], "Build it");
        let body = format!("Closes #{}", change.number);
        let entry = Entry { head: &branch, base: "main", title: "Build it", body: &body, draft: false };
        let pull = github.by("ana").open_pull_request(name, entry);
        stage.settle().await?;
        github.by("ana").merge(pull);
        stage.settle().await?;
    }
    let leaves = plan(stage).await?.releases.into_iter().find(|column| column.id.title == title);
    let leaves = leaves.and_then(|column| column.leaves).context("it leaves at some time")?;
    until(stage, leaves).await?;
    for name in REPOSITORIES {
        if !changes.iter().any(|change| change.repo == github.repository_id(name)) {
            continue;
        }
        let head = github.head(name, "main").context("a head")?;
        github.by("rosa").deploy(name, "production", &head, &["in_progress", "success"]);
        stage.settle().await?;
    }
    calm(stage).await?;
    show::aside(&format!("On {}, {} changes of {title} run in production.", day(stage), changes.len()));
    Ok(())
}

/// A day at a time, as time goes.
async fn until(stage: &Stage, then: Timestamp) -> anyhow::Result<()> {
    while stage.clock.now() < then {
        let left = then.duration_since(stage.clock.now());
        stage.advance(left.min(SignedDuration::from_hours(24)) + SignedDuration::from_secs(1));
        calm(stage).await?;
    }
    Ok(())
}

async fn what_came_of_it(stage: &Stage) -> anyhow::Result<()> {
    show::chapter("8. The plan, and who asked for how much");
    let plan = plan(stage).await?;
    show::plain(&text::summary(&plan));
    let asked = Order::Accounts { at: stage.clock.now(), without: None };
    let Answer::Accounts(accounts) = admin::answer(&stage.app.store, asked).await else {
        anyhow::bail!("the accounts could not be read");
    };
    show::plain(&text::each(&accounts, text::accounts));
    Ok(())
}

/// What GitHub holds, and what Changegate says of it: each in a file of its own.
async fn write_down(stage: &Stage, out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    let at = stage.clock.now();
    let github = &stage.sandbox;
    let mut repositories = serde_json::Map::new();
    for name in REPOSITORIES {
        repositories.insert(name.into(), github.dump(name, "production"));
    }
    let weights: serde_json::Map<String, Value> =
        ACCOUNTS.iter().map(|(name, _, weight, _)| ((*name).to_owned(), json!(weight))).collect();
    let dump = json!({ "at": at, "weights": weights, "slots": SLOTS, "repositories": repositories });
    let write = |name: &str, value: &Value| {
        let path = out.join(name);
        std::fs::write(&path, serde_json::to_string_pretty(value)?)
            .with_context(|| format!("writing {}", path.display()))
    };
    write("github.json", &dump)?;
    let planned = plan(stage).await?;
    write("plan.json", &serde_json::to_value(&planned)?)?;
    let page = out.join("plan.html");
    std::fs::write(&page, page::plans(&[("acme".into(), planned)]))
        .with_context(|| format!("writing {}", page.display()))?;
    for (name, asked) in [
        ("queue.json", Order::Queue { at, filter: Filter::default() }),
        ("accounts.json", Order::Accounts { at, without: None }),
    ] {
        let answer = admin::answer(&stage.app.store, asked).await;
        let value = if let Answer::Queue(mut all) = answer {
            serde_json::to_value(all.pop().map(|(_, queue)| queue))?
        } else if let Answer::Accounts(mut all) = answer {
            serde_json::to_value(all.pop().map(|(_, accounts)| accounts))?
        } else {
            anyhow::bail!("{name} could not be read")
        };
        write(name, &value)?;
    }
    show::aside(&format!("What GitHub holds and what Changegate says of it is in {}", out.display()));
    Ok(())
}
