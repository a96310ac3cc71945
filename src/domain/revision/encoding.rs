//! The bytes that are hashed. Each text comes after its length and each list after its count, so that nothing can
//! move from one part into the next; the first text says what it is, and in which version.

use sha2::{Digest as _, Sha256};

use super::{
    super::policy::Fingerprint,
    Parts, RevisionHash,
    text::{Body, ChangeText},
};

/// SHA-256 of the bytes.
pub(super) fn hash(bytes: &[u8]) -> RevisionHash {
    RevisionHash(hex::encode(Sha256::digest(bytes)))
}

pub(super) fn of_text(text: &ChangeText) -> Vec<u8> {
    let ChangeText { title, body } = text;
    let mut to = Encoding::new("changegate change text 1");
    to.text(title);
    match body {
        Body::Whole(whole) => {
            to.is_there(false);
            to.text(whole);
        }
        Body::Fields(fields) => {
            to.is_there(true);
            to.count(fields.len());
            for (name, answers) in fields {
                to.text(name);
                to.count(answers.len());
                answers.iter().for_each(|answer| to.text(answer));
            }
        }
    }
    to.0
}

pub(super) fn of_parts(parts: &Parts) -> Vec<u8> {
    let Parts { texts, commits, diff, rules } = parts;
    let mut to = Encoding::new("changegate revision 1");
    to.count(texts.len());
    for (at, text) in texts {
        to.number(at.repo.0);
        to.number(at.number);
        to.text(text.as_str());
    }
    to.count(commits.len());
    for (repo, sha) in commits {
        to.number(repo.0);
        to.text(sha.as_str());
    }
    to.perhaps(diff.as_deref());
    to.perhaps(rules.as_ref().map(Fingerprint::as_str));
    to.0
}

struct Encoding(Vec<u8>);

impl Encoding {
    fn new(kind: &str) -> Self {
        let mut new = Self(vec![]);
        new.text(kind);
        new
    }

    fn number(&mut self, number: u64) {
        self.0.extend(number.to_be_bytes());
    }

    fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend(text.as_bytes());
    }

    fn is_there(&mut self, there: bool) {
        self.0.push(u8::from(there));
    }

    fn perhaps(&mut self, text: Option<&str>) {
        self.is_there(text.is_some());
        self.text(text.unwrap_or_default());
    }
}
