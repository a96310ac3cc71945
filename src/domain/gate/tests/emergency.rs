use super::*;
use crate::domain::change_request::emergency::{Done, LookedBack, Signed};

/// What policy says of emergencies in these tests.
const KNOWS: &str = "window: [\"Tue-Thu 09:00-16:00\"]
require: [{ checks: [{ name: ci, app: github-actions }] }]
continuous: [{ approvals: { qa: 1 } }]
emergency: { lasts: 4 hours, approved: within 1 working day, retrospective: 5 working days }";

/// Declared an hour ago by somebody on call; the time of these tests is a Monday, when the window is closed.
pub(super) fn declared() -> Emergency {
    Emergency {
        since: time(-3600),
        by: actor("oskar"),
        at: time(-3600),
        why: "nobody can pay".into(),
        declared_by: [actor("oskar").id].into(),
        signed: None,
        looked_back: None,
        in_force: true,
        came_along: false,
        terms: None,
        parts: Default::default(),
    }
}

fn fix(number: u64) -> Pull {
    Pull { emergencies: vec![(at(number + 100), declared())], ..pull(number, Outcome::Pass) }
}

/// Nobody accepted its change: its check passed because of an emergency, declared so many seconds ago.
fn passed_as_one(at: i64) -> Deployment {
    let rule = Finding::new("emergency_declared", Outcome::Pass, "the change request is accepted", "It was.");
    let passes = Finding::new("pull_request", Outcome::Pass, "", "#41").because(vec![rule]);
    let emergency = Emergency { at: time(at), ..declared() };
    let pull = Pull { passes, emergencies: vec![(super::at(141), emergency)], ..pull(41, Outcome::Pass) };
    to(&KNOWS.replace("require: [", "require: [{ change: accepted }, "))
        .check("ci", "github-actions", CheckStand::Passed)
        .bringing(vec![pull])
}

fn deployment(pulls: Vec<Pull>) -> Deployment {
    to(KNOWS).check("ci", "github-actions", CheckStand::Passed).bringing(pulls)
}

fn owing(emergency: Emergency, now: i64) -> Deployment {
    let windowless = KNOWS.lines().skip(1).collect::<Vec<_>>().join("\n");
    let stands = to(&windowless).check("ci", "github-actions", CheckStand::Passed);
    let stands = stands.approved_by(&["quinn"]).member("qa", "quinn", Membership::Member);
    stands.but(|it| {
        it.now = time(now);
        it.owed = vec![(at(7), emergency)];
    })
}

const DAY: i64 = 24 * 3600;

#[test]
fn an_emergency_goes_ahead_of_window_and_signatures_alone_while_it_lasts_and_only_as_the_policy_knows_it() {
    let ended = Emergency { at: time(-4 * 3600), ..declared() };
    let ended = Pull { emergencies: vec![(at(141), ended)], ..pull(41, Outcome::Pass) };
    let unknown_to_policy = to("window: [\"Tue-Thu 09:00-16:00\"]").bringing(vec![fix(41)]);
    all_are_so(vec![
        ("an emergency goes ahead", deployment(vec![fix(41)]), "allow"),
        ("two do", deployment(vec![fix(41), fix(42)]), "allow"),
        (
            "no other work comes along with it",
            deployment(vec![fix(41), pull(42, Outcome::Pass)]),
            "pending review_missing review_missing window_closed emergency_not_alone",
        ),
        ("after its time it is none", deployment(vec![ended]), "pending review_missing window_closed"),
        ("where policy knows none, there is none", unknown_to_policy, "pending window_closed"),
        (
            "after its time what nobody accepted is not accepted, although its check passed as an emergency's",
            passed_as_one(-4 * 3600),
            "pending emergency_over review_missing window_closed",
        ),
        (
            "nobody has to be told before",
            to(&KNOWS.replace("require: [", "require: [{ notice: [ops] }, "))
                .check("ci", "github-actions", CheckStand::Passed)
                .bringing(vec![fix(41)]),
            "allow",
        ),
        ("until then it is", passed_as_one(-4 * 3600 + 1), "allow"),
        (
            "its checks must have passed",
            to(KNOWS).check("ci", "github-actions", CheckStand::Failed).bringing(vec![fix(41)]),
            "deny check_failed",
        ),
        (
            "a commit that came with no pull request does not slip in",
            deployment(vec![fix(41)]).but(|it| {
                let untraced =
                    Finding::new("commit_untraced", Outcome::Fail, "every commit is traced", "One is not.");
                it.brings.as_mut().unwrap().findings = vec![untraced.cure("adopt it")];
            }),
            "deny commit_untraced",
        ),
        ("nothing is brought, so nothing is an emergency", deployment(vec![]), "pending window_closed"),
        (
            "what a newer one supersedes does not go",
            deployment(vec![fix(41)]).but(|it| it.in_the_way = InTheWay::Newer(9)),
            "deny superseded",
        ),
    ]);
}

