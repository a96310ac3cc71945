//! `push`, `create`, `delete` and `release`.

use serde::Deserialize;

use super::people::{Text, unless_zero};
use crate::domain::{
    event::{ReferenceKind, What},
    ids::Sha,
};

/// The body of `push`.
#[derive(Deserialize)]
pub(super) struct Push {
    #[serde(rename = "ref")]
    reference: Text,
    before: Option<Sha>,
    after: Option<Sha>,
    forced: Option<bool>,
    head_commit: Option<Head>,
}

#[derive(Deserialize)]
struct Head {
    id: Option<Sha>,
}

impl Push {
    pub(super) fn what(self) -> What {
        // An annotated tag is an object of its own: what is meant is the commit under it.
        let is_tag = self.reference.as_str().starts_with("refs/tags/");
        let commit = self.head_commit.and_then(|head| head.id).filter(|_| is_tag);
        What::Push {
            reference: self.reference.into(),
            before: unless_zero(self.before),
            after: commit.or(unless_zero(self.after)),
            forced: self.forced.unwrap_or(false),
        }
    }
}

/// The body of `create` and `delete`.
#[derive(Deserialize)]
pub(super) struct Reference {
    #[serde(rename = "ref")]
    name: Text,
    ref_type: Text,
}

impl Reference {
    pub(super) fn created(self) -> What {
        What::Created { kind: self.kind(), name: self.name.into() }
    }

    pub(super) fn deleted(self) -> What {
        What::Deleted { kind: self.kind(), name: self.name.into() }
    }

    fn kind(&self) -> ReferenceKind {
        match self.ref_type.as_str() {
            "branch" => ReferenceKind::Branch,
            "tag" => ReferenceKind::Tag,
            _ => ReferenceKind::Other,
        }
    }
}

/// The body of `release`.
#[derive(Deserialize)]
pub(super) struct Release {
    action: Text,
    release: Tagged,
}

#[derive(Deserialize)]
struct Tagged {
    tag_name: Option<Text>,
}

impl Release {
    pub(super) fn what(self) -> What {
        What::Published { action: self.action.into(), tag: self.release.tag_name.map(String::from) }
    }
}
