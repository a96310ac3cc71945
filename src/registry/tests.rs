//! A registry that answers what a test tells it to, and what is believed of it.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, task::JoinSet};

use super::*;

const OLD: &str = "a111111111111111111111111111111111111111";
const NEW: &str = "b222222222222222222222222222222222222222";

#[derive(Debug, Clone)]
enum Said {
    Bytes(Vec<u8>),
    To(String),
    Status(u16),
}

/// What it answers, by kind and digest.
#[derive(Default)]
struct Shelf {
    said: BTreeMap<String, Said>,
    /// Who may read: a token, which is given out for these credentials.
    challenge: Option<String>,
    gives: Option<&'static str>,
    /// Path, query, and who asked.
    asked: Vec<(String, Option<String>)>,
}

struct Shop {
    host: String,
    shelf: Arc<Mutex<Shelf>>,
    _tasks: JoinSet<()>,
}

const TOKEN: &str = "Bearer a-token";

fn served(shelf: &mut Shelf, path: String, headers: &HeaderMap) -> Response {
    let who = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    shelf.asked.push((path.clone(), who.clone()));
    if path.starts_with("/token") {
        let may = shelf.gives.is_none_or(|gives| who.as_deref() == Some(gives));
        return if may {
            json!({ "token": "a-token" }).to_string().into_response()
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        };
    }
    if let Some(challenge) =
        shelf.challenge.clone().filter(|_| who.as_deref() != Some(TOKEN) && who.as_deref() != Some(BASIC))
    {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response();
    }
    let key = path.rsplit('/').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("/");
    match shelf.said.get(&key).cloned() {
        Some(Said::Bytes(bytes)) => bytes.into_response(),
        Some(Said::To(place)) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response()
        }
        Some(Said::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `acme:word`
const BASIC: &str = "Basic YWNtZTp3b3Jk";

async fn any(State(shelf): State<Arc<Mutex<Shelf>>>, request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().to_string();
    served(&mut shelf.lock().unwrap(), path, request.headers())
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

impl Shop {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let router = Router::new().fallback(any).with_state(shelf.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { host, shelf, _tasks: tasks }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap()
    }

    fn say(&self, kind: &str, digest: &str, said: Said) {
        self.shelf().said.insert(format!("{kind}/{digest}"), said);
    }

    fn keep(&self, kind: &str, what: &Value) -> String {
        let bytes = what.to_string().into_bytes();
        let digest = digest(&bytes);
        self.say(kind, &digest, Said::Bytes(bytes));
        digest
    }

    /// An image with these labels; the digest of its manifest, and that of its configuration.
    fn image(&self, labels: &Value) -> [String; 2] {
        let config = self.keep("blobs", &json!({ "os": "linux", "config": { "Labels": labels } }));
        let manifest = json!({ "schemaVersion": 2, "config": { "digest": config, "size": 7 }, "layers": [] });
        [self.keep("manifests", &manifest), config]
    }

    fn revision(&self, revision: &str) -> [String; 2] {
        self.image(&json!({ "org.opencontainers.image.revision": revision }))
    }

    fn index(&self, manifests: &[(&str, &str)]) -> String {
        let listed: Vec<Value> = manifests
            .iter()
            .map(|(os, digest)| {
                if os.is_empty() {
                    json!({ "digest": digest })
                } else {
                    json!({ "digest": digest, "platform": { "os": os } })
                }
            })
            .collect();
        self.keep("manifests", &json!({ "schemaVersion": 2, "manifests": listed }))
    }

    fn settings(&self) -> RegistrySettings {
        RegistrySettings { hosts: vec![self.host.clone()], private: true, credentials: BTreeMap::new() }
    }

    /// What is read of an image there.
    async fn read(&self, digest: &str) -> String {
        asked(self.settings(), &self.host, digest).await
    }
}

async fn asked(settings: RegistrySettings, host: &str, digest: &str) -> String {
    let registries = Registries::new(settings, Clock::system()).unwrap();
    shown(&registries, host, digest).await
}

async fn shown(registries: &Registries, host: &str, digest: &str) -> String {
    let question = Question::ImageLabels(format!("{host}/acme/web"), digest.into());
    let (_, fact) = registries.answer(&[question]).await.remove(0);
    match fact {
        Fact::Known(Answer::ImageLabels(labels), _) => {
            let text = |it: Option<String>| it.unwrap_or("-".into()).replace(OLD, "OLD").replace(NEW, "NEW");
            labels
                .into_iter()
                .map(|it| format!("{} of {}", text(it.revision), text(it.source)))
                .collect::<Vec<_>>()
                .join("; ")
        }
        Fact::Known(other, _) => format!("{other:?}"),
        Fact::Unknown(why) => why.replace(host, "HOST"),
    }
}

#[tokio::test]
async fn the_labels_of_an_image_are_read_through_its_manifest_and_its_configuration() {
    let shop = Shop::open().await;
    let source = "https://github.com/acme/web";
    let [whole, _] = shop.image(&json!({ "org.opencontainers.image.revision": NEW, "org.opencontainers.image.source": source, "x": "y" }));
    assert_eq!(shop.read(&whole).await, format!("NEW of {source}"));
    let [none, _] = shop.image(&Value::Null);
    assert_eq!(shop.read(&none).await, "- of -");
    let config = shop.keep("blobs", &json!({ "os": "linux" }));
    let bare = shop.keep("manifests", &json!({ "config": { "digest": config } }));
    assert_eq!(shop.read(&bare).await, "- of -");
}

#[tokio::test]
async fn of_an_index_every_image_that_linux_may_run_is_read() {
    let shop = Shop::open().await;
    let [old, _] = shop.revision(OLD);
    let [new, _] = shop.revision(NEW);
    let [also_new, _] = shop.image(&json!({ "org.opencontainers.image.revision": NEW, "x": "y" }));
    for (what, index, read) in [
        ("the same", shop.index(&[("linux", &new), ("linux", &also_new)]), "NEW of -"),
        ("another", shop.index(&[("linux", &new), ("linux", &old)]), "OLD of -; NEW of -"),
        (
            "another for Windows, and an attestation",
            shop.index(&[("linux", &new), ("windows", &old), ("unknown", &old)]),
            "NEW of -",
        ),
        ("another for nobody knows what", shop.index(&[("linux", &new), ("", &old)]), "OLD of -; NEW of -"),
        ("none for Linux", shop.index(&[("windows", &new)]), "what HOST holds there has no image for Linux"),
        (
            "an index in an index",
            shop.index(&[("linux", &shop.index(&[("linux", &new)]))]),
            "what HOST holds there is no image with a configuration",
        ),
    ] {
        assert_eq!(shop.read(&index).await, read, "{what}");
    }
    let config = shop.keep("blobs", &json!({}));
    let both = json!({ "config": { "digest": config }, "layers": [], "manifests": [{ "digest": new }] });
    let both = shop.keep("manifests", &both);
    assert_eq!(shop.read(&both).await, "what HOST holds there is an image and an index at once");
    let many: Vec<String> = (0..17).map(|n| shop.image(&json!({ "n": n.to_string() }))[0].clone()).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|digest| ("linux", digest.as_str())).collect();
    let many = shop.index(&many);
    assert_eq!(shop.read(&many).await, "what HOST holds there has images for more than 16 platforms");
}

#[tokio::test]
async fn nothing_is_believed_but_what_the_digest_names() {
    let shop = Shop::open().await;
    let [manifest, config] = shop.revision(OLD);
    let forged = json!({ "config": { "Labels": { "org.opencontainers.image.revision": NEW } } });
    shop.say("blobs", &config, Said::Bytes(forged.to_string().into_bytes()));
    assert_eq!(shop.read(&manifest).await, "what HOST answers is not what the digest names");
    let other = shop.keep("blobs", &forged);
    let other = json!({ "config": { "digest": other }, "layers": [] });
    shop.say("manifests", &manifest, Said::Bytes(other.to_string().into_bytes()));
    assert_eq!(shop.read(&manifest).await, "what HOST answers is not what the digest names");
    let large = vec![b' '; 4 * 1024 * 1024 + 1];
    let named = digest(&large);
    shop.say("manifests", &named, Said::Bytes(large));
    assert_eq!(shop.read(&named).await, "what HOST holds there is larger than 4 MiB");
    for (what, digest, read) in [
        (
            "no JSON",
            {
                let bytes = b"<html>".to_vec();
                let it = digest(&bytes);
                shop.say("manifests", &it, Said::Bytes(bytes));
                it
            },
            "what HOST holds there is nothing that is known of images",
        ),
        (
            "labels that are none",
            shop.image(&json!({ "org.opencontainers.image.revision": 7 }))[0].clone(),
            "what HOST holds there is nothing that is known of images",
        ),
        (
            "a configuration by another hash",
            shop.keep("manifests", &json!({ "config": { "digest": "sha512:00" } })),
            "what HOST holds there names something by no SHA-256 digest",
        ),
        (
            "a path instead of a hash",
            shop.keep("manifests", &json!({ "config": { "digest": "sha256:../../x" } })),
            "what HOST holds there names something by no SHA-256 digest",
        ),
        ("nothing", digest(b"nothing"), "HOST has no such image, or does not show it to us (404)"),
    ] {
        assert_eq!(shop.read(&digest).await, read, "{what}");
    }
    let down = digest(b"down");
    shop.say("manifests", &down, Said::Status(503));
    assert_eq!(shop.read(&down).await, "HOST answered 503");
}

#[tokio::test]
async fn a_token_is_fetched_for_whoever_the_settings_say_and_for_anybody_else() {
    let shop = Shop::open().await;
    let [image, _] = shop.revision(NEW);
    let realm = format!(
        "Bearer realm=\"http://{}/token?a=b\",service=\"the shop, of acme\",scope=\"repository:other:push\"",
        shop.host
    );
    shop.shelf().challenge = Some(realm);
    assert_eq!(shop.read(&image).await, "NEW of -");
    let fetched = shop.shelf().asked.iter().find(|(path, _)| path.starts_with("/token")).cloned().unwrap();
    assert_eq!(
        fetched,
        ("/token?a=b&service=the%20shop%2C%20of%20acme&scope=repository%3Aacme%2Fweb%3Apull".into(), None)
    );
    shop.shelf().gives = Some(BASIC);
    assert_eq!(shop.read(&image).await, "HOST does not let us read it (401)");
    let login = |word: &str| RegistrySettings {
        credentials: [(shop.host.clone(), SecretString::from(format!("acme:{word}")))].into(),
        ..shop.settings()
    };
    assert_eq!(asked(login("word"), &shop.host, &image).await, "NEW of -");
    assert_eq!(asked(login("wrong"), &shop.host, &image).await, "HOST does not let us read it (401)");
    shop.shelf().challenge = Some("Basic realm=\"x\"".into());
    assert_eq!(asked(login("word"), &shop.host, &image).await, "NEW of -");
    assert_eq!(shop.read(&image).await, "HOST does not let us read it (401)");
}

#[tokio::test]
async fn credentials_and_questions_go_to_no_host_that_the_settings_do_not_name() {
    let (shop, other) = (Shop::open().await, Shop::open().await);
    let [image, _] = shop.revision(NEW);
    let nobody = RegistrySettings::default();
    assert_eq!(asked(nobody, &shop.host, &image).await, "HOST is no registry that this server may ask");
    assert!(shop.shelf().asked.is_empty());
    let public = RegistrySettings { private: false, ..shop.settings() };
    assert_eq!(asked(public, &shop.host, &image).await, "HOST is an address of a private network");
    assert!(shop.shelf().asked.is_empty());
    let credentials = [(shop.host.clone(), SecretString::from("acme:word".to_owned()))];
    let login = RegistrySettings { credentials: credentials.into(), ..shop.settings() };
    shop.shelf().challenge = Some(format!("Bearer realm=\"http://{}/token\"", other.host));
    let said = asked(login, &shop.host, &image).await;
    assert_eq!(
        said.replace(&other.host, "OTHER"),
        "HOST sends us to OTHER for a token, which is no host that this server may ask"
    );
    assert!(other.shelf().asked.is_empty());
}

#[tokio::test]
async fn a_blob_that_lies_elsewhere_is_fetched_there_as_nobody_and_never_in_a_private_network() {
    let (shop, other) = (Shop::open().await, Shop::open().await);
    shop.shelf().challenge = Some(format!("Bearer realm=\"http://{}/token\"", shop.host));
    let [image, config] = shop.revision(NEW);
    let Some(Said::Bytes(bytes)) = shop.shelf().said.get(&format!("blobs/{config}")).cloned() else {
        panic!()
    };
    other.say("blobs", &config, Said::Bytes(bytes));
    let there = format!("http://{}/blobs/{config}", other.host);
    shop.say("blobs", &config, Said::To(there.clone()));
    let both = RegistrySettings { hosts: vec![shop.host.clone(), other.host.clone()], ..shop.settings() };
    assert_eq!(asked(both, &shop.host, &image).await, "NEW of -");
    assert_eq!(other.shelf().asked, [(format!("/blobs/{config}"), None)], "nobody is told who asks");
    for (to, read) in [
        (there.as_str(), "HOST sends us on, and OTHER would be asked without encryption"),
        ("https://127.0.0.1/x", "HOST sends us on, and 127.0.0.1 is an address of a private network"),
        (
            "https://169.254.169.254/latest",
            "HOST sends us on, and 169.254.169.254 is an address of a private network",
        ),
        ("https://[::1]/x", "HOST sends us on, and [::1] is an address of a private network"),
        ("https://localhost/x", "HOST sends us on, and localhost has no address but in private networks"),
        (
            "http://blobs.example.com/x",
            "HOST sends us on, and blobs.example.com would be asked without encryption",
        ),
        (
            "https://u:p@blobs.example.com/x",
            "HOST sends us on, and it leads to something that is no web address",
        ),
        ("file:///etc/passwd", "HOST sends us nowhere"),
        ("x", "HOST sends us nowhere"),
    ] {
        shop.say("blobs", &config, Said::To(to.into()));
        assert_eq!(shop.read(&image).await.replace(&other.host, "OTHER"), read, "{to}");
    }
    let around = format!("/v2/acme/web/blobs/{config}");
    shop.shelf().challenge = None;
    shop.say("blobs", &config, Said::To(around));
    assert_eq!(shop.read(&image).await, "HOST sends us on (307), and no further");
    shop.say("manifests", &image, Said::To(there));
    assert_eq!(
        shop.read(&image).await,
        "HOST sends us on (307), and no further",
        "a manifest lies nowhere else"
    );
    assert_eq!(other.shelf().asked.len(), 1);
}

#[tokio::test]
async fn what_a_digest_names_is_read_once() {
    let shop = Shop::open().await;
    let [image, _] = shop.revision(NEW);
    let registries = Registries::new(shop.settings(), Clock::system()).unwrap();
    let unknown = digest(b"nothing");
    for _ in 0..2 {
        assert_eq!(shown(&registries, &shop.host, &image).await, "NEW of -");
        assert!(shown(&registries, &shop.host, &unknown).await.ends_with("(404)"), "it may come to be there");
    }
    assert_eq!(shop.shelf().asked.len(), 4);
}
