//! What of a change request is signed: its title and the answers to the fields that policy requires, or the whole
//! text where it has no such fields.
//!
//! How lines end, which boxes are ticked, and blanks at ends do not count; nor do labels and other fields.

use std::collections::BTreeMap;

use super::{
    super::issue_form::{self, Answer, Form},
    RevisionHash, encoding,
};

/// The text of a change request, as far as it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeText {
    pub(super) title: String,
    pub(super) body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// The answers to each required field, by its name.
    Fields(BTreeMap<String, Vec<String>>),
    /// Everything: it is no form, or a form that lacks a required field.
    Whole(String),
}

impl ChangeText {
    /// What is signed of an issue or pull request with this title and description.
    #[must_use]
    pub fn of<S: AsRef<str>>(title: &str, body: &str, required: &[S]) -> Self {
        let form = issue_form::parse(body);
        let fields = required.iter().map(|field| answers(&form, field.as_ref()));
        let fields: Option<BTreeMap<String, Vec<String>>> = fields.collect();
        let body = match fields.filter(|fields| !fields.is_empty()) {
            Some(fields) => Body::Fields(fields),
            None => Body::Whole(issue_form::written(body)),
        };
        Self { title: title.trim().into(), body }
    }

    /// The hash of it.
    #[must_use]
    pub fn hash(&self) -> RevisionHash {
        encoding::hash(&encoding::of_text(self))
    }
}

/// `None`: the form does not have this field.
fn answers(form: &Form, field: &str) -> Option<(String, Vec<String>)> {
    let written = |answer: &Answer| answer.written.clone();
    let answers: Vec<String> = form.answers_of(field).map(written).collect();
    (!answers.is_empty()).then(|| (issue_form::bare(field), answers))
}
