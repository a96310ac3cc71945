//! A tenth of all deliveries never comes, a tenth comes late, a tenth twice: after two sweeps all is as if nothing had been
//! lost. GitHub's record does not help here: it shows nothing of what was lost.

use changegate::{
    domain::{change_request::Acceptance, ids::SubjectKind, sweep::Tally},
    sandbox::{CloseReason, Delivery, Entry, Numbered},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::support::{Database, Scene, databases};

const TRAIN: &str = "trains:\n  customer: { repositories: [acme/web], title: \"{year}.{month}\" }\n";

/// How many change requests there are; each causes about twenty deliveries.
fn size() -> usize {
    std::env::var("CHANGEGATE_ROUNDS_LOSSES").ok().and_then(|count| count.parse().ok()).unwrap_or(90)
}

/// What becomes of deliveries on their way.
struct Road {
    chance: StdRng,
    is_bad: bool,
    late: Vec<Delivery>,
    told: usize,
    lost: usize,
}

impl Road {
    fn new(is_bad: bool) -> Self {
        Self { chance: StdRng::seed_from_u64(20_261_102), is_bad, late: vec![], told: 0, lost: 0 }
    }

    /// Delivers what GitHub owes, in its way, and does what follows, until nothing moves.
    async fn settle(&mut self, s: &Scene) {
        loop {
            let late = std::mem::take(&mut self.late);
            let owed = s.github().take_deliveries();
            let count = owed.len() + late.len();
            self.told += owed.len();
            for delivery in owed {
                match self.chance.random_range(0..10) {
                    0 if self.is_bad => self.lost += 1,
                    1 if self.is_bad => self.late.push(delivery),
                    2 if self.is_bad => {
                        s.github().send(&delivery).await;
                        s.github().send(&delivery).await;
                    }
                    _ => drop(s.github().send(&delivery).await),
                }
            }
            for delivery in late {
                s.github().send(&delivery).await;
            }
            let worked = s.stage.app.settle().await.unwrap();
            if count + worked == 0 {
                return s.pass(1);
            }
        }
    }

    /// Until everything that waits for its time was said.
    async fn finish(&mut self, s: &Scene) {
        self.settle(s).await;
        for _ in 0..600 {
            let counts = s.stage.app.store.counts(s.stage.clock.now()).await.unwrap();
            if counts.effects_waiting == 0 && counts.is_idle() {
                return;
            }
            s.pass(60);
            self.settle(s).await;
        }
        panic!("it does not come to an end");
    }
}

/// A change request on its way: what happens to it depends on its number.
struct Wish {
    issue: Numbered,
    pull: Option<Numbered>,
    heads: Vec<String>,
}

fn begin(s: &Scene, n: usize) -> Wish {
    let issue =
        s.by("sam").open_labelled_issue("acme/web", &format!("Wish {n}"), "Please.", &["change-request"]);
    Wish { issue, pull: None, heads: vec![] }
}

fn decide(s: &Scene, n: usize, wish: &Wish) {
    match n % 5 {
        0 => s.by("tess").label(wish.issue, "triage/declined"),
        _ => s.by("tess").label(wish.issue, "triage/accepted"),
    }
    if n.is_multiple_of(3) {
        s.by("rosa").set_milestone(wish.issue, "2026.12");
    }
}

fn build(s: &Scene, n: usize, wish: &mut Wish) {
    let branch = format!("wish-{n}");
    let file = format!("{branch}.txt");
    let push = |text: &str| s.by("ana").push("acme/web", &branch, &[(&file, text)], text);
    wish.heads.push(push("first"));
    let body = if n.is_multiple_of(7) { String::new() } else { format!("Closes #{}", wish.issue.number) };
    let entry =
        Entry { head: &branch, base: "main", title: &branch, body: &body, draft: n.is_multiple_of(11) };
    wish.pull = Some(s.by("ana").open_pull_request("acme/web", entry));
    if n.is_multiple_of(2) {
        s.pass(1);
        wish.heads.push(push("second"));
    }
}

fn end(s: &Scene, n: usize, wish: &Wish) {
    let pull = wish.pull.unwrap();
    match n % 6 {
        0 => drop(s.by("ana").merge(pull)),
        1 => s.by("sam").close(wish.issue, CloseReason::NotPlanned),
        2 => s.by("ana").close(pull, CloseReason::Completed),
        3 => s.by("tess").unlabel(wish.issue, "change-request"),
        _ => {}
    }
}

/// The same story each time, ten wishes at a time.
async fn play(s: &Scene, road: &mut Road) -> Vec<Wish> {
    s.by("rosa").create_milestone("acme/web", "2026.12", None);
    road.settle(s).await;
    let mut wishes: Vec<Wish> = vec![];
    for first in (0..size()).step_by(10) {
        let some = first..(first + 10).min(size());
        wishes.extend(some.clone().map(|n| begin(s, n)));
        road.settle(s).await;
        s.pass(30);
        some.clone().for_each(|n| decide(s, n, &wishes[n]));
        road.settle(s).await;
        s.pass(30);
        some.clone().for_each(|n| build(s, n, &mut wishes[n]));
        road.settle(s).await;
        s.pass(30);
        some.for_each(|n| end(s, n, &wishes[n]));
        road.settle(s).await;
        s.pass(240);
    }
    road.finish(s).await;
    wishes
}

/// What the register and GitHub show of a wish in the end.
async fn outcome(s: &Scene, wishes: &[Wish]) -> Vec<String> {
    let views = s.views(SubjectKind::ChangeRequest).await;
    let found: Vec<_> = views.iter().filter_map(|(_, view)| view.as_change_request()).collect();
    let shown = |wish: &Wish| {
        let view = found.iter().find(|view| view.at.number == wish.issue.number);
        let registered = view.map(|view| {
            let accepted = matches!(view.acceptance, Acceptance::Accepted { .. });
            format!("{} {} {:?} {accepted} {:?}", view.title, view.taken_in, view.stage, view.release)
        });
        let mut labels = s.labels(wish.issue);
        labels.sort();
        // A check that nobody asked for before the pull request was closed is of no use to anybody.
        let is_open = wish.pull.is_some_and(|pull| s.github().pull_request(pull)["state"] == "open");
        let check = wish.heads.last().filter(|_| is_open).map(|head| s.checks("acme/web", head));
        let comments = s.comments(wish.issue).len();
        format!("{registered:?} {labels:?} {check:?} {comments}")
    };
    let mut shown: Vec<String> = wishes.iter().map(shown).collect();
    shown.push(s.releases().await);
    shown
}

async fn scene(database: &Database) -> Scene {
    let s = Scene::open(database).await;
    s.policy(TRAIN).await;
    s
}

async fn tally(s: &Scene) -> Tally {
    s.stage.app.store.sweeps().await.unwrap().into_values().next().unwrap().sweep.tally
}

#[tokio::test]
async fn after_two_sweeps_a_tenth_of_all_deliveries_is_not_missed() {
    for database in databases().await {
        let good = Database::sqlite();
        let s = scene(&good).await;
        let wishes = play(&s, &mut Road::new(false)).await;
        let expected = outcome(&s, &wishes).await;
        s.end().await;

        let (s, mut road) = (scene(&database).await, Road::new(true));
        let wishes = play(&s, &mut road).await;
        let before = outcome(&s, &wishes).await;
        let differ = before.iter().zip(&expected).filter(|(is, should)| is != should).count();
        let mut repaired = vec![];
        for _ in 0..2 {
            s.pass(3_600);
            s.stage.app.repair.sweep_batch().await.unwrap();
            s.stage.app.repair.beside.ended().await;
            // Words that follow from a repair come as they should.
            road.is_bad = false;
            road.finish(&s).await;
            repaired.push(tally(&s).await.repaired);
        }
        let after = outcome(&s, &wishes).await;
        let wrong: Vec<_> = after.iter().zip(&expected).filter(|(is, should)| is != should).collect();
        assert!(wrong.is_empty(), "{} of {} differ: {wrong:#?}", wrong.len(), wishes.len());
        assert!(differ > 0 && repaired[0] > 0, "nothing was lost that mattered");
        eprintln!(
            "{} deliveries, {} lost: {differ} of {} wishes stood wrong; the sweeps repaired {repaired:?}",
            road.told,
            road.lost,
            wishes.len()
        );
        s.expect_refusals();
        s.end().await;
        database.remove().await;
    }
}
