//! What the API shows to whoever looks: lists, a page at a time, as far as they may see.

use changegate::{domain::asker::Deed, sandbox::Numbered};
use serde_json::Value;

use super::{
    deploying::{WEB, built, ships_continuously},
    emergencies::ruled,
    gate::{asked, call_as, decided, ready, token, token_for},
};
use crate::support::{Scene, scenario};

const BILLING: &str = "acme/billing";

/// What this token is shown there, which must be a page.
async fn shown(s: &Scene, token: &str, path: &str) -> Value {
    let (status, page) = looked(s, token, path).await;
    assert_eq!(status, 200, "{path}: {page}");
    page
}

async fn looked(s: &Scene, token: &str, path: &str) -> (u16, Value) {
    let request = http::Request::get(format!("/api/v1/{path}"));
    call_as(s, Some(token), request, String::new()).await
}

/// The items of a list, read to its end, so many at a time.
async fn all(s: &Scene, token: &str, list: &str, limit: usize) -> Vec<Value> {
    let and = if list.contains('?') { '&' } else { '?' };
    let (mut items, mut cursor) = (vec![], String::new());
    loop {
        let page = shown(s, token, &format!("{list}{and}limit={limit}{cursor}")).await;
        let found = page["items"].as_array().unwrap();
        assert!(found.len() <= limit, "{page}");
        items.extend(found.clone());
        let Some(next) = page["next"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
}

/// One field of each.
fn each(items: &[Value], pointer: &str) -> Vec<String> {
    let text = |item: &Value| {
        let found = item.pointer(pointer).unwrap_or(&Value::Null);
        found.as_str().map_or_else(|| found.to_string(), str::to_owned)
    };
    items.iter().map(text).collect()
}

async fn found(s: &Scene, token: &str, list: &str, pointer: &str) -> String {
    each(&all(s, token, list, 50).await, pointer).join(" ")
}

/// Somebody who sees everything of Acme.
async fn auditor(s: &Scene) -> String {
    token_for(s, 9, WEB, &[Deed::Read], true).await
}

async fn asks_in(s: &Scene, repository: &str, title: &str) -> Numbered {
    let issue = s.by("sam").open_labelled_issue(repository, title, "Please.", &["change-request"]);
    s.settle().await;
    issue
}

#[tokio::test]
async fn every_page_of_every_list_goes_on_where_the_one_before_ended() {
    scenario(async |s| {
        ready(s).await;
        for title in ["Import", "Search", "Print"] {
            asks_in(s, WEB, title).await;
            asks_in(s, BILLING, title).await;
        }
        decided(s, &asked(s, "7")).await;
        decided(s, &asked(s, "8")).await;
        let token = auditor(s).await;
        for list in [
            "changes",
            "environments",
            "audit",
            "gates",
            "exceptions",
            "releases",
            "audit?repository=acme/web",
        ] {
            let whole = all(s, &token, list, 200).await;
            for limit in [1, 2, 3] {
                assert_eq!(all(s, &token, list, limit).await, whole, "{list} by {limit}");
            }
        }
        let register = all(s, &token, "changes", 50).await;
        assert_eq!(register.len(), 7);
        let log = each(&all(s, &token, "audit", 50).await, "/seq");
        let mut sorted: Vec<u64> = log.iter().map(|seq| seq.parse().unwrap()).collect();
        assert_eq!(sorted.first(), Some(&u64::try_from(log.len()).unwrap()), "the newest is the first");
        sorted.reverse();
        assert!(sorted.iter().zip(1..).all(|(seq, place)| *seq == place), "{log:?}");
    })
    .await;
}

#[tokio::test]
async fn a_list_is_narrowed_down_and_says_what_is_wrong_with_what_it_is_asked() {
    scenario(async |s| {
        ready(s).await;
        let import = asks_in(s, WEB, "Import").await;
        asks_in(s, BILLING, "Search").await;
        s.by("rosa").label(import, "risk/high");
        s.settle().await;
        let view = decided(s, &asked(s, "7")).await;
        let token = auditor(s).await;
        let sha = view.sha.as_str();
        for (list, pointer, expected) in [
            ("changes?state=accepted".to_owned(), "/title", ""),
            ("changes?state=merged".into(), "/title", "Export"),
            ("changes?state=requested".into(), "/title", "Import Search"),
            ("changes?repository=ACME/billing".into(), "/title", "Search"),
            ("changes?label=RISK/high".into(), "/title", "Import"),
            ("changes?label=risk".into(), "/title", ""),
            ("changes?release=2026.12".into(), "/title", ""),
            ("changes?type=Bug".into(), "/title", ""),
            ("changes?repository=acme/nowhere".into(), "/title", ""),
            ("environments?name=Production".into(), "/name", "production"),
            ("environments?name=prod".into(), "/name", ""),
            (format!("gates?sha={sha}"), "/gate/id", view.id.as_str()),
            ("gates?decision=deny".into(), "/gate/id", ""),
            ("gates?decision=allow&environment=PRODUCTION".into(), "/gate/id", view.id.as_str()),
            ("gates?repository=acme/billing".into(), "/gate/id", ""),
            ("gates?repository=acme/web&until=2026-11-02T12:00:00Z".into(), "/gate/id", ""),
            ("audit?kind=change_request.accepted".into(), "/facts/change_request", "3#1"),
            ("audit?since=2026-11-03T00:00:00Z".into(), "/code", ""),
            ("audit?until=2026-11-02T00:00:00Z".into(), "/code", ""),
            ("releases?train=customer".into(), "/title", ""),
        ] {
            let expected = expected.replace("3#1", &format!("{}#1", import.repo));
            assert_eq!(found(s, &token, &list, pointer).await, expected, "{list}");
        }
        let kinds = all(s, &token, "audit?kind=change_request&repository=acme/billing", 50).await;
        assert_eq!(each(&kinds, "/code"), ["change_request.stage", "change_request.taken_in"]);
        let of_one = format!("audit?subject=change_request/{}/{}", import.repo, import.number);
        let page = format!("/issues/{}", import.number);
        let log = all(s, &token, &of_one, 50).await;
        assert!(
            !log.is_empty() && log.iter().all(|it| it["url"].as_str().unwrap().ends_with(&page)),
            "{log:?}"
        );
        let other = shown(s, &token, "audit?limit=1").await;
        let other = other["next"].as_str().unwrap();
        for (list, said) in [
            ("changes?limit=0".to_owned(), "1 to 200"),
            ("changes?limit=201".into(), "1 to 200"),
            ("changes?limit=many".into(), "limit"),
            ("changes?state=done".into(), "needs_information"),
            ("changes?colour=red".into(), "unknown field `colour`"),
            ("changes?repository=web".into(), "owner/name"),
            ("changes?cursor=x".into(), "none of this list"),
            (format!("changes?cursor={other}"), "none of this list"),
            (format!("exceptions?cursor={other}"), "none of this list"),
            ("exceptions?state=late".into(), "open"),
            ("audit?since=yesterday".into(), "since"),
        ] {
            let (status, problem) = looked(s, &token, &list).await;
            assert_eq!(
                (status, problem["code"].as_str()),
                (422, Some("invalid_request")),
                "{list}: {problem}"
            );
            assert!(problem["detail"].as_str().unwrap().contains(said), "{list}: {problem}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_looks_sees_their_own_repository_and_the_whole_account_with_a_token_for_that() {
    scenario(async |s| {
        ready(s).await;
        asks_in(s, BILLING, "Search").await;
        s.github().add_organization("other", &["olga"]);
        s.github().add_repository("other/web", &[("README.md", "# There\n")]);
        s.by("olga").install("other", None);
        s.settle().await;
        decided(s, &asked(s, "7")).await;
        let (web, billing, abroad) = (
            token_for(s, 1, WEB, &[Deed::Read], false).await,
            token_for(s, 2, BILLING, &[Deed::Read], false).await,
            token_for(s, 3, "other/web", &[Deed::Read], true).await,
        );
        let everything = auditor(s).await;
        let titles = async |token: &str| found(s, token, "changes", "/title").await;
        assert_eq!(titles(&web).await, "Export");
        assert_eq!(titles(&billing).await, "Search");
        assert_eq!(titles(&abroad).await, "");
        assert_eq!(titles(&everything).await, "Export Search");
        for list in ["environments", "gates", "audit", "exceptions"] {
            let count = async |token: &str| all(s, token, list, 50).await.len();
            assert_eq!(
                all(s, &abroad, list, 50).await.iter().filter(|it| it.to_string().contains("acme")).count(),
                0
            );
            let (own, next, whole) = (count(&web).await, count(&billing).await, count(&everything).await);
            assert!(own + next <= whole && (list == "exceptions" || own > 0), "{list}: {own} {next} {whole}");
        }
        // Of what belongs to no repository only the account sees anything.
        let subjects = found(s, &web, "audit", "/subject").await;
        assert!(!subjects.contains("account") && !subjects.contains("release/"), "{subjects}");
        assert!(found(s, &everything, "audit", "/subject").await.contains("account"));
        let mute = token_for(s, 4, WEB, &[Deed::Gate, Deed::Report], false).await;
        let (status, problem) = looked(s, &mute, "changes").await;
        assert_eq!((status, problem["code"].as_str()), (403, Some("scope_not_allowed")), "{problem}");
    })
    .await;
}

#[tokio::test]
async fn what_somebody_wrote_stands_in_the_log_until_it_is_erased() {
    scenario(async |s| {
        ready(s).await;
        let issue = asks_in(s, WEB, "Print").await;
        s.by("tess").comment(issue, "/decline Too dear");
        s.settle().await;
        let token = token(s, 1, WEB).await;
        let why = async || found(s, &token, "audit?kind=change_request.declined", "/texts/said").await;
        assert_eq!(why().await, "Too dear");
        let entry = all(s, &token, "audit?kind=change_request.declined", 50).await.remove(0);
        let tenant = s.stage.app.store.subjects_of_kind(changegate::domain::ids::SubjectKind::Account, None);
        let (tenant, ..) = tenant.await.unwrap().remove(0);
        let person = changegate::domain::ids::AccountId(entry["actor"].as_u64().unwrap());
        s.stage.app.store.erase_texts(&tenant, person, s.stage.clock.now()).await.unwrap();
        assert_eq!(why().await, "erased");
        let entry = all(s, &token, "audit?kind=change_request.declined", 50).await.remove(0);
        assert_eq!(entry["erased"].to_string(), r#"["actor","said"]"#);
        assert!(!entry.to_string().contains("dear") && !entry.to_string().contains("tess"), "{entry}");
    })
    .await;
}

#[tokio::test]
async fn a_by_pass_is_told_in_an_issue_and_a_lack_of_guard_is_open_until_it_is_cured() {
    scenario(async |s| {
        ships_continuously(s).await;
        let issue = s.accepted("Export").await;
        built(s, "export", issue.number).await;
        s.by("rosa").protect(WEB, "production", false, true);
        let run = s.by("ana").dispatch(WEB, &["production"], "main");
        s.settle().await;
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        s.pass(3_600);
        s.sweep().await;
        let token = token(s, 1, WEB).await;
        let kinds = async |state: &str| found(s, &token, &format!("exceptions?state={state}"), "/kind").await;
        assert_eq!((kinds("open").await, kinds("told").await), ("unguarded".into(), "bypass".into()));
        let bypass = all(s, &token, "exceptions?kind=bypass", 50).await.remove(0);
        let number = bypass["issue"]["number"].as_u64().unwrap();
        assert!(bypass["url"].as_str().unwrap().ends_with(&format!("/acme/web/issues/{number}")), "{bypass}");
        assert_eq!(bypass["subject"].as_str().unwrap().rsplit('/').next(), Some("production"));
        s.by("rosa").protect(WEB, "production", true, true);
        s.pass(3_600);
        s.sweep().await;
        assert_eq!((kinds("open").await.as_str(), kinds("closed").await.as_str()), ("", "unguarded"));
        let cured = all(s, &token, "exceptions?state=closed&repository=acme/web", 50).await.remove(0);
        assert!(cured["closed_at"].as_str() > cured["opened_at"].as_str(), "{cured}");
        assert!(cured["issue"]["number"].is_u64(), "{cured}");
        s.by("rosa").protect(WEB, "production", false, true);
        s.pass(3_600);
        s.sweep().await;
        assert_eq!(
            (kinds("open").await.as_str(), kinds("closed").await.as_str()),
            ("unguarded", "unguarded")
        );
        assert_eq!(all(s, &token, "exceptions?kind=emergency", 50).await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_emergency_is_open_until_it_is_signed_and_looked_back_on() {
    scenario(async |s| {
        ruled(s).await;
        let issue = s.change_request("Pay again").await;
        s.by("quinn").comment(issue, "/emergency nobody can pay");
        s.settle().await;
        let token = token(s, 1, WEB).await;
        let open = async || all(s, &token, "exceptions?state=open", 50).await;
        let item = open().await.remove(0);
        assert_eq!(
            (item["kind"].as_str(), item["texts"]["said"].as_str()),
            (Some("emergency"), Some("nobody can pay"))
        );
        assert!(
            item["emergency"]["owes"] == true && item["emergency"]["signature_due"].is_string(),
            "{item}"
        );
        let change = all(s, &token, "changes", 50).await.remove(0);
        assert_eq!(change["emergency"]["by"]["login"], "quinn");
        s.by("rosa").comment(issue, "/approve");
        s.settle().await;
        assert_eq!(open().await.len(), 1, "it is not looked back on");
        s.by("quinn").comment(issue, "/done worked The pool was too small.");
        s.settle().await;
        assert_eq!(open().await, Vec::<Value>::new());
        assert_eq!(found(s, &token, "exceptions?state=closed", "/kind").await, "emergency");
    })
    .await;
}
