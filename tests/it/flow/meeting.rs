//! The planning meeting: an issue with an agenda, in which people decide by commands, and which ends with its minutes.

use changegate::{
    admin::{self, Answer, Order},
    domain::{audit::AuditEntry, ids::SubjectKind},
    operator::meeting::{NewMeeting, Opened, Opening},
    sandbox::{CloseReason, Edit, Fault, Mishap, Numbered, On},
};
use serde_json::json;

use super::releasing::{BILLING, WEB};
use crate::support::{Scene, assert_snapshot, scenario};

const RULES: &str = "
zone: Europe/Berlin
intake: { plan: acme/billing }
accounts:
  sales: { sponsor: ana, weight: 2 }
  support: { sponsor: lee }
trains:
  customer:
    repositories: [acme/web, acme/billing]
    title: \"{year}.{month}\"
    every: first Thursday 10:00
    lock: 2 days before
    slots: 2
";

async fn asks(s: &Scene, repository: &str, title: &str, labels: &[&str]) -> Numbered {
    let labels = [&["change-request"], labels].concat();
    let issue = s.by("sam").open_labelled_issue(repository, title, "Please.", &labels);
    s.settle().await;
    issue
}

/// Asked for, and accepted by the triager.
async fn wanted(s: &Scene, repository: &str, title: &str, account: &str, system: &str) -> Numbered {
    let issue =
        asks(s, repository, title, &[&format!("account/{account}"), &format!("system/{system}")]).await;
    says(s, "tess", issue, "/accept").await;
    issue
}

/// Says it; the comment.
async fn says(s: &Scene, login: &str, on: Numbered, words: &str) -> u64 {
    let comment = s.by(login).comment(on, words);
    s.settle().await;
    comment
}

async fn begin(s: &Scene) -> Opening {
    let wanted = NewMeeting { train: None, account: None };
    let answer = admin::obey(&s.stage.app.operator(), Order::MeetingOpen(wanted)).await;
    let Answer::Meeting(opening) = answer else { panic!("{answer:?}") };
    opening
}

/// Where it is.
async fn place(s: &Scene, opening: &Opening) -> Numbered {
    let answer = admin::obey(&s.stage.app.operator(), Order::MeetingOpened(opening.clone())).await;
    let Answer::MeetingOpened(Opened::At { repository, number }) = answer else { panic!("{answer:?}") };
    Numbered { repo: s.github().repository_id(repository.as_str()), number }
}

async fn open(s: &Scene) -> Numbered {
    let opening = begin(s).await;
    s.settle().await;
    place(s, &opening).await
}

async fn publish(s: &Scene) {
    s.stage.app.publisher.publish().await.unwrap();
    s.settle().await;
}

/// The body of an issue of ours.
fn text(s: &Scene, issue: Numbered) -> String {
    let body = s.readable(s.github().issue(issue)["body"].as_str().unwrap_or_default());
    body.split("\n\n<!--").next().unwrap_or_default().to_owned()
}

/// The minutes, of which there is one comment.
fn minutes(s: &Scene, meeting: Numbered) -> String {
    let all = s.sentences(meeting);
    let found: Vec<&String> = all.iter().filter(|it| it.starts_with("## Minutes")).collect();
    assert_eq!(found.len(), 1, "{all:?}");
    found[0].clone()
}

