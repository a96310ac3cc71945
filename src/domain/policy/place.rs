//! A place in the file while its meaning is checked: knows its path, its position and where faults are noted.

use super::error::{PolicyError, Position, Refusal};
use super::tree::Node;
use std::cell::RefCell;

/// All that is wrong with one file, in the order in which it was found.
pub(super) struct Faults {
    file: String,
    found: RefCell<Vec<PolicyError>>,
}

impl Faults {
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), found: RefCell::default() }
    }

    /// What was found, in the order of the file.
    pub fn into_sorted(self) -> Vec<PolicyError> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|error| (error.line, error.column));
        found
    }

    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }
}

#[derive(Clone)]
pub(super) struct Place<'a> {
    path: String,
    at: Position,
    node: Option<&'a Node>,
    faults: &'a Faults,
}

impl<'a> Place<'a> {
    pub fn root(node: &'a Node, faults: &'a Faults) -> Self {
        Self { path: String::new(), at: node.at, node: Some(node), faults }
    }

    /// The value under a key. A key that is not there stands where its parent stands.
    pub fn key(&self, key: &str) -> Self {
        let entry = self.node.and_then(|node| node.entry(key));
        Self {
            path: if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) },
            at: entry.map_or(self.at, |entry| entry.node.at),
            node: entry.map(|entry| &entry.node),
            faults: self.faults,
        }
    }

    /// The key itself, for faults of a name.
    pub fn name(&self, key: &str) -> Self {
        let at = self.node.and_then(|node| node.entry(key)).map_or(self.at, |entry| entry.at);
        Self { at, ..self.key(key) }
    }

    /// A key that stands there a second time, at its own position.
    pub fn repeated(&self, key: &str, at: Position) -> Self {
        Self { at, ..self.key(key) }
    }

    /// The n-th element of a list; its path is the list's, the position tells which.
    pub fn item(&self, index: usize) -> Self {
        let node = self.node.and_then(|node| node.item(index));
        Self { path: self.path.clone(), at: node.map_or(self.at, |node| node.at), node, faults: self.faults }
    }

    /// Is this the whole file?
    pub fn is_root(&self) -> bool {
        self.path.is_empty()
    }

    /// Is there anything at this place?
    pub fn is_written(&self) -> bool {
        self.node.is_some()
    }

    /// The fault that a refusal would be here, without noting it.
    pub fn fault(&self, refusal: Refusal) -> PolicyError {
        let subject = if self.path.is_empty() { "the file".to_owned() } else { format!("`{}`", self.path) };
        PolicyError {
            path: self.faults.file.clone(),
            line: self.at.line,
            column: self.at.column,
            message: format!("{subject} {}", refusal.what),
            cure: refusal.cure,
        }
    }

    pub fn refuse(&self, refusal: Refusal) {
        self.faults.found.borrow_mut().push(self.fault(refusal));
    }

    /// The value, or nothing and a fault.
    pub fn take<T>(&self, read: Result<T, Refusal>) -> Option<T> {
        read.map_err(|refusal| self.refuse(refusal)).ok()
    }

    /// Reads each element of a list; those that are refused are left out.
    pub fn each<T>(&self, texts: &[String], read: impl Fn(&str) -> Result<T, Refusal>) -> Vec<T> {
        texts.iter().enumerate().filter_map(|(index, text)| self.item(index).take(read(text))).collect()
    }

    /// Like `each`, and refuses what stands there twice.
    pub fn each_once<T: PartialEq>(
        &self,
        texts: &[String],
        read: impl Fn(&str) -> Result<T, Refusal>,
    ) -> Vec<T> {
        let mut kept: Vec<T> = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match self.item(index).take(read(text)) {
                Some(value) if kept.contains(&value) => self.item(index).refuse(Refusal::new(
                    format!("names `{}` twice", super::error::shortened(text)),
                    "remove one of them",
                )),
                Some(value) => kept.push(value),
                None => {}
            }
        }
        kept
    }

    /// Reads an optional text.
    pub fn maybe<T>(
        &self,
        key: &str,
        text: Option<&String>,
        read: impl Fn(&str) -> Result<T, Refusal>,
    ) -> Option<T> {
        text.and_then(|text| self.key(key).take(read(text)))
    }
}
