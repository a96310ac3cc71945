//! The clearing house: one queue over all repositories, an order that the accounts themselves make, and a plan to read.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use changegate::{
    domain::{asker::Deed, audit::AuditEntry, ids::SubjectKind},
    planner::{self, Planner},
    register::{inventory, planning},
    sandbox::{CloseReason, Fault, Numbered, On},
};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::{
    gate::{call_as, token_for},
    releasing::{BILLING, WEB},
};
use crate::support::{Scene, assert_snapshot, scenario};

const RULES: &str = "
zone: Europe/Berlin
intake: { required: [What is needed] }
accounts:
  sales: { sponsor: ana, weight: 2 }
  support: { sponsor: lee }
trains:
  customer:
    repositories: [acme/web, acme/billing]
    title: \"{year}.{month}\"
    every: first Thursday 10:00
    lock: 7 days before
    slots: 2
";

/// Somebody who sees everything of Acme.
async fn auditor(s: &Scene) -> String {
    token_for(s, 9, WEB, &[Deed::Read], true).await
}

async fn shown(s: &Scene, token: &str, path: &str) -> Value {
    let request = http::Request::get(format!("/api/v1/{path}"));
    let (status, body) = call_as(s, Some(token), request, String::new()).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// The status of an answer, and its text.
async fn looked(s: &Scene, request: http::request::Builder) -> (u16, String) {
    let request = request.body(axum::body::Body::empty()).unwrap();
    let answer = s.stage.app.router().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn asks(s: &Scene, repository: &str, title: &str, account: &str, body: &str) -> Numbered {
    let labels = ["change-request", &format!("account/{account}")];
    let issue = s.by("sam").open_labelled_issue(repository, title, body, &labels);
    s.settle().await;
    issue
}

const COMPLETE: &str = "### What is needed\n\nThis.";

async fn says(s: &Scene, login: &str, on: Numbered, words: &str) {
    s.by(login).comment(on, words);
    s.settle().await;
}

fn queue(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    let line = |item: &Value| {
        let change = &item["change"];
        let mark = if item["overdue"] == true { " OVERDUE" } else { "" };
        let due = item["due_at"].as_str().unwrap_or("no clock");
        format!(
            "{} #{} {} {due}{mark}",
            text(&change["repository"]),
            change["number"],
            text(&change["title"])
        )
    };
    items.iter().map(line).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

#[tokio::test]
async fn one_queue_over_all_repositories_shows_the_oldest_first_and_what_waits_too_long() {
    scenario(async |s| {
        s.policy(RULES).await;
        let token = auditor(s).await;
        let import = asks(s, WEB, "Import", "sales", COMPLETE).await;
        let vague = asks(s, BILLING, "Something", "support", "Please.").await;
        let export = asks(s, BILLING, "Export", "support", COMPLETE).await;
        assert_snapshot!(queue(&shown(s, &token, "queue").await).join("\n"), @"
        acme/web #1 Import 2026-11-09T12:00:05Z
        acme/billing #1 Something no clock
        acme/billing #2 Export 2026-11-09T12:00:07Z
        ");
        let again = asks(s, WEB, "Import of invoices", "support", COMPLETE).await;
        let first = asks(s, BILLING, "Import the invoices", "sales", COMPLETE).await;
        let alike = shown(s, &token, "queue?alike=true").await;
        let of = |place: &str| alike.pointer(place).and_then(Value::as_u64);
        assert_eq!(
            (of("/items/3/alike/0/number"), of("/items/4/alike/0/number")),
            (None, Some(again.number))
        );
        for issue in [again, first] {
            says(s, "tess", issue, "/decline asked twice").await;
        }
        s.pass(7 * 24 * 3600);
        let token = token_for(s, 10, WEB, &[Deed::Read], true).await;
        assert_snapshot!(queue(&shown(s, &token, "queue?overdue=true").await).join("\n"), @"
        acme/web #1 Import 2026-11-09T12:00:05Z OVERDUE
        acme/billing #2 Export 2026-11-09T12:00:07Z OVERDUE
        ");
        assert_eq!(queue(&shown(s, &token, "queue?account=SALES").await).len(), 1);
        assert_eq!(queue(&shown(s, &token, "queue?incomplete=true").await).len(), 1);
        assert_eq!(queue(&shown(s, &token, "queue?repository=acme/billing&incomplete=false").await).len(), 1);
        assert_eq!(queue(&shown(s, &token, "queue?kind=infrastructure").await).len(), 0);
        says(s, "tess", import, "/accept").await;
        says(s, "tess", export, "/decline not now").await;
        says(s, "sam", vague, "/withdraw").await;
        assert_eq!(queue(&shown(s, &token, "queue").await).len(), 0);
    })
    .await;
}

#[tokio::test]
async fn the_accounts_make_the_order_and_the_plan_shows_what_goes_when() {
    scenario(async |s| {
        s.policy(RULES).await;
        let token = auditor(s).await;
        let mut all = vec![];
        for (title, account) in [("Mail", "sales"), ("Search", "sales"), ("Print", "support"), ("Fax", "sales")] {
            let issue = asks(s, WEB, title, account, COMPLETE).await;
            says(s, "tess", issue, "/accept").await;
            all.push(issue);
        }
        says(s, "ana", all[3], "/rank 1").await;
        says(s, "lee", all[0], "/rank 1").await;
        let places = |plan: &Value| {
            let items = plan["unplanned"].as_array().unwrap().iter();
            let line = |it: &Value| format!("{} {} ({} of {})", it["place"], text(&it["change"]["title"]), it["place_in_account"], it["of_account"]);
            items.map(line).collect::<Vec<_>>().join(", ")
        };
        assert_snapshot!(places(&shown(s, &token, "plan").await), @"1 Fax (1 of 3), 2 Mail (2 of 3), 3 Print (1 of 1), 4 Search (3 of 3)");
        says(s, "rosa", all[3], "/schedule next").await;
        let plan = shown(s, &token, "plan").await;
        assert_snapshot!(places(&plan), @"1 Mail (1 of 2), 2 Search (2 of 2), 3 Print (1 of 1)");
        let releases = plan["releases"].as_array().unwrap().iter().map(|it| {
            let titles: Vec<&str> = it["changes"].as_array().unwrap().iter().map(|it| text(&it["title"])).collect();
            format!("{} leaves {} locks {} free {}: {}", text(&it["title"]), text(&it["leaves_at"]), text(&it["locks_at"]), it["free"], titles.join(", "))
        });
        assert_snapshot!(releases.collect::<Vec<_>>().join("\n"), @"
        2026.11 leaves 2026-11-05T09:00:00Z locks 2026-10-29T09:00:00Z free 2: 
        2026.12 leaves 2026-12-03T09:00:00Z locks 2026-11-26T09:00:00Z free 1: Fax
        2027.01 leaves 2027-01-07T09:00:00Z locks 2026-12-31T09:00:00Z free 2: 
        2027.02 leaves 2027-02-04T09:00:00Z locks 2027-01-28T09:00:00Z free 2:
        ");
        let report = shown(s, &token, "accounts?without=Sales").await;
        assert_eq!(report["total"]["requested"], 1, "{report}");
        let report = shown(s, &token, "accounts").await;
        let accounts = report["accounts"].as_array().unwrap().iter();
        let counts = accounts.map(|it| format!("{} {} of weight {}: {}", text(&it["name"]), it["share"], it["weight"], it["counts"]));
        assert_snapshot!(counts.collect::<Vec<_>>().join("\n"), @r#"
        sales 0.75 of weight 2: {"requested":3,"accepted":3,"delivered":0,"open":3,"waiting":0,"over_limit":0,"rated":0}
        support 0.25 of weight 1: {"requested":1,"accepted":1,"delivered":0,"open":1,"waiting":0,"over_limit":0,"rated":0}
        "#);
    })
    .await;
}

#[tokio::test]
async fn what_is_seen_through_one_repository_is_of_that_repository_alone() {
    scenario(async |s| {
        s.policy(RULES).await;
        for repository in [WEB, BILLING] {
            let accepted = asks(s, repository, "Secret", "sales", COMPLETE).await;
            says(s, "tess", accepted, "/accept").await;
            asks(s, repository, "Waits", "sales", COMPLETE).await;
        }
        let token = token_for(s, 8, BILLING, &[Deed::Read], false).await;
        for (path, found) in [("queue", "/items"), ("plan", "/unplanned")] {
            let request = http::Request::get(format!("/api/v1/{path}"));
            let (status, body) = call_as(s, Some(&token), request, String::new()).await;
            assert_eq!(status, 200, "{body}");
            assert_eq!(body.pointer(found).and_then(Value::as_array).map(Vec::len), Some(1), "{body}");
            assert!(!body.to_string().contains(WEB), "{body}");
        }
        let request = http::Request::get("/api/v1/accounts");
        let (_, body) = call_as(s, Some(&token), request, String::new()).await;
        assert_eq!(body["total"]["requested"], 2, "{body}");
    })
    .await;
}

#[tokio::test]
async fn a_calendar_seen_through_one_repository_names_no_change_of_another() {
    scenario(async |s| {
        s.policy(RULES).await;
        for repository in [WEB, BILLING] {
            let issue = asks(s, repository, "Planned", "sales", COMPLETE).await;
            says(s, "tess", issue, "/accept").await;
            says(s, "rosa", issue, "/schedule 2026.12").await;
        }
        let token = token_for(s, 8, BILLING, &[Deed::Read], false).await;
        let request = http::Request::get("/api/v1/calendar.ics");
        let (status, text) = looked(s, request.header("authorization", format!("Bearer {token}"))).await;
        assert_eq!(status, 200, "{text}");
        assert!(text.contains("acme/billing#1") && !text.contains("acme/web#1"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn the_contact_is_whom_a_triager_names_and_github_assigns() {
    scenario(async |s| {
        s.policy(RULES).await;
        let import = asks(s, WEB, "Import", "sales", COMPLETE).await;
        s.by("tess").assign(import, "lee");
        s.settle().await;
        says(s, "tess", import, "/contact quinn\n/size M\n/needed-by 2027-01-15 the contract begins").await;
        assert_snapshot!(s.status(import).split("\n\n<details>").next().unwrap(), @"
        **Change request** · requested · size **M**
        Contact: @quinn · Requester: @sam · Account: sales

        Needed by **2027-01-15** (@tess): the contract begins.

        Next: a triager ([acme/triage](https://github/orgs/acme/teams/triage)) comments `/accept`, or asks, defers or declines.
        ");
        assert_eq!(s.labels(import), ["change-request", "account/sales", "size/M"]);
    })
    .await;
}

#[tokio::test]
async fn the_milestones_of_the_next_releases_are_made_once_in_every_repository_of_the_train() {
    scenario(async |s| {
        s.by("rosa").create_milestone(WEB, "2026.12", None);
        s.by("rosa").create_milestone(BILLING, "2027.01", Some("2027-01-09T12:00:00Z".parse().unwrap()));
        s.policy(&RULES.replace("slots: 2", "ahead: 3")).await;
        s.settle().await;
        let made = || {
            let of = |repository: &str| {
                let all = s.github().milestones(repository);
                let line =
                    |it: &Value| format!("{repository} {} {}", text(&it["title"]), text(&it["due_on"]));
                all.iter().map(line).collect::<Vec<_>>()
            };
            [of(WEB), of(BILLING), of("acme/.github")].concat().join("\n")
        };
        assert_snapshot!(made(), @"
        acme/web 2026.12 2026-12-03T12:00:00Z
        acme/web 2026.11 2026-11-05T12:00:00Z
        acme/web 2027.01 2027-01-07T12:00:00Z
        acme/billing 2027.01 2027-01-09T12:00:00Z
        acme/billing 2026.11 2026-11-05T12:00:00Z
        acme/billing 2026.12 2026-12-03T12:00:00Z
        ");
        let number = s.github().milestones(BILLING)[1]["number"].as_u64().unwrap();
        s.by("rosa").delete_milestone(BILLING, number);
        s.settle().await;
        s.pass(5 * 24 * 3600);
        s.settle().await;
        assert_snapshot!(made(), @"
        acme/web 2026.12 2026-12-03T12:00:00Z
        acme/web 2026.11 2026-11-05T12:00:00Z
        acme/web 2027.01 2027-01-07T12:00:00Z
        acme/web 2027.02 2027-02-04T12:00:00Z
        acme/billing 2027.01 2027-01-09T12:00:00Z
        acme/billing 2026.12 2026-12-03T12:00:00Z
        acme/billing 2027.02 2027-02-04T12:00:00Z
        ");
        assert_snapshot!(logged(s, "release.milestones_made").await, @r#"
        2026.11: "1012 1013"
        2026.12: "1012 1013"
        2027.01: "1012 1013"
        2027.02: "1012 1013"
        "#);
    })
    .await;
}

/// Takes in what is there to the end, and says how much it was.
async fn taken_in(s: &Scene, organisation: &str) -> u64 {
    for _ in 0..100 {
        let imported = s.stage.app.operator().import(organisation, false).await.unwrap();
        if imported.progress.ended.is_some() {
            return imported.progress.found;
        }
        s.pass(60);
    }
    panic!("an import that is asked for a hundred times comes to its end");
}

/// What the log says about one kind of event.
async fn logged(s: &Scene, code: &str) -> String {
    let store = &s.stage.app.store;
    let (tenant, ..) = store.subjects_of_kind(SubjectKind::Account, None).await.unwrap().pop().unwrap();
    let all = store.audit_entries(&tenant, 0, 500).await.unwrap();
    let line = |it: &AuditEntry| format!("{}: {:?}", it.texts["title"], it.facts["repositories"]);
    all.iter().map(|it| &it.entry).filter(|it| it.code == code).map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_calendar_program_subscribes_to_releases_locks_and_freezes() {
    scenario(async |s| {
        let freeze = "freezes:\n  - { name: quarter end, from: 2026-12-28 00:00, to: 2027-01-04 08:00 }\n";
        s.policy(&format!("{RULES}{freeze}")).await;
        let issue = asks(s, WEB, "Mail, \"quick\"; and cheap", "sales", COMPLETE).await;
        says(s, "tess", issue, "/accept").await;
        says(s, "rosa", issue, "/schedule 2026.12").await;
        let token = auditor(s).await;
        let password = BASE64.encode(format!("anybody:{token}"));
        let request = || http::Request::get("/api/v1/calendar.ics?account=sales");
        let (status, text) = looked(s, request().header("authorization", format!("Basic {password}"))).await;
        assert_eq!(status, 200, "{text}");
        assert_snapshot!(text.replace('\r', "").lines().take(28).collect::<Vec<_>>().join("\n"), @r#"
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Changegate//Changegate//EN
        CALSCALE:GREGORIAN
        NAME:Releases of acme · sales
        X-WR-CALNAME:Releases of acme · sales
        BEGIN:VEVENT
        DESCRIPTION:Nothing is planned for it yet.
        DTEND:20261105T100000Z
        DTSTAMP:20261102T120008Z
        DTSTART:20261105T090000Z
        SUMMARY:Release 2026.11 (customer)
        UID:release/customer/2026.11@acme.changegate
        END:VEVENT
        BEGIN:VEVENT
        DESCRIPTION:The scope is locked: afterwards\, changes are swapped one for o
         ne\, or wait for the next release.
        DTEND:20261029T100000Z
        DTSTAMP:20261102T120008Z
        DTSTART:20261029T090000Z
        SUMMARY:Scope lock of 2026.11 (customer)
        UID:lock/customer/2026.11@acme.changegate
        END:VEVENT
        BEGIN:VEVENT
        DESCRIPTION:acme/web#1 Mail\, "quick"\; and cheap (accepted)
        DTEND:20261203T100000Z
        DTSTAMP:20261102T120008Z
        DTSTART:20261203T090000Z
        "#);
        assert!(
            text.contains("SUMMARY:Freeze: quarter end") && text.contains("DTSTART:20261227T230000Z"),
            "{text}"
        );
        let (status, _) = looked(s, request().header("authorization", "Basic Og==")).await;
        assert_eq!(status, 401);
        let (_, other) = looked(
            s,
            http::Request::get("/api/v1/calendar.ics?account=support")
                .header("authorization", format!("Basic {password}")),
        )
        .await;
        assert!(!other.contains("quick"), "{other}");
    })
    .await;
}

#[tokio::test]
async fn an_import_finds_what_is_there_writes_nothing_and_goes_on_where_it_was_broken_off() {
    scenario(async |s| {
        let taken = s.change_request("Export invoices as CSV").await;
        for number in 0..130 {
            s.by("sam").open_issue(BILLING, &format!("Something else {number}"), "");
        }
        s.by("sam").open_issue(BILLING, "CSV export for invoices", "");
        let done = s.by("sam").open_issue(BILLING, "Search", "");
        s.by("sam").close(done, CloseReason::Completed);
        s.pull_request(WEB, "export", &format!("Closes #{}", taken.number)).await;
        s.settle().await;
        s.pass(200 * 24 * 3600);
        let operator = s.stage.app.operator();
        let before = s.stage.app.store.counts(s.stage.clock.now()).await.unwrap();
        let asked = s
            .requests_of(async || {
                // It breaks off in the third repository.
                let issues = format!("/repos/{BILLING}/issues");
                s.fault(On::rest("GET", &issues), Fault::ErrorBefore(503), 9);
                let broken = operator.import("acme", false).await.unwrap();
                assert!(broken.waits.is_some() && broken.progress.ended.is_none(), "{broken:?}");
                s.github().clear_faults();
                s.pass(600);
                assert_eq!(taken_in(s, "ACME").await, 134);
            })
            .await;
        assert!(asked.iter().all(|it| it.method == "GET" || it.path.contains("/access_tokens")), "{asked:?}");
        assert_eq!(
            s.stage.app.store.counts(s.stage.clock.now()).await.unwrap(),
            before,
            "nothing is to be told"
        );
        let found = operator.found("acme").await.unwrap();
        assert_snapshot!(inventory::report(&found), @"
        ────────────────────────────────────────────────────────────────────
         repository     open issues   open pull requests   the oldest since 
        ════════════════════════════════════════════════════════════════════
         acme/billing   131           0                    2 Nov 2026       
         acme/web       1             1                    2 Nov 2026       
         all            132           1                                     
        ────────────────────────────────────────────────────────────────────

        Of the open issues 0 are younger than a month, 0 than three, 0 than six, 132 than a year; 0 are older.
        1 of them are change requests: they bear the intake label.

        Opened by: @sam 132, @ana 1.

        ───────────────────────────────────────────────────────────────────
         looks dead        title                    untouched since   by   
        ═══════════════════════════════════════════════════════════════════
         acme/web#1        Export invoices as CSV   2 Nov 2026        @sam 
         acme/billing#1    Something else 0         2 Nov 2026        @sam 
         acme/billing#2    Something else 1         2 Nov 2026        @sam 
         acme/billing#3    Something else 2         2 Nov 2026        @sam 
         acme/billing#4    Something else 3         2 Nov 2026        @sam 
         acme/billing#5    Something else 4         2 Nov 2026        @sam 
         acme/billing#6    Something else 5         2 Nov 2026        @sam 
         acme/billing#7    Something else 6         2 Nov 2026        @sam 
         acme/billing#8    Something else 7         2 Nov 2026        @sam 
         acme/billing#9    Something else 8         2 Nov 2026        @sam 
         acme/billing#10   Something else 9         2 Nov 2026        @sam 
         acme/billing#11   Something else 10        2 Nov 2026        @sam 
         acme/billing#12   Something else 11        2 Nov 2026        @sam 
         acme/billing#13   Something else 12        2 Nov 2026        @sam 
         acme/billing#14   Something else 13        2 Nov 2026        @sam 
         acme/billing#15   Something else 14        2 Nov 2026        @sam 
         acme/billing#16   Something else 15        2 Nov 2026        @sam 
         acme/billing#17   Something else 16        2 Nov 2026        @sam 
         acme/billing#18   Something else 17        2 Nov 2026        @sam 
         acme/billing#19   Something else 18        2 Nov 2026        @sam 
        ───────────────────────────────────────────────────────────────────
        Not touched for half a year: 132.

        ───────────────────────────────────────────────────────────
         looks like         an older one   title                   
        ═══════════════════════════════════════════════════════════
         acme/billing#131   acme/web#1     CSV export for invoices 
        ───────────────────────────────────────────────────────────
        Like an older one: 1.

        Closed as done, by month (reconstructed from what GitHub still knows): 2026-11 1.

        Nothing was written to GitHub, and nothing is decided. What is to be a change request gets the intake label there; `changegate triage` then lists it.
        ");
        assert!(operator.import("nobody", false).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn the_plan_is_published_in_one_issue_that_says_what_has_changed_and_is_left_alone_otherwise() {
    scenario(async |s| {
        s.policy(
            &RULES.replace("required: [What is needed]", "required: [What is needed], plan: acme/billing"),
        )
        .await;
        let publish = async || {
            s.stage.app.publisher.publish().await.unwrap();
            s.settle().await;
        };
        let issue = asks(s, WEB, "Fax *all* @tess", "sales", COMPLETE).await;
        says(s, "tess", issue, "/accept").await;
        publish().await;
        let found = s.record_of(BILLING, "Release plan");
        assert_eq!(found.len(), 1, "{found:?}");
        let text = || {
            let body = s.readable(s.github().issue(found[0])["body"].as_str().unwrap_or_default());
            body.split("\n\n<!--").next().unwrap_or_default().to_owned()
        };
        assert_snapshot!(text(), @r#"
        This is the plan, kept up to date by itself. Times are in Europe/Berlin. Who asked for something and wants it sooner asks the sponsor of their account to rank it.

        ### 2026.11 · leaves 5 Nov 2026, 10:00 Europe/Berlin, locks 29 Oct 2026, 10:00 Europe/Berlin · 0 of 2 planned

        ### 2026.12 · leaves 3 Dec 2026, 10:00 Europe/Berlin, locks 26 Nov 2026, 10:00 Europe/Berlin · 0 of 2 planned

        ### 2027.01 · leaves 7 Jan 2027, 10:00 Europe/Berlin, locks 31 Dec 2026, 10:00 Europe/Berlin · 0 of 2 planned

        ### 2027.02 · leaves 4 Feb 2027, 10:00 Europe/Berlin, locks 28 Jan 2027, 10:00 Europe/Berlin · 0 of 2 planned

        ### Not planned yet, in the order in which the accounts want it

        | place | change request | | account | in its account |
        |---|---|---|---|---|
        | 1 | `acme/web#1` | Fax \*all\* @&#8203;tess | sales | 1 of 1 |
        "#);
        s.pass(24 * 3600);
        let quiet = s.requests_of(async || publish().await).await;
        assert!(quiet.is_empty(), "nothing is told that is known: {quiet:?}");
        says(s, "rosa", issue, "/schedule next").await;
        publish().await;
        assert_snapshot!(text().split("### Changed lately").nth(1).unwrap(), @r#"
        - 3 Nov 2026: `acme/web#1` Fax \*all\* @&#8203;tess: not planned → 2026.12 (customer)
        "#);
        assert_eq!(s.record_of(BILLING, "Release plan"), found, "it is the same issue");
    })
    .await;
}

#[tokio::test]
async fn a_milestone_whose_making_was_broken_off_is_made_once() {
    for fault in [Fault::LostAnswer, Fault::ErrorAfter(502), Fault::ErrorBefore(502)] {
        scenario(async |s| {
            s.expect_refusals();
            s.fault(On::rest("POST", &format!("/repos/{WEB}/milestones")), fault, 2);
            s.policy(&RULES.replace("slots: 2", "ahead: 2")).await;
            s.settle_for(30).await;
            let mut titles: Vec<String> =
                s.github().milestones(WEB).iter().map(|it| text(&it["title"]).to_owned()).collect();
            titles.sort();
            assert_eq!(titles, ["2026.11", "2026.12"], "{fault:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn an_import_says_which_repository_github_refused_to_show() {
    scenario(async |s| {
        s.by("sam").open_issue(WEB, "Export", "");
        s.settle().await;
        s.expect_refusals();
        s.fault(On::rest("GET", &format!("/repos/{BILLING}/issues")), Fault::ErrorBefore(410), 1);
        assert_eq!(taken_in(s, "acme").await, 1);
        let found = s.stage.app.operator().found("acme").await.unwrap();
        let report = inventory::report(&found);
        assert_snapshot!(report.split("\n\n").nth(1).unwrap(), @"
        Left out, because GitHub refused; import `--again` once the App may read them:
        - acme/billing: GitHub says that it is gone (410) at 12:00 UTC
        ");
    })
    .await;
}

#[tokio::test]
async fn an_import_asks_github_once_for_a_hundred_issues() {
    scenario(async |s| {
        for number in 0..1_030 {
            s.by("sam").open_issue(BILLING, &format!("Wish {number}"), "");
        }
        s.settle().await;
        let asked = s.requests_of(async || assert_eq!(taken_in(s, "acme").await, 1_030)).await;
        let lists = asked.iter().filter(|it| it.path.contains("/issues")).count();
        assert_eq!(
            lists,
            11 + 1 + 2 * 2,
            "eleven pages, what was closed, and two lists of each other repository"
        );
        let others = asked.len() - lists;
        assert!(others <= 3, "one token for each repository: {others}");
    })
    .await;
}

#[tokio::test]
async fn no_more_are_accepted_than_the_limit_says_unless_a_triager_says_why() {
    scenario(async |s| {
        s.policy(&RULES.replace("required: [What is needed]", "limits: { accepted: 2, in-work: 1 }")).await;
        let token = auditor(s).await;
        let first = asks(s, WEB, "Mail", "sales", "").await;
        says(s, "tess", first, "/accept").await;
        let second = asks(s, BILLING, "Search", "sales", "").await;
        s.by("tess").label(second, "triage/accepted");
        s.settle().await;
        let third = asks(s, WEB, "Print", "support", "").await;
        says(s, "tess", third, "/accept").await;
        assert_eq!(
            (s.stage_of("Search").await, s.stage_of("Print").await),
            ("accepted".into(), "requested".into())
        );
        assert_snapshot!(s.sentences(third).join("\n"), @"@tess wrote `/accept`; 2 change requests are accepted and neither planned nor begun, over all repositories, and the limit is 2 (`intake.limits`). It can be accepted once one of them is planned or begun, or over the limit by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)) with `/accept over: WHY`, which is recorded.");
        s.by("tess").label(third, "triage/accepted");
        s.settle().await;
        assert_eq!(s.labels(third), ["change-request", "account/support"], "the label is put back");
        says(s, "tess", third, "/accept over: the printer broke").await;
        assert_eq!(s.stage_of("Print").await, "accepted");
        assert_snapshot!(s.status(third).split("\n\n").nth(1).unwrap(), @"Accepted by @tess (2 Nov 2026), over the limit of 2: the printer broke. Next: a pull request that says `Closes #2` (elsewhere `Closes acme/web#2`) in its description.");
        assert_snapshot!(overridden(s).await, @"limit 2, there 2: the printer broke");
        let report = shown(s, &token, "accounts").await;
        let over = report["accounts"].as_array().unwrap().iter();
        let over: Vec<(&str, &Value)> =
            over.map(|it| (text(&it["name"]), &it["counts"]["over_limit"])).collect();
        assert_eq!(over, [("sales", &0.into()), ("support", &1.into())]);
        says(s, "rosa", first, "/schedule 2026.12").await;
        says(s, "rosa", second, "/schedule 2026.12").await;
        let fourth = asks(s, WEB, "Fax", "support", "").await;
        says(s, "tess", fourth, "/accept").await;
        assert_eq!(s.stage_of("Fax").await, "accepted", "what is planned makes room");
    })
    .await;
}

#[tokio::test]
async fn a_triager_does_not_accept_what_they_asked_for_where_policy_refuses_it() {
    scenario(async |s| {
        let rules = "mode: enforce\nroles: { triager: [acme/triage, lee] }\nintake: { own: refused }\n";
        s.policy_file("acme/.github", rules).await;
        let own = s.by("tess").open_labelled_issue(WEB, "Mail", "", &["change-request"]);
        s.settle().await;
        says(s, "tess", own, "/accept").await;
        assert_eq!(s.stage_of("Mail").await, "requested");
        s.by("tess").label(own, "triage/accepted");
        s.settle().await;
        assert_eq!(
            (s.stage_of("Mail").await, s.labels(own)),
            ("requested".into(), vec!["change-request".into()])
        );
        assert_snapshot!(s.sentences(own).join("\n"), @"
        @tess wrote `/accept`; nobody accepts what they asked for themselves (`intake.own`), so another of the triagers ([acme/triage](https://github/orgs/acme/teams/triage), [lee](https://github/lee)) decides.
        @tess set **triage/accepted**; nobody accepts what they asked for themselves (`intake.own`), so another of the triagers ([acme/triage](https://github/orgs/acme/teams/triage), [lee](https://github/lee)) decides. It was taken off again. Ask them here.
        ");
        says(s, "lee", own, "/accept").await;
        assert_eq!(s.stage_of("Mail").await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn slots_are_kept_for_an_account_published_and_passed_over_for_others() {
    scenario(async |s| {
        let kept = "sales: { sponsor: ana, weight: 2, tier: key, reserved: 1 }";
        let rules = RULES.replace("sales: { sponsor: ana, weight: 2 }", kept).replace("slots: 2", "slots: 5");
        s.policy(&rules).await;
        let token = auditor(s).await;
        let mut last = None;
        for title in ["Mail", "Search", "Print", "Fax", "Scan"] {
            let issue = asks(s, WEB, title, "support", COMPLETE).await;
            says(s, "tess", issue, "/accept").await;
            says(s, "rosa", issue, "/schedule next").await;
            last = Some(issue);
        }
        let planned = |plan: &Value| {
            let releases = plan["releases"].as_array().unwrap().iter();
            let line = |it: &Value| {
                let titles = it["changes"].as_array().unwrap().iter().map(|it| text(&it["title"]));
                let titles = titles.collect::<Vec<_>>().join(", ");
                format!("{}: {titles} · free {}, kept {}", text(&it["title"]), it["free"], it["kept"])
            };
            releases.map(line).collect::<Vec<_>>().join("\n")
        };
        assert_snapshot!(planned(&shown(s, &token, "plan").await), @r#"
        2026.11:  · free 5, kept []
        2026.12: Mail, Search, Print, Fax · free 1, kept [{"account":"sales","slots":1,"wanted":1}]
        2027.01: Scan · free 4, kept [{"account":"sales","slots":1,"wanted":1}]
        2027.02:  · free 5, kept [{"account":"sales","slots":1,"wanted":1}]
        "#);
        let status = s.status(last.unwrap());
        assert_snapshot!(status.split("\n\n").find(|it| it.starts_with("Planned")).unwrap(), @"Planned for **2027.01** by @rosa (2 Nov 2026). **2026.12** was passed over: what is left is kept for other accounts.");
        let own = asks(s, WEB, "Order", "sales", COMPLETE).await;
        says(s, "tess", own, "/accept").await;
        says(s, "rosa", own, "/schedule next").await;
        let plan = planned(&shown(s, &token, "plan").await);
        assert!(plan.contains("2026.12: Order, Mail, Search, Print, Fax · free 0"), "{plan}");
        let report = shown(s, &token, "accounts").await;
        let tiers = report["accounts"].as_array().unwrap().iter();
        let tiers = tiers.map(|it| {
            let (suggested, reserved) = (&it["key_account_suggested"], &it["reserved"]);
            format!("{} {} {suggested} {reserved}", text(&it["name"]), text(&it["tier"]))
        });
        assert_snapshot!(tiers.collect::<Vec<_>>().join("\n"), @"
        support - true 0
        sales key false 1
        ");
        let store = &s.stage.app.store;
        let owners = planner::owners(store).await.unwrap();
        let tenant = owners.keys().next().unwrap();
        let planner = Planner::of(store, tenant, s.stage.clock.now()).await.unwrap();
        let plan = planner.plan().await.unwrap();
        assert_snapshot!(planning::release(&plan.releases[1], &plan.zone), @"
        2026.12 · customer · leaves 3 Dec 2026, 10:00 Europe/Berlin, locks 26 Nov 2026, 10:00 Europe/Berlin · planning
        5 of 5 slots taken; 1 slot is kept for sales
        ────────────────────────────────────────────────────────
         change request   title    account   stage      contact 
        ════════════════════════════════════════════════════════
         acme/web#8       Order    sales     accepted           
         acme/web#1       Mail     support   accepted           
         acme/web#3       Search   support   accepted           
         acme/web#4       Print    support   accepted           
         acme/web#5       Fax      support   accepted           
        ────────────────────────────────────────────────────────
        ");
        let report = planner.accounts(None, |_| true).await.unwrap();
        assert_snapshot!(planning::accounts(&report), @"
        Since 2 Nov 2025, 00:00 Europe/Berlin
        ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
         account                           requested   share   accepted   delivered   open   waiting   rating   weight 
        ═══════════════════════════════════════════════════════════════════════════════════════════════════════════════
         support (key account suggested)   5           83 %    5          0           5      0                  1      
         sales (key account)               1           17 %    1          0           1      0                  2      
         all                               6                   6          0           6      0                         
        ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
        Of what was asked for, the first account has 83 %, the first three 100 %; Herfindahl 0.72.
        ");
    })
    .await;
}

#[tokio::test]
async fn the_plan_warns_where_more_is_in_work_than_may_be() {
    scenario(async |s| {
        s.policy(
            &RULES.replace(
                "required: [What is needed]",
                "limits: { in-work: 1, ready: 5 }, plan: acme/billing",
            ),
        )
        .await;
        let token = auditor(s).await;
        for title in ["Mail", "Search", "Print"] {
            let issue = asks(s, WEB, title, "sales", "").await;
            says(s, "tess", issue, "/accept").await;
            s.pull_request(WEB, title, &format!("Closes #{}", issue.number)).await;
        }
        let plan = shown(s, &token, "plan").await;
        assert_snapshot!(plan["limits"].to_string(), @r#"[{"state":"in_work","count":3,"limit":1},{"state":"merged","count":0,"limit":5}]"#);
        s.stage.app.publisher.publish().await.unwrap();
        s.settle().await;
        let published = s.record_of(BILLING, "Release plan");
        let body = s.github().issue(published[0])["body"].to_string();
        assert!(body.contains("In work: 3 of 1, two more than the limit."), "{body}");
    })
    .await;
}

#[tokio::test]
async fn what_has_had_more_than_ten_pull_requests_is_listed_as_evergreen() {
    scenario(async |s| {
        s.policy(&RULES.replace("required: [What is needed]", "plan: acme/billing")).await;
        let token = auditor(s).await;
        let issue = asks(s, WEB, "Mail", "sales", "").await;
        says(s, "tess", issue, "/accept").await;
        for number in 1..=11 {
            let before = shown(s, &token, "plan").await;
            assert_eq!(before["evergreen"], Value::Array(vec![]), "{number}");
            s.pull_request(WEB, &format!("part-{number}"), &format!("Part-of: #{}", issue.number)).await;
        }
        let plan = shown(s, &token, "plan").await;
        assert_eq!(plan["evergreen"][0]["pull_requests"], 11, "{plan}");
        s.stage.app.publisher.publish().await.unwrap();
        s.settle().await;
        let published = s.record_of(BILLING, "Release plan");
        let body = s.readable(s.github().issue(published[0])["body"].as_str().unwrap());
        let evergreen = body.split("\n\n").find(|part| part.starts_with("Evergreen")).unwrap_or_default();
        assert_snapshot!(evergreen, @"Evergreen: `acme/web#1` has had 11 pull requests. What comes next is better asked for in a change request of its own.");
    })
    .await;
}

/// What the log says of limits that were passed.
async fn overridden(s: &Scene) -> String {
    let store = &s.stage.app.store;
    let (tenant, ..) = store.subjects_of_kind(SubjectKind::Account, None).await.unwrap().pop().unwrap();
    let all = store.audit_entries(&tenant, 0, 500).await.unwrap();
    let line = |it: &AuditEntry| {
        format!("limit {}, there {}: {}", it.facts["limit"], it.facts["there"], it.texts["said"])
    };
    let entries = all.iter().map(|it| &it.entry).filter(|it| it.code == "change_request.limit_overridden");
    entries.map(line).collect::<Vec<_>>().join("\n")
}