/// What the log says of the meetings.
async fn logged(s: &Scene) -> String {
    let store = &s.stage.app.store;
    let (tenant, ..) = store.subjects_of_kind(SubjectKind::Account, None).await.unwrap().pop().unwrap();
    let all = store.audit_entries(&tenant, 0, 1000).await.unwrap();
    let line = |it: &AuditEntry| {
        let who = it.texts.get("actor").map(|by| format!(" by {by}")).unwrap_or_default();
        let on = it.facts.get("said_on").map(|_| " in the meeting").unwrap_or_default();
        format!("{}{who}{on}", it.code)
    };
    let is_meant = |it: &&AuditEntry| it.code.starts_with("planning.") || it.facts.contains_key("said_on");
    all.iter().map(|it| &it.entry).filter(is_meant).map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_agenda_says_what_is_new_what_is_wanted_what_clashes_and_what_waits_too_long() {
    scenario(async |s| {
        let rules = RULES.replace("intake: { plan: acme/billing }", "intake: { plan: acme/billing, limits: { accepted: 1 } }");
        s.policy(&rules).await;
        asks(s, WEB, "Dark *mode*", &["account/sales"]).await;
        s.pass(35 * 24 * 3600);
        let mail = wanted(s, WEB, "Mail", "sales", "shop").await;
        says(s, "rosa", mail, "/schedule next").await;
        wanted(s, BILLING, "Invoices", "support", "shop").await;
        let search = asks(s, WEB, "Search @all", &["account/sales", "system/shop"]).await;
        says(s, "tess", search, "/accept over: the fair is near").await;
        let body = Some("Please.\n\nDepends-On: #1");
        s.by("sam").edit_issue(search, Edit { title: None, body });
        s.settle().await;
        let meeting = open(s).await;
        assert_snapshot!(s.github().issue(meeting)["title"].as_str().unwrap(), @"Planning meeting: customer, 7 Dec 2026");
        assert_snapshot!(text(s, meeting), @r#"
        This is the planning meeting of the train **customer**, held in a room within an hour or in writing over two days. The next release is **2027.01**; it leaves 7 Jan 2027, 10:00 Europe/Berlin, and locks 5 Jan 2027, 10:00 Europe/Berlin.

        **Deciding**: comment here, one command a line: `/schedule #128 next`, `/unschedule #128 WHY`, `/swap #97 #128`, `/accept #130`, `/defer #130 until Q2`, `/decline #130 WHY`. Instead of `next`, the title of a release may stand. The first of a swap goes, the second takes its place. `#128` is of this repository; others are written `web#128`. Release managers plan; triagers accept, defer and decline. A thumbs-up says that it counts; what does not count is answered with a sentence.

        **Attending**: whoever comments is there; `/here` is enough.

        **Ending**: close this issue. The minutes follow soon, and with them the sponsors are sent the plan.

        ### New since 9 Nov 2026

        | change request | | account | stands |
        |---|---|---|---|
        | acme/web#2 | Mail | sales | accepted |
        | acme/billing#1 | Invoices | support | accepted |
        | acme/web#4 | Search @&#8203;all | sales | accepted |

        ### Candidates for 2027.01

        Slots taken: 1 of 2. In the order in which the accounts want it:

        | place | change request | | account | in its account |
        |---|---|---|---|---|
        | 1 | acme/web#4 | Search @&#8203;all | sales | 1 of 1 |
        | | **Here the slots end.** | | | |
        | 2 | acme/billing#1 | Invoices | support | 1 of 1 |

        ### Clashes

        These are planned, or next, and are about one system:

        - **shop**: acme/web#2, acme/web#4

        ### Depends on what is not planned

        What these depend on is neither in a release nor in production:

        - acme/web#4 Search @&#8203;all depends on acme/web#1

        ### Overdue in triage

        | change request | | account | a decision was due |
        |---|---|---|---|
        | acme/web#1 | Dark \*mode\* | sales | 9 Nov 2026 |

        ### Over the limit

        - Accepted: 2 of 1, one more than the limit.
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_meeting_is_opened_once_and_the_next_one_when_it_is_over() {
    scenario(async |s| {
        s.policy(RULES).await;
        let (one, other) = (begin(s).await, {
            s.pass(1);
            begin(s).await
        });
        s.settle().await;
        let operator = s.stage.app.operator();
        let meeting = place(s, &one).await;
        assert!(matches!(operator.opened(&other).await.unwrap(), Opened::NotThis));
        let ours = || s.github().issues(BILLING).iter().filter(|it| it["user"]["type"] == "Bot").count();
        assert_eq!(ours(), 1);
        let refused = async |train: Option<&str>, account: Option<&str>| {
            let wanted = NewMeeting { train: train.map(Into::into), account: account.map(Into::into) };
            operator.open_meeting(wanted).await.unwrap_err().to_string()
        };
        assert_snapshot!(refused(None, Some("acme")).await, @"
        a planning meeting of this train is open since 2 Nov 2026, 13:00 Europe/Berlin, in acme/billing#1
          cure: hold it there, or close that issue and open the next
        ");
        assert_snapshot!(refused(Some("freight"), None).await, @"
        the policy names no train called freight
          cure: name one of customer
        ");
        s.by("rosa").close(meeting, CloseReason::Completed);
        s.settle().await;
        assert!(s.sentences(meeting).is_empty(), "the minutes wait for the plan");
        s.pass(60);
        publish(s).await;
        assert_snapshot!(minutes(s, meeting), @"
        ## Minutes

        Open from 2 Nov 2026, 13:00 Europe/Berlin to 2 Nov 2026, 13:00 Europe/Berlin; closed by rosa (release manager).

        **Attended**: rosa (release manager).

        Nothing was decided.

        Nothing changed in the plan while it was open.

        @ana @lee The plan as it is now: [Release plan](https://github/acme/billing/issues/2).
        ");
        let next = open(s).await;
        assert_eq!((ours(), next == meeting), (3, false), "two meetings, and the plan");
        s.by("rosa").close(next, CloseReason::Completed);
        s.settle().await;
        s.pass(60);
        publish(s).await;
        assert!(minutes(s, next).contains("Nothing changed in the plan"), "that is told too");
        s.policy(&RULES.replace("intake: { plan: acme/billing }", "")).await;
        assert_snapshot!(refused(None, None).await, @"
        the policy does not say where the plan is published, and the meeting is held beside it
          cure: write `intake: { plan: OWNER/REPOSITORY }` into it, of a repository in which the mode is advise or enforce
        ");
    })
    .await;
}

#[tokio::test]
async fn what_is_decided_in_a_meeting_counts_where_the_person_may_and_stands_in_the_minutes() {
    scenario(async |s| {
        s.policy(RULES).await;
        let fax = wanted(s, BILLING, "Fax", "sales", "shop").await;
        let mail = wanted(s, WEB, "Mail", "sales", "shop").await;
        let print = wanted(s, WEB, "Print", "support", "print").await;
        let later = asks(s, WEB, "Later", &[]).await;
        says(s, "rosa", mail, "/schedule 2026.12").await;
        publish(s).await;
        let meeting = open(s).await;
        let name = |issue: Numbered| format!("web#{}", issue.number);
        let here = says(s, "lee", meeting, "/here").await;
        assert_eq!(s.reactions(meeting, here), json!(["+1"]));
        let said = says(s, "sam", meeting, &format!("/schedule #{} next", fax.number)).await;
        assert_eq!(s.reactions(meeting, said), json!(["confused"]));
        let planned =
            says(s, "rosa", meeting, &format!("/schedule #{} next the fair is near", fax.number)).await;
        assert_eq!(s.reactions(meeting, planned), json!(["+1"]));
        says(s, "rosa", meeting, &format!("/swap {} {} support has waited longer", name(mail), name(print)))
            .await;
        let triaged = format!("/defer {} until Q2\n/accept #99\n/rank {} 1", name(later), name(print));
        says(s, "tess", meeting, &triaged).await;
        assert_snapshot!(s.sentences(meeting).join("\n---\n"), @"
        @sam wrote `/schedule` for acme/billing#1; releases are planned by the release managers ([rosa](https://github/rosa)).
        ---
        @tess wrote `/accept`; acme/billing#99 is no change request.

        @tess wrote `/rank`; that is said on the change request itself, or on the control record.
        ");
        assert_snapshot!(s.releases().await, @"
        customer 2026.11 (open, 2026-11-05) milestones: acme/billing#1 scope: acme/billing#1
        customer 2026.12 (open, 2026-12-03) milestones: acme/web#1 scope: acme/web#2
        ");
        assert_eq!(s.stage_of("Later").await, "deferred");
        assert_eq!(s.labels(later), ["change-request", "triage/deferred"]);
        let elsewhere: Vec<String> =
            [fax, mail, print, later].iter().flat_map(|it| s.sentences(*it)).collect();
        assert!(elsewhere.is_empty(), "it is answered in the meeting: {elsewhere:?}");
        s.github().mishap(Some("issues"), Mishap::Duplicate);
        s.by("rosa").close(meeting, CloseReason::Completed);
        s.settle().await;
        for _ in 0..2 {
            s.settle_for(1).await;
            publish(s).await;
        }
        assert_snapshot!(minutes(s, meeting), @"
        ## Minutes

        Open from 2 Nov 2026, 13:00 Europe/Berlin to 2 Nov 2026, 13:00 Europe/Berlin; closed by rosa (release manager).

        **Attended**: lee (sponsor of support), rosa (release manager), sam, tess (triager).

        ### Decided

        - acme/billing#1 Fax: planned for **2026.11** (rosa). Why: the fair is near
        - acme/web#1 Mail: taken out of its release (rosa); acme/web#2 Print: planned for **2026.12** (rosa). Why: support has waited longer
        - acme/web#3 Later: deferred until Q2 (tess)

        ### Refused

        - `/schedule` for acme/billing#1 Fax (sam): releases are planned by the release managers ([rosa](https://github/rosa))
        - `/accept` (tess): acme/billing#99 is no change request
        - `/rank` (tess): that is said on the change request itself, or on the control record

        ### Changed in the plan while it was open

        - `acme/billing#1` Fax: not planned → 2026.11 (customer)
        - `acme/web#2` Print: not planned → 2026.12 (customer)
        - `acme/web#1` Mail: 2026.12 (customer) → not planned

        @ana @lee The plan as it is now: [Release plan](https://github/acme/billing/issues/2).
        ");
        let late = says(s, "rosa", meeting, &format!("/unschedule #{}", fax.number)).await;
        assert_eq!(s.reactions(meeting, late), json!(["confused"]));
        assert_snapshot!(s.sentences(meeting).last().unwrap(), @"@rosa This meeting is over, and commands here count no more. Say it on the change request itself, or in the next meeting.");
        assert_eq!(s.stage_of("Fax").await, "scheduled");
        assert_snapshot!(logged(s).await, @"
        planning.opened
        change_request.refused_act by sam in the meeting
        change_request.scheduled by rosa in the meeting
        change_request.unscheduled by rosa in the meeting
        change_request.scheduled by rosa in the meeting
        change_request.deferred by tess in the meeting
        planning.closed by rosa
        ");
    })
    .await;
}

#[tokio::test]
async fn an_issue_and_minutes_whose_writing_was_broken_off_are_there_once() {
    for fault in [Fault::LostAnswer, Fault::ErrorAfter(502), Fault::ErrorBefore(502)] {
        scenario(async |s| {
            s.expect_refusals();
            s.policy(RULES).await;
            s.fault(On::rest("POST", &format!("/repos/{BILLING}/issues")), fault, 2);
            let opening = begin(s).await;
            s.settle_for(30).await;
            let meeting = place(s, &opening).await;
            let path = format!("/repos/{BILLING}/issues/{}/comments", meeting.number);
            s.fault(On::rest("POST", &path), fault, 2);
            s.by("lee").close(meeting, CloseReason::Completed);
            s.settle().await;
            s.pass(60);
            publish(s).await;
            s.settle_for(30).await;
            assert!(minutes(s, meeting).contains("; closed by lee (sponsor of support)."), "{fault:?}");
            let title = s.github().issue(meeting)["title"].as_str().unwrap().to_owned();
            assert_eq!(s.record_of(BILLING, &title), [meeting], "{fault:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn every_webhook_of_a_meeting_twice_or_late_ends_in_the_same_minutes() {
    for mishap in [None, Some(Mishap::Duplicate), Some(Mishap::Late)] {
        scenario(async |s| {
            s.policy(RULES).await;
            let fax = wanted(s, BILLING, "Fax", "sales", "shop").await;
            let meeting = open(s).await;
            for _ in 0..mishap.map_or(0, |_| 200) {
                mishap.into_iter().for_each(|mishap| s.github().mishap(None, mishap));
            }
            s.by("sam").comment(meeting, &format!("/schedule #{} next", fax.number));
            s.by("rosa").comment(meeting, &format!("/schedule #{} next\n/here", fax.number));
            s.by("rosa").close(meeting, CloseReason::Completed);
            for _ in 0..4 {
                s.settle().await;
            }
            s.settle_for(2).await;
            publish(s).await;
            let said = minutes(s, meeting);
            assert_snapshot!(said.split_once("**Attended**").unwrap().1, @"
            : rosa (release manager), sam.

            ### Decided

            - acme/billing#1 Fax: planned for **2026.11** (rosa)

            ### Refused

            - `/schedule` for acme/billing#1 Fax (sam): releases are planned by the release managers ([rosa](https://github/rosa))

            ### Changed in the plan while it was open

            - `acme/billing#1` Fax: not planned → 2026.11 (customer)

            @ana @lee The plan as it is now: [Release plan](https://github/acme/billing/issues/4).
            ");
        })
        .await;
    }
}

#[tokio::test]
async fn a_train_without_dates_has_a_meeting_too_and_a_prefix_stands_before_its_commands() {
    scenario(async |s| {
        let rules =
            RULES.lines().filter(|line| !["every:", "lock:", "slots:"].iter().any(|it| line.contains(it)));
        let rules: Vec<&str> = rules.collect();
        s.policy(&format!("{}\ncommands: {{ prefix: cg }}\n", rules.join("\n"))).await;
        let fax = asks(s, BILLING, "Fax", &[]).await;
        says(s, "tess", fax, "/cg accept").await;
        let meeting = open(s).await;
        assert_snapshot!(text(s, meeting), @"
        This is the planning meeting of the train **customer**, held in a room within an hour or in writing over two days. No release of it is open: the policy does not say when it leaves (`every`), and no milestone is planned.

        **Deciding**: comment here, one command a line: `/cg schedule #128 next`, `/cg unschedule #128 WHY`, `/cg swap #97 #128`, `/cg accept #130`, `/cg defer #130 until Q2`, `/cg decline #130 WHY`. Instead of `next`, the title of a release may stand. The first of a swap goes, the second takes its place. `#128` is of this repository; others are written `web#128`. Release managers plan; triagers accept, defer and decline. A thumbs-up says that it counts; what does not count is answered with a sentence.

        **Attending**: whoever comments is there; `/cg here` is enough.

        **Ending**: close this issue. The minutes follow soon, and with them the sponsors are sent the plan.

        ### New since 5 Oct 2026

        | change request | | account | stands |
        |---|---|---|---|
        | acme/billing#1 | Fax |  | accepted |

        ### Candidates

        In the order in which the accounts want it:

        | place | change request | | account | in its account |
        |---|---|---|---|---|
        | 1 | acme/billing#1 | Fax |  | 1 of 1 |
        ");
        says(s, "rosa", meeting, &format!("/schedule #{} 2026.12", fax.number)).await;
        says(s, "rosa", meeting, &format!("/cg schedule #{} next", fax.number)).await;
        says(s, "rosa", meeting, &format!("/cg schedule #{} 2026.12", fax.number)).await;
        assert_snapshot!(s.sentences(meeting).join("\n---\n"), @"@rosa wrote `/cg schedule` for acme/billing#1; the policy does not say when the train leaves (`every`), so the release has to be named.");
        assert_eq!(s.stage_of("Fax").await, "scheduled");
    })
    .await;
}
