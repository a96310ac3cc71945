//! What holds whatever is asked: more approval never hurts, more rules never help, and what is not known opens nothing.

use proptest::prelude::*;

use super::*;
use crate::domain::gate::Decision;

const PEOPLE: [&str; 4] = ["lee", "olga", "oskar", "quinn"];
const RULES: [&str; 7] = [
    "range: traced",
    "change: accepted",
    "checks: [{ name: ci, app: github-actions }]",
    "checks: [{ name: scan, app: scanner }]",
    "approvals: { review: 1 }",
    "approvals: { ops: 1, qa: 1 }",
    "plan: back-out",
];
const EMERGENCY: &str =
    "    emergency: { lasts: 9 hours, approved: within 1 working day, retrospective: 5 working days }\n";
const WINDOW: &str = "window: [\"Mon 09:00-11:00\"]";

fn with_rules(rules: &[usize], windowed: bool) -> Deployment {
    let rules: Vec<String> = rules.iter().map(|rule| format!("\n  - {}", RULES[*rule])).collect();
    let window = if windowed { WINDOW } else { "" };
    let rules = if rules.is_empty() { String::new() } else { format!("require:{}", rules.concat()) };
    to(&format!("{window}\n{rules}"))
}

fn any_rules() -> impl Strategy<Value = Vec<usize>> {
    prop::sample::subsequence((0..RULES.len()).collect::<Vec<_>>(), 0..=RULES.len())
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let pass = || Just(Outcome::Pass);
    prop_oneof![6 => pass(), 1 => Just(Outcome::Pending), 1 => Just(Outcome::Fail), 1 => Just(Outcome::Unknown)]
}

fn any_stand() -> impl Strategy<Value = CheckStand> {
    prop_oneof![
        4 => Just(CheckStand::Passed),
        1 => Just(CheckStand::Failed),
        1 => Just(CheckStand::Waiting),
        1 => Just(CheckStand::Unknown("GitHub is down".into())),
    ]
}

fn any_membership() -> impl Strategy<Value = Membership> {
    prop_oneof![
        3 => Just(Membership::Member),
        1 => Just(Membership::Stranger),
        1 => Just(Membership::Unknown("it could not be read".into())),
    ]
}

fn any_pull(number: u64) -> impl Strategy<Value = Pull> {
    let people = prop::sample::subsequence(PEOPLE.to_vec(), 0..=PEOPLE.len());
    (any_outcome(), people).prop_map(move |(own, people)| Pull {
        approved_by: people.into_iter().map(actor).collect(),
        ..pull(number, own)
    })
}

