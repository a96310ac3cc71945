use std::collections::BTreeMap;

use super::{due::is_due, *};
use crate::domain::{
    ids::{AccountId, Actor},
    policy::{self, Scope},
    trial::{WEB, at, time},
};

struct Known {
    lines: BTreeMap<IssueRef, Line>,
}

impl Around for Known {
    fn name(&self, repo: RepoId) -> Option<RepoName> {
        (repo == WEB).then(|| "acme/web".parse().unwrap())
    }

    fn line(&self, at: IssueRef) -> Option<&Line> {
        self.lines.get(&at)
    }

    fn is_whole(&self) -> bool {
        true
    }
}

fn line(number: u64, account: Option<&str>, title: &str) -> Line {
    let line = serde_json::json!({
        "at": at(number), "title": title, "kind": "change", "stage": "requested",
        "since": time(0), "asked": time(0), "account": account,
    });
    serde_json::from_value(line).unwrap()
}

fn known() -> Known {
    let lines = [line(1, Some("Sales"), "Dark mode"), line(2, None, "Faster\nsearch <!channel>")];
    Known { lines: lines.into_iter().map(|line| (line.at, line)).collect() }
}

fn notify(entry: &str) -> Notify {
    let text = format!(
        "zone: Europe/Berlin\ngroups: {{ qa: [kim] }}\naccounts: {{ sales: {{ sponsor: dana }} }}\nnotify: [{entry}]\n"
    );
    policy::parse("p.yml", &text, Scope::Organisation).unwrap().notify()[0].clone()
}

fn kim(code: &str) -> AuditEntry {
    let kim = Actor { id: AccountId(5), login: "kim".into(), person: true };
    AuditEntry::new(code).by(Some(&kim))
}

fn of(number: u64, entry: AuditEntry) -> AuditEntry {
    entry.fact("change_request", at(number))
}

fn of_release(entry: AuditEntry) -> AuditEntry {
    entry.fact("train", "customer").text("title", "2026.12")
}

/// What somebody hears of these entries, each decided a second after the other.
fn heard(by: &str, entries: &[AuditEntry]) -> String {
    let (notify, zone) = (notify(by), Zone::utc());
    let all: Vec<Told> = (0..).zip(entries).filter_map(|(n, entry)| told(entry, time(n))).collect();
    let items = Hearer { notify: &notify, zone: &zone }.items(&all, &known());
    items.iter().map(line_of).collect::<Vec<_>>().join("\n")
}

fn line_of(item: &Item) -> String {
    let title = item.title.as_ref().map(|title| format!(" {title}")).unwrap_or_default();
    format!("{}{title}: {}", item.name, item.said)
}

const ALL: &str =
    "{ to: x, about: [requests, decisions, plans, deliveries, releases, attempts, exceptions, policy] }";

/// One of each that people are told.
fn of_each() -> Vec<AuditEntry> {
    let stage = |stage: &str| of(1, AuditEntry::new("change_request.stage").fact("stage", stage));
    vec![
        of(1, AuditEntry::new("change_request.taken_in").text("requester", "dana")),
        of(1, kim("change_request.accepted")),
        of(1, kim("change_request.declined").text("said", "we have one")),
        of(1, kim("change_request.deferred").text("said", "Q2: others first")),
        of(1, kim("change_request.duplicate").text("said", "#9")),
        of(1, kim("change_request.needs_information").text("said", "Which page?")),
        of(1, AuditEntry::new("change_request.withdrawn").fact("silent_since", time(0))),
        of(1, kim("change_request.taken_back").text("said", "accepted")),
        of(1, kim("change_request.planned").text("said", "2026.12")),
        of(1, kim("change_request.scheduled").text("said", "2026.12: it is small; 2026.11 was full")),
        of(1, kim("change_request.unscheduled")),
        of(1, kim("change_request.rank").text("said", "2")),
        of(1, kim("change_request.needed-by").text("said", "2026-12-01: the fair")),
        of(1, kim("change_request.works")),
        of(1, kim("change_request.does_not_work").text("said", "the page is white")),
        of(
            1,
            kim("change_request.refused_act")
                .fact("act", "planned")
                .fact("why", "not_a_release_manager")
                .text("said", "2026.12"),
        ),
        stage("needs_information"),
        stage("deployed"),
        stage("merged"),
        of_release(kim("release.locked")),
        of_release(AuditEntry::new("release.go_no_go")),
        of_release(kim("approval.rejected").fact("became", "taken").text("why", "the totals are wrong")),
        of_release(kim("approval.rejected").fact("became", "refused").text("why", "I do not like it")),
        of_release(kim("release.closed_out").fact("result", "worked").text("said", "quiet night")),
        of_release(kim("exception.joined_after_lock").fact("change_request", at(1)).text("why", "a fair")),
        AuditEntry::new("planning.opened").fact("train", "customer"),
        kim("planning.closed").fact("train", "customer").fact("issue", at(40)),
        kim("freeze.opened").text("why", "quarter end"),
        of(1, kim("exception.emergency").text("said", "the till is down")),
        AuditEntry::new("exception.bypass").fact("repository", WEB).text("environment", "production"),
        AuditEntry::new(&["exception", "something_new"].join(".")).fact("repository", WEB),
        kim("policy.in_force").fact("repository", WEB),
        AuditEntry { texts: BTreeMap::new(), ..of(1, kim("change_request.accepted")) },
        AuditEntry::new("check.decided").fact("repository", WEB),
    ]
}

