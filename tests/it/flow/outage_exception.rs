//! Nobody was here for a while: all that went by without an allow meanwhile is one exception, and what is open is looked at again.

use changegate::{
    admin::{self, Answer, Order},
    domain::asker::Deed,
    gate::{
        Keys,
        seal::{SEALED, Sealed},
    },
    operator::NewSeals,
};
use jiff::SignedDuration;
use serde_json::json;

use super::{
    deploying::{WEB, built},
    gate::{asked, by_pipeline, call, call_as, decided, said, token_for},
};
use crate::support::{Scene, scenario};

const BILLING: &str = "acme/billing";

/// The server says that it is here; where it was not for long, each account is told.
async fn beat(s: &Scene) {
    s.stage.app.repair.beat().await.unwrap();
}

/// Somebody deploys the head of `main` without asking.
fn deploys_unasked(s: &Scene, repository: &str) -> String {
    let sha = s.github().head(repository, "main").unwrap();
    s.by("ana").deploy(repository, "production", &sha, &["in_progress", "success"]);
    sha
}

async fn ready(s: &Scene) {
    ready_by(s, &by_pipeline()).await;
}

async fn ready_by(s: &Scene, lines: &str) {
    let lines = lines.replace("match: acme/web,", "match: \"acme/*\",");
    let text = s.policy_text(&lines).replace("[rosa] }", "[rosa], break-glass: [acme/on-call] }");
    s.policy_file("acme/.github", &text).await;
    let issue = s.accepted("Export").await;
    built(s, "export", issue.number).await;
    assert_eq!(said(&decided(s, &asked(s, "7")).await), "allow");
    beat(s).await;
}

#[tokio::test]
async fn what_was_deployed_while_nobody_was_here_is_one_exception_of_the_account() {
    scenario(async |s| {
        ready(s).await;
        s.pass(1_800);
        deploys_unasked(s, WEB);
        s.pass(60);
        deploys_unasked(s, BILLING);
        s.pass(1_800);
        beat(s).await;
        s.settle().await;
        s.settle().await;
        let all = [s.exceptions(WEB), s.exceptions(BILLING)].join("");
        let short = |repository| s.github().head(repository, "main").unwrap()[..7].to_owned();
        let shown = all.replace(&short(WEB), "WEB").replace(&short(BILLING), "BILLING");
        assert_eq!(shown.matches("open: ").count(), 1, "{shown}");
        assert!(shown.contains("2 deployments went by without an allow"), "{shown}");
        assert!(shown.contains("Owner: acme/on-call · Due: "), "{shown}");
        assert!(shown.contains("`acme/web` → `production`: [`WEB`]"), "{shown}");
        assert!(shown.contains("`acme/billing` → `production`: [`BILLING`]"), "{shown}");
        assert!(!shown.contains("began without an allow by Changegate"), "{shown}");
        // What went by after the return is a by-pass like any other.
        s.pass(240);
        beat(s).await;
        s.by("ana").push(BILLING, "main", &[("more.txt", "more")], "More");
        deploys_unasked(s, BILLING);
        s.settle().await;
        assert!(s.exceptions(BILLING).contains("began without an allow"), "{}", s.exceptions(BILLING));
    })
    .await;
}

