//! The queue, the merged order and the plan, on lines made up for them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{
    Kind, Line, accounts,
    plan::{self, Around, plan},
    queue::{Filter, OVERDUE, Waiting},
    ranking::{Weights, merged},
};
use crate::domain::{
    change_request::{Stage, note::Rank},
    ids::{IssueRef, ReleaseId, RepoId},
    policy::{self, Reserved, Scope, Train, Zone},
    release::Release,
    trial::time,
};

fn days(days: i64) -> Timestamp {
    time(days * 24 * 3600)
}

/// Of an account, by its number, asked for on the day of that number.
pub(super) fn line(number: u64, account: Option<&str>) -> Line {
    let asked = days(i64::try_from(number).unwrap());
    Line {
        at: IssueRef { repo: RepoId(7), number },
        title: format!("Request {number}"),
        kind: Kind::Change,
        stage: Stage::Accepted,
        since: asked,
        asked,
        accepted: Some(asked),
        delivered: None,
        account: account.map(Into::into),
        systems: BTreeSet::new(),
        size: None,
        risk: None,
        requester: None,
        contact: None,
        answered: None,
        missing: vec![],
        release: None,
        rank: None,
        needed_by: None,
        emergency: false,
        stars: None,
        accepted_by_requester: false,
        over_limit: false,
        pulls: 0,
        shipped_in: BTreeSet::new(),
    }
}

fn ranked(place: u16, at: i64, line: Line) -> Line {
    Line { rank: Some(Rank { place, at: days(at) }), ..line }
}

fn weights(weights: &[(&str, u16)]) -> Weights {
    weights.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect()
}

fn order(lines: &[Line], weights: &Weights) -> Vec<u64> {
    merged(lines, weights).iter().map(|placed| placed.line.at.number).collect()
}

#[test]
fn a_line_that_was_written_before_limits_and_pull_requests_were_counted_is_read() {
    let mut written = serde_json::to_value(line(1, Some("sales"))).unwrap();
    for later in ["over_limit", "pulls", "shipped_in"] {
        written.as_object_mut().unwrap().remove(later);
    }
    assert_eq!(serde_json::from_value::<Line>(written).unwrap(), line(1, Some("sales")));
}

#[test]
fn a_request_is_overdue_after_five_working_days_of_waiting_and_not_while_information_is_missing() {
    let berlin = zone("Europe/Berlin");
    let asked = |stage, since: &str| Line { stage, since: since.parse().unwrap(), ..line(1, None) };
    let monday = asked(Stage::Requested, "2026-11-23T09:00:00Z");
    for (now, overdue) in [("2026-11-30T08:59:59Z", false), ("2026-11-30T09:00:00Z", true)] {
        let waiting = Waiting::of(&monday, OVERDUE, &berlin, now.parse().unwrap());
        assert_eq!(waiting.is_overdue, overdue, "{now}");
    }
    let friday = asked(Stage::Requested, "2026-11-27T16:00:00Z");
    let waiting = Waiting::of(&friday, OVERDUE, &berlin, days(0));
    assert_eq!(waiting.due, Some("2026-12-04T16:00:00Z".parse().unwrap()), "a weekend is no time to decide");
    let incomplete = asked(Stage::NeedsInformation, "2026-01-01T09:00:00Z");
    assert_eq!(Waiting::of(&incomplete, OVERDUE, &berlin, days(0)), Waiting { due: None, is_overdue: false });
    let answered = Line { answered: Some("2026-11-23T09:00:00Z".parse().unwrap()), ..incomplete };
    let again = Waiting::of(&answered, OVERDUE, &berlin, days(9));
    assert_eq!(again.due, Some("2026-11-30T09:00:00Z".parse().unwrap()), "the question is answered");
}

fn zone(name: &str) -> Zone {
    policy_of(&format!("version: 1\nzone: {name}\nmode: observe\n")).zone()
}

fn policy_of(text: &str) -> policy::Policy {
    policy::parse(policy::PATH, text, Scope::Alone).unwrap()
}

#[test]
fn a_filter_asks_for_what_it_names_and_nothing_else() {
    let waiting = Waiting { due: Some(days(0)), is_overdue: true };
    let sales =
        Line { systems: BTreeSet::from(["mail".into()]), kind: Kind::Project, ..line(1, Some("sales")) };
    let nobodys = line(2, None);
    let wants = |filter: &Filter| (filter.wants(&sales, waiting), filter.wants(&nobodys, waiting));
    let filter = Filter::default;
    assert_eq!(wants(&filter()), (true, true));
    assert_eq!(wants(&Filter { account: Some("Sales".into()), ..filter() }), (true, false));
    assert_eq!(wants(&Filter { account: Some("none".into()), ..filter() }), (false, true));
    assert_eq!(wants(&Filter { system: Some("MAIL".into()), ..filter() }), (true, false));
    assert_eq!(wants(&Filter { kind: Some(Kind::Project), ..filter() }), (true, false));
    assert_eq!(wants(&Filter { overdue: Some(false), ..filter() }), (false, false));
    assert_eq!(wants(&Filter { incomplete: Some(true), ..filter() }), (false, false));
}

