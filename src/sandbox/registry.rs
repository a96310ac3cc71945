//! A registry of images beside the small GitHub: it shows what was pushed to whoever fetches a token first, as the big ones do.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Sandbox;
use super::answer::{Answer, Call};
use super::state::State;

const TOKEN: &str = "anybody";
const AUTHORIZED: &str = "Bearer anybody";

/// What lies in it, by the digest that names it.
#[derive(Debug, Default)]
pub(super) struct Images(BTreeMap<String, String>);

impl Images {
    fn keep(&mut self, what: &Value) -> String {
        let text = what.to_string();
        let digest = format!("sha256:{}", hex::encode(Sha256::digest(&text)));
        self.0.insert(digest.clone(), text);
        digest
    }
}

/// `None`: it is no request for a registry.
pub(super) fn answer(state: &State, call: &Call) -> Option<Answer> {
    let segments = call.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["v2", "token"] => Some(Answer::ok(&json!({ "token": TOKEN }))),
        ["v2", .., "manifests" | "blobs", _] if call.header("authorization") != Some(AUTHORIZED) => {
            let realm = format!("{}/v2/token", state.world.urls.api);
            let challenge =
                format!("Bearer realm=\"{realm}\",service=\"sandbox\",scope=\"repository:x:pull\"");
            Some(Answer::empty(401).with("www-authenticate", challenge))
        }
        ["v2", .., "manifests" | "blobs", digest] => Some(match state.images.0.get(*digest) {
            Some(text) => Answer { body: text.clone(), ..Answer::empty(200) },
            None => Answer::empty(404),
        }),
        _ => None,
    }
}

impl Sandbox {
    /// The registry, as images name it.
    pub fn registry(&self) -> &str {
        self.urls.api.trim_start_matches("http://")
    }

    /// Pushes an image with these labels; its digest.
    pub fn push_image(&self, labels: &[(&str, &str)]) -> String {
        let labels: BTreeMap<&str, &str> = labels.iter().copied().collect();
        self.shared.with(|state| {
            let config = state.images.keep(&json!({ "os": "linux", "config": { "Labels": labels } }));
            state.images.keep(&json!({ "schemaVersion": 2, "config": { "digest": config }, "layers": [] }))
        })
    }
}