#[test]
fn where_policy_wants_the_signature_first_the_emergency_waits_for_it() {
    let before = KNOWS.replace("within 1 working day", "before");
    let stands = |emergency: Emergency| {
        let pull = Pull { emergencies: vec![(at(141), emergency)], ..pull(41, Outcome::Pass) };
        to(&before).check("ci", "github-actions", CheckStand::Passed).bringing(vec![pull])
    };
    let signed = Emergency { signed: Some(Signed { by: actor("ana"), at: time(0) }), ..declared() };
    all_are_so(vec![
        ("unsigned", stands(declared()), "pending emergency_signature_missing"),
        ("signed", stands(signed), "allow"),
        (
            "ordinary work does not wait for the signature of what never went out without it",
            to(&before.lines().skip(1).collect::<Vec<_>>().join("\n"))
                .check("ci", "github-actions", CheckStand::Passed)
                .approved_by(&["quinn"])
                .member("qa", "quinn", Membership::Member)
                .but(|it| it.owed = vec![(at(7), declared())]),
            "allow",
        ),
    ]);
}

#[test]
fn a_file_of_the_repository_shortens_an_emergency_and_never_lengthens_it() {
    let own = |lasts: &str| {
        let emergency =
            format!("emergency: {{ lasts: {lasts}, approved: within 1 hour, retrospective: 1 day }}");
        deployment(vec![fix(41)]).and_own(&emergency)
    };
    all_are_so(vec![
        (
            "longer than the organisation's",
            own("9 hours").but(|it| it.now = time(3 * 3600)),
            "pending review_missing window_closed",
        ),
        ("shorter", own("1 hour"), "pending review_missing window_closed"),
        (
            "a file that says nothing of it takes nothing away",
            deployment(vec![fix(41)]).and_own("rollback: refused"),
            "allow",
        ),
    ]);
    let alone = to("rollback: allowed").and_own(KNOWS).bringing(vec![fix(41)]);
    assert!(alone.answer().contains("window_closed"), "{}", alone.answer());
}

#[test]
fn what_is_owed_for_an_emergency_stands_in_the_way_of_ordinary_work_once_it_is_overdue() {
    let signed = Emergency { signed: Some(Signed { by: actor("ana"), at: time(0) }), ..declared() };
    let looked_back =
        LookedBack { by: actor("oskar"), at: time(0), result: Done::Worked, said: "fine".into() };
    let reviewed = Emergency { looked_back: Some(looked_back.clone()), ..declared() };
    let paid = Emergency { looked_back: Some(looked_back), ..signed.clone() };
    all_are_so(vec![
        ("within the time", owing(declared(), 0), "allow"),
        ("unsigned after a working day", owing(declared(), DAY), "deny emergency_unsigned"),
        ("signed", owing(signed.clone(), 2 * DAY), "allow"),
        ("signed, and never looked back on", owing(signed, 8 * DAY), "deny retrospective_overdue"),
        ("looked back on, and never signed", owing(reviewed, 8 * DAY), "deny emergency_unsigned"),
        ("both owed", owing(declared(), 8 * DAY), "deny emergency_unsigned retrospective_overdue"),
        ("paid", owing(paid, 8 * DAY), "allow"),
        (
            "the next emergency does not wait for it",
            owing(declared(), 8 * DAY).bringing(vec![Pull {
                emergencies: vec![(at(141), Emergency { at: time(8 * DAY), ..declared() })],
                ..pull(41, Outcome::Pass)
            }]),
            "allow",
        ),
    ]);
}

