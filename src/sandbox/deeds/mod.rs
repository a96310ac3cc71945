//! What can be done on GitHub, by people and by the App alike: each changes the world and tells the App of it, in
//! the order in which GitHub would. A deed answers `None` where what it needs does not exist.

mod checks;
mod comments;
mod deployments;
mod git;
mod installs;
mod issues;
mod keywords;
mod milestones;
mod owners;
mod pulls;
mod queue;
mod runs;

pub(super) use checks::RunChange;
pub(super) use issues::IssueChange;
pub(super) use keywords::closing_references;
pub(super) use runs::NotTaken;
