//! What the audit log says of a decision: ids and codes in the chain, personal text beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::AccountId;

/// One entry, before the log numbers, dates and chains it.
///
/// `facts` holds ids, codes and times only. What a person wrote, and names of the day, go to `texts`: the chain
/// keeps a salted commitment to each of them, so that they can be erased and the chain still verifies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// What happened, as a code: `change_request.accepted`.
    pub code: String,
    /// Who did it; `None`: Changegate by itself.
    pub actor: Option<AccountId>,
    /// Ids and codes.
    pub facts: BTreeMap<String, String>,
    /// What people wrote, and logins.
    pub texts: BTreeMap<String, String>,
}

impl AuditEntry {
    /// An entry with nothing but its code.
    #[must_use]
    pub fn new(code: &str) -> Self {
        Self { code: code.into(), actor: None, facts: BTreeMap::new(), texts: BTreeMap::new() }
    }

    /// Done by this person or app.
    #[must_use]
    pub fn by(mut self, actor: Option<&super::ids::Actor>) -> Self {
        if let Some(actor) = actor {
            self.actor = Some(actor.id);
            self.texts.insert("actor".into(), actor.login.clone());
        }
        self
    }

    /// With an id, a code or a time.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.into(), value.to_string());
        self
    }

    /// With something a person wrote.
    #[must_use]
    pub fn text(mut self, name: &str, value: impl Into<String>) -> Self {
        self.texts.insert(name.into(), value.into());
        self
    }
}