/// Anything that may be asked, more often than not something that is allowed.
fn any_deployment() -> impl Strategy<Value = (Vec<usize>, Deployment)> {
    let pulls = prop_oneof![
        any_pull(41).prop_map(|one| vec![one]),
        (any_pull(41), any_pull(42)).prop_map(|(one, other)| vec![one, other]),
        Just(vec![]),
    ];
    let members = prop::collection::vec(any_membership(), 2 * PEOPLE.len());
    let around = (any_outcome(), 0_u8..12, prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    let facts = (pulls, members, prop::option::weighted(0.9, any_stand()), any_stand());
    (any_rules(), prop::bool::ANY, facts, around, -2_i64..2).prop_map(
        |(rules, windowed, (pulls, members, ci, scan), (range, order, fork, unread), hours)| {
            let mut it = with_rules(&rules, windowed).bringing(pulls).check("scan", "scanner", scan);
            if let Some(ci) = ci {
                it = it.check("ci", "github-actions", ci);
            }
            for (membership, (group, login)) in members
                .into_iter()
                .zip(["ops", "qa"].into_iter().flat_map(|group| PEOPLE.map(|who| (group, who))))
            {
                it = it.member(group, login, membership);
            }
            if let Ok(brings) = &mut it.brings {
                let code = if range == Outcome::Pass { "range_traced" } else { "commit_untraced" };
                brings.findings =
                    vec![Finding::new(code, range, "every commit is traced", "So.").cure("adopt it")];
            }
            it.in_the_way = match order {
                0 => InTheWay::Newer(9),
                1 => InTheWay::Running,
                _ => InTheWay::Nothing,
            };
            it.candidate.from_here = !fork;
            it.now = time(hours * 3_600 + 60);
            if unread {
                it = it.unread("GitHub is down");
            }
            (rules, it)
        },
    )
}

fn decision(deployment: &Deployment) -> Decision {
    deployment.verdict().ruling.decision()
}

/// Whether anything that a rule of it looks at is not known.
fn lacks_a_fact(rules: &[usize], it: &Deployment) -> bool {
    let unknown = |stand: &CheckStand| matches!(stand, CheckStand::Unknown(_));
    let check =
        |name: &str| it.checks.iter().find(|(check, _)| check.name == name).is_none_or(|(_, it)| unknown(it));
    let range =
        it.brings.as_ref().map_or(true, |brings| brings.findings.iter().any(|it| it.own == Outcome::Unknown));
    let pulls = || it.pull_requests.iter().any(|pull| pull.passes.outcome() == Outcome::Unknown);
    range
        || (rules.contains(&1) && pulls())
        || (rules.contains(&2) && check("ci"))
        || (rules.contains(&3) && check("scan"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn an_approval_more_never_closes_what_was_open((_, it) in any_deployment(), pull in 0_usize..2, by in 0_usize..4) {
        let mut more = it.clone();
        if let Some(pull) = more.pull_requests.get_mut(pull) {
            pull.approved_by.push(actor(PEOPLE[by]));
        }
        let (before, after) = (decision(&it), decision(&more));
        prop_assert!(before != Decision::Allow || after == Decision::Allow, "{} then {}", it.answer(), more.answer());
        prop_assert!(after != Decision::Deny || before != Decision::Allow);
    }

    #[test]
    fn a_rule_more_never_opens_what_was_closed((_, it) in any_deployment(), rule in 0..RULES.len()) {
        let mut more = it.clone();
        let text = more.policies[0].take().unwrap();
        let line = format!("\n      - {}", RULES[rule]);
        more.policies[0] = Some(if text.contains("require:") {
            if text.contains(&line) { text } else { format!("{}{line}\n", text.trim_end()) }
        } else {
            format!("{}\n    require:{line}\n", text.trim_end())
        });
        prop_assert!(decision(&it) == Decision::Allow || decision(&more) != Decision::Allow,
            "{} then {}", it.answer(), more.answer());
    }

    #[test]
    fn a_window_more_never_opens_what_was_closed((rules, it) in any_deployment()) {
        let windowed = Deployment { policies: with_rules(&rules, true).policies, ..it.clone() };
        let open = Deployment { policies: with_rules(&rules, false).policies, ..it };
        prop_assert!(decision(&open) == Decision::Allow || decision(&windowed) != Decision::Allow);
    }

    #[test]
    fn what_is_not_known_never_opens_anything((rules, it) in any_deployment()) {
        if lacks_a_fact(&rules, &it) {
            prop_assert_eq!(decision(&it), Decision::Unavailable, "{}", it.answer());
        }
        let forgotten = it.clone().unread("GitHub is down");
        prop_assert_eq!(decision(&forgotten), Decision::Unavailable, "{}", forgotten.answer());
        let unasked = Deployment { checks: vec![], ..it };
        prop_assert!(decision(&unasked) != Decision::Allow || !(rules.contains(&2) || rules.contains(&3)));
    }

    #[test]
    fn who_may_be_in_a_group_opens_nothing_that_a_stranger_would_not((_, it) in any_deployment()) {
        let mut known = it.clone();
        for membership in known.members.values_mut() {
            if matches!(membership, Membership::Unknown(_)) {
                *membership = Membership::Stranger;
            }
        }
        prop_assert_eq!(decision(&it) == Decision::Allow, decision(&known) == Decision::Allow);
    }

    #[test]
    fn in_which_order_things_are_found_out_means_nothing((_, it) in any_deployment()) {
        let mut turned = it.clone();
        turned.pull_requests.reverse();
        turned.pull_requests.iter_mut().for_each(|pull| pull.approved_by.reverse());
        turned.checks.reverse();
        prop_assert_eq!(decision(&it), decision(&turned));
        let sorted = |it: &Deployment| {
            let mut codes = it.codes();
            codes.sort();
            codes
        };
        prop_assert_eq!(sorted(&it), sorted(&turned));
    }

    #[test]
    fn it_is_allowed_just_where_nothing_stands_in_the_way_and_all_that_does_says_what_to_do(
        (_, it) in any_deployment()
    ) {
        let verdict = it.verdict();
        let obstacles: Vec<&Finding> = verdict.findings.iter().flat_map(Finding::obstacles).collect();
        prop_assert_eq!(verdict.lets_through(), obstacles.is_empty());
        for obstacle in obstacles {
            prop_assert!(obstacle.cure.is_some(), "{}", obstacle.code);
            prop_assert!(!obstacle.rule.is_empty() && !obstacle.sentence.is_empty(), "{}", obstacle.code);
        }
    }

    #[test]
    fn an_emergency_opens_only_what_is_wholly_one_with_green_checks_and_closes_nothing(
        (rules, it) in any_deployment(),
        which in 0_u8..4,
    ) {
        let mut declared = it.clone();
        declared.policies[0].as_mut().unwrap().push_str(EMERGENCY);
        for (place, pull) in declared.pull_requests.iter_mut().enumerate() {
            if which & (1 << place) != 0 {
                pull.emergencies = vec![(at(pull.number + 100), emergency::declared())];
            }
        }
        let (before, after) = (decision(&it), decision(&declared));
        prop_assert!(before != Decision::Allow || after == Decision::Allow, "{} then {}", it.answer(), declared.answer());
        if after == Decision::Allow && before != Decision::Allow {
            let pulls = &declared.pull_requests;
            prop_assert!(!pulls.is_empty() && pulls.iter().all(|pull| !pull.emergencies.is_empty()));
            let passed = |name: &str| {
                it.checks.iter().any(|(check, stand)| check.name == name && *stand == CheckStand::Passed)
            };
            prop_assert!(!rules.contains(&2) || passed("ci"));
            prop_assert!(!rules.contains(&3) || passed("scan"));
            prop_assert!(it.brings.as_ref().is_ok_and(|brings| brings.findings.iter().all(|it| it.own == Outcome::Pass)));
            prop_assert!(matches!(it.in_the_way, InTheWay::Nothing) && it.candidate.from_here);
        }
    }

    #[test]
    fn the_same_question_has_the_same_answer((_, it) in any_deployment()) {
        prop_assert_eq!(it.verdict(), it.verdict());
    }
}
