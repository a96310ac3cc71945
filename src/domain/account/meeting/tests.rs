use crate::domain::{
    account::Account,
    change_request::{ChangeRequest, ChangeRequestView},
    decide::Decision,
    effect::Call,
    event::{
        CommentChange, CommentSnapshot, CommentedOn, DrawnAgenda, DrawnPlan, Event, IssueChange,
        IssuePurpose, IssueSnapshot, Judged, Planning, What,
    },
    ids::{CommentId, IssueRef, ReleaseId, SubjectId},
    policy::Zone,
    release::{Locked, Release},
    subject::{State, View},
    trial::*,
};

const POLICY: &str = "version: 1
mode: enforce
roles: { triager: [tess], release-manager: [rosa] }
groups: { qa: [rosa, quinn] }
accounts:
  sales: { sponsor: dana }
  support: { sponsor: lee }
trains:
  customer: { repositories: [acme/web], title: \"{year}.{month}\" }
";

fn world() -> World {
    let change = |number, title: &str| {
        let seen = IssueSnapshot { title: title.into(), ..issue(number) };
        let change = ChangeRequest { seen: Some(seen), taken_in: true, ..ChangeRequest::new(at(number)) };
        (SubjectId::ChangeRequest(at(number)), View::ChangeRequest(Box::new(change.view())))
    };
    let mut world = World::new(Some(POLICY));
    world.views.extend([change(12, "Mail"), change(15, "Fax *all*")]);
    world
}

fn here(what: What) -> Event {
    Event { repository: Some(seen(WEB)), ..event(what) }
}

fn agenda(train: &str, seconds: i64) -> Event {
    let (train, text) = (train.into(), "The agenda.".into());
    let agenda = DrawnAgenda { at: time(seconds), train, zone: Zone::utc(), text, places: vec![] };
    here(What::MeetingOpened(Box::new(agenda)))
}

fn kept(opened: i64) -> Event {
    here(What::Kept { issue: at(90), purpose: IssuePurpose::Meeting { opened: time(opened) } })
}

/// The meeting's issue, as deliveries show it.
fn held() -> IssueSnapshot {
    let body = format!("The agenda.\n\n<!-- changegate:meeting/{}:ab -->", time(0).as_microsecond());
    IssueSnapshot { author: Some(actor("changegate[bot]")), body, ..issue(90) }
}

fn said_on(issue: IssueSnapshot, comment: u64, by: &str, seconds: i64, body: &str) -> Event {
    let written = Some(time(seconds));
    let (id, author, body) = (CommentId(comment), Some(actor(by)), body.into());
    let comment = CommentSnapshot { id, body, author, app: None, created_at: written, updated_at: written };
    let what =
        What::Comment { change: CommentChange::Created, on: CommentedOn::Issue(Box::new(issue)), comment };
    Event { actor: Some(actor(by)), ..here(what) }
}

fn says(comment: u64, by: &str, seconds: i64, body: &str) -> Event {
    said_on(held(), comment, by, seconds, body)
}

fn closed(by: &str, seconds: i64) -> Event {
    let issue = IssueSnapshot { open: false, closed_at: Some(time(seconds)), ..held() };
    Event { actor: Some(actor(by)), ..here(What::Issue { change: IssueChange::Closed, issue }) }
}

fn plan(seconds: i64) -> Event {
    let plan = DrawnPlan { at: time(seconds), zone: Zone::utc(), text: "The plan.".into(), places: vec![] };
    here(What::PlanDrawn(Box::new(plan)))
}

fn judged(of: u64, comment: u64, counts: bool, said: &str) -> Event {
    let (of, comment) = (at(of), CommentId(comment));
    here(What::Judged(Box::new(Judged { of, on: at(90), comment, place: 0, counts, said: said.into() })))
}

fn decide(before: Option<&State>, events: &[Event]) -> Decision {
    world().decide(&SubjectId::Account, before, events, time(0))
}

/// A meeting whose issue is known.
fn opened() -> State {
    decide(None, &[agenda("customer", 0), kept(0)]).after
}

fn account(state: &State) -> &Account {
    state.as_account().unwrap()
}

fn short(decision: &Decision) -> Vec<String> {
    let line = |call: &Call| {
        if let Call::Plan { on, planning } = call {
            let Planning { release, triage, why, by, .. } = planning;
            let why = why.as_deref().unwrap_or_default();
            return format!("{} of {on}: {release:?} {triage:?} {why}", by.login).trim_end().into();
        }
        if let Call::Comment { on, purpose, body, .. } = call {
            return format!("{purpose} on {on}: {body}");
        }
        if let Call::Issue { repo, title, told, .. } = call {
            return format!("issue in {repo}: {title}, {}", if told.is_some() { "told" } else { "not told" });
        }
        if let Call::Reaction { comment, content, .. } = call {
            return format!("{content:?} on {comment}");
        }
        format!("{call:?}")
    };
    decision.effects.iter().map(|effect| line(&effect.call)).collect()
}

fn minutes(decision: &Decision) -> String {
    let is_it = |text: &&String| text.starts_with("minutes on 7#90: ");
    short(decision).iter().find(is_it).map(|it| it.replace("minutes on 7#90: ", "")).unwrap_or_default()
}

#[test]
fn one_meeting_of_each_train_is_open_at_a_time() {
    let first = decide(None, &[agenda("customer", 0), agenda("customer", 5), agenda("partner", 6)]);
    assert_eq!(
        short(&first),
        [
            "issue in 7: Planning meeting: customer, 23 Nov 2026, told",
            "issue in 7: Planning meeting: partner, 23 Nov 2026, told"
        ]
    );
    assert_eq!(first.audit.len(), 2);
    let again = decide(Some(&first.after), &[agenda("customer", 0), agenda("customer", 3_599)]);
    assert_eq!((again.effects, account(&again.after).meetings.len()), (vec![], 2));
    let lost = decide(Some(&first.after), &[agenda("customer", 3_600)]);
    assert_eq!(lost.effects.len(), 1, "what never had an issue is no meeting");
    let known = decide(Some(&first.after), &[kept(0), agenda("customer", 3_600)]);
    assert_eq!(known.effects, [], "it is open as long as nobody has closed it");
    let over = decide(Some(&known.after), &[closed("rosa", 3_700), agenda("customer", 3_800)]);
    assert_eq!(over.effects.len(), 2, "the minutes of the first, and the next: {over:?}");
}

#[test]
fn a_command_is_put_to_the_change_request_that_it_names_and_answered_when_that_has_judged_it() {
    let heard = decide(Some(&opened()), &[says(1, "rosa", 60, "/schedule #12 next\nWe agreed.")]);
    assert_eq!(short(&heard), [r#"rosa of 7#12: Some("next") None"#]);
    let repeated = decide(Some(&heard.after), &[says(1, "rosa", 60, "/schedule #12 next\nWe agreed.")]);
    assert_eq!((short(&repeated), &repeated.after), (vec![], &heard.after));
    let counts = decide(Some(&heard.after), &[judged(12, 1, true, "planned for **2026.12**")]);
    assert_eq!(short(&counts), ["ThumbsUp on 1"]);
    let twice = decide(Some(&counts.after), &[judged(12, 1, false, "releases are planned by others")]);
    assert_eq!(short(&twice), Vec::<String>::new(), "the first answer stays");
    let refused = decide(Some(&heard.after), &[judged(12, 1, false, "releases are planned by others")]);
    assert_eq!(
        short(&refused),
        [
            "Confused on 1",
            "reply/1 on 7#90: @rosa wrote `/schedule` for acme/web#12; releases are planned by others."
        ]
    );
}

#[test]
fn what_names_no_change_request_or_says_too_little_is_answered_at_once() {
    for (body, expected) in [
        ("/here", "ThumbsUp on 1"),
        ("Good morning.", ""),
        ("/assign @sam", ""),
        ("> /schedule #12 next", ""),
        (
            "/schedule #13 next",
            "Confused on 1 | reply/1 on 7#90: @rosa wrote `/schedule`; acme/web#13 is no change request.",
        ),
        (
            "/schedule elsewhere/web#12 next",
            "Confused on 1 | reply/1 on 7#90: @rosa wrote `/schedule`; elsewhere/web#12 is no change request.",
        ),
        (
            "/defer #12",
            "Confused on 1 | reply/1 on 7#90: @rosa wrote `/defer`; it takes a change request and until when, like `#12 until Q2` behind it.",
        ),
        (
            "/swap #12 #15",
            "Confused on 1 | reply/1 on 7#90: @rosa wrote `/swap`; acme/web#12 is in no release, so nothing can take its place.",
        ),
        ("/unschedule web#12 too early", "rosa of 7#12: None None too early"),
        ("/defer acme/web#12 until Q2", "rosa of 7#12: None Some(Deferred) Q2"),
        ("/accept #12\n/here", "rosa of 7#12: None Some(Accepted)"),
    ] {
        let heard = decide(Some(&opened()), &[says(1, "rosa", 60, body)]);
        assert_eq!(short(&heard).join(" | "), expected, "{body}");
        assert_eq!(account(&heard.after).meetings[0].attended.len(), 1, "{body}");
    }
    let by_a_bot = decide(Some(&opened()), &[says(1, "helper[bot]", 60, "/schedule #12 next")]);
    assert_eq!((by_a_bot.effects, account(&by_a_bot.after).meetings[0].attended.len()), (vec![], 0));
}

#[test]
fn one_takes_the_place_of_another_in_a_release_that_is_not_locked_and_of_its_own_train() {
    let id = |title: &str| ReleaseId { train: "customer".into(), title: title.into() };
    let mut world = world();
    let mut show = |at: IssueRef, release: Option<&str>| {
        let seen = IssueSnapshot { at, ..issue(at.number) };
        let change = ChangeRequest { seen: Some(seen), taken_in: true, ..ChangeRequest::new(at) };
        let view = ChangeRequestView { release: release.map(id), ..change.view() };
        world.views.insert(SubjectId::ChangeRequest(at), View::ChangeRequest(Box::new(view)));
    };
    show(at(12), Some("2026.12"));
    show(at(15), None);
    show(at(16), Some("2026.11"));
    show(IssueRef { repo: BILLING, number: 15 }, None);
    let locked = Some(Locked { at: time(0), by: None });
    let locked = Release { locked, ..Release::new(&id("2026.11")) };
    world.views.insert(SubjectId::Release(id("2026.11")), View::Release(Box::new(locked)));
    let no = |why: &str| format!("Confused on 1 | reply/1 on 7#90: @rosa wrote `/swap`; {why}.");
    for (body, expected) in [
        (
            "/swap #12 #15 lee waits",
            r#"rosa of 7#12: None None lee waits | rosa of 7#15: Some("2026.12") None lee waits"#.into(),
        ),
        ("/swap #15 #12", no("acme/web#15 is in no release, so nothing can take its place")),
        ("/swap #12 web#12", no("it takes two change requests behind it")),
        ("/swap #12 billing#15", no("the train of **2026.12** does not carry acme/billing#15")),
        ("/swap #16 #15", no("**2026.11** is locked, and from then on a swap is said on its control record")),
    ] {
        let events = [says(1, "rosa", 60, body)];
        let heard = world.decide(&SubjectId::Account, Some(&opened()), &events, time(60));
        assert_eq!(short(&heard).join(" | "), expected, "{body}");
    }
}

#[test]
fn what_was_said_before_the_end_counts_in_whatever_order_it_comes_and_what_is_said_later_does_not() {
    let all = [
        kept(0),
        says(1, "rosa", 60, "/schedule #12 next"),
        says(2, "sam", 70, "/decline #15 it is too much"),
        closed("quinn", 120),
    ];
    let answers = [
        judged(12, 1, true, "planned for **2026.12**"),
        judged(15, 2, false, "this is decided by the triagers"),
    ];
    let mut told = std::collections::BTreeSet::new();
    for order in orders(all.len()) {
        let mut state = decide(None, &[agenda("customer", 0)]).after;
        for place in order {
            state = decide(Some(&state), std::slice::from_ref(&all[place])).after;
        }
        let drawn = decide(Some(&state), &[plan(180)]).after;
        told.insert(minutes(&decide(Some(&drawn), &answers)));
    }
    let told: Vec<String> = told.into_iter().collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    insta::assert_snapshot!(told[0], @r#"
    ## Minutes

    Open from 23 Nov 2026, 09:00 UTC to 23 Nov 2026, 09:02 UTC; closed by quinn (qa).

    **Attended**: quinn (qa), rosa (release manager, qa), sam.

    ### Decided

    - acme/web#12 Mail: planned for **2026.12** (rosa)

    ### Refused

    - `/decline` for acme/web#15 Fax \*all\* (sam): this is decided by the triagers

    Nothing changed in the plan while it was open.

    @dana @lee The plan as it is now: the issue **Release plan** of acme/web.
    "#);
    let state = decide(Some(&opened()), &[closed("quinn", 120)]).after;
    let late = decide(Some(&state), &[says(3, "rosa", 121, "/schedule #12 next")]);
    assert_eq!(
        short(&late).join(" | "),
        "Confused on 3 | reply/3 on 7#90: @rosa This meeting is over, and commands here count no more. Say it on the change request itself, or in the next meeting."
    );
}

#[test]
fn before_its_issue_is_confirmed_a_meeting_is_known_by_its_mark_and_nobody_can_set_one() {
    let state = decide(None, &[agenda("customer", 0)]).after;
    let by_a_person = IssueSnapshot { author: Some(actor("sam")), ..held() };
    let elsewhere = IssueSnapshot { at: IssueRef { repo: BILLING, number: 90 }, ..held() };
    let of_another = IssueSnapshot { body: held().body.replace("meeting/", "meeting/1"), ..held() };
    for (issue, meets) in [(held(), true), (by_a_person, false), (elsewhere, false), (of_another, false)] {
        let event = said_on(issue, 1, "rosa", 60, "/here");
        assert_eq!(!account(&state).view().agrees_with(&event), meets, "{event:?}");
    }
    let known = opened();
    let other = said_on(IssueSnapshot { at: at(91), ..held() }, 1, "rosa", 60, "/here");
    assert!(account(&known).agrees_with(&other), "GitHub has said which it is");
}

#[test]
fn the_minutes_wait_for_the_plan_a_while_are_written_once_and_follow_it_a_while() {
    let over = decide(Some(&opened()), &[closed("rosa", 120)]);
    assert_eq!((minutes(&over), over.look_again), (String::new(), Some(time(1_020))));
    assert!(account(&over.after).waits_for_the_plan());
    let without = world().decide(&SubjectId::Account, Some(&over.after), &[], time(1_020));
    assert!(minutes(&without).contains("Nothing was decided."), "{}", minutes(&without));
    assert_eq!(without.look_again, None);
    let told = decide(Some(&over.after), &[plan(180)]);
    assert!(minutes(&told).contains("Nothing was decided."), "{}", minutes(&told));
    assert!(!account(&told.after).waits_for_the_plan());
    for (seconds, again) in [(120 + 899, true), (120 + 900, false)] {
        let drawn = decide(Some(&told.after), &[plan(seconds)]);
        assert_eq!(!minutes(&drawn).is_empty(), again, "{seconds}");
    }
    let known = here(What::Kept { issue: at(91), purpose: IssuePurpose::Plan });
    let linked = minutes(&decide(Some(&told.after), &[known]));
    assert!(linked.ends_with("[Release plan](https://github.com/acme/web/issues/91)."), "{linked}");
    let repeated = decide(Some(&told.after), &[closed("tess", 500)]);
    assert_eq!(minutes(&repeated), minutes(&told), "the first end stays");
    assert_eq!(repeated.audit, []);
    let by_a_bot = decide(Some(&opened()), &[closed("stale[bot]", 120), plan(180)]);
    assert!(minutes(&by_a_bot).contains("09:02 UTC; closed by stale\\[bot\\].\n\nNothing was decided."));
    let next = decide(Some(&over.after), &[agenda("customer", 130)]);
    assert!(minutes(&next).contains("Nothing was decided."), "the next does not swallow them");
}

#[test]
fn what_people_wrote_is_text_in_the_minutes_and_calls_nobody() {
    let why = "/unschedule #12 @sam <b>, see https://evil.example #3 [x](y)";
    let said = decide(Some(&opened()), &[says(1, "rosa", 60, why), closed("rosa", 120)]);
    let judged = decide(Some(&said.after), &[judged(12, 1, true, "taken out of its release"), plan(180)]);
    let told = minutes(&judged);
    let line = told.lines().find(|line| line.starts_with("- ")).unwrap();
    insta::assert_snapshot!(line, @r"- acme/web#12 Mail: taken out of its release (rosa). Why: @&#8203;sam &lt;b&gt;, see https:/&#8203;/evil.example #&#8203;3 \[x\](y)");
}

#[test]
fn what_was_stored_before_there_were_meetings_reads_back() {
    let planning = r#"{"release":null,"why":null,"by":{"id":1,"login":"rosa","person":true},"at":"2026-11-23T09:00:00Z","comment":1,"place":0,"on":{"repo":7,"number":90}}"#;
    let read: Planning = serde_json::from_str(planning).unwrap();
    assert_eq!((read.triage, read.in_meeting), (None, false));
    assert_eq!(serde_json::to_string(&read).unwrap(), planning);
    let plan = r#"{"home":7,"text":"The plan.","places":[]}"#;
    let read: super::super::PublishedPlan = serde_json::from_str(plan).unwrap();
    assert_eq!((read.at, read.issue), (None, None));
    let state = State::Account(Account::default());
    assert!(!serde_json::to_string(&state).unwrap().contains("meetings"));
    let state = opened();
    assert_eq!(serde_json::from_str::<State>(&serde_json::to_string(&state).unwrap()).unwrap(), state);
}
