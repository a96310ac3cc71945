//! GitHub promises no order: six deliveries of one story, in each of their 720 orders, end in the same state.
//!
//! What GitHub shows is the end of the story from the beginning on; only its deliveries come in one order or another.
//! Each order has an issue and a pull request of its own, and one fresh server hears some dozens of them.

use std::collections::BTreeMap;

use changegate::{
    domain::{
        change_request::{Acceptance, ChangeRequestView},
        ids::SubjectKind,
    },
    sandbox::{Delivery, Edit, Entry, Numbered},
};
use jiff::Timestamp;
use serde_json::Value;

use crate::support::{Database, Scene};

/// How many orders one server hears. A release over hundreds of requests is another matter.
const AT_ONCE: usize = 40;

const TRAIN: &str = "trains:\n  customer: { repositories: [acme/web], title: \"{year}.{month}\" }\n";

/// One telling of a story, and six of its deliveries as they happened.
struct Told {
    began: Timestamp,
    issue: Numbered,
    pull: Numbered,
    heads: [String; 2],
    deliveries: Vec<Delivery>,
}

/// Sam asks, and that is heard; Tess accepts by command, Ana builds, pushes again and merges, Rosa plans.
async fn merged(s: &Scene) -> Told {
    let began = s.stage.clock.now();
    let issue = s.change_request("Export").await;
    s.pass(20);
    let (pull, heads) = built(s, issue, &format!("Closes #{}", issue.number));
    s.by("tess").comment(issue, "/accept");
    s.pass(20);
    s.by("rosa").set_milestone(issue, "2026.12");
    s.pass(20);
    s.by("ana").merge(pull);
    let deliveries = picked(
        s,
        [
            ("pull_request", "opened"),
            ("pull_request", "synchronize"),
            ("issue_comment", "created"),
            ("issues", "milestoned"),
            ("pull_request", "closed"),
            ("issues", "closed"),
        ],
    );
    Told { began, issue, pull, heads, deliveries }
}

/// Sam asks, Tess accepts by label, Ana builds, pushes again and only then says what it is for, Rosa plans.
async fn open(s: &Scene) -> Told {
    let began = s.stage.clock.now();
    let issue = s.by("sam").open_labelled_issue("acme/web", "Export", "Please.", &["change-request"]);
    s.pass(20);
    let (pull, heads) = built(s, issue, "");
    s.by("tess").label(issue, "triage/accepted");
    s.pass(20);
    s.by("rosa").set_milestone(issue, "2026.12");
    s.pass(20);
    let body = format!("Closes #{}", issue.number);
    s.by("ana").edit_issue(pull, Edit { body: Some(&body), ..Edit::default() });
    let deliveries = picked(
        s,
        [
            ("issues", "labeled"),
            ("pull_request", "opened"),
            ("pull_request", "synchronize"),
            ("issues", "labeled"),
            ("issues", "milestoned"),
            ("pull_request", "edited"),
        ],
    );
    Told { began, issue, pull, heads, deliveries }
}

/// Ana opens a pull request and pushes once more.
fn built(s: &Scene, issue: Numbered, body: &str) -> (Numbered, [String; 2]) {
    let branch = format!("export-{}", issue.number);
    let push = |text: &str| s.by("ana").push("acme/web", &branch, &[(branch.as_str(), text)], text);
    let first = push("first");
    let entry = Entry { head: &branch, base: "main", title: "Export", body, draft: false };
    let pull = s.by("ana").open_pull_request("acme/web", entry);
    s.pass(20);
    let second = push("second");
    s.pass(20);
    (pull, [first, second])
}

/// Of what GitHub owes us by now these six; the others never come.
fn picked(s: &Scene, wanted: [(&str, &str); 6]) -> Vec<Delivery> {
    let mut owed = s.github().take_deliveries().into_iter();
    let mut pick = |(event, action): (&str, &str)| {
        owed.find(|delivery| delivery.event == event && delivery.action.as_deref() == Some(action))
    };
    wanted.into_iter().map(|wanted| pick(wanted).expect("it happened in this order")).collect()
}

#[tokio::test]
async fn all_permutations_of_six_deliveries_end_in_the_same_state() {
    in_all_orders(merged).await;
}

#[tokio::test]
async fn all_permutations_of_six_deliveries_of_open_work_end_in_the_same_state() {
    in_all_orders(open).await;
}

