//! The text of a policy file together with what it says, so that it is read once and not at every judgement.

use super::PATH;
use super::error::PolicyError;
use super::scope::Scope;
use super::whole::{Policy, parse};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use quick_cache::sync::Cache;

/// A policy file as it was written. It reads itself when it is first asked, once in each scope; whoever has the same text
/// shares what was read. It is written down, compared and shown as its text alone.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct PolicyText {
    text: Arc<str>,
    read: Arc<[OnceLock<Read>; 3]>,
}

type Read = Result<Arc<Policy>, Vec<PolicyError>>;

impl PolicyText {
    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it says where it stands in this scope.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self, scope: Scope) -> Result<&Arc<Policy>, &[PolicyError]> {
        let [organisation, repository, alone] = self.read.as_ref();
        let place = match scope {
            Scope::Organisation => organisation,
            Scope::Repository => repository,
            Scope::Alone => alone,
        };
        let read = place.get_or_init(|| parse(PATH, &self.text, scope).map(Arc::new));
        read.as_ref().map_err(Vec::as_slice)
    }

    /// The policy that is in force by it in this scope; `None`: none is.
    ///
    /// A repository's file that was its whole policy stays in force when its organisation gets one: it is then read
    /// as it was, and [`EffectivePolicy`](super::EffectivePolicy) takes from it only what tightens.
    #[must_use]
    pub fn in_force(&self, scope: Scope) -> Option<Arc<Policy>> {
        let read = match (scope, self.read(scope)) {
            (Scope::Repository, Err(_)) => self.read(Scope::Alone),
            (Scope::Organisation | Scope::Repository | Scope::Alone, read) => read,
        };
        read.ok().cloned()
    }
}

/// What was read of the last texts: a text comes back with each view of its repository, and is read once.
static LAST: LazyLock<Cache<Arc<str>, PolicyText>> = LazyLock::new(|| Cache::new(MOST));
/// Texts that are remembered.
const MOST: usize = 256;

impl From<&str> for PolicyText {
    fn from(text: &str) -> Self {
        if let Some(known) = LAST.get(text) {
            return known;
        }
        let new = Self { text: text.into(), read: Arc::default() };
        LAST.insert(new.text.clone(), new.clone());
        new
    }
}

impl From<String> for PolicyText {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<PolicyText> for String {
    fn from(policy: PolicyText) -> Self {
        policy.as_str().into()
    }
}

impl PartialEq for PolicyText {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PolicyText {}

impl fmt::Debug for PolicyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_once_for_all_its_clones_in_each_scope() {
        let policy = PolicyText::from("mode: enforce\n");
        let read = |policy: &PolicyText, scope| policy.read(scope).expect("a policy").clone();
        let first = read(&policy.clone(), Scope::Alone);
        assert!(Arc::ptr_eq(&first, &read(&policy, Scope::Alone)));
        assert_eq!(read(&policy, Scope::Organisation).scope(), Scope::Organisation);
    }

    #[test]
    fn it_is_stored_and_compared_as_its_text() {
        let policy = PolicyText::from("mode: enforce\n");
        let stored = serde_json::to_string(&policy).expect("JSON");
        assert_eq!(stored, r#""mode: enforce\n""#);
        assert_eq!(serde_json::from_str::<PolicyText>(&stored).expect("a text"), policy);
        assert_ne!(policy, PolicyText::from("mode: observe\n"));
        assert_eq!(format!("{policy:?}"), stored);
    }

    #[test]
    fn a_file_with_errors_is_not_in_force_but_a_whole_policy_stays_beside_an_organisation_s() {
        let whole = PolicyText::from("mode: enforce\nroles:\n  triager: [dana]\n");
        assert!(whole.read(Scope::Repository).is_err());
        assert_eq!(whole.in_force(Scope::Repository).map(|policy| policy.scope()), Some(Scope::Alone));
        for scope in [Scope::Organisation, Scope::Repository, Scope::Alone] {
            assert!(PolicyText::from("mode: sometimes\n").in_force(scope).is_none());
        }
    }
}