#[test]
fn accounts_take_turns_by_their_weight_and_each_sees_its_own_order() {
    let of = |account, numbers: &[u64]| numbers.iter().map(|it| line(*it, Some(account))).collect::<Vec<_>>();
    let lines = [of("sales", &[1, 2, 3, 4]), of("support", &[5, 6])].concat();
    assert_eq!(order(&lines, &weights(&[("sales", 2)])), [1, 2, 5, 3, 4, 6]);
    assert_eq!(order(&lines, &weights(&[])), [1, 5, 2, 6, 3, 4], "who has nothing more is left out");
    let lines = [
        vec![ranked(1, 9, line(4, Some("sales"))), ranked(2, 9, line(2, Some("sales")))],
        of("sales", &[1, 3]),
    ]
    .concat();
    assert_eq!(order(&lines, &weights(&[])), [4, 2, 1, 3], "what is ranked goes first");
    let twice = [ranked(1, 8, line(1, Some("sales"))), ranked(1, 9, line(2, Some("sales")))];
    assert_eq!(order(&twice, &weights(&[])), [2, 1], "the later word put it there on purpose");
    let placed = merged(&twice, &weights(&[]));
    assert_eq!((placed[1].overall, placed[1].own, placed[1].of), (2, 2, 2));
    assert_eq!(order(&[], &weights(&[])), Vec::<u64>::new());
}

proptest! {
    /// Nobody is a whole place ahead of their share or behind it, as long as everybody has something left.
    #[test]
    fn no_share_of_the_first_places_differs_from_its_weight_by_more_than_one(
        accounts in prop::collection::vec((1u16..1000, 1usize..40), 1..8),
    ) {
        let names: Vec<String> = (0..accounts.len()).map(|at| format!("a{at}")).collect();
        let of_all = names.iter().zip(&accounts);
        let weights: Weights = of_all.clone().map(|(name, (weight, _))| (name.clone(), *weight)).collect();
        let lines: Vec<Line> = of_all
            .enumerate()
            .flat_map(|(at, (name, (_, count)))| (0..*count).map(move |nr| line((at * 100 + nr) as u64, Some(name))))
            .collect();
        let total: f64 = accounts.iter().map(|(weight, _)| f64::from(*weight)).sum();
        let mut given: BTreeMap<&str, usize> = BTreeMap::new();
        let placed = merged(&lines, &weights);
        prop_assert_eq!(placed.len(), lines.len());
        for place in &placed {
            let name = place.line.account.as_deref().unwrap();
            *given.entry(name).or_default() += 1;
            for (name, (weight, _)) in names.iter().zip(&accounts) {
                let share = place.overall as f64 * f64::from(*weight) / total;
                let had = given.get(&**name).copied().unwrap_or_default() as f64;
                prop_assert!((share - had).abs() < 1.0 + 1e-9, "{} has {} of {} for {}", name, had, share, place.overall);
            }
            if names.iter().zip(&accounts).any(|(name, (_, count))| given.get(&**name) == Some(count)) {
                break;
            }
        }
    }

    /// The order rests on what is known, not on the order in which it was read; and each account finds its own order in it.
    #[test]
    fn the_merged_order_is_the_same_however_the_lines_come(
        lines in prop::collection::vec((0u8..4, prop::option::of(1u16..5), 0i64..9), 1..60).prop_shuffle(),
        turned in 0usize..60,
    ) {
        let lines: Vec<Line> = lines.into_iter().enumerate().map(|(nr, (account, rank, asked))| {
            let name = ["sales", "support", "finance"].get(usize::from(account)).copied();
            let asked = Line { asked: days(asked), ..line(nr as u64, name) };
            match rank { Some(place) => ranked(place, 1, asked), None => asked }
        }).collect();
        let weights = weights(&[("sales", 3), ("finance", 2)]);
        let mut turned_lines = lines.clone();
        turned_lines.rotate_left(turned % lines.len());
        prop_assert_eq!(order(&lines, &weights), order(&turned_lines, &weights));
        let mut last: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for placed in merged(&lines, &weights) {
            let before = last.insert(placed.line.account.as_deref(), placed.own).unwrap_or_default();
            prop_assert_eq!(placed.own, before + 1);
        }
    }
}

