//! `changegate gate`, as a pipeline calls it: a process of its own that asks a server over the wire.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use changegate::sandbox::Numbered;
use sha2::Digest as _;

use super::{
    listener::{Listener, SIGNING},
    place::{Place, Said},
    server::{PROGRAM, Server, until},
};
use crate::support::{Database, databases};

pub(super) const BY_PIPELINE: &str = "
repositories: [{ match: acme/web, ship: continuous, change: issue }]
environments:
  production:
    door: pipeline
    names: [production]
    require: [{ range: traced }, { change: accepted }]
";

/// Something was merged that nobody has accepted yet; the token of the pipeline, and the server.
pub(super) async fn merged(place: &Place) -> (Server, Numbered, String) {
    let server = place.serve().await;
    place.settle(&server).await;
    let issue =
        place.github.by("sam").open_labelled_issue("acme/web", "Export", "Please.", &["change-request"]);
    place.settle(&server).await;
    let (pull, _) = place.open_pull_request("export", &format!("Closes #{}", issue.number));
    place.settle(&server).await;
    place.github.by("rosa").merge(pull);
    place.settle(&server).await;
    let made = place.run(&["token", "create", "--name", "CI", "--repository", "acme/web"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    (server, issue, made.out.trim().to_owned())
}

pub(super) fn arguments<'a>(verb: &'a str, server: &'a str, sha: &'a str) -> Vec<&'a str> {
    vec![
        "gate",
        verb,
        "--server",
        server,
        "--environment",
        "production",
        "--repository",
        "acme/web",
        "--sha",
        sha,
        "--ref",
        "refs/heads/main",
        "--pipeline",
        "jenkins",
        "--run",
        "7",
    ]
}

/// Runs the command to its end, with nothing but a token in its environment.
pub(super) fn run(place: &Place, token: &str, arguments: &[&str]) -> Said {
    let mut command = place.prepare(PROGRAM, arguments);
    command.env_clear().env("CHANGEGATE_TOKEN", token).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = tokio::task::block_in_place(|| command.output()).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_waits_in_a_terminal_of_its_own_and_goes_on_with_a_permit_once_somebody_has_accepted() {
    for database in databases().await {
        let place = Place::ruled_by(database, BY_PIPELINE).await;
        let (server, issue, token) = merged(&place).await;
        let sha = place.github.head("acme/web", "main").unwrap();
        let address = format!("http://{}", server.address);
        let not_yet = run(&place, &token, &arguments("check", &address, &sha));
        assert_eq!(not_yet.code, Some(124), "{not_yet:?}");
        assert!(not_yet.out.contains("waits in triage"), "{not_yet:?}");
        let (said, permit) = (place.folder.path().join("said"), place.folder.path().join("permit"));
        let mut wait = arguments("wait", &address, &sha);
        wait.extend(["--timeout", "2m", "--permit-file", permit.to_str().unwrap()]);
        let mut command = place.prepare(PROGRAM, &wait);
        command.env_clear().env("CHANGEGATE_TOKEN", &token).stdout(Stdio::piped());
        let waiting = command.stderr(fs::File::create(&said).unwrap()).spawn().unwrap();
        until("it says what it waits for", async || {
            fs::read_to_string(&said).unwrap().contains("waits in triage").then_some(())
        })
        .await;
        place.github.by("tess").comment(issue, "/accept");
        place.settle(&server).await;
        let ended = tokio::task::block_in_place(|| waiting.wait_with_output()).unwrap();
        let out = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert_eq!(ended.status.code(), Some(0), "{out} {}", fs::read_to_string(&said).unwrap());
        assert!(out.starts_with(&format!("acme/web → production   {}   allow\n", &sha[..7])), "{out}");
        assert!(out.contains("Allowed. The permit "), "{out}");
        let keys = place.folder.path().join("keys");
        fs::write(&keys, server.ask("/.well-known/jwks.json").await.unwrap().body).unwrap();
        let verify = ["permit", "verify", permit.to_str().unwrap(), "--keys", keys.to_str().unwrap()];
        let verified = run(&place, "", &verify);
        assert_eq!(verified.code, Some(0), "{verified:?}");
        assert!(
            verified.out.contains(&format!("commit       {sha}\nrun          jenkins 7, attempt 1")),
            "{verified:?}"
        );
        let forged = fs::read_to_string(&permit).unwrap().replacen(".ey", ".eY", 1);
        fs::write(&permit, forged).unwrap();
        assert_eq!(run(&place, "", &verify).code, Some(1));
        server.stop().await;
        place.close().await;
    }
}

/// What a checker of others says of an attestation; `None`: it is not installed.
fn checked_by_others(envelope: &Path, keys: &Path) -> Option<Said> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/attestation.py");
    let python = std::env::var("CHANGEGATE_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(python).arg(script).args([envelope, keys]).output().ok();
    let said = output.map(|output| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    });
    let is_there = said.as_ref().is_some_and(|said| !said.err.contains("ModuleNotFoundError"));
    let required = std::env::var("CHANGEGATE_REQUIRE").is_ok_and(|list| list.contains("securesystemslib"));
    assert!(is_there || !required, "securesystemslib is required: {said:?}");
    if !is_there {
        eprintln!(
            "SKIPPED: name a Python with securesystemslib in CHANGEGATE_PYTHON to see that others can check permits."
        );
    }
    said.filter(|_| is_there)
}