#[tokio::test]
async fn what_is_not_looked_back_on_in_time_stands_in_the_way_where_it_went_by_until_somebody_says_how_it_went()
 {
    scenario(async |s| {
        s.github().add_team("acme", "on-call", &["quinn"]);
        let emergency = "    emergency: { lasts: 4 hours, approved: within 1 day, retrospective: 2 hours }\n    door: pipeline";
        ready_by(s, &by_pipeline().replace("    door: pipeline", emergency)).await;
        s.pass(1_800);
        deploys_unasked(s, WEB);
        s.pass(1_800);
        beat(s).await;
        s.settle().await;
        s.settle().await;
        let record = s.github().issues(WEB);
        let is_it = |issue: &&serde_json::Value| issue["title"].as_str().unwrap().contains("was away, and");
        let number = record.iter().find(is_it).unwrap()["number"].as_u64().unwrap();
        let record = changegate::sandbox::Numbered { repo: s.github().repository_id(WEB), number };
        let listed = async |random| {
            let token = token_for(s, random, WEB, &[Deed::Read], true).await;
            let request = http::Request::get("/api/v1/exceptions?kind=outage");
            let (status, page) = call_as(s, Some(&token), request, String::new()).await;
            assert_eq!((status, page["items"].as_array().map(Vec::len)), (200, Some(1)), "{page}");
            let issue = &page["items"][0]["issue"];
            assert_eq!((&issue["repository"], &issue["number"]), (&json!(WEB), &json!(number)), "{page}");
            page["items"][0]["state"].as_str().unwrap().to_owned()
        };
        assert_eq!(listed(2).await, "open");
        let next = async |run: &str, branch: &str| {
            let issue = s.accepted(branch).await;
            built(s, branch, issue.number).await;
            said(&decided(s, &asked(s, run)).await)
        };
        assert_eq!(next("8", "early").await, "allow");
        s.pass(3 * 3_600);
        assert_eq!(next("9", "late").await, "deny outage_retrospective_overdue");
        s.expect_refusals();
        s.by("sam").comment(record, "/done worked it was fine");
        s.settle().await;
        let refused = s.sentences(record).join("\n");
        assert!(refused.contains("only somebody on call or a release manager (acme/on-call, rosa)"), "{refused}");
        s.by("quinn").comment(record, "/done perhaps");
        s.settle().await;
        assert_eq!(next("10", "later").await, "deny outage_retrospective_overdue");
        s.by("quinn").comment(record, "/done problems The disk was full; it is watched now.");
        s.settle().await;
        s.settle().await;
        let shown = s.exceptions(WEB);
        assert!(shown.contains("closed: Changegate was away"), "{shown}");
        assert!(shown.contains("**problems**. The disk was full; it is watched now."), "{shown}");
        assert_eq!(listed(2).await, "closed");
        assert_eq!(next("11", "last").await, "allow");
    })
    .await;
}