const TRAIN: &str = "version: 1
mode: enforce
zone: Europe/Berlin
trains:
  customer:
    repositories: [acme/web]
    title: \"{year}.{month}\"
    every: first Thursday 10:00
    lock: 7 days before
";

fn trains(text: &str) -> BTreeMap<String, Train> {
    policy_of(text).trains().clone()
}

fn around<'a>(trains: &'a BTreeMap<String, Train>, releases: &'a [Release]) -> Around<'a> {
    let (zone, weights, reserved) = (zone("Europe/Berlin"), Weights::new(), Reserved::default());
    Around { now: days(0), zone, trains, weights, reserved, releases }
}

fn release(title: &str) -> ReleaseId {
    ReleaseId { train: "customer".into(), title: title.into() }
}

#[test]
fn the_plan_shows_the_next_departures_and_what_is_late_and_ranks_the_rest() {
    let trains = trains(TRAIN);
    let in_release = |title, line| Line { release: Some(release(title)), stage: Stage::Scheduled, ..line };
    let lines = [
        in_release("2026.12", line(1, Some("sales"))),
        in_release("2026.11", line(2, None)),
        line(3, Some("sales")),
        line(4, None),
        Line { stage: Stage::Deployed, delivered: Some(days(1)), ..line(5, None) },
        Line { stage: Stage::Requested, ..line(6, None) },
    ];
    let plan = plan(&lines, &around(&trains, &[]));
    let columns = plan.releases.iter().map(|column| {
        let leaves = column.leaves.map(|at| at.to_string()).unwrap_or_default();
        let numbers: Vec<u64> = column.lines.iter().map(|line| line.at.number).collect();
        format!("{} {leaves} locks {} {numbers:?}", column.id.title, column.locks.unwrap())
    });
    insta::assert_snapshot!(columns.collect::<Vec<_>>().join("\n"), @"
    2026.11 2026-11-05T09:00:00Z locks 2026-10-29T09:00:00Z [2]
    2026.12 2026-12-03T09:00:00Z locks 2026-11-26T09:00:00Z [1]
    2027.01 2027-01-07T09:00:00Z locks 2026-12-31T09:00:00Z []
    2027.02 2027-02-04T09:00:00Z locks 2027-01-28T09:00:00Z []
    2027.03 2027-03-04T09:00:00Z locks 2027-02-25T09:00:00Z []
    ");
    let unplanned: Vec<u64> = plan.unplanned.iter().map(|placed| placed.line.at.number).collect();
    assert_eq!(unplanned, [3, 4]);
    assert_eq!(plan.delivered.iter().map(|line| line.at.number).collect::<Vec<_>>(), [5]);
}

#[test]
fn the_plan_says_where_changes_meet_and_when_more_goes_in_than_comes_out() {
    let trains = trains(TRAIN);
    let about = |systems: &[&str], title: &str, number| Line {
        systems: systems.iter().map(|it| (*it).to_owned()).collect(),
        release: Some(release(title)),
        ..line(number, None)
    };
    let month = |accepted: &str, delivered: Option<&str>, number| Line {
        stage: if delivered.is_some() { Stage::Deployed } else { Stage::Accepted },
        accepted: Some(accepted.parse().unwrap()),
        delivered: delivered.map(|at| at.parse().unwrap()),
        ..line(number, None)
    };
    let lines = [
        about(&["mail", "web"], "2026.12", 1),
        about(&["mail"], "2026.12", 2),
        about(&["web"], "2027.01", 3),
        month("2026-08-05T09:00:00Z", Some("2026-10-05T09:00:00Z"), 4),
        month("2026-08-31T22:30:00Z", None, 5),
        month("2026-09-05T09:00:00Z", None, 6),
        month("2026-10-05T09:00:00Z", None, 7),
        month("2026-10-06T09:00:00Z", None, 8),
        month("2026-11-06T09:00:00Z", None, 9),
    ];
    let plan = plan(&lines, &around(&trains, &[]));
    let met = plan
        .clashes
        .iter()
        .map(|it| (it.system, it.lines.iter().map(|line| line.at.number).collect::<Vec<_>>()));
    assert_eq!(met.collect::<Vec<_>>(), [("mail", vec![1, 2])]);
    let months: Vec<_> = plan.flow.iter().map(|it| (&*it.month, it.accepted, it.delivered)).collect();
    assert_eq!(months, [("2026-08", 1, 0), ("2026-09", 2, 0), ("2026-10", 2, 1)], "months are Berlin's");
    assert!(plan::is_too_much(&plan.flow));
    assert!(!plan::is_too_much(&[plan::Flow { accepted: 1, delivered: 1, ..plan::Flow::default() }]));
}

#[test]
fn slots_are_what_policy_says_or_what_the_last_five_releases_have_taught() {
    let delivered = |title: &str, carried: u64| {
        let mut release = Release::new(&release(title));
        release.scope = (0..carried).map(|number| IssueRef { repo: RepoId(7), number }).collect();
        release
    };
    let all = trains(TRAIN);
    let of = |trains: &BTreeMap<String, Train>, releases: &[Release]| {
        plan::capacity("customer", &trains["customer"], &around(trains, releases))
    };
    assert_eq!(of(&all, &[]), plan::Capacity::default());
    assert_eq!(
        of(&all, &[delivered("2026.10", 3)]),
        plan::Capacity::default(),
        "nothing was delivered by it"
    );
    let said = trains(&format!("{TRAIN}    slots: 7\n"));
    assert_eq!(of(&said, &[]), plan::Capacity { slots: Some(7), learned: None });
}

#[test]
fn the_plan_publishes_what_is_kept_and_no_more_than_a_fifth_of_what_was_learned() {
    let kept = |slots: &str| {
        let text =
            format!("{TRAIN}    slots: {slots}\naccounts:\n  sales: {{ sponsor: dana, reserved: 2 }}\n");
        let policy = policy_of(&text);
        let trains = policy.trains().clone();
        let lines = [Line { release: Some(release("now-web-7")), ..line(7, None) }];
        let around = Around { reserved: Reserved::of(policy.accounts()), ..around(&trains, &[]) };
        let columns = plan(&lines, &around).releases;
        let column = |it: &plan::Column<'_>| {
            format!("{} {:?}", it.id.title, it.kept.iter().map(|it| it.slots).collect::<Vec<_>>())
        };
        columns
            .iter()
            .map(column)
            .filter(|told| told.contains("now") || told.contains("2026.1"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(kept("12"), "2026.12 [2], now-web-7 []", "what ships alone keeps nothing");
    assert_eq!(kept("auto"), "2026.12 [], now-web-7 []", "nothing is learned yet");
}

#[test]
fn shares_of_a_year_say_who_asks_for_how_much_and_what_it_would_be_without_one() {
    let since = days(0);
    let of = |account: Option<&'static str>, count: u64| (1..=count).map(move |number| line(number, account));
    let old = Line { asked: days(-9), accepted: Some(days(-8)), ..line(99, Some("sales")) };
    let shipped = Line { stage: Stage::Verified, delivered: Some(days(3)), ..line(98, Some("support")) };
    let lines: Vec<Line> =
        of(Some("sales"), 6).chain(of(Some("support"), 2)).chain(of(None, 1)).chain([old, shipped]).collect();
    let report = accounts::report(&lines, since, None);
    let counts = report.accounts.iter().map(|(name, it)| {
        let share = report.share(it) * 100.0;
        let key = if report.is_key(name.as_deref(), it) { ", key" } else { "" };
        format!(
            "{name:?}: {} requested ({share:.0} %{key}), {} delivered, {} open",
            it.requested, it.delivered, it.open
        )
    });
    insta::assert_snapshot!(counts.collect::<Vec<_>>().join("\n"), @r#"
    Some("sales"): 6 requested (60 %, key), 0 delivered, 7 open
    Some("support"): 3 requested (30 %, key), 1 delivered, 2 open
    None: 1 requested (10 %), 0 delivered, 1 open
    "#);
    let concentration = report.concentration.unwrap();
    assert!((concentration.first - 0.6).abs() < 1e-9 && (concentration.first_three - 0.9).abs() < 1e-9);
    assert!((concentration.herfindahl - 0.45).abs() < 1e-9, "{concentration:?}");
    let rated = |stars, number| Line {
        stars: Some(stars),
        stage: Stage::Deployed,
        delivered: Some(days(2)),
        ..line(number, Some("care"))
    };
    let counts = |ratings: &[u8]| {
        let lines: Vec<Line> = ratings.iter().zip(1..).map(|(stars, number)| rated(*stars, number)).collect();
        accounts::report(&lines, since, None).total.satisfaction()
    };
    assert_eq!(
        (counts(&[5, 4]), counts(&[5, 4, 3])),
        (None, Some(4.0)),
        "two answers would show who gave them"
    );
    let without = accounts::report(&lines, since, Some("sales"));
    assert_eq!((without.total.requested, without.accounts.len()), (4, 2));
    assert_eq!(accounts::report(&[], since, None).concentration, None);
    let berlin = zone("Europe/Berlin");
    assert_eq!(
        accounts::year_before("2026-11-27T12:00:00Z".parse().unwrap(), &berlin).to_string(),
        "2025-11-26T23:00:00Z"
    );
    let leap = "2028-02-29T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::ZERO;
    assert_eq!(accounts::year_before(leap, &berlin).to_string(), "2027-02-27T23:00:00Z");
}
