//! The policy: the file `.github/changegate.yml` in which people write down how changes reach production.
//!
//! [`parse`] reads a file in four steps: YAML to a tree with positions (`tree`), the tree against the shape of
//! the file (`shape`, by the [`schema`] that editors use too), the shape into structs (`written`), and the
//! structs into a [`Policy`] whose every value was checked. What is wrong comes back as [`PolicyError`]s, as
//! many as can be found at once. A `Policy` answers questions; it never knows what time it is or who is on a team.
//!
//! Two files can speak about a repository: the organisation's, and its own. [`EffectivePolicy`] holds both.

mod error;
mod tree;
mod place;
mod glob;
mod names;
mod title;
mod times;
mod lengths;
mod windows;
mod cadence;
mod written;
mod schema;
mod shape;
mod people;
mod limits;
mod intake;
mod trains;
mod reserved;
mod repositories;
mod rules;
mod resigning;
mod environments;
mod promotion;
mod gitops;
mod pipelines;
mod dependency_files;
mod standard_changes;
mod freezes;
mod notify;
mod scope;
mod whole;
mod text;
mod effective;
mod fingerprint;
mod describe;
mod changes;

/// Where the policy stands in a repository.
pub const PATH: &str = ".github/changegate.yml";

#[cfg(test)]
mod tests;

pub use cadence::{Cadence, Nth};
pub use changes::{PolicyChange, changes};
pub use effective::EffectivePolicy;
pub use environments::{Door, Emergency, Environment, Risk, Sources, When};
pub use error::PolicyError;
pub use fingerprint::{Fingerprint, fingerprint};
pub use freezes::Freeze;
pub use gitops::{GitOps, Label};
pub use intake::{Commands, Intake, Labels, Marker, same_field};
pub use lengths::{Lead, Length, Unit, Within, after_working_hours};
pub use limits::{Limited, Limits};
pub use names::{EnvironmentPattern, PathPattern, RepoPattern, Who};
pub use notify::{Notify, Topic};
pub use people::{Account, Groups, REQUESTER, REVIEW, ROLES, Roles, SPONSOR};
pub use pipelines::{Asked, Expected, IssuerRule, Pipelines, WorkflowRef};
pub use promotion::Promote;
pub use repositories::{Component, Mode, RepositoryRule, Ship};
pub use reserved::{KeptFor, Reserved, kept_in_words};
pub use resigning::{Again, Resign};
pub use rules::{Accepter, Approvals, Notice, RequiredCheck, Rule};
pub use schema::schema;
pub use scope::Scope;
pub use standard_changes::{Paths, StandardChange};
pub use text::PolicyText;
pub use times::{Clock, Moment, Zone};
pub use title::{TitlePattern, alone};
pub use trains::{Slots, Train};
pub use tree::MAX_BYTES;
pub(in crate::domain) use tree::{Node, Value as Written, documents};
pub use whole::{Policy, parse};
pub use windows::{Days, Window};