#[tokio::test]
async fn whatever_is_heard_first_it_ends_as_one_exception() {
    scenario(async |s| {
        ready(s).await;
        s.pass(1_800);
        deploys_unasked(s, WEB);
        s.pass(1_800);
        s.settle().await;
        assert!(s.exceptions(WEB).starts_with("open: Deployed to production without an allow"));
        beat(s).await;
        s.settle().await;
        s.settle().await;
        let shown = s.exceptions(WEB);
        assert!(shown.starts_with("closed: Deployed to production while Changegate was away"), "{shown}");
        assert!(shown.contains("open: Changegate was away, and one deployment went by"), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn a_restart_is_no_outage_and_a_gap_in_which_nothing_went_by_leaves_no_issue() {
    scenario(async |s| {
        ready(s).await;
        for _ in 0..4 {
            s.pass(240);
            beat(s).await;
        }
        deploys_unasked(s, WEB);
        s.pass(240);
        beat(s).await;
        s.settle().await;
        assert!(s.exceptions(WEB).contains("began without an allow"), "{}", s.exceptions(WEB));
        s.pass(7_200);
        beat(s).await;
        s.settle().await;
        assert!(!s.exceptions(WEB).contains("away,"), "{}", s.exceptions(WEB));
    })
    .await;
}

/// A permit that is sealed for `production` of `acme/web`, known to the server.
async fn sealed(s: &Scene, id: &str) -> String {
    let (at, valid) = (s.stage.clock.now(), SignedDuration::from_hours(24 * 30));
    let (repository, environment) = (WEB.to_owned(), "production".to_owned());
    let new = NewSeals { repository, environment, ids: vec![id.into()], at, expires_at: at + valid };
    let answer = admin::obey(&s.stage.app.operator(), Order::Seal(new)).await;
    let Answer::Sealed(repository, name) = answer else { panic!("{answer:?}") };
    s.settle().await;
    let sealed = Sealed {
        iss: "https://changegate.example.com".into(),
        jti: id.into(),
        iat: at.as_second(),
        exp: (at + valid).as_second(),
        repository: name.to_string(),
        repository_id: repository.0,
        environment: "production".into(),
    };
    let keys: Keys = s.stage.app.gate.keys.clone();
    keys.sign(&sealed, SEALED).unwrap()
}

/// Reports that a sealed permit was used; the status and the code of the answer.
async fn reports(s: &Scene, permit: &str, (run, at): (&str, jiff::Timestamp)) -> (u16, String) {
    let report = json!({ "repository": WEB, "environment": "production", "pipeline": "jenkins", "run_id": run,
        "sha": s.github().head(WEB, "main").unwrap(), "state": "succeeded",
        "sealed": { "permit": permit, "reason": "The shop is down.", "at": at, "by": "sam" } });
    let (status, answer) = call(s, http::Request::post("/api/v1/deployments"), report.to_string()).await;
    s.settle().await;
    s.settle().await;
    (status, answer["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_reported_use_of_a_sealed_permit_stands_in_the_outage_exception_and_a_repeated_one_does_not_count()
{
    scenario(async |s| {
        ready(s).await;
        let permit = sealed(s, &"ab".repeat(16)).await;
        beat(s).await;
        s.pass(1_800);
        let used_at = s.stage.clock.now();
        s.pass(1_800);
        beat(s).await;
        s.settle().await;
        assert_eq!(reports(s, &permit, ("7", used_at)).await, (202, String::new()));
        let shown = s.exceptions(WEB);
        assert!(
            shown
                .contains("Sealed permit `abababababababababababababababab`, used by sam: The shop is down."),
            "{shown}"
        );
        assert_eq!(shown.matches("open: ").count(), 1, "{shown}");
        // Said twice it is one.
        assert_eq!(reports(s, &permit, ("7", used_at)).await.0, 202);
        assert_eq!(s.exceptions(WEB), shown);
        assert_eq!(reports(s, &permit, ("8", used_at)).await.0, 202);
        let shown = s.exceptions(WEB);
        assert!(shown.contains("open: A sealed permit was used twice"), "{shown}");
        assert!(shown.contains("Deployed to production without an allow"), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_sealed_permit_for_this_is_not_taken_for_one() {
    scenario(async |s| {
        ready(s).await;
        let made_at = s.stage.clock.now();
        let permit = sealed(s, &"cd".repeat(16)).await;
        let forged = permit.replacen(".ey", ".eY", 1);
        let late = made_at + SignedDuration::from_hours(24 * 40);
        let early = made_at - SignedDuration::from_hours(1);
        for (permit, at) in
            [(&forged, made_at), (&permit, late), (&permit, early), (&"x".to_owned(), made_at)]
        {
            assert_eq!(reports(s, permit, ("7", at)).await, (422, "sealed_not_good".into()));
        }
        assert_eq!(s.exceptions(WEB), "", "nothing was deployed");
    })
    .await;
}

#[tokio::test]
async fn pull_requests_that_changed_unheard_are_looked_at_again_within_the_limit() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let before = s.pull_request(WEB, "before", &format!("Closes #{}", issue.number)).await;
        assert!(s.check(&before.head).starts_with("success"));
        beat(s).await;
        let ana = s.by("ana");
        let mut heads = vec![];
        for n in 0..12 {
            let branch = format!("unheard-{n}");
            heads.push(ana.push(WEB, &branch, &[(&format!("{branch}.txt"), "x")], "Build"));
            let entry = changegate::sandbox::Entry {
                head: &branch,
                base: "main",
                title: &branch,
                body: &format!("Closes #{}", issue.number),
                draft: false,
            };
            ana.open_pull_request(WEB, entry);
        }
        let pushed = ana.push(WEB, "before", &[("before.txt", "again")], "Again");
        drop(s.github().take_deliveries());
        assert!(s.checks(WEB, &heads[0]).is_empty(), "a new head waits");
        assert!(s.check(&before.head).starts_with("success"), "what has passed stays passed");
        s.pass(2 * 3_600);
        beat(s).await;
        s.settle().await;
        let requests = s.requests_of(async || s.sweep().await).await;
        for head in heads.iter().chain([&pushed]) {
            assert!(s.check(head).starts_with("success"), "{head}");
        }
        assert!(requests.iter().all(|it| it.status < 400), "a limit was met: {requests:?}");
        assert!(requests.len() < 120, "{} requests for 13 heads", requests.len());
    })
    .await;
}