#[test]
fn everything_that_people_are_told_is_a_line_that_says_who_did_what_and_why() {
    insta::assert_snapshot!(heard(ALL, &of_each()), @"
    acme/web#1 Dark mode: new, asked for by dana
    acme/web#1 Dark mode: accepted by kim
    acme/web#1 Dark mode: declined by kim: we have one
    acme/web#1 Dark mode: put off until Q2 by kim: others first
    acme/web#1 Dark mode: marked as a duplicate of #9 by kim
    acme/web#1 Dark mode: kim asks: Which page?
    acme/web#1 Dark mode: withdrawn, because nobody answered
    acme/web#1 Dark mode: no longer accepted by kim
    acme/web#1 Dark mode: planned for 2026.12 by kim
    acme/web#1 Dark mode: planned for 2026.12 by kim: it is small; 2026.11 was full
    acme/web#1 Dark mode: taken out of its release by kim
    acme/web#1 Dark mode: ranked 2 by kim
    acme/web#1 Dark mode: needed by 2026-12-01 by kim: the fair
    acme/web#1 Dark mode: kim tried it, and it works
    acme/web#1 Dark mode: kim tried it, and it does not work: the page is white
    acme/web#1 Dark mode: “planned 2026.12” was tried by kim, and refused: not a release manager
    acme/web#1 Dark mode: information is missing
    acme/web#1 Dark mode: in production
    release 2026.12 of customer: locked by kim
    release 2026.12 of customer: go or no-go: whoever signs is asked for it now
    release 2026.12 of customer: rejected by kim: the totals are wrong
    release 2026.12 of customer: closed by kim: worked, quiet night
    release 2026.12 of customer: the scope was changed after the lock by kim: a fair
    planning meeting of customer: opened
    planning meeting of customer: closed by kim; its minutes follow
    all repositories: frozen by kim: quarter end
    acme/web#1 Dark mode: an emergency was declared by kim: the till is down
    acme/web: deployed past change control in production
    acme/web: something new
    acme/web: another policy is in force, signed by kim
    acme/web#1 Dark mode: accepted by somebody whose name was erased
    ");
}

#[test]
fn each_hears_what_concerns_them_and_a_sponsor_nothing_of_other_accounts() {
    let entries = [
        of(1, AuditEntry::new("change_request.taken_in").text("requester", "dana")),
        of(2, AuditEntry::new("change_request.taken_in").text("requester", "lee")),
        of(2, kim("change_request.accepted")),
        of(1, kim("change_request.planned").text("said", "2026.12")),
        of_release(kim("release.locked")),
        kim("exception.commit_adopted").fact("repository", WEB),
        AuditEntry::new("exception.bypass").fact("repository", RepoId(99)),
    ];
    let of = |whom: &str| heard(&format!("{{ to: x, for: {whom} }}"), &entries);
    insta::assert_snapshot!(of("triager"), @"
    acme/web#1 Dark mode: new, asked for by dana
    acme/web#2 Faster search <!channel>: new, asked for by lee
    ");
    insta::assert_snapshot!(of("release-manager"), @"
    acme/web#1 Dark mode: planned for 2026.12 by kim
    release 2026.12 of customer: locked by kim
    acme/web: a commit was adopted that no pull request brought by kim
    ");
    insta::assert_snapshot!(of("qa"), @"release 2026.12 of customer: locked by kim");
    insta::assert_snapshot!(of("sponsor, account: SALES"), @"
    acme/web#1 Dark mode: new, asked for by dana
    acme/web#1 Dark mode: planned for 2026.12 by kim
    ");
}

#[test]
fn a_stage_says_nothing_that_an_act_has_said() {
    let acted = of(1, kim("change_request.needs_information").text("said", "Which page?"));
    let stage = of(1, AuditEntry::new("change_request.stage").fact("stage", "needs_information"));
    let all: Vec<Told> = [acted, stage].iter().filter_map(|entry| told(entry, time(0))).collect();
    let (notify, zone) = (notify(ALL), Zone::utc());
    let items = Hearer { notify: &notify, zone: &zone }.items(&all, &known());
    assert_eq!(items.len(), 1, "{items:?}");
}

#[test]
fn a_digest_says_how_much_waits_and_what_has_waited_longest() {
    let (with_queue, without) =
        (notify("{ to: x, for: triager, digest: Mon-Fri 09:00 }"), notify("{ to: x, for: qa }"));
    let (zone, known) = (Zone::utc(), known());
    let waiting = || known.lines.values().zip([true, false]);
    let queue = Hearer { notify: &with_queue, zone: &zone }.queue(waiting(), &known).unwrap();
    insta::assert_snapshot!(format!("{} {}", queue.sentence(), line_of(&queue.oldest)), @"Waiting for a decision: 2, 1 of them overdue. The oldest: acme/web#1 Dark mode: asked for on 23 Nov 2026");
    let message = |items: Vec<Item>, more, queue| Message { owner: "acme".into(), items, more, queue };
    let item = queue.oldest.clone();
    assert_eq!(message(vec![], 0, Some(queue)).subject(), "acme: 2 waiting for a decision");
    let several = message(vec![item.clone(), item], 7, None);
    assert_eq!(several.subject(), "acme/web#1 Dark mode: asked for on 23 Nov 2026 (and 8 more)");
    assert_eq!(Hearer { notify: &without, zone: &zone }.queue(waiting(), &known), None);
}

#[test]
fn a_message_leaves_at_once_or_in_its_hours_or_with_the_digest() {
    let berlin = notify("{ to: x, for: qa }");
    let zone = policy::parse("p.yml", "zone: Europe/Berlin\n", Scope::Organisation).unwrap().zone();
    let at = |text: &str| -> Timestamp { format!("{text}:00+01:00").parse().unwrap() };
    let due = |notify: &Notify, last: &str, now: &str| is_due(notify, &zone, at(last), at(now));
    assert!(due(&berlin, "2026-11-23T10:00", "2026-11-23T10:01"), "at once");
    let hours = notify("{ to: x, for: qa, hours: [Mon-Fri 08:00-18:00] }");
    for (now, expected) in [
        ("2026-11-23T07:59", false),
        ("2026-11-23T08:00", true),
        ("2026-11-23T18:00", false),
        ("2026-11-28T12:00", false),
    ] {
        assert_eq!(due(&hours, "2026-11-22T10:00", now), expected, "{now}");
    }
    let digest = notify("{ to: x, for: qa, digest: Mon-Fri 09:00 }");
    for (last, now, expected) in [
        ("2026-11-20T09:00", "2026-11-23T08:59", false),
        ("2026-11-20T09:00", "2026-11-23T09:00", true),
        ("2026-11-23T09:00", "2026-11-23T17:00", false),
        // Nobody was here at nine.
        ("2026-11-20T09:00", "2026-11-23T23:00", true),
        ("2026-11-20T09:00", "2026-11-22T12:00", false),
    ] {
        assert_eq!(due(&digest, last, now), expected, "{last} {now}");
    }
    let quiet = notify("{ to: x, for: qa, digest: Mon-Fri 09:00, hours: [Mon-Fri 10:00-18:00] }");
    assert!(!due(&quiet, "2026-11-20T09:00", "2026-11-23T09:30"), "quiet hours hold a digest back, too");
    assert!(due(&quiet, "2026-11-20T09:00", "2026-11-23T10:00"));
}
