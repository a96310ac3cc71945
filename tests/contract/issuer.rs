//! Two issuers of tokens in a process of Node, and what they are told to write.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::material::Material;

/// The process.
pub struct Issuers {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// The one that stands for GitHub Actions.
    pub actions: String,
    /// The one that stands for another CI system.
    pub other: String,
}

impl Issuers {
    /// Starts both, and waits until they listen.
    pub fn start(material: &Material) -> Self {
        let mut child = Command::new("node")
            .arg(material.script("issuer.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut issuers = Self { child, to, from, actions: String::new(), other: String::new() };
        let said = issuers.line();
        issuers.actions = said["actions"].as_str().unwrap().to_owned();
        issuers.other = said["other"].as_str().unwrap().to_owned();
        issuers
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn ask(&mut self, order: &Value) -> Value {
        writeln!(self.to, "{order}").unwrap();
        self.line()
    }

    /// A token as the issuer writes it.
    pub fn write(&mut self, by: &str, claims: &Value) -> String {
        let token = self.ask(&json!({ "do": "write", "by": by, "claims": claims, "head": {} }));
        token.as_str().unwrap().to_owned()
    }

    /// A token signed by hand: with the issuer's `own` key, the `other` issuer's, a `stranger`'s, the public key as a
    /// `secret`, or with `nothing`.
    pub fn sign(&mut self, by: &str, with: &str, head: &Value, claims: &Value) -> String {
        let order = json!({ "do": "sign", "by": by, "with": with, "head": head, "claims": claims });
        self.ask(&order).as_str().unwrap().to_owned()
    }

    /// A new key takes the place of all others.
    pub fn rotate(&mut self, by: &str) {
        self.ask(&json!({ "do": "rotate", "by": by }));
    }

    pub fn stop(&mut self, by: &str) {
        self.ask(&json!({ "do": "stop", "by": by }));
    }

    /// How often their keys were asked for.
    pub fn count(&mut self) -> u64 {
        self.ask(&json!({ "do": "count" })).as_u64().unwrap()
    }
}

impl Drop for Issuers {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
