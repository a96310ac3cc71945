//! What a policy file may say, by where it stands.

use super::error::Refusal;
use super::place::Place;
use serde::{Deserialize, Serialize};

/// Where a policy file stands.
///
/// An organisation's file says everything. Beside one, a repository's own file can only add: rules and windows of
/// environments, freezes, required fields, a stricter mode. It defines no roles, groups or anything else that
/// could loosen what the organisation demands. Where there is no organisation's file, a repository's own file is
/// the whole policy, so that one team with one repository needs nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The organisation's file.
    Organisation,
    /// A repository's own file, beside the organisation's.
    Repository,
    /// A repository's own file where the organisation has none.
    Alone,
}

/// Keys that a repository's own file may not have, each with what the organisation's does there.
const RESERVED: [(&str, &str); 12] = [
    ("roles", "says who may act"),
    ("groups", "says who signs"),
    ("labels", "names labels"),
    ("accounts", "defines accounts"),
    ("trains", "defines trains"),
    ("repositories", "says how repositories are treated"),
    ("components", "says what a deployment carries"),
    ("standard-changes", "approves changes in advance"),
    ("commands", "names commands"),
    ("pipelines", "says which pipelines may ask"),
    ("gitops", "says what images are built from"),
    ("notify", "says who is told by chat or mail"),
];

/// The same for `intake`, of which only `required` may be added to.
const RESERVED_INTAKE: [&str; 9] =
    ["label", "type", "repository", "plan", "contacts", "overdue", "withdraw-after", "limits", "own"];

impl Scope {
    /// Notes every key that a file of this scope may not have.
    pub(super) fn check(self, root: &Place<'_>) {
        match self {
            Self::Organisation | Self::Alone => {}
            Self::Repository => {
                for (key, reason) in RESERVED {
                    refuse_if_written(root, key, reason);
                }
                for key in RESERVED_INTAKE {
                    refuse_if_written(&root.key("intake"), key, "says how requests are taken in");
                }
            }
        }
    }
}

fn refuse_if_written(place: &Place<'_>, key: &str, reason: &str) {
    if place.key(key).is_written() {
        let cure = format!("only the organisation's policy {reason}; remove it here");
        place.name(key).refuse(Refusal::new("stands in a repository's own file", cure));
    }
}