#[test]
fn what_went_by_in_an_outage_stands_once_it_is_overdue_in_the_way_of_ordinary_work_and_of_nothing_else() {
    let after = |seconds| {
        owing(declared(), seconds).but(|it| {
            it.owed = vec![];
            it.outages = vec![(at(9), time(5 * DAY)), (at(10), time(7 * DAY))];
        })
    };
    let urgent = Pull {
        emergencies: vec![(at(141), Emergency { at: time(8 * DAY), ..declared() })],
        ..pull(41, Outcome::Pass)
    };
    let back = after(8 * DAY).but(|it| {
        it.ran = Some(deployed('c'));
        it.brings = Ok(Brings { goes_back: true, ..brings(&[]) });
        it.pull_requests = vec![];
    });
    all_are_so(vec![
        ("within the time", after(4 * DAY), "allow"),
        ("one is overdue", after(5 * DAY), "deny outage_retrospective_overdue"),
        ("both are", after(8 * DAY), "deny outage_retrospective_overdue outage_retrospective_overdue"),
        ("an emergency does not wait for it", after(8 * DAY).bringing(vec![urgent]), "allow"),
        ("nor does a way back", back, "allow"),
    ]);
    assert_eq!(after(0).verdict().again_at, Some(time(5 * DAY)));
    assert_eq!(after(6 * DAY).verdict().again_at, Some(time(7 * DAY)));
    let verdict = after(5 * DAY).verdict();
    let found = verdict.findings.iter().flat_map(Finding::obstacles).next().unwrap();
    let said = format!("{}\n{}", found.sentence, found.cure.clone().unwrap_or_default());
    insta::assert_snapshot!(said, @"
    #9 lists what went by here while Changegate was away, and its retrospective is overdue since 28 Nov 2026, 09:00 UTC.
    write it in its issue; then somebody on call or a release manager (@acme/release-managers) comments `/done worked`, `/done problems` or `/done backed-out` on #9
    ");
}

#[test]
fn it_is_looked_at_again_when_an_emergency_ends_and_when_something_is_due() {
    assert_eq!(deployment(vec![fix(41)]).verdict().again_at, Some(time(3 * 3600)));
    let waiting = owing(declared(), 0).verdict();
    assert_eq!(waiting.again_at, Some(time(DAY - 3600)));
    // Beside other work it goes ahead of nothing, and what nobody has accepted passes no longer than it lasts.
    let beside = passed_as_one(-3600).but(|it| {
        let windowless = |text: String| {
            let lines = text.lines().filter(|line| !line.contains("window"));
            lines.map(|line| format!("{line}\n")).collect()
        };
        it.policies[0] = it.policies[0].take().map(windowless);
        it.pull_requests.push(pull(42, Outcome::Pass));
        for pull in &mut it.pull_requests {
            pull.approved_by = vec![actor("quinn")];
        }
    });
    let beside = beside.member("qa", "quinn", Membership::Member);
    assert_eq!((beside.answer().as_str(), beside.verdict().again_at), ("allow", Some(time(3 * 3600))));
    let over = beside.but(|it| it.now = time(3 * 3600));
    assert_eq!(over.answer(), "pending emergency_over");
}

#[test]
fn an_emergency_says_who_declared_it_and_what_is_owed_and_where_other_work_comes_along_the_way_out() {
    let said = |deployment: Deployment, code: &str| {
        let verdict = deployment.verdict();
        let rules = verdict.findings.iter().flat_map(Finding::rules);
        let finding = rules.into_iter().find(|finding| finding.code == code).unwrap().clone();
        format!("{}\n{}", finding.sentence, finding.cure.unwrap_or_default()).trim_end().to_owned()
    };
    insta::assert_snapshot!(said(deployment(vec![fix(41)]), "emergency"), @"#141 was declared an emergency by @oskar on 23 Nov 2026, 08:00 UTC: “nobody can pay”. It lasts until 23 Nov 2026, 12:00 UTC. An independent signature is owed until 24 Nov 2026, 08:00 UTC. A retrospective is owed until 30 Nov 2026, 08:00 UTC.");
    insta::assert_snapshot!(said(deployment(vec![fix(41), pull(42, Outcome::Pass)]), "emergency_not_alone"), @"
    #141 is an emergency, and #42 comes along and is no part of it.
    deploy the fix alone: `git switch -c hotfix/141 bbbbbbb && git cherry-pick -x eeeeeee`
    ");
    insta::assert_snapshot!(said(owing(declared(), 8 * DAY), "emergency_unsigned"), @"
    #7 was an emergency, and its independent signature is owed since 24 Nov 2026, 08:00 UTC.
    a release manager (@acme/release-managers) who neither declared it nor worked on it comments `/approve` on #7
    ");
    insta::assert_snapshot!(said(owing(declared(), 8 * DAY), "retrospective_overdue"), @"
    #7 was an emergency, and its retrospective is overdue since 30 Nov 2026, 08:00 UTC.
    write it in its issue; then somebody on call or a release manager (@acme/release-managers) comments `/done worked`, `/done problems` or `/done backed-out` on #7
    ");
}