#[tokio::test(flavor = "multi_thread")]
async fn other_checkers_take_the_attestation_of_a_permit_and_refuse_a_changed_one() {
    let place = Place::ruled_by(Database::sqlite(), BY_PIPELINE).await;
    let (server, issue, token) = merged(&place).await;
    place.github.by("tess").comment(issue, "/accept");
    place.settle(&server).await;
    let sha = place.github.head("acme/web", "main").unwrap();
    let address = format!("http://{}", server.address);
    let file = |name: &str| place.folder.path().join(name);
    let (envelope, permit, keys, pem) = (file("envelope"), file("permit"), file("keys"), file("keys.pem"));
    let mut check = arguments("check", &address, &sha);
    check.extend(["--attestation-file", envelope.to_str().unwrap()]);
    check.extend(["--permit-file", permit.to_str().unwrap()]);
    let allowed = run(&place, &token, &check);
    assert_eq!(allowed.code, Some(0), "{allowed:?}");
    fs::write(&keys, server.ask("/.well-known/jwks.json").await.unwrap().body).unwrap();
    let with_keys = |arguments: &[&str]| {
        run(&place, "", &[&["permit"], arguments, &["--keys", keys.to_str().unwrap()]].concat())
    };
    let read = with_keys(&["verify", envelope.to_str().unwrap()]);
    assert_eq!(read.code, Some(0), "{read:?}");
    assert_eq!(read.out, with_keys(&["verify", permit.to_str().unwrap()]).out, "both say the same");
    fs::write(&pem, with_keys(&["keys"]).out).unwrap();
    if let Some(said) = checked_by_others(&envelope, &pem) {
        assert_eq!(said.code, Some(0), "{said:?}");
        let digest = hex::encode(sha2::Sha256::digest(fs::read(&permit).unwrap()));
        let resource = place.github.web_url().replacen("http://", "git+https://", 1);
        let host = resource.trim_end_matches("/web");
        assert_eq!(said.out, format!("{host}/acme/web gitCommit {sha}\npermit sha256 {digest}\n"));
    }
    let whole: serde_json::Value = serde_json::from_str(&fs::read_to_string(&envelope).unwrap()).unwrap();
    let mut changed = whole.clone();
    let payload = String::from_utf8(BASE64.decode(whole["payload"].as_str().unwrap()).unwrap()).unwrap();
    changed["payload"] = BASE64.encode(payload.replace("production", "everywhere")).into();
    fs::write(&envelope, changed.to_string()).unwrap();
    assert_eq!(with_keys(&["verify", envelope.to_str().unwrap()]).code, Some(1));
    if let Some(said) = checked_by_others(&envelope, &pem) {
        assert_eq!(said.code, Some(1), "{said:?}");
    }
    server.stop().await;
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_it_ends_says_whether_it_is_denied_asked_wrongly_or_not_found_out() {
    for database in databases().await {
        let place = Place::ruled_by(database, BY_PIPELINE).await;
        let (server, _, token) = merged(&place).await;
        let sha = place.github.head("acme/web", "main").unwrap();
        let address = format!("http://{}", server.address);
        let good = arguments("check", &address, &sha);
        let with = |name: &str, value: &'static str| {
            let place = good.iter().position(|argument| *argument == name).unwrap();
            let mut arguments = good.clone();
            arguments[place + 1] = value;
            arguments
        };
        let unruled = run(&place, &token, &with("--environment", "staging"));
        assert_eq!(unruled.code, Some(1), "{unruled:?}");
        assert!(unruled.out.contains("Denied. To pass: name `staging`"), "{unruled:?}");
        let abroad = run(&place, &token, &with("--repository", "acme/billing"));
        assert_eq!(abroad.code, Some(2), "{abroad:?}");
        let wrong = run(&place, &token, &with("--sha", "main"));
        assert_eq!(wrong.code, Some(2), "{wrong:?}");
        let nobody = run(&place, &format!("cgt_{}8323e036", "a5".repeat(32)), &good);
        assert_eq!(nobody.code, Some(2), "{nobody:?}");
        assert!(nobody.err.contains("Nobody knows this token"), "{nobody:?}");
        let mut of_github = arguments("report", &address, &sha);
        of_github.truncate(of_github.len() - 6);
        of_github.extend(["--pipeline", "github-actions", "--run", "7", "succeeded"]);
        let needless = run(&place, &token, &of_github);
        assert_eq!(needless.code, Some(0), "{needless:?}");
        assert!(needless.err.contains("GitHub knows of its own jobs"), "{needless:?}");
        let json = run(&place, &token, &[good.as_slice(), &["--output", "json"]].concat());
        let view: serde_json::Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!((view["decision"].as_str(), view["permit"].as_str()), (Some("pending"), None));
        server.stop().await;
        let away = run(&place, &token, &good);
        assert_eq!(away.code, Some(75), "{away:?}");
        assert!(away.err.contains("nothing was allowed"), "{away:?}");
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_at_one_replica_is_told_what_another_one_has_decided() {
    let Some(database) = Database::postgres().await else { return };
    let place = Place::ruled_by(database, BY_PIPELINE).await;
    let (first, issue, token) = merged(&place).await;
    let sha = place.github.head("acme/web", "main").unwrap();
    let address = format!("http://{}", first.address);
    let mut wait = arguments("wait", &address, &sha);
    wait.extend(["--timeout", "2m"]);
    assert_eq!(run(&place, &token, &arguments("check", &address, &sha)).code, Some(124));
    let second = place.serve_beside().await;
    let mut command = place.prepare(PROGRAM, &wait);
    command.env_clear().env("CHANGEGATE_TOKEN", &token).stdout(Stdio::piped()).stderr(Stdio::piped());
    let waiting = command.spawn().unwrap();
    place.github.by("tess").comment(issue, "/accept");
    place.settle(&second).await;
    let ended = tokio::task::block_in_place(|| waiting.wait_with_output()).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    // Either shows what was decided, whoever did.
    let mut json = arguments("check", &address, &sha);
    json.extend(["--output", "json"]);
    let here = run(&place, &token, &json);
    let elsewhere = format!("http://{}", second.address);
    let mut json = arguments("check", &elsewhere, &sha);
    json.extend(["--output", "json"]);
    let there = run(&place, &token, &json);
    let view = |said: &Said| serde_json::from_str::<serde_json::Value>(&said.out).unwrap();
    assert_eq!(view(&here)["decision"], "allow", "{here:?}");
    assert_eq!(view(&there)["decision"], "allow", "{there:?}");
    first.stop().await;
    second.stop().await;
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_is_called_once_it_is_decided_and_the_call_is_signed() {
    for database in databases().await {
        let listener = Listener::start().await;
        let mut place = Place::ruled_by(database, BY_PIPELINE).await;
        let host = listener.url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
        place.set("NOTIFY_HOSTS", &host);
        place.set("NOTIFY_SECRET", SIGNING);
        place.set("NOTIFY_PRIVATE", "true");
        let (server, issue, token) = merged(&place).await;
        let sha = place.github.head("acme/web", "main").unwrap();
        let address = format!("http://{}", server.address);
        let mut request = arguments("request", &address, &sha);
        request.extend(["--notify", "webhook", "--url", &listener.url]);
        let left = run(&place, &token, &request);
        assert_eq!(left.code, Some(0), "{left:?}");
        assert!(
            left.out.contains("which allows nothing. When it is decided you are told by a webhook to"),
            "{left:?}"
        );
        place.settle(&server).await;
        assert!(listener.heard().is_empty(), "nothing is decided");
        place.github.by("tess").comment(issue, "/accept");
        place.settle(&server).await;
        until("it is told", async || (!listener.heard().is_empty()).then_some(())).await;
        let [heard] = &listener.heard()[..] else { panic!("one call") };
        assert!(heard.is_proven_by(SIGNING));
        let json = heard.json();
        assert_eq!(
            (&json["type"], &json["data"]["decision"]),
            (&"gate.decided".into(), &"allowed".into()),
            "{json}"
        );
        assert_eq!((json["data"]["sha"].as_str(), json["data"]["run_id"].as_str()), (Some(&*sha), Some("7")));
        let mut elsewhere = arguments("request", &address, &sha);
        elsewhere.extend(["--notify", "webhook", "--url", "https://elsewhere.example/"]);
        let refused = run(&place, &token, &elsewhere);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains("CHANGEGATE_NOTIFY_HOSTS"), "{refused:?}");
        server.stop().await;
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_a_private_network_is_not_called_where_that_is_not_allowed() {
    let listener = Listener::start().await;
    let mut place = Place::ruled_by(Database::sqlite(), BY_PIPELINE).await;
    let port = listener.url.rsplit_once(':').unwrap().1.split('/').next().unwrap().to_owned();
    place.set("NOTIFY_HOSTS", &format!("localhost:{port},127.0.0.1:{port}"));
    place.set("NOTIFY_SECRET", SIGNING);
    let (server, issue, token) = merged(&place).await;
    let sha = place.github.head("acme/web", "main").unwrap();
    let address = format!("http://{}", server.address);
    for (n, host) in ["localhost", "127.0.0.1"].into_iter().enumerate() {
        let url = format!("https://{host}:{port}/hook");
        let mut request = arguments("request", &address, &sha);
        let run_id = format!("20{n}");
        *request.last_mut().unwrap() = &run_id;
        request.extend(["--notify", "webhook", "--url", &url]);
        let left = run(&place, &token, &request);
        assert_eq!(left.code, Some(0), "{left:?}");
    }
    place.github.by("tess").comment(issue, "/accept");
    while place.github.deliver().await > 0 {}
    until("one is refused and one not reached", async || {
        place.run(&["inbox", "parked"]).out.contains("private network").then_some(())
    })
    .await;
    assert!(listener.heard().is_empty());
    server.stop().await;
    place.close().await;
}

/// Two permits, sealed beforehand for `production` of `acme/web`, and the keys that were saved with them.
async fn sealed(place: &Place, server: &Server) -> (Vec<String>, String) {
    let folder = place.folder.path().to_str().unwrap().to_owned();
    let seal = [
        "permit",
        "seal",
        "--environment",
        "production",
        "--repository",
        "acme/web",
        "--count",
        "2",
        "--valid",
        "30d",
        "--to",
        &folder,
    ];
    let made = place.run(&seal);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.err.contains("Each counts once"), "{made:?}");
    let keys = place.folder.path().join("keys");
    fs::write(&keys, server.ask("/.well-known/jwks.json").await.unwrap().body).unwrap();
    let files = made.out.lines().map(|line| line.trim().replace("HERE", &folder)).collect();
    (files, keys.to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_permit_lets_one_deployment_go_when_nobody_can_be_asked_and_counts_once() {
    use std::os::unix::fs::PermissionsExt as _;
    for database in databases().await {
        let place = Place::ruled_by(database, BY_PIPELINE).await;
        let (server, _, token) = merged(&place).await;
        let (files, keys) = sealed(&place, &server).await;
        let sha = place.github.head("acme/web", "main").unwrap();
        let address = format!("http://{}", server.address);
        assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
        server.stop().await;
        let receipt = place.folder.path().join("receipt").to_str().unwrap().to_owned();
        let mut wait = arguments("wait", &address, &sha);
        wait.extend(["--break-glass", &files[0], "--reason", "The shop is down.", "--keys", &keys]);
        let broken = [wait.as_slice(), &["--receipt", &receipt]].concat();
        let gone = run(&place, &token, &broken);
        assert_eq!(gone.code, Some(0), "{gone:?}");
        assert!(gone.err.starts_with("BREAK GLASS: the gate is not asked."), "{gone:?}");
        assert!(gone.err.contains("gate report --break-glass"), "{gone:?}");
        let again = run(&place, &token, &broken);
        assert_eq!(again.code, Some(1), "{again:?}");
        assert!(again.err.contains("it was used before"), "{again:?}");
        let mut staging = wait.clone();
        let at = staging.iter().position(|it| *it == "production").unwrap();
        staging[at] = "staging";
        let other = run(&place, &token, &staging);
        assert_eq!(other.code, Some(1), "{other:?}");
        let mut speechless = wait.clone();
        let at = speechless.iter().position(|it| *it == "The shop is down.").unwrap();
        speechless[at] = " ";
        assert_eq!(run(&place, &token, &speechless).code, Some(2));
        let forged = place.folder.path().join("forged");
        fs::write(&forged, fs::read_to_string(&files[0]).unwrap().replacen(".ey", ".eY", 1)).unwrap();
        let mut with_forged = wait.clone();
        let at = with_forged.iter().position(|it| **it == files[0]).unwrap();
        with_forged[at] = forged.to_str().unwrap();
        assert_eq!(run(&place, &token, &with_forged).code, Some(1));
        let server = place.serve().await;
        let address = format!("http://{}", server.address);
        let report = ["gate", "report", "--break-glass", &receipt, "--server", &address];
        let reported = run(&place, &token, &report);
        assert_eq!(reported.code, Some(0), "{reported:?}");
        server.idle().await;
        place.settle(&server).await;
        // The same permit elsewhere: nobody there knows of the first use, and the server does.
        let elsewhere = format!("{receipt}.2");
        let mut copy = arguments("wait", &address, &sha);
        *copy.last_mut().unwrap() = "8";
        copy.extend([
            "--break-glass",
            &files[0],
            "--reason",
            "Again.",
            "--keys",
            &keys,
            "--receipt",
            &elsewhere,
        ]);
        assert_eq!(run(&place, &token, &copy).code, Some(0));
        let mut succeeded = arguments("report", &address, &sha);
        let at = succeeded.iter().position(|it| *it == "--ref").unwrap();
        succeeded.drain(at..at + 2);
        *succeeded.last_mut().unwrap() = "8";
        succeeded.push("succeeded");
        assert_eq!(run(&place, &token, &succeeded).code, Some(0));
        server.idle().await;
        place.settle(&server).await;
        let issues = place.github.issues("acme/web");
        let titles: Vec<&str> = issues.iter().filter_map(|issue| issue["title"].as_str()).collect();
        assert!(titles.iter().any(|it| it.starts_with("A sealed permit was used twice")), "{titles:?}");
        assert!(
            titles.iter().any(|it| it.starts_with("Deployed to production by a sealed permit")),
            "{titles:?}"
        );
        assert!(
            titles.iter().any(|it| it.starts_with("Deployed to production without an allow")),
            "{titles:?}"
        );
        server.stop().await;
        place.close().await;
    }
}
