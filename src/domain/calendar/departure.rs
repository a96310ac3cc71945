//! What the calendar is asked about: who wants to change what, and where.

use jiff::Timestamp;

use crate::domain::{
    ids::{IssueRef, RepoId},
    policy::{Environment, Policy},
};

/// Where something is to change.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub target: Target<'a>,
    pub repo: RepoId,
    /// The systems that the change touches, without `system/`.
    pub systems: &'a [String],
}

/// What is to change there.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// A GitHub environment. Each policy may cover it by a section of another name.
    Environment(&'a str),
    /// Whatever the sections of this name cover.
    Section(&'a str),
}

impl<'a> Target<'a> {
    pub(super) const fn name(self) -> &'a str {
        match self {
            Self::Environment(name) | Self::Section(name) => name,
        }
    }

    /// The section of a policy that speaks about it, with its name.
    pub(super) fn section_of(self, policy: &Policy) -> Option<(&str, &Environment)> {
        match self {
            Self::Environment(name) => policy.environment_of(name),
            Self::Section(name) => {
                policy.environments().get_key_value(name).map(|(name, section)| (name.as_str(), section))
            }
        }
    }
}

/// What wants to change it. What goes ahead of windows and freezes (a rollback, an emergency) is not asked about here.
#[derive(Debug, Clone, Copy)]
pub struct Departure<'a> {
    /// Every change request that it carries.
    pub change_requests: &'a [IssueRef],
    /// When the first job of the same deployment or train began; `None`: nothing has begun.
    pub started: Option<Timestamp>,
}