async fn in_all_orders(story: impl AsyncFn(&Scene) -> Told) {
    let rounds = std::env::var("CHANGEGATE_ROUNDS_ORDERS").ok().and_then(|rounds| rounds.parse().ok());
    let orders = permutations((0..6).collect());
    assert_eq!(orders.len(), 720);
    let mut outcomes: BTreeMap<String, Vec<Vec<usize>>> = BTreeMap::new();
    for some in orders[..rounds.unwrap_or(720)].chunks(AT_ONCE) {
        let database = Database::sqlite();
        let s = Scene::open(&database).await;
        s.policy(TRAIN).await;
        s.by("rosa").create_milestone("acme/web", "2026.12", None);
        s.settle().await;
        let mut tellings = vec![];
        for _ in some {
            tellings.push(story(&s).await);
        }
        for (told, order) in tellings.iter().zip(some) {
            deliver(&s, told, order).await;
            s.pass(60);
        }
        for (told, order) in tellings.iter().zip(some) {
            outcomes.entry(outcome(&s, told).await).or_default().push(order.clone());
        }
        s.end().await;
    }
    let shown: Vec<String> = outcomes
        .iter()
        .map(|(outcome, orders)| format!("{} orders, the first {:?}:\n{outcome}", orders.len(), orders[0]))
        .collect();
    assert_eq!(outcomes.len(), 1, "{}", shown.join("\n\n"));
}

/// Everything is done about one delivery before the next one comes. What our own writes set in motion comes last.
async fn deliver(s: &Scene, told: &Told, order: &[usize]) {
    for place in order {
        assert_eq!(s.github().send(&told.deliveries[*place]).await.status, 202);
        s.stage.app.settle().await.unwrap();
    }
    s.settle().await;
}

/// What the register and GitHub show in the end; times from the beginning of the story.
async fn outcome(s: &Scene, told: &Told) -> String {
    let mut shown = vec![format!("register: {}", registered(s, told).await)];
    shown.push(s.status(told.issue));
    shown.extend(s.history(told.issue));
    shown.extend(s.sentences(told.issue));
    let issue = s.github().issue(told.issue);
    let mut labels = s.labels(told.issue);
    labels.sort();
    shown.push(format!("{} {} {labels:?}", issue["state"], issue["milestone"]["title"]));
    for head in &told.heads {
        let runs: Vec<Value> = s.github().check_runs("acme/web", head);
        shown.push(format!("{} {:?}", runs.len(), s.checks("acme/web", head)));
        shown.push(s.check_text("acme/web", head));
    }
    let names = [(told.issue.number, "ISSUE"), (told.pull.number, "PULL")];
    untimed(&unnumbered(&shown.join("\n"), &names))
}

async fn registered(s: &Scene, told: &Told) -> String {
    let views = s.views(SubjectKind::ChangeRequest).await;
    let found = views.iter().filter_map(|(_, view)| view.as_change_request());
    let mut found = found.filter(|view| view.at.number == told.issue.number);
    let ChangeRequestView {
        title,
        exists,
        taken_in,
        stage,
        acceptance,
        release,
        requester,
        account,
        at: _,
        emergency: _,
        risk: _,
        text: _,
        delivered: _,
        underway: _,
        systems: _,
        needs_no_code: _,
        tried: _,
        depends: _,
        planned_at: _,
        planned_by: _,
        goes_along: _,
        formerly: _,
        overheard: _,
    } = found.next().expect("in the register");
    let accepted = match acceptance {
        Acceptance::Accepted { by, at } => {
            format!("{:?} after {}", by.as_ref().map(|by| &by.login), at.duration_since(told.began))
        }
        other => format!("{other:?}"),
    };
    let requester = requester.as_ref().map(|requester| &requester.login);
    format!("{title} {exists} {taken_in} {stage:?} {accepted} {release:?} {requester:?} {account:?}")
}

/// Numbers of issues and pull requests by their names, where they stand in links.
fn unnumbered(text: &str, names: &[(u64, &str)]) -> String {
    let mut named = text.to_owned();
    for (number, name) in names {
        for before in ["#", ";", "/"] {
            for after in ["]", ")", "`", " ", "\n", "\""] {
                named = named.replace(&format!("{before}{number}{after}"), &format!("{before}{name}{after}"));
            }
        }
    }
    named
}

/// `2 Nov 2026, 13:01 UTC` by its day alone.
fn untimed(text: &str) -> String {
    let mut parts = text.split(" UTC").peekable();
    let mut untimed = String::new();
    while let Some(part) = parts.next() {
        let end = part.len() - if parts.peek().is_some() { "13:01".len() } else { 0 };
        untimed.push_str(&part[..end]);
    }
    untimed
}

pub(super) fn permutations(items: Vec<usize>) -> Vec<Vec<usize>> {
    if items.len() < 2 {
        return vec![items];
    }
    let with_first = |first: &usize| {
        let rest: Vec<usize> = items.iter().filter(|item| *item != first).copied().collect();
        permutations(rest).into_iter().map(|rest| [vec![*first], rest].concat()).collect::<Vec<_>>()
    };
    items.iter().flat_map(with_first).collect()
}
